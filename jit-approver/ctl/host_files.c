/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of a host, read for roads.c and lockout.c. Trusts their names and sizes for nothing. */

#include <errno.h>
#include <fnmatch.h>
#include <linux/capability.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/host.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/root.h"
#include "jit-approver/ctl/stack.h"

#define INCLUDES_MAX 8
#define CAPABILITY(x) ((uint64_t) 1 << (x))
/* Who has one of these can make himself root. */
#define ROOT_CAPABILITIES                                                                          \
        (CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_DAC_OVERRIDE) |       \
                CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_FOWNER) | CAPABILITY(CAP_SYS_PTRACE) |      \
                CAPABILITY(CAP_SYS_MODULE) | CAPABILITY(CAP_SETFCAP))

typedef struct Loader {
        int root_fd;
        uid_t root; /* who is root there: whose the root folder is */
        Host *host;
} Loader;

static char *join(const char *folder, const char *name)
{
        char *path = NULL;

        return must(str_printf(&path, "%s/%s", folder, name) < 0 ? NULL : path);
}

static void add_text(Loader *l, HostKind kind, const char *path, char *text)
{
        Host *h = l->host;

        h->texts = must(reallocarray(h->texts, h->n_texts + 1, sizeof(*h->texts)));
        h->texts[h->n_texts++] = (HostText){ kind, must(strdup(path)), text };
}

/* Its text, borrowed; NULL when it is not there or, which is noted, cannot be read. */
static const char *load(Loader *l, HostKind kind, const char *path)
{
        char *text = NULL;

        int r = root_read(l->root_fd, path, &text);
        if (r == -ENOENT || r == -ENOTDIR) {
                return NULL;
        }
        add_text(l, kind, path, r < 0 ? NULL : text);
        return r < 0 ? NULL : text;
}

/* The names of a folder; one that cannot be read is noted. */
static char **list(Loader *l, HostKind kind, const char *folder)
{
        char **names = NULL;

        int r = root_list(l->root_fd, folder, &names);
        if (r < 0 && r != -ENOENT && r != -ENOTDIR) {
                add_text(l, kind, folder, NULL);
        }
        return names;
}

static void load_folder(Loader *l, HostKind kind, const char *folder, const char *pattern)
{
        _cleanup_(strv_freep) char **names = list(l, kind, folder);

        for (char **n = names; n && *n; n++) {
                _cleanup_(freep) char *path = join(folder, *n);

                if (fnmatch(pattern, *n, 0) == 0) {
                        (void) load(l, kind, path);
                }
        }
}

/* Takes a line off; the caller frees. NULL at the end. */
static char *take_line(const char **text)
{
        size_t n = strcspn(*text, "\n");
        char *line;

        if (!**text) {
                return NULL;
        }
        line = must(strndup(*text, n));
        *text += n + ((*text)[n] == '\n');
        return line;
}

/* ------------------------------------------------------------------------------ sudoers */

static void load_sudoers(Loader *l, const char *path, unsigned depth);

/* As sudo: no name with a dot or a tilde at its end. */
static void load_sudoers_folder(Loader *l, const char *folder, unsigned depth)
{
        _cleanup_(strv_freep) char **names = list(l, HOST_SUDOERS, folder);

        for (char **n = names; n && *n; n++) {
                _cleanup_(freep) char *path = join(folder, *n);

                if (!strchr(*n, '.') && (*n)[strlen(*n) - 1] != '~') {
                        load_sudoers(l, path, depth);
                }
        }
}

static void include_sudoers(Loader *l, const char *from, char *word, unsigned depth)
{
        bool folder = strncmp(word, "includedir", 10) == 0;
        char *name = word + (folder ? 10 : 7);
        _cleanup_(freep) char *beside = NULL, *path = NULL;

        if (depth > INCLUDES_MAX || !strchr(" \t", *name)) {
                return;
        }
        name += strspn(name, " \t\"");
        name[strcspn(name, "\"\r")] = '\0';
        for (size_t n = strlen(name); n > 0 && strchr(" \t", name[n - 1]); n--) {
                name[n - 1] = '\0';
        }
        if (strchr(name, '%')) { /* the host's name: which file that is, is not known */
                add_text(l, HOST_SUDOERS, name, NULL);
                return;
        }
        beside = must(strdup(from));
        *strrchr(beside, '/') = '\0';
        path = *name == '/' ? must(strdup(name)) : join(beside, name);
        if (folder) {
                load_sudoers_folder(l, path, depth);
        } else {
                load_sudoers(l, path, depth);
        }
}

static void load_sudoers(Loader *l, const char *path, unsigned depth)
{
        const char *text = load(l, HOST_SUDOERS, path);

        while (text && *text) {
                _cleanup_(freep) char *line = take_line(&text);
                char *word = line + strspn(line, " \t");

                if ((*word == '@' || *word == '#') && strncmp(word + 1, "include", 7) == 0) {
                        include_sudoers(l, path, word + 1, depth + 1);
                }
        }
}

/* ------------------------------------------------------------------------------ sshd_config */

/* Adds the lines of a file to *all, included ones in their place. */
static void merge_sshd(Loader *l, const char *path, char **all, unsigned depth);

static void merge_included(Loader *l, char *patterns, char **all, unsigned depth)
{
        char *save = NULL;

        for (char *p = strtok_r(patterns, " \t\r\"", &save); p;
                p = strtok_r(NULL, " \t\r\"", &save)) {
                _cleanup_(freep) char *path = *p == '/' ? must(strdup(p)) : join("/etc/ssh", p);
                _cleanup_(strv_freep) char **names = NULL;
                char *slash = strrchr(path, '/');

                *slash = '\0';
                names = list(l, HOST_SSHD, path);
                for (char **n = names; n && *n && depth < INCLUDES_MAX; n++) {
                        _cleanup_(freep) char *file = join(path, *n);

                        if (fnmatch(slash + 1, *n, 0) == 0) {
                                merge_sshd(l, file, all, depth + 1);
                        }
                }
        }
}

static void merge_sshd(Loader *l, const char *path, char **all, unsigned depth)
{
        _cleanup_(freep) char *text = NULL;

        int r = root_read(l->root_fd, path, &text);
        if (r < 0) {
                if (r != -ENOENT && r != -ENOTDIR) {
                        add_text(l, HOST_SSHD, path, NULL);
                }
                return;
        }
        for (const char *rest = text; *rest;) {
                _cleanup_(freep) char *line = take_line(&rest);
                char *word = line + strspn(line, " \t"), *more = NULL;
                size_t n = strcspn(word, " \t=");

                if (n == 5 && strncasecmp(word, "Match", 5) == 0) {
                        return;
                }
                if (n == 7 && strncasecmp(word, "Include", 7) == 0) {
                        merge_included(l, word + 7, all, depth);
                        continue;
                }
                (void) must(str_printf(&more, "%s%s\n", str_or(*all, ""), word) < 0 ? NULL : more);
                free(*all);
                *all = more;
        }
}

static void load_sshd(Loader *l)
{
        static const char path[] = "/etc/ssh/sshd_config";
        struct stat st;
        char *all = NULL;

        if (root_stat(l->root_fd, path, &st) == -ENOENT) {
                return;
        }
        merge_sshd(l, path, &all, 0);
        if (!host_unseen(l->host, HOST_SSHD)) {
                add_text(l, HOST_SSHD, path, all ? all : must(strdup("")));
        } else {
                free(all);
        }
}

/* ------------------------------------------------------------------------------ programs */

static const char *const program_folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
        "/usr/bin", "/sbin", "/bin", "/run/wrappers/bin" };

static void load_program(Loader *l, const char *folder, const char *name)
{
        static const char *const wanted[] = { "run0", "systemd-run", "sshd" };
        _cleanup_(freep) char *path = join(folder, name);
        Host *h = l->host;
        struct stat st;
        bool setuid;

        if (root_stat(l->root_fd, path, &st) < 0 || !S_ISREG(st.st_mode)) {
                return;
        }
        setuid = (st.st_mode & (S_IXGRP | S_IXOTH)) &&
                 (((st.st_mode & S_ISUID) && st.st_uid == l->root) ||
                         (root_capabilities(l->root_fd, path) & ROOT_CAPABILITIES));
        for (size_t i = 0; !setuid; i++) {
                if (i == ELEMENTSOF(wanted)) {
                        return;
                }
                if (streq(name, wanted[i])) {
                        break;
                }
        }
        if (host_program(h, name)) { /* /bin is /usr/bin */
                return;
        }
        h->programs = must(reallocarray(h->programs, h->n_programs + 1, sizeof(*h->programs)));
        h->programs[h->n_programs++] = (HostProgram){ must(strdup(name)), TAKE_PTR(path), setuid };
}

static void load_programs(Loader *l)
{
        for (size_t i = 0; i < ELEMENTSOF(program_folders); i++) {
                _cleanup_(strv_freep) char **names = NULL;

                if (root_list(l->root_fd, program_folders[i], &names) < 0) {
                        continue;
                }
                for (char **n = names; n && *n; n++) {
                        load_program(l, program_folders[i], *n);
                }
        }
}

/* ------------------------------------------------------------------------------ who may write what */

static void look_at(Loader *l, const char *path)
{
        Host *h = l->host;
        struct stat st;
        HostPath p = { 0 };

        if (root_stat(l->root_fd, path, &st) < 0) {
                return;
        }
        p.foreign = st.st_uid != 0 && st.st_uid != l->root;
        p.everyone = (st.st_mode & S_IWOTH) && !S_ISCHR(st.st_mode);
        p.group = st.st_mode & S_IWGRP ? st.st_gid : 0;
        if (p.foreign || p.everyone || p.group != 0) {
                p.path = must(strdup(path));
                h->paths = must(reallocarray(h->paths, h->n_paths + 1, sizeof(*h->paths)));
                h->paths[h->n_paths++] = p;
        }
}

/* What root runs or obeys, without anybody's becoming root. */
static void load_paths(Loader *l)
{
        static const char *const files[] = { "/etc/crontab", "/etc/sudoers", "/etc/doas.conf",
                "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/ld.so.preload", "/etc/profile",
                "/root", "/root/.ssh/authorized_keys", "/var/spool/cron/root",
                "/var/spool/cron/crontabs/root" };
        static const char *const folders[] = { "/etc/pam.d", "/etc/sudoers.d", "/etc/cron.d",
                "/etc/cron.hourly", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly",
                "/etc/systemd/system", "/etc/polkit-1/rules.d", "/etc/profile.d", PAMMODDIR };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                look_at(l, files[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(program_folders); i++) {
                look_at(l, program_folders[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                _cleanup_(strv_freep) char **names = NULL;

                if (!strstr(folders[i], "polkit")) { /* some have that belong to polkitd */
                        look_at(l, folders[i]);
                }
                (void) root_list(l->root_fd, folders[i], &names);
                for (char **n = names; n && *n; n++) {
                        _cleanup_(freep) char *path = join(folders[i], *n);

                        look_at(l, path);
                }
        }
}

/* ------------------------------------------------------------------------------ the rest */

static void load_polkit(Loader *l)
{
        static const char *const actions[] = { "/etc/polkit-1/actions", "/run/polkit-1/actions",
                "/usr/local/share/polkit-1/actions", "/usr/share/polkit-1/actions" };
        static const char *const rules[] = { "/etc/polkit-1/rules.d", "/run/polkit-1/rules.d",
                "/usr/local/share/polkit-1/rules.d", "/usr/share/polkit-1/rules.d" };
        static const char *const old[] = { "/etc/polkit-1/localauthority",
                "/var/lib/polkit-1/localauthority" };
        static const char *const daemons[] = { "/usr/lib/polkit-1/polkitd",
                "/usr/libexec/polkit-1/polkitd", "/usr/libexec/polkitd" };
        struct stat st;

        for (size_t i = 0; i < ELEMENTSOF(daemons); i++) {
                l->host->polkitd = l->host->polkitd || root_stat(l->root_fd, daemons[i], &st) == 0;
        }
        if (!l->host->polkitd) {
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(actions); i++) {
                load_folder(l, HOST_ACTION, actions[i], "*.policy");
                load_folder(l, HOST_POLKIT, rules[i], "*.rules");
        }
        for (size_t i = 0; i < ELEMENTSOF(old); i++) {
                _cleanup_(strv_freep) char **names = list(l, HOST_POLKIT, old[i]);

                for (char **n = names; n && *n; n++) {
                        _cleanup_(freep) char *folder = join(old[i], *n);

                        load_folder(l, HOST_POLKIT, folder, "*.pkla");
                }
        }
}

static void load_rules(Loader *l, const char *path)
{
        _cleanup_(freep) char *folder = NULL;

        (void) must(str_printf(&folder, "%s.d", path) < 0 ? NULL : folder);
        (void) load(l, HOST_RULES, path);
        load_folder(l, HOST_RULES, folder, "*.conf");
}

static bool socket_enabled(const Loader *l)
{
        static const char *const links[] = {
                "/etc/systemd/system/sockets.target.wants/jit-approver.socket",
                "/usr/lib/systemd/system/sockets.target.wants/jit-approver.socket"
        };
        struct stat st;

        for (size_t i = 0; i < ELEMENTSOF(links); i++) {
                if (root_stat(l->root_fd, links[i], &st) == 0) {
                        return true;
                }
        }
        return false;
}

/* Where Linux-PAM was told to look is not known of every host. */
static void load_modules(Loader *l)
{
        static const char *const folders[] = { PAMMODDIR, "/usr/lib/security", "/lib/security",
                "/usr/lib64/security", "/lib64/security" };

        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                _cleanup_(strv_freep) char **names = NULL;

                (void) root_list(l->root_fd, folders[i], &names);
                for (char **n = names; n && *n; n++) {
                        if (strv_add(&l->host->modules, *n) < 0) {
                                (void) must(NULL);
                        }
                }
        }
}

void host_load(int root_fd, const char *rules, Host *ret)
{
        Loader l = { .root_fd = root_fd, .host = ret };
        struct stat st;

        *ret = (Host){ 0 };
        if (root_stat(root_fd, "/", &st) == 0) {
                l.root = st.st_uid;
        }
        (void) stack_files_load(
                root_fd, pam_folders, ELEMENTSOF(pam_folders), &ret->pam, &ret->n_pam);
        load_sudoers(&l, "/etc/sudoers", 0);
        load_sudoers(&l, "/etc/sudoers-rs", 0);
        (void) load(&l, HOST_DOAS, "/etc/doas.conf");
        load_sshd(&l);
        (void) load(&l, HOST_GROUP, "/etc/group");
        (void) load(&l, HOST_PASSWD, "/etc/passwd");
        (void) load(&l, HOST_SHADOW, "/etc/shadow");
        (void) load(&l, HOST_NSSWITCH, "/etc/nsswitch.conf");
        (void) load(&l, HOST_KEYS, "/root/.ssh/authorized_keys");
        load_polkit(&l);
        load_rules(&l, str_or(rules, SYSCONFDIR "/jit-approver/approver.conf"));
        load_programs(&l);
        load_modules(&l);
        load_paths(&l);
        ret->socket_enabled = socket_enabled(&l);
}

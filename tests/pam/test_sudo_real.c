/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Our reading of sudo's command line against the real sudo's: a policy plugin tells what sudo
 * understood, for every vector of a table and for thousands put together at random from the words
 * that matter. Needs root and a mount namespace of its own for sudo.conf; skipped otherwise.
 */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/util.h"
#include "pam_jit/sudo_argv.h"

#define WORDS_MAX 10
#define SKIP 77

typedef struct Real {
        char text[32768];
        const char *kind, *user, *group, *shell, *n_env;
        char *words[WORDS_MAX + 4];
        size_t n;
} Real;

static bool private_sudo_conf(const char *plugin)
{
        char path[] = "/tmp/sudo-probe.XXXXXX";
        int fd = mkstemp(path);

        if (fd < 0 || dprintf(fd, "Plugin sudo_probe %s\n", plugin) < 0 || close(fd) < 0) {
                return false;
        }
        bool done = unshare(CLONE_NEWNS) == 0 &&
                    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
                    mount(path, "/etc/sudo.conf", "none", MS_BIND, NULL) == 0;
        (void) unlink(path);
        return done;
}

static void run_child(const char *const *argv, int out)
{
        if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0) {
                _exit(99);
        }
        execv("/usr/bin/sudo", (char *const *) argv);
        _exit(99);
}

/* Runs the real sudo; ret->kind stays "" where it refused by itself. */
static void real_sudo(const char *const *argv, Real *ret)
{
        int fds[2];

        *ret = (Real){ .kind = "", .user = "", .group = "", .shell = "", .n_env = "0" };
        if (pipe(fds) < 0) {
                abort();
        }
        pid_t pid = fork();
        if (pid == 0) {
                run_child(argv, fds[1]);
        }
        close(fds[1]);
        size_t size = 0;
        ssize_t n;
        while ((n = read(fds[0], ret->text + size, sizeof(ret->text) - 1 - size)) > 0) {
                size += (size_t) n;
        }
        close(fds[0]);
        (void) waitpid(pid, NULL, 0);

        char *mark = strchr(ret->text, '\x1f'), *line = mark;
        if (!mark) {
                return;
        }
        while (line > ret->text && line[-1] != '\n') {
                line--;
        }
        line[strcspn(line, "\n")] = '\0';
        ret->kind = strsep(&line, "\x1f");
        ret->user = strsep(&line, "\x1f");
        ret->group = strsep(&line, "\x1f");
        ret->shell = strsep(&line, "\x1f");
        ret->n_env = strsep(&line, "\x1f");
        while (line && ret->n < ELEMENTSOF(ret->words)) {
                ret->words[ret->n++] = strsep(&line, "\x1f");
        }
}

static bool same_command(const Real *real, const char *const *argv, size_t argc, size_t at)
{
        if (real->n != argc - at) {
                return false;
        }
        for (size_t i = at; i < argc; i++) {
                if (!streq(real->words[i - at], argv[i])) {
                        return false;
                }
        }
        return true;
}

/* --preserve-env=LIST alters nothing where none of the list is set; we do not look. */
static bool lists_variables(const char *const *argv, size_t argc)
{
        for (size_t i = 1; i < argc; i++) {
                if (strncmp(argv[i], "--preserve-e", strlen("--preserve-e")) == 0) {
                        return true;
                }
        }
        return false;
}

/* Whether what we say is true of what sudo does. Unknown is always true. */
static bool agrees(const SudoArgv *ours, const Real *real, const char *const *argv, size_t argc)
{
        bool shell = *real->shell || !streq(real->n_env, "0");
        bool same = streq(str_or(ours->user, ""), real->user) &&
                    streq(str_or(ours->group, ""), real->group);

        switch (ours->mode) {
        case SUDO_UNKNOWN:
                return true;
        case SUDO_RUN:
                return *real->kind == '\0' ||
                       (streq(real->kind, "run") && same && !shell &&
                               same_command(real, argv, argc, ours->command));
        case SUDO_SHELL:
                return *real->kind == '\0' ||
                       (streq(real->kind, "run") && same && (shell || lists_variables(argv, argc)));
        case SUDO_LIST:
                return *real->kind == '\0' || streq(real->kind, "list");
        case SUDO_VALIDATE:
                return *real->kind == '\0' || streq(real->kind, "validate");
        case SUDO_REMOVE:
                return *real->kind == '\0' || streq(real->kind, "remove");
        }
        return false;
}

typedef struct Tally {
        unsigned vectors, accepted, understood, wrong;
} Tally;

static void try(const char *const *argv, size_t argc, Tally *t)
{
        SudoArgv ours;
        Real real;

        sudo_argv_parse(argv, argc, &ours);
        real_sudo(argv, &real);
        bool runs =
                streq(real.kind, "run") || streq(real.kind, "list") || streq(real.kind, "validate");
        t->vectors++;
        t->accepted += runs;
        t->understood += runs && ours.mode != SUDO_UNKNOWN;
        if (!agrees(&ours, &real, argv, argc)) {
                t->wrong++;
                printf("DIFFERS: ours mode %d user %s group %s at %zu, sudo %s user %s group %s %s:",
                        ours.mode, str_or(ours.user, "-"), str_or(ours.group, "-"), ours.command,
                        real.kind, real.user, real.group, real.shell);
                for (size_t i = 0; i < argc; i++) {
                        printf(" '%s'", argv[i]);
                }
                printf("\n");
        }
}

static const char *const WORDS[] = { "-u", "-uroot", "root", "--user=root", "--user", "--use=bin",
        "--us", "-g", "-gbin", "--group=bin", "bin", "-n", "-S", "-A", "-nS", "-nuroot", "-nu",
        "-k", "-K", "-l", "-ll", "-lU", "-v", "-V", "-h", "-hhost", "-nh", "--help", "--host=x",
        "--host", "-s", "-i", "-e", "-E", "-H", "-b", "-B", "-P", "-N", "-p", "-pX", "-C", "-C4",
        "-D/", "-R/", "-T", "-T5", "-r", "-t", "-U", "-Uroot", "-a", "-c", "--", "---", "-", "A=b",
        "=b", "/A=b", "A=", "", "id", "-x", "-1", "--log", "--login", "--l", "--li", "--no",
        "--non", "--no-u", "--pre", "--preserve-env", "--preserve-env=A", "--preserve-g", "--s",
        "--sh", "--st", "--shell=x", "--re", "--ro=x", "--ch", "--chd=/", "--validate", "--edit",
        "--remove-timestamp", "--stdin", "--prompt=", "--user=", "-u#0", "#0", "ls -l", "--list" };

static const char *const NAMES[] = { "sudo", "sudo", "sudo", "sudo", "/usr/bin/sudo", "sudoedit",
        "sudo.ws", "edit", "xsudoedit", "" };

/* A generator of our own: the same vectors everywhere. */
static size_t next(uint64_t *state, size_t below)
{
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (size_t) (*state >> 33) % below;
}

int main(int argc, char **argv)
{
        const char *vector[WORDS_MAX + 2];
        Tally t = { 0 };
        uint64_t state = 1;

        if (argc < 3 || geteuid() != 0 || access("/usr/bin/sudo", X_OK) < 0 ||
                !private_sudo_conf(argv[1])) {
                return SKIP;
        }
        unsigned rounds = (unsigned) atoi(argv[2]);

        /* Each word alone, and before a command. */
        for (size_t i = 0; i < ELEMENTSOF(WORDS); i++) {
                const char *alone[] = { "sudo", WORDS[i], NULL };
                const char *before[] = { "sudo", WORDS[i], "id", "-u", "x", NULL };
                const char *edits[] = { "sudoedit", WORDS[i], "file", NULL };
                const char *ends[] = { "sudo", "-p", "--", WORDS[i], "id", NULL };
                try(alone, 2, &t);
                try(before, 5, &t);
                try(edits, 3, &t);
                try(ends, 5, &t);
        }
        for (unsigned round = 0; round < rounds; round++) {
                size_t n = 1 + next(&state, 6);

                vector[0] = NAMES[next(&state, ELEMENTSOF(NAMES))];
                for (size_t i = 1; i <= n; i++) {
                        vector[i] = WORDS[next(&state, ELEMENTSOF(WORDS))];
                }
                vector[n + 1] = NULL;
                try(vector, n + 1, &t);
        }
        printf("%u vectors, %u accepted by sudo, %u of these understood, %u wrong\n", t.vectors,
                t.accepted, t.understood, t.wrong);
        /* Were sudo to refuse everything, nothing would have been compared. */
        return t.wrong > 0 || t.accepted < t.vectors / 50;
}

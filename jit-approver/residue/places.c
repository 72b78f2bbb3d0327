/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * MUST, since users own some of these places: follow no link of theirs, open nothing but folders and
 * regular files, cross into no file system of theirs, and keep no content.
 */

#include "jit-approver/residue/places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/residue/accounts.h"

#define HASHED_MAX (1024 * 1024) /* of what is larger, size and times count */
#define DEPTH_MAX 6

typedef enum PlaceFlags {
        PLACE_LISTED = 1 << 0,    /* its lines are entries */
        PLACE_SECRET = 1 << 1,    /* not even a hash of it is kept */
        PLACE_BEGINNING = 1 << 2, /* whatever in its folder begins like that */
        PLACE_UNITS = 1 << 3,     /* but for our own, and scopes */
        PLACE_USERS = 1 << 4,     /* a user's own: neither links nor mounts on the way */
} PlaceFlags;

typedef struct Place {
        const char *path;
        unsigned flags;
} Place;

/* jit-residue.8.scd tells of all of these. */
static const Place places[] = {
        { "/etc/passwd", PLACE_LISTED },
        { "/etc/group", PLACE_LISTED },
        { "/etc/shadow", PLACE_SECRET },
        { "/etc/gshadow", PLACE_SECRET },
        { "/etc/sudoers", 0 },
        { "/etc/sudoers.d", 0 },
        { "/etc/doas.conf", 0 },
        { "/etc/pam.d", 0 },
        { "/etc/pam.conf", 0 },
        { "/etc/security", 0 },
        { "/etc/jit-approver", 0 },
        { "/etc/polkit-1", 0 },
        { "/etc/cron", PLACE_BEGINNING },
        { "/etc/anacrontab", 0 },
        { "/etc/at.allow", 0 },
        { "/etc/at.deny", 0 },
        { "/var/spool/cron", 0 },
        { "/var/spool/at", 0 },
        { "/etc/systemd/system", 0 },
        { "/etc/systemd/user", 0 },
        { "/etc/systemd/system-generators", 0 },
        { "/etc/systemd/user-generators", 0 },
        { "/usr/local/lib/systemd", 0 },
        { "/run/systemd/system", 0 },
        { "/run/systemd/transient", PLACE_UNITS },
        { "/var/lib/systemd/linger", 0 },
        { "/etc/rc.local", 0 },
        { "/etc/init.d", 0 },
        { "/etc/udev/rules.d", 0 },
        { "/etc/modules-load.d", 0 },
        { "/etc/ld.so.preload", 0 },
        { "/etc/ld.so.conf", 0 },
        { "/etc/ld.so.conf.d", 0 },
        { "/etc/environment", 0 },
        { "/etc/profile", 0 },
        { "/etc/profile.d", 0 },
        { "/etc/bash.bashrc", 0 },
        { "/etc/ssh", 0 },
};

typedef struct Look {
        const char *root;
        const Mounts *mounts;
        usec_t deadline;
        Report *report;
        Snapshot snapshot;
        char *passwd; /* owned */
        bool late;
} Look;

static void closedirp(DIR **d)
{
        if (*d) {
                (void) closedir(*d);
        }
}

/* One step of a path. (Not openat2(): RestrictSUIDSGID= has none.) */
static int open_place(int at, const char *name)
{
        int fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

/* Without asking the file system, which may be a user's and never answer. */
static bool mount_of(int fd, uint64_t *ret)
{
        struct statx x;

        if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &x) < 0 ||
                !(x.stx_mask & STATX_MNT_ID)) {
                return false;
        }
        *ret = x.stx_mnt_id;
        return true;
}

static bool is_same_mount(int a, int b)
{
        uint64_t of_a, of_b;

        return mount_of(a, &of_a) && mount_of(b, &of_b) && of_a == of_b;
}

/* The very thing that was looked at, to be read: what has its name may be another by now. */
static int reopen(int fd, int flags)
{
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        int r = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
        return r < 0 ? -errno : r;
}

static int read_all(int fd, char **ret, size_t *ret_n)
{
        _cleanup_(closep) int file = reopen(fd, 0);
        _cleanup_(freep) char *text = malloc(HASHED_MAX + 2);
        size_t n = 0;

        if (file < 0 || !text) {
                return file < 0 ? file : -ENOMEM;
        }
        for (;;) {
                ssize_t got = read(file, text + n, HASHED_MAX + 1 - n);
                if (got < 0 && errno != EINTR) {
                        return -errno;
                }
                if (got == 0 || n + (size_t) MAX(got, 0) > HASHED_MAX) {
                        break;
                }
                n += (size_t) MAX(got, 0);
        }
        text[n] = '\0';
        *ret = TAKE_PTR(text);
        *ret_n = n;
        return 0;
}

static void hash_of(const void *data, size_t n, char out[static HASH_SIZE])
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;

        if (EVP_Digest(data, n, digest, &size, EVP_sha256(), NULL) == 1 && 2 * size < HASH_SIZE) {
                hex_encode(digest, size, out);
        }
}

static usec_t usec_of(const struct timespec *t)
{
        return MAX((usec_t) t->tv_sec * USEC_PER_SEC + t->tv_nsec / 1000, (usec_t) 0);
}

static EntryType type_of(mode_t mode)
{
        return S_ISREG(mode)   ? ENTRY_FILE
               : S_ISDIR(mode) ? ENTRY_FOLDER
               : S_ISLNK(mode) ? ENTRY_LINK
                               : ENTRY_OTHER;
}

static Entry entry_of(const char *path, const struct stat *st)
{
        return (Entry){
                .path = strdup(path),
                .type = type_of(st->st_mode),
                .mode = st->st_mode & 07777,
                .uid = st->st_uid,
                .gid = st->st_gid,
                .size = S_ISREG(st->st_mode) ? st->st_size : 0,
                .mtime = S_ISREG(st->st_mode) ? usec_of(&st->st_mtim) : 0,
                .ctime = usec_of(&st->st_ctim),
        };
}

static int add_lines(Look *l, const Entry *file, const char *text)
{
        Account a;
        int r = 0;

        while (r >= 0 && account_next(&text, &a)) {
                Entry e = { .type = ENTRY_LINE, .uid = a.id, .ctime = file->ctime };

                hash_of(a.line, a.n, e.hash);
                r = str_printf(
                        &e.path, "%s: %.*s", file->path, (int) MIN(a.n_name, (size_t) 255), a.line);
                if (r >= 0) {
                        r = snapshot_add(&l->snapshot, &e);
                }
        }
        return r;
}

/* The hash of what it holds; the text of one with lines. */
static int look_into(Look *l, int fd, unsigned flags, Entry *e)
{
        _cleanup_(freep) char *text = NULL;
        size_t n = 0;

        if (e->size > HASHED_MAX || (flags & PLACE_SECRET) || read_all(fd, &text, &n) < 0) {
                return 0;
        }
        if (!(flags & PLACE_LISTED)) {
                hash_of(text, n, e->hash);
                return 0;
        }
        e->type = ENTRY_LISTED;
        e->size = 0;
        e->mtime = 0;
        int r = add_lines(l, e, text);
        if (streq(e->path, "/etc/passwd")) {
                l->passwd = TAKE_PTR(text);
        }
        return r;
}

static int look_link(int fd, Entry *e)
{
        char target[PATH_MAX];
        ssize_t n = readlinkat(fd, "", target, sizeof(target));

        if (n >= 0) {
                hash_of(target, (size_t) n, e->hash);
        }
        return 0;
}

static bool is_ours(const char *name)
{
        const char *dot = strrchr(name, '.');

        return strncmp(name, "jit-", 4) == 0 || (dot && streq(dot, ".scope"));
}

static int look_at(
        Look *l, int at, const char *name, const char *path, unsigned flags, size_t depth);

static int look_folder(Look *l, int fd, const char *path, unsigned flags, size_t depth)
{
        _cleanup_(closep) int folder = reopen(fd, O_DIRECTORY);
        _cleanup_(closedirp) DIR *d = folder >= 0 ? fdopendir(folder) : NULL;
        struct dirent *entry;
        int r = 0;

        if (!d) {
                return report_cut(l->report, "%s cannot be read", path);
        }
        folder = -1; /* the stream's now */
        while (r >= 0 && !l->late && (entry = readdir(d))) {
                _cleanup_(freep) char *below = NULL;
                const char *name = entry->d_name;

                if (streq(name, ".") || streq(name, "..") ||
                        ((flags & PLACE_UNITS) && is_ours(name))) {
                        continue;
                }
                r = str_printf(&below, "%s/%s", path, name);
                if (r >= 0) {
                        r = look_at(l, dirfd(d), name, below, flags, depth + 1);
                }
        }
        return r;
}

static bool not_there(int error)
{
        return error >= 0 || error == -ENOENT || error == -ENOTDIR;
}

/* path names it to people; at and name lead there. */
static int look_at(
        Look *l, int at, const char *name, const char *path, unsigned flags, size_t depth)
{
        _cleanup_(closep) int fd = -1;
        struct stat st;

        if (clock_usec(CLOCK_MONOTONIC) >= l->deadline) {
                l->late = l->snapshot.full = true;
                return report_cut(l->report, "at %s", path);
        }
        if (mounts_is_foreign(l->mounts, path)) {
                return 0;
        }
        fd = open_place(at, name);
        if (fd >= 0 && (flags & PLACE_USERS) && !is_same_mount(at, fd)) {
                return 0;
        }
        if (fd < 0 || fstat(fd, &st) < 0) {
                return not_there(fd) ? 0 : report_cut(l->report, "%s: %s", path, strerror(-fd));
        }
        Entry e = entry_of(path, &st);
        int r = !e.path               ? -ENOMEM
                : S_ISREG(st.st_mode) ? look_into(l, fd, flags, &e)
                : S_ISLNK(st.st_mode) ? look_link(fd, &e)
                                      : 0;
        bool enter = S_ISDIR(st.st_mode) && !(flags & PLACE_USERS) && depth < DEPTH_MAX;
        if (r >= 0) {
                r = snapshot_add(&l->snapshot, &e);
        }
        free(e.path);
        return r >= 0 && enter ? look_folder(l, fd, path, flags, depth) : r;
}

static int look_place(Look *l, const char *path, unsigned flags)
{
        _cleanup_(freep) char *real = NULL;

        int r = str_printf(&real, "%s%s", l->root, path);
        return r < 0 ? r : look_at(l, AT_FDCWD, real, path, flags, 0);
}

/* "/etc/cron": all of /etc that begins like that. */
static int look_beginning(Look *l, const char *path)
{
        const char *slash = strrchr(path, '/'), *begin = slash + 1;
        _cleanup_(freep) char *folder = NULL;
        _cleanup_(closedirp) DIR *d = NULL;
        struct dirent *entry;

        int r = str_printf(&folder, "%s%.*s", l->root, (int) (slash - path), path);
        if (r < 0) {
                return r;
        }
        d = opendir(folder);
        while (r >= 0 && d && (entry = readdir(d))) {
                _cleanup_(freep) char *below = NULL;

                if (strncmp(entry->d_name, begin, strlen(begin)) != 0) {
                        continue;
                }
                r = str_printf(&below, "%.*s/%s", (int) (slash - path), path, entry->d_name);
                if (r >= 0) {
                        r = look_place(l, below, 0);
                }
        }
        return r;
}

static int look_below(Look *l, int at, const char *folder, const char *name)
{
        _cleanup_(freep) char *path = NULL;

        int r = str_printf(&path, "%s/%s", folder, name);
        return r < 0 ? r : look_at(l, at, name, path, PLACE_USERS, 0);
}

/* Step by step, by descriptors: the user may put anything in the way. */
static int look_user(Look *l, const char *home)
{
        _cleanup_(freep) char *real = NULL, *ssh = NULL;
        _cleanup_(closep) int fd = -1, ssh_fd = -1;

        int r = str_printf(&real, "%s%s", l->root, home);
        if (r >= 0) {
                r = str_printf(&ssh, "%s/.ssh", home);
        }
        if (r < 0 || mounts_is_foreign(l->mounts, ssh)) {
                return r;
        }
        fd = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
        ssh_fd = fd < 0 ? -1 : open_place(fd, ".ssh");
        if (ssh_fd < 0 || !is_same_mount(fd, ssh_fd)) {
                return 0;
        }
        r = look_below(l, fd, home, ".ssh");
        if (r >= 0) {
                r = look_below(l, ssh_fd, ssh, "authorized_keys");
        }
        return r < 0 ? r : look_below(l, ssh_fd, ssh, "authorized_keys2");
}

static bool is_known_home(char *const *homes, const char *home)
{
        for (; homes && *homes; homes++) {
                if (streq(*homes, home)) {
                        return true;
                }
        }
        return false;
}

static int look_users(Look *l)
{
        _cleanup_(strv_freep) char **homes = NULL;
        const char *at = str_or(l->passwd, "");
        char home[PATH_MAX];
        Account a;
        int r = 0;

        while (r >= 0 && !l->late && account_next(&at, &a)) {
                if (!account_home(&a, home, sizeof(home)) || is_known_home(homes, home)) {
                        continue;
                }
                r = strv_add(&homes, home);
                if (r >= 0) {
                        r = look_user(l, home);
                }
        }
        return r;
}

int places_look(const char *root, const Mounts *m, usec_t deadline, Report *r, Snapshot *ret,
        char **ret_passwd)
{
        Look l = { .root = root, .mounts = m, .deadline = deadline, .report = r };
        int err = 0;

        l.snapshot.taken = clock_now();
        for (size_t i = 0; err >= 0 && !l.late && i < ELEMENTSOF(places); i++) {
                err = places[i].flags & PLACE_BEGINNING
                              ? look_beginning(&l, places[i].path)
                              : look_place(&l, places[i].path, places[i].flags);
        }
        if (err >= 0) {
                err = look_users(&l);
        }
        if (err >= 0 && l.snapshot.full && !l.late) {
                err = report_cut(
                        r, "the named places hold more than %d files", SNAPSHOT_ENTRIES_MAX);
        }
        if (err < 0) {
                snapshot_done(&l.snapshot);
                free(l.passwd);
                return err;
        }
        snapshot_sort(&l.snapshot);
        *ret = l.snapshot;
        *ret_passwd = l.passwd;
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * MUST: touch no mount point before it is known to be local; end by the deadline however much there is,
 * and say where; open no file; hold as many descriptors as the path is deep, and no more than that.
 */

#include "jit-approver/residue/powers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/residue/accounts.h"

#define DEPTH_MAX 250
#define PATH_SIZE 8192
#define LOOKS 64 /* between two looks at the clock */

typedef struct Walk {
        const Powers *p;
        Report *report;
        char path[PATH_SIZE]; /* without root */
        unsigned looks;
        bool late;
} Walk;

static void closedirp(DIR **d)
{
        if (*d) {
                (void) closedir(*d);
        }
}

static int tell(Walk *w, const struct stat *st, TraceKind kind, const char *note)
{
        char who[ACCOUNT_NAME_MAX];

        account_name(w->p->passwd, st->st_uid, who);
        return report_add(w->report,
                &(Trace){ kind, (usec_t) st->st_ctim.tv_sec * USEC_PER_SEC, who, note, w->path });
}

static bool has_capability(const Walk *w)
{
        _cleanup_(freep) char *real = NULL;

        return str_printf(&real, "%s%s", w->p->root, w->path) >= 0 &&
               lgetxattr(real, "security.capability", NULL, 0) > 0;
}

static int judge(Walk *w, int folder, const char *name)
{
        struct stat st;
        usec_t ctime;

        if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode)) {
                return 0;
        }
        ctime = (usec_t) st.st_ctim.tv_sec * USEC_PER_SEC + st.st_ctim.tv_nsec / 1000;
        if (ctime < w->p->from) {
                return 0;
        }
        if (st.st_mode & S_ISUID) {
                return tell(w, &st, TRACE_SETUID, NULL);
        }
        if ((st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) {
                return tell(w, &st, TRACE_SETGID, NULL);
        }
        return has_capability(w) ? tell(w, &st, TRACE_CAPABILITY, NULL) : 0;
}

static int walk(Walk *w, int fd, size_t depth);

/* Whether what is at the path may be entered: no other's file system, and none for the second time. */
static bool may_enter(const Walk *w)
{
        const Mount *m = mounts_at(w->p->mounts, w->path);

        return !m || (mount_is_local(m) && !mount_is_repeated(w->p->mounts, m));
}

static int enter(Walk *w, int folder, const char *name, size_t depth)
{
        int fd;

        if (!may_enter(w)) {
                return 0;
        }
        if (depth == DEPTH_MAX) {
                return report_cut(w->report, "too deep: %.200s…", w->path);
        }
        fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) {
                return errno == EMFILE || errno == ENFILE
                               ? report_cut(w->report, "at %.200s", w->path)
                               : 0;
        }
        return walk(w, fd, depth);
}

static int visit(Walk *w, int folder, const struct dirent *entry, size_t depth)
{
        size_t n = strlen(w->path), n_name = strlen(entry->d_name);
        unsigned char type = entry->d_type;
        struct stat st;
        int r = 0;

        if (++w->looks % LOOKS == 0 && clock_usec(CLOCK_MONOTONIC) >= w->p->deadline) {
                w->late = true;
                return report_cut(w->report, "at %.300s", w->path);
        }
        if (n + n_name + 2 > PATH_SIZE) {
                return report_cut(w->report, "too deep: %.200s…", w->path);
        }
        w->path[n] = '/';
        memcpy(w->path + n + 1, entry->d_name, n_name + 1);
        /* Even to ask what a mount point is would touch what is mounted there. */
        if (type == DT_UNKNOWN && may_enter(w) &&
                fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
                type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_UNKNOWN;
        }
        if (type == DT_DIR) {
                r = enter(w, folder, entry->d_name, depth + 1);
        } else if (type == DT_REG && may_enter(w)) {
                r = judge(w, folder, entry->d_name);
        }
        w->path[n] = '\0';
        return r;
}

/* Takes fd. */
static int walk(Walk *w, int fd, size_t depth)
{
        _cleanup_(closedirp) DIR *d = fdopendir(fd);
        struct dirent *entry;
        int r = 0;

        if (!d) {
                (void) close(fd);
                return -ENOMEM;
        }
        while (r >= 0 && !w->late && (entry = readdir(d))) {
                if (!streq(entry->d_name, ".") && !streq(entry->d_name, "..")) {
                        r = visit(w, dirfd(d), entry, depth);
                }
        }
        return r;
}

int powers_look(const Powers *p, Report *r)
{
        _cleanup_(freep) Walk *w = calloc(1, sizeof(*w));
        int fd;

        if (!w) {
                return -ENOMEM;
        }
        w->p = p;
        w->report = r;
        if (clock_usec(CLOCK_MONOTONIC) >= p->deadline) {
                return report_cut(r, "at /");
        }
        fd = open(*p->root ? p->root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) {
                return report_cut(r, "/ cannot be read: %s", strerror(errno));
        }
        return walk(w, fd, 0);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who is in a unit. MUST: a signal goes through a pidfd that was opened before we looked at what the
 * pid is; if the process ends in between and another gets its pid, the signal reaches nobody.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/daemon/procs.h"

#define PROC_FILE_MAX 16384 /* a path of PATH_MAX for each of a dozen hierarchies fits */
#define STAT_PARENT 2       /* the fields we want, counted after the command's ")" */
#define STAT_START 20

static int proc_read(pid_t pid, const char *name, char **ret)
{
        _cleanup_(closep) int fd = -1;
        char path[64];
        size_t size;

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
                return errno == ENOENT ? -ESRCH : -errno;
        }
        return read_file(fd, PROC_FILE_MAX, ret, &size);
}

/* What /proc/PID/stat says of a process, proc(5). */
typedef struct Stat {
        char comm[64];
        uint64_t parent, start;
} Stat;

static int stat_number(const char *field, uint64_t *ret)
{
        return field ? parse_u64(field, INT64_MAX, ret) : -EBADMSG;
}

static int process_stat(pid_t pid, Stat *ret)
{
        _cleanup_(freep) char *text = NULL;
        char *rest, *fields[STAT_START];
        Stat s = { 0 };

        int r = proc_read(pid, "stat", &text);
        if (r < 0) {
                return r;
        }
        char *open = strchr(text, '('),
             *close = strrchr(text, ')'); /* the command may hold anything */
        if (!open || !close || close < open || (size_t) (close - open) > sizeof(s.comm)) {
                return -EBADMSG;
        }
        memcpy(s.comm, open + 1, (size_t) (close - open - 1));
        for (int i = 0; i < STAT_START; i++) {
                fields[i] = strtok_r(i == 0 ? close + 1 : NULL, " \n", &rest);
        }
        r = stat_number(fields[STAT_PARENT - 1], &s.parent);
        if (r >= 0) {
                r = stat_number(fields[STAT_START - 1], &s.start);
        }
        if (r >= 0) {
                *ret = s;
        }
        return r;
}

int process_start(pid_t pid, int64_t *ret)
{
        Stat s;

        int r = process_stat(pid, &s);
        if (r >= 0) {
                *ret = (int64_t) s.start;
        }
        return r;
}

bool process_is_helper(pid_t pid, pid_t host)
{
        Stat s, h;

        return process_stat(pid, &s) >= 0 && process_stat(host, &h) >= 0 &&
               s.parent == (uint64_t) host && streq(s.comm, h.comm);
}

/* One "/"-separated part of the path in line is exactly the unit. */
static bool path_names(const char *line, size_t n, const char *unit)
{
        size_t length = strlen(unit);
        const char *end = line + n;

        for (const char *part = line; part < end;) {
                const char *slash = memchr(part, '/', (size_t) (end - part));
                const char *stop = slash ? slash : end;

                if ((size_t) (stop - part) == length && memcmp(part, unit, length) == 0) {
                        return true;
                }
                part = stop + 1;
        }
        return false;
}

bool cgroup_names(const char *text, const char *unit)
{
        for (const char *line = text; *line;) {
                size_t n = strcspn(line, "\n");
                const char *list = memchr(line, ':', n);

                /* Only systemd's own hierarchies say what a unit is: cgroup2, or v1's named one. */
                if (list && (strncmp(list, "::/", 3) == 0 ||
                                    strncmp(list, ":name=systemd:/", 15) == 0)) {
                        const char *path = strchr(list, '/') + 1;

                        if (path_names(path, (size_t) (line + n - path), unit)) {
                                return true;
                        }
                }
                line += n + (line[n] == '\n');
        }
        return false;
}

bool process_is_in(pid_t pid, const char *unit)
{
        _cleanup_(freep) char *text = NULL;

        return proc_read(pid, "cgroup", &text) >= 0 && cgroup_names(text, unit);
}

static int pids_add(pid_t **pids, size_t *n, pid_t pid)
{
        pid_t *more;

        if ((*n & (*n - 1)) == 0) { /* full at every power of two */
                more = reallocarray(*pids, *n == 0 ? 1 : 2 * *n, sizeof(**pids));
                if (!more) {
                        return -ENOMEM;
                }
                *pids = more;
        }
        (*pids)[(*n)++] = pid;
        return 0;
}

static void closedirp(DIR **d)
{
        if (*d) {
                (void) closedir(*d);
        }
}

int unit_scan(const char *unit, pid_t **ret, size_t *ret_n)
{
        _cleanup_(closedirp) DIR *proc = opendir("/proc");
        _cleanup_(freep) pid_t *pids = NULL;
        struct dirent *entry;
        size_t n = 0;
        int r;

        if (!proc) {
                return -errno;
        }
        while ((entry = readdir(proc))) {
                uint64_t pid;

                if (parse_u64(entry->d_name, INT32_MAX, &pid) < 0 ||
                        !process_is_in((pid_t) pid, unit)) {
                        continue;
                }
                r = pids_add(&pids, &n, (pid_t) pid);
                if (r < 0) {
                        return r;
                }
        }
        *ret = TAKE_PTR(pids);
        *ret_n = n;
        return 0;
}

int process_kill_in(pid_t pid, const char *unit, int signal)
{
        _cleanup_(closep) int fd = -1;

        fd = pidfd_open(pid, 0);
        if (fd < 0) {
                return errno == ESRCH || errno == EINVAL ? 0 : -errno;
        }
        if (!process_is_in(pid, unit)) {
                return 0;
        }
        if (pidfd_send_signal(fd, signal, NULL, 0) < 0 && errno != ESRCH) {
                return -errno;
        }
        return 0;
}

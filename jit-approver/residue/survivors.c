/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Any process may call itself what it likes: its command is shown, never believed. What ties it to the
 * grant is kept by the kernel: its cgroup, its login uid, when it was started.
 */

#include "jit-approver/residue/survivors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/residue/accounts.h"

#define FILE_MAX 16384
#define WORDS_MAX 64
#define STAT_START 20                   /* counted after the command's ")" */
#define TICK_SLACK (20 * USEC_PER_MSEC) /* a start time is rounded down */

bool cgroup_has(const char *cgroup, const char *unit)
{
        size_t n = strlen(unit);

        for (const char *p = cgroup; n > 0 && (p = strstr(p, unit)); p++) {
                if (p > cgroup && p[-1] == '/' && (p[n] == '/' || p[n] == '\n' || p[n] == '\0')) {
                        return true;
                }
        }
        return false;
}

static bool is_in_one(const char *cgroup, char *const *units)
{
        for (; units && *units; units++) {
                if (cgroup_has(cgroup, *units)) {
                        return true;
                }
        }
        return false;
}

const char *survivor_tie(const Survivors *s, char *const *added, const Survivor *p)
{
        bool since = usec_add(p->start, TICK_SLACK) >= s->from;

        if (is_in_one(p->cgroup, s->units)) {
                return "in a session of the grant";
        }
        if (since && is_in_one(p->cgroup, added)) {
                return "likely: in a unit that was added";
        }
        if (strstr(p->cgroup, "/jit-session-")) {
                return NULL; /* another grant's */
        }
        if (since && s->asker != s->target && p->uid == s->target && p->login == s->asker) {
                return "likely: same login, same account";
        }
        return NULL;
}

/* At most FILE_MAX bytes; what is there, NULs too. */
static ssize_t read_of(int folder, const char *pid, const char *name, char out[static FILE_MAX])
{
        char path[64];
        _cleanup_(closep) int fd = -1;
        size_t n = 0;
        ssize_t got;

        (void) snprintf(path, sizeof(path), "%.20s/%s", pid, name);
        fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
                return -errno;
        }
        while (n < FILE_MAX - 1 && (got = read(fd, out + n, FILE_MAX - 1 - n)) > 0) {
                n += (size_t) got;
        }
        out[n] = '\0';
        return (ssize_t) n;
}

/* Its start in ticks since boot; false: it has ended, or is about to. */
static bool stat_start(char *text, uint64_t *ret)
{
        char *close = strrchr(text, ')'), *rest, *word = NULL;

        if (!close) {
                return false;
        }
        for (int i = 0; i < STAT_START; i++) {
                word = strtok_r(i == 0 ? close + 1 : NULL, " \n", &rest);
                if (!word || (i == 0 && strchr("ZXx", *word))) {
                        return false;
                }
        }
        return parse_u64(word, INT64_MAX, ret) >= 0;
}

static uid_t status_uid(const char *text)
{
        const char *p = strstr(text, "\nUid:\t");
        uint64_t uid;
        char word[16];

        if (!p) {
                return UID_UNSET;
        }
        p += 6;
        (void) snprintf(word, sizeof(word), "%.*s", (int) MIN(strcspn(p, "\t\n"), (size_t) 15), p);
        return parse_u64(word, UINT32_MAX, &uid) < 0 ? UID_UNSET : (uid_t) uid;
}

static uid_t login_uid(int proc, const char *pid, char text[static FILE_MAX])
{
        uint64_t uid;

        if (read_of(proc, pid, "loginuid", text) <= 0) {
                return UID_UNSET;
        }
        text[strcspn(text, "\n")] = '\0';
        return parse_u64(text, UINT32_MAX, &uid) < 0 ? UID_UNSET : (uid_t) uid;
}

/* The words it says it was started with, else its short name. Caller frees. */
static char *command_of(int proc, const char *pid, char text[static FILE_MAX])
{
        char *words[WORDS_MAX];
        size_t k = 0;
        ssize_t n = read_of(proc, pid, "cmdline", text);

        for (ssize_t i = 0; i < n && k < WORDS_MAX; i += (ssize_t) strlen(text + i) + 1) {
                words[k++] = text + i;
        }
        if (k == 0) {
                (void) read_of(proc, pid, "comm", text);
                text[strcspn(text, "\n")] = '\0';
                words[k++] = text;
        }
        return text_command(words, k, TRACE_WHAT_MAX);
}

static int tell(const Survivors *s, int proc, const char *pid, const Survivor *p, const char *tie,
        Report *r, char text[static FILE_MAX])
{
        _cleanup_(freep) char *command = command_of(proc, pid, text), *note = NULL;
        char who[ACCOUNT_NAME_MAX];

        if (!command || str_printf(&note, "pid %s, %s", pid, tie) < 0) {
                return -ENOMEM;
        }
        account_name(s->passwd, p->uid, who);
        return report_add(r, &(Trace){ TRACE_PROCESS, p->start, who, note, command });
}

static int judge(
        const Survivors *s, int proc, const char *pid, Report *r, char text[static FILE_MAX])
{
        char cgroup[FILE_MAX];
        uint64_t ticks;
        Survivor p;

        if (read_of(proc, pid, "stat", text) <= 0 || !stat_start(text, &ticks) ||
                read_of(proc, pid, "cgroup", cgroup) <= 0) {
                return 0;
        }
        p.cgroup = cgroup;
        p.start = s->now.wall - s->now.boot +
                  (usec_t) (ticks * (uint64_t) USEC_PER_SEC / (uint64_t) sysconf(_SC_CLK_TCK));
        p.login = login_uid(proc, pid, text);
        p.uid = read_of(proc, pid, "status", text) > 0 ? status_uid(text) : UID_UNSET;
        const char *tie = survivor_tie(s, r->units, &p);
        return tie ? tell(s, proc, pid, &p, tie, r, text) : 0;
}

static void closedirp(DIR **d)
{
        if (*d) {
                (void) closedir(*d);
        }
}

int survivors_look(const Survivors *s, Report *r)
{
        _cleanup_(closedirp) DIR *d = opendir(s->proc);
        char text[FILE_MAX];
        struct dirent *entry;
        uint64_t pid;
        int err = 0;

        /* Where /proc hides others' processes, nothing would be found, and that would look good. */
        if (!d || read_of(dirfd(d), "1", "stat", text) <= 0) {
                return report_cut(r, "processes: %s shows none", s->proc);
        }
        while (err >= 0 && (entry = readdir(d))) {
                if (parse_u64(entry->d_name, INT32_MAX, &pid) >= 0) {
                        err = judge(s, dirfd(d), entry->d_name, r, text);
                }
        }
        return err;
}

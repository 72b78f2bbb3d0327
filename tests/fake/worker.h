/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A worker of people that does what the name it is asked about says. The test program is its own
 * worker: people_new(…, fake_path(), …), and main() begins with fake_worker(argc, argv). Worker and
 * test share a folder named after the test's pid: a byte is added to "asked" for every question, and
 * "says" holds the answer to "flip".
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit-approver/daemon/people_internal.h"

#define FAKE_FLIP_ID 4242

typedef struct FakeWorker {
        int fd;
        PeopleQuestion q;
        PeopleAnswer a;
        size_t size;
} FakeWorker;

/* By name: to execve(2) /proc/self/exe is valgrind's program, where that runs the test. */
static inline _unused_ const char *fake_path(void)
{
        static char path[4096];

        if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0) {
                abort();
        }
        return path;
}

static inline int fake_open(pid_t test, const char *name, int flags)
{
        char path[64];

        (void) snprintf(path, sizeof(path), "/tmp/jit-fake.%d", (int) test);
        (void) mkdir(path, 0700);
        (void) snprintf(path, sizeof(path), "/tmp/jit-fake.%d/%s", (int) test, name);
        return open(path, flags | O_CLOEXEC, 0600);
}

/* For the test: how many questions there were so far, of all workers. */
static inline _unused_ size_t fake_asked(void)
{
        _cleanup_(closep) int fd = fake_open(getpid(), "asked", O_RDONLY | O_CREAT);
        struct stat st;

        return fstat(fd, &st) == 0 ? (size_t) st.st_size : 0;
}

/* For the test: what "flip" is from now on: y, p (yes, but of some groups only), n, u, h. */
static inline _unused_ void fake_says(char c)
{
        _cleanup_(closep) int fd = fake_open(getpid(), "says", O_WRONLY | O_CREAT | O_TRUNC);

        if (write(fd, &c, 1) != 1) {
                abort();
        }
}

static inline _unused_ void fake_clean(void)
{
        char path[64];

        for (const char *const *name = (const char *const[]){ "/asked", "/says", "", NULL }; *name;
                name++) {
                (void) snprintf(path, sizeof(path), "/tmp/jit-fake.%d%s", (int) getpid(), *name);
                (void) remove(path);
        }
}

static inline void fake_yes(FakeWorker *x, const char *name, uint32_t id, size_t n_gids)
{
        x->a.found = TERNARY_YES;
        x->a.uid = x->a.gid = id;
        x->a.canonical = 1;
        x->a.n_gids = (uint32_t) n_gids;
        x->a.n_name = (uint32_t) strlen(name);
        for (size_t i = 0; i < n_gids; i++) {
                x->a.rest[i] = (uint32_t) (id + i);
        }
        memcpy(x->a.rest + n_gids, name, x->a.n_name);
        x->size = PEOPLE_ANSWER_HEAD + n_gids * sizeof(uint32_t) + x->a.n_name;
}

static inline void fake_hang(void)
{
        for (;;) {
                (void) pause();
        }
}

static inline void fake_flip(FakeWorker *x)
{
        _cleanup_(closep) int fd = fake_open(getppid(), "says", O_RDONLY);
        char c = 'n';

        if (read(fd, &c, 1) == 1 && c == 'h') {
                fake_hang();
        }
        if (c == 'y' || c == 'p') {
                fake_yes(x, x->q.name, FAKE_FLIP_ID, 1);
                x->a.partial = c == 'p';
        } else {
                x->a.found = c == 'n' ? TERNARY_NO : TERNARY_UNKNOWN;
        }
}

static inline void fake_nonsense(FakeWorker *x)
{
        const char *what = x->q.name;

        if (streq(what, "crash")) {
                (void) raise(SIGKILL);
        } else if (streq(what, "quit")) {
                _exit(0);
        } else if (streq(what, "closed")) {
                (void) close(x->fd);
                fake_hang();
        } else if (streq(what, "short")) {
                x->size = PEOPLE_ANSWER_HEAD - 1;
        } else if (streq(what, "long")) {
                x->size = sizeof(x->a);
        } else if (streq(what, "empty")) {
                x->size = 0;
        } else if (streq(what, "magic")) {
                x->a.magic++;
        } else if (streq(what, "serial")) {
                x->a.serial--;
        } else if (streq(what, "fourth")) {
                x->a.found = 3;
        } else if (streq(what, "nouid")) {
                x->a.uid = UID_UNSET;
        } else if (streq(what, "noname")) {
                fake_yes(x, "", 1, 0);
        } else if (streq(what, "badname")) {
                fake_yes(x, "a\nb", 1, 0);
        } else if (streq(what, "nulname")) {
                ((char *) (x->a.rest + x->a.n_gids))[1] = '\0';
        } else if (streq(what, "gids")) {
                x->a.n_gids = PEOPLE_GIDS_MAX + 1;
        } else if (streq(what, "gids-wrap")) {
                x->a.n_gids = UINT32_MAX;
        } else if (streq(what, "name-size")) {
                x->a.n_name = PEOPLE_NAME_MAX + 1;
        } else if (streq(what, "size")) {
                x->a.n_gids++;
        } else if (streq(what, "twice")) {
                (void) send(x->fd, &x->a, x->size, 0);
        }
}

/* "u7", "x-7" and uid 7 are uid 7, "g7" is gid 7; for the rest see here. Else: no. */
static inline void fake_answer(FakeWorker *x)
{
        const char *name = x->q.name;
        char by_uid[16];
        uint64_t id;

        if (x->q.kind == KEY_UID) {
                (void) snprintf(by_uid, sizeof(by_uid), "u%u", x->q.uid);
                fake_yes(x, by_uid, x->q.uid == 666 ? 0 : x->q.uid, 2);
        } else if ((name[0] == 'u' || name[0] == 'g') &&
                   parse_u64(name + 1, UINT32_MAX, &id) == 0) {
                fake_yes(x, name, (uint32_t) id, 3);
        } else if (strncmp(name, "x-", 2) == 0 && parse_u64(name + 2, UINT32_MAX, &id) == 0) {
                fake_yes(x, name, (uint32_t) id, 1);
                x->a.canonical = 0;
        } else if (strncmp(name, "hang", 4) == 0) {
                fake_hang();
        } else if (strncmp(name, "unknown", 7) == 0) {
                x->a.found = TERNARY_UNKNOWN;
        } else if (streq(name, "root")) {
                fake_yes(x, name, 0, 1);
        } else if (streq(name, "slow")) {
                (void) usleep(50000);
                fake_yes(x, name, 50, 0);
        } else if (streq(name, "Mixed")) {
                fake_yes(x, "mixed", 51, 1);
        } else if (streq(name, "many")) {
                fake_yes(x, name, 52, PEOPLE_GIDS_MAX);
        } else if (streq(name, "flip")) {
                fake_flip(x);
        } else if (name[0] == '!') {
                memmove(x->q.name, name + 1, strlen(name));
                fake_yes(x, name, 53, 2);
                fake_nonsense(x);
        }
}

static inline int fake_worker_main(int fd)
{
        static FakeWorker x;

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        x.fd = fd;
        while (recv(fd, &x.q, sizeof(x.q), 0) == sizeof(x.q)) {
                int asked = fake_open(getppid(), "asked", O_WRONLY | O_CREAT | O_APPEND);

                if (write(asked, "?", 1) != 1) {
                        return EXIT_FAILURE;
                }
                (void) close(asked); /* before the answer: then the test may look what is open */
                memset(&x.a, 0, sizeof(x.a));
                x.a.magic = PEOPLE_MAGIC;
                x.a.serial = x.q.serial;
                x.a.found = TERNARY_NO;
                x.size = PEOPLE_ANSWER_HEAD;
                fake_answer(&x);
                (void) send(fd, &x.a, x.size, MSG_NOSIGNAL);
        }
        return EXIT_SUCCESS;
}

/* Does not return in a worker. */
static inline void fake_worker(int argc, char **argv)
{
        if (argc == 2 && streq(argv[1], "--people-worker")) {
                _exit(fake_worker_main(STDIN_FILENO));
        }
}

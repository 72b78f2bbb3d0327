/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* H-90, H-91: what was reported as done is there after any end of the process; a full disk undoes nothing. */

#include <signal.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/fault/record.h"

#define ROUNDS 200

typedef struct Report {
        Id request, grant;
} Report;

/* Decides until it is killed, and says of each decision that it is done. Never returns. */
static void decide_forever(const char *dir, int fd)
{
        Store *s;
        Audit *a;
        Request q;
        Grant g;

        if (store_open(dir, &s) < 0 || audit_new(s, &a) < 0) {
                _exit(1);
        }
        for (;;) {
                Report report;

                if (decide_once(s, a, &q, &g) < 0) {
                        _exit(1);
                }
                report = (Report){ q.id, g.id };
                if (write(fd, &report, sizeof(report)) != (ssize_t) sizeof(report)) {
                        _exit(1);
                }
        }
}

/* How many reports there were, verified. */
static size_t one_life(const char *dir, Chain *chain, unsigned microseconds)
{
        int fds[2], status;
        Report reports[3000];
        size_t n = 0;
        Store *s;
        pid_t pid;

        ck_assert_int_eq(pipe(fds), 0);
        pid = fork();
        if (pid == 0) {
                (void) close(fds[0]);
                decide_forever(dir, fds[1]);
        }
        (void) close(fds[1]);
        (void) usleep(microseconds);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status));
        /* A pipe takes reports of this size whole or not at all. */
        while (n < ELEMENTSOF(reports) && read(fds[0], &reports[n], sizeof(Report)) > 0) {
                n++;
        }
        (void) close(fds[0]);
        MUST(store_open(dir, &s));
        for (size_t i = 0; i < n; i++) {
                decision_verify(s, &reports[i].request, &reports[i].grant);
        }
        chain_verify(s, chain);
        store_free(s);
        return n;
}

START_TEST(killed_at_any_moment)
{
        Chain chain = CHAIN_EMPTY, again = CHAIN_EMPTY;
        unsigned seed = (unsigned) time(NULL);
        Fixture f;
        size_t n = 0;

        fixture_open(&f);
        f.store = store_free(f.store);
        for (int i = 0; i < ROUNDS; i++) {
                n += one_life(f.dir, &chain, (unsigned) rand_r(&seed) % 30000);
        }
        ck_assert_int_ge(chain.seq, 3 * (int64_t) n);
        ck_assert_int_eq(chain.seq % 3, 0); /* no half decision */
        fixture_reopen(&f);
        chain_verify(f.store, &again);
        ck_assert_str_eq(again.head, chain.head);
        fixture_close(&f);
        ck_assert_uint_gt(n, 0);
}
END_TEST

/* A file system of size bytes at a new folder; false where that may not be made. */
static bool mount_small(char *dir, const char *options)
{
        fixture_folder(dir);
        if (mount("tmpfs", dir, "tmpfs", 0, options) == 0) {
                return true;
        }
        (void) rmdir(dir);
        return false;
}

static void unmount(const char *dir)
{
        ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
        ck_assert_int_eq(rmdir(dir), 0);
}

static void fill(const char *dir)
{
        static const char zeros[4096];
        char path[5000];
        int fd;

        (void) snprintf(path, sizeof(path), "%s/filler", dir);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        while (write(fd, zeros, sizeof(zeros)) > 0) {
        }
        (void) close(fd);
}

static void make_room(const char *dir)
{
        char path[5000];

        (void) snprintf(path, sizeof(path), "%s/filler", dir);
        ck_assert_int_eq(unlink(path), 0);
}

START_TEST(a_full_disk_undoes_nothing)
{
        Chain chain = CHAIN_EMPTY;
        Report last = {};
        Request q;
        Grant g;
        Store *s;
        Audit *a;
        char dir[4096];
        int r, n = 0, failed = 0;

        if (!mount_small(dir, "size=8m,mode=700")) {
                return;
        }
        MUST(store_open(dir, &s));
        MUST(audit_new(s, &a));
        fill(dir);
        /* The log is there at its full length: it goes on for quite a while. */
        for (int i = 0; i < 20000 && failed < 100; i++) {
                r = decide_once(s, a, &q, &g);
                if (r >= 0) { /* a smaller one may still fit behind one that did not */
                        last = (Report){ q.id, g.id };
                        n++;
                        continue;
                }
                ck_assert_int_eq(r, -ENOSPC);
                ck_assert_str_ne(store_state(s), "ok");
                failed++;
        }
        ck_assert_int_eq(failed, 100);
        ck_assert_int_gt(n, 50);
        /* What is there can still be asked for. */
        decision_verify(s, &last.request, &last.grant);
        chain_verify(s, &chain);
        ck_assert_int_eq(chain.seq, 3 * n);
        make_room(dir);
        MUST(decide_once(s, a, &q, &g));
        ck_assert_str_eq(store_state(s), "ok");
        audit_free(a);
        store_free(s);
        MUST(store_open(dir, &s));
        decision_verify(s, &q.id, &g.id);
        chain_verify(s, &chain);
        ck_assert_int_eq(chain.seq, 3 * (n + 1));
        store_free(s);
        unmount(dir);
}
END_TEST

START_TEST(no_room_from_the_start)
{
        static const char *const sizes[] = { "size=4k", "size=16k", "size=40k", "size=100k",
                "size=1m" };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                char dir[4096];
                Store *s = NULL;
                int r;

                if (!mount_small(dir, sizes[i])) {
                        return;
                }
                ck_assert_int_eq(chmod(dir, 0700), 0);
                r = store_open(dir, &s);
                ck_assert_msg(r == 0 || r == -ENOSPC, "%s: %d", sizes[i], r);
                if (r == 0) { /* without its log's full length */
                        MUST(store_meta_set(s, "a", "b"));
                }
                store_free(s);
                /* With room it is as good as new. */
                ck_assert_int_eq(mount("tmpfs", dir, NULL, MS_REMOUNT, "size=8m"), 0);
                MUST(store_open(dir, &s));
                MUST(store_meta_set(s, "a", "c"));
                store_free(s);
                unmount(dir);
        }
}
END_TEST

START_TEST(read_only)
{
        char dir[4096];
        Store *s = NULL;

        if (!mount_small(dir, "size=8m,mode=700")) {
                return;
        }
        ck_assert_int_eq(mount("tmpfs", dir, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
        ck_assert_int_eq(store_open(dir, &s), -EROFS);
        ck_assert_int_eq(mount("tmpfs", dir, NULL, MS_REMOUNT, NULL), 0);
        MUST(store_open(dir, &s));
        s = store_free(s);
        ck_assert_int_eq(mount("tmpfs", dir, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
        ck_assert_int_eq(store_open(dir, &s), -EROFS);
        ck_assert_ptr_null(s);
        unmount(dir);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = { killed_at_any_moment, a_full_disk_undoes_nothing,
                no_room_from_the_start, read_only };

        return run_case("store_crash", tests, ELEMENTSOF(tests));
}

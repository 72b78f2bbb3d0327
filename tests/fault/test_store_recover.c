/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A store that is damaged, and backups of one that is in use: what comes back, and what opens nothing. H-93. */

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/fault/record.h"

#define DECISIONS 1000

typedef struct Decided {
        Id request, grant;
} Decided;

static Decided decided[DECISIONS];

static void decide_all(const char *dir, size_t n)
{
        Store *s;
        Audit *a;

        MUST(store_open(dir, &s));
        MUST(audit_new(s, &a));
        for (size_t i = 0; i < n; i++) {
                Request q;
                Grant g;

                MUST(decide_once(s, a, &q, &g));
                decided[i] = (Decided){ q.id, g.id };
        }
        audit_free(a);
        store_free(s);
}

static char *path_of(const char *dir, const char *name)
{
        static char path[5000];

        (void) snprintf(path, sizeof(path), "%s/%s", dir, name);
        return path;
}

/* Writes over a page (from 0) of the file. */
static void spoil(const char *dir, int page)
{
        unsigned char bytes[1024];
        int fd = open(path_of(dir, "approver.db"), O_WRONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        memset(bytes, 0xa5, sizeof(bytes));
        ck_assert_int_eq(pwrite(fd, bytes, sizeof(bytes), 1024L * page), (ssize_t) sizeof(bytes));
        (void) close(fd);
}

/* How many decisions are there, each whole; what is marked opens nothing at the next start. */
static size_t found(const char *dir)
{
        _cleanup_(freep) char *what = NULL;
        size_t n = 0;
        Store *s;

        MUST(store_open(dir, &s));
        for (size_t i = 0; i < DECISIONS; i++) {
                Request q;
                Grant g;

                if (!id_is_set(&decided[i].request) ||
                        store_request_get(s, &decided[i].request, &q) < 0) {
                        continue;
                }
                ck_assert_str_eq(q.id.text, decided[i].request.text);
                request_done(&q);
                if (store_grant_get(s, &decided[i].grant, &g) >= 0) {
                        ck_assert_str_eq(g.request.text, decided[i].request.text);
                        grant_done(&g);
                        n++;
                }
        }
        MUST(store_meta_get(s, META_COPY, &what));
        ck_assert_str_ne(what, "");
        store_free(s);
        return n;
}

START_TEST(what_can_be_read_is_saved)
{
        StoreRecovery x;
        Fixture f;

        fixture_folder(f.dir);
        memset(decided, 0, sizeof(decided));
        decide_all(f.dir, DECISIONS);
        spoil(f.dir, 700);
        spoil(f.dir, 1500);
        ck_assert_int_eq(store_open(f.dir, &f.store), -EUCLEAN);
        MUST(store_recover(f.dir, NULL, T0, &x));
        ck_assert_int_eq(x.found, -EUCLEAN);
        ck_assert(x.done);
        ck_assert_str_eq(x.kept, "approver.db.kept-20261121T150405Z-1");
        ck_assert_int_eq(access(path_of(f.dir, x.kept), F_OK), 0);
        ck_assert_int_ne(access(path_of(f.dir, "recover"), F_OK), 0);
        size_t n = found(f.dir);
        printf("# %zu of %d decisions saved, %lld rows of %d of the record\n", n, DECISIONS,
                (long long) x.audit, 3 * DECISIONS);
        ck_assert_uint_ge(n, DECISIONS * 9 / 10);
        ck_assert_int_ge(x.audit, 3 * DECISIONS * 9 / 10);
        store_recovery_done(&x);
        /* It is as good as any now. */
        MUST(store_recover(f.dir, NULL, T0 + 1, &x));
        ck_assert_int_eq(x.found, 0);
        ck_assert(!x.done);
        fixture_remove(f.dir);
}
END_TEST

/* Wherever a page is spoilt: something is saved, or nothing is touched; what is saved adds up. */
START_TEST(any_page)
{
        unsigned seed = (unsigned) time(NULL);
        Fixture f;

        for (int i = 0; i < 20; i++) {
                StoreRecovery x;

                fixture_folder(f.dir);
                memset(decided, 0, sizeof(decided));
                decide_all(f.dir, 40);
                int page = i < 10 ? i : rand_r(&seed) % 90;
                spoil(f.dir, page);
                int r = store_recover(f.dir, NULL, T0, &x);
                ck_assert_msg(r == 0 || r == -ENODATA || r == -EIO, "page %d: %d", page, r);
                if (r == 0 && x.done) {
                        (void) found(f.dir);
                } else if (r < 0) {
                        ck_assert_int_eq(access(path_of(f.dir, "approver.db"), F_OK), 0);
                        ck_assert_ptr_null(x.kept);
                }
                ck_assert_int_ne(access(path_of(f.dir, "recover"), F_OK), 0);
                store_recovery_done(&x);
                fixture_remove(f.dir);
        }
}
END_TEST

START_TEST(a_flipped_bit_is_left_out)
{
        StoreRecovery x;
        Fixture f;
        char command[6000];

        fixture_folder(f.dir);
        memset(decided, 0, sizeof(decided));
        decide_all(f.dir, 100);
        /* A sound file whose words do not add up, and one that is not. */
        (void) snprintf(command, sizeof(command),
                "python3 -c \"import sqlite3,sys; c=sqlite3.connect(sys.argv[1]);"
                " c.execute('update grants set asker = 0 where row <= 10'); c.commit(); c.close()\""
                " '%s'",
                path_of(f.dir, "approver.db"));
        ck_assert_int_eq(system(command), 0);
        spoil(f.dir, 100);
        MUST(store_recover(f.dir, NULL, T0, &x));
        ck_assert(x.done);
        ck_assert_int_ge(x.distrusted, 10);
        for (int i = 0; i < 10; i++) {
                memset(&decided[i], 0, sizeof(decided[i]));
        }
        ck_assert_uint_le(found(f.dir), 90);
        store_recovery_done(&x);
        fixture_remove(f.dir);
}
END_TEST

static void back_up(Store *s, const char *to, int pages, void (*meanwhile)(void *), void *userdata)
{
        StoreCopy *c;
        bool done = false;
        char bytes[5000];
        int64_t at = 0;

        MUST(store_copy_begin(s, "a backup", &c));
        while (!done) {
                MUST(store_copy_step(c, pages, &done));
                if (!done && meanwhile) {
                        meanwhile(userdata);
                }
        }
        int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        while (at < store_copy_size(c)) {
                size_t n;

                MUST(store_copy_read(c, at, bytes, sizeof(bytes), &n));
                ck_assert_int_eq(write(fd, bytes, n), (ssize_t) n);
                at += (int64_t) n;
        }
        (void) close(fd);
        store_copy_free(c);
}

typedef struct Busy {
        Store *store;
        Audit *audit;
        size_t n;
} Busy;

static void decide_more(void *userdata)
{
        Busy *b = userdata;
        Request q;
        Grant g;

        if (b->n < DECISIONS) {
                MUST(decide_once(b->store, b->audit, &q, &g));
                decided[b->n++] = (Decided){ q.id, g.id };
        }
}

START_TEST(a_backup_of_what_is_in_use)
{
        Busy b = { .n = 200 };
        StoreRecovery x;
        Fixture f, other;
        char file[5000];

        fixture_folder(f.dir);
        fixture_folder(other.dir);
        memset(decided, 0, sizeof(decided));
        decide_all(f.dir, b.n);
        MUST(store_open(f.dir, &b.store));
        MUST(audit_new(b.store, &b.audit));
        (void) snprintf(file, sizeof(file), "%s/backup", other.dir);
        back_up(b.store, file, 3, decide_more, &b);
        ck_assert_uint_gt(b.n, 210);
        ck_assert_int_ne(access(path_of(f.dir, "approver.db-copy"), F_OK), 0);
        /* Not while somebody has it. */
        pid_t pid = fork();
        if (pid == 0) {
                _exit(store_recover(f.dir, file, T0, &x) == -EBUSY ? 0 : 1);
        }
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
        audit_free(b.audit);
        store_free(b.store);
        /* Over a sound store, and where there is none. */
        for (int i = 0; i < 2; i++) {
                MUST(store_recover(f.dir, file, T0 + i * USEC_PER_SEC, &x));
                ck_assert(x.done);
                ck_assert_int_eq(x.found, i == 0 ? 0 : -ENOENT);
                ck_assert_int_eq(x.kept != NULL, i == 0);
                store_recovery_done(&x);
                /* All that was committed until the last step. */
                ck_assert_uint_eq(found(f.dir), b.n);
                MUST(unlink(path_of(f.dir, "approver.db")));
        }
        fixture_remove(f.dir);
        fixture_remove(other.dir);
}
END_TEST

START_TEST(a_bad_backup_changes_nothing)
{
        StoreRecovery x;
        Fixture f, other;
        char file[5000];
        struct stat before, after;

        fixture_folder(f.dir);
        fixture_folder(other.dir);
        decide_all(other.dir, 100);
        decide_all(f.dir, 10);
        for (int page = 30; page < 40; page++) { /* one at least is no mere text */
                spoil(other.dir, page);
        }
        (void) snprintf(file, sizeof(file), "%s/approver.db", other.dir);
        MUST(stat(path_of(f.dir, "approver.db"), &before));
        ck_assert_int_eq(store_recover(f.dir, file, T0, &x), -EUCLEAN);
        ck_assert(!x.done && !x.kept);
        ck_assert_int_eq(store_recover(f.dir, "/nonexistent/backup", T0, &x), -ENOENT);
        ck_assert_int_eq(store_recover(f.dir, "/etc/passwd", T0, &x), -EUCLEAN);
        MUST(stat(path_of(f.dir, "approver.db"), &after));
        ck_assert_int_eq(before.st_ino, after.st_ino);
        MUST(store_open(f.dir, &f.store));
        store_free(f.store);
        fixture_remove(f.dir);
        fixture_remove(other.dir);
}
END_TEST

static void back_up_forever(const char *dir)
{
        Store *s;
        StoreCopy *c;

        if (store_open(dir, &s) < 0) {
                _exit(1);
        }
        for (;;) {
                bool done = false;

                if (store_copy_begin(s, "a backup", &c) < 0) {
                        _exit(1);
                }
                while (!done) {
                        if (store_copy_step(c, 7, &done) < 0) {
                                _exit(1);
                        }
                }
                store_copy_free(c);
        }
}

START_TEST(killed_while_it_is_copied)
{
        unsigned seed = (unsigned) time(NULL);
        Fixture f;

        fixture_folder(f.dir);
        memset(decided, 0, sizeof(decided));
        decide_all(f.dir, 100);
        for (int i = 0; i < 60; i++) {
                Chain chain = CHAIN_EMPTY;
                pid_t pid = fork();
                int status;

                if (pid == 0) {
                        back_up_forever(f.dir);
                }
                (void) usleep(3000 + (unsigned) rand_r(&seed) % 20000);
                ck_assert_int_eq(kill(pid, SIGKILL), 0);
                ck_assert_int_eq(waitpid(pid, &status, 0), pid);
                ck_assert(WIFSIGNALED(status));
                MUST(store_open(f.dir, &f.store));
                ck_assert_int_ne(access(path_of(f.dir, "approver.db-copy"), F_OK), 0);
                chain_verify(f.store, &chain);
                ck_assert_int_eq(chain.seq, 300);
                store_free(f.store);
        }
        fixture_remove(f.dir);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = { what_can_be_read_is_saved, any_page,
                a_flipped_bit_is_left_out, a_backup_of_what_is_in_use, a_bad_backup_changes_nothing,
                killed_while_it_is_copied };

        return run_case("store_recover", tests, ELEMENTSOF(tests));
}

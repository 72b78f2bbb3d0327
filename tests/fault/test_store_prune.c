/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A record of years: pruned in steps that keep nobody waiting, killed at any moment of it, and whole for
 * a third party all the while. H-108.
 */

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "jit-approver/daemon/prune.h"
#include "tests/fault/record.h"

#define DAY USEC_PER_DAY
#define STORIES_OF_YEARS 28600 /* of seven rows each: 200,000 */
#define STEP_MAX (20 * USEC_PER_MSEC)

typedef struct Years {
        Ledger ledger;
        Rules rules;
        Now now;
        Id old_request, old_grant, young_request, young_grant, pending;
} Years;

/* One request, its vote, grant and session, and how they went, in the open transaction. */
static void one_story(Ledger *l, usec_t at, bool pending, Id *ret_request, Id *ret_grant)
{
        Request q = sample_request(1000);
        Grant g = sample_grant(&q);
        Vote v = sample_vote("bob", 1001, true);
        Now now = { at, 1 }, later = { at + USEC_PER_MIN, 1 };
        Session x = { .grant = g.id,
                .kind = SESSION_SCOPE,
                .unit = (char *) "jit-session-K7QF-2M9D.scope",
                .pid = 4711,
                .boot_id = BOOT,
                .command = (char *) "systemctl restart nginx",
                .opened = at };
        static const AuditEvent events[] = { AUDIT_REQUEST_CREATED, AUDIT_REQUEST_VOTED,
                AUDIT_REQUEST_DECIDED, AUDIT_GRANT_STARTED, AUDIT_GRANT_USED, AUDIT_SESSION_OPENED,
                AUDIT_GRANT_EXPIRED };
        OwedMessage m = { .event = (char *) "request.decided",
                .request = q.id,
                .channel = (char *) "ops",
                .created = at };

        q.created = at;
        q.deadline = at + 30 * USEC_PER_MIN;
        g.from = at;
        g.until = at + 30 * USEC_PER_MIN;
        MUST(id_new(&x.id));
        MUST(store_request_insert(l->store, &q));
        for (size_t i = 0; i < (pending ? 1 : ELEMENTSOF(events)); i++) {
                Fact f = { .event = events[i],
                        .request = &q.id,
                        .grant = i < 3 ? NULL : &g.id,
                        .asker = &q.asker,
                        .service = q.service,
                        .command = q.command,
                        .reason = q.reason,
                        .rule = q.rule,
                        .approver = i == 1 || i == 2 ? "bob" : NULL };
                MUST(audit_append(l->audit, &f, &now));
        }
        if (!pending) {
                MUST(store_vote_insert(l->store, &q.id, &v));
                MUST(store_request_move(l->store, &q.id, REQUEST_APPROVED, &now, BOOT, &g.id));
                MUST(store_grant_insert(l->store, &g));
                MUST(store_session_insert(l->store, &x));
                MUST(store_session_close(l->store, &x.id, later.wall));
                MUST(store_grant_move(l->store, &g.id, GRANT_EXPIRED, later.wall));
                MUST(store_outbox_insert(l->store, &m));
                *ret_grant = g.id;
        }
        *ret_request = q.id;
}

static void years_open(Years *y, const char *dir)
{
        *y = (Years){ .rules = { .keep = 400 * DAY, .max_size = INT64_C(1) << 30 },
                .now = { T0, USEC_PER_HOUR } };
        MUST(store_open(dir, &y->ledger.store));
        MUST(record_key_open(dir, &y->ledger.record_key));
        (void) snprintf(y->ledger.boot_id, sizeof(y->ledger.boot_id), "%s", BOOT);
        MUST(audit_new(y->ledger.store, &y->ledger.audit));
}

/* 500 days up to T0. pending_at: the story of that number has not ended yet; -1: each has. */
static void years_fill(Years *y, int64_t stories, int64_t pending_at)
{
        for (int64_t i = 0; i < stories;) {
                MUST(store_begin(y->ledger.store));
                for (int64_t k = 0; k < 200 && i < stories; k++, i++) {
                        usec_t at = T0 - 500 * DAY + 500 * DAY / stories * i;
                        bool last = i == stories - 1;

                        one_story(&y->ledger, at, i == pending_at,
                                i == pending_at ? &y->pending
                                : last          ? &y->young_request
                                                : &y->old_request,
                                last ? &y->young_grant : &y->old_grant);
                        if (i == 0) {
                                y->young_request = y->old_request;
                                y->young_grant = y->old_grant;
                        }
                }
                MUST(store_commit(y->ledger.store));
                audit_tell(y->ledger.audit);
        }
}

static void years_close(Years *y)
{
        ledger_done(&y->ledger);
}

static usec_t clock_of(clockid_t clock)
{
        struct timespec t;

        ck_assert_int_eq(clock_gettime(clock, &t), 0);
        return (usec_t) t.tv_sec * USEC_PER_SEC + t.tv_nsec / 1000;
}

/* The longest step by the wall and by our own time: the one is the disk's and the neighbours', too. */
typedef struct Longest {
        usec_t wall, cpu;
} Longest;

/* One prune, until it rests. How many steps it took. */
static int prune_all(Years *y, Longest *ret)
{
        Prune p = { .resumed = true };
        Longest longest = { 0, 0 };
        int steps = 0;

        do {
                usec_t wall = clock_of(CLOCK_MONOTONIC), cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID);
                prune_step(&p, &y->ledger, &y->rules, &y->now);
                cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
                wall = clock_of(CLOCK_MONOTONIC) - wall;
                longest.wall = MAX(longest.wall, wall);
                longest.cpu = MAX(longest.cpu, cpu);
                y->now.boot = p.due_at;
                steps++;
                ck_assert_int_lt(steps, 100000);
        } while (p.stage != PRUNE_REST);
        *ret = longest;
        return steps;
}

/* What a third party sees: the rows from the checkpoint on, and that it attests what is before. */
static void verify_pruned(Store *s, const RecordKey *key)
{
        _cleanup_(freep) char *message = NULL;
        Checkpoint c;
        Chain chain;
        Audit *a;

        MUST(audit_new(s, &a)); /* as a start does: knows what is pruned */
        int r = audit_checkpoint_read(s, &c);
        if (r == -ENOENT) {
                chain = CHAIN_EMPTY;
        } else {
                MUST(r);
                MUST(audit_checkpoint_message(&c, &message));
                ck_assert(record_key_signed(key, message, c.signature));
                chain.seq = c.upto;
                memcpy(chain.head, c.hash, sizeof(chain.head));
        }
        chain_verify(s, &chain);
        audit_free(a);
}

static int64_t file_size(const char *dir)
{
        char path[5000];
        struct stat st;

        (void) snprintf(path, sizeof(path), "%s/approver.db", dir);
        ck_assert_int_eq(stat(path, &st), 0);
        return st.st_size;
}

START_TEST(years_are_pruned_in_small_steps)
{
        int64_t used, spare, first, last, before;
        Longest longest;
        Fixture f;
        Years y;
        Request q;
        Grant g;

        fixture_folder(f.dir);
        years_open(&y, f.dir);
        years_fill(&y, STORIES_OF_YEARS, -1);
        MUST(store_carry_over(y.ledger.store));
        before = file_size(f.dir);
        int steps = prune_all(&y, &longest);
        MUST(store_carry_over(y.ledger.store));
        MUST(store_usage(y.ledger.store, &used, &spare));
        printf("# %lld rows, %lld MiB; %d steps, the longest %.1f ms, %.1f of them ours; now %lld MiB, "
               "%lld KiB spare\n",
                (long long) 7 * STORIES_OF_YEARS, (long long) before >> 20, steps,
                (double) longest.wall / 1000, (double) longest.cpu / 1000,
                (long long) file_size(f.dir) >> 20, (long long) spare >> 10);
        MUST(store_audit_span(y.ledger.store, &first, &last));
        ck_assert_int_eq(last, 7 * STORIES_OF_YEARS + 1);
        /* A fifth of 500 days is older than 400. */
        ck_assert_int_gt(first, 7 * STORIES_OF_YEARS / 5 - 100);
        ck_assert_int_lt(first, 7 * STORIES_OF_YEARS / 5 + 100);
        ck_assert_int_lt(spare, 1024 * 1024);
        ck_assert_int_lt(file_size(f.dir), before * 9 / 10);
        ck_assert_int_lt(longest.cpu, getenv("RUNNING_ON_VALGRIND") ? USEC_PER_SEC : STEP_MAX);
        verify_pruned(y.ledger.store, &y.ledger.record_key);
        MUST(store_request_get(y.ledger.store, &y.young_request, &q));
        request_done(&q);
        MUST(store_grant_get(y.ledger.store, &y.young_grant, &g));
        grant_done(&g);
        /* There is nothing more to do, and nobody is asked to. */
        ck_assert_int_eq(prune_all(&y, &longest), 1);
        years_close(&y);
        /* The file is sound. */
        MUST(store_open(f.dir, &f.store));
        fixture_close(&f);
}
END_TEST

START_TEST(what_is_old_goes_with_all_that_hangs_on_it)
{
        Id request = {}, grant = {};
        int64_t first, last, owed;
        Longest longest;
        Fixture f;
        Years y;
        Request q;
        Grant g;
        Vote *votes;
        size_t n;

        fixture_folder(f.dir);
        years_open(&y, f.dir);
        MUST(store_begin(y.ledger.store));
        one_story(&y.ledger, T0 - 450 * DAY, false, &request, &grant);
        one_story(&y.ledger, T0 - 399 * DAY, false, &y.young_request, &y.young_grant);
        MUST(store_commit(y.ledger.store));
        audit_tell(y.ledger.audit);
        (void) prune_all(&y, &longest);
        MUST(store_audit_span(y.ledger.store, &first, &last));
        ck_assert_int_eq(first, 8);
        ck_assert_int_eq(last, 15);
        ck_assert_int_eq(store_request_get(y.ledger.store, &request, &q), -ENOENT);
        ck_assert_int_eq(store_grant_get(y.ledger.store, &grant, &g), -ENOENT);
        MUST(store_votes(y.ledger.store, &request, &votes, &n));
        ck_assert_uint_eq(n, 0);
        votes_free(votes, n);
        MUST(store_outbox_count(y.ledger.store, NULL, &owed));
        ck_assert_int_eq(owed, 1);
        MUST(store_votes(y.ledger.store, &y.young_request, &votes, &n));
        ck_assert_uint_eq(n, 1);
        votes_free(votes, n);
        verify_pruned(y.ledger.store, &y.ledger.record_key);
        years_close(&y);
        fixture_remove(f.dir);
}
END_TEST

START_TEST(nothing_that_is_alive_goes)
{
        Id request = {}, grant = {}, ignored = {};
        int64_t first, last;
        Longest longest;
        Fixture f;
        Years y;
        Request q;

        fixture_folder(f.dir);
        years_open(&y, f.dir);
        MUST(store_begin(y.ledger.store));
        one_story(&y.ledger, T0 - 460 * DAY, false, &request, &grant);
        one_story(&y.ledger, T0 - 450 * DAY, true, &y.pending, &ignored);
        one_story(&y.ledger, T0 - 449 * DAY, false, &y.old_request, &y.old_grant);
        MUST(store_commit(y.ledger.store));
        audit_tell(y.ledger.audit);
        (void) prune_all(&y, &longest);
        MUST(store_audit_span(y.ledger.store, &first, &last));
        ck_assert_int_eq(first, 8); /* where the pending one begins */
        MUST(store_request_get(y.ledger.store, &y.pending, &q));
        request_done(&q);
        MUST(store_request_get(y.ledger.store, &y.old_request, &q));
        request_done(&q);
        verify_pruned(y.ledger.store, &y.ledger.record_key);
        years_close(&y);
        fixture_remove(f.dir);
}
END_TEST

START_TEST(size_takes_the_oldest_but_nothing_of_a_day)
{
        int64_t used, spare, first, last;
        Longest longest;
        Fixture f;
        Years y;

        fixture_folder(f.dir);
        years_open(&y, f.dir);
        years_fill(&y, 2000, -1);
        y.rules.keep = 10000 * DAY;
        MUST(store_usage(y.ledger.store, &used, &spare));
        y.rules.max_size = used / 2;
        (void) prune_all(&y, &longest);
        MUST(store_usage(y.ledger.store, &used, &spare));
        ck_assert_int_lt(used, y.rules.max_size);
        ck_assert_int_gt(used, y.rules.max_size * 3 / 4);
        verify_pruned(y.ledger.store, &y.ledger.record_key);
        /* However small it shall be. */
        y.rules.max_size = 4096;
        (void) prune_all(&y, &longest);
        (void) prune_all(&y, &longest);
        MUST(store_audit_span(y.ledger.store, &first, &last));
        ck_assert_int_gt(last - first, 7 * 4);
        verify_pruned(y.ledger.store, &y.ledger.record_key);
        years_close(&y);
        fixture_remove(f.dir);
}
END_TEST

START_TEST(a_clock_that_is_wrong_takes_nothing)
{
        int64_t first, last;
        Longest longest;
        Fixture f;
        Years y;
        Id ignored = {};

        fixture_folder(f.dir);
        years_open(&y, f.dir);
        MUST(store_begin(y.ledger.store));
        /* One row of a time that is yet to come stands in nobody's way. */
        one_story(&y.ledger, T0 - 450 * DAY, false, &ignored, &ignored);
        one_story(&y.ledger, T0 + 9000 * DAY, false, &ignored, &ignored);
        one_story(&y.ledger, T0 - 449 * DAY, false, &ignored, &ignored);
        one_story(&y.ledger, T0 - 1 * DAY, false, &ignored, &ignored);
        MUST(store_commit(y.ledger.store));
        audit_tell(y.ledger.audit);
        /* 1970: everything is of the future. */
        y.now.wall = USEC_PER_DAY;
        (void) prune_all(&y, &longest);
        MUST(store_audit_span(y.ledger.store, &first, &last));
        ck_assert_int_eq(first, 1);
        y.now.wall = T0;
        (void) prune_all(&y, &longest);
        MUST(store_audit_span(y.ledger.store, &first, &last));
        ck_assert_int_eq(first, 22);
        verify_pruned(y.ledger.store, &y.ledger.record_key);
        years_close(&y);
        fixture_remove(f.dir);
}
END_TEST

/* Prunes some days at a time until it is killed; tells when it has begun. Never returns. */
static void prune_forever(const char *dir, int fd)
{
        Prune p = { 0 };
        Years y;

        years_open(&y, dir);
        for (usec_t keep = 460 * DAY;; keep -= 10 * DAY) {
                y.rules.keep = MAX(keep, 2 * DAY);
                do {
                        prune_step(&p, &y.ledger, &y.rules, &y.now);
                        if ((p.stage == PRUNE_ROWS || keep < 2 * DAY) && fd >= 0) {
                                (void) close(fd);
                                fd = -1;
                        }
                } while (p.stage != PRUNE_REST);
        }
}

START_TEST(killed_at_any_moment)
{
        unsigned seed = (unsigned) time(NULL);
        int64_t first, last, n = 0;
        Fixture f;
        Years y;

        fixture_folder(f.dir);
        years_open(&y, f.dir);
        years_fill(&y, 3000, -1);
        years_close(&y);
        for (int i = 0; i < 60; i++) {
                int status, fds[2];
                char byte;

                ck_assert_int_eq(pipe(fds), 0);
                pid_t pid = fork();
                if (pid == 0) {
                        (void) close(fds[0]);
                        prune_forever(f.dir, fds[1]);
                }
                (void) close(fds[1]);
                /* Now and then before it has begun. */
                if (i % 8 != 0) {
                        ck_assert_int_eq(read(fds[0], &byte, 1), 0);
                }
                (void) close(fds[0]);
                (void) usleep((unsigned) rand_r(&seed) % 20000);
                ck_assert_int_eq(kill(pid, SIGKILL), 0);
                ck_assert_int_eq(waitpid(pid, &status, 0), pid);
                ck_assert(WIFSIGNALED(status));
                years_open(&y, f.dir);
                verify_pruned(y.ledger.store, &y.ledger.record_key);
                MUST(store_audit_span(y.ledger.store, &first, &last));
                ck_assert_int_ge(first, n);
                n = first;
                years_close(&y);
        }
        ck_assert_int_gt(n, 1);
        fixture_remove(f.dir);
}
END_TEST

static void break_checkpoint(const char *dir, const char *sql)
{
        char command[6000];

        (void) snprintf(command, sizeof(command),
                "python3 -c \"import sqlite3,sys; c=sqlite3.connect(sys.argv[1]+'/approver.db');"
                " c.execute(sys.argv[2]); c.commit(); c.close()\" '%s' \"%s\"",
                dir, sql);
        ck_assert_int_eq(system(command), 0);
}

/* What is not behind a checkpoint that our key signed is not taken out, whatever the row says. */
START_TEST(a_checkpoint_that_rots_takes_nothing)
{
        int64_t first, last, again;
        Longest longest;
        Fixture f;
        Years y;

        fixture_folder(f.dir);
        years_open(&y, f.dir);
        years_fill(&y, 200, -1);
        (void) prune_all(&y, &longest);
        MUST(store_audit_span(y.ledger.store, &first, &last));
        years_close(&y);
        break_checkpoint(f.dir, "update audit set canonical = replace(canonical, '\\\"upto\\\":',"
                                " '\\\"upto\\\":1') where event = 'audit.checkpoint'");
        years_open(&y, f.dir);
        Prune p = { 0 };
        prune_step(&p, &y.ledger, &y.rules, &y.now);
        ck_assert_int_eq(p.stage, PRUNE_REST);
        MUST(store_audit_span(y.ledger.store, &again, &last));
        ck_assert_int_eq(again, first);
        /* Nor one that another key signed, until one of ours covers it. */
        memset(y.ledger.record_key.bytes, 7, sizeof(y.ledger.record_key.bytes));
        y.rules.keep = 100 * DAY;
        p = (Prune){ 0 };
        prune_step(&p, &y.ledger, &y.rules, &y.now);
        ck_assert_int_eq(p.stage, PRUNE_SCAN);
        years_close(&y);
        fixture_remove(f.dir);
}
END_TEST

/* For verify_record: a pruned store in a folder. */
static const char *make_in;

START_TEST(make)
{
        Longest longest;
        Years y;

        years_open(&y, make_in);
        years_fill(&y, 100, -1);
        (void) prune_all(&y, &longest);
        years_close(&y);
}
END_TEST

int main(int argc, char **argv)
{
        const TTest *const maker[] = { make };
        const TTest *const tests[] = { what_is_old_goes_with_all_that_hangs_on_it,
                nothing_that_is_alive_goes, size_takes_the_oldest_but_nothing_of_a_day,
                a_clock_that_is_wrong_takes_nothing, killed_at_any_moment,
                a_checkpoint_that_rots_takes_nothing, years_are_pruned_in_small_steps };

        if (argc == 3 && streq(argv[1], "--make")) {
                make_in = argv[2];
                return run_case("make", maker, ELEMENTSOF(maker));
        }
        return run_case("store_prune", tests, ELEMENTSOF(tests));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sqlite3.h>
#include <sys/wait.h>

#include "tests/unit/store_fixture.h"

static Fixture fixture;

static void setup(void)
{
        fixture_open(&fixture);
}

static void teardown(void)
{
        fixture_close(&fixture);
}

static void same(const char *a, const char *b)
{
        if (!a || !b) {
                ck_assert_ptr_eq(a, b);
        } else {
                ck_assert_str_eq(a, b);
        }
}

static void same_who(const Who *a, const Who *b)
{
        ck_assert_uint_eq(a->uid, b->uid);
        same(a->name, b->name);
}

static void same_request(const Request *a, const Request *b)
{
        ck_assert_str_eq(a->id.text, b->id.text);
        ck_assert_int_eq(a->state, b->state);
        same_who(&a->asker, &b->asker);
        same_who(&a->login, &b->login);
        same_who(&a->target, &b->target);
        same(a->service, b->service);
        same(a->pam_service, b->pam_service);
        same(a->target_group, b->target_group);
        same(a->command, b->command);
        same(a->command_digest, b->command_digest);
        same(a->reason, b->reason);
        same(a->tty, b->tty);
        same(a->origin, b->origin);
        same(a->host, b->host);
        same(a->rule, b->rule);
        ck_assert_int_eq(a->approvals, b->approvals);
        ck_assert_int_eq(a->duration, b->duration);
        ck_assert_int_eq(a->max_duration, b->max_duration);
        ck_assert_int_eq(a->created, b->created);
        ck_assert_int_eq(a->deadline, b->deadline);
        ck_assert_int_eq(a->deadline_boot, b->deadline_boot);
        same(a->boot_id, b->boot_id);
        ck_assert_str_eq(a->grant.text, b->grant.text);
        ck_assert_int_eq(a->detached, b->detached);
        same(a->digest, b->digest);
}

static int move_at(const Id *id, RequestState to, usec_t wall, usec_t boot, const char *boot_id)
{
        return store_request_move(fixture.store, id, to, &(Now){ wall, boot }, boot_id, NULL);
}

START_TEST(requests_come_back)
{
        Request full = sample_request(1000), bare = sample_request(4294967294), got;

        full.target_group = (char *) "adm";
        full.origin = (char *) "10.0.0.7";
        bare.login = bare.target = (Who){ UID_UNSET, NULL };
        bare.pam_service = bare.command = bare.reason = bare.tty = bare.host = bare.rule = NULL;
        bare.boot_id[0] = bare.digest[0] = bare.command_digest[0] = '\0';
        bare.approvals = bare.deadline_boot = 0;
        bare.deadline = USEC_NEVER;
        MUST(store_request_insert(fixture.store, &full));
        MUST(store_request_insert(fixture.store, &bare));
        ck_assert_int_eq(store_request_insert(fixture.store, &full), -EEXIST);
        fixture_reopen(&fixture);
        MUST(store_request_get(fixture.store, &full.id, &got));
        same_request(&full, &got);
        request_done(&got);
        MUST(store_request_get(fixture.store, &bare.id, &got));
        same_request(&bare, &got);
        request_done(&got);
}
END_TEST

START_TEST(what_cannot_be_kept_is_refused)
{
        Request r = sample_request(1000), got = { .approvals = 77 };
        char *big = calloc(1, 100000);

        memset(big, 'x', 99999);
        r.reason = big;
        ck_assert_int_eq(store_request_insert(fixture.store, &r), -EMSGSIZE);
        r.reason = NULL;
        r.command = big;
        ck_assert_int_eq(store_request_insert(fixture.store, &r), -EMSGSIZE);
        r.command = NULL;
        r.asker.name = NULL;
        ck_assert_int_eq(store_request_insert(fixture.store, &r), -EINVAL);
        ck_assert_int_eq(store_request_get(fixture.store, &r.id, &got), -ENOENT);
        ck_assert_int_eq(got.approvals, 77);
        free(big);
}
END_TEST

START_TEST(prefixes)
{
        static const char *const ids[] = { "AAAA-2222", "AAAA-2223", "AAAB-2222", "ZZZZ-ZZZZ" };
        static const struct {
                const char *prefix;
                int r;
        } cases[] = {
                { "AAAA", -ENOTUNIQ },
                { "AAAA-2", -ENOTUNIQ },
                { "AAAA-2222", 0 },
                { "AAAB", 0 },
                { "ZZZZ-Z", 0 },
                { "AAAC", -ENOENT },
                { "2222", -ENOENT },
        };

        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                Request r = sample_request(1000);
                Grant g;

                MUST(id_parse(ids[i], &r.id));
                MUST(store_request_insert(fixture.store, &r));
                g = sample_grant(&r);
                g.id = r.id;
                MUST(store_grant_insert(fixture.store, &g));
        }
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Request r = {};
                Grant g = {};

                ck_assert_int_eq(
                        store_request_find(fixture.store, cases[i].prefix, &r), cases[i].r);
                ck_assert_int_eq(store_grant_find(fixture.store, cases[i].prefix, &g), cases[i].r);
                if (cases[i].r == 0) {
                        ck_assert_int_eq(strncmp(r.id.text, cases[i].prefix, 4), 0);
                        ck_assert_str_eq(g.id.text, r.id.text);
                        request_done(&r);
                        grant_done(&g);
                }
        }
}
END_TEST

/* H-70: a decision at the deadline is late, by either clock. */
START_TEST(decisions_by_the_deadline)
{
        const usec_t wall = T0 + 30 * USEC_PER_MIN, boot = 40 * USEC_PER_MIN;
        const struct {
                usec_t wall, boot;
                const char *boot_id;
                int r;
        } cases[] = {
                { wall - 1, boot - 1, BOOT, 0 },
                { wall - 1, boot, BOOT, -EALREADY },
                { wall - 1, boot + 1, BOOT, -EALREADY },
                { wall, boot - 1, BOOT, -EALREADY },
                { wall + 1, boot - 1, BOOT, -EALREADY },
                { wall - 1, boot + 1, OTHER_BOOT, 0 },
                { wall, 1, OTHER_BOOT, -EALREADY },
                /* Not known to be another boot: then it is this one. */
                { wall - 1, boot, "", -EALREADY },
                { wall - 1, boot, NULL, -EALREADY },
                { wall - 1, boot - 1, NULL, 0 },
        };
        static const RequestState decided[] = { REQUEST_APPROVED, REQUEST_DENIED };

        for (size_t i = 0; i < 2 * ELEMENTSOF(cases); i++) {
                Request r = sample_request(1000);

                MUST(store_request_insert(fixture.store, &r));
                ck_assert_int_eq(move_at(&r.id, decided[i % 2], cases[i / 2].wall,
                                         cases[i / 2].boot, cases[i / 2].boot_id),
                        cases[i / 2].r);
        }
}
END_TEST

START_TEST(ends_whatever_the_clock_says)
{
        static const RequestState ends[] = { REQUEST_TIMED_OUT, REQUEST_WITHDRAWN };

        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                Request r = sample_request(1000), got;

                MUST(store_request_insert(fixture.store, &r));
                MUST(move_at(&r.id, ends[i], USEC_NEVER, USEC_NEVER, BOOT));
                ck_assert_int_eq(move_at(&r.id, REQUEST_APPROVED, T0, 1, BOOT), -EALREADY);
                MUST(store_request_get(fixture.store, &r.id, &got));
                ck_assert_int_eq(got.state, ends[i]);
                request_done(&got);
        }
}
END_TEST

START_TEST(moves_nowhere_else)
{
        Request r = sample_request(1000), got;
        Id grant, nobody = { "2222-2222" };

        MUST(id_new(&grant));
        MUST(store_request_insert(fixture.store, &r));
        ck_assert_int_eq(move_at(&r.id, REQUEST_PENDING, T0, 1, BOOT), -EALREADY);
        ck_assert_int_eq(move_at(&r.id, _REQUEST_STATE_MAX, T0, 1, BOOT), -EALREADY);
        ck_assert_int_eq(move_at(&r.id, _REQUEST_STATE_INVALID, T0, 1, BOOT), -EALREADY);
        ck_assert_int_eq(move_at(&nobody, REQUEST_DENIED, T0, 1, BOOT), -EALREADY);
        MUST(store_request_move(
                fixture.store, &r.id, REQUEST_APPROVED, &(Now){ T0, 1 }, BOOT, &grant));
        MUST(store_request_get(fixture.store, &r.id, &got));
        ck_assert_int_eq(got.state, REQUEST_APPROVED);
        ck_assert_str_eq(got.grant.text, grant.text);
        request_done(&got);
}
END_TEST

static int count_request(const Request *r, int64_t row, void *userdata)
{
        int64_t *seen = userdata;

        ck_assert_int_gt(row, seen[1]);
        seen[0]++;
        seen[1] = row;
        return seen[2] != 0 && seen[0] == seen[2];
}

static int64_t count_requests(bool only_pending, uid_t asker, int64_t after, int64_t limit)
{
        RequestFilter f = { only_pending, asker, after, limit };
        int64_t seen[3] = { 0, after, 0 };

        ck_assert_int_eq(store_requests(fixture.store, &f, count_request, seen), 0);
        return seen[0];
}

START_TEST(lists_of_requests)
{
        RequestFilter f = { .asker = UID_UNSET };
        int64_t n, seen[3] = { 0, 0, 2 };

        for (int i = 0; i < 6; i++) {
                Request r = sample_request(i % 2 ? 1000 : 2000);

                MUST(store_request_insert(fixture.store, &r));
                if (i < 3) {
                        MUST(move_at(&r.id, REQUEST_DENIED, T0, 1, BOOT));
                }
        }
        ck_assert_int_eq(count_requests(false, UID_UNSET, 0, 0), 6);
        ck_assert_int_eq(count_requests(false, 1000, 0, 0), 3);
        ck_assert_int_eq(count_requests(true, UID_UNSET, 0, 0), 3);
        ck_assert_int_eq(count_requests(true, 1000, 0, 0), 2);
        ck_assert_int_eq(count_requests(true, 3000, 0, 0), 0);
        ck_assert_int_eq(count_requests(false, UID_UNSET, 4, 0), 2);
        ck_assert_int_eq(count_requests(false, UID_UNSET, 1, 3), 3);
        ck_assert_int_eq(store_requests(fixture.store, &f, count_request, seen), 0);
        ck_assert_int_eq(seen[0], 2);
        MUST(store_request_count_pending(fixture.store, UID_UNSET, &n));
        ck_assert_int_eq(n, 3);
        MUST(store_request_count_pending(fixture.store, 1000, &n));
        ck_assert_int_eq(n, 2);
}
END_TEST

START_TEST(joins_the_same_only)
{
        Request first = sample_request(1000), second = sample_request(1000), got;
        Store *s = fixture.store;

        second.target_group = (char *) "adm";
        second.target = (Who){ UID_UNSET, NULL };
        MUST(store_request_insert(s, &first));
        MUST(store_request_insert(s, &second));
        MUST(store_request_find_open(s, 1000, "sudo", 0, NULL, "web", NULL, &got));
        ck_assert_str_eq(got.id.text, first.id.text);
        request_done(&got);
        MUST(store_request_find_open(s, 1000, "sudo", UID_UNSET, "adm", "web", NULL, &got));
        ck_assert_str_eq(got.id.text, second.id.text);
        request_done(&got);
        ck_assert_int_eq(
                store_request_find_open(s, 1001, "sudo", 0, NULL, "web", NULL, &got), -ENOENT);
        ck_assert_int_eq(
                store_request_find_open(s, 1000, "su", 0, NULL, "web", NULL, &got), -ENOENT);
        ck_assert_int_eq(
                store_request_find_open(s, 1000, "sudo", 1, NULL, "web", NULL, &got), -ENOENT);
        ck_assert_int_eq(
                store_request_find_open(s, 1000, "sudo", 0, "adm", "web", NULL, &got), -ENOENT);
        ck_assert_int_eq(
                store_request_find_open(s, 1000, "sudo", 0, NULL, NULL, NULL, &got), -ENOENT);
        MUST(move_at(&first.id, REQUEST_WITHDRAWN, T0, 1, BOOT));
        ck_assert_int_eq(
                store_request_find_open(s, 1000, "sudo", 0, NULL, "web", NULL, &got), -ENOENT);
}
END_TEST

START_TEST(next_deadline)
{
        Request a = sample_request(1000), b = sample_request(1001), c = sample_request(1002);
        usec_t wall, boot;

        MUST(store_request_next_deadline(fixture.store, BOOT, &wall, &boot));
        ck_assert_int_eq(wall, USEC_NEVER);
        ck_assert_int_eq(boot, USEC_NEVER);
        b.deadline = T0 + 5;
        b.deadline_boot = 0;
        (void) snprintf(c.boot_id, sizeof(c.boot_id), OTHER_BOOT);
        c.deadline_boot = 3;
        MUST(store_request_insert(fixture.store, &a));
        MUST(store_request_insert(fixture.store, &b));
        MUST(store_request_insert(fixture.store, &c));
        MUST(store_request_next_deadline(fixture.store, BOOT, &wall, &boot));
        ck_assert_int_eq(wall, T0 + 5);
        ck_assert_int_eq(boot, a.deadline_boot);
        MUST(move_at(&a.id, REQUEST_WITHDRAWN, T0, 1, BOOT));
        MUST(store_request_next_deadline(fixture.store, BOOT, &wall, &boot));
        ck_assert_int_eq(wall, T0 + 5);
        ck_assert_int_eq(boot, USEC_NEVER);
}
END_TEST

START_TEST(detached_stays)
{
        Request r = sample_request(1000), got;
        Id nobody = { "2222-2222" };

        MUST(store_request_insert(fixture.store, &r));
        MUST(store_request_set_detached(fixture.store, &r.id));
        MUST(store_request_set_detached(fixture.store, &r.id));
        ck_assert_int_eq(store_request_set_detached(fixture.store, &nobody), -ENOENT);
        MUST(store_request_get(fixture.store, &r.id, &got));
        ck_assert(got.detached);
        request_done(&got);
}
END_TEST

START_TEST(votes_in_order)
{
        Request r = sample_request(1000), other = sample_request(1001);
        Vote bob = sample_vote("bob", 1001, true), carol = sample_vote("carol", 1002, false), *got;
        size_t n;

        bob.duration = 5;
        carol.note = NULL;
        carol.login_uid = 1002;
        ck_assert_int_eq(store_vote_insert(fixture.store, &r.id, &bob), -ENOENT);
        MUST(store_request_insert(fixture.store, &r));
        MUST(store_request_insert(fixture.store, &other));
        MUST(store_vote_insert(fixture.store, &r.id, &bob));
        MUST(store_vote_insert(fixture.store, &other.id, &bob));
        MUST(store_vote_insert(fixture.store, &r.id, &carol));
        MUST(store_vote_insert(fixture.store, &r.id, &bob));
        MUST(store_votes(fixture.store, &r.id, &got, &n));
        ck_assert_uint_eq(n, 3);
        ck_assert_str_eq(got[0].person, "bob");
        ck_assert_str_eq(got[1].person, "carol");
        ck_assert(got[0].approve && !got[1].approve && got[2].approve);
        ck_assert_int_eq(got[0].duration, 5);
        ck_assert_str_eq(got[0].note, "go ahead");
        ck_assert_ptr_null(got[1].note);
        ck_assert_uint_eq(got[0].login_uid, UID_UNSET);
        ck_assert_uint_eq(got[1].login_uid, 1002);
        same_who(&got[1].who, &carol.who);
        votes_free(got, n);
        MUST(store_votes(fixture.store, &(Id){ "2222-2222" }, &got, &n));
        ck_assert_uint_eq(n, 0);
        votes_free(got, n);
}
END_TEST

START_TEST(grants_come_back)
{
        Request r = sample_request(1000);
        Grant g = sample_grant(&r), bare, got;

        ck_assert_int_eq(store_grant_insert(fixture.store, &g), -ENOENT); /* no such request */
        MUST(store_request_insert(fixture.store, &r));
        MUST(store_grant_insert(fixture.store, &g));
        ck_assert_int_eq(store_grant_insert(fixture.store, &g), -EEXIST);
        bare = g;
        MUST(id_new(&bare.id));
        bare.request = (Id){};
        bare.target = (Who){ UID_UNSET, NULL };
        bare.rule = NULL;
        bare.by = (Who){ 0, (char *) "root" };
        bare.on_expiry = ON_EXPIRY_END_SESSIONS;
        MUST(store_grant_insert(fixture.store, &bare));
        fixture_reopen(&fixture);
        MUST(store_grant_get(fixture.store, &g.id, &got));
        ck_assert_str_eq(got.request.text, r.id.text);
        same_who(&got.asker, &g.asker);
        same_who(&got.target, &g.target);
        same_who(&got.by, &g.by);
        same(got.service, g.service);
        same(got.rule, g.rule);
        same(got.reason, g.reason);
        same(got.boot_id, g.boot_id);
        ck_assert_int_eq(got.on_expiry, ON_EXPIRY_KEEP);
        ck_assert_int_eq(got.from, g.from);
        ck_assert_int_eq(got.until, g.until);
        ck_assert_int_eq(got.until_boot, g.until_boot);
        grant_done(&got);
        MUST(store_grant_get(fixture.store, &bare.id, &got));
        ck_assert(!id_is_set(&got.request));
        same_who(&got.by, &bare.by);
        ck_assert_uint_eq(got.target.uid, UID_UNSET);
        ck_assert_ptr_null(got.rule);
        ck_assert_int_eq(got.on_expiry, ON_EXPIRY_END_SESSIONS);
        grant_done(&got);
}
END_TEST

static int count_grant(const Grant *g, int64_t row, void *userdata)
{
        ck_assert_int_gt(row, 0);
        (*(int64_t *) userdata)++;
        return 0;
}

static int64_t count_grants(bool only_active, uid_t asker, int64_t after, int64_t limit)
{
        GrantFilter f = { only_active, asker, after, limit };
        int64_t n = 0;

        MUST(store_grants(fixture.store, &f, count_grant, &n));
        return n;
}

START_TEST(grants_end_once)
{
        Request r = sample_request(1000);
        Grant g = sample_grant(&r), other = sample_grant(&r), got;

        MUST(store_request_insert(fixture.store, &r));
        MUST(store_grant_insert(fixture.store, &g));
        MUST(store_grant_insert(fixture.store, &other));
        ck_assert_int_eq(count_grants(true, 1000, 0, 0), 2);
        ck_assert_int_eq(store_grant_move(fixture.store, &g.id, GRANT_ACTIVE, T0), -EALREADY);
        MUST(store_grant_move(fixture.store, &g.id, GRANT_REVOKED, T0));
        ck_assert_int_eq(store_grant_move(fixture.store, &g.id, GRANT_EXPIRED, T0), -EALREADY);
        ck_assert_int_eq(
                store_grant_move(fixture.store, &(Id){ "2222-2222" }, GRANT_ENDED, T0), -EALREADY);
        MUST(store_grant_get(fixture.store, &g.id, &got));
        ck_assert_int_eq(got.state, GRANT_REVOKED);
        grant_done(&got);
        ck_assert_int_eq(count_grants(true, 1000, 0, 0), 1);
        ck_assert_int_eq(count_grants(true, UID_UNSET, 0, 0), 1);
        ck_assert_int_eq(count_grants(true, 7, 0, 0), 0);
        ck_assert_int_eq(count_grants(false, 1000, 0, 0), 2);
        ck_assert_int_eq(count_grants(false, UID_UNSET, 1, 0), 1);
        ck_assert_int_eq(count_grants(false, UID_UNSET, 0, 1), 1);
}
END_TEST

static int count_session(const Session *x, void *userdata)
{
        ck_assert_str_eq(x->unit, "jit-session-AAAA-2222.scope");
        (*(int *) userdata)++;
        return 0;
}

START_TEST(sessions)
{
        Request r = sample_request(1000);
        Grant g = sample_grant(&r);
        Session x = { .grant = g.id,
                .unit = (char *) "jit-session-AAAA-2222.scope",
                .kind = SESSION_LOGIND,
                .pid = 4711,
                .start = 99,
                .boot_id = BOOT,
                .opened = T0 },
                got;
        int n = 0;

        MUST(id_new(&x.id));
        ck_assert_int_eq(store_session_insert(fixture.store, &x), -ENOENT); /* no such grant */
        MUST(store_request_insert(fixture.store, &r));
        MUST(store_grant_insert(fixture.store, &g));
        MUST(store_session_insert(fixture.store, &x));
        MUST(store_session_get(fixture.store, &x.id, &got));
        ck_assert_int_eq(got.pid, 4711);
        ck_assert_str_eq(got.boot_id, BOOT);
        ck_assert_int_eq(got.kind, SESSION_LOGIND);
        ck_assert_int_eq(got.closed, 0);
        session_done(&got);
        MUST(store_sessions_of(fixture.store, &g.id, count_session, &n));
        ck_assert_int_eq(n, 1);
        MUST(store_session_close(fixture.store, &x.id, 0)); /* a clock that was never set */
        ck_assert_int_eq(store_session_close(fixture.store, &x.id, T0), -EALREADY);
        MUST(store_session_get(fixture.store, &x.id, &got));
        ck_assert_int_ne(got.closed, 0);
        session_done(&got);
        MUST(store_sessions_of(fixture.store, &g.id, count_session, &n));
        ck_assert_int_eq(n, 1);
}
END_TEST

START_TEST(meta)
{
        char *value = NULL;

        ck_assert_int_eq(store_meta_get(fixture.store, "machine-id", &value), -ENOENT);
        ck_assert_ptr_null(value);
        MUST(store_meta_set(fixture.store, "machine-id", "a"));
        MUST(store_meta_set(fixture.store, "machine-id", "b"));
        fixture_reopen(&fixture);
        MUST(store_meta_get(fixture.store, "machine-id", &value));
        ck_assert_str_eq(value, "b");
        free(value);
}
END_TEST

START_TEST(undone_is_undone)
{
        Request r = sample_request(1000), got;

        MUST(store_begin(fixture.store));
        MUST(store_request_insert(fixture.store, &r));
        store_rollback(fixture.store);
        ck_assert_int_eq(store_request_get(fixture.store, &r.id, &got), -ENOENT);
        {
                _cleanup_(transaction_endp) Transaction t = {};

                MUST(transaction_begin(fixture.store, &t));
                MUST(store_request_insert(fixture.store, &r));
        }
        ck_assert_int_eq(store_request_get(fixture.store, &r.id, &got), -ENOENT);
        {
                _cleanup_(transaction_endp) Transaction t = {};

                MUST(transaction_begin(fixture.store, &t));
                MUST(store_request_insert(fixture.store, &r));
                MUST(transaction_commit(&t));
        }
        MUST(store_request_get(fixture.store, &r.id, &got));
        request_done(&got);
        ck_assert_str_eq(store_state(fixture.store), "ok");
        MUST(store_begin(fixture.store)); /* freed in the middle of one */
}
END_TEST

static int visit_within(const Request *r, int64_t row, void *userdata)
{
        int *depth = userdata;
        RequestFilter f = { .only_pending = true, .asker = UID_UNSET };

        return ++*depth < 4 ? store_requests(fixture.store, &f, visit_within, depth) : 0;
}

START_TEST(visits_may_read_the_same)
{
        RequestFilter f = { .only_pending = true, .asker = UID_UNSET };
        int depth = 0;

        for (int i = 0; i < 3; i++) {
                Request r = sample_request(1000);

                MUST(store_request_insert(fixture.store, &r));
        }
        MUST(store_requests(fixture.store, &f, visit_within, &depth));
        ck_assert_int_gt(depth, 3);
}
END_TEST

/* --- opening --- */

static int open_again(void)
{
        Store *s = NULL;
        int r = store_open(fixture.dir, &s);

        ck_assert(r < 0 || s);
        ck_assert(r >= 0 || !s);
        store_free(s);
        return r;
}

/* In the file, without its keeper. */
static void alter(const char *sql)
{
        char path[5000];
        sqlite3 *db;

        (void) snprintf(path, sizeof(path), "%s/approver.db", fixture.dir);
        ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
        ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

START_TEST(modes_of_folder_and_file)
{
        char path[5000];
        struct stat st;
        mode_t mask = umask(0);

        fixture.store = store_free(fixture.store);
        fixture_remove(fixture.dir);
        fixture_open(&fixture);
        umask(mask);
        (void) snprintf(path, sizeof(path), "%s/approver.db", fixture.dir);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0600);
        ck_assert_int_eq(chmod(path, 0644), 0);
        fixture_reopen(&fixture);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0600);
        (void) snprintf(path, sizeof(path), "%s/approver.db-wal", fixture.dir);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0600);

        fixture.store = store_free(fixture.store);
        ck_assert_int_eq(chmod(fixture.dir, 0770), 0);
        ck_assert_int_eq(open_again(), -EPERM);
        ck_assert_int_eq(chmod(fixture.dir, 0702), 0);
        ck_assert_int_eq(open_again(), -EPERM);
        ck_assert_int_eq(chmod(fixture.dir, 0755), 0);
        ck_assert_int_eq(open_again(), 0);
}
END_TEST

START_TEST(files_of_others)
{
        char path[5000], elsewhere[5000];
        Store *s = NULL;

        fixture.store = store_free(fixture.store);
        (void) snprintf(path, sizeof(path), "%s/approver.db", fixture.dir);
        (void) snprintf(elsewhere, sizeof(elsewhere), "%s/moved", fixture.dir);
        ck_assert_int_eq(rename(path, elsewhere), 0);
        ck_assert_int_eq(symlink(elsewhere, path), 0);
        ck_assert_int_eq(open_again(), -EPERM);
        ck_assert_int_eq(unlink(path), 0);
        ck_assert_int_eq(mkdir(path, 0700), 0);
        ck_assert_int_eq(open_again(), -EPERM);
        ck_assert_int_eq(store_open("/nonexistent/folder", &s), -ENOENT);
        ck_assert_int_eq(store_open(elsewhere, &s), -ENOTDIR);
        if (geteuid() == 0) {
                ck_assert_int_eq(rmdir(path), 0);
                ck_assert_int_eq(chown(fixture.dir, 1, 1), 0);
                ck_assert_int_eq(open_again(), -EPERM);
        }
}
END_TEST

/* A clean stop leaves one file; a log without its file is somebody's mishap and is kept. */
START_TEST(log_without_a_file)
{
        char path[5000], log[5000];
        struct stat st;
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/approver.db", fixture.dir);
        (void) snprintf(log, sizeof(log), "%s/approver.db-wal", fixture.dir);
        ck_assert_int_eq(stat(log, &st), 0);
        ck_assert_int_gt(st.st_size, 1024 * 1024);
        fixture.store = store_free(fixture.store);
        ck_assert_int_lt(stat(log, &st), 0);
        ck_assert_int_eq(truncate(path, 0), 0);
        f = fopen(log, "we");
        ck_assert_ptr_nonnull(f);
        (void) fputs("not to be lost", f);
        (void) fclose(f);
        ck_assert_int_eq(open_again(), -EUCLEAN);
        ck_assert_int_eq(stat(log, &st), 0);
        ck_assert_int_gt(st.st_size, 0);
        ck_assert_int_eq(unlink(log), 0);
        ck_assert_int_eq(open_again(), 0);
}
END_TEST

START_TEST(one_at_a_time)
{
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                Store *s = NULL;

                _exit(store_open(fixture.dir, &s) == -EBUSY && !s ? 0 : 1);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
        /* And nothing was lost by it. */
        MUST(store_meta_set(fixture.store, "a", "b"));
}
END_TEST

START_TEST(not_ours_and_not_yet)
{
        static const struct {
                const char *sql;
                int r;
        } cases[] = {
                { "PRAGMA user_version = 99", -ENOTSUP },
                { "PRAGMA user_version = 0", -EUCLEAN },
                { "PRAGMA user_version = -1", -EUCLEAN },
                { "PRAGMA user_version = 7; PRAGMA application_id = 7", -EUCLEAN },
                { "PRAGMA application_id = 0x4A495431; CREATE TABLE more (a)", -EUCLEAN },
                { "DROP TABLE more; CREATE TRIGGER t AFTER INSERT ON grants BEGIN"
                  " DELETE FROM audit; END",
                        -EUCLEAN },
                { "DROP TRIGGER t; DROP INDEX grants_active;"
                  "CREATE INDEX grants_active ON grants (asker) WHERE state = 'achive'",
                        -EUCLEAN },
                { "DROP INDEX grants_active;"
                  "CREATE INDEX grants_active ON grants (asker) WHERE state = 'active'",
                        0 },
                { "DROP TABLE outbox", -EUCLEAN },
        };

        fixture.store = store_free(fixture.store);
        ck_assert_int_eq(open_again(), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                alter(cases[i].sql);
                ck_assert_msg(open_again() == cases[i].r, "%s", cases[i].sql);
                ck_assert_int_eq(open_again(), cases[i].r);
        }
}
END_TEST

/* What the first version wrote is read by this one: votes as they were, terms as they could only be. */
START_TEST(first_version)
{
        Request r = sample_request(1000);
        Grant g = sample_grant(&r);
        Vote vote = { .person = "bob", .who = { 1001, (char *) "bob" }, .login_uid = 1001 };
        Vote *votes = NULL;
        int64_t owed = -1;
        size_t n = 0;

        MUST(store_request_insert(fixture.store, &r));
        MUST(store_vote_insert(fixture.store, &r.id, &vote));
        MUST(store_grant_insert(fixture.store, &g));
        fixture.store = store_free(fixture.store);
        alter("DROP INDEX requests_rule; DROP TABLE rescue_tries; DROP TABLE rescue; DROP TABLE reviews;"
              "DROP TABLE residue; DROP INDEX audit_used;"
              "DROP INDEX audit_checkpoint; DROP INDEX sessions_granted;"
              "CREATE INDEX sessions_open ON sessions (granted) WHERE closed = 0;"
              "DROP TABLE tries;"
              "ALTER TABLE requests DROP COLUMN stage; ALTER TABLE requests DROP COLUMN escalated;"
              "ALTER TABLE requests DROP COLUMN kind; ALTER TABLE requests DROP COLUMN extends;"
              "ALTER TABLE requests DROP COLUMN scope;"
              "ALTER TABLE requests DROP COLUMN login_session;"
              "ALTER TABLE requests DROP COLUMN end_when_done;"
              "ALTER TABLE requests DROP COLUMN code; ALTER TABLE requests DROP COLUMN terms_sum;"
              "ALTER TABLE grants DROP COLUMN kind; ALTER TABLE grants DROP COLUMN scope;"
              "ALTER TABLE grants DROP COLUMN command_digest;"
              "ALTER TABLE grants DROP COLUMN login_session;"
              "ALTER TABLE grants DROP COLUMN end_when_done;"
              "ALTER TABLE grants DROP COLUMN survive_reboot; ALTER TABLE grants DROP COLUMN spent;"
              "ALTER TABLE grants DROP COLUMN terms_sum;"
              "ALTER TABLE votes DROP COLUMN channel; ALTER TABLE votes DROP COLUMN proof;"
              "DROP TABLE outbox; CREATE TABLE outbox ("
              " id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, request TEXT,"
              " granted TEXT, recipient TEXT NOT NULL, channel TEXT, created INTEGER NOT NULL"
              ") STRICT; CREATE INDEX outbox_request ON outbox (request);"
              "INSERT INTO outbox (event, request, recipient, created) VALUES ('x', 'y', 'z', 1);"
              "PRAGMA user_version = 1");
        ck_assert_int_eq(open_again(), 0);
        MUST(store_open(fixture.dir, &fixture.store));
        MUST(store_votes(fixture.store, &r.id, &votes, &n));
        ck_assert_uint_eq(n, 1);
        ck_assert_str_eq(votes[0].person, "bob");
        ck_assert_int_eq(votes[0].proof, PROOF_NONE);
        ck_assert_ptr_null(votes[0].channel);
        votes_free(votes, n);
        MUST(store_outbox_count(fixture.store, NULL, &owed));
        ck_assert_int_eq(owed, 0);
        Request old;
        MUST(store_request_get(fixture.store, &r.id, &old));
        ck_assert(old.kind == REQUEST_ACCESS && old.scope == SCOPE_SERVICE && old.stage == 0);
        ck_assert(old.login_session == SESSION_NONE && old.code == CODE_NONE);
        request_done(&old);
        Grant grant;
        MUST(store_grant_get(fixture.store, &g.id, &grant));
        ck_assert(grant.kind == REQUEST_ACCESS && grant.scope == SCOPE_SERVICE);
        ck_assert(grant.login_session == SESSION_NONE && grant.spent == 0 && !grant.survive_reboot);
        grant_done(&grant);
}
END_TEST

/* A file of before it could shrink is written anew while that is quick. */
START_TEST(learns_to_shrink)
{
        unsigned char header[100];
        char path[5000];

        fixture.store = store_free(fixture.store);
        alter("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = 0; VACUUM");
        for (int i = 0; i < 2; i++) {
                (void) snprintf(path, sizeof(path), "%s/approver.db", fixture.dir);
                FILE *f = fopen(path, "re");
                ck_assert_ptr_nonnull(f);
                ck_assert_uint_eq(fread(header, 1, sizeof(header), f), sizeof(header));
                (void) fclose(f);
                /* sqlite.org/fileformat: the largest root page, and whether it is incremental */
                ck_assert_int_eq(header[55] != 0, i == 1);
                ck_assert_int_eq(header[67], i == 1);
                ck_assert_int_eq(open_again(), 0);
        }
}
END_TEST

/* What a row says is believed only while it adds up. */
START_TEST(altered_rows_are_refused)
{
        static const char *const cases[][2] = {
                { "grants", "asker = asker + 1" },
                { "grants", "until = until + 1" },
                { "grants", "until_boot = until_boot + 1" },
                { "grants", "service = 'su'" },
                { "grants", "target = 7" },
                { "grants", "rule = NULL" },
                { "grants", "boot_id = 'x'" },
                { "grants", "on_expiry = 'never'" },
                { "grants", "sum = sum + 1" },
                { "grants", "state = 'Active'" },
                { "grants", "asker_name = 'devil'" },
                { "grants", "maker = 5" },
                { "grants", "begun = -1" },
                { "requests", "asker = 0" },
                { "requests", "asker = 4294967295" },
                { "requests", "deadline = deadline + 1" },
                { "requests", "command = 'id'" },
                { "requests", "approvals = 1" },
                { "requests", "digest = ''" },
                { "requests", "state = 'approved '" },
                { "requests", "detached = 2" },
                { "requests", "granted = 'x'" },
                { "requests", "login = NULL" },
                { "requests", "reason = reason || char(0) || 'x'" },
                { "votes", "person = 'cob'" },
                { "votes", "decision = 'Approve'" },
                { "votes", "who = who + 1" },
                { "votes", "duration = -1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Request r = sample_request(1000), got;
                Vote v = sample_vote("bob", 1001, true), *votes;
                Grant g = sample_grant(&r), grant;
                char sql[300];
                size_t n;

                MUST(store_request_insert(fixture.store, &r));
                MUST(store_vote_insert(fixture.store, &r.id, &v));
                MUST(store_grant_insert(fixture.store, &g));
                fixture.store = store_free(fixture.store);
                (void) snprintf(sql, sizeof(sql), "UPDATE %s SET %s WHERE %s = '%s'", cases[i][0],
                        cases[i][1], streq(cases[i][0], "votes") ? "request" : "id",
                        streq(cases[i][0], "grants") ? g.id.text : r.id.text);
                alter(sql);
                MUST(store_open(fixture.dir, &fixture.store));
                if (streq(cases[i][0], "grants")) {
                        ck_assert_msg(store_grant_get(fixture.store, &g.id, &grant) == -EUCLEAN,
                                "%s", cases[i][1]);
                } else if (streq(cases[i][0], "requests")) {
                        ck_assert_msg(store_request_get(fixture.store, &r.id, &got) == -EUCLEAN,
                                "%s", cases[i][1]);
                } else {
                        ck_assert_msg(store_votes(fixture.store, &r.id, &votes, &n) == -EUCLEAN,
                                "%s", cases[i][1]);
                }
        }
}
END_TEST

static int gather(const Id *id, void *userdata)
{
        char *out = userdata;

        ck_assert_str_eq(out, ""); /* one at most */
        (void) stpncpy(out, id->text, ID_SIZE);
        return 0;
}

START_TEST(residues)
{
        Request r = sample_request(1000);
        Grant g = sample_grant(&r), active = sample_grant(&r), old = sample_grant(&r);
        Residue x = { .grant = g.id,
                .taken = T0,
                .found = 7,
                .cut_short = (char *) "at /srv",
                .lines = (char *) "added\t\troot\t\t/x\n" };
        Residue got;
        char owed[128] = "";

        MUST(store_request_insert(fixture.store, &r));
        MUST(store_grant_insert(fixture.store, &g));
        MUST(store_grant_insert(fixture.store, &active));
        MUST(store_grant_insert(fixture.store, &old));
        MUST(store_grant_move(fixture.store, &g.id, GRANT_ENDED, T0));
        MUST(store_grant_move(fixture.store, &old.id, GRANT_EXPIRED, T0 - 1));
        ck_assert_int_eq(store_residue_get(fixture.store, &g.id, &got), -ENOENT);
        MUST(store_residue_owed(fixture.store, T0, gather, owed));
        ck_assert_str_eq(owed, g.id.text);
        MUST(store_residue_insert(fixture.store, &x));
        ck_assert_int_eq(store_residue_insert(fixture.store, &x), -EEXIST);
        owed[0] = '\0';
        MUST(store_residue_owed(fixture.store, T0, gather, owed));
        ck_assert_str_eq(owed, "");
        fixture_reopen(&fixture);
        MUST(store_residue_get(fixture.store, &g.id, &got));
        ck_assert_int_eq(got.taken, T0);
        ck_assert_int_eq(got.found, 7);
        ck_assert_str_eq(got.cut_short, "at /srv");
        ck_assert_str_eq(got.lines, x.lines);
        residue_done(&got);
        fixture.store = store_free(fixture.store);
        alter("UPDATE residue SET lines = ''");
        MUST(store_open(fixture.dir, &fixture.store));
        ck_assert_int_eq(store_residue_get(fixture.store, &g.id, &got), -EUCLEAN);
}
END_TEST

/* Open and closed, and no other grant's. */
START_TEST(all_sessions)
{
        Request r = sample_request(1000);
        Grant g = sample_grant(&r), other = sample_grant(&r);
        int n = 0;

        MUST(store_request_insert(fixture.store, &r));
        MUST(store_grant_insert(fixture.store, &g));
        MUST(store_grant_insert(fixture.store, &other));
        for (int i = 0; i < 3; i++) {
                Session x = { .grant = i < 2 ? g.id : other.id,
                        .kind = SESSION_SCOPE,
                        .unit = (char *) "jit-session-AAAA-2222.scope",
                        .pid = 7,
                        .start = 8,
                        .boot_id = BOOT,
                        .opened = T0 };
                MUST(id_new(&x.id));
                MUST(store_session_insert(fixture.store, &x));
                if (i == 0) {
                        MUST(store_session_close(fixture.store, &x.id, T0 + 1));
                }
        }
        MUST(store_sessions_all(fixture.store, &g.id, count_session, &n));
        ck_assert_int_eq(n, 2);
}
END_TEST

/* --- what stages, codes and terms need ------------------------------------------------------------ */

START_TEST(reach_stays)
{
        Request r = sample_request(1000), got;

        MUST(store_request_insert(fixture.store, &r));
        MUST(store_request_set_reach(fixture.store, &r.id, 3, 2));
        fixture_reopen(&fixture);
        MUST(store_request_get(fixture.store, &r.id, &got));
        ck_assert(got.stage == 3 && got.escalated == 2);
        request_done(&got);
        MUST(id_new(&r.id));
        ck_assert_int_eq(store_request_set_reach(fixture.store, &r.id, 1, 0), -ENOENT);
}
END_TEST

/* One after the other: who tries, how many of his count, how many of all (a fourth of one counts no more). */
START_TEST(tries)
{
        static const struct {
                const char *person;
                int64_t his, all;
        } steps[] = {
                { "bob", 1, 1 },
                { "bob", 2, 2 },
                { "carol", 1, 3 },
                { "bob", 3, 4 },
                { "bob", 4, 4 },
                { "bob", 4, 4 }, /* which is one too many, however many there were */
                { "uid:7", 1, 5 },
        };
        Request r = sample_request(1000), other = sample_request(1000);
        int64_t his, all;

        MUST(store_request_insert(fixture.store, &r));
        MUST(store_request_insert(fixture.store, &other));
        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                MUST(store_try_count(fixture.store, &r.id, steps[i].person, &his, &all));
                ck_assert_msg(his == steps[i].his && all == steps[i].all, "step %zu: %lld %lld", i,
                        (long long) his, (long long) all);
                fixture_reopen(&fixture); /* forgives nothing */
        }
        MUST(store_try_count(fixture.store, &other.id, "bob", &his, &all)); /* of its own */
        ck_assert(his == 1 && all == 1);
        MUST(store_try_forgive(fixture.store, &r.id, "carol"));
        MUST(store_try_forgive(fixture.store, &r.id, "carol")); /* no less than none */
        MUST(store_try_forgive(fixture.store, &r.id, "nobody"));
        MUST(store_try_count(fixture.store, &r.id, "carol", &his, &all));
        ck_assert(his == 1 && all == 5);
}
END_TEST

/* Its window, its boot and its use change; what is over does not. */
START_TEST(grants_change)
{
        Request r = sample_request(1000);
        Grant g = sample_grant(&r), got;

        g.scope = SCOPE_ONCE;
        g.login_session = 7;
        g.survive_reboot = g.end_when_done = true;
        memset(g.command_digest, 'e', sizeof(g.command_digest) - 1);
        MUST(store_request_insert(fixture.store, &r));
        MUST(store_grant_insert(fixture.store, &g));
        Grant longer = g;
        longer.until += 5;
        longer.until_boot = 77;
        longer.spent = T0 + 9;
        (void) snprintf(longer.boot_id, sizeof(longer.boot_id), "another");
        MUST(store_grant_change(fixture.store, &longer));
        fixture_reopen(&fixture);
        MUST(store_grant_get(fixture.store, &g.id, &got));
        ck_assert(got.until == g.until + 5 && got.until_boot == 77 && got.spent == T0 + 9);
        ck_assert_str_eq(got.boot_id, "another");
        ck_assert(got.from == g.from && got.asker.uid == 1000 && got.scope == SCOPE_ONCE);
        ck_assert(got.login_session == 7 && got.survive_reboot && got.end_when_done);
        ck_assert_str_eq(got.command_digest, g.command_digest);
        ck_assert_str_eq(got.service, "sudo");
        grant_done(&got);
        MUST(store_grant_move(fixture.store, &g.id, GRANT_REVOKED, T0));
        ck_assert_int_eq(store_grant_change(fixture.store, &longer), -EALREADY);
        MUST(store_grant_get(fixture.store, &g.id, &got));
        ck_assert_int_eq(got.state, GRANT_REVOKED);
        grant_done(&got);
}
END_TEST

typedef struct Lately {
        uid_t seen[8];
        size_t n, most;
} Lately;

static int note_lately(const Request *r, int64_t row, void *userdata)
{
        Lately *x = userdata;

        x->seen[x->n++] = r->asker.uid;
        return x->n == x->most;
}

/* The newest first, whoever asked and whatever became of it, until the visitor has seen enough. */
START_TEST(lately)
{
        Lately all = { .most = 8 }, two = { .most = 2 }, other = { .most = 8 };

        for (uid_t i = 0; i < 4; i++) {
                Request r = sample_request(1000 + i);
                r.created =
                        T0 -
                        (usec_t) i * USEC_PER_DAY; /* by when it came, not by what its clock said */
                MUST(store_request_insert(fixture.store, &r));
                if (i == 1) {
                        MUST(store_request_move(fixture.store, &r.id, REQUEST_WITHDRAWN,
                                &(Now){ T0, 1 }, BOOT, NULL));
                }
        }
        for (int i = 0; i < 1500; i++) { /* asked of another rule, and taken back */
                Request r = sample_request(2000);
                r.rule = (char *) "noise";
                MUST(store_request_insert(fixture.store, &r));
        }
        MUST(store_requests_lately(fixture.store, "web", note_lately, &all));
        ck_assert_uint_eq(all.n, 4);
        for (uid_t i = 0; i < 4; i++) {
                ck_assert_uint_eq(all.seen[i], 1003 - i);
        }
        MUST(store_requests_lately(fixture.store, "web", note_lately, &two));
        ck_assert_uint_eq(two.n, 2);
        MUST(store_requests_lately(fixture.store, "another", note_lately, &other));
        ck_assert_uint_eq(other.n, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("store");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_set_timeout(all, 30);
        tcase_add_test(all, requests_come_back);
        tcase_add_test(all, what_cannot_be_kept_is_refused);
        tcase_add_test(all, prefixes);
        tcase_add_test(all, decisions_by_the_deadline);
        tcase_add_test(all, ends_whatever_the_clock_says);
        tcase_add_test(all, moves_nowhere_else);
        tcase_add_test(all, lists_of_requests);
        tcase_add_test(all, joins_the_same_only);
        tcase_add_test(all, next_deadline);
        tcase_add_test(all, detached_stays);
        tcase_add_test(all, votes_in_order);
        tcase_add_test(all, grants_come_back);
        tcase_add_test(all, grants_end_once);
        tcase_add_test(all, sessions);
        tcase_add_test(all, meta);
        tcase_add_test(all, undone_is_undone);
        tcase_add_test(all, visits_may_read_the_same);
        tcase_add_test(all, modes_of_folder_and_file);
        tcase_add_test(all, files_of_others);
        tcase_add_test(all, log_without_a_file);
        tcase_add_test(all, one_at_a_time);
        tcase_add_test(all, not_ours_and_not_yet);
        tcase_add_test(all, first_version);
        tcase_add_test(all, learns_to_shrink);
        tcase_add_test(all, altered_rows_are_refused);
        tcase_add_test(all, reach_stays);
        tcase_add_test(all, tries);
        tcase_add_test(all, grants_change);
        tcase_add_test(all, lately);
        tcase_add_test(all, residues);
        tcase_add_test(all, all_sessions);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/domain/grant.h"

#define T0 ((usec_t) 1767225600 * USEC_PER_SEC) /* 2026-01-01 */
#define BOOT "11111111-2222-3333-4444-555555555555"
#define OTHER "99999999-2222-3333-4444-555555555555"

START_TEST(window)
{
        static const struct {
                usec_t wall, boot, duration;
                int r;
        } cases[] = {
                { T0, 0, 1, 0 },
                { T0 + 7, 5, SPAN_MAX, 0 },
                { T0 - 1, 5, 1, -ERANGE },
                { 0, 5, 1, -ERANGE },
                { -1, 5, 1, -ERANGE },
                { INT64_MIN, 5, 1, -ERANGE },
                { T0, -1, 1, -ERANGE },
                { T0, 5, 0, -ERANGE },
                { T0, 5, -1, -ERANGE },
                { T0, 5, INT64_MIN, -ERANGE },
                { T0, 5, SPAN_MAX + 1, -ERANGE },
                { T0, 5, INT64_MAX, -ERANGE },
                { INT64_MAX, 5, 1, -ERANGE },
                { INT64_MAX - 1, 5, 1, -ERANGE }, /* would be "never" */
                { INT64_MAX - 2, 5, 1, 0 },
                { T0, INT64_MAX, 1, -ERANGE },
                { T0, INT64_MAX - 1, 1, -ERANGE },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Grant g = { .from = 1, .until = 2, .until_boot = 3 };
                int r = grant_window(&(Now){ cases[i].wall, cases[i].boot }, cases[i].duration, &g);

                ck_assert_msg(r == cases[i].r, "case %zu: %d", i, r);
                if (r < 0) {
                        ck_assert(g.from == 1 && g.until == 2 && g.until_boot == 3);
                } else {
                        ck_assert_int_eq(g.from, cases[i].wall);
                        ck_assert_int_eq(g.until, cases[i].wall + cases[i].duration);
                        ck_assert_int_eq(g.until_boot, cases[i].boot + cases[i].duration);
                }
        }
}
END_TEST

/* Around the end of 32 bits of seconds, and of 63 of microseconds: no deadline wraps (hazard H-86). */
START_TEST(ends_of_time)
{
        static const usec_t instants[] = {
                T0,
                (usec_t) INT32_MAX * USEC_PER_SEC, /* 2038-01-19 03:14:07 */
                (usec_t) INT32_MAX * USEC_PER_SEC + USEC_PER_SEC - 1,
                ((usec_t) INT32_MAX + 1) * USEC_PER_SEC,
                (usec_t) UINT32_MAX * USEC_PER_SEC, /* 2106-02-07 */
                INT64_MAX - SPAN_MAX - 1,
        };
        static const usec_t spans[] = { 1, USEC_PER_SEC, USEC_PER_DAY, SPAN_MAX };

        for (size_t i = 0; i < ELEMENTSOF(instants); i++) {
                for (size_t k = 0; k < ELEMENTSOF(spans); k++) {
                        Grant g = { .boot_id = BOOT };
                        Now now = { instants[i], 5 };

                        ck_assert_int_eq(grant_window(&now, spans[k], &g), 0);
                        ck_assert(g.until > now.wall && g.until_boot > now.boot);
                        ck_assert(!grant_is_due(&g, &now, BOOT));
                        ck_assert(!grant_is_due(&g, &(Now){ g.until - 1, g.until_boot - 1 }, BOOT));
                        ck_assert(grant_is_due(&g, &(Now){ g.until, 5 }, BOOT));
                        ck_assert(grant_is_due(&g, &(Now){ INT64_MIN, g.until_boot }, BOOT));
                        ck_assert(grant_is_due(&g, &(Now){ INT64_MAX, 5 }, BOOT));
                        ck_assert(grant_is_due(&g, &(Now){ instants[i], INT64_MAX }, BOOT));
                }
        }
}
END_TEST

START_TEST(due)
{
        static const struct {
                usec_t wall, boot;
                const char *boot_id;
                bool due;
        } cases[] = {
                { 99, 49, BOOT, false },
                { 100, 49, BOOT, true },
                { 101, 49, BOOT, true },
                { 99, 50, BOOT, true }, /* the clock was set back: nothing is won */
                { -1000, 50, BOOT, true },
                { 99, 51, BOOT, true },
                { 99, 1, OTHER, true },
                { 99, 49, "", false }, /* not readable: proves nothing */
                { 99, 49, NULL, false },
                { 99, 50, "", true },
                { 100, 49, NULL, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Grant g = { .until = 100, .until_boot = 50, .boot_id = BOOT };

                ck_assert_msg(grant_is_due(&g, &(Now){ cases[i].wall, cases[i].boot },
                                      cases[i].boot_id) == cases[i].due,
                        "case %zu", i);
        }
        /* A grant that does not know its boot is of none. */
        ck_assert(grant_is_due(&(Grant){ .until = 100, .until_boot = 50 }, &(Now){ 1, 1 }, BOOT));
        ck_assert(grant_is_due(&(Grant){}, &(Now){ T0, 1 }, BOOT));
}
END_TEST

typedef struct Cover {
        Grant g;
        Question q;
        const char *target_group;
        Rule rule;
        bool no_rule;
        Now now;
        const char *boot_id;
} Cover;

/* A grant, and a question it answers. */
static Cover cover(void)
{
        return (Cover) {
                .g = {
                        .asker = { 1000, NULL },
                        .service = (char *) "sudo",
                        .target = { 0, NULL },
                        .rule = (char *) "prod",
                        .until = 100,
                        .until_boot = 50,
                        .boot_id = BOOT,
                        .scope = SCOPE_SERVICE,
                        .login_session = SESSION_NONE,
                },
                .q = {
                        .service = "sudo",
                        .asker.uid = 1000,
                        .target_known = true,
                        .target.uid = 0,
                        .login_session = SESSION_NONE,
                },
                .rule = { .name = (char *) "prod", .action = ACTION_ASK },
                .now = { 99, 49 },
                .boot_id = BOOT,
        };
}

static bool change(Cover *c, size_t i, bool *covers)
{
        *covers = i < 7;
        switch (i) {
        case 0:
                break;
        case 1:
                c->g.rule = NULL;
                break;
        case 2:
                c->g.rule = NULL;
                c->rule.name = (char *) "other";
                break;
        case 3:
                c->g.target.uid = UID_UNSET;
                c->q.target_known = false;
                break;
        case 4:
                c->g.target_group = (char *) "adm";
                c->target_group = "adm";
                break;
        case 5:
                c->boot_id = "";
                break;
        case 6:
                c->q.mode = COMMAND_SHELL;
                break;
        case 7:
                c->g.state = GRANT_EXPIRED;
                break;
        case 8:
                c->g.state = GRANT_REVOKED;
                break;
        case 9:
                c->g.state = GRANT_ENDED;
                break;
        case 10:
                c->g.state = GRANT_LOST;
                break;
        case 11:
                c->now.wall = 100;
                break;
        case 12:
                c->now.boot = 50;
                break;
        case 13:
                c->boot_id = OTHER;
                break;
        case 14:
                c->q.asker.uid = 1001;
                break;
        case 15:
                c->g.asker.uid = c->q.asker.uid = UID_UNSET;
                break;
        case 16:
                c->q.service = "su";
                break;
        case 17:
                c->q.service = NULL;
                break;
        case 18:
                c->g.service = NULL;
                break;
        case 19:
                c->q.target.uid = 33;
                break;
        case 20:
                c->q.target_known = false;
                break;
        case 21:
                c->g.target.uid = UID_UNSET;
                break;
        case 22:
                c->g.target.uid = c->q.target.uid = UID_UNSET;
                break;
        case 23:
                c->target_group = "adm";
                break;
        case 24:
                c->g.target_group = (char *) "adm";
                break;
        case 25:
                c->g.target_group = (char *) "adm";
                c->target_group = "wheel";
                break;
        case 26:
                c->g.target_group = (char *) "";
                break;
        case 27:
                c->rule.name = (char *) "other";
                break;
        case 28:
                c->no_rule = true;
                break;
        case 29:
                c->no_rule = true;
                c->g.rule = NULL;
                break;
        case 30:
                c->rule.action = ACTION_REFUSE;
                break;
        case 31:
                c->rule.action = ACTION_REFUSE;
                c->g.rule = NULL;
                break;
        case 32:
                c->rule.action = ACTION_ALLOW;
                break;
        case 33:
                c->q.target_known = false;
                c->q.target.uid = 0;
                break;
        case 34:
                c->rule.action = ACTION_BREAK_GLASS;
                *covers = true;
                break;
        case 35: /* of a rule that asks, for one of break-glass */
                c->rule.action = ACTION_BREAK_GLASS;
                c->rule.name = (char *) "other";
                break;
        default:
                return false;
        }
        return true;
}

START_TEST(covers)
{
        Cover c;
        bool expected;

        for (size_t i = 0; c = cover(), change(&c, i, &expected); i++) {
                bool got = grant_covers(
                        &c.g, &c.q, c.target_group, c.no_rule ? NULL : &c.rule, &c.now, c.boot_id);

                ck_assert_msg(got == expected, "case %zu", i);
        }
}
END_TEST

/* What a question is about and where it comes from, against how a grant may be used. */
START_TEST(uses)
{
        enum { SPENT = 90 };
        static const struct {
                GrantScope scope;
                const char *words; /* the digest of the question's; the grant's is "d" */
                int64_t bound, from;
                usec_t spent;
                bool opening, covers;
        } cases[] = {
                { SCOPE_SERVICE, "", SESSION_NONE, SESSION_NONE, 0, false, true },
                { SCOPE_SERVICE, "x", SESSION_NONE, 7, 0, true, true },
                { SCOPE_SERVICE, "", 7, 7, 0, false, true },
                { SCOPE_SERVICE, "", 7, 8, 0, false, false },
                { SCOPE_SERVICE, "", 7, SESSION_NONE, 0, false, false },
                { SCOPE_COMMAND, "d", SESSION_NONE, 7, 0, false, true },
                { SCOPE_COMMAND, "d", SESSION_NONE, 7, 0, true, true },
                { SCOPE_COMMAND, "e", SESSION_NONE, 7, 0, false, false },
                { SCOPE_COMMAND, "", SESSION_NONE, 7, 0, false, false },
                { SCOPE_ONCE, "d", SESSION_NONE, 7, 0, false, true },
                { SCOPE_ONCE, "d", SESSION_NONE, 7, SPENT, false, false },
                { SCOPE_ONCE, "d", SESSION_NONE, 7, 0, true, false }, /* nobody was let in */
                { SCOPE_ONCE, "d", SESSION_NONE, 7, SPENT, true, true },
                { SCOPE_ONCE, "d", SESSION_NONE, 7, 100, true, false }, /* the clock was set back */
                { SCOPE_ONCE, "e", SESSION_NONE, 7, SPENT, true, false },
                { SCOPE_ONCE, "d", 8, 7, 0, false, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Cover c = cover();

                c.g.scope = cases[i].scope;
                c.g.command_digest[0] = 'd';
                c.g.login_session = cases[i].bound;
                c.g.spent = cases[i].spent;
                c.q.login_session = cases[i].from;
                c.q.opening = cases[i].opening;
                (void) stpcpy(c.q.command_digest, cases[i].words);
                ck_assert_msg(
                        grant_covers(&c.g, &c.q, NULL, &c.rule, &c.now, BOOT) == cases[i].covers,
                        "case %zu", i);
        }
        /* The session of the one use opens soon, or not at all. */
        Cover c = cover();
        c.g.scope = SCOPE_ONCE;
        c.g.command_digest[0] = c.q.command_digest[0] = 'd';
        c.g.spent = 1;
        c.q.opening = true;
        c.g.until = c.g.until_boot = 10 * USEC_PER_MIN;
        c.now.wall = ONCE_OPEN_TIME;
        ck_assert(grant_covers(&c.g, &c.q, NULL, &c.rule, &c.now, BOOT));
        c.now.wall++;
        ck_assert(!grant_covers(&c.g, &c.q, NULL, &c.rule, &c.now, BOOT));
}
END_TEST

START_TEST(extensions)
{
        static const struct {
                usec_t by, most;
                int r;
        } cases[] = {
                { 10, 1000, 0 },
                { 900, 1000, 0 },
                { 901, 1000, -ERANGE }, /* 100 are left */
                { 0, 1000, -ERANGE },
                { -1, 1000, -ERANGE },
                { INT64_MAX, USEC_NEVER, -ERANGE },
                { SPAN_MAX + 1, USEC_NEVER, -ERANGE },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Grant g = { .until = 1100, .until_boot = 600 };
                const Now now = { 1000, 500 };

                ck_assert_msg(grant_extend(&g, cases[i].by, cases[i].most, &now) == cases[i].r,
                        "case %zu", i);
                ck_assert_int_eq(g.until, cases[i].r < 0 ? 1100 : 1100 + cases[i].by);
                ck_assert_int_eq(g.until_boot, cases[i].r < 0 ? 600 : 600 + cases[i].by);
        }
}
END_TEST

START_TEST(after_a_reboot)
{
        const Grant g = {
                .from = 10, .until = 100, .until_boot = 50, .boot_id = BOOT, .survive_reboot = true
        };

        ck_assert(!grant_is_due(&g, &(Now){ 99, 1 }, OTHER));
        ck_assert(!grant_is_due(&g, &(Now){ 99, 70 }, OTHER)); /* that clock began anew */
        ck_assert(grant_is_due(&g, &(Now){ 100, 1 }, OTHER));
        ck_assert(grant_is_due(&g, &(Now){ 9, 1 }, OTHER)); /* a clock that was lost */
        ck_assert(grant_is_due(&g, &(Now){ 99, 50 }, BOOT));
}
END_TEST

START_TEST(moves)
{
        for (int from = -2; from <= _GRANT_STATE_MAX + 1; from++) {
                for (int to = -2; to <= _GRANT_STATE_MAX + 1; to++) {
                        GrantState s = (GrantState) from;
                        bool legal =
                                from == GRANT_ACTIVE && to > GRANT_ACTIVE && to < _GRANT_STATE_MAX;
                        int r = grant_move(&s, (GrantState) to);

                        ck_assert_msg(r == (legal ? 0 : -EALREADY), "%d to %d: %d", from, to, r);
                        ck_assert_int_eq((int) s, legal ? to : from);
                }
        }
}
END_TEST

START_TEST(names)
{
        static const char *const words[] = { "active", "expired", "revoked", "ended", "lost" };

        ck_assert_uint_eq(ELEMENTSOF(words), _GRANT_STATE_MAX);
        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                ck_assert_str_eq(grant_state_to_string((GrantState) i), words[i]);
                ck_assert_int_eq((int) grant_state_from_string(words[i]), (int) i);
        }
        ck_assert_ptr_null(grant_state_to_string(_GRANT_STATE_MAX));
        ck_assert_ptr_null(grant_state_to_string(_GRANT_STATE_INVALID));
        ck_assert_int_eq((int) grant_state_from_string("ACTIVE"), _GRANT_STATE_INVALID);
        ck_assert_int_eq((int) grant_state_from_string(NULL), _GRANT_STATE_INVALID);
}
END_TEST

START_TEST(done)
{
        Grant g = { .asker.name = strdup("a"), .service = strdup("b"), .rule = strdup("c") };

        grant_done(&g);
        grant_done(&g);
        ck_assert_uint_eq(g.asker.uid, UID_UNSET);
        ck_assert_int_ne((int) g.state, GRANT_ACTIVE);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("grant");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, window);
        tcase_add_test(all, ends_of_time);
        tcase_add_test(all, due);
        tcase_add_test(all, covers);
        tcase_add_test(all, uses);
        tcase_add_test(all, extensions);
        tcase_add_test(all, after_a_reboot);
        tcase_add_test(all, moves);
        tcase_add_test(all, names);
        tcase_add_test(all, done);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

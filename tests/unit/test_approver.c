/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "jit-approver/domain/approver.h"
#include "tests/unit/rules_fixture.h"

static void collect(const Name *n, void *userdata)
{
        char *all = userdata;
        size_t used = strlen(all);

        (void) snprintf(
                all + used, 256 - used, "%s%s ", n->kind == NAME_UNIX_GROUP ? "@" : "", n->text);
}

static void assert_visits(const Rules *rules, uid_t asker, uid_t login, const char *expected)
{
        const Request r = { .asker.uid = asker, .login.uid = login };
        char all[256] = "";

        approvers_visit(&rules->rules[0].stages.items[0], &r, collect, all);
        ck_assert_str_eq(all, expected);
}

START_TEST(visits)
{
        static const char text[] =
                "[approver a]\nuser = u1, u?2\n[approver b]\nuser = u3\n[approver c]\n"
                "user = u4, u5\n[group in]\nmembers = b, @g7\n[group out]\n"
                "members = in, c\n[rule r]\nservices = sudo\nusers = *\naction = ask\n"
                "approvers = out, a, b\n";
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);

        assert_visits(rules, 100, UID_UNSET, "b @g7 c a b ");
        assert_visits(rules, 3, UID_UNSET, "@g7 c a ");
        assert_visits(rules, 5, UID_UNSET, "b @g7 a b ");
        assert_visits(rules, 100, 4, "b @g7 a b ");
        assert_visits(rules, 3, 1, "@g7 c ");
        /* an account without an answer is nobody's yet; whether a vote counts is decision.c's to say */
        assert_visits(rules, 2, UID_UNSET, "b @g7 c a b ");
}
END_TEST

/* Stage by stage and escalation by escalation; further than the rule goes is all of it. */
START_TEST(visits_reached)
{
        static const char text[] =
                "[approver a]\nuser = u1\n[approver b]\nuser = u2\n[approver c]\nuser = u3\n"
                "[approver d]\nuser = u4\n[rule r]\nservices = sudo\nusers = *\naction = ask\n"
                "approvers = a then b, @g7\nescalate = after 1m to c, after 2m to d\n";
        static const struct {
                Reach reach;
                uid_t asker;
                const char *expected;
        } cases[] = {
                { { 0, 0 }, 100, "a " },
                { { 1, 0 }, 100, "a b @g7 " },
                { { 0, 1 }, 100, "a c " },
                { { 1, 2 }, 100, "a b @g7 c d " },
                { { 9, 9 }, 100, "a b @g7 c d " },
                { { 1, 2 }, 4, "a b @g7 c " },
                { { 0, 0 }, 1, "" },
        };
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Request r = { .asker.uid = cases[i].asker, .login.uid = UID_UNSET };
                char all[256] = "";

                approvers_visit_reached(&rules->rules[0], cases[i].reach, &r, collect, all);
                ck_assert_str_eq(all, cases[i].expected);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("approver");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, visits);
        tcase_add_test(all, visits_reached);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

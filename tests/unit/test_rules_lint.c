/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "jit-approver/domain/rules_lint.h"
#include "tests/unit/rules_fixture.h"

/* g1: u1 and u2; g2: u9; g3: nobody; others are not known. */
static uid_t g1[] = { 1, 2 }, g2[] = { 9 };
static Membership groups[] = {
        { 1, true, g1, 2 },
        { 2, true, g2, 1 },
        { 3, true, NULL, 0 },
        { 4, false, NULL, 0 },
};
static const Memberships members = { groups, ELEMENTSOF(groups) };

/* Lines 1 to 13; what a case adds begins at 14. */
static const char start[] = "[approver bob]\nuser = u1, u8\n[approver carol]\nuser = u3\n"
                            "[approver dan]\nuser = u4\n[channel room]\naudience = shared\n"
                            "[channel mail]\n[web]\nurl = https://x\n"
                            "[defaults]\nservices = sudo\n";

static void check_case(size_t i, const char *rest, const char *expected)
{
        _cleanup_(freep) char *text = NULL, *all = NULL;
        _cleanup_(rules_freep) Rules *rules = NULL;
        Problems warnings = {};

        ck_assert_int_eq(str_printf(&text, "%s%s", start, rest), 0);
        rules = fixture_rules(text);
        rules_lint(rules, &members, &warnings);
        all = fixture_problems(&warnings);
        ck_assert_msg(
                str_empty(expected) ? warnings.n == 0 : warnings.n == 1, "case %zu:\n%s", i, all);
        ck_assert_msg(str_empty(expected) || strstr(all, expected), "case %zu:\n%s", i, all);
        problems_done(&warnings);
}

#define ASK "[rule r]\nusers = u7\naction = ask\n"
#define ASKS(users) "[rule r]\nusers = " users "\naction = ask\n"
#define GLASS "[rule r]\nusers = u7\naction = break-glass\n"

START_TEST(warnings)
{
        static const struct {
                const char *text, *warning;
        } cases[] = {
                { ASK "approvers = bob\n", "" },
                /* rules that never come to their turn */
                { "[rule a]\nusers = *\naction = refuse\n[rule b]\nusers = u1\naction = refuse\n",
                        "f:17:2: the rule 'b' never comes to its turn: 'a' at f:14" },
                { "[rule a]\nusers = u1\naction = refuse\n[rule b]\nusers = *\naction = refuse\n",
                        "" },
                /* nobody for a stage */
                { ASK "approvers = bob\napprovals = 2\n",
                        "f:17:13: nobody can fill stage 1 of the rule 'r'" },
                { ASK "approvers = bob, carol\napprovals = 2\n", "" },
                { ASK "approvers = bob then bob\n", "f:17:22: nobody can fill stage 2" },
                { ASK "approvers = bob, carol then bob\n", "" }, /* carol, then bob */
                { ASK "approvers = bob, carol then bob, carol then bob, carol\n", "stage 3" },
                { ASK "approvers = bob, carol then dan, bob\napprovals = 2\n", "stage 2" },
                { ASK "approvers = bob then bob\nescalate = after 5m to carol\n", "" },
                { ASK "approvers = @g4\napprovals = 9\n", "" }, /* who knows */
                { ASK "approvers = @g1\napprovals = 2\n", "" },
                { ASK "approvers = bob, u9group\n[group u9group]\nmembers = @g2\n"
                      "[rule r2]\nservices = su\nusers = u7\naction = ask\n"
                      "approvers = u9group then @g2\n",
                        "f:24:26: nobody can fill stage 2 of the rule 'r2'" },
                /* but for the asker */
                { ASKS("u8") "approvers = bob\n",
                        "f:17:13: when 'bob' asks by the rule 'r', too few are left to approve in stage 1" },
                { ASKS("*") "approvers = bob\n", "when 'bob' asks" },
                { ASKS("@g1") "approvers = bob, carol\n", "" },
                { ASKS("@g1") "approvers = @g1\napprovals = 2\n", "when 'bob' asks" },
                { ASKS("@g2") "approvers = @g2\n", "when the account with uid 9 asks" },
                { ASKS("u3") "approvers = bob, carol then carol, dan\n", "" },
                { ASKS("u3") "approvers = bob then carol\n", "in stage 2" },
                /* escalations */
                { ASK "approvers = bob\nescalate = after 2m to bob\n",
                        "f:18:24: the rule 'r' escalates to" },
                { ASK "approvers = bob\nescalate = after 2m to carol, after 3m to carol\n",
                        "f:18:43" },
                { ASK "approvers = bob then carol\nescalate = after 2m to bob\n", "" },
                { ASK "approvers = @g1\nescalate = after 2m to bob\n", "f:18:24" },
                { ASK "approvers = bob\nescalate = after 2m to @g4\n", "" },
                { ASK "approvers = bob\nescalate = after 30m to carol\n",
                        "f:18:12: the rule 'r' never escalates to 'carol': its requests are open for 30m" },
                { ASK "approvers = bob\nescalate = after 29m to carol\n", "" },
                { ASK "approvers = bob\nescalate = after 2m to @g3\n",
                        "the Unix group '@g3' has no members" },
                /* spans */
                { ASK "approvers = bob\nopen-for = 2m\n",
                        "f:14:2: the rule 'r' waits for up to 5m for requests that are open for 2m" },
                { ASK "approvers = bob\nopen-for = 2m\nwait = 2m\n", "" },
                /* messages */
                { ASK "approvers = @g1\nnotify = mail\n",
                        "f:17:13: no message of the rule 'r' reaches the account with uid 2 of '@g1'" },
                { ASK "approvers = @g1\nnotify = mail, room\n", "" },
                { ASK "approvers = @g1\n", "" },
                { ASK "approvers = bob, carol\nnotify = mail\n", "" },
                { ASK "approvers = bob, carol\nnotify = room\napprovals = 2\n",
                        "f:18:10: who reads the shared channel 'room' could vote more than once" },
                { ASK "approvers = bob then carol\nnotify = mail, room\n", "f:18:16" },
                { ASK "approvers = bob, carol\nnotify = room\napprovals = 2\nassurance = local\n",
                        "" },
                { ASK "approvers = bob, carol\nnotify = room\n", "" },
                { ASK "approvers = bob, carol\nnotify = mail\napprovals = 2\n", "" },
                /* break-glass */
                { GLASS "approvers = bob\nreviewers = carol\n",
                        "f:14:2: the rule 'r' breaks the glass and alarms nobody" },
                { GLASS "approvers = bob\nreviewers = carol\nnotify = mail\n", "" },
                { "[rule r]\nusers = u3\naction = break-glass\napprovers = bob\nreviewers = carol\nnotify = mail\n",
                        "f:18:13: who opens by the rule 'r' may find nobody to sign for it" },
                { "[rule r]\nusers = *\naction = break-glass\napprovers = bob\nreviewers = carol, dan\nnotify = mail\n",
                        "" },
                /* groups */
                { "[rule r]\nusers = @g3\naction = refuse\n",
                        "f:15:9: the Unix group '@g3' has no members" },
                { "[rule r]\nusers = @g1, @g4, @g5\naction = refuse\n", "" },
                { "[group some]\nmembers = @g3, bob\n",
                        "f:15:11: the Unix group '@g3' has no members" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                check_case(i, cases[i].text, cases[i].warning);
        }
}
END_TEST

/* What is wrong in two ways is told twice. */
START_TEST(both)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(
                "[defaults]\nservices = sudo\nusers = u1\n[rule r]\naction = ask\napprovers = g\n"
                "[group g]\nmembers = @g3\n");
        Problems w = {};
        _cleanup_(freep) char *all = NULL;

        rules_lint(rules, &members, &w);
        all = fixture_problems(&w);
        ck_assert_str_eq(all,
                "f:6:13: nobody can fill stage 1 of the rule 'r': it takes 1 different people in each "
                "of 1 stages, and one person counts once in all of them; name more\n"
                "f:8:11: the Unix group '@g3' has no members: it matches nobody until it has\n"
                "f:7:2: there is nobody in the group 'g'\n");
        problems_done(&w);
}
END_TEST

/* Many people in many places are no work that takes long. */
START_TEST(large)
{
        _cleanup_(freep) char *text = strdup("[defaults]\nservices = sudo\nusers = *\n");
        _cleanup_(rules_freep) Rules *rules = NULL;
        _cleanup_(freep) char *names = strdup("p0");
        Problems w = {};

        for (int i = 0; i < 120; i++) {
                _cleanup_(freep) char *old = text, *before = names;

                ck_assert_int_eq(
                        str_printf(&text, "%s[approver p%d]\nuser = u%d\n", old, i, i + 1), 0);
                ck_assert_int_eq(i == 0 ? str_printf(&names, "p0")
                                        : str_printf(&names, "%s, p%d", before, i),
                        0);
        }
        _cleanup_(freep) char *old = text;
        ck_assert_int_eq(str_printf(&text,
                                 "%s[group all]\nmembers = %s\n[rule r]\naction = ask\n"
                                 "approvers = all then all then all\napprovals = 40\n",
                                 old, names),
                0);
        rules = fixture_rules(text);
        rules_lint(rules, &members, &w);
        ck_assert_uint_eq(w.n, 1); /* enough, unless one of them asks */
        ck_assert_ptr_nonnull(strstr(w.items[0].message, "when 'p0' asks"));
        problems_done(&w);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_lint");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, warnings);
        tcase_add_test(all, both);
        tcase_add_test(all, large);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

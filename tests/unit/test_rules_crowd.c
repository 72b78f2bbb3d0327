/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "jit-approver/domain/rules_crowd.h"
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

static const char text[] = "[group a]\nmembers = bob, @g1, b\n[group b]\nmembers = @g2, carol, a2\n"
                           "[group a2]\nmembers = @g1\n"
                           "[approver bob]\nuser = u1, u8\n[approver carol]\nuser = u3\n"
                           "[rule r]\nservices = s\nusers = %s\naction = ask\napprovers = %s\n";

START_TEST(persons)
{
        static const struct {
                const char *users, *approvers;
                size_t n_users, n_approvers;
                bool users_open, approvers_open;
        } cases[] = {
                { "*", "bob", 0, 1, true, false },
                { "u1, u8, u3, u7", "bob, carol", 3, 2, false, false }, /* one person once */
                { "@g1", "@g1", 2, 2, false, false },
                { "u1, @g1", "bob, @g1", 2, 2, false, false },
                { "@g3", "@g3", 0, 0, false, false },
                { "@g4, u1", "@g4", 1, 0, true, true },
                { "@g5", "@g5, bob", 0, 1, true, true }, /* nobody asked about it */
                { "u1", "a", 1, 4, false, false },       /* bob, u2, u9, carol */
                { "u1", "b, a2, a", 1, 4, false, false },
                { "u?x", "@g?x", 0, 0, true, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char whole[1024];
                _cleanup_(rules_freep) Rules *rules = NULL;
                _cleanup_(crowd_done) Crowd users = {}, approvers = {};

                (void) snprintf(whole, sizeof(whole), text, cases[i].users, cases[i].approvers);
                rules = fixture_rules(whole);
                crowd_add(&users, rules, &members, &rules->rules[0].users);
                crowd_add(&approvers, rules, &members, &rules->rules[0].stages.items[0]);
                ck_assert_msg(users.n == cases[i].n_users && approvers.n == cases[i].n_approvers,
                        "case %zu: %zu %zu", i, users.n, approvers.n);
                ck_assert_int_eq(users.open, cases[i].users_open);
                ck_assert_int_eq(approvers.open, cases[i].approvers_open);
                ck_assert_int_eq(users.everyone, cases[i].users[0] == '*');
        }
}
END_TEST

START_TEST(within)
{
        char whole[1024];
        _cleanup_(rules_freep) Rules *rules = NULL;
        _cleanup_(crowd_done) Crowd few = {}, many = {}, open = {};
        NameList *list;

        (void) snprintf(whole, sizeof(whole), text, "u1", "bob, u?z");
        (void) snprintf(whole, sizeof(whole), text, "@g4", "@g1 then a then @g4, bob");
        rules = fixture_rules(whole);
        list = rules->rules[0].stages.items;
        crowd_add(&few, rules, &members, &list[0]);
        crowd_add(&many, rules, &members, &list[1]);
        crowd_add(&open, rules, &members, &list[2]);
        ck_assert(crowd_within(&few, &many) && !crowd_within(&many, &few));
        ck_assert(crowd_within(&few, &few));
        ck_assert(!crowd_within(&open, &many)); /* who knows who else */
        ck_assert(crowd_within(&(Crowd){ 0 }, &few));
        few.lost = true;
        ck_assert(!crowd_within(&few, &many));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_crowd");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, persons);
        tcase_add_test(all, within);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

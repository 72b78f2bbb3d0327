/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* With the name service of this machine, which knows root; and with no patience at all. */

#include "jit-approver/daemon/people_members.h"
#include "tests/unit/rules_fixture.h"

static void answer(Name *name, void *userdata)
{
        name->exists = streq(name->text, "unknown") ? TERNARY_UNKNOWN : TERNARY_YES;
        name->id = streq(name->text, "root") ? 0 : 4000000000;
}

static Rules *rules_of_groups(void)
{
        Rules *rules =
                fixture_rules("[rule r]\nservices = s\nusers = @root, @root, @gone, @unknown, u1\n"
                              "action = refuse\n");

        rules_visit_names(rules, answer, NULL);
        return rules;
}

START_TEST(asked)
{
        _cleanup_(rules_freep) Rules *rules = rules_of_groups();
        _cleanup_(people_members_done) Memberships m = {};

        ck_assert_int_eq(people_members(rules, 20 * USEC_PER_SEC, &m), 0);
        ck_assert_uint_eq(m.n, 2); /* each once; one without an answer is not asked about */
        ck_assert(m.items[0].gid == 0 && m.items[0].known && m.items[0].n >= 1);
        ck_assert_uint_eq(m.items[0].uids[0], 0);
        ck_assert(m.items[1].gid == 4000000000 && !m.items[1].known && m.items[1].n == 0);
}
END_TEST

START_TEST(no_patience)
{
        _cleanup_(rules_freep) Rules *rules = rules_of_groups();
        _cleanup_(people_members_done) Memberships m = {};

        ck_assert_int_eq(people_members(rules, 0, &m), 0);
        ck_assert(m.n == 2 && !m.items[0].known);
}
END_TEST

START_TEST(no_groups)
{
        _cleanup_(rules_freep) Rules *rules =
                fixture_rules("[rule r]\nservices = s\nusers = *\naction = refuse\n");
        _cleanup_(people_members_done) Memberships m = {};

        ck_assert_int_eq(people_members(rules, USEC_PER_SEC, &m), 0);
        ck_assert_uint_eq(m.n, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("people_members");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, asked);
        tcase_add_test(all, no_patience);
        tcase_add_test(all, no_groups);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

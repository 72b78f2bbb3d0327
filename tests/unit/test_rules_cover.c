/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/domain/rules_cover.h"
#include "tests/unit/rules_fixture.h"

/* Two rules by their keys, apart from the action where it is not said. */
START_TEST(covers)
{
        static const struct {
                const char *earlier, *later;
                bool yes;
        } cases[] = {
                { "", "", true },
                /* services */
                { "services = *\n", "services = sudo, su\n", true },
                { "services = s*\n", "services = sudo, su\n", true },
                { "services = s*\n", "services = s*\n", true },
                { "services = s*\n", "services = su*\n", false }, /* it does, but who knows */
                { "services = sudo\n", "services = sudo, su\n", false },
                /* users */
                { "users = *\n", "users = u1, @g1\n", true },
                { "users = u1, @g1, u2\n", "users = @g1, u2\n", true },
                { "users = u1\n", "users = u1, u2\n", false },
                { "users = @g1\n", "users = g1\n", false },
                { "users = u1\n", "users = *\n", false },
                /* targets */
                { "", "targets = root\n", true },
                { "targets = *\n", "", true },
                { "targets = root\n", "", false },
                { "targets = root, u1\n", "targets = u1\n", true },
                { "targets = root\n", "targets = u1\n", false },
                { "targets = u1\naction = allow\n", "targets = u1\naction = refuse\n", false },
                { "targets = u1\naction = allow\n", "targets = u1\naction = allow\n", true },
                /* commands */
                { "", "commands = ls\n", true },
                { "commands = ls\n", "", false },
                { "commands = ls, systemctl restart *\n", "commands = systemctl restart nginx\n",
                        true },
                { "commands = systemctl restart *\n", "commands = systemctl restart\n", true },
                { "commands = systemctl restart *\n", "commands = systemctl restart * *\n", true },
                { "commands = systemctl restart\n", "commands = systemctl restart *\n", false },
                { "commands = systemctl * nginx\n", "commands = systemctl restart nginx\n", true },
                { "commands = systemctl * nginx\n", "commands = systemctl restart *\n", false },
                { "commands = a *\n", "commands = a\n", true },
                { "commands = a ?\n", "commands = a *\n", false },
                { "commands = a b\n", "commands = a\n", false },
                { "commands = a\n", "commands = a b\n", false },
                { "commands = [ab]\n", "commands = a\n", true },
                /* "allow" takes absolute paths only */
                { "commands = */ls\naction = allow\n", "commands = */ls\n", false },
                { "commands = */ls\naction = allow\n", "commands = */ls\naction = allow\n", true },
                { "action = allow\n", "commands = */ls\n", true },
                { "commands = */ls\n", "commands = */ls\naction = allow\n", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *text = NULL;
                _cleanup_(rules_freep) Rules *rules = NULL;

                ck_assert_int_eq(str_printf(&text,
                                         "[defaults]\nservices = sudo\nusers = u1\n"
                                         "action = refuse\n[rule a]\n%s[rule b]\n%s",
                                         cases[i].earlier, cases[i].later),
                        0);
                rules = fixture_rules(text);
                ck_assert_msg(rule_covers(&rules->rules[0], &rules->rules[1]) == cases[i].yes,
                        "case %zu: %s| %s", i, cases[i].earlier, cases[i].later);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_cover");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, covers);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

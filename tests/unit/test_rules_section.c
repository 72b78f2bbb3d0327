/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/domain/rules_section.h"
#include "tests/unit/rules_fixture.h"

START_TEST(tables)
{
        for (size_t k = 0; k < _KEY_MAX; k++) {
                bool used = false;

                ck_assert_ptr_nonnull(rule_keys[k].name);
                for (size_t s = 0; s < _SECTION_MAX; s++) {
                        used = used || key_is_in(&rule_keys[k], (SectionKind) s);
                }
                ck_assert_msg(used, "%s", rule_keys[k].name);
                /* [defaults] takes what rules take, and nothing else */
                ck_assert_int_eq(key_is_in(&rule_keys[k], SECTION_RULE),
                        key_is_in(&rule_keys[k], SECTION_DEFAULTS));
                for (size_t i = 0; i < k; i++) {
                        ck_assert_str_ne(rule_keys[i].name, rule_keys[k].name);
                }
        }
        for (size_t s = 0; s < _SECTION_MAX; s++) {
                ck_assert_ptr_nonnull(section_words[s]);
        }
}
END_TEST

START_TEST(added)
{
        _cleanup_(rules_freep) Rules *rules = calloc(1, sizeof(*rules));
        Sections all = { .rules = rules };
        const Place at = { "f", 3, 2 };

        ck_assert_ptr_null(sections_find(&all, SECTION_DEFAULTS));
        for (size_t i = 0; i < 100; i++) {
                ck_assert_ptr_nonnull(sections_add(&all, SECTION_RULE, "r", &at));
        }
        ck_assert_ptr_nonnull(sections_add(&all, SECTION_GROUP, "g", &at));
        ck_assert_ptr_nonnull(sections_add(&all, SECTION_APPROVER, "a", &at));
        ck_assert_ptr_nonnull(sections_add(&all, SECTION_ACCESS, "", &at));
        ck_assert_ptr_nonnull(sections_add(&all, SECTION_DEFAULTS, "", &at));
        ck_assert(rules->n_rules == 100 && rules->n_groups == 1 && rules->n_approvers == 1);
        ck_assert_ptr_nonnull(sections_add(&all, SECTION_WEB, "", &at));
        ck_assert_ptr_nonnull(sections_add(&all, SECTION_CHANNEL, "c", &at));
        ck_assert_uint_eq(all.n, 106);
        ck_assert_ptr_eq(sections_find(&all, SECTION_DEFAULTS), &all.items[103]);
        ck_assert_ptr_eq(sections_find(&all, SECTION_RULE), &all.items[0]);

        /* fields are found where the things are now, not where they were when added */
        ck_assert_ptr_eq(section_field(&all, &all.items[7], KEY_WAIT), &rules->rules[7].wait);
        ck_assert_ptr_eq(
                section_field(&all, &all.items[100], KEY_MEMBERS), &rules->groups[0]->members);
        ck_assert_ptr_eq(
                section_field(&all, &all.items[101], KEY_EMAIL), &rules->approvers[0]->email);
        ck_assert_ptr_eq(section_field(&all, &all.items[102], KEY_AUDITORS), &rules->auditors);
        ck_assert_ptr_eq(section_field(&all, &all.items[103], KEY_USERS), &rules->defaults.users);
        ck_assert_ptr_eq(section_field(&all, &all.items[104], KEY_URL), &rules->web_url);
        ck_assert_ptr_eq(
                section_field(&all, &all.items[105], KEY_COMMAND), &rules->channels[0]->command);
        ck_assert_int_eq(rules->channels[0]->audience, AUDIENCE_PERSONAL);
        ck_assert_int_eq(rules->channels[0]->command, COMMAND_SHOWN_MASKED);
        ck_assert_int_eq(rules->rules[99].assurance, ASSURANCE_LINK);
        ck_assert_int_eq(rules->rules[99].action, ACTION_REFUSE);
        ck_assert_uint_eq(rules->groups[0]->place.line, 3);
        sections_done(&all);
        sections_done(&all);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_section");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, tables);
        tcase_add_test(all, added);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

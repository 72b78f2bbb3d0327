/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "tests/unit/rules_fixture.h"

/* Groups only; linking is part of parsing. */
START_TEST(mistakes)
{
        static const struct {
                const char *text, *out;
        } cases[] = {
                { "[group a]\nmembers = b\n[group b]\nmembers = @x\n", "" },
                { "[group a]\nmembers = b, b\n[group b]\nmembers = @x\n", "" },
                { "[group a]\nmembers = a\n", "f:2:11: the group 'a' is its own member\n" },
                /* a ring is told once, and those outside it not at all */
                { "[group x]\nmembers = a\n[group a]\nmembers = b\n[group b]\nmembers = a\n",
                        "f:6:11: the groups go round: 'a' is a member of 'b', which is itself "
                        "within 'a'\n" },
                /* two rings are told both */
                { "[group a]\nmembers = b, a\n[group b]\nmembers = a\n",
                        "f:2:14: the group 'a' is its own member\n"
                        "f:4:11: the groups go round: 'a' is a member of 'b', which is itself "
                        "within 'a'\n" },
                /* a diamond is no ring */
                { "[group a]\nmembers = b, c\n[group b]\nmembers = d\n[group c]\nmembers = d\n"
                  "[group d]\nmembers = @x\n",
                        "" },
                /* too short to be a slip of the hand */
                { "[group a]\nmembers = a1\n[approver bob]\nuser = u1\n",
                        "f:2:11: there is no [group a1] and no [approver a1]\n" },
                { "[group a]\nmembers = bbo, @nothing\n[approver bob]\nuser = u1\n",
                        "f:2:11: there is no [group bbo] and no [approver bbo]; did you mean "
                        "'bob'?\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *all = fixture_mistakes(cases[i].text);

                ck_assert_str_eq(all, cases[i].out);
        }
}
END_TEST

/* What a rule calls a channel is a channel, whatever else has that name. */
START_TEST(channels)
{
        static const struct {
                const char *text, *out;
        } cases[] = {
                { "[channel ops]\n[group ops]\nmembers = @x\n[defaults]\nnotify = ops\n", "" },
                { "[group ops]\nmembers = @x\n[defaults]\nnotify = ops\n",
                        "f:4:10: there is no [channel ops]\n" },
                { "[channel mail]\n[defaults]\nnotify = mial, mail\n",
                        "f:3:10: there is no [channel mial]; did you mean 'mail'?\n" },
                { "[channel mail]\n[defaults]\nnotify = @mail\n",
                        "f:3:10: there is no [channel @mail]; did you mean 'mail'?\n" },
                { "[channel mail]\n[group a]\nmembers = mail\n",
                        "f:3:11: there is no [group mail] and no [approver mail]\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *text = NULL, *all = NULL;

                ck_assert_int_eq(str_printf(&text, "%s[web]\nurl = https://x\n", cases[i].text), 0);
                all = fixture_mistakes(text);
                ck_assert_str_eq(all, cases[i].out);
        }
}
END_TEST

START_TEST(bound)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(
                "[rule r]\nservices = s\nusers = *\naction = ask\napprovers = ops, bob, @g1\n"
                "[approver bob]\nuser = u1\n"
                "[group ops]\nmembers = bob\n");
        const NameList *list = &rules->rules[0].stages.items[0];

        ck_assert_uint_eq(list->n, 3);
        ck_assert(list->items[0].kind == NAME_GROUP && list->items[0].group == rules->groups[0]);
        ck_assert(list->items[1].kind == NAME_APPROVER);
        ck_assert_ptr_eq(list->items[1].approver, rules->approvers[0]);
        ck_assert_int_eq(list->items[2].kind, NAME_UNIX_GROUP);
        ck_assert_ptr_eq(rules->groups[0]->members.items[0].approver, rules->approvers[0]);
}
END_TEST

/* A chain of n groups, first or last one on top of the file. */
static char *chain(size_t n, bool reversed)
{
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        ck_assert_ptr_nonnull(f);
        for (size_t i = 0; i < n; i++) {
                size_t k = reversed ? n - 1 - i : i;

                if (k + 1 < n) {
                        (void) fprintf(f, "[group g%zu]\nmembers = g%zu\n", k, k + 1);
                } else {
                        (void) fprintf(f, "[group g%zu]\nmembers = @x\n", k);
                }
        }
        (void) fclose(f);
        return text;
}

START_TEST(depth)
{
        for (size_t n = 1; n <= 3000; n = n < 12 ? n + 1 : n * 7) {
                for (int reversed = 0; reversed < 2; reversed++) {
                        _cleanup_(freep) char *text = chain(n, reversed);
                        _cleanup_(freep) char *all = fixture_mistakes(text);
                        _cleanup_(freep) char *who = NULL;

                        if (n <= 8) {
                                ck_assert_str_eq(all, "");
                                continue;
                        }
                        /* the ninth from the end, once; not all those above it */
                        ck_assert_int_eq(str_printf(&who, "the group 'g%zu' holds", n - 9), 0);
                        ck_assert_msg(strstr(all, who), "%zu: %s", n, all);
                        ck_assert_ptr_eq(strchr(all, '\n'), strrchr(all, '\n'));
                }
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_link");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, mistakes);
        tcase_add_test(all, channels);
        tcase_add_test(all, bound);
        tcase_add_test(all, depth);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

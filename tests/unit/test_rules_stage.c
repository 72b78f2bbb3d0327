/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "common/span.h"
#include "jit-approver/domain/rules_stage.h"
#include "tests/unit/rules_fixture.h"

static ValueText text_of(const char *text, Problems *problems)
{
        return (ValueText){ .key = "k", .text = text, .at = { "f", 1, 5 }, .problems = problems };
}

/* "a@5 b@8", by what says where one list ends. */
static void say(char out[static 512], const NameList *list, const char *before)
{
        size_t used = strlen(out);

        (void) snprintf(out + used, 512 - used, "%s", used ? before : "");
        for (size_t i = 0; i < list->n; i++) {
                const Name *n = &list->items[i];

                used = strlen(out);
                (void) snprintf(out + used, 512 - used, "%s%s%s@%u", i ? " " : "",
                        n->kind == NAME_UNIX_GROUP ? "@" : "", n->text, n->place.column);
        }
}

START_TEST(stages)
{
        static const struct {
                const char *text, *out;
                size_t problems;
        } cases[] = {
                { "bob", "bob@5", 0 },
                { "bob, @sre", "bob@5 @sre@10", 0 },
                { "bob then carol", "bob@5 > carol@14", 0 },
                { "a,b then c , d  then\t@e", "a@5 b@7 > c@14 d@18 > @e@26", 0 },
                { "a then a then a then a then a then a then a then a",
                        "a@5 > a@12 > a@19 > a@26 > a@33 > a@40 > a@47 > a@54", 0 },
                /* a name that is the word itself */
                { "then", "then@5", 0 },
                { "then, a", "then@5 a@11", 0 },
                { "a, then", "a@5 then@8", 0 },
                { "a,then then b", "a@5 then@7 > b@17", 0 },
                { "then then then", "then@5 > then@15", 0 },
                { "athen, thenb", "athen@5 thenb@12", 0 },
                { "a then then", "a@5 > then@12", 0 },
                /* mistakes */
                { "a then", "", 1 },
                { "then a", "", 1 },
                { "a then , b", "b@14", 1 },
                { "a then b,", "a@5 > b@12", 1 },
                { "a b then *", "", 2 },
                { "a Then b", "", 1 },
                { "a then a then a then a then a then a then a then a then a",
                        "a@5 > a@12 > a@19 > a@26 > a@33 > a@40 > a@47 > a@54", 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                ValueText v = text_of(cases[i].text, &problems);
                _cleanup_(stage_list_done) StageList list = {}, copy = {};
                char said[512] = "";

                ck_assert_int_eq(value_parse_stages(&v, &list), cases[i].problems == 0);
                ck_assert_msg(problems.n == cases[i].problems, "'%s'", cases[i].text);
                ck_assert_int_eq(value_copy_stages(&list, &copy), 0);
                for (size_t k = 0; k < copy.n; k++) {
                        say(said, &copy.items[k], " > ");
                }
                ck_assert_msg(streq(said, cases[i].out), "'%s': %s", cases[i].text, said);
                problems_done(&problems);
        }
}
END_TEST

START_TEST(escalations)
{
        static const struct {
                const char *text, *out;
                size_t problems;
        } cases[] = {
                { "after 2m to leads", "2m leads@17", 0 },
                { "after 2m to leads, after 5m to @cto", "2m leads@17|5m @cto@36", 0 },
                { "after  1h 30m\tto\tto ,after 2h to after", "90m to@22|2h after@38", 0 },
                { "after 5m to a, after 5m to b", "5m a@17", 1 },
                { "after 5m to a, after 4m to b", "5m a@17", 1 },
                { "after 5m to a,", "5m a@17", 1 },
                { "after 5m to a b", "", 1 },
                { "after 5m to", "", 1 },
                { "after to a", "", 1 },
                { "5m to a", "", 1 },
                { "after 5m", "", 1 },
                { "after", "", 1 },
                { "after 5x to *", "", 2 },
                { "after 0 to a", "", 1 },
                { "after 5m TO a", "", 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                ValueText v = text_of(cases[i].text, &problems);
                _cleanup_(escalation_list_done) EscalationList list = {}, copy = {};
                char said[512] = "", span[SPAN_TEXT_MAX + 4];

                ck_assert_int_eq(value_parse_escalations(&v, &list), cases[i].problems == 0);
                ck_assert_msg(problems.n == cases[i].problems, "'%s'", cases[i].text);
                ck_assert_int_eq(value_copy_escalations(&list, &copy), 0);
                for (size_t k = 0; k < copy.n; k++) {
                        size_t used = strlen(said);

                        span_format(copy.items[k].after, span);
                        (void) snprintf(
                                said + used, sizeof(said) - used, "%s%s ", used ? "|" : "", span);
                        say(said, &copy.items[k].to, "");
                }
                ck_assert_msg(streq(said, cases[i].out), "'%s': %s", cases[i].text, said);
                problems_done(&problems);
        }
}
END_TEST

/* A second value takes the place of the first, and nothing is lost. */
START_TEST(replaced)
{
        Problems problems = {};
        ValueText a = text_of("x then y", &problems), b = text_of("z", &problems);
        ValueText c = text_of("after 1m to x, after 2m to y", &problems);
        ValueText d = text_of("after 3m to z", &problems);
        _cleanup_(stage_list_done) StageList chain = {};
        _cleanup_(escalation_list_done) EscalationList list = {};

        for (size_t i = 0; i < 2; i++) {
                ck_assert_int_eq(value_parse_stages(i == 0 ? &a : &b, &chain), 1);
                ck_assert_int_eq(value_parse_escalations(i == 0 ? &c : &d, &list), 1);
        }
        ck_assert(chain.n == 1 && list.n == 1 && list.items[0].after == 3 * USEC_PER_MIN);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_stage");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, stages);
        tcase_add_test(all, escalations);
        tcase_add_test(all, replaced);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "jit-approver/domain/rules_list.h"
#include "tests/unit/rules_fixture.h"

static ValueText text_of(const char *text, Problems *problems)
{
        return (ValueText){ .key = "k", .text = text, .at = { "f", 1, 5 }, .problems = problems };
}

/* "kind:text@column", by spaces. */
static char *say_names(const NameList *list)
{
        static const char *const kinds[] = { "any", "user", "unix", "group", "approver" };
        char *all = strdup("");

        for (size_t i = 0; i < list->n; i++) {
                const Name *n = &list->items[i];
                _cleanup_(freep) char *old = all;

                ck_assert_int_eq(str_printf(&all, "%s%s%s:%s@%u", old, i ? " " : "", kinds[n->kind],
                                         n->text, n->place.column),
                        0);
        }
        return all;
}

START_TEST(parse_names)
{
        static const struct {
                ValueKind kind;
                const char *text, *out;
                size_t problems;
        } cases[] = {
                { VALUE_WHO, "bob", "user:bob@5", 0 },
                { VALUE_WHO, "bob,carol", "user:bob@5 user:carol@9", 0 },
                { VALUE_WHO, "bob ,\t carol", "user:bob@5 user:carol@12", 0 },
                { VALUE_WHO, "*", "any:*@5", 0 },
                { VALUE_WHO, "@dev, *", "unix:dev@5 any:*@11", 0 },
                { VALUE_WHO, "**", "user:**@5", 0 },
                { VALUE_WHO, "1000", "user:1000@5", 0 }, /* a name, never a uid */
                { VALUE_WHO, "@1000", "unix:1000@5", 0 },
                { VALUE_WHO, "-1, 0x2b, a=b", "user:-1@5 user:0x2b@9 user:a=b@15", 0 },
                { VALUE_WHO, "#1000", "", 1 },
                { VALUE_WHO, "@", "", 1 },
                { VALUE_WHO, ",", "", 2 },
                { VALUE_WHO, "a,,b", "user:a@5 user:b@8", 1 },
                { VALUE_WHO, "a b, c", "user:c@10", 1 },
                { VALUE_ACCOUNTS, "bob, @x, *, carol", "user:bob@5 user:carol@17", 2 },
                { VALUE_ACCOUNTS_UNIX, "root, @x, *", "user:root@5 unix:x@11", 1 },
                { VALUE_APPROVERS, "oncall, @sre, *", "group:oncall@5 unix:sre@13", 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                ValueText v = text_of(cases[i].text, &problems);
                _cleanup_(name_list_done) NameList list = {}, copy = {};
                _cleanup_(freep) char *said = NULL, *copied = NULL;
                int r = value_parse_names(cases[i].kind, &v, &list);

                ck_assert_int_eq(r, cases[i].problems == 0);
                ck_assert_uint_eq(problems.n, cases[i].problems);
                said = say_names(&list);
                ck_assert_str_eq(said, cases[i].out);
                ck_assert_int_eq(value_copy_names(&list, &copy), 0);
                copied = say_names(&copy);
                ck_assert_str_eq(copied, said);
                ck_assert(list.n == 0 || list.items[0].text != copy.items[0].text);
                problems_done(&problems);
        }
}
END_TEST

START_TEST(name_length)
{
        for (size_t n = 63; n <= 66; n++) {
                Problems problems = {};
                char text[80] = "@";
                ValueText v = text_of(text, &problems);
                _cleanup_(name_list_done) NameList list = {};

                memset(text + 1, 'x', n - 1);
                ck_assert_int_eq(value_parse_names(VALUE_WHO, &v, &list), n <= RULES_NAME_MAX);
                problems_done(&problems);
        }
}
END_TEST

START_TEST(parse_services)
{
        static const struct {
                const char *text, *out;
                bool good;
        } cases[] = {
                { "sudo", "sudo", true },
                { "sudo, su", "sudo su", true },
                { "sudo-i,su-l, runuser-l", "sudo su runuser", true }, /* one name a program */
                { "s*, *", "s* *", true },
                { "sudo su", "", false },
                { "sudo,,su", "sudo su", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                ValueText v = text_of(cases[i].text, &problems);
                _cleanup_(strv_freep) char **list = NULL, **copy = NULL;
                char said[64] = "";

                ck_assert_int_eq(value_parse_services(&v, &list), cases[i].good);
                ck_assert_int_eq(value_copy_services(list, &copy), 0);
                for (size_t k = 0; copy && copy[k]; k++) {
                        size_t used = strlen(said);

                        (void) snprintf(
                                said + used, sizeof(said) - used, "%s%s", k ? " " : "", copy[k]);
                }
                ck_assert_str_eq(said, cases[i].out);
                problems_done(&problems);
        }
}
END_TEST

START_TEST(parse_patterns)
{
        static const struct {
                const char *text, *out;
                bool good;
        } cases[] = {
                { "*", "<*>", true },
                { "ls", "<ls>", true },
                { "systemctl  restart \t*", "<systemctl|restart|*>", true },
                { "ls, /bin/true x ,*", "<ls></bin/true|x><*>", true },
                { "\"a b\"", "<\"a|b\">", true }, /* quotes are not special */
                { "a\\ b", "<a\\|b>", true },
                { "ls,", "<ls>", false },
                { ",", "", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                ValueText v = text_of(cases[i].text, &problems);
                _cleanup_(pattern_list_done) PatternList list = {}, copy = {};
                _cleanup_(freep) char *said = strdup("");

                ck_assert_int_eq(value_parse_patterns(&v, &list), cases[i].good);
                ck_assert_int_eq(value_copy_patterns(&list, &copy), 0);
                for (size_t p = 0; p < copy.n; p++) {
                        for (size_t k = 0; copy.items[p].words[k]; k++) {
                                _cleanup_(freep) char *old = said;

                                ck_assert_int_eq(str_printf(&said, "%s%s%s", old, k ? "|" : "<",
                                                         copy.items[p].words[k]),
                                        0);
                        }
                        {
                                _cleanup_(freep) char *old = said;

                                ck_assert_int_eq(str_printf(&said, "%s>", old), 0);
                        }
                }
                ck_assert_str_eq(said, cases[i].out);
                problems_done(&problems);
        }
}
END_TEST

/* A second value takes the place of the first, and nothing is lost. */
START_TEST(replaced)
{
        Problems problems = {};
        ValueText a = text_of("x, y", &problems), b = text_of("z", &problems);
        _cleanup_(name_list_done) NameList names = {};
        _cleanup_(pattern_list_done) PatternList patterns = {};
        _cleanup_(strv_freep) char **services = NULL;

        for (size_t i = 0; i < 2; i++) {
                const ValueText *v = i == 0 ? &a : &b;

                ck_assert_int_eq(value_parse_names(VALUE_WHO, v, &names), 1);
                ck_assert_int_eq(value_parse_patterns(v, &patterns), 1);
                ck_assert_int_eq(value_parse_services(v, &services), 1);
        }
        ck_assert(names.n == 1 && patterns.n == 1 && strv_length(services) == 1);
        ck_assert_str_eq(names.items[0].text, "z");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_list");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, parse_names);
        tcase_add_test(all, name_length);
        tcase_add_test(all, parse_services);
        tcase_add_test(all, parse_patterns);
        tcase_add_test(all, replaced);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

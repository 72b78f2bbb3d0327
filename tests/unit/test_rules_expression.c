/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "common/clock.h"
#include "jit-approver/domain/rules_expression.h"
#include "tests/unit/rules_fixture.h"

static ValueText text_of(const char *text, Problems *problems)
{
        return (ValueText){ .key = "k", .text = text, .at = { "f", 1, 5 }, .problems = problems };
}

/* All of a text, or not. */
START_TEST(matches)
{
        static const struct {
                const char *pattern, *text;
                bool yes;
        } cases[] = {
                { "(OPS|INC)-[0-9]+", "OPS-1423", true },
                { "(OPS|INC)-[0-9]+", "INC-1", true },
                { "(OPS|INC)-[0-9]+", "OPS-", false },
                { "(OPS|INC)-[0-9]+", "deploy OPS-1423", false },
                { "(OPS|INC)-[0-9]+", "OPS-1423 ", false },
                { "OPS|INC", "OPS", true },
                { "OPS|INC", "OPSx", false }, /* anchors hold all of the choice */
                { "OPS|INC", "xINC", false },
                { "OPS|INC|", "", true },
                { "a|ab", "ab", true }, /* not the first that fits, but any */
                { "^OPS$", "OPS", true },
                { ".*OPS-[0-9]+.*", "fix OPS-7 now", true },
                { "ops-[0-9]+", "OPS-1", false },
                { "[[:alpha:]]{3}", "abc", true },
                { "[[:alpha:]]{3}", "ab1", false },
                { "[]a]+", "a]", true },
                { "[^]a]+", "b", true },
                { "[(]x[)]", "(x)", true },
                { "\\(x\\)", "(x)", true },
                { "x{0,2}", "xx", true },
                { "x{0,2}", "xxx", false },
                { "a.c", "a\nc", true },
                { "m.+ller", "m\u00fcller", true },
                { ".*", "", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                ValueText v = text_of(cases[i].pattern, &problems);
                _cleanup_(expression_done) Expression e = {}, copy = {};

                ck_assert_msg(value_parse_expression(&v, &e) == 1, "%s", cases[i].pattern);
                ck_assert_int_eq(value_copy_expression(&e, &copy), 0);
                ck_assert_msg(expression_matches(&copy, cases[i].text) == cases[i].yes, "%s: %s",
                        cases[i].pattern, cases[i].text);
                ck_assert_uint_eq(problems.n, 0);
                ck_assert_uint_eq(copy.place.column, 5);
        }
        ck_assert(!expression_matches(&(Expression){ 0 }, ""));
}
END_TEST

/* What could take for ever, need a lot of room, or get out of its anchors. */
START_TEST(refused)
{
        static const struct {
                const char *pattern, *why; /* NULL: taken */
        } cases[] = {
                { "(a)\\1", "refers back" },
                { "(a)x|\\9", "refers back" },
                { "[\\1]", NULL },
                { "\\\\1", NULL },
                { "\\0", NULL },
                { "a)|(b", "has a ')' without" },
                { ")", "has a ')' without" },
                { "(a", "Unmatched" },
                { "[a", "Unmatched [" },
                { "a{1", "Unmatched" },
                { "a\\", "Trailing backslash" },
                { "[[:x:]]", "Invalid character class name" },
                { "**", "Invalid preceding" },
                { "a{256}", "unfolds" },
                { "a{255}", NULL },
                { "a{70000}", "unfolds" },
                { "a{99999999999999999999999999}", "unfolds" },
                { "(a{15}){15}", "unfolds" },
                { "((a+)+)+", NULL },
                { "(((((((a+)+)+)+)+)+)+)+", "unfolds" },
                { "a+++++++++", "unfolds" },
                { "((((((((((((((((a))))))))))))))))", NULL },
                { "(((((((((((((((((a)))))))))))))))))", "16 groups" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                ValueText v = text_of(cases[i].pattern, &problems);
                _cleanup_(expression_done) Expression e = {};
                int r = value_parse_expression(&v, &e);

                ck_assert_msg(r == !cases[i].why, "%s", cases[i].pattern);
                ck_assert_msg(!cases[i].why || strstr(problems.items[0].message, cases[i].why),
                        "%s", problems.n ? problems.items[0].message : cases[i].pattern);
                ck_assert(!e.text == (r == 0));
                problems_done(&problems);
        }
}
END_TEST

START_TEST(length)
{
        for (size_t n = 255; n <= 258; n++) {
                Problems problems = {};
                char text[300] = "";
                ValueText v = text_of(text, &problems);
                _cleanup_(expression_done) Expression e = {};

                memset(text, '.', n);
                ck_assert_int_eq(value_parse_expression(&v, &e), n <= EXPRESSION_TEXT_MAX);
                problems_done(&problems);
        }
}
END_TEST

START_TEST(lists)
{
        static const struct {
                const char *text, *out;
                size_t problems;
        } cases[] = {
                { "a", "<a@5>", 0 },
                { "a,b", "<a@5><b@7>", 0 },
                { " x y ,\tz", "<x y@6><z@12>", 0 },
                { "a{1,2},b", "<a{1,2}@5><b@12>", 0 },
                { "[,],(a,b),\\,", "<[,]@5><(a,b)@9><\\,@15>", 0 },
                { "[],],b", "<[],]@5><b@10>", 0 },
                { "[[:alpha:],],b", "<[[:alpha:],]@5><b@18>", 0 },
                { "\\(,b", "<\\(@5><b@8>", 0 },
                { "((a),b),c", "<((a),b)@5><c@13>", 0 },
                { "a,", "<a@5><@7>", 1 },
                { ",", "<@5><@6>", 2 },
                { "a),b", "<a)@5><b@8>", 1 },
                { "(a,b", "<(a,b@5>", 1 },
                { "[a,b", "<[a,b@5>", 1 },
                { "a{1,b", "<a{1,b@5>", 1 },
                { "a\\", "<a\\@5>", 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                ValueText v = text_of(cases[i].text, &problems);
                _cleanup_(expression_list_done) ExpressionList list = {}, copy = {};
                char said[256] = "";
                int r = value_parse_expressions(&v, &list);

                ck_assert_msg(r == (cases[i].problems == 0), "'%s'", cases[i].text);
                ck_assert_uint_eq(problems.n, cases[i].problems);
                ck_assert_int_eq(value_copy_expressions(&list, &copy), 0);
                for (size_t k = 0; k < list.n; k++) {
                        size_t used = strlen(said);

                        (void) snprintf(said + used, sizeof(said) - used, "<%s@%u>",
                                list.items[k].text, list.items[k].place.column);
                }
                ck_assert_msg(streq(said, cases[i].out), "'%s': %s", cases[i].text, said);
                problems_done(&problems);
        }
}
END_TEST

/* Each text once. */
START_TEST(union_of_lists)
{
        Problems problems = {};
        ValueText a = text_of("a, b, a", &problems), b = text_of("b, c", &problems);
        _cleanup_(expression_list_done) ExpressionList one = {}, two = {}, all = {};

        ck_assert_int_eq(value_parse_expressions(&a, &one), 1);
        ck_assert_int_eq(value_parse_expressions(&b, &two), 1);
        ck_assert_int_eq(expression_list_add(&all, &one), 0);
        ck_assert_int_eq(expression_list_add(&all, &two), 0);
        ck_assert_uint_eq(all.n, 3);
        ck_assert_str_eq(all.items[2].text, "c");
}
END_TEST

START_TEST(matcher)
{
        static const struct {
                const char *s;
                size_t n;
                bool yes;
        } cases[] = {
                { "MYCO-ABCD", 9, true },
                { "MYCO-ABCDx", 9, true }, /* no further than it goes */
                { "MYCO-ABCDx", 10, false },
                { "xMYCO-ABCD", 10, false },
                { "MYCO-", 5, false },
                { "pin1", 4, true },
                { "pin1", 3, false },
                { "", 0, false },
                { "empty", 0, false },
        };
        Problems problems = {};
        ValueText v = text_of("MYCO-[A-Z]{4}, pin[0-9]|x*", &problems);
        _cleanup_(expression_list_done) ExpressionList list = {};
        _cleanup_(matcher_freep) Matcher *m = NULL, *none = NULL;

        ck_assert_int_eq(value_parse_expressions(&v, &list), 1);
        ck_assert_int_eq(matcher_new(&list, &m), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ck_assert_msg(matcher_matches(m, cases[i].s, cases[i].n) == cases[i].yes, "%zu", i);
        }
        ck_assert_int_eq(matcher_new(&(ExpressionList){ 0 }, &none), 0);
        ck_assert_ptr_null(none);
        ck_assert_int_eq(matcher_new(NULL, &none), 0);
        ck_assert(!matcher_matches(none, "x", 1));
}
END_TEST

/* What other engines take for ever for; the time limit of the test is the check. */
START_TEST(no_stall)
{
        static const char *const patterns[] = { "(a*)*b", "((a*)*)*b", "(a|a)*b", "(a|ab|b)*c",
                "(.*)(.*)(.*)(.*)x", "(a?){50}a{50}", "((a+)+)+b", "(a|b)*a(a|b){12}" };
        char *text = malloc(16385);

        ck_assert_ptr_nonnull(text);
        for (size_t i = 0; i < 16384; i++) {
                text[i] = i % 7 == 3 ? 'b' : 'a';
        }
        text[16384] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(patterns); i++) {
                Problems problems = {};
                ValueText v = text_of(patterns[i], &problems);
                _cleanup_(expression_done) Expression e = {};

                ck_assert_int_eq(value_parse_expression(&v, &e), 1);
                (void) expression_matches(&e, text);
        }
        free(text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_expression");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, matches);
        tcase_add_test(all, refused);
        tcase_add_test(all, length);
        tcase_add_test(all, lists);
        tcase_add_test(all, union_of_lists);
        tcase_add_test(all, matcher);
        tcase_add_test(all, no_stall);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Numbers and single spans: test_rules_value.c. */

#include <stdio.h>

#include "common/span.h"
#include "jit-approver/domain/rules_amount.h"
#include "tests/unit/rules_fixture.h"

static int parse(ValueKind kind, const char *text, void *field, Problems *problems)
{
        ValueText v = { .key = "k", .text = text, .at = { "f", 1, 5 }, .problems = problems };

        return value_parse(kind, &v, field);
}

START_TEST(spans)
{
        static const struct {
                const char *text, *out; /* NULL: bad */
                size_t problems;
        } cases[] = {
                { "5m, 1m", "5m 1m", 0 },
                { "1m,5m", "5m 1m", 0 },
                { "1m", "1m", 0 },
                { "1h 30m ,10s,\t2m", "90m|2m|10s", 0 },
                { "no", "", 0 },
                { "1s,2s,3s,4s,5s,6s,7s,8s", "8s 7s 6s 5s 4s 3s 2s 1s", 0 },
                { "1s,2s,3s,4s,5s,6s,7s,8s,9s", NULL, 1 },
                { "no, 1m", NULL, 1 },
                { "1m, 1m", NULL, 1 },
                { "1m, 60s, x", NULL, 2 },
                { "0", NULL, 1 },
                { ",", NULL, 2 },
                { "367d", NULL, 1 },
                { "1m                                                                          1s, "
                  "2m",
                        NULL, 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                SpanList list = { { 4711 }, 1 }, copy = {};
                char said[256] = "";
                int r = parse(VALUE_SPANS, cases[i].text, &list, &problems);

                ck_assert_msg(r == (cases[i].out ? 1 : 0), "'%s'", cases[i].text);
                ck_assert_uint_eq(problems.n, cases[i].problems);
                problems_done(&problems);
                ck_assert_int_eq(value_copy(VALUE_SPANS, &list, &copy), 0);
                if (!cases[i].out) {
                        ck_assert(copy.n == 1 && copy.items[0] == 4711);
                        continue;
                }
                for (size_t k = 0; k < copy.n; k++) {
                        char one[SPAN_TEXT_MAX];
                        size_t used = strlen(said);

                        span_format(copy.items[k], one);
                        (void) snprintf(said + used, sizeof(said) - used, "%s%s",
                                k == 0                      ? ""
                                : strchr(cases[i].out, '|') ? "|"
                                                            : " ",
                                one);
                }
                ck_assert_str_eq(said, cases[i].out);
        }
}
END_TEST

START_TEST(rates)
{
        static const struct {
                const char *text;
                Rate rate;
                bool good;
        } cases[] = {
                { "10/h", { 10, USEC_PER_HOUR }, true },
                { "1/s", { 1, USEC_PER_SEC }, true },
                { "1/m", { 1, USEC_PER_MIN }, true },
                { "1/min", { 1, USEC_PER_MIN }, true },
                { "1000/d", { 1000, USEC_PER_DAY }, true },
                { "3/15m", { 3, 15 * USEC_PER_MIN }, true },
                { "3/1h 30m", { 3, 90 * USEC_PER_MIN }, true },
                { "3/90", { 3, 90 * USEC_PER_SEC }, true },
                { "no", { 0, 0 }, true },
                { "10", { 0, 0 }, false },
                { "10/", { 0, 0 }, false },
                { "/h", { 0, 0 }, false },
                { "0/h", { 0, 0 }, false },
                { "1001/h", { 0, 0 }, false },
                { "10/0", { 0, 0 }, false },
                { "10/0h", { 0, 0 }, false },
                { "10 /h", { 0, 0 }, false },
                { "+1/h", { 0, 0 }, false },
                { "1.5/h", { 0, 0 }, false },
                { "10/x", { 0, 0 }, false },
                { "10/h/d", { 0, 0 }, false },
                { "12345678/h", { 0, 0 }, false },
                { "99999999999999999999999/h", { 0, 0 }, false },
                { "No", { 0, 0 }, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                Rate rate = { 47, 11 }, copy = { 0, 0 };
                int r = parse(VALUE_RATE, cases[i].text, &rate, &problems);

                ck_assert_msg(r == cases[i].good, "'%s': %d", cases[i].text, r);
                ck_assert_uint_eq(problems.n, cases[i].good ? 0 : 1);
                problems_done(&problems);
                ck_assert_int_eq(value_copy(VALUE_RATE, &rate, &copy), 0);
                ck_assert_int_eq(copy.count, cases[i].good ? cases[i].rate.count : 47);
                ck_assert_int_eq(copy.per, cases[i].good ? cases[i].rate.per : 11);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_amount");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, spans);
        tcase_add_test(all, rates);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "common/span.h"
#include "jit-approver/domain/rules_value.h"
#include "tests/unit/rules_fixture.h"

static int parse(ValueKind kind, const char *text, void *field, Problems *problems)
{
        ValueText v = { .key = "k", .text = text, .at = { "f", 1, 5 }, .problems = problems };

        return value_parse(kind, &v, field);
}

START_TEST(numbers)
{
        static const struct {
                ValueKind kind;
                const char *text;
                int64_t value; /* -1: bad */
        } cases[] = {
                { VALUE_COUNT, "1", 1 },
                { VALUE_COUNT, "100", 100 },
                { VALUE_COUNT, "0", -1 },
                { VALUE_COUNT, "101", -1 },
                { VALUE_COUNT, "-1", -1 },
                { VALUE_COUNT, "01", -1 },
                { VALUE_COUNT, "0x1", -1 },
                { VALUE_COUNT, "18446744073709551617", -1 },
                { VALUE_COUNT, "two", -1 },
                { VALUE_SPAN, "30m", 30 * USEC_PER_MIN },
                { VALUE_SPAN, "1h 30m", 90 * USEC_PER_MIN },
                { VALUE_SPAN, "90", 90 * USEC_PER_SEC },
                { VALUE_SPAN, "366d", SPAN_MAX },
                { VALUE_SPAN, "367d", -1 },
                { VALUE_SPAN, "0", -1 },
                { VALUE_SPAN, "0h", -1 },
                { VALUE_SPAN, "-1h", -1 },
                { VALUE_SPAN, "1.5h", -1 },
                { VALUE_SPAN, "infinity", -1 },
                { VALUE_SPAN_OR_NO, "0", 0 },
                { VALUE_SPAN_OR_NO, "5m", 5 * USEC_PER_MIN },
                { VALUE_SPAN_OR_NO, "no", -1 },
                { VALUE_WAITING, "1", 1 },
                { VALUE_WAITING, "1000", 1000 },
                { VALUE_WAITING, "1001", -1 },
                { VALUE_WAITING, "0", -1 },
                { VALUE_COOL_DOWN, "0", 0 },
                { VALUE_COOL_DOWN, "1h", USEC_PER_HOUR },
                { VALUE_COOL_DOWN, "3601", -1 },
                { VALUE_COOL_DOWN, "2d", -1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                int64_t value = 4711, copy = 0;
                bool good = cases[i].value >= 0;
                int r = parse(cases[i].kind, cases[i].text, &value, &problems);

                ck_assert_msg(r == (good ? 1 : 0), "'%s': %d", cases[i].text, r);
                ck_assert_int_eq(value, good ? cases[i].value : 4711);
                ck_assert_uint_eq(problems.n, good ? 0 : 1);
                ck_assert(good || problems.items[0].column == 5);
                ck_assert_int_eq(value_copy(cases[i].kind, &value, &copy), 0);
                ck_assert_int_eq(copy, value);
                problems_done(&problems);
        }
}
END_TEST

/* What no key of a rule has is never copied, and what is of a later version never parsed. */
START_TEST(strangers)
{
        static const ValueKind kinds[] = { VALUE_EMAIL, VALUE_URL, VALUE_LATER, _VALUE_MAX };
        Problems problems = {};
        char *from = NULL, *to = NULL;

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                ck_assert_int_eq(value_copy(kinds[i], &from, &to), -EINVAL);
        }
        ck_assert_int_eq(parse(VALUE_LATER, "x", &to, &problems), -EINVAL);
}
END_TEST

START_TEST(email)
{
        static const struct {
                const char *text;
                bool good;
        } cases[] = {
                { "bob@example.org", true },
                { "b.o+b@localhost", true },
                { "m\u00fcller@example.org", true },
                { "bob", false },
                { "@example.org", false },
                { "bob@", false },
                { "bob@a@b", false },
                { "bob @example.org", false },
                { "bob@example.org,carol@example.org", false },
                { "Bob <bob@example.org>", false },
                { "-oQ/tmp@example.org", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                char *value = NULL;
                int r = parse(VALUE_EMAIL, cases[i].text, &value, &problems);

                ck_assert_msg(r == cases[i].good, "'%s': %d", cases[i].text, r);
                ck_assert_int_eq(value != NULL, cases[i].good);
                problems_done(&problems);
                free(value);
        }
}
END_TEST

/* Keys of [store], which nobody inherits. */
START_TEST(store_amounts)
{
        static const struct {
                ValueKind kind;
                const char *text;
                int64_t value; /* -1: bad */
        } cases[] = {
                { VALUE_KEEP, "400d", 400 * USEC_PER_DAY },
                { VALUE_KEEP, "1d", USEC_PER_DAY },
                { VALUE_KEEP, "36500d", 36500 * USEC_PER_DAY },
                { VALUE_KEEP, "23h", -1 },
                { VALUE_KEEP, "36501d", -1 },
                { VALUE_KEEP, "99999999999999999999d", -1 },
                { VALUE_KEEP, "0", -1 },
                { VALUE_KEEP, "forever", -1 },
                { VALUE_KEEP, "-1d", -1 },
                { VALUE_SIZE, "1G", INT64_C(1) << 30 },
                { VALUE_SIZE, "16M", INT64_C(16) << 20 },
                { VALUE_SIZE, "16384K", INT64_C(16) << 20 },
                { VALUE_SIZE, "16777216", INT64_C(16) << 20 },
                { VALUE_SIZE, "16777215", -1 },
                { VALUE_SIZE, "15M", -1 },
                { VALUE_SIZE, "65536G", INT64_C(65536) << 30 },
                { VALUE_SIZE, "65537G", -1 },
                { VALUE_SIZE, "18446744073709551616G", -1 },
                { VALUE_SIZE, "999999999999999G", -1 },
                { VALUE_SIZE, "1g", -1 },
                { VALUE_SIZE, "1GB", -1 },
                { VALUE_SIZE, "1 G", -1 },
                { VALUE_SIZE, "1.5G", -1 },
                { VALUE_SIZE, "G", -1 },
                { VALUE_SIZE, "-1G", -1 },
                { VALUE_SIZE, "infinity", -1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                int64_t value = 4711;
                bool good = cases[i].value >= 0;
                int r = parse(cases[i].kind, cases[i].text, &value, &problems);

                ck_assert_msg(r == (good ? 1 : 0), "'%s': %d", cases[i].text, r);
                ck_assert_int_eq(value, good ? cases[i].value : 4711);
                ck_assert_uint_eq(problems.n, good ? 0 : 1);
                problems_done(&problems);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_value");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, store_amounts);
        tcase_add_test(all, numbers);
        tcase_add_test(all, strangers);
        tcase_add_test(all, email);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

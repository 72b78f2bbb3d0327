/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/util.h"

#define MS USEC_PER_MSEC
#define S USEC_PER_SEC
#define M USEC_PER_MIN
#define H USEC_PER_HOUR
#define D USEC_PER_DAY

START_TEST(parse)
{
        static const struct {
                const char *text;
                int r;
                usec_t span;
        } cases[] = {
                { "0", 0, 0 },
                { "90", 0, 90 * S },
                { "90s", 0, 90 * S },
                { "1us", 0, 1 },
                { "500ms", 0, 500 * MS },
                { "30m", 0, 30 * M },
                { "1h 30m", 0, 90 * M },
                { "1h30m", 0, 90 * M },
                { "1 h  30 min", 0, 90 * M },
                { "2d", 0, 2 * D },
                { "1w", 0, 7 * D },
                { "1week 2days 3hours 4minutes 5seconds 6msec 7usec", 0,
                        9 * D + 3 * H + 4 * M + 5 * S + 6 * MS + 7 },
                { "2hr 2sec", 0, 2 * H + 2 * S },
                { "366d", 0, SPAN_MAX },
                { "31622400", 0, SPAN_MAX },
                { "366d 1us", -ERANGE, 0 },
                { "367d", -ERANGE, 0 },
                { "53w", -ERANGE, 0 },
                { "9223372036854775807us", -ERANGE, 0 },
                { "9223372036854775807", -ERANGE, 0 },
                { "9223372036854775807us 1us", -ERANGE, 0 },
                { "2147483648", -ERANGE, 0 },
                { "99999999999999999999999999999999999w", -ERANGE, 0 },
                { "99999999999999999999999 weeks 99999999999999999999999 weeks", -ERANGE, 0 },
                { "18446744073709551617s", -ERANGE, 0 }, /* 2^64+1 must not be 1 */
                { "", -EINVAL, 0 },
                { " ", -EINVAL, 0 },
                { "s", -EINVAL, 0 },
                { "-1s", -EINVAL, 0 },
                { "+1s", -EINVAL, 0 },
                { " 1s", -EINVAL, 0 },
                { "1s ", -EINVAL, 0 },
                { "1 ", -EINVAL, 0 },
                { "1.5h", -EINVAL, 0 },
                { "1h 30", -EINVAL, 0 },
                { "30 1h", -EINVAL, 0 },
                { "1 2", -EINVAL, 0 },
                { "1H", -EINVAL, 0 },
                { "1M", -EINVAL, 0 },
                { "1month", -EINVAL, 0 },
                { "1y", -EINVAL, 0 },
                { "1hs", -EINVAL, 0 },
                { "1h,30m", -EINVAL, 0 },
                { "1h\t30m", -EINVAL, 0 },
                { "1s\n", -EINVAL, 0 },
                { "0x10", -EINVAL, 0 },
                { "1e3", -EINVAL, 0 },
                { "infinity", -EINVAL, 0 },
                { "999999999999999999999x", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                usec_t span = 4711;
                int r = span_parse(cases[i].text, &span);

                ck_assert_msg(r == cases[i].r, "'%s' gives %d", cases[i].text, r);
                ck_assert_int_eq(span, r < 0 ? 4711 : cases[i].span);
        }
}
END_TEST

START_TEST(units)
{
        static const struct {
                const char *names[6];
                usec_t usec;
        } cases[] = {
                { { "us", "usec", "usecs" }, 1 },
                { { "ms", "msec", "msecs" }, MS },
                { { "s", "sec", "secs", "second", "seconds" }, S },
                { { "m", "min", "mins", "minute", "minutes" }, M },
                { { "h", "hr", "hrs", "hour", "hours" }, H },
                { { "d", "day", "days" }, D },
                { { "w", "week", "weeks" }, 7 * D },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                for (size_t k = 0; k < 6 && cases[i].names[k]; k++) {
                        _cleanup_(freep) char *text = NULL;
                        usec_t span = 0;

                        ck_assert_int_eq(str_printf(&text, "3%s", cases[i].names[k]), 0);
                        ck_assert_msg(span_parse(text, &span) == 0, "%s", text);
                        ck_assert_int_eq(span, 3 * cases[i].usec);
                }
        }
}
END_TEST

START_TEST(format)
{
        static const struct {
                usec_t span;
                const char *text;
        } cases[] = {
                { 0, "0" },
                { -1, "0" },
                { INT64_MIN, "0" },
                { 1, "1us" },
                { 500 * MS, "500ms" },
                { 30 * S, "30s" },
                { 60 * S, "1m" },
                { 90 * S, "90s" },
                { 30 * M, "30m" },
                { 90 * M, "90m" },
                { 8 * H, "8h" },
                { 2 * D, "2d" },
                { 7 * D, "1w" },
                { 30 * D, "30d" },
                { 366 * D, "366d" },
                { D + 1, "1d 1us" },
                { H + S, "3601s" },
                { 6 * D + 7, "6d 7us" },
                { SPAN_MAX - 1, "31622399999999us" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[SPAN_TEXT_MAX];
                usec_t back = 4711;

                span_format(cases[i].span, text);
                ck_assert_str_eq(text, cases[i].text);
                ck_assert_int_eq(span_parse(text, &back), 0);
                ck_assert_int_eq(back, MAX(cases[i].span, (usec_t) 0));
        }
}
END_TEST

START_TEST(format_beyond)
{
        char text[SPAN_TEXT_MAX];

        span_format(USEC_NEVER, text);
        ck_assert_uint_lt(strlen(text), SPAN_TEXT_MAX);
        span_say(USEC_NEVER, text);
        ck_assert_uint_lt(strlen(text), SPAN_TEXT_MAX);
}
END_TEST

START_TEST(say)
{
        static const struct {
                usec_t span;
                const char *text;
        } cases[] = {
                { 0, "0 s" },
                { -5, "0 s" },
                { 400, "0 s" },
                { 500 * MS, "500 ms" },
                { S - 1, "1 s" },
                { 12 * S + 400 * MS, "12 s" },
                { 59 * S + 600 * MS, "1 min" },
                { 90 * S, "1 min 30 s" },
                { 10 * M - 1, "10 min" },
                { 29 * M + 59 * S, "30 min" },
                { 30 * M, "30 min" },
                { 30 * M + 10 * S, "30 min" },
                { 90 * M, "1 h 30 min" },
                { 8 * H, "8 h" },
                { D - 1, "1 d" },
                { 25 * H + 40 * M, "1 d 2 h" },
                { 3 * D + 4 * H + 5 * M, "3 d 4 h" },
                { 366 * D, "366 d" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[SPAN_TEXT_MAX];

                span_say(cases[i].span, text);
                ck_assert_str_eq(text, cases[i].text);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("span");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, parse);
        tcase_add_test(all, units);
        tcase_add_test(all, format);
        tcase_add_test(all, format_beyond);
        tcase_add_test(all, say);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

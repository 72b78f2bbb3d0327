/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/util.h"

START_TEST(now)
{
        Now a = clock_now(), b = clock_now();

        ck_assert_int_gt(a.wall, 1700000000 * USEC_PER_SEC);
        ck_assert_int_gt(a.boot, 0);
        ck_assert_int_ge(b.boot, a.boot);
        ck_assert_int_ge(clock_usec(CLOCK_BOOTTIME), b.boot);
}
END_TEST

START_TEST(sums)
{
        ck_assert_int_eq(usec_add(1, 2), 3);
        ck_assert_int_eq(usec_add(-5, 2), -3);
        ck_assert_int_eq(usec_add(USEC_NEVER, 0), USEC_NEVER);
        ck_assert_int_eq(usec_add(USEC_NEVER, 1), USEC_NEVER);
        ck_assert_int_eq(usec_add(USEC_NEVER - 1, 1), USEC_NEVER);
        ck_assert_int_eq(usec_add(USEC_NEVER - 1, 2), USEC_NEVER);
        ck_assert_int_eq(usec_add(USEC_NEVER, USEC_NEVER), USEC_NEVER);
}
END_TEST

START_TEST(waits)
{
        static const struct {
                usec_t now, deadline;
                int ms;
        } cases[] = {
                { 0, 0, 0 },
                { 5, 4, 0 },
                { USEC_NEVER, 0, 0 },
                { 0, 1, 1 },
                { 0, 999, 1 },
                { 0, 1000, 1 },
                { 0, 1001, 2 },
                { 0, (usec_t) INT32_MAX * 1000 - 1, INT32_MAX },
                { 0, (usec_t) INT32_MAX * 1000, INT32_MAX },
                { 0, (usec_t) INT32_MAX * 1000 + 1, INT32_MAX },
                { 0, USEC_NEVER, INT32_MAX },
                { -1, USEC_NEVER, INT32_MAX },
                { INT64_MIN, INT64_MAX, INT32_MAX },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ck_assert_int_eq(usec_poll_ms(cases[i].now, cases[i].deadline), cases[i].ms);
        }
}
END_TEST

static const struct {
        const char *text;
        int64_t sec, usec;
} instants[] = {
        { "1970-01-01T00:00:00Z", 0, 0 },
        { "1969-12-31T23:59:59.999999Z", -1, 999999 },
        { "2026-11-21T15:04:05Z", 1795273445, 0 },
        { "2026-11-21T15:04:05.123456Z", 1795273445, 123456 },
        { "2026-11-21T15:04:05.000001Z", 1795273445, 1 },
        { "2000-02-29T12:00:00Z", 951825600, 0 },
        { "2038-01-19T03:14:07Z", 2147483647, 0 },
        { "2038-01-19T03:14:08Z", 2147483648, 0 },
        { "1901-12-13T20:45:51Z", -2147483649, 0 },
        { "2100-03-01T00:00:00Z", 4107542400, 0 },
        { "2106-02-07T06:28:16Z", 4294967296, 0 },
        { "0000-01-01T00:00:00Z", -62167219200, 0 },
        { "0000-02-29T00:00:00Z", -62162121600, 0 },
        { "9999-12-31T23:59:59Z", 253402300799, 0 },
};

START_TEST(rfc3339_both_ways)
{
        for (size_t i = 0; i < ELEMENTSOF(instants); i++) {
                usec_t want = instants[i].sec * USEC_PER_SEC + instants[i].usec, got = 0;
                char text[TIME_RFC3339_MAX];

                time_rfc3339(want, text);
                ck_assert_str_eq(text, instants[i].text);
                ck_assert_int_eq(time_rfc3339_parse(text, &got), 0);
                ck_assert_int_eq(got, want);
        }
}
END_TEST

/* Against libc, a day at a time over what has leap years of all kinds. */
START_TEST(rfc3339_like_libc)
{
        for (int64_t sec = -2300000000; sec < 8000000000; sec += 86400 * 3 + 3607) {
                char text[TIME_RFC3339_MAX], want[64];
                time_t t = (time_t) sec;
                struct tm tm;

                ck_assert_ptr_nonnull(gmtime_r(&t, &tm));
                strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &tm);
                time_rfc3339(sec * USEC_PER_SEC, text);
                ck_assert_str_eq(text, want);
        }
}
END_TEST

START_TEST(rfc3339_out_of_range)
{
        char text[TIME_RFC3339_MAX];

        time_rfc3339(USEC_NEVER, text);
        ck_assert_str_eq(text, "9999-12-31T23:59:59Z");
        time_rfc3339(INT64_MIN, text);
        ck_assert_str_eq(text, "0000-01-01T00:00:00Z");
}
END_TEST

START_TEST(rfc3339_foreign)
{
        static const struct {
                const char *text;
                int64_t sec, usec;
        } cases[] = {
                { "2026-11-21T16:04:05+01:00", 1795273445, 0 },
                { "2026-11-21T09:34:05-05:30", 1795273445, 0 },
                { "2026-11-22T14:03:05+22:59", 1795273445, 0 },
                { "2026-11-21T15:04:05-00:00", 1795273445, 0 },
                { "2026-11-21T15:04:05.5Z", 1795273445, 500000 },
                { "2026-11-21T15:04:05.1234567Z", 1795273445, 123456 },
                { "2026-11-21T15:04:05.123456789+00:00", 1795273445, 123456 },
        };
        static const char *const bad[] = { "", "Z", "2026-11-21", "2026-11-21T15:04:05",
                "2026-11-21 15:04:05Z", "2026-11-21t15:04:05z", "2026-11-21T15:04Z",
                "2026-11-21T15:04:05ZZ", "2026-11-21T15:04:05Z ", " 2026-11-21T15:04:05Z",
                "2026-13-21T15:04:05Z", "2026-00-21T15:04:05Z", "2026-11-31T15:04:05Z",
                "2026-11-00T15:04:05Z", "2026-02-29T15:04:05Z", "2100-02-29T15:04:05Z",
                "2026-11-21T24:00:00Z", "2026-11-21T15:60:05Z", "2026-11-21T15:04:60Z",
                "2026-11-21T15:04:05.Z", "2026-11-21T15:04:05.1234567890Z",
                "2026-11-21T15:04:05+1:00", "2026-11-21T15:04:05+24:00",
                "2026-11-21T15:04:05+01:60", "2026-11-21T15:04:05+0100",
                "2026-11-21T15:04:05+01:00Z", "12026-11-21T15:04:05Z", "-026-11-21T15:04:05Z",
                "2026-1-21T15:04:05Z", "2026-11-21T15:04:05,5Z", "2026-11-21T+5:04:05Z" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                usec_t got = 0;

                ck_assert_msg(time_rfc3339_parse(cases[i].text, &got) == 0, "%s", cases[i].text);
                ck_assert_int_eq(got, cases[i].sec * USEC_PER_SEC + cases[i].usec);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                usec_t got = 4711;

                ck_assert_msg(time_rfc3339_parse(bad[i], &got) == -EINVAL, "%s", bad[i]);
                ck_assert_int_eq(got, 4711);
        }
}
END_TEST

START_TEST(local)
{
        /* now is 2026-11-21T15:04:05Z; POSIX zones, so that no zone files are needed */
        static const struct {
                const char *zone;
                int64_t sec;
                const char *text;
        } cases[] = {
                { "UTC0", 1795273445, "15:04" },
                { "UTC0", 1795273445 + 60, "15:05" },
                { "UTC0", 1795273445 + 86400, "2026-11-22 15:04" },
                { "UTC0", 1795273445 - 86400, "2026-11-20 15:04" },
                { "UTC0", 1795273445 + 365 * 86400, "2027-11-21 15:04" },
                { "UTC0", 1795273445 + 9 * 3600, "2026-11-22 00:04" },
                { "XXX-2", 1795273445, "17:04" },
                { "XXX-2", 1795273445 + 7 * 3600, "2026-11-22 00:04" },
                { "XXX5", 1795273445 + 9 * 3600, "19:04" },
                { "CET-1CEST,M3.5.0,M10.5.0/3", 1795273445, "16:04" },
                { "CET-1CEST,M3.5.0,M10.5.0/3", 1795273445 + 240 * 86400, "2027-07-19 17:04" },
                { "UTC0", 253402300800, "9999-12-31T23:59:59Z" },
        };
        char text[TIME_RFC3339_MAX];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                setenv("TZ", cases[i].zone, 1);
                tzset();
                time_local(cases[i].sec * USEC_PER_SEC, 1795273445 * USEC_PER_SEC, text);
                ck_assert_str_eq(text, cases[i].text);
        }
        time_local(USEC_NEVER, 0, text);
        ck_assert_str_eq(text, "9999-12-31T23:59:59Z");
        time_local(INT64_MIN, INT64_MIN, text);
        ck_assert_str_eq(text, "0000-01-01T00:00:00Z");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("clock");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, now);
        tcase_add_test(all, sums);
        tcase_add_test(all, waits);
        tcase_add_test(all, rfc3339_both_ways);
        tcase_add_test(all, rfc3339_like_libc);
        tcase_add_test(all, rfc3339_out_of_range);
        tcase_add_test(all, rfc3339_foreign);
        tcase_add_test(all, local);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "jit-approver/ctl/when.h"

/* 2026-11-21 15:04:05 UTC, which is a Saturday 16:04:05 in Berlin. */
#define NOW ((usec_t) 1795273445 * USEC_PER_SEC)

static void check_is(const char *typed, const char *expected)
{
        char text[TIME_RFC3339_MAX];
        usec_t at;

        ck_assert_msg(when_parse(typed, NOW, &at) == 0, "%s", typed);
        time_rfc3339(at, text);
        ck_assert_str_eq(text, expected);
}

START_TEST(forms)
{
        check_is("now", "2026-11-21T15:04:05Z");
        check_is("today", "2026-11-20T23:00:00Z");
        check_is("yesterday", "2026-11-19T23:00:00Z");
        check_is("2026-11-21", "2026-11-20T23:00:00Z");
        check_is("2026-07-01", "2026-06-30T22:00:00Z"); /* summer time */
        check_is("2026-11-21 15:04", "2026-11-21T14:04:00Z");
        check_is("2026-11-21 15:04:05", "2026-11-21T14:04:05Z");
        check_is("2026-11-21T15:04:05Z", "2026-11-21T15:04:05Z");
        check_is("2026-11-21T15:04:05+02:00", "2026-11-21T13:04:05Z");
        check_is("15:04", "2026-11-21T14:04:00Z");
        check_is("03:00", "2026-11-21T02:00:00Z");
        check_is("-2h", "2026-11-21T13:04:05Z");
        check_is("2h ago", "2026-11-21T13:04:05Z");
        check_is("1h 30m ago", "2026-11-21T13:34:05Z");
        check_is("-1d", "2026-11-20T15:04:05Z");
}
END_TEST

START_TEST(nonsense)
{
        static const char *const bad[] = { "", " ", "tomorrow", "2h", "2026-11", "2026-13-01",
                "2026-02-31", "2026-11-21 25:00", "2026-11-21 15:4", "2026-1-21 15:04", "-", "ago",
                " ago", "-2h ago", "2x ago", "+2h", "Today", "2026/11/21", "3:00", "25:00",
                "15:04:05", "15-04", "-99999999999999999999999999999999999999999999999999999999h" };
        usec_t at = 42;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ck_assert_msg(when_parse(bad[i], NOW, &at) < 0, "'%s'", bad[i]);
        }
        ck_assert_int_eq(at, 42);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("when");
        TCase *t = tcase_create("when");

        (void) setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
        tzset();
        tcase_add_test(t, forms);
        tcase_add_test(t, nonsense);
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

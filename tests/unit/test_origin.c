/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/gateway/origin.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

START_TEST(origins)
{
        static const struct {
                const char *site, *origin, *host, *own;
                bool form, program;
        } cases[] = {
                { NULL, NULL, "h", NULL, true, true },
                { "same-origin", "null", "h", NULL, true, false },
                { "none", NULL, "h", NULL, true, true },
                { "cross-site", NULL, "h", NULL, false, false },
                { "", NULL, "h", NULL, false, false },
                { NULL, "https://h", "h", NULL, true, true },
                { NULL, "https://h:8443", "h:8443", NULL, true, true },
                { NULL, "https://h:8443", "h", NULL, false, false },
                { NULL, "https://H", "h", NULL, true, true },
                { NULL, "https://h", NULL, NULL, false, false },
                { NULL, "", "h", NULL, false, false },
                { NULL, "https://own", "inner:80", "https://own", true, true },
                { NULL, "http://own", "inner:80", "https://own", false, false },
                { NULL, "https://ownx", "inner:80", "https://own", false, false },
                { "cross-site", "https://own", "own", "https://own", false, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Origin o = { cases[i].site, cases[i].origin, cases[i].host };

                ck_assert_msg(origin_ok(&o, cases[i].own, true) == cases[i].form, "case %zu", i);
                ck_assert_msg(
                        origin_ok(&o, cases[i].own, false) == cases[i].program, "case %zu", i);
        }
}
END_TEST

START_TEST(urls)
{
        static const struct {
                const char *url, *origin;
        } cases[] = {
                { "https://h", "https://h" },
                { "https://h:8443/", "https://h:8443" },
                { "https://h/jit/?x", "https://h" },
                { "https://[::1]:1#f", "https://[::1]:1" },
                { "h", NULL },
                { "://h", NULL },
                { "https://", NULL },
                { "https:///x", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char *origin = NULL;

                ck_assert_int_eq(origin_of(cases[i].url, &origin), cases[i].origin ? 0 : -EINVAL);
                if (cases[i].origin) {
                        ck_assert_str_eq(origin, cases[i].origin);
                }
                free(origin);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("origin");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, origins);
        tcase_add_test(all, urls);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

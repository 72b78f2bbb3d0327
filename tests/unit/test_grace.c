/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/grace.h"

static const struct {
        const char *text, *argument;
        bool known, pam, keyboard;
} CASES[] = {
        { "port 22\nlogingracetime 120\nusepam yes\nkbdinteractiveauthentication yes\n", "wait=75s",
                true, true, true },
        { "logingracetime 0\nusepam no\nkbdinteractiveauthentication no\n", "wait=75s", true, false,
                false },
        { "logingracetime 105\n", "wait=75s", true, false, false },
        { "logingracetime 104\n", "wait=74s", true, false, false },
        { "logingracetime 60\nusepam yes", "wait=30s", true, true, false },
        { "logingracetime 35\n", "wait=5s", true, false, false },
        { "logingracetime 34\n", "nowait", true, false, false },
        { "logingracetime 1\n", "nowait", true, false, false },
        { "LoginGraceTime 60\r\nUsePAM Yes\n", "wait=30s", true, true, false },
        /* What does not say it. */
        { "", "nowait", false, false, false },
        { "logingracetime\n", "nowait", false, false, false },
        { "logingracetime 2m\n", "nowait", false, false, false },
        { "xlogingracetime 60\nusepamx yes\n", "nowait", false, false, false },
        { "logingracetime -1\nusepam yes\n", "nowait", false, true, false },
};

START_TEST(reads)
{
        Grace g;

        grace_read(CASES[_i].text, &g);
        ck_assert_str_eq(g.argument, CASES[_i].argument);
        ck_assert_int_eq(g.known, CASES[_i].known);
        ck_assert_int_eq(g.use_pam, CASES[_i].pam);
        ck_assert_int_eq(g.keyboard, CASES[_i].keyboard);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("grace");
        TCase *tcase = tcase_create("grace");

        tcase_add_loop_test(tcase, reads, 0, ELEMENTSOF(CASES));
        suite_add_tcase(suite, tcase);

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

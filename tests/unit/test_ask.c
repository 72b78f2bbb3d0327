/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "jit-approver/ctl/ask.h"

START_TEST(only_two_words_open)
{
        ck_assert_int_eq(ask_exit(VERDICT_GRANT, NULL), EXIT_DONE);
        ck_assert_int_eq(ask_exit(VERDICT_PASS, NULL), EXIT_DONE);
        ck_assert_int_eq(ask_exit(VERDICT_PENDING, "detached"), EXIT_PENDING);
        ck_assert_int_eq(ask_exit(VERDICT_DENY, "denied"), EXIT_NO);
        ck_assert_int_eq(ask_exit(VERDICT_DENY, "no-rule"), EXIT_NO);
        ck_assert_int_eq(ask_exit(VERDICT_DENY, "withdrawn"), EXIT_NO);
        ck_assert_int_eq(ask_exit(VERDICT_DENY, "timed-out"), EXIT_PENDING);
        ck_assert_int_eq(ask_exit(VERDICT_DENY, "detached"), EXIT_PENDING);
        ck_assert_int_eq(ask_exit(VERDICT_DENY, "store"), EXIT_ERROR);
        ck_assert_int_eq(ask_exit(VERDICT_DENY, NULL), EXIT_NO);
        ck_assert_int_eq(ask_exit(VERDICT_DENY, "unheard-of"), EXIT_NO);
        ck_assert_int_eq(ask_exit(VERDICT_ASK, NULL), EXIT_NO);
        ck_assert_int_eq(ask_exit("granted", NULL), EXIT_NO);
        ck_assert_int_eq(ask_exit("", NULL), EXIT_NO);
        ck_assert_int_eq(ask_exit(NULL, NULL), EXIT_NO);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("ask");
        TCase *t = tcase_create("ask");

        tcase_add_test(t, only_two_words_open);
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

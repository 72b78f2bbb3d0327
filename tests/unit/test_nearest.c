/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/macro.h"
#include "jit-approver/ctl/nearest.h"

static const char *const words[] = { "request", "approve", "deny", "end", "run", "grants",
        "revoke" };

static const char *near(const char *typed)
{
        return nearest_word(typed, words, ELEMENTSOF(words));
}

START_TEST(slips)
{
        ck_assert_str_eq(near("aprove"), "approve");
        ck_assert_str_eq(near("approev"), "approve");
        ck_assert_str_eq(near("dney"), "deny");
        ck_assert_str_eq(near("requets"), "request");
        ck_assert_str_eq(near("req"), "request");
        ck_assert_str_eq(near("revok"), "revoke");
        ck_assert_str_eq(near("grant"), "grants");
}
END_TEST

START_TEST(strangers)
{
        ck_assert_ptr_null(near("frobnicate"));
        ck_assert_ptr_null(near(""));
        ck_assert_ptr_null(near("x"));
        ck_assert_ptr_null(near("a-word-that-is-much-longer-than-any-verb-of-ours"));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("nearest");
        TCase *t = tcase_create("nearest");

        tcase_add_test(t, slips);
        tcase_add_test(t, strangers);
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

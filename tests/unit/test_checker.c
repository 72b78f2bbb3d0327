/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "jit-approver/ctl/checker.h"

START_TEST(problem_lines)
{
        const char *line = "/etc/jit:x/approver.conf:12:3: no such key 'foo': did you mean 'for'?";
        const char *message;
        int64_t row, column;
        size_t file;

        ck_assert(checker_split(line, &file, &row, &column, &message));
        ck_assert_uint_eq(file, strlen("/etc/jit:x/approver.conf"));
        ck_assert_int_eq(row, 12);
        ck_assert_int_eq(column, 3);
        ck_assert_str_eq(message, "no such key 'foo': did you mean 'for'?");

        ck_assert(!checker_split("", &file, &row, &column, &message));
        ck_assert(!checker_split("cannot open: no", &file, &row, &column, &message));
        ck_assert(!checker_split("a:1: b", &file, &row, &column, &message));
        ck_assert(!checker_split("a:1:2b", &file, &row, &column, &message));
        ck_assert(!checker_split("a:99999999999:2: b", &file, &row, &column, &message));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("checker");
        TCase *t = tcase_create("checker");

        tcase_add_test(t, problem_lines);
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

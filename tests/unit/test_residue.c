/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/residue.h"

static void accept_as(
        const char *const *lines, size_t n, int64_t found, const char *text, const char *summary)
{
        _cleanup_(freep) char *got = NULL, *said = NULL;

        ck_assert_int_eq(residue_accept(lines, n, found, NULL, &got, &said), 0);
        ck_assert_str_eq(got, text);
        ck_assert_str_eq(said, summary);
}

START_TEST(summaries)
{
        static const char *const lines[] = {
                "added\t\troot\t\t/etc/cron.d/x",
                "added\t2026-11-22T08:00:00Z\troot\t\t/etc/cron.d/y",
                "setuid\t\tdev\t\t/tmp/sh",
        };

        accept_as(NULL, 0, 0, "", "nothing was found");
        accept_as(lines, 2, 2,
                "added\t\troot\t\t/etc/cron.d/x\nadded\t2026-11-22T08:00:00Z\troot\t\t/etc/cron.d/y\n",
                "added 2 (/etc/cron.d/x)");
        accept_as(lines + 1, 2, 9,
                "added\t2026-11-22T08:00:00Z\troot\t\t/etc/cron.d/y\nsetuid\t\tdev\t\t/tmp/sh\n",
                "added 1 (/etc/cron.d/y), setuid 1 (/tmp/sh), 7 more");
}
END_TEST

/* What a process was started with is its own business. */
START_TEST(secrets_of_commands)
{
        static const char *const lines[] = {
                "process\t\troot\tpid 1\tcurl --password=hunter2 -u me:secret https://x",
                "added\t\troot\t\t/etc/--password=hunter2",
        };

        accept_as(lines, 1, 1,
                "process\t\troot\tpid 1\tcurl --password=MASKED -u me:MASKED https://x\n",
                "process 1 (curl --password=MASKED -u me:MASKED https://x)");
        accept_as(lines + 1, 1, 1, "added\t\troot\t\t/etc/--password=hunter2\n",
                "added 1 (/etc/--password=hunter2)");
}
END_TEST

START_TEST(made_safe_again)
{
        static const char *const lines[] = { "added\t\troot\t\t/tmp/\x1b[2J\n\u202e" };

        accept_as(lines, 1, 1, "added\t\troot\t\t/tmp/\\x1b[2J\\x0a\\u{202e}\n",
                "added 1 (/tmp/\\x1b[2J\\x0a\\u{202e})");
}
END_TEST

START_TEST(summary_is_cut_between_characters)
{
        static const char *const lines[] = {
                "added\t\troot\t\t/ääääääääääääääääääääääääääääääääääääää",
        };

        accept_as(lines, 1, 1, "added\t\troot\t\t/ääääääääääääääääääääääääääääääääääääää\n",
                "added 1 (/äääääääääääääääääääääääääääää…)");
}
END_TEST

START_TEST(refusals)
{
        static const char *many[RESIDUE_LINES_MAX + 1];
        _cleanup_(freep) char *got = NULL, *said = NULL;

        for (size_t i = 0; i < ELEMENTSOF(many); i++) {
                many[i] = "added\t\troot\t\t/x";
        }
        ck_assert_int_eq(residue_accept(many, ELEMENTSOF(many), 0, NULL, &got, &said), -E2BIG);
        many[3] = "nonsense";
        ck_assert_int_eq(residue_accept(many, 4, 0, NULL, &got, &said), -EBADMSG);
        ck_assert_ptr_null(got);
        ck_assert_ptr_null(said);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("residue");
        TCase *all = tcase_create("all");
        SRunner *runner;
        int failed;

        tcase_add_test(all, summaries);
        tcase_add_test(all, secrets_of_commands);
        tcase_add_test(all, made_safe_again);
        tcase_add_test(all, summary_is_cut_between_characters);
        tcase_add_test(all, refusals);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}

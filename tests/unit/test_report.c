/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/util.h"
#include "jit-approver/residue/report.h"

static Report report;

static void done(void)
{
        report_done(&report);
}

static void add(TraceKind kind, const char *what, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                ck_assert_int_eq(report_add(&report, &(Trace){ kind, 0, "root", NULL, what }), 0);
        }
}

/* Decoys of one family do not crowd out the others; all of them are counted. */
START_TEST(decoys)
{
        add(TRACE_SETUID, "/tmp/decoy", 500);
        add(TRACE_ADDED, "/etc/cron.d/decoy", 500);
        add(TRACE_PROCESS, "sleep 1", 500);
        ck_assert_uint_eq(strv_length(report.lines), REPORT_LINES_MAX);
        ck_assert_int_eq(report.found, 1500);
        ck_assert_str_eq(report.lines[REPORT_LINES_MAX - 1], "process\t\troot\t\tsleep 1");
}
END_TEST

/* The message is never too large to be sent, whatever the names. */
START_TEST(fits_a_message)
{
        JsonWriter w = { 0 };
        char name[5000];

        memset(name, '"', sizeof(name));
        name[sizeof(name) - 1] = '\0';
        add(TRACE_ADDED, name, 200);
        add(TRACE_SETGID, name, 200);
        ck_assert_int_eq(report.found, 400);
        ck_assert_uint_gt(strv_length(report.lines), 10);
        json_open_array(&w, NULL);
        for (char **line = report.lines; *line; line++) {
                json_put_string(&w, NULL, *line);
        }
        json_close_array(&w);
        ck_assert_int_eq(w.error, 0);
        ck_assert_uint_le(w.size, 33 * 1024);
        json_writer_done(&w);
}
END_TEST

START_TEST(cut_short)
{
        ck_assert_ptr_null(report.cut_short);
        ck_assert_int_eq(report_cut(&report, "at %s", "/srv/\x1b"), 0);
        ck_assert_str_eq(report.cut_short, "at /srv/\\x1b");
        ck_assert_int_eq(report_cut(&report, "%d more", 7), 0);
        ck_assert_str_eq(report.cut_short, "at /srv/\\x1b; 7 more");
        for (int i = 0; i < 500; i++) {
                ck_assert_int_eq(report_cut(&report, "and on and on and on"), 0);
        }
        ck_assert_uint_le(strlen(report.cut_short), 600);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("report");
        TCase *all = tcase_create("all");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(all, NULL, done);
        tcase_add_test(all, decoys);
        tcase_add_test(all, fits_a_message);
        tcase_add_test(all, cut_short);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}

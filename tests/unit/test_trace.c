/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/trace.h"
#include "common/util.h"

static char *line(const Trace *t)
{
        char *text = NULL;

        ck_assert_int_eq(trace_to_line(t, &text), 0);
        return text;
}

START_TEST(there_and_back)
{
        static const Trace cases[] = {
                { TRACE_ADDED, 1795273445 * USEC_PER_SEC, "root", NULL, "/etc/cron.d/x" },
                { TRACE_REMOVED, 0, NULL, "a note", "/etc/pam.d/other" },
                { TRACE_PROCESS, USEC_PER_SEC, "#70000", "pid 7, likely", "sh -c 'a b'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *text = line(&cases[i]), *copy = NULL;
                Trace t;

                ck_assert_int_eq(trace_from_line(text, &copy, &t), 0);
                ck_assert_int_eq(t.kind, cases[i].kind);
                ck_assert_int_eq(t.when, cases[i].when);
                ck_assert_str_eq(str_or(t.who, "-"), str_or(cases[i].who, "-"));
                ck_assert_str_eq(str_or(t.note, "-"), str_or(cases[i].note, "-"));
                ck_assert_str_eq(t.what, cases[i].what);
        }
}
END_TEST

/* A name may hold anything, and stays one value of one line. */
START_TEST(hostile_names)
{
        const Trace t = { TRACE_ADDED, 0, "a\tb", "c\nd", "/tmp/x\tadded\n\x1b[2J\xff" };
        _cleanup_(freep) char *text = line(&t);

        ck_assert_str_eq(text, "added\t\ta\\x09b\tc\\x0ad\t/tmp/x\\x09added\\x0a\\x1b[2J\\xff");
}
END_TEST

START_TEST(long_names)
{
        char name[9000];
        memset(name, 'n', sizeof(name));
        name[sizeof(name) - 1] = '\0';
        const Trace t = { TRACE_SETUID, 0, name, name, name };
        _cleanup_(freep) char *text = line(&t);

        ck_assert_uint_le(strlen(text),
                TRACE_WHAT_MAX + TRACE_WHO_MAX + TRACE_NOTE_MAX + sizeof("setuid\t\t\t\t"));
}
END_TEST

START_TEST(what_is_no_line)
{
        static const char *const cases[] = {
                "",
                "added",
                "added\t\t\t\t",
                "added\t\troot\t/etc/x",
                "added\t\troot\t\t/etc/x\t",
                "planted\t\troot\t\t/etc/x",
                "added\tyesterday\troot\t\t/etc/x",
                " added\t\troot\t\t/etc/x",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *copy = NULL;
                Trace t;

                ck_assert_msg(trace_from_line(cases[i], &copy, &t) == -EBADMSG, "%s", cases[i]);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("trace");
        TCase *all = tcase_create("all");
        SRunner *runner;
        int failed;

        tcase_add_test(all, there_and_back);
        tcase_add_test(all, hostile_names);
        tcase_add_test(all, long_names);
        tcase_add_test(all, what_is_no_line);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}

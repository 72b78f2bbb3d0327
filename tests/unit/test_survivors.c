/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/util.h"
#include "jit-approver/residue/survivors.h"
#include "tests/unit/tree.h"

#define FROM (1000 * USEC_PER_SEC)

static char *units[] = { (char *) "jit-session-AAAA-BBBB.scope", (char *) "session-5.scope", NULL };
static char *added[] = { (char *) "mine.service", NULL };
static Survivors s = { .from = FROM, .asker = 1000, .target = 0, .units = units };

START_TEST(ties)
{
        static const struct {
                const char *cgroup;
                uid_t uid, login;
                usec_t start;
                char tie; /* of the session, of an added unit, by the login; '-': none */
        } cases[] = {
                { "0::/system.slice/jit-session-AAAA-BBBB.scope\n", 0, 1000, FROM + 1, 's' },
                { "0::/system.slice/jit-session-AAAA-BBBB.scope/below\n", 5, 7, 1, 's' },
                { "1:name=systemd:/user.slice/session-5.scope\n0::/\n", 0, 1000, FROM, 's' },
                { "0::/user.slice/session-55.scope\n", 0, UID_UNSET, FROM + 1, '-' },
                { "0::/system.slice/xjit-session-AAAA-BBBB.scope\n", 0, UID_UNSET, FROM + 1, '-' },
                { "0::/system.slice/mine.service\n", 0, UID_UNSET, FROM + 1, 'u' },
                { "0::/system.slice/mine.service\n", 0, UID_UNSET, 1, '-' },
                { "0::/user.slice/session-9.scope\n", 0, 1000, FROM + 1, 'l' },
                { "0::/user.slice/session-9.scope\n", 0, 1000, FROM - USEC_PER_SEC, '-' },
                { "0::/user.slice/session-9.scope\n", 0, 1001, FROM + 1, '-' },
                { "0::/user.slice/session-9.scope\n", 1000, 1000, FROM + 1, '-' },
                { "0::/system.slice/jit-session-CCCC-DDDD.scope\n", 0, 1000, FROM + 1,
                        '-' }, /* another grant's */
                { "0::/system.slice/cron.service\n", 0, UID_UNSET, FROM + 1, '-' },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Survivor p = { cases[i].cgroup, cases[i].uid, cases[i].login,
                        cases[i].start };
                const char *tie = survivor_tie(&s, added, &p);
                char got = !tie                        ? '-'
                           : strstr(tie, "session of") ? 's'
                           : strstr(tie, "added")      ? 'u'
                                                       : 'l';

                ck_assert_msg(got == cases[i].tie, "%zu: %c", i, got);
        }
}
END_TEST

/* Who logs in becomes nobody else: all of his processes would be tied by that. */
START_TEST(own_account)
{
        const Survivors own = { .from = FROM, .asker = 1000, .target = 1000, .units = units };
        const Survivor p = { "0::/user.slice/session-9.scope\n", 1000, 1000, FROM + 1 };

        ck_assert_ptr_null(survivor_tie(&own, NULL, &p));
}
END_TEST

static void process(const char *pid, const char *state, const char *cgroup, const char *command)
{
        char path[128], text[512];

        (void) snprintf(text, sizeof(text),
                "%s (a) b) %s 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 500 0 0\n", pid, state);
        (void) snprintf(path, sizeof(path), "%s/stat", pid);
        tree_file(path, text);
        (void) snprintf(path, sizeof(path), "%s/cgroup", pid);
        tree_file(path, cgroup);
        (void) snprintf(path, sizeof(path), "%s/cmdline", pid);
        tree_file(path, command);
        (void) snprintf(path, sizeof(path), "%s/comm", pid);
        tree_file(path, "a) b\n");
        (void) snprintf(path, sizeof(path), "%s/status", pid);
        tree_file(path, "Name:\ta\nUid:\t0\t0\t0\t0\n");
}

START_TEST(of_a_machine)
{
        Report r = { 0 };

        tree_make();
        s.proc = tree;
        s.now = (Now){ 2000 * USEC_PER_SEC, 100 * USEC_PER_SEC };
        process("1", "S", "0::/init.scope\n", "/sbin/init");
        process("7", "S", "0::/x/session-5.scope\n", "sh\x1b[2J");
        process("8", "Z", "0::/x/session-5.scope\n", "");
        process("9", "S", "0::/x/session-5.scope\n", "");
        tree_file("11/stat", "11 (x\n"); /* gone in between, or nonsense */
        ck_assert_int_eq(survivors_look(&s, &r), 0);
        ck_assert_uint_eq(strv_length(r.lines), 2);
        ck_assert_ptr_null(r.cut_short);
        for (int i = 0; i < 2; i++) { /* in any order */
                ck_assert_str_eq(r.lines[i],
                        strstr(r.lines[i], "pid 7")
                                ? "process\t1970-01-01T00:31:45Z\t#0\tpid 7, in a session of the grant\t'sh\\x1b[2J'"
                                : "process\t1970-01-01T00:31:45Z\t#0\tpid 9, in a session of the grant\t'a) b'");
        }
        report_done(&r);
        tree_remove();
}
END_TEST

/* A /proc that shows nobody must not look like a machine on which nobody is left. */
START_TEST(hidden)
{
        Report r = { 0 };

        tree_make();
        s.proc = tree;
        ck_assert_int_eq(survivors_look(&s, &r), 0);
        ck_assert_ptr_nonnull(strstr(r.cut_short, "shows none"));
        report_done(&r);
        tree_remove();
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("survivors");
        TCase *all = tcase_create("all");
        SRunner *runner;
        int failed;

        tcase_add_test(all, ties);
        tcase_add_test(all, own_account);
        tcase_add_test(all, of_a_machine);
        tcase_add_test(all, hidden);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}

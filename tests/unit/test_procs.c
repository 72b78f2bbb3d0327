/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/daemon/procs.h"

#define UNIT "jit-session-K7QF-2M9D.scope"

static const struct {
        const char *text;
        bool named;
} cgroups[] = {
        { "", false },
        { "0::/\n", false },
        { "0::/system.slice/" UNIT "\n", true },
        { "0::/system.slice/" UNIT, true },
        { "0::/system.slice/" UNIT "/deeper/still\n", true },
        { "0::/" UNIT "\n", true },
        { "12:pids:/x\n1:name=systemd:/system.slice/" UNIT "\n0::/\n", true },
        /* Only systemd's own hierarchies say what a unit is. */
        { "12:pids:/system.slice/" UNIT "\n0::/system.slice/x.scope\n", false },
        { "12:name=other:/system.slice/" UNIT "\n", false },
        /* No more and no less than the name. */
        { "0::/system.slice/" UNIT "x\n", false },
        { "0::/system.slice/x" UNIT "\n", false },
        { "0::/system.slice/jit-session-K7QF-2M9D.scop\n", false },
        { "0::/system.slice/jit-session-K7QF-2M9D\n.scope\n", false },
        { "0::" UNIT "\n", false },
        { UNIT "\n", false },
        { ":::/\n::\n:\n", false },
};

START_TEST(names)
{
        ck_assert_int_eq(cgroup_names(cgroups[_i].text, UNIT), cgroups[_i].named);
}
END_TEST

START_TEST(starts)
{
        int64_t own, again, child_start;
        pid_t child;

        ck_assert_int_eq(process_start(getpid(), &own), 0);
        ck_assert_int_eq(process_start(getpid(), &again), 0);
        ck_assert_int_gt(own, 0);
        ck_assert_int_eq(own, again);
        child = fork();
        if (child == 0) {
                (void) pause();
                _exit(0);
        }
        ck_assert_int_eq(process_start(child, &child_start), 0);
        ck_assert_int_ge(child_start, own);
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        ck_assert_int_eq(process_start(child, &child_start), -ESRCH);
}
END_TEST

/* A child that has said, by a byte on the pipe, that it is called so. */
static pid_t child_called(const char *comm)
{
        int ready[2];
        char byte;

        ck_assert_int_eq(pipe(ready), 0);
        pid_t child = fork();
        if (child == 0) {
                if (comm) {
                        (void) prctl(PR_SET_NAME, comm);
                }
                ck_assert_int_eq(write(ready[1], "x", 1), 1);
                (void) pause();
                _exit(0);
        }
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        (void) close(ready[0]);
        (void) close(ready[1]);
        return child;
}

static void end_child(pid_t child)
{
        (void) kill(child, SIGKILL);
        (void) waitpid(child, NULL, 0);
}

START_TEST(helpers)
{
        pid_t alike = child_called(NULL), other = child_called("a) S 1 (b");

        ck_assert(process_is_helper(alike, getpid()));
        ck_assert(!process_is_helper(other, getpid()));
        ck_assert(!process_is_helper(getpid(), alike));
        ck_assert(!process_is_helper(alike, other));
        end_child(alike);
        ck_assert(!process_is_helper(alike, getpid()));
        end_child(other);
}
END_TEST

START_TEST(kills_only_in_the_unit)
{
        pid_t child = fork();
        int status;

        if (child == 0) {
                (void) pause();
                _exit(0);
        }
        ck_assert(!process_is_in(child, UNIT));
        ck_assert_int_eq(process_kill_in(child, UNIT, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, &status, WNOHANG), 0);
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(!process_is_in(child, UNIT));
        ck_assert_int_eq(process_kill_in(child, UNIT, SIGKILL), 0);
        ck_assert_int_eq(process_kill_in(-1, UNIT, SIGKILL), 0);
}
END_TEST

START_TEST(scans)
{
        _cleanup_(freep) pid_t *pids = NULL;
        size_t n = 7;

        ck_assert_int_eq(unit_scan("no-such-unit.scope", &pids, &n), 0);
        ck_assert_uint_eq(n, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("procs");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_loop_test(all, names, 0, ELEMENTSOF(cgroups));
        tcase_add_test(all, starts);
        tcase_add_test(all, helpers);
        tcase_add_test(all, kills_only_in_the_unit);
        tcase_add_test(all, scans);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Real processes, which are killed. */

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit-approver/daemon/hosts.h"
#include "jit-approver/daemon/proof.h"

static sd_event *event;
static Hosts *hosts;
static Id gone[4];
static size_t n_gone;

static void on_gone(const Id *session, void *userdata)
{
        ck_assert_ptr_eq(userdata, &event);
        gone[n_gone++] = *session;
}

static void setup(void)
{
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(hosts_new(event, on_gone, &event, &hosts), 0);
        n_gone = 0;
}

static void teardown(void)
{
        hosts = hosts_free(hosts);
        event = sd_event_unref(event);
}

static pid_t host_new(int64_t *ret_start)
{
        pid_t pid = fork();

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL); /* where the test fails */
                for (;;) {
                        (void) pause();
                }
        }
        ck_assert_int_eq(proof_start_time(pid, ret_start), 0);
        return pid;
}

static void host_kill(pid_t pid)
{
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static void turn_until(size_t n)
{
        while (n_gone < n) {
                ck_assert_int_gt(sd_event_run(event, 10 * 1000000), 0);
        }
}

START_TEST(each_is_heard_of_once)
{
        const Id a = { "AAAA-AAAA" }, b = { "BBBB-BBBB" }, c = { "CCCC-CCCC" };
        int64_t start_a, start_b, start_c;
        pid_t of_a = host_new(&start_a), of_b = host_new(&start_b), of_c = host_new(&start_c);

        ck_assert_int_eq(hosts_watch(hosts, &a, of_a, start_a), 0);
        ck_assert_int_eq(hosts_watch(hosts, &b, of_b, start_b), 0);
        ck_assert_int_eq(hosts_watch(hosts, &c, of_c, start_c), 0);
        ck_assert_int_eq(sd_event_run(event, 0), 0);
        host_kill(of_b); /* the one in the middle of the list */
        turn_until(1);
        ck_assert_str_eq(gone[0].text, b.text);
        host_kill(of_c);
        turn_until(2);
        ck_assert_str_eq(gone[1].text, c.text);
        ck_assert_int_eq(sd_event_run(event, 0), 0);
        hosts = hosts_free(hosts); /* with one that lives */
        host_kill(of_a);
        ck_assert_int_eq(sd_event_run(event, 0), 0);
}
END_TEST

/* By the loop, never from within the call; one that has another's pid is another. */
START_TEST(who_is_gone_already)
{
        const Id a = { "AAAA-AAAA" }, b = { "BBBB-BBBB" };
        int64_t start;
        pid_t pid = host_new(&start);

        ck_assert_int_eq(hosts_watch(hosts, &a, pid, start + 1), 0);
        host_kill(pid);
        ck_assert_int_eq(hosts_watch(hosts, &b, pid, start), 0);
        ck_assert_uint_eq(n_gone, 0);
        turn_until(2);
        ck_assert_int_eq(sd_event_run(event, 0), 0);
        ck_assert_int_eq(hosts_watch(hosts, &a, 0, 1), -EINVAL);
        ck_assert_int_eq(sd_event_run(event, 0), 0);
        ck_assert_uint_eq(n_gone, 2);
}
END_TEST

START_TEST(there_is_an_end)
{
        const Id a = { "AAAA-AAAA" };
        int64_t start;

        ck_assert_int_eq(proof_start_time(getpid(), &start), 0);
        for (size_t i = 0; i < HOSTS_MAX; i++) {
                ck_assert_int_eq(hosts_watch(hosts, &a, getpid(), start), 0);
        }
        ck_assert_int_eq(hosts_watch(hosts, &a, getpid(), start), -ENOSPC);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("hosts");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, each_is_heard_of_once);
        tcase_add_test(all, who_is_gone_already);
        tcase_add_test(all, there_is_an_end);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

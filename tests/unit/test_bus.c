/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/util.h"
#include "jit-approver/daemon/bus.h"
#include "tests/fake/systemd.h"
#include "tests/fake/valgrind.h"

#define SOON (5 * USEC_PER_SEC)
#define SHORT (60 * USEC_PER_MSEC)

static sd_event *event;
static FakeSystemd fake;
static Bus *bus;
static int ups;

/* What a call was answered with. */
typedef struct Answer {
        int n, r, destroyed;
        size_t items;
        BusCall *call;
        bool free_within;
} Answer;

static void on_up(void *userdata)
{
        ups++;
}

static void on_done(int r, void *userdata)
{
        Answer *a = userdata;

        a->n++;
        a->r = r;
        if (a->free_within) {
                a->call = bus_call_free(a->call);
        }
}

static void on_pids(int r, const pid_t *pids, size_t n, void *userdata)
{
        Answer *a = userdata;

        on_done(r, a);
        a->items = n;
        for (size_t i = 0; i < n; i++) {
                ck_assert_int_eq(pids[i], 11 + (int) i);
        }
}

static void on_units(int r, char *const *names, size_t n, void *userdata)
{
        Answer *a = userdata;

        on_done(r, a);
        a->items = n;
        ck_assert(n == 0 || (streq(names[0], "one.timer") && streq(names[1], "two.timer")));
}

static void on_destroy(void *userdata)
{
        ((Answer *) userdata)->destroyed++;
}

static int no_properties(sd_bus_message *m, void *userdata)
{
        return sd_bus_message_append(m, "(sv)", "Description", "s", "x");
}

static const TransientUnit a_scope = { "a.scope", no_properties, NULL };

static void setup(void)
{
        ck_assert_int_ge(sd_event_new(&event), 0);
        fake_systemd_init(&fake, event);
        ups = 0;
}

static void teardown(void)
{
        bus = bus_free(bus);
        fake_systemd_done(&fake);
        event = sd_event_unref(event);
}

static void make_bus(void)
{
        ck_assert_int_eq(bus_new(event, fake.address, on_up, NULL, &bus), 0);
}

/* Turns the loop until *flag is at least n. */
static void until(const int *flag, int n)
{
        usec_t end = clock_usec(CLOCK_MONOTONIC) + SOON;

        while (*flag < n) {
                ck_assert_int_gt(end, clock_usec(CLOCK_MONOTONIC));
                ck_assert_int_ge(sd_event_run(event, 1000), 0);
        }
}

/* All that can happen now has happened. */
static void settle(void)
{
        for (int idle = 0; idle < 3;) {
                int r = sd_event_run(event, 1000);

                ck_assert_int_ge(r, 0);
                idle = r == 0 ? idle + 1 : 0;
        }
}

static void connected(void)
{
        fake_systemd_listen(&fake);
        make_bus();
        until(&ups, 1);
        ck_assert(bus_is_up(bus));
        ck_assert_str_eq(bus_state(bus), "ok");
}

static void start(Answer *a)
{
        ck_assert_int_eq(bus_start_transient(bus, &a_scope, NULL, SOON, on_done, a, &a->call), 0);
}

START_TEST(no_bus)
{
        Answer a = {}, b = {};

        make_bus();
        ck_assert(!bus_is_up(bus));
        ck_assert_str_eq(bus_state(bus), "not connected: No such file or directory");
        start(&a);
        ck_assert_int_eq(bus_unit_pids(bus, "a.scope", SOON, on_pids, &b, &b.call), 0);
        ck_assert_int_eq(a.n + b.n, 0); /* never within the call */
        settle();
        ck_assert_int_eq(a.n, 1);
        ck_assert_int_eq(a.r, -ENOTCONN);
        ck_assert_int_eq(b.n, 1);
        ck_assert_int_eq(b.r, -ENOTCONN);
        bus_call_free(a.call);
        bus_call_free(b.call);
}
END_TEST

/* dbus-daemon stopped: connect() succeeds, and that is all. */
START_TEST(hanging_bus)
{
        Answer a = {};
        usec_t begin = clock_usec(CLOCK_MONOTONIC), took;

        fake_systemd_listen(&fake);
        fake.accept = sd_event_source_disable_unref(fake.accept);
        make_bus();
        ck_assert_str_eq(bus_state(bus), "connecting");
        ck_assert_int_eq(bus_stop_unit(bus, "a.scope", SHORT, on_done, &a, &a.call), 0);
        until(&a.n, 1);
        took = clock_usec(CLOCK_MONOTONIC) - begin;
        ck_assert_int_eq(a.r, -ETIMEDOUT);
        ck_assert(took >= SHORT && took < SHORT + 500 * USEC_PER_MSEC);
        ck_assert_str_eq(bus_state(bus), "does not answer");
        bus_call_free(a.call);
}
END_TEST

START_TEST(deaf_systemd)
{
        Answer a = {}, b = {};

        connected();
        fake.deaf = true;
        ck_assert_int_eq(bus_kill_unit(bus, "a.scope", SIGTERM, SHORT, on_done, &a, &a.call), 0);
        until(&a.n, 1);
        ck_assert_int_eq(a.r, -ETIMEDOUT);
        ck_assert_str_eq(bus_state(bus), "does not answer");
        fake.deaf = false;
        ck_assert_int_eq(bus_kill_unit(bus, "a.scope", SIGTERM, SOON, on_done, &b, &b.call), 0);
        until(&b.n, 1);
        ck_assert_int_eq(b.r, 0);
        ck_assert_str_eq(bus_state(bus), "ok");
        bus_call_free(a.call);
        bus_call_free(b.call);
}
END_TEST

/* _i: again when it has ended */
START_TEST(ordinary_units)
{
        Answer a = {};

        connected();
        ck_assert_int_eq(bus_start_unit(bus, "x.service", _i, SOON, on_done, &a, &a.call), 0);
        until(&a.n, 1);
        ck_assert_int_eq(a.r, 0);
        ck_assert_str_eq(fake.last, _i ? "RestartUnit" : "StartUnit");
        ck_assert_str_eq(fake.argument, "x.service");
        bus_call_free(a.call);
}
END_TEST

START_TEST(a_job_is_waited_for)
{
        Answer a = {};

        connected();
        fake.keep_jobs = true;
        start(&a);
        settle();
        ck_assert_str_eq(fake.last, "StartTransientUnit");
        ck_assert_str_eq(fake.argument, "a.scope");
        fake_systemd_job_removed(&fake, "/org/freedesktop/systemd1/job/70", "done");
        settle();
        ck_assert_int_eq(a.n, 0);
        fake_systemd_job_removed(&fake, FAKE_JOB, "done");
        until(&a.n, 1);
        ck_assert_int_eq(a.r, 0);
        fake_systemd_job_removed(&fake, FAKE_JOB, "failed");
        settle();
        ck_assert_int_eq(a.n, 1);
        bus_call_free(a.call);
}
END_TEST

static const struct {
        const char *result;
        int r;
} results[] = {
        { "done", 0 },
        { "skipped", 0 },
        { "timeout", -ETIMEDOUT },
        { "canceled", -ECANCELED },
        { "failed", -EIO },
        { "dependency", -EIO },
        { "something new", -EIO },
};

START_TEST(job_results)
{
        Answer a = {};

        connected();
        fake.result = results[_i].result;
        start(&a);
        until(&a.n, 1);
        ck_assert_int_eq(a.r, results[_i].r);
        bus_call_free(a.call);
}
END_TEST

static const struct {
        const char *error;
        int start, stop, pids;
} errors[] = {
        { "org.freedesktop.systemd1.UnitExists", -EEXIST, -EEXIST, -EEXIST },
        { "org.freedesktop.systemd1.NoSuchUnit", -ENOENT, 0, -ENOENT },
        { "org.freedesktop.login1.NoSuchSession", -ENOENT, 0, -ENOENT },
        { "org.freedesktop.DBus.Error.AccessDenied", -EACCES, -EACCES, -EACCES },
        { "System.Error.ESRCH", -ESRCH, -ESRCH, -ESRCH },
        { "org.example.New", -EIO, -EIO, -EIO },
};

START_TEST(error_names)
{
        Answer a = {}, b = {}, c = {};

        connected();
        fake.error = errors[_i].error;
        start(&a);
        ck_assert_int_eq(bus_stop_unit(bus, "a.scope", SOON, on_done, &b, &b.call), 0);
        ck_assert_int_eq(bus_unit_pids(bus, "a.scope", SOON, on_pids, &c, &c.call), 0);
        until(&a.n, 1);
        until(&b.n, 1);
        until(&c.n, 1);
        ck_assert_int_eq(a.r, errors[_i].start);
        ck_assert_int_eq(b.r, errors[_i].stop);
        ck_assert_int_eq(c.r, errors[_i].pids);
        bus_call_free(a.call);
        bus_call_free(b.call);
        bus_call_free(c.call);
}
END_TEST

START_TEST(lists)
{
        Answer a = {}, b = {};

        connected();
        ck_assert_int_eq(bus_unit_pids(bus, "a.scope", SOON, on_pids, &a, &a.call), 0);
        ck_assert_int_eq(bus_list_units(bus, "*.timer", SOON, on_units, &b, &b.call), 0);
        until(&a.n, 1);
        until(&b.n, 1);
        ck_assert_int_eq(a.r, 0);
        ck_assert_uint_eq(a.items, 3);
        ck_assert_int_eq(b.r, 0);
        ck_assert_uint_eq(b.items, 2);
        bus_call_free(a.call);
        bus_call_free(b.call);
}
END_TEST

START_TEST(freeing)
{
        Answer cancelled = {}, within = { .free_within = true };

        connected();
        start(&cancelled);
        bus_call_set_destroy(cancelled.call, on_destroy);
        bus_call_free(cancelled.call);
        ck_assert_int_eq(cancelled.destroyed, 1);
        start(&within);
        bus_call_set_destroy(within.call, on_destroy);
        ck_assert_int_eq(bus_stop_unit(bus, "a.scope", SOON, NULL, NULL, NULL), 0);
        until(&within.n, 1);
        settle();
        ck_assert_int_eq(cancelled.n, 0);
        ck_assert_int_eq(within.destroyed, 1);
        ck_assert_ptr_null(within.call);
}
END_TEST

START_TEST(calls_outlive_the_bus)
{
        Answer a = {};

        connected();
        fake.deaf = true;
        start(&a);
        ck_assert_int_eq(bus_stop_unit(bus, "a.scope", SOON, NULL, NULL, NULL), 0);
        bus = bus_free(bus);
        settle();
        ck_assert_int_eq(a.n, 0);
        bus_call_free(a.call);
}
END_TEST

/* The bus goes: what is under way fails. It comes back: that is seen at once, without a call. */
START_TEST(lost_and_found)
{
        Answer a = {}, b = {};
        usec_t begin;

        connected();
        fake.keep_jobs = true;
        start(&a);
        settle();
        fake_systemd_vanish(&fake);
        until(&a.n, 1);
        ck_assert_int_eq(a.r, -ENOTCONN);
        ck_assert(!bus_is_up(bus));
        ck_assert_str_eq(bus_state(bus), "not connected: Connection reset by peer");
        start(&b); /* finds no socket, and waits for one */
        until(&b.n, 1);
        ck_assert_int_eq(b.r, -ENOTCONN);
        begin = clock_usec(CLOCK_MONOTONIC);
        fake_systemd_listen(&fake);
        until(&ups, 2);
        ck_assert_int_lt(clock_usec(CLOCK_MONOTONIC) - begin, slack(1200 * USEC_PER_MSEC));
        bus_call_free(a.call);
        bus_call_free(b.call);
}
END_TEST

/* daemon-reexec: what had not been answered, or whose job's end was missed, is asked again. */
START_TEST(systemd_leaves_and_returns)
{
        Answer before = {}, meanwhile = {};

        connected();
        fake.keep_jobs = true;
        start(&before);
        settle();
        ck_assert_int_eq(fake.calls, 2); /* with Subscribe */
        fake_systemd_owner(&fake, false);
        settle();
        ck_assert(!bus_is_up(bus));
        ck_assert_str_eq(bus_state(bus), "systemd has left it");
        ck_assert_int_eq(
                bus_stop_unit(bus, "b.scope", SOON, on_done, &meanwhile, &meanwhile.call), 0);
        settle();
        ck_assert_int_eq(fake.calls, 2);
        fake.keep_jobs = false;
        fake_systemd_owner(&fake, true);
        until(&before.n, 1);
        until(&meanwhile.n, 1);
        ck_assert_int_eq(before.r, 0);
        ck_assert_int_eq(meanwhile.r, 0);
        ck_assert_int_eq(fake.calls, 5);
        ck_assert_int_eq(ups, 2);
        bus_call_free(before.call);
        bus_call_free(meanwhile.call);
}
END_TEST

/* A container with a bus, but without systemd on it. */
START_TEST(systemd_absent)
{
        Answer a = {};

        fake_systemd_listen(&fake);
        fake.error = "org.freedesktop.DBus.Error.ServiceUnknown";
        make_bus();
        start(&a);
        until(&a.n, 1);
        ck_assert_int_eq(a.r, -ENOTCONN);
        ck_assert_int_eq(ups, 0);
        ck_assert_str_eq(bus_state(bus), "systemd is not on it");
        fake.error = NULL;
        fake_systemd_owner(&fake, true);
        until(&ups, 1);
        bus_call_free(a.call);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("bus");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, no_bus);
        tcase_add_test(all, hanging_bus);
        tcase_add_test(all, deaf_systemd);
        tcase_add_loop_test(all, ordinary_units, 0, 2);
        tcase_add_test(all, a_job_is_waited_for);
        tcase_add_loop_test(all, job_results, 0, ELEMENTSOF(results));
        tcase_add_loop_test(all, error_names, 0, ELEMENTSOF(errors));
        tcase_add_test(all, lists);
        tcase_add_test(all, freeing);
        tcase_add_test(all, calls_outlive_the_bus);
        tcase_add_test(all, lost_and_found);
        tcase_add_test(all, systemd_leaves_and_returns);
        tcase_add_test(all, systemd_absent);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

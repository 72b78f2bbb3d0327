/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/timer.h"
#include "tests/fake/systemd.h"

#define SOON (5 * USEC_PER_SEC)
#define MS USEC_PER_MSEC

static sd_event *event;
static FakeSystemd fake;
static Bus *bus;
static Timer *timer;
static int ups, dues;

static void on_up(void *userdata)
{
        ups++;
}

static void on_due(void *userdata)
{
        dues++;
}

static void setup(void)
{
        ups = dues = 0;
        ck_assert_int_ge(sd_event_new(&event), 0);
        fake_systemd_init(&fake, event);
        ck_assert_int_eq(bus_new(event, fake.address, on_up, NULL, &bus), 0);
        ck_assert_int_eq(timer_new(event, bus, on_due, NULL, &timer), 0);
}

static void teardown(void)
{
        timer = timer_free(timer);
        bus = bus_free(bus);
        fake_systemd_done(&fake);
        event = sd_event_unref(event);
}

static void turn_for(usec_t span)
{
        usec_t end = clock_usec(CLOCK_MONOTONIC) + span;

        while (clock_usec(CLOCK_MONOTONIC) < end) {
                ck_assert_int_ge(sd_event_run(event, 1000), 0);
        }
}

static void until(const int *flag, int n)
{
        usec_t end = clock_usec(CLOCK_MONOTONIC) + SOON;

        while (*flag < n) {
                ck_assert_int_gt(end, clock_usec(CLOCK_MONOTONIC));
                ck_assert_int_ge(sd_event_run(event, 1000), 0);
        }
}

static const struct {
        usec_t wall, boot; /* from now; USEC_NEVER is never */
        int dues;          /* within 100 ms */
} deadlines[] = {
        { USEC_NEVER, USEC_NEVER, 0 },
        { 20 * MS, USEC_NEVER, 1 },
        { USEC_NEVER, 20 * MS, 1 },
        { 20 * MS, 40 * MS, 2 },
        { USEC_PER_HOUR, 20 * MS, 1 }, /* a clock that was set back prolongs nothing */
        { 20 * MS, USEC_PER_HOUR, 1 },
        { -USEC_PER_HOUR, USEC_NEVER, 1 },
        { USEC_NEVER, -USEC_PER_SEC, 1 },
        { INT64_MIN / 2, INT64_MIN / 2, 2 },
};

static usec_t after(usec_t now, usec_t span)
{
        return span == USEC_NEVER ? USEC_NEVER : now + span;
}

START_TEST(own_clocks)
{
        Now now = clock_now();
        NextDue next = { after(now.wall, deadlines[_i].wall), after(now.boot, deadlines[_i].boot) };

        ck_assert_int_eq(timer_set(timer, &next), 0);
        turn_for(100 * MS);
        ck_assert_int_eq(dues, deadlines[_i].dues);
}
END_TEST

START_TEST(set_again)
{
        Now now = clock_now();
        NextDue next = { now.wall + 20 * MS, now.boot + 20 * MS };

        ck_assert_int_eq(timer_set(timer, &next), 0);
        ck_assert_int_eq(timer_set(timer, &NEXT_DUE_NONE), 0);
        turn_for(60 * MS);
        ck_assert_int_eq(dues, 0);
        next.boot += 60 * MS;
        next.wall = USEC_NEVER;
        ck_assert_int_eq(timer_set(timer, &next), 0);
        until(&dues, 1);
        ck_assert_int_ge(clock_usec(CLOCK_BOOTTIME), next.boot);
}
END_TEST

static Grant a_grant(const char *id)
{
        Grant g = { .asker.name = (char *) "dev",
                .service = (char *) "sudo",
                .until = clock_usec(CLOCK_REALTIME) + USEC_PER_HOUR };

        ck_assert_int_eq(id_parse(id, &g.id), 0);
        return g;
}

static void connected(void)
{
        fake_systemd_listen(&fake);
        until(&ups, 1);
        fake.calls = 0;
}

START_TEST(units)
{
        Grant g = a_grant("K7QF-2M9D");

        timer_unit_start(timer, &g); /* without a bus: nothing, and no harm */
        connected();
        timer_unit_start(timer, &g);
        until(&fake.calls, 1);
        ck_assert_str_eq(fake.last, "StartTransientUnit");
        ck_assert_str_eq(fake.argument, "jit-grant-K7QF-2M9D.timer");
        timer_unit_stop(timer, &g.id);
        until(&fake.calls, 2);
        ck_assert_str_eq(fake.last, "StopUnit");
        ck_assert_str_eq(fake.argument, "jit-grant-K7QF-2M9D.timer");
        g.until = clock_usec(CLOCK_REALTIME) - 1;
        timer_unit_start(timer, &g);
        turn_for(20 * MS);
        ck_assert_int_eq(fake.calls, 2);
}
END_TEST

/* systemd has one.timer and two.timer, which are nobody's. */
START_TEST(reconcile)
{
        Grant a = a_grant("K7QF-2M9A"), b = a_grant("K7QF-2M9B"), late = a_grant("K7QF-2M9C");
        const Grant *grants[] = { &a, &b };

        connected();
        timer_units_reconcile(timer, grants, 2);
        until(&fake.calls,
                9); /* listed, two stopped, two started with what may have failed forgotten */
        turn_for(20 * MS);
        ck_assert_int_eq(fake.calls, 9);
        /* Made and ended while systemd is asked. */
        timer_units_reconcile(timer, grants, 2);
        timer_unit_stop(timer, &b.id);
        timer_unit_start(timer, &late);
        turn_for(50 * MS);
        ck_assert_int_eq(fake.calls, 9 + 1 + 2 + 2 + 2 * 3);
        timer_units_reconcile(timer, NULL, 0);
        timer = timer_free(timer); /* while it is asked */
        turn_for(20 * MS);
}
END_TEST

/* The old one goes, then the new one comes: never two, and none is lost when several move at once. */
START_TEST(moves)
{
        Grant a = a_grant("K7QF-2M9A"), b = a_grant("K7QF-2M9B");

        timer_unit_move(timer, &a); /* without a bus: nothing, and no harm */
        turn_for(5 * MS);
        connected();
        fake.keep_jobs = true;
        timer_unit_move(timer, &a);
        timer_unit_move(timer, &b);
        until(&fake.calls, 1);
        turn_for(20 * MS);
        ck_assert_msg(
                fake.calls == 1, "%s %s", fake.last, fake.argument); /* it waits for the job */
        ck_assert_str_eq(fake.last, "StopUnit");
        ck_assert_str_eq(fake.argument, "jit-grant-K7QF-2M9A.timer");
        fake_systemd_job_removed(&fake, FAKE_JOB, "done");
        until(&fake.calls, 3); /* a is started, b is stopped */
        fake_systemd_job_removed(&fake, FAKE_JOB, "done");
        until(&fake.calls, 4);
        ck_assert_str_eq(fake.last, "StartTransientUnit");
        ck_assert_str_eq(fake.argument, "jit-grant-K7QF-2M9B.timer");
        turn_for(20 * MS);
        ck_assert_int_eq(fake.calls, 4);
}
END_TEST

/* What cannot be stopped, or a bus that goes away meanwhile, keeps no later one waiting. */
START_TEST(moves_that_fail)
{
        Grant a = a_grant("K7QF-2M9A"), b = a_grant("K7QF-2M9B");

        connected();
        fake.error = "org.freedesktop.systemd1.NoSuchUnit";
        timer_unit_move(timer, &a);
        until(&fake.calls, 2); /* started all the same */
        ck_assert_str_eq(fake.last, "StartTransientUnit");
        fake.error = NULL;
        fake.deaf = true;
        timer_unit_move(timer, &a);
        timer_unit_move(timer, &b);
        turn_for(20 * MS);
        fake_systemd_vanish(&fake);
        turn_for(50 * MS);
        fake.deaf = false;
        ups = 0;
        fake_systemd_listen(&fake);
        until(&ups, 1);
        fake.calls = 0;
        timer_unit_move(timer, &b);
        until(&fake.calls, 2);
        ck_assert_str_eq(fake.argument, "jit-grant-K7QF-2M9B.timer");
        fake.deaf = true;
        timer_unit_move(timer, &b);
        timer = timer_free(timer); /* in the middle of it */
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("timer");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_loop_test(all, own_clocks, 0, ELEMENTSOF(deadlines));
        tcase_add_test(all, set_again);
        tcase_add_test(all, units);
        tcase_add_test(all, reconcile);
        tcase_add_test(all, moves);
        tcase_add_test(all, moves_that_fail);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

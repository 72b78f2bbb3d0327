/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/daemon/courier.h"
#include "tests/unit/rules_fixture.h"

#include <stdio.h>

static Courier courier;
static Call *const gateway = (Call *) &courier; /* never looked into */

static void set_channels(const char *names)
{
        _cleanup_(freep) char *text = NULL;
        char copy[64], *save = NULL;

        (void) snprintf(copy, sizeof(copy), "%s", names);
        text = strdup("[web]\nurl = https://x.example\n");
        for (char *n = strtok_r(copy, " ", &save); n; n = strtok_r(NULL, " ", &save)) {
                _cleanup_(freep) char *old = TAKE_PTR(text);
                ck_assert_int_eq(str_printf(&text, "%s[channel %s]\n", old, n), 0);
        }
        Rules *rules = fixture_rules(text);
        ck_assert_int_eq(courier_set_channels(&courier, rules, 5), 0);
        rules_free(rules);
}

static void setup(void)
{
        courier = (Courier){ .due_at = USEC_NEVER };
        set_channels("hook mail");
}

static void teardown(void)
{
        courier_done(&courier);
}

static OwedMessage message(int64_t id, const char *to)
{
        return (OwedMessage){ .id = id, .tries = 3, .request = { "K7QF-2M9D" }, .to = (char *) to };
}

START_TEST(window)
{
        Route *r = courier_find(&courier, "hook");
        OwedMessage bob = message(1, "bob"), room = message(2, NULL);

        ck_assert_uint_eq(route_room(r, 0), 0);
        route_connect(r, gateway, 6);
        ck_assert_uint_eq(route_room(r, 0), COURIER_WINDOW);
        ck_assert_int_eq(route_take_off(r, &bob), 0);
        ck_assert_int_eq(route_take_off(r, &room), 0);
        ck_assert_uint_eq(route_room(r, 0), COURIER_WINDOW - 2);
        ck_assert(route_is_busy(r, &bob.request, "bob"));
        ck_assert(route_is_busy(r, &bob.request, NULL));
        ck_assert(!route_is_busy(r, &bob.request, "carol"));
        ck_assert(!route_is_busy(r, &(Id){ "K7QF-2M9E" }, "bob"));
        ck_assert_ptr_eq(courier_find_flight(&courier, 2), r);
        ck_assert_int_eq(route_land(r, 1), 3);
        ck_assert_int_eq(route_land(r, 1), 0);
        ck_assert(!route_is_busy(r, &bob.request, "bob"));
        for (int64_t i = 10; route_room(r, 0) > 0; i++) {
                OwedMessage m = message(i, "x");
                ck_assert_int_eq(route_take_off(r, &m), 0);
        }
        ck_assert_int_eq(route_take_off(r, &bob), -EBUSY);
        /* Another gateway: what the first one had is void. */
        route_connect(r, gateway, 7);
        ck_assert_uint_eq(route_room(r, 0), COURIER_WINDOW);
        ck_assert_ptr_null(courier_find_flight(&courier, 2));
}
END_TEST

START_TEST(failing)
{
        Route *r = courier_find(&courier, "hook");
        const Now now = { 100, 1000 };

        ck_assert_str_eq(route_state(r), "away");
        ck_assert_int_eq(r->since, 5);
        route_connect(r, gateway, 6);
        ck_assert_str_eq(route_state(r), "idle");
        ck_assert_int_eq(r->since, 0);
        ck_assert(!route_report(r, NULL, 0, &now));
        ck_assert_str_eq(route_state(r), "ok");
        ck_assert(route_report(r, "HTTP 500\n\x1b[31m", 0, &now));
        ck_assert(!route_report(r, "HTTP 500", 0, &(Now){ 200, 2000 }));
        ck_assert_str_eq(route_state(r), "failing");
        ck_assert_int_eq(r->since, 100);
        /* One at a time, and not at once. */
        ck_assert_uint_eq(route_room(r, 2000), 0);
        ck_assert_uint_eq(route_room(r, 2000 + USEC_PER_SEC), 1);
        ck_assert(route_report(r, NULL, 0, &now));
        ck_assert_uint_eq(route_room(r, 0), COURIER_WINDOW);
        ck_assert_ptr_null(r->problem);
        ck_assert_int_eq(r->since, 0);
        /* What the receiver asks for holds for everything that goes there; within reason. */
        ck_assert(route_report(r, "HTTP 429", 30 * USEC_PER_SEC, &now));
        ck_assert_uint_eq(route_room(r, now.boot + 30 * USEC_PER_SEC - 1), 0);
        ck_assert(!route_report(r, "HTTP 500", 0, &now)); /* one that was under way */
        ck_assert_uint_eq(route_room(r, now.boot + 30 * USEC_PER_SEC - 1), 0);
        ck_assert_uint_eq(route_room(r, now.boot + 30 * USEC_PER_SEC), 1);
        ck_assert(!route_report(r, "HTTP 429", USEC_NEVER, &now));
        ck_assert_uint_eq(route_room(r, now.boot + ROUTE_PEACE_MAX), 1);
        ck_assert(route_report(r, NULL, 0, &now));
        route_connect(r, NULL, 300);
        ck_assert_str_eq(route_state(r), "away");
        ck_assert_int_eq(r->since, 300);
}
END_TEST

START_TEST(problems_are_safe)
{
        Route *r = courier_find(&courier, "hook");

        (void) route_report(r, "a\nb\x1b[31m\xe2\x80\xaeq", 0, &(Now){ 1, 1 });
        ck_assert_str_eq(r->problem, "a\\x0ab\\x1b[31m\\u{202e}q");
}
END_TEST

START_TEST(rules_change)
{
        Route *mail = courier_find(&courier, "mail");

        const char *names[] = { "mail", "chat" };

        ck_assert_int_eq(courier_join(&courier, gateway, &(Strings){ names, 2 }, 6), 0);
        (void) route_report(mail, "HTTP 500", 0, &(Now){ 1, 1 });
        set_channels("chat mail");
        ck_assert_ptr_eq(courier_find(&courier, "mail"), mail);
        ck_assert_str_eq(route_state(mail), "failing");
        ck_assert_ptr_null(courier_find(&courier, "hook"));
        /* It sends on this one already. */
        ck_assert_str_eq(route_state(courier_find(&courier, "chat")), "idle");
        ck_assert_int_eq(courier_set_channels(&courier, NULL, 9), 0);
        ck_assert_uint_eq(courier.n, 2);
        courier_leave(&courier, gateway, 9);
        ck_assert_str_eq(route_state(mail), "away");
}
END_TEST

/* The newest has what it names; what it had goes back to who was there before. */
START_TEST(two_gateways)
{
        Call *const second = (Call *) &gateway;
        const char *both[] = { "hook", "mail" }, *one[] = { "mail" };
        Route *hook = courier_find(&courier, "hook"), *mail = courier_find(&courier, "mail");
        OwedMessage bob = message(1, "bob");

        ck_assert_int_eq(courier_join(&courier, gateway, &(Strings){ both, 2 }, 6), 0);
        ck_assert_int_eq(route_take_off(hook, &bob), 0);
        ck_assert_int_eq(courier_join(&courier, second, &(Strings){ one, 1 }, 7), 0);
        ck_assert_ptr_eq(hook->call, gateway);
        ck_assert_ptr_eq(mail->call, second);
        ck_assert_ptr_eq(courier_find_flight(&courier, 1), hook); /* nobody took it over */
        courier_leave(&courier, second, 8);
        ck_assert_ptr_eq(mail->call, gateway);
        courier_leave(&courier, second, 8);
        courier_leave(&courier, gateway, 8);
        ck_assert_ptr_null(mail->call);
        ck_assert_uint_eq(courier.n_gateways, 0);
}
END_TEST

START_TEST(waits)
{
        ck_assert_int_eq(courier_wait(0, USEC_PER_MIN), USEC_PER_SEC);
        ck_assert_int_eq(courier_wait(1, USEC_PER_MIN), USEC_PER_SEC);
        ck_assert_int_eq(courier_wait(2, USEC_PER_MIN), 2 * USEC_PER_SEC);
        ck_assert_int_eq(courier_wait(6, USEC_PER_MIN), 32 * USEC_PER_SEC);
        ck_assert_int_eq(courier_wait(7, USEC_PER_MIN), USEC_PER_MIN);
        ck_assert_int_eq(courier_wait(INT64_MAX, USEC_PER_MIN), USEC_PER_MIN);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("courier");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, window);
        tcase_add_test(all, failing);
        tcase_add_test(all, problems_are_safe);
        tcase_add_test(all, rules_change);
        tcase_add_test(all, two_gateways);
        tcase_add_test(all, waits);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

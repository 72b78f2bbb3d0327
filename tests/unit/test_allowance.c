/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/allowance.h"

static Now now_at(usec_t minutes)
{
        return (Now){ .wall = (1000 + minutes) * USEC_PER_MIN,
                .boot = (7 + minutes) * USEC_PER_MIN };
}

static unsigned taken(Allowances *a, uid_t uid, unsigned tries, usec_t minutes)
{
        const Now now = now_at(minutes);
        unsigned n = 0;

        for (unsigned i = 0; i < tries; i++) {
                n += allowance_take(a, uid, &now);
        }
        return n;
}

START_TEST(burst_then_a_trickle)
{
        Allowances a = {};

        ck_assert_uint_eq(taken(&a, 1000, 100, 0), ALLOWANCE_BURST);
        ck_assert_uint_eq(taken(&a, 1001, 5, 0), 5); /* nobody else pays for it */
        ck_assert_uint_eq(taken(&a, 1000, 100, 1), 1);
        ck_assert_uint_eq(taken(&a, 1000, 100, 4), 3);
        ck_assert_uint_eq(taken(&a, 1000, 100, 1000), ALLOWANCE_BURST);
}
END_TEST

START_TEST(what_is_left_out_is_counted)
{
        Allowances a = {};
        Allowance x;
        Now now = now_at(0), later = now_at(1), end = now_at(2);

        ck_assert_int_eq(allowance_next(&a), USEC_NEVER);
        ck_assert_uint_eq(taken(&a, 1000, ALLOWANCE_BURST, 0), ALLOWANCE_BURST);
        ck_assert_int_eq(allowance_next(&a), USEC_NEVER);
        ck_assert_uint_eq(taken(&a, 1000, 7, 0), 0);
        ck_assert(!allowance_owes(&a, &now, false, &x));
        ck_assert_int_eq(allowance_next(&a), later.boot);
        ck_assert(allowance_owes(&a, &later, false, &x));
        ck_assert_uint_eq(x.uid, 1000);
        ck_assert_int_eq(x.left_out, 7);
        ck_assert_int_eq(x.first, now.wall);
        ck_assert_int_eq(x.last, now.wall);
        /* told once, for a token */
        ck_assert(!allowance_owes(&a, &later, false, &x));
        ck_assert_uint_eq(taken(&a, 1000, 3, 1), 0);
        ck_assert(allowance_owes(&a, &later, true, &x)); /* at the end of all things */
        ck_assert_int_eq(x.left_out, 3);
        ck_assert_int_eq(x.first, later.wall);
        ck_assert(!allowance_owes(&a, &end, true, &x));
        ck_assert_int_eq(allowance_next(&a), USEC_NEVER);
}
END_TEST

START_TEST(any_number_of_uids)
{
        Allowances a = {};
        Allowance x;
        Now now = now_at(0);
        unsigned n = 0;
        int64_t left_out = 0;

        for (uid_t uid = 100000; uid < 165536; uid++) {
                n += taken(&a, uid, 2, 0);
        }
        ck_assert_uint_eq(n, 2 * ALLOWANCES_MAX + ALLOWANCE_BURST);
        while (allowance_owes(&a, &now, true, &x)) {
                ck_assert_uint_eq(x.uid, UID_UNSET);
                left_out += x.left_out;
        }
        ck_assert_int_eq(n + left_out, 2 * 65536);
        /* an hour later there is room again */
        ck_assert_uint_eq(taken(&a, 1000, 100, 60), ALLOWANCE_BURST);
        ck_assert_uint_eq(taken(&a, 1001, 100, 60), ALLOWANCE_BURST);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("allowance");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, burst_then_a_trickle);
        tcase_add_test(all, what_is_left_out_is_counted);
        tcase_add_test(all, any_number_of_uids);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

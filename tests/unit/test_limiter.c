/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/gateway/limiter.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static Limiter l;

static Address client(unsigned n)
{
        Address a = { .known = true };

        memcpy(a.bytes, &n, sizeof(n));
        return a;
}

static usec_t take(unsigned n, usec_t now)
{
        const Address a = client(n);

        return limiter_take(&l, &a, now);
}

START_TEST(bucket)
{
        usec_t now = USEC_PER_DAY;

        l = (Limiter){ 0 };
        for (int i = 0; i < LIMITER_TRIES; i++) {
                ck_assert_int_eq(take(1, now), 0);
        }
        ck_assert_int_eq(take(1, now), LIMITER_REFILL);
        ck_assert_int_eq(take(1, now + LIMITER_REFILL - 1), 1); /* being refused costs nothing */
        ck_assert_int_eq(take(2, now), 0);
        ck_assert_int_eq(take(1, now + LIMITER_REFILL), 0);
        ck_assert_int_gt(take(1, now + LIMITER_REFILL), 0);
        /* Full again, and not more than full. */
        now += 2 * LIMITER_TRIES * LIMITER_REFILL;
        for (int i = 0; i < LIMITER_TRIES; i++) {
                ck_assert_int_eq(take(1, now), 0);
        }
        ck_assert_int_gt(take(1, now), 0);
}
END_TEST

START_TEST(given_back)
{
        const Address a = client(1);
        usec_t now = USEC_PER_DAY;

        l = (Limiter){ 0 };
        for (int i = 0; i < 10 * LIMITER_TRIES; i++) {
                ck_assert_int_eq(take(1, now), 0);
                limiter_return(&l, &a, now);
        }
        /* Nobody gets more than was taken. */
        for (int i = 0; i < 10; i++) {
                limiter_return(&l, &a, now);
        }
        for (int i = 0; i < LIMITER_TRIES; i++) {
                ck_assert_int_eq(take(1, now), 0);
        }
        ck_assert_int_gt(take(1, now), 0);
}
END_TEST

/* The table does not grow; whoever was not seen longest makes room. */
START_TEST(many)
{
        usec_t now = USEC_PER_DAY;

        l = (Limiter){ 0 };
        for (int i = 0; i <= LIMITER_TRIES; i++) {
                (void) take(0, now);
        }
        for (unsigned n = 1; n < LIMITER_CLIENTS; n++) {
                ck_assert_int_eq(take(n, now + n), 0);
        }
        ck_assert_int_gt(take(0, now + LIMITER_CLIENTS), 0);
        ck_assert_int_eq(take(LIMITER_CLIENTS, now + LIMITER_CLIENTS), 0); /* 1 is forgotten */
        ck_assert_int_gt(take(0, now + LIMITER_CLIENTS), 0);
        ck_assert_uint_eq(l.n, LIMITER_CLIENTS);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("limiter");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, bucket);
        tcase_add_test(all, given_back);
        tcase_add_test(all, many);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tests/unit/store_fixture.h"

static Fixture fixture;

static void setup(void)
{
        fixture_open(&fixture);
}

static void teardown(void)
{
        fixture_close(&fixture);
}

static int64_t left(const char *key)
{
        int64_t n = -1;

        MUST(store_rescue_count(fixture.store, key, &n));
        return n;
}

static int see(const char *hash, void *userdata)
{
        (void) strcat(userdata, hash);
        return 0;
}

START_TEST(used_once)
{
        char seen[64] = "";

        MUST(store_rescue_insert(fixture.store, "aa", "one", T0));
        MUST(store_rescue_insert(fixture.store, "bb", "one", T0));
        MUST(store_rescue_insert(fixture.store, "cc", "two", T0));
        ck_assert_int_lt(store_rescue_insert(fixture.store, "aa", "one", T0), 0);
        ck_assert_int_eq(left("one"), 2);
        ck_assert_int_eq(left(""), 0);
        MUST(store_rescue_list(fixture.store, "one", see, seen));
        ck_assert_str_eq(seen, "aabb");
        MUST(store_rescue_use(fixture.store, "aa"));
        ck_assert_int_eq(store_rescue_use(fixture.store, "aa"), -EALREADY);
        fixture_reopen(&fixture);
        ck_assert_int_eq(store_rescue_use(fixture.store, "aa"), -EALREADY);
        ck_assert_int_eq(left("one"), 1);
        MUST(store_rescue_void(fixture.store));
        ck_assert_int_eq(left("one") + left("two"), 0);
}
END_TEST

/* By the try: who, when, and whether it may be. */
START_TEST(tries)
{
        static const RescueLimit limit = { .his = 2, .all = 4, .per = USEC_PER_HOUR };
        static const struct {
                uid_t asker;
                usec_t at;
                bool may;
        } cases[] = {
                { 1, 0, true },
                { 1, 1, true },
                { 1, 2, false },
                { 2, 3, true },
                { 1, USEC_PER_HOUR - 1, false },
                { 1, USEC_PER_HOUR, true }, /* the first is an hour ago */
                { 1, USEC_PER_HOUR, false },
                { 2, USEC_PER_HOUR + 1, true },
                { 3, USEC_PER_HOUR + 2, true },
                { 4, USEC_PER_HOUR + 2, false }, /* four by all */
                { 2, USEC_PER_HOUR + 2, false }, /* two by him */
                { 4, -USEC_PER_HOUR, true },     /* the clock is set back, and forward again */
                { 4, USEC_PER_HOUR + 4, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int r = store_rescue_try(fixture.store, cases[i].asker, &limit, T0 + cases[i].at);

                ck_assert_msg(r == (cases[i].may ? 0 : -EDQUOT), "case %zu: %d", i, r);
                fixture_reopen(&fixture);
        }
}
END_TEST

START_TEST(requests_lately)
{
        int64_t n = -1;

        for (int i = 0; i < 3; i++) {
                Request r = sample_request(1000);
                r.created = T0 + i;
                MUST(store_request_insert(fixture.store, &r));
        }
        MUST(store_request_count_lately(fixture.store, 1000, "web", T0, &n));
        ck_assert_int_eq(n, 2);
        MUST(store_request_count_lately(fixture.store, 1001, "web", T0, &n));
        ck_assert_int_eq(n, 0);
        MUST(store_request_count_lately(fixture.store, 1000, "other", T0, &n));
        ck_assert_int_eq(n, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("store_rescue");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, used_once);
        tcase_add_test(all, tries);
        tcase_add_test(all, requests_lately);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

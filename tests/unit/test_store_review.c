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

static Review opened(const Id *request)
{
        return (Review){ .request = *request, .opened = T0, .who = { .uid = UID_UNSET } };
}

static Id add_request(void)
{
        Request r = sample_request(1000);

        MUST(store_request_insert(fixture.store, &r));
        return r.id;
}

static int64_t n_open(void)
{
        int64_t n = -1;

        MUST(store_review_count_open(fixture.store, &n));
        return n;
}

START_TEST(signed_once)
{
        const Id id = add_request(), other = add_request();
        Review v = opened(&id), got;

        ck_assert_int_eq(store_review_get(fixture.store, &id, &got), -ENOENT);
        MUST(store_review_insert(fixture.store, &v));
        ck_assert_int_lt(store_review_insert(fixture.store, &v), 0);
        MUST(store_review_get(fixture.store, &id, &got));
        ck_assert(!got.signed_off);
        ck_assert_int_eq(got.opened, T0);
        ck_assert_str_eq(got.person, "");
        ck_assert_int_eq(n_open(), 1);
        v.signed_off = true;
        v.time = T0 + 5;
        v.who = (Who){ 1002, (char *) "carol" };
        v.note = (char *) "a cable";
        (void) snprintf(v.person, sizeof(v.person), "carol");
        MUST(store_review_sign(fixture.store, &v));
        ck_assert_int_eq(store_review_sign(fixture.store, &v), -EALREADY);
        v.request = other;
        ck_assert_int_eq(store_review_sign(fixture.store, &v), -EALREADY);
        fixture_reopen(&fixture);
        MUST(store_review_get(fixture.store, &id, &got));
        ck_assert(got.signed_off);
        ck_assert_str_eq(got.person, "carol");
        ck_assert_str_eq(got.note, "a cable");
        ck_assert_str_eq(got.who.name, "carol");
        ck_assert_int_eq(got.time, T0 + 5);
        review_done(&got);
        ck_assert_int_eq(n_open(), 0);
}
END_TEST

typedef struct Seen {
        Id ids[4];
        int64_t rows[4];
        size_t n, most;
} Seen;

static int see(const Id *request, int64_t row, void *userdata)
{
        Seen *s = userdata;

        s->ids[s->n] = *request;
        s->rows[s->n++] = row;
        return s->n == s->most;
}

START_TEST(open_ones_in_order)
{
        Seen all = { .most = 4 }, rest = { .most = 4 };
        Id ids[3];

        for (size_t i = 0; i < 3; i++) {
                ids[i] = add_request();
                Review v = opened(&ids[i]);
                MUST(store_review_insert(fixture.store, &v));
                if (i == 1) {
                        v.signed_off = true;
                        (void) snprintf(v.person, sizeof(v.person), "carol");
                        MUST(store_review_sign(fixture.store, &v));
                }
        }
        MUST(store_reviews_open(fixture.store, 0, see, &all));
        ck_assert_uint_eq(all.n, 2);
        ck_assert_str_eq(all.ids[0].text, ids[0].text);
        ck_assert_str_eq(all.ids[1].text, ids[2].text);
        MUST(store_reviews_open(fixture.store, all.rows[0], see, &rest));
        ck_assert_uint_eq(rest.n, 1);
        ck_assert_str_eq(rest.ids[0].text, ids[2].text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("store_review");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, signed_once);
        tcase_add_test(all, open_ones_in_order);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

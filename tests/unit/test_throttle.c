/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/throttle.h"

#define NOW ((usec_t) 1800000000 * USEC_PER_SEC)
#define MIN_ USEC_PER_MIN

/* What was asked, newest first. */
typedef struct Asked {
        char what; /* (d)enied, (a)pproved, (p)ending, (w)ithdrawn; upper case: by somebody else; 0: no more */
        usec_t ago;
        RequestKind kind;
} Asked;

static Request request_of(const Asked *a)
{
        static const struct {
                char what;
                RequestState state;
        } states[] = { { 'd', REQUEST_DENIED }, { 'a', REQUEST_APPROVED }, { 'p', REQUEST_PENDING },
                { 'w', REQUEST_WITHDRAWN } };
        char small = (char) (a->what | 0x20);
        Request r = { .rule = (char *) "r",
                .asker.uid = a->what == small ? 1000 : 1001,
                .created = NOW - a->ago,
                .kind = a->kind };

        for (size_t i = 0; i < ELEMENTSOF(states); i++) {
                r.state = states[i].what == small ? states[i].state : r.state;
        }
        return r;
}

static Throttled judged(const Rule *rule, const Asked *asked, usec_t denied_ago, usec_t *until)
{
        Throttle t = { .rule = rule, .asker = 1000, .wall = NOW };

        for (size_t i = 0; asked[i].what; i++) {
                const Request r = request_of(&asked[i]);
                if (!throttle_add(&t, &r)) {
                        break;
                }
        }
        return throttle_judge(&t, t.denials > 0 ? NOW - denied_ago : 0, until);
}

static const struct {
        usec_t cool_down;
        usec_t denied_ago; /* the newest denial */
        Asked asked[16];
        usec_t pause; /* 0: none */
} pauses[] = {
        { MIN_, 0, { { 0 } }, 0 },
        { MIN_, 0, { { 'd', MIN_ } }, MIN_ },
        { MIN_, MIN_ - 1, { { 'd', MIN_ } }, MIN_ },
        { MIN_, MIN_, { { 'd', MIN_ } }, 0 },
        { 0, 0, { { 'd', MIN_ } }, 0 },                              /* switched off */
        { MIN_, 0, { { 'D', MIN_ } }, 0 },                           /* another's */
        { MIN_, 0, { { 'd', MIN_ }, { 'd', 3 * MIN_ } }, 2 * MIN_ }, /* twice */
        { MIN_, 0, { { 'd', MIN_ }, { 'D', 2 * MIN_ }, { 'd', 3 * MIN_ } }, 2 * MIN_ },
        { MIN_, 0, { { 'w', 1 }, { 'd', MIN_ }, { 'p', 2 }, { 'd', 3 * MIN_ } }, 2 * MIN_ },
        { MIN_, 0, { { 'a', 1 }, { 'd', MIN_ } }, 0 }, /* approved since */
        { MIN_, 0, { { 'd', 1 }, { 'a', 2 }, { 'd', MIN_ }, { 'd', MIN_ } }, MIN_ },
        { MIN_, 0, { { 'd', 1 }, { 'A', 2 }, { 'd', MIN_ } },
                2 * MIN_ }, /* another's yes is not his */
        { 30 * MIN_, 0, { { 'd', 1 }, { 'd', 2 }, { 'd', 3 } },
                60 * MIN_ }, /* an hour is the most */
        { 61 * MIN_, 0, { { 'd', 1 } }, 60 * MIN_ },
        { MIN_, 0,
                { { 'd', 1 }, { 'd', 2 }, { 'd', 3 }, { 'd', 4 }, { 'd', 5 }, { 'd', 6 },
                        { 'd', 7 } },
                60 * MIN_ },
        { MIN_, 0, { { 'd', 1 }, { 'd', 4 * COOL_DOWN_MAX - 1 } }, 2 * MIN_ },
        { MIN_, 0, { { 'd', 1 }, { 'd', 4 * COOL_DOWN_MAX } }, MIN_ }, /* long ago */
        { MIN_, 0, { { 'd', -MIN_ }, { 'd', 1 } }, MIN_ },    /* from the future: says nothing */
        { MIN_, -1, { { 'd', 1 } }, 0 },                      /* denied in the future */
        { MIN_, 0, { { 'd', 1, REQUEST_EXTENSION } }, MIN_ }, /* more time is asking, too */
        { MIN_, 0, { { 'd', 1, REQUEST_RESCUE } }, 0 },
        { 1, 0, { { 'd', 1 }, { 'd', 2 }, { 'd', 3 } }, 4 },
};

START_TEST(cool_downs)
{
        const Rule rule = { .name = (char *) "r", .cool_down = pauses[_i].cool_down };
        usec_t until = 0, ago = pauses[_i].denied_ago;
        Throttled how = judged(&rule, pauses[_i].asked, ago, &until);

        ck_assert_int_eq(how, pauses[_i].pause ? THROTTLED_COOL : THROTTLED_NOT);
        if (pauses[_i].pause) {
                ck_assert_int_eq(until, NOW - ago + pauses[_i].pause);
        }
}
END_TEST

static const struct {
        int64_t count;
        usec_t per;
        Asked asked[8];
        usec_t until; /* from now; 0: not throttled */
} rates[] = {
        { 2, 60 * MIN_, { { 'p', 1 } }, 0 },
        { 2, 60 * MIN_, { { 'p', 1 }, { 'w', 20 * MIN_ } }, 40 * MIN_ },
        { 2, 60 * MIN_, { { 'p', 1 }, { 'a', 60 * MIN_ - 1 } }, 1 },
        { 2, 60 * MIN_, { { 'p', 1 }, { 'a', 60 * MIN_ } }, 0 },
        { 2, 60 * MIN_, { { 'p', 1 }, { 'P', 2 }, { 'P', 3 } }, 0 },
        { 2, 60 * MIN_, { { 'p', 1 }, { 'w', 2, REQUEST_EXTENSION } }, 60 * MIN_ - 2 },
        { 2, 60 * MIN_, { { 'p', 1 }, { 'w', 2, REQUEST_RESCUE } }, 0 },
        { 2, 60 * MIN_, { { 'p', -5 }, { 'w', 2 } }, 0 },
        { 0, 60 * MIN_, { { 'p', 1 }, { 'w', 2 }, { 'w', 2 } }, 0 },
        /* a day is looked back, further than pauses are */
        { 1, USEC_PER_DAY, { { 'w', USEC_PER_DAY - 5 } }, 5 },
};

START_TEST(rates_of_one)
{
        const Rule rule = { .name = (char *) "r", .rate = { rates[_i].count, rates[_i].per } };
        usec_t until = 0;
        Throttled how = judged(&rule, rates[_i].asked, 0, &until);

        ck_assert_int_eq(how, rates[_i].until ? THROTTLED_RATE : THROTTLED_NOT);
        if (rates[_i].until) {
                ck_assert_int_eq(until, NOW + rates[_i].until);
        }
}
END_TEST

/* Ten times the rate is what all may ask together: not by one less, nor by another rule's. */
START_TEST(rate_of_all)
{
        const Rule rule = { .name = (char *) "r", .rate = { 2, 60 * MIN_ } };

        for (int n = 18; n <= 21; n++) {
                Throttle t = { .rule = &rule, .asker = 1000, .wall = NOW };
                usec_t until = 0;

                for (int i = 0; i < n; i++) {
                        Request r = { .rule = (char *) "r",
                                .asker.uid = 2000 + (uid_t) i,
                                .created = NOW - i };
                        ck_assert(throttle_add(&t, &r));
                        r.rule = (char *) "other";
                        ck_assert(throttle_add(&t, &r));
                        r.rule = NULL;
                        ck_assert(throttle_add(&t, &r));
                }
                Throttled how = throttle_judge(&t, 0, &until);
                ck_assert_int_eq(how, n < 20 ? THROTTLED_NOT : THROTTLED_ALL);
                ck_assert_int_eq(until, n < 20 ? 0 : NOW - (n - 1) + 60 * MIN_);
        }
}
END_TEST

/* The visit ends where nothing older counts, and goes on over what is of the future. */
START_TEST(how_far_back)
{
        const Rule rule = { .name = (char *) "r", .cool_down = MIN_ };
        static const struct {
                usec_t ago;
                bool more;
        } cases[] = { { 0, true }, { 4 * COOL_DOWN_MAX - 1, true }, { 4 * COOL_DOWN_MAX, false },
                { -1, true }, { -USEC_PER_DAY, true } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Throttle t = { .rule = &rule, .asker = 1000, .wall = NOW };
                const Request r = {
                        .rule = (char *) "r", .asker.uid = 1000, .created = NOW - cases[i].ago
                };
                ck_assert_int_eq(throttle_add(&t, &r), cases[i].more);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("throttle");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_loop_test(all, cool_downs, 0, ELEMENTSOF(pauses));
        tcase_add_loop_test(all, rates_of_one, 0, ELEMENTSOF(rates));
        tcase_add_test(all, rate_of_all);
        tcase_add_test(all, how_far_back);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

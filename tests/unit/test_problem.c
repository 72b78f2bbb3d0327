/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/problem.h"
#include "common/util.h"

START_TEST(said)
{
        static const struct {
                Place at;
                const char *text, *out;
        } cases[] = {
                { { "a.conf", 3, 7 }, "bad", "a.conf:3:7: bad" },
                { { "a.conf", 0, 0 }, "too long", "a.conf: too long" },
                { { "a\n.conf", 1, 1 }, "\033[2J", "a\\x0A.conf:1:1: \\x1B[2J" },
                { { NULL, 0, 0 }, "x", ": x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems p = {};
                _cleanup_(freep) char *s = NULL;

                problems_add(&p, &cases[i].at, "%s", cases[i].text);
                ck_assert_uint_eq(p.n, 1);
                ck_assert(!p.lost);
                s = problem_to_string(&p.items[0]);
                ck_assert_msg(strcasecmp(s, cases[i].out) == 0, "%s", s);
                problems_done(&p);
                ck_assert_ptr_null(p.items);
        }
}
END_TEST

START_TEST(told_once)
{
        Problems p = {};

        for (int i = 0; i < 3; i++) {
                problems_add(&p, &(Place){ "a", 1, 1 }, "same");
        }
        problems_add(&p, &(Place){ "b", 1, 1 }, "same");
        problems_add(&p, &(Place){ "a", 2, 1 }, "same");
        problems_add(&p, &(Place){ "a", 1, 2 }, "same");
        problems_add(&p, &(Place){ "a", 1, 1 }, "other");
        ck_assert_uint_eq(p.n, 5);
        problems_done(&p);
}
END_TEST

START_TEST(capped)
{
        Problems p = {};

        for (unsigned i = 1; i <= PROBLEMS_MAX; i++) {
                problems_add(&p, &(Place){ "a", i, 1 }, "x");
        }
        ck_assert(!p.lost);
        problems_add(&p, &(Place){ "a", 1, 1 }, "x"); /* told already, so nothing is lost */
        ck_assert(!p.lost);
        problems_add(&p, &(Place){ "a", PROBLEMS_MAX + 1, 1 }, "x");
        ck_assert(p.lost);
        ck_assert_uint_eq(p.n, PROBLEMS_MAX);
        problems_done(&p);
        ck_assert(!p.lost);
}
END_TEST

START_TEST(long_message)
{
        Problems p = {};
        char text[5000];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        problems_add(&p, &(Place){ "a", 1, 1 }, "'%s' is bad", text);
        ck_assert_uint_eq(p.n, 1);
        ck_assert_uint_lt(strlen(p.items[0].message), 600);
        problems_done(&p);
}
END_TEST

START_TEST(nearest)
{
        static const char *const words[] = { "services", "users", "targets", "max-duration",
                "duration", "wait", "rule", "ask", "allow", "on-expiry" };
        static const struct {
                const char *word, *near;
        } cases[] = {
                { "ruel", "rule" }, /* swapped neighbours are one mistake */
                { "aks", "ask" },
                { "service", "services" },
                { "user", "users" },
                { "max_duration", "max-duration" },
                { "maxduration", "max-duration" },
                { "Rule", "rule" },
                { "ASK", "ask" },
                { "duraton", "duration" },
                { "waits", "wait" },
                { "onexpiry", "on-expiry" },
                { "alow", "allow" },
                { "zzz", NULL },
                { "escalate", NULL },
                { "x", NULL },
                { "", NULL },
                { "notify", NULL },
                /* over 64 bytes: not a slip of the hand */
                { "services-services-services-services-services-services-services-xx", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *near = nearest_word(cases[i].word, words, ELEMENTSOF(words));
                char hint[HINT_MAX];

                ck_assert_msg((!near && !cases[i].near) ||
                                      (near && cases[i].near && streq(near, cases[i].near)),
                        "'%s' is near '%s'", cases[i].word, str_or(near, "nothing"));
                nearest_hint(hint, cases[i].word, words, ELEMENTSOF(words));
                ck_assert_int_eq(hint[0] != '\0', near != NULL);
        }
        ck_assert_ptr_null(nearest_word("a", NULL, 0));
        /* a long candidate is passed over, not looked at */
        ck_assert_ptr_null(nearest_word("services",
                (const char *const[]){ "services-services-services-services-services-services-"
                                       "services-services-services" },
                1));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("problem");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, said);
        tcase_add_test(all, told_once);
        tcase_add_test(all, capped);
        tcase_add_test(all, long_message);
        tcase_add_test(all, nearest);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "jit-approver/daemon/waiters.h"
#include "tests/unit/rules_fixture.h"

static Waiters ws;

static Id id_of(unsigned n)
{
        Id id = { "AAAA-2222" };

        id.text[8] = (char) ('2' + n);
        return id;
}

static Call *new_call(void)
{
        return calloc(1, sizeof(Call));
}

static Waiter *add(unsigned request, uid_t asker, bool counts)
{
        const Echo echo = { asker, 0, "n", "sudo", "dev", "root" };
        const Id id = id_of(request);
        Waiter *w = NULL;

        ck_assert_int_eq(waiters_add(&ws, &id, new_call(), &echo, asker, counts, "r", &w), 0);
        return w;
}

static void drop(Waiter *w)
{
        Call *c = w->call;

        waiters_remove(&ws, w);
        free(c);
}

static bool is_kept(unsigned request)
{
        const Id id = id_of(request);

        return waiters_keep(&ws, &id);
}

START_TEST(counted)
{
        Waiter *a = add(1, 1000, true), *b = add(1, 1000, false), *c = add(2, 1000, true);
        const Id one = id_of(1), three = id_of(3);

        ck_assert_uint_eq(ws.n, 3);
        ck_assert_uint_eq(waiters_of_asker(&ws, 1000), 2); /* onlookers are not held against him */
        ck_assert_uint_eq(waiters_of_asker(&ws, 1001), 0);
        ck_assert_ptr_eq(waiters_of(&ws, &one), b); /* the newest first */
        ck_assert_ptr_null(waiters_of(&ws, &three));
        drop(a);
        ck_assert(!is_kept(1));
        ck_assert_ptr_eq(waiters_of(&ws, &one), b);
        ck_assert_uint_eq(waiters_of_asker(&ws, 1000), 1);
        drop(b);
        drop(c);
        ck_assert_uint_eq(ws.n, 0);
        ck_assert_uint_eq(waiters_of_asker(&ws, 1000), 0);
        ck_assert_ptr_null(ws.by_request);
        ck_assert_ptr_null(ws.by_asker);
}
END_TEST

/* So many wait at a service, or by a rule; who only looks on is not one of them. */
START_TEST(crowds)
{
        static const struct {
                const char *service, *rule;
                bool counts;
        } who[] = { { "sudo", "a", true }, { "sudo", "b", true }, { "sshd", "b", true },
                { "sshd", "b", false }, { "sshd", NULL, true } };

        for (size_t i = 0; i < ELEMENTSOF(who); i++) {
                const Echo echo = { 1000, 0, "n", who[i].service, "dev", "root" };
                const Id id = id_of((unsigned) i);
                Waiter *w;

                ck_assert_int_eq(waiters_add(&ws, &id, new_call(), &echo, 1000, who[i].counts,
                                         who[i].rule, &w),
                        0);
        }
        ck_assert_uint_eq(waiters_count(&ws, UID_UNSET, NULL, NULL), 4);
        ck_assert_uint_eq(waiters_count(&ws, UID_UNSET, "sudo", NULL), 2);
        ck_assert_uint_eq(waiters_count(&ws, UID_UNSET, "sshd", NULL), 2);
        ck_assert_uint_eq(waiters_count(&ws, UID_UNSET, NULL, "b"), 2);
        ck_assert_uint_eq(waiters_count(&ws, UID_UNSET, "sudo", "b"), 1);
        ck_assert_uint_eq(waiters_count(&ws, UID_UNSET, "su", NULL), 0);
        while (ws.n > 0) {
                for (unsigned i = 0; i < ELEMENTSOF(who); i++) {
                        const Id id = id_of(i);
                        Waiter *w = waiters_of(&ws, &id);
                        if (w) {
                                drop(w);
                        }
                }
        }
        ck_assert_uint_eq(waiters_count(&ws, UID_UNSET, NULL, NULL), 0);
}
END_TEST

/* Its words outlive those they were copied from; what the call was sent is let go. */
START_TEST(words_are_its_own)
{
        char nonce[] = "abc", service[] = "sudo";
        const Echo echo = { 1000, UID_UNSET, nonce, service, NULL, "" };
        const Id id = id_of(1);
        Call *c = new_call();
        Waiter *w;

        ck_assert_int_eq(json_parse("{}", 2, &c->json), 0);
        ck_assert_int_eq(waiters_add(&ws, &id, c, &echo, 1000, true, NULL, &w), 0);
        nonce[0] = service[0] = 'X';
        ck_assert_str_eq(w->echo.nonce, "abc");
        ck_assert_str_eq(w->echo.service, "sudo");
        ck_assert_str_eq(w->echo.user, "");
        ck_assert_str_eq(w->echo.target, "");
        ck_assert_uint_eq(w->echo.target_uid, UID_UNSET);
        ck_assert_ptr_null(c->json);
        drop(w);
}
END_TEST

START_TEST(at_random)
{
        Waiter *all[200];
        size_t n = 0;
        uint64_t seed = 7;

        for (int step = 0; step < 20000; step++) {
                if (n < ELEMENTSOF(all) && fixture_random(&seed, 2)) {
                        all[n++] = add(fixture_random(&seed, 6), 1000 + fixture_random(&seed, 5),
                                fixture_random(&seed, 3) > 0);
                } else if (n > 0) {
                        size_t at = fixture_random(&seed, (unsigned) n);
                        drop(all[at]);
                        all[at] = all[--n];
                }
                unsigned request = fixture_random(&seed, 6), asker = fixture_random(&seed, 5);
                unsigned of_asker = 0;
                bool is_awaited = false;
                const Id id = id_of(request);
                for (size_t i = 0; i < n; i++) {
                        of_asker += all[i]->counts && all[i]->asker == 1000 + asker;
                        is_awaited = is_awaited ||
                                     (all[i]->counts && streq(all[i]->request.text, id.text));
                }
                ck_assert_uint_eq(waiters_of_asker(&ws, 1000 + asker), of_asker);
                ck_assert_int_eq(waiters_keep(&ws, &id), is_awaited);
                ck_assert_uint_eq(ws.n, n);
        }
        while (n > 0) {
                drop(all[--n]);
        }
}
END_TEST

START_TEST(done)
{
        for (unsigned i = 0; i < 30; i++) {
                free(add(i % 6, 1000 + i % 5, true)->call);
        }
        waiters_done(&ws);
        ck_assert_uint_eq(ws.n, 0);
        waiters_done(&ws);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("waiters");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, counted);
        tcase_add_test(all, crowds);
        tcase_add_test(all, words_are_its_own);
        tcase_add_test(all, at_random);
        tcase_add_test(all, done);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

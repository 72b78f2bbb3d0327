/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>

#include "jit-approver/domain/denial.h"

static Denials denials;

static void deny(uid_t asker, const char *service, uid_t target, const char *line, usec_t at)
{
        const Request r = { .asker.uid = asker, .service = (char *) service, .target.uid = target };
        const Now now = { .wall = at, .boot = at };

        ck_assert_int_eq(denials_add(&denials, &r, line, &now), 0);
}

static const char *find(uid_t asker, const char *service, uid_t target, usec_t at)
{
        const Now now = { .wall = at, .boot = at };

        return denials_find(&denials, asker, service, target, &now);
}

START_TEST(for_a_while)
{
        ck_assert_ptr_null(find(0, "", 0, 0)); /* what was never filled in is nobody's */
        deny(7, "sshd", 7, "Denied by bob.", 100);
        ck_assert_str_eq(find(7, "sshd", 7, 100), "Denied by bob.");
        ck_assert_str_eq(find(7, "sshd", 7, 99 + DENIAL_TIME), "Denied by bob.");
        ck_assert_ptr_null(find(7, "sshd", 7, 100 + DENIAL_TIME));
        ck_assert_ptr_null(find(8, "sshd", 7, 100));
        ck_assert_ptr_null(find(7, "login", 7, 100));
        ck_assert_ptr_null(find(7, "sshd", 8, 100));
}
END_TEST

START_TEST(oldest_gives_way)
{
        for (uid_t i = 0; i <= DENIALS_MAX; i++) {
                deny(i, "sshd", i, "no", 1);
        }
        ck_assert_ptr_null(find(0, "sshd", 0, 1));
        ck_assert_ptr_nonnull(find(1, "sshd", 1, 1));
        ck_assert_ptr_nonnull(find(DENIALS_MAX, "sshd", DENIALS_MAX, 1));
}
END_TEST

static void clean(void)
{
        denials_done(&denials);
        denials = (Denials){ 0 };
}

int main(void)
{
        Suite *suite = suite_create("denial");
        TCase *all = tcase_create("all");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(all, NULL, clean);
        tcase_add_test(all, for_a_while);
        tcase_add_test(all, oldest_gives_way);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}

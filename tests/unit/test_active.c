/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "jit-approver/daemon/active.h"
#include "tests/unit/rules_fixture.h"

static Active active;
static const Now now = { 1000, 1000 };

static ActiveGrant *add(unsigned n, uid_t asker, usec_t until, const char *service)
{
        ActiveGrant *ret = NULL;
        Grant g = {
                .asker = { asker, strdup("dev") },
                .target = { 0, strdup("root") },
                .by = { UID_UNSET, NULL },
                .service = strdup(service),
                .rule = strdup("r"),
                .until = until,
                .until_boot = until,
                .boot_id = "b",
                .scope = SCOPE_SERVICE,
                .login_session = SESSION_NONE,
        };

        (void) snprintf(g.id.text, ID_SIZE, "AAAA-%04u", n);
        ck_assert_int_eq(active_add(&active, &g, &ret), 0);
        ck_assert_ptr_null(g.service); /* moved */
        return ret;
}

static ActiveGrant *find(uid_t asker, const char *service, const char *rule)
{
        const Question q = { .service = service,
                .asker = { .uid = asker },
                .target_known = true,
                .target = { .uid = 0 } };
        const Rule r = { .name = (char *) rule, .action = ACTION_ASK };

        return active_find(&active, &q, NULL, rule ? &r : NULL, &now, "b");
}

START_TEST(found)
{
        ActiveGrant *a = add(1, 1000, 5000, "sudo"), *b = add(2, 1000, 6000, "sudo");
        ActiveGrant *c = add(3, 999, 9000, "sudo"), *d = add(4, 1000, 9000, "su");

        (void) add(5, 1001, 1000, "sudo");            /* due */
        ck_assert_ptr_eq(find(1000, "sudo", "r"), b); /* the longest */
        ck_assert_ptr_eq(find(1000, "su", "r"), d);
        ck_assert_ptr_eq(find(999, "sudo", "r"), c);
        ck_assert_ptr_null(find(998, "sudo", "r"));
        ck_assert_ptr_null(find(1001, "sudo", "r"));
        ck_assert_ptr_null(find(1000, "sudo", "other"));
        ck_assert_ptr_eq(find(1000, "sudo", NULL), b); /* no rules are loaded */
        active_remove(&active, b);
        ck_assert_ptr_eq(find(1000, "sudo", "r"), a);
        ck_assert_ptr_eq(active_get(&active, &c->grant.id), c);
        ck_assert_ptr_null(active_get(&active, &(Id){ "AAAA-0002" }));
        ck_assert_uint_eq(active.n, 4);
        active_done(&active);
        ck_assert_uint_eq(active.n, 0);
}
END_TEST

/* Over, but not recorded yet: it covers nothing, is not counted, and wakes nobody. */
START_TEST(over)
{
        ActiveGrant *a = add(1, 1000, 5000, "sudo");
        NextDue next = NEXT_DUE_NONE;

        active_next(&active, &next);
        ck_assert_int_eq(next.wall, 5000);
        ck_assert_uint_eq(active_count(&active), 1);
        a->grant.state = GRANT_REVOKED;
        a->ended_by = strdup("adm");
        next = NEXT_DUE_NONE;
        active_next(&active, &next);
        ck_assert_int_eq(next.wall, USEC_NEVER);
        ck_assert_int_eq(next.boot, USEC_NEVER);
        ck_assert_uint_eq(active_count(&active), 0);
        ck_assert_ptr_null(find(1000, "sudo", "r"));
        ck_assert_ptr_eq(active_get(&active, &a->grant.id), a);
        active_done(&active);
}
END_TEST

START_TEST(sessions)
{
        ActiveGrant *g = add(1, 1000, 5000, "sudo"), *other = add(2, 1001, 5000, "sudo"),
                    *ret = NULL;

        for (int64_t pid = 1; pid <= 3; pid++) {
                Session x = { .pid = pid, .start = 10 * pid, .unit = strdup("u") };
                ck_assert_int_eq(active_add_session(pid == 3 ? other : g, &x), 0);
                ck_assert_ptr_null(x.unit);
        }
        Session *x = active_session_of(&active, 2, 20, &ret);
        ck_assert_ptr_nonnull(x);
        ck_assert_ptr_eq(ret, g);
        ck_assert_ptr_null(active_session_of(&active, 2, 21, &ret)); /* its pid is another's now */
        active_remove_session(g, active_session_of(&active, 1, 10, &ret));
        ck_assert_ptr_null(active_session_of(&active, 1, 10, &ret));
        ck_assert_ptr_nonnull(active_session_of(&active, 2, 20, &ret));
        ck_assert_ptr_nonnull(active_session_of(&active, 3, 30, &ret));
        ck_assert_ptr_eq(ret, other);
        active_done(&active);
}
END_TEST

/* Sorted by asker whatever the order they come and go in. */
START_TEST(order)
{
        uint64_t seed = 3;

        for (unsigned i = 0; i < 500; i++) {
                if (active.n > 0 && fixture_random(&seed, 3) == 0) {
                        active_remove(
                                &active, active.items[fixture_random(&seed, (unsigned) active.n)]);
                } else {
                        (void) add(i, fixture_random(&seed, 20), 5000, "sudo");
                }
                for (size_t k = 1; k < active.n; k++) {
                        ck_assert_uint_le(active.items[k - 1]->grant.asker.uid,
                                active.items[k]->grant.asker.uid);
                }
                uid_t asker = fixture_random(&seed, 20);
                bool there = false;
                for (size_t k = 0; k < active.n; k++) {
                        there = there || active.items[k]->grant.asker.uid == asker;
                }
                ck_assert_int_eq(find(asker, "sudo", "r") != NULL, there);
        }
        active_done(&active);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("active");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, found);
        tcase_add_test(all, over);
        tcase_add_test(all, sessions);
        tcase_add_test(all, order);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

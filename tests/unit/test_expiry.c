/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/expiry.h"

START_TEST(verdicts)
{
        static const struct {
                GrantState state;
                usec_t wall, boot;
                const char *boot_id;
                GrantState verdict;
        } cases[] = {
                { GRANT_ACTIVE, 99, 49, "A", GRANT_ACTIVE },
                { GRANT_ACTIVE, 100, 49, "A", GRANT_EXPIRED },
                { GRANT_ACTIVE, 99, 50, "A", GRANT_EXPIRED },
                { GRANT_ACTIVE, 99, 1, "B", GRANT_LOST },
                { GRANT_ACTIVE, 99, 60, "B", GRANT_LOST },
                { GRANT_ACTIVE, 100, 1, "B", GRANT_EXPIRED }, /* was over anyway */
                { GRANT_ACTIVE, 99, 49, "", GRANT_ACTIVE },
                { GRANT_ACTIVE, 99, 50, "", GRANT_EXPIRED },
                { GRANT_ACTIVE, 100, 49, NULL, GRANT_EXPIRED },
                /* what is over stays what it is */
                { GRANT_REVOKED, 200, 200, "B", GRANT_REVOKED },
                { GRANT_ENDED, 99, 49, "A", GRANT_ENDED },
                { GRANT_LOST, 200, 200, "A", GRANT_LOST },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Grant g = {
                        .state = cases[i].state, .until = 100, .until_boot = 50, .boot_id = "A"
                };
                Now now = { cases[i].wall, cases[i].boot };
                GrantState v = expiry_verdict(&g, &now, cases[i].boot_id);

                ck_assert_msg(v == cases[i].verdict, "case %zu: %d", i, (int) v);
                /* and agrees with what every question sees */
                if (g.state == GRANT_ACTIVE) {
                        ck_assert_int_eq(
                                v != GRANT_ACTIVE, grant_is_due(&g, &now, cases[i].boot_id));
                }
        }
}
END_TEST

/* Whatever the clocks say: never open at a deadline or beyond it (hazard H-86). */
START_TEST(odd_instants)
{
        static const usec_t odd[] = { INT64_MIN, -1, 0, 1, (usec_t) INT32_MAX * USEC_PER_SEC,
                ((usec_t) INT32_MAX + 1) * USEC_PER_SEC, INT64_MAX - 1, INT64_MAX };

        for (size_t i = 0; i < ELEMENTSOF(odd); i++) {
                for (size_t k = 0; k < ELEMENTSOF(odd); k++) {
                        Grant by_wall = {
                                .until = odd[k], .until_boot = INT64_MAX, .boot_id = "A"
                        };
                        Grant by_boot = {
                                .until = INT64_MAX, .until_boot = odd[k], .boot_id = "A"
                        };
                        GrantState due = odd[i] >= odd[k] ? GRANT_EXPIRED : GRANT_ACTIVE;

                        ck_assert_int_eq(expiry_verdict(&by_wall, &(Now){ odd[i], 0 }, "A"), due);
                        ck_assert_int_eq(expiry_verdict(&by_boot, &(Now){ 0, odd[i] }, "A"), due);
                }
        }
}
END_TEST

START_TEST(soonest)
{
        NextDue next = NEXT_DUE_NONE;

        ck_assert(next.wall == USEC_NEVER && next.boot == USEC_NEVER);
        expiry_add(&next, 100, 0);
        ck_assert(next.wall == 100 && next.boot == USEC_NEVER);
        expiry_add(&next, 200, 70);
        ck_assert(next.wall == 100 && next.boot == 70);
        expiry_add(&next, 50, 90);
        ck_assert(next.wall == 50 && next.boot == 70);
        expiry_add(&next, USEC_NEVER, USEC_NEVER);
        ck_assert(next.wall == 50 && next.boot == 70);
        expiry_add(&next, -1, 1); /* already past: now */
        ck_assert(next.wall == -1 && next.boot == 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("expiry");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, verdicts);
        tcase_add_test(all, odd_instants);
        tcase_add_test(all, soonest);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

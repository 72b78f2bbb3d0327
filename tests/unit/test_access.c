/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "jit-approver/domain/access.h"

/* Single roles; Y yes, f forbidden, . hidden. The columns are the bits of Role, and nobody last. */
#define N_ROLES 6
/* clang-format off */
static const struct {
        Act act;
        const char *asker, *approver, *auditor, *admin, *module, *reviewer, *nobody;
} matrix[] = {
        /*               asker approver auditor admin module reviewer nobody */
        { ACT_SEE,        "Y",  "Y",     "Y",    "Y",  ".",  "Y",   "." },
        { ACT_DECIDE,     "f",  "Y",     "f",    "f",  ".",  "f",   "." },
        { ACT_CANCEL,     "Y",  "f",     "f",    "Y",  ".",  "f",   "." },
        { ACT_NUDGE,      "Y",  "f",     "f",    "f",  ".",  "f",   "." },
        { ACT_END,        "Y",  "f",     "f",    "Y",  ".",  "f",   "." },
        { ACT_EXTEND,     "Y",  "f",     "f",    "f",  ".",  "f",   "." },
        { ACT_REVOKE,     "f",  "Y",     "f",    "Y",  ".",  "f",   "." },
        { ACT_GRANT,      "f",  "f",     "f",    "Y",  "f",  "f",   "f" },
        { ACT_ADMINISTER, "f",  "f",     "f",    "Y",  "f",  "f",   "f" },
        { ACT_AUDIT,      "f",  "f",     "Y",    "Y",  "f",  "f",   "f" },
        { ACT_REVIEW,     "f",  "f",     "f",    "f",  ".",   "Y",   "." },
};
/* clang-format on */

static Access of_letter(const char *s)
{
        return s[0] == 'Y' ? ACCESS_YES : s[0] == 'f' ? ACCESS_FORBIDDEN : ACCESS_HIDDEN;
}

START_TEST(every_combination)
{
        ck_assert_uint_eq(ELEMENTSOF(matrix), _ACT_MAX);
        for (size_t i = 0; i < ELEMENTSOF(matrix); i++) {
                const char *single[N_ROLES] = { matrix[i].asker, matrix[i].approver,
                        matrix[i].auditor, matrix[i].admin, matrix[i].module, matrix[i].reviewer };

                /* Of several roles the strongest counts, and each never takes from another. */
                for (unsigned roles = 0; roles < 1 << N_ROLES; roles++) {
                        Access expected = of_letter(matrix[i].nobody), got;

                        for (unsigned b = 0; b < N_ROLES; b++) {
                                if (roles & 1U << b) {
                                        expected = MAX(expected, of_letter(single[b]));
                                }
                        }
                        got = access_judge(matrix[i].act, roles);
                        ck_assert_msg(
                                got == expected, "act %zu roles %#x: %d", i, roles, (int) got);
                }
        }
}
END_TEST

START_TEST(nonsense)
{
        ck_assert_int_eq(access_judge(_ACT_MAX, ~0U), ACCESS_HIDDEN);
        ck_assert_int_eq(access_judge((Act) -1, ~0U), ACCESS_HIDDEN);
        for (int act = 0; act < _ACT_MAX; act++) {
                /* unknown bits are no role */
                ck_assert_int_ne(access_judge((Act) act, 1U << 20), ACCESS_YES);
        }
        ck_assert_int_eq(ACCESS_HIDDEN, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("access");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, every_combination);
        tcase_add_test(all, nonsense);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

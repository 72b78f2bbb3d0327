/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "common/service.h"

#include <check.h>
#include <stdlib.h>

START_TEST(names)
{
        ck_assert_str_eq(service_canonical("sudo-i"), "sudo");
        ck_assert_str_eq(service_canonical("su-l"), "su");
        ck_assert_str_eq(service_canonical("runuser-l"), "runuser");
        ck_assert_str_eq(service_canonical("sudo-ix"), "sudo-ix");
        ck_assert_str_eq(service_canonical("Sudo"), "Sudo");
        ck_assert_str_eq(service_sibling("su"), "su-l");
        ck_assert_ptr_null(service_sibling("su-l"));
        ck_assert_ptr_null(service_sibling("sshd"));
}
END_TEST

START_TEST(changes_user)
{
        ck_assert(service_changes_user("sudo") && service_changes_user("su") &&
                  service_changes_user("runuser"));
        ck_assert(!service_changes_user("sshd") && !service_changes_user("sudoedit") &&
                  !service_changes_user(""));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("service");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, names);
        tcase_add_test(all, changes_user);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

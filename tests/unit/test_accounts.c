/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <limits.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/residue/accounts.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
                             "\n# not one\n"
                             "daemon:x:1:1::/:/bin/false\n"
                             "short:x\n"
                             "odd:x:many:1::relative:/bin/sh\n"
                             ":x:7:7::/home/nobody:/bin/sh\n"
                             "dev:x:1000:1000:Dev,,,:/home/dev:/bin/bash";

START_TEST(accounts)
{
        static const struct {
                const char *name;
                uid_t id;
                const char *home; /* NULL: none to look into */
        } cases[] = {
                { "root", 0, "/root" },
                { "daemon", 1, NULL },
                { "odd", UID_UNSET, NULL },
                { "dev", 1000, "/home/dev" },
        };
        const char *at = passwd;
        char home[PATH_MAX];
        Account a;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ck_assert(account_next(&at, &a));
                ck_assert_uint_eq(a.n_name, strlen(cases[i].name));
                ck_assert(strncmp(a.line, cases[i].name, a.n_name) == 0);
                ck_assert_uint_eq(a.id, cases[i].id);
                ck_assert_int_eq(account_home(&a, home, sizeof(home)), cases[i].home != NULL);
                if (cases[i].home) {
                        ck_assert_str_eq(home, cases[i].home);
                }
        }
        ck_assert(!account_next(&at, &a));
}
END_TEST

START_TEST(names)
{
        char name[ACCOUNT_NAME_MAX];

        account_name(passwd, 1000, name);
        ck_assert_str_eq(name, "dev");
        account_name(passwd, 5, name);
        ck_assert_str_eq(name, "#5");
        account_name(NULL, 0, name);
        ck_assert_str_eq(name, "#0");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("accounts");
        TCase *all = tcase_create("all");
        SRunner *runner;
        int failed;

        tcase_add_test(all, accounts);
        tcase_add_test(all, names);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}

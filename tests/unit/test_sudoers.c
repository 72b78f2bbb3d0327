/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What sudoers says of PAM, in the ways in which it may be written. */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/sudoers.h"

static const struct {
        const char *text, *name, *value, *scope;
        bool on;
} cases[] = {
        { "Defaults !pam_acct_mgmt\n", "pam_acct_mgmt", NULL, "", false },
        { "Defaults pam_acct_mgmt", "pam_acct_mgmt", NULL, "", true },
        { "Defaults ! pam_acct_mgmt", "pam_acct_mgmt", NULL, "", false },
        { "Defaults !!pam_acct_mgmt", "pam_acct_mgmt", NULL, "", true },
        { "  Defaults\t!pam_session # why\n", "pam_session", NULL, "", false },
        { "Defaults:dev !pam_session\n", "pam_session", NULL, ":dev", false },
        { "Defaults@web1,web2 !pam_session\n", "pam_session", NULL, "@web1,web2", false },
        { "Defaults!/bin/ls !pam_session\n", "pam_session", NULL, "!/bin/ls", false },
        { "Defaults>root !pam_session\n", "pam_session", NULL, ">root", false },
        { "Defaults pam_service=x\n", "pam_service", "x", "", true },
        { "Defaults pam_service = x\n", "pam_service", "x", "", true },
        { "Defaults pam_service=\"x y\"\r\n", "pam_service", "x y", "", true },
        { "Defaults badpass_message=\"a, b # c\", pam_service=x\n", "pam_service", "x", "", true },
        { "Defaults env_keep += \"A B\", \\\n  pam_service=x\n", "pam_service", "x", "", true },
        { "Defaults insults, badpass_message=\"a, !pam_session\"\n", "badpass_message",
                "a, !pam_session", "", true },
        { "# Defaults pam_service=y\nDefaults pam_service=x", "pam_service", "x", "", true },
        { "Cmnd_Alias X = /bin/a\\, b\nDefaults pam_service=x", "pam_service", "x", "", true },
};

START_TEST(settings)
{
        _cleanup_(sudoers_done) Sudoers s = { 0 };
        const SudoSetting *last;

        sudoers_read(&s, cases[_i].text);
        ck_assert_uint_gt(s.n, 0);
        last = &s.items[s.n - 1];
        ck_assert_str_eq(last->name, cases[_i].name);
        ck_assert_pstr_eq(last->value, cases[_i].value);
        ck_assert_str_eq(last->scope, cases[_i].scope);
        ck_assert_int_eq(last->on, cases[_i].on);
}
END_TEST

/* Nothing of these is a setting of everybody's, and nothing crashes. */
START_TEST(no_settings)
{
        static const char *const texts[] = { "", "\n", "Defaults", "Defaults\n", "Defaults ,\n",
                "Defaults !", "DefaultsX !pam_session", "#Defaults !pam_session",
                "dev ALL = NOPASSWD: ALL", "\\", "\"", "Defaults # !pam_session" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(sudoers_done) Sudoers s = { 0 };

                sudoers_read(&s, texts[i]);
                ck_assert_msg(s.n == 0, "'%s': %s", texts[i], s.n ? s.items[0].name : "");
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("sudoers");
        TCase *t = tcase_create("sudoers");

        tcase_add_loop_test(t, settings, 0, (int) ELEMENTSOF(cases));
        tcase_add_test(t, no_settings);
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What of polkit's files makes somebody root without a question. */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/polkit.h"

#define UNITS "org.freedesktop.systemd1.manage-units"

static const struct {
        const char *text, *action; /* NULL: none */
} policies[] = {
        { "<action id=\"" UNITS "\"><defaults><allow_active>yes</allow_active></defaults></action>",
                UNITS },
        { "<action id='" UNITS "'><allow_any> yes </allow_any></action>", UNITS },
        { "<action id=\"" UNITS "\"><allow_inactive>\nyes</allow_inactive></action>", UNITS },
        { "<action id=\"" UNITS "\"><allow_active>auth_admin_keep</allow_active></action>", NULL },
        { "<action id=\"" UNITS "\"><allow_active>yesterday</allow_active></action>", NULL },
        { "<action id=\"" UNITS
          "\"></action><action id=\"org.x\"><allow_any>yes</allow_any></action>",
                NULL },
        { "<action id=\"org.x\"></action><action id=\"" UNITS "\"><allow_any>yes</allow_any>",
                UNITS },
        { "<action id=\"" UNITS "-x\"><allow_any>yes</allow_any></action>", NULL },
        { "<action id=", NULL },
        { "", NULL },
};

static const struct {
        const char *text;
        bool opens;
} rules[] = {
        { "return polkit.Result.YES;", true },
        { "if (action.id == \"" UNITS "\") return polkit.Result.YES;", true },
        { "if (action.id == '" UNITS "') return polkit.Result.YES;", true },
        { "if (action.id.match(/systemd1/)) return polkit.Result.YES;", true },
        { "if (action.id.indexOf(\"org.freedesktop.\") == 0) return polkit.Result.YES;", true },
        { "if (action.id.startsWith('org.freedesktop')) return polkit.Result.YES;", true },
        { "url = \"http://x\"; if (action.id == \"" UNITS "\") return polkit.Result.YES;", true },
        { "if (action.id == \"" UNITS "\") return polkit.Result.AUTH_ADMIN;", false },
        { "if (action.id == \"org.freedesktop.hostname1.set-hostname\") return polkit.Result.YES;",
                false },
        { "if (action.id == \"org.freedesktop.packagekit.package-install\") return polkit.Result.YES;",
                false },
        { "// " UNITS "\n if (action.id == \"org.x\") return polkit.Result.YES;", false },
        { " // return polkit.Result.YES;\n", false },
        { "polkit.addAdminRule(function() { return [\"unix-group:sudo\"]; });", false },
        { "[x]\nIdentity=unix-user:dev\nAction=" UNITS "\nResultActive=yes\n", true },
        { "[x]\nIdentity=unix-user:dev\nAction=org.freedesktop.*\nResultAny=yes\n", true },
        { "[x]\nIdentity=unix-user:dev\nAction=*\nResultAny=yes\n", true },
        { "[x]\nIdentity=unix-user:dev\nAction=org.x.*\nResultAny=yes\n", false },
        { "[x]\nIdentity=unix-user:dev\nAction=" UNITS "\nResultActive=auth_self\n", false },
        { "#Action=" UNITS "\n#ResultActive=yes\n", false },
        { "", false },
};

START_TEST(policy)
{
        const char *at = policies[_i].text, *action = polkit_open_action(&at);

        ck_assert_pstr_eq(action, policies[_i].action);
        ck_assert_ptr_null(action ? polkit_open_action(&at) : NULL);
}
END_TEST

START_TEST(rule)
{
        const char *action = polkit_rule_opens(rules[_i].text);

        ck_assert_msg((action != NULL) == rules[_i].opens, "'%s': %s", rules[_i].text,
                str_or(action, "-"));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("polkit");
        TCase *t = tcase_create("polkit");

        tcase_add_loop_test(t, policy, 0, (int) ELEMENTSOF(policies));
        tcase_add_loop_test(t, rule, 0, (int) ELEMENTSOF(rules));
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

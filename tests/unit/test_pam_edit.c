/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where our lines go in the stacks of Debian, Fedora, SUSE and Arch, and that they come out again. */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/pam_edit.h"
#include "jit-approver/ctl/root.h"
#include "jit-approver/ctl/stack.h"

static const PamText COMMON[] = {
        { "common-auth", "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n"
                         "auth required pam_permit.so\n" },
        { "common-account", "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"
                            "account requisite pam_deny.so\naccount required pam_permit.so\n" },
        { "common-session", "session required pam_unix.so\nsession optional pam_systemd.so\n" },
        { "common-password", "password required pam_unix.so\n" },
        { "all", "@include common-auth\n@include common-account\n@include common-session\n" },
        { "empty", "# nothing\n" },
        { "round", "@include about\n" },
        { "about", "@include round\n" },
};

#define GATE "account required pam_jit.so\n"
#define LAST "session required pam_jit.so\n"

static const struct {
        const char *before, *argument, *after;
} ADDS[] = {
        { "@include common-auth\n@include common-account\n@include common-session\n", NULL,
                "@include common-auth\n" GATE
                "@include common-account\n@include common-session\n" LAST },
        { "@include common-account\n@include common-session\n@include common-password\n",
                "wait=75s",
                "account required pam_jit.so wait=75s\n@include common-account\n"
                "@include common-session\n" LAST "@include common-password\n" },
        /* Session lines before and behind the others; account lines of one's own. */
        { "session required pam_limits.so\n@include common-account\naccount required pam_time.so\n",
                NULL,
                "session required pam_limits.so\n" LAST GATE
                "@include common-account\naccount required pam_time.so\n" },
        { "session required pam_limits.so\n@include common-account\n", NULL,
                "session required pam_limits.so\n" LAST GATE "@include common-account\n" },
        /* What could say yes comes after us; what can only refuse may stay before (H-03). */
        { "account sufficient pam_rootok.so\naccount include common-account\n"
          "session include common-session\n",
                NULL,
                GATE "account sufficient pam_rootok.so\naccount include common-account\n"
                     "session include common-session\n" LAST },
        { "account required pam_nologin.so\naccount include common-account\n", NULL,
                "account required pam_nologin.so\n" GATE "account include common-account\n" },
        { "account sufficient pam_nologin.so\naccount include common-account\n", NULL,
                GATE "account sufficient pam_nologin.so\naccount include common-account\n" },
        { "account [success=1 default=ignore] pam_succeed_if.so user = dev\n"
          "account required pam_deny.so\naccount required pam_permit.so\n",
                NULL,
                GATE "account [success=1 default=ignore] pam_succeed_if.so user = dev\n"
                     "account required pam_deny.so\naccount required pam_permit.so\n" },
        { "session required pam_limits.so\nauth required pam_unix.so\n@include common-account\n",
                NULL,
                "session required pam_limits.so\n" LAST "auth required pam_unix.so\n" GATE
                "@include common-account\n" },
        /* Includes that bring what their line does not say, or something unknown, or nothing. */
        { "auth include all\naccount substack all\nsession include /etc/pam.d/all\n", NULL,
                "auth include all\n" GATE
                "account substack all\nsession include /etc/pam.d/all\n" LAST },
        { "@include all\n", NULL, GATE "@include all\n" LAST },
        { "@include missing\n", NULL, GATE "@include missing\n" LAST },
        { "account include empty\naccount include common-account\n", NULL,
                "account include empty\n" GATE "account include common-account\n" },
        { "@include round\n", NULL, GATE "@include round\n" LAST },
        /* Lines that are joined, commented, written otherwise. */
        { "auth required pam_env.so \\\n  account\n-Account \\\n required pam_unix.so\n"
          "SESSION required pam_unix.so # session\n# session required x\n",
                NULL,
                "auth required pam_env.so \\\n  account\n" GATE
                "-Account \\\n required pam_unix.so\n"
                "SESSION required pam_unix.so # session\n" LAST "# session required x\n" },
        { "# a \\\naccount required pam_unix.so\n", NULL,
                "# a \\\n" GATE "account required pam_unix.so\n" },
        { "account required pam_unix.so\nsession required pam_unix.so", NULL,
                GATE "account required pam_unix.so\nsession required pam_unix.so\n" LAST },
        /* One of them is there. */
        { GATE "account required pam_unix.so\nsession required pam_unix.so\n", "nowait",
                GATE "account required pam_unix.so\nsession required pam_unix.so\n" LAST },
        { "account required pam_unix.so\nsession required pam_unix.so\n" LAST, NULL,
                GATE "account required pam_unix.so\nsession required pam_unix.so\n" LAST },
        { GATE "account required pam_unix.so\nsession required pam_unix.so\n" LAST, NULL,
                GATE "account required pam_unix.so\nsession required pam_unix.so\n" LAST },
};

START_TEST(adds)
{
        _cleanup_(pam_added_done) PamAdded a = { 0 };
        _cleanup_(freep) char *back = NULL;

        ck_assert_int_eq(
                pam_edit_add(COMMON, ELEMENTSOF(COMMON), ADDS[_i].before, ADDS[_i].argument, &a),
                0);
        ck_assert_str_eq(a.text, ADDS[_i].after);
        int n = pam_edit_remove(ADDS[_i].before, &back);
        if (n == 0 && back[strlen(back) - 1] == '\n') {
                freep(&back);
                back = NULL;
                ck_assert_int_eq(pam_edit_remove(a.text, &back), a.account + a.session);
                ck_assert_str_eq(back, ADDS[_i].before);
        }
}
END_TEST

/* The account lines of "other" would be lost. */
START_TEST(no_account)
{
        static const char *const texts[] = { "", "auth required pam_unix.so\n",
                "# account required pam_unix.so\n", "account required pam_nologin.so\n",
                "account include empty\n" };
        PamAdded a;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                ck_assert_int_eq(
                        pam_edit_add(COMMON, ELEMENTSOF(COMMON), texts[i], NULL, &a), -ENODATA);
        }
}
END_TEST

static const struct {
        const char *before, *after;
        int n;
} REMOVES[] = {
        { "", "", 0 },
        { GATE, "", 1 },
        { "auth x y\n" GATE "account z w\n" LAST, "auth x y\naccount z w\n", 2 },
        /* By hand. */
        { "-ACCOUNT\t[success=ok ignore=ignore default=die] \\\n /usr/lib/security/pam_jit.so "
          "wait=3m # mine\nx\n",
                "x\n", 1 },
        { "auth requisite pam_jit.so\npassword optional pam_jit.so\na\n", "a\n", 2 },
        { "account required pam_jit.so", "", 1 },
        /* Not ours. */
        { "account required pam_jit.so.old\naccount required my_pam_jit.so\n"
          "# account required pam_jit.so\naccount required pam_echo.so pam_jit.so\n"
          "account include pam_jit.so\n",
                "account required pam_jit.so.old\naccount required my_pam_jit.so\n"
                "# account required pam_jit.so\naccount required pam_echo.so pam_jit.so\n"
                "account include pam_jit.so\n",
                0 },
        { "# a \\\n" GATE, "# a \\\n", 1 },
        { "account required \\\n\\\npam_jit.so\nb \\", "b \\", 1 },
};

START_TEST(removes)
{
        _cleanup_(freep) char *text = NULL;

        ck_assert_int_eq(pam_edit_remove(REMOVES[_i].before, &text), REMOVES[_i].n);
        ck_assert_str_eq(text, REMOVES[_i].after);
}
END_TEST

/* In every distribution's stacks, of which some gate badly: ours out, ours in, and doctor is content. */
START_TEST(distributions)
{
        static const char *const folders[] = { "debian", "debian-after", "debian-primary", "fedora",
                "fedora-sss", "suse", "arch" };
        char folder[300], name[80];
        unsigned n_edited = 0, n_sessions = 0;

        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                PamText *files = NULL;
                size_t n = 0;

                (void) snprintf(folder, sizeof(folder), TEST_DATA "/pam.d/%s", folders[i]);
                ck_assert_int_eq(
                        stack_files_load(ROOT_HERE, (const char *const[]){ folder }, 1, &files, &n),
                        0);
                for (size_t k = 0; k < n; k++) { /* out of all, includes too */
                        char *without = NULL;
                        ck_assert_int_ge(pam_edit_remove(files[k].text, &without), 0);
                        free((char *) files[k].text);
                        files[k].text = without;
                }
                for (size_t k = 0; k < n; k++) {
                        _cleanup_(findings_done) Findings f = { 0 };
                        PamAdded a;
                        const char *plain = files[k].text;

                        if (stack_is_fragment(files[k].service) ||
                                pam_edit_add(files, n, plain, NULL, &a) < 0) {
                                continue;
                        }
                        files[k].text = a.text;
                        stack_judge(files, n, &f);
                        files[k].text = plain;
                        (void) snprintf(name, sizeof(name), "pam %s", files[k].service);
                        for (size_t j = 0; j < f.n; j++) {
                                ck_assert_msg(!streq(f.items[j].name, name) ||
                                                      f.items[j].state == FINDING_OK || !a.session,
                                        "%s/%s: %s\n%s", folders[i], files[k].service,
                                        f.items[j].message, a.text);
                        }
                        ck_assert(a.account);
                        n_sessions += a.session;
                        pam_added_done(&a);
                        n_edited++;
                }
                stack_files_free(files, n);
        }
        ck_assert_uint_ge(n_edited, 20);
        ck_assert_uint_ge(n_sessions, 18);
}
END_TEST

START_TEST(jumped)
{
        static const struct {
                const char *text, *where;
        } cases[] = {
                { "account [success=1 default=ignore] pam_a.so\n" GATE
                  "account required pam_b.so\n",
                        "x:1" },
                { "account [success=2 default=ignore] pam_a.so\naccount required pam_b.so\n" GATE,
                        "x:1" },
                { "account [success=1 default=ignore] pam_a.so\naccount required pam_b.so\n" GATE,
                        NULL },
                { GATE "account [success=1 default=ignore] pam_a.so\naccount required pam_b.so\n",
                        NULL },
                { "session [success=1 default=ignore] pam_a.so\nsession required pam_b.so\n" LAST,
                        NULL },
                { "auth [success=3 default=ignore] pam_a.so\n" GATE, NULL },
        };
        char where[96];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const PamText file = { "x", cases[i].text };

                ck_assert_int_eq(pam_edit_is_jumped(&file, 1, "x", where), cases[i].where != NULL);
                if (cases[i].where) {
                        ck_assert_str_eq(where, cases[i].where);
                }
        }
}
END_TEST

START_TEST(diffs)
{
        _cleanup_(freep) char *in = pam_edit_diff("/f", "a\nb\nc\nd\ne\n", "a\nb\nc\nx\nd\ne\n");
        _cleanup_(freep) char *out =
                pam_edit_diff("/f", "a\nx\nb\nc\nd\ne\nf\ny\n", "a\nb\nc\nd\ne\nf\n");
        _cleanup_(freep) char *same = pam_edit_diff("/f", "a\n", "a\n");

        ck_assert_str_eq(in, "--- /f\n+++ /f\n...\n b\n c\n+x\n d\n e\n");
        ck_assert_str_eq(out, "--- /f\n+++ /f\n a\n-x\n b\n c\n...\n e\n f\n-y\n");
        ck_assert_str_eq(same, "--- /f\n+++ /f\n");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("pam_edit");
        TCase *tcase = tcase_create("pam_edit");

        tcase_add_loop_test(tcase, adds, 0, ELEMENTSOF(ADDS));
        tcase_add_test(tcase, no_account);
        tcase_add_loop_test(tcase, removes, 0, ELEMENTSOF(REMOVES));
        tcase_add_test(tcase, distributions);
        tcase_add_test(tcase, jumped);
        tcase_add_test(tcase, diffs);
        suite_add_tcase(suite, tcase);

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The stacks of tests/data/pam.d, and what doctor must say about each: no more and no less. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/root.h"
#include "jit-approver/ctl/stack.h"

typedef struct Expected {
        const char *folder;
        const char *findings[48]; /* "state name: part of the message" */
} Expected;

static const Expected cases[] = {
        { "debian", { "ok pam sshd: every user comes to its account and", "ok pam su: every",
                            "ok pam su-l: every user", "ok pam sudo: every user",
                            "ok pam sudo-i: every user" } },
        { "debian-after", { "fail pam sudo: common-account:2: whoever pam_unix.so answers with "
                            "new_authtok_reqd",
                                  "fail pam sudo-i: common-account:2: whoever pam_unix.so" } },
        { "fedora",
                { "ok pam su: ", "ok pam su-l: ",
                        "fail pam sudo: system-auth:5: whoever pam_localuser.so answers with "
                        "success",
                        "fail pam sudo: system-auth:6: whoever pam_usertype.so",
                        "fail pam sudo-i: system-auth:5: ", "fail pam sudo-i: system-auth:6: " } },
        { "controls",
                { "fail pam a-optional: a-optional:1: the account line throws a denial away",
                        "fail pam b-sufficient: b-sufficient:1: the account line throws",
                        "fail pam c-ignore: c-ignore:1: the account line throws",
                        "fail pam d-half: d-half:1: the account line lets people pass",
                        "warn pam e-unknown: e-unknown:1: Linux-PAM does not know this control",
                        "warn pam f-done: f-done:1: once approved",
                        "warn pam g-allow: g-allow:1: the account line refuses also",
                        "ok pam h-requisite: ",
                        "fail pam i-session: i-session:3: the session line throws" } },
        { "bypasses", { "fail pam a-jump: a-jump:1: whoever pam_succeed_if.so answers with success",
                              "ok pam b-jump-short: ",
                              "fail pam c-jump-substack: c-jump-substack:1: whoever pam_unix.so",
                              "warn pam d-rootok: d-rootok:1: whoever pam_rootok.so",
                              "ok pam e-substack: ",
                              "fail pam f-inside: inside:1: whoever pam_localuser.so",
                              "fail pam g-reset: g-reset:2: pam_echo.so resets the stack",
                              "fail pam h-reset-die: its account lines refuse everybody",
                              "warn pam i-far: i-far:1: it jumps over more lines than there are",
                              "fail pam inside: inside:1: whoever pam_localuser.so",
                              "warn pam inside: no session line" } },
        { "auth",
                { "fail pam a-required: a-required:2: the auth line asks the approvers before",
                        "ok pam b-requisite: every user comes to its account and session "
                        "lines, and a denial stands; its auth line comes after",
                        "fail pam c-nologin: c-nologin:2: the auth line asks",
                        "fail pam d-no-account: no account line",
                        "ok pam e-debian: every user comes to its account and session lines, and a denial stands; its auth" } },
        { "sessions",
                { "warn pam a-missing: no session line",
                        "fail pam b-systemd: b-systemd:4: pam_systemd.so comes after",
                        "warn pam c-other: c-other:4: pam_mail.so comes after",
                        "warn pam d-alone: no other account module",
                        "fail pam e-only: no account line", "fail pam runuser: it is root's" } },
        { "pairs", { "fail pam su: no account line", "ok pam su-l: ", "ok pam sudo: ",
                           "warn pam sudo-i: sudo is gated, sudo-i has no file" } },
        { "broken", { "fail pam a-loop: its auth lines include each other without end",
                            "warn pam b-missing: its auth lines include 'gone', which is not there",
                            "warn pam b-missing: its account lines include 'gone'",
                            "warn pam b-missing: its session lines include 'gone'" } },
        { "arguments", { "fail pam a-span: a-span:1: pam_jit.so does not take 'wait=5minuets'",
                               "fail pam b-both: b-both:1: pam_jit.so does not take 'quiet'",
                               "fail pam b-both: b-both:3: pam_jit.so does not take 'fail-open'",
                               "ok pam c-good: " } },
        { "arch",
                { "fail pam login: system-login:3: whoever pam_systemd_home.so answers with success",
                        "warn pam su: su:3: whoever pam_rootok.so answers with success",
                        "ok pam su-l: ", "ok pam sudo: ", "ok pam sudo-i: " } },
        { "fedora-sss",
                { "ok pam login: ", "fail pam sshd: password-auth:8: whoever pam_localuser.so",
                        "fail pam sshd: password-auth:9: whoever pam_usertype.so",
                        "warn pam su: su:3: whoever pam_succeed_if.so answers with success",
                        "fail pam su-l: su-l:3: whoever pam_succeed_if.so answers with success" } },
        { "suse", { "warn pam su: su:3: whoever pam_rootok.so", "ok pam su-l: ",
                          "fail pam sudo: common-account:2: whoever pam_localuser.so",
                          "ok pam sudo-i: " } },
        { "debian-primary",
                { "fail pam login: common-account:1: whoever pam_unix.so answers with success",
                        "fail pam sudo: sudo:1: the account line throws a denial away",
                        "fail pam sudo-i: sudo-i:1: the account line throws a denial away" } },
        { "edges",
                { "fail pam a-spaces: a-spaces:1: whoever pam_succeed_if.so",
                        "fail pam b-run-on: b-run-on:1: whoever pam_succeed_if.so",
                        "fail pam c-bare: c-bare:1: whoever pam_succeed_if.so",
                        "fail pam d-bracketed: d-bracketed:1: whoever pam_localuser.so",
                        "warn pam e-large: e-large:1: Linux-PAM does not know this control",
                        "fail pam f-defaults: f-defaults:1: the account line throws a denial away",
                        "ok pam g-inside: ",
                        "fail pam g-substack-reset: g-substack-reset:2: pam_echo.so resets",
                        "warn pam h-type: h-type:1: Linux-PAM does not know the line's type and "
                        "makes it an auth line",
                        "warn pam i-inside-type: i-part:1: Linux-PAM does not know the line's type "
                        "and makes it an account line",
                        "warn pam j-elsewhere: its account lines include '/etc/security/more'",
                        "warn pam k-elsewhere: its account lines include 'sub/other'",
                        "fail pam l-pam-d: l-part:1: whoever pam_localuser.so",
                        "fail pam m-refuses: its account lines refuse everybody",
                        "fail pam n-reset-refuses: its account lines refuse everybody",
                        "fail pam o-required-first: its account lines refuse everybody",
                        "fail pam p-not-found: its account lines refuse everybody",
                        "ok pam q-later: ",
                        "fail pam r-new-password: r-new-password:2: whoever pam_faildelay.so",
                        "ok pam s-escaped: ", "ok pam t-twice: " } },
        { "other", { "warn pam login: no session line",
                           "ok pam other: ", "fail pam sshd: no account line" } },
        { "callers",
                { "fail pam gnome-screensaver: it calls account and does not heed the answer",
                        "warn pam i3lock: it unlocks after auth",
                        "fail pam kde-fingerprint: it unlocks", "ok pam my-own: ",
                        "warn pam my-own: doctor does not know whether this program calls account",
                        "ok pam samba: ", "warn pam samba: it calls account only with",
                        "fail pam swaylock: it unlocks", "fail pam webpass: it lets people in",
                        "ok pam xscreensaver: ", "warn pam xscreensaver: how it was built" } },
        { "none", { "warn pam: no service has pam_jit.so" } },
};

static void check_finding(const Expected *e, const Findings *f, size_t i)
{
        _cleanup_(freep) char *said = NULL;

        ck_assert_msg(i < f->n, "%s: '%s' was not found", e->folder, e->findings[i]);
        ck_assert_int_eq(str_printf(&said, "%s %s: %s", finding_state_to_string(f->items[i].state),
                                 f->items[i].name, f->items[i].message),
                0);
        ck_assert_msg(e->findings[i] != NULL, "%s: unexpected '%s'", e->folder, said);
        ck_assert_msg(strncmp(said, e->findings[i], strlen(e->findings[i])) == 0,
                "%s: '%s' instead of '%s'", e->folder, said, e->findings[i]);
        ck_assert_msg(f->items[i].fix || f->items[i].state == FINDING_OK, "%s", said);
}

/* Most services of the fixtures exist nowhere else. */
static void drop_callers(Findings *f)
{
        size_t n = 0;

        for (size_t i = 0; i < f->n; i++) {
                Finding one = f->items[i];

                if (strncmp(one.message, "doctor does not know whether", 28) == 0) {
                        free(one.name);
                        free(one.message);
                } else {
                        f->items[n++] = one;
                }
        }
        f->n = n;
}

START_TEST(fixtures)
{
        const Expected *e = &cases[_i];
        _cleanup_(findings_done) Findings f = { 0 };
        _cleanup_(freep) char *folder = NULL;
        PamText *files;
        size_t n, expected = 0;

        ck_assert_int_eq(str_printf(&folder, "%s/pam.d/%s", TEST_DATA, e->folder), 0);
        ck_assert_int_eq(
                stack_files_load(ROOT_HERE, (const char *const[]){ folder }, 1, &files, &n), 0);
        stack_judge(files, n, &f);
        while (expected < ELEMENTSOF(e->findings) && e->findings[expected]) {
                expected++;
        }
        if (!streq(e->folder, "callers")) {
                drop_callers(&f);
        }
        for (size_t i = 0; i < MAX(expected, f.n); i++) {
                check_finding(e, &f, i);
        }
        stack_files_free(files, n);
}
END_TEST

/* Whatever stands in pam.d, nothing crashes and nothing unknown is called sound. */
START_TEST(odd_lines)
{
        static const char *const odd[] = { "account", "account required", "account [", "account []",
                "account [success] pam_jit.so", "account [success=] pam_jit.so",
                "account [success=0 default=die] pam_jit.so",
                "account [success=99999999999 default=die] pam_jit.so",
                "account [nonsense=ok default=die] pam_jit.so", "@include", "account include",
                "account substack", "account substack sudo", "\\", "account required \\",
                "account required pam_jit.so\\", "#account required pam_jit.so",
                "account required pam_unix.so # pam_jit.so" };

        for (size_t i = 0; i < ELEMENTSOF(odd); i++) {
                _cleanup_(findings_done) Findings f = { 0 };
                PamText file = { "sudo", odd[i] };

                stack_judge(&file, 1, &f);
                ck_assert_uint_gt(f.n, 0);
                for (size_t k = 0; k < f.n; k++) {
                        ck_assert_msg(f.items[k].state != FINDING_OK, "'%s': %s", odd[i],
                                f.items[k].message);
                }
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("stack");
        TCase *t = tcase_create("stack");

        tcase_add_loop_test(t, fixtures, 0, (int) ELEMENTSOF(cases));
        tcase_add_test(t, odd_lines);
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

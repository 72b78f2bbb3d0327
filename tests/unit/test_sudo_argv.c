/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is said here of sudo was compared with the real one by tests/pam/test_sudo_real.c. */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "pam_jit/sudo_argv.h"

#define MAX_WORDS 12

typedef struct Case {
        const char *argv[MAX_WORDS];
        SudoMode mode;
        const char *user, *group;
        size_t command; /* SUDO_RUN only */
} Case;

static const Case CASES[] = {
        /* Plain commands, the target in every spelling. */
        { { "sudo", "id" }, SUDO_RUN, NULL, NULL, 1 },
        { { "/usr/bin/sudo", "id", "-u", "bin" }, SUDO_RUN, NULL, NULL, 1 },
        { { "sudo", "-u", "root", "id" }, SUDO_RUN, "root", NULL, 3 },
        { { "sudo", "-uroot", "id" }, SUDO_RUN, "root", NULL, 2 },
        { { "sudo", "-nuroot", "id" }, SUDO_RUN, "root", NULL, 2 },
        { { "sudo", "-nu", "root", "id" }, SUDO_RUN, "root", NULL, 3 },
        { { "sudo", "-nHbBPku", "root", "id" }, SUDO_RUN, "root", NULL, 3 },
        { { "sudo", "--user=root", "id" }, SUDO_RUN, "root", NULL, 2 },
        { { "sudo", "--user", "root", "id" }, SUDO_RUN, "root", NULL, 3 },
        { { "sudo", "--us", "root", "id" }, SUDO_RUN, "root", NULL, 3 },
        { { "sudo", "--u=root", "id" }, SUDO_RUN, "root", NULL, 2 },
        { { "sudo", "-u#0", "id" }, SUDO_RUN, "#0", NULL, 2 },
        { { "sudo", "-u", "-n", "id" }, SUDO_RUN, "-n", NULL, 3 },
        { { "sudo", "-u", "--", "id" }, SUDO_RUN, "--", NULL, 3 },
        { { "sudo", "-g", "bin", "id" }, SUDO_RUN, NULL, "bin", 3 },
        { { "sudo", "-gbin", "-uroot", "id" }, SUDO_RUN, "root", "bin", 3 },
        { { "sudo", "--group=bin", "id" }, SUDO_RUN, NULL, "bin", 2 },
        { { "sudo", "--gr", "bin", "id" }, SUDO_RUN, NULL, "bin", 3 },
        { { "sudo", "--", "id" }, SUDO_RUN, NULL, NULL, 2 },
        { { "sudo", "-u", "root", "--", "-u", "x" }, SUDO_RUN, "root", NULL, 4 },
        { { "sudo", "-" }, SUDO_RUN, NULL, NULL, 1 },
        { { "sudo", "/a=b", "c" }, SUDO_RUN, NULL, NULL, 1 },
        { { "sudo", "id", "A=b" }, SUDO_RUN, NULL, NULL, 1 },

        /* Values of other options are not commands. */
        { { "sudo", "-C", "4", "-p", "x", "-T", "5", "id" }, SUDO_RUN, NULL, NULL, 7 },
        { { "sudo", "-a", "x", "-c", "y", "id" }, SUDO_RUN, NULL, NULL, 5 },
        { { "sudo", "-p", "", "id" }, SUDO_RUN, NULL, NULL, 3 },
        { { "sudo", "--prompt=", "id" }, SUDO_RUN, NULL, NULL, 2 },
        { { "sudo", "-h", "host", "-u", "bin", "id" }, SUDO_RUN, "bin", NULL, 5 },
        { { "sudo", "-hhost", "id" }, SUDO_RUN, NULL, NULL, 2 },
        { { "sudo", "-nhhost", "id" }, SUDO_RUN, NULL, NULL, 2 },
        { { "sudo", "--host=x", "id" }, SUDO_RUN, NULL, NULL, 2 },

        /* Shells, editors, variables. */
        { { "sudo" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "-u", "bin" }, SUDO_SHELL, "bin", NULL, 0 },
        { { "sudo", "-s" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "-s", "id" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "-iu", "bin" }, SUDO_SHELL, "bin", NULL, 0 },
        { { "sudo", "--login", "id" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "-e", "/etc/fstab" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "--edit", "-u", "bin", "f" }, SUDO_SHELL, "bin", NULL, 0 },
        { { "sudoedit", "/etc/fstab" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "/usr/bin/sudoedit", "-u", "bin", "f" }, SUDO_SHELL, "bin", NULL, 0 },
        { { "sudo", "A=b", "id" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "A=b", "-u", "bin", "C=", "id" }, SUDO_SHELL, "bin", NULL, 0 },
        { { "sudo", "-u", "bin", "A=b", "--", "id" }, SUDO_SHELL, "bin", NULL, 0 },
        { { "sudo", "-ks" }, SUDO_SHELL, NULL, NULL, 0 },

        /* A command that is not what its words say. */
        { { "sudo", "-nEu", "bin", "id" }, SUDO_SHELL, "bin", NULL, 0 },
        { { "sudo", "--preserve-env", "id" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "--preserve-env=A,B", "id" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "--preserve-e=A", "--", "id" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "-R/", "id" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "--chroot", "/", "--chdir=/", "id" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "-D", "/", "id" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "-r", "a", "id" }, SUDO_SHELL, NULL, NULL, 0 },
        { { "sudo", "-t", "b", "id" }, SUDO_SHELL, NULL, NULL, 0 },

        /* What runs nothing. */
        { { "sudo", "-l" }, SUDO_LIST, NULL, NULL, 0 },
        { { "sudo", "-ll" }, SUDO_LIST, NULL, NULL, 0 },
        { { "sudo", "-nl", "-U", "bob", "-u", "bin", "id", "-x" }, SUDO_LIST, "bin", NULL, 0 },
        { { "sudo", "--list" }, SUDO_LIST, NULL, NULL, 0 },
        { { "sudo", "--li" }, SUDO_LIST, NULL, NULL, 0 },
        { { "sudo", "-v" }, SUDO_VALIDATE, NULL, NULL, 0 },
        { { "sudo", "-Nnv" }, SUDO_VALIDATE, NULL, NULL, 0 },
        { { "sudo", "--validate", "-u", "bin" }, SUDO_VALIDATE, "bin", NULL, 0 },
        { { "sudo", "-K" }, SUDO_REMOVE, NULL, NULL, 0 },
        { { "sudo", "--remove-timestamp" }, SUDO_REMOVE, NULL, NULL, 0 },

        /* An -l or -v that belongs to the command runs it. */
        { { "sudo", "id", "-l" }, SUDO_RUN, NULL, NULL, 1 },
        { { "sudo", "--", "-l" }, SUDO_RUN, NULL, NULL, 2 },
        { { "sudo", "-u", "-l", "id" }, SUDO_RUN, "-l", NULL, 3 },
        { { "sudo", "-p", "-v", "id" }, SUDO_RUN, NULL, NULL, 3 },
        { { "sudo", "-ul", "id" }, SUDO_RUN, "l", NULL, 2 },
        { { "sudo", "-pKlv", "id" }, SUDO_RUN, NULL, NULL, 2 },
        { { "sudo", "-h", "-l" }, SUDO_UNKNOWN, NULL, NULL, 0 },

        /* Refused by sudo, read differently by different sudos, or never sent to PAM. */
        { { "sudo", "-x", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-nx", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-u" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-u", "", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "--user=", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "--user" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-u", "a", "-u", "b", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-ua", "--user=a", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-ga", "-gb", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "--l", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "--log", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "--no", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "--list=x" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "--=x", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "---", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "--users", "x", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-si" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-iE" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-SA", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-U", "bob", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-l", "-s" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-lv" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-le", "f" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-l", "A=b", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-v", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-vs" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-K", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-Kn" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-k" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-V" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-h" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-h", "A=b", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-nh", "host", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "--help" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-e" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-es", "f" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-e", "A=b", "f" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudoedit" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudoedit", "-s", "f" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudoedit", "-l" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "--", "A=b", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "-p", "--", "A=b", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "=b", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo", "", "id" }, SUDO_UNKNOWN, NULL, NULL, 0 },

        /* Not the name of a sudo that we know. */
        { { "" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo.ws", "-l" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "xsudo", "-l" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "xsudoedit", "f" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "sudo/", "-l" }, SUDO_UNKNOWN, NULL, NULL, 0 },
        { { "-sudo", "-l" }, SUDO_UNKNOWN, NULL, NULL, 0 },
};

static size_t count(const char *const *argv)
{
        size_t n = 0;

        while (n < MAX_WORDS && argv[n]) {
                n++;
        }
        return n;
}

START_TEST(modes)
{
        const Case *c = &CASES[_i];
        size_t argc = count(c->argv);
        SudoArgv got;

        sudo_argv_parse(c->argv, argc, &got);
        ck_assert_msg(got.mode == c->mode, "case %d (%s %s): mode %d, not %d", _i, c->argv[0],
                str_or(c->argv[1], ""), got.mode, c->mode);
        ck_assert_pstr_eq(got.user, c->user);
        ck_assert_pstr_eq(got.group, c->group);
        if (c->mode == SUDO_RUN) {
                ck_assert_uint_eq(got.command, c->command);
        }
        if (c->mode == SUDO_UNKNOWN) {
                ck_assert_uint_eq(got.command, argc);
        }
}
END_TEST

START_TEST(none_at_all)
{
        SudoArgv got = { .mode = SUDO_LIST };

        sudo_argv_parse(NULL, 0, &got);
        ck_assert_int_eq(got.mode, SUDO_UNKNOWN);
        ck_assert_uint_eq(got.command, 0);
}
END_TEST

/* Flags that forbid asking count wherever they were seen, understood or not. */
START_TEST(flags)
{
        static const struct {
                const char *argv[MAX_WORDS];
                bool n, s, a, p;
        } cases[] = {
                { { "sudo", "id", "-n" }, false, false, false, false },
                { { "sudo", "-n", "id" }, true, false, false, false },
                { { "sudo", "--non-interactive", "id" }, true, false, false, false },
                { { "sudo", "-bSn", "id" }, true, true, false, false },
                { { "sudo", "--stdin", "id" }, false, true, false, false },
                { { "sudo", "-A", "id" }, false, false, true, false },
                { { "sudo", "--ask", "id" }, false, false, true, false },
                { { "sudo", "-p", "x", "id" }, false, false, false, true },
                { { "sudo", "--prompt=n", "id" }, false, false, false, true },
                { { "sudo", "-nS", "-x", "id" }, true, true, false, false },
                { { "sudo", "-u", "-n", "id" }, false, false, false, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                SudoArgv got;

                sudo_argv_parse(cases[i].argv, count(cases[i].argv), &got);
                ck_assert_int_eq(got.non_interactive, cases[i].n);
                ck_assert_int_eq(got.from_stdin, cases[i].s);
                ck_assert_int_eq(got.askpass, cases[i].a);
                ck_assert_int_eq(got.own_prompt, cases[i].p);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("sudo_argv");
        TCase *tcase = tcase_create("sudo_argv");

        tcase_add_loop_test(tcase, modes, 0, ELEMENTSOF(CASES));
        tcase_add_test(tcase, none_at_all);
        tcase_add_test(tcase, flags);
        suite_add_tcase(suite, tcase);

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

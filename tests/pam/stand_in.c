/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Stands in for sudo where no copy of the machine can be booted (packaging/try): started with real
 * uid dev and effective uid 0, under the name sudo, it goes through account and session of a PAM
 * stack in a private folder and runs its words. Not sudo: it knows no sudoers and no options.
 *
 *     sudo WORD…                      with STAND_IN_PAM=DIR in the environment
 */

#include <pwd.h>
#include <security/pam_appl.h>
#include <security/pam_misc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(char *argv[])
{
        int status = 1;
        pid_t child = fork();

        if (child == 0) {
                if (setgid(0) == 0 && setuid(0) == 0) {
                        execvp(argv[0], argv);
                }
                perror(argv[0]);
                _exit(127);
        }
        if (child < 0 || waitpid(child, &status, 0) < 0) {
                return 1;
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char *argv[])
{
        const struct pam_conv conv = { misc_conv, NULL };
        const char *dir = getenv("STAND_IN_PAM");
        const struct passwd *caller = getpwuid(getuid());
        pam_handle_t *pamh = NULL;
        int status = 1;

        if (argc < 2 || !dir || !caller) {
                fputs("usage: STAND_IN_PAM=DIR sudo WORD…\n", stderr);
                return 2;
        }
        int r = pam_start_confdir("sudo", caller->pw_name, &conv, dir, &pamh);
        if (r == PAM_SUCCESS) {
                const char *tty = ttyname(STDIN_FILENO);
                (void) pam_set_item(pamh, PAM_RUSER, caller->pw_name);
                (void) pam_set_item(pamh, PAM_TTY, tty ? tty : "");
                r = pam_acct_mgmt(pamh, PAM_SILENT);
        }
        if (r == PAM_SUCCESS) {
                (void) pam_set_item(pamh, PAM_USER, "root");
                r = pam_open_session(pamh, PAM_SILENT);
        }
        if (r == PAM_SUCCESS) {
                status = run(argv + 1);
                (void) pam_close_session(pamh, PAM_SILENT);
        } else {
                fprintf(stderr, "sudo: %s\n", pam_strerror(pamh, r));
        }
        (void) pam_end(pamh, r);
        return status;
}

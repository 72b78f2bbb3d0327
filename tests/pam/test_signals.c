/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Ctrl-C, hang-up and TERM during the wait, on a real terminal (H-25): the wait ends at once, the
 * connection closes without Detach, the mask is as it was, and the host gets its signal.
 */

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "harness.h"

#define ASKED "Asked oncall. Request K7QF-2M9D."

static Run r;

static const FakeStep waiting[] = { EXPECT("Check"), ANSWER(VERDICT_ASK, .reason_mode = "none"),
        EXPECT("Request"), PENDING(.wait_ms = 60000, .lines = { ASKED }), STEP(FAKE_AWAIT_HANG_UP),
        { 0 } };
/* The approver is gone when the signal comes. */
static const FakeStep gone[] = { EXPECT("Check"), ANSWER(VERDICT_ASK, .reason_mode = "none"),
        EXPECT("Request"), PENDING(.wait_ms = 60000, .lines = { ASKED }), STEP(FAKE_DIE), { 0 } };

static int open_terminal(int *ret_slave)
{
        int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

        ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
        *ret_slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
        ck_assert(*ret_slave >= 0);
        return master;
}

/* Reads the report until it says so. */
static void await_text(const char *part, int report)
{
        size_t done = strlen(r.text);

        while (!strstr(r.text, part)) {
                struct pollfd fd = { report, POLLIN, 0 };

                ck_assert_msg(poll(&fd, 1, 30000) > 0, "'%s' does not come: %s", part, r.text);
                ssize_t n = read(report, r.text + done, sizeof(r.text) - 1 - done);
                ck_assert_msg(n > 0, "'%s' did not come: %s", part, r.text);
                done += (size_t) n;
                r.text[done] = '\0';
        }
}

typedef enum How {
        CTRL_C,
        QUIT_KEY,
        HANG_UP,
        TERMINATE,
} How;

static void interrupt(How how, int *master, pid_t pid)
{
        switch (how) {
        case CTRL_C:
                ck_assert_int_eq(write(*master, "\x03", 1), 1);
                break;
        case QUIT_KEY:
                ck_assert_int_eq(write(*master, "\x1c", 1), 1);
                break;
        case HANG_UP:
                close(*master);
                *master = -1;
                break;
        case TERMINATE:
                ck_assert_int_eq(kill(pid, SIGTERM), 0);
                break;
        }
}

static bool same_terminal(const struct termios *a, const struct termios *b)
{
        return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
               a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

/* Runs until the wait, interrupts it, and says how long the host then took. */
static int wait_and_interrupt(How how)
{
        struct termios before, after;
        int slave, report, master = open_terminal(&slave);
        Fake fake;

        ck_assert_int_eq(tcgetattr(slave, &before), 0);
        pid_t pid = run_start(&r, &fake, &report, slave);
        await_text(ASKED, report);
        usec_t start = clock_usec(CLOCK_MONOTONIC);
        interrupt(how, &master, pid);
        run_end(&r, &fake, pid, report);
        int ms = (int) ((clock_usec(CLOCK_MONOTONIC) - start) / 1000);
        if (how != HANG_UP) {
                ck_assert_int_eq(tcgetattr(slave, &after), 0);
                ck_assert(same_terminal(&before, &after));
        }
        close(slave);
        if (master >= 0) {
                close(master);
        }
        ck_assert_msg(ms < slack(500), "took %d ms", ms);
        ck_assert_msg(!heard(&r, "Detach"), "%s", r.heard);
        ck_assert_msg(!told(&r, "changed "), "%s", r.text);
        return ms;
}

static const char *const PHASES[] = { "auth", "account" };
static const char *const SERVICES[] = { "sudo", "su", "login" };

/* sudo in account: its own handler takes the signal, but only after us. */
START_TEST(handled)
{
        r = (Run){ .steps = waiting,
                .service = SERVICES[_i / 2],
                .phases = PHASES[_i % 2],
                .signals = "handled" };
        (void) wait_and_interrupt(CTRL_C);
        ck_assert_int_eq(r.code, _i % 2 ? PAM_PERM_DENIED : PAM_CRED_INSUFFICIENT);
        ck_assert(told(&r, "Interrupted; nothing was opened."));
        ck_assert(told(&r, "signal 2\n"));
        ck_assert(heard(&r, "hang-up"));
}
END_TEST

/* sudo in auth: it holds SIGINT back itself; then it is pending still when we return. */
START_TEST(blocked)
{
        r = (Run){ .steps = waiting, .phases = PHASES[_i], .signals = "blocked" };
        (void) wait_and_interrupt(CTRL_C);
        ck_assert_int_eq(r.code, _i % 2 ? PAM_PERM_DENIED : PAM_CRED_INSUFFICIENT);
        ck_assert(heard(&r, "hang-up"));
}
END_TEST

/* su: it dies of the signal, but not before the words and the hang-up. */
START_TEST(default_action)
{
        static const struct {
                How how;
                int sig;
        } cases[] = { { CTRL_C, SIGINT }, { QUIT_KEY, SIGQUIT }, { HANG_UP, SIGHUP },
                { TERMINATE, SIGTERM } };

        r = (Run){ .steps = waiting, .service = "su" };
        (void) wait_and_interrupt(cases[_i].how);
        ck_assert(WIFSIGNALED(r.status) && WTERMSIG(r.status) == cases[_i].sig);
        ck_assert(told(&r, "Interrupted"));
        ck_assert(heard(&r, "hang-up"));
}
END_TEST

START_TEST(while_the_approver_is_away)
{
        r = (Run){ .steps = gone, .signals = "handled" };
        (void) wait_and_interrupt(CTRL_C);
        ck_assert_int_eq(r.code, PAM_PERM_DENIED);
        ck_assert(told(&r, "Interrupted"));
}
END_TEST

/* H-37: what is open during the wait is nothing that a child of the host would inherit. */
static unsigned count_inheritable(pid_t pid)
{
        char path[300], text[256];
        unsigned n = 0, seen = 0;
        struct dirent *e;

        (void) snprintf(path, sizeof(path), "/proc/%d/fd", (int) pid);
        DIR *d = opendir(path);
        ck_assert_ptr_nonnull(d);
        while ((e = readdir(d))) {
                unsigned flags = 0;
                ssize_t size = readlinkat(dirfd(d), e->d_name, text, sizeof(text) - 1);

                if (size < 0) {
                        continue;
                }
                text[size] = '\0';
                if (!strstr(text, "socket:") && !strstr(text, "signalfd")) {
                        continue; /* the host's own: terminal, report */
                }
                seen++;
                (void) snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int) pid, e->d_name);
                FILE *f = fopen(path, "re");
                ck_assert_ptr_nonnull(f);
                ck_assert_int_eq(fscanf(f, "pos: %*s flags: %o", &flags), 1);
                (void) fclose(f);
                n += !(flags & O_CLOEXEC);
        }
        (void) closedir(d);
        ck_assert_uint_eq(seen, 2);
        return n;
}

START_TEST(nothing_to_inherit)
{
        int slave, report, master = open_terminal(&slave);
        Fake fake;

        r = (Run){ .steps = waiting };
        pid_t pid = run_start(&r, &fake, &report, slave);
        await_text(ASKED, report);
        ck_assert_uint_eq(count_inheritable(pid), 0);
        ck_assert_int_eq(kill(pid, SIGTERM), 0);
        run_end(&r, &fake, pid, report);
        close(slave);
        close(master);
}
END_TEST

/* Killed outright: the approver sees it by the connection alone. */
START_TEST(killed)
{
        int slave, report, master = open_terminal(&slave);
        Fake fake;

        r = (Run){ .steps = waiting };
        pid_t pid = run_start(&r, &fake, &report, slave);
        await_text(ASKED, report);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        run_end(&r, &fake, pid, report);
        ck_assert(heard(&r, "hang-up") && !heard(&r, "Detach"));
        close(slave);
        close(master);
}
END_TEST

/* su reads standard input: at a terminal the reason is asked for. */
START_TEST(su_at_a_terminal)
{
        static const FakeStep steps[] = { EXPECT("Check"),
                ANSWER(VERDICT_ASK, .reason_mode = "required"), STEP(FAKE_AWAIT_HANG_UP),
                EXPECT("Request"), ANSWER(VERDICT_GRANT), { 0 } };
        int slave, report, master = open_terminal(&slave);
        Fake fake;

        r = (Run){ .steps = steps, .service = "su", .replies = "disk full" };
        pid_t pid = run_start(&r, &fake, &report, slave);
        run_end(&r, &fake, pid, report);
        ck_assert_int_eq(r.code, PAM_SUCCESS);
        ck_assert(heard(&r, "reason=disk full "));
        close(slave);
        close(master);
}
END_TEST

int main(int argc, char **argv)
{
        Suite *suite = suite_create("signals");
        TCase *tcase = tcase_create("signals");

        harness_init(argc, argv);
        tcase_set_timeout(tcase, 60);
        tcase_add_loop_test(tcase, handled, 0, 6);
        tcase_add_loop_test(tcase, blocked, 0, 2);
        tcase_add_loop_test(tcase, default_action, 0, 4);
        tcase_add_test(tcase, while_the_approver_is_away);
        tcase_add_test(tcase, nothing_to_inherit);
        tcase_add_test(tcase, killed);
        tcase_add_test(tcase, su_at_a_terminal);
        suite_add_tcase(suite, tcase);

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        harness_done();
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

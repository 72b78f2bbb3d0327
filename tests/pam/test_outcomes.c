/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the first answer, or the want of one, makes of a call: every phase, every kind of answer, and
 * every bit of a genuine yes flipped. The host itself compares its state before and after each call;
 * "changed" in its report fails any test.
 */

#include <check.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"

static const char *const PHASES[] = { "auth", "account", "open" };

/* One answer, and whether it opens; all else must refuse. */
typedef struct Reply {
        const char *name;
        FakeStep step;
        const char *says; /* a part of what the user is told */
} Reply;

#define LINES(...) .lines = { __VA_ARGS__ }

static const Reply REPLIES[] = {
        { "grant", ANSWER(VERDICT_GRANT), NULL },
        { "pass", ANSWER(VERDICT_PASS), NULL },
        /* From here on refusals. */
        { "deny", ANSWER(VERDICT_DENY, LINES("Denied by carol.")), "Denied by carol." },
        { "deny, wordless", ANSWER(VERDICT_DENY, .code = "no-rule"), "no-rule" },
        { "pending", ANSWER(VERDICT_PENDING), "" },
        { "unknown word", ANSWER("granted"), "" },
        { "yes", ANSWER("yes"), "" },
        { "ask, unknown mode", ANSWER(VERDICT_ASK, .reason_mode = "perhaps"), "" },
        { "ask, to confirm nothing", ANSWER(VERDICT_ASK, .confirm = ""), "" },
        { "empty", ANSWER(""), "" },
        { "grant and more", ANSWER(VERDICT_GRANT " "), "" },
        { "grant cut", ANSWER("granted-by-the-approve"), "" },
        { "grant, escapes in lines", ANSWER(VERDICT_DENY, LINES("\033[31mred\nnew \xe2\x80\xae")),
                "\\x1b[31mred\\x0anew \\u{202e}" },
        { "wrong nonce", ANSWER(VERDICT_GRANT, .nonce = "00112233445566778899aabbccddeeff"),
                "makes no sense" },
        { "no nonce", ANSWER(VERDICT_GRANT, .nonce = FAKE_NONE), "makes no sense" },
        { "wrong service", ANSWER(VERDICT_GRANT, .service = "su"), "makes no sense" },
        { "no service", ANSWER(VERDICT_GRANT, .service = FAKE_NONE), "makes no sense" },
        { "wrong user", ANSWER(VERDICT_GRANT, .user = "bob"), "makes no sense" },
        { "no user", ANSWER(VERDICT_GRANT, .user = FAKE_NONE), "makes no sense" },
        { "wrong target", ANSWER(VERDICT_GRANT, .target = "bin"), "makes no sense" },
        { "no target", ANSWER(VERDICT_GRANT, .target = FAKE_NONE), "makes no sense" },
        { "wrong asker", ANSWER(VERDICT_GRANT, .asker = 1), "makes no sense" },
        { "no asker", ANSWER(VERDICT_GRANT, .asker = FAKE_UID_NONE), "makes no sense" },
        { "deny to another", ANSWER(VERDICT_DENY, .user = "bob"), "makes no sense" },
        { "to be continued", ANSWER(VERDICT_GRANT, .continues = true), "makes no sense" },
        { "twice", STEP(FAKE_TWICE, .verdict = VERDICT_GRANT), "makes no sense" },
        { "half", STEP(FAKE_HALF, .verdict = VERDICT_GRANT), "does not answer" },
        { "error", STEP(FAKE_ERROR, .text = "Busy"), "cannot say (Busy)" },
        { "garbage", STEP(FAKE_RAW, .text = "HTTP/1.0 200 OK\r\n\r\n"), "makes no sense" },
        { "nothing", STEP(FAKE_RAW, .text = ""), "makes no sense" },
        { "no object", STEP(FAKE_RAW, .text = "[]"), "makes no sense" },
        { "no parameters", STEP(FAKE_RAW, .text = "{}"), "makes no sense" },
        { "a call", STEP(FAKE_RAW, .text = "{\"method\":\"a.b.C\"}"), "makes no sense" },
        { "no verdict", STEP(FAKE_RAW, .text = "{\"parameters\":{\"nonce\":\"x\"}}"),
                "makes no sense" },
        { "null verdict", STEP(FAKE_RAW, .text = "{\"parameters\":{\"verdict\":null}}"),
                "makes no sense" },
        { "unknown member",
                STEP(FAKE_RAW,
                        .text = "{\"parameters\":{\"verdict\":\"" VERDICT_GRANT "\",\"x\":1}}"),
                "makes no sense" },
        { "verdict twice",
                STEP(FAKE_RAW,
                        .text = "{\"parameters\":{\"verdict\":\"deny\",\"verdict\":\"" VERDICT_GRANT
                                "\"}}"),
                "makes no sense" },
        { "not UTF-8", STEP(FAKE_RAW, .text = "{\"parameters\":{\"verdict\":\"\xff\"}}"),
                "makes no sense" },
        { "hang-up", STEP(FAKE_HANG_UP), "does not answer" },
};

static void no_change(const Run *r, const char *what)
{
        ck_assert_msg(!strstr(r->text, "changed "), "%s:\n%s", what, r->text);
        ck_assert_msg(r->status == 0, "%s: host ended with %x\n%s", what, r->status, r->text);
}

static int refusal(const char *phase)
{
        return streq(phase, "auth") ? PAM_CRED_INSUFFICIENT : PAM_PERM_DENIED;
}

static Run r;

START_TEST(replies)
{
        const Reply *reply = &REPLIES[_i / 3];
        const char *phase = PHASES[_i % 3];
        const FakeStep steps[] = { EXPECT("Check"), reply->step,
                STEP(reply->step.op == FAKE_HALF ? FAKE_HANG_UP : FAKE_AWAIT_HANG_UP), { 0 } };
        int expected = refusal(phase);

        if (streq(reply->name, "grant")) {
                expected = PAM_SUCCESS;
        } else if (streq(reply->name, "pass")) {
                expected = streq(phase, "open") ? PAM_SUCCESS : PAM_IGNORE;
        }
        r = (Run){ .steps = steps, .phases = phase };
        run(&r);
        ck_assert_msg(r.code == expected, "%s in %s: %d, not %d\n%s%s", reply->name, phase, r.code,
                expected, r.text, r.heard);
        no_change(&r, reply->name);
        ck_assert_int_lt(r.ms, slack(1000));
        if (reply->says) {
                ck_assert_msg(told(&r, reply->says), "%s:\n%s", reply->name, r.text);
                ck_assert_uint_eq(count(r.text, "text ERROR"), 1);
        } else {
                ck_assert(!told(&r, "text ERROR"));
        }
        ck_assert(heard(&r, streq(phase, "open") ? "OpenSession" : "Check"));
        ck_assert(!heard(&r, "BAD") && !heard(&r, "GARBAGE"));
}
END_TEST

/* A megabyte that never ends, and one that does: neither fits a message. */
START_TEST(too_long)
{
        static char big[1 << 20];
        const FakeStep steps[] = { EXPECT("Check"),
                STEP(FAKE_RAW, .text = big, .number = sizeof(big)), STEP(FAKE_AWAIT_HANG_UP),
                { 0 } };

        memset(big, '{', sizeof(big) - 1);
        big[sizeof(big) - 1] = _i ? '\0' : '{';
        r = (Run){ .steps = steps };
        run(&r);
        ck_assert_int_eq(r.code, PAM_PERM_DENIED);
        no_change(&r, "endless");
}
END_TEST

/* H-17: of all the messages one bit away from a yes, none is a yes. */
START_TEST(every_bit)
{
        const FakeStep steps[] = { EXPECT("Check"), STEP(FAKE_FLIP, .verdict = VERDICT_GRANT),
                STEP(FAKE_LOOP), { 0 } };
        enum { BITS = 8 * 260 };

        r = (Run){ .steps = steps, .phases = PHASES[_i], .repeat = BITS, .options = "quiet" };
        run(&r);
        ck_assert_uint_ge(count(r.text, "code "), BITS);
        ck_assert_msg(count(r.text, " 0 ") == 0, "a flipped bit opened: %.*s", 2000,
                strstr(r.text, " 0 ") - 100);
        ck_assert(!strstr(r.text, " 25 "));
        no_change(&r, "every bit");
}
END_TEST

/* The same script without the flip does open: the test above could fail. */
START_TEST(no_bit)
{
        const FakeStep steps[] = { EXPECT("Check"), ANSWER(VERDICT_GRANT), STEP(FAKE_LOOP), { 0 } };

        r = (Run){ .steps = steps, .repeat = 50 };
        run(&r);
        ck_assert_uint_eq(count(r.text, "code account 0 "), 50);
        ck_assert_uint_eq(count(r.heard, "Check"), 50);
        no_change(&r, "no bit");
}
END_TEST

START_TEST(nobody_there)
{
        r = (Run){ .phases = PHASES[_i], .options = "socket=/nonexistent/approver.sock" };
        run(&r);
        ck_assert_int_eq(r.code, refusal(PHASES[_i]));
        ck_assert(told(&r, "jit-approver does not answer; try again or see jitctl doctor"));
        ck_assert_int_lt(r.ms, slack(200));
        no_change(&r, "nobody there");
}
END_TEST

/* H-46: somebody else sits on the socket. */
START_TEST(wrong_uid)
{
        char options[40];

        (void) snprintf(options, sizeof(options), "server-uid=%u", geteuid() + 1);
        r = (Run){ .steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_GRANT)),
                .phases = PHASES[_i],
                .options = options };
        run(&r);
        ck_assert_int_eq(r.code, refusal(PHASES[_i]));
        ck_assert(told(&r, "Somebody else answers"));
        ck_assert(!heard(&r, "Check"));
        no_change(&r, "wrong uid");
}
END_TEST

START_TEST(bad_argument)
{
        static const char *const bad[] = { "fail-open", "wait=never", "nowait nowait",
                "prompt=maybe", "target-default=", "quiet quiet" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                r = (Run){ .steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_GRANT)),
                        .phases = PHASES[_i],
                        .options = bad[i] };
                run(&r);
                ck_assert_int_eq(r.code, refusal(PHASES[_i]));
                ck_assert(told(&r, "does not know the argument"));
                ck_assert_str_eq(r.heard, "");
                no_change(&r, bad[i]);
        }
}
END_TEST

/* H-13, H-42: nobody, an endless one, one that is not text. */
START_TEST(bad_users)
{
        char endless[400];
        const char *const users[] = { "NULL", "", endless, "a\xff" };

        memset(endless, 'a', sizeof(endless) - 1);
        endless[sizeof(endless) - 1] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(users); i++) {
                r = (Run){ .steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_GRANT)),
                        .phases = PHASES[_i],
                        .pam_user = users[i] };
                run(&r);
                ck_assert_int_eq(r.code, refusal(PHASES[_i]));
                ck_assert_str_eq(r.heard, "");
                no_change(&r, users[i]);
        }
}
END_TEST

START_TEST(odd_items)
{
        char endless[5000];

        memset(endless, 'x', sizeof(endless) - 1);
        endless[sizeof(endless) - 1] = '\0';
        r = (Run){ .steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_GRANT)),
                .rhost = endless,
                .tty = "\xff\x1b",
                .ruser = "NULL",
                .no_conv = true };
        run(&r);
        ck_assert_int_eq(r.code, PAM_SUCCESS);
        ck_assert(heard(&r, "ruser=- "));
        ck_assert(heard(&r, "tty=\\xff\\x1b "));
        ck_assert(heard(&r, "xxx…"));
        no_change(&r, "odd items");
}
END_TEST

/* H-07: another module rewrites PAM_USER between the phases. Each phase asks for whom it finds. */
START_TEST(user_changes)
{
        r = (Run){ .steps = STEPS(
                           EXPECT("Check|OpenSession"), ANSWER(VERDICT_GRANT), STEP(FAKE_LOOP)),
                .service = _i ? "sshd" : "su",
                .phases = "auth user=root account user=bob open account user=NULL account" };
        run(&r);
        ck_assert_uint_eq(count(r.text, " 0 "), 4);
        ck_assert_int_eq(r.code, PAM_PERM_DENIED);
        ck_assert_uint_eq(count(r.heard, " user=dev "), 1);
        ck_assert_uint_eq(count(r.heard, " user=root "), 1);
        ck_assert_uint_eq(count(r.heard, " user=bob "), 2);
        ck_assert_uint_eq(count(r.heard, "Check") + count(r.heard, "OpenSession"), 4);
        ck_assert(heard(&r, " target=root "));
        no_change(&r, "user changes");

        /* What was said of dev says nothing of root. */
        r = (Run){ .steps = STEPS(EXPECT("Check|OpenSession"),
                           ANSWER(VERDICT_GRANT, .user = "dev", .target = "dev"), STEP(FAKE_LOOP)),
                .service = _i ? "sshd" : "su",
                .phases = "auth account user=root account open" };
        run(&r);
        ck_assert_uint_eq(count(r.text, " 0 "), 2);
        ck_assert_int_eq(r.code, PAM_PERM_DENIED);
        no_change(&r, "user changes to root");
}
END_TEST

/* H-41: what a host that forks or has threads keeps between the calls changes nothing. */
START_TEST(kinds_of_host)
{
        static const char *const kinds[] = { "plain", "fork", "thread" };

        r = (Run){ .steps = STEPS(EXPECT("Check|OpenSession|CloseSession"), ANSWER(VERDICT_GRANT),
                           STEP(FAKE_LOOP)),
                .service = "sshd",
                .kind = kinds[_i],
                .phases = "auth account cred open close" };
        run(&r);
        ck_assert_msg(count(r.text, " 0 ") == 4 && told(&r, "code cred 16 "), "%s", r.text);
        ck_assert_uint_eq(count(r.heard, " phase="), 4);
        no_change(&r, kinds[_i]);

        /* Let in by auth, refused by account: nothing is remembered, nor by the next. */
        r = (Run){ .steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_GRANT), STEP(FAKE_HANG_UP),
                           EXPECT("Check"), ANSWER(VERDICT_DENY), STEP(FAKE_HANG_UP),
                           EXPECT("OpenSession"), ANSWER(VERDICT_DENY), STEP(FAKE_HANG_UP)),
                .service = "sshd",
                .kind = kinds[_i],
                .phases = "auth account open" };
        run(&r);
        ck_assert_msg(
                told(&r, "code auth 0 ") && told(&r, "code account 6 ") && told(&r, "code open 6 "),
                "%s", r.text);
        no_change(&r, kinds[_i]);

        r = (Run){ .steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_ASK), EXPECT("Request"),
                           PENDING(.wait_ms = 5000), ANSWER(VERDICT_GRANT)),
                .kind = kinds[_i] };
        run(&r);
        ck_assert_msg(told(&r, "code account 0 "), "%s", r.text);
        no_change(&r, kinds[_i]);
}
END_TEST

/* H-32: whole transactions in threads side by side. */
START_TEST(many_threads)
{
        enum { THREADS = 4, EACH = 200 };

        r = (Run){ .steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_GRANT), STEP(FAKE_LOOP)),
                .threads = THREADS,
                .repeat = EACH };
        run(&r);
        ck_assert_uint_eq(count(r.text, "code account 0 "), THREADS * EACH);
        no_change(&r, "many threads");
}
END_TEST

/* No effect, no question, in any order, on a fresh handle (H-06). */
START_TEST(without_effect)
{
        r = (Run){ .steps = STEPS(STEP(FAKE_NOTE, .text = "up")), .phases = "cred token cred" };
        run(&r);
        ck_assert_uint_eq(count(r.text, "code cred 16 "), 2);
        ck_assert_uint_eq(count(r.text, "code token 16 "), 1);
        ck_assert_str_eq(r.heard, "up\n");
        no_change(&r, "without effect");

        r = (Run){ .steps = STEPS(STEP(FAKE_NOTE, .text = "up")),
                .phases = "cred",
                .options = "nonsense" };
        run(&r);
        ck_assert_int_eq(r.code, PAM_IGNORE);
        ck_assert_str_eq(r.heard, "up\n");
}
END_TEST

START_TEST(closing)
{
        r = (Run){ .steps = STEPS(EXPECT("CloseSession"), STEP(FAKE_RAW, .text = "{}"),
                           STEP(FAKE_AWAIT_HANG_UP)),
                .phases = "close" };
        run(&r);
        ck_assert_int_eq(r.code, PAM_SUCCESS);
        ck_assert(heard(&r, " phase=session"));
        no_change(&r, "closing");

        /* Nobody answers: one second, and still success. */
        r = (Run){ .steps = STEPS(EXPECT("CloseSession"), STEP(FAKE_AWAIT_HANG_UP)),
                .phases = "close" };
        run(&r);
        ck_assert_int_eq(r.code, PAM_SUCCESS);
        ck_assert_int_lt(r.ms, slack(1500));
        ck_assert(!told(&r, "text"));

        r = (Run){ .phases = "close", .options = "bad" };
        run(&r);
        ck_assert_int_eq(r.code, PAM_SUCCESS);
}
END_TEST

/* H-36: fds beyond what select(2) bears. */
START_TEST(many_fds)
{
        r = (Run){ .steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_ASK, .reason_mode = "none"),
                           EXPECT("Request"), PENDING(.wait_ms = 5000), ANSWER(VERDICT_GRANT)),
                .fds = 5000 };
        run(&r);
        ck_assert_msg(r.code == PAM_SUCCESS, "%s%s", r.text, r.heard);
        no_change(&r, "many fds");
}
END_TEST

/* H-35: the approver is gone while we write; SIGPIPE stands at its default. */
START_TEST(broken_pipe)
{
        r = (Run){ .steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_ASK, .reason_mode = "required"),
                           STEP(FAKE_AWAIT_HANG_UP), STEP(FAKE_DIE)),
                .replies = "because" };
        run(&r);
        ck_assert_int_eq(r.code, PAM_PERM_DENIED);
        no_change(&r, "broken pipe");

        r = (Run){ .steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_ASK), STEP(FAKE_HANG_UP)) };
        run(&r);
        ck_assert_int_eq(r.code, PAM_PERM_DENIED);
        no_change(&r, "hang-up before Request");
}
END_TEST

/* H-40: the module's own functions leave errno alone, whatever happens in them. */
START_TEST(keeps_errno)
{
        static const char *const functions[] = { "pam_sm_authenticate", "pam_sm_setcred",
                "pam_sm_acct_mgmt", "pam_sm_open_session", "pam_sm_close_session",
                "pam_sm_chauthtok" };

        for (size_t i = 0; i < ELEMENTSOF(functions); i++) {
                r = (Run){ .phases = functions[i] };
                run(&r);
                no_change(&r, functions[i]);
                r = (Run){ .phases = functions[i], .options = "nonsense" };
                run(&r);
                no_change(&r, functions[i]);
                r = (Run){ .steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_ASK), EXPECT("Request"),
                                   PENDING(.wait_ms = 5000), ANSWER(VERDICT_GRANT)),
                        .phases = functions[i] };
                run(&r);
                no_change(&r, functions[i]);
        }
        ck_assert_int_eq(r.code, PAM_IGNORE);
}
END_TEST

/* PAM_SILENT: obeyed, but not by sudo and su, who set it always. */
START_TEST(silence)
{
        static const struct {
                const char *service, *options;
                bool silent, shown;
        } cases[] = {
                { "sudo", "", true, true },
                { "su", "", true, true },
                { "sudo", "quiet", false, false },
                { "sshd", "", true, false },
                { "sshd", "", false, true },
                { "login", "", true, false },
                { "login", "", false, true },
                { "login", "quiet", false, false },
                { "crond", "", true, false },
                { "systemd-user", "", true, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                r = (Run){ .steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_DENY, LINES("No rule."))),
                        .service = cases[i].service,
                        .options = cases[i].options,
                        .silent = cases[i].silent };
                run(&r);
                ck_assert_int_eq(r.code, PAM_PERM_DENIED);
                ck_assert_msg(told(&r, "No rule.") == cases[i].shown, "%s", cases[i].service);
        }
}
END_TEST

int main(int argc, char **argv)
{
        Suite *suite = suite_create("outcomes");
        TCase *tcase = tcase_create("outcomes");

        harness_init(argc, argv);
        tcase_set_timeout(tcase, 120);
        tcase_add_loop_test(tcase, replies, 0, 3 * ELEMENTSOF(REPLIES));
        tcase_add_loop_test(tcase, too_long, 0, 2);
        tcase_add_loop_test(tcase, every_bit, 0, 3);
        tcase_add_test(tcase, no_bit);
        tcase_add_loop_test(tcase, nobody_there, 0, 3);
        tcase_add_loop_test(tcase, wrong_uid, 0, 3);
        tcase_add_loop_test(tcase, bad_argument, 0, 3);
        tcase_add_loop_test(tcase, bad_users, 0, 3);
        tcase_add_test(tcase, odd_items);
        tcase_add_loop_test(tcase, user_changes, 0, 2);
        tcase_add_loop_test(tcase, kinds_of_host, 0, 3);
        tcase_add_test(tcase, many_threads);
        tcase_add_test(tcase, without_effect);
        tcase_add_test(tcase, closing);
        tcase_add_test(tcase, many_fds);
        tcase_add_test(tcase, broken_pipe);
        tcase_add_test(tcase, keeps_errno);
        tcase_add_test(tcase, silence);
        suite_add_tcase(suite, tcase);

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        harness_done();
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

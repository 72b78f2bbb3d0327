/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The wait: from "ask" over reason, request and news to the last answer, for each kind of host. What
 * the approver heard is checked as closely as what the user was told.
 */

#include <check.h>
#include <security/pam_modules.h>
#include <stdlib.h>

#include "harness.h"

#define REQUEST "K7QF-2M9D"
#define LINES(...) .lines = { __VA_ARGS__ }
#define ASK(mode) ANSWER(VERDICT_ASK, .reason_mode = (mode))
#define ASKED                                                                                      \
        "Asked oncall (bob, carol). Request " REQUEST ". Waiting up to 5 min; Ctrl-C withdraws."
#define UNDECIDED                                                                                  \
        "Not decided yet. Request " REQUEST " stays open until 14:35; run the command again once " \
        "it is approved (jitctl wait K7QF)."

static Run r;

static void check_run(int code, const char *what)
{
        r.text[0] = '\0';
        run(&r);
        ck_assert_msg(r.code == code, "%s: %d, not %d\n%s%s", what, r.code, code, r.text, r.heard);
        ck_assert_msg(!told(&r, "changed "), "%s\n%s", what, r.text);
        ck_assert_msg(r.status == 0, "%s: host ended with %x\n%s", what, r.status, r.text);
        ck_assert_msg(!heard(&r, "BAD") && !heard(&r, "GARBAGE") && !heard(&r, "UNEXPECTED"),
                "%s\n%s", what, r.heard);
        ck_assert(!told(&r, "HIDDEN"));
}

START_TEST(approved)
{
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           PENDING(.wait_ms = 60000, LINES(ASKED)),
                           PENDING(LINES("1 of 2: approved by bob.")),
                           ANSWER(VERDICT_GRANT,
                                   LINES("Approved by carol until 15:04 (30 min): \"go ahead\"")),
                           STEP(FAKE_AWAIT_HANG_UP)),
                .phases = _i ? "account" : "auth" };
        check_run(PAM_SUCCESS, "approved");
        ck_assert_str_eq(
                strchr(r.heard, '\n') + 1, "Request reason=- wait_ms=300000 more\nhang-up\n");
        ck_assert(told(&r, "transaction 1\ntext ERROR " ASKED "\n"
                           "transaction 1\ntext ERROR 1 of 2: approved by bob.\n"
                           "transaction 1\ntext ERROR Approved by carol until 15:04 (30 min): "
                           "\"go ahead\"\n"));
}
END_TEST

START_TEST(refusals)
{
        const FakeStep last[] = {
                ANSWER(VERDICT_DENY, .code = "denied", LINES("Denied by bob: \"not now\"")),
                ANSWER(VERDICT_PENDING, LINES("Denied by bob: \"not now\"")),
                ANSWER(VERDICT_ASK, LINES("Denied by bob: \"not now\"")),
                ANSWER("approved", LINES("Denied by bob: \"not now\"")),
        };

        for (size_t i = 0; i < ELEMENTSOF(last); i++) {
                r = (Run){ .steps = STEPS(EXPECT("Check"), ASK(NULL), EXPECT("Request"),
                                   PENDING(.wait_ms = 60000, LINES(ASKED)), last[i],
                                   STEP(FAKE_AWAIT_HANG_UP)),
                        .phases = _i ? "account" : "auth" };
                check_run(_i ? PAM_PERM_DENIED : PAM_CRED_INSUFFICIENT, "denied");
                ck_assert(told(&r, "text ERROR Denied by bob: \"not now\""));
                ck_assert(!heard(&r, "Detach"));
        }
}
END_TEST

/* In the middle of the wait nothing opens that is not a last answer to our question. */
START_TEST(nonsense)
{
        static const FakeStep bad[] = {
                ANSWER(VERDICT_GRANT, .continues = true),
                ANSWER(VERDICT_GRANT, .nonce = "00000000000000000000000000000000"),
                ANSWER(VERDICT_GRANT, .user = "bob"),
                ANSWER(VERDICT_GRANT, .asker = 5),
                STEP(FAKE_TWICE, .verdict = VERDICT_GRANT),
                ANSWER(VERDICT_DENY, .continues = true),
                STEP(FAKE_ERROR, .text = "StoreUnavailable"),
                STEP(FAKE_RAW, .text = "{\"parameters\":{}}"),
                STEP(FAKE_RAW, .text = "\x7f"),
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                                   PENDING(.wait_ms = 60000), bad[i], STEP(FAKE_AWAIT_HANG_UP)) };
                check_run(PAM_PERM_DENIED, "nonsense");
                ck_assert(told(&r, "see jitctl doctor"));
        }
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           ANSWER(VERDICT_PENDING, .continues = true, .request = "../../x"),
                           STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_PERM_DENIED, "no id");
}
END_TEST

/* The time is over: Detach on the same connection, and its last answer counts. */
START_TEST(time_over)
{
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           PENDING(.wait_ms = 200, LINES(ASKED)), EXPECT("Detach"),
                           ANSWER(VERDICT_PENDING, .request = REQUEST, LINES(UNDECIDED)),
                           STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_PERM_DENIED, "time over");
        ck_assert(heard(&r, "more\nDetach oneway\nhang-up\n"));
        ck_assert(told(&r, UNDECIDED));
        ck_assert_int_ge(r.ms, 200);
        ck_assert_int_lt(r.ms, slack(1000));

        /* It crossed with the yes. */
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           PENDING(.wait_ms = 100), EXPECT("Detach"), PENDING(LINES("news")),
                           ANSWER(VERDICT_GRANT, LINES("Approved by bob.")),
                           STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_SUCCESS, "granted after all");

        /* No last answer: we have an own word for it. */
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           PENDING(.wait_ms = 100), EXPECT("Detach"), STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_PERM_DENIED, "no last answer");
        ck_assert(told(&r, "Not decided yet. Request " REQUEST " stays open;"));
        ck_assert_int_lt(r.ms, slack(2600));

        /* The module's own limit is the shorter one. */
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           PENDING(.wait_ms = 60000), EXPECT("Detach"), ANSWER(VERDICT_PENDING),
                           STEP(FAKE_AWAIT_HANG_UP)),
                .options = "wait=200ms" };
        check_run(PAM_PERM_DENIED, "own limit");
        ck_assert(heard(&r, "wait_ms=200 more"));
        ck_assert_int_lt(r.ms, slack(1000));

        /* The approver lets nobody wait just now. */
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"), PENDING(),
                           EXPECT("Detach"), ANSWER(VERDICT_PENDING, LINES(UNDECIDED)),
                           STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_PERM_DENIED, "no wait");
        ck_assert_int_lt(r.ms, slack(500));
}
END_TEST

/* Who never waits: one call without more, detached, and the id. */
START_TEST(no_wait)
{
        static const char *const sudo_n[] = { "sudo", "-n", "id", NULL };
        const Run cases[] = {
                { .options = "nowait" },
                { .options = "wait=0" },
                { .argv = sudo_n },
                { .tty = "NULL" },
                { .tty = "" },
                { .service = "su", .tty = "NULL" },
                { .service = "crond" },
                { .service = "cron", .options = "wait=1h" },
                { .service = "atd", .options = "wait=1h" },
                { .service = "systemd-user", .options = "wait=1h" },
                { .service = "polkit-1", .options = "wait=1h" },
                { .service = "swaylock", .options = "wait=1h" },
                { .service = "doas", .options = "wait=1h" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                r = cases[i];
                r.steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                        ANSWER(VERDICT_PENDING, .request = REQUEST, LINES(UNDECIDED)),
                        STEP(FAKE_AWAIT_HANG_UP));
                check_run(PAM_PERM_DENIED, "no wait");
                ck_assert_msg(heard(&r, "Request reason=- wait_ms=0 detached\nhang-up\n"),
                        "%zu: %s", i, r.heard);
                ck_assert(told(&r, REQUEST));
                ck_assert_int_lt(r.ms, slack(500));
        }
        /* Decided in the meantime. */
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           ANSWER(VERDICT_GRANT), STEP(FAKE_AWAIT_HANG_UP)),
                .options = "nowait" };
        check_run(PAM_SUCCESS, "granted at once");
}
END_TEST

START_TEST(limits)
{
        static const struct {
                const char *service, *options, *heard;
        } cases[] = {
                { "sudo", "", "wait_ms=300000 more" },
                { "sudo-i", "", "wait_ms=300000 more" },
                { "su", "", "wait_ms=300000 more" },
                { "su-l", "wait=10m", "wait_ms=600000 more" },
                { "sshd", "", "wait_ms=75000 more" },
                { "sshd", "wait=30s", "wait_ms=30000 more" },
                { "login", "", "wait_ms=45000 more" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                                   ANSWER(VERDICT_GRANT), STEP(FAKE_AWAIT_HANG_UP)),
                        .service = cases[i].service,
                        .options = cases[i].options };
                check_run(PAM_SUCCESS, cases[i].service);
                ck_assert_msg(heard(&r, cases[i].heard), "%s", r.heard);
        }
}
END_TEST

START_TEST(reasons)
{
        static const struct {
                const char *mode, *replies, *heard;
                int prompts;
        } cases[] = {
                { "required", "deploy hotfix OPS-1423", "reason=deploy hotfix OPS-1423 ", 1 },
                { "required", "\nsecond try", "reason=second try ", 2 },
                { "required", " \t\nsecond try", "reason=second try ", 2 },
                { "optional", "why not", "reason=why not ", 1 },
                { "optional", "", "reason=- ", 1 },
                { "none", "unasked", "reason=- ", 0 },
                { NULL, "unasked", "reason=- ", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                r = (Run){ .steps = STEPS(EXPECT("Check"), ASK(cases[i].mode),
                                   STEP(cases[i].prompts ? FAKE_AWAIT_HANG_UP : FAKE_NOTE,
                                           .text = "kept"),
                                   EXPECT("Request"), ANSWER(VERDICT_GRANT),
                                   STEP(FAKE_AWAIT_HANG_UP)),
                        .replies = cases[i].replies };
                check_run(PAM_SUCCESS, cases[i].heard);
                ck_assert_msg(heard(&r, cases[i].heard), "%s", r.heard);
                ck_assert_int_eq(count(r.text, "prompt ECHO Reason"), cases[i].prompts);
        }
}
END_TEST

START_TEST(no_reason)
{
        static const Run left[] = { { .replies = "FAIL" }, { .replies = "x", .no_responses = true },
                { .service = "login", .replies = "FAIL" } };
        static const char *const modes[] = { "required", "optional" };
        char endless[1400];

        /* A terminal that fails was left with Ctrl-C: that is a no, not a request without reason. */
        for (size_t i = 0; i < 2 * ELEMENTSOF(left); i++) {
                r = left[i / 2];
                r.steps = STEPS(EXPECT("Check"), ASK(modes[i % 2]), STEP(FAKE_AWAIT_HANG_UP));
                check_run(PAM_PERM_DENIED, "left");
                ck_assert(told(&r, "No reason was given") && !heard(&r, "Request"));
        }

        /* Nothing said, twice: no request. */
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("required"), STEP(FAKE_AWAIT_HANG_UP)),
                .replies = "\n" };
        check_run(PAM_PERM_DENIED, "nothing said");
        ck_assert(told(&r, "No reason was given"));
        ck_assert_uint_eq(count(r.text, "prompt ECHO Reason: "), 2);

        memset(endless, 'x', sizeof(endless) - 1);
        endless[600] = '\n';
        endless[sizeof(endless) - 1] = '\0';
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("required"), STEP(FAKE_AWAIT_HANG_UP)),
                .replies = endless };
        check_run(PAM_PERM_DENIED, "too long");
        ck_assert(told(&r, "at most 512 bytes"));

        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("perhaps"), STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_PERM_DENIED, "unknown mode");
}
END_TEST

/* H-20, H-24: where the answer would be somebody's password or data, nobody is asked. */
START_TEST(cannot_ask)
{
        static const char *const vectors[][5] = { { "sudo", "-S", "id", NULL },
                { "sudo", "-A", "id", NULL }, { "sudo", "-n", "id", NULL },
                { "sudo", "-p", "Password:", "id", NULL }, { "sudo", "--stdin", "id", NULL },
                { "sudo", "-x", "id", NULL } };
        static const char *const plain[] = { "sudo", "systemctl", "restart", "my app", NULL };
        const Run cases[] = {
                { .argv = vectors[0] },
                { .argv = vectors[1] },
                { .argv = vectors[2] },
                { .argv = vectors[3] },
                { .argv = vectors[4] },
                { .argv = vectors[5] },
                { .tty = "NULL" },
                { .no_conv = true },
                { .options = "prompt=off" },
                { .service = "su" }, /* standard input is not a terminal */
                { .service = "crond" },
                { .service = "login", .silent = true },
                { .service = "sshd", .replies = "FAIL" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                bool asked = cases[i].replies;

                r = cases[i];
                r.steps = STEPS(EXPECT("Check"), ASK("required"), STEP(FAKE_AWAIT_HANG_UP));
                check_run(PAM_PERM_DENIED, "cannot ask");
                ck_assert(!heard(&r, "Request"));
                ck_assert_int_eq(told(&r, "prompt"), asked);
                if (!r.no_conv && !r.silent) {
                        ck_assert_msg(told(&r, "A reason is needed and cannot be asked here. Run: "
                                               "jitctl request --service "),
                                "%zu: %s", i, r.text);
                }
        }
        r = (Run){ .argv = plain,
                .options = "prompt=off",
                .steps = STEPS(EXPECT("Check"), ASK("required"), STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_PERM_DENIED, "the line");
        ck_assert_msg(told(&r, "jitctl request --service sudo --target root --reason '…' -- "
                               "systemctl restart 'my app'\n"),
                "%s", r.text);

        /* With an optional one the request is made all the same. */
        r = (Run){ .options = "prompt=off",
                .steps = STEPS(EXPECT("Check"), ASK("optional"), EXPECT("Request"),
                        ANSWER(VERDICT_GRANT), STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_SUCCESS, "optional");
        ck_assert(heard(&r, "Request reason=- "));
}
END_TEST

/* H-20: what is typed into the last question goes out as it is; what was not typed goes nowhere. */
#define BREAK "Type BREAK to open root now; bob and carol will be alarmed: "
#define GLASS(mode) ANSWER(VERDICT_ASK, .reason_mode = (mode), .confirm = BREAK)

START_TEST(confirmed)
{
        static const struct {
                const char *mode, *service, *replies, *heard;
                int prompts;
        } cases[] = {
                { "required", NULL, "no root left\nBREAK", "reason=no root left confirm=BREAK ",
                        2 },
                { "required", NULL, "\nlate\nBREAK", "reason=late confirm=BREAK ", 3 },
                { "optional", NULL, "\nBREAK", "reason=- confirm=BREAK ", 2 },
                { "none", NULL, "BREAK", "reason=- confirm=BREAK ", 1 },
                { "required", "login", "why\nBREAK", "reason=why confirm=BREAK ", 2 },
                { "required", "sshd", "why\nBREAK", "reason=why confirm=BREAK ", 2 },
                /* Whether it is the word is the approver's to say. */
                { "required", NULL, "why\n break ", "reason=why confirm= break  ", 2 },
                { "required", NULL, "why\nBREAK BREAK", "reason=why confirm=BREAK BREAK ", 2 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                r = (Run){ .steps = STEPS(EXPECT("Check"), GLASS(cases[i].mode),
                                   STEP(FAKE_AWAIT_HANG_UP), EXPECT("Request"),
                                   ANSWER(VERDICT_GRANT), STEP(FAKE_AWAIT_HANG_UP)),
                        .service = cases[i].service,
                        .replies = cases[i].replies };
                check_run(PAM_SUCCESS, cases[i].heard);
                ck_assert_msg(heard(&r, cases[i].heard), "%s", r.heard);
                ck_assert_int_eq(count(r.text, "prompt ECHO"), cases[i].prompts);
                ck_assert_msg(told(&r, "prompt ECHO " BREAK "\n"), "%s", r.text);
        }
        r = (Run){ .steps = STEPS(EXPECT("Check"), GLASS("required"), STEP(FAKE_AWAIT_HANG_UP),
                           EXPECT("Request"),
                           ANSWER(VERDICT_DENY, .code = "not-asked", LINES("That is not BREAK.")),
                           STEP(FAKE_AWAIT_HANG_UP)),
                .replies = "why\nBREAL" };
        check_run(PAM_PERM_DENIED, "not the word");
        ck_assert(heard(&r, "confirm=BREAL ") && told(&r, "That is not BREAK."));
}
END_TEST

START_TEST(not_confirmed)
{
        char endless[700] = "why\n";
        const Run left[] = { { .replies = "why\n" }, { .replies = "why\n \t" },
                { .replies = "why\nFAIL" }, { .replies = "why\n\xff" }, { .replies = endless },
                { .replies = "why\nFAIL", .service = "login" } };

        memset(endless + 4, 'x', sizeof(endless) - 5);
        for (size_t i = 0; i < 2 * ELEMENTSOF(left); i++) {
                r = left[i / 2];
                r.phases = i % 2 ? "auth" : "account";
                r.steps = STEPS(EXPECT("Check"), GLASS("required"), STEP(FAKE_AWAIT_HANG_UP));
                check_run(i % 2 ? PAM_CRED_INSUFFICIENT : PAM_PERM_DENIED, left[i / 2].replies);
                ck_assert_msg(told(&r, "Not confirmed; nothing was opened."), "%zu: %s", i, r.text);
                ck_assert(!heard(&r, "Request"));
        }
        r = (Run){ .steps = STEPS(EXPECT("Check"), GLASS("required"), STEP(FAKE_AWAIT_HANG_UP)),
                .replies = "\n\nBREAK" };
        check_run(PAM_PERM_DENIED, "no reason");
        ck_assert(told(&r, "No reason was given") && !told(&r, BREAK));
}
END_TEST

/* Where nobody can be asked, nothing is opened, whatever the reason may be. */
START_TEST(cannot_confirm)
{
        static const char *const vectors[][4] = { { "sudo", "-S", "id", NULL },
                { "sudo", "-A", "id", NULL }, { "sudo", "-n", "id", NULL },
                { "sudo", "-x", "id", NULL } };
        static const char *const modes[] = { "required", "optional", "none", NULL };
        const Run cases[] = {
                { .argv = vectors[0] },
                { .argv = vectors[1] },
                { .argv = vectors[2] },
                { .argv = vectors[3] },
                { .tty = "NULL" },
                { .no_conv = true },
                { .options = "prompt=off" },
                { .service = "su" },
                { .service = "crond" },
                { .service = "login", .silent = true },
                { .service = "sshd", .replies = "FAIL" },
                { .service = "sshd", .replies = "BREAK\nFAIL\nFAIL" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases) * ELEMENTSOF(modes); i++) {
                const char *mode = modes[i % ELEMENTSOF(modes)];

                r = cases[i / ELEMENTSOF(modes)];
                if (r.replies && strlen(r.replies) > 4 && (!mode || streq(mode, "none"))) {
                        continue; /* there the first reply confirms it */
                }
                r.steps = STEPS(EXPECT("Check"), GLASS(mode), STEP(FAKE_AWAIT_HANG_UP));
                check_run(PAM_PERM_DENIED, "cannot confirm");
                ck_assert(!heard(&r, "Request"));
                if (!r.no_conv && !r.silent) {
                        ck_assert_msg(told(&r, "This must be confirmed, which cannot be asked "
                                               "here. Run: jitctl break-glass --service "),
                                "%zu: %s", i, r.text);
                }
        }
}
END_TEST

/* The prompt is the approver's text, and foreign in part. */
START_TEST(confirm_text)
{
        char endless[3000];

        r = (Run){ .steps = STEPS(EXPECT("Check"),
                           ANSWER(VERDICT_ASK, .confirm = "\033[8mType\nBREAK: "),
                           STEP(FAKE_AWAIT_HANG_UP), EXPECT("Request"), ANSWER(VERDICT_GRANT),
                           STEP(FAKE_AWAIT_HANG_UP)),
                .replies = "BREAK" };
        check_run(PAM_SUCCESS, "escapes");
        ck_assert_msg(told(&r, "prompt ECHO \\x1b[8mType\\x0aBREAK: \n"), "%s", r.text);

        memset(endless, 'x', sizeof(endless) - 1);
        endless[sizeof(endless) - 1] = '\0';
        r.steps = STEPS(EXPECT("Check"), ANSWER(VERDICT_ASK, .confirm = endless),
                STEP(FAKE_AWAIT_HANG_UP), EXPECT("Request"), ANSWER(VERDICT_GRANT),
                STEP(FAKE_AWAIT_HANG_UP));
        check_run(PAM_SUCCESS, "endless");
        ck_assert(told(&r, "xxx…\n"));

        r.steps = STEPS(
                EXPECT("Check"), ANSWER(VERDICT_ASK, .confirm = " "), STEP(FAKE_AWAIT_HANG_UP));
        check_run(PAM_PERM_DENIED, "empty");
        ck_assert(told(&r, "makes no sense") && !heard(&r, "Request"));
}
END_TEST

#define MUST_MATCH "The reason must match (OPS|INC)-[0-9]+"
#define AGAIN(...) ANSWER(VERDICT_ASK, .reason_mode = "required", .code = "not-asked", __VA_ARGS__)

/* The approver takes no reason but one of a form: it is asked again, three times in all. */
START_TEST(reason_again)
{
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("required"), STEP(FAKE_AWAIT_HANG_UP),
                           EXPECT("Request"), AGAIN(LINES(MUST_MATCH)), STEP(FAKE_AWAIT_HANG_UP),
                           EXPECT("Request"), AGAIN(LINES(MUST_MATCH)), STEP(FAKE_AWAIT_HANG_UP),
                           EXPECT("Request"), PENDING(.wait_ms = 60000, LINES(ASKED)),
                           ANSWER(VERDICT_GRANT), STEP(FAKE_AWAIT_HANG_UP)),
                .replies = "one\ntwo\nOPS-3" };
        check_run(PAM_SUCCESS, "third time");
        ck_assert_msg(heard(&r, "Request reason=one wait_ms=300000 more\nhang-up\n"
                                "Request reason=two wait_ms=300000 more\nhang-up\n"
                                "Request reason=OPS-3 wait_ms=300000 more\n"),
                "%s", r.heard);
        ck_assert_msg(told(&r, "prompt ECHO Reason: \ntransaction 2\ntext ERROR " MUST_MATCH
                               "\nprompt ECHO Reason: \ntransaction 2\n"),
                "%s", r.text);

        /* The last one's lines are the end of it. */
        r.steps = STEPS(EXPECT("Check"), ASK("required"), STEP(FAKE_AWAIT_HANG_UP),
                EXPECT("Request"), AGAIN(LINES("1st")), STEP(FAKE_AWAIT_HANG_UP), EXPECT("Request"),
                AGAIN(LINES("2nd")), STEP(FAKE_AWAIT_HANG_UP), EXPECT("Request"),
                AGAIN(LINES("3rd")), STEP(FAKE_AWAIT_HANG_UP));
        r.replies = "one\ntwo\nthree\nOPS-4";
        check_run(PAM_PERM_DENIED, "no fourth time");
        ck_assert_uint_eq(count(r.text, "prompt ECHO Reason: "), 3);
        ck_assert_uint_eq(count(r.heard, "Request"), 3);
        ck_assert_msg(told(&r, "transaction 1\ntext ERROR 3rd\n"), "%s", r.text);

        /* Empty ones count. */
        r.replies = "\none\n\nOPS-4";
        check_run(PAM_PERM_DENIED, "empty ones");
        ck_assert_uint_eq(count(r.text, "prompt ECHO Reason: "), 3);
        ck_assert_uint_eq(count(r.heard, "Request"), 1);
        ck_assert(told(&r, "No reason was given"));

        r.phases = "auth";
        r.replies = "one\nFAIL\nOPS-4";
        check_run(PAM_CRED_INSUFFICIENT, "left");
        ck_assert_uint_eq(count(r.heard, "Request"), 1);
}
END_TEST

START_TEST(asked_again)
{
        /* The rules changed in between: now there is something to be asked. */
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           GLASS("required"), STEP(FAKE_AWAIT_HANG_UP), EXPECT("Request"),
                           ANSWER(VERDICT_GRANT), STEP(FAKE_AWAIT_HANG_UP)),
                .replies = "why\nBREAK" };
        check_run(PAM_SUCCESS, "changed");
        ck_assert(heard(&r, "Request reason=why confirm=BREAK "));

        /* To be confirmed anew with another reason: it is the request that is confirmed. */
        r.steps = STEPS(EXPECT("Check"), GLASS("required"), STEP(FAKE_AWAIT_HANG_UP),
                EXPECT("Request"),
                ANSWER(VERDICT_ASK, .reason_mode = "required", .confirm = BREAK, LINES(MUST_MATCH)),
                STEP(FAKE_AWAIT_HANG_UP), EXPECT("Request"), ANSWER(VERDICT_GRANT),
                STEP(FAKE_AWAIT_HANG_UP));
        r.replies = "why\nBREAK\nOPS-2\nBREAK";
        check_run(PAM_SUCCESS, "anew");
        ck_assert(heard(&r, "Request reason=OPS-2 confirm=BREAK "));
        r.replies = "why\nBREAK\nOPS-2\n";
        check_run(PAM_PERM_DENIED, "not anew");
        ck_assert_uint_eq(count(r.heard, "Request"), 1);

        /* sshd: the lines come with the prompt. Who cannot be asked is told them and no more. */
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("required"), STEP(FAKE_AWAIT_HANG_UP),
                           EXPECT("Request"), AGAIN(LINES(MUST_MATCH)), STEP(FAKE_AWAIT_HANG_UP),
                           EXPECT("Request"), ANSWER(VERDICT_GRANT), STEP(FAKE_AWAIT_HANG_UP)),
                .service = "sshd",
                .replies = "one\nOPS-2" };
        check_run(PAM_SUCCESS, "sshd");
        ck_assert(told(&r, "transaction 2\ntext INFO " MUST_MATCH "\nprompt ECHO Reason: \n"));
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("optional"), EXPECT("Request"),
                           ANSWER(VERDICT_ASK, .reason_mode = "optional", LINES(MUST_MATCH)),
                           STEP(FAKE_AWAIT_HANG_UP)),
                .options = "prompt=off" };
        check_run(PAM_PERM_DENIED, "cannot be asked");
        ck_assert(told(&r, MUST_MATCH) && count(r.heard, "Request") == 1);

        /* Nothing to be asked, asked for ever, or once people were asked: refused. */
        r.steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"), ASK("none"),
                STEP(FAKE_AWAIT_HANG_UP));
        check_run(PAM_PERM_DENIED, "nothing to ask");
        ck_assert_uint_eq(count(r.heard, "Request"), 1);
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           PENDING(.wait_ms = 60000), AGAIN(LINES(MUST_MATCH)),
                           STEP(FAKE_AWAIT_HANG_UP)),
                .replies = "OPS-1" };
        check_run(PAM_PERM_DENIED, "after the wait began");
        ck_assert(told(&r, MUST_MATCH) && !told(&r, "prompt"));
        r = (Run){ .steps = STEPS(EXPECT("Check|Request"), GLASS("none"), STEP(FAKE_LOOP)),
                .replies = "a\nb\nc\nd\ne" };
        check_run(PAM_PERM_DENIED, "for ever");
        ck_assert_uint_eq(count(r.heard, "Request"), 3);
}
END_TEST

/* The approver is restarted while somebody waits: same request, same outcome, one line. */
START_TEST(restart)
{
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           PENDING(.wait_ms = 60000, LINES(ASKED)),
                           STEP(FAKE_RESTART, .number = 300), EXPECT("Wait"),
                           PENDING(.wait_ms = 50000), STEP(FAKE_RESTART, .number = 100),
                           EXPECT("Wait"), STEP(FAKE_HANG_UP), EXPECT("Wait"),
                           PENDING(.wait_ms = 50000), ANSWER(VERDICT_GRANT, LINES("Approved.")),
                           STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_SUCCESS, "restart");
        ck_assert_uint_eq(
                count(r.text, "The approver restarted; still waiting for request " REQUEST), 1);
        ck_assert_uint_eq(count(r.heard, "Wait " REQUEST " more\n"), 3);

        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           PENDING(.wait_ms = 60000), STEP(FAKE_RESTART, .number = 100),
                           EXPECT("Wait"), STEP(FAKE_ERROR, .text = "NotFound")) };
        check_run(PAM_PERM_DENIED, "forgotten");
        ck_assert(told(&r, "cannot say (NotFound)"));

        /* Somebody else's yes is none here either. */
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           PENDING(.wait_ms = 60000), STEP(FAKE_RESTART, .number = 100),
                           EXPECT("Wait"), ANSWER(VERDICT_GRANT, .user = "bob")) };
        check_run(PAM_PERM_DENIED, "another's");

        /* It does not come back, and the wait is over. */
        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                           PENDING(.wait_ms = 1000), STEP(FAKE_DIE)) };
        check_run(PAM_PERM_DENIED, "gone");
        ck_assert(told(&r, "does not answer"));
        ck_assert_int_ge(r.ms, 900);
        ck_assert_int_lt(r.ms, slack(2000));

        /* Lost before the first answer: there is no request to come back to. */
        r = (Run){ .steps = STEPS(
                           EXPECT("Check"), ASK("none"), EXPECT("Request"), STEP(FAKE_HANG_UP)) };
        check_run(PAM_PERM_DENIED, "lost at once");
        ck_assert(!heard(&r, "Wait"));
}
END_TEST

/* H-18, H-19: under sshd the news comes with a prompt, lines first, in one transaction of two. */
START_TEST(sshd)
{
        r = (Run){ .service = "sshd",
                .rhost = "192.0.2.7",
                .replies = "\n\n",
                .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                        PENDING(.wait_ms = 60000, LINES(ASKED, "Code 42.")),
                        PENDING(LINES("1 of 2: approved by bob.")),
                        ANSWER(VERDICT_GRANT, LINES("Approved by carol.", "Until 15:04.")),
                        STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_SUCCESS, "sshd");
        ck_assert_msg(told(&r, "transaction 2\ntext INFO " ASKED "\nCode 42.\n"
                               "prompt ECHO Press Enter to wait for the answer: \n"
                               "transaction 2\ntext INFO 1 of 2: approved by bob.\n"
                               "prompt ECHO Press Enter to wait for the answer: \n"
                               "transaction 1\ntext INFO Approved by carol.\nUntil 15:04.\n"),
                "%s", r.text);
        ck_assert(heard(&r, "service=sshd pam=sshd user=dev ruser=- target=dev group=- mode=shell "
                            "tty=/dev/pts/9 rhost=192.0.2.7 words=0:\n"));

        /* After a public key: no prompt, so nobody is kept waiting. */
        r = (Run){ .service = "sshd",
                .replies = "FAIL",
                .steps = STEPS(EXPECT("Check"), ASK("optional"), STEP(FAKE_AWAIT_HANG_UP),
                        EXPECT("Request"), PENDING(.wait_ms = 60000, LINES(ASKED)),
                        EXPECT("Detach"), ANSWER(VERDICT_PENDING, LINES(UNDECIDED)),
                        STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_PERM_DENIED, "public key");
        ck_assert(told(&r, "text INFO " UNDECIDED));
        ck_assert_int_lt(r.ms, slack(500));

        /* However much news there is, the prompts are few. */
        r = (Run){ .service = "sshd",
                .replies = "\n\n\n\n\n\n\n\n\n\n\n\n",
                .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                        PENDING(.wait_ms = 60000, LINES("1")), PENDING(LINES("2")),
                        PENDING(LINES("3")), PENDING(LINES("4")), PENDING(LINES("5")),
                        PENDING(LINES("6")), PENDING(LINES("7")), PENDING(LINES("8")),
                        PENDING(LINES("9")), PENDING(LINES("10")), ANSWER(VERDICT_GRANT),
                        STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_SUCCESS, "much news");
        ck_assert_uint_eq(count(r.text, "prompt ECHO"), 8);
}
END_TEST

/* At most 8 lines in a transaction and 30 in all, whatever the approver says. */
START_TEST(many_lines)
{
        const FakeStep news =
                PENDING(.wait_ms = 60000, LINES("a", "b", "c", "d", "e", "f", "g", "h", "i"));

        r = (Run){ .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"), news, news, news,
                           news, news, ANSWER(VERDICT_GRANT), STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_SUCCESS, "many lines");
        ck_assert_uint_eq(count(r.text, "text ERROR"), 30);
        ck_assert_uint_eq(count(r.text, "transaction 8"), 3);
        ck_assert_uint_eq(count(r.text, "transaction 6"), 1);
        ck_assert(!told(&r, "text ERROR i"));
}
END_TEST

/* quiet: who waits is told all the same. */
START_TEST(quiet)
{
        r = (Run){ .options = "quiet",
                .steps = STEPS(EXPECT("Check"), ASK("none"), EXPECT("Request"),
                        PENDING(.wait_ms = 60000, LINES(ASKED)),
                        ANSWER(VERDICT_DENY, LINES("Denied.")), STEP(FAKE_AWAIT_HANG_UP)) };
        check_run(PAM_PERM_DENIED, "quiet");
        ck_assert(told(&r, ASKED) && told(&r, "Denied."));
}
END_TEST

int main(int argc, char **argv)
{
        Suite *suite = suite_create("waiting");
        TCase *tcase = tcase_create("waiting");

        harness_init(argc, argv);
        tcase_set_timeout(tcase, 120);
        tcase_add_loop_test(tcase, approved, 0, 2);
        tcase_add_loop_test(tcase, refusals, 0, 2);
        tcase_add_test(tcase, nonsense);
        tcase_add_test(tcase, time_over);
        tcase_add_test(tcase, no_wait);
        tcase_add_test(tcase, limits);
        tcase_add_test(tcase, reasons);
        tcase_add_test(tcase, no_reason);
        tcase_add_test(tcase, cannot_ask);
        tcase_add_test(tcase, confirmed);
        tcase_add_test(tcase, not_confirmed);
        tcase_add_test(tcase, cannot_confirm);
        tcase_add_test(tcase, confirm_text);
        tcase_add_test(tcase, reason_again);
        tcase_add_test(tcase, asked_again);
        tcase_add_test(tcase, restart);
        tcase_add_test(tcase, sshd);
        tcase_add_test(tcase, many_lines);
        tcase_add_test(tcase, quiet);
        suite_add_tcase(suite, tcase);

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        harness_done();
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

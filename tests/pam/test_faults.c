/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * H-01: every allocation and system call of the module fails once. What the approver refuses stays
 * refused, nothing is left behind, and nothing crashes.
 */

#include <check.h>
#include <security/pam_modules.h>
#include <stdlib.h>

#include "harness.h"

#define CALLS_MAX 400

static Run r;

typedef struct Script {
        const char *name, *function, *service;
        FakeStep steps[10];
        bool opens; /* where nothing fails */
        const char *replies;
} Script;

#define AWAIT STEP(FAKE_AWAIT_HANG_UP)

static const Script SCRIPTS[] = {
        { "granted", "pam_sm_acct_mgmt", "sudo", { EXPECT("Check"), ANSWER(VERDICT_GRANT), AWAIT },
                true },
        { "denied", "pam_sm_acct_mgmt", "sudo",
                { EXPECT("Check"), ANSWER(VERDICT_DENY, .lines = { "No." }), AWAIT }, false },
        { "denied in auth", "pam_sm_authenticate", "su",
                { EXPECT("Check"), ANSWER(VERDICT_DENY), AWAIT }, false },
        { "asked, granted", "pam_sm_acct_mgmt", "sudo",
                { EXPECT("Check"), ANSWER(VERDICT_ASK, .reason_mode = "required"), AWAIT,
                        EXPECT("Request"), PENDING(.wait_ms = 300, .lines = { "Asked bob." }),
                        ANSWER(VERDICT_GRANT, .lines = { "Yes." }), AWAIT },
                true },
        { "confirmed, granted", "pam_sm_acct_mgmt", "sudo",
                { EXPECT("Check"),
                        ANSWER(VERDICT_ASK, .reason_mode = "required", .confirm = "Type BREAK: "),
                        AWAIT, EXPECT("Request"), ANSWER(VERDICT_GRANT), AWAIT },
                true, "because\nBREAK" },
        { "not confirmed", "pam_sm_acct_mgmt", "sudo",
                { EXPECT("Check"), ANSWER(VERDICT_ASK, .confirm = "Type BREAK: "), AWAIT,
                        EXPECT("Request"), ANSWER(VERDICT_GRANT), AWAIT },
                false, "" },
        { "asked again, denied", "pam_sm_authenticate", "sudo",
                { EXPECT("Check"), ANSWER(VERDICT_ASK, .reason_mode = "required"), AWAIT,
                        EXPECT("Request"),
                        ANSWER(VERDICT_ASK, .reason_mode = "required", .lines = { "Which?" }),
                        AWAIT, EXPECT("Request"), ANSWER(VERDICT_DENY), AWAIT },
                false, "because\nOPS-1" },
        { "asked, denied", "pam_sm_acct_mgmt", "sudo",
                { EXPECT("Check"), ANSWER(VERDICT_ASK), EXPECT("Request"),
                        PENDING(.wait_ms = 300, .lines = { "Asked bob." }),
                        ANSWER(VERDICT_DENY, .lines = { "No." }), AWAIT },
                false },
        { "asked, over", "pam_sm_acct_mgmt", "sshd",
                { EXPECT("Check"), ANSWER(VERDICT_ASK), EXPECT("Request"),
                        PENDING(.wait_ms = 50, .lines = { "Asked bob." }), EXPECT("Detach"),
                        ANSWER(VERDICT_PENDING, .lines = { "Not yet." }), AWAIT },
                false },
        { "session", "pam_sm_open_session", "sudo",
                { EXPECT("OpenSession"), ANSWER(VERDICT_DENY), AWAIT }, false },
        { "reason", "pam_sm_acct_mgmt", "crond",
                { EXPECT("Check"), ANSWER(VERDICT_ASK, .reason_mode = "required"), AWAIT }, false },
};

START_TEST(each_call)
{
        const Script *s = &SCRIPTS[_i];
        unsigned n = 0;
        bool more = true;

        while (more && n < CALLS_MAX) {
                r = (Run){ .steps = s->steps,
                        .phases = s->function,
                        .service = s->service,
                        .replies = str_or(s->replies, "because\n\n"),
                        .fault = ++n };
                run(&r);
                more = told(&r, "fault\n");
                ck_assert_msg(r.status == 0, "%s, call %u: host ended with %x\n%s", s->name, n,
                        r.status, r.text);
                ck_assert_msg(!told(&r, "changed "), "%s, call %u:\n%s", s->name, n, r.text);
                ck_assert_msg(s->opens || (r.code != PAM_SUCCESS && r.code != PAM_IGNORE),
                        "%s, call %u opened", s->name, n);
                ck_assert_msg(r.code == PAM_SUCCESS || r.code == PAM_PERM_DENIED ||
                                      r.code == PAM_CRED_INSUFFICIENT,
                        "%s, call %u: %d", s->name, n, r.code);
        }
        /* The last one found nothing left to fail, and went as if nothing were. */
        ck_assert_msg(!more && n > 12, "%s: %u calls", s->name, n);
        ck_assert_msg((r.code == PAM_SUCCESS) == s->opens, "%s\n%s", s->name, r.text);
}
END_TEST

int main(int argc, char **argv)
{
        Suite *suite = suite_create("faults");
        TCase *tcase = tcase_create("faults");

        harness_init(argc, argv);
        tcase_set_timeout(tcase, 120);
        tcase_add_loop_test(tcase, each_call, 0, ELEMENTSOF(SCRIPTS));
        suite_add_tcase(suite, tcase);

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        harness_done();
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

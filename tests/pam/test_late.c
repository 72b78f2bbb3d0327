/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An approver that is stopped, silent or endlessly slow: five seconds and a line (H-16). Each case
 * takes its five seconds, so all run side by side, each in a process of its own.
 */

#include <security/pam_modules.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

typedef struct Case {
        const char *name;
        Run run;
        bool stopped;
        int least_ms, most_ms;
        const char *says;
} Case;

#define NO_ANSWER "jit-approver does not answer; try again or see jitctl doctor"

static const FakeStep silent[] = { EXPECT("Check"), STEP(FAKE_AWAIT_HANG_UP), { 0 } };
static const FakeStep slow[] = { EXPECT("Check"),
        STEP(FAKE_SLOWLY, .number = 100, .verdict = VERDICT_GRANT), { 0 } };
static const FakeStep not_reading[] = { STEP(FAKE_PAUSE, .number = 120000), { 0 } };
static const FakeStep silent_later[] = { EXPECT("Check"), ANSWER(VERDICT_ASK), EXPECT("Request"),
        STEP(FAKE_AWAIT_HANG_UP), { 0 } };
static const FakeStep slow_later[] = { EXPECT("Check"), ANSWER(VERDICT_ASK), EXPECT("Request"),
        STEP(FAKE_SLOWLY, .number = 100, .verdict = VERDICT_GRANT), { 0 } };
static const FakeStep silent_session[] = { EXPECT("OpenSession"), STEP(FAKE_AWAIT_HANG_UP), { 0 } };
static const FakeStep never_back[] = { EXPECT("Check"), ANSWER(VERDICT_ASK), EXPECT("Request"),
        PENDING(.wait_ms = 60000), STEP(FAKE_DIE), { 0 } };
/* Just in time: what came within the limit counts. */
static const FakeStep just_in_time[] = { EXPECT("Check"), STEP(FAKE_PAUSE, .number = 3000),
        ANSWER(VERDICT_GRANT), { 0 } };

static const Case CASES[] = {
        { "stopped", { .steps = silent }, true, 4900, 5300, NO_ANSWER },
        { "stopped, auth", { .steps = silent, .phases = "auth" }, true, 4900, 5300, NO_ANSWER },
        { "silent", { .steps = silent }, false, 4900, 5300, NO_ANSWER },
        { "slow", { .steps = slow }, false, 4900, 5300, NO_ANSWER },
        { "not reading", { .steps = not_reading }, false, 4900, 5300, NO_ANSWER },
        { "silent after Request", { .steps = silent_later }, false, 4900, 5300, NO_ANSWER },
        { "slow after Request", { .steps = slow_later }, false, 4900, 5300, NO_ANSWER },
        { "silent, session", { .steps = silent_session, .phases = "open" }, false, 9900, 10300,
                NO_ANSWER },
        { "never back", { .steps = never_back }, false, 14800, 15800, NO_ANSWER },
        { "just in time", { .steps = just_in_time }, false, 2900, 3500, NULL },
};

static bool try(const Case *c, int argc, char **argv)
{
        static Run r;
        Fake fake;
        int report;

        harness_init(argc, argv);
        r = c->run;
        pid_t pid = run_start(&r, &fake, &report, -1);
        if (c->stopped) {
                (void) kill(fake.pid, SIGSTOP);
        }
        run_end(&r, &fake, pid, report);
        harness_done();

        int refusal = streq(r.phases, "auth") ? PAM_CRED_INSUFFICIENT : PAM_PERM_DENIED;
        bool good = r.code == (c->says ? refusal : PAM_SUCCESS) && r.ms >= c->least_ms &&
                    r.ms <= c->least_ms + slack(c->most_ms - c->least_ms) &&
                    (!c->says || told(&r, c->says)) && !told(&r, "changed ") && r.status == 0;
        printf("%s: %s (code %d after %d ms)\n%s", c->name, good ? "ok" : "FAILED", r.code, r.ms,
                good ? "" : r.text);
        return good;
}

int main(int argc, char **argv)
{
        pid_t pids[ELEMENTSOF(CASES)];
        bool failed = false;

        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                pids[i] = fork();
                if (pids[i] == 0) {
                        bool good = try(&CASES[i], argc, argv);
                        fflush(stdout);
                        _exit(!good);
                }
        }
        for (size_t i = 0; i < ELEMENTSOF(CASES); i++) {
                int status = -1;
                (void) waitpid(pids[i], &status, 0);
                failed |= status != 0;
        }
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

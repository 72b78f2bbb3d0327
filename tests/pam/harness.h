/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One run of the host program (host.c) with the module, against a scripted approver
 * (tests/fake/approver.c), and what came of it. Works with and without root: as root the host is
 * given somebody's real uid, as sudo has it.
 */

#include "tests/fake/approver.h"
#include "tests/fake/valgrind.h"

#define HARNESS_UID 4242 /* nobody's */

typedef struct Run {
        /* what to do; NULL is the default: sudo by "dev" at a terminal, the phase account */
        const char *service, *user, *pam_user, *ruser, *tty, *rhost, *phases, *options;
        const char *replies; /* parted by newlines; "FAIL" is a conversation error */
        const char *signals;
        const char *const *argv;
        const FakeStep *steps; /* NULL: nobody listens */
        bool silent, no_conv, no_responses;
        bool as_root; /* with real uid 0; needs root */
        unsigned repeat, fds;
        const char *kind; /* of host: each phase in a "fork" or a "thread" of its own */
        unsigned threads; /* so many, each with repeat transactions */
        unsigned fault;   /* which call fails; see fault.c */

        /* what came of it */
        int code; /* of the last phase; PAM_IGNORE where the module said so, -1 where it never returned */
        int ms;
        int status;          /* of the host, as wait(2) */
        char text[1 << 17];  /* what the host told: see host.c */
        char heard[1 << 16]; /* what the approver heard */
} Run;

/* argv: the module, the host, and fault.so for those who use it. */
void harness_init(int argc, char **argv);
void harness_done(void);

void run(Run *r);
/* The parts, for tests that do something meanwhile. fd >= 0 becomes the host's terminal. */
pid_t run_start(Run *r, Fake *fake, int *ret_report, int terminal);
void run_end(Run *r, Fake *fake, pid_t pid, int report);

bool told(const Run *r, const char *part);
bool heard(const Run *r, const char *part);
unsigned count(const char *text, const char *part);

/* Steps that many scripts share. */
#define EXPECT(method)                                                                             \
        {                                                                                          \
                .op = FAKE_EXPECT, .text = (method)                                                \
        }
#define ANSWER(word, ...)                                                                          \
        {                                                                                          \
                .op = FAKE_ANSWER, .verdict = (word), __VA_ARGS__                                  \
        }
#define PENDING(...)                                                                               \
        {                                                                                          \
                .op = FAKE_ANSWER, .verdict = VERDICT_PENDING, .continues = true,                  \
                .request = "K7QF-2M9D", __VA_ARGS__                                                \
        }
#define STEP(o, ...)                                                                               \
        {                                                                                          \
                .op = (o), __VA_ARGS__                                                             \
        }
#define STEPS(...) ((const FakeStep[]){ __VA_ARGS__, { .op = FAKE_END } })

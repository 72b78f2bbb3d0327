/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl wait */

#include "common/span.h"
#include "jit-approver/ctl/ask.h"

static const char *arg_timeout;

static const Option options[] = {
        { "timeout", OPTION_SPAN, &arg_timeout, "SPAN", "how long at most (until it is over)" },
        { NULL },
};

static int run(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        usec_t deadline = USEC_NEVER, span;
        Outcome outcome = { 0 };

        int r = call_open(&c, ctl);
        if (r != EXIT_DONE) {
                return r;
        }
        if (arg_timeout && span_parse(arg_timeout, &span) >= 0) {
                deadline = usec_add(clock_usec(CLOCK_MONOTONIC), span);
        }
        r = ask_wait(&c, ctl->args[0], deadline, &outcome);
        if (r == EXIT_DONE || r == EXIT_NO || r == EXIT_PENDING) {
                ask_tell(&c, &outcome);
        }
        return r;
}

const Verb verb_wait = {
        .name = "wait",
        .synopsis = "[--timeout SPAN] ID",
        .summary = "Wait until a request is decided",
        .notes = "The request stays as it is when you stop waiting.\n"
                 "Exit: 0 approved, 3 denied or withdrawn, 4 not decided in time.\n",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run,
};

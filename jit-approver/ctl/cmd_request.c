/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl request */

#include <stdio.h>

#include "common/util.h"
#include "jit-approver/ctl/ask.h"
#include "jit-approver/ctl/options.h"

static const char *arg_service, *arg_target, *arg_for, *arg_reason;
static bool arg_no_wait;

static const Option options[] = {
        { "service", OPTION_TEXT, &arg_service, "S", "what is asked for (sudo)" },
        { "target", OPTION_TEXT, &arg_target, "U", "whom to become (root)" },
        { "for", OPTION_SPAN, &arg_for, "SPAN", "how long (what the rule says)" },
        { "reason", OPTION_TEXT, &arg_reason, "TEXT", "why" },
        { "no-wait", OPTION_FLAG, &arg_no_wait, NULL, "print the id and leave the request open" },
        { NULL },
};

/* Only the id: it is what scripts go on with. */
static int request_left_open(Call *c, const Outcome *outcome, int r)
{
        if (c->ctl->json || !*outcome->request) {
                ask_tell(c, outcome);
        } else {
                (void) puts(outcome->request);
        }
        return r;
}

static int run(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        Asking asking = {
                .service = arg_service,
                .target = arg_target,
                .duration = arg_for,
                .reason = arg_reason,
                .command = ctl->args,
                .n_command = ctl->n_args,
                .detached = arg_no_wait,
        };
        Outcome outcome = { 0 };

        int r = call_open(&c, ctl);
        if (r != EXIT_DONE) {
                return r;
        }
        r = ask_access(&c, &asking, &outcome);
        if (arg_no_wait && (r == EXIT_DONE || r == EXIT_PENDING)) {
                return request_left_open(&c, &outcome, r);
        }
        ask_tell(&c, &outcome);
        return r;
}

const Verb verb_request = {
        .name = "request",
        .synopsis = "[--service S] [--target U] [--for SPAN] [--reason TEXT] [--no-wait] "
                    "[-- COMMAND…]",
        .summary = "Ask for access, and wait for the answer",
        .notes = "Without COMMAND a shell is asked for. Ctrl-C withdraws the request.\n"
                 "Exit: 0 approved, 3 denied, 4 not decided in time (or --no-wait).\n",
        .options = options,
        .max_args = ARGS_ANY,
        .takes_command = true,
        .run = run,
};

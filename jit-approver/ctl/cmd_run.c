/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl run: request, wait, and then sudo it. The access is sudo's to check, not ours. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/ctl/ask.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"

static const char *arg_target, *arg_for, *arg_reason;

static const Option options[] = {
        { "target", OPTION_TEXT, &arg_target, "U", "whom to become (root)" },
        { "for", OPTION_SPAN, &arg_for, "SPAN", "how long (what the rule says)" },
        { "reason", OPTION_TEXT, &arg_reason, "TEXT", "why" },
        { NULL },
};

/* Becomes `sudo [-u TARGET] -- WORDS…`. */
static int become_sudo(const Ctl *ctl)
{
        char **argv = must(calloc(ctl->n_args + 5, sizeof(*argv)));
        size_t n = 0;

        argv[n++] = (char *) "sudo";
        if (arg_target) {
                argv[n++] = (char *) "-u";
                argv[n++] = (char *) arg_target;
        }
        argv[n++] = (char *) "--";
        memcpy(argv + n, ctl->args, ctl->n_args * sizeof(*argv));
        (void) execvp(argv[0], argv);
        say("Failed to start sudo: %s.", strerror(errno));
        free(argv);
        return EXIT_ERROR;
}

static int run(const Ctl *ctl)
{
        Call c = { .client = CLIENT_NONE };
        Asking asking = {
                .target = arg_target,
                .duration = arg_for,
                .reason = arg_reason,
                .command = ctl->args,
                .n_command = ctl->n_args,
                .end_when_done = true,
        };
        Outcome outcome = { 0 };

        if (ctl->json) {
                return usage("run prints nothing of its own; there is no --json for it.");
        }
        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = ask_access(&c, &asking, &outcome);
        }
        call_done(&c);
        return r == EXIT_DONE ? become_sudo(ctl) : r;
}

const Verb verb_run = {
        .name = "run",
        .synopsis = "[--for SPAN] [--reason TEXT] [--target U] -- COMMAND…",
        .summary = "Ask for access, wait, and run the command by sudo",
        .notes =
                "Goes on at once when access is open; what is granted for it ends with the command.\n"
                "Ctrl-C withdraws the request.\n"
                "Exit: that of the command, or 3 denied, 4 not decided in time.\n",
        .options = options,
        .min_args = 1,
        .max_args = ARGS_ANY,
        .takes_command = true,
        .run = run,
};

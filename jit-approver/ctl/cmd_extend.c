/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl extend: more time for a grant, at once or by another request. */

#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/ask.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/view.h"

/* How often a reason may be given until one is taken. */
#define REASONS_MAX 3

static const char *arg_for, *arg_reason;
static bool arg_no_wait;

static const Option options[] = {
        { "for", OPTION_SPAN, &arg_for, "SPAN", "how much longer" },
        { "reason", OPTION_TEXT, &arg_reason, "TEXT", "why" },
        { "no-wait", OPTION_FLAG, &arg_no_wait, NULL, "print the request and leave it open" },
        { NULL },
};

static int show(const Ctl *ctl, const JsonNode *object, void (*view)(FILE *f, const JsonNode *o))
{
        if (ctl->json) {
                return node_print(object);
        }
        view(stdout, object);
        return EXIT_DONE;
}

/* Others decide; whoever stops waiting leaves the request as it is. */
static int wait_for(Call *c, const char *id)
{
        Outcome outcome = { 0 };

        int r = ask_wait(c, id, USEC_NEVER, &outcome);
        if (r == EXIT_DONE || r == EXIT_NO || r == EXIT_PENDING) {
                ask_tell(c, &outcome);
        }
        return r;
}

/* Whether the rule wants a reason, or another one, and somebody is there to be asked. */
static bool wants_reason(const Call *c, int r)
{
        return r == EXIT_NO && !arg_reason && can_ask() &&
               streq(str_or(node_text(c->reply.parameters, "code"), ""), "reason");
}

/* As with a request: what the rule wants to hear is asked for on the terminal. */
static int extend(Call *c, ExtendCall *call)
{
        _cleanup_(freep) char *reason = NULL;
        int r = EXIT_NO;

        for (unsigned i = 0; i <= REASONS_MAX; i++) {
                c->quiet = i == 0;
                r = call_do(c, "Extend", EXTEND_FIELDS, call);
                c->quiet = false;
                bool wanted = wants_reason(c, r);
                if (i == 0 && r != EXIT_DONE && !wanted) {
                        say("%s", c->message);
                }
                if (!wanted || i == REASONS_MAX) {
                        break;
                }
                free(reason);
                reason = ask_line("Reason:");
                if (!reason) {
                        say("No reason was given; nothing was asked.");
                        break;
                }
                call->reason = reason;
        }
        call->reason = NULL;
        return r;
}

static int run(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        ExtendCall call = { PROTOCOL_VERSION, ctl->args[0], arg_for, arg_reason };
        char id[32];

        if (!arg_for) {
                return usage("extend needs to know for how long: --for SPAN.");
        }
        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = extend(&c, &call);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        const JsonNode *grant = node_object(c.reply.parameters, "grant");
        const JsonNode *request = node_object(c.reply.parameters, "request");
        if (!grant && !request) {
                return call_garbled(&c, "a grant or a request");
        }
        if (!request) {
                return show(ctl, grant, view_grant_line);
        }
        if (arg_no_wait) {
                r = show(ctl, request, view_request_line);
                return r == EXIT_DONE ? EXIT_PENDING : r;
        }
        (void) snprintf(id, sizeof(id), "%s", node_text(request, "id"));
        say("Request %s asks for it. Ctrl-C leaves it open.", safe(id));
        return wait_for(&c, id);
}

const Verb verb_extend = {
        .name = "extend",
        .synopsis = "ID --for SPAN [--reason TEXT] [--no-wait]",
        .summary = "Get more time for a grant of yours",
        .notes =
                "At once where the rule lets you; else its approvers are asked. Ctrl-C leaves the request\n"
                "open. Exit: 0 extended, 3 denied or over, 4 not decided yet.\n",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run,
};

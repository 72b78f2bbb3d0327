/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The verbs that name one object and nothing else: cancel, nudge, end and (for jit-expire@.service) expire. */

#include <stdio.h>

#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/view.h"

static const Option options[] = { { NULL } };

static int end_call(Call *c, const Ctl *ctl, const char *method)
{
        IdCall call = { .version = PROTOCOL_VERSION, .id = ctl->args[0] };

        int r = call_open(c, ctl);
        return r == EXIT_DONE ? call_do(c, method, ID_FIELDS, &call) : r;
}

static int end_object(const Ctl *ctl, const char *method, const char *member,
        void (*view)(FILE *f, const JsonNode *object))
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };

        int r = end_call(&c, ctl, method);
        if (r != EXIT_DONE) {
                return r;
        }
        const JsonNode *object = node_object(c.reply.parameters, member);
        if (!object) {
                return call_garbled(&c, "an object");
        }
        if (ctl->json) {
                return node_print(object);
        }
        view(stdout, object);
        return EXIT_DONE;
}

static int run_cancel(const Ctl *ctl)
{
        return end_object(ctl, "Cancel", "request", view_request_line);
}

static int run_nudge(const Ctl *ctl)
{
        return end_object(ctl, "Nudge", "request", view_request_line);
}

static int run_end(const Ctl *ctl)
{
        return end_object(ctl, "End", "grant", view_grant_line);
}

static int run_expire(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };

        int r = end_call(&c, ctl, "Expire");
        if (r != EXIT_DONE) {
                return r;
        }
        if (!c.reply.parameters) {
                return call_garbled(&c, "an object");
        }
        if (ctl->json) {
                return node_print(c.reply.parameters);
        }
        (void) printf("%s\n", safe(node_text(c.reply.parameters, "state")));
        return EXIT_DONE;
}

const Verb verb_cancel = {
        .name = "cancel",
        .synopsis = "ID",
        .summary = "Withdraw a request that is not decided yet",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run_cancel,
};

const Verb verb_nudge = {
        .name = "nudge",
        .synopsis = "ID",
        .summary = "Remind those who have not decided your request",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run_nudge,
};

const Verb verb_end = {
        .name = "end",
        .synopsis = "ID",
        .summary = "Give a grant of yours back before its time",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run_end,
};

const Verb verb_expire = {
        .name = "expire",
        .synopsis = "ID",
        .summary = "Tell the approver that a grant's timer fired",
        .notes =
                "Internal: jit-expire@.service runs it, as root. The grant is over then, if its time has come.\n",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .internal = true,
        .run = run_expire,
};

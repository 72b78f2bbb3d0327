/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl review */

#include <stdio.h>

#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/view.h"

static const char *arg_note;

static const Option options[] = {
        { "note", OPTION_TEXT, &arg_note, "TEXT", "what you found, kept in the record" },
        { NULL },
};

static int run(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        ReviewCall call = {
                .version = PROTOCOL_VERSION, .request = ctl->args[0], .note = arg_note
        };

        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = call_do(&c, "Review", REVIEW_FIELDS, &call);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        const JsonNode *request = node_object(c.reply.parameters, "request");
        if (!request) {
                return call_garbled(&c, "an object");
        }
        if (ctl->json) {
                return node_print(request);
        }
        view_review_line(stdout, request);
        return EXIT_DONE;
}

const Verb verb_review = {
        .name = "review",
        .synopsis = "ID [--note TEXT]",
        .summary = "Sign that you have looked at what somebody opened without approval",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run,
};

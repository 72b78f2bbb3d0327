/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * jitctl rescue and jitctl rescue-codes. MUST: take a code from nowhere but the terminal or stdin, never
 * from an argument, which everybody on the host can read; keep none in memory.
 */

#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/ask.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"

#define CODE_TYPED_MAX 128

static const char *arg_service, *arg_target, *arg_reason, *arg_count;
static bool arg_add;

static const Option rescue_options[] = {
        { "service", OPTION_TEXT, &arg_service, "S", "what is opened (sudo)" },
        { "target", OPTION_TEXT, &arg_target, "U", "whom to become (root)" },
        { "reason", OPTION_TEXT, &arg_reason, "TEXT", "why" },
        { NULL },
};

static const Option codes_options[] = {
        { "count", OPTION_TEXT, &arg_count, "N", "how many (10)" },
        { "add", OPTION_FLAG, &arg_add, NULL, "keep those there are; else they are void" },
        { NULL },
};

static int run_rescue(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        const Asking asking = {
                .service = arg_service,
                .target = arg_target,
                .command = ctl->args,
                .n_command = ctl->n_args,
        };
        char code[CODE_TYPED_MAX];
        RescueCall call = { .version = PROTOCOL_VERSION, .code = code, .reason = arg_reason };
        Outcome outcome = { 0 };

        ask_fill(&asking, &call.ask);
        int r = call_open(&c, ctl);
        if (r != EXIT_DONE) {
                return r;
        }
        if (!ask_secret("Rescue code:", code, sizeof(code))) {
                return usage("A code is typed on the terminal, or piped in.");
        }
        r = call_do(&c, "Rescue", RESCUE_FIELDS, &call);
        explicit_bzero(code, sizeof(code));
        if (r != EXIT_DONE) {
                return r;
        }
        const JsonNode *answer = c.reply.parameters;
        ask_take(answer, &outcome);
        r = ask_exit(node_text(answer, "verdict"), node_text(answer, "code"));
        if (r == EXIT_DONE) {
                ask_tell(&c, &outcome);
        }
        return r;
}

static int print_codes(const Ctl *ctl, const JsonNode *reply)
{
        const JsonNode *codes = node_array(reply, "codes");

        if (!codes) {
                return EXIT_ERROR;
        }
        if (ctl->json) {
                return node_print(reply);
        }
        for (const JsonNode *n = json_first(codes); n; n = json_next(n)) {
                if (json_type(n) == JSON_STRING) {
                        (void) puts(safe(json_string(n)));
                }
        }
        say("Each opens once what a rule with rescue = yes covers. They are not shown again: write them down,");
        say("and keep them where they are at hand when this host cannot reach anybody.");
        return EXIT_DONE;
}

static int run_codes(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        RescueCodesCall call = { .version = PROTOCOL_VERSION, .count = 10, .add = arg_add };
        uint64_t count;

        if (arg_count) {
                if (parse_u64(arg_count, RESCUE_CODES_MAX, &count) < 0 || count == 0) {
                        return usage("--count is 1 to %d.", RESCUE_CODES_MAX);
                }
                call.count = (int64_t) count;
        }
        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = call_do(&c, "RescueCodes", RESCUE_CODES_FIELDS, &call);
        }
        return r == EXIT_DONE ? print_codes(ctl, c.reply.parameters) : r;
}

const Verb verb_rescue = {
        .name = "rescue",
        .synopsis = "[--service S] [--target U] [--reason TEXT] [-- COMMAND…]",
        .summary = "Open access at once with a one-time code, where a rule takes one",
        .notes = "The code is asked for and not shown; without a terminal it is a line of stdin.\n"
                 "Exit: 0 it is open, 3 it is not.\n",
        .options = rescue_options,
        .max_args = ARGS_ANY,
        .takes_command = true,
        .run = run_rescue,
};

const Verb verb_rescue_codes = {
        .name = "rescue-codes",
        .synopsis = "[--count N] [--add]",
        .summary = "Make one-time codes for when nobody can be asked, and print them once",
        .notes = "Without --add those there are become void.\n",
        .options = codes_options,
        .run = run_codes,
};

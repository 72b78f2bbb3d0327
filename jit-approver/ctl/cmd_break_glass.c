/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * jitctl break-glass. MUST: send no word of confirmation that was not typed, or piped in, after it was
 * asked for: no option gives it.
 */

#include <stdio.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/ctl/ask.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"

static const char *arg_service, *arg_target, *arg_reason;

static const Option options[] = {
        { "service", OPTION_TEXT, &arg_service, "S", "what is opened (sudo)" },
        { "target", OPTION_TEXT, &arg_target, "U", "whom to become (root)" },
        { "reason", OPTION_TEXT, &arg_reason, "TEXT", "why; without it, it is asked for" },
        { NULL },
};

/* The end of an answer that opens nothing more, or cannot. */
static int tell_answer(Call *c, Outcome *outcome)
{
        const JsonNode *answer = c->reply.parameters;

        ask_take(answer, outcome);
        int r = ask_exit(node_text(answer, "verdict"), node_text(answer, "code"));
        if (r == EXIT_DONE) {
                ask_tell(c, outcome);
        }
        return r;
}

/* Whether it opens, and what it wants to hear first. *ret stays NULL where there is nothing to confirm. */
static int check(Call *c, const Asking *a, Outcome *outcome, char **ret)
{
        CheckCall call = { .version = PROTOCOL_VERSION };

        ask_fill(a, &call.ask);
        int r = call_do(c, "Check", CHECK_FIELDS, &call);
        if (r != EXIT_DONE) {
                return r;
        }
        const char *verdict = str_or(node_text(c->reply.parameters, "verdict"), "");
        const char *confirm = node_text(c->reply.parameters, "confirm");

        if (!streq(verdict, VERDICT_ASK)) {
                return tell_answer(c, outcome);
        }
        if (!confirm) {
                say("The rule for this asks people, also in an emergency: jitctl request, or jitctl rescue");
                return EXIT_NO;
        }
        *ret = must(strdup(confirm));
        return EXIT_DONE;
}

/* The word, as it was typed; without a terminal it is a line of stdin. */
static char *ask_word(const char *question)
{
        size_t n = strlen(question);

        /* ask_line() puts the space. */
        _cleanup_(freep) char *shown = must(strdup(question));
        if (n > 0 && shown[n - 1] == ' ') {
                shown[n - 1] = '\0';
        }
        return ask_line(safe(shown));
}

static int confirm(Call *c, const Asking *a, const char *question, Outcome *outcome)
{
        _cleanup_(freep) char *reason = a->reason || !can_ask() ? NULL : ask_line("Reason:");
        RequestCall call = { .version = PROTOCOL_VERSION,
                .reason = a->reason ? a->reason : reason };

        if (!call.reason) {
                return usage("It opens for a reason only: give --reason TEXT.");
        }
        _cleanup_(freep) char *word = ask_word(question);
        if (word && !can_ask()) {
                (void) fputc('\n', stderr); /* what is read from stdin ends no line */
        }
        call.confirm = word ? word : "";
        ask_fill(a, &call.ask);
        int r = call_do(c, "Request", REQUEST_FIELDS, &call);
        return r == EXIT_DONE ? tell_answer(c, outcome) : r;
}

static int run(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        _cleanup_(freep) char *question = NULL;
        const Asking asking = {
                .service = arg_service,
                .target = arg_target,
                .reason = arg_reason,
                .command = ctl->args,
                .n_command = ctl->n_args,
        };
        Outcome outcome = { 0 };

        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = check(&c, &asking, &outcome, &question);
        }
        if (r != EXIT_DONE || !question) {
                return r;
        }
        return confirm(&c, &asking, question, &outcome);
}

const Verb verb_break_glass = {
        .name = "break-glass",
        .synopsis = "[--service S] [--target U] [--reason TEXT] [-- COMMAND…]",
        .summary = "Open access at once where a rule lets you; others are alarmed",
        .notes =
                "Asks for a word that confirms it; without a terminal it is read from stdin.\n"
                "Whoever could have approved is alarmed, and so are the reviewers; one of these signs.\n"
                "Exit: 0 it is open, 3 it is not.\n",
        .options = options,
        .max_args = ARGS_ANY,
        .takes_command = true,
        .run = run,
};

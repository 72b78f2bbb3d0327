/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * jitctl approve and jitctl deny. MUST: without an ID nothing is decided that the caller did not
 * see and confirm, by a word on the terminal or by --yes.
 */

#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/view.h"

#define CODE_LENGTH 2

static const char *arg_for, *arg_note, *arg_code;
static bool arg_yes;

static const Option approve_options[] = {
        { "for", OPTION_SPAN, &arg_for, "SPAN", "for how long (what was asked)" },
        { "note", OPTION_TEXT, &arg_note, "TEXT", "a word to the asker, kept in the record" },
        { "code", OPTION_TEXT, &arg_code, "NN", "the two digits on the asker's screen" },
        { "yes", OPTION_FLAG, &arg_yes, NULL, "ask no question" },
        { NULL },
};

static const Option deny_options[] = {
        { "note", OPTION_TEXT, &arg_note, "TEXT", "a word to the asker, kept in the record" },
        { "yes", OPTION_FLAG, &arg_yes, NULL, "ask no question" },
        { NULL },
};

/* What may be decided: kept, since each reply takes the one before with it. */
typedef struct Open {
        char **ids;
        Table *table;
} Open;

static void open_done(Open *o)
{
        o->ids = strv_free(o->ids);
        o->table = table_free(o->table);
}

static void take_open(const JsonNode *request, void *userdata)
{
        static const char *const heads[] = { "", "ID", "WHO", "WHAT", "AS", "FOR", "WHY", "COMMAND",
                NULL };
        Open *o = userdata;
        char number[16], target[VIEW_TARGET_MAX], what[VIEW_WHAT_MAX], span[VIEW_WHAT_MAX];

        o->table = o->table ? o->table : table_new(heads);
        if (strv_add(&o->ids, str_or(node_text(request, "id"), "")) < 0) {
                (void) must(NULL);
        }
        (void) snprintf(number, sizeof(number), "%zu", strv_length(o->ids));
        view_target(target, request);
        view_what(what, request);
        view_for(span, request);
        table_add(o->table, (const Cell[]){
                                    { number, STYLE_BOLD },
                                    { node_text(request, "id"), STYLE_PLAIN },
                                    { node_text(request, "asker"), STYLE_PLAIN },
                                    { what, STYLE_PLAIN },
                                    { target, STYLE_PLAIN },
                                    { span, STYLE_PLAIN },
                                    { node_text(request, "reason"), STYLE_PLAIN },
                                    { node_text(request, "command"), STYLE_PLAIN },
                            });
}

/* Which of several: by number on the terminal. *ret stays NULL when none was chosen. */
static int choose(const Open *o, const char *decision, const char **ret)
{
        size_t n = strv_length(o->ids);
        uint64_t which;

        if (!can_ask() || arg_yes) {
                say("%zu requests are open; name one:", n);
                for (size_t i = 0; i < n; i++) {
                        (void) fprintf(stderr, "  jitctl %s %s\n", decision, safe(o->ids[i]));
                }
                return EXIT_USAGE;
        }
        table_write(o->table, stderr, 0);
        _cleanup_(freep) char *answer = ask_line("Which number?");
        if (!answer) {
                say("Nothing was decided.");
                return EXIT_USAGE;
        }
        if (parse_u64(answer, n, &which) < 0 || which == 0) {
                return usage("There is no number '%s'. Nothing was decided.", safe(answer));
        }
        *ret = o->ids[which - 1];
        return EXIT_DONE;
}

static bool is_code(const char *s)
{
        return strlen(s) == CODE_LENGTH && strspn(s, "0123456789") == CODE_LENGTH;
}

/* A try counts, so that none is spent on what cannot be a code. */
static int check_code(const char *code)
{
        return is_code(code)
                       ? EXIT_DONE
                       : usage("The code is the two digits on the asker's screen. Nothing was decided.");
}

/* Approving a request that has a code takes it: *ret is what was typed, the caller's to free; or NULL. */
static int take_code(const JsonNode *request, const char *decision, char **ret)
{
        char question[256];

        if (!streq(decision, "approve") || arg_code || !node_boolean(request, "match_code")) {
                return EXIT_DONE;
        }
        if (arg_yes || !can_ask()) {
                return usage("To approve this takes the two digits on %s's screen: give --code NN.",
                        safe(node_text(request, "asker")));
        }
        (void) snprintf(question, sizeof(question),
                "The two digits on %.100s's screen:", safe(node_text(request, "asker")));
        _cleanup_(freep) char *code = ask_line(question);
        int r = check_code(str_or(code, ""));
        if (r == EXIT_DONE) {
                *ret = TAKE_PTR(code);
        }
        return r;
}

/* *ret is borrowed from the call. */
static int show(Call *c, const char *id, const JsonNode **ret)
{
        IdCall call = { .version = PROTOCOL_VERSION, .id = id };

        int r = call_do(c, "Show", ID_FIELDS, &call);
        if (r != EXIT_DONE) {
                return r;
        }
        *ret = node_object(c->reply.parameters, "request");
        return *ret ? EXIT_DONE : call_garbled(c, "an object");
}

/* Shows the request and asks; EXIT_DONE is yes. */
static int confirm(Call *c, const char *id, const char *decision, char **ret_code)
{
        const JsonNode *request;
        char question[128];

        int r = show(c, id, &request);
        if (r != EXIT_DONE) {
                return r;
        }
        view_request(stderr, request);
        if (arg_yes) {
                return take_code(request, decision, ret_code);
        }
        if (!can_ask()) {
                return usage("Not on a terminal: name the ID or give --yes.");
        }
        (void) snprintf(question, sizeof(question), "%s%s%.64s? [y/N]",
                streq(decision, "approve") ? "Approve" : "Deny", arg_for ? " for " : "",
                arg_for ? span_text(arg_for) : "");
        if (!ask_yes(question)) {
                say("Nothing was decided.");
                return EXIT_ERROR;
        }
        return take_code(request, decision, ret_code);
}

/* A named request is looked at only where a person can be asked for its code. */
static int named(Call *c, const char *id, const char *decision, char **ret_code)
{
        const JsonNode *request;

        if (!streq(decision, "approve") || arg_code || arg_yes || !can_ask()) {
                return EXIT_DONE;
        }
        int r = show(c, id, &request);
        return r != EXIT_DONE ? r : take_code(request, decision, ret_code);
}

static int find(Call *c, const char *decision, char **ret, char **ret_code)
{
        _cleanup_(open_done) Open open = { 0 };
        ListCall call = { .version = PROTOCOL_VERSION, .which = "pending" };
        const char *id = NULL;

        int r = call_list(
                c, "ListRequests", LIST_FIELDS, &call, &call.after, "requests", take_open, &open);
        if (r != EXIT_DONE) {
                return r;
        }
        switch (strv_length(open.ids)) {
        case 0:
                say("No request waits for your decision.");
                return EXIT_NO;
        case 1:
                id = open.ids[0];
                break;
        default:
                r = choose(&open, decision, &id);
                if (r != EXIT_DONE) {
                        return r;
                }
        }
        r = confirm(c, id, decision, ret_code);
        if (r == EXIT_DONE) {
                *ret = must(strdup(id));
        }
        return r;
}

static int decide(const Ctl *ctl, const char *decision)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        _cleanup_(freep) char *found = NULL, *code = NULL;
        DecideCall call = {
                .version = PROTOCOL_VERSION,
                .decision = decision,
                .duration = arg_for,
                .note = arg_note,
        };

        int r = arg_code ? check_code(arg_code) : EXIT_DONE;
        if (r == EXIT_DONE) {
                r = call_open(&c, ctl);
        }
        if (r == EXIT_DONE) {
                r = ctl->n_args == 0 ? find(&c, decision, &found, &code)
                                     : named(&c, ctl->args[0], decision, &code);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        call.request = found ? found : ctl->args[0];
        call.code = code ? code : arg_code;
        r = call_do(&c, "Decide", DECIDE_FIELDS, &call);
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
        view_request_line(stdout, request);
        return EXIT_DONE;
}

static int run_approve(const Ctl *ctl)
{
        return decide(ctl, "approve");
}

static int run_deny(const Ctl *ctl)
{
        return decide(ctl, "deny");
}

const Verb verb_approve = {
        .name = "approve",
        .synopsis = "[ID] [--for SPAN] [--note TEXT] [--code NN] [--yes]",
        .summary = "Approve a request",
        .notes = "Without ID: the one that is open, shown first; of several you choose one.\n",
        .options = approve_options,
        .max_args = 1,
        .run = run_approve,
};

const Verb verb_deny = {
        .name = "deny",
        .synopsis = "[ID] [--note TEXT] [--yes]",
        .summary = "Deny a request",
        .notes = "Without ID: the one that is open, shown first; of several you choose one.\n",
        .options = deny_options,
        .max_args = 1,
        .run = run_deny,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl status: how the approver is, what is on trial, and what of it is the caller's. */

#include <stdio.h>
#include <unistd.h>

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/on_trial.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/view.h"

static const Option options[] = { { NULL } };

static void print_part(const char *name, const char *state)
{
        bool good = str_empty(state) || streq(state, "ok");

        (void) printf("%-10s %s%s%s\n", name, style(stdout, good ? STYLE_GOOD : STYLE_BAD),
                good ? "ok" : safe(state), style(stdout, STYLE_PLAIN));
}

static void print_rules(const JsonNode *status)
{
        const JsonNode *problems = node_array(status, "problems");
        bool loaded = node_boolean(status, "rules_loaded");
        bool clean = !problems || !json_first(problems);

        if (loaded && clean) {
                print_part("rules", "ok");
        } else {
                print_part("rules", loaded ? "loaded before; the files as they are now do not load"
                                           : "not loaded: everything that needs a rule is refused");
        }
        for (const JsonNode *n = problems ? json_first(problems) : NULL; n; n = json_next(n)) {
                if (json_type(n) == JSON_STRING) {
                        (void) printf("           %s\n", safe(json_string(n)));
                }
        }
}

/* A channel that works and owes nothing says no more than that. */
static void print_channel(const JsonNode *channel)
{
        const char *state = str_or(node_text(channel, "state"), "?");
        bool good = streq(state, "ok") || streq(state, "idle");
        const char *problem = node_text(channel, "problem");
        const char *since = node_text(channel, "since");
        int64_t owed = node_integer(channel, "owed", 0);

        (void) printf("%-10s %s: %s%s%s", "channel", safe(node_text(channel, "name")),
                style(stdout, good ? STYLE_GOOD : STYLE_BAD),
                streq(state, "away") ? "no gateway sends on it" : safe(state),
                style(stdout, STYLE_PLAIN));
        if (!good && since) {
                (void) printf(" since %s", when_at_text(since));
        }
        if (owed > 0) {
                (void) printf(", messages owed: %lld", (long long) owed);
        }
        if (problem) {
                (void) printf(": %s", safe(problem));
        }
        (void) putchar('\n');
}

static void print_daemon(const JsonNode *status)
{
        _cleanup_(freep) char *roles = node_join(node_array(status, "roles"), ", ");
        char up[SPAN_TEXT_MAX];

        span_say(node_integer(status, "uptime_usec", 0), up);
        (void) printf("%-10s %s on %s, up %s\n", "approver", safe(node_text(status, "version")),
                safe(node_text(status, "host")), up);
        print_rules(status);
        print_part("store", node_text(status, "store"));
        print_part("bus", node_text(status, "bus"));
        print_part("clock", node_text(status, "clock"));
        const JsonNode *channels = node_array(status, "channels");
        for (const JsonNode *n = channels ? json_first(channels) : NULL; n; n = json_next(n)) {
                print_channel(n);
        }
        (void) printf("%-10s requests open: %lld, commands waiting: %lld, grants active: %lld\n",
                "now", (long long) node_integer(status, "pending", 0),
                (long long) node_integer(status, "waiting", 0),
                (long long) node_integer(status, "grants", 0));
        if (node_integer(status, "reviews", 0) > 0) {
                (void) printf("%-10s %lld opened without approval and not reviewed yet%s\n",
                        "reviews", (long long) node_integer(status, "reviews", 0),
                        *roles ? " (jitctl pending)" : "");
        }
        if (node_integer(status, "rescue_codes", -1) >= 0) {
                (void) printf("%-10s codes left: %lld\n", "rescue",
                        (long long) node_integer(status, "rescue_codes", 0));
        }
        if (*roles) {
                (void) printf("%-10s %s\n", "you are", safe(roles));
        }
}

/* The caller's open requests, and what is to be told to who approves them. */
typedef struct Own {
        Table *requests;
        FILE *codes;
} Own;

static void add_request(const JsonNode *request, void *userdata)
{
        const char *code = node_text(request, "code");
        Own *own = userdata;

        if (!streq(str_or(node_text(request, "state"), ""), "pending")) {
                return;
        }
        view_requests_add(own->requests, request);
        if (code) {
                (void) fprintf(own->codes,
                        "Code %s for %s: whoever approves it needs it from you.\n", safe(code),
                        safe(node_text(request, "id")));
        }
}

static void add_grant(const JsonNode *grant, void *userdata)
{
        if (node_integer(grant, "asker_uid", -1) == (int64_t) getuid()) {
                view_grants_add(userdata, grant);
        }
}

static int print_own(Call *c)
{
        _cleanup_(table_freep) Table *requests = view_requests_new();
        _cleanup_(freep) char *codes = NULL;
        size_t size;
        Own own = { requests, must(open_memstream(&codes, &size)) };
        _cleanup_(table_freep) Table *grants = view_grants_new();
        ListCall mine = { .version = PROTOCOL_VERSION, .which = "mine" };
        ListCall active = { .version = PROTOCOL_VERSION, .which = "active" };

        int r = call_list(
                c, "ListRequests", LIST_FIELDS, &mine, &mine.after, "requests", add_request, &own);
        (void) fclose(own.codes);
        if (r == EXIT_DONE) {
                r = call_list(c, "ListGrants", LIST_FIELDS, &active, &active.after, "grants",
                        add_grant, grants);
        }
        if (r == EXIT_DONE && table_rows(requests) > 0) {
                (void) printf("\nYour open requests:\n");
                table_print(requests);
                (void) fputs(must(codes), stdout);
        }
        if (r == EXIT_DONE && table_rows(grants) > 0) {
                (void) printf("\nYour active grants:\n");
                table_print(grants);
        }
        return r;
}

static int fetch(Call *c, const Ctl *ctl)
{
        IdCall call = { .version = PROTOCOL_VERSION };
        static const Field fields[] = { FIELD_REQUIRED(INTEGER, IdCall, version), FIELD_END };

        int r = call_open(c, ctl);
        if (r == EXIT_DONE) {
                r = call_do(c, "GetStatus", fields, &call);
        }
        return r == EXIT_DONE && !c->reply.parameters ? call_garbled(c, "a status") : r;
}

static int run(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        OnTrial trial;

        on_trial_here(&trial);
        int r = fetch(&c, ctl);
        if (r != EXIT_DONE) {
                /* What will be put back is worth knowing just then. */
                on_trial_print(&trial, ctl->json ? stderr : stdout);
                return r;
        }
        if (ctl->json) {
                _cleanup_(freep) char *tail = on_trial_json(&trial);

                return node_print_with(c.reply.parameters, tail);
        }
        print_daemon(c.reply.parameters);
        on_trial_print(&trial, stdout);
        return print_own(&c);
}

const Verb verb_status = {
        .name = "status",
        .synopsis = "",
        .summary = "Show how the approver is, your open requests and your active grants",
        .options = options,
        .run = run,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl pending and jitctl show */

#include <stdio.h>

#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/view.h"

static const Option options[] = { { NULL } };

/* Those that the caller may sign, or others; an approver from before there were any has none. */
static int list_reviews(Call *c, const char *which, Listing *list)
{
        ListCall call = { .version = PROTOCOL_VERSION, .which = which };

        c->quiet = true;
        int r = call_list(
                c, "ListRequests", LIST_FIELDS, &call, &call.after, "requests", listing_take, list);
        c->quiet = false;
        if (r != EXIT_DONE && r != EXIT_USAGE) {
                say("%s", c->message);
        }
        return r == EXIT_USAGE ? EXIT_DONE : r;
}

static void print_reviews(const Listing *reviews, const char *head)
{
        if (table_rows(reviews->table) > 0) {
                (void) printf("\n%s:\n", head);
                table_print(reviews->table);
        }
}

static int print_pending(const Ctl *ctl, Listing *list, Listing *reviews, Listing *others)
{
        static const char none[] = "No request waits for your decision.";
        _cleanup_(freep) char *own = NULL, *rest = NULL, *tail = NULL;

        if (ctl->json) {
                own = doc_member(&reviews->doc, "reviews");
                rest = doc_member(&others->doc, "unsigned");
                (void) must(str_printf(&tail, "%s,%s", own, rest) < 0 ? NULL : tail);
                return listing_print(list, ctl, "requests", tail, none);
        }
        (void) listing_print(list, ctl, "requests", NULL, none);
        print_reviews(
                reviews, "Opened without approval, to be reviewed (jitctl show, jitctl review)");
        print_reviews(others, "Opened without approval, for others to review (jitctl show)");
        return EXIT_DONE;
}

static int run_pending(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        _cleanup_(listing_done) Listing list = listing_of_requests();
        _cleanup_(listing_done) Listing reviews = listing_of_reviews();
        _cleanup_(listing_done) Listing others = listing_of_reviews();
        ListCall call = { .version = PROTOCOL_VERSION, .which = "pending" };

        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = call_list(&c, "ListRequests", LIST_FIELDS, &call, &call.after, "requests",
                        listing_take, &list);
        }
        if (r == EXIT_DONE) {
                r = list_reviews(&c, "reviews", &reviews);
        }
        if (r == EXIT_DONE) {
                r = list_reviews(&c, "unsigned", &others);
        }
        return r == EXIT_DONE ? print_pending(ctl, &list, &reviews, &others) : r;
}

static int run_show(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        IdCall call = { .version = PROTOCOL_VERSION, .id = ctl->args[0] };

        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = call_do(&c, "Show", ID_FIELDS, &call);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        const JsonNode *request = node_object(c.reply.parameters, "request");
        const JsonNode *grant = node_object(c.reply.parameters, "grant");
        if (!request && !grant) {
                return call_garbled(&c, "an object");
        }
        if (ctl->json) {
                return node_print(request ? request : grant);
        }
        if (request) {
                view_request(stdout, request);
        } else {
                view_grant(stdout, grant);
        }
        return EXIT_DONE;
}

const Verb verb_pending = {
        .name = "pending",
        .synopsis = "",
        .summary = "List the requests that wait for your decision, and reviews to sign",
        .options = options,
        .run = run_pending,
};

const Verb verb_show = {
        .name = "show",
        .synopsis = "ID",
        .summary = "Show all of a request or a grant",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .run = run_show,
};

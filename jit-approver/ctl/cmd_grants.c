/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl grants, grant and revoke */

#include <stdio.h>

#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/view.h"

static bool arg_all;
static const char *arg_service, *arg_target, *arg_for, *arg_reason, *arg_user;

static const Option grants_options[] = {
        { "all", OPTION_FLAG, &arg_all, NULL, "also those that are over" },
        { NULL },
};

static const Option grant_options[] = {
        { "service", OPTION_TEXT, &arg_service, "S", "what for" },
        { "target", OPTION_TEXT, &arg_target, "U", "whom to become (root)" },
        { "for", OPTION_SPAN, &arg_for, "SPAN", "how long" },
        { "reason", OPTION_TEXT, &arg_reason, "TEXT", "why; kept in the record" },
        { NULL },
};

static const Option revoke_options[] = {
        { "user", OPTION_TEXT, &arg_user, "U", "all that this user has" },
        { "all", OPTION_FLAG, &arg_all, NULL, "all there are" },
        { NULL },
};

static int run_grants(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        _cleanup_(listing_done) Listing list = listing_of_grants();
        ListCall call = { .version = PROTOCOL_VERSION, .which = arg_all ? "all" : "active" };

        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = call_list(&c, "ListGrants", LIST_FIELDS, &call, &call.after, "grants",
                        listing_take, &list);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        return listing_print(&list, ctl, "grants", NULL,
                arg_all ? "There are no grants." : "No grant is active.");
}

static int run_grant(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        GrantCall call = {
                .version = PROTOCOL_VERSION,
                .user = ctl->args[0],
                .service = arg_service,
                .target = arg_target,
                .duration = arg_for,
                .reason = arg_reason,
        };

        if (!arg_service || !arg_for || str_empty(arg_reason)) {
                return usage("grant needs --service, --for and --reason.");
        }
        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = call_do(&c, "MakeGrant", GRANT_FIELDS, &call);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        const JsonNode *grant = node_object(c.reply.parameters, "grant");
        if (!grant) {
                return call_garbled(&c, "an object");
        }
        if (ctl->json) {
                return node_print(grant);
        }
        view_grant_line(stdout, grant);
        return EXIT_DONE;
}

static int run_revoke(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        _cleanup_(listing_done) Listing list = listing_of_grants();
        RevokeCall call = {
                .version = PROTOCOL_VERSION,
                .id = ctl->n_args > 0 ? ctl->args[0] : NULL,
                .user = arg_user,
                .all = arg_all,
        };

        if ((call.id != NULL) + (call.user != NULL) + call.all != 1) {
                return usage("revoke takes one of ID, --user U and --all.");
        }
        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = call_do(&c, "Revoke", REVOKE_FIELDS, &call);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        const JsonNode *grants = node_array(c.reply.parameters, "grants");
        if (!grants) {
                return call_garbled(&c, "a list");
        }
        for (const JsonNode *g = json_first(grants); g; g = json_next(g)) {
                listing_take(g, &list);
        }
        return listing_print(&list, ctl, "grants", NULL, "No grant was active.");
}

const Verb verb_grants = {
        .name = "grants",
        .synopsis = "[--all]",
        .summary = "List the active grants",
        .options = grants_options,
        .run = run_grants,
};

const Verb verb_grant = {
        .name = "grant",
        .synopsis = "USER --service S [--target U] --for SPAN --reason TEXT",
        .summary = "Give access without a request",
        .notes = "For administrators; recorded under the name of whoever is logged in.\n",
        .options = grant_options,
        .min_args = 1,
        .max_args = 1,
        .run = run_grant,
};

const Verb verb_revoke = {
        .name = "revoke",
        .synopsis = "ID|--user U|--all",
        .summary = "End grants at once",
        .options = revoke_options,
        .max_args = 1,
        .run = run_revoke,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, aside: who has asked too often, or was denied a moment ago. All of it is in the record, so that
 * a restart forgives nothing.
 */

#include "jit-approver/daemon/flow_internal.h"

#include <stdio.h>

#include "common/span.h"

typedef struct Throttling {
        Throttle throttle;
        usec_t denied_at;
        Store *store;
} Throttling;

static int throttling_visit(const Request *r, int64_t row, void *userdata)
{
        Throttling *x = userdata;

        return !throttle_add(&x->throttle, r);
}

/* When the newest denial was said. */
static int find_denial(Throttling *x)
{
        Vote *votes = NULL;
        size_t n = 0;

        if (x->throttle.denials == 0) {
                return 0;
        }
        int err = store_votes(x->store, &x->throttle.denied, &votes, &n);
        if (err >= 0 && n > 0) {
                x->denied_at = votes[n - 1].time;
        }
        votes_free(votes, n);
        return err;
}

bool is_throttled(Daemon *d, const Rule *rule, uid_t asker, Outcome *o)
{
        Now now = d->now();
        Throttling x = {
                .throttle = { .rule = rule, .asker = asker, .wall = now.wall },
                .store = d->ledger.store,
        };
        char at[TIME_RFC3339_MAX], span[SPAN_TEXT_MAX];
        char *line = NULL;
        usec_t until = 0;

        if (rule->rate.count == 0 && rule->cool_down == 0) {
                return false; /* nothing to look back for */
        }
        int err = store_requests_lately(d->ledger.store, rule->name, throttling_visit, &x);
        if (err >= 0) {
                err = find_denial(&x);
        }
        if (err < 0) {
                refuse_store(d, o);
                return true;
        }
        Throttled how = throttle_judge(&x.throttle, x.denied_at, &until);
        if (how == THROTTLED_NOT) {
                return false;
        }
        time_local(until, now.wall, at);
        span_say((MAX(until - now.wall, (usec_t) 0) / USEC_PER_SEC + 1) * USEC_PER_SEC, span);
        (void) str_printf(&line, "%s; you can ask again in %s (at %s).",
                how == THROTTLED_COOL   ? "You were denied this a moment ago"
                : how == THROTTLED_RATE ? "You have asked too often"
                                        : "Too much has been asked of the same approvers",
                span, at);
        outcome_refuse(o, "busy", line);
        return true;
}

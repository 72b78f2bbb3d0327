/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, fourth chapter: somebody needs more time, or an answer. MUST: give nobody more than his rule
 * lets him have; remind people no more often than they bear.
 */

#include "jit-approver/daemon/flow_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "common/span.h"
#include "jit-approver/daemon/tell.h"

/* --- more time ----------------------------------------------------------------------------------- */

/* Each is in the record, and told to whom the request was: none may be so short that there is no end of them. */
#define STEP_LEAST USEC_PER_MIN

/* What is said must be of the rule's form, whether or not it wants a reason for this. */
static bool is_good_reason(const Rule *rule, const char *reason, Failure *f)
{
        if (strlen(reason) > REASON_MAX) {
                fail(f, "Refused", "reason", "the reason is too long; %d bytes are the most",
                        REASON_MAX);
        } else if (rule->reason_pattern.text &&
                   !expression_matches(&rule->reason_pattern, reason)) {
                fail(f, "Refused", "reason", "the reason has to match: %s",
                        rule->reason_pattern.text);
        }
        return !f->error;
}

/* What could not be had is not asked for. */
static void fail_room(const Rule *rule, usec_t room, Failure *f)
{
        bool in_all = rule->extend == EXTEND_AUTO;
        char most[SPAN_TEXT_MAX], more[SPAN_TEXT_MAX];

        span_say(rule->max_duration, most);
        span_say(room - room % USEC_PER_MIN, more);
        if (room >= USEC_PER_MIN) {
                fail(f, "Refused", "duration",
                        "rule %s grants at most %s %s: now ask for %s more at most", rule->name,
                        most, in_all ? "in all" : "at a time", more);
        } else {
                fail(f, "Refused", "duration", "rule %s grants at most %s %s; %s", rule->name, most,
                        in_all ? "in all" : "at a time",
                        in_all ? "ask anew" : "ask when less of it is left");
        }
}

/* At the holder's word, up to the rule's longest time in all. */
static void extend_at_once(Daemon *d, const Caller *c, const Rule *rule, const ActiveGrant *g,
        usec_t by, const char *reason, Failure *f)
{
        Now now = d->now();
        /* Both ends move alike, so this is its length by either clock, however they were set since. */
        usec_t length = g->grant.until - g->grant.from;
        Grant longer;

        if (by < STEP_LEAST) {
                fail(f, "Refused", "duration", "ask for a minute at least");
                return;
        }
        reason = rule->reason == REASON_NONE ? NULL : reason;
        if (!str_empty(reason) && !is_good_reason(rule, reason, f)) {
                return;
        }
        int err = grant_copy(&g->grant, &longer);
        if (err < 0) {
                fail(f, "Refused", "internal", "out of memory");
                return;
        }
        err = grant_extend(&longer, by, rule->max_duration, &now);
        if (err < 0 || usec_add(length, by) > rule->max_duration) {
                fail_room(rule, grant_room(&g->grant, rule, &now), f);
        } else if (ledger_extend(&d->ledger, config_rules(d->config), &longer, caller_name(c),
                           reason, &now) < 0) {
                fail_store(d, f);
        } else {
                extend_active(d, &longer);
        }
        grant_done(&longer);
}

typedef struct Extending {
        const Id *grant;
        Id found[16];
        size_t n;
} Extending;

static int extending_visit(const Request *r, int64_t row, void *userdata)
{
        Extending *x = userdata;

        if (r->kind == REQUEST_EXTENSION && streq(r->extends.text, x->grant->text)) {
                x->found[x->n++] = r->id;
        }
        return x->n == ELEMENTSOF(x->found);
}

/* The open requests for more of this grant. */
static int find_extending(Daemon *d, const Id *grant, Extending *ret)
{
        *ret = (Extending){ .grant = grant };
        return d->ledger.store ? store_requests_pending(d->ledger.store, extending_visit, ret)
                               : -EIO;
}

void withdraw_extensions(Daemon *d, const Id *grant)
{
        const Id id = *grant;
        Now now = d->now();
        Extending x;

        if (find_extending(d, &id, &x) < 0) {
                return; /* one that is approved later finds no grant to extend */
        }
        for (size_t i = 0; i < x.n; i++) {
                Request r;

                if (store_request_get(d->ledger.store, &x.found[i], &r) < 0) {
                        continue;
                }
                if (ledger_close(&d->ledger, config_rules(d->config), &r, REQUEST_WITHDRAWN, NULL,
                            &now) >= 0) {
                        tell_withdrawn(d, &r);
                }
                request_done(&r);
        }
}

/* Whether he may ask for it, before anything is made. */
static bool may_ask_longer(Daemon *d, const Rule *rule, const ActiveGrant *g, usec_t by,
        const char *reason, Failure *f)
{
        Now now = d->now();
        usec_t room = grant_room(&g->grant, rule, &now);
        Outcome o = { 0 };

        if (by > room) {
                fail_room(rule, room, f);
        } else if (str_empty(reason) && rule->reason == REASON_REQUIRED) {
                fail(f, "Refused", "reason", "a reason is needed: --reason");
        } else if (!str_empty(reason) && !is_good_reason(rule, reason, f)) {
                return false;
        } else if (is_throttled(d, rule, g->grant.asker.uid, &o)) {
                fail(f, "Refused", "busy", "%s", str_or(o.line, "not now"));
        } else {
                outcome_done(&o);
                return true;
        }
        outcome_done(&o);
        return false;
}

/* What was asked for first, whose command says what the time is for. false: it is not known any more. */
static bool find_original(Daemon *d, const Grant *g, Request *ret)
{
        return id_is_set(&g->request) && store_request_get(d->ledger.store, &g->request, ret) >= 0;
}

/*
 * Who sits behind a shared account, now or when the grant was asked for: he may not decide about it. NULL:
 * two who are known to differ, of whom only one could be named.
 */
static const Who *who_is_behind(const Caller *c, const Grant *g, const Request *original)
{
        static const Who nobody = { .uid = UID_UNSET };
        const Who *then = original ? &original->login : &nobody;

        if (c->login.uid == UID_UNSET || c->login.uid == g->asker.uid) {
                return then;
        }
        return then->uid == UID_UNSET || then->uid == c->login.uid ? &c->login : NULL;
}

static void ask_longer(Daemon *d, const Caller *c, const Rule *rule, const ActiveGrant *g,
        usec_t by, const char *reason, Request *ret, Failure *f)
{
        const Wish wish = { .reason = reason, .duration = by, .detached = true };
        Now now = d->now();
        Request original;

        if (!may_ask_longer(d, rule, g, by, reason, f)) {
                return;
        }
        bool known = find_original(d, &g->grant, &original);
        const Who *behind = who_is_behind(c, &g->grant, known ? &original : NULL);
        int err = -EINVAL;
        if (behind) {
                err = make_extension(&g->grant, known ? &original : NULL, rule, &wish, behind,
                        d->host, d->ledger.boot_id, &now, ret);
        }
        if (known) {
                request_done(&original);
        }
        if (err >= 0) {
                err = ledger_open(&d->ledger, config_rules(d->config), ret, &now);
        }
        if (!behind) {
                fail(f, "NotPermitted", "login", "somebody else asked for this; ask anew");
                return;
        }
        if (err < 0) {
                fail_store(d, f);
                return;
        }
        expect_request(d, rule, ret);
}

/* The one that is open already. */
static bool is_asked(Daemon *d, const Id *grant, Request *ret)
{
        Extending x;

        return find_extending(d, grant, &x) >= 0 && x.n > 0 &&
               store_request_get(d->ledger.store, &x.found[0], ret) >= 0;
}

void flow_extend(Daemon *d, const Caller *c, const Id *grant, usec_t by, const char *reason,
        Request *ret, Failure *f)
{
        const Rules *rules = config_rules(d->config);
        ActiveGrant *g = active_get(&d->active, grant);
        Now now = d->now();

        if (!g || expiry_verdict(&g->grant, &now, d->ledger.boot_id) != GRANT_ACTIVE) {
                fail_over("grant", grant, "over", f);
                return;
        }
        const Rule *rule = rules && g->grant.rule ? rules_find(rules, g->grant.rule) : NULL;
        if (g->grant.kind != REQUEST_ACCESS) {
                fail(f, "Refused", "not-asked",
                        "what opened without approval is not extended; ask anew");
        } else if (!rule || rule->action != ACTION_ASK || rule->extend == EXTEND_NO) {
                fail(f, "Refused", "not-asked", "%s%s does not let grants be extended; ask anew",
                        g->grant.rule ? "rule " : "an order", str_or(g->grant.rule, ""));
        } else if (rule->extend == EXTEND_AUTO) {
                extend_at_once(d, c, rule, g, by, reason, f);
        } else if (!is_asked(d, grant, ret)) {
                ask_longer(d, c, rule, g, by, reason, ret, f);
        }
        flow_rest(d);
}

/* --- an answer ----------------------------------------------------------------------------------- */

static usec_t nudged_at(const Nudges *n, const Id *request)
{
        usec_t last = 0;

        for (size_t i = 0; i < ELEMENTSOF(n->items); i++) {
                if (streq(n->items[i].request.text, request->text)) {
                        last = MAX(last, n->items[i].boot);
                }
        }
        return last;
}

void flow_nudge(Daemon *d, const Request *r, Failure *ret)
{
        Now now = d->now();
        usec_t last = nudged_at(&d->nudges, &r->id);
        char pause[SPAN_TEXT_MAX];

        if (r->state != REQUEST_PENDING) {
                fail_over("request", &r->id, request_state_to_string(r->state), ret);
                return;
        }
        const Rule *rule = rule_in_force(config_rules(d->config), r, ret);
        if (!rule) {
                return;
        }
        if (rule->notify.n == 0) {
                fail(ret, "Refused", "not-asked",
                        "rule %s tells nobody by a channel; tell an approver yourself: jitctl approve %s",
                        rule->name, r->id.text);
        } else if ((last != 0 && now.boot < usec_add(last, NUDGE_PAUSE)) ||
                   now.wall < usec_add(r->created, USEC_PER_MIN)) {
                span_say(last != 0 ? NUDGE_PAUSE : USEC_PER_MIN, pause);
                fail(ret, "Refused", "busy", "they were told a moment ago; give them %s", pause);
        } else if (ledger_nudge(&d->ledger, config_rules(d->config), r, &now) < 0) {
                fail_store(d, ret);
        } else {
                d->nudges.items[d->nudges.next].request = r->id;
                d->nudges.items[d->nudges.next].boot = MAX(now.boot, 1);
                d->nudges.next = (d->nudges.next + 1) % ELEMENTSOF(d->nudges.items);
        }
        flow_rest(d);
}

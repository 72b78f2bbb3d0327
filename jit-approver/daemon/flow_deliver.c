/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, seventh chapter: what is owed goes out by the gateway, as many at a time as it settles, and is
 * owed until it arrived or nobody needs it any more. MUST: hold back what a reader is owed about a
 * request until what came before has arrived; let the store alone say what is owed.
 */

#include "jit-approver/daemon/flow_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/text.h"
#include "jit-approver/daemon/outbox.h"
#include "jit-approver/daemon/reply.h"
#include "jit-approver/daemon/tell.h"
#include "jit-approver/domain/say.h"

#define COMPLAINT_PAUSE USEC_PER_MIN

/* --- going out ----------------------------------------------------------------------------------- */

/* Where the reader decides, or looks on. */
static int put_link(JsonWriter *w, Daemon *d, const Request *r, const OwedMessage *m)
{
        const Rules *rules = config_rules(d->config);
        const Rule *rule = rules_find(rules, r->rule);
        char token[LINK_TOKEN_SIZE];
        _cleanup_(erase_freep) char *url = NULL;

        int err = link_token(&d->link_key, r, m->to, m->channel, token);
        if (err >= 0) {
                err = str_printf(&url, "%s/r/%s", str_or(rules->web_url, ""), token);
        }
        explicit_bzero(token, sizeof(token));
        if (err < 0) {
                return err;
        }
        json_open_object(w, "link");
        if (m->to) {
                json_put_string(w, "approver", m->to);
        }
        json_put_string(w, "url", url);
        json_put_boolean(w, "decides",
                m->to && r->state == REQUEST_PENDING && rule &&
                        proof_suffices(rule->assurance, PROOF_LINK));
        json_close_object(w);
        return 0;
}

static int put_delivery(JsonWriter *w, Daemon *d, const Channel *c, const OwedMessage *m)
{
        char key[LINK_MAC_LENGTH + 1];
        Request r;

        int err = store_request_get(d->ledger.store, &m->request, &r);
        if (err < 0) {
                return err;
        }
        json_open_object(w, "delivery");
        json_put_integer(w, "id", m->id);
        json_put_string(w, "channel", m->channel);
        err = link_delivery(&d->link_key, m->id, key);
        if (err >= 0) {
                json_put_string(w, "key", key);
        }
        json_put_string(w, "event", m->event);
        reply_put_time(w, "timestamp", m->created);
        json_put_string(w, "head", audit_head(d->ledger.audit));
        reply_request(w, "request",
                &(Reply){ d->ledger.store, config_rules(d->config), c->command, false,
                        streq(m->event, audit_event_to_string(AUDIT_GRANT_RESIDUE)) },
                &r);
        if (err >= 0) {
                err = put_link(w, d, &r, m);
        }
        json_close_object(w);
        request_done(&r);
        return err < 0 ? err : w->error;
}

static void fail_message(Daemon *d, const OwedMessage *m, const char *problem)
{
        Now now = d->now();
        usec_t next = usec_add(now.wall, MESSAGE_WAIT_MAX);

        log_warning("Channel %s: request %s: %s", m->channel, m->request.text, problem);
        (void) ledger_settle(&d->ledger, m->id, false, next, problem, &now);
}

/* Hands one message to the gateway. */
static void send_one(Daemon *d, Route *route, const Channel *c, const OwedMessage *m)
{
        JsonWriter w = call_writer();

        int err = put_delivery(&w, d, c, m);
        if (err >= 0) {
                err = route_take_off(route, m);
        }
        if (err >= 0) {
                call_notify(route->call, &w);
                return;
        }
        json_writer_done(&w);
        if (err == -ENOENT) {
                /* The request is not in the record any more: nobody could be told what of. */
                (void) store_outbox_remove(d->ledger.store, m->id);
        } else {
                fail_message(
                        d, m, err == -EMSGSIZE ? "it is too long to be sent" : "it cannot be made");
        }
}

/* What goes out now, gathered before any of it does. */
typedef struct Load {
        const Route *route;
        size_t room, n;
        OwedMessage items[COURIER_WINDOW];
} Load;

static int load_message(const OwedMessage *m, void *userdata)
{
        Load *l = userdata;
        OwedMessage *copy = &l->items[l->n];

        if (route_is_busy(l->route, &m->request, m->to)) {
                return 0;
        }
        *copy = (OwedMessage){ .id = m->id,
                .event = strdup(m->event),
                .request = m->request,
                .channel = strdup(m->channel),
                .to = m->to ? strdup(m->to) : NULL,
                .created = m->created,
                .tries = m->tries };
        l->n++;
        if (!copy->event || !copy->channel || (m->to && !copy->to)) {
                return -ENOMEM;
        }
        return l->n == l->room;
}

static void deliver_by(Daemon *d, Route *route, const Channel *c, const Now *now)
{
        Load l = { .route = route, .room = route_room(route, now->boot) };
        usec_t next = USEC_NEVER;

        if (l.room == 0) {
                if (route->call && route->n == 0) {
                        d->courier.due_at = MIN(d->courier.due_at, route->retry_at);
                }
                return; /* whatever is settled next makes room */
        }
        int err = store_outbox_due(
                d->ledger.store, route->channel, now->wall, RETRY_AFTER_MAX, load_message, &l);
        for (size_t i = 0; i < l.n; i++) {
                if (err >= 0) {
                        send_one(d, route, c, &l.items[i]);
                }
                owed_message_done(&l.items[i]);
        }
        if (err >= 0) {
                err = store_outbox_next(d->ledger.store, route->channel, now->wall, &next);
        }
        if (err < 0) {
                next = usec_add(now->wall, RETRY_TIME);
        }
        if (next != USEC_NEVER) {
                usec_t wait = next > now->wall ? next - now->wall : 0;
                d->courier.due_at = MIN(d->courier.due_at, usec_add(now->boot, wait));
        }
}

void flow_deliver(Daemon *d)
{
        const Rules *rules = config_rules(d->config);
        Now now = d->now();

        if (!d->ledger.owes && d->courier.due_at > now.boot) {
                return;
        }
        d->ledger.owes = false;
        d->courier.due_at = USEC_NEVER;
        if (!d->ledger.store || !rules) {
                return;
        }
        for (size_t i = 0; i < d->courier.n; i++) {
                const Channel *c = rules_channel_find(rules, d->courier.routes[i]->channel);
                if (c) {
                        deliver_by(d, d->courier.routes[i], c, &now);
                }
        }
}

/* --- what became of it --------------------------------------------------------------------------- */

static void report(Daemon *d, Route *route, const char *problem, usec_t retry_after, const Now *now)
{
        if (!route_report(route, problem, retry_after, now)) {
                return;
        }
        if (problem) {
                log_warning("Channel %s: %s; it is tried again", route->channel, problem);
                return;
        }
        log_notice("Channel %s works again", route->channel);
        (void) store_outbox_hurry(d->ledger.store, route->channel);
}

int flow_settle(Daemon *d, int64_t id, const char *said, usec_t retry_after)
{
        _cleanup_(freep) char *clean = said ? text_clean_dup(said, PROBLEM_SHOWN) : NULL;
        const char *problem = said ? str_or(clean, "out of memory") : NULL;
        Route *route = courier_find_flight(&d->courier, id);
        int64_t tries = route ? route_land(route, id) : 0;
        usec_t wait = courier_wait(tries + 1, MESSAGE_WAIT_MAX),
               asked = MIN(retry_after, RETRY_AFTER_MAX);
        Now now = d->now();

        if (!d->ledger.store) {
                return -EIO;
        }
        int err = ledger_settle(
                &d->ledger, id, !problem, usec_add(now.wall, MAX(wait, asked)), problem, &now);
        if (route) {
                /* What arrived but cannot be recorded is sent again: not as fast as it can be. */
                bool lost = err < 0 && err != -ENOENT;
                report(d, route, lost ? "the record cannot be written" : problem, retry_after,
                        &now);
        }
        d->ledger.owes = true; /* there is room for more */
        flow_rest(d);
        /* Nobody needs it any more, or it was settled before: nothing to complain of. */
        return err == -ENOENT ? 0 : err;
}

/* --- the gateway comes and goes ------------------------------------------------------------------ */

static void tell_web(Daemon *d, Call *call)
{
        const Rules *rules = config_rules(d->config);
        JsonWriter w = call_writer();

        if (rules && rules->web_url) {
                json_put_string(&w, "web", rules->web_url);
        }
        call_notify(call, &w);
}

static void on_gateway_gone(Call *call, void *userdata)
{
        Daemon *d = userdata;
        Now now = d->now();

        courier_leave(&d->courier, call, now.wall);
        d->ledger.owes = true; /* another may have what it had */
        if (!d->stopping) {
                flow_rest(d);
        }
}

/* In one line, and not as often as a gateway likes: what floods the journal keeps others out of it. */
static void complain(Daemon *d, const Strings *channels)
{
        Courier *c = &d->courier;
        usec_t boot = d->now().boot;

        for (size_t i = 0; i < channels->n; i++) {
                if (courier_find(c, channels->items[i])) {
                        continue;
                }
                if (c->complained_at == 0 || boot >= usec_add(c->complained_at, COMPLAINT_PAUSE)) {
                        c->complained_at = MAX(boot, 1);
                        log_warning(
                                "The gateway sends on channel %s, which approver.conf does not know",
                                channels->items[i]);
                }
                return;
        }
}

int flow_subscribe(Daemon *d, Call *call, const Strings *channels)
{
        Now now = d->now();

        complain(d, channels);
        int err = courier_join(&d->courier, call, channels, now.wall);
        if (err < 0) {
                return err;
        }
        call_park(call);
        call_on_gone(call, on_gateway_gone, d);
        tell_web(d, call);
        d->ledger.owes = true;
        flow_rest(d);
        return 0;
}

typedef struct Gone {
        const Courier *courier;
        char *channel;
} Gone;

static int find_gone(const char *channel, void *userdata)
{
        Gone *g = userdata;

        if (courier_find(g->courier, channel)) {
                return 0;
        }
        g->channel = strdup(channel);
        return g->channel ? 1 : -ENOMEM;
}

/* What is owed by a channel that is no more cannot be delivered by it. */
static void drop_gone_channels(Daemon *d)
{
        int64_t n;
        int err;

        do {
                Gone g = { .courier = &d->courier };

                err = store_outbox_channels(d->ledger.store, find_gone, &g);
                if (!g.channel) {
                        return;
                }
                err = err < 0 ? err : store_outbox_remove_channel(d->ledger.store, g.channel, &n);
                if (err >= 0) {
                        log_warning(
                                "Channel %s is not in the rules any more: %lld messages are dropped",
                                g.channel, (long long) n);
                }
                freep(&g.channel);
        } while (err >= 0);
}

void flow_channels_loaded(Daemon *d)
{
        Now now = d->now();

        if (courier_set_channels(&d->courier, config_rules(d->config), now.wall) < 0) {
                log_warning("Out of memory: some channel is left out");
        }
        if (d->ledger.store) {
                drop_gone_channels(d);
        }
        for (size_t i = 0; i < d->courier.n_gateways; i++) {
                tell_web(d, d->courier.gateways[i].call);
        }
        d->ledger.owes = true;
        flow_rest(d);
}

/* --- nobody could be reached --------------------------------------------------------------------- */

typedef struct Reached {
        const Courier *courier;
        bool any, owed;
        char why[256];
} Reached;

static int look_at_message(const OwedMessage *m, void *userdata)
{
        Reached *x = userdata;
        const Route *route = courier_find(x->courier, m->channel);

        if (m->delivered) {
                x->any = true;
                return 1;
        }
        if (!x->owed) {
                const char *why = !route || !route->call ? "nothing sends on it, see jitctl status"
                                  : m->problem           ? m->problem
                                                         : "no answer yet";
                (void) snprintf(x->why, sizeof(x->why), "%s: %s", m->channel, why);
        }
        x->owed = true;
        return 0;
}

static bool is_unreached(Daemon *d, const Id *request, Reached *ret)
{
        return store_outbox_of(d->ledger.store, request, OUTBOX_CREATED, look_at_message, ret) >=
                       0 &&
               !ret->any;
}

/* Whoever still waits is told that so far nobody knows of it; once. */
static void tell_unreached(Daemon *d, Waiter *w)
{
        Reached x = { .courier = &d->courier };
        const Rules *rules = config_rules(d->config);
        const Rule *rule = rules_find(rules, w->rule);
        Outcome o = { .verdict = VERDICT_PENDING, .request = w->request };

        w->reach_at = USEC_NEVER;
        if (!rule || (rule->notify.n > 0 && !is_unreached(d, &w->request, &x))) {
                return;
        }
        o.line = say_unreached(rule, &w->request, x.owed ? x.why : NULL);
        tell_news(w, &o);
        outcome_done(&o);
}

typedef struct Reaching {
        Daemon *daemon;
        usec_t boot, next;
} Reaching;

static void reach_one(Waiter *w, void *userdata)
{
        Reaching *x = userdata;

        if (w->reach_at <= x->boot) {
                tell_unreached(x->daemon, w);
        } else {
                x->next = MIN(x->next, w->reach_at);
        }
}

void flow_reach(Daemon *d)
{
        Now now = d->now();
        Reaching x = { d, now.boot, USEC_NEVER };

        if (d->reach_at > now.boot || !d->ledger.store) {
                return;
        }
        waiters_visit(&d->waiters, reach_one, &x);
        d->reach_at = x.next;
}

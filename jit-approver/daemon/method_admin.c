/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The record and the state, for those who keep the host. */

#include <errno.h>
#include <stdlib.h>

#include "jit-approver/daemon/method_internal.h"

/*
 * Rows of one page, wanted or not: the record has no index, and whoever may read of himself alone
 * would keep everybody waiting while we look through all of it. Some milliseconds.
 */
#define LOG_LOOKS 10000

typedef struct LogPage {
        JsonWriter *w;
        bool whole;
        int64_t next;
} LogPage;

static int log_row(const AuditRow *row, void *userdata)
{
        LogPage *p = userdata;

        reply_row(p->w, row, p->whole);
        /* With its canonical bytes a row of the worst words takes three times as much. */
        if (p->w->size < (size_t) (p->whole ? PAGE_BYTES / 2 : PAGE_BYTES)) {
                return 0;
        }
        p->next = row->seq;
        return 1;
}

/*
 * By any prefix, as everywhere. All of an id needs no object: the record may know of more than the store
 * has. Else answered, and false.
 */
static bool log_request(Turn *t, const char *text, Id *ret)
{
        Request r;

        if (!text || id_parse(text, ret) >= 0) {
                return true;
        }
        if (!method_take_request(t, text, ACT_SEE, &r)) {
                return false;
        }
        *ret = r.id;
        request_done(&r);
        return true;
}

static bool log_grant(Turn *t, const char *text, Id *ret)
{
        Grant g;

        if (!text || id_parse(text, ret) >= 0) {
                return true;
        }
        if (!method_take_grant(t, text, ACT_SEE, &g)) {
                return false;
        }
        *ret = g.id;
        grant_done(&g);
        return true;
}

static int log_time(const char *text, usec_t *ret)
{
        return text ? time_rfc3339_parse(text, ret) : 0;
}

/* Whom the caller may read about: everybody, or himself. Else answered, and false. */
static bool log_scope(Turn *t, AuditFilter *f)
{
        const LogCall *in = &t->in.log;
        Who user;

        if (in->user) {
                if (!method_account(t, t->at_user, "user", &user)) {
                        return false;
                }
                f->asker = user.uid;
        }
        if (access_judge(ACT_AUDIT, turn_roles(t)) == ACCESS_YES) {
                return true;
        }
        if (in->verify || in->approver || (in->user && user.uid != t->caller.account.uid)) {
                call_error(t->call, "NotPermitted",
                        "only auditors and administrators read all of the record");
                turn_free(t);
                return false;
        }
        f->asker = t->caller.account.uid;
        return true;
}

/* Where the next page begins, if this one has not come to the end of the record. */
static int log_next(Store *store, const AuditFilter *f, LogPage *p)
{
        char hash[DIGEST_HEX_SIZE];
        int64_t head, told;

        int r = store_audit_head(store, &head, hash, &told);
        if (r >= 0 && !p->next && f->upto < head) {
                p->next = f->upto;
        }
        return r;
}

void method_read_log(Turn *t)
{
        const LogCall *in = &t->in.log;
        Ledger *l = &t->daemon->ledger;
        int64_t after = MAX(in->after, l->store ? store_pruned(l->store) : 0);
        AuditFilter f = {
                .after = after,
                .upto = after < INT64_MAX - LOG_LOOKS ? after + LOG_LOOKS : INT64_MAX,
                .limit = INT64_MAX,
                .asker = UID_UNSET,
                .approver = in->approver,
        };
        Now now = t->daemon->now();

        if (log_time(in->since, &f.since) < 0 || log_time(in->until, &f.until) < 0) {
                turn_bad_parameter(t, "since");
                return;
        }
        if (!log_scope(t, &f) || !log_request(t, in->request, &f.request) ||
                !log_grant(t, in->grant, &f.grant)) {
                return;
        }
        JsonWriter w = call_writer();
        LogPage p = { .w = &w, .whole = in->verify };
        (void) audit_flush(l->audit, &now);
        json_open_array(&w, "rows");
        int err = l->store ? store_audit(l->store, &f, log_row, &p) : -EIO;
        json_close_array(&w);
        if (err >= 0) {
                err = log_next(l->store, &f, &p);
        }
        if (err < 0) {
                json_writer_done(&w);
                method_not_found(t, -EIO, "record");
                return;
        }
        if (p.next) {
                json_put_integer(&w, "next", p.next);
        }
        json_put_string(&w, "head", audit_head(l->audit));
        call_reply(t->call, &w);
        turn_free(t);
}

static void put_problems(JsonWriter *w, const Problems *problems)
{
        json_open_array(w, "problems");
        for (size_t i = 0; i < problems->n && w->size < PAGE_BYTES; i++) {
                _cleanup_(freep) char *text = problem_to_string(&problems->items[i]);
                json_put_string(w, NULL, str_or(text, "out of memory"));
        }
        json_close_array(w);
}

static void put_roles(JsonWriter *w, unsigned roles)
{
        json_open_array(w, "roles");
        if (roles & ROLE_ADMIN) {
                json_put_string(w, NULL, "admin");
        }
        if (roles & ROLE_AUDITOR) {
                json_put_string(w, NULL, "auditor");
        }
        json_close_array(w);
}

static void put_channel(JsonWriter *w, Store *store, const Channel *c, const Route *route)
{
        int64_t owed = 0;

        if (store) {
                (void) store_outbox_count(store, c->name, &owed);
        }
        json_open_object(w, NULL);
        json_put_string(w, "name", c->name);
        json_put_string(w, "audience", audience_to_string(c->audience));
        json_put_string(w, "state", route_state(route));
        json_put_integer(w, "owed", owed);
        if (route->since) {
                reply_put_time(w, "since", route->since);
        }
        if (route->problem) {
                json_put_string(w, "problem", route->problem);
        }
        json_close_object(w);
}

static void put_channels(JsonWriter *w, const Daemon *d)
{
        const Rules *rules = config_rules(d->config);

        json_open_array(w, "channels");
        for (size_t i = 0; rules && i < rules->n_channels && w->size < PAGE_BYTES; i++) {
                const Route *route = courier_find(&d->courier, rules->channels[i]->name);
                if (route) {
                        put_channel(w, d->ledger.store, rules->channels[i], route);
                }
        }
        json_close_array(w);
}

static bool takes_rescue(const Rules *rules)
{
        for (size_t i = 0; rules && i < rules->n_rules; i++) {
                if (rules->rules[i].rescue) {
                        return true;
                }
        }
        return false;
}

void method_get_status(Turn *t)
{
        Daemon *d = t->daemon;
        Store *store = d->ledger.store;
        JsonWriter w = call_writer();
        Now now = d->now();
        unsigned roles = turn_roles(t);
        int64_t pending = 0, owed = 0, reviews = 0, codes = 0;

        if (store) {
                (void) store_request_count_pending(store, UID_UNSET, &pending);
                (void) store_outbox_count(store, NULL, &owed);
                (void) store_review_count_open(store, &reviews);
                (void) store_rescue_count(store, d->rescue_key.name, &codes);
        }
        json_put_string(&w, "version", PROJECT_VERSION);
        json_put_integer(&w, "protocol", PROTOCOL_VERSION);
        json_put_integer(&w, "uptime_usec", now.boot - d->started);
        json_put_string(&w, "host", d->host);
        json_put_boolean(&w, "rules_loaded", config_rules(d->config) != NULL);
        put_problems(&w, config_problems(d->config));
        json_put_string(&w, "store", ledger_state(&d->ledger));
        json_put_string(&w, "bus", bus_state(d->bus));
        Grant window = { 0 };
        json_put_string(
                &w, "clock", grant_window(&now, USEC_PER_MIN, &window) < 0 ? "not credible" : "ok");
        json_put_integer(&w, "pending", pending);
        json_put_integer(&w, "grants", (int64_t) active_count(&d->active));
        json_put_integer(&w, "waiting", (int64_t) d->waiters.n);
        json_put_integer(&w, "connections", (int64_t) server_connections(d->server));
        json_put_integer(&w, "owed", owed);
        json_put_integer(&w, "reviews", reviews);
        if (access_judge(ACT_AUDIT, roles) == ACCESS_YES && takes_rescue(config_rules(d->config))) {
                json_put_integer(&w, "rescue_codes", codes);
        }
        put_channels(&w, d);
        json_put_string(&w, "head",
                access_judge(ACT_AUDIT, roles) == ACCESS_YES ? audit_head(d->ledger.audit) : "");
        put_roles(&w, roles);
        call_reply(t->call, &w);
        turn_free(t);
}

/* The caller may be gone by the time the rules are loaded; they are loaded all the same. */
static void on_reload_gone(Call *c, void *userdata)
{
        ((Turn *) userdata)->call = NULL;
}

static void reload_end(Turn *t)
{
        if (t->call) {
                JsonWriter w = call_writer();
                put_problems(&w, config_problems(t->daemon->config));
                call_reply(t->call, &w);
        }
        turn_free(t);
}

static void on_reloaded(bool ok, void *userdata)
{
        Daemon *d = userdata;
        Turn *t = TAKE_PTR(d->reloading);

        flow_rules_loaded(d, ok);
        if (t) {
                reload_end(t);
        }
}

int methods_reload(Daemon *d)
{
        people_flush(d->people);
        return config_load(d->config, on_reloaded, d);
}

void method_reload(Turn *t)
{
        Daemon *d = t->daemon;

        if (!turn_may(t, ACT_ADMINISTER, turn_roles(t), "host")) {
                return;
        }
        /* Two at once end with the same rules: the first is answered with what is known so far. */
        if (d->reloading) {
                reload_end(TAKE_PTR(d->reloading));
        }
        call_on_gone(t->call, on_reload_gone, t);
        d->reloading = t;
        if (methods_reload(d) < 0 && d->reloading == t) {
                d->reloading = NULL;
                reload_end(t);
        }
}

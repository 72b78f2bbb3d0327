/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Numbers for monitoring. MUST: say of nobody who he is: whoever reads the host's metrics need not know;
 * leave out what cannot be read: a zero would say that all is well.
 */

#include "jit-approver/daemon/method_internal.h"

static void put_counts(JsonWriter *w, const Audit *audit)
{
        json_open_array(w, "events");
        for (AuditEvent e = 0; e < _AUDIT_EVENT_MAX; e++) {
                json_open_object(w, NULL);
                json_put_string(w, "event", audit_event_to_string(e));
                json_put_integer(w, "count", audit_count(audit, e));
                json_close_object(w);
        }
        json_close_array(w);
}

/* r: whether it could be read. */
static void put_read(JsonWriter *w, const char *name, int r, const int64_t *number)
{
        if (r >= 0) {
                json_put_integer(w, name, *number);
        }
}

static void put_channel(JsonWriter *w, const Daemon *d, const char *name)
{
        const Route *route = courier_find(&d->courier, name);
        const char *state = route ? route_state(route) : "away";
        int64_t owed;

        json_open_object(w, NULL);
        json_put_string(w, "name", name);
        json_put_boolean(w, "works", !streq(state, "away") && !streq(state, "failing"));
        if (d->ledger.store) {
                put_read(w, "owed", store_outbox_count(d->ledger.store, name, &owed), &owed);
        }
        json_close_object(w);
}

static void put_channels(JsonWriter *w, const Daemon *d)
{
        const Rules *rules = config_rules(d->config);

        json_open_array(w, "channels");
        for (size_t i = 0; rules && i < rules->n_channels && w->size < PAGE_BYTES; i++) {
                put_channel(w, d, rules->channels[i]->name);
        }
        json_close_array(w);
}

static void put_store(JsonWriter *w, Store *store)
{
        int64_t pending, owed, reviews, used, spare;

        put_read(w, "pending", store_request_count_pending(store, UID_UNSET, &pending), &pending);
        put_read(w, "owed", store_outbox_count(store, NULL, &owed), &owed);
        put_read(w, "reviews", store_review_count_open(store, &reviews), &reviews);
        put_read(w, "record_bytes", store_usage(store, &used, &spare), &used);
}

void method_get_metrics(Turn *t)
{
        Daemon *d = t->daemon;
        JsonWriter w = call_writer();
        Now now = d->now();
        Grant window = { 0 };

        json_put_string(&w, "version", PROJECT_VERSION);
        json_put_integer(&w, "uptime_usec", now.boot - d->started);
        json_put_boolean(&w, "rules_loaded", config_rules(d->config) != NULL);
        json_put_integer(&w, "rules_problems", (int64_t) config_problems(d->config)->n);
        json_put_boolean(&w, "record_works", streq(ledger_state(&d->ledger), "ok"));
        json_put_boolean(&w, "bus_works", streq(bus_state(d->bus), "ok"));
        json_put_boolean(&w, "clock_works", grant_window(&now, USEC_PER_MIN, &window) >= 0);
        json_put_integer(&w, "grants", (int64_t) active_count(&d->active));
        json_put_integer(&w, "waiting", (int64_t) d->waiters.n);
        json_put_integer(&w, "connections", (int64_t) server_connections(d->server));
        if (d->ledger.store) {
                put_store(&w, d->ledger.store);
        }
        put_channels(&w, d);
        put_counts(&w, d->ledger.audit);
        call_reply(t->call, &w);
        turn_free(t);
}

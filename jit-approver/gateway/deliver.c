/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Deliveries: one Errand for each that is under way, from the approver's word to its settling. Trusts
 * the approver to give no more than can be carried at once; its order is kept by its giving the next
 * of a request when the one before is settled.
 *
 * MUST: what cannot be sent is settled as failed, what is for no channel of ours is told, and nothing
 * is dropped in silence; no URL, link or secret is logged or settled.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "jit-approver/gateway/channel.h"
#include "jit-approver/gateway/deliver.h"

#define ERRANDS_MAX 1024
#define PROBLEM_MAX 128
#define SETTLE_RETRY_TIME USEC_PER_SEC
#define ACCURACY (100 * USEC_PER_MSEC)

typedef struct Errand Errand;

struct Errand {
        Deliver *deliver;
        Errand *next;
        int64_t id;
        size_t channel; /* of the configuration */
        bool delivered;
        usec_t retry_after;
        char problem[PROBLEM_MAX];
        sd_event_source *timer; /* of the next try to settle it */
};

struct Deliver {
        sd_event *event;
        const GatewayConfig *config;
        Upstream *upstream;
        Fetcher *fetcher;
        DeliverListener listener;
        Errand *errands; /* owned */
        size_t n_errands;
        bool *failing;  /* of each channel: that has been told */
        bool told_away; /* that the approver does not answer has been told */
};

static void errand_settle(Errand *e);

static void errand_end(Errand *e)
{
        Errand **at = &e->deliver->errands;

        while (*at != e) {
                at = &(*at)->next;
        }
        *at = e->next;
        e->deliver->n_errands--;
        sd_event_source_disable_unref(e->timer);
        free(e);
}

/* --- what channels are like, for the log --- */

static void tell_channel(Deliver *d, size_t i, bool delivered, const char *problem)
{
        const char *name = d->config->channels[i].name;

        if (!delivered && !d->failing[i]) {
                log_warning("channel %s: %s", name, problem);
        } else if (delivered && d->failing[i]) {
                log_notice("channel %s: works again", name);
        }
        d->failing[i] = !delivered;
}

/* --- settling --- */

static int on_settle_again(sd_event_source *source, uint64_t usec, void *userdata)
{
        Errand *e = userdata;

        e->timer = sd_event_source_disable_unref(e->timer);
        errand_settle(e);
        return 0;
}

/*
 * Without the approver's word that it is settled it is given again by whoever comes next, and sent
 * once more; so it is worth some tries.
 */
static void settle_later(Errand *e)
{
        int r = sd_event_add_time_relative(e->deliver->event, &e->timer, CLOCK_MONOTONIC,
                SETTLE_RETRY_TIME, ACCURACY, on_settle_again, e);
        if (r < 0) {
                errand_end(e);
        }
}

static bool is_for_later(const char *error)
{
        return streq(error, "StoreUnavailable") || streq(error, "Busy");
}

static void on_settled(int error, const Message *reply, void *userdata)
{
        Errand *e = userdata;

        if (error < 0 || (reply->error && is_for_later(reply->error))) {
                settle_later(e);
                return;
        }
        if (reply->error) {
                log_warning("Failed to settle a delivery: '%s'", reply->error);
        }
        errand_end(e);
}

static void errand_settle(Errand *e)
{
        const SettleCall call = {
                .version = PROTOCOL_VERSION,
                .delivery = e->id,
                .outcome = e->delivered ? "delivered" : "failed",
                .problem = e->delivered ? NULL : e->problem,
                .retry_usec = e->retry_after,
        };

        int r = upstream_call(
                e->deliver->upstream, "Settle", SETTLE_FIELDS, &call, on_settled, e, NULL);
        if (r < 0) {
                settle_later(e);
        }
}

/* --- sending --- */

static void errand_over(Errand *e, bool delivered)
{
        e->delivered = delivered;
        tell_channel(e->deliver, e->channel, delivered, e->problem);
        errand_settle(e);
}

static void on_sent(const FetchResult *result, void *userdata)
{
        Errand *e = userdata;
        const ChannelConfig *c = &e->deliver->config->channels[e->channel];

        bool ok = c->type->judge(result, e->problem, sizeof(e->problem));
        e->retry_after = ok ? 0 : result->retry_after;
        errand_over(e, ok);
}

static void errand_send(Errand *e, const Delivery *delivery)
{
        const ChannelConfig *c = &e->deliver->config->channels[e->channel];
        FetchRequest request;

        int r = c->type->compose(c, delivery, clock_usec(CLOCK_REALTIME), &request);
        if (r >= 0) {
                r = fetch(e->deliver->fetcher, &request, on_sent, e);
        }
        if (r < 0) {
                (void) snprintf(
                        e->problem, sizeof(e->problem), "it cannot be composed: %s", strerror(-r));
                errand_over(e, false);
        }
}

/* --- what the approver gives --- */

static const Errand *errand_find(const Deliver *d, int64_t id)
{
        for (const Errand *e = d->errands; e; e = e->next) {
                if (e->id == id) {
                        return e;
                }
        }
        return NULL;
}

static bool channel_find(const Deliver *d, const char *name, size_t *ret)
{
        for (size_t i = 0; name && i < d->config->n_channels; i++) {
                if (streq(d->config->channels[i].name, name)) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

static void deliver_take(Deliver *d, const JsonNode *node)
{
        const Delivery delivery = {
                .id = node_integer(node, "id", -1),
                .channel = node_text(node, "channel"),
                .key = node_text(node, "key"),
                .event = node_text(node, "event"),
                .timestamp = node_text(node, "timestamp"),
                .head = node_text(node, "head"),
                .request = node_object(node, "request"),
                .grant = node_object(node, "grant"),
                .link = node_object(node, "link"),
        };
        size_t channel;
        Errand *e;

        if (delivery.id < 0 || !channel_find(d, delivery.channel, &channel)) {
                log_warning("The approver gave a delivery for '%s', which is no channel of ours",
                        str_or(delivery.channel, ""));
                return;
        }
        /* Given again while it is under way (after a restart of the approver): it is settled once. */
        if (errand_find(d, delivery.id)) {
                return;
        }
        e = d->n_errands < ERRANDS_MAX ? calloc(1, sizeof(*e)) : NULL;
        if (!e) {
                log_error("Failed to take a delivery on; it is given again when we connect anew");
                return;
        }
        *e = (Errand){ d, .next = d->errands, .id = delivery.id, .channel = channel };
        d->errands = e;
        d->n_errands++;
        errand_send(e, &delivery);
}

/* Whatever becomes of the delivery, its link is the approver's word, and so a genuine one. */
static void tell_link(const Deliver *d, const JsonNode *delivery)
{
        const JsonNode *link = node_object(delivery, "link");
        const char *url = link ? node_text(link, "url") : NULL;

        if (url) {
                d->listener.link(url, d->listener.userdata);
        }
}

static void deliver_lost(Deliver *d, int error)
{
        if (!d->told_away) {
                log_warning("The approver does not answer: %s", strerror(-error));
        }
        d->told_away = true;
}

static void deliver_refused(Deliver *d, const char *error)
{
        if (!d->told_away) {
                log_warning("The approver gives nothing to deliver: '%s'", error);
        }
        d->told_away = true;
}

static void on_given(int error, const Message *reply, void *userdata)
{
        Deliver *d = userdata;
        const JsonNode *delivery;

        if (!reply) {
                deliver_lost(d, error);
                return;
        }
        if (reply->error) {
                deliver_refused(d, reply->error);
                return;
        }
        if (!reply->continues) {
                return; /* the last word; the end comes as an error */
        }
        if (d->told_away) {
                log_notice("The approver answers again");
        }
        d->told_away = false;
        delivery = node_object(reply->parameters, "delivery");
        if (delivery) {
                tell_link(d, delivery);
                deliver_take(d, delivery);
        } else {
                d->listener.web(node_text(reply->parameters, "web"), d->listener.userdata);
        }
}

static int deliver_subscribe(Deliver *d)
{
        const GatewayConfig *config = d->config;
        _cleanup_(freep) const char **names = calloc(config->n_channels + 1, sizeof(*names));

        if (!names) {
                return -ENOMEM;
        }
        for (size_t i = 0; i < config->n_channels; i++) {
                names[i] = config->channels[i].name;
        }
        const DeliverCall call = {
                .version = PROTOCOL_VERSION,
                .channels = { .items = names, .n = config->n_channels },
        };
        return upstream_subscribe(d->upstream, "Deliver", DELIVER_FIELDS, &call, on_given, d);
}

int deliver_new(sd_event *event, const GatewayConfig *config, Upstream *upstream, Fetcher *fetcher,
        const DeliverListener *listener, Deliver **ret)
{
        _cleanup_(deliver_freep) Deliver *d = calloc(1, sizeof(*d));

        if (!d) {
                return -ENOMEM;
        }
        d->event = sd_event_ref(event);
        d->config = config;
        d->upstream = upstream;
        d->fetcher = fetcher;
        d->listener = *listener;
        d->failing = calloc(config->n_channels + 1, sizeof(*d->failing));
        int r = d->failing ? deliver_subscribe(d) : -ENOMEM;
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(d);
        return 0;
}

Deliver *deliver_free(Deliver *d)
{
        if (!d) {
                return NULL;
        }
        while (d->errands) {
                errand_end(d->errands);
        }
        sd_event_unref(d->event);
        free(d->failing);
        free(d);
        return NULL;
}

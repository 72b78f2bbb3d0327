/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Calls of the approver: a queue, a few connections that are kept, and the subscription on one of its
 * own. A kept connection may have been closed by a restart in the very moment it is used, so a call
 * whose connection is lost is made once more; every method of the gateway's may be called twice.
 *
 * MUST: each call is answered once, from the loop, by its deadline; what a reply does not explain
 * (one more of them, one that goes on) costs the connection.
 */

#include <errno.h>
#include <stdlib.h>

#include "jit-approver/gateway/upstream.h"
#include "jit-approver/gateway/upstream_connection.h"

/* There is nothing to wait for when a listener's backlog is full. */
#define BUSY_TIME (20 * USEC_PER_MSEC)
#define ACCURACY USEC_PER_MSEC
#define AT_ONCE 1 /* as exact as can be: 0 would be sd-event's 250 ms */

typedef struct Line Line;

struct UpstreamCall {
        Upstream *upstream;
        UpstreamCall *next; /* in the queue; owned there, or by its line */
        char *text;
        size_t size;
        UpstreamDone done; /* NULL: cancelled */
        void *userdata;
        sd_event_source *deadline;
        Line *line; /* borrowed; NULL while it waits */
        bool again; /* it has lost a connection already */
};

/* A connection that is kept, and the one call on it. */
struct Line {
        Upstream *upstream;
        Connection *connection; /* NULL: free to be opened */
        UpstreamCall *call;     /* owned; NULL: idle */
};

typedef struct Subscription {
        char *text;
        size_t size;
        UpstreamDone each;
        void *userdata;
        Connection *connection;
        sd_event_source *timer; /* of the next try */
        bool stands;            /* a reply has come */
} Subscription;

struct Upstream {
        sd_event *event;
        const char *path;
        uid_t server_uid;
        Line lines[UPSTREAM_CALLS_MAX];
        UpstreamCall *queue, **queue_end; /* owned */
        size_t n_queue;
        sd_event_source *pump; /* looks at the queue */
        Subscription subscription;
        bool answered; /* the last call was */
};

static UpstreamCall *call_free(UpstreamCall *c)
{
        if (c) {
                sd_event_source_disable_unref(c->deadline);
                free(c->text);
                free(c);
        }
        return NULL;
}
DEFINE_FREE(UpstreamCall, call_free)

static void pump_after(Upstream *u, usec_t span)
{
        (void) sd_event_source_set_time_relative(u->pump, (uint64_t) span);
        (void) sd_event_source_set_enabled(u->pump, SD_EVENT_ONESHOT);
}

/* Ends a call that neither the queue nor a line has any more. */
static void call_finish(UpstreamCall *c, int error, const Message *reply)
{
        UpstreamDone done = c->done;
        void *userdata = c->userdata;

        c->upstream->answered = reply;
        call_free(c);
        if (done) {
                done(error, reply, userdata);
        }
}

/* The error by the name that the contract gives it. */
static Message named(const Message *reply)
{
        Message m = *reply;
        const char *const ours = PROTOCOL_INTERFACE ".";

        if (m.error && strncmp(m.error, ours, strlen(ours)) == 0) {
                m.error += strlen(ours);
        }
        return m;
}

/* --- the queue --- */

static void queue_append(Upstream *u, UpstreamCall *c)
{
        c->next = NULL;
        *u->queue_end = c;
        u->queue_end = &c->next;
        u->n_queue++;
}

static void queue_prepend(Upstream *u, UpstreamCall *c)
{
        c->next = u->queue;
        u->queue = c;
        if (!c->next) {
                u->queue_end = &c->next;
        }
        u->n_queue++;
}

static UpstreamCall *queue_remove(Upstream *u, UpstreamCall *c)
{
        UpstreamCall **at = &u->queue;

        while (*at != c) {
                at = &(*at)->next;
        }
        *at = c->next;
        if (!*at) {
                u->queue_end = at;
        }
        c->next = NULL;
        u->n_queue--;
        return c;
}

/* --- lines --- */

static void line_close(Line *l)
{
        l->connection = connection_free(l->connection);
}

static UpstreamCall *line_take(Line *l)
{
        UpstreamCall *c = TAKE_PTR(l->call);

        c->line = NULL;
        return c;
}

/* The connection is lost with a call on it; what can be tried once more goes first. */
static void line_lost(Line *l, int error)
{
        Upstream *u = l->upstream;
        UpstreamCall *c;

        line_close(l);
        if (!l->call) {
                return;
        }
        c = line_take(l);
        pump_after(u, 0);
        if (c->again || !c->done || error == -EBADMSG) {
                call_finish(c, error, NULL);
                return;
        }
        c->again = true;
        queue_prepend(u, c);
}

static void on_line(int error, const Message *reply, void *userdata)
{
        Line *l = userdata;
        Message m;

        if (!reply) {
                line_lost(l, error);
                return;
        }
        if (!l->call || reply->continues) {
                line_lost(l, -EBADMSG);
                return;
        }
        if (connection_is_partial(l->connection)) {
                line_close(l);
        }
        pump_after(l->upstream, 0);
        m = named(reply);
        call_finish(line_take(l), 0, &m);
}

/* One to make a call on: open and idle if there is such, else any that is free; NULL without. */
static Line *line_find(Upstream *u)
{
        Line *found = NULL;

        for (size_t i = 0; i < ELEMENTSOF(u->lines); i++) {
                Line *l = &u->lines[i];

                if (!l->call && (!found || (l->connection && !found->connection))) {
                        found = l;
                }
        }
        return found;
}

static int line_open(Line *l)
{
        Upstream *u = l->upstream;

        if (l->connection) {
                return 0;
        }
        return connection_open(u->event, u->path, u->server_uid, on_line, l, &l->connection);
}

/* Makes the first call of the queue. -EAGAIN: not now. */
static int queue_start(Upstream *u)
{
        Line *l = line_find(u);
        UpstreamCall *c;
        int r;

        r = l ? line_open(l) : -EBUSY;
        if (r == -EAGAIN || r == -EBUSY) {
                return r;
        }
        c = queue_remove(u, u->queue);
        if (r >= 0) {
                l->call = c;
                c->line = l;
                r = connection_send(l->connection, c->text, c->size);
                if (r < 0) {
                        line_lost(l, r);
                }
        } else {
                call_finish(c, r, NULL);
        }
        return 0;
}

static int on_pump(sd_event_source *source, uint64_t usec, void *userdata)
{
        Upstream *u = userdata;

        /* No more than there are now: whoever calls again whenever a call fails must not keep us here. */
        for (size_t n = u->n_queue; n > 0 && u->queue; n--) {
                int r = queue_start(u);
                if (r == -EAGAIN) {
                        pump_after(u, BUSY_TIME);
                }
                if (r < 0) {
                        break;
                }
        }
        return 0;
}

/* --- calls --- */

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
        UpstreamCall *c = userdata;
        Line *l = c->line;

        if (l) {
                /* Its answer would be taken for the next one's. */
                line_close(l);
                (void) line_take(l);
                pump_after(c->upstream, 0);
        } else {
                (void) queue_remove(c->upstream, c);
        }
        call_finish(c, -ETIMEDOUT, NULL);
        return 0;
}

int upstream_call(Upstream *u, const char *method, const Field *fields, const void *parameters,
        UpstreamDone done, void *userdata, UpstreamCall **ret)
{
        _cleanup_(call_freep) UpstreamCall *c = NULL;
        int r;

        if (u->n_queue >= UPSTREAM_QUEUE_MAX) {
                return -EBUSY;
        }
        c = calloc(1, sizeof(*c));
        if (!c) {
                return -ENOMEM;
        }
        c->upstream = u;
        c->done = done;
        c->userdata = userdata;
        r = message_write_call(method, fields, parameters, 0, &c->text, &c->size);
        if (r < 0) {
                return r;
        }
        r = sd_event_add_time_relative(u->event, &c->deadline, CLOCK_MONOTONIC, UPSTREAM_CALL_TIME,
                ACCURACY, on_deadline, c);
        if (r < 0) {
                return r;
        }
        if (ret) {
                *ret = c;
        }
        queue_append(u, TAKE_PTR(c));
        pump_after(u, 0);
        return 0;
}

void upstream_cancel(UpstreamCall *c)
{
        if (c->line) {
                /* The connection is good again when the answer is there. */
                c->done = NULL;
        } else {
                call_free(queue_remove(c->upstream, c));
        }
}

/* --- the subscription --- */

static void subscription_retry(Upstream *u, usec_t span)
{
        (void) sd_event_source_set_time_relative(u->subscription.timer, (uint64_t) span);
        (void) sd_event_source_set_enabled(u->subscription.timer, SD_EVENT_ONESHOT);
}

static void subscription_lost(Upstream *u, int error)
{
        Subscription *s = &u->subscription;

        s->connection = connection_free(s->connection);
        s->stands = false;
        u->answered = false; /* it may be long ago */
        subscription_retry(u, UPSTREAM_RETRY_TIME);
        s->each(error, NULL, s->userdata);
}

static void on_subscription(int error, const Message *reply, void *userdata)
{
        Upstream *u = userdata;
        Subscription *s = &u->subscription;
        Message m;

        if (!reply) {
                subscription_lost(u, error);
                return;
        }
        s->stands = !reply->error;
        m = named(reply);
        s->each(0, &m, s->userdata);
        if (!reply->continues) {
                subscription_lost(u, -ECONNRESET);
        }
}

static int on_subscribe(sd_event_source *source, uint64_t usec, void *userdata)
{
        Upstream *u = userdata;
        Subscription *s = &u->subscription;

        int r = connection_open(
                u->event, u->path, u->server_uid, on_subscription, u, &s->connection);
        if (r >= 0) {
                r = connection_send(s->connection, s->text, s->size);
        }
        if (r < 0) {
                subscription_lost(u, r);
        }
        return 0;
}

int upstream_subscribe(Upstream *u, const char *method, const Field *fields, const void *parameters,
        UpstreamDone each, void *userdata)
{
        Subscription *s = &u->subscription;
        int r;

        if (s->timer) {
                return -EALREADY;
        }
        r = message_write_call(method, fields, parameters, CALL_MORE, &s->text, &s->size);
        if (r < 0) {
                return r;
        }
        s->each = each;
        s->userdata = userdata;
        return sd_event_add_time_relative(
                u->event, &s->timer, CLOCK_MONOTONIC, 0, AT_ONCE, on_subscribe, u);
}

bool upstream_is_up(const Upstream *u)
{
        return u->subscription.stands || u->answered;
}

/* --- all of it --- */

int upstream_new(sd_event *event, const char *path, uid_t server_uid, Upstream **ret)
{
        _cleanup_(upstream_freep) Upstream *u = NULL;
        int r;

        u = calloc(1, sizeof(*u));
        if (!u) {
                return -ENOMEM;
        }
        u->event = sd_event_ref(event);
        u->path = path;
        u->server_uid = server_uid;
        u->queue_end = &u->queue;
        for (size_t i = 0; i < ELEMENTSOF(u->lines); i++) {
                u->lines[i].upstream = u;
        }
        r = sd_event_add_time(event, &u->pump, CLOCK_MONOTONIC, 0, AT_ONCE, on_pump, u);
        if (r >= 0) {
                r = sd_event_source_set_enabled(u->pump, SD_EVENT_OFF);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(u);
        return 0;
}

Upstream *upstream_free(Upstream *u)
{
        if (!u) {
                return NULL;
        }
        for (size_t i = 0; i < ELEMENTSOF(u->lines); i++) {
                line_close(&u->lines[i]);
                call_free(u->lines[i].call);
        }
        while (u->queue) {
                call_free(queue_remove(u, u->queue));
        }
        connection_free(u->subscription.connection);
        sd_event_source_disable_unref(u->subscription.timer);
        free(u->subscription.text);
        sd_event_source_disable_unref(u->pump);
        sd_event_unref(u->event);
        free(u);
        return NULL;
}

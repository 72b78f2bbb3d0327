/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who may have how many connections, and for how long without a whole request. One timer serves all
 * deadlines: they are equally long, so the queue is in order by itself.
 *
 * MUST: a newcomer gets in, however many came before and say nothing.
 */

#include <errno.h>
#include <stdlib.h>

#include "jit-approver/gateway/http_internal.h"

#define RESERVE 32 /* more than libmicrohttpd accepts in one go */

static bool is_free(const Http *h, const Address *peer)
{
        return !peer->known || address_is_loopback(peer) ||
               address_in(peer, h->config->trusted_proxies);
}

enum MHD_Result on_http_accept(void *http, const struct sockaddr *address, socklen_t size)
{
        const Http *h = http;
        const HttpConnection *c;
        unsigned n = 0;

        if (h->is_unix) {
                return MHD_YES;
        }
        Address peer = address_of(address);
        if (is_free(h, &peer)) {
                return MHD_YES;
        }
        LIST_FOREACH(c, &h->connections, all)
        {
                n += address_same(&c->peer, &peer);
        }
        return n < h->limits.per_address ? MHD_YES : MHD_NO;
}

static void connection_cut(HttpConnection *c)
{
        http_expect(c, false);
        /* libmicrohttpd sees the end of it and closes. */
        (void) shutdown(c->fd, SHUT_RDWR);
}

static void arm(Http *h)
{
        const HttpConnection *first = TAILQ_FIRST(&h->due);
        int enabled = SD_EVENT_OFF;

        if (!h->timer || h->stopping) {
                return;
        }
        if (!first) {
                (void) sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
                return;
        }
        /* Left alone while it is armed: when it fires too early it is armed again. */
        (void) sd_event_source_get_enabled(h->timer, &enabled);
        if (enabled == SD_EVENT_OFF) {
                (void) sd_event_source_set_time(h->timer, (uint64_t) first->deadline);
                (void) sd_event_source_set_enabled(h->timer, SD_EVENT_ONESHOT);
        }
}

int on_http_deadline(sd_event_source *source, uint64_t usec, void *http)
{
        Http *h = http;
        usec_t now = clock_usec(CLOCK_BOOTTIME);
        HttpConnection *c;

        while ((c = TAILQ_FIRST(&h->due)) && c->deadline <= now) {
                connection_cut(c);
        }
        arm(h);
        return 0;
}

void http_expect(HttpConnection *c, bool expect)
{
        Http *h = c->http;

        if (c->due) {
                TAILQ_REMOVE(&h->due, c, waiting);
                c->due = false;
        }
        if (expect) {
                c->deadline = usec_add(clock_usec(CLOCK_BOOTTIME), h->limits.deadline);
                TAILQ_INSERT_TAIL(&h->due, c, waiting);
                c->due = true;
        }
        arm(h);
}

static void make_room(Http *h)
{
        HttpConnection *oldest = TAILQ_FIRST(&h->due);

        if (h->n_connections + RESERVE > h->limits.connections && oldest) {
                connection_cut(oldest);
        }
}

static void connection_start(Http *h, struct MHD_Connection *mhd, void **ret)
{
        HttpConnection *c = calloc(1, sizeof(*c));
        const union MHD_ConnectionInfo *info;

        if (!c) {
                return; /* its requests are refused */
        }
        c->http = h;
        info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        c->fd = info->connect_fd;
        if (!h->is_unix) {
                info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
                c->peer = address_of(info->client_addr);
        }
        c->trusted = h->is_unix || address_in(&c->peer, h->config->trusted_proxies);
        LIST_INSERT_HEAD(&h->connections, c, all);
        h->n_connections++;
        make_room(h);
        http_expect(c, true);
        *ret = c;
}

void on_http_connection(void *http, struct MHD_Connection *mhd, void **socket_context,
        enum MHD_ConnectionNotificationCode code)
{
        Http *h = http;
        HttpConnection *c = *socket_context;

        if (code == MHD_CONNECTION_NOTIFY_STARTED) {
                connection_start(h, mhd, socket_context);
        } else if (c) {
                http_expect(c, false);
                LIST_REMOVE(c, all);
                h->n_connections--;
                free(c);
                *socket_context = NULL;
        }
}

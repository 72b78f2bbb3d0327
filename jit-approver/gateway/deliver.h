/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Carries deliveries from the approver to their channels, and back how each went. It keeps nothing but
 * what is under way: whatever is lost here is given again by the approver, to whom it is still owed.
 */

#include "jit-approver/gateway/config.h"
#include "jit-approver/gateway/fetch.h"
#include "jit-approver/gateway/upstream.h"

typedef struct Deliver Deliver;

/* Who hears what the approver says of links. Each url is borrowed for the call. */
typedef struct DeliverListener {
        /* Where links begin, each time the approver says so; NULL: there are none. */
        void (*web)(const char *url, void *userdata);
        /* The link in a delivery, for each that has one. */
        void (*link)(const char *url, void *userdata);
        void *userdata;
} DeliverListener;

/* Subscribes. config, upstream and fetcher are borrowed, and the fetcher goes first; listener is copied. */
int deliver_new(sd_event *event, const GatewayConfig *config, Upstream *upstream, Fetcher *fetcher,
        const DeliverListener *listener, Deliver **ret);
/* Only after the Fetcher and the Upstream, whose answers would come here. */
Deliver *deliver_free(Deliver *d);
DEFINE_FREE(Deliver, deliver_free)

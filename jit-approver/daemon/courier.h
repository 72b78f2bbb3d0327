/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is on its way to people: a route for each channel of the rules, the gateway that sends on it, and
 * how that goes. Kept in memory: after a restart everything owed is tried at once. What is owed stands
 * in the store.
 */

#include "jit-approver/daemon/call.h"
#include "jit-approver/daemon/store.h"

#define COURIER_WINDOW 16                   /* deliveries of a route at once */
#define ROUTE_WAIT_MAX USEC_PER_MIN         /* between two tries of a route that fails */
#define MESSAGE_WAIT_MAX (5 * USEC_PER_MIN) /* between two tries of one message */
#define RETRY_AFTER_MAX USEC_PER_HOUR       /* what a receiver may ask for, for one message */
#define ROUTE_PEACE_MAX (5 * USEC_PER_MIN)  /* and for all: longer, and requests would be over */
#define PROBLEM_SHOWN 200                   /* bytes of what a gateway says went wrong */

/* A delivery that the gateway has. */
typedef struct Flight {
        int64_t id, tries;
        Id request;
        char *to; /* owned; NULL: a shared audience */
} Flight;

typedef struct Route {
        char *channel; /* owned */
        Call *call;    /* the gateway's, parked; NULL: nobody sends on this channel. Borrowed */
        Flight flights[COURIER_WINDOW];
        size_t n;
        bool used;         /* something was delivered, or failed, since we started */
        unsigned failures; /* in a row */
        usec_t retry_at;   /* boot: not before */
        usec_t since;      /* wall: since when it has been failing, or nobody sends; 0: it works */
        char *problem;     /* owned; of the last failure */
} Route;

/* A gateway that is there, and what it says it sends on. */
typedef struct Gateway {
        Call *call;      /* its Deliver, parked; borrowed */
        char **channels; /* owned */
} Gateway;

typedef struct Courier {
        Route **routes; /* in the order of the rules' channels */
        size_t n;
        Gateway *gateways; /* the newest last */
        size_t n_gateways;
        usec_t due_at; /* boot: when something has to go out that could not before; USEC_NEVER */
        usec_t complained_at; /* boot: of channels that are none; 0: not yet */
} Courier;

/*
 * A gateway comes; it has each channel it sends on from now on, until it goes or a newer one comes. Then
 * the one before has it again. -ENOMEM.
 */
int courier_join(Courier *c, Call *gateway, const Strings *channels, usec_t wall);
void courier_leave(Courier *c, const Call *gateway, usec_t wall);

/* Makes the routes what the rules say (NULL: as they are); those that stay keep their state. -ENOMEM. */
int courier_set_channels(Courier *c, const Rules *rules, usec_t wall);
void courier_done(Courier *c);

Route *courier_find(const Courier *c, const char *channel);
/* The route whose gateway has this delivery, or NULL. */
Route *courier_find_flight(const Courier *c, int64_t id);

/* ok failing idle away: a word for people. */
const char *route_state(const Route *r);
/* How many more may go out now; a route that fails is tried by one. */
size_t route_room(const Route *r, usec_t boot);
/* Whether the reader has a delivery about the request under way, which must arrive first. */
bool route_is_busy(const Route *r, const Id *request, const char *to);
/* Takes it off. -ENOMEM. */
int route_take_off(Route *r, const OwedMessage *m);
/* It has landed, or is lost. Its number of tries before. */
int64_t route_land(Route *r, int64_t id);
/* The gateway sends on it from now on, or (NULL) has gone: what it had is void. */
void route_connect(Route *r, Call *call, usec_t wall);
/*
 * How a delivery went; problem NULL: it arrived. The receiver wants nothing for retry_after (0: it did
 * not say). True when that is news: it fails, or works again.
 */
bool route_report(Route *r, const char *problem, usec_t retry_after, const Now *now);

/* How long to wait after that many failures in a row: doubling from a second, at most max. */
usec_t courier_wait(int64_t failures, usec_t max);

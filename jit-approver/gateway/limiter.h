/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How often a client may come with a token that nobody knows: a bucket of tries for each, filled again
 * one by one. A try is taken before the approver is asked and given back for a genuine token, so that
 * many questions at once get no more tries, and who has a genuine link never runs out by himself. A token
 * that is known here (known.h) takes none, so that nobody else behind his address runs out for him.
 */

#include "common/clock.h"
#include "jit-approver/gateway/address.h"

#define LIMITER_TRIES 20
#define LIMITER_REFILL (3 * USEC_PER_SEC) /* for each */
#define LIMITER_CLIENTS 256               /* the one that was not seen longest makes room */

typedef struct Bucket {
        Address client;
        usec_t full_at; /* when all tries are back; boot time */
        usec_t seen;
} Bucket;

typedef struct Limiter {
        Bucket buckets[LIMITER_CLIENTS];
        size_t n;
} Limiter;

/* Takes a try. 0, or the time until there is one. */
usec_t limiter_take(Limiter *l, const Address *client, usec_t now);
/* Gives it back. */
void limiter_return(Limiter *l, const Address *client, usec_t now);

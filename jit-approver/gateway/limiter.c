/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A bucket is one instant: the time at which it will be full. What is missing now follows from it. */

#include "jit-approver/gateway/limiter.h"

static Bucket *limiter_find(Limiter *l, const Address *client)
{
        for (size_t i = 0; i < l->n; i++) {
                if (address_same(&l->buckets[i].client, client)) {
                        return &l->buckets[i];
                }
        }
        return NULL;
}

static Bucket *limiter_room(Limiter *l)
{
        Bucket *oldest = &l->buckets[0];

        if (l->n < LIMITER_CLIENTS) {
                return &l->buckets[l->n++];
        }
        for (size_t i = 1; i < l->n; i++) {
                if (l->buckets[i].seen < oldest->seen) {
                        oldest = &l->buckets[i];
                }
        }
        return oldest;
}

usec_t limiter_take(Limiter *l, const Address *client, usec_t now)
{
        Bucket *b = limiter_find(l, client);

        if (!b) {
                b = limiter_room(l);
                *b = (Bucket){ .client = *client, .full_at = now };
        }
        b->seen = now;
        usec_t full_at = MAX(b->full_at, now) + LIMITER_REFILL;
        usec_t most = now + LIMITER_TRIES * LIMITER_REFILL;
        if (full_at > most) {
                return full_at - most;
        }
        b->full_at = full_at;
        return 0;
}

void limiter_return(Limiter *l, const Address *client, usec_t now)
{
        Bucket *b = limiter_find(l, client);

        if (b) {
                b->full_at = MAX(b->full_at - LIMITER_REFILL, now);
        }
}

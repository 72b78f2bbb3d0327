/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How often somebody may ask. People who decide are a scarce good: whoever was denied waits, longer each
 * time (hazard H-73), and a rule takes so many requests in so long a time, of each asker and over all
 * (hazard H-74). Pure, and out of the record: a restart forgives nothing.
 */

#include "jit-approver/domain/request.h"

#define COOL_DOWN_MAX USEC_PER_HOUR
#define RATE_OVER_ALL 10 /* times the rule's rate: what all its askers may ask together */

/* What was asked by one rule, newest first; see throttle_add(). */
typedef struct Throttle {
        const Rule *rule;
        uid_t asker;
        usec_t wall;             /* now */
        int64_t his, all;        /* within the rule's rate */
        usec_t his_first, first; /* the oldest of these */
        unsigned denials;        /* of the asker, in a row, with no approval since */
        Id denied;               /* the newest of these */
        usec_t denied_created;   /* when it was made: it was denied no earlier */
        bool approved;           /* an older request of his was approved: the row ends there */
} Throttle;

/* Takes one request into account, whatever rule it is of. false: older ones do not count any more. */
bool throttle_add(Throttle *t, const Request *r);

typedef enum Throttled {
        THROTTLED_NOT = 0,
        THROTTLED_COOL, /* he was denied a moment ago */
        THROTTLED_RATE,
        THROTTLED_ALL, /* others have asked too much */
} Throttled;

/* denied_at: when the newest denial was (wall); 0: nobody knows, but not before it was made. ret_until: when he may ask again. */
Throttled throttle_judge(const Throttle *t, usec_t denied_at, usec_t *ret_until);

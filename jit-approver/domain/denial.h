/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who was denied what a moment ago. An ssh client that is refused begins its conversation anew by
 * itself, and would ring the approvers once more for each of its tries (hazard H-15): it is told the
 * same again. Of one size: the oldest gives way.
 */

#include "jit-approver/domain/request.h"

#define DENIALS_MAX 32
#define DENIAL_TIME (30 * USEC_PER_SEC)

typedef struct Denial {
        uid_t asker, target;
        char service[65];
        usec_t until; /* boot clock */
        char *line;   /* what was said; NULL: free */
} Denial;

typedef struct Denials {
        Denial items[DENIALS_MAX];
        size_t next;
} Denials;

/* -ENOMEM: it is not remembered. */
int denials_add(Denials *d, const Request *r, const char *line, const Now *now);
/* What was said, or NULL. */
const char *denials_find(
        const Denials *d, uid_t asker, const char *service, uid_t target, const Now *now);
void denials_done(Denials *d);

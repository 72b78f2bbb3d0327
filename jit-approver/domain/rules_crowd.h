/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The persons behind names of rules, counted: for warnings about rules, never for a decision. Who is in a
 * Unix group is what the name service said once; where it did not say, a crowd is open.
 */

#include "jit-approver/domain/rules.h"

/* Members of one Unix group of the rules; a list that is not known is as good as endless. */
typedef struct Membership {
        gid_t gid;
        bool known;
        uid_t *uids; /* owned by whoever asked; each once */
        size_t n;
} Membership;

typedef struct Memberships {
        Membership *items;
        size_t n;
} Memberships;

/* One person: an [approver], or an account without one. */
typedef struct Human {
        const Approver *approver; /* borrowed; or NULL */
        uid_t uid;                /* valid without approver */
        const Name *by; /* the Unix group he is in, or the [approver] as named; borrowed */
} Human;

typedef struct Crowd {
        Human *items;
        size_t n;
        bool open;     /* there may be others */
        bool everyone; /* "*" */
        bool lost;     /* memory is out: nothing can be said */
} Crowd;

/* Adds who is behind a list, each once. */
void crowd_add(Crowd *c, const Rules *rules, const Memberships *m, const NameList *list);
void crowd_done(Crowd *c);

bool human_is(const Human *a, const Human *b);
bool crowd_has(const Crowd *c, const Human *h);
/* Whether all of c are in other, and c is known to be no more than that. */
bool crowd_within(const Crowd *c, const Crowd *other);

/* NULL: not one of those that were asked about. */
const Membership *membership_find(const Memberships *m, const Name *group);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who is waiting for which request: parked calls. One small block each and no timer, for there may be
 * ten thousand. A waiter that counts keeps its request alive; an onlooker (`jitctl wait`) does not.
 */

#include "jit-approver/daemon/call.h"
#include "jit-approver/domain/request.h"

/* What an answer must say back so that the module knows it for the answer to its own question. */
typedef struct Echo {
        uid_t asker, target_uid;
        const char *nonce, *service, *user, *target; /* "" for none */
} Echo;

typedef struct Waiter Waiter;
struct Waiter {
        Waiter *next; /* of the same request */
        Call *call;   /* parked; borrowed from its connection */
        void *owner;  /* whoever wants to know when the call is gone */
        Id request;
        uid_t asker;
        bool counts;
        bool enters;      /* in PAM's account phase: told of a grant, he goes in */
        const char *rule; /* by which it is asked */
        usec_t reach_at;  /* boot: when to tell him that nobody could be reached; USEC_NEVER */
        Echo echo;        /* its strings stand behind the struct */
};

typedef struct Waiters {
        void *by_request; /* tsearch(3) trees */
        void *by_asker;
        size_t n;
} Waiters;

/* Parks the call. -ENOMEM. */
int waiters_add(Waiters *ws, const Id *request, Call *call, const Echo *echo, uid_t asker,
        bool counts, const char *rule, Waiter **ret);
void waiters_done(Waiters *ws);

/* Waiters of a request, newest first; NULL when none. Valid until the next change. */
Waiter *waiters_of(const Waiters *ws, const Id *request);
/* Whether one of them counts, and so keeps the request alive. */
bool waiters_keep(const Waiters *ws, const Id *request);
/* Each waiter, in no order; visit neither adds nor removes any. */
void waiters_visit(const Waiters *ws, void (*visit)(Waiter *w, void *userdata), void *userdata);
unsigned waiters_of_asker(const Waiters *ws, uid_t asker);
/* Those that count and are of this asker (UID_UNSET: any), service (NULL: any) and rule (NULL: any). */
unsigned waiters_count(const Waiters *ws, uid_t asker, const char *service, const char *rule);
/* Takes it out and frees it; its call is the caller's again. */
void waiters_remove(Waiters *ws, Waiter *w);

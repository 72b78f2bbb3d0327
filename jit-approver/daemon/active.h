/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The grants that are open now, in memory with the sessions opened under each: a check reads nothing
 * else, so that it is quick and goes on when the store cannot be read. A copy of what the store says,
 * changed only after the commit that changed the store.
 */

#include "jit-approver/daemon/store.h"
#include "jit-approver/domain/expiry.h"

typedef struct ActiveGrant {
        Grant grant;
        Session *sessions; /* that are open, oldest first */
        size_t n_sessions;
        Id *extensions; /* the requests by which it was extended; owned */
        size_t n_extensions;
        bool opened;    /* a session was: of SCOPE_ONCE, the one there is */
        usec_t warned;  /* the shortest warning that was given before its end; USEC_NEVER: none */
        usec_t doubted; /* boot: since when the name service says nothing of who approved it; 0: it does; USEC_NEVER: that was told */
        char *ended_by; /* once grant.state is not active: it is over, and yet to be recorded */
} ActiveGrant;

typedef struct Active {
        ActiveGrant **items; /* sorted by the asker's uid, then by age */
        size_t n;
} Active;

/* Moves *g in on success. Pointers stay valid until active_remove(). */
int active_add(Active *a, Grant *g, ActiveGrant **ret);
/* Moves *x in on success. */
int active_add_session(ActiveGrant *g, Session *x);
int active_add_extension(ActiveGrant *g, const Id *request);
void active_remove_session(ActiveGrant *g, Session *x);
void active_remove(Active *a, ActiveGrant *g);
void active_done(Active *a);

/*
 * The grant that covers the question; the one that lasts longest. rule NULL: the rules are not
 * loaded, and whatever rule a grant was made by stands.
 */
ActiveGrant *active_find(const Active *a, const Question *q, const char *target_group,
        const Rule *rule, const Now *now, const char *boot_id);
ActiveGrant *active_get(const Active *a, const Id *id);
/* The open session of a host process, and its grant. */
Session *active_session_of(const Active *a, int64_t pid, int64_t start, ActiveGrant **ret_grant);

/* What must be known of a question for the asker's grants to be judged. */
typedef struct Needs {
        bool digest, login_session;
} Needs;
void active_needs(const Active *a, uid_t asker, Needs *needs);

/* Those that are over but not recorded are not counted. */
size_t active_count(const Active *a);
/* Adds the deadlines of all that are not over. */
void active_next(const Active *a, NextDue *next);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Every durable step, each one transaction of the store with its row of the record and what it makes
 * owed: all of it or nothing. When a function here returns 0 it is on the disk and the journal has
 * been told; when it fails, nothing has changed (-EALREADY: somebody else was first). rules say who
 * is owed a message of it; NULL while none are loaded.
 */

#include "jit-approver/daemon/audit.h"
#include "jit-approver/daemon/record_key.h"
#include "jit-approver/domain/policy.h"

typedef struct Ledger {
        Store *store;         /* owned; NULL: could not be opened, so nothing new can be granted */
        Audit *audit;         /* owned */
        char *problem;        /* owned; why store is NULL */
        RecordKey record_key; /* owned */
        char boot_id[40];
        bool owes; /* something is owed since the courier looked last */
} Ledger;

void ledger_done(Ledger *l);
/* The store cannot be trusted (error): go on as if it could not be opened. -ENOMEM. */
int ledger_give_up(Ledger *l, int error);
/* For people: "ok", or what is wrong with the store. */
const char *ledger_state(const Ledger *l);

int ledger_open(Ledger *l, const Rules *rules, const Request *r, const Now *now);
/*
 * One more question rides on an open request: its command and reason go into the record (NULL: the command
 * is there already); detach: from now on the request stands by itself.
 */
int ledger_join(Ledger *l, const Request *r, const char *command, const char *reason, bool detach,
        const Now *now);
/* Nobody decided in time: so many escalations widen its stage now, whose people are asked. */
int ledger_escalate(Ledger *l, const Rules *rules, Request *r, size_t escalated, const Now *now);
/* Whether the command has joined the request already, and how many have. */
int ledger_joined(Ledger *l, const Id *request, const char *command, bool *ret, size_t *ret_n);
/* A pending request ends without a decision: withdrawn or timed out. */
int ledger_close(Ledger *l, const Rules *rules, const Request *r, RequestState to, const char *by,
        const Now *now);

/*
 * The vote and what it decides, or the stage that is open by it; with an approval *g is the grant that is
 * to begin. Somebody waits for this one: its copies in the journal are left to ledger_tell(), or to the
 * next step.
 */
int ledger_vote(Ledger *l, const Rules *rules, const Request *r, const Vote *v, const Tally *t,
        const Grant *g, const Now *now);
void ledger_tell(Ledger *l);
/* A delivery: it arrived, or it is owed again at next (wall). -ENOENT: nobody needs it any more. */
int ledger_settle(
        Ledger *l, int64_t id, bool arrived, usec_t next, const char *problem, const Now *now);
/* The grant g ends later now, without anybody having been asked again; by: whoever did it; reason: why, NULL: its own. */
int ledger_extend(Ledger *l, const Rules *rules, const Grant *g, const char *by, const char *reason,
        const Now *now);
/* Its holder is told that it ends soon. */
int ledger_warn(Ledger *l, const Rules *rules, const Grant *g, const Now *now);
/* It has been used up (g->spent is set). */
int ledger_spend(Ledger *l, const Grant *g, const Now *now);
/* Its end by the clock of this boot (g->until_boot, g->boot_id). */
int ledger_anchor(Ledger *l, const Grant *g, const Now *now);

/* Counts a match code before it is compared; how many he, and all, have tried with this one. */
int ledger_try(
        Ledger *l, const Id *request, const char *person, int64_t *ret_his, int64_t *ret_all);
/* Too many wrong ones: the request is closed as denied. */
int ledger_lock(Ledger *l, const Rules *rules, const Request *r, const Now *now);
/* Those who have been asked are reminded. */
int ledger_nudge(Ledger *l, const Rules *rules, const Request *r, const Now *now);
/* A grant that an administrator makes (g->by), without a request. */
int ledger_grant(Ledger *l, const Grant *g, const Now *now);
/* It is over as to says; by: whoever did it, or why; NULL: its time or its holder. */
int ledger_end(Ledger *l, const Rules *rules, const Grant *g, GrantState to, const char *by,
        const Now *now);
int ledger_session_opened(Ledger *l, const Grant *g, const Session *x, const Now *now);
int ledger_session_closed(Ledger *l, const Grant *g, const Session *x, const Now *now);

/*
 * Signs that the record begins behind c->upto from now on: count, first, last and hash are filled in, key
 * and signature are made here. -ENOKEY. What is before is shown to nobody any more.
 */
int ledger_checkpoint(Ledger *l, Checkpoint *c, const Now *now);
/* What it left on the host; summary says of what kind, in the record. -EEXIST: that is known. */
int ledger_residue(Ledger *l, const Rules *rules, const Grant *g, const Residue *x,
        const char *summary, const Now *now);

/* --- without approval: ledger_urgent.c --- */

/*
 * Opened at once, as r->kind says: the approved request, its grant, its review where it is a break-glass,
 * and the alarm to all whom rules name. used: the hash of the rescue code that this takes (-EALREADY: it is
 * gone), or NULL.
 */
int ledger_urgent(Ledger *l, const Rules *rules, const Request *r, const Grant *g, const char *used,
        const Now *now);
/* -EALREADY: it is signed. */
int ledger_review(Ledger *l, const Rules *rules, const Request *r, const Review *v, const Now *now);
/* Somebody is about to try a rescue code. -EDQUOT: he may not, see store_rescue_try(). */
int ledger_rescue_try(
        Ledger *l, const Fact *who, uid_t asker, const RescueLimit *limit, const Now *now);
/* New codes; without add the old ones are void. */
int ledger_rescue_codes(Ledger *l, const char *const *hashes, size_t n, const char *key, bool add,
        const char *by, const Now *now);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The order of the stages, and nothing clever: what follows what when somebody asks, decides, or time
 * passes. Stages do not call each other; only the flow knows all of them: flow_ask.c, flow_decide.c,
 * flow_end.c and flow_deliver.c are its chapters, flow_start.c its beginning. Durable before told: each
 * step is one transaction of the ledger, and only after its commit does anyone hear of it.
 */

#include "jit-approver/daemon/config.h"
#include "jit-approver/daemon/courier.h"
#include "jit-approver/daemon/judge.h"
#include "jit-approver/daemon/ledger.h"
#include "jit-approver/daemon/link.h"
#include "jit-approver/daemon/make.h"
#include "jit-approver/daemon/server.h"
#include "jit-approver/daemon/session.h"
#include "jit-approver/daemon/timer.h"
#include "jit-approver/daemon/waiters.h"
#include "jit-approver/domain/allowance.h"
#include "jit-approver/domain/denial.h"

#define PENDING_MAX 2                   /* open requests of one asker */
#define WAITS_MAX 4                     /* blocking waits of one asker */
#define RETURN_TIME (15 * USEC_PER_SEC) /* for modules to come back after a restart */
#define TELL_DELAY (10 * USEC_PER_MSEC) /* until the journal has notes of the record */
#define RECORD_DELAY USEC_PER_SEC       /* until they are committed */
#define REACH_TIME (3 * USEC_PER_SEC)   /* to tell one approver, before the asker hears otherwise */
#define RETRY_TIME (5 * USEC_PER_SEC)   /* after the store failed */

/* Everything there is, each owned here. */
typedef struct Daemon {
        sd_event *event;
        Server *server;
        Ledger ledger;
        People *people;
        Config *config;
        Bus *bus;
        Timer *timer;
        Sessions *sessions;
        Active active;
        Waiters waiters;
        Courier courier;
        LinkKey link_key;
        Denials denials;
        Id begun;         /* a grant whose unit flow_decided() has yet to make, or unset */
        Allowances heard; /* of those who ask without a module */
        char *host;
        usec_t started;      /* boot clock */
        usec_t return_until; /* boot clock: until then requests without a waiter are left alone */
        usec_t tell_at; /* boot clock: when the journal is due to hear notes; USEC_NEVER: of none */
        usec_t record_at;       /* boot clock: when they are due to be committed; likewise */
        usec_t reach_at;        /* boot clock: the earliest of any waiter's */
        usec_t retry_at;        /* boot clock: when to try again what the store refused */
        NextDue requests;       /* no open request's deadline is earlier; at first: now, to look */
        bool stopping;          /* what hangs up now was hung up on */
        struct Turn *reloading; /* the Reload call that waits for the rules, or NULL */
        Now (*now)(void);       /* clock_now, but for tests */
} Daemon;

/* Why a people's method was refused: an error of the protocol. */
typedef struct Failure {
        const char *error; /* its name; NULL: there is none */
        const char *code;
        char *text; /* owned */
        const char *state;
} Failure;

void failure_done(Failure *f);
void fail(Failure *f, const char *error, const char *code, const char *format, ...) _printf_(4, 5);

/* Is access open? */
void flow_check(Daemon *d, const Subject *s, Outcome *ret);
/* The record of what nobody is to be kept waiting for. */
void flow_record(Daemon *d, const Fact *f);
/* Likewise of an outcome, after it was told. */
void flow_note(Daemon *d, const Subject *s, const Outcome *o);
/*
 * Whether what such a peer asked is recorded by itself. What he asks without a module opens nothing, and
 * takes no more than a message: he must neither fill the record nor crowd others out of it.
 */
bool flow_hears(Daemon *d, uid_t peer);
/* At the end: how much of that was left out. */
void flow_record_left_out(Daemon *d, bool all);

/*
 * Opens or joins a request. With call, VERDICT_PENDING means that the call was parked as *ret_waiter,
 * to be told more; without it, or with another verdict, *ret is the last word.
 */
void flow_request(Daemon *d, const Subject *s, const Wish *wish, Call *call, const Echo *echo,
        Outcome *ret, Waiter **ret_waiter);
/* Comes back to a request (counts), or looks on. Likewise. */
void flow_wait(Daemon *d, const Subject *s, const Request *r, Call *call, const Echo *echo,
        bool counts, Outcome *ret, Waiter **ret_waiter);
/* The caller of a parked call will not wait any longer, but the request stays open. */
void flow_detach(Daemon *d, Call *parked);

/*
 * *r becomes what the vote makes of it. Whoever waits has been told then; everything nobody waits for,
 * the grant's unit and the journal, is left to flow_decided(), once the caller has his answer.
 */
void flow_decide(Daemon *d, const Caller *c, Request *r, const Ballot *b, Failure *ret);
void flow_decided(Daemon *d);
/* Whether the caller may decide it now; says why not. */
bool flow_may_decide(Daemon *d, const Caller *c, const Request *r, Failure *ret);
void flow_cancel(Daemon *d, const Caller *c, Request *r, Failure *ret);

/*
 * g: asker, target, service and reason filled in; the window and the rest are made here. On success *g
 * has been moved away and *ret_id names it.
 */
void flow_make_grant(
        Daemon *d, const Caller *c, Grant *g, usec_t duration, Id *ret_id, Failure *ret);
/* to: ended (given back), revoked, expired (its timer fired). c NULL: nobody in particular. */
void flow_end_grant(Daemon *d, const Caller *c, const Id *grant, GrantState to, Failure *ret);

/* Hands to the gateway what is owed and due, as far as there is room. */
void flow_deliver(Daemon *d);
/* How a delivery went: problem NULL: it arrived; else it is owed again, not before retry_after. */
int flow_settle(Daemon *d, int64_t id, const char *problem, usec_t retry_after);
/* The gateway will send on these channels for as long as its call is parked; parks it. -ENOMEM. */
int flow_subscribe(Daemon *d, Call *call, const Strings *channels);
/* The rules' channels may be others now. */
void flow_channels_loaded(Daemon *d);
/* Tells those who are due that nobody could be reached so far. */
void flow_reach(Daemon *d);

/* Whatever is due by now; arms the clocks for what comes next. */
void flow_due(Daemon *d);
/* Arms the clocks for the earliest of all deadlines. */
void flow_arm(Daemon *d);
/* When a step is done, and who waited for it has been told: messages go out, the clocks are armed. */
void flow_rest(Daemon *d);
/* At start: what the store says, put right and in force. */
int flow_recover(Daemon *d);
void flow_rules_loaded(Daemon *d, bool ok);
void flow_bus_up(Daemon *d);

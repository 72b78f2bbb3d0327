/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The order of the stages, and nothing clever: what follows what when somebody asks, decides, or time
 * passes. Stages do not call each other; only the flow knows all of them, and the head of each flow_*.c
 * says which of its chapters it is. Durable before told: each step is one transaction of the ledger, and
 * only after its commit does anyone hear of it.
 */

#include "jit-approver/daemon/backup.h"
#include "jit-approver/daemon/config.h"
#include "jit-approver/daemon/courier.h"
#include "jit-approver/daemon/hosts.h"
#include "jit-approver/daemon/judge.h"
#include "jit-approver/daemon/ledger.h"
#include "jit-approver/daemon/link.h"
#include "jit-approver/daemon/make.h"
#include "jit-approver/daemon/prune.h"
#include "jit-approver/daemon/rescue.h"
#include "jit-approver/daemon/server.h"
#include "jit-approver/daemon/session.h"
#include "jit-approver/daemon/terminal.h"
#include "jit-approver/daemon/timer.h"
#include "jit-approver/daemon/waiters.h"
#include "jit-approver/domain/allowance.h"
#include "jit-approver/domain/denial.h"
#include "jit-approver/domain/throttle.h"

#define PENDING_MAX 2                   /* open requests of one asker */
#define WAITS_MAX 4                     /* blocking waits of one asker */
#define RETURN_TIME (15 * USEC_PER_SEC) /* for modules to come back after a restart */
#define TELL_DELAY (10 * USEC_PER_MSEC) /* until the journal has notes of the record */
#define RECORD_DELAY USEC_PER_SEC       /* until they are committed */
#define REACH_TIME (3 * USEC_PER_SEC)   /* to tell one approver, before the asker hears otherwise */
#define RETRY_TIME (5 * USEC_PER_SEC)   /* after the store failed */

/* Who was reminded of late; the oldest is forgotten first. */
#define NUDGE_PAUSE (5 * USEC_PER_MIN)
typedef struct Nudges {
        struct {
                Id request;
                usec_t boot;
        } items[64];
        size_t next;
} Nudges;

struct Voters;

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
        Terminals *terminals;
        Hosts *hosts; /* of sessions that end their grant */
        Active active;
        Waiters waiters;
        Courier courier;
        LinkKey link_key;
        RescueKey rescue_key;
        Denials denials;
        Id begun;           /* a grant whose unit flow_decided() has yet to make, or unset */
        Allowances heard;   /* of what is asked without a module */
        Allowances refused; /* of what a module was refused for somebody */
        char *host;
        usec_t started;      /* boot clock */
        usec_t return_until; /* boot clock: until then requests without a waiter are left alone */
        usec_t tell_at; /* boot clock: when the journal is due to hear notes; USEC_NEVER: of none */
        usec_t record_at; /* boot clock: when they are due to be committed; likewise */
        usec_t reach_at;  /* boot clock: the earliest of any waiter's */
        usec_t retry_at;  /* boot clock: when to try again what the store refused */
        usec_t rights_at; /* boot clock: when to look whether approvers still have their rights */
        usec_t warn_at;   /* wall clock: nobody is to be warned earlier */
        struct Voters *voters; /* of the grants, while they are looked up */
        Nudges nudges;
        Prune prune;            /* see prune.h */
        usec_t escalate_at;     /* wall clock: no open request is to be escalated earlier */
        Backup backup;          /* see backup.h */
        usec_t idle_at;         /* boot clock: when one of these two is due */
        NextDue requests;       /* no open request's deadline is earlier; at first: now, to look */
        bool stopping;          /* what hangs up now was hung up on */
        struct Turn *reloading; /* the Reload call that waits for the rules, or NULL */
        Now (*now)(void);       /* clock_now, but for tests */
} Daemon;

/* Why what somebody wanted done was not: an error of the protocol. All zero: it was. */
typedef struct Failure {
        const char *error; /* its name; NULL: there is none */
        const char *code;
        char *text; /* owned */
        const char *state;
} Failure;

void failure_done(Failure *f);
void fail(Failure *f, const char *error, const char *code, const char *format, ...) _printf_(4, 5);

/* Whatever is refused here goes into a Failure, which begins as zeros and which the caller releases. */

/* Is access open? */
void flow_check(Daemon *d, const Subject *s, Outcome *ret);
/* The record of what nobody is to be kept waiting for. */
void flow_record(Daemon *d, const Fact *f);
/* How a question came. */
typedef enum Door {
        DOOR_PEER, /* its asker's own call, which opens nothing and takes no more than a message */
        DOOR_MODULE, /* a host program says who asks */
} Door;
/* The record of an outcome, after it was told. */
void flow_note(Daemon *d, Door door, const Subject *s, const Outcome *o);

/*
 * Whether a question of this asker's (UID_UNSET: nobody knows whose) is recorded by itself: he must neither
 * fill the record nor crowd others out of it. What a module lets in always is.
 */
bool flow_hears(Daemon *d, Door door, uid_t asker, bool refused);
/* How much of that was left out, of whom it is due by now; all: of everybody, at the end. */
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
/*
 * Whoever has voted is asked after anew before a vote more is counted with his: what is known of him may be as
 * old as his vote, and his right gone (hazard H-68).
 */
typedef struct Voters Voters;
int voters_new(Daemon *d, Voters **ret);
Voters *voters_free(Voters *v);
/* Those of a request. Whether there is anybody. */
bool voters_add(Voters *v, const Id *request);
/* done, once, perhaps before this returns; it may free v. */
void voters_look_up(Voters *v, LookupDone done, void *userdata);
/* Whether the caller may decide it now; says why not. */
bool flow_may_decide(Daemon *d, const Caller *c, const Request *r, Failure *ret);
/* Whether it waits for his word, if he may: it is his turn, and he has not said yes. True where that is not known. */
bool flow_waits_for(Daemon *d, const Caller *c, const Request *r);
/* Whether it is his turn, if he may; TURNS_UNKNOWN also where the record cannot be read. */
Turns flow_turn(Daemon *d, const Caller *c, const Request *r, bool approve);
/* Reminds those who may decide now and have not. */
void flow_nudge(Daemon *d, const Request *r, Failure *ret);
void flow_cancel(Daemon *d, const Caller *c, Request *r, Failure *ret);

/*
 * g: asker, target, service and reason filled in; the window and the rest are made here. On success *g
 * has been moved away and *ret_id names it.
 */
void flow_make_grant(
        Daemon *d, const Caller *c, Grant *g, usec_t duration, Id *ret_id, Failure *ret);
/*
 * A grant is to last so much longer. *ret is the request that asks for it, which the caller frees; its id
 * is unset where nobody needs to be asked, and it is done.
 */
void flow_extend(Daemon *d, const Caller *c, const Id *grant, usec_t by, const char *reason,
        Request *ret, Failure *f);
/* to: ended (given back), revoked, expired (its timer fired). c NULL: nobody in particular. */
void flow_end_grant(Daemon *d, const Caller *c, const Id *grant, GrantState to, Failure *ret);

/* Its timer fired; where it was made to last longer since, the timer is set anew. */
void flow_expire(Daemon *d, const Id *grant, Failure *ret);
/*
 * Opens what a rule of break-glass covers, at once, for a reason and the word; the alarm goes out with
 * it. *ret says what was asked for where either is missing.
 */
void flow_break_glass(
        Daemon *d, const Subject *s, const Rule *rule, const Wish *wish, Outcome *ret);
/* Opens a rule that takes rescue codes, at once, for a code that is right. */
void flow_rescue(Daemon *d, const Subject *s, const char *code, const char *reason, Outcome *ret);
/*
 * New codes for an administrator, each RESCUE_CODE_SIZE, which the caller erases; those there were are
 * void unless add.
 */
void flow_rescue_codes(Daemon *d, const Caller *c, size_t n, bool add,
        char (*ret_codes)[RESCUE_CODE_SIZE], Failure *ret);
/* Signs the review of what was opened without approval. */
void flow_review(Daemon *d, const Caller *c, const Request *r, const char *note, Failure *ret);
/* Whether he may sign it, by the rules that are in force. STANDING_NONE for what has no review. */
Standing flow_reviewer_standing(const Daemon *d, const Voter *v, const Request *r);

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

/* The grants of those who have lost their right to approve them, or whose rule is gone, are revoked. */
void flow_rights(Daemon *d);
/* Tells those whose time is nearly up. */
void flow_warn(Daemon *d);
/* Asks others as well, where a stage has waited long enough. */
void flow_escalate(Daemon *d);

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

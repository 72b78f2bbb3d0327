/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the chapters of the flow share; nobody else includes this. */

#include "jit-approver/daemon/flow.h"

/* flow_ask.c */
/* By the rules as they are now; *ret_rule as of judge(). */
void judge_now(Daemon *d, const Subject *s, const Now *now, Outcome *ret, const Rule **ret_rule);
/* Whether it is asked at the door, so that a yes lets somebody in. */
bool enters(const Subject *s);
/* Somebody goes in by this grant; false: *o says why not. */
bool flow_enter(Daemon *d, ActiveGrant *g, Outcome *o);
/* The record cannot be written. */
void refuse_store(Daemon *d, Outcome *o);
/* Whether a reason (NULL: none) is no longer than it may be; *o refuses one that is. */
bool is_reason_short(const char *reason, Outcome *o);
/* Whether the rule takes it. If not the verdict stays VERDICT_ASK, for another, and says what it has to be like. */
bool does_reason_match(const Rule *rule, const char *reason, Outcome *o);
/* Whether access can be bound to the asker's login, where the rule wants that; else *o refuses. */
bool can_bind(const Rule *rule, const Subject *s, Outcome *o);
/* A request was opened: its deadline and its first escalation are to be looked for in time. */
void expect_request(Daemon *d, const Rule *rule, const Request *r);
/* A request without anybody waiting for it, unless it stands by itself, is withdrawn. */
void flow_abandon(Daemon *d, const Id *id);
void tell_withdrawn(Daemon *d, const Request *r);

/* flow_throttle.c */
/* Whether he has asked too much of late, or was denied; says until when he has to wait. */
bool is_throttled(Daemon *d, const Rule *rule, uid_t asker, Outcome *o);

/* flow_turn.c */
/* Whether the caller may decide now, in his stage; says why not. votes: those before his. */
bool is_his_turn(Daemon *d, const Request *r, const Rule *rule, const Caller *c, const Ballot *b,
        const Vote *votes, size_t n, Failure *f);
/* Whether he typed the code that is on the asker's screen, where one is wanted; too many misses close it. */
bool has_code(Daemon *d, Request *r, const Ballot *b, const char *person, Failure *f);

/* flow_voters.c */
const Approver *find_approver(const Rules *rules, const char *name);

/* flow_chain.c */
/* What these votes amount to now. -ENOMEM. */
int chain_tally(
        Daemon *d, const Rule *rule, const Request *r, const Vote *votes, size_t n, Tally *ret);
/* There is a grant whose approvers may lose their rights. */
void expect_rights(Daemon *d);
/* The next escalation is to be looked for in time. */
void chain_expect(Daemon *d, const Tally *t);

/* flow_prune.c */
/* One step of what keeps the record from growing, if one is due. */
void flow_prune(Daemon *d);

/* flow_decide.c */
/* The record cannot be written. */
void fail_store(Daemon *d, Failure *f);
/* The rule by which it was asked, if that is in force; says when it is not. */
const Rule *rule_in_force(const Rules *rules, const Request *r, Failure *f);
/* What was to be changed is in a state already that nothing changes. */
void fail_over(const char *what, const Id *id, const char *state, Failure *f);
/* Whom the record names: what root does behind a login is that person's. */
const char *caller_name(const Caller *c);
/* What is in force ends when this says. */
void extend_active(Daemon *d, const Grant *longer);

/* flow_warn.c */
/* Those in its sessions are told that it is over, where they can be. */
void tell_end(Daemon *d, const ActiveGrant *g, GrantState to, const char *by);
/* When somebody is to be warned next, now that grants are others or end at other times. */
void expect_warning(Daemon *d);

/* flow_extend.c */
/* The grant is over: nobody needs to decide about its length any more. */
void withdraw_extensions(Daemon *d, const Id *grant);

/* flow_end.c */
/* The rules take it away; why: for the record. Negative when that could not be recorded: it is still there. */
int revoke_grant(Daemon *d, ActiveGrant *g, const char *why);
/* What the store refused is tried again in RETRY_TIME. */
void retry_later(Daemon *d);

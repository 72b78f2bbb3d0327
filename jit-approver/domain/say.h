/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the waiting user is told, in one voice: who was asked, how it stands, how it ended. Pure text;
 * foreign words in it are made safe here and again by whoever shows them.
 */

#include "jit-approver/domain/decision.h"
#include "jit-approver/domain/grant.h"

/* Each returns a new string, one line, or NULL when memory is out. */

/* "oncall (bob, carol)", "bob", "@sre": who is on a list, without the asker's own person. */
char *say_approvers(const NameList *list, const Request *r);

/* Of all stages: "oncall (bob, carol), then security (sue); after 2 min also leads (dan)". */
char *say_chain(const Rule *rule, const Request *r);
/*
 * "Asked oncall (bob, carol). Request K7QF-2M9D. Waiting up to 5 min; Ctrl-C withdraws." joined: with the
 * time that was asked for first, which stands.
 */
char *say_asked(
        const char *approvers, const Request *r, usec_t wait, bool interruptible, bool joined);
/* "1 of 2: approved by bob.", "Stage 1 of 2: approved by bob. Now asked: security (sue)." with his note. */
char *say_vote(const Vote *v, const Rule *rule, const Request *r, const Tally *t);
/* "Nobody decided so far; asked as well: leads (dan)." Of the escalations from the one at before on. */
char *say_escalated(const Rule *rule, const Request *r, size_t before);
/* "Approved by carol until 15:04 (30 min): "go ahead"" */
char *say_approved(const Vote *v, const Grant *g, const Now *now);
/* "Extended by carol until 15:34: "go ahead"" */
char *say_extended(const Vote *v, const Grant *g, const Now *now);
/* "bob typed a wrong code 3 times, and cannot approve this any more." */
char *say_missed(const char *person);
/* "Denied by bob: "not tonight"" */
char *say_denied(const Vote *v);
/* "Nobody could be told yet (ops-hook: HTTP 500); it is tried again. …" why NULL: the rule leaves nobody to tell. */
char *say_unreached(const Rule *rule, const Id *request, const char *why);
/* "Your sudo access as root ends at 15:04, in 5 min. For more time: jitctl extend K7QF --for 30m" rule: of g; NULL: none. */
char *say_ending(const Rule *rule, const Grant *g, const Now *now);
/* "Your sudo access as root is over: revoked by bob. …" */
char *say_over(const Grant *g, GrantState how, const char *by);
char *say_timed_out(const Request *r);
char *say_withdrawn(const Request *r);
/* "Not decided yet. Request K7QF-2M9D stays open until 14:35; run the command again once …" */
char *say_detached(const Request *r, const Now *now);
/* "Asked oncall (bob). Request K7QF-2M9D stays open until 14:35; …": for callers who cannot wait. */
char *say_left_open(const char *approvers, const Request *r, const Now *now);

/* The refusals of a question; rule may be NULL. */
char *say_refused(const Rule *rule, const Request *question);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is owed to people: written in the transaction that makes it owed, taken out when it arrived or
 * became pointless. courier.h hands it to the gateway.
 */

#include "jit-approver/daemon/store.h"
#include "jit-approver/domain/approver.h"

/* The events that ask somebody to decide. */
#define OUTBOX_CREATED "request.created"
#define OUTBOX_ESCALATED "request.escalated"
#define OUTBOX_NUDGED "request.nudged"

/*
 * One message by each channel of the request's rule: for each approver it has been put to who has a section
 * and is not the asker, or, by a shared channel, one for all. Nothing when rules is NULL or the rule is gone.
 */
int outbox_owe(Store *s, const Rules *rules, const Request *r, const char *event, const Now *now);
/*
 * The same to those only whom it was not put to before; a shared channel is told of an escalation, but not
 * that others of its readers are asked now.
 */
int outbox_ask(Store *s, const Rules *rules, const Request *r, Reach before, const char *event,
        const Now *now);
/* To those who may decide in the stage that is open, and have not: once more. */
int outbox_nudge(Store *s, const Rules *rules, const Request *r, const Now *now);
/* To its asker alone, where he is an approver himself and so has a channel of his own. */
int outbox_tell_asker(
        Store *s, const Rules *rules, const Request *r, const char *event, const Now *now);
/*
 * The same of what was opened without approval, or signed: to all approvers of the rule, however far down
 * its chain, and its reviewers.
 */
int outbox_alarm(Store *s, const Rules *rules, const Request *r, const char *event, const Now *now);
/* The request is over: whoever was not asked yet need not be, and nobody asks who was. */
int outbox_withdraw(Store *s, const Id *request);

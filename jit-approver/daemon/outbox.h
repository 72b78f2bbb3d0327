/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is owed to people: written in the transaction that makes it owed, taken out when it arrived or
 * became pointless. courier.h hands it to the gateway.
 */

#include "jit-approver/daemon/store.h"

#define OUTBOX_CREATED "request.created"

/*
 * One message by each channel of the request's rule: for each approver who has a section and is not
 * the asker, or, by a shared channel, one for all. Nothing when rules is NULL or the rule is gone.
 */
int outbox_owe(Store *s, const Rules *rules, const Request *r, const char *event, const Now *now);
/* The request is over: whoever was not asked yet need not be, and nobody asks who was. */
int outbox_withdraw(Store *s, const Id *request);

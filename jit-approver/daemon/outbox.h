/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is owed to people: written in the transaction that makes it owed, taken out when it was
 * delivered or became pointless. The gateway that delivers is another process and comes by its own
 * socket; until it does, messages wait here and are counted in the status.
 */

#include "jit-approver/daemon/store.h"

/* One message for each approver of the rule who has an address and is not the asker. */
int outbox_owe_created(
        Store *s, const Request *r, const Approver *const *approvers, size_t n, const Now *now);
/* The request is over: what was not delivered yet asks for nothing any more. */
int outbox_settle(Store *s, const Id *request);

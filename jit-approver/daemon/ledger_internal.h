/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the transactions share; nobody but ledger*.c includes this. */

#include "jit-approver/daemon/ledger.h"

/* The facts of one thing, for the record; they borrow from it. */
Fact fact_of_request(const Request *r, AuditEvent event);
Fact fact_of_grant(const Grant *g, AuditEvent event);

int ledger_begin(Ledger *l, Transaction *t);
/* r < 0: a step failed and the transaction will roll back; else it is committed, and the journal is told. */
int ledger_commit(Ledger *l, Transaction *t, int r);
/* Whoever is told of the event is owed the message from now on. */
int ledger_owe(Ledger *l, const Rules *rules, const Request *r, AuditEvent event, const Now *now);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What becomes of a question: the rules are asked, then the open grants. Reads memory only, so that a
 * check is quick and goes on when the store cannot be read.
 */

#include "jit-approver/daemon/active.h"
#include "jit-approver/daemon/audit.h"
#include "jit-approver/daemon/identity.h"

/* All zero is a refusal. */
typedef struct Outcome {
        const char *verdict; /* VERDICT_…; NULL is VERDICT_DENY */
        const char *code;    /* of a refusal */
        char *line;          /* owned; for the user */
        Id request, grant, session;
        char digest[DIGEST_HEX_SIZE];
        ReasonMode reason_mode; /* with VERDICT_ASK */
        char *confirm;          /* owned; with VERDICT_ASK: what to ask the person last, or NULL */
        usec_t wait, deadline;
        bool noted; /* it goes into the record once it was told, as event */
        AuditEvent event;
        char *rule; /* owned; for the record */
} Outcome;

void outcome_done(Outcome *o);
/* Takes the line. */
void outcome_refuse(Outcome *o, const char *code, char *line);

/*
 * rules NULL: not loaded. *ret_rule is set with VERDICT_ASK only, to the rule that asks or wants to be confirmed; else
 * untouched. Root's own jobs and root at the console pass (hazards H-107, H-110).
 */
void judge(const Rules *rules, const Active *active, const Subject *s, const Now *now,
        const char *boot_id, Outcome *ret, const Rule **ret_rule);

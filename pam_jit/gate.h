/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The dialogue with the approver, from the first question to the outcome. The gate opens on the
 * approver's explicit word and on nothing else.
 */

#include "pam_jit/converse.h"
#include "pam_jit/dialogue.h"
#include "pam_jit/who.h"

/* Far apart in their bits: no single fault makes one of another, and none of nothing. */
typedef enum Outcome {
        OUTCOME_REFUSED = 0,
        OUTCOME_GRANTED = 0x2d6b4c39, /* a grant is active */
        OUTCOME_PASSED = 0x53a8e2d4,  /* a rule says there is nothing to ask */
        OUTCOME_EXEMPT = 0x71c51b0e,  /* passes by what it is, answer or not */
} Outcome;

typedef struct Gate {
        pam_handle_t *pamh;
        const Options *options;
        const Who *who;
        Converse talk;
        Dialogue dialogue;
} Gate;

void gate_init(Gate *g, pam_handle_t *pamh, const Options *options, const Who *who, bool silent);
void gate_done(Gate *g);

/* auth and account. */
void gate_access(Gate *g, Outcome *ret);
/* session. */
void gate_open(Gate *g, Outcome *ret);
void gate_close(Gate *g);
/* Best effort, at once: tells the approver who passed without it. */
void gate_report(Gate *g, const char *why);

/* No answer that counts: says and logs so, by what went wrong. */
void gate_trouble(Gate *g, int r);
/* One line in the log: what happened to whom. */
void gate_log(const Gate *g, int priority, const char *what, const char *detail);
void gate_debug(const Gate *g, const char *what, const char *detail);

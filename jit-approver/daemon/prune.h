/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Keeping the record from growing for ever: once a day at most, what is older than [store] keep, or the
 * oldest of what is more than max-size, goes behind a signed checkpoint. That is one row, written first;
 * from then on the record begins behind it for everybody, and the bytes are taken out little by little,
 * a few milliseconds at a time, after a crash as well.
 */

#include "jit-approver/daemon/ledger.h"

typedef enum PruneStage {
        PRUNE_REST = 0, /* nothing to do, or not yet known */
        PRUNE_SCAN,     /* looking how far it may go */
        PRUNE_ROWS,     /* taking out rows of the record */
        PRUNE_OBJECTS,  /* sessions, grants, requests that belonged to them only */
        PRUNE_SPACE,    /* giving pages back to the file system */
} PruneStage;

/* Zeros to begin with. */
typedef struct Prune {
        PruneStage stage;
        bool resumed;          /* what a start may have left over was looked at */
        usec_t due_at;         /* boot clock: when there is more to do; 0: at once */
        Checkpoint checkpoint; /* found so far, or being carried out */
        int64_t most;          /* PRUNE_SCAN: the last row that may go */
        usec_t before;         /* … and only rows older than that */
        bool future;           /* … or of a time that is yet to come */
        PrunableKind kind;
        int64_t row;
} Prune;

/* Does one step and says when the next is due. rules NULL: rests. */
void prune_step(Prune *p, Ledger *l, const Rules *rules, const Now *now);

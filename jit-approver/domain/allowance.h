/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How much of the record somebody may fill by asking: a bucket of tokens for each uid. What finds it
 * empty is counted, and the count told when there is a token again. Pure, and of one size whoever comes
 * (a user may have 65,536 uids of his own): who finds no bucket of his own shares one with all others.
 */

#include <sys/types.h>

#include "common/clock.h"

#define ALLOWANCE_BURST 20
#define ALLOWANCE_EVERY USEC_PER_MIN /* one token more */
#define ALLOWANCES_MAX 64

typedef struct Allowance {
        uid_t uid;   /* UID_UNSET: the shared one */
        usec_t full; /* boot clock: when there are all tokens again */
        int64_t left_out;
        usec_t first, last; /* wall clock: of what was left out */
} Allowance;

typedef struct Allowances {
        Allowance own[ALLOWANCES_MAX];
        Allowance shared;
        size_t n;
} Allowances;

/* Takes a token; false: there is none, which has been counted. */
bool allowance_take(Allowances *a, uid_t uid, const Now *now);
/*
 * Somebody of whom something was left out, if there is a token to say so (which is taken) or regardless;
 * forgets what was left out. false: nobody.
 */
bool allowance_owes(Allowances *a, const Now *now, bool regardless, Allowance *ret);
/* When somebody owes next, by the boot clock; USEC_NEVER. */
usec_t allowance_next(const Allowances *a);

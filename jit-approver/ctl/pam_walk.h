/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whether a stack can let somebody in, as libpam's dispatcher would run it, for every answer that its
 * modules may give. Pure.
 */

#include "jit-approver/ctl/pam_lines.h"

#define PAM_OURS "pam_jit.so"

/* What our lines answer throughout. */
typedef enum PamSay {
        PAM_SAY_NO, /* in every way in which the module can fail or refuse */
        PAM_SAY_YES,
        PAM_SAY_NOTHING, /* PAM_IGNORE: allowed, and the stack goes on */
} PamSay;

/* How one line takes somebody past ours. */
typedef struct PamGap {
        size_t at;    /* the entry */
        int code;     /* what it answers then */
        bool forgets; /* it resets our no; else it keeps ours from being run */
} PamGap;

#define PAM_GAPS_MAX 16

typedef struct PamWalk {
        bool unknown; /* too many ways to follow all of them: nothing is known */
        bool opens;   /* there is a way to success (or to a new password, and then success) */
        PamGap gaps
                [PAM_GAPS_MAX]; /* of ways that open, one for each entry, in the entries' order */
        size_t n_gaps;
} PamWalk;

bool pam_is_ours(const PamEntry *e);
/* Never fails: what cannot be followed is unknown. */
void pam_walk(const PamStack *s, PamSay say, PamWalk *ret);
/* Whether the entry can jump over more lines than there are, which Linux-PAM takes for a failure. */
bool pam_jumps_too_far(const PamStack *s, size_t at);

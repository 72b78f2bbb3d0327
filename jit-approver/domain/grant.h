/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a yes opens and until when. Pure. Every check compares the clocks itself: a grant that is
 * due covers nothing, whatever its stored state still says (hazard H-78).
 */

#include "jit-approver/domain/policy.h"
#include "jit-approver/domain/request.h"

typedef enum GrantState {
        GRANT_ACTIVE = 0,
        GRANT_EXPIRED,
        GRANT_REVOKED,
        GRANT_ENDED,
        GRANT_LOST,
        _GRANT_STATE_MAX,
        _GRANT_STATE_INVALID = -1,
} GrantState;

typedef struct Grant {
        Id id;
        Id request; /* unset for `jitctl grant` */
        GrantState state;
        Who asker;
        char *service;
        Who target; /* unset: target unknown */
        char *target_group;
        char *rule; /* NULL for `jitctl grant`: covers whatever rule asks */
        char *reason;
        OnExpiry on_expiry;
        usec_t from, until; /* wall */
        usec_t until_boot;  /* CLOCK_BOOTTIME deadline in boot_id */
        char boot_id[40];
        Who by; /* who made it: set for `jitctl grant` */
        RequestKind kind;
        GrantScope scope;
        char command_digest[DIGEST_HEX_SIZE]; /* what it covers but for SCOPE_SERVICE */
        int64_t login_session; /* the only one it may be used from, or SESSION_NONE */
        bool end_when_done, survive_reboot;
        usec_t spent; /* SCOPE_ONCE: when (wall) it was used; 0: not yet */
} Grant;

void grant_done(Grant *g);

/*
 * The window (from, until, until_boot) of a grant of duration that starts now; boot_id is the
 * caller's to fill in. -ERANGE when the clock is not credible, or for no or too long a duration.
 */
int grant_window(const Now *now, usec_t duration, Grant *g);

/*
 * Moves its end by so much. -ERANGE when that is nothing, or more than most (from now on) would be left
 * of it; then nothing has changed.
 */
int grant_extend(Grant *g, usec_t by, usec_t most, const Now *now);

/*
 * How much longer the rule would let it last, if asked now: all that is left of it afterwards (and, with
 * extend = auto, its whole length) is at most max-duration. 0: nothing, or the rule does not extend.
 */
usec_t grant_room(const Grant *g, const Rule *rule, const Now *now);

/*
 * Whether it was made in this boot; a boot_id that could not be read ("" or NULL) proves nothing.
 */
bool grant_is_of_boot(const Grant *g, const char *boot_id);

/* Whether the grant is over by any clock, or by the boot having changed. */
bool grant_is_due(const Grant *g, const Now *now, const char *boot_id);

/* How long after its one use the session of a SCOPE_ONCE may open. */
#define ONCE_OPEN_TIME USEC_PER_MIN

/*
 * Whether an active, not due grant answers this question under this rule. Only rules that ask, and
 * those of break-glass, are answered by grants; none (NULL) never is.
 */
bool grant_covers(const Grant *g, const Question *q, const char *target_group, const Rule *rule,
        const Now *now, const char *boot_id);

/* -EALREADY unless active. */
int grant_move(GrantState *state, GrantState to);

const char *grant_state_to_string(GrantState s); /* active expired revoked ended lost */
GrantState grant_state_from_string(const char *s);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a yes opens and until when.
 *
 * MUST: compare both clocks and the boot at every question, whatever the stored state says; cover
 * nothing when in doubt (a rule that no longer asks, a target one side does not know).
 */

#include <errno.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/domain/grant.h"

/* 2026-01-01 UTC: a clock before the release of this program is one that was never set. */
#define CREDIBLE_SINCE ((usec_t) 1767225600 * USEC_PER_SEC)

static const char *const state_names[_GRANT_STATE_MAX] = {
        [GRANT_ACTIVE] = "active",
        [GRANT_EXPIRED] = "expired",
        [GRANT_REVOKED] = "revoked",
        [GRANT_ENDED] = "ended",
        [GRANT_LOST] = "lost",
};

void grant_done(Grant *g)
{
        free(g->asker.name);
        free(g->service);
        free(g->target.name);
        free(g->target_group);
        free(g->rule);
        free(g->reason);
        free(g->by.name);
        /* Zero would be root and active. */
        *g = (Grant){
                .state = _GRANT_STATE_INVALID,
                .asker.uid = UID_UNSET,
                .target.uid = UID_UNSET,
                .by.uid = UID_UNSET,
                .login_session = SESSION_NONE,
        };
}

int grant_window(const Now *now, usec_t duration, Grant *g)
{
        usec_t until, until_boot;

        if (now->wall < CREDIBLE_SINCE || now->boot < 0 || duration <= 0 || duration > SPAN_MAX) {
                return -ERANGE;
        }
        if (__builtin_add_overflow(now->wall, duration, &until) ||
                __builtin_add_overflow(now->boot, duration, &until_boot) || until == USEC_NEVER ||
                until_boot == USEC_NEVER) {
                return -ERANGE;
        }
        g->from = now->wall;
        g->until = until;
        g->until_boot = until_boot;
        return 0;
}

int grant_extend(Grant *g, usec_t by, usec_t most, const Now *now)
{
        usec_t until, until_boot;

        if (by <= 0 || by > SPAN_MAX || __builtin_add_overflow(g->until, by, &until) ||
                __builtin_add_overflow(g->until_boot, by, &until_boot) || until == USEC_NEVER ||
                until_boot == USEC_NEVER) {
                return -ERANGE;
        }
        if (until > usec_add(now->wall, most) || until_boot > usec_add(now->boot, most)) {
                return -ERANGE;
        }
        g->until = until;
        g->until_boot = until_boot;
        return 0;
}

usec_t grant_room(const Grant *g, const Rule *rule, const Now *now)
{
        /* Both ends move alike, so this is its length by either clock, however they were set since. */
        usec_t length = rule->extend == EXTEND_AUTO ? g->until - g->from : 0;
        usec_t left = MAX(g->until - now->wall, g->until_boot - now->boot);
        usec_t most = MAX(length, left);

        if (rule->action != ACTION_ASK || rule->extend == EXTEND_NO || g->kind != REQUEST_ACCESS) {
                return 0;
        }
        return most < rule->max_duration ? rule->max_duration - MAX(most, (usec_t) 0) : 0;
}

bool grant_is_of_boot(const Grant *g, const char *boot_id)
{
        return str_empty(boot_id) || streq(g->boot_id, boot_id);
}

bool grant_is_due(const Grant *g, const Now *now, const char *boot_id)
{
        if (grant_is_of_boot(g, boot_id)) {
                return now->wall >= g->until || now->boot >= g->until_boot;
        }
        /* Only the wall clock goes on; one that is earlier than the grant was lost. */
        return !g->survive_reboot || now->wall >= g->until || now->wall < g->from;
}

static bool covers_target(const Grant *g, const Question *q, const char *target_group)
{
        if (q->target_known ? g->target.uid == UID_UNSET || g->target.uid != q->target.uid
                            : g->target.uid != UID_UNSET) {
                return false;
        }
        if (!g->target_group || !target_group) {
                return g->target_group == target_group;
        }
        return streq(g->target_group, target_group);
}

/* From there, with these very words, and not once too often. */
static bool covers_use(const Grant *g, const Question *q, const Now *now)
{
        if (g->login_session != SESSION_NONE && g->login_session != q->login_session) {
                return false;
        }
        if (g->scope == SCOPE_SERVICE) {
                return true;
        }
        if (!g->command_digest[0] || !streq(g->command_digest, q->command_digest)) {
                return false;
        }
        if (g->scope == SCOPE_COMMAND) {
                return true;
        }
        if (!q->opening) {
                return g->spent == 0;
        }
        return g->spent != 0 && now->wall >= g->spent && now->wall - g->spent < ONCE_OPEN_TIME;
}

static bool is_answered_by_grants(const Rule *rule)
{
        return rule->action == ACTION_ASK || rule->action == ACTION_BREAK_GLASS;
}

bool grant_covers(const Grant *g, const Question *q, const char *target_group, const Rule *rule,
        const Now *now, const char *boot_id)
{
        if (g->state != GRANT_ACTIVE || grant_is_due(g, now, boot_id)) {
                return false;
        }
        if (!rule || !is_answered_by_grants(rule) || (g->rule && !streq(g->rule, rule->name))) {
                return false;
        }
        if (g->asker.uid == UID_UNSET || g->asker.uid != q->asker.uid) {
                return false;
        }
        if (!g->service || !q->service || !streq(g->service, q->service)) {
                return false;
        }
        return covers_target(g, q, target_group) && covers_use(g, q, now);
}

int grant_move(GrantState *state, GrantState to)
{
        if (*state != GRANT_ACTIVE || to <= GRANT_ACTIVE || to >= _GRANT_STATE_MAX) {
                return -EALREADY;
        }
        *state = to;
        return 0;
}

const char *grant_state_to_string(GrantState s)
{
        return s >= 0 && s < _GRANT_STATE_MAX ? state_names[s] : NULL;
}

GrantState grant_state_from_string(const char *s)
{
        for (size_t i = 0; s && i < ELEMENTSOF(state_names); i++) {
                if (streq(s, state_names[i])) {
                        return (GrantState) i;
                }
        }
        return _GRANT_STATE_INVALID;
}

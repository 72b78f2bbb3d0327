/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How often somebody may ask. A clock that was set back makes nobody wait longer than the longest pause. */

#include "jit-approver/domain/throttle.h"

#include "common/util.h"

/* How far back anything counts: the pauses from one second to the longest come to less. */
static usec_t window(const Rule *rule)
{
        return MAX(rule->rate.count > 0 ? rule->rate.per : 0, 4 * COOL_DOWN_MAX);
}

static bool is_within(const Throttle *t, const Request *r, usec_t span)
{
        return r->created <= t->wall && t->wall - r->created < span;
}

static void count_denial(Throttle *t, const Request *r)
{
        if (t->approved) {
                return;
        }
        if (r->state == REQUEST_APPROVED) {
                t->approved = true;
        } else if (r->state == REQUEST_DENIED) {
                if (t->denials == 0) {
                        t->denied = r->id;
                        t->denied_created = r->created;
                }
                t->denials++;
        }
}

bool throttle_add(Throttle *t, const Request *r)
{
        const Rate *rate = &t->rule->rate;
        bool his = r->asker.uid == t->asker;

        if (!is_within(t, r, window(t->rule))) {
                return r->created > t->wall; /* one from the future says nothing */
        }
        if (!streq(str_or(r->rule, ""), t->rule->name) || r->kind == REQUEST_RESCUE) {
                return true;
        }
        if (rate->count > 0 && is_within(t, r, rate->per)) {
                t->all++;
                t->first = r->created;
                t->his += his;
                t->his_first = his ? r->created : t->his_first;
        }
        if (his) {
                count_denial(t, r);
        }
        return true;
}

/* The rule's pause, doubled for each denial but the first. */
static usec_t pause_after(usec_t first, unsigned denials)
{
        usec_t pause = MIN(first, (usec_t) COOL_DOWN_MAX);

        for (unsigned i = 1; i < denials && pause > 0 && pause < COOL_DOWN_MAX; i++) {
                pause *= 2;
        }
        return MIN(pause, (usec_t) COOL_DOWN_MAX);
}

Throttled throttle_judge(const Throttle *t, usec_t denied_at, usec_t *ret_until)
{
        const Rate *rate = &t->rule->rate;
        usec_t pause = t->denials > 0 ? pause_after(t->rule->cool_down, t->denials) : 0;

        denied_at = denied_at != 0 ? denied_at : t->denied_created;
        if (denied_at <= t->wall && t->wall - denied_at < pause) {
                *ret_until = usec_add(denied_at, pause);
                return THROTTLED_COOL;
        }
        if (rate->count > 0 && t->his >= rate->count) {
                *ret_until = usec_add(t->his_first, rate->per);
                return THROTTLED_RATE;
        }
        if (rate->count > 0 && t->all / RATE_OVER_ALL >= rate->count) {
                *ret_until = usec_add(t->first, rate->per);
                return THROTTLED_ALL;
        }
        return THROTTLED_NOT;
}

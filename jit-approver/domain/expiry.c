/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is due, and when to look again. */

#include "jit-approver/domain/expiry.h"

GrantState expiry_verdict(const Grant *g, const Now *now, const char *boot_id)
{
        if (g->state != GRANT_ACTIVE) {
                return g->state;
        }
        if (!grant_is_due(g, now, boot_id)) {
                return GRANT_ACTIVE;
        }
        /* A grant whose time was up before anybody looked was not lost to the reboot. */
        if (now->wall < g->until && !grant_is_of_boot(g, boot_id)) {
                return GRANT_LOST;
        }
        return GRANT_EXPIRED;
}

void expiry_add(NextDue *next, usec_t wall, usec_t boot)
{
        next->wall = MIN(next->wall, wall);
        if (boot != 0) { /* as in deadline_passed(): says nothing */
                next->boot = MIN(next->boot, boot);
        }
}

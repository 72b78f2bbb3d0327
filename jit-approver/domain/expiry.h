/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is due, and when to look again. Pure; the same code at start-up as at every wake-up.
 */

#include "jit-approver/domain/grant.h"

/* The state a due grant ends in: expired by a clock, lost by a reboot. GRANT_ACTIVE if not due. */
GrantState expiry_verdict(const Grant *g, const Now *now, const char *boot_id);

/* The earliest instants among what is still open; USEC_NEVER when nothing is. */
typedef struct NextDue {
        usec_t wall, boot;
} NextDue;

#define NEXT_DUE_NONE ((NextDue){ USEC_NEVER, USEC_NEVER })
void expiry_add(NextDue *next, usec_t wall, usec_t boot);

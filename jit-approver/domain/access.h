/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who may do what to which request or grant: the method x role matrix of the manual page, in one pure
 * function. Hidden is not forbidden: to a stranger a foreign id looks like none (exit 3, not 5).
 */

#include "jit-approver/domain/decision.h"

/* What the caller is to the daemon and to the object; bits. */
typedef enum Role {
        ROLE_ASKER = 1 << 0,    /* the object is his own */
        ROLE_APPROVER = 1 << 1, /* may decide it, or has */
        ROLE_AUDITOR = 1 << 2,
        ROLE_ADMIN = 1 << 3,
        ROLE_MODULE = 1 << 4,   /* uid 0: a PAM host, or the expiry unit */
        ROLE_REVIEWER = 1 << 5, /* may sign its review, or has */
} Role;

typedef enum Act {
        ACT_SEE,
        ACT_DECIDE,
        ACT_CANCEL,     /* withdraw a pending request */
        ACT_NUDGE,      /* remind those who have not decided */
        ACT_END,        /* give a grant back */
        ACT_EXTEND,     /* ask for more time */
        ACT_REVOKE,     /* take a grant away */
        ACT_GRANT,      /* make a grant without a request */
        ACT_ADMINISTER, /* reload */
        ACT_AUDIT,      /* the whole log */
        ACT_REVIEW,     /* sign what was opened without approval */
        _ACT_MAX,
} Act;

typedef enum Access {
        ACCESS_HIDDEN = 0, /* answer as for an id that does not exist */
        ACCESS_FORBIDDEN,
        ACCESS_YES,
} Access;

Access access_judge(Act act, unsigned roles);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which programs call pam_acct_mgmt(3) and heed it: an account line gates nobody else. */

typedef enum CallerKind {
        CALLER_UNKNOWN = 0,
        CALLER_NEVER,     /* its account lines are never run, or what they say is not heeded */
        CALLER_SOMETIMES, /* it depends on how it was built or is set up */
        CALLER_ALWAYS,
} CallerKind;

typedef struct Caller {
        const char *service; /* fnmatch(3) */
        CallerKind kind;
        const char *why; /* for people, behind "…: "; NULL for CALLER_ALWAYS */
} Caller;

/* Never NULL: a service that is in no table is CALLER_UNKNOWN. */
const Caller *caller_find(const char *service);

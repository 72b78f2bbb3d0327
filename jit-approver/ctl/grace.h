/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What sshd lets us wait, by its own word (sshd -T): a file may be overridden by another (H-105). Pure. */

#include "common/macro.h"

typedef struct Grace {
        bool known;        /* the text said how long a login may take */
        int64_t seconds;   /* 0: for ever */
        bool use_pam;      /* else no line of ours is run */
        bool keyboard;     /* keyboard-interactive: what can show and ask */
        char argument[24]; /* for pam_jit.so: "wait=75s", "nowait" */
} Grace;

/* text: what sshd -T printed. */
void grace_read(const char *text, Grace *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The alarm clock of a trial: jit-pam-rollback.timer, told when by a drop-in below /run. After a boot it
 * goes off by itself, and jitctl rollback arms it anew if the trial is not over.
 */

#include "common/clock.h"

/* left: from now. until: on the wall. 0 when systemd has it running; what failed was told. */
int arm_set(usec_t left, usec_t until);
/* Until when, on the wall; anybody may know. -ENOENT: it is not set. -EBADMSG, -errno. */
int arm_until(usec_t *ret);
/* Best effort: going off without a trial does nothing. */
void arm_clear(void);

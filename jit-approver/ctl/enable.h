/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the verbs of a trial share. */

#include "jit-approver/ctl/trial.h"

/* EXIT_DONE for root; else it was told. */
int root_needed(void);
/* trial_lock() of the installed folder; a negative errno was told. */
int trial_lock_told(void);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Has jit-residue@ID.service run: when a grant begins it keeps what the named places hold, and when it is over
 * it tells what is not as it was. Nothing waits for it, and nothing fails with it.
 */

#include "jit-approver/daemon/flow.h"

/* A grant has begun, or is over: the unit asks which. */
void residue_take(Daemon *d, const Id *grant);
/* For those that ended lately while nobody could be asked to look: the bus is back. */
void residue_catch_up(Daemon *d);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asking people, and staying until they have answered or the time is over. */

#include "pam_jit/gate.h"

/* The first word comes within this, or nothing is there. */
#define ANSWER_TIMEOUT (5 * USEC_PER_SEC)

/*
 * Sends the Request on the gate's open connection. reason may be NULL; cap is the most to block, 0
 * leaves the request behind at once. What was shown and logged is this function's; -errno only where
 * there was no answer to show.
 */
int wait_request(Gate *g, const char *reason, usec_t cap, Outcome *ret);

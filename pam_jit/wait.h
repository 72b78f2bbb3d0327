/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asking people, and staying until they have answered or the time is over. */

#include "pam_jit/gate.h"
#include "pam_jit/question.h"

/* The first word comes within this, or nothing is there. */
#define ANSWER_TIMEOUT (5 * USEC_PER_SEC)

/*
 * Sends the Request on the gate's open connection, with the words; cap is the most to block, 0 leaves the
 * request behind at once. 0: what was shown and logged is this function's. 1: nothing was asked, the
 * approver wants to be told more; *ret_again is its ask-for-it, released by answer_done(), shown to
 * nobody yet. -errno only where there was no answer to show.
 */
int wait_request(Gate *g, const Words *words, usec_t cap, Answer *ret_again, Outcome *ret);

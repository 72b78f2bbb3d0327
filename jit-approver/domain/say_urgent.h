/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is said of the ways in that nobody approves: who is alarmed, what is asked to confirm it, what was
 * opened. Pure text, in the voice of say.h.
 */

#include "jit-approver/domain/grant.h"

/* What whoever wants it has to type, and nothing else. */
#define BREAK_GLASS_WORD "BREAK"

/* Each returns a new string, one line, or NULL when memory is out. */

/* "Type BREAK to open root now; bob and carol will be alarmed: " q: asker, login, service, target. */
char *say_break_glass(const Rule *rule, const Request *q);
/* "Opened until 15:04 (15 min) without approval; bob and carol are alarmed. It will be reviewed." */
char *say_broken(const Rule *rule, const Request *r, const Grant *g, const Now *now);
/* "Opened until 15:04 (30 min) by a rescue code; bob and carol are alarmed. Codes left: 7." */
char *say_rescued(const Rule *rule, const Request *r, const Grant *g, int64_t left, const Now *now);

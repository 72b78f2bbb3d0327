/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Commands without the secrets that were typed into them, for what leaves the host (hazard H-54). A
 * guess by names and shapes that rather hides too much; what approver.conf(5) tells of it is all it
 * knows. A secret that looks like an ordinary word stays.
 */

#include "jit-approver/domain/rules.h"

#define MASKED "MASKED"

/*
 * A copy of n words, ended by NULL, in which what looks like a secret is MASKED; what stands around
 * it stays ("--password=MASKED"). own: what more is a secret, or NULL; a word, a piece of a command
 * within one, or what stands behind its first "=" is, if all of it matches and it has at most
 * MATCHER_TEXT_MAX bytes. Caller frees with strv_free(). -ENOMEM.
 */
int mask_words(const char *const *words, size_t n, const ExpressionList *own, char ***ret);

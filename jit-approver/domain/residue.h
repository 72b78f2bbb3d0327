/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What jit-residue says that a grant left on the host, judged before it is kept. Pure. */

#include "jit-approver/domain/rules.h"

#define RESIDUE_LINES_MAX 400
#define RESIDUE_CUT_MAX 600

/*
 * Each line is taken apart and made anew, safe, and without the secrets that a command may hold (own: as of mask_words()). *ret:
 * all of them, each with its end. *ret_summary: how many of what kind, and the first of each, for the
 * record. Caller frees both. -EBADMSG: that is no such line; -E2BIG: too many; -ENOMEM.
 */
int residue_accept(const char *const *lines, size_t n, int64_t found, const ExpressionList *own,
        char **ret, char **ret_summary);

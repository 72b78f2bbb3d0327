/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which rules never come to their turn. */

#include "jit-approver/domain/rules.h"

/*
 * Whether every question that later matches is one that earlier matches too, by what they say; of names
 * whatever stands behind them. False where that cannot be told.
 */
bool rule_covers(const Rule *earlier, const Rule *later);

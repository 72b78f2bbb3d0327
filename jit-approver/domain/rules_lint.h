/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is no mistake in rules and yet hardly meant: for jitctl check, which warns of it. */

#include "jit-approver/domain/rules_crowd.h"

/* Adds a warning for each, with its place and what to do. The names have had their answers. */
void rules_lint(const Rules *rules, const Memberships *m, Problems *warnings);

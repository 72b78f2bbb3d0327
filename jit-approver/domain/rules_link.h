/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of groups, approvers and channels: bound to their sections, which must exist and not go round. */

#include "jit-approver/domain/rules.h"

/*
 * Binds the names in every group, and the approvers and channels of [defaults] and of every rule.
 * What is undefined, goes round, or nests deeper than GROUP_DEPTH_MAX is told. -ENOMEM.
 */
int rules_link(Rules *r, Problems *problems);

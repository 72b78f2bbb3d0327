/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which ways to root are left on a host when nobody approves anything. Pure. */

#include "jit-approver/ctl/host.h"
#include "jit-approver/ctl/rules_seen.h"

#define WAYS_MAX 8

typedef struct Ways {
        const char *items[WAYS_MAX]; /* for people, each part of a sentence */
        size_t n;
} Ways;

/* What could not be looked at is no way. */
void ways_find(const Host *h, const RulesSeen *rules, Ways *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The roads to root that go round the gate, and what can lock everybody out. Pure: a host's files in,
 * findings out (lockout.c has the latter). Neither is ever called sound where something could not be
 * looked at.
 */

#include "jit-approver/ctl/finding.h"
#include "jit-approver/ctl/host_facts.h"
#include "jit-approver/ctl/rules_seen.h"

void roads_judge(const Host *h, const RulesSeen *rules, Findings *ret);
void lockout_judge(const Host *h, const RulesSeen *rules, Findings *ret);

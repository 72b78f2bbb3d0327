/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who decides after whom, among the values of a rule file; outcomes as of value_parse() and value_copy(). */

#include "jit-approver/domain/rules_value.h"

/* "bob, oncall then security" */
int value_parse_stages(const ValueText *v, StageList *field);
/* "after 2m to leads, after 5m to cto" */
int value_parse_escalations(const ValueText *v, EscalationList *field);

int value_copy_stages(const StageList *from, StageList *to);
int value_copy_escalations(const EscalationList *from, EscalationList *to);

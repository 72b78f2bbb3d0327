/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values of a rule file that are one of a few words; outcomes as of value_parse(). */

#include "jit-approver/domain/rules_value.h"

/* Whether that kind of value is one. */
bool value_is_word(ValueKind kind);
int value_parse_word(ValueKind kind, const ValueText *v, void *field);
void value_copy_word(ValueKind kind, const void *from, void *to);

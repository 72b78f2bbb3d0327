/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lists among the values of a rule file; outcomes as of value_parse() and value_copy(). */

#include "jit-approver/domain/rules_value.h"

int value_parse_services(const ValueText *v, char ***field);
int value_parse_patterns(const ValueText *v, PatternList *field);
int value_parse_names(ValueKind kind, const ValueText *v, NameList *field);
int value_parse_channels(const ValueText *v, ChannelList *field);

int value_copy_services(char *const *from, char ***to);
int value_copy_patterns(const PatternList *from, PatternList *to);
int value_copy_names(const NameList *from, NameList *to);
int value_copy_channels(const ChannelList *from, ChannelList *to);

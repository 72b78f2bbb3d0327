/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The address of the web page among the values of a rule file. */

#include "jit-approver/domain/rules_value.h"

#define RULES_URL_MAX 200 /* bytes, so that a link with its token fits a line of any message */

/*
 * https://HOST[:PORT][/PATH], or http:// to this machine itself; stored without a slash at its end,
 * its host in lower case as browsers name it. Outcomes as of value_parse().
 */
int value_parse_url(const ValueText *v, char **field);

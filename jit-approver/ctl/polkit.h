/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where polkit makes somebody root without a question. Pure. */

#include "common/macro.h"

/*
 * The text of a *.policy file: the next action that makes root of its caller and that anybody, or
 * anybody at the machine, may do without a question. *at: where to go on, at first the text. NULL: none.
 */
const char *polkit_open_action(const char **at);
/* The text of a *.rules or *.pkla file: such an action that it may allow; NULL: none that is seen. */
const char *polkit_rule_opens(const char *text);

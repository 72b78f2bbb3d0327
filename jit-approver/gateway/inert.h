/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What people chose, on its way to programs that will show it to people: reasons, commands and names may
 * hold what turns a line round, hides it or rings a bell (hazards H-55, H-56), and not every chat or
 * terminal behind a receiver knows better.
 */

#include "common/json.h"

/* Copies a parsed value; each text in it, but no name of a member, as text_clean() makes it. */
void inert_put(JsonWriter *w, const char *name, const JsonNode *n);

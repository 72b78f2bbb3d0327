/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Members of a parsed object, by name: what is missing, null or of another type is absent. object may
 * be NULL.
 */

#include "common/json.h"

const char *node_text(const JsonNode *object, const char *name);
int64_t node_integer(const JsonNode *object, const char *name, int64_t otherwise);
bool node_boolean(const JsonNode *object, const char *name);
/* Its first element; NULL for an empty array too. */
const JsonNode *node_first(const JsonNode *object, const char *name);
const JsonNode *node_array(const JsonNode *object, const char *name);
const JsonNode *node_object(const JsonNode *object, const char *name);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Members by name and type. */

#include "common/node.h"

static const JsonNode *node_get(const JsonNode *object, const char *name, JsonType type)
{
        const JsonNode *n =
                object && json_type(object) == JSON_OBJECT ? json_get(object, name) : NULL;

        return n && json_type(n) == type ? n : NULL;
}

const char *node_text(const JsonNode *object, const char *name)
{
        const JsonNode *n = node_get(object, name, JSON_STRING);

        return n ? json_string(n) : NULL;
}

int64_t node_integer(const JsonNode *object, const char *name, int64_t otherwise)
{
        const JsonNode *n = node_get(object, name, JSON_INTEGER);

        return n ? json_integer(n) : otherwise;
}

bool node_boolean(const JsonNode *object, const char *name)
{
        const JsonNode *n = node_get(object, name, JSON_BOOLEAN);

        return n && json_boolean(n);
}

const JsonNode *node_array(const JsonNode *object, const char *name)
{
        return node_get(object, name, JSON_ARRAY);
}

const JsonNode *node_first(const JsonNode *object, const char *name)
{
        const JsonNode *n = node_array(object, name);

        return n ? json_first(n) : NULL;
}

const JsonNode *node_object(const JsonNode *object, const char *name)
{
        return node_get(object, name, JSON_OBJECT);
}

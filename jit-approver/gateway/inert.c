/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Objects of the approver's for others to read. The parser has seen to it that they are not deep. */

#include "jit-approver/gateway/inert.h"

#include <errno.h>

#include "common/text.h"
#include "common/util.h"

static void put_text(JsonWriter *w, const char *name, const char *text)
{
        _cleanup_(freep) char *clean = text_clean_dup(text, JSON_SIZE_MAX);

        if (clean) {
                json_put_string(w, name, clean);
        } else if (w->error == 0) {
                w->error = -ENOMEM;
        }
}

void inert_put(JsonWriter *w, const char *name, const JsonNode *n)
{
        JsonType type = json_type(n);

        if (type == JSON_STRING) {
                put_text(w, name, json_string(n));
        } else if (type == JSON_OBJECT) {
                json_open_object(w, name);
                for (const JsonNode *m = json_first(n); m; m = json_next(m)) {
                        inert_put(w, json_name(m), m);
                }
                json_close_object(w);
        } else if (type == JSON_ARRAY) {
                json_open_array(w, name);
                for (const JsonNode *m = json_first(n); m; m = json_next(m)) {
                        inert_put(w, NULL, m);
                }
                json_close_array(w);
        } else {
                json_put_node(w, name, n);
        }
}

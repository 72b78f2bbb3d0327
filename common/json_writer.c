/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Writes compact JSON. Trusts its caller to nest rightly and to name each member once; trusts no
 * string it is given. MUST: no string can end early or leave its quotes; what is too long or not
 * UTF-8 is an error and never a cut message.
 */

#include <errno.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/text.h"
#include "common/util.h"

#define ALLOCATE_MIN ((size_t) 512)

static void append(JsonWriter *w, const char *bytes, size_t n)
{
        if (w->error < 0) {
                return;
        }
        if (n > JSON_SIZE_MAX - w->size) {
                w->error = -EMSGSIZE;
                return;
        }
        if (w->size + n + 1 > w->allocated) {
                size_t want = MAX(2 * w->allocated, ALLOCATE_MIN);
                char *bigger;

                want = MAX(want, w->size + n + 1);
                bigger = erase_realloc(w->text, w->allocated, want);

                if (!bigger) {
                        w->error = -ENOMEM;
                        return;
                }
                w->text = bigger;
                w->allocated = want;
        }
        memcpy(w->text + w->size, bytes, n);
        w->size += n;
}

static void append_escape(JsonWriter *w, char c)
{
        static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
        const char *found = memchr(plain, c, sizeof(plain) - 1);

        if (found) {
                append(w, (char[]){ '\\', letters[found - plain] }, 2);
        } else {
                append(w,
                        (char[]){ '\\', 'u', '0', '0', (char) ('0' + (c >> 4)),
                                "0123456789abcdef"[c & 15] },
                        6);
        }
}

static bool needs_escape(char c)
{
        return (uint8_t) c < 0x20 || c == '"' || c == '\\';
}

/* How much of it is ASCII and stands for itself: mostly all, and then nothing is left to check. */
static size_t plain_length(const char *s)
{
        size_t n = 0;

        while ((uint8_t) s[n] < 0x80 && !needs_escape(s[n])) {
                n++;
        }
        return n;
}

static void append_string(JsonWriter *w, const char *s)
{
        size_t plain = plain_length(s);

        if (s[plain] && w->error == 0 && !utf8_valid(s + plain, strlen(s + plain))) {
                w->error = -EILSEQ;
                return;
        }
        append(w, "\"", 1);
        for (;;) {
                size_t n = plain;

                for (plain = 0; !needs_escape(s[n]);) {
                        n++;
                }
                append(w, s, n);
                if (s[n] == '\0') {
                        break;
                }
                append_escape(w, s[n]);
                s += n + 1;
        }
        append(w, "\"", 1);
}

/* What comes before a value: the comma after its elder and its own name. */
static void begin(JsonWriter *w, const char *name)
{
        if (w->comma) {
                append(w, ",", 1);
        }
        if (name) {
                append_string(w, name);
                append(w, ":", 1);
        }
        w->comma = true;
}

void json_open_object(JsonWriter *w, const char *name)
{
        begin(w, name);
        append(w, "{", 1);
        w->comma = false;
}

void json_close_object(JsonWriter *w)
{
        append(w, "}", 1);
        w->comma = true;
}

void json_open_array(JsonWriter *w, const char *name)
{
        begin(w, name);
        append(w, "[", 1);
        w->comma = false;
}

void json_close_array(JsonWriter *w)
{
        append(w, "]", 1);
        w->comma = true;
}

void json_put_raw(JsonWriter *w, const char *name, const char *json)
{
        begin(w, name);
        append(w, json, strlen(json));
}

void json_put_null(JsonWriter *w, const char *name)
{
        json_put_raw(w, name, "null");
}

void json_put_boolean(JsonWriter *w, const char *name, bool value)
{
        json_put_raw(w, name, value ? "true" : "false");
}

void json_put_integer(JsonWriter *w, const char *name, int64_t value)
{
        char digits[sizeof("-9223372036854775808")], *at = digits + sizeof(digits);
        uint64_t rest = value < 0 ? 0 - (uint64_t) value : (uint64_t) value;

        do {
                *--at = (char) ('0' + rest % 10);
                rest /= 10;
        } while (rest > 0);
        if (value < 0) {
                *--at = '-';
        }
        begin(w, name);
        append(w, at, (size_t) (digits + sizeof(digits) - at));
}

void json_put_string(JsonWriter *w, const char *name, const char *value)
{
        if (!value) {
                json_put_null(w, name);
                return;
        }
        begin(w, name);
        append_string(w, value);
}

static void put_children(JsonWriter *w, const JsonNode *container)
{
        for (const JsonNode *n = json_first(container); n; n = json_next(n)) {
                json_put_node(w, json_name(n), n);
        }
}

/* Recurses no deeper than JSON_DEPTH_MAX: the node was parsed. */
void json_put_node(JsonWriter *w, const char *name, const JsonNode *n)
{
        switch (json_type(n)) {
        case JSON_NULL:
                json_put_null(w, name);
                break;
        case JSON_BOOLEAN:
                json_put_boolean(w, name, json_boolean(n));
                break;
        case JSON_INTEGER:
                json_put_integer(w, name, json_integer(n));
                break;
        case JSON_STRING:
                json_put_string(w, name, json_string(n));
                break;
        case JSON_ARRAY:
                json_open_array(w, name);
                put_children(w, n);
                json_close_array(w);
                break;
        case JSON_OBJECT:
                json_open_object(w, name);
                put_children(w, n);
                json_close_object(w);
                break;
        }
}

int json_writer_finish(JsonWriter *w, char **ret, size_t *ret_size)
{
        int r = w->error;

        if (r == 0 && !w->text) {
                r = -EINVAL;
        }
        if (r == 0) {
                w->text[w->size] = '\0';
                *ret = TAKE_PTR(w->text);
                if (ret_size) {
                        *ret_size = w->size;
                }
        }
        json_writer_done(w);
        return r;
}

void json_writer_done(JsonWriter *w)
{
        erase_free_bytes(w->text, w->allocated);
        *w = (JsonWriter){};
}

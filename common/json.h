/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The strict JSON of the local protocol (RFC 8259, narrowed): one value and nothing after it, depth
 * JSON_DEPTH_MAX, JSON_SIZE_MAX bytes, JSON_NODES_MAX values, unique member names, integers within
 * int64 (no fraction, no exponent), well-formed UTF-8, no NUL in strings (nor \u0000), no lone
 * surrogate. Libc only, two allocations a message: it is linked into other people's processes.
 */

#include "common/macro.h"

#define JSON_DEPTH_MAX 8
#define JSON_SIZE_MAX (64 * 1024)
#define JSON_NODES_MAX 4096

typedef enum JsonType {
        JSON_NULL,
        JSON_BOOLEAN,
        JSON_INTEGER,
        JSON_STRING,
        JSON_ARRAY,
        JSON_OBJECT,
} JsonType;

typedef struct Json Json;         /* one parsed message; owns its nodes and their text */
typedef struct JsonNode JsonNode; /* borrowed from its Json */

/* -EBADMSG not the JSON above, -EMSGSIZE over a limit, -ENOMEM. */
int json_parse(const char *text, size_t size, Json **ret);
Json *json_free(Json *j);
DEFINE_FREE(Json, json_free)

const JsonNode *json_root(const Json *j);
JsonType json_type(const JsonNode *n);
/* Children of an array or object in order; NULL at the end and for other types. */
const JsonNode *json_first(const JsonNode *container);
const JsonNode *json_next(const JsonNode *n);
/* The member's name; NULL outside an object. */
const char *json_name(const JsonNode *n);
const JsonNode *json_get(const JsonNode *object, const char *name);
/* Of the right type only (asserted). */
const char *json_string(const JsonNode *n);
int64_t json_integer(const JsonNode *n);
bool json_boolean(const JsonNode *n);

/*
 * Writer: appends compact JSON to a growing buffer. name is NULL inside arrays and for the root. The
 * first error sticks and is what json_writer_finish returns: -ENOMEM, -EMSGSIZE past JSON_SIZE_MAX,
 * -EILSEQ for a string that is not UTF-8. A NULL string is written as null.
 */
typedef struct JsonWriter {
        char *text;
        size_t size, allocated;
        int error;
        bool comma;
} JsonWriter;

void json_open_object(JsonWriter *w, const char *name);
void json_close_object(JsonWriter *w);
void json_open_array(JsonWriter *w, const char *name);
void json_close_array(JsonWriter *w);
void json_put_null(JsonWriter *w, const char *name);
void json_put_boolean(JsonWriter *w, const char *name, bool value);
void json_put_integer(JsonWriter *w, const char *name, int64_t value);
void json_put_string(JsonWriter *w, const char *name, const char *value);
/* Copies a parsed value. */
void json_put_node(JsonWriter *w, const char *name, const JsonNode *n);
/* Text that already is JSON; trusted. */
void json_put_raw(JsonWriter *w, const char *name, const char *json);
/* Hands the NUL-ended text over; the writer is empty again either way. */
int json_writer_finish(JsonWriter *w, char **ret, size_t *ret_size);
void json_writer_done(JsonWriter *w);

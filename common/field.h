/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One table describes a struct of the protocol; reading and writing both follow it, so that they
 * cannot drift apart. Reading is strict: an unknown member, a wrong type or a missing required
 * member is an error. Strings read are borrowed from the parsed message.
 */

#include "common/json.h"
#include "common/util.h"

typedef struct Strings {
        const char **items; /* the array is owned, the strings are borrowed */
        size_t n;
} Strings;

typedef enum FieldType {
        FIELD_STRING,  /* const char *; null or missing is NULL */
        FIELD_INTEGER, /* int64_t; missing is 0, negative is refused */
        FIELD_UID,     /* uid_t; null or missing is UID_UNSET, which is not written */
        FIELD_BOOLEAN, /* bool; missing is false */
        FIELD_STRINGS, /* Strings */
        FIELD_OBJECT,  /* the struct of sub, in place */
        FIELD_OBJECTS, /* Objects, each the struct of sub; written only */
} FieldType;

/*
 * Names stand in the tables themselves: a pointer to each would be one more place for the dynamic
 * linker to write to whenever the module is loaded.
 */
#define FIELD_NAME_MAX 24

typedef struct Field Field;
struct Field {
        char name[FIELD_NAME_MAX]; /* empty: the end of a table */
        FieldType type;
        size_t offset;
        bool required;
        const Field *sub;
        size_t sub_size;
};

typedef struct Objects {
        const void *items; /* borrowed */
        size_t n;
} Objects;

/* The offset; a name that does not fit its array does not compile. */
#define FIELD_AT(struct_, member_)                                                                 \
        (offsetof(struct_, member_) + 0 * sizeof(char[sizeof(#member_) <= FIELD_NAME_MAX ? 1 : -1]))
#define FIELD(type_, struct_, member_)                                                             \
        {                                                                                          \
                .name = #member_, .type = FIELD_##type_, .offset = FIELD_AT(struct_, member_)      \
        }
#define FIELD_REQUIRED(type_, struct_, member_)                                                    \
        {                                                                                          \
                .name = #member_, .type = FIELD_##type_, .offset = FIELD_AT(struct_, member_),     \
                .required = true                                                                   \
        }
#define FIELD_OF(type_, struct_, member_, sub_, item_)                                             \
        {                                                                                          \
                .name = #member_, .type = FIELD_##type_, .offset = FIELD_AT(struct_, member_),     \
                .sub = sub_, .sub_size = sizeof(item_)                                             \
        }
#define FIELD_END                                                                                  \
        {                                                                                          \
                .name = ""                                                                         \
        }

/*
 * object may be NULL (no parameters). On -EBADMSG *ret_bad names the offending member (borrowed from
 * the table or the message). ret must be released with fields_done() after success.
 */
int fields_read(const Field *fields, const JsonNode *object, void *ret, const char **ret_bad);
void fields_done(const Field *fields, void *value);

/* Writes the members of an object that is already open; NULL strings and unset uids are left out. */
void fields_write(const Field *fields, const void *value, JsonWriter *w);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Structs of the protocol from and to JSON, by table. Trusts the tables, nothing of the message.
 */

#include "common/field.h"

#include <errno.h>
#include <stdlib.h>

/* Both sides write members in the order of the table: the search goes on where the last one ended. */
static const Field *field_find(const Field *fields, const Field *from, const char *name)
{
        for (const Field *f = from; f->name[0]; f++) {
                if (streq(f->name, name)) {
                        return f;
                }
        }
        for (const Field *f = fields; f != from; f++) {
                if (streq(f->name, name)) {
                        return f;
                }
        }
        return NULL;
}

static void field_reset(const Field *f, void *value)
{
        char *at = (char *) value + f->offset;

        switch (f->type) {
        case FIELD_STRING:
                *(const char **) at = NULL;
                break;
        case FIELD_INTEGER:
                *(int64_t *) at = 0;
                break;
        case FIELD_UID:
                *(uid_t *) at = UID_UNSET;
                break;
        case FIELD_BOOLEAN:
                *(bool *) at = false;
                break;
        case FIELD_STRINGS:
                *(Strings *) at = (Strings){ 0 };
                break;
        case FIELD_OBJECT:
                for (const Field *sub = f->sub; sub->name[0]; sub++) {
                        field_reset(sub, at);
                }
                break;
        case FIELD_OBJECTS:
                *(Objects *) at = (Objects){ 0 };
                break;
        }
}

static int read_strings(const JsonNode *n, Strings *ret)
{
        if (json_type(n) != JSON_ARRAY) {
                return -EBADMSG;
        }

        size_t count = 0;
        for (const JsonNode *i = json_first(n); i; i = json_next(i)) {
                if (json_type(i) != JSON_STRING) {
                        return -EBADMSG;
                }
                count++;
        }
        if (count == 0) {
                return 0;
        }

        const char **items = calloc(count + 1, sizeof(*items));
        if (!items) {
                return -ENOMEM;
        }
        *ret = (Strings){ items, 0 };
        for (const JsonNode *i = json_first(n); i; i = json_next(i)) {
                items[ret->n++] = json_string(i);
        }
        return 0;
}

static int read_uid(const JsonNode *n, uid_t *ret)
{
        if (json_type(n) != JSON_INTEGER || json_integer(n) < 0 || json_integer(n) >= UID_UNSET) {
                return -EBADMSG;
        }
        *ret = (uid_t) json_integer(n);
        return 0;
}

static int field_read(const Field *f, const JsonNode *n, void *value, const char **ret_bad)
{
        char *at = (char *) value + f->offset;

        if (json_type(n) == JSON_NULL && !f->required) {
                return 0;
        }
        switch (f->type) {
        case FIELD_STRING:
                if (json_type(n) != JSON_STRING) {
                        return -EBADMSG;
                }
                *(const char **) at = json_string(n);
                return 0;
        case FIELD_INTEGER:
                if (json_type(n) != JSON_INTEGER || json_integer(n) < 0) {
                        return -EBADMSG;
                }
                *(int64_t *) at = json_integer(n);
                return 0;
        case FIELD_UID:
                return read_uid(n, (uid_t *) at);
        case FIELD_BOOLEAN:
                if (json_type(n) != JSON_BOOLEAN) {
                        return -EBADMSG;
                }
                *(bool *) at = json_boolean(n);
                return 0;
        case FIELD_STRINGS:
                return read_strings(n, (Strings *) at);
        case FIELD_OBJECT:
                if (json_type(n) != JSON_OBJECT) {
                        return -EBADMSG;
                }
                return fields_read(f->sub, n, at, ret_bad);
        case FIELD_OBJECTS:
                break;
        }
        return -EBADMSG;
}

static int read_members(
        const Field *fields, const JsonNode *object, void *value, const char **ret_bad)
{
        const Field *next = fields;

        for (const JsonNode *n = object ? json_first(object) : NULL; n; n = json_next(n)) {
                const Field *f = field_find(fields, next, json_name(n));
                int r = f ? field_read(f, n, value, ret_bad) : -EBADMSG;
                if (r < 0) {
                        *ret_bad = *ret_bad ? *ret_bad : json_name(n);
                        return r;
                }
                next = f + 1;
        }
        for (const Field *f = fields; f->name[0]; f++) {
                if (f->required && (!object || !json_get(object, f->name))) {
                        *ret_bad = f->name;
                        return -EBADMSG;
                }
        }
        return 0;
}

int fields_read(const Field *fields, const JsonNode *object, void *ret, const char **ret_bad)
{
        const char *bad = NULL;

        for (const Field *f = fields; f->name[0]; f++) {
                field_reset(f, ret);
        }
        int r = read_members(fields, object, ret, &bad);
        if (r < 0) {
                fields_done(fields, ret);
                if (ret_bad) {
                        *ret_bad = bad;
                }
        }
        return r;
}

void fields_done(const Field *fields, void *value)
{
        for (const Field *f = fields; f->name[0]; f++) {
                char *at = (char *) value + f->offset;

                if (f->type == FIELD_STRINGS) {
                        free(((Strings *) at)->items);
                        *(Strings *) at = (Strings){ 0 };
                } else if (f->type == FIELD_OBJECT) {
                        fields_done(f->sub, at);
                }
        }
}

static void write_strings(const char *name, const Strings *s, JsonWriter *w)
{
        json_open_array(w, name);
        for (size_t i = 0; i < s->n; i++) {
                json_put_string(w, NULL, s->items[i]);
        }
        json_close_array(w);
}

static void write_objects(const Field *f, const Objects *o, JsonWriter *w)
{
        json_open_array(w, f->name);
        for (size_t i = 0; i < o->n; i++) {
                json_open_object(w, NULL);
                fields_write(f->sub, (const char *) o->items + i * f->sub_size, w);
                json_close_object(w);
        }
        json_close_array(w);
}

static void field_write(const Field *f, const char *at, JsonWriter *w)
{
        switch (f->type) {
        case FIELD_STRING:
                if (*(const char *const *) at) {
                        json_put_string(w, f->name, *(const char *const *) at);
                }
                break;
        case FIELD_INTEGER:
                json_put_integer(w, f->name, *(const int64_t *) at);
                break;
        case FIELD_UID:
                if (*(const uid_t *) at != UID_UNSET) {
                        json_put_integer(w, f->name, *(const uid_t *) at);
                }
                break;
        case FIELD_BOOLEAN:
                json_put_boolean(w, f->name, *(const bool *) at);
                break;
        case FIELD_STRINGS:
                write_strings(f->name, (const Strings *) at, w);
                break;
        case FIELD_OBJECT:
                json_open_object(w, f->name);
                fields_write(f->sub, at, w);
                json_close_object(w);
                break;
        case FIELD_OBJECTS:
                write_objects(f, (const Objects *) at, w);
                break;
        }
}

void fields_write(const Field *fields, const void *value, JsonWriter *w)
{
        for (const Field *f = fields; f->name[0]; f++) {
                field_write(f, (const char *) value + f->offset, w);
        }
}

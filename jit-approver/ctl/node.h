/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Members of what the approver sent, by name: what is missing, null or of another type is absent.
 * object may be NULL.
 */

#include <stdio.h>

#include "common/json.h"

const char *node_text(const JsonNode *object, const char *name);
int64_t node_integer(const JsonNode *object, const char *name, int64_t otherwise);
bool node_boolean(const JsonNode *object, const char *name);
const JsonNode *node_array(const JsonNode *object, const char *name);
const JsonNode *node_object(const JsonNode *object, const char *name);

/* The members of a text array, joined; the caller frees. */
char *node_join(const JsonNode *array, const char *between);
/* A node as compact JSON; the caller frees. */
char *node_json(const JsonNode *n);
/* The same on stdout, as the one document. */
int node_print(const JsonNode *n);

/*
 * One document of many objects, which may be more than one message holds: kept until it is whole,
 * so that a failure in the middle prints none.
 */
typedef struct Doc {
        FILE *stream; /* into text */
        char *text;
        size_t size, n;
} Doc;

void doc_add(Doc *d, const JsonNode *item);
/* {"member":[…]} or, with a tail of members ("head":"…"), {"member":[…],tail} on stdout. */
void doc_print(Doc *d, const char *member, const char *tail);
void doc_done(Doc *d);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Documents: what the approver sent, as JSON that is harmless on a terminal too. */

#include <stdio.h>

#include "common/node.h"

/* The members of a text array, joined; the caller frees. */
char *node_join(const JsonNode *array, const char *between);
/* A node as compact JSON; the caller frees. */
char *node_json(const JsonNode *n);
/* The same on stdout, as the one document. */
int node_print(const JsonNode *n);
/* An object that has members, with a tail of more ("member":…) behind them; NULL: none. */
int node_print_with(const JsonNode *object, const char *tail);

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
/* "member":[…], for a tail; the caller frees. */
char *doc_member(Doc *d, const char *member);
void doc_done(Doc *d);

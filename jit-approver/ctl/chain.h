/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The record verified row by row, oldest first: each row's hash is SHA-256 over the 64 hex digits
 * of the row before (zeros for the first) and the row's canonical bytes, and these must say what
 * the row shows.
 */

#include "common/json.h"

#define CHAIN_HASH_SIZE 65

typedef struct Chain {
        const char *anchor; /* a hash that must occur, or NULL; borrowed */
        bool anchor_seen;
        char hash[CHAIN_HASH_SIZE]; /* of the last row */
        int64_t seq;                /* of the last row */
        char problem[256];          /* the first one; "" while all is well */
} Chain;

void chain_init(Chain *c, const char *anchor);
/* After the first bad row no further one is looked at. */
void chain_add(Chain *c, const JsonNode *row);
/* After the last row. head: the approver's newest hash, or NULL if it is not known. */
void chain_finish(Chain *c, const char *head);
/* Whether s is 64 lower-case hex digits. */
bool chain_is_hash(const char *s);

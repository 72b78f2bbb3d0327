/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The record verified row by row, oldest first: each row's hash is SHA-256 over the 64 hex digits
 * of the row before (zeros for the first) and the row's canonical bytes, and these must say what
 * the row shows. A record that was pruned begins at a later row: then one of its rows must be a
 * checkpoint, signed with Ed25519, that says how the row before hashed.
 */

#include "common/json.h"

#define CHAIN_HASH_SIZE 65

typedef struct Chain {
        const char *anchor; /* a hash that must occur, or NULL; borrowed */
        int64_t anchor_seq; /* which row's it is; 0: not known */
        const char *key;    /* 64 hex digits: the only one that may sign, or NULL; borrowed */
        bool anchor_seen, anchor_pruned;
        int64_t first;                    /* its first row */
        char first_hash[CHAIN_HASH_SIZE]; /* which is to follow from a checkpoint's hash … */
        char *first_canonical; /* … and these bytes; owned; NULL: it has, or begins at 1 */
        int64_t attested;      /* what the checkpoint of the first row signs for */
        char attested_key[CHAIN_HASH_SIZE]; /* by whom */
        char attested_time[40];             /* when; "": there is none */
        char hash[CHAIN_HASH_SIZE];         /* of the last row */
        int64_t seq;                        /* of the last row */
        char problem[256];                  /* the first one; "" while all is well */
} Chain;

void chain_init(Chain *c, const char *anchor);
void chain_done(Chain *c);
/* After the first bad row no further one is looked at. */
void chain_add(Chain *c, const JsonNode *row);
/* After the last row. head: the approver's newest hash, or NULL if it is not known. */
void chain_finish(Chain *c, const char *head);
/* Whether s is 64 lower-case hex digits. */
bool chain_is_hash(const char *s);

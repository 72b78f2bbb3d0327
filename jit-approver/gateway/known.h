/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which links are genuine: a table of fixed size with those that went through here, as keyed hashes and
 * nothing else. Who is in it need not wait when others behind his address try links (limiter.h); nobody is let in
 * by it, as the approver is asked about each token all the same.
 */

#include <stddef.h>

#include "common/macro.h"

#define KNOWN_SETS 512
#define KNOWN_WAYS 8 /* the oldest of a set makes room */

typedef struct Known {
        uint64_t key;                            /* of this process */
        uint64_t hashes[KNOWN_SETS][KNOWN_WAYS]; /* the newest first; 0: none */
} Known;

/* Empty, with a key of its own. Errors as of random_bytes(). */
int known_init(Known *k);
void known_add(Known *k, const char *token);
bool known_has(const Known *k, const char *token);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A hash under a key that nobody outside knows: what others send cannot be chosen to fall together. It is
 * no cryptographic one. It need not be: it is shown nowhere, and who guesses a token of the same hash
 * gains no more than a question to the approver that the limiter does not count.
 *
 * MUST: no token is kept (hazard H-63).
 */

#include "jit-approver/gateway/known.h"
#include "common/util.h"

/* Each bit of x to every bit of what comes out, and no two alike: multiplied by odd numbers. */
static uint64_t stir(uint64_t x)
{
        x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93U;
        x = (x ^ (x >> 29)) * 0x9fb21c651e98df25U;
        return x ^ (x >> 32);
}

/* Never 0. */
static uint64_t hash_of(const Known *k, const char *token)
{
        uint64_t h = k->key;

        for (const char *c = token; *c; c++) {
                h = stir(h ^ (uint8_t) *c) + k->key;
        }
        h = stir(h);
        return h ? h : 1;
}

int known_init(Known *k)
{
        *k = (Known){ 0 };
        return random_bytes(&k->key, sizeof(k->key));
}

void known_add(Known *k, const char *token)
{
        uint64_t h = hash_of(k, token), *set = k->hashes[h % KNOWN_SETS];
        size_t i = 0;

        /* Up to where it stood already, or all but the oldest. */
        while (i < KNOWN_WAYS - 1 && set[i] != h) {
                i++;
        }
        memmove(set + 1, set, i * sizeof(*set));
        set[0] = h;
}

bool known_has(const Known *k, const char *token)
{
        uint64_t h = hash_of(k, token);
        const uint64_t *set = k->hashes[h % KNOWN_SETS];

        for (size_t i = 0; i < KNOWN_WAYS; i++) {
                if (set[i] == h) {
                        return true;
                }
        }
        return false;
}

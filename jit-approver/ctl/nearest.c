/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Did you mean …? Swapped neighbours count as one slip, as people make them. */

#include "jit-approver/ctl/nearest.h"

#include <string.h>

#include "common/macro.h"

#define WORD_MAX 24

/* Slips between a and b (optimal string alignment); both at most WORD_MAX long. */
static size_t distance(const char *a, const char *b)
{
        size_t d[WORD_MAX + 1][WORD_MAX + 1], n = strlen(a), m = strlen(b);

        for (size_t i = 0; i <= n; i++) {
                d[i][0] = i;
        }
        for (size_t j = 0; j <= m; j++) {
                d[0][j] = j;
        }
        for (size_t i = 1; i <= n; i++) {
                for (size_t j = 1; j <= m; j++) {
                        size_t replace = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

                        size_t shift = MIN(d[i - 1][j], d[i][j - 1]) + 1;

                        d[i][j] = MIN(replace, shift);
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                                d[i][j] = MIN(d[i][j], d[i - 2][j - 2] + 1);
                        }
                }
        }
        return d[n][m];
}

const char *nearest_word(const char *typed, const char *const *words, size_t n)
{
        const char *best = NULL;
        size_t least = 3;

        if (strlen(typed) > WORD_MAX) {
                return NULL;
        }
        for (size_t i = 0; i < n; i++) {
                size_t slips = distance(typed, words[i]);

                /* The beginning of a word is as good as one slip. */
                if (strlen(typed) >= 3 && strncmp(words[i], typed, strlen(typed)) == 0) {
                        slips = MIN(slips, (size_t) 1);
                }
                if (slips < least && slips < strlen(words[i])) {
                        best = words[i];
                        least = slips;
                }
        }
        return best;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Whatever is typed, as many words come out, none much longer than it was; and what is given as a
 * password is never among them, whatever stood before it.
 */

#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "jit-approver/domain/mask.h"
#include "jit-approver/domain/rules_expression.h"

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

#define WORDS_MAX 16
#define CANARY "canary-in-the-mine"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_with(const char *const *words, size_t n, const ExpressionList *own)
{
        _cleanup_(strv_freep) char **out = NULL;

        CHECK(mask_words(words, n, own, &out) == 0);
        CHECK(strv_length(out) == n);
        for (size_t i = 0; i < n; i++) {
                CHECK(strlen(out[i]) <= strlen(MASKED) * (strlen(words[i]) + 1));
                CHECK(!strstr(out[i], CANARY));
        }
}

/* Without patterns of the rules, and with some, which hide more but show nothing else. */
static void check_words(const char *const *words, size_t n)
{
        Expression items[] = { { .text = (char *) "[a-z]+" }, { .text = (char *) "(x|--.*)y*" } };
        const ExpressionList own = { items, 2 };

        check_with(words, n, NULL);
        check_with(words, n, &own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(freep) char *copy = malloc(size + 1);
        const char *words[WORDS_MAX + 2];
        size_t n = 0;

        CHECK(copy);
        memcpy(copy, data, size);
        copy[size] = '\0';
        if (memmem(copy, size, CANARY, strlen(CANARY))) {
                return 0;
        }
        for (char *at = copy; n < WORDS_MAX && at <= copy + size; at += strlen(at) + 1) {
                words[n++] = at;
        }
        check_words(words, n);
        words[n] = "--password=" CANARY;
        check_words(words, n + 1);
        /* Within a string too, after whatever it is given by. */
        words[n] = "x --password=" CANARY " y";
        check_words(words, n + 1);
        /* Two words, unless the first is taken for a secret itself: then anything may follow. */
        words[n] = "x";
        words[n + 1] = "--token=" CANARY;
        check_words(words, n + 2);
        return 0;
}

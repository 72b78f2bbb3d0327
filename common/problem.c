/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Collects what is wrong with a configuration. What is quoted in a message comes from a file that
 * is wrong in ways we do not know, so every message is made safe here, once, whoever wrote it.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/problem.h"
#include "common/text.h"
#include "common/util.h"

#define MESSAGE_MAX 512
#define WORD_MAX 64 /* longer words are not misspelt, they are something else */

static void problem_done(Problem *p)
{
        free(p->file);
        free(p->message);
}

/* What one rule inherits from [defaults] a hundred others do too: the same thing is told once. */
static bool problems_contain(const Problems *p, const Problem *new)
{
        for (size_t i = 0; i < p->n; i++) {
                const Problem *old = &p->items[i];

                if (old->line == new->line &&
                        old->column == new->column &&streq(old->file, new->file) &&
                        streq(old->message, new->message)) {
                        return true;
                }
        }
        return false;
}

static char *message_format(const char *format, va_list ap)
{
        char *raw = NULL, *clean;

        if (vasprintf(&raw, format, ap) < 0) {
                return NULL;
        }
        clean = text_clean_dup(raw, MESSAGE_MAX);
        free(raw);
        return clean;
}

static bool problems_append(Problems *p, const Problem *new)
{
        Problem *items = reallocarray(p->items, p->n + 1, sizeof(*items));

        if (!items) {
                return false;
        }
        p->items = items;
        p->items[p->n++] = *new;
        return true;
}

void problems_add(Problems *p, const Place *at, const char *format, ...)
{
        Problem new = { .line = at->line, .column = at->column };
        va_list ap;

        va_start(ap, format);
        new.message = message_format(format, ap);
        va_end(ap);
        new.file = strdup(str_or(at->file, ""));

        if (!new.file || !new.message) {
                p->lost = true;
        } else if (problems_contain(p, &new)) {
                /* told already */
        } else if (p->n >= PROBLEMS_MAX) {
                p->lost = true;
        } else if (problems_append(p, &new)) {
                return;
        } else {
                p->lost = true;
        }
        problem_done(&new);
}

void problems_done(Problems *p)
{
        for (size_t i = 0; i < p->n; i++) {
                problem_done(&p->items[i]);
        }
        free(p->items);
        *p = (Problems){};
}

char *problem_to_string(const Problem *p)
{
        _cleanup_(freep) char *file = text_clean_dup(p->file, MESSAGE_MAX);
        char *s = NULL;
        int r;

        if (!file) {
                return NULL;
        }
        if (p->line > 0) {
                r = str_printf(&s, "%s:%u:%u: %s", file, p->line, p->column, p->message);
        } else {
                r = str_printf(&s, "%s: %s", file, p->message);
        }
        return r < 0 ? NULL : s;
}

/* Case is no distance: "Ask" is as near to "ask" as can be. */
static bool same_letter(char a, char b)
{
        if (a >= 'A' && a <= 'Z') {
                a += 'a' - 'A';
        }
        if (b >= 'A' && b <= 'Z') {
                b += 'a' - 'A';
        }
        return a == b;
}

/* Insertions, deletions, substitutions, and two neighbours swapped ("ruel") each cost one. */
static unsigned edit_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
        unsigned row[3][WORD_MAX + 1];

        for (size_t j = 0; j <= n_b; j++) {
                row[0][j] = (unsigned) j;
        }
        for (size_t i = 1; i <= n_a; i++) {
                unsigned *now = row[i % 3], *above = row[(i + 2) % 3], *before = row[(i + 1) % 3];

                now[0] = (unsigned) i;
                for (size_t j = 1; j <= n_b; j++) {
                        bool same = same_letter(a[i - 1], b[j - 1]);

                        now[j] = MIN(above[j], now[j - 1]) + 1;
                        now[j] = MIN(now[j], above[j - 1] + (same ? 0 : 1));
                        if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
                                same_letter(a[i - 2], b[j - 1])) {
                                now[j] = MIN(now[j], before[j - 2] + 1);
                        }
                }
        }
        return row[n_a % 3][n_b];
}

const char *nearest_word(const char *word, const char *const *words, size_t n)
{
        size_t length = strlen(word);
        const char *best = NULL;
        unsigned best_distance = 0;

        if (length == 0 || length > WORD_MAX) {
                return NULL;
        }
        for (size_t i = 0; i < n; i++) {
                size_t other = strlen(words[i]);
                unsigned distance;

                if (other > WORD_MAX) {
                        continue;
                }
                distance = edit_distance(word, length, words[i], other);
                /* A third of the letters may be wrong, but never all of them. */
                if (distance > (MAX(length, other) + 2) / 3 || distance >= other ||
                        distance >= length) {
                        continue;
                }
                if (!best || distance < best_distance) {
                        best = words[i];
                        best_distance = distance;
                }
        }
        return best;
}

const char *nearest_hint(
        char out[static HINT_MAX], const char *word, const char *const *words, size_t n)
{
        const char *near = nearest_word(word, words, n);

        out[0] = '\0';
        if (near) {
                (void) snprintf(out, HINT_MAX, "; did you mean '%s'?", near);
        }
        return out;
}

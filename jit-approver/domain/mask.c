/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Walks a command as its programs would read it: argument by argument, and a string that itself is
 * a command (what sh -c gets) piece by piece, with its quotes. Trusts nothing: whoever typed it may
 * have had no secret in mind, or all of them.
 *
 * MUST: take time and memory linear in what was typed; give as many words as it got; when in doubt,
 * mask.
 */

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/mask_argument.h"

/* How often quotes within quotes are understood; deeper, blanks alone part the pieces. */
#define DEPTH_MAX 4
#define PEM_TITLE_MAX 64

static bool has_quote(Text t)
{
        return memchr(t.s, '"', t.n) || memchr(t.s, '\'', t.n);
}

static void mask_pieces(Mask *m, Text t, unsigned depth, bool command);

/* One argument as its program gets it. */
static void mask_argument(Mask *m, Text t, unsigned depth)
{
        bool blanks = first_blank(t) < t.n, shell = m->shell;

        m->shell = false;
        if (mask_take_next(m, t) ||
                (!(shell && blanks) && (mask_put_glued(m, t) || mask_put_assignment(m, t)))) {
                return;
        }
        if (depth <= DEPTH_MAX && (blanks || has_quote(t))) {
                mask_pieces(m, t, depth, shell);
                return;
        }
        mask_put_plain(m, t);
}

/* The bytes of the quoted string that begins here, with its quotes; 0 when it does not end. */
static size_t quoted_length(Text t)
{
        for (size_t i = 1; i < t.n; i++) {
                if (t.s[i] == t.s[0]) {
                        return i + 1;
                }
                i += t.s[0] == '"' && t.s[i] == '\\';
        }
        return 0;
}

/* Which quotes are understood: where one has no end, no later one of its kind has. */
typedef struct Quotes {
        bool one, two, escapes;
        bool command; /* surely one, so that signs between commands part pieces too */
} Quotes;

static bool parts(const Quotes *quotes, char c)
{
        return is_blank(c) || (quotes->command && (c == ';' || c == '|' || c == '&'));
}

/* The bytes up to what parts pieces and is in no quotes; *ret: the first quoted string among them. */
static size_t piece_length(Text t, Quotes *quotes, Text *ret)
{
        size_t i = 0;

        *ret = (Text){};
        while (i < t.n && !parts(quotes, t.s[i])) {
                bool *ends = t.s[i] == '"' ? &quotes->two : &quotes->one;
                size_t step = quotes->escapes && t.s[i] == '\\' && i + 1 < t.n ? 2 : 1;

                if (is_quote(t.s[i]) && *ends) {
                        size_t quoted = quoted_length(skip(t, i));

                        *ends = quoted > 0;
                        step = MAX(quoted, (size_t) 1);
                        *ret = quoted > 0 && !ret->s ? (Text){ t.s + i, quoted } : *ret;
                }
                i += step;
        }
        return i;
}

/* Whether it is nothing but signs, as in { "password" : "x" }. */
static bool is_punctuation(Text t)
{
        for (size_t i = 0; i < t.n; i++) {
                if (!strchr(":;,=|&(){}[]", t.s[i])) {
                        return false;
                }
        }
        return true;
}

/* A piece that holds a quoted string: before it, within it, after it. */
static void mask_quoted(Mask *m, Text t, Text quoted, unsigned depth, bool command)
{
        size_t before = (size_t) (quoted.s - t.s), after = before + quoted.n;

        bool whole = m->shell && before == 0;

        /* What is one argument to the shell may be a secret as a whole; not so a command. */
        if (mask_take_next(m, t) ||
                (!whole && (mask_put_glued(m, t) || mask_put_assignment(m, t)))) {
                return;
        }
        if (before > 0) {
                mask_argument(m, (Text){ t.s, before }, DEPTH_MAX + 1);
        }
        mask_put(m, quoted.s, 1);
        mask_argument(m, (Text){ quoted.s + 1, quoted.n - 2 }, depth + 1);
        mask_put(m, quoted.s, 1);
        if (after < t.n) {
                mask_pieces(m, skip(t, after), depth + 1, command);
        }
}

/* A string that may be a command: what blanks part, with quotes as a shell takes them. */
static void mask_pieces(Mask *m, Text t, unsigned depth, bool command)
{
        bool nested = depth < DEPTH_MAX;
        Quotes quotes = { nested, nested, nested, command };

        while (t.n > 0) {
                Text quoted, piece;

                if (parts(&quotes, t.s[0])) {
                        mask_put(m, t.s, 1);
                        t = skip(t, 1);
                        continue;
                }
                piece = (Text){ t.s, piece_length(t, &quotes, &quoted) };
                t = skip(t, piece.n);
                if (is_punctuation(piece)) {
                        mask_put(m, piece.s, piece.n);
                } else if (quoted.s) {
                        mask_quoted(m, piece, quoted, depth, command);
                } else {
                        mask_argument(
                                m, piece, first_blank(piece) < piece.n ? depth + 1 : DEPTH_MAX + 1);
                }
        }
}

/* Where a private key begins, or n. */
static size_t find_private_key(Text t)
{
        static const char start[] = "-----BEGIN", end[] = "PRIVATE KEY";
        const char *at = t.s;

        while ((at = memmem(at, t.n - (size_t) (at - t.s), start, strlen(start)))) {
                size_t rest = t.n - (size_t) (at - t.s);

                if (memmem(at, MIN(rest, (size_t) PEM_TITLE_MAX), end, strlen(end))) {
                        return (size_t) (at - t.s);
                }
                at += strlen(start);
        }
        return t.n;
}

static int mask_word(Mask *m, const char *word, char **ret)
{
        Text t = { word, strlen(word) };
        size_t key = find_private_key(t);
        char *shorter;

        /* Each MASKED stands for at least one byte, or is the only one of an empty word. */
        m->room = strlen(MASKED) * (t.n + 1);
        m->used = 0;
        m->out = malloc(m->room + 1);
        if (!m->out) {
                return -ENOMEM;
        }
        if (key > 0 || t.n == 0) {
                mask_argument(m, (Text){ t.s, key }, 0);
        }
        if (key < t.n) {
                mask_put_masked(m);
        }
        m->out[m->used] = '\0';
        shorter = realloc(m->out, m->used + 1);
        *ret = shorter ? shorter : m->out;
        return 0;
}

int mask_words(const char *const *words, size_t n, char ***ret)
{
        _cleanup_(strv_freep) char **copy = calloc(n + 1, sizeof(*copy));
        Mask m = {};

        if (!copy) {
                return -ENOMEM;
        }
        for (size_t i = 0; i < n; i++) {
                int r = mask_word(&m, words[i], &copy[i]);

                if (r < 0) {
                        return r;
                }
        }
        *ret = TAKE_PTR(copy);
        return 0;
}

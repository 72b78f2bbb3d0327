/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Walks a command as its programs would read it: argument by argument, and a string that itself is
 * a command (what sh -c gets) piece by piece, with its quotes. Trusts nothing: whoever typed it may
 * have had no secret in mind, or all of them.
 *
 * MUST: take time and memory linear in what was typed; give as many words as it got; when in doubt,
 * mask, but show what surely runs: who decides must not be shown less of it by how it was typed.
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

/* Whether a shell would see more in it than one word. */
static bool has_sign(Text t)
{
        for (size_t i = 0; i < t.n; i++) {
                if (is_blank(t.s[i]) || (t.s[i] && strchr(";|&()<>$`", t.s[i]))) {
                        return true;
                }
        }
        return false;
}

/*
 * One argument as its program gets it. A secret may be all of it; not so of what is surely a command,
 * or holds one, wherever it stands: there only pieces are.
 */
static void mask_argument(Mask *m, Text t, unsigned depth)
{
        bool blanks = first_blank(t) < t.n, shell = m->shell, splits = depth <= DEPTH_MAX;
        bool command = splits && ((shell && has_sign(t)) || mask_last_substitution(t) < t.n);

        m->shell = false;
        if (mask_take_next(m, t) || (!command && (mask_put_own(m, t) || mask_put_glued(m, t) ||
                                                         mask_put_assignment(m, t)))) {
                return;
        }
        if (splits && (command || blanks || has_quote(t))) {
                /* Whose quotes these are nobody knows if no shell gets them as they stand. */
                mask_pieces(m, t, command && !shell ? DEPTH_MAX : depth, command);
                return;
        }
        mask_put_plain(m, t);
        /* sh -c -e COMMAND, sh -c -- COMMAND */
        m->shell = m->shell || (shell && t.n > 1 && (t.s[0] == '-' || t.s[0] == '+'));
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

/* What ends a word to a shell whatever stands around it, and the command or its part with it. */
static bool ends_command(char c)
{
        return c && strchr(";|&<>)\n", c);
}

/* The bytes that part pieces here; 0: none do. $IFS is a blank to a shell. */
static size_t parting(const Quotes *quotes, Text t)
{
        static const char *const blanks[] = { "${IFS}", "${IFS", "$IFS" };

        if (is_blank(t.s[0]) || (quotes->command && ends_command(t.s[0]))) {
                return 1;
        }
        for (size_t i = 0; quotes->command && i < ELEMENTSOF(blanks); i++) {
                size_t n = strlen(blanks[i]);

                if (t.n >= n && memcmp(t.s, blanks[i], n) == 0) {
                        return n;
                }
        }
        return 0;
}

/* Whether quotes from here on mean something else than to us: in `…`, in $'…', below <<. */
static bool confuses(Text t)
{
        return t.s[0] == '`' || (t.n > 1 && t.s[0] == '$' && t.s[1] == '\'') ||
               (t.n > 1 && t.s[0] == '<' && t.s[1] == '<');
}

/* The same of a quoted string: a shell finds its end by what runs or stands in braces there. */
static bool is_confusing(Text quoted)
{
        return quoted.n > 0 && quoted.s[0] == '"' &&
               (mask_last_substitution(quoted) < quoted.n || memmem(quoted.s, quoted.n, "${", 2));
}

/* No more quotes: all that follows is shown piece by piece. */
static void forget(Quotes *quotes)
{
        quotes->one = quotes->two = false;
}

/* The quoted string that begins here, or nothing. */
static Text find_quoted(Text t, Quotes *quotes)
{
        bool *ends = t.s[0] == '"' ? &quotes->two : &quotes->one;
        Text quoted = { t.s, is_quote(t.s[0]) && *ends ? quoted_length(t) : 0 };

        if (is_quote(t.s[0]) && quoted.n == 0) {
                *ends = false;
        }
        if (quotes->command && is_confusing(quoted)) {
                forget(quotes);
                quoted.n = 0;
        }
        return quoted;
}

/*
 * The bytes up to what parts pieces and is in no quotes, or to a remark that begins at once behind what
 * opens a command; *ret: the first quoted string among them.
 */
static size_t piece_length(Text t, Quotes *quotes, Text *ret)
{
        bool opens = false;
        size_t i = 0;

        *ret = (Text){};
        while (i < t.n && parting(quotes, skip(t, i)) == 0 && !(opens && t.s[i] == '#')) {
                size_t step = quotes->escapes && t.s[i] == '\\' && i + 1 < t.n ? 2 : 1;
                Text quoted = find_quoted(skip(t, i), quotes);

                if (quotes->command && confuses(skip(t, i))) {
                        forget(quotes);
                }
                opens = quotes->command && (t.s[i] == '(' || t.s[i] == '`');
                *ret = quoted.n > 0 && !ret->s ? quoted : *ret;
                i += MAX(quoted.n, step);
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

static void mask_piece(Mask *m, Text t, Text quoted, unsigned depth, bool command)
{
        if (is_punctuation(t)) {
                mask_put(m, t.s, t.n);
        } else if (quoted.s) {
                mask_quoted(m, t, quoted, depth, command);
        } else {
                mask_argument(m, t, first_blank(t) < t.n ? depth + 1 : DEPTH_MAX + 1);
        }
}

/* What parts pieces. What was said of a next argument is over with its command. */
static void put_parting(Mask *m, Text t, Quotes *quotes)
{
        if (quotes->command && ends_command(t.s[0])) {
                m->next = NEXT_PLAIN;
                m->shell = false;
        }
        mask_put(m, t.s, t.n);
}

static size_t line_length(Text t)
{
        const char *end = memchr(t.s, '\n', t.n);

        return end ? (size_t) (end - t.s) : t.n;
}

/* A string that may be a command: what blanks part, with quotes as a shell takes them. */
static void mask_pieces(Mask *m, Text t, unsigned depth, bool command)
{
        bool nested = depth < DEPTH_MAX, fresh = true;
        Quotes quotes = { nested, nested, nested, command };

        while (t.n > 0) {
                size_t n = parting(&quotes, t);
                Text quoted;

                if (n > 0) {
                        if (command && confuses(t)) {
                                forget(&quotes);
                        }
                        put_parting(m, (Text){ t.s, n }, &quotes);
                        fresh = n == 1; /* a shell looks for remarks before it looks into $IFS */
                } else if (command && nested && fresh && t.s[0] == '#') {
                        n = line_length(t);
                        mask_pieces(m, (Text){ t.s, n }, DEPTH_MAX, true); /* no quotes there */
                } else {
                        n = piece_length(t, &quotes, &quoted);
                        mask_piece(m, (Text){ t.s, n }, quoted, depth, command);
                        fresh = true;
                }
                t = skip(t, n);
        }
}

/* The bytes of "-----BEGIN RSA PRIVATE KEY-----" and its like that begin here; 0: none do. */
static size_t title_length(Text t, const char *start)
{
        size_t i = strlen(start);

        if (t.n < i || memcmp(t.s, start, i) != 0) {
                return 0;
        }
        while (i < t.n && i < PEM_TITLE_MAX &&
                ((t.s[i] >= 'A' && t.s[i] <= 'Z') || t.s[i] == ' ')) {
                i++;
        }
        return memmem(t.s, i, "PRIVATE KEY", 11) && t.n - i >= 5 && memcmp(t.s + i, "-----", 5) == 0
                       ? i + 5
                       : 0;
}

/* What lines of base64 and the headers of old keys are made of; they may end by what is typed as \n. */
static bool is_body(Text t, size_t i)
{
        char c = t.s[i], before = t.s[i - 1];

        return is_name_byte(c) ? c != '-' || (is_name_byte(before) && before != '-')
                               : (c && strchr("+/=:,\n\r\\", c)) || (c == ' ' && before == ':');
}

/* The bytes of the whole private key that begins here; 0: none does. */
static size_t key_length(Text t)
{
        size_t i = title_length(t, "-----BEGIN "), end = 0;

        while (i > 0 && i < t.n && (end = title_length(skip(t, i), "-----END ")) == 0 &&
                is_body(t, i)) {
                i++;
        }
        return end > 0 ? i + end : 0;
}

/*
 * A copy of a word without private keys, which blanks would part. What follows one is hidden too, but not
 * in a command or what holds one: there a key goes only from its first title to its last.
 */
static Text without_keys(Text t, bool command, char *out)
{
        size_t last = mask_last_substitution(t), n = 0;

        for (size_t i = 0; i < t.n;) {
                bool runs = command || (last < t.n && last >= i);
                size_t key = t.s[i] == '-' ? title_length(skip(t, i), "-----BEGIN ") : 0;

                key = key == 0 ? 0 : runs ? key_length(skip(t, i)) : t.n - i;
                if (key > 0) {
                        memcpy(out + n, MASKED, strlen(MASKED));
                        n += strlen(MASKED);
                } else {
                        out[n++] = t.s[i];
                }
                i += MAX(key, (size_t) 1);
        }
        return (Text){ out, n };
}

static int mask_word(Mask *m, const char *word, char **ret)
{
        size_t size = strlen(word);
        _cleanup_(freep) char *copy = malloc(size + 1);
        char *shorter;

        /* Each MASKED stands for at least one byte, or is the only one of an empty word. */
        m->room = strlen(MASKED) * (size + 1);
        m->used = 0;
        m->out = malloc(m->room + 1);
        if (!m->out || !copy) {
                free(m->out);
                return -ENOMEM;
        }
        mask_argument(m, without_keys((Text){ word, size }, m->shell, copy), 0);
        m->out[m->used] = '\0';
        shorter = realloc(m->out, m->used + 1);
        *ret = shorter ? shorter : m->out;
        return 0;
}

int mask_words(const char *const *words, size_t n, const ExpressionList *own, char ***ret)
{
        _cleanup_(strv_freep) char **copy = calloc(n + 1, sizeof(*copy));
        _cleanup_(matcher_freep) Matcher *matcher = NULL;
        Mask m = {};
        int r = copy ? matcher_new(own, &matcher) : -ENOMEM;

        if (r < 0) {
                return r;
        }
        m.own = matcher;
        for (size_t i = 0; i < n; i++) {
                r = mask_word(&m, words[i], &copy[i]);
                if (r < 0) {
                        return r;
                }
        }
        *ret = TAKE_PTR(copy);
        return 0;
}

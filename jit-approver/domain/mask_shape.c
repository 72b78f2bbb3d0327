/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What secrets look like. All of it is a guess; the tables here are what approver.conf(5) tells.
 *
 * MUST: look at a bounded number of bytes from each position.
 */

#include <string.h>

#include "jit-approver/domain/mask_shape.h"

#define JWT_HEADER_MAX 512

/* Anywhere in a name. */
static const char *const parts[] = { "password", "passwd", "passphrase", "passcode", "secret",
        "token", "api-key", "apikey", "access-key", "accesskey", "private-key", "privatekey",
        "account-key", "encryption-key", "master-key", "signing-key", "credential", "cookie" };

/* As a word of a name, between "-", "_" and ".". */
static const char *const words[] = { "pass", "passin", "passout", "pwd" };

/* The name of what only says where a secret is, or of what kind. */
static const char *const harmless_ends[] = { "file", "path", "dir", "stdin", "fd", "prompt", "type",
        "method", "mode" };

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
        return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
        return c >= 'a' && c <= 'z';
}

static bool is_alnum(char c)
{
        return is_digit(c) || is_upper(c) || is_lower(c);
}

/* A letter of a name as it is compared. */
static char fold(char c)
{
        if (is_upper(c)) {
                return (char) (c - 'A' + 'a');
        }
        return c == '_' ? '-' : c;
}

static bool begins_with(const char *s, size_t n, const char *word)
{
        size_t i = 0;

        while (word[i] && i < n && fold(s[i]) == word[i]) {
                i++;
        }
        return !word[i];
}

static bool ends_with(const char *s, size_t n, const char *word)
{
        size_t length = strlen(word);

        return n >= length && begins_with(s + n - length, length, word);
}

static bool is_same(const char *s, size_t n, const char *word)
{
        return n == strlen(word) && begins_with(s, n, word);
}

/* "auth" is in "author" too, which is none; "authorization" is one. */
static bool is_auth(const char *s, size_t n)
{
        return begins_with(s, n, "auth") &&
               (!begins_with(s, n, "author") || begins_with(s, n, "authoriz") ||
                       begins_with(s, n, "authoris"));
}

static bool has_part(const char *s, size_t n)
{
        for (size_t at = 0; at < n; at++) {
                if (is_auth(s + at, n - at)) {
                        return true;
                }
                for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                        if (begins_with(s + at, n - at, parts[i])) {
                                return true;
                        }
                }
        }
        return false;
}

/* DBPASS, but not BYPASS. */
static bool is_secret_word(const char *s, size_t n)
{
        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                if (is_same(s, n, words[i])) {
                        return true;
                }
        }
        return ends_with(s, n, "pass") && !is_same(s, n, "bypass") && !is_same(s, n, "compass");
}

/* "key" alone is in too many ordinary commands; KEY and X_KEY are variables. */
static bool key_counts(const char *s, size_t n, size_t n_words)
{
        if (s[0] == '-') {
                return false;
        }
        return n_words > 1 || memchr(s, 'K', n) == s;
}

static bool has_word(const char *s, size_t n)
{
        size_t n_words = 0;

        for (size_t at = 0; at < n;) {
                size_t length = 0;

                while (at + length < n && is_alnum(s[at + length])) {
                        length++;
                }
                n_words += length > 0;
                if (is_secret_word(s + at, length) ||
                        (is_same(s + at, length, "key") &&
                                key_counts(s, n, n_words + (at + length < n)))) {
                        return true;
                }
                at += length + 1;
        }
        return false;
}

bool mask_is_secret_name(const char *s, size_t n)
{
        for (size_t i = 0; i < ELEMENTSOF(harmless_ends); i++) {
                if (ends_with(s, n, harmless_ends[i])) {
                        return false;
                }
        }
        if (is_same(s, n, "pwd") || begins_with(s, n, "--no-")) {
                return false;
        }
        return has_part(s, n) || has_word(s, n);
}

/* A token by its first letters; what follows is letters, digits, "_" and "-". */
typedef struct Shape {
        const char *start;
        size_t at_least; /* bytes behind start */
        bool upper;      /* only large letters and digits, exactly so many */
        bool apart;      /* not within another word, where the start is no rare one */
} Shape;

static const Shape shapes[] = {
        { "ghp_", 16 },
        { "gho_", 16 },
        { "ghu_", 16 },
        { "ghs_", 16 },
        { "ghr_", 16 },
        { "github_pat_", 16 },
        { "glpat-", 16 },
        { "xoxa-", 8 },
        { "xoxb-", 8 },
        { "xoxe-", 8 },
        { "xoxp-", 8 },
        { "xoxr-", 8 },
        { "xoxs-", 8 },
        { "AKIA", 16, .upper = true },
        { "ASIA", 16, .upper = true },
        { "AIza", 30 },
        { "sk_live_", 8 },
        { "sk_test_", 8 },
        { "rk_live_", 8 },
        { "whsec_", 8 },
        { "sk-", 16, .apart = true },
        { "npm_", 30, .apart = true },
        { "hvs.", 16, .apart = true },
};

static bool is_token_byte(char c)
{
        return is_alnum(c) || c == '_' || c == '-';
}

static size_t run_length(const char *s, size_t n, size_t most)
{
        size_t length = 0;

        while (length < n && length < most && is_token_byte(s[length])) {
                length++;
        }
        return length;
}

static bool shape_fits(const Shape *shape, const char *s, size_t n)
{
        size_t start = strlen(shape->start);

        if (s[0] != shape->start[0] || n < start + shape->at_least ||
                memcmp(s, shape->start, start) != 0) {
                return false;
        }
        if (!shape->upper) {
                return run_length(s + start, n - start, shape->at_least) == shape->at_least;
        }
        for (size_t i = 0; i < shape->at_least; i++) {
                if (!is_upper(s[start + i]) && !is_digit(s[start + i])) {
                        return false;
                }
        }
        return true;
}

/* "eyJ….eyJ…": two JSON objects in base64, the first letters of each being {". */
static bool is_jwt(const char *s, size_t n)
{
        size_t header;

        if (n < 3 || memcmp(s, "eyJ", 3) != 0) {
                return false;
        }
        header = run_length(s, n, JWT_HEADER_MAX);
        return n - header > 3 && memcmp(s + header, ".eyJ", 4) == 0;
}

static size_t whole_length(const char *s, size_t n)
{
        size_t length = 0;

        while (length < n && (is_token_byte(s[length]) || s[length] == '.')) {
                length++;
        }
        return length;
}

size_t mask_token_length(const char *s, size_t n, size_t at)
{
        for (size_t i = 0; i < ELEMENTSOF(shapes); i++) {
                bool within = at > 0 && is_alnum(s[at - 1]);

                if (shape_fits(&shapes[i], s + at, n - at) && !(shapes[i].apart && within)) {
                        return whole_length(s + at, n - at);
                }
        }
        return is_jwt(s + at, n - at) ? whole_length(s + at, n - at) : 0;
}

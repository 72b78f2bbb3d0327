/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Foreign text made safe to show. Trusts no byte. MUST: (1) never write a byte below 0x20, DEL, a C1
 * control or malformed UTF-8; (2) never write a character that hides, reorders or passes for a space
 * or for nothing (Trojan Source); (3) never let one value's marks settle on somebody else's
 * character; (4) never exceed the room it was given, nor cut a character or an escape in two.
 */

#include <assert.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/util.h"

/* Marks beyond this many on one character are shown as \u{}: piles of them cover the lines around. */
#define MARKS_MAX 2

#define ELLIPSIS "\xe2\x80\xa6"
#define ELLIPSIS_LENGTH (sizeof(ELLIPSIS) - 1)

typedef struct Range {
        uint32_t first, last;
} Range;

/* Sorted. What is invisible, reorders, is private or no character, or is an odd space. */
static const Range hidden[] = {
        { 0x00A0, 0x00A0 },    /* no-break space */
        { 0x00AD, 0x00AD },    /* soft hyphen */
        { 0x034F, 0x034F },    /* combining grapheme joiner */
        { 0x0600, 0x0605 },    /* Arabic number signs (Cf) */
        { 0x061C, 0x061C },    /* Arabic letter mark */
        { 0x06DD, 0x06DD },    /* Cf */
        { 0x070F, 0x070F },    /* Cf */
        { 0x0890, 0x0891 },    /* Cf */
        { 0x08E2, 0x08E2 },    /* Cf */
        { 0x115F, 0x1160 },    /* Hangul fillers */
        { 0x1680, 0x1680 },    /* Ogham space */
        { 0x17B4, 0x17B5 },    /* Khmer inherent vowels */
        { 0x180B, 0x180F },    /* Mongolian variation selectors, vowel separator */
        { 0x2000, 0x200F },    /* spaces, zero width, LRM, RLM */
        { 0x2028, 0x202F },    /* line and paragraph separator, bidi embeddings, narrow space */
        { 0x205F, 0x206F },    /* math space, joiners, bidi isolates, deprecated formats */
        { 0x2800, 0x2800 },    /* blank Braille pattern */
        { 0x3000, 0x3000 },    /* ideographic space */
        { 0x3164, 0x3164 },    /* Hangul filler */
        { 0xE000, 0xF8FF },    /* private use */
        { 0xFDD0, 0xFDEF },    /* noncharacters */
        { 0xFE00, 0xFE0F },    /* variation selectors */
        { 0xFEFF, 0xFEFF },    /* byte order mark */
        { 0xFFA0, 0xFFA0 },    /* half-width Hangul filler */
        { 0xFFF0, 0xFFFC },    /* ignorable, interlinear annotation, object replacement */
        { 0xFFFE, 0xFFFF },    /* noncharacters */
        { 0x110BD, 0x110BD },  /* Cf */
        { 0x110CD, 0x110CD },  /* Cf */
        { 0x13430, 0x13440 },  /* hieroglyph format controls */
        { 0x16FE4, 0x16FE4 },  /* Khitan filler */
        { 0x1BCA0, 0x1BCA3 },  /* shorthand format controls */
        { 0x1D159, 0x1D159 },  /* null note head */
        { 0x1D173, 0x1D17A },  /* musical format controls */
        { 0x1FFFE, 0x1FFFF },  /* noncharacters */
        { 0x2FFFE, 0x2FFFF },  /* noncharacters */
        { 0x3FFFE, 0x10FFFF }, /* unassigned planes, tags, more selectors, private planes */
};

/* Sorted. Marks that stack on the character before them (the Mn and Me that pile up in practice). */
/* clang-format off */
static const Range marks[] = {
        { 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05BD }, { 0x05BF, 0x05BF },
        { 0x05C1, 0x05C2 }, { 0x05C4, 0x05C5 }, { 0x05C7, 0x05C7 }, { 0x0610, 0x061A },
        { 0x064B, 0x065F }, { 0x0670, 0x0670 }, { 0x06D6, 0x06DC }, { 0x06DF, 0x06E4 },
        { 0x06E7, 0x06E8 }, { 0x06EA, 0x06ED }, { 0x0711, 0x0711 }, { 0x0730, 0x074A },
        { 0x07A6, 0x07B0 }, { 0x07EB, 0x07F3 }, { 0x0816, 0x0819 }, { 0x081B, 0x0823 },
        { 0x0825, 0x0827 }, { 0x0829, 0x082D }, { 0x0859, 0x085B }, { 0x0898, 0x089F },
        { 0x08CA, 0x0902 }, { 0x093A, 0x093A }, { 0x093C, 0x093C }, { 0x0941, 0x0948 },
        { 0x094D, 0x094D }, { 0x0951, 0x0957 }, { 0x0962, 0x0963 }, { 0x0E31, 0x0E31 },
        { 0x0E34, 0x0E3A }, { 0x0E47, 0x0E4E }, { 0x0EB1, 0x0EB1 }, { 0x0EB4, 0x0EBC },
        { 0x0EC8, 0x0ECE }, { 0x0F18, 0x0F19 }, { 0x0F35, 0x0F35 }, { 0x0F37, 0x0F37 },
        { 0x0F39, 0x0F39 }, { 0x0F71, 0x0F7E }, { 0x0F80, 0x0F84 }, { 0x0F86, 0x0F87 },
        { 0x135D, 0x135F }, { 0x17C6, 0x17C6 }, { 0x17C9, 0x17D3 }, { 0x1A55, 0x1A7F },
        { 0x1AB0, 0x1AFF }, { 0x1CD0, 0x1CE8 }, { 0x1DC0, 0x1DFF }, { 0x20D0, 0x20FF },
        { 0x2CEF, 0x2CF1 }, { 0x2DE0, 0x2DFF }, { 0x302A, 0x302F }, { 0x3099, 0x309A },
        { 0xA66F, 0xA672 }, { 0xA674, 0xA67D }, { 0xA69E, 0xA69F }, { 0xA8E0, 0xA8F1 },
        { 0xFB1E, 0xFB1E }, { 0xFE20, 0xFE2F }, { 0x1D165, 0x1D169 }, { 0x1D16D, 0x1D172 },
        { 0x1D17B, 0x1D182 }, { 0x1D185, 0x1D18B }, { 0x1D1AA, 0x1D1AD }, { 0x1E000, 0x1E02A },
        { 0x1E8D0, 0x1E8D6 },
};
/* clang-format on */

static bool in_ranges(const Range *ranges, size_t n, uint32_t c)
{
        size_t low = 0;

        while (low < n) {
                size_t middle = low + (n - low) / 2;

                if (c > ranges[middle].last) {
                        low = middle + 1;
                } else if (c >= ranges[middle].first) {
                        return true;
                } else {
                        n = middle;
                }
        }
        return false;
}

/* The length of the character at s, 0 when it is not well-formed (RFC 3629). n > 0. */
static size_t utf8_decode(const uint8_t *s, size_t n, uint32_t *ret)
{
        uint32_t c = s[0], least;
        size_t length;

        if (c < 0x80) {
                *ret = c;
                return 1;
        }
        if (c >= 0xC2 && c <= 0xDF) {
                length = 2, least = 0x80, c &= 0x1F;
        } else if ((c & 0xF0) == 0xE0) {
                length = 3, least = 0x800, c &= 0x0F;
        } else if (c >= 0xF0 && c <= 0xF4) {
                length = 4, least = 0x10000, c &= 0x07;
        } else {
                return 0;
        }
        if (length > n) {
                return 0;
        }
        for (size_t i = 1; i < length; i++) {
                if ((s[i] & 0xC0) != 0x80) {
                        return 0;
                }
                c = c << 6 | (s[i] & 0x3F);
        }
        if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
                return 0;
        }
        *ret = c;
        return length;
}

bool utf8_valid(const char *s, size_t n)
{
        const uint8_t *at = (const uint8_t *) s;

        while (n > 0) {
                uint32_t c;
                size_t used = utf8_decode(at, n, &c);

                if (used == 0 || c == 0) {
                        return false;
                }
                at += used;
                n -= used;
        }
        return true;
}

/* Room for length bytes at out; the last place an ellipsis still fits is remembered. */
typedef struct Sink {
        char *out;
        size_t room, length, safe;
        unsigned marks; /* on the character before; MARKS_MAX when there is none to sit on */
        bool full;
} Sink;

/* One piece is all or nothing: a character or an escape is never cut in two. */
static void sink_put(Sink *k, const char *piece, size_t n)
{
        if (k->full) {
                return;
        }
        if (n > k->room - k->length) {
                k->full = true;
                k->length = k->safe;
                if (k->room - k->length >= ELLIPSIS_LENGTH) {
                        memcpy(k->out + k->length, ELLIPSIS, ELLIPSIS_LENGTH);
                        k->length += ELLIPSIS_LENGTH;
                }
                return;
        }
        memcpy(k->out + k->length, piece, n);
        k->length += n;
        if (k->room - k->length >= ELLIPSIS_LENGTH) {
                k->safe = k->length;
        }
}

static void sink_put_byte(Sink *k, uint8_t c)
{
        char piece[] = { '\\', 'x', "0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15] };

        sink_put(k, piece, sizeof(piece));
        k->marks = MARKS_MAX;
}

static void sink_put_escape(Sink *k, uint32_t c)
{
        char piece[sizeof("\\u{10ffff}")], *at = piece;
        int shift = 12;

        *at++ = '\\';
        *at++ = 'u';
        *at++ = '{';
        while (shift < 20 && c >> (shift + 4) != 0) {
                shift += 4;
        }
        for (; shift >= 0; shift -= 4) {
                *at++ = "0123456789abcdef"[c >> shift & 15];
        }
        *at++ = '}';
        sink_put(k, piece, (size_t) (at - piece));
        k->marks = MARKS_MAX;
}

static void sink_put_char(Sink *k, uint32_t c, const char *bytes, size_t n)
{
        /* In this order: some of what is hidden is a mark too. */
        if (c >= 0x80 && in_ranges(hidden, ELEMENTSOF(hidden), c)) {
                sink_put_escape(k, c);
                return;
        }
        if (c < 0x80 || !in_ranges(marks, ELEMENTSOF(marks), c)) {
                k->marks = 0;
        } else if (k->marks >= MARKS_MAX) {
                sink_put_escape(k, c);
                return;
        } else {
                k->marks++;
        }
        sink_put(k, bytes, n);
}

static void sink_clean(Sink *k, const char *s, size_t n)
{
        k->marks = MARKS_MAX;
        while (n > 0 && !k->full) {
                uint32_t c = 0;
                size_t used = utf8_decode((const uint8_t *) s, n, &c);

                if (used == 0) {
                        used = 1;
                        sink_put_byte(k, (uint8_t) *s);
                } else if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
                        for (size_t i = 0; i < used; i++) {
                                sink_put_byte(k, (uint8_t) s[i]);
                        }
                } else {
                        sink_put_char(k, c, s, used);
                }
                s += used;
                n -= used;
        }
}

size_t text_clean(char *out, size_t size, const char *s, size_t n)
{
        Sink k = { .out = out, .room = size - 1 };

        assert(size >= 8);
        sink_clean(&k, s, n);
        out[k.length] = '\0';
        return k.length;
}

/* Memory for the safe form of n bytes: none becomes more than four. */
static int sink_allocate(Sink *k, size_t n, size_t max)
{
        k->room = n > max / 4 ? max : 4 * n;
        k->out = malloc(k->room + 1);
        return k->out ? 0 : -1;
}

char *text_clean_dup(const char *s, size_t max)
{
        size_t n = s ? strlen(s) : 0;
        Sink k = {};

        if (sink_allocate(&k, n, max) < 0) {
                return NULL;
        }
        sink_clean(&k, s, n);
        k.out[k.length] = '\0';
        return k.out;
}

/* A word a shell takes as it stands. Conservative: quoting more than needed costs nothing. */
static bool word_is_plain(const char *word)
{
        return *word && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_@%+=:,./-")] == '\0';
}

static void sink_quote(Sink *k, const char *word)
{
        if (word_is_plain(word)) {
                sink_clean(k, word, strlen(word));
                return;
        }
        sink_put(k, "'", 1);
        for (;;) {
                size_t n = strcspn(word, "'");

                sink_clean(k, word, n);
                if (word[n] == '\0') {
                        break;
                }
                sink_put(k, "'\\''", 4);
                word += n + 1;
        }
        sink_put(k, "'", 1);
}

char *text_command(char *const *words, size_t n, size_t max)
{
        size_t total = 0;
        Sink k = {};

        for (size_t i = 0; i < n; i++) {
                total += strlen(words[i]) + 1; /* four bytes for each, and for quotes and space */
        }
        if (sink_allocate(&k, total, max) < 0) {
                return NULL;
        }
        for (size_t i = 0; i < n && !k.full; i++) {
                if (i > 0) {
                        sink_put(&k, " ", 1);
                }
                sink_quote(&k, words[i]);
        }
        k.out[k.length] = '\0';
        return k.out;
}

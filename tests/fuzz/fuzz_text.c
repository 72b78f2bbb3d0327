/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Whatever the bytes, what comes out is short enough, UTF-8, without controls or the characters that
 * reorder a line, and safe text stays as it is. The first byte chooses the room.
 */

#include <stdlib.h>

#include "common/text.h"
#include "common/util.h"

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

#define WORDS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_safe(const char *text)
{
        static const char *const forbidden[] = { "\xe2\x80\x8b", "\xe2\x80\x8d", "\xe2\x80\x8e",
                "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaa", "\xe2\x80\xab",
                "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa0", "\xe2\x81\xa6",
                "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9", "\xd8\x9c", "\xef\xbb\xbf",
                "\xef\xb8\x8f", "\xcd\x8f", "\xc2\xad", "\xf3\xa0\x81" };

        CHECK(utf8_valid(text, strlen(text)));
        for (size_t i = 0; text[i]; i++) {
                uint8_t c = (uint8_t) text[i];

                CHECK(c >= 0x20 && c != 0x7F);
                CHECK(c != 0xC2 || (uint8_t) text[i + 1] >= 0xA0);
        }
        for (size_t i = 0; i < ELEMENTSOF(forbidden); i++) {
                CHECK(!strstr(text, forbidden[i]));
        }
}

static void check_command(const char *bytes, size_t size, size_t max)
{
        _cleanup_(freep) char *copy = malloc(size + 1), *shown = NULL;
        char *words[WORDS_MAX];
        size_t n = 0;

        CHECK(copy);
        memcpy(copy, bytes, size);
        copy[size] = '\0';
        for (char *at = copy; n < WORDS_MAX && at <= copy + size; at += strlen(at) + 1) {
                words[n++] = at;
        }
        shown = text_command(words, n, max);
        CHECK(shown && strlen(shown) <= max);
        check_safe(shown);
}

static void check_dup(const char *bytes, size_t size, const char *out, size_t max)
{
        _cleanup_(freep) char *copy = strndup(bytes, size), *shown = NULL;

        CHECK(copy);
        shown = text_clean_dup(copy, max);
        CHECK(shown && strlen(shown) <= max);
        check_safe(shown);
        CHECK(strlen(copy) != size || streq(shown, out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(freep) char *out = NULL, *again = NULL;
        const char *bytes = (const char *) data + 1;
        size_t room, length;

        if (size < 1) {
                return 0;
        }
        size--;
        room = data[0] == 255 ? 4 * size + 8 : (size_t) 8 + data[0];
        out = malloc(room);
        again = malloc(room);
        CHECK(out && again);
        length = text_clean(out, room, bytes, size);
        CHECK(length < room && strlen(out) == length);
        check_safe(out);
        CHECK(text_clean(again, room, out, length) == length && streq(out, again));
        check_dup(bytes, size, out, room - 1);
        check_command(bytes, size, data[0]);
        return 0;
}

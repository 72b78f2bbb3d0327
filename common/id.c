/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Short ids. 30^8 is 39 bits: enough that two do not meet in one host's history, too few to be a
 * secret; the store's unique key catches the one that does meet. Trusts nobody's spelling.
 */

#include <errno.h>

#include "common/id.h"
#include "common/util.h"

#define ID_GROUP 4
#define ID_CHARS 8

static const char alphabet[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
_Static_assert(sizeof(alphabet) - 1 == 30, "ids are made of thirty characters");

/* Places the i-th character, with the dash before the fifth. */
static void id_put(char *text, size_t i, char c)
{
        if (i == ID_GROUP) {
                text[ID_GROUP] = '-';
        }
        text[i + (i >= ID_GROUP)] = c;
}

int id_new(Id *ret)
{
        Id id = {};
        size_t n = 0;

        while (n < ID_CHARS) {
                uint8_t bytes[2 * ID_CHARS];
                int r;

                r = random_bytes(bytes, sizeof(bytes));
                if (r < 0) {
                        return r;
                }
                /* 30 does not divide 256: what is left over is thrown away, or ids would lean. */
                for (size_t i = 0; i < sizeof(bytes) && n < ID_CHARS; i++) {
                        if (bytes[i] < 240) {
                                id_put(id.text, n++, alphabet[bytes[i] % 30]);
                        }
                }
        }
        *ret = id;
        return 0;
}

/* Reads up to eight characters and the optional dash; returns how many characters. */
static int id_read(const char *s, char text[static ID_SIZE])
{
        size_t n = 0;

        for (; *s; s++) {
                char c = *s >= 'a' && *s <= 'z' ? (char) (*s - 'a' + 'A') : *s;

                if (c == '-' && n == ID_GROUP && s[-1] != '-') {
                        continue;
                }
                if (n >= ID_CHARS || !strchr(alphabet, c)) {
                        return -EINVAL;
                }
                id_put(text, n++, c);
        }
        return (int) n;
}

int id_parse(const char *s, Id *ret)
{
        Id id = {};

        if (id_read(s, id.text) != ID_CHARS) {
                return -EINVAL;
        }
        *ret = id;
        return 0;
}

int id_parse_prefix(const char *s, char ret[static ID_SIZE])
{
        Id id = {};

        if (id_read(s, id.text) < ID_PREFIX_MIN) {
                return -EINVAL;
        }
        memcpy(ret, id.text, ID_SIZE);
        return 0;
}

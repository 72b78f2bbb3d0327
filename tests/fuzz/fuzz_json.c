/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What parses must print, and what was printed must parse to the same tree and print the same. */

#include <stdlib.h>

#include "common/json.h"
#include "common/util.h"

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const JsonNode *a, const JsonNode *b)
{
        const JsonNode *x = json_first(a), *y = json_first(b);

        CHECK(json_type(a) == json_type(b));
        CHECK(!json_name(a) == !json_name(b));
        CHECK(!json_name(a) || streq(json_name(a), json_name(b)));
        switch (json_type(a)) {
        case JSON_STRING:
                CHECK(streq(json_string(a), json_string(b)));
                break;
        case JSON_INTEGER:
                CHECK(json_integer(a) == json_integer(b));
                break;
        case JSON_BOOLEAN:
                CHECK(json_boolean(a) == json_boolean(b));
                break;
        default:
                break;
        }
        for (; x && y; x = json_next(x), y = json_next(y)) {
                CHECK(json_type(a) != JSON_OBJECT || json_get(a, json_name(x)) == x);
                check_same(x, y);
        }
        CHECK(!x && !y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(json_freep) Json *first = NULL, *second = NULL;
        _cleanup_(freep) char *printed = NULL, *again = NULL;
        size_t printed_size = 0, again_size = 0;
        JsonWriter w = {};

        if (json_parse((const char *) data, size, &first) < 0) {
                CHECK(!first);
                return 0;
        }
        json_put_node(&w, NULL, json_root(first));
        CHECK(json_writer_finish(&w, &printed, &printed_size) == 0);
        CHECK(printed_size <= size && strlen(printed) == printed_size);
        CHECK(json_parse(printed, printed_size, &second) == 0);
        check_same(json_root(first), json_root(second));
        json_put_node(&w, NULL, json_root(second));
        CHECK(json_writer_finish(&w, &again, &again_size) == 0);
        CHECK(streq(printed, again));
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What parses is within bounds and survives being formatted; any number can be formatted. */

#include <stdlib.h>

#include "common/span.h"
#include "common/util.h"

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_format(usec_t span)
{
        char text[SPAN_TEXT_MAX], said[SPAN_TEXT_MAX];
        usec_t back = -1;

        span_format(span, text);
        CHECK(strlen(text) < sizeof(text) - 1);
        span_say(span, said);
        CHECK(strlen(said) < sizeof(said) - 1);
        if (span >= 0 && span <= SPAN_MAX) {
                CHECK(span_parse(text, &back) == 0 && back == span);
                /* what people read is read back within half of its grain, an hour at most */
                CHECK(span_parse(said, &back) == 0);
                CHECK(llabs(back - span) <= USEC_PER_HOUR / 2);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(freep) char *text = malloc(size + 1);
        usec_t span = -1;
        int r;

        CHECK(text);
        memcpy(text, data, size);
        text[size] = '\0';
        r = span_parse(text, &span);
        CHECK(r < 0 ? span == -1 : span >= 0 && span <= SPAN_MAX);
        if (r == 0) {
                check_format(span);
        }
        if (size >= sizeof(span)) {
                memcpy(&span, data, sizeof(span));
                check_format(span);
                check_format(span % SPAN_MAX);
        }
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The first byte chooses the sizes of the pieces, the rest is the stream. Fed in pieces or at once,
 * the wire must find the messages that a plain search for NULs finds, and nothing else; queued and
 * sent in pieces, they must be the stream again.
 */

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "common/wire.h"

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_idle(const Wire *w)
{
        return !w->in && !w->out && w->in_allocated == 0 && w->out_allocated == 0;
}

/* The next piece: as large as may be for 0, else small and uneven. */
static size_t next_piece(uint8_t *seed)
{
        if (*seed == 0) {
                return SIZE_MAX;
        }
        *seed = (uint8_t) (*seed * 5 + 1);
        *seed = *seed ? *seed : 1;
        return 1 + *seed % 67;
}

/* Takes what has come and holds it against the stream; returns what wire_next() ended with. */
static int take_messages(Wire *w, const char *stream, size_t size, size_t *at)
{
        const char *message;
        size_t n;
        int r;

        while ((r = wire_next(w, &message, &n)) == 1) {
                CHECK(n > 0 && n <= WIRE_MESSAGE_MAX && message[n] == '\0');
                CHECK(n < size - *at && memcmp(message, stream + *at, n + 1) == 0);
                CHECK(strlen(message) == n);
                *at += n + 1;
        }
        return r;
}

static void check_input(const char *stream, size_t size, uint8_t seed)
{
        _cleanup_(wire_done) Wire w = {};
        size_t fed = 0, at = 0;
        int r = 0;

        while (fed < size && r == 0) {
                size_t room = 0, n;
                char *into = NULL;

                CHECK(wire_input(&w, &into, &room) == 0 && room > 0);
                CHECK(w.in_allocated <= WIRE_MESSAGE_MAX + 1);
                n = MIN(room, size - fed);
                n = MIN(n, next_piece(&seed));
                memcpy(into, stream + fed, n);
                wire_received(&w, n);
                fed += n;
                r = take_messages(&w, stream, size, &at);
        }
        if (r == -EBADMSG) {
                CHECK(at < size && stream[at] == '\0');
        } else if (r == -EMSGSIZE) {
                CHECK(size - at > WIRE_MESSAGE_MAX &&
                        !memchr(stream + at, '\0', WIRE_MESSAGE_MAX + 1));
        } else {
                CHECK(r == 0 && !memchr(stream + at, '\0', size - at));
                CHECK(wire_is_partial(&w) == (at < size));
                CHECK(at < size || is_idle(&w));
        }
}

static void check_output(const char *stream, size_t size, uint8_t seed)
{
        _cleanup_(wire_done) Wire w = {};
        size_t queued = 0, sent = 0, n;
        const char *next;

        while (queued < size) {
                const char *end = memchr(stream + queued, '\0', size - queued);

                if (!end || end == stream + queued) {
                        break;
                }
                if (wire_queue(&w, stream + queued, (size_t) (end - stream) - queued) == 0) {
                        queued = (size_t) (end + 1 - stream);
                }
                n = MIN(wire_output(&w, &next), next_piece(&seed));
                CHECK(n <= queued - sent && memcmp(next, stream + sent, n) == 0);
                wire_sent(&w, n);
                sent += n;
        }
        while ((n = MIN(wire_output(&w, &next), next_piece(&seed))) > 0) {
                CHECK(n <= queued - sent && memcmp(next, stream + sent, n) == 0);
                wire_sent(&w, n);
                sent += n;
        }
        CHECK(sent == queued && is_idle(&w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *stream = (const char *) data + 1;

        if (size < 2) {
                return 0;
        }
        check_input(stream, size - 1, 0);
        check_input(stream, size - 1, data[0]);
        check_output(stream, size - 1, data[0]);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * NUL-ended messages out of a stream of bytes, and back. Trusts nothing of the peer. MUST: no peer
 * costs more than one message and WIRE_OUTPUT_MAX; an idle connection costs nothing, so that
 * thousands may wait; no message stays in memory behind its
 * turn, for there are secrets among them; work is linear in the bytes, however many messages they are.
 *
 *     in:  | taken | scanned, no NUL |   not yet scanned   | free |
 *          0    in_taken        in_scanned             in_size  in_allocated
 *
 * The message last returned ends at in_taken; its bytes stay until the next call.
 */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "common/wire.h"

#define ALLOCATE_MIN ((size_t) 512)
#define INPUT_MIN ((size_t) 128) /* less room than this is not worth a system call */
#define INPUT_MAX ((size_t) WIRE_MESSAGE_MAX + 1)

static void input_free(Wire *w)
{
        erase_free_bytes(w->in, w->in_allocated);
        w->in = NULL;
        w->in_size = w->in_allocated = w->in_scanned = w->in_taken = 0;
}

static void output_free(Wire *w)
{
        erase_free_bytes(w->out, w->out_allocated);
        w->out = NULL;
        w->out_size = w->out_allocated = w->out_sent = 0;
}

void wire_done(Wire *w)
{
        input_free(w);
        output_free(w);
}

/* Doubles until want bytes fit, never beyond max. */
static int grow(char **buf, size_t *allocated, size_t want, size_t max)
{
        size_t size = MAX(*allocated, ALLOCATE_MIN);
        char *bigger;

        while (size < want) {
                size *= 2;
        }
        size = MIN(size, max);
        if (size <= *allocated) {
                return 0;
        }
        bigger = erase_realloc(*buf, *allocated, size);
        if (!bigger) {
                return -ENOMEM;
        }
        *buf = bigger;
        *allocated = size;
        return 0;
}

/* Moves what is not taken to the front: once per recv, not once per message. */
static void input_compact(Wire *w)
{
        if (w->in_taken == 0) {
                return;
        }
        memmove(w->in, w->in + w->in_taken, w->in_size - w->in_taken);
        w->in_size -= w->in_taken;
        w->in_scanned -= w->in_taken;
        w->in_taken = 0;
}

int wire_input(Wire *w, char **ret, size_t *ret_size)
{
        int r;

        input_compact(w);
        if (w->in_size >= INPUT_MAX) {
                return -EMSGSIZE;
        }
        r = grow(&w->in, &w->in_allocated, w->in_size + INPUT_MIN, INPUT_MAX);
        if (r < 0) {
                return r;
        }
        *ret = w->in + w->in_size;
        *ret_size = w->in_allocated - w->in_size;
        return 0;
}

void wire_received(Wire *w, size_t n)
{
        assert(n <= w->in_allocated - w->in_size);
        w->in_size += n;
        if (w->in_size == 0) {
                input_free(w);
        }
}

int wire_next(Wire *w, const char **ret, size_t *ret_size)
{
        const char *message, *end;

        if (w->in_taken == w->in_size) {
                input_free(w);
                return 0;
        }
        message = w->in + w->in_taken;
        end = memchr(w->in + w->in_scanned, '\0', w->in_size - w->in_scanned);
        if (!end) {
                w->in_scanned = w->in_size;
                return w->in_size - w->in_taken >= INPUT_MAX ? -EMSGSIZE : 0;
        }
        if (end == message) {
                return -EBADMSG;
        }
        w->in_taken = w->in_scanned = (size_t) (end + 1 - w->in);
        *ret = message;
        *ret_size = (size_t) (end - message);
        return 1;
}

bool wire_is_partial(const Wire *w)
{
        return w->in_size > w->in_taken;
}

int wire_queue(Wire *w, const char *text, size_t size)
{
        size_t unsent = w->out_size - w->out_sent;
        int r;

        /* Our own mistakes, but ones that would shift every later message of the connection. */
        if (size == 0 || memchr(text, '\0', size)) {
                return -EINVAL;
        }
        if (size >= WIRE_OUTPUT_MAX - unsent) {
                return -ENOBUFS;
        }
        if (w->out_sent > 0) {
                memmove(w->out, w->out + w->out_sent, unsent);
                w->out_size = unsent;
                w->out_sent = 0;
        }
        r = grow(&w->out, &w->out_allocated, unsent + size + 1, WIRE_OUTPUT_MAX);
        if (r < 0) {
                return r;
        }
        memcpy(w->out + unsent, text, size);
        w->out[unsent + size] = '\0';
        w->out_size = unsent + size + 1;
        return 0;
}

size_t wire_output(const Wire *w, const char **ret)
{
        *ret = w->out ? w->out + w->out_sent : NULL;
        return w->out_size - w->out_sent;
}

void wire_sent(Wire *w, size_t n)
{
        assert(n <= w->out_size - w->out_sent);
        w->out_sent += n;
        if (w->out_sent == w->out_size) {
                output_free(w);
        }
}

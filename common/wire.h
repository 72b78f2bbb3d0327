/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Varlink framing (varlink.org/Protocol): a message is bytes ended by one NUL. A Wire turns what a
 * socket gives into messages and what is to be said into bytes; it has no fd, so tests feed it in
 * odd-sized pieces. Idle, it holds no memory.
 */

#include "common/macro.h"

#define WIRE_MESSAGE_MAX (64 * 1024)  /* one message, its NUL not counted */
#define WIRE_OUTPUT_MAX (1024 * 1024) /* unsent bytes a peer that does not read may cost */

typedef struct Wire {
        char *in;
        size_t in_size, in_allocated;
        size_t in_scanned; /* no NUL before this offset */
        size_t in_taken;   /* the message last returned, dropped at the next call */
        char *out;
        size_t out_size, out_allocated, out_sent;
} Wire;

void wire_done(Wire *w);

/* Where the next recv may write, and how much. -ENOMEM, -EMSGSIZE when an unended message is at its limit. */
int wire_input(Wire *w, char **ret, size_t *ret_size);
void wire_received(Wire *w, size_t n);

/*
 * 1: the next whole message, NUL-ended, borrowed until the next call with this Wire; 0: none yet;
 * -EMSGSIZE: the peer sent one that is too long (empty ones are -EBADMSG).
 */
int wire_next(Wire *w, const char **ret, size_t *ret_size);
/* Whether part of a message has come. */
bool wire_is_partial(const Wire *w);

/* Queues text and its NUL. -ENOBUFS past WIRE_OUTPUT_MAX, -ENOMEM. */
int wire_queue(Wire *w, const char *text, size_t size);
/* What is to be sent next; 0 bytes when nothing. */
size_t wire_output(const Wire *w, const char **ret);
void wire_sent(Wire *w, size_t n);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One connection to the approver and what was asked on it last. An answer counts only if it repeats
 * that question's nonce, service, user, target and asker: one of another question, of another time
 * or of another asker opens nothing (hazard H-17).
 */

#include "common/client.h"
#include "pam_jit/options.h"

typedef struct Dialogue {
        Client client;
        Ask asked; /* borrowed from its Who, but for the nonce */
        char nonce[NONCE_HEX + 1];
} Dialogue;

#define DIALOGUE_NONE ((Dialogue){ .client = CLIENT_NONE })

/* See client_connect(); closes what was open. */
int dialogue_open(Dialogue *d, const Options *options, usec_t deadline);
void dialogue_close(Dialogue *d);
/* Lets the connection go; the last answer stays. */
void dialogue_hang_up(Dialogue *d);
static inline bool dialogue_is_open(const Dialogue *d)
{
        return d->client.fd >= 0;
}

/* Sends a call whose member ask, inside parameters, is given a fresh nonce. */
int dialogue_send(Dialogue *d, const char *method, const Field *fields, const void *parameters,
        Ask *ask, unsigned flags, usec_t deadline);

/* Both, on a new connection; the question is ready before the approver is woken up. */
int dialogue_ask(Dialogue *d, const Options *options, const char *method, const Field *fields,
        const void *parameters, Ask *ask, unsigned flags, usec_t deadline);

/*
 * The next answer; borrowed until the next call, released by answer_done(). What client_receive()
 * says, and -EBADMSG for what is no answer or comes with more behind it, -EKEYREJECTED for one that
 * answers another question, -EBADE for an error instead of an answer (dialogue_error() names it).
 */
int dialogue_receive(Dialogue *d, usec_t deadline, int wake_fd, Answer *ret, bool *ret_continues);
const char *dialogue_error(const Dialogue *d);

static inline void answer_done(Answer *a)
{
        fields_done(ANSWER_FIELDS, a);
}

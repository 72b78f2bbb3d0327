/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Trusts nothing that comes over the socket before it was compared. MUST: a nonce is used for one
 * question; an answer that differs in one byte of what it must repeat is not an answer.
 */

#include "pam_jit/dialogue.h"

#include <errno.h>

int dialogue_open(Dialogue *d, const Options *options, usec_t deadline)
{
        dialogue_close(d);
        return client_connect(&d->client, options->socket, options->server_uid, deadline);
}

void dialogue_close(Dialogue *d)
{
        client_done(&d->client);
        d->client = CLIENT_NONE;
}

void dialogue_hang_up(Dialogue *d)
{
        closep(&d->client.fd);
        d->client.fd = -1;
}

static int dialogue_queue(Dialogue *d, const char *method, const Field *fields,
        const void *parameters, Ask *ask, unsigned flags)
{
        uint8_t random[NONCE_HEX / 2];

        int r = random_bytes(random, sizeof(random));
        if (r < 0) {
                return r;
        }
        hex_encode(random, sizeof(random), d->nonce);
        ask->nonce = d->nonce;
        d->asked = *ask;
        return client_queue(&d->client, method, fields, parameters, flags);
}

int dialogue_send(Dialogue *d, const char *method, const Field *fields, const void *parameters,
        Ask *ask, unsigned flags, usec_t deadline)
{
        int r = dialogue_queue(d, method, fields, parameters, ask, flags);

        return r < 0 ? r : client_flush(&d->client, deadline);
}

int dialogue_ask(Dialogue *d, const Options *options, const char *method, const Field *fields,
        const void *parameters, Ask *ask, unsigned flags, usec_t deadline)
{
        dialogue_close(d);
        int r = dialogue_queue(d, method, fields, parameters, ask, flags);
        if (r < 0) {
                return r;
        }
        r = client_connect(&d->client, options->socket, options->server_uid, deadline);
        return r < 0 ? r : client_flush(&d->client, deadline);
}

static bool same(const char *sent, const char *echoed)
{
        return sent && echoed ? streq(sent, echoed) : sent == echoed;
}

static bool answers_the_question(const Ask *asked, const Answer *a)
{
        return a->nonce && streq(asked->nonce, a->nonce) && same(asked->service, a->service) &&
               same(asked->user, a->user) && same(asked->target, a->target) &&
               (asked->asker == UID_UNSET || asked->asker == a->asker);
}

int dialogue_receive(Dialogue *d, usec_t deadline, int wake_fd, Answer *ret, bool *ret_continues)
{
        Message m;
        Answer a;

        int r = client_receive(&d->client, deadline, wake_fd, &m);
        if (r < 0) {
                return r;
        }
        if (m.error) {
                return -EBADE;
        }
        r = fields_read(ANSWER_FIELDS, m.parameters, &a, NULL);
        if (r < 0) {
                return r;
        }
        if (!answers_the_question(&d->asked, &a)) {
                r = -EKEYREJECTED;
        } else if (!m.continues && !client_is_idle(&d->client)) {
                r = -EBADMSG;
        }
        if (r < 0) {
                answer_done(&a);
                return r;
        }
        *ret = a;
        *ret_continues = m.continues;
        return 0;
}

const char *dialogue_error(const Dialogue *d)
{
        Message m;

        if (!d->client.reply || message_read_reply(d->client.reply, &m) < 0 || !m.error) {
                return "";
        }
        const char *dot = strrchr(m.error, '.');
        return dot ? dot + 1 : m.error;
}

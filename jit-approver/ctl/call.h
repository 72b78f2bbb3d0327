/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One connection to the approver, and what its errors mean to a script. Functions return an exit
 * code (EXIT_DONE to go on); what went wrong is in message, and told on stderr unless quiet.
 */

#include "common/client.h"
#include "jit-approver/ctl/ctl.h"

#define CALL_TIMEOUT (15 * USEC_PER_SEC)

typedef struct Call {
        const Ctl *ctl;
        Client client;
        Message reply; /* borrowed from client */
        bool quiet;
        char message[1024]; /* of the last failure; safe to print */
} Call;

int call_open(Call *c, const Ctl *ctl);
/* One call and its one reply. */
int call_do(Call *c, const char *method, const Field *fields, const void *parameters);
void call_done(Call *c);

/* The two halves, for calls that go on; -errno for a lost or late connection, else as above. */
int call_send(
        Call *c, const char *method, const Field *fields, const void *parameters, unsigned flags);
int call_receive(Call *c, usec_t deadline);
/* Turns such a negative errno into an exit code, and tells it. */
int call_lost(Call *c, int error);
/* What the code of a refusal (of Answer or Refused) means: no, not yet, or their failure. */
int call_code_exit(const char *code);
/* The approver said something that is not the protocol. */
int call_garbled(Call *c, const char *what);

/*
 * Every item of a paged list. after is the member of parameters that pages it. visit borrows the
 * item; the last reply stays in c->reply.
 */
typedef void (*CallVisit)(const JsonNode *item, void *userdata);
int call_list(Call *c, const char *method, const Field *fields, void *parameters, int64_t *after,
        const char *member, CallVisit visit, void *userdata);

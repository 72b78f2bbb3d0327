/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One method call of one peer. It is answered exactly once; a call that is dropped unanswered says
 * "refused". A call may be parked while people think: it then holds nothing but its place, and is
 * told when its peer has gone.
 */

#include "common/protocol.h"
#include "jit-approver/daemon/proof.h"

typedef struct Connection Connection;
typedef struct Call Call;

typedef enum SocketKind {
        SOCKET_PEOPLE = 1 << 0,  /* approver.sock: everybody's */
        SOCKET_GATEWAY = 1 << 1, /* gateway.sock */
} SocketKind;

/* The peer hung up while the call was open; the call is freed right after. */
typedef void (*CallGone)(Call *c, void *userdata);

struct Call {
        Connection *connection; /* which owns it */
        Json *json;             /* NULL once parked */
        Message message;        /* borrows from json */
        CallGone gone;
        void *gone_userdata;
};

const Peer *call_peer(const Call *c);
SocketKind call_socket(const Call *c);
/* The login uid of the process that connected; see proof_login_uid(). Read once. */
int call_login_uid(Call *c, uid_t *ret);
/* Its login session; see proof_login_session(). */
int call_login_session(const Call *c, int64_t *ret);
/* The call that this connection has parked, for the one method that may come meanwhile (Detach). */
Call *call_parked(const Call *c);

/*
 * Charges the connection to the asker a uid-0 peer speaks for. -EBUSY when he has too many; asking
 * twice for the same is fine, changing the asker is -EPERM.
 */
int call_name_asker(Call *c, uid_t asker);

void call_on_gone(Call *c, CallGone gone, void *userdata);
/* Lets go of the message; nothing borrowed from it may be used any more. */
void call_park(Call *c);

/* Nothing may come behind this call: once it is answered the connection is closed. */
void call_is_last(Call *c);

/* A writer with the reply's parameters object open. */
JsonWriter call_writer(void);
/* Sends parameters, more to follow. Errors cost the peer its connection later, not the caller. */
void call_notify(Call *c, JsonWriter *w);
/* These end the call and free it. */
void call_reply(Call *c, JsonWriter *w);
void call_reply_empty(Call *c);
/* name without the interface for our own errors, whole for org.varlink.service's. */
void call_error(Call *c, const char *name, const char *format, ...) _printf_(3, 4);
void call_error_with(Call *c, const char *name, JsonWriter *w);

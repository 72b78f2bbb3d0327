/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What call.c and server.c share: one peer's bytes. Nobody else includes this. */

#include <sys/queue.h>

#include "common/wire.h"
#include "jit-approver/daemon/server.h"

typedef struct Quota Quota;

struct Connection {
        Server *server; /* which owns it */
        LIST_ENTRY(Connection) all;
        TAILQ_ENTRY(Connection) due;    /* while it owes us a message */
        usec_t due_at;                  /* CLOCK_MONOTONIC; 0 when not on that list */
        TAILQ_ENTRY(Connection) direct; /* of those whose peer is not uid 0 */
        int fd;
        SocketKind kind;
        Peer peer;
        uid_t asker;  /* whom it is charged to; UID_UNSET: an unnamed uid 0 */
        Quota *quota; /* his; NULL likewise */
        LIST_ENTRY(Connection) of_asker;
        bool reserve;
        bool has_login_uid;
        bool hung_up; /* goes with its call */
        bool last;    /* of its calls has come: goes when that was answered */
        uid_t login_uid;
        sd_event_source *io;
        Wire wire;
        Call *call; /* being answered or parked */
};

/* server.c */
int server_charge(Server *s, Connection *c, uid_t asker);
void server_call(Server *s, Call *c);
/* It has said something. */
void server_heard(Server *s, Connection *c);
void connection_free(Connection *c);

/* call.c */
int connection_start(Connection *c, sd_event *event);
void connection_expect(Connection *c, bool message);
/* Tells whoever keeps the call, then ends it: refused, or without a word. */
void call_drop(Call *c, bool reply);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Listening, and fairness between peers. A connection is charged to its asker once a uid-0 peer has
 * named him, to its peer uid before. A peer that misbehaves loses its connection; nobody else notices.
 * Idle, nothing here wakes up.
 */

#include <systemd/sd-event.h>

#include "jit-approver/daemon/call.h"

typedef struct ServerLimits {
        unsigned per_asker;  /* connections of one asker */
        unsigned unnamed;    /* connections of uid 0 that have not said for whom */
        unsigned total;      /* 0: what RLIMIT_NOFILE leaves */
        unsigned reserved;   /* of the total, for asker 0 and questions that are answered at once */
        usec_t message_time; /* for the first message, and for any message once begun */
} ServerLimits;
#define SERVER_LIMITS ((ServerLimits){ 8, 256, 0, 16, 5 * USEC_PER_SEC })

typedef struct Server Server;

/* Takes a whole call; must answer, park or drop it. */
typedef void (*ServerCall)(Call *c, void *userdata);

int server_new(sd_event *event, const ServerLimits *limits, ServerCall on_call, void *userdata,
        Server **ret);
Server *server_free(Server *s);
DEFINE_FREE(Server, server_free)

/* Takes ownership of the listening fd. */
int server_listen(Server *s, SocketKind kind, int fd);
/* Makes, binds and listens, for running without socket activation. */
int server_bind(Server *s, SocketKind kind, const char *path, mode_t mode);

size_t server_connections(const Server *s);
/* Whether only what is answered at once may still be served on this call's connection. */
bool server_is_reserve(const Call *c);

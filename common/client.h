/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The calling side of the local protocol: one connection, one deadline for each step, no state
 * elsewhere. Runs inside sudo and sshd: no signal is raised (MSG_NOSIGNAL), no fd is inherited
 * (CLOEXEC), nothing but poll(2) waits.
 */

#include "common/protocol.h"
#include "common/wire.h"

typedef struct Client {
        int fd;
        Wire wire;
        Json *reply; /* the last one received; Message borrows from it */
} Client;

#define CLIENT_NONE ((Client){ .fd = -1 })

/*
 * Connects and checks who answers: the peer must be server_uid (UID_UNSET: anybody). deadline is
 * CLOCK_MONOTONIC. -ETIMEDOUT, -EPERM (not that uid), else what socket(2) and connect(2) say.
 */
int client_connect(Client *c, const char *path, uid_t server_uid, usec_t deadline);

/*
 * Whether who listens there is server_uid, as of listen(2): a squatter cannot pass for root. -EPERM: it
 * is somebody else. For whoever connects by himself; client_connect() does it.
 */
int client_check_server(int fd, uid_t server_uid);

/*
 * Makes a call ready to be sent; may come before client_connect(), so that nothing but sending is left
 * to do when the server has been woken up by the connection.
 */
int client_queue(
        Client *c, const char *method, const Field *fields, const void *parameters, unsigned flags);
/* Sends what is queued. -ETIMEDOUT, -EPIPE, -ECONNRESET. */
int client_flush(Client *c, usec_t deadline);
/* Both. */
int client_send(Client *c, const char *method, const Field *fields, const void *parameters,
        unsigned flags, usec_t deadline);

/*
 * The next reply; borrowed until the next call with this Client. wake_fd (-1: none) becoming readable
 * ends the wait with -EINTR; nothing is read from it. -ETIMEDOUT, -ECONNRESET (the server closed),
 * -EBADMSG (not the protocol).
 */
int client_receive(Client *c, usec_t deadline, int wake_fd, Message *ret);

/* Whether nothing has come behind the last reply; a server that hung up after it is idle too. */
bool client_is_idle(const Client *c);

void client_done(Client *c);

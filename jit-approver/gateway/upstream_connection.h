/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One connection to the approver, for upstream.c alone: bytes in and out, whole replies, its end. */

#include <systemd/sd-event.h>

#include "common/protocol.h"

typedef struct Connection Connection;

/*
 * error is 0 and reply borrowed for the call; or reply is NULL and the connection is lost (-ECONNRESET,
 * -EBADMSG, …), which comes once and last. The connection may be freed within.
 */
typedef void (*ConnectionSays)(int error, const Message *reply, void *userdata);

/*
 * server_uid as of client_connect(). -EAGAIN: too many are waiting there already, try again; -EPERM: not
 * that uid; else what socket(2) and connect(2) say. Nothing is called from within.
 */
int connection_open(sd_event *event, const char *path, uid_t server_uid, ConnectionSays says,
        void *userdata, Connection **ret);
Connection *connection_free(Connection *c);
DEFINE_FREE(Connection, connection_free)

/* Sends what can be sent, keeps the rest. After an error the connection is good for nothing. */
int connection_send(Connection *c, const char *text, size_t size);
/* Whether something has come that was not handed on as a reply. */
bool connection_is_partial(const Connection *c);

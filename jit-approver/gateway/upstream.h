/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The approver, as the gateway sees it: calls that are answered once, and the one call whose answers go
 * on. Nothing here blocks. The approver may be restarted at any moment: a call then fails at its
 * deadline at the latest, the call that goes on is made again.
 */

#include <systemd/sd-event.h>

#include "common/protocol.h"

#define UPSTREAM_CALL_TIME (10 * USEC_PER_SEC)
#define UPSTREAM_RETRY_TIME USEC_PER_SEC
#define UPSTREAM_CALLS_MAX 64 /* at once; more wait for their turn, UPSTREAM_QUEUE_MAX of them */
#define UPSTREAM_QUEUE_MAX 1024

typedef struct Upstream Upstream;
typedef struct UpstreamCall UpstreamCall;

/*
 * path is borrowed. server_uid: who must answer there (UID_UNSET: anybody), as of client_connect().
 */
int upstream_new(sd_event *event, const char *path, uid_t server_uid, Upstream **ret);
/* Calls that are open end without an answer: their done is not called. */
Upstream *upstream_free(Upstream *u);
DEFINE_FREE(Upstream, upstream_free)

/*
 * One answer: reply is NULL when there is none (error: -ETIMEDOUT, -ECONNRESET, -ECONNREFUSED, -ENOENT, …), else
 * borrowed for the call: reply->error, without the interface's name, or NULL, and reply->parameters.
 * Comes exactly once, from the loop, unless the call is cancelled first.
 */
typedef void (*UpstreamDone)(int error, const Message *reply, void *userdata);
/* parameters are written before this returns. -EBUSY: the queue is full. *ret (may be NULL) is good until done. */
int upstream_call(Upstream *u, const char *method, const Field *fields, const void *parameters,
        UpstreamDone done, void *userdata, UpstreamCall **ret);
void upstream_cancel(UpstreamCall *c);

/*
 * The call whose answers go on (CALL_MORE): one of them, made anew whenever it ends or the connection is
 * lost. reply as above; NULL (error says why) each time it was lost: what was given since the last
 * time is void.
 */
int upstream_subscribe(Upstream *u, const char *method, const Field *fields, const void *parameters,
        UpstreamDone each, void *userdata);

/* Whether the approver answers: the subscription stands, or the last call was answered. */
bool upstream_is_up(const Upstream *u);

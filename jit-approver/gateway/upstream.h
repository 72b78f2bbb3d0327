/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The approver, as the gateway sees it: calls that are answered once, and the one call whose answers go
 * on. Nothing here blocks. The approver may be restarted at any moment: a call is then made once more,
 * which every method of the gateway's allows, and fails at its deadline at the latest; the call that
 * goes on is made again for as long as it takes.
 */

#include <systemd/sd-event.h>

#include "common/protocol.h"

#define UPSTREAM_CALL_TIME (10 * USEC_PER_SEC) /* waiting for its turn included */
#define UPSTREAM_RETRY_TIME USEC_PER_SEC       /* until the call that goes on is made again */
/* At once. With the call that goes on, less than the approver lets one account have connections. */
#define UPSTREAM_CALLS_MAX 6
#define UPSTREAM_QUEUE_MAX 1024 /* more wait for their turn */

typedef struct Upstream Upstream;
typedef struct UpstreamCall UpstreamCall;

/*
 * path is borrowed. server_uid: who must answer there (UID_UNSET: anybody), as of client_connect().
 */
int upstream_new(sd_event *event, const char *path, uid_t server_uid, Upstream **ret);
/* Calls that are open end without an answer: their done is not called. Not from within one. */
Upstream *upstream_free(Upstream *u);
DEFINE_FREE(Upstream, upstream_free)

/*
 * One answer: reply is NULL when there is none (error: -ETIMEDOUT, -ECONNRESET, -ECONNREFUSED, -ENOENT,
 * -EPERM: somebody else answers there, -EBADMSG: not the protocol), else borrowed for the call:
 * reply->error, without the interface's name, or NULL, and reply->parameters. Comes exactly once, from
 * the loop and never from within upstream_call(), unless the call is cancelled first.
 */
typedef void (*UpstreamDone)(int error, const Message *reply, void *userdata);
/*
 * parameters are written before this returns. -EBUSY: the queue is full; -EMSGSIZE, -EILSEQ: cannot be
 * written. *ret (ret may be NULL) is good until done.
 */
int upstream_call(Upstream *u, const char *method, const Field *fields, const void *parameters,
        UpstreamDone done, void *userdata, UpstreamCall **ret);
/* done will not be called. What has been sent may have its effect. */
void upstream_cancel(UpstreamCall *c);

/*
 * The call whose answers go on (CALL_MORE): one of them, once for an Upstream, made anew whenever it
 * ends, cannot be made, or the connection is lost. reply as above; NULL (error says why) each time
 * that happens: what was given since the last time is void.
 */
int upstream_subscribe(Upstream *u, const char *method, const Field *fields, const void *parameters,
        UpstreamDone each, void *userdata);

/* Whether the approver answers: the subscription stands, or the last call was answered. */
bool upstream_is_up(const Upstream *u);

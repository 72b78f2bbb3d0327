/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * HTTP in: libmicrohttpd in sd-event. A request reaches its handler whole or not at all, and is answered
 * once, at once or later. Limits are here, so that nobody keeps others out (hazard H-101): a whole
 * request has to be there in time, bodies are short, connections are counted.
 */

#include <systemd/sd-event.h>

#include "common/clock.h"
#include "jit-approver/gateway/address.h"
#include "jit-approver/gateway/config.h"

typedef struct HttpLimits {
        unsigned connections; /* at least 64; fewer where RLIMIT_NOFILE is low */
        unsigned per_address; /* of who is no proxy of ours and not on this host */
        usec_t deadline;      /* from the accept, and from each answer on, to a whole request */
        size_t body;          /* bytes */
} HttpLimits;

extern const HttpLimits HTTP_LIMITS;

typedef struct Http Http;
typedef struct HttpRequest HttpRequest;

/* Comes once for each request. It answers (http_respond) or parks it (http_park). */
typedef void (*HttpHandler)(HttpRequest *r, void *userdata);
/* The server ends while the request is parked: it is not to be answered any more. */
typedef void (*HttpGone)(HttpRequest *r, void *userdata);

/*
 * Listens. config is borrowed for good. -EADDRINUSE and what else bind(2) says; -EINVAL: TLS texts that
 * do not fit.
 */
int http_new(sd_event *event, const WebConfig *config, const HttpLimits *limits,
        HttpHandler handler, void *userdata, Http **ret);
Http *http_free(Http *h);
DEFINE_FREE(Http, http_free)
/* The port listened on; 0: a Unix socket. */
uint16_t http_port(const Http *h);

/* Good until the answer; NULL for a header that was not sent. The path is as sent, without its query. */
const char *http_method(const HttpRequest *r);
const char *http_path(const HttpRequest *r);
const char *http_header(const HttpRequest *r, const char *name);
const char *http_body(const HttpRequest *r, size_t *ret_size);
/* Longer than the limit: the body is not there, 413 is due. */
bool http_is_too_large(const HttpRequest *r);
/* Said in a way that two servers could understand differently: 400 is due. */
bool http_is_ambiguous(const HttpRequest *r);
/* Who asks, as far as our own proxies tell. */
Address http_client(const HttpRequest *r);
/* By the Unix socket or from a loopback address, and nothing says that a proxy hands it on. */
bool http_is_local(const HttpRequest *r);

typedef struct HttpAnswer {
        int status;
        const char *type; /* constant; NULL without a body */
        char *body;       /* given away; NULL: none */
        size_t body_size;
        int retry_after;   /* seconds; 0: not said */
        const char *allow; /* constant */
        bool bearer;       /* say that a token is wanted */
        bool cacheable;    /* for good; anything else is stored nowhere */
} HttpAnswer;

/* Takes the body. The request is gone at any time after. */
void http_respond(HttpRequest *r, const HttpAnswer *a);
/* It will be answered later. */
void http_park(HttpRequest *r, HttpGone gone, void *userdata);

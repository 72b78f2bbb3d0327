/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of http share. */

#include <microhttpd.h>
#include <sys/queue.h>

#include "jit-approver/gateway/http.h"

/* One accepted socket; owned by libmicrohttpd, which tells when it is gone. */
typedef struct HttpConnection HttpConnection;
struct HttpConnection {
        Http *http;
        int fd; /* borrowed */
        Address peer;
        bool trusted; /* it may say for whom it speaks */
        bool due;     /* in Http.due: no whole request is here */
        usec_t deadline;
        LIST_ENTRY(HttpConnection) all;
        TAILQ_ENTRY(HttpConnection) waiting;
};

struct HttpRequest {
        HttpConnection *connection;
        struct MHD_Connection *mhd;
        const char *method, *path; /* borrowed from libmicrohttpd */
        char *body;
        size_t body_size;
        bool too_large, ambiguous;
        bool handled, suspended, answered;
        struct MHD_Response *response; /* owned until it is queued */
        int status;
        HttpGone gone;
        void *gone_userdata;
        LIST_ENTRY(HttpRequest) parked;
};

struct Http {
        const WebConfig *config; /* borrowed */
        HttpLimits limits;
        HttpHandler handler;
        void *userdata;
        int listen_fd; /* -1 once libmicrohttpd has it */
        uint16_t port;
        bool is_unix, bound, stopping;
        struct MHD_Daemon *mhd;
        sd_event_source *io, *again, *timer;
        LIST_HEAD(, HttpConnection) connections;
        TAILQ_HEAD(, HttpConnection) due; /* oldest first */
        LIST_HEAD(, HttpRequest) parked;
        size_t n_connections;
        usec_t logged; /* the last complaint of libmicrohttpd */
};

/* http_listen.c: a listening socket, CLOEXEC and not blocking. */
int http_listen(const Listen *l, int *ret_fd, uint16_t *ret_port);

/* http_connection.c: callbacks for libmicrohttpd, and the deadlines. */
enum MHD_Result on_http_accept(void *http, const struct sockaddr *address, socklen_t size);
void on_http_connection(void *http, struct MHD_Connection *c, void **socket_context,
        enum MHD_ConnectionNotificationCode code);
/* A whole request is expected from now on, or not any more. */
void http_expect(HttpConnection *c, bool expect);
/* Cuts who is late; arms the timer for the next. */
int on_http_deadline(sd_event_source *source, uint64_t usec, void *http);

/* http_request.c */
enum MHD_Result on_http_request(void *http, struct MHD_Connection *c, const char *path,
        const char *method, const char *version, const char *data, size_t *data_size,
        void **request);
void on_http_completed(
        void *http, struct MHD_Connection *c, void **request, enum MHD_RequestTerminationCode code);
/* Lets go of parked requests, for the end. */
void http_unpark_all(Http *h);
/* http.c: run libmicrohttpd in the next turn of the loop. */
void http_run_soon(Http *h);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One peer: bytes in, calls out, answers back. MUST never block (every fd is non-blocking, output is
 * bounded) and MUST never let a peer's bytes cost anybody but that peer.
 */

#include "jit-approver/daemon/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "jit-approver/daemon/connection.h"

#define READS_AT_ONCE 16 /* the longest message takes eight */

const Peer *call_peer(const Call *c)
{
        return &c->connection->peer;
}

SocketKind call_socket(const Call *c)
{
        return c->connection->kind;
}

Call *call_parked(const Call *c)
{
        return c->connection->call != c ? c->connection->call : NULL;
}

int call_login_uid(Call *c, uid_t *ret)
{
        Connection *n = c->connection;

        if (!n->has_login_uid) {
                int r = proof_login_uid(n->fd, &n->peer, &n->login_uid);
                if (r < 0) {
                        return r;
                }
                n->has_login_uid = true;
        }
        *ret = n->login_uid;
        return 0;
}

int call_login_session(const Call *c, int64_t *ret)
{
        return proof_login_session(c->connection->fd, &c->connection->peer, ret);
}

int call_name_asker(Call *c, uid_t asker)
{
        return server_charge(c->connection->server, c->connection, asker);
}

void call_on_gone(Call *c, CallGone gone, void *userdata)
{
        c->gone = gone;
        c->gone_userdata = userdata;
}

void call_is_last(Call *c)
{
        c->connection->last = true;
}

void call_park(Call *c)
{
        c->message = (Message){ .more = c->message.more };
        c->json = json_free(c->json);
}

static void connection_watch(Connection *n)
{
        const char *out;
        uint32_t events = EPOLLIN | EPOLLRDHUP;

        if (!n->io) {
                return;
        }
        if (wire_output(&n->wire, &out) > 0) {
                events |= EPOLLOUT;
        }
        uint32_t old;
        if (sd_event_source_get_io_events(n->io, &old) >= 0 && old != events) {
                (void) sd_event_source_set_io_events(n->io, events);
        }
}

/* Sends what the socket takes. -errno when the peer is past saving. */
static int connection_flush(Connection *n)
{
        const char *out;
        size_t size;

        while ((size = wire_output(&n->wire, &out)) > 0) {
                ssize_t sent = send(n->fd, out, size, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (sent < 0 && errno == EINTR) {
                        continue;
                }
                if (sent < 0) {
                        return errno == EAGAIN ? 0 : -errno;
                }
                wire_sent(&n->wire, (size_t) sent);
        }
        return 0;
}

/* Queues and tries to send at once. A peer that does not read loses its connection in the next turn. */
static void connection_say(Connection *n, JsonWriter *w)
{
        _cleanup_(erase_freep) char *text = NULL;
        size_t size;

        int r = json_writer_finish(w, &text, &size);
        if (r >= 0) {
                r = wire_queue(&n->wire, text, size);
        }
        if (r >= 0) {
                r = connection_flush(n);
        }
        if (r < 0) {
                (void) shutdown(n->fd, SHUT_RDWR);
        }
        connection_watch(n);
}

/* Unhooks a call from its connection and frees it. */
static void call_end(Call *c)
{
        Connection *n = c->connection;

        if (n->call == c) {
                n->call = NULL;
        }
        if (n->asker == UID_UNSET && !n->call) {
                connection_expect(n, true); /* it has yet to say for whom it speaks */
        }
        json_free(c->json);
        free(c);
        if (n->hung_up && !n->call) {
                connection_free(n);
        }
}

JsonWriter call_writer(void)
{
        JsonWriter w = { 0 };

        json_open_object(&w, NULL);
        json_open_object(&w, "parameters");
        return w;
}

void call_notify(Call *c, JsonWriter *w)
{
        json_close_object(w);
        json_put_boolean(w, "continues", true);
        json_close_object(w);
        connection_say(c->connection, w);
}

/* Ends the call, and says what has been written unless no answer is wanted. */
static void call_answer(Call *c, JsonWriter *w)
{
        Connection *n = c->connection;
        bool silent = c->message.oneway;

        call_end(c);
        if (silent) {
                json_writer_done(w);
        } else {
                connection_say(n, w);
        }
}

void call_reply(Call *c, JsonWriter *w)
{
        json_close_object(w);
        json_close_object(w);
        call_answer(c, w);
}

void call_reply_empty(Call *c)
{
        JsonWriter w = call_writer();

        call_reply(c, &w);
}

void call_error_with(Call *c, const char *name, JsonWriter *w)
{
        _cleanup_(freep) char *whole = NULL;

        json_close_object(w);
        if (!strchr(name, '.') && str_printf(&whole, PROTOCOL_INTERFACE ".%s", name) >= 0) {
                name = whole;
        }
        json_put_string(w, "error", name);
        json_close_object(w);
        call_answer(c, w);
}

void call_error(Call *c, const char *name, const char *format, ...)
{
        _cleanup_(freep) char *text = NULL;
        JsonWriter w = call_writer();
        va_list args;

        va_start(args, format);
        if (vasprintf(&text, format, args) < 0) {
                text = NULL;
        }
        va_end(args);
        json_put_string(&w, "message", str_or(text, "out of memory"));
        call_error_with(c, name, &w);
}

void call_drop(Call *c, bool reply)
{
        CallGone gone = TAKE_PTR(c->gone);

        /* Whoever keeps this call must not touch it again. */
        if (gone) {
                gone(c, c->gone_userdata);
        }
        if (!reply) {
                call_end(c);
                return;
        }
        JsonWriter w = call_writer();
        json_put_string(&w, "message", "the approver could not answer");
        json_put_string(&w, "code", "internal");
        call_error_with(c, "Refused", &w);
}

/* A whole message has come. -EBADMSG costs the peer its connection. */
static int connection_message(Connection *n, const char *text, size_t size)
{
        _cleanup_(json_freep) Json *json = NULL;
        Message m;

        int r = json_parse(text, size, &json);
        if (r < 0) {
                return r;
        }
        r = message_read_call(json, &m);
        if (r < 0) {
                return r;
        }
        /* While a call is parked only Detach may follow it. */
        if (n->call && !streq(m.method, PROTOCOL_INTERFACE ".Detach")) {
                return -EBADMSG;
        }
        Call *c = calloc(1, sizeof(*c));
        if (!c) {
                return -ENOMEM;
        }
        *c = (Call){ .connection = n, .json = TAKE_PTR(json), .message = m };
        if (!n->call) {
                n->call = c;
        }
        server_call(n->server, c);
        return 0;
}

/* It has yet to say for whom it speaks; talking of other things does not buy it time. */
static bool is_unnamed(const Connection *n)
{
        return n->asker == UID_UNSET && !n->call;
}

static bool is_done(const Connection *n)
{
        const char *out;

        return n->last && !n->call && wire_output(&n->wire, &out) == 0;
}

/* Handles the messages that are here, one after the other. */
static int connection_process(Connection *n)
{
        const char *text;
        size_t size;
        int r;

        while ((r = wire_next(&n->wire, &text, &size)) > 0) {
                server_heard(n->server, n);
                r = connection_message(n, text, size);
                if (r < 0) {
                        return r;
                }
                if (is_done(n)) {
                        return -ESHUTDOWN;
                }
                if (!is_unnamed(n)) {
                        connection_expect(n, false);
                }
        }
        if (r == 0) {
                connection_expect(n, is_unnamed(n) || wire_is_partial(&n->wire));
        }
        return r;
}

/* One recv and what follows from it: 1 go on, 0 nothing (more) there, negative: the peer is done. */
static int connection_read(Connection *n)
{
        char *in;
        size_t space;

        int r = wire_input(&n->wire, &in, &space);
        if (r < 0) {
                return r;
        }
        ssize_t got = recv(n->fd, in, space, MSG_DONTWAIT);
        if (got < 0) {
                wire_received(&n->wire, 0);
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        }
        if (got == 0) {
                return -ECONNRESET;
        }
        wire_received(&n->wire, (size_t) got);
        r = connection_process(n);
        if (r < 0) {
                return r;
        }
        return (size_t) got == space ? 1 : 0;
}

/* Who wants no answer does not wait for the work to be done (ReportExempt): it is done all the same. */
static void connection_end(Connection *n, int error)
{
        if (error == -ECONNRESET && n->call && n->call->message.oneway) {
                n->io = sd_event_source_disable_unref(n->io);
                n->hung_up = true;
        } else {
                connection_free(n);
        }
}

static int on_connection_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Connection *n = userdata;
        int r = 0;

        if (events & EPOLLOUT) {
                r = connection_flush(n);
                connection_watch(n);
        }
        if (r >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))) {
                /* Not for ever: one that sends as fast as we read would have us to itself. */
                for (int i = 0; i < READS_AT_ONCE && (r = connection_read(n)) > 0; i++) {
                }
        }
        if (r < 0) {
                connection_end(n, r);
        }
        return 0;
}

int connection_start(Connection *c, sd_event *event)
{
        /* What was sent with the connect is already here: answering it now spares a turn of the loop. */
        int r = connection_read(c);
        if (r < 0) {
                return r;
        }
        r = sd_event_add_io(event, &c->io, c->fd, EPOLLIN | EPOLLRDHUP, on_connection_io, c);
        if (r < 0) {
                return r;
        }
        connection_watch(c);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One connection to the approver. Trusts the approver to mean well, once it has been seen to be who it
 * should be; its bytes are read as strictly as anybody's. MUST: never wait, never raise a signal
 * (MSG_NOSIGNAL), and lose the connection, not the process, over bytes that are not the protocol.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/client.h"
#include "jit-approver/gateway/upstream_connection.h"

struct Connection {
        int fd;
        sd_event_source *io;
        Wire wire;
        ConnectionSays says;
        void *userdata;
        bool busy; /* within says: freed when that returns */
        bool freed;
};

static int open_socket(const char *path, uid_t server_uid)
{
        _cleanup_(closep) int fd = -1;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        size_t n = strlen(path);
        int r;

        if (path[0] != '/' || n >= sizeof(address.sun_path)) {
                return -EINVAL;
        }
        memcpy(address.sun_path, path, n + 1);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) {
                return -errno;
        }
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                return errno == EINTR ? -EAGAIN : -errno;
        }
        r = client_check_server(fd, server_uid);
        return r < 0 ? r : TAKE_FD(fd);
}

static void connection_say(Connection *c, int error, const Message *reply)
{
        if (!c->freed) {
                c->says(error, reply, c->userdata);
        }
}

static void connection_close(Connection *c)
{
        c->io = sd_event_source_disable_unref(c->io);
        closep(&c->fd);
        c->fd = -1;
}

/* 1: one reply was handed on; 0: there is none yet. */
static int connection_next(Connection *c)
{
        _cleanup_(json_freep) Json *json = NULL;
        const char *text;
        Message reply;
        size_t size;
        int r;

        r = wire_next(&c->wire, &text, &size);
        if (r <= 0) {
                return r < 0 ? -EBADMSG : 0;
        }
        r = json_parse(text, size, &json);
        if (r >= 0) {
                r = message_read_reply(json, &reply);
        }
        if (r < 0) {
                return r == -ENOMEM ? r : -EBADMSG;
        }
        connection_say(c, 0, &reply);
        return 1;
}

/* What has come, as far as one read takes it: nobody who talks without end keeps the loop. */
static int connection_read(Connection *c)
{
        char *in;
        size_t n;
        ssize_t got;
        int r;

        r = wire_input(&c->wire, &in, &n);
        if (r < 0) {
                return r == -EMSGSIZE ? -EBADMSG : r;
        }
        got = recv(c->fd, in, n, 0);
        if (got < 0 && errno != EAGAIN && errno != EINTR) {
                return -errno;
        }
        if (got == 0) {
                return -ECONNRESET;
        }
        wire_received(&c->wire, got < 0 ? 0 : (size_t) got);
        do {
                r = connection_next(c);
        } while (r > 0 && !c->freed);
        return r < 0 ? r : 0;
}

static int connection_flush(Connection *c)
{
        const char *out;
        size_t n;

        while ((n = wire_output(&c->wire, &out)) > 0) {
                ssize_t sent = send(c->fd, out, n, MSG_NOSIGNAL);
                if (sent >= 0) {
                        wire_sent(&c->wire, (size_t) sent);
                } else if (errno == EAGAIN) {
                        break;
                } else if (errno != EINTR) {
                        return -errno;
                }
        }
        return sd_event_source_set_io_events(c->io, n > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Connection *c = userdata;
        int r = 0;

        c->busy = true;
        if (events & EPOLLOUT) {
                r = connection_flush(c);
        }
        if (r >= 0 && (events & ~(uint32_t) EPOLLOUT)) {
                r = connection_read(c);
        }
        if (r < 0) {
                if (!c->freed) {
                        connection_close(c);
                }
                connection_say(c, r, NULL);
        }
        c->busy = false;
        if (c->freed) {
                connection_free(c);
        }
        return 0;
}

int connection_open(sd_event *event, const char *path, uid_t server_uid, ConnectionSays says,
        void *userdata, Connection **ret)
{
        _cleanup_(connection_freep) Connection *c = NULL;
        int r;

        c = calloc(1, sizeof(*c));
        if (!c) {
                return -ENOMEM;
        }
        c->says = says;
        c->userdata = userdata;
        c->fd = open_socket(path, server_uid);
        if (c->fd < 0) {
                r = c->fd;
                c->fd = -1;
                return r;
        }
        r = sd_event_add_io(event, &c->io, c->fd, EPOLLIN, on_io, c);
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(c);
        return 0;
}

Connection *connection_free(Connection *c)
{
        if (!c) {
                return NULL;
        }
        connection_close(c);
        if (c->busy) {
                c->freed = true;
                return NULL;
        }
        wire_done(&c->wire);
        free(c);
        return NULL;
}

int connection_send(Connection *c, const char *text, size_t size)
{
        int r;

        if (c->fd < 0) {
                return -ECONNRESET;
        }
        r = wire_queue(&c->wire, text, size);
        return r < 0 ? r : connection_flush(c);
}

bool connection_is_partial(const Connection *c)
{
        return wire_is_partial(&c->wire);
}

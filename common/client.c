/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * MUST, since it runs in setuid hosts: CLOEXEC at birth, MSG_NOSIGNAL, poll and never select, no
 * environment, no globals, every wait under the deadline.
 */

#include "common/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Waits for events on the socket. 0, -ETIMEDOUT, -EINTR (wake_fd). */
static int client_poll(const Client *c, short events, usec_t deadline, int wake_fd)
{
        for (;;) {
                struct pollfd fds[] = { { c->fd, events, 0 }, { wake_fd, POLLIN, 0 } };
                int ms = usec_poll_ms(clock_usec(CLOCK_MONOTONIC), deadline);

                int r = poll(fds, wake_fd >= 0 ? 2 : 1, ms);
                if (r < 0 && errno != EINTR) {
                        return -errno;
                }
                if (r > 0 && fds[1].revents && wake_fd >= 0) {
                        return -EINTR;
                }
                if (r > 0 && fds[0].revents) {
                        return 0;
                }
                if (ms == 0) {
                        return -ETIMEDOUT;
                }
        }
}

int client_check_server(int fd, uid_t server_uid)
{
        struct ucred peer;
        socklen_t size = sizeof(peer);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
                return -errno;
        }
        if (size != sizeof(peer) || (server_uid != UID_UNSET && peer.uid != server_uid)) {
                return -EPERM;
        }
        return 0;
}

int client_connect(Client *c, const char *path, uid_t server_uid, usec_t deadline)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        size_t n = strlen(path);

        if (path[0] != '/' || n >= sizeof(address.sun_path)) {
                return -EINVAL;
        }
        memcpy(address.sun_path, path, n + 1);

        c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (c->fd < 0) {
                return -errno;
        }
        /* A full backlog is EAGAIN on a Unix socket, and nothing to poll for: try again until the deadline. */
        while (connect(c->fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                if (errno != EAGAIN && errno != EINTR) {
                        return -errno;
                }
                usec_t now = clock_usec(CLOCK_MONOTONIC);
                if (now >= deadline) {
                        return -ETIMEDOUT;
                }
                (void) poll(NULL, 0, MIN(usec_poll_ms(now, deadline), 20));
        }
        return client_check_server(c->fd, server_uid);
}

int client_flush(Client *c, usec_t deadline)
{
        const char *out;
        size_t n;

        while ((n = wire_output(&c->wire, &out)) > 0) {
                ssize_t sent = send(c->fd, out, n, MSG_NOSIGNAL);
                if (sent >= 0) {
                        wire_sent(&c->wire, (size_t) sent);
                } else if (errno == EAGAIN) {
                        int r = client_poll(c, POLLOUT, deadline, -1);
                        if (r < 0) {
                                return r;
                        }
                } else if (errno != EINTR) {
                        return -errno;
                }
        }
        return 0;
}

int client_queue(
        Client *c, const char *method, const Field *fields, const void *parameters, unsigned flags)
{
        _cleanup_(erase_freep) char *text = NULL;
        size_t size;

        int r = message_write_call(method, fields, parameters, flags, &text, &size);
        if (r < 0) {
                return r;
        }
        return wire_queue(&c->wire, text, size);
}

int client_send(Client *c, const char *method, const Field *fields, const void *parameters,
        unsigned flags, usec_t deadline)
{
        int r = client_queue(c, method, fields, parameters, flags);

        return r < 0 ? r : client_flush(c, deadline);
}

static int client_fill(Client *c, usec_t deadline, int wake_fd)
{
        char *in;
        size_t n;

        int r = client_poll(c, POLLIN, deadline, wake_fd);
        if (r < 0) {
                return r;
        }
        r = wire_input(&c->wire, &in, &n);
        if (r < 0) {
                return r == -EMSGSIZE ? -EBADMSG : r;
        }
        ssize_t got = recv(c->fd, in, n, 0);
        if (got < 0) {
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        }
        if (got == 0) {
                return -ECONNRESET;
        }
        wire_received(&c->wire, (size_t) got);
        return 0;
}

int client_receive(Client *c, usec_t deadline, int wake_fd, Message *ret)
{
        const char *text;
        size_t size;
        int r;

        while ((r = wire_next(&c->wire, &text, &size)) == 0) {
                r = client_fill(c, deadline, wake_fd);
                if (r < 0) {
                        return r;
                }
        }
        if (r < 0) {
                return -EBADMSG;
        }
        c->reply = json_free(c->reply);
        r = json_parse(text, size, &c->reply);
        if (r < 0) {
                return r == -ENOMEM ? r : -EBADMSG;
        }
        return message_read_reply(c->reply, ret);
}

bool client_is_idle(const Client *c)
{
        char byte;

        return !wire_is_partial(&c->wire) && recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

void client_done(Client *c)
{
        closep(&c->fd);
        wire_done(&c->wire);
        c->reply = json_free(c->reply);
}

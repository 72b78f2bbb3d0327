/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An HTTP client that runs in the same sd-event loop as the server under test, byte by byte where it is to. */

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/util.h"

#define CLIENT_PATIENCE (10 * USEC_PER_SEC)
#define CLIENT_MAX (256 * 1024)

typedef struct Client {
        int fd;
        char *in;
        size_t size;
        bool closed;
        sd_event_source *io;
} Client;

static sd_event *event;

static int on_client(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Client *c = userdata;

        ssize_t n = recv(fd, c->in + c->size, CLIENT_MAX - c->size - 1, MSG_DONTWAIT);
        if (n > 0) {
                c->size += (size_t) n;
                c->in[c->size] = '\0';
        } else if (n == 0 || errno != EAGAIN) {
                c->closed = true;
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        }
        return 0;
}

static _unused_ Client *client_attach(int fd)
{
        Client *c = calloc(1, sizeof(*c));

        ck_assert_ptr_nonnull(c);
        c->fd = fd;
        c->in = calloc(1, CLIENT_MAX);
        ck_assert_ptr_nonnull(c->in);
        ck_assert_int_ge(sd_event_add_io(event, &c->io, fd, EPOLLIN, on_client, c), 0);
        return c;
}

/* from: the last byte of 127.0.0.x to come from. */
static _unused_ Client *client_tcp(uint16_t port, unsigned from)
{
        struct sockaddr_in in = { .sin_family = AF_INET };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_ge(fd, 0);
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK + from - 1);
        ck_assert_int_eq(bind(fd, (struct sockaddr *) &in, sizeof(in)), 0);
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        in.sin_port = htons(port);
        ck_assert_int_eq(connect(fd, (struct sockaddr *) &in, sizeof(in)), 0);
        return client_attach(fd);
}

static _unused_ Client *client_unix(const char *path)
{
        struct sockaddr_un sun = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_ge(fd, 0);
        memcpy(sun.sun_path, path, strlen(path) + 1);
        ck_assert_int_eq(connect(fd, (struct sockaddr *) &sun, sizeof(sun)), 0);
        return client_attach(fd);
}

static _unused_ void client_send(Client *c, const char *bytes, size_t size)
{
        /* What the server has cut off may be refused. */
        ssize_t n = send(c->fd, bytes, size, MSG_NOSIGNAL);
        (void) n;
}

static _unused_ void client_say(Client *c, const char *text)
{
        client_send(c, text, strlen(text));
}

static void client_turn(void)
{
        ck_assert_int_ge(sd_event_run(event, USEC_PER_SEC), 0);
}

static _unused_ const char *client_header_end(const Client *c)
{
        const char *end = strstr(c->in, "\r\n\r\n");

        return end ? end + 4 : NULL;
}

/* Lets the loop run for a while, whatever happens in it. */
static _unused_ void client_run_for(usec_t span)
{
        usec_t until = clock_usec(CLOCK_BOOTTIME) + span, now;

        while ((now = clock_usec(CLOCK_BOOTTIME)) < until) {
                ck_assert_int_ge(sd_event_run(event, (uint64_t) (until - now)), 0);
        }
}

/* Until nothing is left to do. */
static _unused_ void client_run_dry(void)
{
        int r;

        while ((r = sd_event_run(event, 0)) > 0) {
        }
        ck_assert_int_eq(r, 0);
}

/* The value of a header of the first answer; NULL without it. Good until the next call. */
static _unused_ const char *client_header(const Client *c, const char *name)
{
        static char value[1024];
        const char *end = client_header_end(c);
        size_t n = strlen(name);

        for (const char *s = c->in; end && s < end; s = strstr(s, "\r\n") + 2) {
                if (strncasecmp(s, name, n) == 0 && s[n] == ':') {
                        const char *from = s + n + 1 + strspn(s + n + 1, " ");
                        size_t length = strcspn(from, "\r");

                        ck_assert_uint_lt(length, sizeof(value));
                        memcpy(value, from, length);
                        value[length] = '\0';
                        return value;
                }
        }
        return NULL;
}

/* Whether the first answer is there whole. */
static bool client_is_whole(const Client *c, bool head)
{
        const char *body = client_header_end(c);
        const char *length = body ? client_header(c, "Content-Length") : NULL;
        uint64_t n;

        if (!body || !length || parse_u64(length, CLIENT_MAX, &n) < 0) {
                return false;
        }
        return head || (size_t) (c->in + c->size - body) >= n;
}

/* Waits for an answer and returns its status; 0: closed without one. */
static _unused_ int client_status_of(Client *c, bool head)
{
        usec_t until = clock_usec(CLOCK_BOOTTIME) + CLIENT_PATIENCE;

        while (!client_is_whole(c, head) && !c->closed) {
                client_turn();
                ck_assert_int_lt(clock_usec(CLOCK_BOOTTIME), until);
        }
        return c->size > 12 ? (int) strtol(c->in + 9, NULL, 10) : 0;
}

static _unused_ int client_status(Client *c)
{
        return client_status_of(c, false);
}

static _unused_ void client_wait_closed(Client *c)
{
        usec_t until = clock_usec(CLOCK_BOOTTIME) + CLIENT_PATIENCE;

        while (!c->closed) {
                client_turn();
                ck_assert_int_lt(clock_usec(CLOCK_BOOTTIME), until);
        }
}

static _unused_ const char *client_body(const Client *c)
{
        const char *body = client_header_end(c);

        return body ? body : "";
}

/* Forgets what came, for the next answer of the same connection: the first one's bytes alone. */
static _unused_ void client_next(Client *c)
{
        const char *body = client_header_end(c);
        uint64_t n = 0;

        ck_assert_ptr_nonnull(body);
        (void) parse_u64(str_or(client_header(c, "Content-Length"), "0"), CLIENT_MAX, &n);
        size_t gone = (size_t) (body - c->in) + (size_t) n;
        c->size -= gone;
        memmove(c->in, c->in + gone, c->size + 1);
}

static _unused_ Client *client_free(Client *c)
{
        if (c) {
                c->io = sd_event_source_disable_unref(c->io);
                closep(&c->fd);
                free(c->in);
                free(c);
        }
        return NULL;
}
DEFINE_FREE(Client, client_free)

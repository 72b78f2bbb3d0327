/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/util.h"
#include "tests/fake/varlink.h"

void fake_hang_up(FakePeer *p)
{
        if (p->fd >= 0) {
                p->io = sd_event_source_disable_unref(p->io);
                closep(&p->fd);
                p->fd = -1;
                wire_done(&p->wire);
                p->server->n_peers--;
        }
}

static void peer_call(FakePeer *p, const char *text, size_t size)
{
        _cleanup_(json_freep) Json *json = NULL;
        Message m;

        ck_assert_int_eq(json_parse(text, size, &json), 0);
        ck_assert_int_eq(message_read_call(json, &m), 0);
        ck_assert_int_eq(
                strncmp(m.method, PROTOCOL_INTERFACE ".", strlen(PROTOCOL_INTERFACE) + 1), 0);
        p->server->on_call(p, m.method + strlen(PROTOCOL_INTERFACE) + 1, m.more, m.parameters,
                p->server->userdata);
}

static int on_peer(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        FakePeer *p = userdata;
        const char *text;
        size_t n, size;
        ssize_t got;
        char *in;

        ck_assert_int_eq(wire_input(&p->wire, &in, &n), 0);
        got = recv(fd, in, n, MSG_DONTWAIT);
        if (got <= 0) {
                fake_hang_up(p);
                return 0;
        }
        wire_received(&p->wire, (size_t) got);
        while (p->fd == fd && wire_next(&p->wire, &text, &size) > 0) {
                peer_call(p, text, size);
        }
        return 0;
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        FakeVarlink *f = userdata;
        FakePeer *p = f->peers;

        while (p->fd >= 0) {
                p++;
                ck_assert(p < f->peers + FAKE_PEERS_MAX);
        }
        p->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(p->fd, 0);
        ck_assert_int_ge(sd_event_add_io(f->event, &p->io, p->fd, EPOLLIN, on_peer, p), 0);
        f->n_accepted++;
        f->n_peers++;
        f->n_peers_most = MAX(f->n_peers, f->n_peers_most);
        return 0;
}

void fake_varlink_start(FakeVarlink *f)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        memcpy(address.sun_path, f->path, strlen(f->path));
        f->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_ge(f->fd, 0);
        ck_assert_int_eq(bind(f->fd, (struct sockaddr *) &address, sizeof(address)), 0);
        ck_assert_int_eq(listen(f->fd, 64), 0);
        ck_assert_int_ge(sd_event_add_io(f->event, &f->io, f->fd, EPOLLIN, on_connection, f), 0);
}

void fake_varlink_stop(FakeVarlink *f)
{
        for (size_t i = 0; i < FAKE_PEERS_MAX; i++) {
                fake_hang_up(&f->peers[i]);
        }
        f->io = sd_event_source_disable_unref(f->io);
        closep(&f->fd);
        f->fd = -1;
        (void) unlink(f->path);
}

void fake_varlink_init(FakeVarlink *f, sd_event *event, FakeCall on_call, void *userdata)
{
        *f = (FakeVarlink){ .event = event, .on_call = on_call, .userdata = userdata, .fd = -1 };
        for (size_t i = 0; i < FAKE_PEERS_MAX; i++) {
                f->peers[i] = (FakePeer){ .server = f, .fd = -1 };
        }
        (void) snprintf(f->dir, sizeof(f->dir), "/tmp/varlink-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(f->dir));
        (void) snprintf(f->path, sizeof(f->path), "%s/gateway.sock", f->dir);
        fake_varlink_start(f);
}

void fake_varlink_done(FakeVarlink *f)
{
        fake_varlink_stop(f);
        (void) rmdir(f->dir);
}

static void say_bytes(FakePeer *p, const char *bytes, size_t n)
{
        ck_assert_int_eq(send(p->fd, bytes, n, MSG_NOSIGNAL), (ssize_t) n);
}

void fake_say(FakePeer *p, const char *text)
{
        say_bytes(p, text, strlen(text) + 1);
}

void fake_reply(FakePeer *p, const char *parameters, bool continues)
{
        _cleanup_(freep) char *text = NULL;

        ck_assert_int_ge(str_printf(&text, "{\"parameters\":%s%s}", parameters,
                                 continues ? ",\"continues\":true" : ""),
                0);
        fake_say(p, text);
}

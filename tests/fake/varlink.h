/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The approver as the gateway meets it: a Unix socket in the loop of the test, that hands each call to
 * the test, which answers it, or with whatever bytes it likes, or not at all.
 */

#include <systemd/sd-event.h>

#include "common/protocol.h"
#include "common/wire.h"

#define FAKE_PEERS_MAX 32

typedef struct FakeVarlink FakeVarlink;

typedef struct FakePeer {
        FakeVarlink *server;
        int fd; /* -1: nobody */
        sd_event_source *io;
        Wire wire;
} FakePeer;

/* method without the interface's name; parameters borrowed. */
typedef void (*FakeCall)(
        FakePeer *p, const char *method, bool more, const JsonNode *parameters, void *userdata);

struct FakeVarlink {
        sd_event *event;
        char dir[32], path[64];
        int fd;
        sd_event_source *io;
        FakePeer peers[FAKE_PEERS_MAX];
        FakeCall on_call;
        void *userdata;
        int n_accepted, n_peers, n_peers_most;
};

/* Makes a folder of its own, and listens in it. */
void fake_varlink_init(FakeVarlink *f, sd_event *event, FakeCall on_call, void *userdata);
void fake_varlink_done(FakeVarlink *f);
/* As an approver that is stopped: nobody listens, all connections are closed. And starts again. */
void fake_varlink_stop(FakeVarlink *f);
void fake_varlink_start(FakeVarlink *f);

/* text and the NUL that ends it. */
void fake_say(FakePeer *p, const char *text);
/* A reply with these parameters, as JSON. */
void fake_reply(FakePeer *p, const char *parameters, bool continues);
void fake_hang_up(FakePeer *p);

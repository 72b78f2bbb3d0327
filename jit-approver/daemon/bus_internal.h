/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Shared by bus.c (the connection), bus_call.c (when a call is sent, and sent again, and how its owner
 * is told) and bus_unit.c (what a call says and what its reply means). Nobody else includes this.
 */

#include "jit-approver/daemon/bus.h"

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

#define BUS_ACCURACY USEC_PER_MSEC

typedef enum Phase {
        PHASE_DOWN,       /* no connection */
        PHASE_CONNECTING, /* until systemd has answered for the first time */
        PHASE_UP,
        PHASE_AWAY,   /* systemd has left the bus and will be back */
        PHASE_ABSENT, /* a bus without systemd */
} Phase;

struct Bus {
        sd_event *event;
        char *address;
        char *dir, *socket; /* what the address names, where it names a path; else NULL */
        BusUp on_up;
        void *userdata;
        sd_bus *bus; /* NULL: PHASE_DOWN */
        Phase phase;
        sd_bus_slot *subscribe;
        sd_event_source *watch, *retry;
        usec_t tried; /* CLOCK_MONOTONIC */
        int retries;
        bool hangs;
        char state[128]; /* why it is down */
        BusCall *calls;  /* the unanswered ones; owned by who made them, unless floating */
};

/* At most once a second; does nothing where there is a connection. */
void bus_try(Bus *b);

/*
 * A reply that is no error. 0: the call is to go on (its job is to be waited for); 1: it was answered
 * through its own call_finish(); negative: it failed so.
 */
typedef int (*BusReply)(BusCall *c, sd_bus_message *reply);
/* Tells the owner; data is what on_reply handed to call_finish(). */
typedef void (*BusTell)(const BusCall *c, int r, const void *data, size_t n);

struct BusCall {
        Bus *bus; /* NULL: over */
        BusCall *next, *previous;
        sd_bus_message *message; /* as it was first built */
        sd_bus_slot *reply, *job_match;
        sd_event_source *timer;
        char *job;  /* the object path of the job waited for, once known */
        int result; /* what the timer answers */
        bool to_systemd;
        bool sent;     /* at least once on this connection */
        bool floating; /* frees itself */
        bool telling;  /* the owner is being told */
        bool dead;     /* freed while being told */
        bool gone_is_success;
        BusReply on_reply;
        BusTell tell;
        void (*done)(void); /* a BusDone, BusPids or BusUnits: tell knows which */
        void *userdata;
        void (*destroy)(void *userdata);
};

/*
 * A call to be filled in through c->message, which is NULL where there is no bus: then nothing needs
 * to be filled in and call_start() sees to the answer.
 */
int call_new(Bus *b, const char *destination, const char *path, const char *interface,
        const char *member, usec_t timeout, BusCall **ret);
/* Sends it, or keeps it until it can be sent. Takes c on success; hands it on, unless ret is NULL. */
int call_start(BusCall *c, BusCall **ret);
/* Ends the call and tells its owner, who may free it meanwhile: c is not to be used afterwards. */
void call_finish(BusCall *c, int r, const void *data, size_t n);
/* The same in the next turn of the loop, so that no owner is told within a call of his own. */
void call_fail_soon(BusCall *c, int r);

/* systemd has answered: sends what waited for it and, if again, what it had not answered yet. */
void calls_resend(Bus *b, bool again);
/* Unties all from the bus, unanswered. */
void calls_abandon(Bus *b);

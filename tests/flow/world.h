/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A small world around one daemon: the real server, store and pipeline in this very process, with a
 * clock that stands still, a name service that says what the test wants, peers with the uid and login
 * uid the test gives them, a disk that is full when it is told to, and no system bus. proof, people and
 * the store's transactions are replaced at link time (--wrap, see meson.build); everything else is what
 * ships.
 */

#include <check.h>
#undef fail /* flow.h has one of its own */

#include "common/protocol.h"
#include "common/wire.h"
#include "jit-approver/daemon/methods.h"

/* Whoever lives here. dev and devadm are one person, bob and bobadm too; sue is in @sre. */
enum {
        ROOT = 0,
        DEV = 1000,
        BOB = 1001,
        CAROL = 1002,
        DAVE = 1003,
        GATEWAY = 900,
        DEVADM = 1010,
        BOBADM = 1011,
        SHARED = 1020,
        AUD = 1030,
        ADM = 1040,
        EVE = 1050,
        SUE = 1060,
        NOBODY_HAS = 4242, /* a uid without an account */
};

extern const char world_rules[];

typedef struct World {
        char dir[64], socket[96], gateway[96], config[96], state[96];
        Daemon d;
        bool running;
        Now now;
        NextDue next; /* what the clocks were last armed for */
        const char *boot_id, *machine_id;
        ServerLimits limits;
        int64_t login_session;  /* of whoever connects; 0 unless a test says otherwise */
        bool names_silent;      /* the name service does not answer */
        bool names_fold;        /* it takes a name in any case and with a domain */
        bool names_held;        /* it answers when world_names_release() is called */
        unsigned names_held_at; /* from so many questions on; 0: never */
        bool sue_left;          /* she is in @sre no more */
        bool groups_silent;     /* who is in a group is known to a service that is down */
        unsigned told;          /* lines sent to terminals; the last of them, and to which */
        char told_line[512], told_tty[64];
        bool disk_full;        /* no transaction begins */
        bool commit_fails;     /* what was begun cannot be finished */
        unsigned fault_one_in; /* 0: never; else either of the two, at random */
        uint64_t seed;
} World;
extern World world;

void world_open(void); /* world_rules, a new folder, started */
void world_open_with(const char *rules);
void world_close(void);
void world_start(void);
/* A host process was killed. false: nobody watches it. */
bool world_host_gone(pid_t pid);
void world_stop(bool killed); /* killed: nothing is flushed; the peers see a hang-up either way */
void world_restart(bool killed);
void world_set_rules(const char *text); /* and loads them */
void world_pump(void);                  /* until nothing is left to do */
void world_names_release(void);
uint64_t world_random(void);

void world_forward(usec_t by);    /* both clocks, then what is due */
void world_set_wall(usec_t wall); /* the wall clock is set; as its timer would, looks what is due */

/* A row of the record for each event word of a request or grant ("": of any); the chain must be whole. */
int world_count(const char *event, const char *id);
void world_verify(void);

/* --- a peer --- */

typedef struct Client {
        int fd;
        uid_t uid, login;
        bool unproven; /* its login uid cannot be read */
        pid_t pid;
        Wire wire;
        Json *json;
        Message m;
        char nonce[NONCE_HEX + 1];
        uid_t asker; /* of the last question */
        char request[ID_SIZE], grant[ID_SIZE];
        bool closed;
} Client;

Client *client_new(uid_t uid, uid_t login); /* UID_UNSET: nobody can say who it is */
Client *client_unproven(uid_t uid);
Client *client_gateway(void); /* on its own socket */
void client_close(Client *c); /* hangs up, lets the daemon see it, frees */
void clients_close(void);     /* all there are */

void say(
        Client *c, const char *method, const Field *fields, const void *parameters, unsigned flags);
void say_text(Client *c, const char *text); /* one message, as it is */
void say_bytes(Client *c, const void *bytes, size_t n);

/* The next message; false when the daemon hung up. Fails the test when nothing comes at all. */
bool hear(Client *c);
/* Whether there is nothing to hear, and the connection is there. */
bool is_quiet(Client *c);
bool is_closed(Client *c);

const char *text(const Client *c, const char *name); /* a parameter; "" without */
int64_t number(const Client *c, const char *name);
const JsonNode *object(const Client *c, const char *name);
const char *text_of(const JsonNode *n, const char *name);
const char *error(const Client *c); /* its short name, "" for none */
size_t length(const Client *c, const char *name);

/* --- what modules and people do --- */

const char *name_of(uid_t uid);
Ask ask_of(uid_t asker, const char *service, const char *target, const char *command);
Ask ask_sudo(uid_t asker); /* sudo id, to root */

/* One question of a module, or of the uid itself, on a connection of its own: the verdict. */
const char *check_ask(uid_t peer, Ask ask);
const char *check_sudo(uid_t asker);
/* The last answer's code and line. */
extern char last_code[64], last_line[512], last_grant[ID_SIZE], last_request[ID_SIZE];

/* A module asks and waits: its client, after the first answer (which the caller looks at). */
Client *request_ask(Ask ask, usec_t wait);
Client *request_sudo(uid_t asker);
Client *return_to(const char *request, Ask ask);
/* The request of a new `sudo id`, waited for. */
const char *pending_of(Client *c);

/* By somebody in his own login: "" or the error's name. */
const char *decide(uid_t uid, const char *request, const char *decision);
const char *decide_as(uid_t uid, uid_t login, const char *request, const char *decision);
const char *decide_for(uid_t uid, const char *request, const char *duration);
/* A genuine link, whoever it is for: as the approver itself makes them. */
const char *link_for(const char *request, const char *approver, const char *channel);
/* What a gateway hands in: "" or the error's name. */
const char *decide_by_link(const char *token, const char *decision);
const char *do_id(uid_t uid, const char *method, const char *id);
const char *state_of(const char *request);
const char *grant_state_of(const char *grant);
/* A whole story: asked, approved by bob; the grant. */
const char *granted(uid_t asker);

int world_main(Suite *(*suite)(void) );

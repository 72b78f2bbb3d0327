/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Making: a subject and what he wishes become a request, a caller and his ballot a vote, a yes a
 * grant. Everything that is made owns its words. All return -ENOMEM when memory is out.
 */

#include "jit-approver/daemon/identity.h"
#include "jit-approver/daemon/store.h"

/* A caller of the methods for people. */
typedef struct Caller {
        Account account;
        uid_t login_uid; /* UID_UNSET where none is set */
        bool proven;     /* the login uid could be read */
        Who who, login;  /* names borrowed */
        Proof proof;
        /* By a link: the person it was made for, his accounts, and the channel. Borrowed; else unset. */
        const Approver *approver;
        const Account *accounts;
        size_t n_accounts;
        const char *channel;
} Caller;

typedef struct Wish {
        const char *reason;
        usec_t duration; /* 0: the rule's */
        usec_t wait;     /* the most the caller will block; 0: he does not wait */
        bool detached;   /* the request stands without him */
        bool end_when_done;
        const char *confirm; /* what he typed when asked to confirm; NULL: nothing */
} Wish;

typedef struct Ballot {
        bool approve;
        usec_t duration; /* 0: as asked */
        const char *note;
        const char *code; /* the match code as he typed it; NULL: none */
} Ballot;

/*
 * The words typed, for people: safe, one line, cut, and without the secrets typed with them, so that no
 * record, journal or message has those; rules say what more are secrets (NULL: none are loaded). NULL when
 * memory is out, "" without words.
 */
char *make_command(const Subject *s, const Rules *rules);

/* Of the exact words typed. */
int make_command_digest(const Ask *ask, char ret[static DIGEST_HEX_SIZE]);
int make_request(const Subject *s, const Rules *rules, const Rule *rule, const Wish *wish,
        const char *host, const char *boot_id, const Now *now, Request *ret);
/* Anew, whenever what people are shown of it was changed: votes and links are bound to it. */
int make_digest(Request *r);
/* More time for a grant of original (NULL: not known any more). */
int make_extension(const Grant *g, const Request *original, const Rule *rule, const Wish *wish,
        const Who *login, const char *host, const char *boot_id, const Now *now, Request *ret);
int make_vote(const Rules *rules, const Caller *c, const Ballot *b, const Now *now, Vote *ret);
/* -ERANGE: the clock is not credible. */
int make_grant(const Request *r, const Rule *rule, usec_t duration, const char *boot_id,
        const Now *now, Grant *ret);
/* Completes what an administrator orders: g has asker, target, service and reason. */
int make_ordered_grant(
        const Caller *c, usec_t duration, const char *boot_id, const Now *now, Grant *g);
/* A session of a host process under a grant; kind and unit are the caller's to set. */
int make_session(const Subject *s, const Rules *rules, const Grant *g, const Peer *peer,
        const char *boot_id, const Now *now, Session *ret);

int who_copy(const Who *from, Who *ret);
int grant_copy(const Grant *from, Grant *ret);
int session_copy(const Session *from, Session *ret);

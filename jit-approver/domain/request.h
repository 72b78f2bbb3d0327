/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is asked, by whom, and how far it has come. A request is immutable but for its state: its
 * canonical bytes have a digest to which votes and links bind. request_move() is the only function
 * that changes a state, along one table of legal moves.
 */

#include <sys/types.h>

#include "common/clock.h"
#include "common/id.h"
#include "common/macro.h"
#include "jit-approver/domain/rules.h"

#define DIGEST_SIZE 32
#define DIGEST_HEX_SIZE (2 * DIGEST_SIZE + 1)

#define ADDED_MAX 32      /* commands that may join a request: as many as are shown */
#define REASON_MAX 512    /* bytes */
#define COMMAND_MAX 16384 /* bytes of typed argv that can be matched word by word */

typedef enum RequestState {
        REQUEST_PENDING = 0,
        REQUEST_APPROVED,
        REQUEST_DENIED,
        REQUEST_TIMED_OUT,
        REQUEST_WITHDRAWN,
        _REQUEST_STATE_MAX,
        _REQUEST_STATE_INVALID = -1,
} RequestState;

/* What a yes to it would be. */
typedef enum RequestKind {
        REQUEST_ACCESS = 0,
        REQUEST_EXTENSION,   /* more time for a grant that is active */
        REQUEST_BREAK_GLASS, /* opened at once; to be reviewed */
        REQUEST_RESCUE,      /* opened at once by a one-time code */
        _REQUEST_KIND_MAX,
        _REQUEST_KIND_INVALID = -1,
} RequestKind;

#define SESSION_NONE ((int64_t) -1) /* no login session: whatever session it is */
#define CODE_NONE ((int64_t) -1)
#define CODE_MAX 99 /* a match code has two digits */
#define TRIES_HIS                                                                                  \
        3 /* of it that one person may miss; what he tries then is not compared, nor counted for all */
#define TRIES_ALL 5 /* that close the request */

/* A person as the record knows him: the account, and the name shown for it. */
typedef struct Who {
        uid_t uid;  /* UID_UNSET: nobody */
        char *name; /* owned by what holds the Who; NULL only where uid is unset */
} Who;

/* Strings are owned; NULL means not known or not given. */
typedef struct Request {
        Id id;
        RequestState state;
        Who asker;
        Who login;          /* the login uid where it is set and differs from asker; else unset */
        char *service;      /* canonical: sudo, su, sshd, … */
        char *pam_service;  /* as PAM named it */
        Who target;         /* unset: not understood */
        char *target_group; /* sudo -g; or NULL */
        char *command;      /* as typed, for people: made safe, cut */
        /* over the exact words; joins and scopes compare this */
        char command_digest[DIGEST_HEX_SIZE];
        char *reason;
        char *tty, *origin; /* PAM_TTY, PAM_RHOST: claimed, not verified */
        char *host;
        char *rule;
        int64_t approvals; /* needed, copied from the rule */
        usec_t duration;   /* asked for */
        usec_t max_duration;
        usec_t created;       /* wall */
        usec_t deadline;      /* wall: open until */
        usec_t deadline_boot; /* CLOCK_BOOTTIME, valid with boot_id */
        char boot_id[40];     /* the boot that deadline_boot counts in; "" not known */
        /* The terms of a grant it would become. */
        RequestKind kind;
        Id extends; /* REQUEST_EXTENSION: which grant */
        GrantScope scope;
        int64_t login_session; /* the audit session it is bound to, or SESSION_NONE */
        bool end_when_done;
        int64_t code; /* 0 to CODE_MAX: whoever approves must say it; or CODE_NONE */
        /* What changes, besides the state. */
        Id grant;                /* once approved */
        bool detached;           /* lives without a waiter */
        size_t stage, escalated; /* how far it has been put to people */
        char digest[DIGEST_HEX_SIZE];
} Request;

void request_done(Request *r);

/* -EALREADY when the move is not legal from the present state: somebody else was first. */
int request_move(RequestState *state, RequestState to);

/*
 * The bytes the digest is taken of: every field that says what would be granted, each as
 * "name length:value\n" in a fixed order, so that no two requests share them. Caller frees. -ENOMEM.
 */
int request_canonical(const Request *r, char **ret, size_t *ret_size);
/* The same form for the typed words. */
int command_canonical(const char *const *words, size_t n, char **ret, size_t *ret_size);

/* Whether a deadline has come by either clock; boot 0 means the boot clock says nothing. */
bool deadline_passed(usec_t wall, usec_t boot, const Now *now);
/* The same for a request; after a reboot only the wall clock can say. */
bool request_is_late(const Request *r, const Now *now, const char *boot_id);

/* access extension break-glass rescue */
const char *request_kind_to_string(RequestKind k);
RequestKind request_kind_from_string(const char *s);

/* pending approved denied timed-out withdrawn */
const char *request_state_to_string(RequestState s);
RequestState request_state_from_string(const char *s);

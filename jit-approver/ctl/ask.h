/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asking for access on the caller's own behalf, and waiting for what becomes of it. */

#include "common/id.h"
#include "jit-approver/ctl/call.h"

typedef struct Asking {
        const char *service;  /* NULL: sudo */
        const char *target;   /* NULL: root, where the service changes the user */
        const char *duration; /* NULL: what the rule says */
        const char *reason;
        char *const *command; /* none: a shell */
        size_t n_command;
        bool detached;      /* do not wait */
        bool end_when_done; /* the grant shall end with what is run under it */
} Asking;

/* What the last answer named; "" where it named none. */
typedef struct Outcome {
        char request[32], grant[32];
} Outcome;

/* Who asks for what, as the approver takes it from people; borrows from a. */
void ask_fill(const Asking *a, Ask *ret);
/* The approver's lines, on stderr; what it named. */
void ask_take(const JsonNode *answer, Outcome *ret);

/*
 * Asks, tells the approver's lines on stderr as they come, waits for the end. Dying or closing the
 * call withdraws the request. A reason that is demanded is asked for on the terminal.
 */
int ask_access(Call *c, const Asking *a, Outcome *ret);

/* Watches a request that exists. deadline is CLOCK_MONOTONIC or USEC_NEVER. */
int ask_wait(Call *c, const char *id, usec_t deadline, Outcome *ret);

/* The end on stdout: the request (or else the grant) as a line, or as the one document. */
void ask_tell(Call *c, const Outcome *outcome);

/* The exit code of an answer. verdict and code may be NULL: no word is a refusal. */
int ask_exit(const char *verdict, const char *code);

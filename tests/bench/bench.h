/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the benchmarks share. A figure is a ratio of things done in turn in one loop, in an order that
 * is drawn anew each time, because what comes after a heavy one pays for it. Of each round the median
 * counts, of the rounds the median, the lowest and the highest. Any failure ends the program.
 */

#include <sys/types.h>

#include "common/client.h"

#define ROUNDS_MAX 32
#define BENCH_ASKER 100000 /* askers that nobody is */

double nanoseconds(void);
/* These sort. */
double median(double *values, size_t n);

typedef struct Rounds {
        double values[ROUNDS_MAX];
        size_t n;
} Rounds;

void rounds_add(Rounds *r, double value);
/* "KEY MEDIAN LOWEST HIGHEST" on stdout. */
void rounds_report(const char *key, Rounds *r);
void report(const char *key, double value);

/* One measured thing. */
typedef struct Act {
        void (*before)(void *userdata); /* not timed; or NULL */
        void (*run)(void *userdata);
        void (*after)(void *userdata); /* as before */
        void *userdata;
        double *times;
        double median; /* of the round, nanoseconds */
} Act;

/* One round: each act n times, all in turn. */
void acts_run(Act *acts, size_t n_acts, size_t n);

/* -1: any */
void pin(pid_t pid, int cpu);
/* A child that ends with us. */
pid_t child(void (*run)(void *userdata), void *userdata);
void stop(pid_t pid);

/* The floor F: connect, who is it, 256 bytes there and back, close. */
void floor_serve(void *path);
void floor_once(void *path);

/* A PAM transaction of the service "bench", account phase, that must succeed. */
typedef struct PamTransaction {
        const char *confdir, *user;
} PamTransaction;
void transaction(void *transaction);

/* The approver. Without fields there are no parameters but the version. */
void approver_connect(Client *c, const char *socket);
Message approver_call(
        Client *c, const char *method, const Field *fields, const void *in, unsigned flags);
Message approver_answer(Client *c);
/* A member of the reply's parameters, which must be there. */
const char *reply_word(const Message *m, const char *name);

/* asker asks (as a PAM host would for him), and waits or not; root decides. */
RequestCall request_of(uid_t asker, const char *user, const char *service, bool waits);
char *ask_for(Client *c, const RequestCall *request);
void approve(Client *c, const char *request);
/* A connection and one question: must be granted. */
void check_once(const char *socket, uid_t asker, const char *user);

double number(const char *text);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* receiver.py as a child: receivers of webhooks, good and bad. */

#include <sys/types.h>

#define RECEIVER_KINDS_MAX 8

typedef struct Receiver {
        pid_t pid;
        int control; /* closed: end */
        char dir[32];
        struct {
                char name[16];
                int port;
        } kinds[RECEIVER_KINDS_MAX];
        int n_kinds;
} Receiver;

/* Returns when all of them listen. */
void receiver_start(Receiver *r);
void receiver_stop(Receiver *r);

/* kind: a name of receiver.py. The caller frees both. */
char *receiver_url(const Receiver *r, const char *kind, const char *path);
char *receiver_certificate(const Receiver *r, const char *kind);

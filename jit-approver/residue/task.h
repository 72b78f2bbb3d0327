/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the approver says of the grant, and what it is told in the end. */

#include "common/protocol.h"
#include "jit-approver/residue/report.h"

typedef struct Task {
        bool active; /* else it is over */
        usec_t from; /* wall: when it began */
        uid_t asker, target;
        char **units; /* owned; what held its sessions */
} Task;

/* -ENOENT: no such grant, or its residue is taken already; else why the approver could not be asked. */
int task_get(const char *socket, uid_t server_uid, const char *grant, Task *ret);
void task_done(Task *t);

/* Durable when it returns 0. -ENOENT as above. */
int task_deliver(const char *socket, uid_t server_uid, const char *grant, const Report *r);

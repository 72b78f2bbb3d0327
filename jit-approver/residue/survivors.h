/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Processes that are still there, as far as something ties them to the grant. */

#include <sys/types.h>

#include "jit-approver/residue/report.h"

typedef struct Survivors {
        const char *proc; /* "/proc" but for tests */
        usec_t from;      /* wall: when the grant began */
        uid_t asker, target;
        char *const *units; /* what held its sessions */
        const char *passwd; /* names owners; may be NULL */
        Now now;
} Survivors;

/* -ENOMEM. Units that r says were added are looked into as well. */
int survivors_look(const Survivors *s, Report *r);

/*
 * Pure: what ties a process to the grant, for people; NULL: nothing. cgroup is its /proc/PID/cgroup,
 * login its loginuid, start (wall) when it began.
 */
typedef struct Survivor {
        const char *cgroup;
        uid_t uid, login;
        usec_t start;
} Survivor;
const char *survivor_tie(const Survivors *s, char *const *added, const Survivor *p);
/* Whether one part of a path in the text is exactly the unit. */
bool cgroup_has(const char *cgroup, const char *unit);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files that give powers to whoever runs them (setuid, setgid, capabilities), on all local file systems,
 * by the time of their last change.
 */

#include "jit-approver/residue/mounts.h"
#include "jit-approver/residue/report.h"

typedef struct Powers {
        const char *root;
        const Mounts *mounts;
        const char *passwd; /* names owners; may be NULL */
        usec_t from;        /* wall: what changed since then */
        usec_t deadline;    /* CLOCK_MONOTONIC: then r says how far it came */
} Powers;

/* -ENOMEM. */
int powers_look(const Powers *p, Report *r);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A session that is being opened under a grant: its processes are put where the grant's end will find
 * them, and only then is the host told to go on. A session whose end could not be enforced is not
 * opened.
 */

#include "jit-approver/daemon/flow.h"

typedef struct Opening Opening;

/* Exactly once, unless the opening is freed before. */
typedef void (*OpeningDone)(const Outcome *o, void *userdata);

/* NULL when done was called already. */
Opening *opening_start(
        Daemon *d, const Subject *s, const Peer *peer, OpeningDone done, void *userdata);
/* The host has gone meanwhile. */
Opening *opening_free(Opening *o);

/* The host process closes its session. */
void opening_closed(Daemon *d, const Peer *peer);
/* It is gone without a word; nothing where it has closed its session. */
void opening_gone(Daemon *d, const Id *session);
/* After a start: those of the sessions that are open. */
void opening_watch(Daemon *d);

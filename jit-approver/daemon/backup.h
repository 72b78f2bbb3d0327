/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A backup on its way to an administrator: copied a little at a time while everything else goes on, then
 * fetched in pieces. One at a time; whoever does not come for the next piece within a minute loses it.
 */

#include "jit-approver/daemon/store.h"

/* The copy is whole, or failed (r < 0); once, unless backup_done() comes first. */
typedef void (*BackupCopied)(int r, void *userdata);

/* Zeros to begin with. */
typedef struct Backup {
        StoreCopy *copy;     /* owned; NULL: there is none */
        BackupCopied copied; /* NULL once it was called */
        void *userdata;
        uid_t who;     /* who may fetch it */
        usec_t due_at; /* boot clock: of the next step, or when it is dropped; USEC_NEVER: never */
} Backup;

/* -EBUSY: somebody else's is on its way. */
int backup_begin(
        Backup *b, Store *s, BackupCopied copied, void *userdata, uid_t who, const Now *now);
/* One step; or, when it is whole, drops it: nobody came for the rest in time. */
void backup_step(Backup *b, const Now *now);
/* A piece of one that is whole, for who it is. -ENOENT: there is no such one. */
int backup_read(Backup *b, uid_t who, int64_t offset, void *out, size_t size, size_t *ret_size,
        const Now *now);
void backup_done(Backup *b);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A backup on its way. MUST: give no byte of it to anybody but who asked for it. */

#include "jit-approver/daemon/backup.h"

#include <errno.h>
#include <stdio.h>

#define STEP_PAGES 256
#define PAUSE (5 * USEC_PER_MSEC)
#define FETCH_TIME USEC_PER_MIN

int backup_begin(
        Backup *b, Store *s, BackupCopied copied, void *userdata, uid_t who, const Now *now)
{
        char time[TIME_RFC3339_MAX], what[80];

        /* His own, that he did not fetch to its end, he may begin anew. */
        if (b->copy && (b->copied || b->who != who)) {
                return -EBUSY;
        }
        backup_done(b);
        time_rfc3339(now->wall, time);
        (void) snprintf(what, sizeof(what), "a backup of %s", time);
        int r = store_copy_begin(s, what, &b->copy);
        if (r < 0) {
                return r;
        }
        b->copied = copied;
        b->userdata = userdata;
        b->who = who;
        b->due_at = now->boot;
        return 0;
}

void backup_step(Backup *b, const Now *now)
{
        BackupCopied copied = b->copied;
        bool whole = false;

        if (!copied) { /* nobody came for the rest */
                backup_done(b);
                return;
        }
        int r = store_copy_step(b->copy, STEP_PAGES, &whole);
        b->due_at = usec_add(now->boot, whole ? FETCH_TIME : PAUSE);
        if (r < 0 || whole) {
                b->copied = NULL;
                copied(r, b->userdata);
        }
}

int backup_read(Backup *b, uid_t who, int64_t offset, void *out, size_t size, size_t *ret_size,
        const Now *now)
{
        if (!b->copy || b->copied || b->who != who || offset < 0 ||
                offset >= store_copy_size(b->copy)) {
                return -ENOENT;
        }
        int r = store_copy_read(b->copy, offset, out, size, ret_size);
        if (r < 0) {
                return r;
        }
        b->due_at = usec_add(now->boot, FETCH_TIME);
        return 0;
}

void backup_done(Backup *b)
{
        b->copy = store_copy_free(b->copy);
        b->copied = NULL;
        b->due_at = USEC_NEVER;
}

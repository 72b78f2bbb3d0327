/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, in its idle time: the record is kept from growing for ever, and a backup goes its way. Not
 * pruned before an hour has passed since the start: a clock that was wrong when the machine came up had
 * time to be set.
 */

#include "jit-approver/daemon/flow_internal.h"

#define FIRST_TIME USEC_PER_HOUR

void flow_prune(Daemon *d)
{
        Now now = d->now();

        if (d->prune.due_at == 0) {
                d->prune.due_at = usec_add(now.boot, FIRST_TIME);
        }
        /* One thing at a time: what is copied stays as it is. */
        if (d->backup.copy) {
                if (d->backup.due_at <= now.boot) {
                        backup_step(&d->backup, &now);
                }
                d->idle_at = d->backup.copy ? d->backup.due_at : d->prune.due_at;
                return;
        }
        if (d->prune.due_at <= now.boot) {
                prune_step(&d->prune, &d->ledger, config_rules(d->config), &now);
        }
        d->idle_at = d->prune.due_at;
}

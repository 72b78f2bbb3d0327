/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A unit that runs already (the grant was a short one) is run once more when it has ended: see
 * KillSignal= in packaging/.
 */

#include "jit-approver/daemon/residue.h"

#include <stdio.h>

#define UNIT_TIMEOUT (10 * USEC_PER_SEC)
#define CATCH_UP USEC_PER_DAY
#define CATCH_UP_MAX 16 /* units at once */

static void start(Daemon *d, const Id *grant, bool again)
{
        char unit[64];

        (void) snprintf(unit, sizeof(unit), "jit-residue@%s.service", grant->text);
        (void) bus_start_unit(d->bus, unit, again, UNIT_TIMEOUT, NULL, NULL, NULL);
}

void residue_take(Daemon *d, const Id *grant)
{
        start(d, grant, true);
}

typedef struct CatchUp {
        Daemon *daemon;
        size_t n;
} CatchUp;

static int catch_up(const Id *grant, void *userdata)
{
        CatchUp *c = userdata;

        start(c->daemon, grant, false);
        return ++c->n == CATCH_UP_MAX;
}

void residue_catch_up(Daemon *d)
{
        CatchUp c = { .daemon = d };

        if (d->ledger.store) {
                (void) store_residue_owed(d->ledger.store, d->now().wall - CATCH_UP, catch_up, &c);
        }
}

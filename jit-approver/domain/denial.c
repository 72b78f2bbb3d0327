/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A ring of what was denied lately. */

#include "jit-approver/domain/denial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"

int denials_add(Denials *d, const Request *r, const char *line, const Now *now)
{
        Denial *x = &d->items[d->next];
        char *copy = strdup(line);

        if (!copy) {
                return -ENOMEM;
        }
        free(x->line);
        *x = (Denial){
                .asker = r->asker.uid,
                .target = r->target.uid,
                .until = usec_add(now->boot, DENIAL_TIME),
                .line = copy,
        };
        (void) snprintf(x->service, sizeof(x->service), "%s", r->service);
        d->next = (d->next + 1) % DENIALS_MAX;
        return 0;
}

const char *denials_find(
        const Denials *d, uid_t asker, const char *service, uid_t target, const Now *now)
{
        for (size_t i = 0; i < DENIALS_MAX; i++) {
                const Denial *x = &d->items[i];

                if (x->line && now->boot < x->until && x->asker == asker && x->target == target &&
                        streq(x->service, service)) {
                        return x->line;
                }
        }
        return NULL;
}

void denials_done(Denials *d)
{
        for (size_t i = 0; i < DENIALS_MAX; i++) {
                freep(&d->items[i].line);
        }
}

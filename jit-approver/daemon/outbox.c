/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is owed to people. MUST: owe the asker, and whoever sits behind the asker, nothing. */

#include "jit-approver/daemon/outbox.h"

#include "common/util.h"
#include "jit-approver/domain/approver.h"

#define READERS_MAX 256 /* people one request rings */

typedef struct Readers {
        const Approver *items[READERS_MAX];
        size_t n;
} Readers;

static void add_reader(const Name *n, void *userdata)
{
        Readers *readers = userdata;

        for (size_t i = 0; i < readers->n; i++) {
                if (readers->items[i] == n->approver) {
                        return;
                }
        }
        if (n->kind == NAME_APPROVER && readers->n < READERS_MAX) {
                readers->items[readers->n++] = n->approver;
        }
}

static int owe_by(Store *s, const Channel *c, const Readers *readers, OwedMessage *m)
{
        int r = 0;

        m->channel = c->name;
        if (c->audience != AUDIENCE_PERSONAL) {
                m->to = NULL;
                return store_outbox_insert(s, m);
        }
        for (size_t i = 0; r >= 0 && i < readers->n; i++) {
                m->to = readers->items[i]->name;
                r = store_outbox_insert(s, m);
        }
        return r;
}

int outbox_owe(Store *s, const Rules *rules, const Request *r, const char *event, const Now *now)
{
        const Rule *rule = rules && r->rule ? rules_find(rules, r->rule) : NULL;
        OwedMessage m = { .event = (char *) event, .request = r->id, .created = now->wall };
        Readers readers = { .n = 0 };
        int err = 0;

        if (!rule || rule->notify.n == 0) {
                return 0;
        }
        approvers_visit_reached(rule, (Reach){ r->stage, r->escalated }, r, add_reader, &readers);
        for (size_t i = 0; err >= 0 && i < rule->notify.n; i++) {
                err = owe_by(s, rule->notify.items[i].channel, &readers, &m);
        }
        return err;
}

int outbox_withdraw(Store *s, const Id *request)
{
        int64_t n;

        return store_outbox_remove_for(s, request, OUTBOX_CREATED, &n);
}

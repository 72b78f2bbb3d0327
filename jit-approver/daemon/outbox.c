/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is owed to people. MUST: put no request to its own asker, nor to whoever sits behind him. */

#include "jit-approver/daemon/outbox.h"

#include "common/util.h"
#include "jit-approver/domain/approver.h"

#define READERS_MAX 256 /* people one request rings */

typedef struct Readers {
        const Approver *items[READERS_MAX];
        size_t n;
} Readers;

static bool has_reader(const Readers *readers, const Approver *a)
{
        for (size_t i = 0; i < readers->n; i++) {
                if (readers->items[i] == a) {
                        return true;
                }
        }
        return false;
}

static void add_reader(const Name *n, void *userdata)
{
        Readers *readers = userdata;

        if (n->kind == NAME_APPROVER && readers->n < READERS_MAX &&
                !has_reader(readers, n->approver)) {
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

static Readers readers_reached(const Rule *rule, const Request *r, Reach reach)
{
        Readers readers = { .n = 0 };

        approvers_visit_reached(rule, reach, r, add_reader, &readers);
        return readers;
}

static int owe_all(Store *s, const Rule *rule, const Readers *readers, bool shared, OwedMessage *m)
{
        int err = 0;

        for (size_t i = 0; err >= 0 && i < rule->notify.n; i++) {
                const Channel *c = rule->notify.items[i].channel;
                if (shared || c->audience == AUDIENCE_PERSONAL) {
                        err = owe_by(s, c, readers, m);
                }
        }
        return err;
}

int outbox_owe(Store *s, const Rules *rules, const Request *r, const char *event, const Now *now)
{
        const Rule *rule = rules_find(rules, r->rule);
        OwedMessage m = { .event = (char *) event, .request = r->id, .created = now->wall };

        if (!rule || rule->notify.n == 0) {
                return 0;
        }
        const Readers readers = readers_reached(rule, r, (Reach){ r->stage, r->escalated });
        return owe_all(s, rule, &readers, true, &m);
}

static int forget_reader(const OwedMessage *m, void *userdata)
{
        Readers *readers = userdata;
        size_t kept = 0;

        for (size_t i = 0; i < readers->n; i++) {
                if (!m->to || !streq(m->to, readers->items[i]->name)) {
                        readers->items[kept++] = readers->items[i];
                }
        }
        readers->n = kept;
        return 0;
}

/* The rules may have put it to somebody already who stands elsewhere in them now: nobody is asked twice. */
static int without_asked(Store *s, const Request *r, Readers *readers)
{
        int err = store_outbox_of(s, &r->id, OUTBOX_CREATED, forget_reader, readers);

        return err < 0 ? err : store_outbox_of(s, &r->id, OUTBOX_ESCALATED, forget_reader, readers);
}

int outbox_ask(Store *s, const Rules *rules, const Request *r, Reach before, const char *event,
        const Now *now)
{
        const Rule *rule = rules_find(rules, r->rule);
        OwedMessage m = { .event = (char *) event, .request = r->id, .created = now->wall };
        Readers fresh = { .n = 0 };

        if (!rule || rule->notify.n == 0) {
                return 0;
        }
        const Readers known = readers_reached(rule, r, before);
        const Readers all = readers_reached(rule, r, (Reach){ r->stage, r->escalated });
        for (size_t i = 0; i < all.n; i++) {
                if (!has_reader(&known, all.items[i])) {
                        fresh.items[fresh.n++] = all.items[i];
                }
        }
        int err = without_asked(s, r, &fresh);
        return err < 0 ? err : owe_all(s, rule, &fresh, streq(event, OUTBOX_ESCALATED), &m);
}

/* Whoever has voted is not to be rung again. */
static int without_voters(Store *s, const Request *r, Readers *readers)
{
        Vote *votes = NULL;
        size_t n = 0, kept = 0;

        int err = store_votes(s, &r->id, &votes, &n);
        for (size_t i = 0; err >= 0 && i < readers->n; i++) {
                bool voted = false;
                for (size_t k = 0; k < n; k++) {
                        voted = voted || streq(votes[k].person, readers->items[i]->name);
                }
                if (!voted) {
                        readers->items[kept++] = readers->items[i];
                }
        }
        votes_free(votes, n);
        readers->n = kept;
        return err;
}

int outbox_nudge(Store *s, const Rules *rules, const Request *r, const Now *now)
{
        const Rule *rule = rules_find(rules, r->rule);
        OwedMessage m = { .event = (char *) OUTBOX_NUDGED, .request = r->id, .created = now->wall };
        Readers readers = { .n = 0 };

        if (!rule || rule->notify.n == 0 || r->stage >= rule->stages.n) {
                return 0;
        }
        approvers_visit(&rule->stages.items[r->stage], r, add_reader, &readers);
        for (size_t i = 0; i < r->escalated && i < rule->escalate.n; i++) {
                approvers_visit(&rule->escalate.items[i].to, r, add_reader, &readers);
        }
        int err = without_voters(s, r, &readers);
        return err < 0 ? err : owe_all(s, rule, &readers, true, &m);
}

int outbox_tell_asker(
        Store *s, const Rules *rules, const Request *r, const char *event, const Now *now)
{
        const Rule *rule = rules_find(rules, r->rule);
        const Account asker = { .uid = r->asker.uid, .known = TERNARY_NO };
        OwedMessage m = { .event = (char *) event, .request = r->id, .created = now->wall };
        Readers readers = { .n = 0 };

        for (size_t i = 0; rule && i < rules->n_approvers && readers.n == 0; i++) {
                if (names_include(&rules->approvers[i]->users, &asker) == TERNARY_YES) {
                        readers.items[readers.n++] = rules->approvers[i];
                }
        }
        return readers.n > 0 ? owe_all(s, rule, &readers, false, &m) : 0;
}

int outbox_withdraw(Store *s, const Id *request)
{
        static const char *const asking[] = { OUTBOX_CREATED, OUTBOX_ESCALATED, OUTBOX_NUDGED };
        int err = 0;

        for (size_t i = 0; err >= 0 && i < ELEMENTSOF(asking); i++) {
                int64_t n;
                err = store_outbox_remove_for(s, request, asking[i], &n);
        }
        return err;
}

int outbox_alarm(Store *s, const Rules *rules, const Request *r, const char *event, const Now *now)
{
        const Rule *rule = rules_find(rules, r->rule);
        OwedMessage m = { .event = (char *) event, .request = r->id, .created = now->wall };
        Readers readers = { .n = 0 };

        if (!rule) {
                return 0;
        }
        approvers_visit_reached(rule, REACH_ALL, r, add_reader, &readers);
        approvers_visit(&rule->reviewers, r, add_reader, &readers);
        return owe_all(s, rule, &readers, true, &m);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The transactions: what changes together, together with its record. */

#include "jit-approver/daemon/ledger_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/util.h"
#include "jit-approver/daemon/outbox.h"

void ledger_done(Ledger *l)
{
        l->audit = audit_free(l->audit);
        l->store = store_free(l->store);
        freep(&l->problem);
        record_key_done(&l->record_key);
}

int ledger_give_up(Ledger *l, int error)
{
        freep(&l->problem);
        int r = str_printf(&l->problem, "cannot be read: %s",
                error == -EUCLEAN ? "damaged" : strerrordesc_np(-error));
        l->audit = audit_free(l->audit);
        l->store = store_free(l->store);
        return r < 0 ? r : audit_new(NULL, &l->audit);
}

const char *ledger_state(const Ledger *l)
{
        return l->store ? store_state(l->store) : str_or(l->problem, "not open");
}

/* The facts of one thing, for the record; they borrow from it. */
Fact fact_of_request(const Request *r, AuditEvent event)
{
        return (Fact){
                .event = event,
                .request = &r->id,
                .asker = &r->asker,
                .login = r->login.uid != UID_UNSET ? &r->login : NULL,
                .target = r->target.uid != UID_UNSET ? &r->target : NULL,
                .service = r->service,
                .command = r->command,
                .reason = r->reason,
                .rule = r->rule,
                .tty = r->tty,
                .origin = r->origin,
                .digest = r->digest,
        };
}

Fact fact_of_grant(const Grant *g, AuditEvent event)
{
        return (Fact){
                .event = event,
                .request = id_is_set(&g->request) ? &g->request : NULL,
                .grant = &g->id,
                .asker = &g->asker,
                .target = g->target.uid != UID_UNSET ? &g->target : NULL,
                .service = g->service,
                .rule = g->rule,
                .reason = g->reason,
                .until = g->until,
        };
}

int ledger_begin(Ledger *l, Transaction *t)
{
        audit_tell(l->audit); /* what the last step left to be told */
        return l->store ? transaction_begin(l->store, t) : -EIO;
}

/* r < 0: a step failed and the caller's transaction will roll back; else it is committed. */
static int ledger_end_of(Ledger *l, Transaction *t, int r)
{
        if (r >= 0) {
                r = transaction_commit(t);
        }
        if (r < 0) {
                audit_forget(l->audit);
        }
        return r < 0 ? r : 0;
}

/* The same, and the journal is told. */
int ledger_commit(Ledger *l, Transaction *t, int r)
{
        r = ledger_end_of(l, t, r);
        if (r >= 0) {
                audit_tell(l->audit);
        }
        return r;
}

void ledger_tell(Ledger *l)
{
        audit_tell(l->audit);
}

int ledger_owe(Ledger *l, const Rules *rules, const Request *r, AuditEvent event, const Now *now)
{
        l->owes = true;
        return outbox_owe(l->store, rules, r, audit_event_to_string(event), now);
}

/* Those are asked whom the request has not been put to before. */
static int owe_asking(Ledger *l, const Rules *rules, const Request *r, Reach before,
        AuditEvent event, const Now *now)
{
        l->owes = true;
        return outbox_ask(l->store, rules, r, before, audit_event_to_string(event), now);
}

int ledger_escalate(Ledger *l, const Rules *rules, Request *r, size_t escalated, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_request(r, AUDIT_REQUEST_ESCALATED);
        const Reach before = { r->stage, r->escalated };
        _cleanup_(freep) char *to = NULL;

        r->escalated = escalated;
        int err = str_printf(&to, "%zu", escalated);
        f.state = to;
        if (err >= 0) {
                err = ledger_begin(l, &t);
        }
        if (err >= 0) {
                err = store_request_set_reach(l->store, &r->id, r->stage, escalated);
        }
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        if (err >= 0) {
                err = owe_asking(l, rules, r, before, AUDIT_REQUEST_ESCALATED, now);
        }
        return ledger_commit(l, &t, err);
}

int ledger_open(Ledger *l, const Rules *rules, const Request *r, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_request(r, AUDIT_REQUEST_CREATED);

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = store_request_insert(l->store, r);
        }
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        if (err >= 0) {
                err = ledger_owe(l, rules, r, AUDIT_REQUEST_CREATED, now);
        }
        return ledger_commit(l, &t, err);
}

int ledger_join(Ledger *l, const Request *r, const char *command, const char *reason, bool detach,
        const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_request(r, AUDIT_REQUEST_JOINED);
        f.command = command;
        f.reason = reason;

        if (!command && !detach) {
                return 0;
        }
        int err = ledger_begin(l, &t);
        if (err >= 0 && command) {
                err = audit_append(l->audit, &f, now);
        }
        if (err >= 0 && detach) {
                err = store_request_set_detached(l->store, &r->id);
        }
        return ledger_commit(l, &t, err);
}

typedef struct Joined {
        const char *command;
        bool found;
        size_t n;
} Joined;

static int joined_row(const AuditRow *row, void *userdata)
{
        _cleanup_(json_freep) Json *json = NULL;
        Joined *x = userdata;

        x->n++;
        if (json_parse(row->canonical, strlen(row->canonical), &json) >= 0) {
                const JsonNode *data = json_get(json_root(json), "data");
                const JsonNode *command = data ? json_get(data, "command") : NULL;

                x->found = x->found || (command && json_type(command) == JSON_STRING &&
                                               streq(json_string(command), x->command));
        }
        return 0;
}

int ledger_joined(Ledger *l, const Id *request, const char *command, bool *ret, size_t *ret_n)
{
        Joined x = { .command = command };

        int err = l->store ? store_audit_joined(l->store, request, joined_row, &x) : -EIO;
        if (err >= 0) {
                *ret = x.found;
                *ret_n = x.n;
        }
        return err;
}

/* The request is over as to says, by the fact f; nobody is asked any more, and everybody is told. */
static int ledger_over(Ledger *l, const Rules *rules, const Request *r, RequestState to,
        const Fact *f, const Now *now)
{
        int err = store_request_move(l->store, &r->id, to, now, l->boot_id, f->grant);
        if (err >= 0) {
                err = audit_append(l->audit, f, now);
        }
        if (err >= 0) {
                err = outbox_withdraw(l->store, &r->id);
        }
        return err < 0 ? err : ledger_owe(l, rules, r, f->event, now);
}

int ledger_close(Ledger *l, const Rules *rules, const Request *r, RequestState to, const char *by,
        const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_request(
                r, to == REQUEST_TIMED_OUT ? AUDIT_REQUEST_TIMED_OUT : AUDIT_REQUEST_WITHDRAWN);
        f.by = by;

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = ledger_over(l, rules, r, to, &f, now);
        }
        return ledger_commit(l, &t, err);
}

/* A yes: a grant begins, or the one that is there lasts longer. */
static int ledger_begins(Ledger *l, const Request *r, const Grant *g, const Now *now)
{
        bool longer = r->kind == REQUEST_EXTENSION;
        Fact f = fact_of_grant(g, longer ? AUDIT_GRANT_EXTENDED : AUDIT_GRANT_STARTED);
        f.request = &r->id;

        int err = longer ? store_grant_change(l->store, g) : store_grant_insert(l->store, g);
        return err < 0 ? err : audit_append(l->audit, &f, now);
}

/* What the votes amount to: the request's move, the grant, their rows. */
static int ledger_outcome(Ledger *l, const Rules *rules, const Request *r, const Vote *v,
        const Tally *t, const Grant *g, const Now *now)
{
        bool approved = t->outcome == REQUEST_APPROVED;
        Fact decided = fact_of_request(r, AUDIT_REQUEST_DECIDED);
        decided.approver = v->person;
        decided.decision = v->approve ? "approve" : "deny";
        decided.state = request_state_to_string(t->outcome);
        decided.grant = approved ? &g->id : NULL;

        int err = ledger_over(l, rules, r, t->outcome, &decided, now);
        if (err >= 0 && approved) {
                err = ledger_begins(l, r, g, now);
        }
        return err >= 0 && approved && r->kind == REQUEST_EXTENSION
                       ? ledger_owe(l, rules, r, AUDIT_GRANT_EXTENDED, now)
                       : err;
}

/* One more yes, but not enough: where it has ended a stage, the next one's people are asked. */
static int ledger_step(
        Ledger *l, const Rules *rules, const Request *r, const Tally *t, const Now *now)
{
        Request next = *r; /* borrows */

        int err = ledger_owe(l, rules, r, AUDIT_REQUEST_VOTED, now);
        if (err < 0 || t->stage <= r->stage) {
                return err;
        }
        next.stage = t->stage;
        err = store_request_set_reach(l->store, &r->id, next.stage, next.escalated);
        return err < 0 ? err
                       : owe_asking(l, rules, &next, (Reach){ r->stage, r->escalated },
                                 AUDIT_REQUEST_CREATED, now);
}

int ledger_vote(Ledger *l, const Rules *rules, const Request *r, const Vote *v, const Tally *t,
        const Grant *g, const Now *now)
{
        _cleanup_(transaction_endp) Transaction x = { 0 };
        Fact f = fact_of_request(r, AUDIT_REQUEST_VOTED);
        f.approver = v->person;
        f.by = v->who.name;
        f.decision = v->approve ? "approve" : "deny";
        f.note = v->note;
        f.proof = proof_to_string(v->proof);
        f.channel = v->channel;

        int err = ledger_begin(l, &x);
        if (err >= 0) {
                err = store_vote_insert(l->store, &r->id, v);
        }
        if (err >= 0 && r->code != CODE_NONE && v->approve) {
                err = store_try_forgive(l->store, &r->id, v->person);
        }
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        if (err >= 0) {
                err = t->outcome == REQUEST_PENDING ? ledger_step(l, rules, r, t, now)
                                                    : ledger_outcome(l, rules, r, v, t, g, now);
        }
        return ledger_end_of(l, &x, err);
}

/* What was asked of somebody stays until it is decided: whom the request has reached is of interest. */
static int settle_arrived(Store *s, int64_t id, const Now *now)
{
        int r = store_outbox_deliver(s, id, OUTBOX_CREATED, now->wall);

        if (r == -ENOENT) {
                r = store_outbox_deliver(s, id, OUTBOX_ESCALATED, now->wall);
        }
        return r == -ENOENT ? store_outbox_remove(s, id) : r;
}

int ledger_settle(
        Ledger *l, int64_t id, bool arrived, usec_t next, const char *problem, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = arrived ? settle_arrived(l->store, id, now)
                              : store_outbox_fail(l->store, id, next, problem);
        }
        return ledger_commit(l, &t, err);
}

int ledger_try(Ledger *l, const Id *request, const char *person, int64_t *ret_his, int64_t *ret_all)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = store_try_count(l->store, request, person, ret_his, ret_all);
        }
        return ledger_commit(l, &t, err);
}

int ledger_lock(Ledger *l, const Rules *rules, const Request *r, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_request(r, AUDIT_REQUEST_DECIDED);
        f.decision = "deny";
        f.state = request_state_to_string(REQUEST_DENIED);
        f.why = "match-code";

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = ledger_over(l, rules, r, REQUEST_DENIED, &f, now);
        }
        return ledger_commit(l, &t, err);
}

int ledger_nudge(Ledger *l, const Rules *rules, const Request *r, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_request(r, AUDIT_REQUEST_NUDGED);

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        if (err >= 0) {
                l->owes = true;
                err = outbox_nudge(l->store, rules, r, now);
        }
        return ledger_commit(l, &t, err);
}

static int sign(const RecordKey *k, Checkpoint *c)
{
        _cleanup_(freep) char *message = NULL;

        memcpy(c->key, k->public_hex, sizeof(c->key));
        int r = audit_checkpoint_message(c, &message);
        return r < 0 ? r : record_key_sign(k, message, c->signature);
}

int ledger_checkpoint(Ledger *l, Checkpoint *c, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        const Fact f = {
                .event = AUDIT_CHECKPOINT,
                .upto = c->upto,
                .count = c->count,
                .first = c->first,
                .last = c->last,
                .hash = c->hash,
                .key = c->key,
                .signature = c->signature,
        };

        int err = sign(&l->record_key, c);
        if (err < 0) {
                return err;
        }
        err = ledger_begin(l, &t);
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        err = ledger_commit(l, &t, err);
        if (err >= 0) {
                store_set_pruned(l->store, c->upto);
        }
        return err;
}

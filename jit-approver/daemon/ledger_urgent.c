/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The transactions of what is opened without approval. MUST: open nothing whose alarm and review do not
 * stand in the same transaction (hazard H-107: a silent break-glass).
 */

#include <errno.h>

#include "common/util.h"
#include "jit-approver/daemon/ledger_internal.h"
#include "jit-approver/daemon/outbox.h"

static AuditEvent event_of(const Request *r)
{
        return r->kind == REQUEST_RESCUE ? AUDIT_RESCUE_USED : AUDIT_BREAK_GLASS_USED;
}

static int alarm_all(
        Ledger *l, const Rules *rules, const Request *r, AuditEvent event, const Now *now)
{
        l->owes = true;
        return outbox_alarm(l->store, rules, r, audit_event_to_string(event), now);
}

/* The request stands decided, by nobody. */
static int put_request(Ledger *l, const Request *r, const Grant *g, const Now *now)
{
        Fact f = fact_of_request(r, event_of(r));
        f.grant = &g->id;
        f.until = g->until;

        int err = store_request_insert(l->store, r);
        return err < 0 ? err : audit_append(l->audit, &f, now);
}

static int put_grant(Ledger *l, const Grant *g, const Now *now)
{
        Fact f = fact_of_grant(g, AUDIT_GRANT_STARTED);

        int err = store_grant_insert(l->store, g);
        return err < 0 ? err : audit_append(l->audit, &f, now);
}

int ledger_urgent(Ledger *l, const Rules *rules, const Request *r, const Grant *g, const char *used,
        const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        const Review review = {
                .request = r->id, .opened = now->wall, .who = { .uid = UID_UNSET }
        };

        int err = ledger_begin(l, &t);
        if (err >= 0 && used) {
                err = store_rescue_use(l->store, used);
        }
        if (err >= 0) {
                err = put_request(l, r, g, now);
        }
        if (err >= 0) {
                err = put_grant(l, g, now);
        }
        if (err >= 0 && r->kind == REQUEST_BREAK_GLASS) {
                err = store_review_insert(l->store, &review);
        }
        if (err >= 0) {
                err = alarm_all(l, rules, r, event_of(r), now);
        }
        return ledger_commit(l, &t, err);
}

int ledger_review(Ledger *l, const Rules *rules, const Request *r, const Review *v, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_request(r, AUDIT_REVIEW_SIGNED);
        f.approver = v->person;
        f.by = v->who.name;
        f.note = v->note;
        f.proof = proof_to_string(PROOF_LOCAL);

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = store_review_sign(l->store, v);
        }
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        if (err >= 0) {
                err = alarm_all(l, rules, r, AUDIT_REVIEW_SIGNED, now);
        }
        return ledger_commit(l, &t, err);
}

int ledger_rescue_try(
        Ledger *l, const Fact *who, uid_t asker, const RescueLimit *limit, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = store_rescue_try(l->store, asker, limit, now->wall);
        }
        if (err >= 0) {
                err = audit_append(l->audit, who, now);
        }
        return ledger_commit(l, &t, err);
}

int ledger_rescue_codes(Ledger *l, const char *const *hashes, size_t n, const char *key, bool add,
        const char *by, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        const Fact f = {
                .event = AUDIT_RESCUE_CODES,
                .by = by,
                .count = (int64_t) n,
                .why = add ? "added to those there were" : "those there were are void",
        };

        int err = ledger_begin(l, &t);
        if (err >= 0 && !add) {
                err = store_rescue_void(l->store);
        }
        for (size_t i = 0; err >= 0 && i < n; i++) {
                err = store_rescue_insert(l->store, hashes[i], key, now->wall);
        }
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        return ledger_commit(l, &t, err);
}

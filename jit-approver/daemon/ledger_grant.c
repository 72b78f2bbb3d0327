/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The transactions of grants, and of what was opened under them: from their beginning to what they left. */

#include "jit-approver/daemon/ledger_internal.h"

#include <errno.h>

#include "common/util.h"
#include "jit-approver/daemon/outbox.h"

int ledger_grant(Ledger *l, const Grant *g, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_grant(g, AUDIT_GRANT_STARTED);
        f.by = g->by.name;

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = store_grant_insert(l->store, g);
        }
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        return ledger_commit(l, &t, err);
}

/* What becomes of a grant is told to whom its request was. */
static int owe_of_grant(
        Ledger *l, const Rules *rules, const Grant *g, AuditEvent event, const Now *now)
{
        Request r;

        if (!id_is_set(&g->request)) {
                return 0;
        }
        int err = store_request_get(l->store, &g->request, &r);
        if (err >= 0) {
                err = ledger_owe(l, rules, &r, event, now);
                request_done(&r);
        }
        return err == -ENOENT ? 0 : err;
}

int ledger_extend(Ledger *l, const Rules *rules, const Grant *g, const char *by, const char *reason,
        const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_grant(g, AUDIT_GRANT_EXTENDED);
        f.by = by;
        f.reason = str_empty(reason) ? f.reason : reason;

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = store_grant_change(l->store, g);
        }
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        if (err >= 0) {
                err = owe_of_grant(l, rules, g, f.event, now);
        }
        return ledger_commit(l, &t, err);
}

static int owe_asker(
        Ledger *l, const Rules *rules, const Grant *g, AuditEvent event, const Now *now)
{
        Request r;

        if (!id_is_set(&g->request)) {
                return 0;
        }
        int err = store_request_get(l->store, &g->request, &r);
        if (err >= 0) {
                l->owes = true;
                err = outbox_tell_asker(l->store, rules, &r, audit_event_to_string(event), now);
                request_done(&r);
        }
        return err == -ENOENT ? 0 : err;
}

int ledger_warn(Ledger *l, const Rules *rules, const Grant *g, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_grant(g, AUDIT_GRANT_EXPIRING);

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        if (err >= 0) {
                err = owe_asker(l, rules, g, f.event, now);
        }
        return ledger_commit(l, &t, err);
}

int ledger_spend(Ledger *l, const Grant *g, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_grant(g, AUDIT_GRANT_USED);
        f.state = "spent";

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = store_grant_change(l->store, g);
        }
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        return ledger_commit(l, &t, err);
}

int ledger_anchor(Ledger *l, const Grant *g, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = store_grant_change(l->store, g);
        }
        return ledger_commit(l, &t, err);
}

static AuditEvent event_of_end(GrantState to)
{
        switch (to) {
        case GRANT_REVOKED:
                return AUDIT_GRANT_REVOKED;
        case GRANT_ENDED:
                return AUDIT_GRANT_ENDED;
        case GRANT_LOST:
                return AUDIT_GRANT_LOST;
        default:
                return AUDIT_GRANT_EXPIRED;
        }
}

int ledger_end(Ledger *l, const Rules *rules, const Grant *g, GrantState to, const char *by,
        const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_grant(g, event_of_end(to));
        f.by = by;

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = store_grant_move(l->store, &g->id, to, now->wall);
        }
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        if (err >= 0) {
                err = owe_of_grant(l, rules, g, f.event, now);
        }
        return ledger_commit(l, &t, err);
}

int ledger_residue(Ledger *l, const Rules *rules, const Grant *g, const Residue *x,
        const char *summary, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        _cleanup_(freep) char *why = NULL;
        char digest[DIGEST_HEX_SIZE];
        Fact f = fact_of_grant(g, AUDIT_GRANT_RESIDUE);
        f.until = 0;
        f.reason = NULL;
        f.note = summary;
        f.found = x->found;
        f.digest = digest; /* of the lines, so that the record vouches for all of them */

        int err = digest_hex(x->lines, strlen(x->lines), digest);
        if (err >= 0 && x->cut_short) {
                err = str_printf(&why, "cut short: %s", x->cut_short);
                f.why = why;
        }
        if (err >= 0) {
                err = ledger_begin(l, &t);
        }
        if (err >= 0) {
                err = store_residue_insert(l->store, x);
        }
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        if (err >= 0 && x->found > 0) {
                err = owe_of_grant(l, rules, g, f.event, now);
        }
        return ledger_commit(l, &t, err);
}

static int ledger_session(Ledger *l, const Grant *g, const Session *x, bool opened, const Now *now)
{
        _cleanup_(transaction_endp) Transaction t = { 0 };
        Fact f = fact_of_grant(g, opened ? AUDIT_SESSION_OPENED : AUDIT_SESSION_CLOSED);
        f.command = x->command;
        f.tty = x->tty;
        f.why = x->unit;

        int err = ledger_begin(l, &t);
        if (err >= 0) {
                err = opened ? store_session_insert(l->store, x)
                             : store_session_close(l->store, &x->id, now->wall);
        }
        if (err >= 0) {
                err = audit_append(l->audit, &f, now);
        }
        return ledger_commit(l, &t, err);
}

int ledger_session_opened(Ledger *l, const Grant *g, const Session *x, const Now *now)
{
        return ledger_session(l, g, x, true, now);
}

int ledger_session_closed(Ledger *l, const Grant *g, const Session *x, const Now *now)
{
        return ledger_session(l, g, x, false, now);
}

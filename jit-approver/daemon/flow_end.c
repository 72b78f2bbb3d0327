/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, sixth chapter: time passes. Grants end, with what was opened under them; requests that
 * nobody decided are closed; what could not be recorded is recorded. MUST: a door that is to be closed
 * is closed whether that can be recorded or not.
 */

#include "jit-approver/daemon/flow_internal.h"

#include <errno.h>

#include "jit-approver/daemon/residue.h"
#include "jit-approver/daemon/tell.h"
#include "jit-approver/domain/say.h"

/* --- when to look again -------------------------------------------------------------------------- */

void flow_arm(Daemon *d)
{
        NextDue next = NEXT_DUE_NONE;

        active_next(&d->active, &next);
        /* What could not be closed in time waits for the next try, or the clock would never be silent. */
        if (d->ledger.store && d->retry_at == USEC_NEVER) {
                expiry_add(&next, d->requests.wall, d->requests.boot);
        }
        expiry_add(&next, d->retry_at == USEC_NEVER ? d->escalate_at : USEC_NEVER, USEC_NEVER);
        expiry_add(&next, d->warn_at, d->rights_at);
        expiry_add(&next, USEC_NEVER, d->tell_at);
        expiry_add(&next, USEC_NEVER, d->record_at);
        expiry_add(&next, USEC_NEVER, d->return_until);
        expiry_add(&next, USEC_NEVER, d->retry_at);
        expiry_add(&next, USEC_NEVER, d->idle_at);
        expiry_add(&next, USEC_NEVER, d->reach_at);
        expiry_add(&next, USEC_NEVER, d->courier.due_at);
        expiry_add(&next, USEC_NEVER, allowance_next(&d->heard));
        expiry_add(&next, USEC_NEVER, allowance_next(&d->refused));
        (void) timer_set(d->timer, &next);
}

void flow_rest(Daemon *d)
{
        flow_deliver(d);
        flow_arm(d);
}

void retry_later(Daemon *d)
{
        d->retry_at = usec_add(d->now().boot, RETRY_TIME);
        flow_arm(d);
}

/* --- the end of a grant -------------------------------------------------------------------------- */

static void end_sessions(
        Daemon *d, const ActiveGrant *g, GrantState to, const char *by, const Now *now)
{
        tell_end(d, g, to, by);
        if (g->grant.on_expiry != ON_EXPIRY_END_SESSIONS) {
                return;
        }
        for (size_t i = 0; i < g->n_sessions; i++) {
                session_end(d->sessions, &g->sessions[i]);
                /* Its host will find nobody to tell: the grant is not in the list any more. */
                (void) ledger_session_closed(&d->ledger, &g->grant, &g->sessions[i], now);
        }
        /* Children of closed ones may have stayed behind in their scopes. */
        sessions_end_strays(d->sessions);
}

/*
 * The door is closed whatever the store says: an end that cannot be recorded now is tried again until
 * it can be, for a restart would take the grant for active.
 */
static int end_grant(Daemon *d, ActiveGrant *g, GrantState to, const char *by)
{
        bool first = g->grant.state == GRANT_ACTIVE;
        Now now = d->now();

        int err = ledger_end(
                &d->ledger, config_rules(d->config), &g->grant, to, first ? by : g->ended_by, &now);
        if (first) {
                timer_unit_stop(d->timer, &g->grant.id);
                end_sessions(d, g, to, by, &now);
                withdraw_extensions(d, &g->grant.id);
                g->warned = 0;
                expect_warning(d);
                residue_take(d, &g->grant.id);
        }
        if (err < 0 && err != -EALREADY) {
                if (first) {
                        g->ended_by = by ? strdup(by) : NULL;
                        g->grant.state = to;
                }
                retry_later(d);
                return err;
        }
        active_remove(&d->active, g);
        return 0;
}

int revoke_grant(Daemon *d, ActiveGrant *g, const char *why)
{
        return end_grant(d, g, GRANT_REVOKED, why);
}

/* What a grant that is not in force any more has become, by the store. */
static const char *state_of_grant(Daemon *d, const Id *id)
{
        GrantState state = _GRANT_STATE_INVALID;
        Grant g;

        if (d->ledger.store && store_grant_get(d->ledger.store, id, &g) >= 0) {
                state = g.state;
                grant_done(&g);
        }
        return state > GRANT_ACTIVE ? grant_state_to_string(state) : "over";
}

void flow_end_grant(Daemon *d, const Caller *c, const Id *grant, GrantState to, Failure *ret)
{
        ActiveGrant *g = active_get(&d->active, grant);

        if (!g || g->grant.state != GRANT_ACTIVE) {
                fail_over("grant", grant,
                        g ? grant_state_to_string(g->grant.state) : state_of_grant(d, grant), ret);
                return;
        }
        const char *by = c && c->account.uid != g->grant.asker.uid ? caller_name(c) : NULL;
        if (end_grant(d, g, to, by) < 0) {
                fail(ret, "StoreUnavailable", "store",
                        "the grant was ended, but that cannot be recorded now (%s): a restart before it can would open it again",
                        ledger_state(&d->ledger));
        }
        flow_rest(d);
}

void flow_expire(Daemon *d, const Id *grant, Failure *ret)
{
        ActiveGrant *g = active_get(&d->active, grant);
        Now now = d->now();

        if (g && expiry_verdict(&g->grant, &now, d->ledger.boot_id) == GRANT_ACTIVE) {
                timer_unit_start(d->timer, &g->grant);
                return;
        }
        flow_end_grant(d, NULL, grant, GRANT_EXPIRED, ret);
}

/* --- whatever is due ----------------------------------------------------------------------------- */

static void end_due_grants(Daemon *d, const Now *now)
{
        for (size_t i = 0; i < d->active.n;) {
                ActiveGrant *g = d->active.items[i];
                GrantState to = expiry_verdict(&g->grant, now, d->ledger.boot_id);
                /* Recorded, it is taken out of the list. */
                if (to == GRANT_ACTIVE || end_grant(d, g, to, NULL) < 0) {
                        i++;
                }
        }
}

/* Pending requests that are to be closed, gathered before any is touched. */
typedef struct Sweep {
        Daemon *daemon;
        Now now;
        bool abandoned; /* also those that nobody waits for */
        Id late[64], orphans[64];
        size_t n_late, n_orphans;
} Sweep;

static int sweep_visit(const Request *r, int64_t row, void *userdata)
{
        Sweep *s = userdata;

        if (request_is_late(r, &s->now, s->daemon->ledger.boot_id)) {
                s->late[s->n_late++] = r->id;
        } else if (s->abandoned && !r->detached && !waiters_keep(&s->daemon->waiters, &r->id)) {
                s->orphans[s->n_orphans++] = r->id;
        }
        return s->n_late == ELEMENTSOF(s->late) || s->n_orphans == ELEMENTSOF(s->orphans);
}

static int time_out(Daemon *d, const Id *id, const Now *now)
{
        Request r;

        int err = store_request_get(d->ledger.store, id, &r);
        if (err < 0) {
                return err;
        }
        err = ledger_close(&d->ledger, config_rules(d->config), &r, REQUEST_TIMED_OUT, NULL, now);
        Outcome o = { .verdict = VERDICT_DENY, .code = "timed-out", .request = r.id };
        o.line = say_timed_out(&r);
        tell_all_last(&d->waiters, id, &o);
        outcome_done(&o);
        request_done(&r);
        return err == -EALREADY ? 0 : err;
}

static void close_requests(Daemon *d, const Now *now, bool abandoned)
{
        Sweep s;

        do {
                s = (Sweep){ .daemon = d, .now = *now, .abandoned = abandoned };
                if (store_requests_pending(d->ledger.store, sweep_visit, &s) < 0) {
                        retry_later(d);
                        return;
                }
                for (size_t i = 0; i < s.n_late; i++) {
                        if (time_out(d, &s.late[i], now) < 0) {
                                retry_later(d);
                                return;
                        }
                }
                for (size_t i = 0; i < s.n_orphans; i++) {
                        flow_abandon(d, &s.orphans[i]);
                }
        } while (d->retry_at == USEC_NEVER &&
                 (s.n_late == ELEMENTSOF(s.late) || s.n_orphans == ELEMENTSOF(s.orphans)));
}

/*
 * Only after a sweep, as when the earliest deadline has come: to look through all that is open whenever
 * one is opened or decided would cost each asker for everybody who waits.
 */
static void find_next_request(Daemon *d)
{
        usec_t wall, boot;

        d->requests = NEXT_DUE_NONE;
        if (store_request_next_deadline(d->ledger.store, d->ledger.boot_id, &wall, &boot) >= 0) {
                expiry_add(&d->requests, wall, boot);
        } else {
                retry_later(d);
        }
}

void flow_due(Daemon *d)
{
        Now now = d->now();
        bool retry = d->retry_at <= now.boot, returned = d->return_until <= now.boot;

        if (retry) {
                d->retry_at = USEC_NEVER;
                d->escalate_at = 0;
        }
        end_due_grants(d, &now);
        if (returned) {
                d->return_until = USEC_NEVER;
        }
        bool waiting = d->retry_at != USEC_NEVER;
        bool late = deadline_passed(d->requests.wall, d->requests.boot, &now);
        if (d->ledger.store && (retry || returned || (!waiting && late))) {
                close_requests(d, &now, d->return_until == USEC_NEVER);
                find_next_request(d);
        }
        flow_escalate(d);
        flow_warn(d);
        if (d->rights_at <= now.boot) {
                flow_rights(d);
        }
        flow_record_left_out(d, false);
        flow_reach(d);
        if (d->tell_at <= now.boot) {
                d->tell_at = USEC_NEVER;
                audit_tell_notes(d->ledger.audit);
        }
        if (d->record_at <= now.boot) {
                d->record_at = audit_flush(d->ledger.audit, &now) < 0
                                       ? usec_add(now.boot, RETRY_TIME)
                                       : USEC_NEVER;
        }
        flow_prune(d);
        flow_rest(d);
}

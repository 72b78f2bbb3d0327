/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, its beginning: what the store says is put right and in force; the bus and the rules come
 * and go.
 */

#include "jit-approver/daemon/flow_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "jit-approver/daemon/residue.h"

/* Of this boot only: what another boot called by that name is somebody else's here. */
static int recover_session(const Session *x, void *userdata)
{
        ActiveGrant *g = userdata;
        Session copy;

        if (!streq(x->boot_id, g->grant.boot_id)) {
                return 0;
        }
        int r = session_copy(x, &copy);
        if (r >= 0) {
                r = active_add_session(g, &copy);
                session_done(&copy);
        }
        return r;
}

static int recover_grant(const Grant *g, int64_t row, void *userdata)
{
        Active *active = userdata;
        Grant copy;

        int r = grant_copy(g, &copy);
        if (r >= 0) {
                r = active_add(active, &copy, NULL);
                grant_done(&copy);
        }
        return r;
}

#define ROWS_SEEN 100 /* of the end of the record: some of its clocks may have been wrong */
#define STEP_BACK_MAX USEC_PER_MIN /* so far a clock may be set right */

static int on_time_seen(int64_t seq, usec_t time, void *userdata)
{
        usec_t *newest = userdata;

        *newest = MAX(*newest, time);
        return 0;
}

/* Whether it is earlier than the record has seen: what is left of a grant cannot be told by such a clock. */
static bool was_set_back(Daemon *d, const Now *now)
{
        int64_t first, last;
        usec_t newest = 0;

        int r = store_audit_span(d->ledger.store, &first, &last);
        if (r >= 0) {
                r = store_audit_times(d->ledger.store, MAX(last - ROWS_SEEN, (int64_t) 0), last,
                        ROWS_SEEN, on_time_seen, &newest);
        }
        return r < 0 || usec_add(now->wall, STEP_BACK_MAX) < newest;
}

/* A grant that outlives the boot it was made in ends by the clock of this one, too. */
static void anchor(Daemon *d, ActiveGrant *g)
{
        Now now = d->now();

        if (grant_is_of_boot(&g->grant, d->ledger.boot_id) ||
                grant_is_due(&g->grant, &now, d->ledger.boot_id)) {
                return;
        }
        if (was_set_back(d, &now)) {
                g->grant.survive_reboot = false; /* flow_due() finds it lost */
                return;
        }
        g->grant.until_boot = usec_add(now.boot, g->grant.until - now.wall);
        (void) snprintf(g->grant.boot_id, sizeof(g->grant.boot_id), "%s", d->ledger.boot_id);
        /* Where it cannot be written it is reckoned again at the next start. */
        (void) ledger_anchor(&d->ledger, &g->grant, &now);
}

/* Who gave a grant more time is looked at as who gave it at all. */
static int recover_extension(const Request *r, int64_t row, void *userdata)
{
        ActiveGrant *g = active_get(userdata, &r->extends);

        return g ? active_add_extension(g, &r->id) : 0;
}

/* All that the store takes for active. What is over by now, or lost, is ended by flow_due(). */
static int recover_grants(Daemon *d, bool copied)
{
        const GrantFilter active = { .only_active = true, .asker = UID_UNSET, .limit = INT64_MAX };

        int r = store_grants(d->ledger.store, &active, recover_grant, &d->active);
        for (size_t i = 0; r >= 0 && i < d->active.n; i++) {
                ActiveGrant *g = d->active.items[i];
                if (copied) {
                        g->grant.state = GRANT_LOST;
                        continue;
                }
                anchor(d, g);
                if (grant_is_of_boot(&g->grant, d->ledger.boot_id)) {
                        r = store_sessions_of(d->ledger.store, &g->grant.id, recover_session, g);
                        g->opened = g->grant.spent != 0; /* or somebody might go in a second time */
                }
        }
        if (r >= 0 && d->active.n > 0) {
                r = store_extensions(d->ledger.store, recover_extension, &d->active);
        }
        return r;
}

/* Whether the store comes from another machine: a restored or cloned one opens nothing here. */
static int check_machine(Daemon *d, char here[static 40], bool *ret_other)
{
        _cleanup_(freep) char *known = NULL;

        if (proof_machine_id(here) < 0) {
                (void) snprintf(here, 40, "unknown");
        }
        int r = store_meta_get(d->ledger.store, "machine-id", &known);
        *ret_other = r >= 0 && !streq(known, here);
        return r == -ENOENT ? 0 : r;
}

/*
 * Whether the store was put back from a copy: what was taken away since opens nothing. *ret_what is of
 * what, the caller's to free; NULL: it was not.
 */
static int check_copy(Daemon *d, char **ret_what)
{
        _cleanup_(freep) char *what = NULL;

        int r = store_meta_get(d->ledger.store, META_COPY, &what);
        if (r >= 0 && !str_empty(what)) {
                *ret_what = TAKE_PTR(what);
        }
        return r == -ENOENT ? 0 : r;
}

/*
 * Rescue codes of a copy may have been used since it was taken, or be on a sheet that was stolen and made
 * void. Where that cannot be written none is taken till the next start.
 */
static bool forget_codes(Daemon *d, const Now *now)
{
        int64_t n = 0;
        int r = store_rescue_count(d->ledger.store, d->rescue_key.name, &n);

        if (r >= 0 && n > 0) {
                r = ledger_rescue_codes(&d->ledger, NULL, 0, d->rescue_key.name, false, NULL, now);
        }
        if (r < 0) {
                rescue_key_done(&d->rescue_key);
        }
        return r >= 0;
}

typedef struct Pending {
        Id ids[64];
        size_t n;
} Pending;

static int pending_visit(const Request *r, int64_t row, void *userdata)
{
        Pending *p = userdata;

        p->ids[p->n++] = r->id;
        return p->n == ELEMENTSOF(p->ids);
}

static int withdraw(Daemon *d, const Id *id, const Now *now)
{
        Request r;

        int err = store_request_get(d->ledger.store, id, &r);
        if (err >= 0) {
                err = ledger_close(&d->ledger, config_rules(d->config), &r, REQUEST_WITHDRAWN,
                        "a copy of the store", now);
                request_done(&r);
        }
        return err == -EALREADY ? 0 : err;
}

/* What is open in a copy may have been denied since it was taken, or be decided elsewhere as well. */
static bool withdraw_all(Daemon *d, const Now *now)
{
        Pending p;
        int r;

        do {
                p.n = 0;
                r = store_requests_pending(d->ledger.store, pending_visit, &p);
                for (size_t i = 0; r >= 0 && i < p.n; i++) {
                        r = withdraw(d, &p.ids[i], now);
                }
        } while (r >= 0 && p.n == ELEMENTSOF(p.ids));
        return r >= 0;
}

/* Opened under a grant that is in force; it may be in memory only, where the disk was full. */
static bool is_open(const Active *a, const Id *session)
{
        for (size_t i = 0; i < a->n; i++) {
                const ActiveGrant *g = a->items[i];
                for (size_t k = 0; g->grant.state == GRANT_ACTIVE && k < g->n_sessions; k++) {
                        if (streq(g->sessions[k].id.text, session->text)) {
                                return true;
                        }
                }
        }
        return false;
}

/* A scope may stay as long as the grant under which it was opened; one that nobody knows may not. */
static bool is_stray(const Id *session, Session *ret, void *userdata)
{
        Daemon *d = userdata;

        if (is_open(&d->active, session)) {
                return false;
        }
        int r = d->ledger.store ? store_session_get(d->ledger.store, session, ret) : -EIO;
        if (r < 0) {
                return r == -ENOENT;
        }
        const ActiveGrant *g = active_get(&d->active, &ret->grant);
        return !g || g->grant.state != GRANT_ACTIVE;
}

/*
 * A disk that is full keeps nobody from starting: what is over is closed in memory and recorded later.
 * A store that cannot be read opens nothing, and we go on without it.
 */
int flow_recover(Daemon *d)
{
        const Fact started = { .event = AUDIT_DAEMON_STARTED,
                .why = PROJECT_VERSION,
                .key = d->ledger.record_key.set ? d->ledger.record_key.public_hex : NULL };
        Now now = d->now();
        _cleanup_(freep) char *copy = NULL;
        char machine[40];
        bool other = false, forgotten = true;
        int r = 0;

        d->return_until = usec_add(now.boot, RETURN_TIME);
        sessions_on_stray(d->sessions, is_stray, d);
        if (d->ledger.store) {
                (void) audit_recover(d->ledger.audit);
                r = check_machine(d, machine, &other);
                if (r >= 0) {
                        r = check_copy(d, &copy);
                }
                if (r >= 0) {
                        r = recover_grants(d, other || copy);
                }
                if (r < 0) {
                        active_done(&d->active);
                        r = ledger_give_up(&d->ledger, r);
                }
        }
        if (r < 0) {
                return r;
        }
        flow_record(d, &started);
        if (copy) {
                const Fact restored = { .event = AUDIT_RESTORED, .why = copy };
                flow_record(d, &restored);
        }
        (void) audit_flush(d->ledger.audit, &now);
        if (d->ledger.store && (copy || other)) {
                forgotten = forget_codes(d, &now);
                forgotten = withdraw_all(d, &now) && forgotten;
        }
        flow_due(d);
        /* Only now: nothing of another machine's, or of a copy, is active any more. */
        if (d->ledger.store && d->retry_at == USEC_NEVER && forgotten) {
                if (copy) {
                        (void) store_meta_set(d->ledger.store, META_COPY, "");
                }
                (void) store_meta_set(d->ledger.store, "machine-id", machine);
        }
        return 0;
}

void flow_rules_loaded(Daemon *d, bool ok)
{
        const Fact f = { .event = ok ? AUDIT_RULES_LOADED : AUDIT_RULES_REJECTED };

        flow_record(d, &f);
        if (ok) {
                d->rights_at = 0;
                d->warn_at = 0;
                d->escalate_at = 0; /* who is asked when may be otherwise now */
                flow_channels_loaded(d);
                flow_escalate(d);
                flow_rights(d);
                flow_warn(d);
                flow_rest(d);
        }
}

void flow_bus_up(Daemon *d)
{
        const Grant **grants = reallocarray(NULL, d->active.n + 1, sizeof(*grants));

        if (!grants) {
                return;
        }
        size_t n = 0;
        for (size_t i = 0; i < d->active.n; i++) {
                if (d->active.items[i]->grant.state == GRANT_ACTIVE) {
                        grants[n++] = &d->active.items[i]->grant;
                }
        }
        timer_units_reconcile(d->timer, grants, n);
        free(grants);
        sessions_end_strays(d->sessions);
        residue_catch_up(d);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Opening and closing sessions under a grant. MUST: no success before the processes are held. */

#include "jit-approver/daemon/opening.h"

#include <errno.h>
#include <stdlib.h>

#include "common/text.h"

struct Opening {
        Daemon *daemon;
        Id grant, session;
        BusCall *call;
        OpeningDone done;
        void *userdata;
};

Opening *opening_free(Opening *o)
{
        if (o) {
                bus_call_free(o->call);
                free(o);
        }
        return NULL;
}

/* Whether it must be held: what it opened is to end with it. */
static bool must_hold(const ActiveGrant *g)
{
        return g->grant.on_expiry == ON_EXPIRY_END_SESSIONS;
}

/* Whether its sessions are of interest at all. */
static bool is_tracked(const ActiveGrant *g)
{
        return g->grant.on_expiry != ON_EXPIRY_KEEP || g->grant.end_when_done;
}

static void refuse_session(Outcome *o)
{
        outcome_refuse(o, "session",
                strdup("Your session could not be put where it can be ended on time (systemd does not "
                       "answer), so it is not opened; try again, or see jitctl doctor."));
}

/* The session under its grant, if both are still there. */
static Session *find_session(Daemon *d, const Id *grant, const Id *session, ActiveGrant **ret)
{
        ActiveGrant *g = active_get(&d->active, grant);

        for (size_t i = 0; g && i < g->n_sessions; i++) {
                if (streq(g->sessions[i].id.text, session->text)) {
                        *ret = g;
                        return &g->sessions[i];
                }
        }
        return NULL;
}

static void close_session(Daemon *d, ActiveGrant *g, Session *x)
{
        Now now = d->now();

        /* The session is over whether this can be written or not. */
        (void) ledger_session_closed(&d->ledger, &g->grant, x, &now);
        active_remove_session(g, x);
}

/* Where the last session ends the grant, also one whose host was killed and could not close it. */
static void watch_host(Daemon *d, const ActiveGrant *g, const Session *x)
{
        if (g->grant.end_when_done) {
                (void) hosts_watch(d->hosts, &x->id, (pid_t) x->pid, x->start);
        }
}

/* systemd says whether the host is inside. The grant may have ended in the meantime. */
static void on_held(int r, void *userdata)
{
        Opening *o = userdata;
        Outcome out = { .grant = o->grant, .session = o->session };
        ActiveGrant *g;
        Session *x = find_session(o->daemon, &o->grant, &o->session, &g);

        /* One whose end could not be recorded is still there, and its sessions were ended before this. */
        if ((r >= 0 || (x && !must_hold(g))) && x && g->grant.state == GRANT_ACTIVE) {
                out.verdict = VERDICT_GRANT;
                watch_host(o->daemon, g, x);
        } else {
                refuse_session(&out);
                if (x) {
                        close_session(o->daemon, g, x);
                }
        }
        o->done(&out, o->userdata);
        outcome_done(&out);
        opening_free(o);
}

/* What holds the session: our scope for sudo and su, logind's session for logins where there is one. */
static int choose_unit(const Subject *s, Session *x)
{
        if (!service_changes_user(s->service) && session_of_pid((pid_t) x->pid, &x->unit) >= 0) {
                x->kind = SESSION_LOGIND;
                return 0;
        }
        x->kind = SESSION_SCOPE;
        return str_printf(&x->unit, "jit-session-%s.scope", x->id.text);
}

static int remember(Daemon *d, ActiveGrant *g, const Subject *s, const Peer *peer, Session **ret)
{
        Now now = d->now();
        Session x;

        int r = make_session(
                s, config_rules(d->config), &g->grant, peer, d->ledger.boot_id, &now, &x);
        if (r < 0) {
                return r;
        }
        r = choose_unit(s, &x);
        if (r >= 0) {
                /* An active grant goes on without a store; the session is then ended from memory. */
                (void) ledger_session_opened(&d->ledger, &g->grant, &x, &now);
                r = active_add_session(g, &x);
        }
        session_done(&x);
        if (r >= 0) {
                *ret = &g->sessions[g->n_sessions - 1];
                g->opened = true;
        }
        return r;
}

/* Holds the host; NULL with *out set when that is decided at once. */
static Opening *hold(Daemon *d, ActiveGrant *g, const Subject *s, const Peer *peer,
        OpeningDone done, void *userdata, Outcome *out)
{
        _cleanup_(freep) char *description = NULL;
        Session *x;

        if ((!bus_is_up(d->bus) && must_hold(g)) || remember(d, g, s, peer, &x) < 0) {
                refuse_session(out);
                return NULL;
        }
        if (x->kind == SESSION_LOGIND || (!bus_is_up(d->bus) && !must_hold(g))) {
                out->verdict = VERDICT_GRANT;
                out->session = x->id;
                watch_host(d, g, x);
                return NULL;
        }
        Opening *o = calloc(1, sizeof(*o));
        _cleanup_(freep) char *who = text_clean_dup(g->grant.asker.name, 64);
        _cleanup_(freep) char *as = text_clean_dup(str_or(g->grant.target.name, "?"), 64);
        int r = !o || !who || !as ? -ENOMEM
                                  : str_printf(&description, "%s: %s as %s (grant %s)", who,
                                            g->grant.service, as, g->grant.id.text);
        if (r >= 0) {
                *o = (Opening){ d, g->grant.id, x->id, NULL, done, userdata };
                r = session_hold(d->sessions, x, description, on_held, o, &o->call);
        }
        if (r < 0) {
                free(o);
                close_session(d, g, x);
                refuse_session(out);
                return NULL;
        }
        return o;
}

/* sudo and su must become the very account that was granted (hazard H-07). */
static bool is_granted_user(const Subject *s)
{
        return !service_changes_user(s->service) || !s->target_known ||
               (s->user_known && s->user.uid == s->target.uid);
}

Opening *opening_start(
        Daemon *d, const Subject *s, const Peer *peer, OpeningDone done, void *userdata)
{
        Opening *o = NULL;
        Outcome out;

        flow_check(d, s, &out);
        const char *verdict = str_or(out.verdict, VERDICT_DENY);
        ActiveGrant *g = id_is_set(&out.grant) ? active_get(&d->active, &out.grant) : NULL;
        if (streq(verdict, VERDICT_DENY)) {
                /* as it says */
        } else if (streq(verdict, VERDICT_PASS) && (s->asker.uid == 0 || is_granted_user(s))) {
                /* a rule allows it, or root's own: nothing to be ended */
        } else if (!g && !streq(verdict, VERDICT_PASS)) {
                outcome_refuse(
                        &out, "over", strdup("No grant is active for this any more; ask again."));
        } else if (!is_granted_user(s)) {
                outcome_refuse(&out, "identity",
                        strdup("This session is for another account than was granted."));
        } else if (must_hold(g) && peer->uid != 0) {
                /* He would have systemd take any process of his into a scope of ours, as often as he likes. */
                outcome_refuse(&out, "session",
                        strdup("Only a session that root's own program opens can be ended on time."));
        } else if (is_tracked(g) && peer->uid == 0) {
                out.verdict = NULL;
                o = hold(d, g, s, peer, done, userdata, &out);
        }
        if (!o) {
                done(&out, userdata);
        }
        outcome_done(&out);
        return o;
}

/* Closed, or its host is gone. */
static void session_over(Daemon *d, ActiveGrant *g, Session *x)
{
        close_session(d, g, x);
        if (g->grant.end_when_done && g->n_sessions == 0 && g->grant.state == GRANT_ACTIVE) {
                const Id id = g->grant.id;
                Failure f = { 0 };
                flow_end_grant(d, NULL, &id, GRANT_ENDED, &f);
                failure_done(&f);
        }
}

void opening_closed(Daemon *d, const Peer *peer)
{
        ActiveGrant *g;
        int64_t start;

        if (proof_start_time(peer->pid, &start) < 0) {
                return;
        }
        Session *x = active_session_of(&d->active, peer->pid, start, &g);
        if (x) {
                session_over(d, g, x);
        }
}

void opening_gone(Daemon *d, const Id *session)
{
        for (size_t i = 0; i < d->active.n; i++) {
                ActiveGrant *g;
                Session *x = find_session(d, &d->active.items[i]->grant.id, session, &g);

                if (x) {
                        session_over(d, g, x);
                        return;
                }
        }
}

void opening_watch(Daemon *d)
{
        for (size_t i = 0; i < d->active.n; i++) {
                const ActiveGrant *g = d->active.items[i];

                for (size_t k = 0; k < g->n_sessions; k++) {
                        watch_host(d, g, &g->sessions[k]);
                }
        }
}

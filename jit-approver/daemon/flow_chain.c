/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, second chapter: a request goes along its rule's chain. Stage follows on stage as people
 * approve; when nobody does, others are asked as well. MUST: count nobody's vote who has definitely lost
 * his right to it (hazard H-68); ring nobody twice for one request (hazard H-73).
 */

#include "jit-approver/daemon/flow_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "common/log.h"
#include "jit-approver/daemon/tell.h"
#include "jit-approver/domain/say.h"

/* --- who has which seat -------------------------------------------------------------------------- */

/*
 * What a service that is silent may know of. To fill a place somebody must be known to be in a group; to
 * have lost his right he must be known to be in it no more.
 */
typedef enum Silence {
        SILENCE_ADDS_NOTHING,
        SILENCE_LEAVES_DOUBT,
} Silence;

static Account account_now(Daemon *d, uid_t uid, Silence silence)
{
        const Person *person = people_get(d->people, &(Key){ .kind = KEY_UID, .uid = uid });
        Account account = person_account(uid, person);

        account.partial = person->partial && silence == SILENCE_LEAVES_DOUBT;
        return account;
}

/* Of one who proved to be an approver without an account; he has none once his section is gone. */
static Seats seats_of_approver(Daemon *d, const Rule *rule, const char *name, Silence silence)
{
        const Approver *a = find_approver(config_rules(d->config), name);
        Seats seats = { 0 };

        for (size_t i = 0; a && i < a->users.n; i++) {
                const Name *user = &a->users.items[i];
                Account account = { .uid = UID_UNSET, .known = user->exists };
                if (user->exists == TERNARY_YES) {
                        account = account_now(d, user->id, silence);
                }
                Seats of =
                        account.known == TERNARY_NO ? (Seats){ 0 } : decision_seats(rule, &account);
                seats.yes |= of.yes;
                seats.maybe |= of.maybe;
        }
        return seats;
}

/* Which places the voter of a vote may fill, by what is known of him now. */
static Seats chain_seats(Daemon *d, const Rule *rule, const Vote *v, Silence silence)
{
        if (v->who.uid == UID_UNSET) {
                return seats_of_approver(d, rule, v->person, silence);
        }
        const Account account = account_now(d, v->who.uid, silence);
        return decision_seats(rule, &account);
}

int chain_tally(
        Daemon *d, const Rule *rule, const Request *r, const Vote *votes, size_t n, Tally *ret)
{
        Seats *seats = calloc(n + 1, sizeof(*seats));

        if (!seats) {
                return -ENOMEM;
        }
        for (size_t i = 0; i < n; i++) {
                seats[i] = chain_seats(d, rule, &votes[i], SILENCE_ADDS_NOTHING);
        }
        decision_tally(r, rule, votes, seats, n, d->now().wall, ret);
        free(seats);
        return 0;
}

/* By all the votes there are. */
static int tally_stored(Daemon *d, const Rule *rule, const Request *r, Tally *ret)
{
        Vote *votes = NULL;
        size_t n = 0;

        int err = store_votes(d->ledger.store, &r->id, &votes, &n);
        if (err >= 0) {
                err = chain_tally(d, rule, r, votes, n, ret);
                votes_free(votes, n);
        }
        return err;
}

/* --- escalation ---------------------------------------------------------------------------------- */

/* What is to be widened now, gathered before any of it is. */
typedef struct Widening {
        Daemon *daemon;
        usec_t next;
        struct {
                Id request;
                size_t escalated;
        } items[64];
        size_t n;
} Widening;

static int widening_visit(const Request *r, int64_t row, void *userdata)
{
        Widening *w = userdata;
        const Rules *rules = config_rules(w->daemon->config);
        const Rule *rule = rules_find(rules, r->rule);
        Tally t;

        if (!rule || rule->escalate.n == 0) {
                return 0;
        }
        int err = tally_stored(w->daemon, rule, r, &t);
        if (err < 0) {
                return err;
        }
        if (t.escalated > r->escalated) {
                w->items[w->n].request = r->id;
                w->items[w->n++].escalated = t.escalated;
        }
        w->next = MIN(w->next, t.next);
        return w->n == ELEMENTSOF(w->items);
}

static int widen(Daemon *d, const Id *id, size_t escalated, const Now *now)
{
        const Rules *rules = config_rules(d->config);
        Request r;

        int err = store_request_get(d->ledger.store, id, &r);
        if (err < 0) {
                return err;
        }
        const Rule *rule = rules_find(rules, r.rule);
        const size_t before = r.escalated;
        err = ledger_escalate(&d->ledger, rules, &r, escalated, now);
        if (err >= 0) {
                Outcome o = { .verdict = VERDICT_PENDING, .request = r.id };
                o.line = say_escalated(rule, &r, before);
                tell_all_news(&d->waiters, id, &o);
                outcome_done(&o);
        }
        request_done(&r);
        return err == -EALREADY ? 0 : err;
}

void flow_escalate(Daemon *d)
{
        Now now = d->now();
        Widening w;
        int err = 0;

        if (d->escalate_at > now.wall || !d->ledger.store || !config_rules(d->config)) {
                return;
        }
        do {
                w = (Widening){ .daemon = d, .next = USEC_NEVER };
                err = store_requests_pending(d->ledger.store, widening_visit, &w);
                for (size_t i = 0; err >= 0 && i < w.n; i++) {
                        err = widen(d, &w.items[i].request, w.items[i].escalated, &now);
                }
        } while (err >= 0 && w.n == ELEMENTSOF(w.items));
        d->escalate_at = w.next;
        if (err < 0) {
                d->escalate_at = USEC_NEVER;
                retry_later(d); /* looks at all of it again */
        }
}

void chain_expect(Daemon *d, const Tally *t)
{
        d->escalate_at = MIN(d->escalate_at, t->next);
}

/* --- rights that are lost ------------------------------------------------------------------------ */

#define RIGHTS_PAUSE USEC_PER_MIN      /* as long as the name service's answers are kept */
#define DOUBT_TIME (15 * USEC_PER_MIN) /* of silence, until somebody is told */

static void add_voters(Voters *v, const ActiveGrant *g)
{
        voters_add(v, &g->grant.request);
        for (size_t i = 0; i < g->n_extensions; i++) {
                voters_add(v, &g->extensions[i]);
        }
}

/* Whether a later vote of the same person says so too. */
static bool is_repeated(const Vote *votes, size_t n, size_t at)
{
        for (size_t i = at + 1; i < n; i++) {
                if (streq(votes[i].person, votes[at].person)) {
                        return true;
                }
        }
        return false;
}

/*
 * Whether so many who said yes may still say so as it took: no, once too many of them definitely may not. Of
 * those whose right was gone before it was decided others have taken the place; nobody misses them.
 */
static Ternary still_approved_by(Daemon *d, const Rule *rule, const Id *request)
{
        int64_t sure = 0, all = 0, said = 0;
        Vote *votes = NULL;
        size_t n = 0;
        Request r;

        if (store_request_get(d->ledger.store, request, &r) < 0) {
                return TERNARY_UNKNOWN;
        }
        int64_t places = MAX(r.approvals, (int64_t) 1) * ((int64_t) r.stage + 1);
        request_done(&r);
        if (store_votes(d->ledger.store, request, &votes, &n) < 0) {
                return TERNARY_UNKNOWN;
        }
        for (size_t i = 0; i < n; i++) {
                if (votes[i].approve && !is_repeated(votes, n, i)) {
                        Seats seats = chain_seats(d, rule, &votes[i], SILENCE_LEAVES_DOUBT);

                        said++;
                        sure += seats.yes != 0;
                        all += seats.yes || seats.maybe;
                }
        }
        votes_free(votes, n);
        places = MIN(places, said);
        return sure >= places ? TERNARY_YES : all >= places ? TERNARY_UNKNOWN : TERNARY_NO;
}

/* Its request, and whatever gave it more time. */
static Ternary still_approved(Daemon *d, const Rule *rule, const ActiveGrant *g)
{
        Ternary all = still_approved_by(d, rule, &g->grant.request);

        for (size_t i = 0; i < g->n_extensions && all != TERNARY_NO; i++) {
                Ternary t = still_approved_by(d, rule, &g->extensions[i]);
                all = t == TERNARY_YES ? all : t;
        }
        return all;
}

/* Silence ends nothing; that it lasts is for an administrator to know. */
static void doubt(ActiveGrant *g, usec_t boot)
{
        if (g->doubted == 0) {
                g->doubted = MAX(boot, (usec_t) 1);
        } else if (g->doubted != USEC_NEVER && boot - g->doubted >= DOUBT_TIME) {
                log_warning(
                        "Grant %s goes on, but the name service does not say whether who approved it "
                        "still may",
                        g->grant.id.text);
                g->doubted = USEC_NEVER;
        }
}

/* Why the grant may not go on; NULL: it may. */
static const char *lost_right(Daemon *d, ActiveGrant *g)
{
        const Rules *rules = config_rules(d->config);
        const Rule *rule = rules_find(rules, g->grant.rule);
        usec_t boot = d->now().boot;

        if (!g->grant.rule) {
                return NULL; /* an order, by no rule */
        }
        if (!rule || (rule->action != ACTION_ASK && rule->action != ACTION_BREAK_GLASS)) {
                return "the rule is not in force any more";
        }
        switch (g->grant.kind == REQUEST_ACCESS ? still_approved(d, rule, g) : TERNARY_YES) {
        case TERNARY_YES:
                g->doubted = 0;
                return NULL;
        case TERNARY_NO:
                return "who approved it may not any more";
        case TERNARY_UNKNOWN:
        default:
                doubt(g, boot);
                return NULL;
        }
}

static void judge_rights(Daemon *d)
{
        for (size_t i = 0; i < d->active.n;) {
                ActiveGrant *g = d->active.items[i];
                const char *why = g->grant.state == GRANT_ACTIVE ? lost_right(d, g) : NULL;

                if (!why) {
                        i++;
                        continue;
                }
                log_warning("Grant %s is revoked: %s", g->grant.id.text, why);
                i += revoke_grant(d, g, why) < 0;
        }
        expect_rights(d);
}

static void on_voters_known(void *userdata)
{
        Daemon *d = userdata;

        d->voters = voters_free(d->voters);
        if (config_rules(d->config) && d->ledger.store) {
                judge_rights(d);
        }
        flow_rest(d);
}

void expect_rights(Daemon *d)
{
        bool any = false;

        for (size_t i = 0; i < d->active.n && !any; i++) {
                const Grant *g = &d->active.items[i]->grant;
                any = g->state == GRANT_ACTIVE && id_is_set(&g->request);
        }
        d->rights_at = any ? MIN(d->rights_at, usec_add(d->now().boot, RIGHTS_PAUSE)) : USEC_NEVER;
}

void flow_rights(Daemon *d)
{
        d->rights_at = USEC_NEVER;
        if (d->voters || !config_rules(d->config) || !d->ledger.store || d->active.n == 0) {
                return;
        }
        if (voters_new(d, &d->voters) < 0) {
                expect_rights(d);
                return;
        }
        for (size_t i = 0; i < d->active.n; i++) {
                add_voters(d->voters, d->active.items[i]);
        }
        voters_look_up(d->voters, on_voters_known, d);
}

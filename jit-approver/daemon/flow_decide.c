/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, third chapter: a request is decided, or taken back, and a yes becomes a grant. MUST:
 * commit before anybody is told; arm the end before the door opens.
 */

#include "jit-approver/daemon/flow_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/span.h"
#include "jit-approver/daemon/residue.h"
#include "jit-approver/daemon/tell.h"
#include "jit-approver/domain/say.h"

void failure_done(Failure *f)
{
        freep(&f->text);
}

void fail(Failure *f, const char *error, const char *code, const char *format, ...)
{
        va_list args;

        f->error = error;
        f->code = code;
        free(f->text);
        va_start(args, format);
        if (vasprintf(&f->text, format, args) < 0) {
                f->text = NULL;
        }
        va_end(args);
}

void fail_store(Daemon *d, Failure *f)
{
        fail(f, "StoreUnavailable", "store", "the record cannot be written: %s",
                ledger_state(&d->ledger));
}

void fail_over(const char *what, const Id *id, const char *state, Failure *f)
{
        fail(f, "Over", NULL, "%s %s is %s already", what, id->text, state);
        f->state = state;
}

const char *caller_name(const Caller *c)
{
        if (c->approver) {
                return c->approver->name;
        }
        return c->login.uid != UID_UNSET ? c->login.name : c->who.name;
}

/* --- a decision ---------------------------------------------------------------------------------- */

static Standing standing_of(const Rules *rules, const Rule *rule, const Request *r, const Caller *c)
{
        const Voter v = { c->account, c->login_uid };

        return c->approver ? decision_standing_of(
                                     rules, rule, r, c->approver, c->accounts, c->n_accounts)
                           : decision_standing(rules, rule, r, &v);
}

/* Whether this voter may vote; says why not. The one place, whatever door he comes by (hazard H-67). */
static bool may_vote(
        const Rules *rules, const Rule *rule, const Request *r, const Caller *c, Failure *f)
{
        if (!c->approver && !c->proven) {
                fail(f, "NotPermitted", "login",
                        "your login cannot be told for certain, so it cannot vote");
                return false;
        }
        switch (standing_of(rules, rule, r, c)) {
        case STANDING_APPROVER:
                break;
        case STANDING_SELF:
                fail(f, "NotPermitted", "self",
                        "you asked for this yourself; somebody else has to decide");
                return false;
        case STANDING_OTHER_LOGIN:
                fail(f, "NotPermitted", "login",
                        "you are logged in as %s; %s has to decide in a login of his own",
                        str_or(c->login.name, "somebody else"),
                        str_or(c->who.name, "the approver"));
                return false;
        case STANDING_UNKNOWN:
                fail(f, "NamesUnavailable", "names",
                        "the name service does not answer, so your right to decide is not known; try again");
                return false;
        case STANDING_NONE:
        default:
                fail(f, "NotPermitted", "none", "you are not an approver of rule %s", rule->name);
                return false;
        }
        if (!proof_suffices(rule->assurance, c->proof)) {
                fail(f, "NotPermitted", "local",
                        "rule %s wants its requests decided on the host: jitctl approve %s",
                        rule->name, r->id.text);
                return false;
        }
        return true;
}

const Rule *rule_in_force(const Rules *rules, const Request *r, Failure *f)
{
        const Rule *rule = rules_find(rules, r->rule);

        if (rule && rule->action == ACTION_ASK) {
                return rule;
        }
        if (r->state != REQUEST_PENDING) {
                /* Of break-glass nobody was asked, by a rule that is in force all the same. */
                fail_over("request", &r->id, request_state_to_string(r->state), f);
        } else {
                fail(f, "Refused", "rules",
                        "rule %s, by which this was asked, is not in force any more", r->rule);
        }
        return NULL;
}

bool flow_may_decide(Daemon *d, const Caller *c, const Request *r, Failure *ret)
{
        const Rules *rules = config_rules(d->config);
        const Rule *rule = rule_in_force(rules, r, ret);

        return rule && may_vote(rules, rule, r, c, ret);
}

/*
 * Who is one person may have been written into the rules since, or out of them: nobody counts twice for
 * that. votes[n] is the new one.
 */
static void same_persons(const Rules *rules, Vote *votes, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                char person[PERSON_MAX];

                if (votes[i].who.uid == UID_UNSET) {
                        continue; /* by a link: the person it was made for */
                }
                person_of(rules, votes[i].who.uid, person);
                if (strncmp(person, "uid:", 4) != 0 || votes[i].who.uid == votes[n].who.uid) {
                        memcpy(votes[i].person, person, sizeof(person));
                }
        }
}

/* Whether the person has voted so already: the same again changes nothing. */
static bool voted_so(const Vote *votes, size_t n, const char *person, bool approve)
{
        for (size_t i = n; i > 0; i--) {
                if (streq(votes[i - 1].person, person)) {
                        return votes[i - 1].approve == approve;
                }
        }
        return false;
}

void extend_active(Daemon *d, const Grant *longer)
{
        ActiveGrant *g = active_get(&d->active, &longer->id);

        if (g) {
                g->grant.until = longer->until;
                g->grant.until_boot = longer->until_boot;
                g->warned = USEC_NEVER;
                expect_warning(d);
                timer_unit_move(d->timer, &g->grant);
                flow_arm(d);
        }
}

/* Of those who are about to go in, the one who has waited longest does, and no other (hazard H-66). */
static void tell_one(Daemon *d, ActiveGrant *g, const Outcome *o)
{
        Waiter *first = NULL, *next;

        for (Waiter *w = waiters_of(&d->waiters, &o->request); w; w = w->next) {
                first = w->enters ? w : first;
        }
        for (Waiter *w = waiters_of(&d->waiters, &o->request); w; w = next) {
                Outcome entered = { .grant = o->grant, .request = o->request };

                next = w->next;
                if (!w->enters) {
                        tell_last(&d->waiters, w, o);
                        continue;
                }
                entered.verdict = VERDICT_GRANT;
                if (w == first && flow_enter(d, g, &entered)) {
                        entered.line = o->line ? strdup(o->line) : NULL;
                } else if (w != first) {
                        outcome_refuse(&entered, "spent",
                                strdup("This was granted for one time, which another of your commands has used."));
                }
                tell_last(&d->waiters, w, &entered);
                outcome_done(&entered);
        }
}

/* The grant is in force: its end is armed, then the door opens. */
static void grant_started(Daemon *d, Grant *g, const Id *request, const char *line)
{
        ActiveGrant *active;
        Outcome o = {
                .verdict = VERDICT_GRANT, .grant = g->id, .request = *request, .line = (char *) line
        };

        if (active_add(&d->active, g, &active) < 0) {
                /* It is in the store, and in force at the next start; nobody is told of it until then. */
                return;
        }
        expect_warning(d);
        expect_rights(d);
        flow_arm(d);
        if (active->grant.scope == SCOPE_ONCE) {
                tell_one(d, active, &o);
        } else {
                tell_all_last(&d->waiters, request, &o);
        }
        d->begun = active->grant.id;
}

/* The grant that is there lasts longer. */
static void grant_extended(Daemon *d, const Request *r, const Grant *longer, const Vote *v)
{
        Now now = d->now();
        Outcome o = { .verdict = VERDICT_GRANT, .grant = longer->id, .request = r->id };

        extend_active(d, longer);
        if (active_get(&d->active, &longer->id)) {
                (void) active_add_extension(active_get(&d->active, &longer->id), &r->id);
        }
        o.line = say_extended(v, longer, &now);
        tell_all_last(&d->waiters, &r->id, &o);
        outcome_done(&o);
}

static void vote_counted(
        Daemon *d, const Request *r, const Rule *rule, const Vote *v, const Tally *t, Grant *g)
{
        Now now = d->now();
        Outcome o = { .request = r->id };

        if (t->outcome == REQUEST_APPROVED && r->kind == REQUEST_EXTENSION) {
                grant_extended(d, r, g, v);
        } else if (t->outcome == REQUEST_APPROVED) {
                o.line = say_approved(v, g, &now);
                grant_started(d, g, &r->id, o.line);
        } else if (t->outcome == REQUEST_DENIED) {
                o.verdict = VERDICT_DENY;
                o.code = "denied";
                o.line = say_denied(v);
                if (o.line && !service_changes_user(r->service)) {
                        (void) denials_add(&d->denials, r, o.line, &now);
                }
                tell_all_last(&d->waiters, &r->id, &o);
        } else {
                o.verdict = VERDICT_PENDING;
                o.line = say_vote(v, rule, r, t);
                tell_all_news(&d->waiters, &r->id, &o);
        }
        outcome_done(&o);
}

/* What a yes makes: a grant, or the one that is to last longer as it is then. */
static int make_outcome(
        Daemon *d, const Request *r, const Rule *rule, usec_t duration, const Now *now, Grant *ret)
{
        if (r->kind != REQUEST_EXTENSION) {
                return make_grant(r, rule, duration, d->ledger.boot_id, now, ret);
        }
        const ActiveGrant *g = active_get(&d->active, &r->extends);
        if (!g || expiry_verdict(&g->grant, now, d->ledger.boot_id) != GRANT_ACTIVE) {
                return -ESTALE;
        }
        int err = grant_copy(&g->grant, ret);
        return err < 0 ? err : grant_extend(ret, duration, rule->max_duration, now);
}

static void fail_cast(Daemon *d, const Request *r, int err, Failure *ret)
{
        switch (-err) {
        case EALREADY:
                fail_over("request", &r->id, "timed-out", ret);
                break;
        case ESTALE:
                fail_over("grant", &r->extends, "over", ret);
                break;
        case ERANGE:
                if (r->kind == REQUEST_EXTENSION) {
                        fail(ret, "Refused", "duration", "rule %s does not let it last that long",
                                r->rule);
                } else {
                        fail(ret, "Refused", "clock",
                                "this host's clock cannot be right, so no end can be set for a grant");
                }
                break;
        default:
                fail_store(d, ret);
        }
}

/* The vote at votes[n], which has been filled in: judged with those before it, recorded, told. */
static void cast(Daemon *d, Request *r, const Rule *rule, const Vote *votes, size_t n, Failure *ret)
{
        Now now = d->now();
        Grant g = { .asker = { .uid = UID_UNSET } };
        Tally t;

        int err = chain_tally(d, rule, r, votes, n + 1, &t);
        if (err >= 0 && t.outcome == REQUEST_APPROVED) {
                err = make_outcome(d, r, rule, t.duration, &now, &g);
        }
        if (err >= 0) {
                err = ledger_vote(&d->ledger, config_rules(d->config), r, &votes[n], &t, &g, &now);
        }
        if (err >= 0) {
                r->state = t.outcome;
                r->grant = g.id;
                /* Of what is decided the last stage stays the one it was. */
                if (t.outcome == REQUEST_PENDING) {
                        r->stage = MAX(r->stage, t.stage);
                }
                chain_expect(d, &t);
                vote_counted(d, r, rule, &votes[n], &t, &g);
        } else {
                fail_cast(d, r, err, ret);
        }
        grant_done(&g);
}

static bool ballot_ok(const Request *r, const Ballot *b, Failure *f)
{
        char span[SPAN_TEXT_MAX];

        if (b->duration > r->max_duration) {
                span_say(r->max_duration, span);
                fail(f, "Refused", "duration", "rule %s grants at most %s", r->rule, span);
                return false;
        }
        if (b->note && strlen(b->note) > REASON_MAX) {
                fail(f, "Refused", "note", "the note is too long; %d bytes are the most",
                        REASON_MAX);
                return false;
        }
        return true;
}

void flow_decide(Daemon *d, const Caller *c, Request *r, const Ballot *b, Failure *ret)
{
        const Rules *rules = config_rules(d->config);
        const Rule *rule = rule_in_force(rules, r, ret);
        Now now = d->now();
        Vote *votes = NULL;
        size_t n = 0;

        if (!rule || !may_vote(rules, rule, r, c, ret) || !ballot_ok(r, b, ret)) {
                return;
        }
        Vote vote;
        int err = make_vote(rules, c, b, &now, &vote);
        if (err >= 0) {
                err = store_votes(d->ledger.store, &r->id, &votes, &n);
        }
        Vote *more = err >= 0 ? reallocarray(votes, n + 1, sizeof(*votes)) : NULL;
        if (!more) {
                fail_store(d, ret);
        } else {
                votes = more;
                votes[n] = vote;
                same_persons(rules, votes, n);
                if (voted_so(votes, n, vote.person, b->approve)) {
                        /* nothing to do */
                } else if (r->state != REQUEST_PENDING) {
                        fail_over("request", &r->id, request_state_to_string(r->state), ret);
                } else if (request_is_late(r, &now, d->ledger.boot_id)) {
                        /* The store would say so only of a vote that decides. */
                        fail_over(
                                "request", &r->id, request_state_to_string(REQUEST_TIMED_OUT), ret);
                } else if (is_his_turn(d, r, rule, c, b, votes, n, ret) &&
                           has_code(d, r, b, vote.person, ret)) {
                        cast(d, r, rule, votes, n, ret);
                }
        }
        vote_done(&vote);
        votes_free(votes, n);
}

void flow_decided(Daemon *d)
{
        ActiveGrant *g = id_is_set(&d->begun) ? active_get(&d->active, &d->begun) : NULL;

        d->begun = (Id){ 0 };
        if (g) {
                timer_unit_start(d->timer, &g->grant);
                residue_take(d, &g->grant.id);
        }
        ledger_tell(&d->ledger);
        flow_rest(d);
}

void flow_cancel(Daemon *d, const Caller *c, Request *r, Failure *ret)
{
        Now now = d->now();
        int err = r->state == REQUEST_PENDING ? 0 : -EALREADY;

        if (err >= 0) {
                const char *by = c->account.uid != r->asker.uid ? caller_name(c) : NULL;
                err = ledger_close(
                        &d->ledger, config_rules(d->config), r, REQUEST_WITHDRAWN, by, &now);
        }
        if (err == -EALREADY) {
                fail_over("request", &r->id, request_state_to_string(r->state), ret);
        } else if (err < 0) {
                fail_store(d, ret);
        } else {
                r->state = REQUEST_WITHDRAWN;
                tell_withdrawn(d, r);
        }
        flow_rest(d);
}

/* --- a grant without a request --------------------------------------------------------------------- */

void flow_make_grant(
        Daemon *d, const Caller *c, Grant *g, usec_t duration, Id *ret_id, Failure *ret)
{
        Now now = d->now();
        ActiveGrant *active;

        int err = make_ordered_grant(c, duration, d->ledger.boot_id, &now, g);
        if (err == -ERANGE) {
                fail(ret, "Refused", "clock",
                        "no end can be set: the clock cannot be right, or the time is too long");
                return;
        }
        if (err >= 0) {
                err = ledger_grant(&d->ledger, g, &now);
        }
        if (err >= 0) {
                err = active_add(&d->active, g, &active);
        }
        if (err < 0) {
                fail_store(d, ret);
                return;
        }
        *ret_id = active->grant.id;
        expect_warning(d);
        flow_rest(d);
        timer_unit_start(d->timer, &active->grant);
        residue_take(d, &active->grant.id);
}

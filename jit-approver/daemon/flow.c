/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The pipeline, top to bottom: a question is judged, becomes a request, is decided, becomes a grant,
 * ends. MUST: commit before anybody is told; arm the end before the door opens.
 */

#include "jit-approver/daemon/flow.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/text.h"
#include "jit-approver/daemon/make.h"
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

static void fail_store(Daemon *d, Failure *f)
{
        fail(f, "StoreUnavailable", "store", "the record cannot be written: %s",
                ledger_state(&d->ledger));
}

static void fail_over(const char *what, const Id *id, const char *state, Failure *f)
{
        fail(f, "Over", NULL, "%s %s is %s already", what, id->text, state);
        f->state = state;
}

/* Whom the record names: what root does behind a login is that person's. */
static const char *caller_name(const Caller *c)
{
        return c->login.uid != UID_UNSET ? c->login.name : c->who.name;
}

static void refuse_store(Daemon *d, Outcome *o)
{
        char *line = NULL;

        (void) str_printf(&line,
                "The record cannot be written (%s), so nothing new can be granted.",
                ledger_state(&d->ledger));
        outcome_refuse(o, "store", line);
}

void flow_arm(Daemon *d)
{
        NextDue next = NEXT_DUE_NONE;
        usec_t wall, boot;

        active_next(&d->active, &next);
        /* What could not be closed in time waits for the next try, or the clock would never be silent. */
        if (d->ledger.store && d->retry_at == USEC_NEVER &&
                store_request_next_deadline(d->ledger.store, d->ledger.boot_id, &wall, &boot) >=
                        0) {
                expiry_add(&next, wall, boot);
        }
        expiry_add(&next, USEC_NEVER, d->record_at);
        expiry_add(&next, USEC_NEVER, d->return_until);
        expiry_add(&next, USEC_NEVER, d->retry_at);
        (void) timer_set(d->timer, &next);
}

static void retry_later(Daemon *d)
{
        d->retry_at = usec_add(d->now().boot, RETRY_TIME);
        flow_arm(d);
}

/* --- a question ---------------------------------------------------------------------------------- */

static void judge_now(
        Daemon *d, const Subject *s, const Now *now, Outcome *ret, const Rule **ret_rule)
{
        config_refresh(d->config, now->boot);
        judge(config_rules(d->config), &d->active, s, now, d->ledger.boot_id, ret, ret_rule);
}

/*
 * The asker's request that is open for the same already. Two people in one shared account ask each
 * for himself: whose login stands in the request is who may not decide it.
 */
static int find_open(Daemon *d, const Subject *s, const Rule *rule, const Now *now, Request *ret)
{
        if (!d->ledger.store) {
                return -EIO;
        }
        int r = store_request_find_open(d->ledger.store, s->asker.uid, s->service,
                s->target_who.uid, s->ask->target_group, rule->name, ret);
        if (r >= 0 &&
                (request_is_late(ret, now, d->ledger.boot_id) || ret->login.uid != s->login.uid)) {
                request_done(ret);
                return -ENOENT;
        }
        return r;
}

void flow_check(Daemon *d, const Subject *s, Outcome *ret)
{
        Now now = d->now();
        const Rule *rule = NULL;
        Request open;

        judge_now(d, s, &now, ret, &rule);
        /* Whoever joins a request that is open has given his reason already. */
        if (rule && rule->reason != REASON_NONE && find_open(d, s, rule, &now, &open) >= 0) {
                ret->reason_mode = REASON_NONE;
                request_done(&open);
        }
}

void flow_record(Daemon *d, const Fact *f)
{
        Now now = d->now();

        audit_note(d->ledger.audit, f, &now);
        if (d->record_at == USEC_NEVER) {
                d->record_at = usec_add(now.boot, RECORD_DELAY);
                flow_arm(d);
        }
}

void flow_note(Daemon *d, const Subject *s, const Outcome *o)
{
        if (!o->noted) {
                return;
        }
        _cleanup_(freep) char *command = make_command(s);
        const Fact f = {
                .event = o->event,
                .request = id_is_set(&o->request) ? &o->request : NULL,
                .grant = id_is_set(&o->grant) ? &o->grant : NULL,
                .asker = &s->asker_who,
                .login = s->login.uid != UID_UNSET ? &s->login : NULL,
                .target = s->target_known ? &s->target_who : NULL,
                .service = s->service,
                .command = str_empty(command) ? NULL : command,
                .rule = o->rule,
                .tty = s->ask->tty,
                .origin = s->ask->rhost,
                .why = o->code,
        };
        flow_record(d, &f);
}

/* --- a request ----------------------------------------------------------------------------------- */

/* What stands against opening one more, before anything is made. */
static bool may_open(Daemon *d, const Subject *s, const Rule *rule, const Wish *wish, Outcome *o)
{
        int64_t pending;
        char span[SPAN_TEXT_MAX];
        char *line = NULL;

        if (rule->reason == REASON_REQUIRED && str_empty(wish->reason)) {
                return false; /* the verdict stays VERDICT_ASK */
        }
        if (wish->reason && strlen(wish->reason) > REASON_MAX) {
                (void) str_printf(
                        &line, "The reason is too long; %d bytes are the most.", REASON_MAX);
                outcome_refuse(o, "not-asked", line);
        } else if (wish->duration > rule->max_duration) {
                span_say(rule->max_duration, span);
                (void) str_printf(&line, "Rule %s grants at most %s at a time.", rule->name, span);
                outcome_refuse(o, "not-asked", line);
        } else if (store_request_count_pending(d->ledger.store, s->asker.uid, &pending) < 0) {
                refuse_store(d, o);
        } else if (pending >= PENDING_MAX) {
                (void) str_printf(&line,
                        "You have %d requests open already; wait for one, or withdraw one (jitctl status).",
                        PENDING_MAX);
                outcome_refuse(o, "busy", line);
        } else {
                return true;
        }
        return false;
}

static void tell_withdrawn(Daemon *d, const Request *r)
{
        Outcome o = { .verdict = VERDICT_DENY, .code = "withdrawn", .request = r->id };

        o.line = say_withdrawn(r);
        tell_all_last(&d->waiters, &r->id, &o);
        outcome_done(&o);
}

/* A request without anybody waiting for it, unless it stands by itself, is withdrawn. */
static void flow_abandon(Daemon *d, const Id *id)
{
        Request r;
        Now now = d->now();

        if (!d->ledger.store || store_request_get(d->ledger.store, id, &r) < 0) {
                retry_later(d);
                return;
        }
        if (r.state == REQUEST_PENDING && !r.detached) {
                int err = ledger_close(&d->ledger, &r, REQUEST_WITHDRAWN, NULL, &now);
                if (err < 0 && err != -EALREADY) {
                        retry_later(d);
                } else {
                        tell_withdrawn(d, &r); /* onlookers */
                }
        }
        request_done(&r);
        flow_arm(d);
}

/* A terminal has gone, Ctrl-C was pressed, or its program died. */
static void on_waiter_gone(Call *call, void *userdata)
{
        Waiter *w = userdata;
        Daemon *d = w->owner;
        const Id id = w->request;
        bool counted = w->counts;

        waiters_remove(&d->waiters, w);
        /* When we stop nobody has gone: they come back to our successor. */
        if (counted && !d->stopping && !waiters_count(&d->waiters, &id)) {
                flow_abandon(d, &id);
        }
}

static bool may_wait(Daemon *d, const Subject *s, const Call *call, Outcome *o)
{
        if (server_is_reserve(call) || waiters_of_asker(&d->waiters, s->asker.uid) >= WAITS_MAX) {
                outcome_refuse(o, "busy",
                        strdup("Too many of your commands are waiting for an answer already."));
                return false;
        }
        return true;
}

static void park(Daemon *d, uid_t asker, const Id *request, Call *call, const Echo *echo,
        bool counts, Outcome *o, Waiter **ret)
{
        if (waiters_add(&d->waiters, request, call, echo, asker, counts, ret) < 0) {
                outcome_refuse(o, "internal", strdup("The approver is out of memory."));
                if (counts && !waiters_count(&d->waiters, request)) {
                        flow_abandon(d, request);
                }
                return;
        }
        (*ret)->owner = d;
        call_on_gone(call, on_waiter_gone, *ret);
}

static void pending_outcome(const Request *r, Outcome *o)
{
        o->verdict = VERDICT_PENDING;
        o->request = r->id;
        o->deadline = r->deadline;
        memcpy(o->digest, r->digest, sizeof(o->digest));
}

/* The request stands; how its asker hears of it depends on whether he waits. */
static void request_opened(Daemon *d, const Subject *s, const Rule *rule, const Request *r,
        const Wish *wish, bool joined, Call *call, const Echo *echo, Outcome *o,
        Waiter **ret_waiter)
{
        _cleanup_(freep) char *approvers = say_approvers(rule, r);
        Now now = d->now();

        pending_outcome(r, o);
        o->wait = wish->wait;
        if (call) {
                o->line = say_asked(str_or(approvers, "?"), r, o->wait,
                        service_changes_user(s->service), joined);
                park(d, s->asker.uid, &r->id, call, echo, true, o, ret_waiter);
        } else {
                o->code = "detached";
                o->line = say_left_open(str_or(approvers, "?"), r, &now);
        }
}

/* Joins what is open, or opens. 0, 1 when joined, -ECANCELED when *o says why not, else the store's error. */
static int join_or_open(Daemon *d, const Subject *s, const Rule *rule, const Wish *wish,
        const Now *now, Outcome *o, Request *ret)
{
        int r = find_open(d, s, rule, now, ret);
        if (r >= 0) {
                _cleanup_(freep) char *command = make_command(s);
                bool other = command && !streq(command, str_or(ret->command, ""));
                r = ledger_join(&d->ledger, ret, other ? command : NULL, wish->reason,
                        wish->detached && !ret->detached, now);
                return r < 0 ? r : 1;
        }
        if (r != -ENOENT) {
                return r;
        }
        if (!may_open(d, s, rule, wish, o)) {
                return -ECANCELED;
        }
        r = make_request(s, rule, wish, d->host, d->ledger.boot_id, now, ret);
        return r < 0 ? r : ledger_open(&d->ledger, ret, rule, now);
}

void flow_request(Daemon *d, const Subject *s, const Wish *wish, Call *call, const Echo *echo,
        Outcome *ret, Waiter **ret_waiter)
{
        Now now = d->now();
        const Rule *rule = NULL;
        Request r = { .asker = { .uid = UID_UNSET } };
        Wish w = *wish;

        judge_now(d, s, &now, ret, &rule);
        if (!rule) {
                return;
        }
        w.wait = call ? MIN(wish->wait, rule->wait) : 0;
        /* Without a caller that stays there is nobody whose leaving could withdraw it. */
        if (w.wait <= 0 || w.detached) {
                w.detached = true;
                call = NULL;
        }
        if (!d->ledger.store) {
                refuse_store(d, ret);
                return;
        }
        if (call && !may_wait(d, s, call, ret)) {
                return;
        }
        int err = join_or_open(d, s, rule, &w, &now, ret, &r);
        if (err >= 0) {
                request_opened(d, s, rule, &r, &w, err > 0, call, echo, ret, ret_waiter);
        } else if (err != -ECANCELED) {
                refuse_store(d, ret);
        }
        request_done(&r);
        flow_arm(d);
}

/* What a request that is over means for whoever comes to wait for it. */
static void outcome_of_state(Daemon *d, const Request *r, Outcome *o)
{
        const ActiveGrant *g =
                r->state == REQUEST_APPROVED ? active_get(&d->active, &r->grant) : NULL;
        Now now = d->now();
        char *line = NULL;

        if (g && expiry_verdict(&g->grant, &now, d->ledger.boot_id) == GRANT_ACTIVE) {
                o->verdict = VERDICT_GRANT;
                o->grant = r->grant;
        } else {
                (void) str_printf(&line, "Request %s is over: %s.", r->id.text,
                        request_state_to_string(r->state));
                o->verdict = VERDICT_DENY;
                o->code = r->state == REQUEST_APPROVED ? "over" : request_state_to_string(r->state);
                o->line = line;
        }
        o->request = r->id;
}

void flow_wait(Daemon *d, const Subject *s, const Request *r, Call *call, const Echo *echo,
        bool counts, Outcome *ret, Waiter **ret_waiter)
{
        *ret = (Outcome){ 0 };
        if (r->state != REQUEST_PENDING) {
                outcome_of_state(d, r, ret);
                return;
        }
        if (call && counts && !may_wait(d, s, call, ret)) {
                return;
        }
        pending_outcome(r, ret);
        ret->wait = USEC_PER_DAY;
        if (call) {
                park(d, s->asker.uid, &r->id, call, echo, counts, ret, ret_waiter);
        }
}

void flow_detach(Daemon *d, Call *parked)
{
        Waiter *w = parked->gone == on_waiter_gone ? parked->gone_userdata : NULL;
        Outcome o = { .verdict = VERDICT_PENDING, .code = "detached" };
        Now now = d->now();
        Request r;

        if (!w) {
                return;
        }
        const Id id = o.request = w->request;
        bool counts = w->counts;
        int err = d->ledger.store ? store_request_get(d->ledger.store, &id, &r) : -EIO;
        if (err >= 0) {
                /* That an onlooker leaves means nothing to the request. */
                err = ledger_join(&d->ledger, &r, NULL, NULL, counts && !r.detached, &now);
                o.deadline = r.deadline;
                o.line = say_detached(&r, &now);
                request_done(&r);
        }
        if (err < 0) {
                refuse_store(d, &o);
        }
        tell_last(&d->waiters, w, &o);
        outcome_done(&o);
        if (err < 0 && counts && !waiters_count(&d->waiters, &id)) {
                flow_abandon(d, &id);
        }
}

/* --- a decision ---------------------------------------------------------------------------------- */

/* Whether this voter may vote; says why not. */
static bool may_vote(
        const Rules *rules, const Rule *rule, const Request *r, const Caller *c, Failure *f)
{
        const Voter v = { c->account, c->login_uid };

        if (!c->proven) {
                fail(f, "NotPermitted", "login",
                        "your login cannot be told for certain, so it cannot vote");
                return false;
        }
        switch (decision_standing(rules, rule, r, &v)) {
        case STANDING_APPROVER:
                return true;
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
                fail(f, "NotPermitted", NULL, "you are not an approver of rule %s", rule->name);
                return false;
        }
}

/* Who is one person may have been written into the rules since: nobody counts twice for that. */
static void same_persons(const Rules *rules, Vote *votes, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                char person[PERSON_MAX];

                person_of(rules, votes[i].who.uid, person);
                if (strncmp(person, "uid:", 4) != 0) {
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
        flow_arm(d);
        tell_all_last(&d->waiters, request, &o);
        timer_unit_start(d->timer, &active->grant);
}

static void vote_counted(Daemon *d, const Request *r, const Vote *v, const Tally *t, Grant *g)
{
        Now now = d->now();
        Outcome o = { .request = r->id };

        if (t->outcome == REQUEST_APPROVED) {
                o.line = say_approved(v, g, &now);
                grant_started(d, g, &r->id, o.line);
        } else if (t->outcome == REQUEST_DENIED) {
                o.verdict = VERDICT_DENY;
                o.code = "denied";
                o.line = say_denied(v);
                tell_all_last(&d->waiters, &r->id, &o);
        } else {
                o.verdict = VERDICT_PENDING;
                o.line = say_vote(v, t);
                tell_all_news(&d->waiters, &r->id, &o);
        }
        outcome_done(&o);
}

/* The vote at votes[n], which has been filled in: judged with those before it, recorded, told. */
static void cast(
        Daemon *d, const Request *r, const Rule *rule, const Vote *votes, size_t n, Failure *ret)
{
        Now now = d->now();
        Grant g = { .asker = { .uid = UID_UNSET } };
        Tally t;
        int err = 0;

        decision_tally(r, votes, n + 1, &t);
        if (t.outcome == REQUEST_APPROVED) {
                err = make_grant(r, rule, t.duration, d->ledger.boot_id, &now, &g);
        }
        if (err >= 0) {
                err = ledger_vote(&d->ledger, r, &votes[n], &t, &g, &now);
        }
        if (err >= 0) {
                vote_counted(d, r, &votes[n], &t, &g);
        } else if (err == -EALREADY) {
                fail_over("request", &r->id, "timed-out", ret);
        } else if (err == -ERANGE) {
                fail(ret, "Refused", "clock",
                        "this host's clock cannot be right, so no end can be set for a grant");
        } else {
                fail_store(d, ret);
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

void flow_decide(Daemon *d, const Caller *c, const Request *r, const Ballot *b, Failure *ret)
{
        const Rules *rules = config_rules(d->config);
        const Rule *rule = rules ? rules_find(rules, r->rule) : NULL;
        Now now = d->now();
        Vote *votes = NULL;
        size_t n = 0;

        if (!rule) {
                fail(ret, "Refused", "rules",
                        "rule %s, by which this was asked, is not in force any more", r->rule);
                return;
        }
        if (!may_vote(rules, rule, r, c, ret) || !ballot_ok(r, b, ret)) {
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
                } else {
                        cast(d, r, rule, votes, n, ret);
                }
        }
        vote_done(&vote);
        votes_free(votes, n);
        flow_arm(d);
}

void flow_cancel(Daemon *d, const Caller *c, const Request *r, Failure *ret)
{
        Now now = d->now();
        int err = r->state == REQUEST_PENDING ? 0 : -EALREADY;

        if (err >= 0) {
                const char *by = c->account.uid != r->asker.uid ? caller_name(c) : NULL;
                err = ledger_close(&d->ledger, r, REQUEST_WITHDRAWN, by, &now);
        }
        if (err == -EALREADY) {
                fail_over("request", &r->id, request_state_to_string(r->state), ret);
        } else if (err < 0) {
                fail_store(d, ret);
        } else {
                tell_withdrawn(d, r);
        }
        flow_arm(d);
}

/* --- a grant and its end ------------------------------------------------------------------------- */

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
        flow_arm(d);
        timer_unit_start(d->timer, &active->grant);
}

static void end_sessions(Daemon *d, const ActiveGrant *g)
{
        if (g->grant.on_expiry != ON_EXPIRY_END_SESSIONS) {
                return;
        }
        for (size_t i = 0; i < g->n_sessions; i++) {
                /* Children of a closed one may have stayed behind in its scope. */
                if (g->sessions[i].kind == SESSION_SCOPE || g->sessions[i].closed == 0) {
                        session_end(d->sessions, &g->sessions[i]);
                }
        }
}

/*
 * The door is closed whatever the store says: an end that cannot be recorded now is tried again until
 * it can be, for a restart would take the grant for active.
 */
static int end_grant(Daemon *d, ActiveGrant *g, GrantState to, const char *by)
{
        bool first = g->grant.state == GRANT_ACTIVE;
        Now now = d->now();

        int err = ledger_end(&d->ledger, &g->grant, to, first ? by : g->ended_by, &now);
        if (first) {
                timer_unit_stop(d->timer, &g->grant.id);
                end_sessions(d, g);
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
        flow_arm(d);
}

/* --- time passes --------------------------------------------------------------------------------- */

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
        } else if (s->abandoned && !r->detached && !waiters_count(&s->daemon->waiters, &r->id)) {
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
        err = ledger_close(&d->ledger, &r, REQUEST_TIMED_OUT, NULL, now);
        Outcome o = { .verdict = VERDICT_DENY, .code = "timed-out", .request = r.id };
        o.line = say_timed_out(&r);
        tell_all_last(&d->waiters, id, &o);
        outcome_done(&o);
        request_done(&r);
        return err == -EALREADY ? 0 : err;
}

static void close_requests(Daemon *d, const Now *now, bool abandoned)
{
        const RequestFilter pending = {
                .only_pending = true, .asker = UID_UNSET, .limit = INT64_MAX
        };
        Sweep s;

        do {
                s = (Sweep){ .daemon = d, .now = *now, .abandoned = abandoned };
                if (store_requests(d->ledger.store, &pending, sweep_visit, &s) < 0) {
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

static bool requests_due(Daemon *d, const Now *now)
{
        usec_t wall, boot;

        return store_request_next_deadline(d->ledger.store, d->ledger.boot_id, &wall, &boot) < 0 ||
               deadline_passed(wall, boot, now);
}

void flow_due(Daemon *d)
{
        Now now = d->now();
        bool retry = d->retry_at <= now.boot, returned = d->return_until <= now.boot;

        if (retry) {
                d->retry_at = USEC_NEVER;
        }
        end_due_grants(d, &now);
        if (returned) {
                d->return_until = USEC_NEVER;
        }
        bool waiting = d->retry_at != USEC_NEVER;
        if (d->ledger.store && (retry || returned || (!waiting && requests_due(d, &now)))) {
                close_requests(d, &now, d->return_until == USEC_NEVER);
        }
        if (d->record_at <= now.boot) {
                d->record_at = audit_flush(d->ledger.audit, &now) < 0
                                       ? usec_add(now.boot, RETRY_TIME)
                                       : USEC_NEVER;
        }
        flow_arm(d);
}

/* --- start-up and news from outside ----------------------------------------------------------------- */

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

/* All that the store takes for active. What is over by now, or lost, is ended by flow_due(). */
static int recover_grants(Daemon *d, bool other_machine)
{
        const GrantFilter active = { .only_active = true, .asker = UID_UNSET, .limit = INT64_MAX };

        int r = store_grants(d->ledger.store, &active, recover_grant, &d->active);
        for (size_t i = 0; r >= 0 && i < d->active.n; i++) {
                ActiveGrant *g = d->active.items[i];
                if (other_machine) {
                        g->grant.state = GRANT_LOST;
                } else if (grant_is_of_boot(&g->grant, d->ledger.boot_id)) {
                        r = store_sessions_of(d->ledger.store, &g->grant.id, recover_session, g);
                }
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
 * A disk that is full keeps nobody from starting: what is over is closed in memory and recorded later.
 * A store that cannot be read opens nothing, and we go on without it.
 */
int flow_recover(Daemon *d)
{
        const Fact started = { .event = AUDIT_DAEMON_STARTED, .why = PROJECT_VERSION };
        char machine[40];
        bool other = false;
        int r = 0;

        d->return_until = usec_add(d->now().boot, RETURN_TIME);
        if (d->ledger.store) {
                (void) audit_recover(d->ledger.audit);
                r = check_machine(d, machine, &other);
                if (r >= 0) {
                        r = recover_grants(d, other);
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
        flow_due(d);
        /* Only now: nothing of another machine's is active any more. */
        if (d->ledger.store && d->retry_at == USEC_NEVER) {
                (void) store_meta_set(d->ledger.store, "machine-id", machine);
        }
        return 0;
}

void flow_rules_loaded(Daemon *d, bool ok)
{
        const Fact f = { .event = ok ? AUDIT_RULES_LOADED : AUDIT_RULES_REJECTED };

        flow_record(d, &f);
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
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, first chapter: a question is judged and noted, or becomes a request for which somebody
 * waits. MUST: commit before anybody is told.
 */

#include "jit-approver/daemon/flow_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/span.h"
#include "jit-approver/daemon/tell.h"
#include "jit-approver/domain/say.h"

void refuse_store(Daemon *d, Outcome *o)
{
        char *line = NULL;

        (void) str_printf(&line,
                "The record cannot be written (%s), so nothing new can be granted.",
                ledger_state(&d->ledger));
        outcome_refuse(o, "store", line);
}

/* --- a question ---------------------------------------------------------------------------------- */

void judge_now(Daemon *d, const Subject *s, const Now *now, Outcome *ret, const Rule **ret_rule)
{
        config_refresh(d->config, now->boot);
        judge(config_rules(d->config), &d->active, s, now, d->ledger.boot_id, ret, ret_rule);
}

/* Of one that was asked for under other rules, for one command only, no other command is the same. */
static bool is_same_use(const Request *r, const Subject *s)
{
        char digest[DIGEST_HEX_SIZE];

        return r->scope == SCOPE_SERVICE ||
               (make_command_digest(s->ask, digest) >= 0 && streq(r->command_digest, digest));
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
                s->target_who.uid, s->ask->target_group, rule->name,
                rule->scope == SCOPE_SERVICE ? NULL : s->question.command_digest, ret);
        if (r >= 0 &&
                (request_is_late(ret, now, d->ledger.boot_id) || ret->login.uid != s->login.uid ||
                        (ret->login_session != SESSION_NONE &&
                                ret->login_session != s->question.login_session) ||
                        !is_same_use(ret, s))) {
                request_done(ret);
                return -ENOENT;
        }
        return r;
}

/* A grant for one use: whoever goes in by it uses it up, and nobody after him (hazard H-66). */
bool flow_enter(Daemon *d, ActiveGrant *g, Outcome *o)
{
        Now now = d->now();
        int err = -EALREADY;

        if (g->grant.scope != SCOPE_ONCE) {
                return true;
        }
        if (g->grant.spent == 0) {
                g->grant.spent = now.wall;
                err = ledger_spend(&d->ledger, &g->grant, &now);
                g->grant.spent = err < 0 ? 0 : now.wall;
        }
        if (err == -EALREADY) {
                outcome_refuse(
                        o, "spent", strdup("This was granted for one time, which has been used."));
        } else if (err < 0) {
                refuse_store(d, o);
        }
        o->noted = o->noted && err < 0; /* the use is in the record */
        return err >= 0;
}

bool enters(const Subject *s)
{
        return streq(str_or(s->ask->phase, ""), "account");
}

/* A moment ago, to a host that tries again by itself: it is told the same. jitctl may ask anew. */
static bool was_denied(Daemon *d, const Subject *s, const Now *now, Outcome *o)
{
        const char *line =
                denials_find(&d->denials, s->asker.uid, s->service, s->target_who.uid, now);

        if (!line || str_empty(s->ask->phase)) {
                return false;
        }
        outcome_refuse(o, "denied", strdup(line));
        return true;
}

/* --- a request ----------------------------------------------------------------------------------- */

bool is_reason_short(const char *reason, Outcome *o)
{
        char *line = NULL;

        if (!reason || strlen(reason) <= REASON_MAX) {
                return true;
        }
        (void) str_printf(&line, "The reason is too long; %d bytes are the most.", REASON_MAX);
        outcome_refuse(o, "not-asked", line);
        return false;
}

bool does_reason_match(const Rule *rule, const char *reason, Outcome *o)
{
        const Expression *pattern = &rule->reason_pattern;

        if (!pattern->text || expression_matches(pattern, reason)) {
                return true;
        }
        freep(&o->line);
        o->line = NULL;
        (void) str_printf(&o->line, "The reason has to match: %s", pattern->text);
        return false;
}

bool can_bind(const Rule *rule, const Subject *s, Outcome *o)
{
        char *line = NULL;

        if (rule->bind != BIND_LOGIN_SESSION || s->question.login_session != SESSION_NONE) {
                return true;
        }
        (void) str_printf(&line,
                "Rule %s binds access to a login, and yours cannot be told; log in anew.",
                rule->name);
        outcome_refuse(o, "identity", line);
        return false;
}

/* A yes would make no grant by such a clock: nobody is to be asked for it. */
static bool clock_can_end_it(Daemon *d, const Rule *rule)
{
        Now now = d->now();
        Grant g;

        return grant_window(&now, rule->duration, &g) >= 0;
}

/* What stands against opening one more, whatever is asked for. */
static bool may_open(Daemon *d, const Subject *s, const Rule *rule, Outcome *o)
{
        int64_t pending;
        char *line = NULL;

        if (!clock_can_end_it(d, rule)) {
                outcome_refuse(o, "clock",
                        strdup("This host's clock cannot be right, so no end could be set; nobody was asked."));
        } else if (!can_bind(rule, s, o)) {
                /* as it says */
        } else if (store_request_count_pending(d->ledger.store, s->asker.uid, &pending) < 0) {
                refuse_store(d, o);
        } else if (pending >= PENDING_MAX) {
                (void) str_printf(&line,
                        "You have %d requests open already; wait for one, or withdraw one (jitctl status).",
                        PENDING_MAX);
                outcome_refuse(o, "busy", line);
        } else {
                return !is_throttled(d, rule, s->asker.uid, o);
        }
        return false;
}

/*
 * Whoever joins a request that is open has given his reason already. Who could not open one is told so before
 * he is asked for it.
 */
static void check_joins(Daemon *d, const Subject *s, const Rule *rule, const Now *now, Outcome *o)
{
        Request open;

        if (find_open(d, s, rule, now, &open) >= 0) {
                o->reason_mode = REASON_NONE;
                request_done(&open);
        } else {
                (void) may_open(d, s, rule, o);
        }
}

void flow_check(Daemon *d, const Subject *s, Outcome *ret)
{
        Now now = d->now();
        const Rule *rule = NULL;

        judge_now(d, s, &now, ret, &rule);
        if (id_is_set(&ret->grant) && enters(s)) {
                (void) flow_enter(d, active_get(&d->active, &ret->grant), ret);
                return;
        }
        if (rule && !d->ledger.store) {
                refuse_store(d, ret); /* before a reason is asked for in vain */
                return;
        }
        if (rule && !was_denied(d, s, &now, ret) && rule->action == ACTION_ASK) {
                check_joins(d, s, rule, &now, ret);
        }
}

/* What stands against what is asked for. */
static bool is_wish_good(const Rule *rule, const Wish *wish, Outcome *o)
{
        char span[SPAN_TEXT_MAX];
        char *line = NULL;

        if (!is_reason_short(wish->reason, o)) {
                return false;
        }
        if (str_empty(wish->reason) ? rule->reason == REASON_REQUIRED
                                    : !does_reason_match(rule, wish->reason, o)) {
                return false; /* the verdict stays VERDICT_ASK */
        }
        if (wish->duration > rule->max_duration) {
                span_say(rule->max_duration, span);
                (void) str_printf(&line, "Rule %s grants at most %s at a time.", rule->name, span);
                outcome_refuse(o, "not-asked", line);
                return false;
        }
        return true;
}

void tell_withdrawn(Daemon *d, const Request *r)
{
        Outcome o = { .verdict = VERDICT_DENY, .code = "withdrawn", .request = r->id };

        o.line = say_withdrawn(r);
        tell_all_last(&d->waiters, &r->id, &o);
        outcome_done(&o);
}

void flow_abandon(Daemon *d, const Id *id)
{
        Request r;
        Now now = d->now();

        if (!d->ledger.store || store_request_get(d->ledger.store, id, &r) < 0) {
                retry_later(d);
                return;
        }
        if (r.state == REQUEST_PENDING && !r.detached) {
                int err = ledger_close(
                        &d->ledger, config_rules(d->config), &r, REQUEST_WITHDRAWN, NULL, &now);
                if (err < 0 && err != -EALREADY) {
                        retry_later(d);
                } else {
                        tell_withdrawn(d, &r); /* onlookers */
                }
        }
        request_done(&r);
        flow_rest(d);
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
        if (counted && !d->stopping && !waiters_keep(&d->waiters, &id)) {
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

/*
 * Whether this rule, or the service, has as many waiting as it may (hazard H-15: sshd's MaxStartups); one
 * asker may have half of the places, so that he keeps nobody else out.
 */
static bool is_crowded(Daemon *d, const Rule *rule, const Subject *s)
{
        int64_t most = policy_waiting_max(rule, s->service);
        const char *of_service = rule->max_waiting > 0 ? NULL : s->service;
        const char *of_rule = rule->max_waiting > 0 ? rule->name : NULL;

        if (most == 0) {
                return false;
        }
        return waiters_count(&d->waiters, UID_UNSET, of_service, of_rule) >= most ||
               waiters_count(&d->waiters, s->asker.uid, of_service, of_rule) >= (most + 1) / 2;
}

static void park(Daemon *d, const Subject *s, const Request *r, Call *call, const Echo *echo,
        bool counts, Outcome *o, Waiter **ret)
{
        const Id *request = &r->id;
        bool going_in = counts && enters(s); /* the subject's words go with the call's */

        if (waiters_add(&d->waiters, request, call, echo, s->asker.uid, counts, r->rule, ret) < 0) {
                outcome_refuse(o, "internal", strdup("The approver is out of memory."));
                if (counts && !waiters_keep(&d->waiters, request)) {
                        flow_abandon(d, request);
                }
                return;
        }
        (*ret)->owner = d;
        (*ret)->enters = going_in;
        call_on_gone(call, on_waiter_gone, *ret);
}

/* He hears of it when nobody could be told in time. */
static void expect_reached(Daemon *d, Waiter *w, const Now *now)
{
        w->reach_at = usec_add(now->boot, REACH_TIME);
        d->reach_at = MIN(d->reach_at, w->reach_at);
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
        _cleanup_(freep) char *approvers = say_chain(rule, r);
        Now now = d->now();

        pending_outcome(r, o);
        o->wait = wish->wait;
        if (call) {
                o->line = say_asked(str_or(approvers, "?"), r, o->wait,
                        service_changes_user(s->service), joined);
                park(d, s, r, call, echo, true, o, ret_waiter);
                if (*ret_waiter) {
                        expect_reached(d, *ret_waiter, &now);
                }
        } else {
                o->code = "detached";
                o->line = say_left_open(str_or(approvers, "?"), r, &now);
        }
}

/*
 * Whether this command is one more that rides on the request. Each is recorded once, and no more than
 * whoever decides is shown: nobody fills the record by asking, nor has something said yes to unseen.
 */
static int is_added(Daemon *d, const Request *r, const char *command, Outcome *o, bool *ret)
{
        size_t n = 0;
        bool known = true;
        char *line = NULL;

        if (!command || streq(command, str_or(r->command, ""))) {
                *ret = false;
                return 0;
        }
        int err = ledger_joined(&d->ledger, &r->id, command, &known, &n);
        if (err >= 0 && !known && n >= ADDED_MAX) {
                (void) str_printf(&line,
                        "Request %s carries %d commands more already; wait until it is decided.",
                        r->id.text, ADDED_MAX);
                outcome_refuse(o, "busy", line);
                return -ECANCELED;
        }
        *ret = !known;
        return err;
}

void expect_request(Daemon *d, const Rule *rule, const Request *r)
{
        expiry_add(&d->requests, r->deadline, r->deadline_boot);
        if (rule->escalate.n > 0) {
                d->escalate_at =
                        MIN(d->escalate_at, usec_add(r->created, rule->escalate.items[0].after));
        }
}

/* Joins what is open, or opens. 0, 1 when joined, -ECANCELED when *o says why not, else the store's error. */
static int join_or_open(Daemon *d, const Subject *s, const Rule *rule, const Wish *wish,
        const Now *now, Outcome *o, Request *ret)
{
        int r = find_open(d, s, rule, now, ret);
        if (r >= 0) {
                _cleanup_(freep) char *command = make_command(s, config_rules(d->config));
                bool added;
                r = is_added(d, ret, command, o, &added);
                if (r >= 0) {
                        r = ledger_join(&d->ledger, ret, added ? command : NULL, wish->reason,
                                wish->detached && !ret->detached, now);
                }
                return r < 0 ? r : 1;
        }
        if (r != -ENOENT) {
                return r;
        }
        if (!may_open(d, s, rule, o) || !is_wish_good(rule, wish, o)) {
                return -ECANCELED;
        }
        r = make_request(
                s, config_rules(d->config), rule, wish, d->host, d->ledger.boot_id, now, ret);
        if (r >= 0) {
                r = ledger_open(&d->ledger, config_rules(d->config), ret, now);
        }
        if (r >= 0) {
                expect_request(d, rule, ret);
        }
        return r;
}

void flow_request(Daemon *d, const Subject *s, const Wish *wish, Call *call, const Echo *echo,
        Outcome *ret, Waiter **ret_waiter)
{
        Now now = d->now();
        const Rule *rule = NULL;
        Request r = { .asker = { .uid = UID_UNSET } };
        Wish w = *wish;

        judge_now(d, s, &now, ret, &rule);
        if (id_is_set(&ret->grant) && enters(s)) {
                (void) flow_enter(d, active_get(&d->active, &ret->grant), ret);
        }
        if (!rule) {
                return;
        }
        if (rule->action == ACTION_BREAK_GLASS) {
                flow_break_glass(d, s, rule, wish, ret);
                return;
        }
        w.wait = call && !is_crowded(d, rule, s) ? MIN(wish->wait, rule->wait) : 0;
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
        flow_rest(d);
}

/* What a request that is over means for whoever comes to wait for it; who only looks on goes in by nothing. */
static void outcome_of_state(Daemon *d, const Subject *s, const Request *r, bool counts, Outcome *o)
{
        ActiveGrant *g = r->state == REQUEST_APPROVED ? active_get(&d->active, &r->grant) : NULL;
        Now now = d->now();
        char *line = NULL;

        if (g && expiry_verdict(&g->grant, &now, d->ledger.boot_id) == GRANT_ACTIVE) {
                o->verdict = VERDICT_GRANT;
                o->grant = r->grant;
                if (counts && enters(s)) {
                        (void) flow_enter(d, g, o);
                }
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
                outcome_of_state(d, s, r, counts, ret);
                return;
        }
        if (call && counts && !may_wait(d, s, call, ret)) {
                return;
        }
        pending_outcome(r, ret);
        ret->wait = USEC_PER_DAY;
        if (call) {
                park(d, s, r, call, echo, counts, ret, ret_waiter);
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
        if (err < 0 && counts && !waiters_keep(&d->waiters, &id)) {
                flow_abandon(d, &id);
        }
}

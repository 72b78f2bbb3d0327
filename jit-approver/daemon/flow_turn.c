/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, aside: whether whoever decides may do so now: his stage is open, and he has seen the asker's
 * screen. MUST: count each try of a code before it is compared (hazard H-72).
 */

#include "jit-approver/daemon/flow_internal.h"

#include <stdio.h>

#include "jit-approver/daemon/tell.h"
#include "jit-approver/domain/say.h"

static Seats seats_of_caller(const Rule *rule, const Caller *c)
{
        return c->approver ? decision_seats_of(rule, c->approver, c->accounts, c->n_accounts)
                           : decision_seats(rule, &c->account);
}

Turns flow_turn(Daemon *d, const Caller *c, const Request *r, bool approve)
{
        const Rules *rules = config_rules(d->config);
        const Rule *rule = rules_find(rules, r->rule);
        Turns turn = TURNS_UNKNOWN;
        Vote *votes = NULL;
        size_t n = 0;
        Tally t;

        if (!rule) {
                return TURNS_NONE;
        }
        if (store_votes(d->ledger.store, &r->id, &votes, &n) >= 0 &&
                chain_tally(d, rule, r, votes, n, &t) >= 0) {
                turn = decision_turn(&t, seats_of_caller(rule, c), approve);
        }
        votes_free(votes, n);
        return turn;
}

static bool has_approved(const Vote *votes, size_t n, const char *person)
{
        for (size_t i = n; i > 0; i--) {
                if (streq(votes[i - 1].person, person)) {
                        return votes[i - 1].approve;
                }
        }
        return false;
}

bool flow_waits_for(Daemon *d, const Caller *c, const Request *r)
{
        const Rules *rules = config_rules(d->config);
        const Rule *rule = rules ? rules_find(rules, str_or(r->rule, "")) : NULL;
        char person[PERSON_MAX];
        Vote *votes = NULL;
        bool waits = true;
        size_t n = 0;
        Tally t;

        if (!rule) {
                return false;
        }
        if (store_votes(d->ledger.store, &r->id, &votes, &n) >= 0 &&
                chain_tally(d, rule, r, votes, n, &t) >= 0) {
                Turns turn = decision_turn(&t, seats_of_caller(rule, c), true);
                person_of(rules, c->account.uid, person);
                /* What is enough by now waits for one more word, whosever. */
                waits = turn == TURNS_UNKNOWN ||
                        (turn == TURNS_NOW &&
                                !(t.outcome == REQUEST_PENDING && has_approved(votes, n, person)));
        }
        votes_free(votes, n);
        return waits;
}

bool is_his_turn(Daemon *d, const Request *r, const Rule *rule, const Caller *c, const Ballot *b,
        const Vote *votes, size_t n, Failure *f)
{
        Seats seats = seats_of_caller(rule, c);
        Tally t;

        if (chain_tally(d, rule, r, votes, n, &t) < 0) {
                fail_store(d, f);
                return false;
        }
        if (!b->approve) { /* whoever was asked may deny, though a new stage has begun to wait since */
                t.escalated = MAX(t.escalated, r->escalated);
        }
        switch (decision_turn(&t, seats, b->approve)) {
        case TURNS_NOW:
                return true;
        case TURNS_OVER:
                fail(f, "NotPermitted", "done",
                        "your stage is done, and others decide now; you may still deny it");
                return false;
        case TURNS_LATER:
                fail(f, "NotPermitted", "later", "it is not your turn yet: others decide first");
                return false;
        case TURNS_UNKNOWN:
                fail(f, "NamesUnavailable", "names",
                        "the name service does not answer, so your right to decide is not known; try again");
                return false;
        case TURNS_NONE:
        default:
                fail(f, "NotPermitted", "none", "you are not an approver of rule %s", rule->name);
                return false;
        }
}

static void close_guessed(Daemon *d, Request *r)
{
        Outcome o = { .verdict = VERDICT_DENY, .code = "denied", .request = r->id };
        Now now = d->now();

        if (ledger_lock(&d->ledger, config_rules(d->config), r, &now) >= 0) {
                r->state = REQUEST_DENIED;
                (void) str_printf(&o.line,
                        "Request %s is closed: its code was typed wrong %d times.", r->id.text,
                        TRIES_ALL);
                tell_all_last(&d->waiters, &r->id, &o);
        }
        outcome_done(&o);
}

/* The asker hears of who cannot help him any more. */
static void miss_code(Daemon *d, const Request *r, const char *person, int64_t his)
{
        Outcome o = { .verdict = VERDICT_PENDING, .request = r->id };
        const Fact f = {
                .event = AUDIT_CODE_WRONG,
                .request = &r->id,
                .asker = &r->asker,
                .service = r->service,
                .rule = r->rule,
                .approver = person,
        };

        flow_record(d, &f);
        if (his == TRIES_HIS) {
                o.line = say_missed(person);
                tell_all_news(&d->waiters, &r->id, &o);
                outcome_done(&o);
        }
}

bool has_code(Daemon *d, Request *r, const Ballot *b, const char *person, Failure *f)
{
        int64_t his, all;
        char right[8];

        if (r->code == CODE_NONE || !b->approve) {
                return true;
        }
        if (str_empty(b->code)) {
                fail(f, "Refused", "match-code", "type the two digits that %s sees on his screen",
                        r->asker.name);
                return false;
        }
        if (ledger_try(&d->ledger, &r->id, person, &his, &all) < 0) {
                fail_store(d, f);
                return false;
        }
        (void) snprintf(right, sizeof(right), "%02d", (int) r->code);
        if (his <= TRIES_HIS && all <= TRIES_ALL && streq(b->code, right)) {
                return true;
        }
        if (his <= TRIES_HIS) { /* nor does he fill the record by going on */
                miss_code(d, r, person, his);
        }
        if (his >= TRIES_HIS) {
                fail(f, his > TRIES_HIS ? "NotPermitted" : "Refused", "match-code",
                        "you typed a wrong code %d times; somebody else has to decide", TRIES_HIS);
        } else {
                fail(f, "Refused", "match-code",
                        "that is not the code on %s's screen; tries left: %lld", r->asker.name,
                        (long long) (TRIES_HIS - his));
        }
        if (all >= TRIES_ALL) {
                close_guessed(d, r);
        }
        return false;
}

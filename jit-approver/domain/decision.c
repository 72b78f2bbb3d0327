/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who may decide, and what the votes amount to.
 *
 * MUST: compare persons, not names: an [approver] section may list several accounts, and whoever
 * sits behind the asker (the login uid) is the asker too. Where the name service does not say
 * whether two accounts are one person, nobody votes.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/decision.h"

static Ternary approver_has(const Approver *a, uid_t uid)
{
        return names_include(&a->users, &(Account){ .uid = uid, .known = TERNARY_NO });
}

static const Approver *approver_of(const Rules *rules, uid_t uid)
{
        for (size_t i = 0; i < rules->n_approvers; i++) {
                if (approver_has(rules->approvers[i], uid) == TERNARY_YES) {
                        return rules->approvers[i];
                }
        }
        return NULL;
}

void person_of(const Rules *rules, uid_t uid, char out[static PERSON_MAX])
{
        const Approver *a = approver_of(rules, uid);

        if (a) {
                (void) snprintf(out, PERSON_MAX, "%s", a->name);
        } else {
                (void) snprintf(out, PERSON_MAX, "uid:%" PRIu32, (uint32_t) uid);
        }
}

static size_t approver_unknown_accounts(const Approver *a)
{
        size_t n = 0;

        for (size_t i = 0; i < a->users.n; i++) {
                n += a->users.items[i].exists == TERNARY_UNKNOWN;
        }
        return n;
}

/*
 * Whether two accounts are one person. An account has at most one section, so one that is known to
 * be in a section is in no other; two that are in none yet may be two unresolved names of the same.
 */
static Ternary same_person(const Rules *rules, uid_t a, uid_t b)
{
        const Approver *of_a, *of_b;

        if (a == UID_UNSET || b == UID_UNSET) {
                return TERNARY_UNKNOWN;
        }
        if (a == b) {
                return TERNARY_YES;
        }
        of_a = approver_of(rules, a);
        of_b = approver_of(rules, b);
        if (of_a && of_b) {
                return of_a == of_b ? TERNARY_YES : TERNARY_NO;
        }
        for (size_t i = 0; i < rules->n_approvers; i++) {
                const Approver *s = rules->approvers[i];
                size_t unplaced = (s != of_a) + (s != of_b);

                if ((of_a && s != of_a) || (of_b && s != of_b)) {
                        continue;
                }
                if (approver_unknown_accounts(s) >= unplaced) {
                        return TERNARY_UNKNOWN;
                }
        }
        return TERNARY_NO;
}

/* Yes beats unknown beats no. */
static Ternary either(Ternary a, Ternary b)
{
        if (a == TERNARY_YES || b == TERNARY_YES) {
                return TERNARY_YES;
        }
        return a == TERNARY_NO && b == TERNARY_NO ? TERNARY_NO : TERNARY_UNKNOWN;
}

/* Is uid the asker, or the one logged in behind the asker? */
static Ternary is_behind(const Rules *rules, const Request *r, uid_t uid)
{
        Ternary t = same_person(rules, r->asker.uid, uid);

        if (r->login.uid != UID_UNSET) {
                t = either(t, same_person(rules, r->login.uid, uid));
        }
        return t;
}

static void seat_add(Seats *seats, Ternary t, uint32_t bit)
{
        if (t == TERNARY_YES) {
                seats->yes |= bit;
        } else if (t == TERNARY_UNKNOWN) {
                seats->maybe |= bit;
        }
}

Seats decision_seats(const Rule *rule, const Account *account)
{
        Seats seats = { 0 };

        for (size_t i = 0; i < rule->stages.n; i++) {
                seat_add(&seats, names_include(&rule->stages.items[i], account), SEAT_STAGE(i));
        }
        for (size_t i = 0; i < rule->escalate.n; i++) {
                seat_add(&seats, names_include(&rule->escalate.items[i].to, account),
                        SEAT_ESCALATION(i));
        }
        return seats;
}

static Ternary seats_any(Seats seats)
{
        if (seats.yes) {
                return TERNARY_YES;
        }
        return seats.maybe ? TERNARY_UNKNOWN : TERNARY_NO;
}

/* Of somebody who is one of those who may, or not: whose account it is, and whether he is the asker. */
static Standing standing_among(Ternary member, const Rules *rules, const Request *r, const Voter *v)
{
        Ternary login = TERNARY_YES, self;

        if (member == TERNARY_NO || v->account.uid == UID_UNSET) {
                return STANDING_NONE;
        }
        self = is_behind(rules, r, v->account.uid);
        if (v->login_uid != UID_UNSET && v->login_uid != v->account.uid) {
                login = same_person(rules, v->login_uid, v->account.uid);
                self = either(self, is_behind(rules, r, v->login_uid));
        }
        if (login == TERNARY_NO) {
                return STANDING_OTHER_LOGIN;
        }
        if (self == TERNARY_YES) {
                return STANDING_SELF;
        }
        if (member != TERNARY_YES || login != TERNARY_YES || self != TERNARY_NO) {
                return STANDING_UNKNOWN;
        }
        return STANDING_APPROVER;
}

Standing decision_standing(const Rules *rules, const Rule *rule, const Request *r, const Voter *v)
{
        return standing_among(seats_any(decision_seats(rule, &v->account)), rules, r, v);
}

Standing decision_reviewer_standing(
        const Rules *rules, const Rule *rule, const Request *r, const Voter *v)
{
        return standing_among(names_include(&rule->reviewers, &v->account), rules, r, v);
}

/* Whether uid is one of this person's accounts; one that is in another's section is not. */
static Ternary approver_is(const Rules *rules, const Approver *a, uid_t uid)
{
        const Approver *of;

        if (uid == UID_UNSET) {
                return TERNARY_UNKNOWN;
        }
        of = approver_of(rules, uid);
        if (of) {
                return of == a ? TERNARY_YES : TERNARY_NO;
        }
        return approver_unknown_accounts(a) > 0 ? TERNARY_UNKNOWN : TERNARY_NO;
}

/* What is known of the account behind a name of his section. */
static Account account_of(const Name *name, const Account *accounts, size_t n)
{
        if (name->exists != TERNARY_YES) {
                return (Account){ .uid = UID_UNSET, .known = name->exists };
        }
        for (size_t i = 0; i < n; i++) {
                if (accounts[i].uid == name->id) {
                        return accounts[i];
                }
        }
        return (Account){ .uid = name->id, .known = TERNARY_UNKNOWN };
}

Seats decision_seats_of(
        const Rule *rule, const Approver *approver, const Account *accounts, size_t n)
{
        Seats seats = { 0 };

        for (size_t i = 0; i < approver->users.n; i++) {
                Account a = account_of(&approver->users.items[i], accounts, n);

                if (a.known != TERNARY_NO) {
                        Seats of = decision_seats(rule, &a);
                        seats.yes |= of.yes;
                        seats.maybe |= of.maybe;
                }
        }
        return seats;
}

Standing decision_standing_of(const Rules *rules, const Rule *rule, const Request *r,
        const Approver *approver, const Account *accounts, size_t n)
{
        Ternary member = seats_any(decision_seats_of(rule, approver, accounts, n));
        Ternary self = approver_is(rules, approver, r->asker.uid);

        if (r->login.uid != UID_UNSET) {
                self = either(self, approver_is(rules, approver, r->login.uid));
        }
        if (member == TERNARY_NO) {
                return STANDING_NONE;
        }
        if (self == TERNARY_YES) {
                return STANDING_SELF;
        }
        if (member != TERNARY_YES || self != TERNARY_NO) {
                return STANDING_UNKNOWN;
        }
        return STANDING_APPROVER;
}

static const char *const proof_names[] = {
        [PROOF_LINK] = "link",
        [PROOF_LOCAL] = "local",
};

const char *proof_to_string(Proof p)
{
        return (size_t) p < ELEMENTSOF(proof_names) ? proof_names[p] : NULL;
}

Proof proof_from_string(const char *s)
{
        for (size_t i = PROOF_NONE + 1; s && i < ELEMENTSOF(proof_names); i++) {
                if (streq(s, proof_names[i])) {
                        return (Proof) i;
                }
        }
        return PROOF_NONE;
}

bool proof_suffices(Assurance wanted, Proof given)
{
        switch (given) {
        case PROOF_LOCAL:
                return true;
        case PROOF_LINK:
                return wanted == ASSURANCE_LINK;
        case PROOF_NONE:
        default:
                return false;
        }
}

void vote_done(Vote *v)
{
        free(v->who.name);
        free(v->note);
        free(v->channel);
        *v = (Vote){ .who.uid = UID_UNSET, .login_uid = UID_UNSET };
}

/* The seats from which a stage may be filled, that many escalations after it began to wait. */
static uint32_t seats_open(size_t stage, size_t escalated)
{
        uint32_t open = SEAT_STAGE(stage);

        for (size_t i = 0; i < escalated; i++) {
                open |= SEAT_ESCALATION(i);
        }
        return open;
}

static size_t escalations_by(const Rule *rule, usec_t since, usec_t wall)
{
        size_t n = 0;

        while (n < rule->escalate.n && wall >= usec_add(since, rule->escalate.items[n].after)) {
                n++;
        }
        return n;
}

/* Whether the person has filled a place already, in this stage or an earlier one. */
static bool has_filled(const Vote *votes, const bool *filled, size_t n, const char *person)
{
        for (size_t i = 0; i < n; i++) {
                if (filled[i] && streq(votes[i].person, person)) {
                        return true;
                }
        }
        return false;
}

static void fill_place(const Request *r, const Rule *rule, const Vote *v, Tally *t)
{
        usec_t given = v->duration > 0 ? v->duration : r->duration;

        t->duration = t->duration == 0 ? given : MIN(t->duration, given);
        t->approvals++;
        if (t->approvals < t->needed) {
                return;
        }
        t->stage++;
        t->since = v->time;
        if (t->stage < rule->stages.n) {
                t->approvals = 0;
        }
}

/* Votes as they came; those whose voters have no seat any more are as if they had not. */
static bool count_votes(const Request *r, const Rule *rule, const Vote *votes, const Seats *seats,
        size_t n, Tally *t)
{
        bool filled[VOTES_MAX] = { false };

        for (size_t i = 0; i < MIN(n, (size_t) VOTES_MAX); i++) {
                uint32_t his = seats ? seats[i].yes | seats[i].maybe : UINT32_MAX;
                size_t escalated = escalations_by(rule, t->since, votes[i].time);

                if (his != 0 && !votes[i].approve) {
                        return true; /* also where there is enough of a yes already */
                }
                if (t->stage < rule->stages.n && (his & seats_open(t->stage, escalated)) != 0 &&
                        !has_filled(votes, filled, i, votes[i].person)) {
                        filled[i] = true;
                        fill_place(r, rule, &votes[i], t);
                }
        }
        return false;
}

void decision_tally(const Request *r, const Rule *rule, const Vote *votes, const Seats *seats,
        size_t n, usec_t wall, Tally *ret)
{
        Tally t = {
                .outcome = REQUEST_PENDING,
                .since = r->created,
                .next = USEC_NEVER,
                /* A request that needs nobody is a mistake somewhere; it needs one. */
                .needed = MAX(r->approvals, (int64_t) 1),
        };
        bool denied = count_votes(r, rule, votes, seats, n, &t);

        if (denied) {
                t.outcome = REQUEST_DENIED;
        } else if (rule->stages.n > 0 && t.stage == rule->stages.n) {
                t.outcome = REQUEST_APPROVED;
        } else {
                t.escalated = escalations_by(rule, t.since, wall);
                if (t.escalated < rule->escalate.n) {
                        t.next = usec_add(t.since, rule->escalate.items[t.escalated].after);
                }
        }
        t.duration = MIN(t.duration > 0 ? t.duration : r->duration, r->max_duration);
        *ret = t;
}

Turns decision_turn(const Tally *t, Seats seats, bool approve)
{
        uint32_t open = seats_open(t->stage, t->escalated), before = SEAT_STAGE(t->stage) - 1;
        uint32_t now = approve ? open : open | before;

        /* The rules made it enough, or a right that came back: whoever says so once more closes it. */
        if (t->outcome == REQUEST_APPROVED) {
                now = UINT32_MAX;
        }
        if (seats.yes & now) {
                return TURNS_NOW;
        }
        if (seats.maybe & now) {
                return TURNS_UNKNOWN;
        }
        if (seats.yes & before) {
                return TURNS_OVER;
        }
        return seats.yes ? TURNS_LATER : seats.maybe ? TURNS_UNKNOWN : TURNS_NONE;
}

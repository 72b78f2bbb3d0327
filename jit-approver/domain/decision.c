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

Standing decision_standing(const Rules *rules, const Rule *rule, const Request *r, const Voter *v)
{
        Ternary member = names_include(&rule->approvers, &v->account);
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

Standing decision_standing_of(const Rules *rules, const Rule *rule, const Request *r,
        const Approver *approver, const Account *accounts, size_t n)
{
        Ternary member = TERNARY_NO, self = approver_is(rules, approver, r->asker.uid);

        for (size_t i = 0; i < approver->users.n; i++) {
                Account a = account_of(&approver->users.items[i], accounts, n);

                if (a.known != TERNARY_NO) {
                        member = either(member, names_include(&rule->approvers, &a));
                }
        }
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

static bool is_last_of_person(const Vote *votes, size_t n, size_t at)
{
        for (size_t i = at + 1; i < n; i++) {
                if (streq(votes[i].person, votes[at].person)) {
                        return false;
                }
        }
        return true;
}

void decision_tally(const Request *r, const Vote *votes, size_t n, Tally *ret)
{
        /* A request that needs nobody is a mistake somewhere; it needs one. */
        Tally t = { .outcome = REQUEST_PENDING, .needed = MAX(r->approvals, (int64_t) 1) };
        bool denied = false;

        for (size_t i = 0; i < n; i++) {
                usec_t given = votes[i].duration > 0 ? votes[i].duration : r->duration;

                if (!is_last_of_person(votes, n, i)) {
                        continue;
                }
                if (!votes[i].approve) {
                        denied = true;
                        continue;
                }
                t.duration = t.approvals == 0 ? given : MIN(t.duration, given);
                t.approvals++;
        }
        if (t.approvals == 0) {
                t.duration = r->duration;
        }
        t.duration = MIN(t.duration, r->max_duration);
        if (denied) {
                t.outcome = REQUEST_DENIED;
        } else if (t.approvals >= t.needed) {
                t.outcome = REQUEST_APPROVED;
        }
        *ret = t;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "jit-approver/domain/decision.h"
#include "tests/unit/rules_fixture.h"

#define Y TERNARY_YES
#define N TERNARY_NO
#define U TERNARY_UNKNOWN
#define NOBODY UID_UNSET

static const char rules_text[] = "[approver bob]\n"
                                 "user = u1, u11\n"
                                 "[approver carol]\n"
                                 "user = u2, u?other\n"
                                 "[approver dan]\n"
                                 "user = u3\n"
                                 "[approver eve]\n"
                                 "user = u?one, u?two\n"
                                 "[approver fay]\n"
                                 "user = u?fay\n"
                                 "[group ops]\n"
                                 "members = bob, carol, @g2000\n"
                                 "[rule r]\n"
                                 "services = sudo\n"
                                 "users = *\n"
                                 "action = ask\n"
                                 "approvers = ops, dan\n"
                                 "[rule eve]\n"
                                 "services = sudo\n"
                                 "users = *\n"
                                 "action = ask\n"
                                 "approvers = eve\n"
                                 "[rule unix]\n"
                                 "services = sudo\n"
                                 "users = *\n"
                                 "action = ask\n"
                                 "approvers = @g2000\n";

START_TEST(persons)
{
        static const struct {
                uid_t uid;
                const char *person;
        } cases[] = {
                { 1, "bob" },
                { 11, "bob" },
                { 2, "carol" },
                { 3, "dan" },
                { 0, "uid:0" },
                { 4, "uid:4" },
                { 4294967294, "uid:4294967294" },
        };
        _cleanup_(rules_freep) Rules *rules = fixture_rules(rules_text);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char person[PERSON_MAX];

                person_of(rules, cases[i].uid, person);
                ck_assert_str_eq(person, cases[i].person);
        }
}
END_TEST

START_TEST(standings)
{
        static const gid_t ops[] = { 2000 };
        static const struct {
                const char *rule;
                uid_t asker, login; /* of the request */
                uid_t voter, voter_login;
                Ternary known;
                bool in_ops;
                Standing expected;
        } cases[] = {
                /* the plain cases */
                { "r", 9, NOBODY, 1, 1, Y, false, STANDING_APPROVER },
                { "r", 9, NOBODY, 1, NOBODY, Y, false, STANDING_APPROVER },
                { "r", 9, NOBODY, 11, 11, Y, false, STANDING_APPROVER },
                { "r", 9, NOBODY, 3, 3, Y, false, STANDING_APPROVER },
                { "r", 9, NOBODY, 4, 4, Y, true, STANDING_UNKNOWN }, /* might be carol's or so… */
                { "r", 9, NOBODY, 4, 4, Y, false, STANDING_UNKNOWN }, /* might be carol */
                { "unix", 9, NOBODY, 4, 4, Y, false, STANDING_NONE },
                { "unix", 9, NOBODY, 4, 4, N, true, STANDING_NONE },
                { "unix", 9, NOBODY, 4, 4, U, true, STANDING_UNKNOWN },
                { "unix", 1, NOBODY, 3, 3, Y, true, STANDING_APPROVER },
                { "r", 9, NOBODY, NOBODY, NOBODY, Y, true, STANDING_NONE },
                { "r", NOBODY, NOBODY, 1, 1, Y, true, STANDING_UNKNOWN }, /* nobody asked? */
                /* no approver, so nothing else matters */
                { "unix", 4, NOBODY, 4, 4, Y, false, STANDING_NONE },
                { "unix", 9, NOBODY, 4, 5, Y, false, STANDING_NONE },
                /* oneself: by the account, by another of one's accounts, by the login behind */
                { "r", 1, NOBODY, 1, 1, Y, false, STANDING_SELF },
                { "r", 1, NOBODY, 11, 11, Y, false, STANDING_SELF },
                { "r", 11, NOBODY, 1, 1, Y, false, STANDING_SELF },
                { "r", 9, 1, 1, 1, Y, false, STANDING_SELF },
                { "r", 9, 1, 11, 11, Y, false, STANDING_SELF },
                { "r", 9, 11, 1, NOBODY, Y, false, STANDING_SELF },
                { "r", 0, 3, 3, 3, Y, false, STANDING_SELF },
                { "unix", 4, NOBODY, 4, 4, Y, true, STANDING_SELF },
                { "unix", 4, NOBODY, 4, 4, U, true, STANDING_SELF },
                { "r", 2, NOBODY, 1, 1, Y, false, STANDING_APPROVER },
                { "r", 2, 3, 1, 1, Y, false, STANDING_APPROVER },
                /* the login of another person: su bob, sudo -u bob */
                { "r", 9, NOBODY, 1, 3, Y, false, STANDING_OTHER_LOGIN },
                { "r", 9, NOBODY, 3, 1, Y, false, STANDING_OTHER_LOGIN },
                { "r", 3, NOBODY, 1, 3, Y, false, STANDING_OTHER_LOGIN },
                { "r", 9, NOBODY, 1, 2, Y, false, STANDING_OTHER_LOGIN },
                { "r", 9, NOBODY, 1, 11, Y, false, STANDING_APPROVER }, /* the same person */
                { "r", 11, NOBODY, 1, 11, Y, false, STANDING_SELF },
                /* carol's other account is not resolved: it may be the asker's, or the login's */
                { "r", 9, NOBODY, 2, 2, Y, false, STANDING_UNKNOWN },
                { "r", 1, NOBODY, 2, 2, Y, false, STANDING_APPROVER }, /* 1 is bob's */
                { "r", 1, 9, 2, 2, Y, false, STANDING_UNKNOWN },
                { "r", 1, 3, 2, 2, Y, false, STANDING_APPROVER },
                { "r", 1, NOBODY, 2, 9, Y, false, STANDING_UNKNOWN },
                { "r", 1, NOBODY, 2, 3, Y, false, STANDING_OTHER_LOGIN },
                { "r", 2, NOBODY, 2, 9, Y, false, STANDING_SELF },
                /* one unresolved account cannot be two, two can */
                { "unix", 1, NOBODY, 4, 4, Y, true, STANDING_APPROVER },
                { "unix", 9, NOBODY, 4, 4, Y, true, STANDING_UNKNOWN }, /* both may be eve */
                { "eve", 9, NOBODY, 4, 4, Y, false, STANDING_UNKNOWN },
                { "eve", 4, NOBODY, 4, 4, Y, false, STANDING_SELF },
        };
        _cleanup_(rules_freep) Rules *rules = fixture_rules(rules_text);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Request r = { .asker.uid = cases[i].asker, .login.uid = cases[i].login };
                Voter v = {
                        .account = { cases[i].voter, cases[i].known, ops, cases[i].in_ops },
                        .login_uid = cases[i].voter_login,
                };
                const Rule *rule = rules_find(rules, cases[i].rule);
                Rule reviewed = { .name = rule->name, .reviewers = rule->stages.items[0] };
                Standing s = decision_standing(rules, rule, &r, &v);

                ck_assert_msg(s == cases[i].expected, "case %zu: %d", i, (int) s);
                /* who may sign a review is the same question of other people */
                ck_assert_int_eq(decision_reviewer_standing(rules, &reviewed, &r, &v), s);
                ck_assert_int_eq(decision_reviewer_standing(rules, rule, &r, &v), STANDING_NONE);
        }
        ck_assert_int_eq(STANDING_NONE, 0);
}
END_TEST

/* Who speaks by a link speaks for all his accounts; of each of them the name service says "known". */
START_TEST(standings_of_a_person)
{
        static const gid_t ops[] = { 2000 };
        static const struct {
                const char *rule, *approver;
                uid_t asker, login; /* of the request */
                Ternary known;
                uid_t in_ops; /* the one account that is in the Unix group, or NOBODY */
                Standing expected;
        } cases[] = {
                { "r", "bob", 9, NOBODY, Y, NOBODY, STANDING_APPROVER },
                { "r", "dan", 9, 2, Y, NOBODY, STANDING_APPROVER },
                /* by name; what his groups are matters to nobody then */
                { "r", "bob", 9, NOBODY, U, NOBODY, STANDING_APPROVER },
                /* by the Unix group of one of his accounts, whichever */
                { "unix", "bob", 9, NOBODY, Y, 1, STANDING_APPROVER },
                { "unix", "bob", 9, NOBODY, Y, 11, STANDING_APPROVER },
                { "unix", "bob", 9, NOBODY, Y, NOBODY, STANDING_NONE },
                { "unix", "bob", 9, NOBODY, U, 1, STANDING_UNKNOWN },
                /* deleted behind our back: groups and name are nobody's */
                { "unix", "bob", 9, NOBODY, N, 1, STANDING_NONE },
                { "r", "bob", 9, NOBODY, N, NOBODY, STANDING_NONE },
                { "r", "gil", 9, NOBODY, Y, NOBODY, STANDING_NONE },
                { "gil", "gil", 9, NOBODY, Y, NOBODY, STANDING_NONE },
                /* not this rule's */
                { "eve", "bob", 9, NOBODY, Y, 1, STANDING_UNKNOWN }, /* might be eve */
                { "dan", "bob", 9, NOBODY, Y, 1, STANDING_NONE },
                { "dan", "bob", 1, NOBODY, Y, 1, STANDING_NONE },
                /* oneself: under any of one's accounts, asking or logged in behind him who asks */
                { "r", "bob", 1, NOBODY, Y, NOBODY, STANDING_SELF },
                { "r", "bob", 11, NOBODY, Y, NOBODY, STANDING_SELF },
                { "r", "bob", 9, 1, Y, NOBODY, STANDING_SELF },
                { "r", "bob", 0, 11, Y, NOBODY, STANDING_SELF },
                { "r", "bob", 3, 11, Y, NOBODY, STANDING_SELF },
                { "r", "bob", 11, 3, U, NOBODY, STANDING_SELF },
                { "unix", "bob", 11, NOBODY, Y, 1, STANDING_SELF },
                { "unix", "bob", 11, NOBODY, U, 1, STANDING_SELF },
                { "r", "carol", 2, NOBODY, Y, NOBODY, STANDING_SELF },
                { "r", "carol", 9, 2, Y, NOBODY, STANDING_SELF },
                /* carol's other account may be the asker's, unless that is another's */
                { "r", "carol", 9, NOBODY, Y, NOBODY, STANDING_UNKNOWN },
                { "r", "carol", 1, 9, Y, NOBODY, STANDING_UNKNOWN },
                { "r", "carol", 1, NOBODY, Y, NOBODY, STANDING_APPROVER },
                { "r", "carol", 1, 3, Y, NOBODY, STANDING_APPROVER },
                /* nobody has asked, or nobody is known to be eve */
                { "r", "bob", NOBODY, NOBODY, Y, NOBODY, STANDING_UNKNOWN },
                { "eve", "eve", 9, NOBODY, Y, NOBODY, STANDING_UNKNOWN },
                { "eve", "eve", 1, NOBODY, Y, NOBODY, STANDING_UNKNOWN },
                { "unix", "eve", 1, NOBODY, Y, NOBODY, STANDING_UNKNOWN },
                { "dan", "eve", 1, NOBODY, Y, NOBODY, STANDING_NONE },
        };
        _cleanup_(freep) char *text = NULL;
        _cleanup_(rules_freep) Rules *rules = NULL;

        ck_assert_int_eq(str_printf(&text, "%s%s", rules_text,
                                 "[approver gil]\nuser = gone\n"
                                 "[rule gil]\nservices = sudo\nusers = *\naction = ask\n"
                                 "approvers = gil, @g2000\n"
                                 "[rule dan]\nservices = sudo\nusers = *\naction = ask\n"
                                 "approvers = dan\n"),
                0);
        rules = fixture_rules(text);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                static const uid_t uids[] = { 1, 11, 2, 3 };
                Request r = { .asker.uid = cases[i].asker, .login.uid = cases[i].login };
                Account accounts[ELEMENTSOF(uids)];
                const Approver *who = NULL;
                Standing s;

                for (size_t k = 0; k < ELEMENTSOF(uids); k++) {
                        accounts[k] = (Account){ uids[k], cases[i].known, ops,
                                uids[k] == cases[i].in_ops };
                }
                for (size_t k = 0; k < rules->n_approvers; k++) {
                        who = streq(rules->approvers[k]->name, cases[i].approver)
                                      ? rules->approvers[k]
                                      : who;
                }
                s = decision_standing_of(rules, rules_find(rules, cases[i].rule), &r, who, accounts,
                        ELEMENTSOF(accounts));
                ck_assert_msg(s == cases[i].expected, "case %zu: %d", i, (int) s);
        }
}
END_TEST

/* An account that the caller could not tell anything of is neither in a group nor out of it. */
START_TEST(standing_of_unasked_accounts)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(rules_text);
        Request r = { .asker.uid = 9, .login.uid = UID_UNSET };
        const Approver *bob = rules->approvers[0];

        ck_assert_int_eq(decision_standing_of(rules, rules_find(rules, "unix"), &r, bob, NULL, 0),
                STANDING_UNKNOWN);
        ck_assert_int_eq(decision_standing_of(rules, rules_find(rules, "r"), &r, bob, NULL, 0),
                STANDING_APPROVER);
        r.asker.uid = 11;
        ck_assert_int_eq(decision_standing_of(rules, rules_find(rules, "unix"), &r, bob, NULL, 0),
                STANDING_SELF);
}
END_TEST

START_TEST(proofs)
{
        static const struct {
                Assurance wanted;
                Proof given;
                bool enough;
        } cases[] = {
                { ASSURANCE_LINK, PROOF_NONE, false },
                { ASSURANCE_LINK, PROOF_LINK, true },
                { ASSURANCE_LINK, PROOF_LOCAL, true },
                { ASSURANCE_LOCAL, PROOF_NONE, false },
                { ASSURANCE_LOCAL, PROOF_LINK, false },
                { ASSURANCE_LOCAL, PROOF_LOCAL, true },
                { (Assurance) 7, PROOF_LINK, false },
                { ASSURANCE_LINK, (Proof) 7, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ck_assert_msg(proof_suffices(cases[i].wanted, cases[i].given) == cases[i].enough,
                        "case %zu", i);
        }
        ck_assert_int_eq(PROOF_NONE, 0);
        ck_assert_int_eq(proof_from_string(proof_to_string(PROOF_LINK)), PROOF_LINK);
        ck_assert_int_eq(proof_from_string(proof_to_string(PROOF_LOCAL)), PROOF_LOCAL);
        ck_assert_str_eq(proof_to_string(PROOF_LINK), "link");
        ck_assert_str_eq(proof_to_string(PROOF_LOCAL), "local");
        ck_assert_ptr_null(proof_to_string(PROOF_NONE));
        ck_assert_ptr_null(proof_to_string((Proof) 7));
        ck_assert_int_eq(proof_from_string("passkey"), PROOF_NONE);
        ck_assert_int_eq(proof_from_string(""), PROOF_NONE);
        ck_assert_int_eq(proof_from_string(NULL), PROOF_NONE);
}
END_TEST

#define N_APPROVERS 3
#define N_ACCOUNTS 3
#define N_UIDS 6

/* Who is who; no uid has two owners. */
typedef struct World {
        Name names[N_APPROVERS][N_ACCOUNTS];
        Approver approvers[N_APPROVERS];
        Approver *list[N_APPROVERS];
        Name all[N_APPROVERS + 1];
        Rules rules;
        NameList stage;
        Rule rule;
} World;

static void wire(World *w)
{
        for (size_t i = 0; i < N_APPROVERS; i++) {
                w->approvers[i].users = (NameList){ w->names[i], N_ACCOUNTS };
                w->list[i] = &w->approvers[i];
                w->all[i] = (Name){ .kind = NAME_APPROVER, .approver = &w->approvers[i] };
        }
        w->all[N_APPROVERS] = (Name){ .kind = NAME_UNIX_GROUP, .exists = Y, .id = 2000 };
        w->rules.approvers = w->list;
        w->rules.n_approvers = N_APPROVERS;
        w->stage = (NameList){ w->all, N_APPROVERS + 1 };
        w->rule.stages = (StageList){ &w->stage, 1 };
}

static void invent(World *w, uint64_t *seed)
{
        size_t owner[N_UIDS];

        *w = (World){};
        for (size_t i = 0; i < N_UIDS; i++) {
                owner[i] = fixture_random(seed, N_APPROVERS);
        }
        for (size_t i = 0; i < N_APPROVERS; i++) {
                for (size_t k = 0; k < N_ACCOUNTS; k++) {
                        uint32_t uid = fixture_random(seed, N_UIDS);

                        w->names[i][k] = (Name){ .kind = NAME_USER, .id = uid };
                        w->names[i][k].exists = owner[uid] == i ? Y : N;
                }
        }
        wire(w);
}

static void hide(World *seen, const World *truth, uint64_t *seed)
{
        *seen = *truth;
        for (size_t i = 0; i < N_APPROVERS; i++) {
                for (size_t k = 0; k < N_ACCOUNTS; k++) {
                        if (fixture_random(seed, 4) == 0) {
                                seen->names[i][k].exists = U;
                        }
                }
        }
        wire(seen);
}

static uid_t any_uid(uint64_t *seed)
{
        uid_t uid = fixture_random(seed, N_UIDS + 1);

        return uid == N_UIDS ? NOBODY : uid;
}

/* With a name service that knows less, nobody gains a vote: approver then is approver in truth. */
START_TEST(silence_gives_no_vote)
{
        static const gid_t ops[] = { 2000 };
        uint64_t seed = 7;
        size_t approvers = 0, unknown = 0;

        for (size_t i = 0; i < 15000; i++) {
                World truth, seen;
                Request r = { .asker.uid = fixture_random(&seed, N_UIDS),
                        .login.uid = any_uid(&seed) };
                Voter v = { .account = { fixture_random(&seed, N_UIDS), Y, ops,
                                    fixture_random(&seed, 2) },
                        .login_uid = any_uid(&seed) };
                Standing a, b;

                invent(&truth, &seed);
                hide(&seen, &truth, &seed);
                a = decision_standing(&truth.rules, &truth.rule, &r, &v);
                if (fixture_random(&seed, 4) == 0) {
                        v.account.known = U;
                }
                b = decision_standing(&seen.rules, &seen.rule, &r, &v);
                ck_assert_msg(a != STANDING_UNKNOWN, "round %zu", i);
                ck_assert_msg(b != STANDING_APPROVER || a == STANDING_APPROVER, "round %zu", i);
                ck_assert_msg(
                        a != STANDING_APPROVER || b == STANDING_APPROVER || b == STANDING_UNKNOWN,
                        "round %zu", i);
                /* the naive word for self, in truth */
                if (a == STANDING_APPROVER) {
                        char x[PERSON_MAX] = "", y[PERSON_MAX];

                        for (size_t k = 0; k < N_APPROVERS; k++) {
                                truth.approvers[k].name = (char *) (k == 0   ? "a"
                                                                    : k == 1 ? "b"
                                                                             : "c");
                        }
                        person_of(&truth.rules, v.account.uid, x);
                        person_of(&truth.rules, r.asker.uid, y);
                        ck_assert_str_ne(x, y);
                        if (r.login.uid != NOBODY) {
                                person_of(&truth.rules, r.login.uid, y);
                                ck_assert_str_ne(x, y);
                        }
                        if (v.login_uid != NOBODY) {
                                person_of(&truth.rules, v.login_uid, y);
                                ck_assert_str_eq(x, y);
                        }
                }
                approvers += b == STANDING_APPROVER;
                unknown += b == STANDING_UNKNOWN;
        }
        ck_assert_uint_gt(approvers, 500);
        ck_assert_uint_gt(unknown, 500);
}
END_TEST

static bool owns(const Approver *a, uid_t uid)
{
        for (size_t i = 0; i < a->users.n; i++) {
                if (a->users.items[i].exists == Y && a->users.items[i].id == uid) {
                        return true;
                }
        }
        return false;
}

/* The same for one who speaks by a link, with some accounts of the Unix group. */
START_TEST(silence_gives_no_link_vote)
{
        static const gid_t ops[] = { 2000 };
        uint64_t seed = 11;
        size_t approvers = 0, unknown = 0;

        for (size_t i = 0; i < 15000; i++) {
                World truth, seen;
                Request r = { .asker.uid = fixture_random(&seed, N_UIDS),
                        .login.uid = any_uid(&seed) };
                size_t who = fixture_random(&seed, N_APPROVERS);
                Account accounts[N_UIDS];
                Standing a, b;

                invent(&truth, &seed);
                /* the Unix group alone, at times */
                if (fixture_random(&seed, 2)) {
                        truth.stage.items += N_APPROVERS;
                        truth.stage.n = 1;
                }
                hide(&seen, &truth, &seed);
                seen.stage.items += N_APPROVERS + 1 - truth.stage.n;
                seen.stage.n = truth.stage.n;
                for (uid_t uid = 0; uid < N_UIDS; uid++) {
                        accounts[uid] = (Account){ uid, Y, ops, fixture_random(&seed, 2) };
                }
                a = decision_standing_of(
                        &truth.rules, &truth.rule, &r, &truth.approvers[who], accounts, N_UIDS);
                accounts[fixture_random(&seed, N_UIDS)].known = U;
                b = decision_standing_of(
                        &seen.rules, &seen.rule, &r, &seen.approvers[who], accounts, N_UIDS);
                ck_assert_msg(a != STANDING_UNKNOWN, "round %zu", i);
                ck_assert_msg(b != STANDING_APPROVER || a == STANDING_APPROVER, "round %zu", i);
                ck_assert_msg(
                        a != STANDING_APPROVER || b == STANDING_APPROVER || b == STANDING_UNKNOWN,
                        "round %zu", i);
                ck_assert_msg(a != STANDING_APPROVER ||
                                      (!owns(&truth.approvers[who], r.asker.uid) &&
                                              !owns(&truth.approvers[who], r.login.uid)),
                        "round %zu", i);
                approvers += b == STANDING_APPROVER;
                unknown += b == STANDING_UNKNOWN;
        }
        ck_assert_uint_gt(approvers, 500);
        ck_assert_uint_gt(unknown, 500);
}
END_TEST

#define ASKED (30 * USEC_PER_MIN)
#define MOST (60 * USEC_PER_MIN)

static NameList nobody;
static const Rule one_stage = { .stages = { &nobody, 1 } };

START_TEST(tallies)
{
        static const struct {
                int64_t needed;
                Vote votes[4];
                RequestState outcome;
                int64_t approvals;
                usec_t duration;
        } cases[] = {
                { 1, {}, REQUEST_PENDING, 0, ASKED },
                { 1, { { "bob", .approve = true } }, REQUEST_APPROVED, 1, ASKED },
                { 1, { { "bob" } }, REQUEST_DENIED, 0, ASKED },
                { 2, { { "bob", .approve = true } }, REQUEST_PENDING, 1, ASKED },
                { 2, { { "bob", .approve = true }, { "carol", .approve = true } }, REQUEST_APPROVED,
                        2, ASKED },
                /* one person counts once */
                { 2, { { "bob", .approve = true }, { "bob", .approve = true } }, REQUEST_PENDING, 1,
                        ASKED },
                { 2,
                        { { "bob", .approve = true }, { "carol", .approve = true },
                                { "bob", .approve = true } },
                        REQUEST_APPROVED, 2, ASKED },
                /* a denial wins, also of one who had approved */
                { 2, { { "bob", .approve = true }, { "carol" } }, REQUEST_DENIED, 1, ASKED },
                { 1, { { "carol" }, { "bob", .approve = true } }, REQUEST_DENIED, 0, ASKED },
                { 1, { { "bob" }, { "bob", .approve = true } }, REQUEST_DENIED, 0, ASKED },
                /* also what is enough already, and was not looked at since */
                { 1, { { "bob", .approve = true }, { "carol" } }, REQUEST_DENIED, 1, ASKED },
                { 2, { { "bob", .approve = true }, { "bob" } }, REQUEST_DENIED, 1, ASKED },
                /* durations: the shortest given; a silent vote gives what was asked */
                { 1, { { "bob", .approve = true, .duration = 5 } }, REQUEST_APPROVED, 1, 5 },
                { 1, { { "bob", .approve = true, .duration = MOST } }, REQUEST_APPROVED, 1, MOST },
                { 1, { { "bob", .approve = true, .duration = MOST + 1 } }, REQUEST_APPROVED, 1,
                        MOST },
                { 2,
                        { { "bob", .approve = true, .duration = 9 },
                                { "carol", .approve = true, .duration = 7 } },
                        REQUEST_APPROVED, 2, 7 },
                { 2, { { "bob", .approve = true, .duration = 9 }, { "carol", .approve = true } },
                        REQUEST_APPROVED, 2, 9 },
                { 2, { { "bob", .approve = true, .duration = MOST }, { "carol", .approve = true } },
                        REQUEST_APPROVED, 2, ASKED },
                { 2,
                        { { "bob", .approve = true, .duration = MOST },
                                { "carol", .approve = true, .duration = MOST + 5 } },
                        REQUEST_APPROVED, 2, MOST },
                { 1,
                        { { "bob", .approve = true, .duration = 3 },
                                { "bob", .approve = true, .duration = 8 } },
                        REQUEST_APPROVED, 1, 3 },
                { 1, { { "bob", .approve = true, .duration = -3 } }, REQUEST_APPROVED, 1, ASKED },
                /* a request that needs nobody needs one */
                { 0, {}, REQUEST_PENDING, 0, ASKED },
                { -1, {}, REQUEST_PENDING, 0, ASKED },
                { 0, { { "bob", .approve = true } }, REQUEST_APPROVED, 1, ASKED },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Request r = {
                        .approvals = cases[i].needed, .duration = ASKED, .max_duration = MOST
                };
                size_t n = 0;
                Tally t;

                while (n < ELEMENTSOF(cases[i].votes) && cases[i].votes[n].person[0]) {
                        n++;
                }
                decision_tally(&r, &one_stage, cases[i].votes, NULL, n, 0, &t);
                ck_assert_msg(t.outcome == cases[i].outcome, "case %zu: %d", i, (int) t.outcome);
                ck_assert_msg(t.approvals == cases[i].approvals, "case %zu", i);
                ck_assert_msg(t.duration == cases[i].duration, "case %zu: %lld", i,
                        (long long) t.duration);
                ck_assert_int_eq(t.needed, MAX(cases[i].needed, (int64_t) 1));
        }
}
END_TEST

#define N_PERSONS 5

/* The same, said simply: the first word of each person until enough have approved; who denies, denies. */
static void naive(const Request *r, const Vote *votes, size_t n, Tally *ret)
{
        bool spoke[N_PERSONS] = {};

        *ret = (Tally){ .needed = r->approvals, .duration = USEC_NEVER };
        for (size_t i = 0; i < n && ret->outcome != REQUEST_DENIED; i++) {
                size_t p = (size_t) (votes[i].person[0] - 'a');
                usec_t d = votes[i].duration ? votes[i].duration : r->duration;

                if (!votes[i].approve) {
                        ret->outcome = REQUEST_DENIED;
                } else if (!spoke[p] && ret->outcome == REQUEST_PENDING) {
                        spoke[p] = true;
                        ret->approvals++;
                        ret->duration = d < ret->duration ? d : ret->duration;
                        ret->outcome =
                                ret->approvals >= ret->needed ? REQUEST_APPROVED : REQUEST_PENDING;
                }
        }
        if (ret->approvals == 0) {
                ret->duration = r->duration;
        }
        if (ret->duration > r->max_duration) {
                ret->duration = r->max_duration;
        }
}

START_TEST(tally_like_naive)
{
        uint64_t seed = 3;
        size_t seen[_REQUEST_STATE_MAX] = {};

        for (size_t i = 0; i < 5000; i++) {
                Vote votes[8] = {};
                size_t n = fixture_random(&seed, ELEMENTSOF(votes) + 1);
                Request r = {
                        .approvals = 1 + fixture_random(&seed, 4),
                        .duration = 1 + fixture_random(&seed, 20),
                        .max_duration = 20,
                };
                Tally a, b;

                for (size_t k = 0; k < n; k++) {
                        (void) snprintf(votes[k].person, PERSON_MAX, "%c",
                                'a' + (char) fixture_random(&seed, N_PERSONS));
                        votes[k].approve = fixture_random(&seed, 8) > 0;
                        votes[k].duration =
                                fixture_random(&seed, 2) ? fixture_random(&seed, 30) : 0;
                }
                decision_tally(&r, &one_stage, votes, NULL, n, 0, &a);
                naive(&r, votes, n, &b);
                ck_assert_msg(a.outcome == b.outcome && a.approvals == b.approvals &&
                                      a.needed == b.needed && a.duration == b.duration,
                        "round %zu", i);
                seen[a.outcome]++;
        }
        ck_assert_uint_gt(seen[REQUEST_PENDING], 100);
        ck_assert_uint_gt(seen[REQUEST_APPROVED], 100);
        ck_assert_uint_gt(seen[REQUEST_DENIED], 100);
}
END_TEST

/* --- chains -------------------------------------------------------------------------------------- */

static const char chain_text[] =
        "[approver b]\nuser = u1\n[approver c]\nuser = u2\n[approver d]\nuser = u3\n"
        "[approver e]\nuser = u4\n[group g]\nmembers = b, c\n"
        "[rule r]\nservices = sudo\nusers = *\naction = ask\n"
        "approvers = g then c, d, @g7\n"
        "escalate = after 2m to e, after 5m to @g8\n";

#define S0 SEAT_STAGE(0)
#define S1 SEAT_STAGE(1)
#define E0 SEAT_ESCALATION(0)
#define E1 SEAT_ESCALATION(1)

START_TEST(seats_of_accounts)
{
        static gid_t seven[] = { 7 }, both[] = { 7, 8 };
        static const struct {
                Account account;
                uint32_t yes, maybe;
        } cases[] = {
                { { 1, TERNARY_YES, NULL, 0 }, S0, 0 },
                { { 2, TERNARY_YES, NULL, 0 }, S0 | S1, 0 },
                { { 3, TERNARY_YES, NULL, 0 }, S1, 0 },
                { { 4, TERNARY_YES, NULL, 0 }, E0, 0 },
                { { 5, TERNARY_YES, NULL, 0 }, 0, 0 },
                { { 5, TERNARY_YES, seven, 1 }, S1, 0 },
                { { 5, TERNARY_YES, both, 2 }, S1 | E1, 0 },
                { { 1, TERNARY_YES, both, 2 }, S0 | S1 | E1, 0 },
                /* silence about groups: whatever a group could give */
                { { 5, TERNARY_UNKNOWN, NULL, 0 }, 0, S1 | E1 },
                { { 1, TERNARY_UNKNOWN, NULL, 0 }, S0, S1 | E1 },
                { { 4, TERNARY_UNKNOWN, NULL, 0 }, E0, S1 | E1 },
        };
        _cleanup_(rules_freep) Rules *rules = fixture_rules(chain_text);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Seats of = decision_seats(&rules->rules[0], &cases[i].account);
                ck_assert_msg(of.yes == cases[i].yes && of.maybe == cases[i].maybe,
                        "case %zu: %x %x", i, of.yes, of.maybe);
        }
}
END_TEST

/* Votes along the chain: b, c, d, e by their letters, upper case for a no, at so many minutes. */
static const struct {
        const char *who;
        int at[6];
        int now;
        int64_t needed;
        RequestState outcome;
        size_t stage, escalated;
        int64_t approvals;
        int next; /* minutes; 0: never */
        const char *lost, *silent;
} chains[] = {
        { "", { 0 }, 1, 1, REQUEST_PENDING, 0, 0, 0, 2, "", "" },
        { "", { 0 }, 2, 1, REQUEST_PENDING, 0, 1, 0, 5, "", "" },
        { "", { 0 }, 5, 1, REQUEST_PENDING, 0, 2, 0, 0, "", "" },
        { "b", { 1 }, 1, 1, REQUEST_PENDING, 1, 0, 0, 3, "", "" },
        { "b", { 1 }, 4, 1, REQUEST_PENDING, 1, 1, 0, 6, "", "" }, /* each stage waits anew */
        { "bd", { 1, 2 }, 2, 1, REQUEST_APPROVED, 2, 0, 1, 0, "", "" },
        { "bc", { 1, 2 }, 2, 1, REQUEST_APPROVED, 2, 0, 1, 0, "", "" },
        { "cc", { 1, 2 }, 2, 1, REQUEST_PENDING, 1, 0, 0, 3, "", "" }, /* nobody fills two places */
        { "db", { 1, 2 }, 2, 1, REQUEST_PENDING, 1, 0, 0, 4, "",
                "" }, /* not his turn: counts nothing */
        { "e", { 1 }, 1, 1, REQUEST_PENDING, 0, 0, 0, 2, "", "" }, /* too early */
        { "e", { 2 }, 2, 1, REQUEST_PENDING, 1, 0, 0, 4, "", "" },
        { "be", { 1, 2 }, 2, 1, REQUEST_PENDING, 1, 0, 0, 3, "", "" },
        { "be", { 1, 3 }, 3, 1, REQUEST_APPROVED, 2, 0, 1, 0, "", "" },
        { "ee", { 2, 4 }, 4, 1, REQUEST_PENDING, 1, 1, 0, 7, "", "" },
        { "bB", { 1, 2 }, 2, 1, REQUEST_DENIED, 1, 0, 0, 0, "", "" },
        { "bC", { 1, 2 }, 2, 1, REQUEST_DENIED, 1, 0, 0, 0, "", "" },
        { "bdC", { 1, 2, 3 }, 3, 1, REQUEST_DENIED, 2, 0, 1, 0, "", "" },
        { "bc", { 1, 1 }, 1, 2, REQUEST_PENDING, 1, 0, 0, 3, "", "" },
        { "bcd", { 1, 1, 1 }, 1, 2, REQUEST_PENDING, 1, 0, 1, 3, "", "" },
        { "bcde", { 1, 1, 1, 3 }, 3, 2, REQUEST_APPROVED, 2, 0, 2, 0, "", "" },
        /* whose right is gone takes his vote with him, and his no */
        { "b", { 1 }, 1, 1, REQUEST_PENDING, 0, 0, 0, 2, "b", "" },
        { "bc", { 1, 1 }, 1, 1, REQUEST_PENDING, 1, 0, 0, 3, "b", "" },
        { "B", { 1 }, 1, 1, REQUEST_PENDING, 0, 0, 0, 2, "b", "" },
        /* silence takes none */
        { "b", { 1 }, 1, 1, REQUEST_PENDING, 1, 0, 0, 3, "", "b" },
        { "B", { 1 }, 1, 1, REQUEST_DENIED, 0, 0, 0, 0, "", "b" },
};

static void fill_vote(const Rule *rule, size_t i, size_t k, Vote *v, Seats *seats)
{
        char c = chains[i].who[k], small = (char) (c | 0x20), word[2] = { small, 0 };
        const Account account = { .uid = (uid_t) (small - 'a'), .known = TERNARY_YES };

        *v = (Vote){ .approve = c == small, .time = chains[i].at[k] * USEC_PER_MIN };
        v->person[0] = small;
        *seats = strstr(chains[i].lost, word) ? (Seats){ 0 } : decision_seats(rule, &account);
        if (strstr(chains[i].silent, word)) {
                *seats = (Seats){ 0, seats->yes };
        }
}

START_TEST(along_the_chain)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(chain_text);
        const Rule *rule = &rules->rules[0];

        for (size_t i = 0; i < ELEMENTSOF(chains); i++) {
                const Request r = {
                        .approvals = chains[i].needed, .duration = ASKED, .max_duration = MOST
                };
                size_t n = strlen(chains[i].who);
                Vote votes[6];
                Seats of[6];
                Tally t;

                for (size_t k = 0; k < n; k++) {
                        fill_vote(rule, i, k, &votes[k], &of[k]);
                }
                decision_tally(&r, rule, votes, of, n, chains[i].now * USEC_PER_MIN, &t);
                ck_assert_msg(t.outcome == chains[i].outcome && t.stage == chains[i].stage &&
                                      t.approvals == chains[i].approvals,
                        "case %zu: outcome %d stage %zu approvals %lld", i, (int) t.outcome,
                        t.stage, (long long) t.approvals);
                if (t.outcome == REQUEST_PENDING) {
                        usec_t next = chains[i].next ? chains[i].next * USEC_PER_MIN : USEC_NEVER;
                        ck_assert_msg(t.escalated == chains[i].escalated && t.next == next,
                                "case %zu", i);
                }
        }
}
END_TEST

START_TEST(turns)
{
        static const struct {
                RequestState outcome;
                size_t stage, escalated;
                Seats seats;
                Turns yes, no;
        } cases[] = {
                { REQUEST_PENDING, 0, 0, { S0, 0 }, TURNS_NOW, TURNS_NOW },
                { REQUEST_PENDING, 0, 0, { S1, 0 }, TURNS_LATER, TURNS_LATER },
                { REQUEST_PENDING, 0, 0, { E0, 0 }, TURNS_LATER, TURNS_LATER },
                { REQUEST_PENDING, 0, 1, { E0, 0 }, TURNS_NOW, TURNS_NOW },
                { REQUEST_PENDING, 0, 1, { E1, 0 }, TURNS_LATER, TURNS_LATER },
                { REQUEST_PENDING, 1, 0, { S0, 0 }, TURNS_OVER, TURNS_NOW },
                { REQUEST_PENDING, 1, 0, { S1, 0 }, TURNS_NOW, TURNS_NOW },
                { REQUEST_PENDING, 1, 0, { S0 | S1, 0 }, TURNS_NOW, TURNS_NOW },
                { REQUEST_PENDING, 1, 2, { E1, 0 }, TURNS_NOW, TURNS_NOW },
                { REQUEST_PENDING, 0, 0, { 0, 0 }, TURNS_NONE, TURNS_NONE },
                { REQUEST_PENDING, 0, 0, { 0, S0 }, TURNS_UNKNOWN, TURNS_UNKNOWN },
                { REQUEST_PENDING, 0, 0, { S1, S0 }, TURNS_UNKNOWN, TURNS_UNKNOWN },
                { REQUEST_PENDING, 0, 0, { 0, S1 }, TURNS_UNKNOWN, TURNS_UNKNOWN },
                { REQUEST_PENDING, 1, 0, { S0, S1 }, TURNS_UNKNOWN, TURNS_NOW },
                /* enough already, and not looked at since: whoever has a seat, but nobody else */
                { REQUEST_APPROVED, 2, 0, { S0, 0 }, TURNS_NOW, TURNS_NOW },
                { REQUEST_APPROVED, 2, 0, { E1, 0 }, TURNS_NOW, TURNS_NOW },
                { REQUEST_APPROVED, 2, 0, { 0, S0 }, TURNS_UNKNOWN, TURNS_UNKNOWN },
                { REQUEST_APPROVED, 2, 0, { 0, 0 }, TURNS_NONE, TURNS_NONE },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Tally t = { .outcome = cases[i].outcome,
                        .stage = cases[i].stage,
                        .escalated = cases[i].escalated };
                ck_assert_msg(
                        decision_turn(&t, cases[i].seats, true) == cases[i].yes, "case %zu", i);
                ck_assert_msg(
                        decision_turn(&t, cases[i].seats, false) == cases[i].no, "case %zu, no", i);
        }
}
END_TEST

START_TEST(done)
{
        Vote v = { .who = { 5, strdup("bob") },
                .note = strdup("x"),
                .approve = true,
                .proof = PROOF_LOCAL };

        vote_done(&v);
        vote_done(&v);
        ck_assert(!v.approve && v.proof == PROOF_NONE);
        ck_assert_uint_eq(v.who.uid, UID_UNSET);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("decision");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, persons);
        tcase_add_test(all, standings);
        tcase_add_test(all, standings_of_a_person);
        tcase_add_test(all, standing_of_unasked_accounts);
        tcase_add_test(all, proofs);
        tcase_add_test(all, silence_gives_no_vote);
        tcase_add_test(all, silence_gives_no_link_vote);
        tcase_add_test(all, tallies);
        tcase_add_test(all, tally_like_naive);
        tcase_add_test(all, seats_of_accounts);
        tcase_add_test(all, along_the_chain);
        tcase_add_test(all, turns);
        tcase_add_test(all, done);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

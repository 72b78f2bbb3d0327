/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Rules that load and do not do what somebody will have had in mind. Says nothing where it would have to
 * guess: who is in a group that the name service does not list, what two patterns have in common.
 */

#include <stdio.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/domain/rules_cover.h"
#include "jit-approver/domain/rules_lint.h"

#define PLACES_MAX 256  /* stages times approvals that are tried out */
#define PERSONS_MAX 256 /* people are not what is missing where there are more */

typedef struct Lint {
        const Rules *rules;
        const Memberships *members;
        Problems *warnings;
} Lint;

/* --- who fills which place ----------------------------------------------------------------------- */

/* A rule's chain: everybody in it, and who belongs to which stage. Escalations reach into each. */
typedef struct Chain {
        Crowd all, users;
        Crowd stages[STAGES_MAX];
        Crowd escalated;
        size_t n;
} Chain;

static void chain_done(Chain *c)
{
        crowd_done(&c->all);
        crowd_done(&c->users);
        crowd_done(&c->escalated);
        for (size_t i = 0; i < STAGES_MAX; i++) {
                crowd_done(&c->stages[i]);
        }
}

static void chain_fill(const Lint *l, const Rule *rule, Chain *c)
{
        for (size_t i = 0; i < rule->stages.n; i++) {
                crowd_add(&c->stages[i], l->rules, l->members, &rule->stages.items[i]);
                crowd_add(&c->all, l->rules, l->members, &rule->stages.items[i]);
        }
        for (size_t i = 0; i < rule->escalate.n; i++) {
                crowd_add(&c->escalated, l->rules, l->members, &rule->escalate.items[i].to);
                crowd_add(&c->all, l->rules, l->members, &rule->escalate.items[i].to);
        }
        crowd_add(&c->users, l->rules, l->members, &rule->users);
        c->n = rule->stages.n;
}

/* Persons in places, each once: the usual search for augmenting paths. */
typedef struct Seating {
        const Chain *chain;
        size_t per_stage;
        const Human *left_out; /* the asker; or NULL */
        size_t taken[PERSONS_MAX];
        bool tried[PERSONS_MAX];
} Seating;

static bool may_fill(const Seating *s, size_t person, size_t place)
{
        const Human *h = &s->chain->all.items[person];

        return !(s->left_out && human_is(h, s->left_out)) &&
               (crowd_has(&s->chain->stages[place / s->per_stage], h) ||
                       crowd_has(&s->chain->escalated, h));
}

/* Recursion ends with the persons, each of whom is tried once. */
static bool seat(Seating *s, size_t place)
{
        for (size_t p = 0; p < s->chain->all.n; p++) {
                if (s->tried[p] || !may_fill(s, p, place)) {
                        continue;
                }
                s->tried[p] = true;
                if (s->taken[p] == SIZE_MAX || seat(s, s->taken[p])) {
                        s->taken[p] = place;
                        return true;
                }
        }
        return false;
}

/* The first stage that cannot be filled; the number of stages when all can be, or nobody can say. */
static size_t first_empty(const Chain *c, int64_t approvals, const Human *left_out)
{
        Seating s = { .chain = c, .per_stage = (size_t) approvals, .left_out = left_out };

        if (c->all.open || c->all.lost || c->all.n > PERSONS_MAX ||
                c->n * s.per_stage > PLACES_MAX) {
                return c->n;
        }
        memset(s.taken, 0xff, sizeof(s.taken));
        for (size_t place = 0; place < c->n * s.per_stage; place++) {
                memset(s.tried, 0, sizeof(s.tried));
                if (!seat(&s, place)) {
                        return place / s.per_stage;
                }
        }
        return c->n;
}

static const Place *stage_place(const Rule *rule, size_t stage)
{
        return &rule->stages.items[stage].items[0].place;
}

/* "bob", "member of @sre with the uid 1000" */
static const char *human_name(const Human *h, char out[static 128])
{
        if (h->approver) {
                (void) snprintf(out, 128, "'%s'", h->approver->name);
        } else {
                (void) snprintf(out, 128, "the account with uid %u", (unsigned) h->uid);
        }
        return out;
}

/* Nobody fills it, or nobody once one of the chain asks himself. */
static void lint_places(const Lint *l, const Rule *rule, const Chain *c)
{
        size_t stage = first_empty(c, rule->approvals, NULL);
        char name[128];

        if (stage < c->n) {
                problems_add(l->warnings, stage_place(rule, stage),
                        "nobody can fill stage %zu of the rule '%s': it takes %lld different people "
                        "in each of %zu stages, and one person counts once in all of them; name more",
                        stage + 1, rule->name, (long long) rule->approvals, c->n);
                return;
        }
        for (size_t i = 0; i < c->all.n && c->all.n <= PERSONS_MAX; i++) {
                const Human *h = &c->all.items[i];

                if (!c->users.everyone && !crowd_has(&c->users, h)) {
                        continue;
                }
                stage = first_empty(c, rule->approvals, h);
                if (stage < c->n) {
                        problems_add(l->warnings, stage_place(rule, stage),
                                "when %s asks by the rule '%s', too few are left to approve in stage "
                                "%zu: nobody approves for himself; name somebody else too",
                                human_name(h, name), rule->name, stage + 1);
                        return;
                }
        }
}

static void lint_reviewers(const Lint *l, const Rule *rule, const Chain *c)
{
        _cleanup_(crowd_done) Crowd reviewers = {};

        if (rule->action != ACTION_BREAK_GLASS) {
                return;
        }
        crowd_add(&reviewers, l->rules, l->members, &rule->reviewers);
        if (reviewers.open || reviewers.lost) {
                return;
        }
        if (reviewers.n == 0 ||
                (reviewers.n == 1 &&
                        (c->users.everyone || crowd_has(&c->users, &reviewers.items[0])))) {
                problems_add(l->warnings, &rule->reviewers.items[0].place,
                        "who opens by the rule '%s' may find nobody to sign for it: the review takes "
                        "another person; name more 'reviewers'",
                        rule->name);
        }
}

/* --- who hears of it ----------------------------------------------------------------------------- */

static void lint_escalations(const Lint *l, const Rule *rule, const Chain *c)
{
        char span[SPAN_TEXT_MAX];

        for (size_t i = 0; i < rule->escalate.n; i++) {
                const Escalation *e = &rule->escalate.items[i];
                _cleanup_(crowd_done) Crowd to = {};
                bool news = rule->stages.n == 0;

                crowd_add(&to, l->rules, l->members, &e->to);
                news = news || to.n == 0; /* of whom it is told that there are none */
                for (size_t k = 0; k < c->n && !news; k++) {
                        _cleanup_(crowd_done) Crowd asked = {};

                        crowd_add(&asked, l->rules, l->members, &rule->stages.items[k]);
                        for (size_t b = 0; b < i; b++) {
                                crowd_add(
                                        &asked, l->rules, l->members, &rule->escalate.items[b].to);
                        }
                        news = !crowd_within(&to, &asked);
                }
                if (!news) {
                        problems_add(l->warnings, &e->to.items[0].place,
                                "the rule '%s' escalates to people who have been asked by then; name "
                                "others or leave it out",
                                rule->name);
                }
                if (e->after >= rule->open_for) {
                        span_format(rule->open_for, span);
                        problems_add(l->warnings, &e->place,
                                "the rule '%s' never escalates to '%s': its requests are open for %s "
                                "only; raise 'open-for'",
                                rule->name, e->to.items[0].text, span);
                }
        }
}

static bool tells_personally(const Rule *rule)
{
        for (size_t i = 0; i < rule->notify.n; i++) {
                if (rule->notify.items[i].channel->audience == AUDIENCE_SHARED) {
                        return false;
                }
        }
        return rule->notify.n > 0;
}

static void lint_unreached(const Lint *l, const Rule *rule, const Chain *c)
{
        if (!tells_personally(rule)) {
                return;
        }
        for (size_t i = 0; i < c->all.n; i++) {
                const Human *h = &c->all.items[i];

                if (!h->approver) {
                        problems_add(l->warnings, &h->by->place,
                                "no message of the rule '%s' reaches the account with uid %u of '@%s', "
                                "who has no [approver] section, and no channel of it is shared; give "
                                "him one",
                                rule->name, (unsigned) h->uid, h->by->text);
                        return;
                }
        }
}

static void lint_shared(const Lint *l, const Rule *rule)
{
        if (rule->assurance != ASSURANCE_LINK || (rule->approvals < 2 && rule->stages.n < 2)) {
                return;
        }
        for (size_t i = 0; i < rule->notify.n; i++) {
                const ChannelRef *ref = &rule->notify.items[i];

                if (ref->channel->audience == AUDIENCE_SHARED) {
                        problems_add(l->warnings, &ref->place,
                                "who reads the shared channel '%s' could vote more than once by the "
                                "rule '%s', which takes several people; 'assurance = local' binds "
                                "each vote to its person",
                                ref->name, rule->name);
                        return;
                }
        }
}

/* --- one rule ------------------------------------------------------------------------------------- */

static void lint_asking(const Lint *l, const Rule *rule)
{
        _cleanup_(chain_done) Chain c = {};

        chain_fill(l, rule, &c);
        if (rule->action == ACTION_ASK) {
                lint_places(l, rule, &c);
                lint_escalations(l, rule, &c);
                lint_shared(l, rule);
        }
        lint_unreached(l, rule, &c);
        lint_reviewers(l, rule, &c);
}

static void lint_spans(const Lint *l, const Rule *rule)
{
        char wait[SPAN_TEXT_MAX], open[SPAN_TEXT_MAX];

        if (rule->wait > rule->open_for) {
                span_format(rule->wait, wait);
                span_format(rule->open_for, open);
                problems_add(l->warnings, &rule->place,
                        "the rule '%s' waits for up to %s for requests that are open for %s; lower "
                        "'wait' or raise 'open-for'",
                        rule->name, wait, open);
        }
}

static void lint_turn(const Lint *l, size_t at)
{
        const Rule *rules = l->rules->rules;

        for (size_t i = 0; i < at; i++) {
                if (rule_covers(&rules[i], &rules[at])) {
                        problems_add(l->warnings, &rules[at].place,
                                "the rule '%s' never comes to its turn: '%s' at %s:%u matches all that "
                                "it does; put it before that one",
                                rules[at].name, rules[i].name, rules[i].place.file,
                                rules[i].place.line);
                        return;
                }
        }
}

static void lint_rule(const Lint *l, size_t at)
{
        const Rule *rule = &l->rules->rules[at];

        lint_turn(l, at);
        if (rule->action == ACTION_ASK) {
                lint_spans(l, rule);
        }
        if (rule->action == ACTION_ASK || rule->action == ACTION_BREAK_GLASS) {
                lint_asking(l, rule);
        }
        if (rule->action == ACTION_BREAK_GLASS && rule->notify.n == 0) {
                problems_add(l->warnings, &rule->place,
                        "the rule '%s' breaks the glass and alarms nobody: give it 'notify'",
                        rule->name);
        }
}

/* --- names ---------------------------------------------------------------------------------------- */

static void lint_name(Name *name, void *userdata)
{
        const Lint *l = userdata;
        const Membership *m =
                name->kind == NAME_UNIX_GROUP ? membership_find(l->members, name) : NULL;

        if (m && m->known && m->n == 0) {
                problems_add(l->warnings, &name->place,
                        "the Unix group '@%s' has no members: it matches nobody until it has",
                        name->text);
        }
}

static void lint_groups(const Lint *l)
{
        for (size_t i = 0; i < l->rules->n_groups; i++) {
                const Group *g = l->rules->groups[i];
                _cleanup_(crowd_done) Crowd c = {};

                crowd_add(&c, l->rules, l->members, &g->members);
                if (c.n == 0 && !c.open && !c.lost) {
                        problems_add(l->warnings, &g->place, "there is nobody in the group '%s'",
                                g->name);
                }
        }
}

void rules_lint(const Rules *rules, const Memberships *m, Problems *warnings)
{
        Lint l = { rules, m, warnings };

        for (size_t i = 0; i < rules->n_rules; i++) {
                lint_rule(&l, i);
        }
        rules_visit_names((Rules *) rules, lint_name, &l);
        lint_groups(&l);
}

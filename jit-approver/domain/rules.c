/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What loaded rules are, once parsed: looked up, walked over, checked against the system, freed. */

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/rules.h"

static const char *const action_names[] = {
        [ACTION_REFUSE] = "refuse",
        [ACTION_ASK] = "ask",
        [ACTION_ALLOW] = "allow",
        [ACTION_BREAK_GLASS] = "break-glass",
};

static const char *const reason_names[] = {
        [REASON_REQUIRED] = "required",
        [REASON_OPTIONAL] = "optional",
        [REASON_NONE] = "none",
};

static const char *const on_expiry_names[] = {
        [ON_EXPIRY_END_SESSIONS] = "end-sessions",
        [ON_EXPIRY_WARN] = "warn",
        [ON_EXPIRY_KEEP] = "keep",
};

static const char *const scope_names[] = {
        [SCOPE_ONCE] = "once",
        [SCOPE_COMMAND] = "command",
        [SCOPE_SERVICE] = "service",
};

static const char *const bind_names[] = {
        [BIND_LOGIN_SESSION] = "login-session",
        [BIND_USER] = "user",
};

static const char *const extend_names[] = {
        [EXTEND_NO] = "no",
        [EXTEND_ASK] = "ask",
        [EXTEND_AUTO] = "auto",
};

static const char *const audience_names[] = {
        [AUDIENCE_SHARED] = "shared",
        [AUDIENCE_PERSONAL] = "personal",
};

static const char *const command_shown_names[] = {
        [COMMAND_SHOWN_NONE] = "none",
        [COMMAND_SHOWN_PROGRAM] = "program",
        [COMMAND_SHOWN_MASKED] = "masked",
};

static const char *const assurance_names[] = {
        [ASSURANCE_LOCAL] = "local",
        [ASSURANCE_LINK] = "link",
};

void name_list_done(NameList *list)
{
        for (size_t i = 0; i < list->n; i++) {
                free(list->items[i].text);
        }
        free(list->items);
        *list = (NameList){};
}

void pattern_list_done(PatternList *list)
{
        for (size_t i = 0; i < list->n; i++) {
                strv_free(list->items[i].words);
        }
        free(list->items);
        *list = (PatternList){};
}

void channel_list_done(ChannelList *list)
{
        for (size_t i = 0; i < list->n; i++) {
                free(list->items[i].name);
        }
        free(list->items);
        *list = (ChannelList){};
}

void stage_list_done(StageList *list)
{
        for (size_t i = 0; i < list->n; i++) {
                name_list_done(&list->items[i]);
        }
        free(list->items);
        *list = (StageList){};
}

void escalation_list_done(EscalationList *list)
{
        for (size_t i = 0; i < list->n; i++) {
                name_list_done(&list->items[i].to);
        }
        free(list->items);
        *list = (EscalationList){};
}

void expression_done(Expression *e)
{
        free(e->text);
        *e = (Expression){};
}

void expression_list_done(ExpressionList *list)
{
        for (size_t i = 0; i < list->n; i++) {
                expression_done(&list->items[i]);
        }
        free(list->items);
        *list = (ExpressionList){};
}

static void rule_done(Rule *rule)
{
        free(rule->name);
        strv_free(rule->services);
        name_list_done(&rule->users);
        name_list_done(&rule->targets);
        pattern_list_done(&rule->commands);
        stage_list_done(&rule->stages);
        escalation_list_done(&rule->escalate);
        name_list_done(&rule->reviewers);
        expression_done(&rule->reason_pattern);
        expression_list_done(&rule->secret_patterns);
        channel_list_done(&rule->notify);
}

static void group_free(Group *g)
{
        free(g->name);
        name_list_done(&g->members);
        free(g);
}

static void approver_free(Approver *a)
{
        free(a->name);
        name_list_done(&a->users);
        free(a->email);
        free(a);
}

static void channel_free(Channel *c)
{
        free(c->name);
        free(c);
}

Rules *rules_free(Rules *r)
{
        if (!r) {
                return NULL;
        }
        for (size_t i = 0; i < r->n_rules; i++) {
                rule_done(&r->rules[i]);
        }
        for (size_t i = 0; i < r->n_groups; i++) {
                group_free(r->groups[i]);
        }
        for (size_t i = 0; i < r->n_approvers; i++) {
                approver_free(r->approvers[i]);
        }
        for (size_t i = 0; i < r->n_channels; i++) {
                channel_free(r->channels[i]);
        }
        free(r->rules);
        free(r->groups);
        free(r->approvers);
        free(r->channels);
        free(r->web_url);
        expression_list_done(&r->secret_patterns);
        name_list_done(&r->admins);
        name_list_done(&r->auditors);
        rule_done(&r->defaults);
        strv_free(r->files);
        free(r);
        return NULL;
}

static void visit_list(NameList *list, NameVisit visit, void *userdata)
{
        for (size_t i = 0; i < list->n; i++) {
                Name *name = &list->items[i];

                if (name->kind == NAME_USER || name->kind == NAME_UNIX_GROUP) {
                        visit(name, userdata);
                }
        }
}

static void visit_rule(Rule *rule, NameVisit visit, void *userdata)
{
        visit_list(&rule->users, visit, userdata);
        visit_list(&rule->targets, visit, userdata);
        for (size_t i = 0; i < rule->stages.n; i++) {
                visit_list(&rule->stages.items[i], visit, userdata);
        }
        for (size_t i = 0; i < rule->escalate.n; i++) {
                visit_list(&rule->escalate.items[i].to, visit, userdata);
        }
        visit_list(&rule->reviewers, visit, userdata);
}

void rules_visit_names(Rules *r, NameVisit visit, void *userdata)
{
        visit_list(&r->admins, visit, userdata);
        visit_list(&r->auditors, visit, userdata);
        for (size_t i = 0; i < r->n_approvers; i++) {
                visit_list(&r->approvers[i]->users, visit, userdata);
        }
        for (size_t i = 0; i < r->n_groups; i++) {
                visit_list(&r->groups[i]->members, visit, userdata);
        }
        visit_rule(&r->defaults, visit, userdata);
        for (size_t i = 0; i < r->n_rules; i++) {
                visit_rule(&r->rules[i], visit, userdata);
        }
}

typedef struct NameCheck {
        Problems *problems;
        bool unknown;
        bool bad;
} NameCheck;

static void check_name(Name *name, void *userdata)
{
        NameCheck *c = userdata;

        if (name->exists == TERNARY_UNKNOWN) {
                c->unknown = true;
        } else if (name->exists == TERNARY_NO) {
                c->bad = true;
                problems_add(c->problems, &name->place,
                        name->kind == NAME_USER ? "there is no account '%s' on this system"
                                                : "there is no Unix group '%s' on this system",
                        name->text);
        }
}

/*
 * Whether two names of accounts are one account; where the name service is silent, by their text.
 */
static bool same_account(const Name *a, const Name *b)
{
        if (a->exists == TERNARY_YES && b->exists == TERNARY_YES) {
                return a->id == b->id;
        }
        return streq(a->text, b->text);
}

/* Looks for name among the accounts of the approvers before the n-th. */
static const Approver *earlier_owner(const Rules *r, size_t n, const Name *name)
{
        for (size_t i = 0; i < n; i++) {
                const NameList *users = &r->approvers[i]->users;

                for (size_t j = 0; j < users->n; j++) {
                        if (same_account(&users->items[j], name)) {
                                return r->approvers[i];
                        }
                }
        }
        return NULL;
}

/* An account that were two people could approve for itself, or count twice. */
static bool accounts_are_unique(const Rules *r, Problems *problems)
{
        bool unique = true;

        for (size_t i = 0; i < r->n_approvers; i++) {
                const NameList *users = &r->approvers[i]->users;

                for (size_t j = 0; j < users->n; j++) {
                        const Approver *other = earlier_owner(r, i, &users->items[j]);

                        if (other) {
                                unique = false;
                                problems_add(problems, &users->items[j].place,
                                        "the account '%s' already is approver '%s', and cannot be "
                                        "'%s' too",
                                        users->items[j].text, other->name, r->approvers[i]->name);
                        }
                }
        }
        return unique;
}

int rules_check_names(Rules *r, Problems *problems)
{
        NameCheck c = { .problems = problems };
        bool unique;

        rules_visit_names(r, check_name, &c);
        unique = accounts_are_unique(r, problems);
        r->unresolved = c.unknown;
        return c.bad || !unique ? -EINVAL : 0;
}

const Rule *rules_find(const Rules *r, const char *name)
{
        for (size_t i = 0; r && name && i < r->n_rules; i++) {
                if (streq(r->rules[i].name, name)) {
                        return &r->rules[i];
                }
        }
        return NULL;
}

const Channel *rules_channel_find(const Rules *r, const char *name)
{
        for (size_t i = 0; i < r->n_channels; i++) {
                if (streq(r->channels[i]->name, name)) {
                        return r->channels[i];
                }
        }
        return NULL;
}

static const char *name_at(const char *const *names, size_t n, size_t i)
{
        return i < n ? names[i] : NULL;
}

/* The word's place; the first, which is the strictest, for any other. */
static size_t word_index(const char *const *names, size_t n, const char *s)
{
        for (size_t i = 0; s && i < n; i++) {
                if (streq(s, names[i])) {
                        return i;
                }
        }
        return 0;
}

const char *action_to_string(Action a)
{
        return name_at(action_names, ELEMENTSOF(action_names), (size_t) a);
}

const char *on_expiry_to_string(OnExpiry e)
{
        return name_at(on_expiry_names, ELEMENTSOF(on_expiry_names), (size_t) e);
}

const char *scope_to_string(GrantScope s)
{
        return name_at(scope_names, ELEMENTSOF(scope_names), (size_t) s);
}

GrantScope scope_from_string(const char *s)
{
        return (GrantScope) word_index(scope_names, ELEMENTSOF(scope_names), s);
}

const char *bind_to_string(Bind b)
{
        return name_at(bind_names, ELEMENTSOF(bind_names), (size_t) b);
}

const char *extend_to_string(Extend e)
{
        return name_at(extend_names, ELEMENTSOF(extend_names), (size_t) e);
}

const char *reason_mode_to_string(ReasonMode m)
{
        return name_at(reason_names, ELEMENTSOF(reason_names), (size_t) m);
}

const char *audience_to_string(Audience a)
{
        return name_at(audience_names, ELEMENTSOF(audience_names), (size_t) a);
}

const char *command_shown_to_string(CommandShown c)
{
        return name_at(command_shown_names, ELEMENTSOF(command_shown_names), (size_t) c);
}

const char *assurance_to_string(Assurance a)
{
        return name_at(assurance_names, ELEMENTSOF(assurance_names), (size_t) a);
}

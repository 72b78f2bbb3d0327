/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the rules would say to a question. It is put to policy_evaluate() as any other, so that it cannot
 * be told otherwise than it would be decided.
 *
 * MUST: tell nobody of other people's access but who may read all of the record; change nothing.
 */

#include <stdio.h>
#include <stdlib.h>

#include "common/span.h"
#include "jit-approver/daemon/method_internal.h"
#include "jit-approver/domain/approver.h"

/* A question that nobody asked. */
typedef struct Supposed {
        Who user, target;
        Question question;
        bool reads_all;
} Supposed;

/* The account of a name that was looked up; root is root whatever the name service says. */
static Account account_at(Turn *t, int at, uid_t uid)
{
        static const Person nobody = { 0 };
        const Person *x = at >= 0 ? people_get(t->daemon->people, &t->plan.keys[at]) : &nobody;

        return at < 0 ? (Account){ .uid = uid, .known = TERNARY_UNKNOWN } : person_account(uid, x);
}

/* About whom; else answered, and false. */
static bool explain_user(Turn *t, Supposed *s)
{
        const Who *self = &t->caller.who;
        Who user;

        s->reads_all = access_judge(ACT_AUDIT, turn_roles(t)) == ACCESS_YES;
        if (!t->in.explain.user || (!s->reads_all && streq(t->in.explain.user, self->name))) {
                s->user = *self;
                s->question.asker = t->caller.account;
                return true;
        }
        if (!s->reads_all) {
                call_error(t->call, "NotPermitted",
                        "only auditors and administrators are told of others");
                turn_free(t);
                return false;
        }
        if (!method_account(t, t->at_user, "user", &user)) {
                return false;
        }
        s->user = user;
        s->question.asker = account_at(t, t->at_user, user.uid);
        return true;
}

/* Whom he would become; else answered, and false. */
static bool explain_target(Turn *t, Supposed *s)
{
        s->question.target_known = true;
        if (!service_changes_user(s->question.service)) {
                s->target = s->user;
                s->question.target = s->question.asker;
                return true;
        }
        if (!method_account(t, t->at_target, "target", &s->target)) {
                return false;
        }
        s->question.target = account_at(t, t->at_target, s->target.uid);
        return true;
}

static bool explain_question(Turn *t, Supposed *s)
{
        const ExplainCall *in = &t->in.explain;

        *s = (Supposed){ .question = {
                                 .service = service_canonical(str_or(in->service, "sudo")),
                                 .mode = in->command.n > 0 ? COMMAND_RUN : COMMAND_SHELL,
                                 .command = in->command.items,
                                 .n_command = in->command.n,
                         } };
        return explain_user(t, s) && explain_target(t, s);
}

/* --- one rule ------------------------------------------------------------------------------------- */

static void put_name(const Name *n, void *userdata)
{
        JsonWriter *w = userdata;
        char text[80];

        (void) snprintf(text, sizeof(text), "%s%s", n->kind == NAME_UNIX_GROUP ? "@" : "",
                n->kind == NAME_APPROVER ? n->approver->name : n->text);
        json_put_string(w, NULL, text);
}

/* People, groups unfolded, without the asker. */
static void put_people(JsonWriter *w, const char *name, const NameList *list, const Supposed *s)
{
        const Request r = { .asker = s->user, .login = { .uid = UID_UNSET } };

        json_open_array(w, name);
        approvers_visit(list, &r, put_name, w);
        json_close_array(w);
}

static void put_chain(JsonWriter *w, const Rule *rule, const Supposed *s)
{
        json_open_array(w, "stages");
        for (size_t i = 0; i < rule->stages.n; i++) {
                json_open_object(w, NULL);
                put_people(w, "approvers", &rule->stages.items[i], s);
                json_close_object(w);
        }
        json_close_array(w);
        if (rule->action != ACTION_ASK) {
                return;
        }
        json_open_array(w, "escalations");
        for (size_t i = 0; i < rule->escalate.n; i++) {
                json_open_object(w, NULL);
                reply_put_span(w, "after", rule->escalate.items[i].after);
                put_people(w, "approvers", &rule->escalate.items[i].to, s);
                json_close_object(w);
        }
        json_close_array(w);
        json_put_integer(w, "approvals", rule->approvals);
        json_put_string(w, "assurance", assurance_to_string(rule->assurance));
        json_put_boolean(w, "match_code", rule->match_code);
        reply_put_span(w, "wait", rule->wait);
        reply_put_span(w, "open_for", rule->open_for);
        reply_put_span(w, "max_duration", rule->max_duration);
        json_put_string(w, "extend", extend_to_string(rule->extend));
        reply_put_span(w, "cool_down", rule->cool_down);
        json_put_boolean(w, "rescue", rule->rescue);
}

static void put_notify(JsonWriter *w, const Rule *rule)
{
        json_open_array(w, "notify");
        for (size_t i = 0; i < rule->notify.n; i++) {
                json_put_string(w, NULL, rule->notify.items[i].name);
        }
        json_close_array(w);
}

static void put_rate(JsonWriter *w, const Rate *rate)
{
        char per[SPAN_TEXT_MAX], text[SPAN_TEXT_MAX + 24];

        if (rate->count > 0) {
                span_format(rate->per, per);
                (void) snprintf(text, sizeof(text), "%lld/%s", (long long) rate->count, per);
                json_put_string(w, "rate", text);
        }
}

/* What a yes would open, and what becomes of it. */
static void put_terms(JsonWriter *w, const Rule *rule)
{
        reply_put_span(w, "duration",
                rule->action == ACTION_BREAK_GLASS ? rule->break_glass_duration : rule->duration);
        json_put_string(w, "reason", reason_mode_to_string(rule->reason));
        if (rule->reason_pattern.text) {
                json_put_string(w, "reason_pattern", rule->reason_pattern.text);
        }
        json_put_string(w, "scope", scope_to_string(rule->scope));
        json_put_string(w, "bind", bind_to_string(rule->bind));
        json_put_boolean(w, "end_when_done", rule->end_when_done);
        json_put_string(w, "on_expiry", on_expiry_to_string(rule->on_expiry));
        json_open_array(w, "warn_before");
        for (size_t i = 0; i < rule->warn_before.n; i++) {
                reply_put_span(w, NULL, rule->warn_before.items[i]);
        }
        json_close_array(w);
        json_put_boolean(w, "survive_reboot", rule->survive_reboot);
        put_rate(w, &rule->rate);
}

static void put_rule(JsonWriter *w, const Rule *rule, const Supposed *s)
{
        json_put_string(w, "rule", rule->name);
        if (s->reads_all) {
                _cleanup_(freep) char *place = NULL;

                if (str_printf(&place, "%s:%u", rule->place.file, rule->place.line) >= 0) {
                        json_put_string(w, "place", place);
                }
        }
        if (rule->action != ACTION_ASK && rule->action != ACTION_BREAK_GLASS) {
                return;
        }
        put_chain(w, rule, s);
        put_terms(w, rule);
        put_notify(w, rule);
        if (rule->action == ACTION_BREAK_GLASS) {
                put_people(w, "reviewers", &rule->reviewers, s);
        }
}

/* --- the answer ----------------------------------------------------------------------------------- */

static const char *verdict_of(const Policy *p, const Supposed *s)
{
        if (s->user.uid == 0 && service_changes_user(s->question.service)) {
                return "exempt";
        }
        if (p->kind == POLICY_UNKNOWN) {
                return "unknown";
        }
        return action_to_string(p->rule ? p->rule->action : ACTION_REFUSE);
}

static void put_passed(JsonWriter *w, const Rules *rules, const Policy *p, const Supposed *s)
{
        json_open_array(w, "passed");
        for (size_t i = 0; i < rules->n_rules && w->size < PAGE_BYTES / 2; i++) {
                const Rule *rule = &rules->rules[i];

                if (rule == p->rule) {
                        break;
                }
                json_open_object(w, NULL);
                json_put_string(w, "rule", rule->name);
                json_put_string(w, "why", rule_match_to_string(policy_match(rule, &s->question)));
                json_close_object(w);
        }
        json_close_array(w);
}

void method_explain(Turn *t)
{
        const Rules *rules = config_rules(t->daemon->config);
        Supposed s;
        Policy p;

        if (!rules) {
                _cleanup_(failure_done) Failure f = { 0 };

                fail(&f, "Refused", "rules", "no rules are loaded; see jitctl check");
                turn_fail(t, &f);
                return;
        }
        if (!explain_question(t, &s)) {
                return;
        }
        policy_evaluate(rules, &s.question, &p);
        JsonWriter w = call_writer();
        json_open_object(&w, "explanation");
        json_put_string(&w, "user", s.user.name);
        json_put_integer(&w, "user_uid", s.user.uid);
        json_put_string(&w, "service", s.question.service);
        json_put_string(&w, "target", s.target.name);
        json_put_integer(&w, "target_uid", s.target.uid);
        json_put_string(&w, "verdict", verdict_of(&p, &s));
        put_passed(&w, rules, &p, &s);
        if (p.rule) {
                put_rule(&w, p.rule, &s);
        }
        json_close_object(&w);
        call_reply(t->call, &w);
        turn_free(t);
}

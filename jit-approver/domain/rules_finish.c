/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What can be said of rules only when all files have been read: [defaults] may stand anywhere,
 * also in a later drop-in than the rule that inherits from it.
 */

#include <errno.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/domain/rules_expression.h"
#include "jit-approver/domain/rules_finish.h"
#include "jit-approver/domain/rules_link.h"

typedef struct Finish {
        const Sections *sections;
        const Section *defaults; /* or NULL */
        Problems *problems;
} Finish;

static bool is_given(const Section *s, KeyId k)
{
        return s && s->given[k].line > 0;
}

/* Who says what this rule has for k: itself, [defaults], or NULL: it is built in. */
static const Section *source(const Finish *f, const Section *rule, KeyId k)
{
        if (is_given(rule, k)) {
                return rule;
        }
        return is_given(f->defaults, k) ? f->defaults : NULL;
}

static bool is_good(const Finish *f, const Section *rule, KeyId k)
{
        const Section *s = source(f, rule, k);

        return !s || s->good[k];
}

static int inherit(const Finish *f, const Section *rule)
{
        for (KeyId k = 0; k < _KEY_MAX; k++) {
                const Key *key = &rule_keys[k];
                int r;

                if (!key_is_in(key, SECTION_RULE) || !f->defaults ||
                        source(f, rule, k) != f->defaults) {
                        continue;
                }
                r = value_copy(key->value, section_field(f->sections, f->defaults, k),
                        section_field(f->sections, rule, k));
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

static void check_required(const Finish *f, const Section *s)
{
        for (KeyId k = 0; k < _KEY_MAX; k++) {
                const Key *key = &rule_keys[k];
                bool inherits = s->kind == SECTION_RULE;

                if (!key->required || !key_is_in(key, s->kind) || is_given(s, k) ||
                        (inherits && is_given(f->defaults, k))) {
                        continue;
                }
                problems_add(f->problems, &s->place, "[%s%s%s] lacks '%s'%s",
                        section_words[s->kind], str_empty(s->name) ? "" : " ", str_or(s->name, ""),
                        key->name, inherits ? ", and so does [defaults]" : "");
        }
}

static void check_approvers(const Finish *f, const Section *s, const Rule *rule)
{
        if (!is_good(f, s, KEY_ACTION)) {
                return;
        }
        if (rule->action == ACTION_ASK && !source(f, s, KEY_APPROVERS)) {
                problems_add(f->problems, &s->place,
                        "the rule '%s' lacks 'approvers': with 'action = ask' somebody must be asked",
                        s->name);
        }
        if (rule->action == ACTION_BREAK_GLASS && !source(f, s, KEY_APPROVERS)) {
                problems_add(f->problems, &s->place,
                        "the rule '%s' lacks 'approvers': with 'action = break-glass' they are "
                        "alarmed",
                        s->name);
        }
        if (rule->action == ACTION_BREAK_GLASS && !source(f, s, KEY_REVIEWERS)) {
                problems_add(f->problems, &s->place,
                        "the rule '%s' lacks 'reviewers': with 'action = break-glass' one of them "
                        "signs afterwards",
                        s->name);
        }
}

/* What only one kind of rule obeys, and another would only seem to. */
static void check_break_glass(const Finish *f, const Section *s, Rule *rule)
{
        static const KeyId only[] = { KEY_BREAK_GLASS_DURATION, KEY_REVIEWERS };

        if (!is_good(f, s, KEY_ACTION)) {
                return;
        }
        for (size_t i = 0; rule->action != ACTION_BREAK_GLASS && i < ELEMENTSOF(only); i++) {
                if (is_given(s, only[i])) {
                        problems_add(f->problems, &s->given[only[i]],
                                "'%s' takes 'action = break-glass'", rule_keys[only[i]].name);
                }
        }
        if (rule->action != ACTION_BREAK_GLASS) {
                return;
        }
        if (is_given(s, KEY_MATCH_CODE) && rule->match_code) {
                problems_add(f->problems, &s->given[KEY_MATCH_CODE],
                        "'match-code = on' takes 'action = ask': nobody approves a break-glass");
        }
        if (is_given(s, KEY_REASON) && s->good[KEY_REASON] && rule->reason != REASON_REQUIRED) {
                problems_add(f->problems, &s->given[KEY_REASON],
                        "'action = break-glass' takes 'reason = required'");
        }
        rule->reason = REASON_REQUIRED; /* whatever [defaults] says of those who ask */
}

/* A pattern of what nobody is asked for. A rule may free itself from that of [defaults]. */
static void check_reason(const Finish *f, const Section *s, Rule *rule)
{
        const Section *pattern = source(f, s, KEY_REASON_PATTERN);

        if (!pattern || rule->reason != REASON_NONE || !is_good(f, s, KEY_REASON)) {
                return;
        }
        if (pattern == s || source(f, s, KEY_REASON) != s) {
                problems_add(f->problems, &pattern->given[KEY_REASON_PATTERN],
                        "'reason-pattern' has nothing to be held against with 'reason = none'");
        }
        expression_done(&rule->reason_pattern);
}

/* No login session lives through a reboot, so nothing bound to one can. Neither is a default. */
static void check_reboot(const Finish *f, const Section *s, const Rule *rule)
{
        if (rule->survive_reboot && rule->bind == BIND_LOGIN_SESSION &&
                is_good(f, s, KEY_SURVIVE_REBOOT) && is_good(f, s, KEY_BIND)) {
                const Section *by = source(f, s, KEY_SURVIVE_REBOOT);

                problems_add(f->problems, by ? &by->given[KEY_SURVIVE_REBOOT] : &s->place,
                        "'survive-reboot = yes' does not go with 'bind = login-session': no login "
                        "session does");
        }
}

/* Where it is written, so that a [defaults] that many rules inherit is told once. */
static void check_notify(const Finish *f, const Section *s)
{
        if (is_given(s, KEY_NOTIFY) && !sections_find(f->sections, SECTION_WEB)) {
                problems_add(f->problems, &s->given[KEY_NOTIFY],
                        "'notify' takes a [web] section with the 'url' that links begin with");
        }
}

static void check_duration(const Finish *f, const Section *s, const Rule *rule, KeyId key)
{
        const KeyId spans[] = { key, KEY_MAX_DURATION };
        usec_t duration = key == KEY_DURATION ? rule->duration : rule->break_glass_duration;
        char given[SPAN_TEXT_MAX], most[SPAN_TEXT_MAX];
        const Place *at = NULL;

        if (!is_good(f, s, key) || !is_good(f, s, KEY_MAX_DURATION) ||
                duration <= rule->max_duration) {
                return;
        }
        /* One of them was given, since the built-in ones fit; better the rule's own. */
        for (size_t i = 0; i < ELEMENTSOF(spans); i++) {
                const Section *by = source(f, s, spans[i]);

                if (by && (!at || (by == s && !is_given(s, spans[0])))) {
                        at = &by->given[spans[i]];
                }
        }
        span_format(duration, given);
        span_format(rule->max_duration, most);
        problems_add(f->problems, at ? at : &s->place, "'%s' %s is longer than 'max-duration' %s",
                rule_keys[key].name, given, most);
}

static void check_durations(const Finish *f, const Section *s, const Rule *rule)
{
        check_duration(f, s, rule, KEY_DURATION);
        if (rule->action == ACTION_BREAK_GLASS) {
                check_duration(f, s, rule, KEY_BREAK_GLASS_DURATION);
        }
}

/* What is built in and not a number; the numbers are there since the rule was made. */
static int fill_commands(Rule *rule)
{
        PatternList list = { .items = calloc(1, sizeof(Pattern)), .n = 1 };
        int r;

        if (!list.items) {
                return -ENOMEM;
        }
        list.items[0].place = rule->place;
        r = strv_add(&list.items[0].words, "*");
        if (r < 0) {
                pattern_list_done(&list);
                return r;
        }
        rule->commands = list;
        return 0;
}

static int fill_admins(Rules *rules)
{
        NameList list = { .items = calloc(1, sizeof(Name)), .n = 1 };

        if (!list.items) {
                return -ENOMEM;
        }
        list.items[0] = (Name){
                .kind = NAME_USER,
                .text = strdup("root"),
                .place = { .file = "the default of 'admins'" },
        };
        if (!list.items[0].text) {
                name_list_done(&list);
                return -ENOMEM;
        }
        rules->admins = list;
        return 0;
}

static int finish_rule(const Finish *f, const Section *s)
{
        Rule *rule = &f->sections->rules->rules[s->rule];
        int r = inherit(f, s);

        if (r < 0) {
                return r;
        }
        check_approvers(f, s, rule);
        check_break_glass(f, s, rule);
        check_reason(f, s, rule);
        check_reboot(f, s, rule);
        check_durations(f, s, rule);
        if (!source(f, s, KEY_END_WHEN_DONE)) {
                rule->end_when_done = rule->scope == SCOPE_ONCE;
        }
        return rule->commands.n > 0 ? 0 : fill_commands(rule);
}

/* Each text once: [defaults] gives them to many rules. */
static int collect_secrets(Rules *rules, Problems *problems)
{
        const ExpressionList *all = &rules->secret_patterns;

        for (size_t i = 0; i < rules->n_rules && all->n <= SECRET_PATTERNS_MAX; i++) {
                int r = expression_list_add(
                        &rules->secret_patterns, &rules->rules[i].secret_patterns);

                if (r < 0) {
                        return r;
                }
        }
        if (all->n > SECRET_PATTERNS_MAX) {
                problems_add(problems, &all->items[SECRET_PATTERNS_MAX].place,
                        "more than %d different 'secret-patterns' in all", SECRET_PATTERNS_MAX);
        }
        return 0;
}

int rules_finish(const Sections *sections, Problems *problems)
{
        Finish f = {
                .sections = sections,
                .defaults = sections_find(sections, SECTION_DEFAULTS),
                .problems = problems,
        };
        Rules *rules = sections->rules;
        /* Before anything is inherited, so that each name is linked, or missed, where it stands. */
        int r = rules_link(rules, problems);

        if (r < 0) {
                return r;
        }
        for (size_t i = 0; i < sections->n; i++) {
                const Section *s = &sections->items[i];

                check_notify(&f, s);
                if (s->kind == SECTION_DEFAULTS) {
                        continue;
                }
                check_required(&f, s);
                r = s->kind == SECTION_RULE ? finish_rule(&f, s) : 0;
                if (r < 0) {
                        return r;
                }
        }
        r = collect_secrets(rules, problems);
        if (r < 0) {
                return r;
        }
        return rules->admins.n > 0 ? 0 : fill_admins(rules);
}

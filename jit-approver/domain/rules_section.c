/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Sections of a rule file as they are read: the tables of kinds and keys, and what a new one
 * holds.
 */

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/rules_section.h"

const char *const section_words[_SECTION_MAX] = {
        [SECTION_DEFAULTS] = "defaults",
        [SECTION_ACCESS] = "access",
        [SECTION_GROUP] = "group",
        [SECTION_APPROVER] = "approver",
        [SECTION_WEB] = "web",
        [SECTION_STORE] = "store",
        [SECTION_CHANNEL] = "channel",
        [SECTION_RULE] = "rule",
};

#define IN(section) (1U << (section))
#define IN_ACCESS IN(SECTION_ACCESS)
#define IN_GROUP IN(SECTION_GROUP)
#define IN_PERSON IN(SECTION_APPROVER)
#define IN_WEB IN(SECTION_WEB)
#define IN_STORE IN(SECTION_STORE)
#define IN_CHANNEL IN(SECTION_CHANNEL)
#define IN_RULES (IN(SECTION_DEFAULTS) | IN(SECTION_RULE))
#define AT(type, field) offsetof(type, field)

/* clang-format off */
const Key rule_keys[_KEY_MAX] = {
        [KEY_SERVICES]     = { "services", IN_RULES, VALUE_SERVICES, AT(Rule, services), true },
        [KEY_USERS]        = { "users", IN_RULES, VALUE_WHO, AT(Rule, users), true },
        [KEY_TARGETS]      = { "targets", IN_RULES, VALUE_WHO, AT(Rule, targets) },
        [KEY_COMMANDS]     = { "commands", IN_RULES, VALUE_PATTERNS, AT(Rule, commands) },
        [KEY_ACTION]       = { "action", IN_RULES, VALUE_ACTION, AT(Rule, action), true },
        [KEY_APPROVERS]    = { "approvers", IN_RULES, VALUE_STAGES, AT(Rule, stages) },
        [KEY_APPROVALS]    = { "approvals", IN_RULES, VALUE_COUNT, AT(Rule, approvals) },
        [KEY_DURATION]     = { "duration", IN_RULES, VALUE_SPAN, AT(Rule, duration) },
        [KEY_MAX_DURATION] = { "max-duration", IN_RULES, VALUE_SPAN, AT(Rule, max_duration) },
        [KEY_OPEN_FOR]     = { "open-for", IN_RULES, VALUE_SPAN, AT(Rule, open_for) },
        [KEY_WAIT]         = { "wait", IN_RULES, VALUE_SPAN_OR_NO, AT(Rule, wait) },
        [KEY_REASON]       = { "reason", IN_RULES, VALUE_REASON, AT(Rule, reason) },
        [KEY_ON_EXPIRY]    = { "on-expiry", IN_RULES, VALUE_ON_EXPIRY, AT(Rule, on_expiry) },
        [KEY_NOTIFY]       = { "notify", IN_RULES, VALUE_CHANNELS, AT(Rule, notify) },
        [KEY_ASSURANCE]    = { "assurance", IN_RULES, VALUE_ASSURANCE, AT(Rule, assurance) },
        [KEY_ESCALATE]     = { "escalate", IN_RULES, VALUE_ESCALATIONS, AT(Rule, escalate) },
        [KEY_MATCH_CODE]   = { "match-code", IN_RULES, VALUE_ON_OFF, AT(Rule, match_code) },
        [KEY_REASON_PATTERN] = { "reason-pattern", IN_RULES, VALUE_EXPRESSION, AT(Rule, reason_pattern) },
        [KEY_SCOPE]        = { "scope", IN_RULES, VALUE_SCOPE, AT(Rule, scope) },
        [KEY_BIND]         = { "bind", IN_RULES, VALUE_BIND, AT(Rule, bind) },
        [KEY_END_WHEN_DONE] = { "end-when-done", IN_RULES, VALUE_YES_NO, AT(Rule, end_when_done) },
        [KEY_EXTEND]       = { "extend", IN_RULES, VALUE_EXTEND, AT(Rule, extend) },
        [KEY_WARN_BEFORE]  = { "warn-before", IN_RULES, VALUE_SPANS, AT(Rule, warn_before) },
        [KEY_SURVIVE_REBOOT] = { "survive-reboot", IN_RULES, VALUE_YES_NO, AT(Rule, survive_reboot) },
        [KEY_COOL_DOWN]    = { "cool-down", IN_RULES, VALUE_COOL_DOWN, AT(Rule, cool_down) },
        [KEY_RATE]         = { "rate", IN_RULES, VALUE_RATE, AT(Rule, rate) },
        [KEY_MAX_WAITING]  = { "max-waiting", IN_RULES, VALUE_WAITING, AT(Rule, max_waiting) },
        [KEY_RESCUE]       = { "rescue", IN_RULES, VALUE_YES_NO, AT(Rule, rescue) },
        [KEY_SECRET_PATTERNS] = { "secret-patterns", IN_RULES, VALUE_EXPRESSIONS, AT(Rule, secret_patterns) },
        [KEY_BREAK_GLASS_DURATION] = { "break-glass-duration", IN_RULES, VALUE_SPAN, AT(Rule, break_glass_duration) },
        [KEY_REVIEWERS]    = { "reviewers", IN_RULES, VALUE_APPROVERS, AT(Rule, reviewers) },
        [KEY_ADMINS]       = { "admins", IN_ACCESS, VALUE_ACCOUNTS_UNIX, AT(Rules, admins) },
        [KEY_AUDITORS]     = { "auditors", IN_ACCESS, VALUE_ACCOUNTS_UNIX, AT(Rules, auditors) },
        [KEY_MEMBERS]      = { "members", IN_GROUP, VALUE_APPROVERS, AT(Group, members), true },
        [KEY_USER]         = { "user", IN_PERSON, VALUE_ACCOUNTS, AT(Approver, users), true },
        [KEY_EMAIL]        = { "email", IN_PERSON, VALUE_EMAIL, AT(Approver, email) },
        [KEY_URL]          = { "url", IN_WEB, VALUE_URL, AT(Rules, web_url), true },
        [KEY_AUDIENCE]     = { "audience", IN_CHANNEL, VALUE_AUDIENCE, AT(Channel, audience) },
        [KEY_COMMAND]      = { "command", IN_CHANNEL, VALUE_COMMAND_SHOWN, AT(Channel, command) },
        [KEY_KEEP]         = { "keep", IN_STORE, VALUE_KEEP, AT(Rules, keep) },
        [KEY_MAX_SIZE]     = { "max-size", IN_STORE, VALUE_SIZE, AT(Rules, max_size) },
        [KEY_SLACK]        = { "slack", IN_PERSON, VALUE_LATER, 0 },
        [KEY_NTFY]         = { "ntfy", IN_PERSON, VALUE_LATER, 0 },
        [KEY_TELEGRAM]     = { "telegram", IN_PERSON, VALUE_LATER, 0 },
        [KEY_MATTERMOST]   = { "mattermost", IN_PERSON, VALUE_LATER, 0 },
        [KEY_DISCORD]      = { "discord", IN_PERSON, VALUE_LATER, 0 },
        [KEY_RP_ID]        = { "rp-id", IN_WEB, VALUE_LATER, 0 },
        [KEY_SIGNING_SECRET] = { "signing-secret-credential", IN_CHANNEL, VALUE_LATER, 0 },
};
/* clang-format on */

void sections_done(Sections *sections)
{
        free(sections->items);
        *sections = (Sections){};
}

bool section_is_named(SectionKind kind)
{
        return kind != SECTION_DEFAULTS && kind != SECTION_ACCESS && kind != SECTION_WEB &&
               kind != SECTION_STORE;
}

static void rule_builtin(Rule *rule)
{
        *rule = (Rule){
                .action = ACTION_REFUSE,
                .approvals = 1,
                .duration = 30 * USEC_PER_MIN,
                .max_duration = 4 * USEC_PER_HOUR,
                .open_for = 30 * USEC_PER_MIN,
                .wait = 5 * USEC_PER_MIN,
                .reason = REASON_OPTIONAL,
                .on_expiry = ON_EXPIRY_END_SESSIONS,
                .assurance = ASSURANCE_LINK,
                .scope = SCOPE_SERVICE,
                .bind = BIND_USER,
                .extend = EXTEND_ASK,
                .warn_before = { { 5 * USEC_PER_MIN, USEC_PER_MIN }, 2 },
                .cool_down = USEC_PER_MIN,
                .rate = { 10, USEC_PER_HOUR },
                .break_glass_duration = 15 * USEC_PER_MIN,
        };
}

/* Appends a pointer to a list of them. */
static int pointer_add(void ***list, size_t *n, void *item)
{
        void **items = reallocarray(*list, *n + 1, sizeof(*items));

        if (!items) {
                return -ENOMEM;
        }
        items[(*n)++] = item;
        *list = items;
        return 0;
}

static int new_rule(Rules *r, Section *s, const char *name)
{
        Rule *rules = reallocarray(r->rules, r->n_rules + 1, sizeof(*rules));
        Rule *rule;

        if (!rules) {
                return -ENOMEM;
        }
        r->rules = rules;
        rule = &rules[r->n_rules];
        rule_builtin(rule);
        rule->place = s->place;
        rule->name = strdup(name);
        if (!rule->name) {
                return -ENOMEM;
        }
        s->rule = r->n_rules++;
        s->name = rule->name;
        return 0;
}

static int new_group(Rules *r, Section *s, const char *name)
{
        Group *g = calloc(1, sizeof(*g));

        if (!g || !(g->name = strdup(name)) ||
                pointer_add((void ***) &r->groups, &r->n_groups, g) < 0) {
                if (g) {
                        free(g->name);
                        free(g);
                }
                return -ENOMEM;
        }
        g->place = s->place;
        s->object = g;
        s->name = g->name;
        return 0;
}

static int new_approver(Rules *r, Section *s, const char *name)
{
        Approver *a = calloc(1, sizeof(*a));

        if (!a || !(a->name = strdup(name)) ||
                pointer_add((void ***) &r->approvers, &r->n_approvers, a) < 0) {
                if (a) {
                        free(a->name);
                        free(a);
                }
                return -ENOMEM;
        }
        a->place = s->place;
        s->object = a;
        s->name = a->name;
        return 0;
}

static int new_channel(Rules *r, Section *s, const char *name)
{
        Channel *c = calloc(1, sizeof(*c));

        if (!c || !(c->name = strdup(name)) ||
                pointer_add((void ***) &r->channels, &r->n_channels, c) < 0) {
                if (c) {
                        free(c->name);
                        free(c);
                }
                return -ENOMEM;
        }
        c->audience = AUDIENCE_PERSONAL;
        c->command = COMMAND_SHOWN_MASKED;
        c->place = s->place;
        s->object = c;
        s->name = c->name;
        return 0;
}

static int new_object(Rules *r, Section *s, const char *name)
{
        switch (s->kind) {
        case SECTION_RULE:
                return new_rule(r, s, name);
        case SECTION_GROUP:
                return new_group(r, s, name);
        case SECTION_APPROVER:
                return new_approver(r, s, name);
        case SECTION_CHANNEL:
                return new_channel(r, s, name);
        case SECTION_ACCESS:
        case SECTION_WEB:
        case SECTION_STORE:
                s->object = r;
                return 0;
        case SECTION_DEFAULTS:
        default:
                s->object = &r->defaults;
                return 0;
        }
}

Section *sections_add(Sections *sections, SectionKind kind, const char *name, const Place *at)
{
        Section *s;

        if (sections->n == sections->allocated) {
                size_t allocated = sections->allocated * 2 + 16;
                Section *items = reallocarray(sections->items, allocated, sizeof(*items));

                if (!items) {
                        return NULL;
                }
                sections->items = items;
                sections->allocated = allocated;
        }
        s = &sections->items[sections->n];
        *s = (Section){ .kind = kind, .place = *at };
        if (new_object(sections->rules, s, name) < 0) {
                return NULL;
        }
        sections->n++;
        return s;
}

const Section *sections_find(const Sections *sections, SectionKind kind)
{
        for (size_t i = 0; i < sections->n; i++) {
                if (sections->items[i].kind == kind) {
                        return &sections->items[i];
                }
        }
        return NULL;
}

void *section_field(const Sections *sections, const Section *s, KeyId key)
{
        void *object = s->kind == SECTION_RULE ? &sections->rules->rules[s->rule] : s->object;

        return (char *) object + rule_keys[key].offset;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/ctl/rules_seen.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "common/service.h"
#include "common/util.h"
#include "jit-approver/ctl/print.h"

static void rule_done(RuleSeen *r)
{
        free(r->services);
        free(r->users);
        free(r->commands);
        free(r->action);
        free(r->rescue);
}

void rules_seen_done(RulesSeen *r)
{
        rule_done(&r->defaults);
        for (size_t i = 0; i < r->n; i++) {
                rule_done(&r->items[i]);
        }
        free(r->items);
        *r = (RulesSeen){ 0 };
}

static RuleSeen *rule_add(RulesSeen *r)
{
        r->items = must(reallocarray(r->items, r->n + 1, sizeof(*r->items)));
        r->items[r->n] = (RuleSeen){ 0 };
        return &r->items[r->n++];
}

/* "key = value   # comment" into the field of that key, if it is one of ours. */
static void rule_take(RuleSeen *rule, const char *line, size_t size)
{
        const struct {
                const char *key;
                char **field;
        } fields[] = { { "services", &rule->services }, { "users", &rule->users },
                { "commands", &rule->commands }, { "action", &rule->action },
                { "rescue", &rule->rescue } };

        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                size_t n = strlen(fields[i].key), at = n;

                if (size < n || strncmp(line, fields[i].key, n) != 0 || *fields[i].field) {
                        continue;
                }
                at += strspn(line + at, " \t");
                if (line[at] == '=') {
                        const char *value = line + at + 1;
                        size_t length = size - at - 1, comment = 0;

                        while (comment < length && value[comment] != '#') {
                                comment++;
                        }
                        value += strspn(value, " \t");
                        length = (size_t) (line + at + 1 + comment - value);
                        while (length > 0 && strchr(" \t\r", value[length - 1])) {
                                length--;
                        }
                        *fields[i].field = must(strndup(value, length));
                }
        }
}

static void read_text(RulesSeen *r, const char *text)
{
        RuleSeen *rule = NULL;

        while (*text) {
                size_t n = strcspn(text, "\n");

                if (*text == '[') {
                        rule = strncmp(text, "[rule", 5) == 0         ? rule_add(r)
                               : strncmp(text, "[defaults]", 10) == 0 ? &r->defaults
                                                                      : NULL;
                } else if (rule) {
                        rule_take(rule, text, n);
                }
                text += n + (text[n] == '\n');
        }
}

void rules_seen_read(const Host *h, RulesSeen *ret)
{
        size_t at = 0;

        *ret = (RulesSeen){ 0 };
        for (const char *t = host_text(h, HOST_RULES, &at); t; t = host_text(h, HOST_RULES, &at)) {
                read_text(ret, t);
                ret->seen = !host_unseen(h, HOST_RULES);
        }
}

/* Whether one of the words between commas is it. */
static bool list_has(const char *list, const char *word, bool pattern, bool all)
{
        _cleanup_(freep) char *copy = must(strdup(str_or(list, "")));
        char *save = NULL;

        for (char *w = strtok_r(copy, ", \t", &save); w; w = strtok_r(NULL, ", \t", &save)) {
                if (streq(w, "*") ? all
                                  : (pattern && fnmatch(service_canonical(w), word, 0) == 0) ||
                                            streq(w, word)) {
                        return true;
                }
        }
        return false;
}

static bool rule_names(const RulesSeen *r, const RuleSeen *rule, const char *service, bool all)
{
        return list_has(str_or(rule->services, r->defaults.services), service_canonical(service),
                true, all);
}

bool rules_seen_name(const RulesSeen *r, const char *service, bool all)
{
        for (size_t i = 0; i < r->n; i++) {
                if (rule_names(r, &r->items[i], service, all)) {
                        return true;
                }
        }
        return false;
}

/* A nightly backup that is allowed makes nobody root. */
static bool allows_all(const RulesSeen *r, const RuleSeen *rule)
{
        const char *commands = str_or(rule->commands, r->defaults.commands);

        return streq(str_or(str_or(rule->action, r->defaults.action), ""), "allow") &&
               (!commands || streq(commands, "*"));
}

bool rules_seen_open(const RulesSeen *r, const char *service)
{
        for (size_t i = 0; i < r->n; i++) {
                const char *action = str_or(r->items[i].action, r->defaults.action);
                const char *rescue = str_or(r->items[i].rescue, r->defaults.rescue);

                if (rule_names(r, &r->items[i], service, true) &&
                        (allows_all(r, &r->items[i]) || streq(str_or(action, ""), "break-glass") ||
                                streq(str_or(rescue, ""), "yes"))) {
                        return true;
                }
        }
        return false;
}

bool rules_seen_ask_root(const RulesSeen *r, const char *service)
{
        for (size_t i = 0; i < r->n; i++) {
                if (rule_names(r, &r->items[i], service, true) &&
                        list_has(str_or(r->items[i].users, r->defaults.users), "root", false,
                                false) &&
                        !streq(str_or(r->items[i].action, ""), "allow")) {
                        return true;
                }
        }
        return false;
}

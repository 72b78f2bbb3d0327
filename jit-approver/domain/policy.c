/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which rule decides. Trusts nobody's word but the rules: the command is what somebody typed, the
 * groups are what the name service could say.
 *
 * MUST: stop at the first rule that matches or might; treat what is not known as neither yes nor
 * no; let what opens without anybody looking go by nothing but "*" and plain absolute paths.
 */

#include <fnmatch.h>

#include "common/util.h"
#include "jit-approver/domain/policy.h"

#define WAITING_DEFAULT 4

static Ternary list_includes(const NameList *list, const Account *account, unsigned depth);

static Ternary gids_include(const Account *account, gid_t gid)
{
        for (size_t i = 0; i < account->n_gids; i++) {
                if (account->gids[i] == gid) {
                        return TERNARY_YES;
                }
        }
        return account->partial ? TERNARY_UNKNOWN : TERNARY_NO;
}

static Ternary unix_group_includes(const Name *name, const Account *account)
{
        if (name->exists == TERNARY_NO || account->known == TERNARY_NO) {
                return TERNARY_NO;
        }
        if (name->exists != TERNARY_YES || account->known != TERNARY_YES) {
                return TERNARY_UNKNOWN;
        }
        return gids_include(account, name->id);
}

static Ternary user_is(const Name *name, const Account *account)
{
        switch (name->exists) {
        case TERNARY_YES:
                return account->uid != UID_UNSET && name->id == account->uid ? TERNARY_YES
                                                                             : TERNARY_NO;
        case TERNARY_NO:
                return TERNARY_NO;
        case TERNARY_UNKNOWN:
        default:
                return TERNARY_UNKNOWN;
        }
}

static Ternary name_includes(const Name *name, const Account *account, unsigned depth)
{
        switch (name->kind) {
        case NAME_ANY:
                return TERNARY_YES;
        case NAME_USER:
                return user_is(name, account);
        case NAME_UNIX_GROUP:
                return unix_group_includes(name, account);
        case NAME_APPROVER:
                return name->approver ? list_includes(&name->approver->users, account, depth)
                                      : TERNARY_UNKNOWN;
        case NAME_GROUP:
                /* Loaded rules are never deeper and never open-ended; if they were, not a yes. */
                if (!name->group || depth >= GROUP_DEPTH_MAX) {
                        return TERNARY_UNKNOWN;
                }
                return list_includes(&name->group->members, account, depth + 1);
        default:
                return TERNARY_UNKNOWN;
        }
}

static Ternary list_includes(const NameList *list, const Account *account, unsigned depth)
{
        Ternary sum = TERNARY_NO;

        for (size_t i = 0; i < list->n; i++) {
                Ternary t = name_includes(&list->items[i], account, depth);

                if (t == TERNARY_YES) {
                        return TERNARY_YES;
                }
                if (t == TERNARY_UNKNOWN) {
                        sum = TERNARY_UNKNOWN;
                }
        }
        return sum;
}

Ternary names_include(const NameList *list, const Account *account)
{
        return list_includes(list, account, 0);
}

static bool names_any(const NameList *list)
{
        for (size_t i = 0; i < list->n; i++) {
                if (list->items[i].kind == NAME_ANY) {
                        return true;
                }
        }
        return false;
}

/* "/usr/bin/../../tmp/x" begins like "/usr/bin/" and is somewhere else. */
static bool path_is_plain(const char *path)
{
        if (path[0] != '/') {
                return false;
        }
        while (path) {
                size_t n;

                path++;
                n = strcspn(path, "/");
                if ((n == 1 && path[0] == '.') || (n == 2 && path[0] == '.' && path[1] == '.')) {
                        return false;
                }
                path = strchr(path, '/');
        }
        return true;
}

bool pattern_matches(const Pattern *p, const Question *q, bool absolute)
{
        size_t i;

        if (!p->words || !p->words[0]) {
                return false;
        }
        if (streq(p->words[0], "*") && !p->words[1]) {
                return true;
        }
        if (q->mode != COMMAND_RUN || q->n_command == 0) {
                return false;
        }
        if (absolute && !path_is_plain(q->command[0])) {
                return false;
        }
        for (i = 0; p->words[i]; i++) {
                if (i > 0 && !p->words[i + 1] && streq(p->words[i], "*")) {
                        return true;
                }
                if (i >= q->n_command || fnmatch(p->words[i], q->command[i], 0) != 0) {
                        return false;
                }
        }
        return i == q->n_command;
}

static bool service_matches(const Rule *rule, const char *service)
{
        for (size_t i = 0; service && rule->services && rule->services[i]; i++) {
                if (fnmatch(rule->services[i], service, 0) == 0) {
                        return true;
                }
        }
        return false;
}

/* Whether nobody looks at the command before it runs. */
static bool opens_unseen(const Rule *rule)
{
        return rule->action == ACTION_ALLOW || rule->action == ACTION_BREAK_GLASS;
}

static bool command_matches(const Rule *rule, const Question *q)
{
        for (size_t i = 0; i < rule->commands.n; i++) {
                if (pattern_matches(&rule->commands.items[i], q, opens_unseen(rule))) {
                        return true;
                }
        }
        return false;
}

static Ternary target_matches(const Rule *rule, const Question *q)
{
        if (rule->targets.n == 0 || names_any(&rule->targets)) {
                return TERNARY_YES;
        }
        /*
         * "sudo -u postgres -g disk" is more than postgres, and root's without a detour. People who
         * decide are shown the group; where nobody looks, none but root may have one of his choice.
         */
        if (q->group_named && opens_unseen(rule) && !(q->target_known && q->target.uid == 0)) {
                return TERNARY_NO;
        }
        /* A target that was not understood is matched by no name, and not "perhaps" either. */
        return q->target_known ? names_include(&rule->targets, &q->target) : TERNARY_NO;
}

RuleMatch policy_match(const Rule *rule, const Question *q)
{
        Ternary user, target;

        if (!service_matches(rule, q->service)) {
                return RULE_OTHER_SERVICE;
        }
        user = names_include(&rule->users, &q->asker);
        if (user == TERNARY_NO) {
                return RULE_OTHER_USER;
        }
        target = target_matches(rule, q);
        if (target == TERNARY_NO) {
                return RULE_OTHER_TARGET;
        }
        if (!command_matches(rule, q)) {
                return RULE_OTHER_COMMAND;
        }
        return user == TERNARY_YES && target == TERNARY_YES ? RULE_MATCHES : RULE_UNKNOWN;
}

const char *rule_match_to_string(RuleMatch m)
{
        static const char *const words[] = {
                [RULE_UNKNOWN] = "unknown",
                [RULE_OTHER_SERVICE] = "service",
                [RULE_OTHER_USER] = "user",
                [RULE_OTHER_TARGET] = "target",
                [RULE_OTHER_COMMAND] = "command",
        };

        return (size_t) m < ELEMENTSOF(words) ? words[m] : NULL;
}

static PolicyKind kind_of_action(Action a)
{
        switch (a) {
        case ACTION_ASK:
                return POLICY_ASK;
        case ACTION_ALLOW:
                return POLICY_ALLOW;
        case ACTION_BREAK_GLASS:
                return POLICY_BREAK_GLASS;
        case ACTION_REFUSE:
        default:
                return POLICY_REFUSE;
        }
}

void policy_evaluate(const Rules *rules, const Question *q, Policy *ret)
{
        *ret = (Policy){ POLICY_REFUSE, NULL };

        for (size_t i = 0; i < rules->n_rules; i++) {
                const Rule *rule = &rules->rules[i];

                switch (policy_match(rule, q)) {
                case RULE_MATCHES:
                        *ret = (Policy){ kind_of_action(rule->action), rule };
                        return;
                case RULE_UNKNOWN:
                        *ret = (Policy){ POLICY_UNKNOWN, rule };
                        return;
                default:
                        continue;
                }
        }
}

bool policy_names_root(const Rules *rules, const char *service)
{
        for (size_t i = 0; i < rules->n_rules; i++) {
                const Rule *rule = &rules->rules[i];

                if (!service_matches(rule, service)) {
                        continue;
                }
                for (size_t k = 0; k < rule->users.n; k++) {
                        const Name *n = &rule->users.items[k];
                        if (n->kind == NAME_USER && streq(n->text, "root")) {
                                return true;
                        }
                }
        }
        return false;
}

int64_t policy_waiting_max(const Rule *rule, const char *service)
{
        if (rule->max_waiting > 0) {
                return rule->max_waiting;
        }
        return streq(service, "sshd") || streq(service, "login") ? WAITING_DEFAULT : 0;
}

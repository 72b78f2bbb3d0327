/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Rule files, one or, cut at form feeds, several: they load, or there are problems with a place in the
 * file and a clean message. What loads holds what rules.h promises and can be asked.
 */

#include <errno.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/domain/decision.h"

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

#define TEXTS_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t split(const char *data, size_t size, IniText *texts)
{
        static const char *const names[TEXTS_MAX] = { "a", "b", "c", "d" };
        size_t n = 0;

        while (n + 1 < TEXTS_MAX) {
                const char *end = memchr(data, '\f', size);

                if (!end) {
                        break;
                }
                texts[n] = (IniText){ names[n], data, (size_t) (end - data) };
                n++;
                size -= (size_t) (end - data) + 1;
                data = end + 1;
        }
        texts[n] = (IniText){ names[n], data, size };
        return n + 1;
}

static void check_problems(const Problems *problems)
{
        CHECK(problems->n <= PROBLEMS_MAX);
        for (size_t i = 0; i < problems->n; i++) {
                _cleanup_(freep) char *s = problem_to_string(&problems->items[i]);

                CHECK(s && problems->items[i].line > 0 && problems->items[i].column > 0);
                for (const char *p = s; *p; p++) {
                        CHECK((unsigned char) *p >= 0x20 && *p != 0x7f);
                }
        }
}

/* Answers by the name, so that every answer occurs. */
static void answer(Name *name, void *userdata)
{
        CHECK(name->text && name->place.file && strlen(name->text) <= 64);
        name->exists = (Ternary) ((unsigned char) name->text[0] % 3);
        name->id = (unsigned char) name->text[strlen(name->text) / 2] % 4;
}

static void check_deciders(const NameList *list)
{
        CHECK(list->n > 0);
        for (size_t i = 0; i < list->n; i++) {
                const Name *name = &list->items[i];

                CHECK(name->kind != NAME_ANY && name->kind != NAME_USER);
                CHECK(name->kind != NAME_GROUP || name->group);
                CHECK(name->kind != NAME_APPROVER || name->approver);
        }
}

static void check_terms(const Rule *rule)
{
        CHECK(scope_to_string(rule->scope) && bind_to_string(rule->bind));
        CHECK(extend_to_string(rule->extend) && rule->warn_before.n <= SPANS_MAX);
        for (size_t i = 0; i < rule->warn_before.n; i++) {
                CHECK(rule->warn_before.items[i] > 0);
                CHECK(i == 0 || rule->warn_before.items[i] < rule->warn_before.items[i - 1]);
        }
        CHECK(rule->cool_down >= 0 && rule->cool_down <= COOL_DOWN_MAX);
        CHECK(rule->rate.count >= 0 && rule->rate.count <= 1000);
        CHECK((rule->rate.count > 0) == (rule->rate.per > 0));
        CHECK(rule->max_waiting >= 0 && rule->max_waiting <= 1000);
        CHECK(!rule->survive_reboot || rule->bind != BIND_LOGIN_SESSION);
        CHECK(rule->break_glass_duration > 0);
}

static void check_people(const Rule *rule)
{
        CHECK(rule->stages.n <= STAGES_MAX && rule->escalate.n <= ESCALATIONS_MAX);
        for (size_t i = 0; i < rule->stages.n; i++) {
                check_deciders(&rule->stages.items[i]);
        }
        for (size_t i = 0; i < rule->escalate.n; i++) {
                const Escalation *e = &rule->escalate.items[i];

                CHECK(e->after > (i > 0 ? e[-1].after : 0) && e->to.n == 1);
                check_deciders(&e->to);
        }
        if (rule->action == ACTION_BREAK_GLASS) {
                check_deciders(&rule->reviewers);
                CHECK(rule->stages.n > 0 && rule->reason == REASON_REQUIRED);
                CHECK(rule->break_glass_duration <= rule->max_duration);
        }
}

static void check_expressions(const Rules *rules, const Rule *rule)
{
        static const char text[] = "OPS-1423 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";

        CHECK(!rule->reason_pattern.text || rule->reason != REASON_NONE);
        (void) expression_matches(&rule->reason_pattern, text);
        CHECK(rules->secret_patterns.n <= SECRET_PATTERNS_MAX);
        CHECK(rule->secret_patterns.n <= rules->secret_patterns.n + SECRET_PATTERNS_MAX);
        for (size_t i = 0; i < rule->secret_patterns.n; i++) {
                (void) expression_matches(&rule->secret_patterns.items[i], text);
        }
}

static void check_rule(const Rules *rules, const Rule *rule)
{
        CHECK(rule->services && rule->services[0] && rule->users.n > 0 && rule->commands.n > 0);
        CHECK(rule->approvals >= 1 && rule->approvals <= 100);
        CHECK(rule->duration > 0 && rule->duration <= rule->max_duration);
        CHECK(rule->max_duration <= SPAN_MAX && rule->open_for > 0 && rule->wait >= 0);
        CHECK(rule->action != ACTION_ASK || rule->stages.n > 0);
        CHECK(action_to_string(rule->action) && reason_mode_to_string(rule->reason));
        CHECK(on_expiry_to_string(rule->on_expiry) && assurance_to_string(rule->assurance));
        CHECK(rule->notify.n == 0 || rules->web_url);
        for (size_t i = 0; i < rule->notify.n; i++) {
                const ChannelRef *ref = &rule->notify.items[i];

                CHECK(ref->channel && ref->channel == rules_channel_find(rules, ref->name));
                CHECK(audience_to_string(ref->channel->audience));
                CHECK(command_shown_to_string(ref->channel->command));
        }
        CHECK(rules_find(rules, rule->name) == rule);
        for (size_t i = 0; i < rule->commands.n; i++) {
                CHECK(rule->commands.items[i].words && rule->commands.items[i].words[0]);
        }
        check_terms(rule);
        check_people(rule);
        check_expressions(rules, rule);
}

static void ask(const Rules *rules, uid_t uid)
{
        static const char *const words[] = { "/bin/systemctl", "restart", "x" };
        static const gid_t gids[] = { 1, 2 };
        Account account = { uid, (Ternary) (uid % 3), gids, 2 };
        Question q = {
                .service = "sudo",
                .asker = account,
                .target_known = true,
                .mode = COMMAND_RUN,
                .command = words,
                .n_command = 3,
        };
        Request r = { .asker.uid = uid, .login.uid = UID_UNSET };
        Policy p;

        policy_evaluate(rules, &q, &p);
        CHECK(p.rule || p.kind == POLICY_REFUSE);
        for (uid_t voter = 0; p.rule && voter < 4; voter++) {
                Voter v = { { voter, TERNARY_YES, gids, 2 }, voter };
                Standing s = decision_standing(rules, p.rule, &r, &v);

                CHECK(voter != uid || s != STANDING_APPROVER);
        }
}

static void check_rules(Rules *rules)
{
        Problems problems = {};
        int r;

        CHECK(rules->admins.n > 0);
        for (size_t i = 0; i < rules->n_rules; i++) {
                check_rule(rules, &rules->rules[i]);
        }
        rules_visit_names(rules, answer, NULL);
        r = rules_check_names(rules, &problems);
        CHECK(r == (problems.n > 0 ? -EINVAL : 0));
        problems_done(&problems);
        for (uid_t uid = 0; uid < 4; uid++) {
                ask(rules, uid);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        IniText texts[TEXTS_MAX];
        size_t n = split((const char *) data, size, texts);
        Problems problems = {};
        Rules *rules = NULL;
        int r = rules_parse(texts, n, &problems, &rules);

        if (r == 0) {
                CHECK(rules && problems.n == 0 && !problems.lost);
                check_rules(rules);
        } else {
                CHECK(r == -EINVAL && !rules && (problems.n > 0 || problems.lost));
                check_problems(&problems);
        }
        problems_done(&problems);
        rules_free(rules);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The answer to a question, from the rules and the grants in memory. MUST: every path that is not an
 * explicit yes leaves the outcome a refusal.
 */

#include "jit-approver/daemon/judge.h"

#include <stdlib.h>

#include "common/protocol.h"
#include "jit-approver/domain/say.h"
#include "jit-approver/domain/say_urgent.h"

void outcome_done(Outcome *o)
{
        freep(&o->line);
        freep(&o->confirm);
        freep(&o->rule);
}

void outcome_refuse(Outcome *o, const char *code, char *line)
{
        free(o->line);
        o->verdict = VERDICT_DENY;
        o->code = code;
        o->line = line;
        o->event = AUDIT_CHECK_REFUSED;
        o->noted = true;
}

static void outcome_open(Outcome *o, const char *verdict, AuditEvent event)
{
        o->verdict = verdict;
        o->event = event;
        o->noted = true;
}

static bool is_exempt(const Rules *rules, const Subject *s)
{
        if (service_changes_user(s->service)) {
                return s->asker.uid == 0;
        }
        return subject_is_console_root(s) && !(rules && policy_names_root(rules, s->service));
}

static void refuse_by_rule(const Subject *s, const Rule *rule, Outcome *o)
{
        /* Only words: borrowed from the subject, never released. */
        const Request q = {
                .asker = s->asker_who,
                .service = (char *) s->service,
                .target = s->target_who,
        };

        outcome_refuse(o, rule ? "refused" : "no-rule", say_refused(rule, &q));
}

/* Nobody is asked but he himself, and he is told whom it will alarm. */
static bool ask_to_confirm(const Subject *s, const Rule *rule, Outcome *o)
{
        /* Only words, as above. */
        const Request q = {
                .asker = s->asker_who,
                .login = s->login,
                .service = (char *) s->service,
                .target = s->target_who,
        };

        o->verdict = VERDICT_ASK;
        o->reason_mode = REASON_REQUIRED;
        o->wait = rule->wait;
        o->confirm = say_break_glass(rule, &q);
        if (!o->confirm) {
                outcome_refuse(o, "internal", NULL); /* never unconfirmed */
        }
        return o->confirm != NULL;
}

/* A grant, whatever rule it was made by where no rules are loaded. */
static bool judge_grants(const Active *active, const Subject *s, const Rule *rule, const Now *now,
        const char *boot_id, Outcome *o)
{
        const ActiveGrant *g =
                active_find(active, &s->question, s->ask->target_group, rule, now, boot_id);

        if (!g) {
                return false;
        }
        outcome_open(o, VERDICT_GRANT, AUDIT_GRANT_USED);
        o->grant = g->grant.id;
        o->request = g->grant.request;
        return true;
}

void judge(const Rules *rules, const Active *active, const Subject *s, const Now *now,
        const char *boot_id, Outcome *ret, const Rule **ret_rule)
{
        Policy p;

        *ret = (Outcome){ 0 };
        if (is_exempt(rules, s)) {
                outcome_open(ret, VERDICT_PASS, AUDIT_CHECK_EXEMPT);
                ret->code = "exempt";
                ret->line = strdup("Root is not asked for this here.");
                return;
        }
        if (!rules) {
                if (!judge_grants(active, s, NULL, now, boot_id, ret)) {
                        outcome_refuse(ret, "rules",
                                strdup("The rules of this host do not load, so nothing can be granted; "
                                       "an administrator finds out why with: jitctl check"));
                }
                return;
        }
        policy_evaluate(rules, &s->question, &p);
        ret->rule = p.rule ? strdup(p.rule->name) : NULL;
        if (p.kind == POLICY_ALLOW) {
                outcome_open(ret, VERDICT_PASS, AUDIT_CHECK_ALLOWED);
                ret->line = strdup("A rule allows this; nobody needs to be asked.");
        } else if (p.kind == POLICY_REFUSE) {
                refuse_by_rule(s, p.rule, ret);
        } else if (judge_grants(active, s, p.rule, now, boot_id, ret)) {
                return;
        } else if (p.kind == POLICY_ASK) {
                ret->verdict = VERDICT_ASK;
                ret->reason_mode = p.rule->reason;
                ret->wait = p.rule->wait;
                *ret_rule = p.rule;
        } else if (p.kind == POLICY_BREAK_GLASS) {
                if (ask_to_confirm(s, p.rule, ret)) {
                        *ret_rule = p.rule;
                }
        } else {
                outcome_refuse(ret, "names",
                        strdup("The name service does not answer; try again in a moment."));
        }
}

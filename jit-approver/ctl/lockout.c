/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What would leave nobody a way in, told before it does. Root's own sudo and su always pass. */

#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/pam_walk.h"
#include "jit-approver/ctl/roads.h"
#include "jit-approver/ctl/stack.h"

static bool is_among(const char *word, const char *const *list, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (streq(word, list[i])) {
                        return true;
                }
        }
        return false;
}

/* A gate that no rule is about refuses everybody whom it does not exempt. */
static void judge_nameless(const Host *h, const RulesSeen *rules, Findings *ret)
{
        static const char *const root_passes[] = { "sudo", "su", "login" };
        /* What is told of under another name, and what runs as root alone. */
        static const char *const silent[] = { "other", "runuser", "runuser-l", "sudo-i", "su-l" };

        for (size_t i = 0; rules->seen && i < h->n_pam; i++) {
                const char *service = h->pam[i].service;

                if (stack_is_fragment(service) || is_among(service, silent, ELEMENTSOF(silent)) ||
                        !host_gates(h, service) || rules_seen_name(rules, service, true)) {
                        continue;
                }
                findings_add(ret, FINDING_WARN, "lock-out",
                        "write a rule for it, or take the pam_jit.so lines out of its file",
                        "%s is gated and no rule names it: everybody%s is refused", service,
                        is_among(service, root_passes, ELEMENTSOF(root_passes)) ? " but root" : "");
        }
}

/* A line that refuses when its module is not there; NULL: none. */
static const PamEntry *find_missing(const Host *h, const PamStack *s)
{
        for (size_t i = 0; i < s->n; i++) {
                const PamEntry *e = &s->entries[i];
                int act = e->module ? e->act[PAM_CODE_MODULE_UNKNOWN] : PAM_ACT_IGNORE;

                if ((act == PAM_ACT_BAD || act == PAM_ACT_DIE) && !e->must_fail && !e->has_path &&
                        !pam_is_ours(e) &&
                        !is_among(e->module, (const char *const *) h->modules,
                                strv_length(h->modules))) {
                        return e;
                }
        }
        return NULL;
}

/* Linux-PAM refuses for a module that is not there; ours has a finding of its own. */
static void judge_modules(const Host *h, const char *service, Findings *ret)
{
        static const PamType types[] = { PAM_TYPE_AUTH, PAM_TYPE_ACCOUNT, PAM_TYPE_SESSION };

        for (size_t i = 0; h->modules && i < ELEMENTSOF(types); i++) {
                _cleanup_(pam_stack_done) PamStack s = { 0 };
                const PamEntry *e;

                if (pam_stack_read(h->pam, h->n_pam, service, types[i], &s) < 0) {
                        return;
                }
                e = find_missing(h, &s);
                if (e) {
                        findings_add(ret, FINDING_FAIL, "lock-out",
                                "install the module, or take the line out",
                                "%s: %s: %s is not there: Linux-PAM refuses everybody", service,
                                e->where, e->module);
                }
        }
}

/* Why root cannot log in at the console; NULL: he can, or it is not known. */
static const char *console_is_closed(const Host *h, const RulesSeen *rules)
{
        if (host_root_password(h) == TERNARY_NO) {
                return "root has no password to log in with";
        }
        if (host_gates(h, "login") && rules_seen_ask_root(rules, "login")) {
                return "a rule has root himself asked for at the console";
        }
        return NULL;
}

/* If nobody answers: who becomes root then? */
static void judge_absence(const Host *h, const RulesSeen *rules, Findings *ret)
{
        const char *why = console_is_closed(h, rules);
        bool su = host_root_password(h) == TERNARY_YES && host_program(h, "su") &&
                  !host_gates(h, "su");

        if (!why || !rules->seen || !host_gates(h, "sudo") || su ||
                rules_seen_open(rules, "sudo") ||
                (rules_seen_open(rules, "su") && host_gates(h, "su")) ||
                (host_ssh_root(h) && !host_gates(h, "sshd"))) {
                return;
        }
        findings_add(ret, FINDING_WARN, "lock-out",
                "set root a password for the console (passwd root), or write a rule with action = "
                "allow or break-glass, or rescue = yes, for whoever must always get in",
                "if the approvers are away nobody becomes root here, not even at the console: no rule "
                "opens sudo or su without them, and %s",
                why);
}

void lockout_judge(const Host *h, const RulesSeen *rules, Findings *ret)
{
        size_t before = ret->n;

        if (!host_gates_any(h)) {
                return;
        }
        judge_nameless(h, rules, ret);
        for (size_t i = 0; i < h->n_pam; i++) {
                if (!stack_is_fragment(h->pam[i].service) &&
                        stack_names(h->pam, h->n_pam, h->pam[i].service)) {
                        judge_modules(h, h->pam[i].service, ret);
                }
        }
        judge_absence(h, rules, ret);
        if (!h->socket_enabled) {
                findings_add(ret, FINDING_WARN, "lock-out", "systemctl enable jit-approver.socket",
                        "jit-approver.socket is not enabled: after the next boot everybody but root "
                        "is refused");
        }
        if (ret->n == before && rules->seen && host_root_password(h) != TERNARY_UNKNOWN) {
                findings_add(ret, FINDING_OK, "lock-out", NULL,
                        "somebody can become root while the approvers are away");
        }
}

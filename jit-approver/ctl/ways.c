/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Root's own sudo and su always pass, but somebody must be root first. MUST: a way counts only if it
 * is certain from the files; that somebody knows the password is not ours to know.
 */

#include "jit-approver/ctl/ways.h"

#include "common/util.h"
#include "jit-approver/ctl/host_facts.h"

static void ways_add(Ways *w, const char *way)
{
        if (w->n < WAYS_MAX) {
                w->items[w->n++] = way;
        }
}

/* Whether nobody has to approve: it is not gated, or a rule opens it. */
static bool is_open(const Host *h, const RulesSeen *rules, const char *service)
{
        return !host_gates(h, service) || (rules->seen && rules_seen_open(rules, service));
}

/* Whether anybody who is not root can get in at all. */
static bool can_log_in(const Host *h, const RulesSeen *rules)
{
        return is_open(h, rules, "login") || (host_program(h, "sshd") && is_open(h, rules, "sshd"));
}

void ways_find(const Host *h, const RulesSeen *rules, Ways *ret)
{
        bool password = host_root_password(h) == TERNARY_YES;
        bool asked =
                host_gates(h, "login") && (!rules->seen || rules_seen_ask_root(rules, "login"));
        bool in = can_log_in(h, rules);

        *ret = (Ways){ 0 };
        if (password && !asked) {
                ways_add(ret, "root's password at the console");
        }
        if (host_ssh_root(h) && is_open(h, rules, "sshd")) {
                ways_add(ret, "ssh as root");
        }
        if (in && password && host_program(h, "su") && is_open(h, rules, "su")) {
                ways_add(ret, host_gates(h, "su") ? "su, by a rule that needs nobody's yes"
                                                  : "su with root's password");
        }
        if (in && host_program(h, "sudo") && is_open(h, rules, "sudo")) {
                ways_add(ret, host_gates(h, "sudo") ? "sudo, by a rule that needs nobody's yes"
                                                    : "sudo, which is not gated");
        }
        if (in && host_program(h, "doas") && host_doas_permits(h) && !host_gates(h, "doas")) {
                ways_add(ret, "doas, which is not gated");
        }
}

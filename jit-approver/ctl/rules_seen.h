/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What doctor must know of the rules: which services they name, and which of them need nobody's yes.
 * Read leniently: whether the rules are good is for the checker. Pure.
 */

#include "jit-approver/ctl/host.h"

typedef struct RuleSeen {
        char *services, *users, *commands, *action,
                *rescue; /* as they are written; NULL: not given */
} RuleSeen;

typedef struct RulesSeen {
        bool seen; /* there are rules, and all could be read */
        RuleSeen defaults;
        RuleSeen *items;
        size_t n;
} RulesSeen;

void rules_seen_read(const Host *h, RulesSeen *ret);
void rules_seen_done(RulesSeen *r);

/* Whether a rule's services match; `*` alone only if all. */
bool rules_seen_name(const RulesSeen *r, const char *service, bool all);
/* Whether a rule opens the service without an approver: allow of all commands, break-glass, a rescue code. */
bool rules_seen_open(const RulesSeen *r, const char *service);
/* Whether a rule lists root itself for the service, so that root at the console is asked for. */
bool rules_seen_ask_root(const RulesSeen *r, const char *service);

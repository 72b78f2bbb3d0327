/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, fifth chapter: whose time is nearly up is told so in time, where he can be: on the terminals
 * of what he opened. That nobody could be told prolongs nothing.
 */

#include "jit-approver/daemon/flow_internal.h"

#include <stdlib.h>

#include "common/span.h"
#include "jit-approver/domain/say.h"

#define TOLD_MAX 16

static bool has_been_told(const ActiveGrant *g, size_t at)
{
        for (size_t i = 0; i < at; i++) {
                if (streq(str_or(g->sessions[i].tty, ""), str_or(g->sessions[at].tty, ""))) {
                        return true;
                }
        }
        return false;
}

/* To the terminals of all that is open under it, once each, and to so many at most: each line is a unit. */
static void tell_sessions(Daemon *d, const ActiveGrant *g, const char *line)
{
        size_t told = 0;

        for (size_t i = 0; line && i < g->n_sessions && told < TOLD_MAX; i++) {
                if (!has_been_told(g, i)) {
                        terminal_tell(d->terminals, g->sessions[i].tty, g->grant.asker.name, line);
                        told++;
                }
        }
}

/* The longest warning that is yet to come, but for those that are longer than the grant itself. */
static usec_t next_warning(const Rules *rules, const ActiveGrant *g)
{
        const Rule *rule = rules_find(rules, g->grant.rule);

        for (size_t i = 0; rule && i < rule->warn_before.n; i++) {
                usec_t before = rule->warn_before.items[i];
                if (before < g->warned && before < g->grant.until - g->grant.from) {
                        return before;
                }
        }
        return 0;
}

void expect_warning(Daemon *d)
{
        const Rules *rules = config_rules(d->config);

        d->warn_at = USEC_NEVER;
        for (size_t i = 0; i < d->active.n; i++) {
                const ActiveGrant *g = d->active.items[i];
                usec_t before = g->grant.state == GRANT_ACTIVE ? next_warning(rules, g) : 0;
                if (before > 0) {
                        d->warn_at = MIN(d->warn_at, g->grant.until - before);
                }
        }
}

static void warn(Daemon *d, ActiveGrant *g, const Now *now)
{
        const Rules *rules = config_rules(d->config);
        const Rule *rule = rules_find(rules, g->grant.rule);
        _cleanup_(freep) char *line = say_ending(rule, &g->grant, now);

        tell_sessions(d, g, line);
        (void) ledger_warn(&d->ledger, rules, &g->grant, now);
}

void flow_warn(Daemon *d)
{
        const Rules *rules = config_rules(d->config);
        Now now = d->now();

        if (d->warn_at > now.wall) {
                return;
        }
        for (size_t i = 0; i < d->active.n; i++) {
                ActiveGrant *g = d->active.items[i];
                bool due = false;
                usec_t before;

                /* Of several that have come at once, one is enough. */
                while (g->grant.state == GRANT_ACTIVE && (before = next_warning(rules, g)) > 0 &&
                        now.wall >= g->grant.until - before) {
                        g->warned = before;
                        due = true;
                }
                if (due) {
                        warn(d, g, &now);
                }
        }
        expect_warning(d);
}

void tell_end(Daemon *d, const ActiveGrant *g, GrantState to, const char *by)
{
        _cleanup_(freep) char *line = NULL;

        if (g->grant.on_expiry == ON_EXPIRY_KEEP || to == GRANT_LOST) {
                return;
        }
        line = say_over(&g->grant, to, by);
        tell_sessions(d, g, line);
}

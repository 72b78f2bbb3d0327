/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The open grants, sorted by asker: a check is one binary search and a look at his few. */

#include "jit-approver/daemon/active.h"

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"

/* The first grant of an asker with at least this uid. */
static size_t active_first(const Active *a, uid_t asker)
{
        size_t low = 0, high = a->n;

        while (low < high) {
                size_t mid = low + (high - low) / 2;
                if (a->items[mid]->grant.asker.uid < asker) {
                        low = mid + 1;
                } else {
                        high = mid;
                }
        }
        return low;
}

int active_add(Active *a, Grant *g, ActiveGrant **ret)
{
        ActiveGrant **items = reallocarray(a->items, a->n + 1, sizeof(*items));
        if (!items) {
                return -ENOMEM;
        }
        a->items = items;
        ActiveGrant *x = calloc(1, sizeof(*x));
        if (!x) {
                return -ENOMEM;
        }
        x->grant = *g;
        x->warned = USEC_NEVER;
        *g = (Grant){ 0 };

        size_t at = active_first(a, x->grant.asker.uid);
        while (at < a->n && a->items[at]->grant.asker.uid == x->grant.asker.uid) {
                at++;
        }
        memmove(a->items + at + 1, a->items + at, (a->n - at) * sizeof(*items));
        a->items[at] = x;
        a->n++;
        if (ret) {
                *ret = x;
        }
        return 0;
}

int active_add_session(ActiveGrant *g, Session *x)
{
        Session *sessions = reallocarray(g->sessions, g->n_sessions + 1, sizeof(*sessions));
        if (!sessions) {
                return -ENOMEM;
        }
        g->sessions = sessions;
        sessions[g->n_sessions++] = *x;
        *x = (Session){ 0 };
        return 0;
}

int active_add_extension(ActiveGrant *g, const Id *request)
{
        Id *more = reallocarray(g->extensions, g->n_extensions + 1, sizeof(*more));
        if (!more) {
                return -ENOMEM;
        }
        g->extensions = more;
        g->extensions[g->n_extensions++] = *request;
        return 0;
}

void active_remove_session(ActiveGrant *g, Session *x)
{
        size_t at = (size_t) (x - g->sessions);

        session_done(x);
        memmove(x, x + 1, (g->n_sessions - at - 1) * sizeof(*x));
        g->n_sessions--;
}

static void active_grant_free(ActiveGrant *g)
{
        for (size_t i = 0; i < g->n_sessions; i++) {
                session_done(&g->sessions[i]);
        }
        free(g->sessions);
        free(g->extensions);
        grant_done(&g->grant);
        free(g->ended_by);
        free(g);
}

void active_remove(Active *a, ActiveGrant *g)
{
        for (size_t i = active_first(a, g->grant.asker.uid); i < a->n; i++) {
                if (a->items[i] == g) {
                        memmove(a->items + i, a->items + i + 1, (a->n - i - 1) * sizeof(*a->items));
                        a->n--;
                        active_grant_free(g);
                        return;
                }
        }
}

void active_done(Active *a)
{
        for (size_t i = 0; i < a->n; i++) {
                active_grant_free(a->items[i]);
        }
        free(a->items);
        *a = (Active){ 0 };
}

static bool active_covers(const Grant *g, const Question *q, const char *target_group,
        const Rule *rule, const Now *now, const char *boot_id)
{
        const Rule stands = { .name = g->rule, .action = ACTION_ASK };

        return grant_covers(g, q, target_group, rule ? rule : &stands, now, boot_id);
}

ActiveGrant *active_find(const Active *a, const Question *q, const char *target_group,
        const Rule *rule, const Now *now, const char *boot_id)
{
        ActiveGrant *best = NULL;

        for (size_t i = active_first(a, q->asker.uid); i < a->n; i++) {
                ActiveGrant *g = a->items[i];
                if (g->grant.asker.uid != q->asker.uid) {
                        break;
                }
                if (!(q->opening && g->opened && g->grant.scope == SCOPE_ONCE) &&
                        active_covers(&g->grant, q, target_group, rule, now, boot_id) &&
                        (!best || g->grant.until > best->grant.until)) {
                        best = g;
                }
        }
        return best;
}

void active_needs(const Active *a, uid_t asker, Needs *needs)
{
        for (size_t i = active_first(a, asker); i < a->n; i++) {
                const Grant *g = &a->items[i]->grant;

                if (g->asker.uid != asker) {
                        break;
                }
                needs->digest = needs->digest || g->scope != SCOPE_SERVICE;
                needs->login_session = needs->login_session || g->login_session != SESSION_NONE;
        }
}

ActiveGrant *active_get(const Active *a, const Id *id)
{
        for (size_t i = 0; i < a->n; i++) {
                if (streq(a->items[i]->grant.id.text, id->text)) {
                        return a->items[i];
                }
        }
        return NULL;
}

Session *active_session_of(const Active *a, int64_t pid, int64_t start, ActiveGrant **ret_grant)
{
        for (size_t i = 0; i < a->n; i++) {
                ActiveGrant *g = a->items[i];
                for (size_t k = 0; k < g->n_sessions; k++) {
                        Session *x = &g->sessions[k];
                        if (x->pid == pid && x->start == start && x->closed == 0) {
                                *ret_grant = g;
                                return x;
                        }
                }
        }
        return NULL;
}

size_t active_count(const Active *a)
{
        size_t n = 0;

        for (size_t i = 0; i < a->n; i++) {
                n += a->items[i]->grant.state == GRANT_ACTIVE;
        }
        return n;
}

void active_next(const Active *a, NextDue *next)
{
        for (size_t i = 0; i < a->n; i++) {
                const Grant *g = &a->items[i]->grant;
                if (g->state == GRANT_ACTIVE) {
                        expiry_add(next, g->until, g->until_boot);
                }
        }
}

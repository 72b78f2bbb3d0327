/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The persons behind names of rules, counted. */

#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/policy.h"
#include "jit-approver/domain/rules_crowd.h"

#define CROWD_MAX 512 /* more are as good as endless */

const Membership *membership_find(const Memberships *m, const Name *group)
{
        for (size_t i = 0; i < m->n && group->exists == TERNARY_YES; i++) {
                if (m->items[i].gid == group->id) {
                        return &m->items[i];
                }
        }
        return NULL;
}

bool human_is(const Human *a, const Human *b)
{
        return a->approver || b->approver ? a->approver == b->approver : a->uid == b->uid;
}

bool crowd_has(const Crowd *c, const Human *h)
{
        for (size_t i = 0; i < c->n; i++) {
                if (human_is(&c->items[i], h)) {
                        return true;
                }
        }
        return false;
}

bool crowd_within(const Crowd *c, const Crowd *other)
{
        if (c->open || c->lost || other->lost) {
                return false;
        }
        for (size_t i = 0; i < c->n; i++) {
                if (!crowd_has(other, &c->items[i])) {
                        return false;
                }
        }
        return true;
}

static void add_human(Crowd *c, const Human *h)
{
        Human *items;

        if (crowd_has(c, h)) {
                return;
        }
        if (c->n == CROWD_MAX) {
                c->open = true;
                return;
        }
        items = reallocarray(c->items, c->n + 1, sizeof(*items));
        if (!items) {
                c->lost = true;
                return;
        }
        c->items = items;
        c->items[c->n++] = *h;
}

/* The person an account is. */
static void add_account(Crowd *c, const Rules *rules, uid_t uid, const Name *by)
{
        Human h = { .uid = uid, .by = by };

        for (size_t i = 0; i < rules->n_approvers; i++) {
                const NameList *users = &rules->approvers[i]->users;

                for (size_t k = 0; k < users->n; k++) {
                        if (users->items[k].exists == TERNARY_YES && users->items[k].id == uid) {
                                h.approver = rules->approvers[i];
                        }
                }
        }
        add_human(c, &h);
}

static void add_name(Crowd *c, const Rules *rules, const Memberships *m, const Name *name)
{
        const Membership *members;

        switch (name->kind) {
        case NAME_ANY:
                c->open = c->everyone = true;
                return;
        case NAME_USER:
                if (name->exists == TERNARY_YES) {
                        add_account(c, rules, name->id, name);
                }
                c->open = c->open || name->exists == TERNARY_UNKNOWN;
                return;
        case NAME_APPROVER:
                add_human(c, &(Human){ .approver = name->approver, .by = name });
                return;
        case NAME_UNIX_GROUP:
                members = membership_find(m, name);
                if (!members || !members->known) {
                        c->open = c->open || name->exists != TERNARY_NO;
                        return;
                }
                for (size_t i = 0; i < members->n; i++) {
                        add_account(c, rules, members->uids[i], name);
                }
                return;
        default:
                return;
        }
}

/* Each group once, however often groups hold it: seen says which have been. */
static void add_list(Crowd *c, const Rules *rules, const Memberships *m, const NameList *list,
        unsigned depth, bool *seen)
{
        for (size_t i = 0; i < list->n && depth <= GROUP_DEPTH_MAX; i++) {
                const Name *name = &list->items[i];
                size_t at = 0;

                if (name->kind != NAME_GROUP) {
                        add_name(c, rules, m, name);
                        continue;
                }
                while (at < rules->n_groups && rules->groups[at] != name->group) {
                        at++;
                }
                if (at < rules->n_groups && !seen[at]) {
                        seen[at] = true;
                        add_list(c, rules, m, &name->group->members, depth + 1, seen);
                }
        }
}

void crowd_add(Crowd *c, const Rules *rules, const Memberships *m, const NameList *list)
{
        _cleanup_(freep) bool *seen = calloc(rules->n_groups + 1, sizeof(*seen));

        if (!seen) {
                c->lost = true;
                return;
        }
        add_list(c, rules, m, list, 0, seen);
}

void crowd_done(Crowd *c)
{
        free(c->items);
        *c = (Crowd){};
}

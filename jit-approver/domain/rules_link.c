/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Binds names to sections, and walks the groups once, depth first and without recursion, since a
 * file may hold thousands of them in one chain.
 */

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/policy.h"
#include "jit-approver/domain/rules_link.h"

typedef enum Mark {
        MARK_NEW = 0,
        MARK_OPEN, /* on the path being walked */
        MARK_DONE,
} Mark;

typedef struct Node {
        Mark mark;
        unsigned height; /* 1 for a group without groups; kept small */
        size_t parent;   /* while open */
        size_t next;     /* the member to look at next */
} Node;

typedef struct Linker {
        Rules *rules;
        Problems *problems;
        const char **words; /* every name that could have been meant */
        size_t n_words;
        const char **channels; /* likewise of channels */
        Node *nodes;           /* one a group */
} Linker;

static int collect_words(Linker *l)
{
        const Rules *r = l->rules;

        /* One more than needed: an allocation of nothing may be NULL. */
        l->words = calloc(r->n_groups + r->n_approvers + 1, sizeof(*l->words));
        l->nodes = calloc(r->n_groups + 1, sizeof(*l->nodes));
        l->channels = calloc(r->n_channels + 1, sizeof(*l->channels));
        if (!l->words || !l->nodes || !l->channels) {
                return -ENOMEM;
        }
        for (size_t i = 0; i < r->n_groups; i++) {
                l->words[l->n_words++] = r->groups[i]->name;
        }
        for (size_t i = 0; i < r->n_approvers; i++) {
                l->words[l->n_words++] = r->approvers[i]->name;
        }
        for (size_t i = 0; i < r->n_channels; i++) {
                l->channels[i] = r->channels[i]->name;
        }
        return 0;
}

static bool bind(const Rules *r, Name *name)
{
        for (size_t i = 0; i < r->n_groups; i++) {
                if (streq(r->groups[i]->name, name->text)) {
                        name->group = r->groups[i];
                        return true;
                }
        }
        for (size_t i = 0; i < r->n_approvers; i++) {
                if (streq(r->approvers[i]->name, name->text)) {
                        name->kind = NAME_APPROVER;
                        name->approver = r->approvers[i];
                        return true;
                }
        }
        return false;
}

static void link_list(const Linker *l, NameList *list)
{
        char hint[HINT_MAX];

        for (size_t i = 0; i < list->n; i++) {
                Name *name = &list->items[i];

                if (name->kind != NAME_GROUP || bind(l->rules, name)) {
                        continue;
                }
                problems_add(l->problems, &name->place,
                        "there is no [group %s] and no [approver %s]%s", name->text, name->text,
                        nearest_hint(hint, name->text, l->words, l->n_words));
        }
}

static void link_channels(const Linker *l, ChannelList *list)
{
        char hint[HINT_MAX];

        for (size_t i = 0; i < list->n; i++) {
                ChannelRef *ref = &list->items[i];

                ref->channel = rules_channel_find(l->rules, ref->name);
                if (!ref->channel) {
                        problems_add(l->problems, &ref->place, "there is no [channel %s]%s",
                                ref->name,
                                nearest_hint(hint, ref->name, l->channels, l->rules->n_channels));
                }
        }
}

static void link_rule(const Linker *l, Rule *rule)
{
        for (size_t i = 0; i < rule->stages.n; i++) {
                link_list(l, &rule->stages.items[i]);
        }
        for (size_t i = 0; i < rule->escalate.n; i++) {
                link_list(l, &rule->escalate.items[i].to);
        }
        link_list(l, &rule->reviewers);
        link_channels(l, &rule->notify);
}

static size_t index_of(const Rules *r, const Group *g)
{
        size_t i = 0;

        while (r->groups[i] != g) {
                i++;
        }
        return i;
}

/* child, an ancestor of at, is a member of at. */
static void tell_cycle(const Linker *l, size_t at, size_t child, const Name *name)
{
        const Group *g = l->rules->groups[at], *inner = l->rules->groups[child];

        if (at == child) {
                problems_add(
                        l->problems, &name->place, "the group '%s' is its own member", g->name);
                return;
        }
        problems_add(l->problems, &name->place,
                "the groups go round: '%s' is a member of '%s', which is itself within '%s'",
                inner->name, g->name, inner->name);
}

/* The next group to walk into from at; false when all members of at have been seen. */
static bool descend(Linker *l, size_t at, size_t *ret)
{
        const NameList *members = &l->rules->groups[at]->members;
        Node *node = &l->nodes[at];

        while (node->next < members->n) {
                const Name *name = &members->items[node->next++];
                size_t child;

                if (name->kind != NAME_GROUP || !name->group) {
                        continue;
                }
                child = index_of(l->rules, name->group);
                switch (l->nodes[child].mark) {
                case MARK_NEW:
                        *ret = child;
                        return true;
                case MARK_OPEN:
                        tell_cycle(l, at, child, name);
                        break;
                case MARK_DONE:
                        node->height = MAX(node->height, l->nodes[child].height + 1);
                        break;
                }
        }
        return false;
}

/* All below at is known. Only the group that is one too high is told, not those above it. */
static void close_node(Linker *l, size_t at)
{
        const Group *g = l->rules->groups[at];
        Node *node = &l->nodes[at];

        if (node->height == GROUP_DEPTH_MAX + 1) {
                problems_add(l->problems, &g->place,
                        "the group '%s' holds groups within groups more than %d deep", g->name,
                        GROUP_DEPTH_MAX);
        }
        node->height = MIN(node->height, (unsigned) GROUP_DEPTH_MAX + 1);
        node->mark = MARK_DONE;
}

static void open_node(Linker *l, size_t at, size_t parent)
{
        l->nodes[at] = (Node){ .mark = MARK_OPEN, .height = 1, .parent = parent };
}

static void walk(Linker *l, size_t start)
{
        size_t at = start;

        open_node(l, start, start);
        for (;;) {
                size_t child, parent;

                if (descend(l, at, &child)) {
                        open_node(l, child, at);
                        at = child;
                        continue;
                }
                close_node(l, at);
                if (at == start) {
                        return;
                }
                parent = l->nodes[at].parent;
                l->nodes[parent].height = MAX(l->nodes[parent].height, l->nodes[at].height + 1);
                at = parent;
        }
}

static void link_all(Linker *l)
{
        Rules *r = l->rules;

        for (size_t i = 0; i < r->n_groups; i++) {
                link_list(l, &r->groups[i]->members);
        }
        link_rule(l, &r->defaults);
        for (size_t i = 0; i < r->n_rules; i++) {
                link_rule(l, &r->rules[i]);
        }
        for (size_t i = 0; i < r->n_groups; i++) {
                if (l->nodes[i].mark == MARK_NEW) {
                        walk(l, i);
                }
        }
}

int rules_link(Rules *r, Problems *problems)
{
        Linker l = { .rules = r, .problems = problems };
        int ret = collect_words(&l);

        if (ret >= 0) {
                link_all(&l);
        }
        free(l.words);
        free(l.channels);
        free(l.nodes);
        return ret;
}

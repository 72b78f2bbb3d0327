/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Whether one rule leaves nothing for another. Says yes only where it is sure: patterns are compared by
 * their texts and by plain words, not by all that they could match.
 */

#include <fnmatch.h>

#include "common/util.h"
#include "jit-approver/domain/rules_cover.h"

/* Whether each text that inner matches is one that outer matches. */
static bool word_covers(const char *outer, const char *inner)
{
        if (streq(outer, "*") || streq(outer, inner)) {
                return true;
        }
        return !inner[strcspn(inner, "*?[\\")] && fnmatch(outer, inner, 0) == 0;
}

static bool services_cover(const Rule *earlier, const Rule *later)
{
        for (size_t i = 0; later->services && later->services[i]; i++) {
                bool covered = false;

                for (size_t k = 0; earlier->services && earlier->services[k]; k++) {
                        covered = covered || word_covers(earlier->services[k], later->services[i]);
                }
                if (!covered) {
                        return false;
                }
        }
        return true;
}

static bool name_in(const NameList *list, const Name *name)
{
        for (size_t i = 0; i < list->n; i++) {
                const Name *n = &list->items[i];

                if (n->kind == NAME_ANY || (n->kind == name->kind && streq(n->text, name->text))) {
                        return true;
                }
        }
        return false;
}

static bool names_cover(const NameList *outer, const NameList *inner)
{
        for (size_t i = 0; i < inner->n; i++) {
                if (!name_in(outer, &inner->items[i])) {
                        return false;
                }
        }
        return true;
}

static bool names_any(const NameList *list)
{
        for (size_t i = 0; i < list->n; i++) {
                if (list->items[i].kind == NAME_ANY) {
                        return true;
                }
        }
        return list->n == 0;
}

static bool is_strict(const Rule *rule)
{
        return rule->action == ACTION_ALLOW || rule->action == ACTION_BREAK_GLASS;
}

/* What "allow" leaves to the rules below it: a group of sudo -g beside a name (see policy.c). */
static bool targets_cover(const Rule *earlier, const Rule *later)
{
        if (names_any(&earlier->targets)) {
                return true;
        }
        return !names_any(&later->targets) &&
               (earlier->action != ACTION_ALLOW || later->action == ACTION_ALLOW) &&
               names_cover(&earlier->targets, &later->targets);
}

static bool is_any(const Pattern *p)
{
        return streq(p->words[0], "*") && !p->words[1];
}

static bool pattern_covers(const Pattern *outer, const Pattern *inner, bool absolute)
{
        size_t i;

        if (is_any(outer)) {
                return true;
        }
        if (is_any(inner) || absolute) {
                return false;
        }
        for (i = 0; outer->words[i]; i++) {
                if (i > 0 && !outer->words[i + 1] && streq(outer->words[i], "*")) {
                        return true;
                }
                /* A last "*" of inner is any number of words, which only one of outer covers. */
                if (!inner->words[i] ||
                        (i > 0 && !inner->words[i + 1] && streq(inner->words[i], "*")) ||
                        !word_covers(outer->words[i], inner->words[i])) {
                        return false;
                }
        }
        return !inner->words[i];
}

static bool commands_cover(const Rule *earlier, const Rule *later)
{
        bool absolute = is_strict(earlier) && !is_strict(later);

        for (size_t i = 0; i < later->commands.n; i++) {
                bool covered = false;

                for (size_t k = 0; k < earlier->commands.n; k++) {
                        covered = covered || pattern_covers(&earlier->commands.items[k],
                                                     &later->commands.items[i], absolute);
                }
                if (!covered) {
                        return false;
                }
        }
        return true;
}

bool rule_covers(const Rule *earlier, const Rule *later)
{
        return services_cover(earlier, later) && names_cover(&earlier->users, &later->users) &&
               targets_cover(earlier, later) && commands_cover(earlier, later);
}

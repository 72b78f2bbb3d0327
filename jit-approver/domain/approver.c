/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who is behind a rule's approvers. For showing and telling; whether a vote counts is decision.c's. */

#include "jit-approver/domain/approver.h"

#include "common/util.h"

static bool is_asker(const Approver *a, const Request *r)
{
        for (size_t i = 0; i < a->users.n; i++) {
                const Name *u = &a->users.items[i];
                if (u->exists == TERNARY_YES &&
                        (u->id == r->asker.uid ||
                                (r->login.uid != UID_UNSET && u->id == r->login.uid))) {
                        return true;
                }
        }
        return false;
}

static void visit_list(
        const NameList *list, const Request *r, unsigned depth, ApproverVisit visit, void *userdata)
{
        for (size_t i = 0; i < list->n && depth <= GROUP_DEPTH_MAX; i++) {
                const Name *n = &list->items[i];
                if (n->kind == NAME_GROUP) {
                        visit_list(&n->group->members, r, depth + 1, visit, userdata);
                } else if (n->kind == NAME_UNIX_GROUP ||
                           (n->kind == NAME_APPROVER && !is_asker(n->approver, r))) {
                        visit(n, userdata);
                }
        }
}

void approvers_visit(const NameList *list, const Request *r, ApproverVisit visit, void *userdata)
{
        visit_list(list, r, 0, visit, userdata);
}

void approvers_visit_reached(
        const Rule *rule, Reach reach, const Request *r, ApproverVisit visit, void *userdata)
{
        for (size_t i = 0; i < rule->stages.n && i <= reach.stage; i++) {
                approvers_visit(&rule->stages.items[i], r, visit, userdata);
        }
        for (size_t i = 0; i < rule->escalate.n && i < reach.escalated; i++) {
                approvers_visit(&rule->escalate.items[i].to, r, visit, userdata);
        }
}

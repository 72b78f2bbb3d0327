/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The people behind a rule's approvers: groups unfolded, the asker's own person left out. */

#include "jit-approver/domain/decision.h"

/* Called for each NAME_APPROVER and NAME_UNIX_GROUP entry, in file order; one may come twice. */
typedef void (*ApproverVisit)(const Name *n, void *userdata);
void approvers_visit(const NameList *list, const Request *r, ApproverVisit visit, void *userdata);

/* Whom a request has been put to: all stages up to this one, and that many escalations. */
typedef struct Reach {
        size_t stage, escalated;
} Reach;

#define REACH_ALL ((Reach){ STAGES_MAX, ESCALATIONS_MAX })
void approvers_visit_reached(
        const Rule *rule, Reach reach, const Request *r, ApproverVisit visit, void *userdata);

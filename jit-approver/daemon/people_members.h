/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who is in Unix groups: for the checker's warnings only. What may be done is never judged by it. */

#include "common/clock.h"
#include "jit-approver/domain/rules_crowd.h"

/*
 * Asks the name service about every Unix group of the rules, in a process that is killed when it takes
 * longer than patience; what it has not said by then is not known. Members are those that the group
 * lists, and the accounts whose primary group it is, as far as they can be enumerated. For programs of
 * one thread. Caller frees with people_members_done(). -ENOMEM and what fork(2) and pipe(2) say.
 */
int people_members(const Rules *rules, usec_t patience, Memberships *ret);
void people_members_done(Memberships *m);

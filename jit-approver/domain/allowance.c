/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each bucket is one instant: when it will be full. A token taken moves it on by ALLOWANCE_EVERY. */

#include "jit-approver/domain/allowance.h"

#include "common/util.h"

#define FULL_IN (ALLOWANCE_BURST * ALLOWANCE_EVERY) /* of an empty bucket */

/* When there is a token. */
static usec_t token_at(const Allowance *x)
{
        return x->full - (FULL_IN - ALLOWANCE_EVERY);
}

static void take(Allowance *x, const Now *now)
{
        x->full = usec_add(MAX(x->full, now->boot), ALLOWANCE_EVERY);
}

/* A bucket that is full and owes nothing says nothing of its uid: another may have it. */
static Allowance *find(Allowances *a, uid_t uid, const Now *now)
{
        Allowance *unused = NULL;

        for (size_t i = 0; i < a->n; i++) {
                Allowance *x = &a->own[i];

                if (x->uid == uid) {
                        return x;
                }
                if (x->full <= now->boot && x->left_out == 0) {
                        unused = x;
                }
        }
        if (!unused && a->n < ALLOWANCES_MAX) {
                unused = &a->own[a->n++];
        }
        if (!unused) {
                a->shared.uid = UID_UNSET;
                return &a->shared;
        }
        *unused = (Allowance){ .uid = uid };
        return unused;
}

bool allowance_take(Allowances *a, uid_t uid, const Now *now)
{
        Allowance *x = find(a, uid, now);

        if (token_at(x) <= now->boot) {
                take(x, now);
                return true;
        }
        if (x->left_out++ == 0) {
                x->first = now->wall;
        }
        x->last = now->wall;
        return false;
}

static bool owes(const Allowance *x, const Now *now, bool regardless)
{
        return x->left_out > 0 && (regardless || token_at(x) <= now->boot);
}

bool allowance_owes(Allowances *a, const Now *now, bool regardless, Allowance *ret)
{
        Allowance *x = &a->shared;

        for (size_t i = 0; i < a->n && !owes(x, now, regardless); i++) {
                x = &a->own[i];
        }
        if (!owes(x, now, regardless)) {
                return false;
        }
        *ret = *x;
        x->left_out = 0;
        take(x, now);
        return true;
}

usec_t allowance_next(const Allowances *a)
{
        usec_t next = a->shared.left_out > 0 ? token_at(&a->shared) : USEC_NEVER;

        for (size_t i = 0; i < a->n; i++) {
                if (a->own[i].left_out > 0) {
                        next = MIN(next, token_at(&a->own[i]));
                }
        }
        return next;
}

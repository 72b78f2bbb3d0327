/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is owed to people. MUST: owe the asker, and whoever sits behind the asker, nothing. */

#include "jit-approver/daemon/outbox.h"
#include "common/util.h"
#include "jit-approver/domain/policy.h"

/* Asks somebody for something: pointless as soon as the request is over. */
#define EVENT_CREATED "request.created"

static bool is_person(const Approver *a, uid_t uid)
{
        Account account = { .uid = uid, .known = TERNARY_NO };

        return uid != UID_UNSET && names_include(&a->users, &account) == TERNARY_YES;
}

int outbox_owe_created(
        Store *s, const Request *r, const Approver *const *approvers, size_t n, const Now *now)
{
        for (size_t i = 0; i < n; i++) {
                const Approver *a = approvers[i];
                OwedMessage m = { .event = (char *) EVENT_CREATED,
                        .request = r->id,
                        .to = a->name,
                        .created = now->wall };
                int err;

                if (!a->email || is_person(a, r->asker.uid) || is_person(a, r->login.uid)) {
                        continue;
                }
                err = store_outbox_insert(s, &m);
                if (err < 0) {
                        return err;
                }
        }
        return 0;
}

int outbox_settle(Store *s, const Id *request)
{
        int64_t n;

        return store_outbox_remove_for(s, request, EVENT_CREATED, &n);
}

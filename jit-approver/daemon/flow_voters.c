/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, aside: who has voted is asked after, before his vote is counted once more or a grant judged by it.
 * What is in the cache of people may be as old as his vote.
 */

#include "jit-approver/daemon/flow_internal.h"

#include <errno.h>
#include <stdlib.h>

#define VOTERS_MAX 1024

struct Voters {
        Daemon *daemon;
        Lookup *lookup;
        LookupDone done;
        void *userdata;
        uid_t uids[VOTERS_MAX];
        size_t n, asked;
};

int voters_new(Daemon *d, Voters **ret)
{
        Voters *v = calloc(1, sizeof(*v));

        if (!v) {
                return -ENOMEM;
        }
        v->daemon = d;
        *ret = v;
        return 0;
}

Voters *voters_free(Voters *v)
{
        if (v) {
                lookup_free(v->lookup);
                free(v);
        }
        return NULL;
}

static void add_uid(Voters *v, uid_t uid)
{
        for (size_t i = 0; i < v->n; i++) {
                if (v->uids[i] == uid) {
                        return;
                }
        }
        if (v->n < VOTERS_MAX) {
                v->uids[v->n++] = uid;
        }
}

const Approver *find_approver(const Rules *rules, const char *name)
{
        for (size_t i = 0; i < rules->n_approvers; i++) {
                if (streq(rules->approvers[i]->name, name)) {
                        return rules->approvers[i];
                }
        }
        return NULL;
}

bool voters_add(Voters *v, const Id *request)
{
        const Rules *rules = config_rules(v->daemon->config);
        Store *store = v->daemon->ledger.store;
        Vote *votes = NULL;
        size_t n = 0;

        if (!rules || !store || !id_is_set(request) ||
                store_votes(store, request, &votes, &n) < 0) {
                return false;
        }
        for (size_t i = 0; i < n; i++) {
                const Approver *a = find_approver(rules, votes[i].person);

                if (votes[i].who.uid != UID_UNSET) {
                        add_uid(v, votes[i].who.uid);
                        continue;
                }
                for (size_t k = 0; a && k < a->users.n; k++) {
                        if (a->users.items[k].exists == TERNARY_YES) {
                                add_uid(v, a->users.items[k].id);
                        }
                }
        }
        votes_free(votes, n);
        return v->n > 0;
}

static void look_up(Voters *v);

static void on_looked_up(void *userdata)
{
        Voters *v = userdata;

        v->lookup = lookup_free(v->lookup);
        look_up(v);
}

/* So many at a time. */
static void look_up(Voters *v)
{
        Key keys[PEOPLE_KEYS_MAX];
        size_t n = 0;

        while (n < PEOPLE_KEYS_MAX && v->asked < v->n) {
                keys[n++] = (Key){ .kind = KEY_UID, .uid = v->uids[v->asked++] };
        }
        if (n > 0 && people_lookup(v->daemon->people, keys, n, on_looked_up, v, &v->lookup) >= 0) {
                return; /* v may be gone */
        }
        v->done(v->userdata);
}

void voters_look_up(Voters *v, LookupDone done, void *userdata)
{
        v->done = done;
        v->userdata = userdata;
        look_up(v);
}

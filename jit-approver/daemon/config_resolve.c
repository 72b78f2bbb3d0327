/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Puts the rules' names to the name service and writes the answers into them, in place. */

#include <errno.h>
#include <stdlib.h>

#include "jit-approver/daemon/config_internal.h"

static void on_name(Name *name, void *userdata)
{
        NameRefs *refs = userdata;
        Name **longer;

        /* Grows at the powers of two. */
        if ((refs->n & (refs->n - 1)) == 0) {
                longer = reallocarray(refs->items, MAX(refs->n * 2, (size_t) 16), sizeof(Name *));
                if (!longer) {
                        refs->lost = true;
                        return;
                }
                refs->items = longer;
        }
        refs->items[refs->n++] = name;
}

int name_refs_collect(NameRefs *refs, Rules *rules)
{
        rules_visit_names(rules, on_name, refs);
        return refs->lost ? -ENOMEM : 0;
}

void name_refs_done(NameRefs *refs)
{
        free(refs->items);
        *refs = (NameRefs){};
}

Key name_key(const Name *name)
{
        return (Key){
                .kind = name->kind == NAME_UNIX_GROUP ? KEY_GROUP : KEY_USER,
                .uid = UID_UNSET,
                .name = name->text,
        };
}

/* Takes the answers to the batch. */
static void resolver_take(Resolver *x)
{
        for (size_t i = x->at; i < x->at + x->n; i++) {
                Name *name = x->names.items[i];
                const Key key = name_key(name);
                const Person *person = people_get(x->people, &key);

                name->exists = person->found;
                if (person->found == TERNARY_YES) {
                        name->id = key.kind == KEY_GROUP ? person->gid : person->uid;
                }
        }
        x->at += x->n;
        x->n = 0;
}

static void on_batch(void *userdata);

/* Batch after batch, as long as the answers are there already: a loop, since rules may hold many names. */
static void resolver_run(Resolver *x)
{
        int r = 0;

        while (x->at < x->names.n) {
                Key keys[PEOPLE_KEYS_MAX];

                x->n = MIN(x->names.n - x->at, (size_t) PEOPLE_KEYS_MAX);
                for (size_t i = 0; i < x->n; i++) {
                        keys[i] = name_key(x->names.items[x->at + i]);
                }
                x->asking = true;
                x->answered = false;
                r = people_lookup(x->people, keys, x->n, on_batch, x, &x->lookup);
                x->asking = false;
                if (r < 0) {
                        break;
                }
                if (!x->answered) {
                        return;
                }
                resolver_take(x);
        }
        x->done(r, x->userdata);
}

static void on_batch(void *userdata)
{
        Resolver *x = userdata;

        if (x->asking) {
                x->answered = true;
                return;
        }
        x->lookup = lookup_free(x->lookup);
        resolver_take(x);
        resolver_run(x);
}

int resolver_new(People *people, Rules *rules, void (*done)(int r, void *userdata), void *userdata,
        Resolver **ret)
{
        _cleanup_(resolver_freep) Resolver *x = calloc(1, sizeof(*x));
        int r;

        if (!x) {
                return -ENOMEM;
        }
        x->people = people;
        x->done = done;
        x->userdata = userdata;
        r = name_refs_collect(&x->names, rules);
        if (r < 0) {
                return r;
        }
        *ret = x;
        resolver_run(TAKE_PTR(x));
        return 0;
}

Resolver *resolver_free(Resolver *x)
{
        if (x) {
                lookup_free(x->lookup);
                name_refs_done(&x->names);
                free(x);
        }
        return NULL;
}

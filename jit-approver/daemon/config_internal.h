/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of config share: resolving the names in rules. */

#include "jit-approver/daemon/config.h"

/* The names in some rules that the name service knows; valid as long as those rules. */
typedef struct NameRefs {
        Name **items;
        size_t n;
        bool lost;
} NameRefs;

int name_refs_collect(NameRefs *refs, Rules *rules);
void name_refs_done(NameRefs *refs);
Key name_key(const Name *name);

/* Finds out about all names of some rules, a few at a time, and writes into them what was said. */
typedef struct Resolver {
        People *people;
        NameRefs names;
        size_t at; /* the first name of the batch that is being asked */
        size_t n;  /* names in it */
        Lookup *lookup;
        bool asking; /* inside people_lookup(): an answer that comes now is not to go deeper */
        bool answered;
        void (*done)(int r, void *userdata);
        void *userdata;
} Resolver;

/* done comes once, perhaps before this returns, unless the resolver is freed first; it may free it. */
int resolver_new(People *people, Rules *rules, void (*done)(int r, void *userdata), void *userdata,
        Resolver **ret);
Resolver *resolver_free(Resolver *x);
DEFINE_FREE(Resolver, resolver_free)

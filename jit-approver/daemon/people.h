/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Users and groups, as NSS knows them. NSS can block for half a minute (an sssd that is offline), so
 * it is asked in worker processes: a lookup has 2 s, then the answer is "unknown" and its worker is
 * replaced; a worker that hangs delays nobody else's lookup. Answers are kept 60 s ("unknown" 5 s).
 */

#include <systemd/sd-event.h>

#include "common/clock.h"
#include "common/util.h"
#include "jit-approver/domain/policy.h"

typedef enum KeyKind {
        KEY_UID,   /* an account by uid: name and all its groups */
        KEY_USER,  /* an account by name: uid, then as KEY_UID */
        KEY_GROUP, /* a Unix group by name: gid */
} KeyKind;

typedef struct Key {
        KeyKind kind;
        uid_t uid;
        const char *name; /* borrowed for the call */
} Key;

typedef struct Person {
        Ternary found;
        uid_t uid;  /* KEY_UID, KEY_USER when found */
        gid_t gid;  /* KEY_GROUP when found */
        char *name; /* the account's or group's own spelling */
        gid_t *gids;
        size_t n_gids;
        bool partial; /* a service was silent that may know of more groups */
} Person;

typedef struct People People;
typedef struct Lookup Lookup;

/*
 * A worker is program with the one argument "--people-worker": its main() calls people_worker_main()
 * with standard input before anything else. It is started when it is first needed.
 */
int people_new(sd_event *event, const char *program, People **ret);
People *people_free(People *p);
DEFINE_FREE(People, people_free)

/*
 * Finds out about up to PEOPLE_KEYS_MAX keys; done is called exactly once, within 2 s: before this
 * returns, with *ret set to NULL first, when everything is fresh in the cache, else from the loop,
 * unless the lookup is freed first. Freeing cancels. The caller frees the lookup, in done if it likes,
 * where it may do anything but free the People.
 */
#define PEOPLE_KEYS_MAX 8
typedef void (*LookupDone)(void *userdata);
int people_lookup(
        People *p, const Key *keys, size_t n, LookupDone done, void *userdata, Lookup **ret);
Lookup *lookup_free(Lookup *l);
DEFINE_FREE(Lookup, lookup_free)

/*
 * What is known of a key right now (a stale yes or no included, until the next answer, "unknown" too,
 * takes its place), valid until the loop runs again; never NULL.
 */
const Person *people_get(People *p, const Key *key);
/* As far as gids go. A silent service adds none: so a question is judged where one is listed that never answers. */
static inline Account person_account(uid_t uid, const Person *x)
{
        return (Account){ uid, x->found, x->gids, x->n_gids, .partial = false };
}

/* Makes every answer stale, so that the next lookup asks anew; what is being asked is asked again. */
void people_flush(People *p);

/* The worker's whole life: lookups in on fd, answers out, until the other end closes. Returns an exit status. */
int people_worker_main(int fd);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is known of keys: a chained hash table. Names come from whoever asks, so the hash is seeded,
 * and the table's size is bounded by its user.
 */

#include <errno.h>
#include <stdlib.h>

#include "jit-approver/daemon/people_internal.h"

#define BUCKETS_MIN 64

static const char *key_name(const Key *key)
{
        return key->kind == KEY_UID ? "" : key->name;
}

static uint64_t key_hash(const Cache *c, const Key *key)
{
        uint64_t h = c->seed ^ (uint64_t) key->kind << 32;

        if (key->kind == KEY_UID) {
                h ^= key->uid;
        }
        for (const char *s = key_name(key); *s; s++) {
                h = (h ^ (unsigned char) *s) * 0x100000001b3U; /* FNV-1a */
        }
        h = (h ^ h >> 32) * 0x9e3779b97f4a7c15U; /* the low bits choose the bucket */
        return h ^ h >> 29;
}

static bool entry_is(const Entry *e, uint64_t hash, const Key *key)
{
        return e->hash == hash && e->kind == key->kind &&
               (key->kind == KEY_UID ? e->uid == key->uid : streq(e->name, key->name));
}

Person *person_nobody(void)
{
        static Person nobody = { .found = TERNARY_NO };

        return &nobody;
}

void entry_set_person(Entry *e, Person *person)
{
        if (e->person != person_nobody()) {
                free(e->person);
        }
        e->person = person;
}

static void entry_free(Entry *e)
{
        entry_set_person(e, NULL);
        free(e);
}

int person_new(const Entry *e, const PeopleAnswer *a, Person **ret)
{
        const char *name = (const char *) (a->rest + a->n_gids);
        size_t size_gids = a->n_gids * sizeof(gid_t);
        Person *x;

        if (!people_name_valid(name, a->n_name) ||
                (e->kind == KEY_GROUP ? a->gid == GID_UNSET : a->uid == UID_UNSET) ||
                (e->kind == KEY_UID && a->uid != e->uid)) {
                return -EBADMSG;
        }
        x = malloc(sizeof(*x) + size_gids + a->n_name + 1);
        if (!x) {
                return -ENOMEM;
        }
        *x = (Person){
                .found = TERNARY_YES,
                .uid = e->kind == KEY_GROUP ? UID_UNSET : a->uid,
                .gid = a->gid,
                .gids = (gid_t *) (x + 1),
                .n_gids = a->n_gids,
                .partial = a->partial != 0,
        };
        x->name = (char *) (x->gids + x->n_gids);
        memcpy(x->gids, a->rest, size_gids);
        memcpy(x->name, name, a->n_name);
        x->name[a->n_name] = '\0';
        *ret = x;
        return 0;
}

int cache_init(Cache *c)
{
        uint64_t seed;
        int r;

        r = random_bytes(&seed, sizeof(seed));
        if (r < 0) {
                return r;
        }
        Entry **buckets = calloc(BUCKETS_MIN, sizeof(Entry *));
        if (!buckets) {
                return -ENOMEM;
        }
        *c = (Cache){ .buckets = buckets, .n_buckets = BUCKETS_MIN, .seed = seed };
        return 0;
}

void cache_done(Cache *c)
{
        for (size_t i = 0; i < c->n_buckets; i++) {
                for (Entry *e = c->buckets[i], *next; e; e = next) {
                        next = e->next;
                        entry_free(e);
                }
        }
        free(c->buckets);
        *c = (Cache){};
}

Entry *cache_find(const Cache *c, const Key *key)
{
        uint64_t hash = key_hash(c, key);

        for (Entry *e = c->buckets[hash & (c->n_buckets - 1)]; e; e = e->next) {
                if (entry_is(e, hash, key)) {
                        return e;
                }
        }
        return NULL;
}

/* Doubles the table. Without memory for it the chains just get longer. */
static void cache_grow(Cache *c)
{
        size_t n = c->n_buckets * 2;
        Entry **buckets = calloc(n, sizeof(Entry *));

        if (!buckets) {
                return;
        }
        for (size_t i = 0; i < c->n_buckets; i++) {
                for (Entry *e = c->buckets[i], *next; e; e = next) {
                        next = e->next;
                        e->next = buckets[e->hash & (n - 1)];
                        buckets[e->hash & (n - 1)] = e;
                }
        }
        free(c->buckets);
        c->buckets = buckets;
        c->n_buckets = n;
}

int cache_add(Cache *c, const Key *key, Entry **ret)
{
        const char *name = key_name(key);
        size_t n = strlen(name) + 1;
        Entry *e = calloc(1, sizeof(*e) + n);
        Entry **bucket;

        if (!e) {
                return -ENOMEM;
        }
        e->kind = (uint8_t) key->kind;
        e->uid = key->kind == KEY_UID ? key->uid : UID_UNSET;
        e->hash = key_hash(c, key);
        memcpy(e->name, name, n);
        LIST_INIT(&e->waits);
        if (c->n >= c->n_buckets) {
                cache_grow(c);
        }
        bucket = &c->buckets[e->hash & (c->n_buckets - 1)];
        e->next = *bucket;
        *bucket = e;
        c->n++;
        *ret = e;
        return 0;
}

void cache_remove(Cache *c, Entry *e)
{
        Entry **at = &c->buckets[e->hash & (c->n_buckets - 1)];

        while (*at != e) {
                at = &(*at)->next;
        }
        *at = e->next;
        c->n--;
        entry_free(e);
}

void cache_purge(Cache *c, usec_t now_boot)
{
        for (size_t i = 0; i < c->n_buckets; i++) {
                for (Entry *e = c->buckets[i], *next; e; e = next) {
                        next = e->next;
                        if (e->state == ENTRY_IDLE && LIST_EMPTY(&e->waits) &&
                                e->expires <= now_boot) {
                                cache_remove(c, e);
                        }
                }
        }
}

void cache_expire(Cache *c)
{
        for (size_t i = 0; i < c->n_buckets; i++) {
                for (Entry *e = c->buckets[i]; e; e = e->next) {
                        e->expires = 0;
                        e->again = e->state == ENTRY_ASKED;
                }
        }
}

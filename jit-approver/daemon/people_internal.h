/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files of people share and nobody else sees: the packets between daemon and worker, the
 * cache's entries, the pool of workers.
 */

#include <sys/queue.h>

#include "jit-approver/daemon/people.h"

#define PEOPLE_NAME_MAX 256
#define PEOPLE_GIDS_MAX 4096

/*
 * One question is one SEQPACKET packet, and so is its answer. Both ends are the same program on the
 * same machine; the magic is for an upgrade that has replaced the program under a running daemon.
 */
#define PEOPLE_MAGIC 0x6a697401U

typedef struct PeopleQuestion {
        uint32_t magic, serial;
        uint32_t kind; /* KeyKind */
        uint32_t uid;
        char name[PEOPLE_NAME_MAX + 1]; /* NUL-ended */
} PeopleQuestion;

typedef struct PeopleAnswer {
        uint32_t magic, serial; /* the serial of its question */
        uint32_t found;         /* Ternary */
        uint32_t canonical;     /* 1: the uid leads back to this very name */
        uint32_t partial;       /* 1: a service was silent that may know of more groups */
        uint32_t uid, gid;
        uint32_t n_gids, n_name;
        uint32_t rest[PEOPLE_GIDS_MAX + PEOPLE_NAME_MAX / 4]; /* gids, then the name without NUL */
} PeopleAnswer;

#define PEOPLE_ANSWER_HEAD offsetof(PeopleAnswer, rest)

/* What no account or group can be called, so that nobody need be asked. */
bool people_name_valid(const char *name, size_t n);
/* Asks NSS here and now. Returns the size of the packet. */
size_t people_answer(const PeopleQuestion *q, PeopleAnswer *ret);

typedef struct Worker Worker;
typedef struct Wait Wait;

/* A key: what is known of it, and the open question about it if there is one. */
typedef struct Entry {
        struct Entry *next;             /* in its bucket of the cache, which owns it */
        TAILQ_ENTRY(Entry) by_deadline; /* unless idle */
        TAILQ_ENTRY(Entry) in_queue;    /* while queued */
        LIST_HEAD(, Wait) waits;        /* lookups that pin it */
        Person *person;                 /* one allocation, or a constant; NULL: unknown */
        Worker *worker;                 /* while asked */
        usec_t expires;                 /* CLOCK_BOOTTIME; 0: not fresh */
        usec_t deadline;                /* CLOCK_MONOTONIC, unless idle */
        uint64_t hash;
        uid_t uid;
        uint8_t kind;
        enum { ENTRY_IDLE, ENTRY_QUEUED, ENTRY_ASKED } state : 8;
        bool again; /* asked before a flush: what comes back is no answer any more */
        bool slow;  /* the last time it was asked, nobody answered */
        char name[];
} Entry;

/* The cache: a hash table that grows. */
typedef struct Cache {
        Entry **buckets;
        size_t n_buckets; /* a power of two */
        size_t n;
        uint64_t seed;
} Cache;

int cache_init(Cache *c);
void cache_done(Cache *c);
Entry *cache_find(const Cache *c, const Key *key);
/* Adds an idle entry for a key that has none. -ENOMEM. */
int cache_add(Cache *c, const Key *key, Entry **ret);
void cache_remove(Cache *c, Entry *e);
/* Drops what is idle, not pinned and no longer fresh. */
void cache_purge(Cache *c, usec_t now_boot);
/* Makes every entry stale. */
void cache_expire(Cache *c);
/* What a worker said of e's key, as one allocation. -EBADMSG for what cannot be its answer. */
int person_new(const Entry *e, const PeopleAnswer *a, Person **ret);
/* Takes person over and frees the old one. */
void entry_set_person(Entry *e, Person *person);
/* The constant that says no. */
Person *person_nobody(void);

/* The workers. Each is asked one thing at a time. One that takes longer than this may be hanging. */
#define PEOPLE_SLOW_USEC (100 * USEC_PER_MSEC)
typedef struct Pool Pool;

/* answer is NULL when the worker died or talked nonsense. Called from the loop only. */
typedef void (*PoolAnswered)(Entry *e, const PeopleAnswer *answer, void *userdata);
int pool_new(
        sd_event *event, const char *program, PoolAnswered answered, void *userdata, Pool **ret);
Pool *pool_free(Pool *p);
DEFINE_FREE(Pool, pool_free)

/* Gives e's key to a worker and sets e->worker. -EAGAIN: all are busy. */
int pool_ask(Pool *p, Entry *e);
/* Ends a worker that does not answer; answered is not called for it. */
void pool_abandon(Pool *p, Worker *w);
/* Ends idle workers but one. */
void pool_trim(Pool *p);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lookups: keys that are fresh in the cache are answered at once, the others are put to the workers,
 * each key once however many wait for it. Every question is answered 2 s after it was first put, by a
 * worker or by "unknown".
 *
 * It trusts the name service for what it says, and a worker for nothing: what does not fit is unknown.
 * MUST: a person that people_get() handed out lives until the loop runs again, so answers are stored
 * and entries are dropped in callbacks of the loop only, before anybody is told.
 */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "jit-approver/daemon/people_internal.h"

#define DEADLINE (2 * USEC_PER_SEC)
#define FRESH (60 * USEC_PER_SEC)
#define FRESH_UNKNOWN (5 * USEC_PER_SEC)
#define ENTRIES_MAX 20000
#define PURGE_EVERY USEC_PER_SEC /* looking at 20,000 entries takes a millisecond */
#define SLOW_MAX 4               /* keys nobody answered for the last time, asked at once */

/* One key of a lookup; pins its entry. */
struct Wait {
        LIST_ENTRY(Wait) waits;
        Lookup *lookup;
        Entry *entry; /* NULL: not pinned (any more) */
        bool open;
};

struct Lookup {
        People *people; /* NULL once that is gone */
        LIST_ENTRY(Lookup) lookups;
        TAILQ_ENTRY(Lookup) in_ready;
        bool ready; /* in People.ready */
        LookupDone done;
        void *userdata;
        size_t n_open;
        size_t n;
        Wait waits[];
};

typedef TAILQ_HEAD(Entries, Entry) Entries;

struct People {
        Cache cache;
        Pool *pool;
        Entries open;        /* queued or asked, the earliest deadline first */
        Entries queue, slow; /* queued; slow: nobody answered the last time, so others go first */
        size_t n_slow_asked;
        LIST_HEAD(, Lookup) lookups; /* owned by their callers */
        TAILQ_HEAD(, Lookup) ready;  /* complete, to be told */
        sd_event_source *timer;
        usec_t purged;
};

/* Keys that nobody can have. */
static bool key_is_void(const Key *key)
{
        return key->kind == KEY_UID ? key->uid == UID_UNSET
                                    : !people_name_valid(key->name, strlen(key->name));
}

static bool entry_is_fresh(const Entry *e, usec_t now_boot)
{
        return now_boot < e->expires;
}

static Entries *entry_queue(People *p, const Entry *e)
{
        return e->slow ? &p->slow : &p->queue;
}

static void entry_enqueue(People *p, Entry *e)
{
        e->state = ENTRY_QUEUED;
        TAILQ_INSERT_TAIL(entry_queue(p, e), e, in_queue);
}

/* Puts the question, unless it is put already. */
static void entry_open(People *p, Entry *e)
{
        if (e->state == ENTRY_IDLE) {
                e->deadline = usec_add(clock_usec(CLOCK_MONOTONIC), DEADLINE);
                TAILQ_INSERT_TAIL(&p->open, e, by_deadline);
                entry_enqueue(p, e);
        }
}

/* Takes the question out of wherever it is, but not away from a worker. */
static void entry_close(People *p, Entry *e)
{
        if (e->state == ENTRY_QUEUED) {
                TAILQ_REMOVE(entry_queue(p, e), e, in_queue);
        } else if (e->state == ENTRY_ASKED && e->slow) {
                p->n_slow_asked--;
        }
        TAILQ_REMOVE(&p->open, e, by_deadline);
        e->state = ENTRY_IDLE;
        e->again = false;
}

static void lookup_unpin(Lookup *l)
{
        for (size_t i = 0; i < l->n; i++) {
                if (l->waits[i].entry) {
                        LIST_REMOVE(&l->waits[i], waits);
                        l->waits[i].entry = NULL;
                }
        }
}

static void entry_wake(People *p, Entry *e)
{
        Wait *w;

        LIST_FOREACH(w, &e->waits, waits)
        {
                Lookup *l = w->lookup;

                if (w->open && --l->n_open == 0) {
                        l->ready = true;
                        TAILQ_INSERT_TAIL(&p->ready, l, in_ready);
                }
                w->open = false;
        }
}

/* Past the cap answers are still delivered, but stale at once, so that the next purge takes them. */
static void entry_store(People *p, Entry *e, Person *person, usec_t fresh)
{
        entry_set_person(e, person);
        e->expires = p->cache.n > ENTRIES_MAX ? 0 : usec_add(clock_usec(CLOCK_BOOTTIME), fresh);
}

static void entry_finish(People *p, Entry *e, Person *person)
{
        entry_close(p, e);
        entry_store(p, e, person, person && !person->partial ? FRESH : FRESH_UNKNOWN);
        entry_wake(p, e);
}

/* What was asked by name answers the question by uid too. */
static void store_by_uid(People *p, const PeopleAnswer *a)
{
        Key key = { .kind = KEY_UID, .uid = a->uid };
        Entry *e = cache_find(&p->cache, &key);
        Person *person;

        if (!e && (p->cache.n >= ENTRIES_MAX || cache_add(&p->cache, &key, &e) < 0)) {
                return;
        }
        if (person_new(e, a, &person) == 0) {
                entry_store(p, e, person, person->partial ? FRESH_UNKNOWN : FRESH);
        }
}

static Entry *next_to_ask(People *p)
{
        Entry *e = TAILQ_FIRST(&p->queue);

        return e || p->n_slow_asked >= SLOW_MAX ? e : TAILQ_FIRST(&p->slow);
}

/* Gives out questions while there are workers. Where none can be had, the timer tries again. */
static void people_ask(People *p)
{
        Entry *e;

        while ((e = next_to_ask(p)) && pool_ask(p->pool, e) == 0) {
                TAILQ_REMOVE(entry_queue(p, e), e, in_queue);
                e->state = ENTRY_ASKED;
                p->n_slow_asked += e->slow;
        }
}

/* The timer is armed while a question is open, and only then. */
static void people_arm(People *p)
{
        const Entry *first = TAILQ_FIRST(&p->open);
        usec_t when;

        if (!first) {
                (void) sd_event_source_set_enabled(p->timer, SD_EVENT_OFF);
                return;
        }
        when = first->deadline;
        if (next_to_ask(p)) {
                /* By then the workers that are busy now may hang, and others may be started. */
                when = MIN(when, usec_add(clock_usec(CLOCK_MONOTONIC), PEOPLE_SLOW_USEC));
        }
        (void) sd_event_source_set_time(p->timer, (uint64_t) when);
        (void) sd_event_source_set_enabled(p->timer, SD_EVENT_ONESHOT);
}

static void people_purge(People *p)
{
        usec_t now = clock_usec(CLOCK_BOOTTIME);

        if (p->cache.n > ENTRIES_MAX && now - p->purged >= PURGE_EVERY) {
                cache_purge(&p->cache, now);
                p->purged = now;
        }
}

/* After answers were stored: tells who waited, and goes on. The callbacks may do anything but people_free(). */
static void people_turn(People *p)
{
        Lookup *l;

        while ((l = TAILQ_FIRST(&p->ready))) {
                TAILQ_REMOVE(&p->ready, l, in_ready);
                l->ready = false;
                lookup_unpin(l);
                l->done(l->userdata);
        }
        people_ask(p);
        if (TAILQ_EMPTY(&p->open)) {
                pool_trim(p->pool);
        }
        people_arm(p);
}

static void on_answered(Entry *e, const PeopleAnswer *a, void *userdata)
{
        People *p = userdata;
        Person *person = NULL;

        people_purge(p);
        if (a && e->again) {
                p->n_slow_asked -= e->slow;
                e->again = false;
                entry_enqueue(p, e);
        } else {
                if (a && a->found == TERNARY_NO) {
                        person = person_nobody();
                } else if (a && a->found == TERNARY_YES) {
                        (void) person_new(e, a, &person);
                }
                entry_finish(p, e, person);
                e->slow = e->slow && !a;
                if (e->kind == KEY_USER && a && a->canonical && person && a->found == TERNARY_YES) {
                        store_by_uid(p, a);
                }
        }
        people_turn(p);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        usec_t now = clock_usec(CLOCK_MONOTONIC);
        People *p = userdata;
        Entry *e;

        people_purge(p);
        while ((e = TAILQ_FIRST(&p->open)) && e->deadline <= now) {
                bool asked = e->state == ENTRY_ASKED;

                if (asked) {
                        pool_abandon(p->pool, e->worker);
                }
                entry_finish(p, e, NULL);
                e->slow = e->slow || asked;
        }
        people_turn(p);
        return 0;
}

int people_new(sd_event *event, const char *program, People **ret)
{
        _cleanup_(people_freep) People *p = calloc(1, sizeof(*p));
        int r;

        if (!p) {
                return -ENOMEM;
        }
        TAILQ_INIT(&p->open);
        TAILQ_INIT(&p->queue);
        TAILQ_INIT(&p->slow);
        TAILQ_INIT(&p->ready);
        LIST_INIT(&p->lookups);
        r = cache_init(&p->cache);
        if (r < 0) {
                return r;
        }
        r = pool_new(event, program, on_answered, p, &p->pool);
        if (r < 0) {
                return r;
        }
        /* Monotonic: two seconds of a machine that is awake. */
        r = sd_event_add_time(
                event, &p->timer, CLOCK_MONOTONIC, 0, 10 * USEC_PER_MSEC, on_timer, p);
        if (r < 0) {
                return r;
        }
        r = sd_event_source_set_enabled(p->timer, SD_EVENT_OFF);
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(p);
        return 0;
}

People *people_free(People *p)
{
        Lookup *l;

        if (!p) {
                return NULL;
        }
        while ((l = LIST_FIRST(&p->lookups))) {
                LIST_REMOVE(l, lookups);
                lookup_unpin(l);
                l->people = NULL;
        }
        sd_event_source_disable_unref(p->timer);
        pool_free(p->pool);
        cache_done(&p->cache);
        free(p);
        return NULL;
}

static bool all_fresh(People *p, const Key *keys, size_t n, usec_t now_boot)
{
        for (size_t i = 0; i < n; i++) {
                const Entry *e;

                if (key_is_void(&keys[i])) {
                        continue;
                }
                e = cache_find(&p->cache, &keys[i]);
                if (!e || !entry_is_fresh(e, now_boot)) {
                        return false;
                }
        }
        return true;
}

static int lookup_add(Lookup *l, const Key *key, usec_t now_boot)
{
        Entry *e = cache_find(&l->people->cache, key);
        Wait *w = &l->waits[l->n];
        int r;

        if (!e) {
                r = cache_add(&l->people->cache, key, &e);
                if (r < 0) {
                        return r;
                }
        }
        *w = (Wait){ .lookup = l, .entry = e, .open = !entry_is_fresh(e, now_boot) };
        LIST_INSERT_HEAD(&e->waits, w, waits);
        l->n++;
        if (w->open) {
                l->n_open++;
                entry_open(l->people, e);
        }
        return 0;
}

int people_lookup(
        People *p, const Key *keys, size_t n, LookupDone done, void *userdata, Lookup **ret)
{
        _cleanup_(lookup_freep) Lookup *l = NULL;
        usec_t now = clock_usec(CLOCK_BOOTTIME);
        int r;

        assert(n <= PEOPLE_KEYS_MAX);
        if (all_fresh(p, keys, n, now)) {
                *ret = NULL;
                done(userdata);
                return 0;
        }
        l = calloc(1, sizeof(*l) + n * sizeof(Wait));
        if (!l) {
                return -ENOMEM;
        }
        l->people = p;
        l->done = done;
        l->userdata = userdata;
        LIST_INSERT_HEAD(&p->lookups, l, lookups);
        for (size_t i = 0; i < n; i++) {
                r = key_is_void(&keys[i]) ? 0 : lookup_add(l, &keys[i], now);
                if (r < 0) {
                        return r;
                }
        }
        people_ask(p);
        people_arm(p);
        *ret = TAKE_PTR(l);
        return 0;
}

/* A question that nobody waits for is taken back, unless a worker has it: its answer is worth keeping. */
static void entry_drop(People *p, Entry *e)
{
        if (!LIST_EMPTY(&e->waits)) {
                return;
        }
        if (e->state == ENTRY_QUEUED) {
                entry_close(p, e);
        }
        if (e->state == ENTRY_IDLE && !e->person && e->expires == 0) {
                cache_remove(&p->cache, e);
        }
}

Lookup *lookup_free(Lookup *l)
{
        if (!l) {
                return NULL;
        }
        for (size_t i = 0; i < l->n; i++) {
                Entry *e = TAKE_PTR(l->waits[i].entry);

                if (e) {
                        LIST_REMOVE(&l->waits[i], waits);
                        entry_drop(l->people, e);
                }
        }
        if (l->people) {
                if (l->ready) {
                        TAILQ_REMOVE(&l->people->ready, l, in_ready);
                }
                LIST_REMOVE(l, lookups);
                people_arm(l->people);
        }
        free(l);
        return NULL;
}

const Person *people_get(People *p, const Key *key)
{
        static const Person unknown = { .found = TERNARY_UNKNOWN };
        const Entry *e;

        if (key_is_void(key)) {
                return person_nobody();
        }
        e = cache_find(&p->cache, key);
        return e && e->person ? e->person : &unknown;
}

void people_flush(People *p)
{
        cache_expire(&p->cache);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The workers here are tests/fake/worker.h; test_people_worker.c is about the real one. */

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

#include "tests/fake/valgrind.h"
#include "tests/fake/worker.h"

static sd_event *event;
static People *people;
static size_t n_done;
static Lookup *victim;

static usec_t now(void)
{
        return clock_usec(CLOCK_MONOTONIC);
}

static void on_done(void *userdata)
{
        n_done++;
        if (userdata) {
                ++*(int *) userdata;
        }
}

static Key by_uid(uid_t uid)
{
        return (Key){ .kind = KEY_UID, .uid = uid };
}

static Key by_name(const char *name)
{
        return (Key){ .kind = KEY_USER, .name = name };
}

static Key by_group(const char *name)
{
        return (Key){ .kind = KEY_GROUP, .name = name };
}

static const Person *get(Key key)
{
        return people_get(people, &key);
}

static Lookup *lookup(Key key, int *done)
{
        Lookup *l = (Lookup *) -1;

        ck_assert_int_eq(people_lookup(people, &key, 1, on_done, done, &l), 0);
        return l;
}

/* Turns the loop until n lookups in all are done. */
static void turn_until(size_t n)
{
        usec_t until = now() + 10 * USEC_PER_SEC;

        while (n_done < n) {
                ck_assert_int_ge(sd_event_run(event, 100000), 0);
                ck_assert_msg(now() < until, "%zu of %zu", n_done, n);
        }
        ck_assert_uint_eq(n_done, n);
}

static void turn_for(usec_t usec)
{
        usec_t until = now() + usec;

        while (now() < until) {
                ck_assert_int_ge(sd_event_run(event, (uint64_t) (until - now())), 0);
        }
}

/* Turns the loop until an answer is there, told or not. */
static void turn_until_known(Key key)
{
        usec_t until = now() + 10 * USEC_PER_SEC;

        while (get(key)->found == TERNARY_UNKNOWN) {
                ck_assert_int_ge(sd_event_run(event, 100000), 0);
                ck_assert_int_lt(now(), until);
        }
}

/* Turns the loop until the workers have heard n questions. */
static void turn_until_asked(size_t n)
{
        usec_t until = now() + 10 * USEC_PER_SEC;

        while (fake_asked() < n) {
                ck_assert_int_ge(sd_event_run(event, 10000), 0);
                ck_assert_int_lt(now(), until);
        }
}

/* Turns the loop until the victim is freed, and a little longer. */
static void turn_until_freed(void)
{
        usec_t until = now() + 10 * USEC_PER_SEC;

        while (victim) {
                ck_assert_int_ge(sd_event_run(event, 100000), 0);
                ck_assert_int_lt(now(), until);
        }
        turn_for(50 * USEC_PER_MSEC);
}

static const Person *ask(Key key)
{
        Lookup *l = lookup(key, NULL);

        if (l) {
                turn_until(n_done + 1);
        }
        lookup_free(l);
        return get(key);
}

static size_t count_fds(void)
{
        DIR *dir = opendir("/proc/self/fd");
        size_t n = 0;

        ck_assert_ptr_nonnull(dir);
        while (readdir(dir)) {
                n++;
        }
        (void) closedir(dir);
        return n;
}

/* The n-th child of this process, or 0. */
static pid_t child(size_t n)
{
        char path[64];
        int pid = 0;
        FILE *f;

        (void) snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int) getpid());
        f = fopen(path, "re");
        ck_assert_ptr_nonnull(f);
        for (size_t i = 0; i <= n; i++) {
                if (fscanf(f, "%d", &pid) != 1) {
                        pid = 0;
                }
        }
        (void) fclose(f);
        return pid;
}

static size_t count_children(void)
{
        size_t n = 0;

        while (child(n) != 0) {
                n++;
        }
        return n;
}

static void wait_children(size_t n)
{
        usec_t until = now() + 2 * USEC_PER_SEC;

        while (count_children() != n) {
                ck_assert_int_ge(sd_event_run(event, 10000), 0);
                ck_assert_msg(now() < until, "%zu children, not %zu", count_children(), n);
        }
}

static size_t fds_before;

static void setup(void)
{
        fds_before = count_fds();
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(people_new(event, fake_path(), &people), 0);
        n_done = 0;
}

/* Whatever a test did, nothing of it stays: no process, not even a dead one, and no fd. */
static void teardown(void)
{
        people = people_free(people);
        event = sd_event_unref(event);
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
        ck_assert_int_eq(errno, ECHILD);
        ck_assert_uint_eq(count_fds(), fds_before);
        fake_clean();
}

START_TEST(answers)
{
        const Key keys[] = {
                by_name("u7"),
                by_uid(8),
                by_group("g9"),
                by_name("nope"),
                by_name("unknown"),
                by_name("Mixed"),
                by_name("x-10"),
                by_name("many"),
        };
        const Person *x;
        Lookup *l;

        ck_assert_int_eq(get(keys[0])->found, TERNARY_UNKNOWN);
        ck_assert_int_eq(people_lookup(people, keys, 8, on_done, NULL, &l), 0);
        ck_assert_ptr_nonnull(l);
        ck_assert_uint_eq(n_done, 0);
        turn_until(1);
        lookup_free(l);

        x = get(keys[0]);
        ck_assert_int_eq(x->found, TERNARY_YES);
        ck_assert_uint_eq(x->uid, 7);
        ck_assert_str_eq(x->name, "u7");
        ck_assert_uint_eq(x->n_gids, 3);
        ck_assert_uint_eq(x->gids[2], 9);
        /* the answer by name answers for the uid too, but only where that leads back */
        ck_assert_ptr_ne(get(by_uid(7)), x);
        ck_assert_str_eq(get(by_uid(7))->name, "u7");
        ck_assert_uint_eq(get(by_uid(7))->n_gids, 3);
        ck_assert_int_eq(get(by_uid(10))->found, TERNARY_UNKNOWN);

        ck_assert_str_eq(get(keys[1])->name, "u8");
        ck_assert_uint_eq(get(keys[1])->uid, 8);
        ck_assert_int_eq(get(keys[2])->found, TERNARY_YES);
        ck_assert_uint_eq(get(keys[2])->gid, 9);
        ck_assert_uint_eq(get(keys[2])->uid, UID_UNSET);
        ck_assert_int_eq(get(keys[3])->found, TERNARY_NO);
        ck_assert_int_eq(get(keys[4])->found, TERNARY_UNKNOWN);
        ck_assert_str_eq(get(keys[5])->name, "mixed");
        ck_assert_uint_eq(get(keys[6])->uid, 10);
        ck_assert_uint_eq(get(keys[7])->n_gids, PEOPLE_GIDS_MAX);
        ck_assert_uint_eq(get(keys[7])->gids[PEOPLE_GIDS_MAX - 1], 52 + PEOPLE_GIDS_MAX - 1);

        /* all of it is fresh now, "unknown" included: nobody is asked */
        ck_assert_int_eq(people_lookup(people, keys, 8, on_done, NULL, &l), 0);
        ck_assert_ptr_null(l);
        ck_assert_uint_eq(n_done, 2);
        ck_assert_uint_eq(fake_asked(), 8);
}
END_TEST

START_TEST(void_keys)
{
        char longest[PEOPLE_NAME_MAX + 2];
        const char *const names[] = { "", "a\nb", "\x7f", "tab\there", longest };

        memset(longest, 'a', sizeof(longest));
        longest[sizeof(longest) - 1] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                ck_assert_int_eq(get(by_name(names[i]))->found, TERNARY_NO);
                ck_assert_ptr_null(lookup(by_name(names[i]), NULL));
                ck_assert_int_eq(get(by_group(names[i]))->found, TERNARY_NO);
        }
        ck_assert_int_eq(ask(by_uid(UID_UNSET))->found, TERNARY_NO);
        ck_assert_uint_eq(count_children(), 0);
        longest[PEOPLE_NAME_MAX] = '\0';
        ck_assert_int_eq(ask(by_name(longest))->found, TERNARY_NO);
        ck_assert_uint_eq(fake_asked(), 1);
        /* and names that look like something else are just names */
        ck_assert_int_eq(ask(by_name("7"))->found, TERNARY_NO);
        ck_assert_int_eq(ask(by_name("../u7"))->found, TERNARY_NO);
}
END_TEST

/* Real time: two seconds for what hangs, next to nothing for the rest. */
START_TEST(hangs)
{
        enum { N = 6 };
        usec_t start = now();
        Lookup *l[N], *mixed;
        char name[16];
        int done[N] = {}, mixed_done = 0;
        Key keys[] = { by_name("u7"), by_name("hang0") };

        for (int i = 0; i < N; i++) {
                (void) snprintf(name, sizeof(name), "hang%d", i);
                l[i] = lookup(by_name(name), &done[i]);
        }
        ck_assert_int_eq(people_lookup(people, keys, 2, on_done, &mixed_done, &mixed), 0);
        /* more only if the first ones were slow already */
        ck_assert(count_children() == 4 || now() - start >= PEOPLE_SLOW_USEC);
        ck_assert_int_eq(ask(by_name("u8"))->found, TERNARY_YES);
        ck_assert_int_eq(ask(by_uid(9))->found, TERNARY_YES);
        ck_assert_int_lt(now() - start, slack(USEC_PER_SEC));
        ck_assert_uint_eq(n_done, 2);

        turn_until(2 + N + 1);
        ck_assert_int_ge(now() - start, 2 * USEC_PER_SEC);
        ck_assert_int_lt(now() - start, slack(2500 * USEC_PER_MSEC));
        for (int i = 0; i < N; i++) {
                ck_assert_int_eq(done[i], 1);
                lookup_free(l[i]);
        }
        ck_assert_int_eq(mixed_done, 1);
        lookup_free(mixed);
        ck_assert_int_eq(get(keys[0])->found, TERNARY_YES);
        ck_assert_int_eq(get(keys[1])->found, TERNARY_UNKNOWN);
        wait_children(1);

        /* Known to be silent: they go last, and four at most, so nobody waits for them at all. */
        people_flush(people);
        for (int i = 0; i < N; i++) {
                (void) snprintf(name, sizeof(name), "hang%d", i);
                l[i] = lookup(by_name(name), NULL);
        }
        start = now();
        ck_assert_int_eq(ask(by_name("u8"))->found, TERNARY_YES);
        ck_assert_int_lt(now() - start, slack(600 * USEC_PER_MSEC));
        for (int i = 0; i < N; i++) {
                lookup_free(l[i]);
        }
}
END_TEST

/* A yes that has become stale gives way to "unknown". */
START_TEST(unknown_replaces)
{
        fake_says('y');
        ck_assert_int_eq(ask(by_name("flip"))->found, TERNARY_YES);
        people_flush(people);
        ck_assert_int_eq(get(by_name("flip"))->found, TERNARY_YES);
        fake_says('u');
        ck_assert_int_eq(ask(by_name("flip"))->found, TERNARY_UNKNOWN);
        fake_says('n');
        ck_assert_int_eq(ask(by_name("flip"))->found, TERNARY_UNKNOWN); /* for 5 s */
        people_flush(people);
        ck_assert_int_eq(ask(by_name("flip"))->found, TERNARY_NO);
        ck_assert_uint_eq(fake_asked(), 3);
}
END_TEST

/* Of groups that nobody can tell, by either key; asked again as soon as of an "unknown". */
START_TEST(partial)
{
        fake_says('p');
        ck_assert(ask(by_name("flip"))->partial);
        ck_assert(get(by_uid(FAKE_FLIP_ID))->partial);
        ck_assert_int_eq(get(by_name("flip"))->found, TERNARY_YES);
        fake_says('y');
        ck_assert(ask(by_name("flip"))->partial);
        people_flush(people);
        ck_assert(!ask(by_name("flip"))->partial);
        ck_assert(!get(by_uid(FAKE_FLIP_ID))->partial);
}
END_TEST

START_TEST(nonsense)
{
        static const char *const names[] = {
                "!crash",
                "!quit",
                "!closed",
                "!short",
                "!long",
                "!empty",
                "!magic",
                "!serial",
                "!fourth",
                "!nouid",
                "!noname",
                "!badname",
                "!nulname",
                "!gids",
                "!gids-wrap",
                "!name-size",
                "!size",
        };
        char good[16];

        for (unsigned i = 0; i < ELEMENTSOF(names); i++) {
                usec_t start = now();

                ck_assert_msg(ask(by_name(names[i]))->found == TERNARY_UNKNOWN, "%s", names[i]);
                (void) snprintf(good, sizeof(good), "u%u", 1000 + i);
                ck_assert_uint_eq(ask(by_name(good))->uid, 1000 + i);
                ck_assert_int_lt(now() - start, slack(USEC_PER_SEC));
        }
        ck_assert_int_eq(ask(by_uid(666))->found, TERNARY_UNKNOWN);
        wait_children(1);
}
END_TEST

/* The second answer to one question is no answer to the next. */
START_TEST(answered_twice)
{
        const Person *x;

        ck_assert_int_eq(ask(by_name("!twice"))->uid, 53);
        x = ask(by_name("u7"));
        ck_assert(x->found == TERNARY_UNKNOWN || x->uid == 7);
        ck_assert_int_eq(ask(by_name("nope"))->found, TERNARY_NO);
        wait_children(1);
}
END_TEST

START_TEST(coalesced)
{
        Lookup *l[50];

        for (size_t i = 0; i < ELEMENTSOF(l); i++) {
                l[i] = lookup(by_name("slow"), NULL);
        }
        turn_until(ELEMENTSOF(l));
        for (size_t i = 0; i < ELEMENTSOF(l); i++) {
                lookup_free(l[i]);
        }
        ck_assert_uint_eq(fake_asked(), 1);
        ck_assert_uint_eq(get(by_name("slow"))->uid, 50);
}
END_TEST

static void free_victim(void *userdata)
{
        n_done++;
        victim = lookup_free(victim);
}

START_TEST(cancelled)
{
        Lookup *asked[4], *queued, *other;
        Key slow = by_name("slow"), pair[] = { by_name("hang1"), by_name("u7") };
        usec_t start;
        bool is_slow;

        /* asked: the answer is kept */
        victim = lookup(slow, NULL);
        victim = lookup_free(victim);
        turn_until_known(slow);
        ck_assert_uint_eq(n_done, 0);
        ck_assert_ptr_null(lookup(slow, NULL));
        ck_assert_uint_eq(n_done, 1);

        /* queued behind those that hang: it is never asked; and one that waits for half its answers */
        start = now();
        for (size_t i = 0; i < 4; i++) {
                char name[] = { 'h', 'a', 'n', 'g', (char) ('0' + i), '\0' };

                asked[i] = lookup(by_name(name), NULL);
        }
        queued = lookup(by_name("u8"), NULL);
        lookup_free(queued);
        is_slow = now() - start >= PEOPLE_SLOW_USEC; /* then it may have been asked */
        ck_assert_int_eq(people_lookup(people, pair, 2, on_done, NULL, &other), 0);
        turn_until_known(pair[1]);
        ck_assert_uint_eq(get(pair[1])->uid, 7);
        lookup_free(other);
        for (size_t i = 0; i < 4; i++) {
                lookup_free(asked[i]);
        }
        turn_until_asked(1 + 4 + 1);
        ck_assert(fake_asked() == 1 + 4 + 1 || is_slow);
        ck_assert_uint_eq(n_done, 1);

        /* complete, but not told yet: of two on one key, whichever is told first frees the other */
        people_flush(people);
        ck_assert_int_eq(people_lookup(people, &slow, 1, free_victim, NULL, &other), 0);
        ck_assert_int_eq(people_lookup(people, &slow, 1, free_victim, NULL, &victim), 0);
        turn_until_freed();
        ck_assert(n_done == 2 ||
                  n_done == 3); /* the victim may have been told first, and freed itself */
        lookup_free(other);
}
END_TEST

START_TEST(cancelled_while_ready)
{
        Key slow = by_name("slow");
        Lookup *first;

        /* told in the reverse of the order in which they came, or in that order: try both */
        for (int i = 0; i < 2; i++) {
                people_flush(people);
                n_done = 0;
                if (i == 0) {
                        ck_assert_int_eq(
                                people_lookup(people, &slow, 1, free_victim, NULL, &first), 0);
                        ck_assert_int_eq(
                                people_lookup(people, &slow, 1, on_done, NULL, &victim), 0);
                } else {
                        ck_assert_int_eq(
                                people_lookup(people, &slow, 1, on_done, NULL, &victim), 0);
                        ck_assert_int_eq(
                                people_lookup(people, &slow, 1, free_victim, NULL, &first), 0);
                }
                turn_until_freed();
                ck_assert(n_done == 1 || n_done == 2);
                lookup_free(first);
        }
}
END_TEST

START_TEST(outlives_people)
{
        Lookup *a = lookup(by_name("hang"), NULL), *b = lookup(by_name("u7"), NULL);

        people = people_free(people);
        ck_assert_uint_eq(n_done, 0);
        lookup_free(a);
        lookup_free(b);
}
END_TEST

static Lookup *next_lookup;

static void ask_more(void *userdata)
{
        Key key = by_name("u8");

        n_done++;
        victim = lookup_free(victim);
        ck_assert_int_eq(people_lookup(people, &key, 1, on_done, NULL, &next_lookup), 0);
}

START_TEST(asks_in_done)
{
        Key key = by_name("u7");

        ck_assert_int_eq(people_lookup(people, &key, 1, ask_more, NULL, &victim), 0);
        turn_until(2);
        ck_assert_uint_eq(get(by_name("u8"))->uid, 8);
        next_lookup = lookup_free(next_lookup);
}
END_TEST

/* What was asked before a flush is asked again: the old answer may be older than the reason to flush. */
START_TEST(flushed_while_asked)
{
        Lookup *l = lookup(by_name("slow"), NULL), *late;

        people_flush(people);
        late = lookup(by_name("slow"), NULL);
        turn_until(2);
        ck_assert_uint_eq(fake_asked(), 2);
        ck_assert_ptr_null(lookup(by_name("slow"), NULL));
        lookup_free(l);
        lookup_free(late);
}
END_TEST

START_TEST(killed_in_between)
{
        const Person *x;

        ck_assert_uint_eq(ask(by_name("u7"))->uid, 7);
        ck_assert_int_eq(kill(child(0), SIGKILL), 0);
        x = ask(by_name("u8"));
        ck_assert(x->found == TERNARY_UNKNOWN || x->uid == 8);
        ck_assert_uint_eq(ask(by_name("u81"))->uid, 81);
        wait_children(1);
        ck_assert_int_eq(kill(child(0), SIGKILL), 0);
        wait_children(0);
        ck_assert_uint_eq(ask(by_name("u9"))->uid, 9);
        wait_children(1);
        /* and one that is stopped is no better than one that hangs */
        ck_assert_int_eq(kill(child(0), SIGSTOP), 0);
        ck_assert_int_eq(ask(by_name("u10"))->found, TERNARY_UNKNOWN);
        wait_children(0);
}
END_TEST

START_TEST(no_program)
{
        usec_t start = now();

        people_free(people);
        ck_assert_int_eq(people_new(event, "/nonexistent/program", &people), 0);
        ck_assert_int_eq(ask(by_name("u7"))->found, TERNARY_UNKNOWN);
        ck_assert_int_lt(now() - start, slack(2500 * USEC_PER_MSEC));
        people_free(people);
        ck_assert_int_eq(people_new(event, "/bin/false", &people), 0);
        ck_assert_int_eq(ask(by_name("u7"))->found, TERNARY_UNKNOWN);
}
END_TEST

/* Nothing is armed and nothing happens while nobody asks. */
static void assert_idle(void)
{
        struct dirent *entry;
        DIR *dir = opendir("/proc/self/fdinfo");
        char line[256];

        ck_assert_ptr_nonnull(dir);
        while ((entry = readdir(dir))) {
                int fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
                FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;

                while (f && fgets(line, sizeof(line), f)) {
                        if (strncmp(line, "it_value:", 9) == 0) {
                                ck_assert_str_eq(line, "it_value: (0, 0)\n");
                        }
                }
                if (f) {
                        (void) fclose(f);
                }
        }
        (void) closedir(dir);
        ck_assert_int_eq(sd_event_run(event, 300000), 0);
}

START_TEST(idle)
{
        Lookup *l[4];
        char name[8];

        assert_idle();
        for (unsigned i = 0; i < 4; i++) {
                (void) snprintf(name, sizeof(name), "u%u", i);
                l[i] = lookup(by_name(name), NULL);
        }
        turn_until(4);
        for (size_t i = 0; i < 4; i++) {
                lookup_free(l[i]);
        }
        wait_children(1);
        (void) sd_event_run(event, 0);
        assert_idle();
}
END_TEST

START_TEST(many)
{
        enum { N = 10000, WAVE = 500 };
        static Lookup *l[WAVE];

        for (unsigned i = 0; i < N; i += WAVE) {
                for (unsigned j = 0; j < WAVE; j++) {
                        l[j] = lookup(by_uid(1000 + i + j), NULL);
                }
                turn_until(i + WAVE);
                for (unsigned j = 0; j < WAVE; j++) {
                        lookup_free(l[j]);
                }
        }
        for (unsigned i = 0; i < N; i++) {
                ck_assert_int_eq(get(by_uid(1000 + i))->found, TERNARY_YES);
                ck_assert_uint_eq(get(by_uid(1000 + i))->gids[1], 1001 + i);
        }
        ck_assert_uint_eq(fake_asked(), N);
}
END_TEST

/* Past the cap answers come, but are not kept; what is asked for in one go is there in one go. */
START_TEST(past_the_cap)
{
        enum { N = 20200, WAVE = 500 };
        static Lookup *l[WAVE];
        Key keys[PEOPLE_KEYS_MAX];
        Lookup *batch;

        for (unsigned i = 0; i < N; i += WAVE) {
                for (unsigned j = 0; j < WAVE; j++) {
                        l[j] = lookup(by_uid(1000 + i + j), NULL);
                }
                turn_until(i + WAVE);
                for (unsigned j = 0; j < WAVE; j++) {
                        lookup_free(l[j]);
                }
        }
        turn_for(1100 * USEC_PER_MSEC); /* the next answer may purge */
        n_done = 0;
        for (unsigned j = 0; j < PEOPLE_KEYS_MAX; j++) {
                keys[j] = by_uid(90000 + j);
        }
        for (unsigned i = 1; i <= 2; i++) {
                ck_assert_int_eq(
                        people_lookup(people, keys, PEOPLE_KEYS_MAX, on_done, NULL, &batch), 0);
                ck_assert_ptr_nonnull(batch);
                turn_until(i);
                lookup_free(batch);
                for (unsigned j = 0; j < PEOPLE_KEYS_MAX; j++) {
                        ck_assert_uint_eq(get(keys[j])->uid, 90000 + j);
                }
        }
        ck_assert_int_eq(get(by_uid(1000))->found, TERNARY_YES);
}
END_TEST

START_TEST(cache)
{
        static Entry *entries[3000];
        Cache c;
        Entry *e;
        Key key;
        char name[16];

        ck_assert_int_eq(cache_init(&c), 0);
        for (unsigned i = 0; i < ELEMENTSOF(entries); i++) {
                (void) snprintf(name, sizeof(name), "n%u", i / 3);
                key = i % 3 == 0 ? by_uid(i) : i % 3 == 1 ? by_name(name) : by_group(name);
                ck_assert_ptr_null(cache_find(&c, &key));
                ck_assert_int_eq(cache_add(&c, &key, &entries[i]), 0);
                entries[i]->expires = (usec_t) i;
        }
        for (unsigned i = 0; i < ELEMENTSOF(entries); i++) {
                (void) snprintf(name, sizeof(name), "n%u", i / 3);
                key = i % 3 == 0 ? by_uid(i) : i % 3 == 1 ? by_name(name) : by_group(name);
                ck_assert_ptr_eq(cache_find(&c, &key), entries[i]);
        }
        entries[0]->state = ENTRY_ASKED;
        cache_purge(&c, 1000);
        ck_assert_uint_eq(c.n, 3000 - 1001 + 1);
        key = by_uid(0);
        ck_assert_ptr_eq(cache_find(&c, &key), entries[0]);
        key = by_uid(999);
        ck_assert_ptr_null(cache_find(&c, &key));
        key = by_uid(1002);
        e = cache_find(&c, &key);
        ck_assert_ptr_eq(e, entries[1002]);
        cache_remove(&c, e);
        ck_assert_ptr_null(cache_find(&c, &key));
        cache_expire(&c);
        ck_assert(entries[0]->again);
        entries[0]->state = ENTRY_IDLE;
        cache_purge(&c, 0);
        ck_assert_uint_eq(c.n, 0);
        cache_done(&c);
}
END_TEST

/* A worker gets nothing of ours: no environment, no fd but its three, no signal that is blocked. */
START_TEST(worker_is_bare)
{
        char path[64], text[4096];
        size_t n = 0;
        ssize_t size;
        pid_t pid;
        DIR *dir;
        int fd, leaked;

        leaked = open("/dev/null", O_RDONLY); /* not close-on-exec */
        (void) setenv("LD_LIBRARY_PATH", "/nonexistent", 1);
        ck_assert_uint_eq(ask(by_name("u7"))->uid, 7);
        (void) unsetenv("LD_LIBRARY_PATH");
        pid = child(0);
        (void) snprintf(path, sizeof(path), "/proc/%d/environ", (int) pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        size = read(fd, text, sizeof(text));
        ck_assert_int_eq(size, sizeof("PATH=/usr/sbin:/usr/bin:/sbin:/bin\0LANG=C"));
        (void) close(fd);
        (void) close(leaked);
        (void) snprintf(path, sizeof(path), "/proc/%d/fd", (int) pid);
        dir = opendir(path);
        ck_assert_ptr_nonnull(dir);
        while (readdir(dir)) {
                n++;
        }
        (void) closedir(dir);
        ck_assert_uint_eq(n, 2 + 3);
}
END_TEST

int main(int argc, char **argv)
{
        Suite *suite;
        TCase *all;
        SRunner *runner;
        int failed;

        fake_worker(argc, argv);
        suite = suite_create("people");
        all = tcase_create("all");
        tcase_set_timeout(all, 60);
        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, answers);
        tcase_add_test(all, void_keys);
        tcase_add_test(all, hangs);
        tcase_add_test(all, unknown_replaces);
        tcase_add_test(all, partial);
        tcase_add_test(all, nonsense);
        tcase_add_test(all, answered_twice);
        tcase_add_test(all, coalesced);
        tcase_add_test(all, cancelled);
        tcase_add_test(all, cancelled_while_ready);
        tcase_add_test(all, outlives_people);
        tcase_add_test(all, asks_in_done);
        tcase_add_test(all, flushed_while_asked);
        tcase_add_test(all, killed_in_between);
        tcase_add_test(all, no_program);
        tcase_add_test(all, idle);
        tcase_add_test(all, many);
        tcase_add_test(all, past_the_cap);
        tcase_add_test(all, cache);
        tcase_add_test(all, worker_is_bare);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

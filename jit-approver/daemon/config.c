/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The rules in force, and how they change: read and parsed at once, resolved in the background, and
 * only then put in the place of the old ones. Later the name service is asked again about the names
 * of the rules in force; that changes what a Name stands for and nothing else.
 */

#include <errno.h>
#include <stdlib.h>

#include "common/conf.h"
#include "jit-approver/daemon/config_internal.h"
#include "jit-approver/daemon/people_members.h"
#include "jit-approver/domain/rules_lint.h"

/* For warnings alone nobody shall wait for long. */
#define MEMBERS_PATIENCE (5 * USEC_PER_SEC)
#define REFRESH_EVERY (60 * USEC_PER_SEC)
#define REFRESH_UNRESOLVED_EVERY (5 * USEC_PER_SEC)

struct Config {
        char *path;
        People *people;
        Rules *current; /* NULL: none loaded yet */
        Problems problems;

        Rules *next; /* being resolved */
        int parsed;  /* what reading it said; its names are asked for in any case */
        Resolver *loading;
        ConfigDone done; /* of the load that goes on */
        void *userdata;

        Resolver *refreshing;    /* current's names */
        Problems names_problems; /* of the last refresh */
        usec_t refreshed;        /* CLOCK_BOOTTIME */
};

int config_new(const char *path, People *people, Config **ret)
{
        _cleanup_(config_freep) Config *c = calloc(1, sizeof(*c));

        if (!c) {
                return -ENOMEM;
        }
        c->path = strdup(path);
        if (!c->path) {
                return -ENOMEM;
        }
        c->people = people;
        *ret = TAKE_PTR(c);
        return 0;
}

Config *config_free(Config *c)
{
        if (!c) {
                return NULL;
        }
        resolver_free(c->loading);
        resolver_free(c->refreshing);
        rules_free(c->next);
        rules_free(c->current);
        problems_done(&c->problems);
        problems_done(&c->names_problems);
        free(c->path);
        free(c);
        return NULL;
}

static void config_replace(Config *c)
{
        c->refreshing = resolver_free(c->refreshing); /* it writes into the old rules */
        problems_done(&c->names_problems);
        rules_free(c->current);
        c->current = TAKE_PTR(c->next);
        c->refreshed = clock_usec(CLOCK_BOOTTIME);
}

/* Ends a load: r is what came of it, its problems are in c->problems. */
static void load_end(Config *c, int r)
{
        if (r >= 0) {
                config_replace(c);
        } else if (c->problems.n == 0) {
                const Place at = { .file = c->path };

                problems_add(&c->problems, &at, "cannot be loaded: %s", strerror(-r));
        }
        c->next = rules_free(c->next);
        c->done(r >= 0, c->userdata);
}

static void on_loaded(int r, void *userdata)
{
        Config *c = userdata;

        c->loading = resolver_free(c->loading);
        if (r >= 0) {
                r = rules_check_names(c->next, &c->problems);
        }
        load_end(c, c->parsed < 0 ? c->parsed : r);
}

/* Problems of reading and parsing: -EINVAL; *ret may then be what could be read all the same. */
static int rules_read(const char *path, Problems *problems, Rules **ret)
{
        _cleanup_(conf_files_done) ConfFiles files = { 0 };
        int r = conf_read(path, problems, &files);

        return r < 0 ? r : rules_parse_partly(files.texts, files.n, problems, ret);
}

int config_load(Config *c, ConfigDone done, void *userdata)
{
        int r;

        c->loading = resolver_free(c->loading);
        c->next = rules_free(c->next);
        problems_done(&c->problems);
        c->done = done;
        c->userdata = userdata;

        /* A name that is in the files since just now may be new to the name service, too. */
        people_flush(c->people);
        r = c->parsed = rules_read(c->path, &c->problems, &c->next);
        if (c->next) {
                r = resolver_new(c->people, c->next, on_loaded, c, &c->loading);
        }
        if (r < 0) {
                load_end(c, r);
        }
        return 0;
}

static void on_refreshed(int r, void *userdata)
{
        Config *c = userdata;

        c->refreshing = resolver_free(c->refreshing);
        c->refreshed = clock_usec(CLOCK_BOOTTIME);
        problems_done(&c->names_problems);
        if (r >= 0) {
                /* A name that is gone names nobody from now on; the rules stay in force, and it is told. */
                (void) rules_check_names(c->current, &c->names_problems);
        }
}

void config_refresh(Config *c, usec_t now_boot)
{
        usec_t every;

        if (!c->current || c->refreshing || c->loading) {
                return;
        }
        every = c->current->unresolved ? REFRESH_UNRESOLVED_EVERY : REFRESH_EVERY;
        if (now_boot < usec_add(c->refreshed, every)) {
                return;
        }
        (void) resolver_new(c->people, c->current, on_refreshed, c, &c->refreshing);
}

const Rules *config_rules(const Config *c)
{
        return c->current;
}

const Problems *config_problems(const Config *c)
{
        return c->problems.n > 0 || c->problems.lost ? &c->problems : &c->names_problems;
}

static void on_checked(bool ok, void *userdata)
{
        *(int *) userdata = ok ? 0 : -EINVAL;
}

/* Warnings are a service: without an answer about groups there are fewer of them. */
static void lint(const Rules *rules, Problems *warnings)
{
        Memberships m = { 0 };

        (void) people_members(rules, MEMBERS_PATIENCE, &m);
        rules_lint(rules, &m, warnings);
        people_members_done(&m);
}

/* The check's own loop, with workers of its own: a name service that hangs keeps nobody for long. */
static int check_in(
        sd_event *event, People *people, const char *path, Problems *problems, Problems *warnings)
{
        _cleanup_(config_freep) Config *c = NULL;
        int result = 1;

        int r = config_new(path, people, &c);
        if (r >= 0) {
                r = config_load(c, on_checked, &result);
        }
        while (r >= 0 && result > 0) {
                r = sd_event_run(event, UINT64_MAX);
        }
        if (r < 0) {
                return r;
        }
        *problems = c->problems;
        c->problems = (Problems){ 0 };
        if (result >= 0) {
                lint(c->current, warnings);
        }
        return result;
}

int config_check(const char *path, const char *program, Problems *problems, Problems *warnings)
{
        _cleanup_(people_freep) People *people = NULL;
        sd_event *event = NULL;

        int r = sd_event_new(&event);
        if (r >= 0) {
                r = people_new(event, program, &people);
        }
        if (r >= 0) {
                r = check_in(event, people, path, problems, warnings);
        }
        people = people_free(people);
        sd_event_unref(event);
        return r;
}

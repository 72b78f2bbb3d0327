/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The daemon against a model of it that is small enough to be read: random people do random things in
 * random order, clocks are moved and set, the daemon is stopped and killed. Never an access that the
 * model does not allow, one end each, and a record without a break. MODEL_STEPS and MODEL_SEED in the
 * environment; the seed is printed.
 */

#include "tests/flow/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define MINUTE USEC_PER_MIN
#define OPEN_FOR (30 * MINUTE)
#define LASTS (30 * MINUTE)
#define N_PERSONS 5
#define WAITERS 64

static const uid_t askers[] = { DEV, DAVE, CAROL };
static const char *const services[] = { "sudo", "su" };
static const uid_t voters[] = { BOB, BOBADM, CAROL, DEV, DEVADM, EVE, DAVE, ADM };

typedef struct ModelRequest {
        char id[ID_SIZE];
        size_t asker, service;
        const char *state;
        usec_t wall, boot; /* deadlines */
        bool detached;
        int votes[N_PERSONS]; /* 1 yes, -1 no */
        int created, ended;   /* rows seen */
} ModelRequest;

typedef struct ModelGrant {
        char id[ID_SIZE];
        size_t asker, service;
        const char *state;
        usec_t wall, boot;
        int started, ended;
} ModelGrant;

typedef struct ModelWaiter {
        Client *c; /* NULL: free */
        size_t request;
} ModelWaiter;

static ModelRequest *requests;
static ModelGrant *grants;
static size_t n_requests, n_grants;
static ModelWaiter waiters[WAITERS];
static usec_t return_until; /* boot clock */

static size_t chance(size_t n)
{
        return (size_t) (world_random() % n);
}

static Ask ask_for(size_t asker, size_t service)
{
        return ask_of(askers[asker], services[service], "root", service == 0 ? "id" : "");
}

/* bob, carol, devp, dave, others */
static size_t person(uid_t uid)
{
        switch (uid) {
        case BOB:
        case BOBADM:
                return 0;
        case CAROL:
                return 1;
        case DEV:
        case DEVADM:
                return 2;
        case DAVE:
                return 3;
        default:
                return 4;
        }
}

static bool is_pending(const ModelRequest *r)
{
        return streq(r->state, "pending");
}

static ModelRequest *pending_for(size_t asker, size_t service)
{
        for (size_t i = 0; i < n_requests; i++) {
                ModelRequest *r = &requests[i];
                if (is_pending(r) && r->asker == asker && r->service == service) {
                        return r;
                }
        }
        return NULL;
}

static ModelGrant *live_grant(size_t asker, size_t service)
{
        for (size_t i = 0; i < n_grants; i++) {
                ModelGrant *g = &grants[i];
                if (streq(g->state, "active") && g->asker == asker && g->service == service) {
                        return g;
                }
        }
        return NULL;
}

static size_t waits_of(size_t asker)
{
        size_t n = 0;

        for (size_t i = 0; i < WAITERS; i++) {
                n += waiters[i].c && requests[waiters[i].request].asker == asker;
        }
        return n;
}

static bool is_awaited(const ModelRequest *r)
{
        for (size_t i = 0; i < WAITERS; i++) {
                if (waiters[i].c && &requests[waiters[i].request] == r) {
                        return true;
                }
        }
        return false;
}

static void add_waiter(Client *c, const ModelRequest *r)
{
        for (size_t i = 0; i < WAITERS; i++) {
                if (!waiters[i].c) {
                        waiters[i] = (ModelWaiter){ c, (size_t) (r - requests) };
                        return;
                }
        }
        ck_abort();
}

/* The end of a request: all who wait hear it, once, and nothing after it. */
static void over(ModelRequest *r, const char *state)
{
        bool approved = streq(state, "approved");

        r->state = state;
        for (size_t i = 0; i < WAITERS; i++) {
                ModelWaiter *w = &waiters[i];
                if (!w->c || &requests[w->request] != r) {
                        continue;
                }
                do {
                        ck_assert(hear(w->c));
                } while (w->c->m.continues);
                ck_assert_str_eq(text(w->c, "verdict"), approved ? VERDICT_GRANT : VERDICT_DENY);
                ck_assert_str_eq(text(w->c, "code"), approved ? "" : state);
                ck_assert(is_quiet(w->c));
                client_close(TAKE_PTR(w->c));
        }
        ck_assert_str_eq(state_of(r->id), state);
}

static void time_has_passed(void)
{
        for (size_t i = 0; i < n_grants; i++) {
                ModelGrant *g = &grants[i];
                if (streq(g->state, "active") &&
                        (world.now.wall >= g->wall || world.now.boot >= g->boot)) {
                        g->state = "expired";
                }
        }
        for (size_t i = 0; i < n_requests; i++) {
                ModelRequest *r = &requests[i];
                if (!is_pending(r)) {
                        continue;
                }
                if (world.now.wall >= r->wall || world.now.boot >= r->boot) {
                        over(r, "timed-out");
                } else if (world.now.boot >= return_until && !r->detached && !is_awaited(r)) {
                        over(r, "withdrawn");
                }
        }
}

/* --- what may happen --- */

static void ask(void)
{
        size_t asker = chance(ELEMENTSOF(askers)), service = chance(ELEMENTSOF(services));
        ModelRequest *r = pending_for(asker, service);
        bool leaves = chance(6) == 0, busy = !leaves && waits_of(asker) >= WAITS_MAX;
        Client *c = request_ask(ask_for(asker, service), leaves ? 0 : MINUTE);

        if (live_grant(asker, service)) {
                ck_assert_str_eq(text(c, "verdict"), VERDICT_GRANT);
                client_close(c);
                return;
        }
        if (busy) {
                ck_assert_str_eq(text(c, "code"), "busy");
                client_close(c);
                return;
        }
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        if (!r) {
                requests = reallocarray(requests, n_requests + 1, sizeof(*requests));
                r = &requests[n_requests++];
                *r = (ModelRequest){ .asker = asker, .service = service, .state = "pending" };
                r->wall = world.now.wall + OPEN_FOR;
                r->boot = world.now.boot + OPEN_FOR;
                memcpy(r->id, c->request, sizeof(r->id));
        }
        ck_assert_str_eq(c->request, r->id);
        if (leaves) {
                r->detached = true;
                client_close(c);
        } else {
                add_waiter(c, r);
        }
}

static void come_back(void)
{
        ModelRequest *r =
                n_requests ? &requests[n_requests - 1 - chance(MIN(n_requests, (size_t) 6))] : NULL;

        if (!r || !is_pending(r) || waits_of(r->asker) >= WAITS_MAX) {
                return;
        }
        Client *c = return_to(r->id, ask_for(r->asker, r->service));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        add_waiter(c, r);
}

static ModelWaiter *some_waiter(void)
{
        for (size_t i = 0, at = chance(WAITERS); i < WAITERS; i++) {
                if (waiters[(at + i) % WAITERS].c) {
                        return &waiters[(at + i) % WAITERS];
                }
        }
        return NULL;
}

static void hang_up(void)
{
        ModelWaiter *w = some_waiter();

        if (!w) {
                return;
        }
        ModelRequest *r = &requests[w->request];
        client_close(TAKE_PTR(w->c));
        if (!r->detached && !is_awaited(r)) {
                over(r, "withdrawn");
        }
}

static void detach(void)
{
        const IdCall call = { .version = PROTOCOL_VERSION };
        ModelWaiter *w = some_waiter();

        if (!w) {
                return;
        }
        say(w->c, "Detach", ID_FIELDS, &call, CALL_ONEWAY);
        do {
                ck_assert(hear(w->c));
        } while (w->c->m.continues);
        ck_assert_str_eq(text(w->c, "code"), "detached");
        requests[w->request].detached = true;
        client_close(TAKE_PTR(w->c));
}

static void grant_begins(const ModelRequest *r)
{
        Id id;
        Request stored;

        ck_assert_int_eq(id_parse(r->id, &id), 0);
        ck_assert_int_eq(store_request_get(world.d.ledger.store, &id, &stored), 0);
        grants = reallocarray(grants, n_grants + 1, sizeof(*grants));
        grants[n_grants] =
                (ModelGrant){ .asker = r->asker, .service = r->service, .state = "active" };
        grants[n_grants].wall = world.now.wall + LASTS;
        grants[n_grants].boot = world.now.boot + LASTS;
        memcpy(grants[n_grants].id, stored.grant.text, ID_SIZE);
        n_grants++;
        request_done(&stored);
}

static ModelRequest *some_request(void)
{
        return n_requests > 0 ? &requests[n_requests - 1 - chance(MIN(n_requests, (size_t) 8))]
                              : NULL;
}

/* What the vote of a person must lead to; error is what it was answered. */
static void voted(ModelRequest *r, size_t who, bool yes, const char *error)
{
        if (who > 2 || who == person(askers[r->asker])) {
                ck_assert_msg(
                        streq(error, "NotFound") || streq(error, "NotPermitted"), "%s", error);
        } else if (r->votes[who] == (yes ? 1 : -1)) {
                ck_assert_str_eq(error, "");
        } else if (!is_pending(r)) {
                ck_assert_str_eq(error, "Over");
        } else {
                int n = 0;
                ck_assert_str_eq(error, "");
                r->votes[who] = yes ? 1 : -1;
                for (size_t i = 0; i < N_PERSONS; i++) {
                        n += r->votes[i] == 1;
                }
                if (!yes) {
                        over(r, "denied");
                } else if (n >= (r->service == 0 ? 1 : 2)) {
                        over(r, "approved");
                        grant_begins(r);
                }
        }
}

static void vote(void)
{
        uid_t voter = voters[chance(ELEMENTSOF(voters))];
        bool yes = chance(5) > 0;
        ModelRequest *r = some_request();

        if (r) {
                voted(r, person(voter), yes, decide(voter, r->id, yes ? "approve" : "deny"));
        }
}

/* By a link: a person's own, or what a gateway that was taken over makes of one. */
static void click(void)
{
        static const char *const names[] = { "bob", "carol", "devp" };
        size_t who = chance(ELEMENTSOF(names));
        bool yes = chance(5) > 0;
        ModelRequest *r = some_request();
        char token[LINK_TOKEN_SIZE];

        if (!r) {
                return;
        }
        memcpy(token, link_for(r->id, names[who], "hook"), sizeof(token));
        if (chance(3) == 0) {
                static const char digits[] = "ABCDEFGHJKMNPQRSTVWXYZ23456789abcdef_-";
                size_t at = chance(LINK_TOKEN_LENGTH);
                char before = token[at];

                token[at] = digits[chance(sizeof(digits) - 1)];
                if (token[at] != before) {
                        ck_assert_str_eq(
                                decide_by_link(token, yes ? "approve" : "deny"), "NotFound");
                        return;
                }
        }
        voted(r, who, yes, decide_by_link(token, yes ? "approve" : "deny"));
}

static void cancel(void)
{
        static const uid_t by[] = { DEV, DAVE, CAROL, ADM, EVE };
        uid_t uid = by[chance(ELEMENTSOF(by))];

        if (n_requests == 0) {
                return;
        }
        ModelRequest *r = &requests[n_requests - 1 - chance(MIN(n_requests, (size_t) 8))];
        bool may = uid == ADM || uid == askers[r->asker];
        const char *error = do_id(uid, "Cancel", r->id);
        ck_assert_int_eq(streq(error, ""), may && is_pending(r));
        if (may && is_pending(r)) {
                over(r, "withdrawn");
        }
}

static void end_grant(void)
{
        static const struct {
                uid_t uid;
                const char *method, *state;
        } ways[] = {
                { ADM, "Revoke", "revoked" },
                { BOB, "Revoke", "revoked" },
                { ROOT, "Expire", "active" }, /* its time has not come */
                { DEV, "End", "ended" },
                { DAVE, "End", "ended" },
                { EVE, "Revoke", NULL },
                { EVE, "End", NULL },
                { DEV, "Expire", NULL },
        };
        size_t way = chance(ELEMENTSOF(ways));

        if (n_grants == 0) {
                return;
        }
        ModelGrant *g = &grants[n_grants - 1 - chance(MIN(n_grants, (size_t) 4))];
        bool may = ways[way].state &&
                   (!streq(ways[way].method, "End") || ways[way].uid == askers[g->asker]);
        const char *error = do_id(ways[way].uid, ways[way].method, g->id);
        if (may && streq(g->state, "active")) {
                ck_assert_str_eq(error, "");
                g->state = ways[way].state;
        } else if (!streq(ways[way].method, "Expire") || !may) {
                ck_assert_str_ne(error, "");
        }
        ck_assert_str_eq(grant_state_of(g->id), g->state);
}

static void move_clocks(void)
{
        usec_t by = (usec_t) chance(12 * (size_t) MINUTE);

        switch (chance(8)) {
        case 0:
                world_set_wall(world.now.wall - (usec_t) chance(2 * (size_t) USEC_PER_HOUR));
                break;
        case 1:
                world_set_wall(world.now.wall + (usec_t) chance((size_t) USEC_PER_HOUR));
                break;
        case 2:
                world_forward(0);
                break;
        default:
                world_forward(by);
        }
        time_has_passed();
}

static void restart(void)
{
        world_restart(chance(2) == 0);
        return_until = world.now.boot + RETURN_TIME;
        for (size_t i = 0; i < WAITERS; i++) {
                if (waiters[i].c) {
                        while (hear(waiters[i].c)) {
                                ck_assert(waiters[i].c->m.continues);
                        }
                        client_close(TAKE_PTR(waiters[i].c));
                }
        }
}

static void look(size_t asker, size_t service)
{
        const char *verdict = check_ask(ROOT, ask_for(asker, service));

        ck_assert_str_eq(verdict, live_grant(asker, service) ? VERDICT_GRANT : VERDICT_ASK);
}

/* One row of the record for each beginning and each end. */
static int count_row(const AuditRow *row, void *userdata)
{
        static const char *const ends[] = { "request.decided", "request.withdrawn",
                "request.timed_out" };
        bool end = false;

        for (size_t i = 0; i < ELEMENTSOF(ends); i++) {
                end = end || streq(row->event, ends[i]);
        }
        for (size_t i = 0; i < n_requests; i++) {
                if (streq(row->request.text, requests[i].id)) {
                        requests[i].created += streq(row->event, "request.created");
                        requests[i].ended += end;
                }
        }
        for (size_t i = 0; i < n_grants; i++) {
                if (streq(row->grant.text, grants[i].id)) {
                        grants[i].started += streq(row->event, "grant.started");
                        grants[i].ended += streq(row->event, "grant.expired") ||
                                           streq(row->event, "grant.revoked") ||
                                           streq(row->event, "grant.ended");
                }
        }
        return 0;
}

static void compare_all(void)
{
        for (size_t i = 0; i < n_requests; i++) {
                ck_assert_str_eq(state_of(requests[i].id), requests[i].state);
        }
        for (size_t i = 0; i < n_grants; i++) {
                ck_assert_str_eq(grant_state_of(grants[i].id), grants[i].state);
        }
        for (size_t i = 0; i < ELEMENTSOF(askers) * ELEMENTSOF(services); i++) {
                look(i / 2, i % 2);
        }
}

static void compare_record(void)
{
        const AuditFilter all = { .asker = UID_UNSET };

        world_verify();
        ck_assert_int_eq(store_audit(world.d.ledger.store, &all, count_row, NULL), 0);
        for (size_t i = 0; i < n_requests; i++) {
                ck_assert_int_eq(requests[i].created, 1);
                ck_assert_int_eq(requests[i].ended, !is_pending(&requests[i]));
        }
        for (size_t i = 0; i < n_grants; i++) {
                ck_assert_int_eq(grants[i].started, 1);
                ck_assert_int_eq(grants[i].ended, !streq(grants[i].state, "active"));
        }
}

static void step(void)
{
        static const struct {
                void (*run)(void);
                size_t weight;
        } ops[] = {
                { ask, 30 },
                { vote, 20 },
                { click, 14 },
                { hang_up, 8 },
                { detach, 5 },
                { come_back, 6 },
                { cancel, 5 },
                { end_grant, 8 },
                { move_clocks, 10 },
                { restart, 1 },
        };
        size_t at = chance(107);

        for (size_t i = 0; i < ELEMENTSOF(ops); i++) {
                if (at < ops[i].weight) {
                        ops[i].run();
                        break;
                }
                at -= ops[i].weight;
        }
        look(chance(ELEMENTSOF(askers)), chance(ELEMENTSOF(services)));
}

START_TEST(model)
{
        const char *steps = getenv("MODEL_STEPS"), *seed = getenv("MODEL_SEED");
        long n = steps ? atol(steps) : 10000;

        if (seed) {
                world.seed = strtoull(seed, NULL, 10);
        } else {
                ck_assert_int_eq(random_bytes(&world.seed, sizeof(world.seed)), 0);
        }
        printf("MODEL_SEED=%" PRIu64 " MODEL_STEPS=%ld\n", world.seed, n);
        (void) fflush(stdout);
        return_until = world.now.boot + RETURN_TIME;
        for (long i = 1; i <= n; i++) {
                step();
                if (i % (n / 20 + 1) == 0) {
                        compare_all();
                }
        }
        compare_all();
        compare_record();
        printf("%zu requests, %zu grants\n", n_requests, n_grants);
        free(requests);
        free(grants);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("model");
        TCase *t = tcase_create("model");

        tcase_add_checked_fixture(t, world_open, world_close);
        tcase_set_timeout(t, 1800);
        tcase_add_test(t, model);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Routes. MUST: let no receiver's failure cost more than its own messages. */

#include "jit-approver/daemon/courier.h"

#include <errno.h>
#include <stdlib.h>

#include "common/text.h"

static void flight_done(Flight *f)
{
        free(f->to);
        *f = (Flight){ 0 };
}

static void ground(Route *r)
{
        for (size_t i = 0; i < r->n; i++) {
                flight_done(&r->flights[i]);
        }
        r->n = 0;
}

static Route *route_free(Route *r)
{
        if (r) {
                ground(r);
                free(r->channel);
                free(r->problem);
                free(r);
        }
        return NULL;
}

static Route *route_new(const char *channel, usec_t wall)
{
        Route *r = calloc(1, sizeof(*r));

        if (!r || !(r->channel = strdup(channel))) {
                return route_free(r);
        }
        r->since = wall;
        return r;
}

/* Takes the route out of those there are, if there is one. */
static Route *take_route(Courier *c, const char *channel)
{
        for (size_t i = 0; i < c->n; i++) {
                if (c->routes[i] && streq(c->routes[i]->channel, channel)) {
                        return TAKE_PTR(c->routes[i]);
                }
        }
        return NULL;
}

/* The newest gateway that sends on the channel, or NULL. */
static Call *gateway_for(const Courier *c, const char *channel)
{
        for (size_t i = c->n_gateways; i > 0; i--) {
                char **names = c->gateways[i - 1].channels;

                for (char **name = names; name && *name; name++) {
                        if (streq(*name, channel)) {
                                return c->gateways[i - 1].call;
                        }
                }
        }
        return NULL;
}

/* Gives each route to whom it belongs now. */
static void match(Courier *c, usec_t wall)
{
        for (size_t i = 0; i < c->n; i++) {
                Call *call = gateway_for(c, c->routes[i]->channel);

                if (c->routes[i]->call != call) {
                        route_connect(c->routes[i], call, wall);
                }
        }
}

int courier_join(Courier *c, Call *gateway, const Strings *channels, usec_t wall)
{
        Gateway *more = reallocarray(c->gateways, c->n_gateways + 1, sizeof(*more));
        Gateway g = { .call = gateway };

        if (!more) {
                return -ENOMEM;
        }
        c->gateways = more;
        for (size_t i = 0; i < channels->n; i++) {
                if (strv_add(&g.channels, channels->items[i]) < 0) {
                        g.channels = strv_free(g.channels);
                        return -ENOMEM;
                }
        }
        c->gateways[c->n_gateways++] = g;
        match(c, wall);
        return 0;
}

void courier_leave(Courier *c, const Call *gateway, usec_t wall)
{
        for (size_t i = 0; i < c->n_gateways; i++) {
                Gateway *g = &c->gateways[i];

                if (g->call == gateway) {
                        g->channels = strv_free(g->channels);
                        memmove(g, g + 1, (--c->n_gateways - i) * sizeof(*g));
                        break;
                }
        }
        match(c, wall);
}

static void routes_free(Route **routes, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                (void) route_free(routes[i]);
        }
        free(routes);
}

int courier_set_channels(Courier *c, const Rules *rules, usec_t wall)
{
        Route **routes;
        size_t n = 0;
        int r = 0;

        if (!rules) {
                return 0;
        }
        routes = calloc(rules->n_channels + 1, sizeof(*routes));
        if (!routes) {
                return -ENOMEM;
        }
        for (size_t i = 0; i < rules->n_channels; i++) {
                Route *route = take_route(c, rules->channels[i]->name);

                if (!route) {
                        route = route_new(rules->channels[i]->name, wall);
                }
                if (route) {
                        routes[n++] = route;
                } else {
                        r = -ENOMEM;
                }
        }
        routes_free(c->routes, c->n);
        c->routes = routes;
        c->n = n;
        match(c, wall);
        return r;
}

void courier_done(Courier *c)
{
        routes_free(c->routes, c->n);
        for (size_t i = 0; i < c->n_gateways; i++) {
                (void) strv_free(c->gateways[i].channels);
        }
        free(c->gateways);
        *c = (Courier){ .due_at = USEC_NEVER };
}

Route *courier_find(const Courier *c, const char *channel)
{
        for (size_t i = 0; i < c->n; i++) {
                if (streq(c->routes[i]->channel, channel)) {
                        return c->routes[i];
                }
        }
        return NULL;
}

static Flight *find_flight(Route *r, int64_t id)
{
        for (size_t i = 0; i < r->n; i++) {
                if (r->flights[i].id == id) {
                        return &r->flights[i];
                }
        }
        return NULL;
}

Route *courier_find_flight(const Courier *c, int64_t id)
{
        for (size_t i = 0; i < c->n; i++) {
                if (find_flight(c->routes[i], id)) {
                        return c->routes[i];
                }
        }
        return NULL;
}

const char *route_state(const Route *r)
{
        if (!r->call) {
                return "away";
        }
        return r->failures > 0 ? "failing" : r->used ? "ok" : "idle";
}

size_t route_room(const Route *r, usec_t boot)
{
        size_t window = r->failures > 0 ? 1 : COURIER_WINDOW;

        return r->call && r->retry_at <= boot && r->n < window ? window - r->n : 0;
}

bool route_is_busy(const Route *r, const Id *request, const char *to)
{
        for (size_t i = 0; i < r->n; i++) {
                if (streq(r->flights[i].request.text, request->text) &&
                        streq(str_or(r->flights[i].to, ""), str_or(to, ""))) {
                        return true;
                }
        }
        return false;
}

int route_take_off(Route *r, const OwedMessage *m)
{
        Flight f = { .id = m->id, .tries = m->tries, .request = m->request };

        if (r->n == COURIER_WINDOW) {
                return -EBUSY;
        }
        if (m->to && !(f.to = strdup(m->to))) {
                return -ENOMEM;
        }
        r->flights[r->n++] = f;
        return 0;
}

int64_t route_land(Route *r, int64_t id)
{
        Flight *f = find_flight(r, id);
        int64_t tries;

        if (!f) {
                return 0;
        }
        tries = f->tries;
        flight_done(f);
        *f = r->flights[--r->n];
        r->flights[r->n] = (Flight){ 0 };
        return tries;
}

void route_connect(Route *r, Call *call, usec_t wall)
{
        if (r->call && !call && r->since == 0) {
                r->since = wall;
        }
        if (call && r->failures == 0) {
                r->since = 0;
        }
        ground(r);
        r->call = call;
        r->retry_at = 0;
}

/* The first may be the message's fault: the next is tried at once, unless the receiver wants its peace. */
static usec_t route_wait(const Route *r, usec_t retry_after)
{
        usec_t wait = r->failures > 1 ? courier_wait((int64_t) r->failures - 1, ROUTE_WAIT_MAX) : 0;
        usec_t asked = MIN(retry_after, ROUTE_PEACE_MAX);

        return MAX(wait, asked);
}

bool route_report(Route *r, const char *problem, usec_t retry_after, const Now *now)
{
        unsigned before = r->failures;

        r->used = true;
        free(r->problem);
        r->problem = problem ? text_clean_dup(problem, PROBLEM_SHOWN) : NULL;
        r->failures = problem ? before + 1 : 0;
        if (r->failures == 0) {
                r->since = 0;
                r->retry_at = 0;
                return before > 0;
        }
        if (r->since == 0) {
                r->since = now->wall;
        }
        r->retry_at = MAX(r->retry_at, usec_add(now->boot, route_wait(r, retry_after)));
        return before == 0;
}

usec_t courier_wait(int64_t failures, usec_t max)
{
        usec_t wait = USEC_PER_SEC;

        for (int64_t i = 1; i < failures && wait < max; i++) {
                wait *= 2;
        }
        return MIN(wait, max);
}

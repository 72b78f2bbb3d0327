/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Parked calls by request, and how many each asker has. */

#include "jit-approver/daemon/waiters.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>

/* A request's waiters. */
typedef struct Queue {
        Id request;
        Waiter *first;
} Queue;

typedef struct Count {
        uid_t asker;
        unsigned n;
} Count;

static int queue_compare(const void *a, const void *b)
{
        return strcmp(((const Queue *) a)->request.text, ((const Queue *) b)->request.text);
}

static int count_compare(const void *a, const void *b)
{
        const Count *x = a, *y = b;

        return x->asker < y->asker ? -1 : x->asker > y->asker;
}

static Queue *queue_find(const Waiters *ws, const Id *request)
{
        Queue key = { .request = *request };
        void *found = tfind(&key, &ws->by_request, queue_compare);

        return found ? *(Queue **) found : NULL;
}

static Count *count_find(const Waiters *ws, uid_t asker)
{
        Count key = { .asker = asker };
        void *found = tfind(&key, &ws->by_asker, count_compare);

        return found ? *(Count **) found : NULL;
}

static Queue *queue_get(Waiters *ws, const Id *request)
{
        Queue *q = queue_find(ws, request);
        if (q) {
                return q;
        }
        q = calloc(1, sizeof(*q));
        if (!q) {
                return NULL;
        }
        q->request = *request;
        if (!tsearch(q, &ws->by_request, queue_compare)) {
                free(q);
                return NULL;
        }
        return q;
}

static Count *count_get(Waiters *ws, uid_t asker)
{
        Count *c = count_find(ws, asker);
        if (c) {
                return c;
        }
        c = calloc(1, sizeof(*c));
        if (!c) {
                return NULL;
        }
        c->asker = asker;
        if (!tsearch(c, &ws->by_asker, count_compare)) {
                free(c);
                return NULL;
        }
        return c;
}

static void queue_drop_if_empty(Waiters *ws, Queue *q)
{
        if (q && !q->first) {
                tdelete(q, &ws->by_request, queue_compare);
                free(q);
        }
}

static void count_drop_if_empty(Waiters *ws, Count *c)
{
        if (c && c->n == 0) {
                tdelete(c, &ws->by_asker, count_compare);
                free(c);
        }
}

/* One block: the struct, the four words of its echo and the rule. */
static Waiter *waiter_new(
        const Id *request, Call *call, const Echo *echo, uid_t asker, bool counts, const char *rule)
{
        const char *const from[] = { echo->nonce, echo->service, echo->user, echo->target, rule };
        const char *to[ELEMENTSOF(from)];
        size_t size = 0;

        for (size_t i = 0; i < ELEMENTSOF(from); i++) {
                size += strlen(str_or(from[i], "")) + 1;
        }
        Waiter *w = malloc(sizeof(*w) + size);
        if (!w) {
                return NULL;
        }
        char *at = (char *) (w + 1);
        for (size_t i = 0; i < ELEMENTSOF(from); i++) {
                size_t n = strlen(str_or(from[i], "")) + 1;
                memcpy(at, str_or(from[i], ""), n);
                to[i] = at;
                at += n;
        }
        *w = (Waiter){
                .call = call,
                .request = *request,
                .asker = asker,
                .counts = counts,
                .rule = to[4],
                .reach_at = USEC_NEVER,
                .echo = { echo->asker, echo->target_uid, to[0], to[1], to[2], to[3] },
        };
        return w;
}

int waiters_add(Waiters *ws, const Id *request, Call *call, const Echo *echo, uid_t asker,
        bool counts, const char *rule, Waiter **ret)
{
        Queue *q = queue_get(ws, request);
        Count *c = count_get(ws, asker);
        Waiter *w = waiter_new(request, call, echo, asker, counts, rule);

        if (!q || !c || !w) {
                queue_drop_if_empty(ws, q);
                count_drop_if_empty(ws, c);
                free(w);
                return -ENOMEM;
        }
        w->next = q->first;
        q->first = w;
        c->n += counts;
        ws->n++;
        call_park(call);
        *ret = w;
        return 0;
}

Waiter *waiters_of(const Waiters *ws, const Id *request)
{
        Queue *q = queue_find(ws, request);

        return q ? q->first : NULL;
}

bool waiters_keep(const Waiters *ws, const Id *request)
{
        for (Waiter *w = waiters_of(ws, request); w; w = w->next) {
                if (w->counts) {
                        return true;
                }
        }
        return false;
}

typedef struct Visiting {
        void (*visit)(Waiter *w, void *userdata);
        void *userdata;
} Visiting;

static void visit_queue(const void *node, VISIT order, void *userdata)
{
        const Queue *q = *(Queue *const *) node;
        Visiting *v = userdata;

        for (Waiter *w = order == postorder || order == leaf ? q->first : NULL; w; w = w->next) {
                v->visit(w, v->userdata);
        }
}

void waiters_visit(const Waiters *ws, void (*visit)(Waiter *w, void *userdata), void *userdata)
{
        twalk_r(ws->by_request, visit_queue, &(Visiting){ visit, userdata });
}

typedef struct Counting {
        uid_t asker;
        const char *service, *rule;
        unsigned n;
} Counting;

static void count_one(Waiter *w, void *userdata)
{
        Counting *c = userdata;

        c->n += w->counts && (c->asker == UID_UNSET || w->asker == c->asker) &&
                (!c->service || streq(c->service, w->echo.service)) &&
                (!c->rule || streq(c->rule, w->rule));
}

unsigned waiters_count(const Waiters *ws, uid_t asker, const char *service, const char *rule)
{
        Counting c = { asker, service, rule, 0 };

        waiters_visit(ws, count_one, &c);
        return c.n;
}

unsigned waiters_of_asker(const Waiters *ws, uid_t asker)
{
        Count *c = count_find(ws, asker);

        return c ? c->n : 0;
}

void waiters_remove(Waiters *ws, Waiter *w)
{
        Queue *q = queue_find(ws, &w->request);
        Count *c = count_find(ws, w->asker);

        for (Waiter **at = q ? &q->first : NULL; at && *at; at = &(*at)->next) {
                if (*at == w) {
                        *at = w->next;
                        ws->n--;
                        break;
                }
        }
        if (c) {
                c->n -= w->counts;
        }
        queue_drop_if_empty(ws, q);
        count_drop_if_empty(ws, c);
        free(w);
}

static void queue_free(void *p)
{
        Queue *q = p;

        while (q->first) {
                Waiter *next = q->first->next;
                free(q->first);
                q->first = next;
        }
        free(q);
}

void waiters_done(Waiters *ws)
{
        tdestroy(ws->by_request, queue_free);
        tdestroy(ws->by_asker, free);
        *ws = (Waiters){ 0 };
}

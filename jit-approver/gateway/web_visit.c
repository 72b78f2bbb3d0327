/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One request and the questions it takes: a page is one ShowLink; a form is DecideLink, and ShowLink when that
 * was refused; the API's verbs look first whether the token is for the request they name.
 *
 * MUST: answered exactly once, whatever the approver does.
 */

#include <errno.h>
#include <stdlib.h>

#include "jit-approver/gateway/api.h"
#include "jit-approver/gateway/web_internal.h"

static void on_reply(int error, const Message *reply, void *visit);

static void visit_free(Visit *v)
{
        erase_free(v->token);
        form_done(&v->form);
        free(v->refusal_message);
        free(v);
}

/* The server ends first. */
static void on_gone(HttpRequest *r, void *visit)
{
        Visit *v = visit;

        upstream_cancel(v->call);
        visit_free(v);
}

static void visit_refuse(Visit *v, const Refusal *refusal)
{
        web_refuse(v->http, &v->route, refusal);
        visit_free(v);
}

static int ask_link(Visit *v, const char *method)
{
        const LinkCall call = { .version = PROTOCOL_VERSION, .token = v->token };

        return upstream_call(v->web->upstream, method, LINK_FIELDS, &call, on_reply, v, &v->call);
}

static int ask_decide(Visit *v)
{
        const DecideLinkCall call = {
                .version = PROTOCOL_VERSION,
                .token = v->token,
                .decision = v->form.decision,
                .duration = v->form.duration,
                .note = v->form.note,
                .code = v->form.code,
                /* A form without its value must not pass for a program. */
                .form = v->route.api ? NULL : str_or(v->form.form, ""),
        };

        v->deciding = true;
        return upstream_call(
                v->web->upstream, "DecideLink", DECIDE_LINK_FIELDS, &call, on_reply, v, &v->call);
}

static int ask_cancel(Visit *v)
{
        v->deciding = true;
        return ask_link(v, "CancelLink");
}

/* A question was asked, or (e < 0) could not be. */
static void visit_asked(Visit *v, int e)
{
        if (e < 0) {
                const Refusal refusal = refusal_of_reply(e, NULL);

                visit_refuse(v, &refusal);
        }
}

/* A try with a token that somebody knows, or that nobody could be asked about, is none. */
static void count(Visit *v, const Refusal *refusal)
{
        if (refusal->status != 401 && !v->counted) {
                limiter_return(&v->web->limiter, &v->client, clock_usec(CLOCK_BOOTTIME));
        }
        v->counted = true; /* one for one visit */
}

/* A form whose decision was not taken: what became of the request is shown with it. */
static bool shows_request(const Visit *v, const Refusal *refusal)
{
        return v->deciding && !v->route.api && v->refusal.status == 0 && refusal->status != 401 &&
               refusal->status != 503;
}

static void on_error(Visit *v, const Refusal *refusal)
{
        if (!shows_request(v, refusal)) {
                visit_refuse(v, refusal);
                return;
        }
        v->refusal = *refusal;
        v->refusal_message = strdup(refusal->message);
        v->refusal.message = str_or(v->refusal_message, "");
        visit_asked(v, ask_link(v, "ShowLink"));
}

/* The token is good. Is it for what the path names, and is there more to ask? */
static void on_page(Visit *v, const JsonNode *page)
{
        bool named = v->route.kind == ROUTE_SHOW || v->route.kind == ROUTE_DECIDE ||
                     v->route.kind == ROUTE_CANCEL;

        known_add(&v->web->known, v->token);
        if (v->route.kind == ROUTE_REVIEW) {
                const Refusal refusal = refusal_new(403,
                        "A review is signed on the host, by jitctl review: a link does not prove who "
                        "you are.");
                visit_refuse(v, &refusal);
        } else if (named && !api_names(page, v->route.id)) {
                const Refusal refusal = refusal_new(404, "The token is for another request.");
                visit_refuse(v, &refusal);
        } else if (v->route.kind == ROUTE_DECIDE && !v->deciding) {
                visit_asked(v, ask_decide(v));
        } else if (v->route.kind == ROUTE_CANCEL && !v->deciding) {
                visit_asked(v, ask_cancel(v));
        } else {
                web_answer_page(v, page);
                visit_free(v);
        }
}

static void on_reply(int error, const Message *reply, void *visit)
{
        Visit *v = visit;
        const JsonNode *page = reply ? node_object(reply->parameters, "page") : NULL;
        const Refusal refusal =
                page && !reply->error ? (Refusal){ 0 } : refusal_of_reply(error, reply);

        v->call = NULL;
        count(v, &refusal);
        if (refusal.status != 0) {
                on_error(v, &refusal);
        } else {
                on_page(v, page);
        }
}

void web_visit(
        Web *w, HttpRequest *r, const Route *route, const Address *client, char *token, Form *form)
{
        Visit *v = token ? calloc(1, sizeof(*v)) : NULL;

        if (!v) {
                erase_free(token);
                web_refuse_with(r, route, 503, "There is no memory left for this. Try again.");
                return;
        }
        *v = (Visit){ .web = w, .http = r, .route = *route, .client = *client, .token = token };
        v->route.token = NULL;
        v->counted = known_has(&w->known, token); /* then no try was taken */
        v->form = *form;
        *form = (Form){ 0 };
        http_park(r, on_gone, v);
        bool decides = route->kind == ROUTE_PAGE && v->form.decision;
        visit_asked(v, decides ? ask_decide(v) : ask_link(v, "ShowLink"));
}

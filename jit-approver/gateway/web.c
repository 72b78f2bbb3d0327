/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a request is, and whether it is worth a question to the approver.
 *
 * MUST: tokens and paths are logged nowhere and kept no longer than their request (hazard H-63), but for
 * keyed hashes of those that are genuine.
 * MUST: a GET never leads to more than ShowLink (hazard H-61).
 */

#include <errno.h>
#include <stdlib.h>

#include "jit-approver/gateway/api.h"
#include "jit-approver/gateway/origin.h"
#include "jit-approver/gateway/web_internal.h"

static bool is_post(const HttpRequest *r)
{
        return streq(http_method(r), "POST");
}

static bool is_ours(const Web *w, const HttpRequest *r, const Route *route)
{
        const Origin o = {
                .fetch_site = http_header(r, "Sec-Fetch-Site"),
                .origin = http_header(r, "Origin"),
                .host = http_header(r, "Host"),
        };

        /* Pages are opened from wherever the link stands. */
        if (!route->api && !is_post(r)) {
                return true;
        }
        return origin_ok(&o, w->origin, !route->api);
}

/* What is wrong with a decision that was sent; status 0: nothing, or none is due here. */
static Refusal read_form(const HttpRequest *r, const Route *route, Form *ret)
{
        const char *type = http_header(r, "Content-Type"), *wrong;
        size_t size;
        const char *body = http_body(r, &size);

        if (!is_post(r) || route->kind == ROUTE_CANCEL || route->kind == ROUTE_REVIEW) {
                return (Refusal){ 0 };
        }
        if (!api_is_type(
                    type, route->api ? "application/json" : "application/x-www-form-urlencoded")) {
                return refusal_new(
                        415, "A decision is sent as a form from the page, or as JSON to the API.");
        }
        int e = route->api ? form_parse_json(body, size, ret) : form_parse(body, size, ret);
        if (e == -ENOMEM) {
                return refusal_new(503, "There is no memory left for this. Try again in a moment.");
        }
        if (e < 0) {
                return refusal_new(400,
                        "The fields are decision, duration, note and code, each once at most.");
        }
        wrong = form_check(ret);
        return wrong ? refusal_new(400, wrong) : (Refusal){ 0 };
}

/* Whether this client may come with a token that is not known; if not, that has been said. */
static bool is_welcome(Web *w, HttpRequest *r, const Route *route, const Address *client)
{
        usec_t wait = limiter_take(&w->limiter, client, clock_usec(CLOCK_BOOTTIME));

        if (wait == 0) {
                return true;
        }
        Refusal refusal =
                refusal_new(429, "Too many links from here were not known. Wait a moment.");
        refusal.retry_after = (int) ((wait + USEC_PER_SEC - 1) / USEC_PER_SEC);
        web_refuse(r, route, &refusal);
        return false;
}

/* The token is looked at first, so that nobody learns anything without one. */
static void on_link(Web *w, HttpRequest *r, const Route *route)
{
        const char *token = route->api ? api_bearer(http_header(r, "Authorization")) : route->token;
        _cleanup_(form_done) Form form = { 0 };
        Address client = http_client(r);
        bool whole = token && token_is_whole(token), known = whole && known_has(&w->known, token);

        /* Others behind the same address may have used all tries up. */
        if (!known && !is_welcome(w, r, route, &client)) {
                return;
        }
        if (!whole) {
                web_refuse_with(r, route, 401, REFUSAL_UNKNOWN);
                return;
        }
        Refusal refusal = read_form(r, route, &form);
        if (refusal.status != 0) {
                if (!known) {
                        limiter_return(&w->limiter, &client, clock_usec(CLOCK_BOOTTIME));
                }
                web_refuse(r, route, &refusal);
                return;
        }
        web_visit(w, r, route, &client, strdup(token), &form);
}

static void on_health(const Web *w, HttpRequest *r)
{
        HttpAnswer a = { .status = upstream_is_up(w->upstream) ? 200 : 503 };

        http_respond(r, &a);
}

static void on_request(HttpRequest *r, void *web)
{
        Web *w = web;
        Route route = route_find(http_path(r), page_style_path());
        const char *allow = route_refuses(&route, http_method(r));
        Refusal refusal = refusal_new(405, "This is not what can be done here.");

        if (http_is_too_large(r)) {
                web_refuse_with(r, &route, 413, "A decision and its note are shorter than that.");
        } else if (http_is_ambiguous(r)) {
                web_refuse_with(
                        r, &route, 400, "This can be read in two ways: something is said twice.");
        } else if (route.kind == ROUTE_NONE) {
                web_refuse_with(r, &route, 404, "Nothing is at this address.");
        } else if (allow) {
                refusal.allow = allow;
                web_refuse(r, &route, &refusal);
        } else if (route.kind == ROUTE_HEALTH) {
                on_health(w, r);
        } else if (route.kind == ROUTE_METRICS) {
                web_metrics(w, r);
        } else if (route.kind == ROUTE_STYLE) {
                web_answer_style(r);
        } else if (!is_ours(w, r, &route)) {
                web_refuse_with(r, &route, 403,
                        "This was sent from another site's page. Open your link itself, and decide "
                        "there.");
        } else {
                on_link(w, r, &route);
        }
}

int web_new(sd_event *event, const WebConfig *config, Upstream *upstream, Web **ret)
{
        _cleanup_(web_freep) Web *w = calloc(1, sizeof(*w));

        if (!w) {
                return -ENOMEM;
        }
        w->upstream = upstream;
        int r = known_init(&w->known);
        if (r >= 0) {
                r = http_new(event, config, &HTTP_LIMITS, on_request, w, &w->http);
        }
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(w);
        return 0;
}

Web *web_free(Web *w)
{
        if (w) {
                w->http = http_free(w->http);
                free(w->origin);
                free(w);
        }
        return NULL;
}

void web_set_origin(Web *w, const char *url)
{
        free(TAKE_PTR(w->origin));
        if (url) {
                (void) origin_of(url, &w->origin);
        }
}

void web_know_link(Web *w, const char *url)
{
        static const char start[] = "/r/";
        const char *token = NULL;

        for (const char *at = url; (at = strstr(at, start)); at++) {
                token = at + strlen(start);
        }
        if (token && token_is_whole(token)) {
                known_add(&w->known, token);
        }
}

uint16_t web_port(const Web *w)
{
        return http_port(w->http);
}

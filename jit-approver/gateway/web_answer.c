/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From what is to be said to the bytes: JSON below /api, a page elsewhere. */

#include <errno.h>
#include <stdlib.h>

#include "jit-approver/gateway/api.h"
#include "jit-approver/gateway/web_internal.h"

static const char type_html[] = "text/html; charset=utf-8";
static const char type_json[] = "application/json";

void web_refuse(HttpRequest *r, const Route *route, const Refusal *refusal)
{
        HttpAnswer a = {
                .status = refusal->status,
                .type = route->api ? type_json : type_html,
                .retry_after = refusal->retry_after,
                .allow = refusal->allow,
                .bearer = route->api && refusal->status == 401,
        };

        int e = route->api ? api_error(refusal, &a.body, &a.body_size)
                           : page_refusal(refusal, page_style_path(), &a.body, &a.body_size);
        if (e < 0) {
                a.type = NULL; /* the status says it alone */
        }
        http_respond(r, &a);
}

void web_refuse_with(HttpRequest *r, const Route *route, int status, const char *message)
{
        const Refusal refusal = refusal_new(status, message);

        web_refuse(r, route, &refusal);
}

void web_answer_style(HttpRequest *r)
{
        HttpAnswer a = {
                .status = 200,
                .type = "text/css; charset=utf-8",
                .body = strdup(page_style_text),
                .body_size = page_style_size(),
                .cacheable = true,
        };

        if (!a.body) {
                a = (HttpAnswer){ .status = 503 };
        }
        http_respond(r, &a);
}

/* The request as a page, with what was decided just now or why not. */
static int make_page(const Visit *v, const JsonNode *page, HttpAnswer *a)
{
        const PageView view = {
                .page = page,
                .given = v->refusal.status == 0 ? v->form.decision : NULL,
                .refusal = v->refusal.status != 0 ? &v->refusal : NULL,
                .tried = v->refusal.status != 0 ? &v->form : NULL,
                .style = page_style_path(),
                .now = clock_now().wall,
        };

        a->type = type_html;
        if (view.refusal) {
                a->status = v->refusal.status;
                a->retry_after = v->refusal.retry_after;
        }
        return page_request(&view, &a->body, &a->body_size);
}

void web_answer_page(Visit *v, const JsonNode *page)
{
        HttpAnswer a = { .status = 200, .type = type_json };
        int e;

        if (!v->route.api) {
                e = make_page(v, page, &a);
        } else if (v->route.kind == ROUTE_LIST) {
                e = api_list(page, &a.body, &a.body_size);
        } else {
                e = api_object(page, &a.body, &a.body_size);
        }
        if (e < 0) {
                web_refuse_with(
                        v->http, &v->route, 503, "The answer could not be made. Try again.");
        } else {
                http_respond(v->http, &a);
        }
}

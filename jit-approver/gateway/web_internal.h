/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of web share. */

#include <sys/queue.h>

#include "jit-approver/gateway/form.h"
#include "jit-approver/gateway/http.h"
#include "jit-approver/gateway/known.h"
#include "jit-approver/gateway/limiter.h"
#include "jit-approver/gateway/page.h"
#include "jit-approver/gateway/route.h"
#include "jit-approver/gateway/web.h"

struct Web {
        Upstream *upstream; /* borrowed */
        Http *http;
        char *origin; /* NULL: not known */
        Limiter limiter;
        Known known;
};

/* A request for which the approver is asked. Owned by its UpstreamCall, or by what ends that. */
typedef struct Visit {
        Web *web;
        HttpRequest *http;
        Route route;
        Address client;
        char *token;
        Form form;
        bool counted;    /* the limiter knows how it went, or was not asked */
        bool deciding;   /* the decision has been handed in */
        Refusal refusal; /* why the decision was not taken; status 0: it was, or there was none */
        char *refusal_message;
        UpstreamCall *call;
} Visit;

/* web_answer.c */
void web_refuse(HttpRequest *r, const Route *route, const Refusal *refusal);
void web_refuse_with(HttpRequest *r, const Route *route, int status, const char *message);
void web_answer_style(HttpRequest *r);
/* What the approver said of the request, in the form that the route asks for. */
void web_answer_page(Visit *v, const JsonNode *page);

/* web_metrics.c: asks the approver, and answers once. */
void web_metrics(Web *w, HttpRequest *r);

/* web_visit.c: asks the approver, and answers once. Takes token and form. */
void web_visit(
        Web *w, HttpRequest *r, const Route *route, const Address *client, char *token, Form *form);

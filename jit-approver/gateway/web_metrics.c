/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * /metrics: one question to the approver, for whoever asks on this host. To everybody else there is nothing
 * at this address. MUST: answered exactly once, whatever the approver does.
 */

#include <stdlib.h>

#include "jit-approver/gateway/metrics.h"
#include "jit-approver/gateway/web_internal.h"

typedef struct Scrape {
        HttpRequest *http;
        UpstreamCall *call;
} Scrape;

static const Route here = { .kind = ROUTE_METRICS };

static void on_gone(HttpRequest *r, void *scrape)
{
        Scrape *s = scrape;

        upstream_cancel(s->call);
        free(s);
}

static void on_reply(int error, const Message *reply, void *scrape)
{
        Scrape *s = scrape;
        HttpAnswer a = { .status = 200, .type = METRICS_TYPE };

        if (!reply || reply->error || metrics_text(reply->parameters, &a.body, &a.body_size) < 0) {
                const Refusal refusal = refusal_of_reply(error, NULL);
                web_refuse(s->http, &here, &refusal);
        } else {
                http_respond(s->http, &a);
        }
        free(s);
}

void web_metrics(Web *w, HttpRequest *r)
{
        const IdCall call = { .version = PROTOCOL_VERSION };

        if (!http_is_local(r)) {
                web_refuse_with(r, &here, 404, "Nothing is at this address.");
                return;
        }
        Scrape *s = calloc(1, sizeof(*s));
        if (!s) {
                web_refuse_with(r, &here, 503, "There is no memory left for this. Try again.");
                return;
        }
        s->http = r;
        http_park(r, on_gone, s);
        int e = upstream_call(w->upstream, "GetMetrics", ID_FIELDS, &call, on_reply, s, &s->call);
        if (e < 0) {
                on_reply(e, NULL, s);
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: what is no path of ours, to the byte, is ROUTE_NONE; an object without a known verb is too. */

#include "jit-approver/gateway/route.h"

#include "common/util.h"

static const char requests[] = "/api/v1/requests";
static const char reviews[] = "/api/v1/reviews/";

static const char *after(const char *s, const char *prefix)
{
        size_t n = strlen(prefix);

        return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* What follows the list: "/ID" and perhaps a verb. */
static void route_object(Route *r, const char *rest)
{
        char id[2 * ID_SIZE];
        size_t n = strcspn(rest, "/");

        if (streq(rest + n, "")) {
                r->kind = ROUTE_SHOW;
        } else if (streq(rest + n, "/decision")) {
                r->kind = ROUTE_DECIDE;
        } else if (streq(rest + n, "/cancel")) {
                r->kind = ROUTE_CANCEL;
        }
        if (n >= sizeof(id)) {
                n = 0;
        }
        memcpy(id, rest, n);
        id[n] = '\0';
        if (id_parse_prefix(id, r->id) < 0) {
                r->id[0] = '\0';
        }
}

Route route_find(const char *path, const char *style_path)
{
        Route r = { .api = streq(path, "/api") || after(path, "/api/") };
        const char *rest;

        if (streq(path, "/healthz")) {
                r.kind = ROUTE_HEALTH;
        } else if (streq(path, "/metrics")) {
                r.kind = ROUTE_METRICS;
        } else if (streq(path, style_path)) {
                r.kind = ROUTE_STYLE;
        } else if (streq(path, requests)) {
                r.kind = ROUTE_LIST;
        } else if ((rest = after(path, "/r/"))) {
                r.kind = strchr(rest, '/') ? ROUTE_NONE : ROUTE_PAGE;
                r.token = rest;
        } else if ((rest = after(path, requests)) && *rest == '/') {
                route_object(&r, rest + 1);
        } else if ((rest = after(path, reviews)) && *rest && !strchr(rest, '/')) {
                r.kind = ROUTE_REVIEW;
        }
        return r;
}

const char *route_refuses(const Route *r, const char *method)
{
        bool read = streq(method, "GET") || streq(method, "HEAD"), post = streq(method, "POST");

        switch (r->kind) {
        case ROUTE_PAGE:
                return read || post ? NULL : "GET, HEAD, POST";
        case ROUTE_DECIDE:
        case ROUTE_CANCEL:
        case ROUTE_REVIEW:
                return post ? NULL : "POST";
        case ROUTE_NONE:
                return NULL;
        case ROUTE_STYLE:
        case ROUTE_HEALTH:
        case ROUTE_METRICS:
        case ROUTE_LIST:
        case ROUTE_SHOW:
        default:
                return read ? NULL : "GET, HEAD";
        }
}

static bool is_id_character(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
}

bool token_is_whole(const char *token)
{
        if (strlen(token) != TOKEN_LENGTH) {
                return false;
        }
        for (size_t i = 0; i < TOKEN_LENGTH; i++) {
                char c = token[i];
                bool ok = i == 8 ? c == '-' : is_id_character(c);

                if (!ok && !(i > 8 && ((c >= 'a' && c <= 'z') || c == '-' || c == '_'))) {
                        return false;
                }
        }
        return true;
}

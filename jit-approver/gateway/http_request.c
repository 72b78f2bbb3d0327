/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * From the first header to the answer. libmicrohttpd calls on_http_request() once with the headers, then
 * with each piece of the body, then once more; and again after a suspended one was resumed.
 *
 * MUST: every answer carries the headers that keep browsers from doing more than show it (hazard H-64).
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "jit-approver/gateway/http_internal.h"

#define FORWARDED_MAX 1024

static const char *const headers[][2] = {
        { "Content-Security-Policy",
                "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
                "frame-ancestors 'none'" },
        { "Referrer-Policy", "no-referrer" },
        { "X-Content-Type-Options", "nosniff" },
        { "X-Frame-Options", "DENY" },
        { "X-Robots-Tag", "noindex" },
        { "Cross-Origin-Opener-Policy", "same-origin" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
};

const char *http_method(const HttpRequest *r)
{
        return r->method;
}

const char *http_path(const HttpRequest *r)
{
        return r->path;
}

const char *http_header(const HttpRequest *r, const char *name)
{
        return MHD_lookup_connection_value(r->mhd, MHD_HEADER_KIND, name);
}

const char *http_body(const HttpRequest *r, size_t *ret_size)
{
        *ret_size = r->body_size;
        return str_or(r->body, "");
}

bool http_is_too_large(const HttpRequest *r)
{
        return r->too_large;
}

bool http_is_ambiguous(const HttpRequest *r)
{
        return r->ambiguous;
}

/* Of several, the last one: our own proxy wrote it, or added to it. */
static enum MHD_Result on_forwarded(
        void *ret, enum MHD_ValueKind kind, const char *name, const char *value)
{
        if (strcasecmp(name, "X-Forwarded-For") == 0) {
                *(const char **) ret = value;
        }
        return MHD_YES;
}

Address http_client(const HttpRequest *r)
{
        const HttpConnection *c = r->connection;
        const char *forwarded = NULL;

        if (!c->trusted) {
                return c->peer;
        }
        (void) MHD_get_connection_values(r->mhd, MHD_HEADER_KIND, on_forwarded, &forwarded);
        return address_forwarded(&c->peer, forwarded, c->http->config->trusted_proxies);
}

bool http_is_local(const HttpRequest *r)
{
        static const char *const of_proxies[] = { "X-Forwarded-For", "X-Forwarded-Host",
                "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via" };
        const HttpConnection *c = r->connection;

        for (size_t i = 0; i < ELEMENTSOF(of_proxies); i++) {
                if (http_header(r, of_proxies[i])) {
                        return false;
                }
        }
        return c->http->is_unix || address_is_loopback(&c->peer);
}

static void add_number(struct MHD_Response *response, const char *name, int value)
{
        char text[16];

        (void) snprintf(text, sizeof(text), "%d", value);
        (void) MHD_add_response_header(response, name, text);
}

static struct MHD_Response *make_response(const HttpAnswer *a)
{
        struct MHD_Response *m =
                MHD_create_response_from_buffer(a->body_size, a->body, MHD_RESPMEM_MUST_FREE);

        if (!m) {
                free(a->body);
                return NULL;
        }
        for (size_t i = 0; i < ELEMENTSOF(headers); i++) {
                (void) MHD_add_response_header(m, headers[i][0], headers[i][1]);
        }
        (void) MHD_add_response_header(m, "Cache-Control",
                a->cacheable ? "public, max-age=31536000, immutable" : "no-store");
        if (a->type) {
                (void) MHD_add_response_header(m, "Content-Type", a->type);
        }
        if (a->allow) {
                (void) MHD_add_response_header(m, "Allow", a->allow);
        }
        if (a->bearer) {
                (void) MHD_add_response_header(m, "WWW-Authenticate", "Bearer");
        }
        if (a->retry_after > 0) {
                add_number(m, "Retry-After", a->retry_after);
        }
        return m;
}

void http_respond(HttpRequest *r, const HttpAnswer *a)
{
        r->response = make_response(a);
        r->status = a->status;
        r->answered = true;
        if (r->gone) {
                r->gone = NULL;
                LIST_REMOVE(r, parked);
        }
        if (r->suspended) {
                r->suspended = false;
                MHD_resume_connection(r->mhd);
                http_run_soon(r->connection->http);
        }
}

void http_park(HttpRequest *r, HttpGone gone, void *userdata)
{
        r->gone = gone;
        r->gone_userdata = userdata;
        LIST_INSERT_HEAD(&r->connection->http->parked, r, parked);
}

void http_unpark_all(Http *h)
{
        HttpRequest *r;

        while ((r = LIST_FIRST(&h->parked))) {
                LIST_REMOVE(r, parked);
                HttpGone gone = TAKE_PTR(r->gone);
                gone(r, r->gone_userdata);
                r->answered = true; /* by nothing: the connection is closed */
                if (r->suspended) {
                        r->suspended = false;
                        MHD_resume_connection(r->mhd);
                }
        }
        (void) MHD_run(h->mhd);
}

static enum MHD_Result queue(HttpRequest *r)
{
        struct MHD_Response *m = TAKE_PTR(r->response);

        if (!m) {
                return MHD_NO;
        }
        enum MHD_Result q = MHD_queue_response(r->mhd, (unsigned) r->status, m);
        MHD_destroy_response(m);
        /* To take the answer, and to send a whole request after it. */
        http_expect(r->connection, true);
        return q;
}

/* Hands the whole request over. */
static enum MHD_Result handle(HttpRequest *r)
{
        Http *h = r->connection->http;

        if (!r->handled) {
                r->handled = true;
                http_expect(r->connection, false);
                h->handler(r, h->userdata);
        }
        if (r->answered) {
                return queue(r);
        }
        if (!r->gone) {
                return MHD_NO; /* neither answered nor parked */
        }
        r->suspended = true;
        MHD_suspend_connection(r->mhd);
        return MHD_YES;
}

/* Whether the length that is announced is too much, or none at all. */
static bool announces_too_much(const HttpRequest *r)
{
        const char *length = http_header(r, "Content-Length");
        uint64_t n;

        return length &&
               (parse_u64(length, UINT64_MAX, &n) < 0 || n > r->connection->http->limits.body);
}

static enum MHD_Result on_body(HttpRequest *r, const char *data, size_t size)
{
        size_t max = r->connection->http->limits.body;

        /* What is too long is read to its end, or to the deadline, so that the answer can be given. */
        if (r->too_large || size > max - r->body_size) {
                r->too_large = true;
                return MHD_YES;
        }
        char *body = malloc(r->body_size + size + 1);
        if (!body) {
                return MHD_NO;
        }
        if (r->body_size > 0) {
                memcpy(body, r->body, r->body_size);
        }
        memcpy(body + r->body_size, data, size);
        body[r->body_size + size] = '\0';
        erase_free_bytes(r->body, r->body_size);
        r->body = body;
        r->body_size += size;
        return MHD_YES;
}

/* How often each of the headers is there that must not be there twice. */
typedef struct Singles {
        unsigned n[5];
        bool odd; /* a name that is none */
} Singles;

static const char *const singles[] = { "Content-Length", "Transfer-Encoding", "Host",
        "Authorization", "Content-Type" };
_Static_assert(ELEMENTSOF(((Singles *) NULL)->n) == ELEMENTSOF(singles), "one count for each");

/* RFC 9110, section 5.6.2. To libmicrohttpd "Content-Length " is just some other header. */
static bool is_header_name(const char *s)
{
        size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                             "!#$%&'*+-.^_`|~");

        return n > 0 && s[n] == '\0';
}

static enum MHD_Result on_header(
        void *counted, enum MHD_ValueKind kind, const char *name, const char *value)
{
        Singles *s = counted;

        s->odd |= !is_header_name(name);
        for (size_t i = 0; i < ELEMENTSOF(singles); i++) {
                s->n[i] += strcasecmp(name, singles[i]) == 0;
        }
        return MHD_YES;
}

/* What a proxy before us and we might read in two ways (RFC 9112, sections 3.2, 5.1, 6.1 and 6.3). */
static bool is_ambiguous(const HttpRequest *r)
{
        const char *coding = http_header(r, "Transfer-Encoding");
        Singles s = { 0 };

        (void) MHD_get_connection_values(r->mhd, MHD_HEADER_KIND, on_header, &s);
        for (size_t i = 0; i < ELEMENTSOF(singles); i++) {
                if (s.n[i] > 1) {
                        return true;
                }
        }
        return s.odd ||
               (coding && (http_header(r, "Content-Length") || strcasecmp(coding, "chunked") != 0));
}

static enum MHD_Result on_start(HttpConnection *c, struct MHD_Connection *mhd, const char *path,
        const char *method, void **ret)
{
        HttpRequest *r = calloc(1, sizeof(*r));

        if (!r) {
                return MHD_NO;
        }
        *r = (HttpRequest){ .connection = c, .mhd = mhd, .method = method, .path = path };
        *ret = r;
        r->ambiguous = is_ambiguous(r);
        r->too_large = announces_too_much(r);
        /* These are answered without waiting for a body that will not be read. */
        return r->too_large || r->ambiguous ? handle(r) : MHD_YES;
}

enum MHD_Result on_http_request(void *http, struct MHD_Connection *mhd, const char *path,
        const char *method, const char *version, const char *data, size_t *data_size,
        void **request)
{
        const union MHD_ConnectionInfo *info =
                MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        HttpConnection *c = info ? info->socket_context : NULL;
        HttpRequest *r = *request;

        if (!c || c->http->stopping) {
                return MHD_NO;
        }
        if (!r) {
                return on_start(c, mhd, path, method, request);
        }
        if (*data_size > 0) {
                size_t size = *data_size;

                *data_size = 0;
                return on_body(r, data, size);
        }
        return handle(r);
}

void on_http_completed(void *http, struct MHD_Connection *mhd, void **request,
        enum MHD_RequestTerminationCode code)
{
        HttpRequest *r = *request;

        if (!r) {
                return;
        }
        if (r->gone) {
                LIST_REMOVE(r, parked);
                HttpGone gone = TAKE_PTR(r->gone);
                gone(r, r->gone_userdata);
        }
        if (r->response) {
                MHD_destroy_response(r->response);
        }
        /* It may hold the page's own value. */
        erase_free_bytes(r->body, r->body_size);
        free(r);
        *request = NULL;
}

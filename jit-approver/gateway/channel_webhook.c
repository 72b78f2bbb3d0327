/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Webhooks by the Standard Webhooks specification 1.0: the receiver proves by the signature that a
 * message comes from here, by the id that it has not had it before, by the time that nobody kept it.
 * MUST: what is signed is what is sent, to the byte.
 */

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "jit-approver/gateway/channel.h"
#include "jit-approver/gateway/inert.h"

#define HMAC_SIZE 32
#define SIGNATURE_SIZE (4 * ((HMAC_SIZE + 2) / 3) + 1) /* base64 and its NUL */

static int compose_body(const Delivery *d, FetchRequest *r)
{
        JsonWriter w = { 0 };

        json_open_object(&w, NULL);
        json_put_string(&w, "type", d->event);
        json_put_string(&w, "timestamp", d->timestamp);
        json_open_object(&w, "data");
        if (d->request) {
                inert_put(&w, "request", d->request);
        }
        if (d->grant) {
                inert_put(&w, "grant", d->grant);
        }
        if (d->link) {
                json_put_node(&w, "link", d->link);
        }
        if (d->head) {
                json_put_string(&w, "head", d->head);
        }
        json_close_object(&w);
        json_close_object(&w);
        return json_writer_finish(&w, &r->body, &r->body_size);
}

/* Of "id.time.body". */
static int sign(const ChannelConfig *c, const char *id, int64_t seconds, const FetchRequest *r,
        char ret[static SIGNATURE_SIZE])
{
        _cleanup_(erase_freep) char *text = NULL;
        unsigned char mac[HMAC_SIZE];
        unsigned n = sizeof(mac);

        int e = str_printf(&text, "%s.%" PRId64 ".%s", id, seconds, r->body);
        if (e < 0) {
                return e;
        }
        if (!HMAC(EVP_sha256(), c->secret, (int) c->secret_size, (const unsigned char *) text,
                    strlen(text), mac, &n) ||
                n != sizeof(mac)) {
                return -ENOMEM;
        }
        (void) EVP_EncodeBlock((unsigned char *) ret, mac, sizeof(mac));
        return 0;
}

static int add_header(FetchRequest *r, const char *format, ...) _printf_(2, 3);
static int add_header(FetchRequest *r, const char *format, ...)
{
        char text[256];
        va_list args;
        int n;

        va_start(args, format);
        n = vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return n < 0 || (size_t) n >= sizeof(text) ? -EINVAL : strv_add(&r->headers, text);
}

static int compose_headers(
        const ChannelConfig *c, const Delivery *d, int64_t seconds, FetchRequest *r)
{
        char signature[SIGNATURE_SIZE];

        int e = sign(c, d->key, seconds, r, signature);
        if (e >= 0) {
                e = add_header(r, "Content-Type: application/json");
        }
        if (e >= 0) {
                e = add_header(r, "webhook-id: %s", d->key);
        }
        if (e >= 0) {
                e = add_header(r, "webhook-timestamp: %" PRId64, seconds);
        }
        return e < 0 ? e : add_header(r, "webhook-signature: v1,%s", signature);
}

static int webhook_compose(const ChannelConfig *c, const Delivery *d, usec_t now, FetchRequest *ret)
{
        FetchRequest r = { 0 };
        int e;

        if (!c->secret || !d->key || !d->event || !d->timestamp || (!d->request && !d->grant)) {
                return -EINVAL;
        }
        r.url = strdup(c->url);
        e = r.url ? 0 : -ENOMEM;
        if (e >= 0 && c->ca_certificate) {
                r.ca_certificate = strdup(c->ca_certificate);
                e = r.ca_certificate ? 0 : -ENOMEM;
        }
        if (e >= 0) {
                e = compose_body(d, &r);
        }
        if (e >= 0) {
                e = compose_headers(c, d, now / USEC_PER_SEC, &r);
        }
        if (e < 0) {
                fetch_request_done(&r);
                return e == -ENOMEM ? e : -EINVAL;
        }
        *ret = r;
        return 0;
}

/* 410 too: whether it is pointless to go on is the approver's to say. */
static bool webhook_judge(const FetchResult *r, char *problem, size_t size)
{
        if (r->status >= 200 && r->status < 300) {
                return true;
        }
        if (r->status == 0) {
                (void) snprintf(problem, size, "%s", r->error);
        } else if (r->status >= 300 && r->status < 400) {
                (void) snprintf(problem, size, "HTTP %d: redirects are not followed", r->status);
        } else {
                (void) snprintf(problem, size, "HTTP %d", r->status);
        }
        return false;
}

const ChannelType channel_webhook = {
        .name = "webhook",
        .compose = webhook_compose,
        .judge = webhook_judge,
};

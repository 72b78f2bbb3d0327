/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The gateway's web in one process: a scripted approver in place of upstream.c, and a client. Every call
 * of the approver is kept as text; its answer comes from the loop, as a real one's does.
 */

#include "jit-approver/gateway/web.h"
#include "tests/unit/http_client.h"

#define TOKEN "K7QF2M9D-AbCdEfGhIjKlMnOpQrSt_-"
#define TOKEN_UNKNOWN "K7QF2M9D-0000000000000000000000"

#define GRANT                                                                                      \
        "{\"id\":\"G7QF-2M9D\",\"asker\":\"alice\",\"asker_uid\":1000,\"service\":\"sudo\","       \
        "\"target\":\"root\",\"scope\":\"service\",\"on_expiry\":\"keep\","                        \
        "\"from\":\"2026-11-21T13:23:05Z\",\"until\":\"2026-11-21T14:23:05Z\","                    \
        "\"state\":\"active\"}"
#define REQUEST(state_, more_)                                                                     \
        "{\"id\":\"K7QF-2M9D\",\"state\":\"" state_                                                \
        "\",\"asker\":\"alice\",\"asker_uid\":1000,\"service\":\"sudo\",\"target\":\"root\","      \
        "\"command\":\"apt upgrade\",\"reason\":\"updates\",\"host\":\"web1\",\"rule\":\"prod\","  \
        "\"approvals\":1,\"approvers\":[\"bob\",\"carol\",\"@ops\"],\"duration\":\"30m\","         \
        "\"max_duration\":\"2h\",\"created\":\"2026-11-21T13:20:05Z\","                            \
        "\"deadline\":\"2026-11-21T13:35:05Z\",\"digest\":\"d\"," more_ "}"
#define PAGE(standing_, request_)                                                                  \
        "{\"page\":{\"request\":" request_ ",\"approver\":\"bob\",\"standing\":\"" standing_       \
        "\",\"durations\":[\"15m\",\"30m\",\"1h\"],\"lately\":[],\"form\":\"f0rm-value\"}}"

/* Two stages, of which the first is done, and a code. */
#define CHAIN                                                                                      \
        "\"kind\":\"access\",\"scope\":\"once\",\"match_code\":true,\"stages\":["                  \
        "{\"approvers\":[\"oncall\"],\"approved\":[\"bob\"],\"state\":\"done\"},"                  \
        "{\"approvers\":[\"security\",\"@sre\"],\"approved\":[],\"state\":\"open\"}],"             \
        "\"escalations\":[{\"at\":\"2026-11-21T13:30:05Z\",\"approvers\":[\"leads\"]}]," VOTE(     \
                "approve", "bob")
#define PAGE_CODE                                                                                         \
        "{\"page\":{\"request\":" REQUEST("pending",                                                      \
                CHAIN) ",\"approver\":\"carol\","                                                         \
                       "\"standing\":\"may\",\"match_code\":true,\"durations\":[\"15m\",\"30m\",\"1h\"]," \
                       "\"lately\":[],\"form\":\"f0rm-value\"}}"
#define OPENED(kind_, state_)                                                                      \
        PAGE("over", REQUEST(state_, "\"kind\":\"" kind_ "\",\"votes\":[],\"grant\":" GRANT))

#define PAGE_MAY PAGE("may", REQUEST("pending", "\"votes\":[]"))
#define VOTE(decision_, by_)                                                                       \
        "\"votes\":[{\"approver\":\"" by_ "\",\"decision\":\"" decision_                           \
        "\",\"time\":\"2026-11-21T13:23:05Z\"}]"
#define PAGE_APPROVED PAGE("over", REQUEST("approved", VOTE("approve", "bob") ",\"grant\":" GRANT))
#define PAGE_DENIED PAGE("over", REQUEST("denied", VOTE("deny", "carol")))
#define PAGE_TIMED_OUT PAGE("over", REQUEST("timed-out", "\"votes\":[]"))

/* How a method is answered: with parameters, or with an error as well. */
typedef struct Script {
        const char *error, *parameters; /* neither: no answer, -ECONNRESET */
        bool hold;                      /* until the test says so */
} Script;

struct UpstreamCall {
        char *method;
        UpstreamDone done;
        void *userdata;
        sd_event_source *defer;
};

struct Upstream {
        Script show, decide, cancel, metrics;
        bool up, busy;
        unsigned shows, decides, cancels, cancelled;
        char *parameters; /* of the last call */
        UpstreamCall *held;
};

static Upstream approver;
static Web *web;

static Script *script_of(const char *method)
{
        return streq(method, "DecideLink")   ? &approver.decide
               : streq(method, "CancelLink") ? &approver.cancel
               : streq(method, "GetMetrics") ? &approver.metrics
                                             : &approver.show;
}

static void call_free(UpstreamCall *c)
{
        c->defer = sd_event_source_disable_unref(c->defer);
        free(c->method);
        free(c);
}

static void call_answer(UpstreamCall *c)
{
        const Script *s = script_of(c->method);
        _cleanup_(json_freep) Json *json = NULL;
        UpstreamDone done = c->done;
        void *userdata = c->userdata;

        call_free(c);
        if (!s->parameters) {
                done(-ECONNRESET, NULL, userdata);
                return;
        }
        ck_assert_int_eq(json_parse(s->parameters, strlen(s->parameters), &json), 0);
        const Message m = { .error = s->error, .parameters = json_root(json) };
        done(0, &m, userdata);
}

static int on_defer(sd_event_source *source, void *call)
{
        call_answer(call);
        return 0;
}

/* A token that nobody knows is refused whatever else is scripted. */
static Script unknown = { .error = "NotFound", .parameters = "{\"message\":\"no\"}" };

int upstream_call(Upstream *u, const char *method, const Field *fields, const void *parameters,
        UpstreamDone done, void *userdata, UpstreamCall **ret)
{
        JsonWriter w = { 0 };
        size_t size;

        u->shows += streq(method, "ShowLink");
        u->decides += streq(method, "DecideLink");
        u->cancels += streq(method, "CancelLink");
        if (u->busy) {
                return -EBUSY;
        }
        free(TAKE_PTR(u->parameters));
        json_open_object(&w, NULL);
        fields_write(fields, parameters, &w);
        json_close_object(&w);
        ck_assert_int_eq(json_writer_finish(&w, &u->parameters, &size), 0);
        UpstreamCall *c = calloc(1, sizeof(*c));
        ck_assert_ptr_nonnull(c);
        *c = (UpstreamCall){ .method = strdup(method), .done = done, .userdata = userdata };
        if (strstr(u->parameters, TOKEN_UNKNOWN)) {
                *script_of(method) = unknown;
        }
        if (script_of(method)->hold) {
                u->held = c;
        } else {
                ck_assert_int_ge(sd_event_add_defer(event, &c->defer, on_defer, c), 0);
        }
        if (ret) {
                *ret = c;
        }
        return 0;
}

void upstream_cancel(UpstreamCall *c)
{
        approver.cancelled++;
        if (approver.held == c) {
                approver.held = NULL;
        }
        call_free(c);
}

bool upstream_is_up(const Upstream *u)
{
        return u->up;
}

/* So that the object of upstream.c is not wanted as well. */
int upstream_new(sd_event *e, const char *path, uid_t server_uid, Upstream **ret)
{
        return -ENOSYS;
}

Upstream *upstream_free(Upstream *u)
{
        return NULL;
}

int upstream_subscribe(Upstream *u, const char *method, const Field *fields, const void *parameters,
        UpstreamDone each, void *userdata)
{
        return -ENOSYS;
}

static char *proxies[] = { (char *) "127.0.0.1", NULL };
static WebConfig config = { .listen = { .address = (char *) "127.0.0.1" },
        .trusted_proxies = proxies };

static _unused_ void web_start(void)
{
        approver = (Upstream){
                .up = true,
                .show = { .parameters = PAGE_MAY },
                .decide = { .parameters = PAGE_APPROVED },
                .metrics = { .parameters = "{\"version\":\"1.2\",\"grants\":3}" },
                .cancel = { .parameters = PAGE("over", REQUEST("withdrawn", "\"votes\":[]")) },
        };
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(web_new(event, &config, &approver, &web), 0);
        web_set_origin(web, "https://jit.example.org/");
}

static _unused_ void web_stop(void)
{
        web = web_free(web);
        free(TAKE_PTR(approver.parameters));
        event = sd_event_unref(event);
}

/* One exchange on a connection of its own; headers are whole lines. body NULL: none. */
static _unused_ Client *web_ask(
        const char *method, const char *path, const char *headers, const char *body)
{
        _cleanup_(freep) char *text = NULL;
        Client *c = client_tcp(web_port(web), 1);

        if (body) {
                ck_assert_int_ge(str_printf(&text,
                                         "%s %s HTTP/1.1\r\nHost: jit.example.org\r\n%s"
                                         "Content-Length: %zu\r\n\r\n%s",
                                         method, path, headers, strlen(body), body),
                        0);
        } else {
                ck_assert_int_ge(
                        str_printf(&text, "%s %s HTTP/1.1\r\nHost: jit.example.org\r\n%s\r\n",
                                method, path, headers),
                        0);
        }
        client_say(c, text);
        (void) client_status_of(c, streq(method, "HEAD"));
        return c;
}

static _unused_ int web_status(
        const char *method, const char *path, const char *headers, const char *body)
{
        _cleanup_(client_freep) Client *c = web_ask(method, path, headers, body);

        return client_status_of(c, streq(method, "HEAD"));
}

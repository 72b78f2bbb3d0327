/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/gateway/web.h"

#include "jit-approver/gateway/limiter.h"
#include "jit-approver/gateway/page.h"
#include "jit-approver/gateway/refusal.h"
#include "tests/unit/web_fixture.h"

#define URLENCODED "Content-Type: application/x-www-form-urlencoded\r\n"
#define JSON "Content-Type: application/json\r\n"
#define BEARER "Authorization: Bearer " TOKEN "\r\n"
#define API "/api/v1/requests"
#define FORM "decision=approve&duration=30m&note=&code=&form=f0rm-value"

static void expect(
        int status, const char *method, const char *path, const char *headers, const char *body)
{
        int got = web_status(method, path, headers, body);

        ck_assert_msg(got == status, "%s %s %s%s: %d, not %d", method, path, headers,
                str_or(body, ""), got, status);
}

static void expect_text(const Client *c, const char *text)
{
        ck_assert_msg(strstr(client_body(c), text) != NULL, "no '%s' in %s", text, client_body(c));
}

START_TEST(routes)
{
        static const struct {
                int status;
                const char *method, *path, *headers, *body;
        } cases[] = {
                { 200, "GET", "/r/" TOKEN, "", NULL },
                { 200, "HEAD", "/r/" TOKEN, "", NULL },
                { 200, "GET", "/r/" TOKEN "?utm_source=chat", "", NULL },
                { 200, "POST", "/r/" TOKEN, URLENCODED, FORM },
                { 405, "PUT", "/r/" TOKEN, "", NULL },
                { 405, "OPTIONS", "/r/" TOKEN, "", NULL },
                { 200, "GET", "/healthz", "", NULL },
                { 405, "POST", "/healthz", "", "" },
                { 404, "GET", "/", "", NULL },
                { 404, "GET", "/r", "", NULL },
                { 404, "GET", "/r/" TOKEN "/", "", NULL },
                { 404, "GET", "/style-0.css", "", NULL },
                { 404, "GET", "/api", "", NULL },
                { 404, "GET", "/api/v1/grants", BEARER, NULL },
                { 404, "GET", API "/", BEARER, NULL },
                { 200, "GET", API, BEARER, NULL },
                { 200, "HEAD", API, BEARER, NULL },
                { 405, "POST", API, BEARER, "" },
                { 200, "GET", API "/K7QF-2M9D", BEARER, NULL },
                { 200, "GET", API "/k7qf2m9d", BEARER, NULL },
                { 200, "GET", API "/K7QF", BEARER, NULL },
                { 404, "GET", API "/K7Q", BEARER, NULL },
                { 404, "GET", API "/AAAA-2222", BEARER, NULL },
                { 404, "GET", API "/K7QF-2M9D/x", BEARER, NULL },
                { 405, "GET", API "/K7QF-2M9D/decision", BEARER, NULL },
                { 405, "GET", "/api/v1/reviews/K7QF-2M9D", BEARER, NULL },
                { 403, "POST", "/api/v1/reviews/K7QF-2M9D", BEARER JSON, "{}" },
                { 403, "POST", "/api/v1/reviews/AAAA-2222", BEARER, "" },
                { 401, "POST", "/api/v1/reviews/K7QF-2M9D", JSON, "{}" },
                { 401, "POST", "/api/v1/reviews/K7QF-2M9D",
                        "Authorization: Bearer " TOKEN_UNKNOWN "\r\n", "" },
                { 200, "POST", API "/K7QF-2M9D/decision", BEARER JSON,
                        "{\"decision\":\"approve\"}" },
                { 404, "POST", API "/AAAA-2222/decision", BEARER JSON, "{\"decision\":\"deny\"}" },
                { 200, "POST", API "/k7qf/cancel", BEARER, "" },
                { 404, "POST", API "/AAAA/cancel", BEARER, "" },
                { 401, "GET", API, "", NULL },
                { 401, "GET", API, "Authorization: Basic YTpi\r\n", NULL },
                { 401, "GET", "/r/x", "", NULL },
                { 401, "GET", "/r/" TOKEN "x", "", NULL },
                { 401, "GET", "/r/" TOKEN_UNKNOWN, "", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                web_stop();
                web_start();
                expect(cases[i].status, cases[i].method, cases[i].path, cases[i].headers,
                        cases[i].body);
                /* What has another's id never gets as far. */
                ck_assert_uint_eq(approver.decides + approver.cancels,
                        streq(cases[i].method, "POST") && cases[i].status == 200);
        }
}
END_TEST

START_TEST(headers_everywhere)
{
        static const struct {
                const char *method, *path;
        } cases[] = {
                { "GET", "/r/" TOKEN },
                { "GET", "/r/x" },
                { "GET", "/" },
                { "DELETE", "/healthz" },
                { "GET", "/healthz" },
                { "GET", API },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(client_freep) Client *c =
                        web_ask(cases[i].method, cases[i].path, "", NULL);

                ck_assert_str_eq(client_header(c, "Cache-Control"), "no-store");
                ck_assert_str_eq(client_header(c, "Referrer-Policy"), "no-referrer");
                ck_assert_str_eq(client_header(c, "X-Frame-Options"), "DENY");
                ck_assert_ptr_nonnull(
                        strstr(client_header(c, "Content-Security-Policy"), "default-src 'none'"));
                ck_assert_ptr_null(strstr(client_header(c, "Content-Security-Policy"), "unsafe"));
                ck_assert_ptr_null(client_header(c, "Access-Control-Allow-Origin"));
        }
}
END_TEST

START_TEST(style)
{
        _cleanup_(client_freep) Client *c = web_ask("GET", page_style_path(), "", NULL);

        ck_assert_int_eq(client_status(c), 200);
        ck_assert_str_eq(client_header(c, "Content-Type"), "text/css; charset=utf-8");
        ck_assert_ptr_nonnull(strstr(client_header(c, "Cache-Control"), "immutable"));
        ck_assert_str_eq(client_body(c), page_style_text);
        ck_assert_ptr_null(strstr(page_style_text, "url("));
        ck_assert_ptr_null(strstr(page_style_text, "@import"));
}
END_TEST

START_TEST(allow)
{
        _cleanup_(client_freep) Client *c = web_ask("PUT", "/r/" TOKEN, "", NULL);
        _cleanup_(client_freep) Client *d = web_ask("GET", API "/K7QF/cancel", BEARER, NULL);

        ck_assert_str_eq(client_header(c, "Allow"), "GET, HEAD, POST");
        ck_assert_str_eq(client_header(d, "Allow"), "POST");
        expect_text(d, "\"code\":\"method-not-allowed\"");
}
END_TEST

START_TEST(health)
{
        expect(200, "GET", "/healthz", "", NULL);
        approver.up = false;
        _cleanup_(client_freep) Client *c = web_ask("GET", "/healthz", "", NULL);
        ck_assert_int_eq(client_status(c), 503);
        ck_assert_str_eq(client_body(c), "");
}
END_TEST

/* For this host alone, as far as can be told; whoever else asks learns nothing. */
START_TEST(metrics)
{
        static const char *const of_proxies[] = { "X-Forwarded-For: 192.0.2.1\r\n",
                "X-Forwarded-For: 127.0.0.1\r\n", "x-real-ip: 192.0.2.1\r\n",
                "Forwarded: for=192.0.2.1\r\n", "Via: 1.1 proxy\r\n",
                "X-Forwarded-Proto: https\r\n", "X-Forwarded-Host: h\r\n" };
        _cleanup_(client_freep) Client *c = web_ask("GET", "/metrics", "", NULL);

        ck_assert_int_eq(client_status(c), 200);
        ck_assert_str_eq(
                client_header(c, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
        expect_text(c, "\njit_grants_active 3\n");
        for (size_t i = 0; i < ELEMENTSOF(of_proxies); i++) {
                expect(404, "GET", "/metrics", of_proxies[i], NULL);
        }
        expect(405, "POST", "/metrics", "", "");
        approver.metrics.parameters = "{}";
        expect(503, "GET", "/metrics", "", NULL);
        approver.metrics = (Script){ .error = "NotPermitted", .parameters = "{}" };
        expect(503, "GET", "/metrics", "", NULL);
        approver.metrics = (Script){ 0 };
        expect(503, "GET", "/metrics", "", NULL);
        approver.busy = true;
        expect(503, "GET", "/metrics", "", NULL);
}
END_TEST

/* We stop, or the client has gone, before the approver has answered. */
START_TEST(metrics_of_nobody)
{
        approver.metrics.hold = true;
        _cleanup_(client_freep) Client *c = client_tcp(web_port(web), 1);
        client_say(c, "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
        while (!approver.held) {
                ck_assert_int_ge(sd_event_run(event, 10 * USEC_PER_SEC), 0);
        }
        web = web_free(web);
        ck_assert_uint_eq(approver.cancelled, 1);
}
END_TEST

/* Whoever fetches it, however often: nothing but looking is asked of the approver. */
START_TEST(reading_changes_nothing)
{
        for (int i = 0; i < 1000; i++) {
                _cleanup_(client_freep) Client *c = client_tcp(web_port(web), 1);

                client_say(c, i % 2 ? "GET " : "HEAD ");
                client_say(c, "/r/" TOKEN
                              "?decision=approve&form=f0rm-value HTTP/1.1\r\nHost: h\r\n\r\n");
                ck_assert_int_eq(client_status_of(c, i % 2 == 0), 200);
        }
        expect(405, "OPTIONS", "/r/" TOKEN, "", NULL);
        ck_assert_uint_eq(approver.shows, 1000);
        ck_assert_uint_eq(approver.decides + approver.cancels, 0);
}
END_TEST

/* A genuine token's page is there in every state. */
START_TEST(every_state)
{
        static const struct {
                const char *page, *text;
        } cases[] = {
                { PAGE_MAY, "name=\"form\" value=\"f0rm-value\"" },
                { PAGE_APPROVED, "<strong>Approved</strong> by <b>bob</b>" },
                { PAGE_DENIED, "<strong>Denied</strong> by <b>carol</b>" },
                { PAGE_TIMED_OUT, "Timed out." },
                { PAGE("over", REQUEST("withdrawn", "\"votes\":[]")), "Withdrawn." },
                { PAGE("shared", REQUEST("pending", "\"votes\":[]")), "many read" },
                { PAGE("self", REQUEST("pending", "\"votes\":[]")), "You asked for this yourself" },
                { PAGE("none", REQUEST("pending", "\"votes\":[]")),
                        "no approver of this any more" },
                { PAGE("local", REQUEST("pending", "\"votes\":[]")), "jitctl approve K7QF-2M9D" },
                { PAGE("over", REQUEST("pending", "\"votes\":[]")), "time to decide is over" },
                { PAGE("unknown", REQUEST("pending", "\"votes\":[]")), "does not answer" },
                { PAGE("later", REQUEST("pending", CHAIN)),
                        "Not your turn yet: <b>security, group sre</b> decides first." },
                { PAGE("later", REQUEST("pending", "\"votes\":[]")),
                        "Not your turn yet: <b>others</b> decides first." },
                { OPENED("break-glass", "approved"), "<code>jitctl review K7QF-2M9D</code>" },
                { OPENED("rescue", "approved"), "Opened by a rescue code" },
                { PAGE("new-word", REQUEST("pending", "\"votes\":[]")), "not yours to decide" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                approver.show.parameters = cases[i].page;
                _cleanup_(client_freep) Client *c = web_ask("GET", "/r/" TOKEN, "", NULL);
                ck_assert_int_eq(client_status(c), 200);
                expect_text(c, cases[i].text);
                ck_assert(!strstr(client_body(c), "<form") == (i > 0));
                /* The link is in none of them: they may be shown about. */
                ck_assert_ptr_null(strstr(client_body(c), "AbCdEfGhIjKlMnOpQrSt"));
                ck_assert_ptr_null(strstr(client_body(c), "<script"));
        }
}
END_TEST

START_TEST(decides)
{
        _cleanup_(client_freep) Client *c = web_ask("POST", "/r/" TOKEN, URLENCODED,
                "decision=approve&duration=1h&note=go+on%0D%0Athen%21&code=&form=f0rm-value");

        ck_assert_int_eq(client_status(c), 200);
        expect_text(c, "<title>Approved: alice asks for root on web1</title>");
        expect_text(c, "<strong>Approved.</strong> alice’s sudo on web1 is open until ");
        ck_assert_str_eq(approver.parameters, "{\"version\":1,\"token\":\"" TOKEN
                                              "\",\"decision\":\"approve\",\"duration\":\"1h\","
                                              "\"note\":\"go on then!\",\"form\":\"f0rm-value\"}");
        /* Once more is the approver's to judge, and to say yes to. */
        expect(200, "POST", "/r/" TOKEN, URLENCODED, FORM);
        ck_assert_uint_eq(approver.decides, 2);
        ck_assert_uint_eq(approver.shows, 0);
}
END_TEST

START_TEST(denies)
{
        approver.decide.parameters = PAGE_DENIED;
        _cleanup_(client_freep) Client *c =
                web_ask("POST", "/r/" TOKEN, URLENCODED, "decision=deny&form=f0rm-value");
        ck_assert_int_eq(client_status(c), 200);
        expect_text(c, "<title>Denied: alice asks for root on web1</title>");
        expect_text(c, "<strong>Denied.</strong> alice’s sudo on web1 stays closed.");
        ck_assert_str_eq(approver.parameters, "{\"version\":1,\"token\":\"" TOKEN
                                              "\",\"decision\":\"deny\",\"form\":\"f0rm-value\"}");
}
END_TEST

START_TEST(code_is_passed_on)
{
        approver.show.parameters = approver.decide.parameters = PAGE_CODE;
        expect(200, "POST", "/r/" TOKEN, URLENCODED, "decision=approve&form=f&code=07");
        ck_assert_ptr_nonnull(strstr(approver.parameters, "\"code\":\"07\""));
        expect(200, "POST", "/r/" TOKEN, URLENCODED, "decision=deny&form=f&code=07");
        ck_assert_ptr_null(strstr(approver.parameters, "07"));
        expect(200, "POST", API "/K7QF/decision", BEARER JSON,
                "{\"decision\":\"approve\",\"code\":\"42\"}");
        ck_assert_ptr_nonnull(strstr(approver.parameters, "\"code\":\"42\""));
        _cleanup_(client_freep) Client *c = web_ask("GET", API "/K7QF", BEARER, NULL);
        expect_text(c, "\"match_code\":true,\"durations\"");
        expect_text(c, "\"stages\":[{\"approvers\":[\"oncall\"]");
}
END_TEST

/* What was typed stays to be mended, but for the digits themselves. */
START_TEST(wrong_code)
{
        approver.show.parameters = PAGE_CODE;
        approver.decide = (Script){ .error = "Refused",
                .parameters = "{\"message\":\"2 tries are left\",\"code\":\"match-code\"}" };
        _cleanup_(client_freep) Client *c = web_ask("POST", "/r/" TOKEN, URLENCODED,
                "decision=approve&duration=1h&note=go+%3Con%3E&code=07&form=f");
        ck_assert_int_eq(client_status(c), 403);
        expect_text(c, "<p id=\"code-help\" class=\"wrong\">2 tries are left</p>");
        expect_text(c, "aria-invalid=\"true\"");
        expect_text(c, "go &lt;on&gt;</textarea>");
        expect_text(c, "<option value=\"1h\" selected>");
        ck_assert_ptr_null(strstr(client_body(c), "value=\"07\""));
        _cleanup_(client_freep) Client *d = web_ask("POST", API "/K7QF/decision", BEARER JSON,
                "{\"decision\":\"approve\",\"code\":\"42\"}");
        ck_assert_str_eq(client_body(d),
                "{\"error\":{\"code\":\"match-code\",\"message\":\"2 tries are left\"}}");
}
END_TEST

/* What the approver refuses is said with the request still in sight. */
START_TEST(refused_decisions)
{
        static const struct {
                int status;
                const char *error, *parameters, *page, *text;
        } cases[] = {
                { 409, "Over", "{\"message\":\"m\",\"state\":\"denied\"}", PAGE_DENIED,
                        "too late" },
                { 409, "Over", "{\"message\":\"m\",\"state\":\"approved\"}", PAGE_APPROVED,
                        "too late" },
                { 410, "Over", "{\"message\":\"m\",\"state\":\"timed-out\"}", PAGE_TIMED_OUT,
                        "Timed out." },
                { 410, "Over", "{\"message\":\"m\",\"state\":\"withdrawn\"}", PAGE_TIMED_OUT,
                        "too late" },
                { 403, "NotPermitted", "{\"message\":\"the form is old\",\"code\":\"form\"}",
                        PAGE_MAY, "the form is old" },
                { 400, "Refused", "{\"message\":\"at most 2 h\",\"code\":\"duration\"}", PAGE_MAY,
                        "at most 2 h" },
                { 403, "Refused", "{\"message\":\"2 tries are left\",\"code\":\"match-code\"}",
                        PAGE_CODE, "2 tries are left" },
                { 403, "Refused", "{\"message\":\"tries left: 0\",\"code\":\"match-code\"}",
                        PAGE("over", REQUEST("denied", "\"votes\":[]")),
                        "tries left: 0. <strong>Denied</strong>. alice’s sudo on web1 stays closed." },
                { 403, "NotPermitted", "{\"message\":\"security first\",\"code\":\"later\"}",
                        PAGE("later", REQUEST("pending", CHAIN)), "security first" },
                { 409, "NotPermitted", "{\"message\":\"it is done\",\"code\":\"done\"}",
                        PAGE("done", REQUEST("pending", CHAIN)), "it is done" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                approver.decide =
                        (Script){ .error = cases[i].error, .parameters = cases[i].parameters };
                approver.show.parameters = cases[i].page;
                _cleanup_(client_freep) Client *c = web_ask("POST", "/r/" TOKEN, URLENCODED, FORM);
                ck_assert_int_eq(client_status(c), cases[i].status);
                expect_text(c, cases[i].text);
                expect_text(c, "role=\"alert\"");
                expect_text(c, "apt upgrade");
                expect(cases[i].status, "POST", API "/K7QF/decision", BEARER JSON,
                        "{\"decision\":\"approve\"}");
        }
}
END_TEST

START_TEST(approver_in_trouble)
{
        static const Script cases[] = {
                { NULL, NULL },
                { "StoreUnavailable", "{\"message\":\"m\"}" },
                { "NamesUnavailable", "{\"message\":\"m\"}" },
                { "Refused", "{\"message\":\"m\",\"code\":\"internal\"}" },
                { "Something", "{}" },
                { NULL, "{}" },
                { NULL, "{\"page\":{}}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                approver.show = approver.decide = cases[i];
                _cleanup_(client_freep) Client *c = web_ask("GET", "/r/" TOKEN, "", NULL);
                ck_assert_int_eq(client_status(c), 503);
                ck_assert_str_eq(client_header(c, "Retry-After"), "5");
                expect(503, "POST", "/r/" TOKEN, URLENCODED, FORM);
                expect(503, "GET", API, BEARER, NULL);
        }
        approver.busy = true;
        expect(503, "GET", "/r/" TOKEN, "", NULL);
}
END_TEST

START_TEST(bad_bodies)
{
        static const struct {
                int status;
                const char *headers, *body;
        } cases[] = {
                { 415, "", FORM },
                { 415, "Content-Type: multipart/form-data\r\n", FORM },
                { 415, "Content-Type: application/x-www-form-urlencodedx\r\n", FORM },
                { 200, "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n", FORM },
                { 400, URLENCODED, "" },
                { 400, URLENCODED, "decision=maybe&form=f" },
                { 400, URLENCODED, "decision=approve&decision=deny&form=f" },
                { 400, URLENCODED, "decision=approve&form=f&surprise=1" },
                { 400, URLENCODED, "decision=approve&form=f&code=123" },
                { 400, URLENCODED, "decision=approve&form=f&duration=forever" },
                { 400, URLENCODED, "decision=approve&form=f&note=%00" },
                { 400, URLENCODED, "decision=approve&form=f&note=%ff" },
                { 400, URLENCODED, "decision=approve&form=f&note=%4" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                approver.decides = 0;
                expect(cases[i].status, "POST", "/r/" TOKEN, cases[i].headers, cases[i].body);
                ck_assert_uint_eq(approver.decides, cases[i].status == 200);
        }
}
END_TEST

START_TEST(bad_json)
{
        static const struct {
                int status;
                const char *headers, *body;
        } cases[] = {
                { 415, URLENCODED, "{\"decision\":\"deny\"}" },
                { 200, JSON, "{\"decision\":\"deny\",\"note\":null,\"duration\":\"30m\"}" },
                { 400, JSON, "" },
                { 400, JSON, "[]" },
                { 400, JSON, "{}" },
                { 400, JSON, "{\"decision\":true}" },
                { 400, JSON, "{\"decision\":\"deny\",\"decision\":\"approve\"}" },
                { 400, JSON, "{\"decision\":\"deny\",\"form\":\"f\"}" },
                { 400, JSON, "{\"decision\":\"deny\",\"more\":\"f\"}" },
                { 400, JSON, "{\"decision\":\"approve\",\"code\":\"1\"}" },
                { 400, JSON, "{\"decision\":\"approve\",\"code\":42}" },
                { 400, JSON, "{\"decision\":\"deny\"} x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *headers = NULL;

                approver.decides = 0;
                ck_assert_int_ge(str_printf(&headers, "%s%s", BEARER, cases[i].headers), 0);
                expect(cases[i].status, "POST", API "/K7QF/decision", headers, cases[i].body);
                ck_assert_uint_eq(approver.decides, cases[i].status == 200);
        }
        ck_assert_ptr_nonnull(approver.parameters);
        ck_assert_ptr_null(strstr(approver.parameters, "form"));
}
END_TEST

START_TEST(too_large)
{
        _cleanup_(freep) char *body = malloc(9001);

        memset(body, 'a', 9000);
        body[9000] = '\0';
        expect(413, "POST", "/r/" TOKEN, URLENCODED, body);
        expect(413, "POST", API "/K7QF/decision", BEARER JSON, body);
}
END_TEST

START_TEST(api_objects)
{
        _cleanup_(client_freep) Client *c = web_ask("GET", API, BEARER, NULL);
        _cleanup_(client_freep) Client *d = web_ask("GET", API "/K7QF", BEARER, NULL);
        _cleanup_(client_freep) Client *e = web_ask("GET", API, "", NULL);

        ck_assert_str_eq(client_header(c, "Content-Type"), "application/json");
        expect_text(c, "{\"requests\":[{\"id\":\"K7QF-2M9D\",");
        expect_text(d, "{\"request\":{\"id\":\"K7QF-2M9D\",");
        expect_text(d, "\"standing\":\"may\"");
        /* A program has no use for it, and a page of another site none at all. */
        ck_assert_ptr_null(strstr(client_body(d), "f0rm-value"));
        ck_assert_str_eq(client_body(e),
                "{\"error\":{\"code\":\"unknown-token\",\"message\":\"" REFUSAL_UNKNOWN "\"}}");
        ck_assert_str_eq(client_header(e, "WWW-Authenticate"), "Bearer");
}
END_TEST

/* Altered, unknown, cut off: all look alike. */
START_TEST(unknown_tokens_look_alike)
{
        _cleanup_(client_freep) Client *a = web_ask("GET", "/r/" TOKEN_UNKNOWN, "", NULL);
        _cleanup_(client_freep) Client *b = web_ask("GET", "/r/x", "", NULL);
        _cleanup_(client_freep) Client *c = web_ask("GET", "/r/", "", NULL);

        ck_assert_int_eq(client_status(a), 401);
        ck_assert_str_eq(client_body(a), client_body(b));
        ck_assert_str_eq(client_body(a), client_body(c));
}
END_TEST

/* What a browser itself says is foreign. */
START_TEST(foreign)
{
        static const struct {
                int page, api;
                const char *headers;
        } cases[] = {
                { 200, 200, "" },
                { 200, 200, "Sec-Fetch-Site: same-origin\r\n" },
                { 200, 200, "Sec-Fetch-Site: none\r\n" },
                { 403, 403, "Sec-Fetch-Site: cross-site\r\n" },
                { 403, 403, "Sec-Fetch-Site: same-site\r\n" },
                { 403, 403, "Sec-Fetch-Site: SAME-ORIGIN\r\n" },
                { 200, 200, "Origin: https://jit.example.org\r\n" },
                { 200, 403, "Origin: null\r\n" },
                { 200, 403, "Origin: null\r\nSec-Fetch-Site: same-origin\r\n" },
                { 403, 403, "Origin: null\r\nSec-Fetch-Site: cross-site\r\n" },
                { 403, 403, "Origin: https://evil.example\r\n" },
                { 403, 403, "Origin: https://jit.example.org.evil.example\r\n" },
                { 403, 403, "Origin: https://jit.example.org:444\r\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *form = NULL, *json = NULL, *get = NULL;

                ck_assert_int_ge(str_printf(&form, URLENCODED "%s", cases[i].headers), 0);
                ck_assert_int_ge(str_printf(&json, BEARER JSON "%s", cases[i].headers), 0);
                ck_assert_int_ge(str_printf(&get, BEARER "%s", cases[i].headers), 0);
                approver.decides = 0;
                expect(cases[i].page, "POST", "/r/" TOKEN, form, FORM);
                ck_assert_uint_eq(approver.decides, cases[i].page == 200);
                expect(cases[i].api, "POST", API "/K7QF/decision", json, "{\"decision\":\"deny\"}");
                expect(cases[i].api, "GET", API, get, NULL);
                /* Links are opened from anywhere. */
                expect(200, "GET", "/r/" TOKEN, cases[i].headers, NULL);
        }
}
END_TEST

/* A form without the page's value is not a program. */
START_TEST(form_without_its_value)
{
        expect(200, "POST", "/r/" TOKEN, URLENCODED, "decision=approve");
        ck_assert_ptr_nonnull(strstr(approver.parameters, "\"form\":\"\""));
}
END_TEST

START_TEST(guessing)
{
        for (int i = 0; i < LIMITER_TRIES; i++) {
                expect(401, "GET", i % 2 ? "/r/" TOKEN_UNKNOWN : "/r/x", "", NULL);
        }
        _cleanup_(client_freep) Client *c = web_ask("GET", "/r/" TOKEN_UNKNOWN, "", NULL);
        ck_assert_int_eq(client_status(c), 429);
        ck_assert_ptr_nonnull(client_header(c, "Retry-After"));
        expect(429, "GET", API, "Authorization: Bearer x\r\n", NULL);
        /* Somebody else behind the same proxy. */
        approver.show = (Script){ .parameters = PAGE_MAY };
        expect(200, "GET", "/r/" TOKEN, "X-Forwarded-For: 192.0.2.9\r\n", NULL);
        /* What a client writes before the proxy's own word does not make him another. */
        expect(429, "GET", "/r/" TOKEN_UNKNOWN,
                "X-Forwarded-For: 192.0.2.9, 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1\r\n", NULL);
}
END_TEST

/* Comes with tokens that nobody knows, after some others, until there are no tries left. */
static void use_up(int others)
{
        for (int i = others; i < LIMITER_TRIES; i++) {
                expect(401, "GET", "/r/" TOKEN_UNKNOWN, "", NULL);
        }
        expect(429, "GET", "/r/" TOKEN_UNKNOWN, "", NULL);
        approver.show = (Script){ .parameters = PAGE_MAY };
}

/* Whoever tries links behind the same address does not keep him out whose link is known. */
START_TEST(known_links)
{
        static const char *const others[] = { "", "https://jit.example.org/", "/r/",
                "https://jit.example.org/r/" TOKEN "x", "https://jit.example.org/r/" TOKEN "/r/" };

        use_up(0);
        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                web_know_link(web, others[i]);
                expect(429, "GET", "/r/" TOKEN, "", NULL);
        }
        web_know_link(web, "https://jit.example.org/r/r/" TOKEN);
        for (int i = 0; i < 2 * LIMITER_TRIES; i++) {
                expect(200, "GET", "/r/" TOKEN, "", NULL);
        }
        expect(415, "POST", "/r/" TOKEN, "", FORM);
        expect(200, "POST", "/r/" TOKEN, URLENCODED, FORM);
        expect(200, "GET", API, BEARER, NULL);
        /* None of that gave a try back that it had not taken. */
        expect(429, "GET", "/r/" TOKEN_UNKNOWN, "", NULL);
}
END_TEST

/* Opened once, it is known. */
START_TEST(opened_links)
{
        approver.show = (Script){ .error = "NotFound", .parameters = "{\"message\":\"no\"}" };
        expect(401, "GET", "/r/" TOKEN, "", NULL);
        approver.show = (Script){ .parameters = PAGE_MAY };
        expect(200, "GET", "/r/K7QF2M9D-BBCdEfGhIjKlMnOpQrSt_-", "", NULL);
        use_up(1);
        expect(429, "GET", "/r/" TOKEN, "", NULL); /* never seen to be genuine */
        expect(200, "GET", "/r/K7QF2M9D-BBCdEfGhIjKlMnOpQrSt_-", "", NULL);
}
END_TEST

/* Many at once get no more tries than one after the other. */
START_TEST(guessing_at_once)
{
        Client *c[2 * LIMITER_TRIES];
        int answered[2] = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(c); i++) {
                c[i] = client_tcp(web_port(web), 1);
                client_say(c[i], "GET /r/" TOKEN_UNKNOWN " HTTP/1.1\r\nHost: h\r\n\r\n");
        }
        for (size_t i = 0; i < ELEMENTSOF(c); i++) {
                answered[client_status(c[i]) == 429]++;
                client_free(c[i]);
        }
        ck_assert_int_le(answered[0], LIMITER_TRIES + 1);
        ck_assert_uint_le(approver.shows, LIMITER_TRIES + 1);
}
END_TEST

/* Genuine links are not counted, however often they are used. */
START_TEST(genuine_again_and_again)
{
        for (int i = 0; i < 3 * LIMITER_TRIES; i++) {
                expect(200, "GET", "/r/" TOKEN, "", NULL);
        }
}
END_TEST

/* Whatever happens with a link, its secret part is in no line of the log, and in no answer. */
START_TEST(tokens_are_logged_nowhere)
{
        static const char secret[] = "AbCdEfGhIjKlMnOpQrSt";
        static const char *const oddities[] = { "GET /r/" TOKEN " HTTP/9.9\r\n\r\n",
                "GET /r/" TOKEN "\r\n\r\n",
                "GET /r/" TOKEN " HTTP/1.1\r\nHost: h\r\nno header\r\n\r\n",
                "POST /r/" TOKEN " HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
                "\x16\x03\x01/r/" TOKEN "\r\n\r\n" };
        _cleanup_(freep) char *log = NULL;
        FILE *f = tmpfile();
        int saved = dup(STDERR_FILENO);
        size_t size;

        ck_assert_ptr_nonnull(f);
        ck_assert_int_ge(dup2(fileno(f), STDERR_FILENO), 0);
        for (size_t i = 0; i < ELEMENTSOF(oddities); i++) {
                _cleanup_(client_freep) Client *c = client_tcp(web_port(web), 1);

                client_say(c, oddities[i]);
                (void) client_status(c);
                ck_assert_ptr_null(strstr(c->in, secret));
        }
        for (int i = 0; i < 3; i++) {
                approver.show = approver.decide =
                        i == 0 ? unknown : (Script){ .error = i == 1 ? "X" : NULL };
                expect(i == 0 ? 401 : 503, "GET", "/r/" TOKEN, "", NULL);
                expect(i == 0 ? 401 : 503, "POST", "/r/" TOKEN, URLENCODED, FORM);
                expect(i == 0 ? 401 : 503, "GET", API, BEARER, NULL);
        }
        ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
        closep(&saved);
        ck_assert_int_eq(lseek(fileno(f), 0, SEEK_SET), 0);
        ck_assert_int_eq(read_file(fileno(f), CLIENT_MAX, &log, &size), 0);
        (void) fclose(f);
        ck_assert_msg(!strstr(log, secret), "%s", log);
        ck_assert_uint_gt(size, 0); /* something was said */
}
END_TEST

/* Pressed twice: the second is there before the first is answered. Both go to the approver, one after the other. */
START_TEST(double_post)
{
        static const char post[] = "POST /r/" TOKEN " HTTP/1.1\r\nHost: h\r\n" URLENCODED
                                   "Content-Length: 20\r\n\r\ndecision=deny&form=f";
        _cleanup_(client_freep) Client *c = client_tcp(web_port(web), 1);

        client_say(c, post);
        client_say(c, post);
        ck_assert_int_eq(client_status(c), 200);
        client_next(c);
        ck_assert_int_eq(client_status(c), 200);
        ck_assert_uint_eq(approver.decides, 2);
}
END_TEST

START_TEST(ends_while_asking)
{
        _cleanup_(client_freep) Client *c = client_tcp(web_port(web), 1);

        approver.show.hold = true;
        client_say(c, "GET /r/" TOKEN " HTTP/1.1\r\nHost: h\r\n\r\n");
        while (!approver.held) {
                client_turn();
        }
        web = web_free(web);
        ck_assert_uint_eq(approver.cancelled, 1);
        client_wait_closed(c);
}
END_TEST

/* He went away; the approver's answer has nobody to go to. */
START_TEST(client_gone)
{
        Client *c = client_tcp(web_port(web), 1);

        approver.show.hold = true;
        client_say(c, "GET /r/" TOKEN " HTTP/1.1\r\nHost: h\r\n\r\n");
        while (!approver.held) {
                client_turn();
        }
        client_free(c);
        client_run_dry();
        call_answer(TAKE_PTR(approver.held));
        client_run_dry();
        approver.show.hold = false;
        expect(200, "GET", "/r/" TOKEN, "", NULL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("web");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_checked_fixture(all, web_start, web_stop);
        tcase_add_test(all, routes);
        tcase_add_test(all, headers_everywhere);
        tcase_add_test(all, style);
        tcase_add_test(all, allow);
        tcase_add_test(all, health);
        tcase_add_test(all, metrics);
        tcase_add_test(all, metrics_of_nobody);
        tcase_add_test(all, reading_changes_nothing);
        tcase_add_test(all, every_state);
        tcase_add_test(all, decides);
        tcase_add_test(all, denies);
        tcase_add_test(all, code_is_passed_on);
        tcase_add_test(all, wrong_code);
        tcase_add_test(all, refused_decisions);
        tcase_add_test(all, approver_in_trouble);
        tcase_add_test(all, bad_bodies);
        tcase_add_test(all, bad_json);
        tcase_add_test(all, too_large);
        tcase_add_test(all, api_objects);
        tcase_add_test(all, unknown_tokens_look_alike);
        tcase_add_test(all, foreign);
        tcase_add_test(all, form_without_its_value);
        tcase_add_test(all, guessing);
        tcase_add_test(all, known_links);
        tcase_add_test(all, opened_links);
        tcase_add_test(all, guessing_at_once);
        tcase_add_test(all, genuine_again_and_again);
        tcase_add_test(all, tokens_are_logged_nowhere);
        tcase_add_test(all, double_post);
        tcase_add_test(all, ends_while_asking);
        tcase_add_test(all, client_gone);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

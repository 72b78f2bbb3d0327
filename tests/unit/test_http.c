/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/gateway/http_internal.h"

#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/http_client.h"

static const HttpLimits quick = {
        .connections = 64,
        .per_address = 3,
        .deadline = 300 * USEC_PER_MSEC,
        .body = 100,
};

static Http *http;
static WebConfig config;
static HttpRequest *held; /* parked by /hold */
static unsigned handled, gone;

static void say(HttpRequest *r, int status, const char *text)
{
        const HttpAnswer a = { .status = status,
                .type = "text/plain",
                .body = strdup(text),
                .body_size = strlen(text) };

        http_respond(r, &a);
}

static void on_held_gone(HttpRequest *r, void *userdata)
{
        held = NULL;
        gone++;
}

static void handler(HttpRequest *r, void *userdata)
{
        char text[256];
        size_t size;
        const char *body = http_body(r, &size);

        handled++;
        if (http_is_too_large(r)) {
                say(r, 413, "too large");
        } else if (http_is_ambiguous(r)) {
                say(r, 400, "ambiguous");
        } else if (streq(http_path(r), "/hold")) {
                held = r;
                http_park(r, on_held_gone, NULL);
        } else {
                (void) snprintf(text, sizeof(text), "%s %s %zu %.100s", http_method(r),
                        http_path(r), size, body);
                say(r, 200, text);
        }
}

static void start_with(const HttpLimits *limits)
{
        config = (WebConfig){ .listen = { .address = (char *) "127.0.0.1" } };
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(http_new(event, &config, limits, handler, NULL, &http), 0);
        handled = gone = 0;
}

static void start(void)
{
        start_with(&quick);
}

static void stop(void)
{
        http = http_free(http);
        event = sd_event_unref(event);
}

static Client *dial(void)
{
        return client_tcp(http_port(http), 1);
}

START_TEST(answers)
{
        _cleanup_(client_freep) Client *c = dial();

        client_say(c, "POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
        ck_assert_int_eq(client_status(c), 200);
        ck_assert_str_eq(client_body(c), "POST /a 5 hello");
        ck_assert_str_eq(client_header(c, "Cache-Control"), "no-store");
        ck_assert_str_eq(client_header(c, "X-Frame-Options"), "DENY");
        ck_assert_str_eq(client_header(c, "X-Content-Type-Options"), "nosniff");
        ck_assert_str_eq(client_header(c, "Referrer-Policy"), "no-referrer");
        ck_assert_str_eq(client_header(c, "X-Robots-Tag"), "noindex");
        ck_assert_str_eq(client_header(c, "Cross-Origin-Opener-Policy"), "same-origin");
        ck_assert_str_eq(client_header(c, "Cross-Origin-Resource-Policy"), "same-origin");
        ck_assert_str_eq(client_header(c, "Content-Security-Policy"),
                "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
                "frame-ancestors 'none'");
        ck_assert_ptr_null(client_header(c, "Access-Control-Allow-Origin"));
}
END_TEST

/* Nothing is decoded: what needs decoding is no path of ours. */
START_TEST(path_as_sent)
{
        _cleanup_(client_freep) Client *c = dial();

        client_say(c, "GET /%2e%00%2F+ HTTP/1.1\r\nHost: h\r\n\r\n");
        ck_assert_int_eq(client_status(c), 200);
        ck_assert_str_eq(client_body(c), "GET /%2e%00%2F+ 0 ");
}
END_TEST

START_TEST(head)
{
        _cleanup_(client_freep) Client *c = dial();

        client_say(c, "HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        ck_assert_int_eq(client_status_of(c, true), 200);
        client_wait_closed(c);
        ck_assert_str_eq(client_header(c, "Content-Length"), "10");
        ck_assert_str_eq(client_body(c), "");
}
END_TEST

START_TEST(keep_alive)
{
        _cleanup_(client_freep) Client *c = dial();

        for (int i = 0; i < 3; i++) {
                client_say(c, "GET /again HTTP/1.1\r\nHost: h\r\n\r\n");
                ck_assert_int_eq(client_status(c), 200);
                client_next(c);
        }
        ck_assert_uint_eq(handled, 3);
        ck_assert(!c->closed);
        /* And idle it is not kept for ever. */
        client_wait_closed(c);
}
END_TEST

START_TEST(pipelined)
{
        _cleanup_(client_freep) Client *c = dial();

        client_say(c, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n"
                      "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"
                      "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
        while (!held) {
                client_turn();
        }
        ck_assert_uint_eq(handled, 1); /* one after the other */
        say(TAKE_PTR(held), 200, "first");
        ck_assert_int_eq(client_status(c), 200);
        ck_assert_ptr_nonnull(strstr(client_body(c), "first"));
        client_next(c);
        ck_assert_int_eq(client_status(c), 200);
        ck_assert_ptr_nonnull(strstr(client_body(c), "POST /2 2 hi"));
        client_next(c);
        ck_assert_int_eq(client_status(c), 200);
        ck_assert_str_eq(client_body(c), "GET /3 0 ");
}
END_TEST

/* Byte by byte, each in time for an idle timeout: the whole is what counts. */
START_TEST(drip)
{
        _cleanup_(client_freep) Client *c = dial();
        const char *text = "GET /slow HTTP/1.1\r\nHost: hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh";
        usec_t begin = clock_usec(CLOCK_BOOTTIME);

        while (!c->closed) {
                client_send(c, *text ? text++ : "h", 1);
                client_run_for(10 * USEC_PER_MSEC);
                ck_assert_int_lt(clock_usec(CLOCK_BOOTTIME) - begin, CLIENT_PATIENCE);
        }
        ck_assert_int_ge(clock_usec(CLOCK_BOOTTIME) - begin, quick.deadline);
        ck_assert_uint_eq(handled, 0);
}
END_TEST

START_TEST(drip_of_a_body)
{
        _cleanup_(client_freep) Client *c = dial();

        client_say(c, "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n");
        while (!c->closed) {
                client_say(c, "b");
                client_run_for(20 * USEC_PER_MSEC);
        }
        ck_assert_uint_eq(handled, 0);
}
END_TEST

/* While we are the slow ones nobody is cut. */
START_TEST(parked)
{
        _cleanup_(client_freep) Client *c = dial();

        client_say(c, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
        usec_t until = 0;
        while (until == 0 || clock_usec(CLOCK_BOOTTIME) < until) {
                ck_assert_int_ge(sd_event_run(event, 50 * USEC_PER_MSEC), 0);
                if (held && until == 0) {
                        until = clock_usec(CLOCK_BOOTTIME) + 2 * quick.deadline;
                }
        }
        ck_assert(!c->closed);
        say(TAKE_PTR(held), 200, "late");
        ck_assert_int_eq(client_status(c), 200);
}
END_TEST

START_TEST(stopped_while_parked)
{
        _cleanup_(client_freep) Client *c = dial();

        client_say(c, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
        while (!held) {
                client_turn();
        }
        http = http_free(http);
        ck_assert_uint_eq(gone, 1);
        client_wait_closed(c);
        ck_assert_uint_eq(c->size, 0);
}
END_TEST

START_TEST(too_large)
{
        static const struct {
                const char *request;
        } cases[] = {
                { "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n" },
                { "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999999999\r\n\r\n" },
                { "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n" },
                { "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n"
                  "40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n"
                  "0\r\n\r\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(client_freep) Client *c = dial();

                client_say(c, cases[i].request);
                ck_assert_int_eq(client_status(c), 413);
                ck_assert_str_eq(client_body(c), "too large");
        }
}
END_TEST

START_TEST(just_large_enough)
{
        _cleanup_(client_freep) Client *c = dial();
        char body[101] = "";

        memset(body, 'x', 100);
        client_say(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n");
        client_say(c, body);
        ck_assert_int_eq(client_status(c), 200);
}
END_TEST

/* Neither of two servers is to see another request than the other. */
START_TEST(ambiguous)
{
        static const char *const cases[] = {
                ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\nabc",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 3\r\n\r\nabc",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n"
                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nX: a\r\n\x0b"
                "Content-Length: 3\r\n\r\nabc",
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\ncontent-length: 5\r\n\r\nabcde",
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
                "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(client_freep) Client *c = dial();

                client_say(c, cases[i]);
                int status = client_status(c);
                ck_assert_msg(status == 400 || status == 413, "case %zu: %d", i, status);
        }
}
END_TEST

START_TEST(giant_headers)
{
        _cleanup_(client_freep) Client *c = dial();
        _cleanup_(freep) char *junk = malloc(64 * 1024 + 1);

        memset(junk, 'a', 64 * 1024);
        junk[64 * 1024] = '\0';
        client_say(c, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
        client_say(c, junk);
        int status = client_status(c);
        ck_assert(status == 0 || status == 431 || status == 413);
        ck_assert_uint_eq(handled, 0);
}
END_TEST

/* Many that say nothing, and then one who does. */
START_TEST(newcomers)
{
        enum { N = 300 };
        Client *idle[N];

        for (size_t i = 0; i < N; i++) {
                idle[i] = dial();
                if (i % 8 == 0) {
                        client_run_dry();
                }
        }
        Client *c = dial();
        client_say(c, "GET /me HTTP/1.1\r\nHost: h\r\n\r\n");
        ck_assert_int_eq(client_status(c), 200);
        client_free(c);
        for (size_t i = 0; i < N; i++) {
                client_free(idle[i]);
        }
}
END_TEST

static bool accepts(const char *address)
{
        struct sockaddr_in in = { .sin_family = AF_INET };

        ck_assert_int_eq(inet_pton(AF_INET, address, &in.sin_addr), 1);
        return on_http_accept(http, (struct sockaddr *) &in, sizeof(in)) == MHD_YES;
}

/* A stranger may have few; our proxies and this host as many as they like. */
START_TEST(per_address)
{
        static char *proxies[] = { (char *) "192.0.2.7", NULL };
        HttpConnection c[10] = { 0 };

        config.trusted_proxies = proxies;
        for (size_t i = 0; i < ELEMENTSOF(c); i++) {
                const char *from = i < 3 ? "192.0.2.1" : i < 6 ? "127.0.0.1" : "192.0.2.7";

                ck_assert(accepts("192.0.2.1") == (i < 3));
                ck_assert_int_eq(address_parse(from, strlen(from), &c[i].peer), 0);
                LIST_INSERT_HEAD(&http->connections, &c[i], all);
        }
        ck_assert(!accepts("192.0.2.1"));
        ck_assert(accepts("192.0.2.2"));
        ck_assert(accepts("127.0.0.1"));
        ck_assert(accepts("192.0.2.7"));
        LIST_INIT(&http->connections);
}
END_TEST

START_TEST(unix_socket)
{
        _cleanup_(freep) char *path = NULL;
        char folder[] = "/tmp/test-http-XXXXXX";
        struct stat st;
        Http *other = NULL;

        ck_assert_ptr_nonnull(mkdtemp(folder));
        ck_assert_int_ge(str_printf(&path, "%s/web.sock", folder), 0);
        WebConfig unix_config = { .listen = { .path = path } };
        ck_assert_int_eq(http_new(event, &unix_config, &quick, handler, NULL, &other), 0);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0666);
        ck_assert_uint_eq(http_port(other), 0);
        Client *c = client_unix(path);
        client_say(c, "GET /u HTTP/1.1\r\nHost: h\r\n\r\n");
        ck_assert_int_eq(client_status(c), 200);
        client_free(c);
        /* Somebody listens: it is his. */
        Http *second = NULL;
        ck_assert_int_eq(
                http_new(event, &unix_config, &quick, handler, NULL, &second), -EADDRINUSE);
        ck_assert_int_eq(stat(path, &st), 0);
        http_free(other);
        ck_assert_int_lt(stat(path, &st), 0);
        ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(stale_socket)
{
        struct sockaddr_un sun = { .sun_family = AF_UNIX };
        char folder[] = "/tmp/test-http-XXXXXX";
        Http *other = NULL;

        ck_assert_ptr_nonnull(mkdtemp(folder));
        (void) snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/web.sock", folder);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(fd, (struct sockaddr *) &sun, sizeof(sun)), 0);
        closep(&fd);
        WebConfig unix_config = { .listen = { .path = sun.sun_path } };
        ck_assert_int_eq(http_new(event, &unix_config, &quick, handler, NULL, &other), 0);
        http_free(other);
        /* What is no socket is not touched. */
        fd = open(sun.sun_path, O_CREAT | O_CLOEXEC | O_WRONLY, 0600);
        closep(&fd);
        ck_assert_int_eq(http_new(event, &unix_config, &quick, handler, NULL, &other), -EADDRINUSE);
        ck_assert_int_eq(unlink(sun.sun_path), 0);
        ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(cannot_listen)
{
        WebConfig same = { .listen = { .address = (char *) "127.0.0.1", .port = http_port(http) } };
        WebConfig name = { .listen = { .address = (char *) "localhost" } };
        WebConfig tls = { .listen = { .address = (char *) "127.0.0.1" },
                .tls_certificate = (char *) "no",
                .tls_key = (char *) "no" };
        Http *other = NULL;

        ck_assert_int_eq(http_new(event, &same, &quick, handler, NULL, &other), -EADDRINUSE);
        ck_assert_int_eq(http_new(event, &name, &quick, handler, NULL, &other), -EINVAL);
        ck_assert_int_eq(http_new(event, &tls, &quick, handler, NULL, &other), -EINVAL);
        ck_assert_ptr_null(other);
}
END_TEST

/* Idle connections wake nobody up. */
START_TEST(idle)
{
        HttpLimits patient = quick;
        _cleanup_(client_freep) Client *c = NULL;

        stop();
        patient.deadline = USEC_PER_HOUR;
        start_with(&patient);
        c = dial();
        client_say(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        ck_assert_int_eq(client_status(c), 200);
        client_run_dry();
        ck_assert_int_eq(sd_event_run(event, 300 * USEC_PER_MSEC), 0);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("http");
        TCase *t = tcase_create("http");

        tcase_add_checked_fixture(t, start, stop);
        tcase_add_test(t, answers);
        tcase_add_test(t, path_as_sent);
        tcase_add_test(t, head);
        tcase_add_test(t, keep_alive);
        tcase_add_test(t, pipelined);
        tcase_add_test(t, drip);
        tcase_add_test(t, drip_of_a_body);
        tcase_add_test(t, parked);
        tcase_add_test(t, stopped_while_parked);
        tcase_add_test(t, too_large);
        tcase_add_test(t, just_large_enough);
        tcase_add_test(t, ambiguous);
        tcase_add_test(t, giant_headers);
        tcase_add_test(t, newcomers);
        tcase_add_test(t, per_address);
        tcase_add_test(t, unix_socket);
        tcase_add_test(t, stale_socket);
        tcase_add_test(t, cannot_listen);
        tcase_add_test(t, idle);
        suite_add_tcase(s, t);
        SRunner *sr = srunner_create(s);
        srunner_run_all(sr, CK_ENV);
        int failed = srunner_ntests_failed(sr);
        srunner_free(sr);
        return failed == 0 ? 0 : 1;
}

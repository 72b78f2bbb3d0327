/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "jit-approver/gateway/fetch.h"
#include "tests/fake/receiver.h"

#define SOON (5 * USEC_PER_SEC)

static Receiver receiver; /* of all tests */
static sd_event *event;
static Fetcher *fetcher;

/* Stands before libc's, for libcurl too: a name service that hangs, or knows no name. */
_public_ int getaddrinfo(
        const char *name, const char *port, const struct addrinfo *hints, struct addrinfo **ret)
{
        if (name && streq(name, "hangs.example")) {
                (void) poll(NULL, 0, 60000);
        }
        return EAI_NONAME;
}

/* What a fetch came to. */
typedef struct Came {
        int n, status;
        char error[80];
        usec_t retry_after;
        size_t body_size;
        char body[FETCH_BODY_MAX + 1];
} Came;

static void on_done(const FetchResult *r, void *userdata)
{
        Came *c = userdata;

        c->n++;
        c->status = r->status;
        c->retry_after = r->retry_after;
        c->body_size = r->body_size;
        memcpy(c->body, r->body, r->body_size);
        c->body[r->body_size] = '\0';
        (void) snprintf(c->error, sizeof(c->error), "%s", r->error);
        ck_assert_int_eq(r->status == 0, *r->error != '\0');
        ck_assert_ptr_null(strstr(r->error, "localhost"));
        ck_assert_ptr_null(strstr(r->error, "127.0.0.1"));
}

static void start(void)
{
        (void) signal(SIGPIPE, SIG_IGN); /* as main.c */
        receiver_start(&receiver);
}

static void stop(void)
{
        receiver_stop(&receiver);
}

static void setup(void)
{
        ck_assert_int_ge(sd_event_new(&event), 0);
        ck_assert_int_eq(fetcher_new(event, &fetcher), 0);
}

static void teardown(void)
{
        fetcher = fetcher_free(fetcher);
        event = sd_event_unref(event);
}

static void until(const int *counter, int n)
{
        usec_t end = clock_usec(CLOCK_MONOTONIC) + FETCH_TIME + SOON;

        while (*counter < n) {
                ck_assert_int_gt(end, clock_usec(CLOCK_MONOTONIC));
                ck_assert_int_ge(sd_event_run(event, 100000), 0);
        }
}

static FetchRequest request_to(const char *kind, const char *path)
{
        FetchRequest r = { .url = receiver_url(&receiver, kind, path) };

        r.body = strdup("{\"a\":1}");
        r.body_size = strlen(r.body);
        ck_assert_int_eq(strv_add(&r.headers, "Content-Type: application/json"), 0);
        r.ca_certificate = streq(kind, "http") ? NULL : receiver_certificate(&receiver, kind);
        return r;
}

static void post(const char *kind, const char *path, Came *ret)
{
        FetchRequest r = request_to(kind, path);

        *ret = (Came){ 0 };
        ck_assert_int_eq(fetch(fetcher, &r, on_done, ret), 0);
        ck_assert_ptr_null(r.url); /* it is the fetcher's */
        ck_assert_int_eq(ret->n, 0);
}

START_TEST(urls)
{
        static const struct {
                const char *url;
                bool ok;
        } table[] = {
                { "https://hooks.example.org/jit", true },
                { "https://hooks.example.org:8443/jit?a=b&c", true },
                { "https://[2001:db8::1]/", true },
                { "https://10.1.2.3/x", true },
                { "http://127.0.0.1:8080/x", true },
                { "http://127.9.9.9/", true },
                { "http://localhost/", true },
                { "http://[::1]:80/", true },
                { "http://hooks.example.org/jit", false },
                { "http://127.0.0.1.example.org/", false },
                { "http://localhost.example.org/", false },
                { "http://128.0.0.1/", false },
                { "http://10.0.0.1/", false },
                { "http://[::2]/", false },
                { "http://0.0.0.0/", false },
                { "https://user:word@hooks.example.org/", false },
                { "https://user@hooks.example.org/", false },
                { "http://127.0.0.1@hooks.example.org/", false },
                { "ftp://hooks.example.org/", false },
                { "file:///etc/passwd", false },
                { "gopher://127.0.0.1/", false },
                { "hooks.example.org/jit", false },
                { "https://", false },
                { "https://hooks.example.org/a b", false },
                { "https://hooks.example.org/\r\nX: y", false },
                { "https://hooks.example.org/\xc3\xa4", false },
                { "", false },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                ck_assert_msg(fetch_url_ok(table[i].url) == table[i].ok, "%s", table[i].url);
        }
        char longest[FETCH_URL_MAX + 2] = "https://hooks.example.org/";

        memset(longest + strlen(longest), 'x', FETCH_URL_MAX - strlen(longest));
        ck_assert(fetch_url_ok(longest));
        longest[FETCH_URL_MAX] = 'x';
        ck_assert(!fetch_url_ok(longest));
}
END_TEST

/* What the receiver sees, and that nothing of ours is in it but what it should see. */
START_TEST(sent)
{
        Came came;

        post(_i ? "https" : "http", "/echo", &came);
        until(&came.n, 1);
        ck_assert_str_eq(came.error, "");
        ck_assert_int_eq(came.status, 200);
        ck_assert_int_eq(strncmp(came.body, "POST /echo HTTP/1.1\r\n", 21), 0);
        ck_assert_ptr_nonnull(strstr(came.body, "\r\nContent-Type: application/json\r\n"));
        ck_assert_ptr_nonnull(strstr(came.body, "\r\nUser-Agent: pam-jit/" PROJECT_VERSION "\r\n"));
        ck_assert_ptr_nonnull(strstr(came.body, "\r\n\r\n{\"a\":1}"));
        ck_assert_ptr_null(strstr(came.body, "Expect"));
        ck_assert_ptr_null(strstr(came.body, "urlencoded"));
        ck_assert_ptr_null(strstr(came.body, "Cookie"));
}
END_TEST

static const struct Bad {
        const char *kind, *path;
        int status;
        const char *error;
        usec_t least, most; /* ms it takes */
} bad[] = {
        { "http", "/status/500", 500, "", 0, 3000 },
        { "http", "/redirect", 302, "", 0, 3000 },
        { "http", "/endless", 200, "", 0, 3000 },
        { "http", "/half", 200, "", 0, 3000 },
        { "http", "/hang-up", 0, "the connection was lost", 0, 3000 },
        { "http", "/garbage", 0, "what answers does not speak HTTP", 0, 3000 },
        { "http", "/headers", 0, "the answer's headers have no end", 0, 3000 },
        { "http", "/slow", 0, "no answer in time", 9500, 13000 },
        { "http", "/silent", 0, "no answer in time", 9500, 13000 },
        { "http", "/slow-body", 200, "", 9500, 13000 },
        { "wrong-name", "/echo", 0, "the certificate is not valid for it", 0, 3000 },
        { "expired", "/echo", 0, "the certificate is not valid for it", 0, 3000 },
        { "old-tls", "/echo", 0, "no TLS connection can be made", 0, 3000 },
};

/* All at once: none keeps another. */
START_TEST(bad_receivers)
{
        usec_t begun = clock_usec(CLOCK_MONOTONIC), took[ELEMENTSOF(bad)] = { 0 };
        static Came came[ELEMENTSOF(bad)];
        size_t done = 0;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                post(bad[i].kind, bad[i].path, &came[i]);
        }
        while (done < ELEMENTSOF(bad)) {
                ck_assert_int_ge(sd_event_run(event, UINT64_MAX), 0);
                for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                        if (came[i].n > 0 && took[i] == 0) {
                                took[i] = (clock_usec(CLOCK_MONOTONIC) - begun) / USEC_PER_MSEC;
                                took[i] = MAX(took[i], 1);
                                done++;
                        }
                }
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ck_assert_int_eq(came[i].n, 1);
                ck_assert_msg(streq(came[i].error, bad[i].error) && came[i].status == bad[i].status,
                        "%s %s: %s", bad[i].kind, bad[i].path, came[i].error);
                ck_assert_int_ge(took[i], bad[i].least);
                ck_assert_int_le(took[i], bad[i].most);
                ck_assert_uint_le(came[i].body_size, FETCH_BODY_MAX);
        }
        ck_assert_uint_eq(came[2].body_size, FETCH_BODY_MAX); /* the endless one */
}
END_TEST

/* A redirect is not followed. */
START_TEST(redirected)
{
        Came came;

        post("http", "/redirect", &came);
        until(&came.n, 1);
        ck_assert_int_eq(came.status, 302);
        post("http", "/counts", &came);
        until(&came.n, 1);
        ck_assert_ptr_nonnull(strstr(came.body, "/redirect "));
        ck_assert_ptr_null(strstr(came.body, "/elsewhere"));
}
END_TEST

/* Whom the system's authorities do not know. */
START_TEST(unknown_authority)
{
        FetchRequest r = request_to("https", "/echo");
        Came came = { 0 };

        freep(&r.ca_certificate);
        r.ca_certificate = NULL;
        ck_assert_int_eq(fetch(fetcher, &r, on_done, &came), 0);
        until(&came.n, 1);
        ck_assert_str_eq(came.error, "the certificate is not valid for it");
}
END_TEST

START_TEST(retry_after)
{
        Came came;

        post("http", "/retry/7", &came);
        until(&came.n, 1);
        ck_assert_int_eq(came.status, 429);
        ck_assert_int_eq(came.retry_after, 7 * USEC_PER_SEC);
        post("http", "/retry/86400", &came);
        until(&came.n, 1);
        ck_assert_int_eq(came.retry_after, FETCH_RETRY_MAX);
        post("http", "/retry/Fri,_31_Dec_2100_23:59:59_GMT", &came);
        until(&came.n, 1);
        ck_assert_int_eq(came.retry_after, FETCH_RETRY_MAX);
        post("http", "/retry/soon", &came);
        until(&came.n, 1);
        ck_assert_int_eq(came.retry_after, 0);
        post("http", "/retry/-5", &came);
        until(&came.n, 1);
        ck_assert_int_eq(came.retry_after, 0);
}
END_TEST

static void post_url(const char *url, Came *ret)
{
        FetchRequest r = { .url = strdup(url) };

        *ret = (Came){ 0 };
        ck_assert_int_eq(fetch(fetcher, &r, on_done, ret), 0);
        until(&ret->n, 1);
}

START_TEST(nobody_there)
{
        Came came;

        post_url("http://127.0.0.1:1/", &came);
        ck_assert_str_eq(came.error, "cannot connect");
        post_url("https://nowhere.example/", &came);
        ck_assert_str_eq(came.error, "the host's name cannot be resolved");
}
END_TEST

/* A name service that does not answer keeps nobody: not the loop, not the end. */
START_TEST(name_service_hangs)
{
        usec_t begun = clock_usec(CLOCK_MONOTONIC);
        Came came, other;

        FetchRequest r = { .url = strdup("https://hangs.example/") };
        came = (Came){ 0 };
        ck_assert_int_eq(fetch(fetcher, &r, on_done, &came), 0);
        post("http", "/echo", &other);
        until(&other.n, 1);
        ck_assert_int_lt(clock_usec(CLOCK_MONOTONIC) - begun, 3 * USEC_PER_SEC);
        until(&came.n, 1);
        ck_assert_str_eq(came.error, "no answer in time");
        ck_assert_int_lt(clock_usec(CLOCK_MONOTONIC) - begun, 8 * USEC_PER_SEC);
}
END_TEST

/* The environment has no say. */
START_TEST(no_proxy)
{
        Came came;

        ck_assert_int_eq(setenv("http_proxy", "http://127.0.0.1:1", true), 0);
        ck_assert_int_eq(setenv("ALL_PROXY", "http://127.0.0.1:1", true), 0);
        post("http", "/echo", &came);
        until(&came.n, 1);
        ck_assert_int_eq(came.status, 200);
}
END_TEST

START_TEST(bad_requests)
{
        FetchRequest r = request_to("http", "/echo");
        Came came = { 0 };

        ck_assert_int_eq(strv_add(&r.headers, "X: y\r\nHost: other"), 0);
        ck_assert_int_eq(fetch(fetcher, &r, on_done, &came), -EINVAL);
        ck_assert_ptr_null(r.url);
        r = (FetchRequest){ .url = strdup("http://hooks.example.org/") };
        ck_assert_int_eq(fetch(fetcher, &r, on_done, &came), -EINVAL);
        r = (FetchRequest){ 0 };
        ck_assert_int_eq(fetch(fetcher, &r, on_done, &came), -EINVAL);
        ck_assert_int_eq(came.n, 0);
}
END_TEST

/* More than are served at once, slow ones among them: all come to an end. */
START_TEST(many)
{
        static Came came[100];
        int n;

        for (size_t i = 0; i < ELEMENTSOF(came); i++) {
                post("http", i < 3 ? "/silent" : "/echo", &came[i]);
        }
        usec_t end = clock_usec(CLOCK_MONOTONIC) + SOON;
        do {
                n = 0;
                for (size_t i = 3; i < ELEMENTSOF(came); i++) {
                        n += came[i].n;
                        ck_assert(came[i].n == 0 || came[i].status == 200);
                }
                ck_assert_int_gt(end, clock_usec(CLOCK_MONOTONIC));
                ck_assert_int_ge(sd_event_run(event, 100000), 0);
        } while (n < (int) ELEMENTSOF(came) - 3);
        /* and three are still under way when it is freed: their done does not come */
        ck_assert_int_eq(came[0].n + came[1].n + came[2].n, 0);
        fetcher = fetcher_free(fetcher);
        ck_assert_int_eq(came[0].n + came[1].n + came[2].n, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("fetch");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_unchecked_fixture(all, start, stop);
        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, urls);
        tcase_add_loop_test(all, sent, 0, 2);
        tcase_add_test(all, redirected);
        tcase_add_test(all, bad_receivers);
        tcase_add_test(all, unknown_authority);
        tcase_add_test(all, retry_after);
        tcase_add_test(all, nobody_there);
        tcase_add_test(all, name_service_hangs);
        tcase_add_test(all, no_proxy);
        tcase_add_test(all, bad_requests);
        tcase_add_test(all, many);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/node.h"
#include "jit-approver/gateway/channel.h"
#include "jit-approver/gateway/credential.h"
#include "jit-approver/gateway/deliver.h"
#include "tests/fake/receiver.h"
#include "tests/fake/varlink.h"

#define SOON (5 * USEC_PER_SEC)

static Receiver receiver; /* of all tests */
static sd_event *event;
static FakeVarlink fake;
static Upstream *upstream;
static Fetcher *fetcher;
static Deliver *deliver;
static ChannelConfig channels[2];
static GatewayConfig config;

/* What the approver heard. */
static FakePeer *subscriber;
static int n_subscribed, n_settled, n_web, n_links;
static char subscribed_to[64], web[64], linked[64];
static int64_t settled_id, settled_retry;
static char settled_outcome[16], settled_problem[128];
static int settle_errors; /* so many are answered with an error first */

static void on_settle(FakePeer *p, const JsonNode *parameters)
{
        if (settle_errors > 0) {
                settle_errors--;
                fake_say(p, "{\"error\":\"org.pamjit.Approver.StoreUnavailable\"}");
                return;
        }
        n_settled++;
        settled_id = node_integer(parameters, "delivery", -1);
        settled_retry = node_integer(parameters, "retry_usec", 0);
        (void) snprintf(
                settled_outcome, sizeof(settled_outcome), "%s", node_text(parameters, "outcome"));
        (void) snprintf(settled_problem, sizeof(settled_problem), "%s",
                str_or(node_text(parameters, "problem"), ""));
        fake_reply(p, "{}", false);
}

static void on_call(
        FakePeer *p, const char *method, bool more, const JsonNode *parameters, void *userdata)
{
        if (streq(method, "Settle")) {
                on_settle(p, parameters);
                return;
        }
        ck_assert_str_eq(method, "Deliver");
        ck_assert(more);
        subscribed_to[0] = '\0';
        for (const JsonNode *n = json_first(node_array(parameters, "channels")); n;
                n = json_next(n)) {
                strncat(subscribed_to, json_string(n),
                        sizeof(subscribed_to) - strlen(subscribed_to) - 1);
                strncat(subscribed_to, " ", 2);
        }
        subscriber = p;
        n_subscribed++;
        fake_reply(p, "{\"web\":\"https://jit.example.org\"}", true);
}

static void on_web(const char *url, void *userdata)
{
        n_web++;
        (void) snprintf(web, sizeof(web), "%s", str_or(url, "(none)"));
}

static void on_link(const char *url, void *userdata)
{
        n_links++;
        (void) snprintf(linked, sizeof(linked), "%s", url);
}

static const DeliverListener listener = { .web = on_web, .link = on_link };

static void until(const int *counter, int n)
{
        usec_t end = clock_usec(CLOCK_MONOTONIC) + SOON;

        while (*counter < n) {
                ck_assert_int_gt(end, clock_usec(CLOCK_MONOTONIC));
                ck_assert_int_ge(sd_event_run(event, 100000), 0);
        }
}

static void turn(int times)
{
        for (int i = 0; i < times; i++) {
                ck_assert_int_ge(sd_event_run(event, 10000), 0);
        }
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

static void channel_init(ChannelConfig *c, const char *name)
{
        *c = (ChannelConfig){ .name = (char *) name, .type = &channel_webhook };
        ck_assert_int_eq(credential_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &c->secret,
                                 &c->secret_size),
                0);
}

static void setup(void)
{
        n_subscribed = n_settled = n_web = n_links = settle_errors = 0;
        subscriber = NULL;
        channel_init(&channels[0], "ops-hook");
        channel_init(&channels[1], "other");
        config = (GatewayConfig){ .channels = channels, .n_channels = 2 };
        ck_assert_int_ge(sd_event_new(&event), 0);
        fake_varlink_init(&fake, event, on_call, NULL);
        ck_assert_int_eq(upstream_new(event, fake.path, getuid(), &upstream), 0);
        ck_assert_int_eq(fetcher_new(event, &fetcher), 0);
        ck_assert_int_eq(deliver_new(event, &config, upstream, fetcher, &listener, &deliver), 0);
        until(&n_web, 1);
}

static void teardown(void)
{
        fetcher = fetcher_free(fetcher);
        upstream = upstream_free(upstream);
        deliver = deliver_free(deliver);
        fake_varlink_done(&fake);
        event = sd_event_unref(event);
        for (size_t i = 0; i < ELEMENTSOF(channels); i++) {
                free(channels[i].url);
                free(channels[i].secret);
        }
}

static void send_to(const char *path)
{
        free(channels[0].url);
        channels[0].url = receiver_url(&receiver, "http", path);
}

static void give(int id, const char *channel)
{
        _cleanup_(freep) char *text = NULL;

        ck_assert_int_eq(
                str_printf(&text,
                        "{\"delivery\":{\"id\":%d,\"channel\":\"%s\",\"key\":\"msg_%d\","
                        "\"event\":\"request.created\",\"timestamp\":\"2026-11-22T12:00:00Z\","
                        "\"head\":\"ab12\",\"request\":{\"id\":\"K7QF-2M9D\"},"
                        "\"link\":{\"approver\":\"bob\",\"url\":\"https://jit.example.org/r/x\"}}}",
                        id, channel, id),
                0);
        fake_reply(subscriber, text, true);
}

/* What the receiver says of itself at path. */
static char told[FETCH_BODY_MAX + 1];
static int n_told;

static void on_told(const FetchResult *r, void *userdata)
{
        n_told++;
        memcpy(told, r->body, r->body_size);
        told[r->body_size] = '\0';
}

static void ask_receiver(const char *path)
{
        FetchRequest r = { .url = receiver_url(&receiver, "http", path) };
        int n = n_told;

        ck_assert_int_eq(fetch(fetcher, &r, on_told, NULL), 0);
        until(&n_told, n + 1);
}

START_TEST(subscribed)
{
        ck_assert_str_eq(subscribed_to, "ops-hook other ");
        ck_assert_str_eq(web, "https://jit.example.org");
        fake_reply(subscriber, "{}", true);
        until(&n_web, 2);
        ck_assert_str_eq(web, "(none)");
}
END_TEST

START_TEST(delivered)
{
        send_to("/status/204");
        give(7, "ops-hook");
        until(&n_settled, 1);
        ck_assert_int_eq(settled_id, 7);
        ck_assert_str_eq(settled_outcome, "delivered");
        ck_assert_str_eq(settled_problem, "");
        ask_receiver("/log");
        ck_assert_ptr_nonnull(strstr(told, "webhook-id: msg_7\r\n"));
        ck_assert_ptr_nonnull(strstr(told, "webhook-signature: v1,"));
        ck_assert_ptr_nonnull(strstr(told, "\"url\":\"https://jit.example.org/r/x\""));
}
END_TEST

/* The link of each is told, also of those that cannot be sent; nothing where there is none. */
START_TEST(links)
{
        send_to("/status/204");
        fake_reply(subscriber, "{\"delivery\":{\"id\":3,\"channel\":\"other\",\"link\":{}}}", true);
        fake_reply(subscriber,
                "{\"delivery\":{\"id\":4,\"channel\":\"nowhere\",\"link\":{\"url\":\"u/r/y\"}}}",
                true);
        until(&n_links, 1);
        ck_assert_str_eq(linked, "u/r/y");
        give(7, "ops-hook");
        until(&n_links, 2);
        ck_assert_str_eq(linked, "https://jit.example.org/r/x");
        give(8, "ops-hook");
        until(&n_settled, 2);
        ck_assert_int_eq(n_links, 3);
}
END_TEST

START_TEST(failed)
{
        send_to("/retry/9");
        give(8, "ops-hook");
        until(&n_settled, 1);
        ck_assert_str_eq(settled_outcome, "failed");
        ck_assert_str_eq(settled_problem, "HTTP 429");
        ck_assert_int_eq(settled_retry, 9 * USEC_PER_SEC);

        send_to("/hang-up");
        give(9, "ops-hook");
        until(&n_settled, 2);
        ck_assert_str_eq(settled_problem, "the connection was lost");
        ck_assert_int_eq(settled_retry, 0);
}
END_TEST

/* Given again while it is under way, by the approver that came back: sent once, settled there. */
START_TEST(approver_restarts)
{
        send_to("/silent");
        give(7, "ops-hook");
        turn(5);
        fake_varlink_stop(&fake);
        fake_varlink_start(&fake);
        until(&n_subscribed, 2);
        give(7, "ops-hook");
        turn(20);
        ask_receiver("/counts");
        ck_assert_ptr_nonnull(strstr(told, "/silent 1\n"));
        usec_t end = clock_usec(CLOCK_MONOTONIC) + FETCH_TIME + SOON;

        while (n_settled == 0) {
                ck_assert_int_gt(end, clock_usec(CLOCK_MONOTONIC));
                ck_assert_int_ge(sd_event_run(event, 100000), 0);
        }
        ck_assert_int_eq(settled_id, 7);
        ck_assert_str_eq(settled_problem, "no answer in time");
        turn(20);
        ck_assert_int_eq(n_settled, 1);
}
END_TEST

START_TEST(settled_at_last)
{
        settle_errors = 2;
        send_to("/status/200");
        give(7, "ops-hook");
        until(&n_settled, 1);
        ck_assert_str_eq(settled_outcome, "delivered");
        ck_assert_int_eq(settle_errors, 0);
        /* and it is not under way any more: given again, it is sent again */
        give(7, "ops-hook");
        until(&n_settled, 2);
}
END_TEST

/* Ones that nothing can be made of cost nothing. */
START_TEST(not_understood)
{
        give(5, "nowhere");
        fake_reply(subscriber, "{\"delivery\":{\"id\":3}}", true);
        fake_reply(subscriber, "{\"delivery\":{\"id\":6,\"channel\":\"ops-hook\"}}", true);
        send_to("/status/200");
        until(&n_settled, 1);
        ck_assert_int_eq(settled_id, 6);
        ck_assert_str_eq(settled_outcome, "failed");
        ck_assert_int_eq(n_subscribed, 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("deliver");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_unchecked_fixture(all, start, stop);
        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, subscribed);
        tcase_add_test(all, delivered);
        tcase_add_test(all, links);
        tcase_add_test(all, failed);
        tcase_add_test(all, approver_restarts);
        tcase_add_test(all, settled_at_last);
        tcase_add_test(all, not_understood);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failures = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/gateway/upstream.h"
#include "tests/fake/varlink.h"

#define SOON (5 * USEC_PER_SEC)

static sd_event *event;
static FakeVarlink fake;
static Upstream *upstream;

/* What the fake does with each call. */
static enum { ANSWER, KEEP, LOSE_FIRST, BAD_JSON, TWICE, MORE, ERROR, ENDLESS } mood;
static FakePeer *kept[64];
static int n_kept, n_calls;
static char last_method[32], last_token[32];

/* What the calls came to. */
static int n_done, n_errors, last_error;
static char last_name[64];
static int64_t last_value;

/* What the subscription was told. */
static int n_said, n_lost, lost_error;
static int64_t said_value;

static void on_call(
        FakePeer *p, const char *method, bool more, const JsonNode *parameters, void *userdata)
{
        const JsonNode *token = json_get(parameters, "token");
        static char endless[WIRE_MESSAGE_MAX + 2];

        n_calls++;
        (void) snprintf(last_method, sizeof(last_method), "%s%s", method, more ? "+" : "");
        (void) snprintf(
                last_token, sizeof(last_token), "%s", token ? json_string(token) : "(none)");
        switch (mood) {
        case ANSWER:
                fake_reply(p, "{\"value\":7}", false);
                break;
        case KEEP:
                kept[n_kept++] = p;
                break;
        case LOSE_FIRST:
                if (n_calls == 1) {
                        fake_hang_up(p);
                } else {
                        fake_reply(p, "{\"value\":8}", false);
                }
                break;
        case BAD_JSON:
                fake_say(p, "{\"parameters\":{\"value\":7,}}");
                break;
        case TWICE:
                fake_reply(p, "{\"value\":1}", false);
                fake_reply(p, "{\"value\":2}", false);
                break;
        case MORE:
                fake_reply(p, "{\"value\":1}", true);
                break;
        case ERROR:
                fake_say(p, "{\"error\":\"org.pamjit.Approver.NotFound\",\"parameters\":{}}");
                break;
        case ENDLESS:
                memset(endless, ' ', sizeof(endless) - 1);
                fake_say(p, endless);
                break;
        }
}

static void on_done(int error, const Message *reply, void *userdata)
{
        const JsonNode *value =
                reply && reply->parameters ? json_get(reply->parameters, "value") : NULL;

        ck_assert_int_eq(error < 0, !reply);
        n_done++;
        n_errors += error < 0;
        last_error = error;
        last_value = value ? json_integer(value) : -1;
        (void) snprintf(
                last_name, sizeof(last_name), "%s", reply && reply->error ? reply->error : "");
        if (userdata) {
                *(UpstreamCall **) userdata = NULL;
        }
}

static void setup(void)
{
        ck_assert_int_ge(sd_event_new(&event), 0);
        fake_varlink_init(&fake, event, on_call, NULL);
        ck_assert_int_eq(upstream_new(event, fake.path, getuid(), &upstream), 0);
        mood = ANSWER;
        n_kept = n_calls = n_done = n_errors = last_error = 0;
        n_said = n_lost = lost_error = 0;
        last_value = said_value = 0;
        last_name[0] = last_method[0] = last_token[0] = '\0';
}

static void teardown(void)
{
        upstream = upstream_free(upstream);
        fake_varlink_done(&fake);
        event = sd_event_unref(event);
}

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
                ck_assert_int_ge(sd_event_run(event, 1000), 0);
        }
}

static void call(UpstreamCall **ret)
{
        const LinkCall parameters = { .version = PROTOCOL_VERSION, .token = "abc" };

        ck_assert_int_eq(
                upstream_call(upstream, "ShowLink", LINK_FIELDS, &parameters, on_done, ret, ret),
                0);
}

START_TEST(is_answered)
{
        call(NULL);
        ck_assert_int_eq(n_done, 0); /* never within the call */
        ck_assert(!upstream_is_up(upstream));
        until(&n_done, 1);
        ck_assert_str_eq(last_method, "ShowLink");
        ck_assert_str_eq(last_token, "abc");
        ck_assert_int_eq(last_value, 7);
        ck_assert(upstream_is_up(upstream));
        /* and the connection is kept */
        call(NULL);
        until(&n_done, 2);
        ck_assert_int_eq(fake.n_accepted, 1);
}
END_TEST

START_TEST(error_is_named)
{
        mood = ERROR;
        call(NULL);
        until(&n_done, 1);
        ck_assert_str_eq(last_name, "NotFound");
        ck_assert_int_eq(last_error, 0);
}
END_TEST

/* Never more than six at once; all of them get their turn. */
START_TEST(queued)
{
        UpstreamCall *calls[20];

        mood = KEEP;
        for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
                call(&calls[i]);
        }
        for (int answered = 0; answered < 20; answered++) {
                until(&n_kept, answered + 1);
                turn(20);
                ck_assert_int_le(n_kept - answered, UPSTREAM_CALLS_MAX);
                fake_reply(kept[answered], "{\"value\":1}", false);
                until(&n_done, answered + 1);
        }
        ck_assert_int_eq(n_errors, 0);
        ck_assert_int_eq(fake.n_peers_most, UPSTREAM_CALLS_MAX);
}
END_TEST

START_TEST(queue_is_full)
{
        const LinkCall parameters = { .version = PROTOCOL_VERSION, .token = "abc" };

        for (int i = 0; i < UPSTREAM_QUEUE_MAX; i++) {
                call(NULL);
        }
        ck_assert_int_eq(
                upstream_call(upstream, "ShowLink", LINK_FIELDS, &parameters, on_done, NULL, NULL),
                -EBUSY);
        until(&n_done, UPSTREAM_QUEUE_MAX);
        ck_assert_int_eq(n_errors, 0);
}
END_TEST

/* A connection that was lost under a call: once more, and not for ever. */
START_TEST(lost)
{
        mood = LOSE_FIRST;
        call(NULL);
        until(&n_done, 1);
        ck_assert_int_eq(last_value, 8);
        ck_assert_int_eq(n_calls, 2);

        mood = KEEP;
        call(NULL);
        until(&n_kept, 1);
        fake_hang_up(kept[0]);
        until(&n_kept, 2);
        fake_hang_up(kept[1]);
        until(&n_done, 2);
        ck_assert_int_eq(last_error, -ECONNRESET);
        ck_assert(!upstream_is_up(upstream));
}
END_TEST

START_TEST(restarted)
{
        call(NULL);
        until(&n_done, 1);
        fake_varlink_stop(&fake);
        fake_varlink_start(&fake);
        /* the kept connection is dead, nobody need know */
        call(NULL);
        until(&n_done, 2);
        ck_assert_int_eq(n_errors, 0);
        ck_assert_int_eq(fake.n_accepted, 2);

        fake_varlink_stop(&fake);
        call(NULL);
        until(&n_done, 3);
        ck_assert_int_eq(last_error, -ENOENT);
        ck_assert(!upstream_is_up(upstream));
        fake_varlink_start(&fake);
}
END_TEST

START_TEST(garbled)
{
        static const int moods[] = { BAD_JSON, MORE, ENDLESS };

        mood = moods[_i];
        call(NULL);
        until(&n_done, 1);
        ck_assert_int_eq(last_error, -EBADMSG);
        ck_assert_int_eq(n_calls, 1);
        mood = ANSWER;
        call(NULL);
        until(&n_done, 2);
        ck_assert_int_eq(last_value, 7);
        ck_assert_int_eq(fake.n_accepted, 2);
}
END_TEST

/* What came too much is nobody's answer. */
START_TEST(one_too_many)
{
        mood = TWICE;
        call(NULL);
        until(&n_done, 1);
        ck_assert_int_eq(last_value, 1);
        mood = ANSWER;
        call(NULL);
        until(&n_done, 2);
        ck_assert_int_eq(last_value, 7);
        ck_assert_int_eq(fake.n_accepted, 2);
}
END_TEST

START_TEST(cancelled)
{
        UpstreamCall *calls[UPSTREAM_CALLS_MAX + 1];

        mood = KEEP;
        for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
                call(&calls[i]);
        }
        until(&n_kept, UPSTREAM_CALLS_MAX);
        upstream_cancel(calls[UPSTREAM_CALLS_MAX]); /* one that waits */
        upstream_cancel(calls[0]);                  /* one that is under way */
        for (int i = 0; i < UPSTREAM_CALLS_MAX; i++) {
                fake_reply(kept[i], "{\"value\":1}", false);
        }
        until(&n_done, UPSTREAM_CALLS_MAX - 1);
        mood = ANSWER;
        call(NULL);
        until(&n_done, UPSTREAM_CALLS_MAX);
        turn(20);
        ck_assert_int_eq(n_done, UPSTREAM_CALLS_MAX);
        ck_assert_int_eq(fake.n_accepted, UPSTREAM_CALLS_MAX);
        ck_assert_int_eq(n_calls, UPSTREAM_CALLS_MAX + 1);
}
END_TEST

/* Freed with calls in every state: nothing is called, nothing leaks. */
START_TEST(freed)
{
        mood = KEEP;
        for (int i = 0; i < 10; i++) {
                call(NULL);
        }
        until(&n_kept, UPSTREAM_CALLS_MAX);
        upstream = upstream_free(upstream);
        turn(20);
        ck_assert_int_eq(n_done, 0);
}
END_TEST

START_TEST(stranger)
{
        upstream = upstream_free(upstream);
        ck_assert_int_eq(upstream_new(event, fake.path, getuid() + 1, &upstream), 0);
        call(NULL);
        until(&n_done, 1);
        ck_assert_int_eq(last_error, -EPERM);
        ck_assert_int_eq(n_calls, 0);
}
END_TEST

/* One that says nothing: ten seconds of the test. */
START_TEST(silent)
{
        mood = KEEP;
        call(NULL);
        usec_t begun = clock_usec(CLOCK_MONOTONIC);

        while (n_done == 0) {
                ck_assert_int_ge(sd_event_run(event, UINT64_MAX), 0);
        }
        ck_assert_int_eq(last_error, -ETIMEDOUT);
        ck_assert_int_ge(clock_usec(CLOCK_MONOTONIC) - begun, UPSTREAM_CALL_TIME);
        /* and that connection is not used again */
        mood = ANSWER;
        call(NULL);
        until(&n_done, 2);
        ck_assert_int_eq(fake.n_accepted, 2);
}
END_TEST

/* --- the subscription --- */

static void on_each(int error, const Message *reply, void *userdata)
{
        if (reply) {
                n_said++;
                said_value = json_integer(json_get(reply->parameters, "value"));
        } else {
                n_lost++;
                lost_error = error;
        }
}

static void subscribe(void)
{
        const DeliverCall parameters = { .version = PROTOCOL_VERSION };

        ck_assert_int_eq(
                upstream_subscribe(upstream, "Deliver", DELIVER_FIELDS, &parameters, on_each, NULL),
                0);
        ck_assert_int_eq(
                upstream_subscribe(upstream, "Deliver", DELIVER_FIELDS, &parameters, on_each, NULL),
                -EALREADY);
}

START_TEST(subscribed)
{
        mood = KEEP;
        subscribe();
        until(&n_kept, 1);
        ck_assert_str_eq(last_method, "Deliver+");
        ck_assert(!upstream_is_up(upstream));
        for (int i = 1; i <= 3; i++) {
                fake_reply(kept[0], "{\"value\":1}", true);
        }
        until(&n_said, 3);
        ck_assert(upstream_is_up(upstream));
        /* and calls go on beside it */
        mood = ANSWER;
        call(NULL);
        until(&n_done, 1);

        mood = KEEP;
        fake_varlink_stop(&fake);
        until(&n_lost, 1);
        ck_assert_int_eq(lost_error, -ECONNRESET);
        ck_assert(!upstream_is_up(upstream)); /* though the last call was answered */
        until(&n_lost, 2);                    /* it was tried */
        ck_assert_int_eq(lost_error, -ENOENT);
        fake_varlink_start(&fake);
        until(&n_kept, 2);
        fake_reply(kept[1], "{\"value\":5}", true);
        until(&n_said, 4);
        ck_assert_int_eq(said_value, 5);
        ck_assert_int_eq(n_lost, 2);
}
END_TEST

START_TEST(subscription_ends)
{
        mood = KEEP;
        subscribe();
        until(&n_kept, 1);
        fake_reply(kept[0], "{\"value\":1}", false);
        until(&n_lost, 1);
        ck_assert_int_eq(n_said, 1);
        until(&n_kept, 2);
        fake_say(kept[1], "{\"parameters\":[]}");
        until(&n_lost, 2);
        ck_assert_int_eq(lost_error, -EBADMSG);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("upstream");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, is_answered);
        tcase_add_test(all, error_is_named);
        tcase_add_test(all, queued);
        tcase_add_test(all, queue_is_full);
        tcase_add_test(all, lost);
        tcase_add_test(all, restarted);
        tcase_add_loop_test(all, garbled, 0, 3);
        tcase_add_test(all, one_too_many);
        tcase_add_test(all, cancelled);
        tcase_add_test(all, freed);
        tcase_add_test(all, stranger);
        tcase_add_test(all, silent);
        tcase_add_test(all, subscribed);
        tcase_add_test(all, subscription_ends);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

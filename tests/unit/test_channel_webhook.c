/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "jit-approver/gateway/channel.h"
#include "jit-approver/gateway/credential.h"

static ChannelConfig config;
static Json *json;
static Delivery delivery;

/* The secret of the examples of standard-webhooks/spec. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static void setup(void)
{
        const char *text = "{\"request\":{\"id\":\"K7QF-2M9D\",\"reason\":\"a \\\"b\\\"\"},"
                           "\"link\":{\"approver\":\"bob\",\"url\":\"https://jit.example/r/x\"}}";

        config = (ChannelConfig){ .name = (char *) "ops",
                .type = &channel_webhook,
                .url = (char *) "https://hooks.example.org/" };
        ck_assert_int_eq(credential_secret(SECRET, &config.secret, &config.secret_size), 0);
        ck_assert_int_eq(json_parse(text, strlen(text), &json), 0);
        delivery = (Delivery){
                .id = 7,
                .channel = "ops",
                .key = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                .event = "request.created",
                .timestamp = "2026-11-22T12:00:00Z",
                .head = "ab12",
                .request = json_get(json_root(json), "request"),
                .link = json_get(json_root(json), "link"),
        };
}

static void teardown(void)
{
        free(config.secret);
        json = json_free(json);
}

static bool has_header(const FetchRequest *r, const char *header)
{
        for (char **h = r->headers; *h; h++) {
                if (streq(*h, header)) {
                        return true;
                }
        }
        return false;
}

START_TEST(composed)
{
        FetchRequest r;

        ck_assert_int_eq(
                channel_webhook.compose(&config, &delivery, 1614265330 * USEC_PER_SEC + 999999, &r),
                0);
        ck_assert_str_eq(r.url, config.url);
        ck_assert_str_eq(r.body,
                "{\"type\":\"request.created\",\"timestamp\":\"2026-11-22T12:00:00Z\",\"data\":{"
                "\"request\":{\"id\":\"K7QF-2M9D\",\"reason\":\"a \\\"b\\\"\"},"
                "\"link\":{\"approver\":\"bob\",\"url\":\"https://jit.example/r/x\"},"
                "\"head\":\"ab12\"}}");
        ck_assert_uint_eq(r.body_size, strlen(r.body));
        ck_assert(has_header(&r, "Content-Type: application/json"));
        ck_assert(has_header(&r, "webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek"));
        ck_assert(has_header(&r, "webhook-timestamp: 1614265330"));
        /* computed by the reference package of Standard Webhooks, 1.1.1 */
        ck_assert(has_header(
                &r, "webhook-signature: v1,Wzktt0h90kQqcVp/w0z656c88xrKsl3dSK6amQqMmi0="));
        ck_assert_uint_eq(strv_length(r.headers), 4);
        fetch_request_done(&r);
}
END_TEST

START_TEST(without_link)
{
        FetchRequest r;

        delivery.link = NULL;
        delivery.head = NULL;
        ck_assert_int_eq(channel_webhook.compose(&config, &delivery, 0, &r), 0);
        ck_assert_ptr_null(strstr(r.body, "link"));
        ck_assert_ptr_null(strstr(r.body, "head"));
        fetch_request_done(&r);
        delivery.key = "two\r\nlines";
        ck_assert_int_eq(channel_webhook.compose(&config, &delivery, 0, &r), 0);
        fetch_request_done(&r); /* which fetch() refuses */
        delivery.key = NULL;
        ck_assert_int_eq(channel_webhook.compose(&config, &delivery, 0, &r), -EINVAL);
}
END_TEST

/* What there will be, and what nobody has thought of yet. */
START_TEST(newer_events)
{
        static const char *const events[] = { "request.escalated", "request.nudged",
                "grant.extended", "grant.expiring", "grant.residue", "break_glass.used",
                "review.signed", "rescue.used", "request.some_day" };
        static const char text[] =
                "{\"grant\":{\"id\":\"G7QF-2M9D\",\"kind\":\"some-day\",\"residue\":{\"findings\":[{\"kind\":"
                "\"setuid\",\"what\":\"/tmp/a\\u001b[31m\"}]}}}";
        _cleanup_(json_freep) Json *grant = NULL;

        ck_assert_int_eq(json_parse(text, strlen(text), &grant), 0);
        delivery.grant = json_get(json_root(grant), "grant");
        for (size_t i = 0; i < ELEMENTSOF(events); i++) {
                _cleanup_(freep) char *start = NULL;
                FetchRequest r;

                delivery.event = events[i];
                ck_assert_int_eq(channel_webhook.compose(&config, &delivery, 0, &r), 0);
                ck_assert_int_ge(str_printf(&start, "{\"type\":\"%s\"", events[i]), 0);
                ck_assert(strncmp(r.body, start, strlen(start)) == 0);
                ck_assert_ptr_nonnull(strstr(r.body,
                        "\"grant\":{\"id\":\"G7QF-2M9D\",\"kind\":\"some-day\",\"residue\":{"));
                ck_assert_ptr_null(strstr(r.body, "\\u001b"));
                fetch_request_done(&r);
        }
        delivery.request = NULL;
        FetchRequest r;
        ck_assert_int_eq(channel_webhook.compose(&config, &delivery, 0, &r), 0);
        ck_assert_ptr_null(strstr(r.body, "\"request\":"));
        fetch_request_done(&r);
        delivery.grant = NULL;
        ck_assert_int_eq(channel_webhook.compose(&config, &delivery, 0, &r), -EINVAL);
}
END_TEST

START_TEST(judged)
{
        static const struct {
                int status;
                const char *error, *problem; /* NULL: taken */
        } table[] = {
                { 200, "", NULL },
                { 204, "", NULL },
                { 299, "", NULL },
                { 301, "", "HTTP 301: redirects are not followed" },
                { 410, "", "HTTP 410" },
                { 429, "", "HTTP 429" },
                { 500, "", "HTTP 500" },
                { 0, "cannot connect", "cannot connect" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const FetchResult result = { .status = table[i].status, .error = table[i].error };
                char problem[128] = "";
                bool ok = channel_webhook.judge(&result, problem, sizeof(problem));

                ck_assert(ok == !table[i].problem);
                ck_assert_str_eq(problem, str_or(table[i].problem, ""));
        }
}
END_TEST

START_TEST(secrets)
{
        static const struct {
                const char *text;
                size_t size; /* 0: none */
        } table[] = {
                { SECRET, 24 },
                { "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0 }, /* 23 bytes */
                { "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", 25 },
                { "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 25 },
                { "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB==", 0 }, /* bits left over */
                { "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0 },
                { "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", 0 },
                { "whsec_MfKQ9r8GKYqrTwjUPD8I LPZIo2LaLaSw", 0 },
                { "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 0 },
                { "whsec_", 0 },
                { "", 0 },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(freep) char *bytes = NULL;
                size_t size = 0;
                int r = credential_secret(table[i].text, &bytes, &size);

                ck_assert_msg(size == table[i].size && (r == 0) == (size > 0), "%s: %d, %zu",
                        table[i].text, r, size);
        }
}
END_TEST

START_TEST(types)
{
        size_t n;

        ck_assert_ptr_eq(channel_type_find("webhook"), &channel_webhook);
        ck_assert_ptr_null(channel_type_find("slack"));
        ck_assert_str_eq(channel_type_words(&n)[0], "webhook");
        ck_assert_uint_eq(n, 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("channel_webhook");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, composed);
        tcase_add_test(all, without_link);
        tcase_add_test(all, newer_events);
        tcase_add_test(all, judged);
        tcase_add_test(all, secrets);
        tcase_add_test(all, types);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/gateway/metrics.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/util.h"

static char *text_of(const char *reply)
{
        _cleanup_(json_freep) Json *json = NULL;
        char *text = NULL;
        size_t size = 0;

        ck_assert_int_eq(json_parse(reply, strlen(reply), &json), 0);
        int r = metrics_text(json_root(json), &text, &size);
        ck_assert_int_eq(r, text ? 0 : -EBADMSG);
        ck_assert_uint_eq(text ? strlen(text) : 0, size);
        return text;
}

/* Booleans are 0 and 1; what was not answered, or is no number, is not there. */
START_TEST(whole)
{
        _cleanup_(freep) char *text = text_of(
                "{\"version\":\"0.1.0\",\"uptime_usec\":61999999,\"rules_loaded\":true,"
                "\"rules_problems\":2,\"record_works\":false,\"grants\":3,\"pending\":\"4\","
                "\"owed\":-1,\"channels\":[{\"name\":\"ops\",\"works\":true,\"owed\":7},{\"owed\":8}],"
                "\"events\":[{\"event\":\"grant.started\",\"count\":9},{\"event\":\"x\"}]}");

        ck_assert_str_eq(text,
                "# HELP jit_build_info The approver's version.\n"
                "# TYPE jit_build_info gauge\n"
                "jit_build_info{version=\"0.1.0\"} 1\n"
                "# HELP jit_uptime_seconds How long the approver has run.\n"
                "# TYPE jit_uptime_seconds gauge\n"
                "jit_uptime_seconds 61\n"
                "# HELP jit_rules_loaded Whether there are rules in force.\n"
                "# TYPE jit_rules_loaded gauge\n"
                "jit_rules_loaded 1\n"
                "# HELP jit_rules_problems What was wrong with the rules when they were read last; the old ones are in force.\n"
                "# TYPE jit_rules_problems gauge\n"
                "jit_rules_problems 2\n"
                "# HELP jit_record_works Whether the record can be read and written.\n"
                "# TYPE jit_record_works gauge\n"
                "jit_record_works 0\n"
                "# HELP jit_grants_active Grants in force.\n"
                "# TYPE jit_grants_active gauge\n"
                "jit_grants_active 3\n"
                "# HELP jit_channel_works Whether somebody sends on it, and the last try succeeded.\n"
                "# TYPE jit_channel_works gauge\n"
                "jit_channel_works{channel=\"ops\"} 1\n"
                "# HELP jit_channel_messages_owed Messages that are yet to be delivered on it.\n"
                "# TYPE jit_channel_messages_owed gauge\n"
                "jit_channel_messages_owed{channel=\"ops\"} 7\n"
                "# HELP jit_events_total How often that happened since the approver started, as the record has it.\n"
                "# TYPE jit_events_total counter\n"
                "jit_events_total{event=\"grant.started\"} 9\n");
}
END_TEST

START_TEST(nothing_breaks_out)
{
        _cleanup_(freep) char *text =
                text_of("{\"version\":\"1\\\"} 0\\nforged 1\\\\\",\"channels\":"
                        "[{\"name\":\"a\\u0001b\\u007f\\n\\\"\",\"works\":true}]}");

        ck_assert_ptr_nonnull(strstr(text, "{version=\"1\\\"} 0forged 1\\\\\"} 1\n"));
        ck_assert_ptr_null(strstr(text, "\nforged"));
}
END_TEST

START_TEST(no_answer)
{
        static const char *const replies[] = { "{}", "{\"version\":1}", "[]", "3" };

        for (size_t i = 0; i < ELEMENTSOF(replies); i++) {
                ck_assert_ptr_null(text_of(replies[i]));
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("metrics");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, whole);
        tcase_add_test(all, nothing_breaks_out);
        tcase_add_test(all, no_answer);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

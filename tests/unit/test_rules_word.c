/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/domain/rules_word.h"
#include "tests/unit/rules_fixture.h"

static int parse(ValueKind kind, const char *text, void *field, Problems *problems)
{
        ValueText v = { .key = "k", .text = text, .at = { "f", 1, 5 }, .problems = problems };

        return value_parse(kind, &v, field);
}

START_TEST(words)
{
        static const struct {
                ValueKind kind;
                const char *text;
                int value; /* -1: bad */
        } cases[] = {
                { VALUE_ACTION, "ask", ACTION_ASK },
                { VALUE_ACTION, "allow", ACTION_ALLOW },
                { VALUE_ACTION, "refuse", ACTION_REFUSE },
                { VALUE_ACTION, "deny", -1 },
                { VALUE_ACTION, "break-glass", ACTION_BREAK_GLASS },
                { VALUE_ACTION, "ALLOW", -1 },
                { VALUE_ACTION, "allow,", -1 },
                { VALUE_REASON, "required", REASON_REQUIRED },
                { VALUE_REASON, "optional", REASON_OPTIONAL },
                { VALUE_REASON, "none", REASON_NONE },
                { VALUE_REASON, "yes", -1 },
                { VALUE_ON_EXPIRY, "end-sessions", ON_EXPIRY_END_SESSIONS },
                { VALUE_ON_EXPIRY, "keep", ON_EXPIRY_KEEP },
                { VALUE_ON_EXPIRY, "stop", -1 },
                { VALUE_AUDIENCE, "personal", AUDIENCE_PERSONAL },
                { VALUE_AUDIENCE, "shared", AUDIENCE_SHARED },
                { VALUE_AUDIENCE, "all", -1 },
                { VALUE_COMMAND_SHOWN, "masked", COMMAND_SHOWN_MASKED },
                { VALUE_COMMAND_SHOWN, "program", COMMAND_SHOWN_PROGRAM },
                { VALUE_COMMAND_SHOWN, "none", COMMAND_SHOWN_NONE },
                { VALUE_COMMAND_SHOWN, "all", -1 },
                { VALUE_ASSURANCE, "link", ASSURANCE_LINK },
                { VALUE_ASSURANCE, "local", ASSURANCE_LOCAL },
                { VALUE_ASSURANCE, "channel", -1 },
                { VALUE_ASSURANCE, "signed", -1 },
                { VALUE_ASSURANCE, "passkey", -1 },
                { VALUE_ASSURANCE, "LINK", -1 },
                { VALUE_SCOPE, "service", SCOPE_SERVICE },
                { VALUE_SCOPE, "command", SCOPE_COMMAND },
                { VALUE_SCOPE, "once", SCOPE_ONCE },
                { VALUE_SCOPE, "twice", -1 },
                { VALUE_BIND, "user", BIND_USER },
                { VALUE_BIND, "login-session", BIND_LOGIN_SESSION },
                { VALUE_BIND, "session", -1 },
                { VALUE_EXTEND, "ask", EXTEND_ASK },
                { VALUE_EXTEND, "auto", EXTEND_AUTO },
                { VALUE_EXTEND, "no", EXTEND_NO },
                { VALUE_EXTEND, "yes", -1 },
                { VALUE_ON_EXPIRY, "warn", ON_EXPIRY_WARN },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                unsigned value = 4711, copy = 0;
                bool good = cases[i].value >= 0;
                int r = parse(cases[i].kind, cases[i].text, &value, &problems);

                ck_assert_msg(r == (good ? 1 : 0), "'%s': %d", cases[i].text, r);
                ck_assert_uint_eq(value, good ? (unsigned) cases[i].value : 4711);
                ck_assert_uint_eq(problems.n, good ? 0 : 1);
                problems_done(&problems);
                ck_assert_int_eq(value_copy(cases[i].kind, &value, &copy), 0);
                ck_assert_uint_eq(copy, value);
        }
}
END_TEST

/* A bool is one byte, and what stands beside it stays. */
START_TEST(switches)
{
        static const struct {
                ValueKind kind;
                const char *text;
                int value; /* -1: bad */
        } cases[] = {
                { VALUE_ON_OFF, "on", true },
                { VALUE_ON_OFF, "off", false },
                { VALUE_ON_OFF, "yes", -1 },
                { VALUE_ON_OFF, "1", -1 },
                { VALUE_YES_NO, "yes", true },
                { VALUE_YES_NO, "no", false },
                { VALUE_YES_NO, "on", -1 },
                { VALUE_YES_NO, "true", -1 },
                { VALUE_YES_NO, "Yes", -1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                bool good = cases[i].value >= 0;
                bool fields[2][3] = { { true, !cases[i].value, true },
                        { true, !cases[i].value, true } };
                int r = parse(cases[i].kind, cases[i].text, &fields[0][1], &problems);

                ck_assert_msg(r == (good ? 1 : 0), "'%s': %d", cases[i].text, r);
                ck_assert(fields[0][0] && fields[0][2]);
                ck_assert(!good || fields[0][1] == (cases[i].value > 0));
                ck_assert_int_eq(value_copy(cases[i].kind, &fields[0][1], &fields[1][1]), 0);
                ck_assert(fields[1][0] && fields[1][1] == fields[0][1] && fields[1][2]);
                ck_assert_uint_eq(problems.n, good ? 0 : 1);
                problems_done(&problems);
        }
}
END_TEST

START_TEST(others_are_none)
{
        ck_assert(value_is_word(VALUE_ACTION) && value_is_word(VALUE_YES_NO));
        ck_assert(!value_is_word(VALUE_COUNT) && !value_is_word(VALUE_STAGES));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_word");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, words);
        tcase_add_test(all, switches);
        tcase_add_test(all, others_are_none);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

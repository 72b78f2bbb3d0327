/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tests/unit/rules_fixture.h"

static const char text[] = "[access]\nadmins = u1, @g1\nauditors = u2\n"
                           "[approver bob]\nuser = u3\n"
                           "[group ops]\nmembers = bob, @g3\n"
                           "[defaults]\nservices = s\nusers = u4, *\naction = ask\n"
                           "approvers = ops, @g5\n"
                           "[rule a]\ntargets = u6\n"
                           "[rule b]\nusers = u7\ntargets = *\napprovers = bob\n";

static void note(Name *name, void *userdata)
{
        char **all = userdata, *old = *all;

        ck_assert_int_eq(str_printf(all, "%s %s", old, name->text), 0);
        free(old);
}

START_TEST(visited)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);
        _cleanup_(freep) char *all = strdup("");

        rules_visit_names(rules, note, &all);
        /* what [defaults] says is visited there and in the rule that inherits it */
        ck_assert_str_eq(all, " u1 g1 u2 u3 g3 u4 g5 u4 u6 g5 u7");
}
END_TEST

START_TEST(found)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);

        ck_assert_ptr_eq(rules_find(rules, "b"), &rules->rules[1]);
        ck_assert_ptr_null(rules_find(rules, "B"));
        ck_assert_ptr_null(rules_find(rules, ""));
}
END_TEST

START_TEST(channel_found)
{
        _cleanup_(rules_freep) Rules *rules =
                fixture_rules("[channel a]\n[channel b]\naudience = shared\ncommand = program\n");
        const Channel *b = rules_channel_find(rules, "b");

        ck_assert_ptr_eq(rules_channel_find(rules, "a"), rules->channels[0]);
        ck_assert_ptr_eq(b, rules->channels[1]);
        ck_assert_int_eq(b->audience, AUDIENCE_SHARED);
        ck_assert_int_eq(b->command, COMMAND_SHOWN_PROGRAM);
        ck_assert_ptr_null(rules_channel_find(rules, "c"));
        ck_assert_ptr_null(rules_channel_find(rules, ""));
}
END_TEST

START_TEST(words)
{
        ck_assert_str_eq(audience_to_string(AUDIENCE_SHARED), "shared");
        ck_assert_str_eq(audience_to_string(AUDIENCE_PERSONAL), "personal");
        ck_assert_str_eq(command_shown_to_string(COMMAND_SHOWN_NONE), "none");
        ck_assert_str_eq(command_shown_to_string(COMMAND_SHOWN_PROGRAM), "program");
        ck_assert_str_eq(command_shown_to_string(COMMAND_SHOWN_MASKED), "masked");
        ck_assert_str_eq(assurance_to_string(ASSURANCE_LOCAL), "local");
        ck_assert_str_eq(assurance_to_string(ASSURANCE_LINK), "link");
        /* the zero value of each is the one that confers least */
        ck_assert(AUDIENCE_SHARED == 0 && COMMAND_SHOWN_NONE == 0 && ASSURANCE_LOCAL == 0);
}
END_TEST

START_TEST(checked)
{
        static const struct {
                const char *text;
                int r;
                bool unresolved;
                const char *out;
        } cases[] = {
                { "[approver a]\nuser = u1, u2\n[approver b]\nuser = u3\n", 0, false, "" },
                { "[approver a]\nuser = u?1\n", 0, true, "" },
                { "[approver a]\nuser = gone\n", -EINVAL, false,
                        "f:2:8: there is no account 'gone' on this system\n" },
                { "[group a]\nmembers = @gone, @g?x\n", -EINVAL, true,
                        "f:2:11: there is no Unix group 'gone' on this system\n" },
                { "[access]\nadmins = gone\n", -EINVAL, false,
                        "f:2:10: there is no account 'gone' on this system\n" },
                /* digits are a name, and nobody is called that */
                { "[access]\nadmins = 1000\n", -EINVAL, false,
                        "f:2:10: there is no account '1000' on this system\n" },
                { "[defaults]\nusers = gone\nservices = s\naction = allow\n[rule a]\n[rule b]\n",
                        -EINVAL, false, "f:2:9: there is no account 'gone' on this system\n" },
                { "[defaults]\nusers = gone\n", -EINVAL, false,
                        "f:2:9: there is no account 'gone' on this system\n" },
                /* one account, one person: by uid, and by name while nobody knows the uid */
                { "[approver a]\nuser = u1\n[approver b]\nuser = u2, u1\n", -EINVAL, false,
                        "f:4:12: the account 'u1' already is approver 'a', and cannot be 'b' too\n" },
                { "[approver a]\nuser = u1\n[approver b]\nuser = u01\n", -EINVAL, false,
                        "f:4:8: there is no account 'u01' on this system\n" },
                { "[approver a]\nuser = u0\n[approver b]\nuser = root\n", -EINVAL, false,
                        "f:4:8: the account 'root' already is approver 'a', and cannot be 'b' "
                        "too\n" },
                { "[approver a]\nuser = u?x\n[approver b]\nuser = u?x\n", -EINVAL, true,
                        "f:4:8: the account 'u?x' already is approver 'a', and cannot be 'b' "
                        "too\n" },
                { "[approver a]\nuser = u?x\n[approver b]\nuser = u?y\n", 0, true, "" },
                { "[approver a]\nuser = root\n[approver b]\nuser = u?y\n", 0, true, "" },
                { "[approver a]\nuser = u?y\n[approver b]\nuser = root\n", 0, true, "" },
                { "[approver a]\nuser = u1, u1\n", 0, false, "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(rules_freep) Rules *rules = fixture_rules(cases[i].text);
                Problems problems = {};
                _cleanup_(freep) char *all = NULL;
                int r;

                rules->unresolved = !cases[i].unresolved;
                r = rules_check_names(rules, &problems);
                all = fixture_problems(&problems);
                ck_assert_msg(r == cases[i].r, "case %zu: %d %s", i, r, all);
                ck_assert_str_eq(all, cases[i].out);
                ck_assert_int_eq(rules->unresolved, cases[i].unresolved);
                problems_done(&problems);
        }
}
END_TEST

/* Nobody sets root's existence in the file, yet its absence is told. */
START_TEST(default_admin)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules("");
        Problems problems = {};
        _cleanup_(freep) char *all = NULL;

        ck_assert_int_eq(rules_check_names(rules, &problems), 0);
        rules->admins.items[0].exists = TERNARY_NO;
        ck_assert_int_eq(rules_check_names(rules, &problems), -EINVAL);
        all = fixture_problems(&problems);
        ck_assert_str_eq(
                all, "the default of 'admins': there is no account 'root' on this system\n");
        problems_done(&problems);
}
END_TEST

START_TEST(names)
{
        ck_assert_str_eq(action_to_string(ACTION_REFUSE), "refuse");
        ck_assert_str_eq(action_to_string(ACTION_ASK), "ask");
        ck_assert_str_eq(action_to_string(ACTION_ALLOW), "allow");
        ck_assert_ptr_null(action_to_string((Action) 4));
        ck_assert_str_eq(on_expiry_to_string(ON_EXPIRY_END_SESSIONS), "end-sessions");
        ck_assert_str_eq(on_expiry_to_string(ON_EXPIRY_KEEP), "keep");
        ck_assert_ptr_null(on_expiry_to_string((OnExpiry) 3));
        ck_assert_str_eq(reason_mode_to_string(REASON_REQUIRED), "required");
        ck_assert_str_eq(reason_mode_to_string(REASON_OPTIONAL), "optional");
        ck_assert_str_eq(reason_mode_to_string(REASON_NONE), "none");
        ck_assert_ptr_null(reason_mode_to_string((ReasonMode) -1));
        ck_assert_ptr_null(rules_free(NULL));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, visited);
        tcase_add_test(all, found);
        tcase_add_test(all, channel_found);
        tcase_add_test(all, words);
        tcase_add_test(all, checked);
        tcase_add_test(all, default_admin);
        tcase_add_test(all, names);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tests/unit/rules_fixture.h"

START_TEST(built_in)
{
        _cleanup_(rules_freep) Rules *rules =
                fixture_rules("[rule r]\nservices = sudo\nusers = u1\naction = refuse\n");
        const Rule *r = rules_find(rules, "r");

        ck_assert_ptr_nonnull(r);
        ck_assert_int_eq(r->duration, 30 * USEC_PER_MIN);
        ck_assert_int_eq(r->max_duration, 4 * USEC_PER_HOUR);
        ck_assert_int_eq(r->open_for, 30 * USEC_PER_MIN);
        ck_assert_int_eq(r->wait, 5 * USEC_PER_MIN);
        ck_assert_int_eq(r->approvals, 1);
        ck_assert_int_eq(r->reason, REASON_OPTIONAL);
        ck_assert_int_eq(r->on_expiry, ON_EXPIRY_END_SESSIONS);
        ck_assert_uint_eq(r->targets.n, 0);
        ck_assert_uint_eq(r->stages.n, 0);
        ck_assert_uint_eq(r->commands.n, 1);
        ck_assert_str_eq(r->commands.items[0].words[0], "*");
        ck_assert_ptr_null(r->commands.items[0].words[1]);
        ck_assert_uint_eq(r->place.line, 1);
        ck_assert_uint_eq(rules->admins.n, 1);
        ck_assert_str_eq(rules->admins.items[0].text, "root");
        ck_assert_int_eq(rules->admins.items[0].kind, NAME_USER);
        ck_assert_uint_eq(rules->auditors.n, 0);
        ck_assert_uint_eq(r->notify.n, 0);
        ck_assert_int_eq(r->assurance, ASSURANCE_LINK);
        ck_assert_ptr_null(rules->web_url);
}
END_TEST

/* The keys of terms and of how much is asked: as interfaces and the manual say. */
START_TEST(built_in_terms)
{
        _cleanup_(rules_freep) Rules *rules =
                fixture_rules("[rule r]\nservices = sudo\nusers = u1\naction = refuse\n"
                              "[rule o]\nservices = sudo\nusers = u1\naction = refuse\n"
                              "scope = once\n"
                              "[rule k]\nservices = sudo\nusers = u1\naction = refuse\n"
                              "scope = once\nend-when-done = no\n");
        const Rule *r = rules_find(rules, "r");

        ck_assert_uint_eq(r->escalate.n, 0);
        ck_assert(!r->match_code && !r->survive_reboot && !r->rescue && !r->end_when_done);
        ck_assert_int_eq(r->scope, SCOPE_SERVICE);
        ck_assert_int_eq(r->bind, BIND_USER);
        ck_assert_int_eq(r->extend, EXTEND_ASK);
        ck_assert_uint_eq(r->warn_before.n, 2);
        ck_assert_int_eq(r->warn_before.items[0], 5 * USEC_PER_MIN);
        ck_assert_int_eq(r->warn_before.items[1], USEC_PER_MIN);
        ck_assert_int_eq(r->cool_down, USEC_PER_MIN);
        ck_assert(r->rate.count == 10 && r->rate.per == USEC_PER_HOUR);
        ck_assert_int_eq(r->max_waiting, 0);
        ck_assert_int_eq(r->break_glass_duration, 15 * USEC_PER_MIN);
        ck_assert_uint_eq(r->reviewers.n, 0);
        ck_assert_ptr_null(r->reason_pattern.text);
        ck_assert_uint_eq(r->secret_patterns.n, 0);
        ck_assert_uint_eq(rules->secret_patterns.n, 0);
        ck_assert(rules_find(rules, "o")->end_when_done);
        ck_assert(!rules_find(rules, "k")->end_when_done);
}
END_TEST

/* The same, given by [defaults] or not. */
START_TEST(inherited_terms)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(
                "[rule own]\nmatch-code = off\nescalate = after 1m to dan\nscope = command\n"
                "bind = user\nend-when-done = no\nextend = ask\nwarn-before = no\n"
                "survive-reboot = no\ncool-down = 0\nrate = no\nmax-waiting = 1\nrescue = no\n"
                "secret-patterns = b, c\nreason-pattern = x\n"
                "[rule none]\n"
                "[rule glass]\naction = break-glass\nbreak-glass-duration = 3m\n"
                "[approver dan]\nuser = u9\n"
                "[defaults]\nservices = s\nusers = *\naction = ask\n"
                "approvers = dan then @g1, dan\n"
                "match-code = on\nescalate = after 2m to @g1, after 3m to dan\nscope = once\n"
                "bind = login-session\nend-when-done = yes\nextend = auto\nwarn-before = 9m\n"
                "cool-down = 2m\nrate = 5/m\nmax-waiting = 9\nrescue = yes\n"
                "secret-patterns = a, b\nreason-pattern = y\nbreak-glass-duration = 4m\n"
                "reviewers = dan\nreason = optional\n");
        const Rule *a = rules_find(rules, "own"), *b = rules_find(rules, "none");
        const Rule *g = rules_find(rules, "glass");

        ck_assert(!a->match_code && b->match_code);
        ck_assert(a->escalate.n == 1 && b->escalate.n == 2);
        ck_assert_ptr_eq(b->escalate.items[1].to.items[0].approver, rules->approvers[0]);
        ck_assert(a->scope == SCOPE_COMMAND && b->scope == SCOPE_ONCE);
        ck_assert(a->bind == BIND_USER && b->bind == BIND_LOGIN_SESSION);
        ck_assert(!a->end_when_done && b->end_when_done);
        ck_assert(a->extend == EXTEND_ASK && b->extend == EXTEND_AUTO);
        ck_assert(a->warn_before.n == 0 && b->warn_before.n == 1);
        ck_assert(a->cool_down == 0 && b->cool_down == 2 * USEC_PER_MIN);
        ck_assert(a->rate.count == 0 && b->rate.count == 5);
        ck_assert(a->max_waiting == 1 && b->max_waiting == 9);
        ck_assert(!a->rescue && b->rescue);
        ck_assert_str_eq(a->reason_pattern.text, "x");
        ck_assert_str_eq(b->reason_pattern.text, "y");
        ck_assert(b->stages.n == 2 && b->stages.items[1].n == 2);
        ck_assert_ptr_eq(b->stages.items[1].items[1].approver, rules->approvers[0]);
        ck_assert_uint_eq(rules->secret_patterns.n, 3);
        ck_assert_str_eq(rules->secret_patterns.items[2].text, "a");
        /* Whatever [defaults] says of others, break-glass takes a reason. */
        ck_assert(g->action == ACTION_BREAK_GLASS && g->reason == REASON_REQUIRED);
        ck_assert(b->reason == REASON_OPTIONAL);
        ck_assert(g->break_glass_duration == 3 * USEC_PER_MIN && g->reviewers.n == 1);
        ck_assert_ptr_eq(g->reviewers.items[0].approver, rules->approvers[0]);
}
END_TEST

/* Every key of [defaults] reaches a rule that does not give it, and none that does. */
START_TEST(inherited)
{
        static const char own[] = "[rule own]\nservices = a\nusers = u1\ntargets = u2\n"
                                  "commands = x y\naction = refuse\napprovers = ops\n"
                                  "approvals = 2\nduration = 1m\nmax-duration = 2m\n"
                                  "open-for = 3m\nwait = 4m\nreason = none\n"
                                  "on-expiry = end-sessions\nnotify = ops, mail\n"
                                  "assurance = link\n[rule none]\n"
                                  "[channel mail]\n[channel ops]\n"
                                  "[web]\nurl = https://x\n"
                                  "[group ops]\nmembers = @g1\n[approver dan]\nuser = u9\n";
        static const char defaults[] = "[defaults]\nservices = b, c\nusers = *\ntargets = @g4\n"
                                       "commands = p, q\naction = ask\napprovers = dan\n"
                                       "approvals = 7\nduration = 5m\nmax-duration = 6m\n"
                                       "open-for = 7m\nwait = 0\nreason = required\n"
                                       "on-expiry = keep\nnotify = mail\n"
                                       "assurance = local\n";

        for (int order = 0; order < 2; order++) {
                _cleanup_(freep) char *text = NULL;
                _cleanup_(rules_freep) Rules *rules = NULL;
                const Rule *a, *b;

                ck_assert_int_eq(
                        str_printf(&text, "%s%s", order ? own : defaults, order ? defaults : own),
                        0);
                rules = fixture_rules(text);
                a = rules_find(rules, "own");
                b = rules_find(rules, "none");
                ck_assert_str_eq(a->services[0], "a");
                ck_assert_str_eq(b->services[1], "c");
                ck_assert_int_eq(a->users.items[0].kind, NAME_USER);
                ck_assert_int_eq(b->users.items[0].kind, NAME_ANY);
                ck_assert_str_eq(a->targets.items[0].text, "u2");
                ck_assert_str_eq(b->targets.items[0].text, "g4");
                ck_assert_uint_eq(a->commands.n, 1);
                ck_assert_uint_eq(b->commands.n, 2);
                ck_assert_int_eq(a->action, ACTION_REFUSE);
                ck_assert_int_eq(b->action, ACTION_ASK);
                ck_assert_ptr_eq(a->stages.items[0].items[0].group, rules->groups[0]);
                ck_assert_ptr_eq(b->stages.items[0].items[0].approver, rules->approvers[0]);
                ck_assert(a->approvals == 2 && b->approvals == 7);
                ck_assert(a->duration == USEC_PER_MIN && b->duration == 5 * USEC_PER_MIN);
                ck_assert(
                        a->max_duration == 2 * USEC_PER_MIN && b->max_duration == 6 * USEC_PER_MIN);
                ck_assert(a->open_for == 3 * USEC_PER_MIN && b->open_for == 7 * USEC_PER_MIN);
                ck_assert(a->wait == 4 * USEC_PER_MIN && b->wait == 0);
                ck_assert(a->reason == REASON_NONE && b->reason == REASON_REQUIRED);
                ck_assert(a->notify.n == 2 && b->notify.n == 1);
                ck_assert_ptr_eq(a->notify.items[0].channel, rules->channels[1]);
                ck_assert_ptr_eq(b->notify.items[0].channel, rules->channels[0]);
                ck_assert(a->assurance == ASSURANCE_LINK && b->assurance == ASSURANCE_LOCAL);
                ck_assert(a->on_expiry == ON_EXPIRY_END_SESSIONS && b->on_expiry == ON_EXPIRY_KEEP);
        }
}
END_TEST

START_TEST(mistakes)
{
        static const struct {
                const char *text, *out;
        } cases[] = {
                /* one bad thing in [defaults] is told once, however many rules inherit it */
                { "[defaults]\nservices = s\nusers = *\naction = ask\napprovers = gone\n"
                  "[rule a]\n[rule b]\n",
                        "f:5:13: there is no [group gone] and no [approver gone]\n" },
                { "[defaults]\nservices = s\nusers = *\naction = refuse\nduration = 9h\n"
                  "[rule a]\n[rule b]\n[rule c]\nduration = 1h\n",
                        "f:5:12: 'duration' 9h is longer than 'max-duration' 4h\n" },
                /* a bad value is not missing as well, nor judged against others */
                { "[rule a]\nservices = ,\nusers = #\naction = x\n",
                        "f:2:12: an empty name in 'services'\n"
                        "f:2:13: an empty name in 'services'\n"
                        "f:3:9: 'users' has no value: a '#' after white space begins a comment\n"
                        "f:4:10: 'x' is not possible for 'action', only ask, allow, refuse or break-glass\n" },
                { "[rule a]\nservices = s\nusers = *\naction = refuse\nduration = 9x\n"
                  "max-duration = 1m\n",
                        "f:5:12: '9x' is not a span of time for 'duration' (such as 90s, 30m, 1h "
                        "30m, 2d)\n" },
                /* nor does an equal one hurt */
                { "[rule a]\nservices = s\nusers = *\naction = refuse\nduration = 1m\n"
                  "max-duration = 60s\n",
                        "" },
                /* links must begin somewhere; told where it is written, also where nobody is asked */
                { "[channel c]\n[defaults]\nservices = s\nusers = *\naction = refuse\nnotify = c\n"
                  "[rule a]\n[rule b]\nnotify = c\n",
                        "f:6:10: 'notify' takes a [web] section with the 'url' that links begin "
                        "with\n"
                        "f:9:10: 'notify' takes a [web] section with the 'url' that links begin "
                        "with\n" },
                { "[channel c]\n[web]\nurl = x\n[rule a]\nservices = s\nusers = *\n"
                  "action = allow\nnotify = c\n",
                        "f:3:7: 'x' is not possible for 'url': it does not begin with https://\n" },
                /* who asks for no reason does not inherit a pattern for it */
                { "[defaults]\nservices = s\nusers = *\naction = refuse\nreason-pattern = x\n"
                  "[rule a]\nreason = none\n",
                        "" },
                { "[defaults]\nservices = s\nusers = *\naction = refuse\nreason = none\n"
                  "[rule a]\nreason-pattern = x\n[rule b]\n",
                        "f:7:18: 'reason-pattern' has nothing to be held against with 'reason = "
                        "none'\n" },
                /* told once, at what is not a default */
                { "[defaults]\nservices = s\nusers = *\naction = refuse\nsurvive-reboot = yes\n"
                  "[rule a]\nbind = login-session\n[rule b]\nbind = login-session\n[rule c]\n",
                        "f:5:18: 'survive-reboot = yes' does not go with 'bind = login-session': no "
                        "login session does\n" },
                /* [defaults] may say what only some rules obey */
                { "[group g]\nmembers = @x\n[defaults]\nservices = s\nusers = *\n"
                  "action = refuse\nreviewers = g\nbreak-glass-duration = 9h\n[rule a]\n",
                        "" },
                { "[group g]\nmembers = @x\n[defaults]\nservices = s\nusers = *\n"
                  "action = break-glass\nreviewers = g\napprovers = g\n"
                  "break-glass-duration = 9h\n[rule a]\n[rule b]\naction = ask\n",
                        "f:9:24: 'break-glass-duration' 9h is longer than 'max-duration' 4h\n" },
                /* a bad action is not judged further */
                { "[rule a]\nservices = s\nusers = *\naction = glass\nreviewers = @x\n",
                        "f:4:10: 'glass' is not possible for 'action', only ask, allow, refuse or "
                        "break-glass\n" },
                /* allow and refuse need nobody */
                { "[rule a]\nservices = s\nusers = *\naction = allow\n", "" },
                { "[rule a]\nservices = s\nusers = *\naction = ask\napprovers =\n",
                        "f:5:12: 'approvers' has no value\n" },
                { "[rule]\n", "f:1:2: the section [rule] needs a name\n"
                              "f:1:2: [rule] lacks 'services', and so does [defaults]\n"
                              "f:1:2: [rule] lacks 'users', and so does [defaults]\n"
                              "f:1:2: [rule] lacks 'action', and so does [defaults]\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *all = fixture_mistakes(cases[i].text);

                ck_assert_msg(streq(all, cases[i].out), "case %zu:\n%s", i, all);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_finish");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, built_in);
        tcase_add_test(all, built_in_terms);
        tcase_add_test(all, inherited);
        tcase_add_test(all, inherited_terms);
        tcase_add_test(all, mistakes);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

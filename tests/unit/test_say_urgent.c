/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "jit-approver/domain/say_urgent.h"
#include "tests/unit/rules_fixture.h"

static const char rules_text[] =
        "[web]\nurl = https://jit.example.org\n[channel hook]\naudience = personal\n[defaults]\nnotify = hook\n"
        "[approver bob]\nuser = u1\n[approver dev]\nuser = u1000, u1001\n[approver carol]\nuser = u2\n"
        "[approver a]\nuser = u3\n[approver b]\nuser = u4\n[approver c]\nuser = u5\n"
        "[approver d]\nuser = u6\n[approver e]\nuser = u7\n"
        "[rule two]\nservices = sudo\nusers = *\naction = break-glass\n"
        "approvers = bob, dev, bob then carol\nreviewers = carol\n"
        "[rule one]\nservices = sudo\nusers = *\naction = break-glass\n"
        "approvers = bob, dev\nreviewers = carol\n"
        "[rule three]\nservices = sudo\nusers = *\naction = break-glass\n"
        "approvers = bob, carol, @g5\nreviewers = carol\n"
        "[rule himself]\nservices = sudo\nusers = *\naction = break-glass\n"
        "approvers = dev\nreviewers = carol\n"
        "[rule many]\nservices = sudo\nusers = *\naction = break-glass\n"
        "approvers = a, b, c, d, e, bob, carol\nreviewers = carol\n";

/* No channel: nobody is rung. */
static const char silent_text[] = "[rule silent]\nservices = sudo\nusers = *\n"
                                  "action = break-glass\napprovers = @g1\nreviewers = @g2\n";

static Request request(uid_t target, const char *name)
{
        return (Request){ .asker = { 1000, (char *) "dev" },
                .login = { UID_UNSET, NULL },
                .target = { target, (char *) name },
                .service = (char *) "sudo" };
}

START_TEST(confirm)
{
        static const struct {
                const char *rule;
                uid_t target;
                const char *name, *line;
        } cases[] = {
                { "two", 0, "root",
                        "Type BREAK to open root now; bob and carol will be alarmed: " },
                { "one", 33, "www", "Type BREAK to open www now; bob will be alarmed: " },
                { "three", 0, "root",
                        "Type BREAK to open root now; bob, carol and @g5 will be alarmed: " },
                { "himself", 0, "root", "Type BREAK to open root now; carol will be alarmed: " },
                { "many", 0, "root",
                        "Type BREAK to open root now; a, b, c, d, e, bob and others will be alarmed: " },
                /* who stays who he is opens the service, and so who is not understood */
                { "one", 1000, "dev", "Type BREAK to open sudo now; bob will be alarmed: " },
                { "one", UID_UNSET, NULL, "Type BREAK to open sudo now; bob will be alarmed: " },
                { "one", 0, "x\n\033[2J", NULL },
        };
        _cleanup_(rules_freep) Rules *rules = fixture_rules(rules_text);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Request r = request(cases[i].target, cases[i].name);
                _cleanup_(freep) char *line = say_break_glass(rules_find(rules, cases[i].rule), &r);

                ck_assert_ptr_nonnull(line);
                if (cases[i].line) {
                        ck_assert_str_eq(line, cases[i].line);
                }
                for (const char *p = line; *p; p++) {
                        ck_assert_int_ge((unsigned char) *p, ' ');
                }
        }
}
END_TEST

START_TEST(opened)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(rules_text);
        _cleanup_(rules_freep) Rules *silent = fixture_rules(silent_text);
        const Request r = request(0, "root");
        const Grant g = { .from = 0, .until = 15 * USEC_PER_MIN };
        const Now now = { 0, 0 };
        _cleanup_(freep) char *two = say_broken(rules_find(rules, "two"), &r, &g, &now);
        _cleanup_(freep) char *one = say_broken(rules_find(rules, "one"), &r, &g, &now);
        _cleanup_(freep) char *none = say_broken(rules_find(silent, "silent"), &r, &g, &now);
        _cleanup_(freep) char *asks = say_break_glass(rules_find(silent, "silent"), &r);
        _cleanup_(freep) char *code = say_rescued(rules_find(rules, "two"), &r, &g, 7, &now);

        ck_assert_str_eq(two,
                "Opened until 00:15 (15 min) without approval; bob and carol are alarmed. It will be reviewed.");
        ck_assert_str_eq(one,
                "Opened until 00:15 (15 min) without approval; bob is alarmed. It will be reviewed.");
        ck_assert_str_eq(
                asks, "Type BREAK to open root now; @g1 will be alarmed, by the journal alone: ");
        ck_assert_str_eq(none,
                "Opened until 00:15 (15 min) without approval; @g1 is alarmed, by the journal alone. It will be reviewed.");
        ck_assert_str_eq(code,
                "Opened until 00:15 (15 min) by a rescue code; bob and carol are alarmed. Codes left: 7.");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("say_urgent");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, confirm);
        tcase_add_test(all, opened);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

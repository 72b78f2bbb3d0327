/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "jit-approver/domain/say.h"
#include "tests/unit/rules_fixture.h"

#define EVIL "x\n\033[2J\xe2\x80\xae"

/* One line, no more than a screen can take, nothing a terminal would obey. */
static void assert_says(char *line, const char *expected)
{
        ck_assert_ptr_nonnull(line);
        ck_assert_uint_lt(strlen(line), 1200);
        for (const char *p = line; *p; p++) {
                ck_assert_msg((unsigned char) *p >= ' ' && *p != 0x7f, "%s", line);
        }
        ck_assert_ptr_null(strstr(line, "\xe2\x80\xae"));
        if (expected) {
                ck_assert_str_eq(line, expected);
        }
        free(line);
}

static const char rules_text[] =
        "[approver bob]\nuser = u1\n[approver dev]\nuser = u1000, u1001\n"
        "[group oncall]\nmembers = bob, dev\n[group empty]\nmembers = dev\n"
        "[rule r]\nservices = sudo\nusers = *\naction = ask\n"
        "approvers = oncall, bob, @g5, empty\n";

static Request request(uid_t asker, uid_t login)
{
        return (Request){ .id = { "K7QF-2M9D" },
                .asker = { asker, (char *) "dev" },
                .login = { login, NULL },
                .target = { 0, (char *) "root" },
                .service = (char *) "sudo",
                .deadline = 1800000000 * USEC_PER_SEC,
                .duration = 20 * USEC_PER_MIN,
                .code = CODE_NONE };
}

START_TEST(approvers)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(rules_text);
        Request r = request(1000, UID_UNSET);

        /* the asker's own person is asked nothing, whichever account he uses */
        assert_says(say_approvers(&rules->rules[0].stages.items[0], &r),
                "oncall (bob), bob, @g5, empty (nobody)");
        r = request(2000, 1001);
        assert_says(say_approvers(&rules->rules[0].stages.items[0], &r),
                "oncall (bob), bob, @g5, empty (nobody)");
        r = request(2000, UID_UNSET);
        assert_says(say_approvers(&rules->rules[0].stages.items[0], &r),
                "oncall (bob, dev), bob, @g5, empty (dev)");
}
END_TEST

/* However many there are: a line, with the first of them, that says there are more. */
START_TEST(many_approvers)
{
        char text[16384] = "", member[64];
        size_t at = 0;

        for (int i = 0; i < 90; i++) {
                at += (size_t) snprintf(text + at, sizeof(text) - at,
                        "[approver person-%d]\nuser = u%d\n", i, i + 1);
        }
        at += (size_t) snprintf(text + at, sizeof(text) - at, "[group all]\nmembers = person-0");
        for (int i = 1; i < 90; i++) {
                (void) snprintf(member, sizeof(member), ", person-%d", i);
                at += (size_t) snprintf(text + at, sizeof(text) - at, "%s", member);
        }
        (void) snprintf(text + at, sizeof(text) - at,
                "\n[rule r]\nservices = sudo\nusers = *\naction = ask\napprovers = all, all, person-1\n");
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);
        Request r = request(2000, UID_UNSET);
        char *line = say_approvers(&rules->rules[0].stages.items[0], &r);
        ck_assert_int_eq(strncmp(line, "all (person-0, person-1, ", 25), 0);
        ck_assert_ptr_nonnull(strstr(line, "…"));
        ck_assert_uint_lt(strlen(line), 420);
        assert_says(line, NULL);
}
END_TEST

static const Rule one = { .stages.n = 1 };

START_TEST(news)
{
        Vote v = { .who = { 1, (char *) "bob" }, .note = (char *) "go ahead" };
        Tally t = { .approvals = 1, .needed = 2 };
        Request r = request(1000, UID_UNSET);
        const Now now = { r.deadline - USEC_PER_MIN, 0 };

        assert_says(say_vote(&v, &one, &r, &t), "1 of 2: approved by bob: \"go ahead\"");
        assert_says(say_denied(&v), "Denied by bob: \"go ahead\"");
        v.note = NULL;
        assert_says(say_denied(&v), "Denied by bob.");
        assert_says(say_asked("bob", &r, 5 * USEC_PER_MIN, true, false),
                "Asked bob. Request K7QF-2M9D. Waiting up to 5 min; Ctrl-C withdraws.");
        assert_says(say_asked("bob", &r, 5 * USEC_PER_MIN, false, true),
                "Already asked bob for 20 min. Request K7QF-2M9D. Waiting up to 5 min.");
        assert_says(say_withdrawn(&r), "Request K7QF-2M9D was withdrawn.");
        assert_says(say_timed_out(&r), NULL);
        char *line = say_detached(&r, &now);
        ck_assert_ptr_nonnull(strstr(line, "run the command again"));
        ck_assert_ptr_nonnull(strstr(line, "jitctl wait K7QF)"));
        assert_says(line, NULL);
        r.service = (char *) "runuser";
        line = say_left_open("bob", &r, &now);
        ck_assert_ptr_nonnull(strstr(line, "run the command again"));
        assert_says(line, NULL);
        r.service = (char *) "sshd";
        line = say_left_open("bob", &r, &now);
        ck_assert_ptr_nonnull(strstr(line, "log in again"));
        assert_says(line, NULL);
}
END_TEST

/* What others wrote does nothing to a terminal, and does not end the sentence for us. */
START_TEST(foreign_words)
{
        char long_note[5000];
        Vote v = { .who = { 1, (char *) EVIL }, .note = long_note };
        Request r = request(1000, UID_UNSET);
        Grant g = { .from = r.deadline, .until = r.deadline + USEC_PER_MIN };
        const Now now = { r.deadline, 0 };

        memset(long_note, 'n', sizeof(long_note));
        memcpy(long_note, EVIL, strlen(EVIL));
        long_note[sizeof(long_note) - 1] = '\0';
        assert_says(say_denied(&v), NULL);
        assert_says(say_approved(&v, &g, &now), NULL);
        assert_says(say_vote(&v, &one, &r, &(Tally){ .approvals = 1, .needed = 2 }), NULL);
        r.asker.name = r.target.name = r.service = (char *) EVIL;
        assert_says(say_refused(NULL, &r), NULL);
        const Rule rule = { .name = (char *) "r" };
        assert_says(say_refused(&rule, &r), NULL);
        r.target.name = NULL;
        assert_says(say_refused(&rule, &r), NULL);
}
END_TEST

/* --- chains, codes and ends ---------------------------------------------------------------------- */

static const char chain_text[] =
        "[approver bob]\nuser = u1\n[approver carol]\nuser = u2\n[approver dev]\nuser = u1000\n"
        "[group late]\nmembers = carol, dev\n"
        "[rule r]\nservices = sudo\nusers = *\naction = ask\napprovers = bob then carol\n"
        "escalate = after 2m to carol, after 5m to late\n";

START_TEST(chains)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(chain_text);
        const Rule *rule = &rules->rules[0];
        Request r = request(1000, UID_UNSET);
        Vote v = { .who = { 1, (char *) "bob" }, .note = (char *) "ok" };

        assert_says(say_chain(rule, &r),
                "bob, then carol; after 2 min also carol, after 5 min also late (carol)");
        assert_says(say_vote(&v, rule, &r, &(Tally){ .stage = 1, .needed = 1 }),
                "Stage 1 of 2: approved by bob: \"ok\". Now asked: carol.");
        assert_says(say_vote(&v, rule, &r, &(Tally){ .stage = 1, .approvals = 1, .needed = 2 }),
                "Stage 2 of 2, 1 of 2: approved by bob: \"ok\"");
        Rule quorum = *rule;
        quorum.approvals = 2;
        assert_says(say_chain(&quorum, &r),
                "2 of bob, then 2 of carol; after 2 min also carol, after 5 min also late (carol)");
        r.escalated = 1;
        assert_says(say_escalated(rule, &r, 0), "Nobody decided so far; asked as well: carol.");
        r.escalated = 2;
        assert_says(
                say_escalated(rule, &r, 1), "Nobody decided so far; asked as well: late (carol).");
        assert_says(say_escalated(rule, &r, 0),
                "Nobody decided so far; asked as well: carol, late (carol).");
        r.escalated = 99; /* the rule has become shorter */
        assert_says(say_escalated(rule, &r, 0), NULL);
}
END_TEST

START_TEST(codes)
{
        static const struct {
                int64_t code;
                const char *line;
        } cases[] = {
                { CODE_NONE,
                        "Asked bob. Request K7QF-2M9D. Waiting up to 5 min; Ctrl-C withdraws." },
                { 42, "Asked bob. Request K7QF-2M9D. Code 42. Waiting up to 5 min; Ctrl-C withdraws." },
                { 0, "Asked bob. Request K7QF-2M9D. Code 00. Waiting up to 5 min; Ctrl-C withdraws." },
                { 7, "Asked bob. Request K7QF-2M9D. Code 07. Waiting up to 5 min; Ctrl-C withdraws." },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Request r = request(1000, UID_UNSET);
                r.code = cases[i].code;
                assert_says(say_asked("bob", &r, 5 * USEC_PER_MIN, true, false), cases[i].line);
        }
}
END_TEST

/* Who is warned reads what ends, when, and how he gets more time; who it ended for, why. */
START_TEST(ends)
{
        const Now now = { (usec_t) 1800000000 * USEC_PER_SEC, 1 };
        Grant g = { .id = { "K7QF-2M9D" },
                .asker.name = (char *) "dev",
                .service = (char *) "sudo",
                .target.name = (char *) "root",
                .until = now.wall + 5 * USEC_PER_MIN - 3,
                .on_expiry = ON_EXPIRY_WARN };

        Rule rule = {
                .action = ACTION_ASK, .extend = EXTEND_ASK, .max_duration = 4 * USEC_PER_HOUR
        };
        g.until_boot = now.boot + 5 * USEC_PER_MIN - 3;
        char *line = say_ending(&rule, &g, &now);
        ck_assert_ptr_nonnull(strstr(line, "Your sudo access as root ends at "));
        ck_assert_ptr_nonnull(
                strstr(line, ", in 5 min. For more time: jitctl extend K7QF --for 30m"));
        free(line);
        /* What would be refused is not told as the way. */
        rule.max_duration = 17 * USEC_PER_MIN;
        line = say_ending(&rule, &g, &now);
        ck_assert_ptr_nonnull(strstr(line, "jitctl extend K7QF --for 12m"));
        free(line);
        rule.max_duration = 5 * USEC_PER_MIN;
        line = say_ending(&rule, &g, &now);
        ck_assert_ptr_null(strstr(line, "extend"));
        free(line);
        rule.max_duration = 4 * USEC_PER_HOUR;
        g.on_expiry = ON_EXPIRY_END_SESSIONS;
        rule.extend = EXTEND_NO;
        line = say_ending(&rule, &g, &now);
        ck_assert_ptr_nonnull(strstr(line, "and this session with it."));
        ck_assert_ptr_null(strstr(line, "extend"));
        free(line);
        rule = (Rule){ .action = ACTION_BREAK_GLASS, .extend = EXTEND_ASK };
        line = say_ending(&rule, &g, &now);
        ck_assert_ptr_null(strstr(line, "extend"));
        free(line);
        assert_says(say_over(&g, GRANT_EXPIRED, NULL),
                "Your sudo access as root is over: its time is up. This session ends now.");
        assert_says(say_over(&g, GRANT_REVOKED, "bob"),
                "Your sudo access as root is over: it was revoked (bob). This session ends now.");
        g.on_expiry = ON_EXPIRY_WARN;
        g.target.name = (char *) "dev"; /* his own account: nothing to say */
        assert_says(say_over(&g, GRANT_ENDED, NULL),
                "Your sudo access is over: it was given back. What you opened goes on; please leave it.");
        g.service = g.target.name = (char *) EVIL;
        assert_says(say_over(&g, GRANT_REVOKED, EVIL), NULL);
        assert_says(say_ending(NULL, &g, &now), NULL);
        Vote v = { .who = { 1, (char *) EVIL }, .note = (char *) EVIL };
        assert_says(say_extended(&v, &g, &now), NULL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("say");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, approvers);
        tcase_add_test(all, many_approvers);
        tcase_add_test(all, news);
        tcase_add_test(all, foreign_words);
        tcase_add_test(all, chains);
        tcase_add_test(all, codes);
        tcase_add_test(all, ends);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

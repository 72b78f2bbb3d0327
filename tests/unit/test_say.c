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

int main(void)
{
        Suite *suite = suite_create("say");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, approvers);
        tcase_add_test(all, many_approvers);
        tcase_add_test(all, news);
        tcase_add_test(all, foreign_words);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

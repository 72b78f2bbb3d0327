/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "jit-approver/daemon/make.h"
#include "tests/unit/rules_fixture.h"

#define WALL ((usec_t) 1800000000 * USEC_PER_SEC)
static const Now now = { WALL, 1000 };

static const char text[] =
        "[approver bob]\nuser = u1\n[rule r]\nservices = sudo\nusers = *\naction = ask\n"
        "approvers = bob\napprovals = 2\nopen-for = 10m\nduration = 20m\n"
        "on-expiry = keep\n"
        "[rule other]\nservices = x\nusers = *\naction = refuse\nsecret-patterns = MYCO-[0-9]+\n";

static const char *const words[] = { "ls", "-l", "a\nb" };

static Ask ask(void)
{
        return (Ask){ .service = "sudo-i",
                .pam_service = "sudo-i",
                .tty = "pts/1",
                .rhost = "",
                .command = { (const char **) words, 3 } };
}

static Subject subject(const Ask *a)
{
        return (Subject){ .ask = a,
                .service = "sudo",
                .asker_who = { 1000, (char *) "dev" },
                .login = { UID_UNSET, NULL },
                .target_who = { 0, (char *) "root" } };
}

static Request made(const Subject *s, const Rules *rules, const Wish *wish)
{
        Request r;

        ck_assert_int_eq(
                make_request(s, rules, &rules->rules[0], wish, "host", "boot", &now, &r), 0);
        return r;
}

/* What one rule calls a secret is one in every command. */
START_TEST(secrets)
{
        static const char *const typed[] = { "ls", "MYCO-1", "--key=MYCO-2", "--token=x" };
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);
        const Ask a = { .service = "sudo", .command = { (const char **) typed, 4 } };
        const Subject s = subject(&a);
        _cleanup_(freep) char *with = make_command(&s, rules), *without = make_command(&s, NULL);
        Request r = made(&s, rules, &(Wish){ 0 });

        ck_assert_str_eq(with, "ls MASKED --key=MASKED --token=MASKED");
        ck_assert_str_eq(without, "ls MYCO-1 --key=MYCO-2 --token=MASKED");
        ck_assert_str_eq(r.command, with);
        request_done(&r);
}
END_TEST

START_TEST(request)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);
        const Ask a = ask();
        const Subject s = subject(&a);
        const Wish wish = { .reason = "why" }, longer = { .duration = 5, .detached = true };
        Request r = made(&s, rules, &wish), q = made(&s, rules, &longer);

        ck_assert_uint_eq(r.asker.uid, 1000);
        ck_assert_ptr_ne(r.asker.name, s.asker_who.name); /* its own */
        ck_assert_uint_eq(r.login.uid, UID_UNSET);
        ck_assert_str_eq(r.service, "sudo");
        ck_assert_str_eq(r.pam_service, "sudo-i");
        ck_assert_str_eq(r.reason, "why");
        ck_assert_ptr_null(r.origin);
        ck_assert_str_eq(r.rule, "r");
        ck_assert_int_eq(r.approvals, 2);
        ck_assert_int_eq(r.duration, 20 * USEC_PER_MIN);
        ck_assert_int_eq(r.deadline, WALL + 10 * USEC_PER_MIN);
        ck_assert_int_eq(r.deadline_boot, 1000 + 10 * USEC_PER_MIN);
        ck_assert_str_eq(r.boot_id, "boot");
        ck_assert_ptr_null(strchr(r.command, '\n'));
        ck_assert_int_eq(q.duration, 5);
        ck_assert(q.detached && !r.detached);
        /* the words have one digest; two requests never */
        ck_assert_str_eq(r.command_digest, q.command_digest);
        ck_assert_str_ne(r.digest, q.digest);
        ck_assert_str_ne(r.id.text, q.id.text);
        request_done(&r);
        request_done(&q);
}
END_TEST

/* A deadline beyond time stays within it. */
START_TEST(end_of_time)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);
        const Ask a = ask();
        const Subject s = subject(&a);
        const Now late = { INT64_MAX - 1, INT64_MAX - 1 };
        Request r;

        ck_assert_int_eq(
                make_request(&s, rules, &rules->rules[0], &(Wish){ 0 }, "h", "b", &late, &r), 0);
        ck_assert_int_eq(r.deadline, USEC_NEVER);
        ck_assert_int_eq(r.deadline_boot, USEC_NEVER);
        Grant g;
        ck_assert_int_eq(make_grant(&r, &rules->rules[0], 1000, "b", &late, &g), -ERANGE);
        request_done(&r);
}
END_TEST

START_TEST(grant)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);
        const Ask a = ask();
        const Subject s = subject(&a);
        Request r = made(&s, rules, &(Wish){ .reason = "why" });
        Grant g, copy;

        ck_assert_int_eq(make_grant(&r, &rules->rules[0], USEC_PER_MIN, "boot", &now, &g), 0);
        ck_assert_int_eq(g.from, WALL);
        ck_assert_int_eq(g.until, WALL + USEC_PER_MIN);
        ck_assert_int_eq(g.until_boot, 1000 + USEC_PER_MIN);
        ck_assert_str_eq(g.request.text, r.id.text);
        ck_assert_uint_eq(g.asker.uid, 1000);
        ck_assert_uint_eq(g.target.uid, 0);
        ck_assert_uint_eq(g.by.uid, UID_UNSET);
        ck_assert_int_eq(g.on_expiry, ON_EXPIRY_KEEP);
        ck_assert_int_eq(grant_copy(&g, &copy), 0);
        ck_assert_str_eq(copy.rule, g.rule);
        ck_assert_ptr_ne(copy.rule, g.rule);
        grant_done(&copy);
        grant_done(&g);
        request_done(&r);
}
END_TEST

START_TEST(vote)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);
        const Caller c = { .account = { .uid = 1 },
                .login_uid = 1,
                .proven = true,
                .who = { 1, (char *) "u1" },
                .login = { .uid = UID_UNSET } };
        Vote v;

        ck_assert_int_eq(make_vote(rules, &c, &(Ballot){ true, 7, "note" }, &now, &v), 0);
        ck_assert_str_eq(v.person, "bob");
        ck_assert(v.approve);
        ck_assert_int_eq(v.duration, 7);
        ck_assert_str_eq(v.note, "note");
        vote_done(&v);
        /* a denial lasts no time */
        ck_assert_int_eq(make_vote(rules, &c, &(Ballot){ false, 7, "" }, &now, &v), 0);
        ck_assert_int_eq(v.duration, 0);
        ck_assert_ptr_null(v.note);
        vote_done(&v);
}
END_TEST

/* What root does behind a login is that person's. */
START_TEST(order)
{
        Caller c = { .who = { 0, (char *) "root" }, .login = { .uid = UID_UNSET } };
        Grant g = { .by = { .uid = UID_UNSET } };

        ck_assert_int_eq(make_ordered_grant(&c, USEC_PER_MIN, "boot", &now, &g), 0);
        ck_assert_str_eq(g.by.name, "root");
        ck_assert_str_eq(g.boot_id, "boot");
        grant_done(&g);
        c.login = (Who){ 1, (char *) "bob" };
        g = (Grant){ .by = { .uid = UID_UNSET } };
        ck_assert_int_eq(make_ordered_grant(&c, USEC_PER_MIN, "boot", &now, &g), 0);
        ck_assert_str_eq(g.by.name, "bob");
        ck_assert_uint_eq(g.by.uid, 1);
        grant_done(&g);
}
END_TEST

/* More of the same and nothing else: what the grant is, with a code and an id of its own. */
START_TEST(extension)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);
        const Who behind = { 7, (char *) "eve" };
        Request original = { .command = (char *) "ls -l" }, r;
        Grant g = { .id = { "K7QF-2M9D" },
                .asker = { 1000, (char *) "dev" },
                .service = (char *) "sudo",
                .target = { 0, (char *) "root" },
                .target_group = (char *) "adm",
                .scope = SCOPE_COMMAND,
                .login_session = 9,
                .end_when_done = true };
        const Wish wish = { .reason = "longer", .duration = 60, .detached = true };

        memset(g.command_digest, 'e', sizeof(g.command_digest) - 1);
        for (int code = 0; code < 2; code++) {
                rules->rules[0].match_code = code;
                ck_assert_int_eq(make_extension(&g, code ? NULL : &original, &rules->rules[0],
                                         &wish, &behind, "host", "boot", &now, &r),
                        0);
                ck_assert_int_eq(r.kind, REQUEST_EXTENSION);
                ck_assert_str_eq(r.extends.text, g.id.text);
                ck_assert_str_ne(r.id.text, g.id.text);
                ck_assert(r.asker.uid == 1000 && r.login.uid == 7 && r.target.uid == 0);
                ck_assert_str_eq(r.target_group, "adm");
                ck_assert(r.scope == SCOPE_COMMAND && r.login_session == 9 && r.end_when_done);
                ck_assert_str_eq(r.command_digest, g.command_digest);
                ck_assert_str_eq(r.reason, "longer");
                ck_assert(code ? !r.command : streq(r.command, "ls -l"));
                ck_assert(r.duration == 60 && r.approvals == 2 && r.detached);
                ck_assert(code ? r.code >= 0 && r.code <= CODE_MAX : r.code == CODE_NONE);
                ck_assert_uint_eq(strlen(r.digest), DIGEST_HEX_SIZE - 1);
                request_done(&r);
        }
}
END_TEST

/* Where none is given for more time, the one for the grant says it; not where the rule wants none told. */
START_TEST(extension_without_a_reason)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);
        const Who behind = { 7, (char *) "eve" };
        static const char *const given[] = { NULL, "" };
        Grant g = { .id = { "K7QF-2M9D" },
                .asker = { 1000, (char *) "dev" },
                .service = (char *) "sudo",
                .target = { 0, (char *) "root" },
                .reason = (char *) "OPS-7" };
        static const struct {
                ReasonMode mode;
                const char *grant, *reason;
        } cases[] = { { REASON_OPTIONAL, "OPS-7", "OPS-7" }, { REASON_REQUIRED, "OPS-7", "OPS-7" },
                { REASON_NONE, "OPS-7", "" }, { REASON_OPTIONAL, NULL, "" } };
        Request r;

        for (size_t i = 0; i < ELEMENTSOF(cases) * ELEMENTSOF(given); i++) {
                const Wish wish = { .reason = given[i % 2], .duration = 60, .detached = true };

                rules->rules[0].reason = cases[i / 2].mode;
                g.reason = (char *) cases[i / 2].grant;
                ck_assert_int_eq(make_extension(&g, NULL, &rules->rules[0], &wish, &behind, "host",
                                         "boot", &now, &r),
                        0);
                ck_assert_str_eq(str_or(r.reason, ""), cases[i / 2].reason);
                request_done(&r);
        }
}
END_TEST

/* Each of the hundred comes, and none else. */
START_TEST(any_code)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);
        const Ask a = ask();
        const Subject s = subject(&a);
        unsigned seen[CODE_MAX + 1] = { 0 }, all = 0;

        rules->rules[0].match_code = true;
        for (int i = 0; i < 4000; i++) {
                Request r = made(&s, rules, &(Wish){ 0 });
                ck_assert(r.code >= 0 && r.code <= CODE_MAX);
                all += seen[r.code]++ == 0;
                request_done(&r);
        }
        ck_assert_uint_eq(all, CODE_MAX + 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("make");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, request);
        tcase_add_test(all, secrets);
        tcase_add_test(all, end_of_time);
        tcase_add_test(all, grant);
        tcase_add_test(all, vote);
        tcase_add_test(all, order);
        tcase_add_test(all, extension);
        tcase_add_test(all, extension_without_a_reason);
        tcase_add_test(all, any_code);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/domain/policy.h"
#include "jit-approver/domain/request.h"
#include "tests/unit/rules_fixture.h"

#define Y TERNARY_YES
#define N TERNARY_NO
#define U TERNARY_UNKNOWN

START_TEST(includes)
{
        static const gid_t gids[] = { 2000, 2001 };
        static const struct {
                Name name;
                uid_t uid;
                Ternary known, expected;
        } cases[] = {
                { { .kind = NAME_ANY }, 1000, Y, Y },
                { { .kind = NAME_ANY }, 1000, U, Y },
                { { .kind = NAME_ANY }, 1000, N, Y },
                { { .kind = NAME_USER, .exists = Y, .id = 1000 }, 1000, Y, Y },
                { { .kind = NAME_USER, .exists = Y, .id = 1000 }, 1000, U, Y },
                { { .kind = NAME_USER, .exists = Y, .id = 1000 }, 1000, N, Y },
                { { .kind = NAME_USER, .exists = Y, .id = 1001 }, 1000, U, N },
                { { .kind = NAME_USER, .exists = N, .id = 1000 }, 1000, Y, N },
                { { .kind = NAME_USER, .exists = U, .id = 1000 }, 1000, Y, U },
                { { .kind = NAME_USER, .exists = U, .id = 1001 }, 1000, N, U },
                { { .kind = NAME_USER, .exists = Y, .id = UID_UNSET }, UID_UNSET, Y, N },
                { { .kind = NAME_UNIX_GROUP, .exists = Y, .id = 2000 }, 1000, Y, Y },
                { { .kind = NAME_UNIX_GROUP, .exists = Y, .id = 2001 }, 1000, Y, Y },
                { { .kind = NAME_UNIX_GROUP, .exists = Y, .id = 2002 }, 1000, Y, N },
                { { .kind = NAME_UNIX_GROUP, .exists = Y, .id = 2000 }, 1000, U, U },
                { { .kind = NAME_UNIX_GROUP, .exists = Y, .id = 2002 }, 1000, U, U },
                { { .kind = NAME_UNIX_GROUP, .exists = Y, .id = 2000 }, 1000, N, N },
                { { .kind = NAME_UNIX_GROUP, .exists = N, .id = 2000 }, 1000, Y, N },
                { { .kind = NAME_UNIX_GROUP, .exists = N, .id = 2000 }, 1000, U, N },
                { { .kind = NAME_UNIX_GROUP, .exists = U, .id = 2000 }, 1000, Y, U },
                { { .kind = NAME_UNIX_GROUP, .exists = U, .id = 2000 }, 1000, N, N },
                { { .kind = NAME_UNIX_GROUP, .exists = U, .id = 2000 }, 1000, U, U },
                /* unlinked, and a kind nobody knows: never yes */
                { { .kind = NAME_GROUP }, 1000, Y, U },
                { { .kind = NAME_APPROVER }, 1000, Y, U },
                { { .kind = (NameKind) 99 }, 1000, Y, U },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                NameList list = { (Name *) &cases[i].name, 1 };
                Account account = { cases[i].uid, cases[i].known, gids, ELEMENTSOF(gids) };
                Ternary t = names_include(&list, &account);

                ck_assert_msg(t == cases[i].expected, "case %zu: %d", i, (int) t);
        }
        ck_assert_int_eq(names_include(&(NameList){}, &(Account){ 1000, Y }), N);

        /* he may be in more groups than are known */
        Account partial = { 1000, Y, gids, ELEMENTSOF(gids), .partial = true };
        Name group = { .kind = NAME_UNIX_GROUP, .exists = Y, .id = 2001 };
        ck_assert_int_eq(names_include(&(NameList){ &group, 1 }, &partial), Y);
        group.id = 2002;
        ck_assert_int_eq(names_include(&(NameList){ &group, 1 }, &partial), U);
        group.exists = N;
        ck_assert_int_eq(names_include(&(NameList){ &group, 1 }, &partial), N);
}
END_TEST

START_TEST(includes_any_order)
{
        static const Name yes = { .kind = NAME_USER, .exists = Y, .id = 1000 };
        static const Name no = { .kind = NAME_USER, .exists = Y, .id = 1 };
        static const Name maybe = { .kind = NAME_USER, .exists = U };
        Account account = { 1000, Y };

        ck_assert_int_eq(names_include(&(NameList){ (Name[]){ maybe, yes }, 2 }, &account), Y);
        ck_assert_int_eq(names_include(&(NameList){ (Name[]){ yes, maybe }, 2 }, &account), Y);
        ck_assert_int_eq(names_include(&(NameList){ (Name[]){ maybe, no }, 2 }, &account), U);
        ck_assert_int_eq(names_include(&(NameList){ (Name[]){ no, maybe }, 2 }, &account), U);
        ck_assert_int_eq(names_include(&(NameList){ (Name[]){ no, no }, 2 }, &account), N);
}
END_TEST

START_TEST(includes_nested)
{
        Name user = { .kind = NAME_USER, .exists = Y, .id = 1000 };
        Approver approver = { .users = { &user, 1 } };
        Name names[GROUP_DEPTH_MAX + 2] = { { .kind = NAME_APPROVER, .approver = &approver } };
        Group groups[GROUP_DEPTH_MAX + 2];
        Account in = { 1000, Y }, out = { 1001, Y };

        for (size_t i = 1; i < ELEMENTSOF(names); i++) {
                NameList list = { &names[i], 1 };

                groups[i] = (Group){ .members = { &names[i - 1], 1 } };
                names[i] = (Name){ .kind = NAME_GROUP, .group = &groups[i] };
                ck_assert_msg(
                        names_include(&list, &in) == (i <= GROUP_DEPTH_MAX ? Y : U), "%zu", i);
                ck_assert_msg(
                        names_include(&list, &out) == (i <= GROUP_DEPTH_MAX ? N : U), "%zu", i);
        }
        /* were there a circle, it would end */
        groups[1].members = (NameList){ &names[1], 1 };
        ck_assert_int_eq(names_include(&(NameList){ &names[1], 1 }, &in), U);
}
END_TEST

#define W(...) ((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(patterns)
{
        const struct {
                const char *const *pattern;
                CommandMode mode;
                const char *const *command;
                bool matches, absolute;
        } cases[] = {
                /* "*" alone: anything, understood or not */
                { W("*"), COMMAND_RUN, W("ls"), true, true },
                { W("*"), COMMAND_RUN, W("/bin/ls", "x"), true, true },
                { W("*"), COMMAND_SHELL, W("x"), true, true },
                { W("*"), COMMAND_UNKNOWN, W("x"), true, true },
                { W("*"), COMMAND_RUN, (const char *const[]){ NULL }, true, true },
                /* word by word */
                { W("systemctl", "restart", "nginx"), COMMAND_RUN,
                        W("systemctl", "restart", "nginx"), true, false },
                { W("systemctl", "restart", "nginx"), COMMAND_RUN, W("systemctl", "restart"), false,
                        false },
                { W("systemctl", "restart"), COMMAND_RUN, W("systemctl", "restart", "nginx"), false,
                        false },
                { W("systemctl", "restart", "n*"), COMMAND_RUN, W("systemctl", "restart", "nginx"),
                        true, false },
                { W("systemctl", "restart", "n*"), COMMAND_RUN,
                        W("systemctl", "restart", "nginx", "sshd"), false, false },
                { W("systemctl*"), COMMAND_RUN, W("systemctl", "restart"), false, false },
                { W("a*b"), COMMAND_RUN, W("a", "b"), false, false },
                { W("a*b"), COMMAND_RUN, W("a b"), true, false },
                { W("a", "b"), COMMAND_RUN, W("a b"), false, false },
                { W("a", "?"), COMMAND_RUN, W("a", ""), false, false },
                { W("[ab]"), COMMAND_RUN, W("b"), true, false },
                { W("[!ab]"), COMMAND_RUN, W("b"), false, false },
                { W("LS"), COMMAND_RUN, W("ls"), false, false },
                /* a last "*": any number of words, none too; elsewhere exactly one */
                { W("systemctl", "*"), COMMAND_RUN, W("systemctl"), true, false },
                { W("systemctl", "*"), COMMAND_RUN, W("systemctl", "a", "b", "c"), true, false },
                { W("systemctl", "*"), COMMAND_RUN, W("systemctl", ""), true, false },
                { W("systemctl", "*"), COMMAND_RUN, W("systemctlx"), false, false },
                { W("a", "*", "c"), COMMAND_RUN, W("a", "b", "c"), true, false },
                { W("a", "*", "c"), COMMAND_RUN, W("a", "c"), false, false },
                { W("a", "*", "c"), COMMAND_RUN, W("a", "b", "b", "c"), false, false },
                { W("*", "x"), COMMAND_RUN, W("a", "x"), true, false },
                { W("*", "*"), COMMAND_RUN, W("a"), true, false },
                { W("a", "**"), COMMAND_RUN, W("a"), false, false },
                /* shells, and what was not understood */
                { W("ls"), COMMAND_SHELL, W("ls"), false, false },
                { W("ls"), COMMAND_UNKNOWN, W("ls"), false, false },
                { W("*", "*"), COMMAND_SHELL, W("a"), false, false },
                { W("**"), COMMAND_SHELL, W("a"), false, false },
                { W("ls", "*"), COMMAND_RUN, (const char *const[]){ NULL }, false, false },
                { W("*", "*"), COMMAND_RUN, (const char *const[]){ NULL }, false, false },
                /* allow: plain absolute paths only */
                { W("ls"), COMMAND_RUN, W("ls"), false, true },
                { W("*", "*"), COMMAND_RUN, W("ls"), false, true },
                { W("/bin/ls"), COMMAND_RUN, W("/bin/ls"), true, true },
                { W("/bin/ls", "*"), COMMAND_RUN, W("/bin/ls", "../x"), true, true },
                { W("/bin/*"), COMMAND_RUN, W("/bin/ls"), true, true },
                { W("/bin/*"), COMMAND_RUN, W("/bin/../tmp/x"), false, true },
                { W("/bin/*"), COMMAND_RUN, W("/bin/./x"), false, true },
                { W("/bin/*"), COMMAND_RUN, W("/bin/x/.."), false, true },
                { W("/bin/*"), COMMAND_RUN, W("/bin/..x"), true, true },
                { W("/bin/*"), COMMAND_RUN, W("/bin/..."), true, true },
                { W("/bin/*"), COMMAND_RUN, W("/bin/../tmp/x"), true, false },
                { W("*ls"), COMMAND_RUN, W("./ls"), false, true },
                { W(""), COMMAND_RUN, W(""), false, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Pattern p = { .words = (char **) cases[i].pattern };
                Question q = { .mode = cases[i].mode, .command = cases[i].command };

                while (q.command[q.n_command]) {
                        q.n_command++;
                }
                ck_assert_msg(pattern_matches(&p, &q, cases[i].absolute) == cases[i].matches,
                        "case %zu", i);
        }
        ck_assert(!pattern_matches(&(Pattern){}, &(Question){ .mode = COMMAND_RUN }, false));
}
END_TEST

/* What an asker types must not cost the approver minutes, whatever the stars in the rule. */
START_TEST(patterns_are_quick)
{
        static char word[COMMAND_MAX + 1];
        const char *words[] = { word };
        Pattern p = { .words = (char **) W("*a*a*a*a*a*a*a*a*b") };

        memset(word, 'a', sizeof(word) - 1);
        ck_assert(!pattern_matches(
                &p, &(Question){ .mode = COMMAND_RUN, .command = words, .n_command = 1 }, false));
}
END_TEST

static const char rules_text[] = "[approver bob]\n"
                                 "user = u1000\n"
                                 "[rule deny-guest]\n"
                                 "services = sudo\n"
                                 "users = u666\n"
                                 "action = refuse\n"
                                 "[rule status]\n"
                                 "services = sudo\n"
                                 "users = @g2000\n"
                                 "commands = /bin/systemctl status *, /bin/true\n"
                                 "action = allow\n"
                                 "[rule www]\n"
                                 "services = su*\n"
                                 "users = u1000, @g2000\n"
                                 "targets = u33, @g33\n"
                                 "approvers = bob\n"
                                 "action = ask\n"
                                 "[rule pipe]\n"
                                 "services = pipe\n"
                                 "users = @g?silent, u1001\n"
                                 "approvers = bob\n"
                                 "action = ask\n"
                                 "[rule pipe-all]\n"
                                 "services = pipe\n"
                                 "users = *\n"
                                 "action = allow\n"
                                 "[rule wide]\n"
                                 "services = *\n"
                                 "users = @g2000\n"
                                 "targets = *\n"
                                 "approvers = bob\n"
                                 "action = ask\n";

START_TEST(evaluate)
{
        static const gid_t dev[] = { 2000 }, www[] = { 33 };
        const struct {
                const char *service;
                Account asker;
                bool target_known;
                Account target;
                const char *const *command;
                PolicyKind kind;
                const char *rule;
        } cases[] = {
                /* first match decides */
                { "sudo", { 666, Y, dev, 1 }, true, { 0, Y }, W("/bin/true"), POLICY_REFUSE,
                        "deny-guest" },
                { "sudo", { 1000, Y, dev, 1 }, true, { 0, Y }, W("/bin/true"), POLICY_ALLOW,
                        "status" },
                { "sudo", { 1000, Y, dev, 1 }, true, { 0, Y }, W("/bin/systemctl", "status", "x"),
                        POLICY_ALLOW, "status" },
                { "sudo", { 1000, Y, dev, 1 }, true, { 0, Y }, W("true"), POLICY_ASK, "wide" },
                { "sudo", { 1000, Y, dev, 1 }, true, { 0, Y }, W("/bin/true", "x"), POLICY_ASK,
                        "wide" },
                { "su", { 1000, Y }, true, { 33, Y }, W("x"), POLICY_ASK, "www" },
                { "su", { 1001, Y, dev, 1 }, true, { 70, Y, www, 1 }, W("x"), POLICY_ASK, "www" },
                { "sudo", { 1000, Y }, true, { 0, Y }, W("x"), POLICY_REFUSE, NULL },
                { "sshd", { 1000, Y, dev, 1 }, true, { 1000, Y, dev, 1 }, W("x"), POLICY_ASK,
                        "wide" },
                { "sshd", { 1, N }, true, { 1, N }, W("x"), POLICY_REFUSE, NULL },
                { NULL, { 1000, Y, dev, 1 }, true, { 0, Y }, W("x"), POLICY_REFUSE, NULL },
                /* an unknown target is matched by "*" and by no targets only */
                { "su", { 1000, Y, dev, 1 }, false, { 33, Y }, W("x"), POLICY_ASK, "wide" },
                { "su", { 1000, Y }, false, { 33, Y }, W("x"), POLICY_REFUSE, NULL },
                { "pipe", { 1001, Y }, false, {}, W("x"), POLICY_ASK, "pipe" },
                /* the asker's groups unknown: what might match stops the search */
                { "sudo", { 1000, U }, true, { 0, Y }, W("/bin/true"), POLICY_UNKNOWN, "status" },
                { "sudo", { 1000, U }, true, { 0, Y }, W("true"), POLICY_UNKNOWN, "wide" },
                { "su", { 1000, U }, true, { 33, U }, W("x"), POLICY_ASK, "www" },
                { "sudo", { 666, U }, true, { 0, U }, W("x"), POLICY_REFUSE, "deny-guest" },
                /* the target's groups unknown */
                { "su", { 1000, Y }, true, { 70, U }, W("x"), POLICY_UNKNOWN, "www" },
                { "su", { 1002, Y }, true, { 70, U }, W("x"), POLICY_REFUSE, NULL },
                { "su", { 1002, U }, true, { 70, U }, W("x"), POLICY_UNKNOWN, "www" },
                { "su", { 1002, U }, true, { 70, N }, W("x"), POLICY_UNKNOWN, "wide" },
                /* a name in the rule unknown: nothing below may decide */
                { "pipe", { 1002, Y, dev, 1 }, true, { 0, Y }, W("x"), POLICY_UNKNOWN, "pipe" },
                { "pipe", { 1001, Y }, true, { 0, Y }, W("x"), POLICY_ASK, "pipe" },
                { "pipe", { 1002, N }, true, { 0, Y }, W("x"), POLICY_ALLOW, "pipe-all" },
        };
        _cleanup_(rules_freep) Rules *rules = fixture_rules(rules_text);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Question q = {
                        .service = cases[i].service,
                        .asker = cases[i].asker,
                        .target_known = cases[i].target_known,
                        .target = cases[i].target,
                        .mode = COMMAND_RUN,
                        .command = cases[i].command,
                };
                Policy p = { POLICY_ALLOW, NULL };

                while (q.command[q.n_command]) {
                        q.n_command++;
                }
                policy_evaluate(rules, &q, &p);
                ck_assert_msg(p.kind == cases[i].kind, "case %zu: %d", i, (int) p.kind);
                ck_assert_msg(
                        cases[i].rule ? p.rule && streq(p.rule->name, cases[i].rule) : !p.rule,
                        "case %zu: %s", i, p.rule ? p.rule->name : "none");
        }
}
END_TEST

START_TEST(a_group_of_choice)
{
        static const char text[] = "[approver bob]\nuser = u1001\n"
                                   "[rule allowed]\nservices = sudo\nusers = *\n"
                                   "targets = u0, u33\naction = allow\n"
                                   "[rule asked]\nservices = sudo\nusers = *\n"
                                   "targets = u33\naction = ask\napprovers = bob\n"
                                   "[rule any]\nservices = sudo\nusers = *\naction = allow\n";
        static const struct {
                uid_t target;
                bool target_known, group_named;
                const char *rule;
        } cases[] = {
                { 0, true, false, "allowed" },
                { 0, true, true, "allowed" },
                { 33, true, false, "allowed" },
                { 33, true, true, "asked" },
                { 1000, true, true, "any" },
                { 0, false, true, "any" },
        };
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Question q = {
                        .service = "sudo",
                        .asker = { 1000, Y },
                        .target_known = cases[i].target_known,
                        .target = { cases[i].target, Y },
                        .group_named = cases[i].group_named,
                        .mode = COMMAND_SHELL,
                };
                Policy p = { POLICY_REFUSE, NULL };

                policy_evaluate(rules, &q, &p);
                ck_assert_ptr_nonnull(p.rule);
                ck_assert_str_eq(p.rule->name, cases[i].rule);
        }
}
END_TEST

/* What opens without anybody looking opens for what is seen to be harmless from the words alone. */
START_TEST(break_glass)
{
        static const char text[] = "[approver bob]\nuser = u1001\n"
                                   "[rule glass]\nservices = sudo\nusers = *\ntargets = u0, u33\n"
                                   "commands = /usr/bin/id *\naction = break-glass\n"
                                   "approvers = bob\nreviewers = bob\n"
                                   "[rule all]\nservices = su\nusers = *\naction = break-glass\n"
                                   "approvers = bob\nreviewers = bob\n";
        static const struct {
                const char *service;
                CommandMode mode;
                bool group_named;
                uid_t target;
                const char *words[3];
                const char *rule;
        } cases[] = {
                { "sudo", COMMAND_RUN, false, 0, { "/usr/bin/id" }, "glass" },
                { "sudo", COMMAND_RUN, false, 0, { "/usr/bin/id", "-u" }, "glass" },
                { "sudo", COMMAND_RUN, true, 0, { "/usr/bin/id" }, "glass" },
                { "sudo", COMMAND_RUN, true, 33, { "/usr/bin/id" }, NULL },
                { "sudo", COMMAND_RUN, false, 33, { "/usr/bin/id" }, "glass" },
                { "sudo", COMMAND_RUN, false, 0, { "id" }, NULL },
                { "sudo", COMMAND_RUN, false, 0, { "/usr/bin/../bin/id" }, NULL },
                { "sudo", COMMAND_SHELL, false, 0, { "/usr/bin/id" }, NULL },
                { "sudo", COMMAND_UNKNOWN, false, 0, { "/usr/bin/id" }, NULL },
                { "su", COMMAND_SHELL, false, 0, { NULL }, "all" },
                { "su", COMMAND_RUN, false, 0, { "id" }, "all" },
        };
        _cleanup_(rules_freep) Rules *rules = fixture_rules(text);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Question q = {
                        .service = cases[i].service,
                        .asker = { 1000, Y },
                        .target_known = true,
                        .target = { cases[i].target, Y },
                        .group_named = cases[i].group_named,
                        .mode = cases[i].mode,
                        .command = cases[i].words,
                };
                Policy p;

                while (q.command[q.n_command]) {
                        q.n_command++;
                }
                policy_evaluate(rules, &q, &p);
                ck_assert_msg(cases[i].rule ? p.kind == POLICY_BREAK_GLASS &&
                                                      streq(p.rule->name, cases[i].rule)
                                            : p.kind == POLICY_REFUSE,
                        "case %zu: %d", i, (int) p.kind);
        }
}
END_TEST

/* Through groups of these files into one of the system: who is in it now, not who was. */
START_TEST(members_come_and_go)
{
        static const gid_t in[] = { 7, 2000 }, out[] = { 7 };
        _cleanup_(rules_freep) Rules *rules =
                fixture_rules("[group a]\nmembers = b\n[group b]\nmembers = c, @g3000\n"
                              "[group c]\nmembers = @g2000, bob\n[approver bob]\nuser = u1\n"
                              "[rule r]\nservices = s\nusers = *\naction = ask\napprovers = a\n");
        NameList *list = &rules->rules[0].stages.items[0];
        Name *group = &rules->groups[2]->members.items[0];

        ck_assert_int_eq(names_include(list, &(Account){ 5, Y, in, 2 }), Y);
        ck_assert_int_eq(names_include(list, &(Account){ 5, Y, out, 1 }), N); /* he left */
        ck_assert_int_eq(names_include(list, &(Account){ 5, U, in, 2 }), U);  /* nobody says */
        ck_assert_int_eq(names_include(list, &(Account){ 5, N }), N);         /* he is gone */
        ck_assert_int_eq(names_include(list, &(Account){ 1, U }), Y);         /* by his own name */
        group->exists = U;
        ck_assert_int_eq(names_include(list, &(Account){ 5, Y, in, 2 }), U);
        group->exists = N; /* the group is gone */
        ck_assert_int_eq(names_include(list, &(Account){ 5, Y, in, 2 }), N);
        group->exists = Y;
        group->id = 7; /* it was made anew, with another number */
        ck_assert_int_eq(names_include(list, &(Account){ 5, Y, out, 1 }), Y);
}
END_TEST

/* Why not, by the first part that does not; what decides goes by the same. */
START_TEST(why_not)
{
        _cleanup_(rules_freep) Rules *rules = fixture_rules(
                "[rule r]\nservices = sudo\nusers = u1000, @g?x\ntargets = root, u?y\n"
                "commands = ls *\naction = refuse\n"
                "[rule s]\nservices = su\nusers = u1000\ntargets = root\naction = refuse\n");
        static const char *const ls[] = { "ls", "-l" }, *const id[] = { "id" };
        static const struct {
                const char *service;
                uid_t asker, target;
                bool other_command;
                RuleMatch first, second;
        } cases[] = {
                { "sudo", 1000, 0, false, RULE_MATCHES, RULE_OTHER_SERVICE },
                { "sshd", 1, 1, true, RULE_OTHER_SERVICE, RULE_OTHER_SERVICE },
                { "sudo", 1000, 0, true, RULE_OTHER_COMMAND, RULE_OTHER_SERVICE },
                { "sudo", 1000, 5, false, RULE_UNKNOWN, RULE_OTHER_SERVICE },
                { "sudo", 1001, 0, false, RULE_UNKNOWN, RULE_OTHER_SERVICE },
                { "sudo", 1001, 0, true, RULE_OTHER_COMMAND, RULE_OTHER_SERVICE },
                { "su", 1001, 5, true, RULE_OTHER_SERVICE, RULE_OTHER_USER },
                { "su", 1000, 5, true, RULE_OTHER_SERVICE, RULE_OTHER_TARGET },
                { "su", 1000, 0, true, RULE_OTHER_SERVICE, RULE_MATCHES },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Question q = {
                        .service = cases[i].service,
                        .asker = { cases[i].asker, Y },
                        .target_known = true,
                        .target = { cases[i].target, Y },
                        .mode = COMMAND_RUN,
                        .command = cases[i].other_command ? id : ls,
                        .n_command = cases[i].other_command ? 1 : 2,
                };
                RuleMatch match[] = { policy_match(&rules->rules[0], &q),
                        policy_match(&rules->rules[1], &q) };
                Policy p;

                ck_assert_msg(match[0] == cases[i].first && match[1] == cases[i].second,
                        "case %zu: %d %d", i, (int) match[0], (int) match[1]);
                policy_evaluate(rules, &q, &p);
                ck_assert_ptr_eq(p.rule, match[0] <= RULE_MATCHES   ? &rules->rules[0]
                                         : match[1] <= RULE_MATCHES ? &rules->rules[1]
                                                                    : NULL);
        }
        ck_assert_str_eq(rule_match_to_string(RULE_UNKNOWN), "unknown");
        ck_assert_str_eq(rule_match_to_string(RULE_OTHER_COMMAND), "command");
        ck_assert_ptr_null(rule_match_to_string(RULE_MATCHES));
        ck_assert_ptr_null(rule_match_to_string((RuleMatch) 99));
}
END_TEST

START_TEST(evaluate_nothing)
{
        Policy p = { POLICY_ALLOW, (const Rule *) 1 };

        policy_evaluate(&(Rules){}, &(Question){ .service = "sudo" }, &p);
        ck_assert(p.kind == POLICY_REFUSE && !p.rule);
        ck_assert_int_eq(POLICY_REFUSE, 0);
}
END_TEST

/* Root at the console passes unless a rule names root; a group or "*" does not. */
START_TEST(names_root)
{
        static const struct {
                const char *service;
                bool named;
        } cases[] = { { "login", true }, { "sudo", false }, { "su", false }, { NULL, false } };
        _cleanup_(rules_freep) Rules *rules =
                fixture_rules("[rule a]\nservices = sudo\nusers = *, u1\naction = refuse\n"
                              "[rule b]\nservices = su\nusers = @root\naction = refuse\n"
                              "[rule c]\nservices = log*\nusers = u1, root\naction = refuse\n");

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ck_assert_int_eq(policy_names_root(rules, cases[i].service), cases[i].named);
        }
}
END_TEST

#define N_RULES 4
#define N_NAMES 2

/* A world in which everything is known, and the same with some of it hidden. */
typedef struct World {
        Name names[2 * N_RULES][N_NAMES];
        Rule rules[N_RULES];
        Rules all;
} World;

static void hide(World *seen, const World *truth, uint64_t *seed)
{
        *seen = *truth;
        seen->all.rules = seen->rules;
        for (size_t i = 0; i < N_RULES; i++) {
                seen->rules[i].users.items = seen->names[2 * i];
                seen->rules[i].targets.items = seen->names[2 * i + 1];
        }
        for (size_t i = 0; i < 2 * N_RULES; i++) {
                for (size_t k = 0; k < N_NAMES; k++) {
                        if (fixture_random(seed, 4) == 0) {
                                seen->names[i][k].exists = TERNARY_UNKNOWN;
                        }
                }
        }
}

static void invent(World *w, uint64_t *seed)
{
        static char star[] = "*", *any_words[] = { star, NULL };
        static Pattern any = { .words = any_words };
        static char *services[] = { star, NULL };

        *w = (World){ .all = { .n_rules = N_RULES } };
        w->all.rules = w->rules;
        for (size_t i = 0; i < 2 * N_RULES; i++) {
                for (size_t k = 0; k < N_NAMES; k++) {
                        w->names[i][k] = (Name){
                                .kind = fixture_random(seed, 2) ? NAME_USER : NAME_UNIX_GROUP,
                                .exists = fixture_random(seed, 4) ? TERNARY_YES : TERNARY_NO,
                                .id = fixture_random(seed, 4),
                        };
                }
        }
        for (size_t i = 0; i < N_RULES; i++) {
                w->rules[i] = (Rule){
                        .services = services,
                        .users = { w->names[2 * i], 1 + fixture_random(seed, N_NAMES) },
                        .targets = { w->names[2 * i + 1], fixture_random(seed, N_NAMES + 1) },
                        .commands = { &any, 1 },
                        .action = (Action) fixture_random(seed, 3),
                };
        }
}

/* Not knowing never changes who decides: it gives the same verdict, or POLICY_UNKNOWN before it. */
START_TEST(silence_opens_nothing)
{
        uint64_t seed = 1;
        size_t decided = 0, unknown = 0;

        for (size_t i = 0; i < 20000; i++) {
                World truth, seen;
                gid_t gids[] = { fixture_random(&seed, 4), fixture_random(&seed, 4) };
                Question q = {
                        .service = "sudo",
                        .asker = { fixture_random(&seed, 4), Y, gids, 1 },
                        .target_known = true,
                        .target = { fixture_random(&seed, 4), Y, gids + 1, 1 },
                };
                Policy a, b;

                invent(&truth, &seed);
                hide(&seen, &truth, &seed);
                policy_evaluate(&truth.all, &q, &a);
                if (fixture_random(&seed, 3) == 0) {
                        q.asker.known = U;
                }
                if (fixture_random(&seed, 3) == 0) {
                        q.target.known = U;
                }
                policy_evaluate(&seen.all, &q, &b);
                if (b.kind == POLICY_UNKNOWN) {
                        size_t at = a.rule ? (size_t) (a.rule - truth.rules) : N_RULES;

                        unknown++;
                        ck_assert_uint_le((size_t) (b.rule - seen.rules), at);
                        continue;
                }
                decided += b.rule != NULL;
                ck_assert_int_eq(a.kind, b.kind);
                ck_assert(!a.rule == !b.rule);
                ck_assert(!a.rule || a.rule - truth.rules == b.rule - seen.rules);
        }
        ck_assert_uint_gt(decided, 1000);
        ck_assert_uint_gt(unknown, 1000);
}
END_TEST

START_TEST(waiting_max)
{
        static const struct {
                int64_t of_rule;
                const char *service;
                int64_t most;
        } cases[] = {
                { 0, "sudo", 0 },
                { 0, "su", 0 },
                { 0, "sshd", 4 },
                { 0, "login", 4 },
                { 0, "sshd-session", 0 },
                { 7, "sshd", 7 },
                { 7, "sudo", 7 },
                { 1, "login", 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Rule rule = { .max_waiting = cases[i].of_rule };
                ck_assert_msg(policy_waiting_max(&rule, cases[i].service) == cases[i].most,
                        "case %zu", i);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("policy");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, includes);
        tcase_add_test(all, includes_any_order);
        tcase_add_test(all, includes_nested);
        tcase_add_test(all, patterns);
        tcase_add_test(all, patterns_are_quick);
        tcase_add_test(all, evaluate);
        tcase_add_test(all, a_group_of_choice);
        tcase_add_test(all, break_glass);
        tcase_add_test(all, members_come_and_go);
        tcase_add_test(all, why_not);
        tcase_add_test(all, evaluate_nothing);
        tcase_add_test(all, names_root);
        tcase_add_test(all, waiting_max);
        tcase_add_test(all, silence_opens_nothing);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

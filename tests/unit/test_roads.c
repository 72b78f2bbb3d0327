/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hosts by hand: each road and each lock-out by itself, and nothing said of what was not seen. */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/roads.h"

#define GATED "account required pam_jit.so\naccount required pam_unix.so\n"
#define OPEN "account required pam_unix.so\n"

/* What is planted in a host whose sudo and su are gated. NULL: as there. */
typedef struct Planted {
        const char *name;
        const char *su, *sudoers, *shadow, *group, *passwd, *sshd, *keys, *rules;
        const char *program;
        HostPath path;
        bool blind, not_enabled;
        const char *expected; /* "state name", parted by ";" */
} Planted;

static const Planted cases[] = {
        { "clean", .expected = "ok roads;ok lock-out" },
        { "su", .su = OPEN, .expected = "fail road su;ok lock-out" },
        { "su unnamed", .su = OPEN, .rules = "[rule x]\nservices = sudo\n",
                .expected = "warn road su;ok lock-out" },
        { "su by all", .su = OPEN, .rules = "[rule x]\nservices = *\n",
                .expected = "warn road su;ok lock-out" },
        { "account", .sudoers = "Defaults !pam_acct_mgmt",
                .expected = "fail road sudo;ok lock-out" },
        { "session", .sudoers = "Defaults@x !pam_session",
                .expected = "warn road sudo;ok lock-out" },
        { "mended", .sudoers = "Defaults !pam_acct_mgmt\nDefaults pam_acct_mgmt",
                .expected = "ok roads;ok lock-out" },
        { "not mended", .sudoers = "Defaults:x !pam_acct_mgmt\nDefaults pam_acct_mgmt",
                .expected = "fail road sudo;ok lock-out" },
        { "service", .sudoers = "Defaults pam_service=x",
                .expected = "fail road sudo;ok lock-out" },
        { "askpass", .sudoers = "Defaults pam_askpass_service=x",
                .expected = "fail road sudo;ok lock-out" },
        { "same service", .sudoers = "Defaults pam_login_service=sudo-i",
                .expected = "ok roads;ok lock-out" },
        { "shell", .program = "dash", .expected = "fail road setuid;ok lock-out" },
        { "no shell", .program = "chsh", .expected = "ok roads;ok lock-out" },
        { "unknown", .program = "frobnicate", .expected = "warn road setuid;ok lock-out" },
        { "ksu", .program = "ksu", .expected = "warn road ksu;ok lock-out" },
        { "docker", .group = "docker:x:990:dev\n", .expected = "warn road docker;ok lock-out" },
        { "docker of root", .group = "docker:x:990:root\n", .expected = "ok roads;ok lock-out" },
        { "primary", .group = "lxd:x:991:\n", .passwd = "dev:x:1:991::/:\n",
                .expected = "warn road lxd;ok lock-out" },
        { "kvm", .group = "kvm:x:106:dev\nvideo:x:44:dev", .expected = "ok roads;ok lock-out" },
        { "written", .path = { (char *) "/etc/crontab", .everyone = true },
                .expected = "fail road files;ok lock-out" },
        { "owned", .path = { (char *) "/etc/crontab", .foreign = true },
                .expected = "fail road files;ok lock-out" },
        { "by a group", .path = { (char *) "/usr/local/bin", .group = 50 },
                .group = "staff:x:50:dev\n", .expected = "warn road files;ok lock-out" },
        { "by nobody", .path = { (char *) "/usr/local/bin", .group = 50 }, .group = "staff:x:50:\n",
                .expected = "ok roads;ok lock-out" },
        { "ssh by password", .program = "sshd", .sshd = "PermitRootLogin yes\n",
                .expected = "warn road sshd;ok lock-out" },
        { "ssh by key", .program = "sshd", .sshd = "UsePAM yes\n", .keys = "\n# x\n ssh-rsa A\n",
                .expected = "warn road sshd;ok lock-out" },
        { "ssh without", .program = "sshd", .sshd = "permitrootlogin=no\nPermitRootLogin yes\n",
                .keys = "ssh-rsa A\n", .expected = "ok roads;ok lock-out" },
        { "no password", .shadow = "root:*:1::::::\n", .expected = "ok roads;warn lock-out" },
        { "locked", .shadow = "bin:*:1\nroot:!$y$x:1::::::\n",
                .expected = "ok roads;warn lock-out" },
        { "locked but allowed", .shadow = "root:*:1::::::\n",
                .rules = "[rule x]\nservices = su, sudo\naction = allow\n",
                .expected = "ok roads;ok lock-out" },
        { "locked but sudo allowed", .shadow = "root:*:1::::::\n",
                .rules = "[rule x]\nservices = sudo\naction = allow\n[rule y]\nservices = su\n",
                .expected = "ok roads;ok lock-out" },
        { "locked but su allowed", .shadow = "root:*:1::::::\n",
                .rules = "[rule x]\nservices = su\naction = allow\n[rule y]\nservices = sudo\n",
                .expected = "ok roads;ok lock-out" },
        { "locked but ssh", .shadow = "root:*:1::::::\n", .program = "sshd", .sshd = "\n",
                .keys = "ssh-rsa A\n", .expected = "warn road sshd;ok lock-out" },
        { "nameless", .rules = "[rule x]\nservices = sudo\naction = ask\n",
                .expected = "ok roads;warn lock-out" },
        { "after the boot", .not_enabled = true, .expected = "ok roads;warn lock-out" },
        { "blind", .blind = true, .expected = "warn roads" },
};

static char *judge(const Planted *p)
{
        PamText pam[] = { { "su", str_or(p->su, GATED) }, { "sudo", GATED } };
        HostProgram programs[] = { { (char *) "sudo", (char *) "/usr/bin/sudo", true },
                { (char *) "su", (char *) "/usr/bin/su", true },
                { (char *) str_or(p->program, "mount"), (char *) "/x",
                        !streq(str_or(p->program, ""), "sshd") } };
        const char *see = p->blind ? NULL : "";
        HostText texts[] = {
                { HOST_SUDOERS, (char *) "/etc/sudoers", (char *) (p->sudoers ? p->sudoers : see) },
                { HOST_SHADOW, (char *) "/etc/shadow",
                        (char *) (p->shadow  ? p->shadow
                                  : p->blind ? NULL
                                             : "root:$y$:1::::::\n") },
                { HOST_GROUP, (char *) "/etc/group", (char *) str_or(p->group, "") },
                { HOST_PASSWD, (char *) "/etc/passwd", (char *) str_or(p->passwd, "") },
                { HOST_KEYS, (char *) "/k", (char *) str_or(p->keys, "") },
                { HOST_RULES, (char *) "/r",
                        (char *) str_or(
                                p->rules, "[rule x]\nservices = sudo, su\naction = ask\n") },
                { HOST_SSHD, (char *) "/s", (char *) str_or(p->sshd, "") },
        };
        HostPath path = p->path;
        Host h = { .pam = pam,
                .n_pam = 2,
                .programs = programs,
                .n_programs = 3,
                .texts = texts,
                .n_texts = ELEMENTSOF(texts),
                .paths = &path,
                .n_paths = path.path ? 1 : 0,
                .socket_enabled = !p->not_enabled };
        _cleanup_(rules_seen_done) RulesSeen rules = { 0 };
        _cleanup_(findings_done) Findings f = { 0 };
        char *said = NULL;

        rules_seen_read(&h, &rules);
        roads_judge(&h, &rules, &f);
        lockout_judge(&h, &rules, &f);
        ck_assert_int_eq(str_printf(&said, "%s", ""), 0);
        for (size_t i = 0; i < f.n; i++) {
                char *more = NULL;

                ck_assert(f.items[i].state == FINDING_OK || f.items[i].fix);
                ck_assert_int_eq(
                        str_printf(&more, "%s%s%s %s", said, *said ? ";" : "",
                                finding_state_to_string(f.items[i].state), f.items[i].name),
                        0);
                free(said);
                said = more;
        }
        return said;
}

START_TEST(planted)
{
        _cleanup_(freep) char *said = judge(&cases[_i]);
        const char *expected = cases[_i].expected;

        ck_assert_msg(
                streq(said, expected), "%s: '%s' instead of '%s'", cases[_i].name, said, expected);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("roads");
        TCase *t = tcase_create("roads");

        tcase_add_loop_test(t, planted, 0, (int) ELEMENTSOF(cases));
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

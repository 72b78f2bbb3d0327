/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* H-106: hosts by a few words, and which ways to root are left on them. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/ways.h"

#define GATED "account required pam_jit.so\naccount required pam_unix.so\n"
#define PLAIN "account required pam_unix.so\n"

typedef struct Case {
        const char *gated;    /* services */
        const char *shadow;   /* root's password field; NULL: shadow cannot be read */
        const char *sshd;     /* sshd_config, NULL: no sshd */
        const char *keys;     /* root's authorized_keys */
        const char *doas;     /* doas.conf, NULL: no doas */
        const char *rules[2]; /* services and action, or services and users for root */
        const char *ways;     /* parts, parted by ';' */
} Case;

#define CONSOLE "root's password at the console;"

static const Case CASES[] = {
        /* The console, and what it takes. */
        { "sudo", "$y$x", NULL, NULL, NULL, { 0 }, CONSOLE "su with root's password;" },
        { "sudo su", "$y$x", NULL, NULL, NULL, { 0 }, CONSOLE },
        { "sudo su login", "$y$x", NULL, NULL, NULL, { 0 }, CONSOLE },
        { "sudo su login", "$y$x", NULL, NULL, NULL, { "login", "root" }, "" },
        { "sudo", "!", NULL, NULL, NULL, { 0 }, "" },
        { "sudo", "*", NULL, NULL, NULL, { 0 }, "" },
        { "sudo", NULL, NULL, NULL, NULL, { 0 }, "" },
        /* A rule that needs nobody. */
        { "sudo", "!", NULL, NULL, NULL, { "sudo", "allow" }, "sudo, by a rule that" },
        { "sudo", "!", NULL, NULL, NULL, { "sudo", "ask" }, "" },
        { "sudo", "!", NULL, NULL, NULL, { "su", "allow" }, "" },
        { "sudo login sshd", "!", "", NULL, NULL, { "sudo", "allow" }, "" },
        { "sudo login sshd", "!", "", NULL, NULL, { "sudo, login", "allow" },
                "sudo, by a rule that" },
        /* ssh as root. */
        { "sudo", "!", "PermitRootLogin yes\n", "ssh-ed25519 AAAA\n", NULL, { 0 }, "ssh as root;" },
        { "sudo", "!", "PermitRootLogin yes\n", NULL, NULL, { 0 }, "" },
        { "sudo", "!", "PermitRootLogin no\n", "ssh-ed25519 AAAA\n", NULL, { 0 }, "" },
        { "sudo sshd", "!", "PermitRootLogin yes\n", "ssh-ed25519 AAAA\n", NULL, { 0 }, "" },
        /* Another service. */
        { "sshd", "!", "", NULL, NULL, { 0 }, "sudo, which is not gated;" },
        { "sshd login", "!", "", NULL, NULL, { 0 }, "" },
        { "sudo", "!", NULL, NULL, "permit nopass dev\n", { 0 }, "doas, which is not gated;" },
        { "sudo", "!", NULL, NULL, "# permit dev\ndeny dev\n", { 0 }, "" },
        { "sudo doas", "!", NULL, NULL, "permit dev\n", { 0 }, "" },
};

static void add_text(Host *h, HostKind kind, const char *text)
{
        static HostText texts[8];

        h->texts = texts;
        texts[h->n_texts++] = (HostText){ kind, (char *) "/x", (char *) text };
}

static bool is_gated(const char *gated, const char *service)
{
        size_t n = strlen(service);

        for (const char *s = strstr(gated, service); s; s = strstr(s + 1, service)) {
                if ((s == gated || s[-1] == ' ') && (s[n] == ' ' || !s[n])) {
                        return true;
                }
        }
        return false;
}

START_TEST(ways)
{
        static const char *const services[] = { "sudo", "su", "login", "sshd", "doas" };
        static HostProgram programs[] = { { (char *) "sudo", (char *) "/b", true },
                { (char *) "su", (char *) "/b", true }, { NULL }, { NULL } };
        const Case *c = &CASES[_i];
        PamText pam[ELEMENTSOF(services)];
        char shadow[100], rule[200];
        Host h = {
                .pam = pam, .n_pam = ELEMENTSOF(services), .programs = programs, .n_programs = 2
        };
        RulesSeen rules = { 0 };
        Ways w;

        for (size_t i = 0; i < ELEMENTSOF(services); i++) {
                pam[i] = (PamText){ services[i], is_gated(c->gated, services[i]) ? GATED : PLAIN };
        }
        if (c->shadow) {
                (void) snprintf(shadow, sizeof(shadow), "dev:x:1\nroot:%s:19000:::\n", c->shadow);
                add_text(&h, HOST_SHADOW, shadow);
        }
        if (c->sshd) {
                add_text(&h, HOST_SSHD, c->sshd);
                programs[h.n_programs++] = (HostProgram){ (char *) "sshd", (char *) "/b", false };
        }
        if (c->keys) {
                add_text(&h, HOST_KEYS, c->keys);
        }
        if (c->doas) {
                add_text(&h, HOST_DOAS, c->doas);
                programs[h.n_programs++] = (HostProgram){ (char *) "doas", (char *) "/b", true };
        }
        bool root = c->rules[1] && streq(c->rules[1], "root");
        (void) snprintf(rule, sizeof(rule), "[rule r]\nservices = %s\nusers = %s\naction = %s\n",
                str_or(c->rules[0], "cron"), root ? "root" : "dev",
                root ? "ask" : str_or(c->rules[1], "ask"));
        add_text(&h, HOST_RULES, rule);
        rules_seen_read(&h, &rules);
        ck_assert(rules.seen);
        ways_find(&h, &rules, &w);
        size_t at = 0;
        for (const char *s = c->ways; *s; s += strcspn(s, ";") + (strchr(s, ';') != NULL)) {
                size_t n = strcspn(s, ";");

                ck_assert_msg(at < w.n && strncmp(w.items[at], s, n) == 0, "%d: no %s", _i, s);
                at++;
        }
        ck_assert_msg(w.n == at, "%d: %s", _i, at < w.n ? w.items[at] : "");
        rules_seen_done(&rules);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ways");
        TCase *tcase = tcase_create("ways");

        tcase_add_loop_test(tcase, ways, 0, ELEMENTSOF(CASES));
        suite_add_tcase(suite, tcase);

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

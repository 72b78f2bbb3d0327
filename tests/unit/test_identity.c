/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The planning of lookups: whose word counts. What the answers make of it is tests/flow's. */

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "jit-approver/daemon/identity.h"

#define NONCE .nonce = "n"
#define NOBODY .asker = UID_UNSET, .login_uid = UID_UNSET

static const Peer root = { 1, 0, 0 }, dev = { 2, 1000, 1000 };

static const struct {
        const Peer *peer;
        uid_t login; /* the peer's own */
        Ask ask;
        int r;
        const char *keys; /* asker ruser login target user; "-" for none */
} plans[] = {
        /* a module names its asker */
        { &root, UID_UNSET, { NONCE, .service = "sudo", .asker = 1000, .login_uid = UID_UNSET }, 0,
                "1000 - - - -" },
        { &root, UID_UNSET,
                { NONCE, .service = "sudo", .asker = 1000, .ruser = "dev", .login_uid = 7 }, 0,
                "1000 dev 7 - -" },
        { &root, UID_UNSET, { NONCE, .service = "sudo", .asker = 1000, .login_uid = 1000 }, 0,
                "1000 - - - -" },
        { &root, UID_UNSET,
                { NONCE, .service = "sudo", .asker = 1000, .login_uid = UID_UNSET,
                        .target = "bob" },
                0, "1000 - - bob -" },
        { &root, UID_UNSET,
                { NONCE, .service = "sudo", .asker = 1000, .login_uid = UID_UNSET,
                        .target = "#12" },
                0, "1000 - - 12 -" },
        { &root, UID_UNSET,
                { NONCE, .service = "sudo", .asker = 1000, .login_uid = UID_UNSET, .target = "12" },
                0, "1000 - - name:12 -" },
        { &root, UID_UNSET,
                { NONCE, .service = "sudo", .asker = 1000, .login_uid = UID_UNSET, .target = "#" },
                -EINVAL, NULL },
        { &root, UID_UNSET,
                { NONCE, .service = "sudo", .asker = 1000, .login_uid = UID_UNSET,
                        .target = "#-1" },
                -EINVAL, NULL },
        { &root, UID_UNSET,
                { NONCE, .service = "sudo", .asker = 1000, .login_uid = UID_UNSET,
                        .target = "#4294967295" },
                -EINVAL, NULL },
        { &root, UID_UNSET,
                { NONCE, .service = "sudo", .asker = 1000, .login_uid = UID_UNSET,
                        .target = "# 1" },
                -EINVAL, NULL },
        /* a session of sudo's: RUSER tells the asker, PAM_USER is whom it becomes */
        { &root, UID_UNSET,
                { NONCE, NOBODY, .service = "sudo-i", .ruser = "dev", .user = "root",
                        .phase = "session" },
                0, "dev - - - root" },
        { &root, UID_UNSET, { NONCE, NOBODY, .service = "su-l" }, -EINVAL, NULL },
        /* a login: the asker is who logs in */
        { &root, UID_UNSET, { NONCE, NOBODY, .service = "sshd", .user = "dev" }, 0, "dev - - - -" },
        { &root, UID_UNSET, { NONCE, NOBODY, .service = "sshd" }, -EINVAL, NULL },
        { &root, UID_UNSET, { NONCE, NOBODY, .service = "" }, -EINVAL, NULL },
        { &root, UID_UNSET,
                { NONCE, NOBODY,
                        .service =
                                "12345678901234567890123456789012345678901234567890123456789012345" },
                -EINVAL, NULL },
        /* root's own jitctl asks for root, whatever it says */
        { &root, UID_UNSET, { NOBODY, .service = "sudo" }, 0, "0 - - - -" },
        { &root, 1000, { NOBODY, .service = "sudo" }, 0, "0 - 1000 - -" },
        { &root, UID_UNSET, { .asker = 1000, .login_uid = UID_UNSET, .service = "sudo" }, -EPERM,
                NULL },
        /* nobody else speaks for others, with a nonce or without */
        { &dev, 1000, { NOBODY, .service = "sudo" }, 0, "1000 - - - -" },
        { &dev, 1000, { NONCE, NOBODY, .service = "sudo" }, 0, "1000 - - - -" },
        { &dev, 7, { NONCE, .asker = 1000, .login_uid = 8, .ruser = "bob", .service = "sudo" }, 0,
                "1000 - 7 - -" },
        { &dev, UID_UNSET, { NONCE, .asker = 1000, .login_uid = 8, .service = "sudo" }, 0,
                "1000 - - - -" },
        { &dev, 1000, { NOBODY, .service = "sudo", .user = "bob" }, 0,
                "1000 - - - bob" }, /* compared later */
        { &dev, 1000, { NONCE, .asker = 0, .login_uid = UID_UNSET, .service = "sudo" }, -EPERM,
                NULL },
        { &dev, 1000, { .asker = 1001, .login_uid = UID_UNSET, .service = "sudo" }, -EPERM, NULL },
};

static void put_key(const Plan *p, int at, char *out, size_t size)
{
        size_t used = strlen(out);
        const Key *k = at >= 0 ? &p->keys[at] : NULL;

        if (!k) {
                (void) snprintf(out + used, size - used, " -");
        } else if (k->kind == KEY_UID) {
                (void) snprintf(out + used, size - used, " %u", k->uid);
        } else {
                bool number = k->name[0] >= '0' && k->name[0] <= '9';
                (void) snprintf(out + used, size - used, " %s%s", number ? "name:" : "", k->name);
        }
}

START_TEST(plan)
{
        char keys[256] = "";
        Plan p;

        ck_assert_int_eq(
                identity_plan(plans[_i].peer, plans[_i].login, &plans[_i].ask, &p), plans[_i].r);
        if (plans[_i].r < 0) {
                return;
        }
        const int at[] = { p.asker, p.ruser, p.login, p.target, p.user };
        for (size_t i = 0; i < ELEMENTSOF(at); i++) {
                put_key(&p, at[i], keys, sizeof(keys));
        }
        ck_assert_str_eq(keys + 1, plans[_i].keys);
        ck_assert_int_eq(p.speaks_for_others, plans[_i].peer->uid == 0 && plans[_i].ask.nonce);
        ck_assert_uint_le(p.n + 2, PEOPLE_KEYS_MAX); /* the caller's own come behind */
}
END_TEST

START_TEST(too_long)
{
        char much[2000];
        Plan p;

        memset(much, 'x', sizeof(much));
        much[sizeof(much) - 1] = '\0';
        for (int i = 0; i < 4; i++) {
                Ask a = { NONCE, .service = "sudo", .asker = 1000, .login_uid = UID_UNSET };
                const char **words[] = { &a.tty, &a.rhost, &a.pam_service, &a.target_group };
                *words[i] = much;
                ck_assert_int_eq(identity_plan(&root, UID_UNSET, &a, &p), -EINVAL);
        }
}
END_TEST

static const struct {
        uid_t asker;
        const char *service, *tty, *rhost;
        bool is;
} consoles[] = {
        { 0, "login", "tty1", NULL, true },
        { 0, "login", "/dev/tty1", "", true },
        { 0, "login", "ttyS0", NULL, true },
        { 0, "login", "tty", NULL, false },
        { 0, "login", "/dev/tty", NULL, false },
        { 0, "login", "pts/0", NULL, false },
        { 0, "login", "/dev/pts/tty1", NULL, false },
        { 0, "login", NULL, NULL, false },
        { 0, "login", "tty1", "host", false },
        { 0, "sudo", "tty1", NULL, false },
        { 0, "sshd", "ssh", NULL, false },
        { 1000, "login", "tty1", NULL, false },
};

START_TEST(console_root)
{
        const Ask a = { .tty = consoles[_i].tty, .rhost = consoles[_i].rhost };
        const Subject s = {
                .ask = &a, .service = consoles[_i].service, .asker.uid = consoles[_i].asker
        };

        ck_assert_int_eq(subject_is_console_root(&s), consoles[_i].is);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("identity");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_loop_test(all, plan, 0, ELEMENTSOF(plans));
        tcase_add_test(all, too_long);
        tcase_add_loop_test(all, console_root, 0, ELEMENTSOF(consoles));
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What doctor sees of the rules. */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/rules_seen.h"

static const struct {
        const char *text, *service;
        bool named, by_all, open, asks_root;
} cases[] = {
        { "[rule x]\nservices = sudo, su\nusers = dev\naction = ask\n", "sudo", true, true, false,
                false },
        { "[rule x]\nservices = sudo, su\nusers = dev\naction = ask\n", "su-l", true, true, false,
                false },
        { "[rule x]\nservices = sudo-i\naction = ask\n", "sudo", true, true, false, false },
        { "[rule x]\nservices = sudo\naction = ask\n", "su", false, false, false, false },
        { "[rule x]\nservices = *\naction = ask\n", "su", false, true, false, false },
        { "[rule x]\nservices = s*\naction = allow # x\n", "su", true, true, true, false },
        { "[rule x]\nservices\t=\tsu\naction=allow\n", "su", true, true, true, false },
        { "[defaults]\naction = allow\nservices = su\n[rule x]\nusers = *\n", "su", true, true,
                true, false },
        { "[defaults]\naction = allow\nservices = su\n[rule x]\naction = ask\n", "su", true, true,
                false, false },
        /* What is allowed to be run is all, or no way to root. */
        { "[rule x]\nservices = su\naction = allow\ncommands = *\n", "su", true, true, true,
                false },
        { "[rule x]\nservices = su\naction = allow\ncommands = /sbin/backup *\n", "su", true, true,
                false, false },
        { "[defaults]\ncommands = /sbin/backup\n[rule x]\nservices = su\naction = allow\n", "su",
                true, true, false, false },
        { "[rule x]\nservices = su\naction = break-glass\n", "su", true, true, true, false },
        { "[rule x]\nservices = su\naction = ask\nrescue = yes\n", "su", true, true, true, false },
        { "[rule x]\nservices = su\naction = ask\nrescue = no\n", "su", true, true, false, false },
        { "[rule x]\nservices = login\nusers = dev, root\naction = ask\n", "login", true, true,
                false, true },
        { "[rule x]\nservices = login\nusers = *\naction = ask\n", "login", true, true, false,
                false },
        { "[rule x]\nservices = login\nusers = root\naction = allow\n", "login", true, true, true,
                false },
        { "[group x]\nservices = su\n[rule y]\n", "su", false, false, false, false },
        { "#[rule x]\n#services = su\n", "su", false, false, false, false },
        { "[rule x]\nservices-x = su\n", "su", false, false, false, false },
        { "[rule x]\nservices", "su", false, false, false, false },
        { "[rule x]\nservices =", "su", false, false, false, false },
};

START_TEST(rules)
{
        HostText text = { HOST_RULES, NULL, (char *) cases[_i].text };
        Host host = { .texts = &text, .n_texts = 1 };
        _cleanup_(rules_seen_done) RulesSeen r = { 0 };
        const char *service = cases[_i].service;

        rules_seen_read(&host, &r);
        ck_assert(r.seen);
        ck_assert_int_eq(rules_seen_name(&r, service, false), cases[_i].named);
        ck_assert_int_eq(rules_seen_name(&r, service, true), cases[_i].by_all);
        ck_assert_int_eq(rules_seen_open(&r, service), cases[_i].open);
        ck_assert_int_eq(rules_seen_ask_root(&r, service), cases[_i].asks_root);
}
END_TEST

START_TEST(out_of_sight)
{
        HostText texts[] = { { HOST_RULES, NULL, (char *) "[rule x]\nservices = su\n" },
                { HOST_RULES, NULL, NULL } };
        Host host = { .texts = texts, .n_texts = 2 }, none = { 0 };
        _cleanup_(rules_seen_done) RulesSeen r = { 0 }, nothing = { 0 };

        rules_seen_read(&host, &r);
        ck_assert(!r.seen);
        rules_seen_read(&none, &nothing);
        ck_assert(!nothing.seen);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("rules_seen");
        TCase *t = tcase_create("rules_seen");

        tcase_add_loop_test(t, rules, 0, (int) ELEMENTSOF(cases));
        tcase_add_test(t, out_of_sight);
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

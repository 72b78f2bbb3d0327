/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/protocol.h"
#include "jit-approver/ctl/arguments.h"
#include "pam_jit/options.h"

/* The module's answer; doctor's, which has its own reader, must be the same. */
static int parse(int argc, const char *const *argv, Options *o, const char **ret_bad)
{
        char *words[16] = { NULL };

        for (int i = 0; i < argc; i++) {
                words[i] = (char *) argv[i];
        }
        *ret_bad = NULL;
        int r = options_parse(argc, argv, o, ret_bad);
        ck_assert_ptr_eq(arguments_wrong(words), *ret_bad);
        return r;
}

static int parse_one(const char *arg, Options *o)
{
        const char *bad;

        int r = parse(1, &arg, o, &bad);
        ck_assert(r == 0 ? bad == NULL : bad == arg);
        return r;
}

START_TEST(defaults)
{
        const char *bad = NULL;
        Options o;

        ck_assert_int_eq(parse(0, NULL, &o, &bad), 0);
        ck_assert_str_eq(o.socket, PROTOCOL_SOCKET);
        ck_assert_str_eq(o.target_default, "root");
        ck_assert_int_eq(o.wait, WAIT_DEFAULT);
        ck_assert_uint_eq(o.server_uid, 0);
        ck_assert(o.prompt && !o.nowait && !o.quiet && !o.debug);
}
END_TEST

START_TEST(all_of_them)
{
        static const char *const argv[] = { "socket=/x/y", "wait=1m 30s", "nowait", "quiet",
                "debug", "prompt=off", "server-uid=1000", "target-default=oper" };
        const char *bad = NULL;
        Options o;

        ck_assert_int_eq(parse(ELEMENTSOF(argv), argv, &o, &bad), 0);
        ck_assert_str_eq(o.socket, "/x/y");
        ck_assert_str_eq(o.target_default, "oper");
        ck_assert_int_eq(o.wait, 90 * USEC_PER_SEC);
        ck_assert_uint_eq(o.server_uid, 1000);
        ck_assert(!o.prompt && o.nowait && o.quiet && o.debug);
}
END_TEST

START_TEST(bad_ones)
{
        static const char *const bad[] = { "", " ", "nowai", "nowait ", "nowait=", "nowait=1",
                "NOWAIT", "quiet=on", "debug=1", "socket", "socket=", "socket=run/x",
                "socket=@abstract", "wait", "wait=", "wait=-1s", "wait=1.5m", "wait=5x",
                "wait=400d", "prompt", "prompt=", "prompt=yes", "prompt=ON",
                "server-uid=", "server-uid=-1", "server-uid=root", "server-uid=4294967295",
                "server-uid=65535", "server-uid=0x0", "server-uid= 0",
                "target-default=", "target-default=\xff", "target", "fail-open", "alwaysok",
                "use_first_pass" };
        char path[200] = "socket=/";
        Options o = { .socket = "untouched" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ck_assert_msg(parse_one(bad[i], &o) == -EINVAL, "'%s' was taken", bad[i]);
        }
        memset(path + 8, 'x', 120);
        ck_assert_int_eq(parse_one(path, &o), -EINVAL);
        ck_assert_str_eq(o.socket, "untouched");
}
END_TEST

START_TEST(twice)
{
        static const char *const argv[][2] = { { "nowait", "nowait" }, { "wait=1s", "wait=1s" },
                { "prompt=on", "prompt=off" }, { "server-uid=0", "server-uid=0" } };

        for (size_t i = 0; i < ELEMENTSOF(argv); i++) {
                const char *bad = NULL;
                Options o;

                ck_assert_int_eq(parse(2, argv[i], &o, &bad), -EINVAL);
                ck_assert_ptr_eq(bad, argv[i][1]);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("options");
        TCase *tcase = tcase_create("options");

        tcase_add_test(tcase, defaults);
        tcase_add_test(tcase, all_of_them);
        tcase_add_test(tcase, bad_ones);
        tcase_add_test(tcase, twice);
        suite_add_tcase(suite, tcase);

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

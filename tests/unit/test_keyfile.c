/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/daemon/keyfile.h"
#include "tests/unit/store_fixture.h"

static char dir[4096];

static void setup(void)
{
        fixture_folder(dir);
}

static void teardown(void)
{
        fixture_remove(dir);
}

static const char *path_of(const char *name)
{
        static char path[4200];

        (void) snprintf(path, sizeof(path), "%s/%s", dir, name);
        return path;
}

START_TEST(made_once)
{
        unsigned char a[KEYFILE_SIZE], b[KEYFILE_SIZE], other[KEYFILE_SIZE];
        struct stat st;

        MUST(keyfile_open(dir, "a.key", a));
        MUST(keyfile_open(dir, "a.key", b));
        MUST(keyfile_open(dir, "b.key", other));
        ck_assert_mem_eq(a, b, KEYFILE_SIZE);
        ck_assert_mem_ne(a, other, KEYFILE_SIZE);
        ck_assert_int_eq(stat(path_of("a.key"), &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0600);
        ck_assert_int_eq(st.st_size, KEYFILE_SIZE);
        ck_assert_int_lt(access(path_of("a.key.new"), F_OK), 0);
        ck_assert_int_eq(keyfile_open("/nonexistent", "a.key", a), -ENOENT);
}
END_TEST

START_TEST(not_to_be_trusted)
{
        static const unsigned char nothing[KEYFILE_SIZE];
        unsigned char key[KEYFILE_SIZE];

        MUST(keyfile_open(dir, "a.key", key));
        ck_assert_int_eq(chmod(path_of("a.key"), 0640), 0);
        ck_assert_int_eq(keyfile_open(dir, "a.key", key), -EPERM);
        ck_assert_mem_eq(key, nothing, KEYFILE_SIZE);
        ck_assert_int_eq(chmod(path_of("a.key"), 0600), 0);
        ck_assert_int_eq(truncate(path_of("a.key"), KEYFILE_SIZE - 1), 0);
        ck_assert_int_eq(keyfile_open(dir, "a.key", key), -EBADMSG);
        ck_assert_int_eq(truncate(path_of("a.key"), KEYFILE_SIZE + 1), 0);
        ck_assert_int_eq(keyfile_open(dir, "a.key", key), -EBADMSG);
        ck_assert_int_eq(symlink("a.key", path_of("b.key")), 0);
        ck_assert_int_eq(keyfile_open(dir, "b.key", key), -ELOOP);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("keyfile");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, made_once);
        tcase_add_test(all, not_to_be_trusted);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tests/unit/tree.h"

#include <fcntl.h>

#include "common/util.h"
#include "jit-approver/residue/baseline.h"

static const Id id = { "K7QF-2M9D" };
static Snapshot s;

static void setup(void)
{
        Entry e = { strdup("/etc/x"), ENTRY_FILE, 0644, 0, 0, 1, 2, 3, "abc" };

        tree_make();
        ck_assert_int_eq(snapshot_add(&s, &e), 0);
}

static void done(void)
{
        snapshot_done(&s);
        tree_remove();
}

START_TEST(there_and_back)
{
        struct stat st;
        Snapshot got;

        ck_assert_int_eq(baseline_read(tree, &id, &got), -ENOENT);
        ck_assert_int_eq(baseline_write(tree, &id, &s), 0);
        ck_assert_int_eq(stat(tree_path("K7QF-2M9D"), &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
        ck_assert_int_eq(stat(tree_path("K7QF-2M9D.new"), &st), -1);
        ck_assert_int_eq(baseline_read(tree, &id, &got), 0);
        ck_assert_uint_eq(got.n, 1);
        ck_assert_str_eq(got.items[0].path, "/etc/x");
        snapshot_done(&got);
        baseline_remove(tree, &id);
        ck_assert_int_eq(baseline_read(tree, &id, &got), -ENOENT);
}
END_TEST

START_TEST(not_one)
{
        Snapshot got;

        tree_file("K7QF-2M9D", "nonsense");
        ck_assert_int_eq(baseline_read(tree, &id, &got), -EBADMSG);
        ck_assert_int_eq(unlink(tree_path("K7QF-2M9D")), 0);
        ck_assert_int_eq(symlink("/etc/passwd", tree_path("K7QF-2M9D")), 0);
        ck_assert_int_eq(baseline_read(tree, &id, &got), -ELOOP);
        ck_assert_int_eq(baseline_write("/nonexistent", &id, &s), -ENOENT);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("baseline");
        TCase *all = tcase_create("all");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(all, setup, done);
        tcase_add_test(all, there_and_back);
        tcase_add_test(all, not_one);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}

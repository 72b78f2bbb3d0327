/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tests/unit/tree.h"

#include <fcntl.h>

#include "common/util.h"
#include "jit-approver/residue/powers.h"

static Mounts mounts;
static Report report;

static void setup(void)
{
        tree_make();
        ck_assert_int_eq(mounts_parse("1 1 8:1 / / rw - ext4 x rw\n", &mounts), 0);
}

static void done(void)
{
        mounts_done(&mounts);
        report_done(&report);
        tree_remove();
}

static void file(const char *path, mode_t mode)
{
        tree_file(path, "x");
        ck_assert_int_eq(chmod(tree_path(path), mode), 0);
}

static void look(usec_t from, usec_t deadline)
{
        const Powers p = { tree, &mounts, NULL, from, deadline };

        ck_assert_int_eq(powers_look(&p, &report), 0);
}

static bool is_told(const char *kind, const char *path)
{
        for (char **line = report.lines; line && *line; line++) {
                size_t n = strlen(*line), m = strlen(path);

                if (strncmp(*line, kind, strlen(kind)) == 0 && n > m &&
                        streq(*line + n - m, path) && (*line)[n - m - 1] == '\t') {
                        return true;
                }
        }
        return false;
}

START_TEST(powers)
{
        file("a/b/setuid", 04755);
        file("a/setuid not for others", 04700);
        file("setgid", 02755);
        file("locked", 02644); /* setgid without x: that is mandatory locking */
        file("plain", 0755);
        ck_assert_int_eq(mkdir(tree_path("folder"), 0755), 0);
        ck_assert_int_eq(chmod(tree_path("folder"), 02775), 0);
        ck_assert_int_eq(symlink("a/b/setuid", tree_path("link")), 0);
        look(1, USEC_NEVER);
        ck_assert_uint_eq(strv_length(report.lines), 3);
        ck_assert(is_told("setuid", "/a/b/setuid"));
        ck_assert(is_told("setuid", "/a/setuid not for others"));
        ck_assert(is_told("setgid", "/setgid"));
        ck_assert_ptr_null(report.cut_short);
}
END_TEST

START_TEST(only_since_then)
{
        file("old", 04755);
        look(usec_add(clock_usec(CLOCK_REALTIME), USEC_PER_HOUR), USEC_NEVER);
        ck_assert_ptr_null(report.lines);
}
END_TEST

START_TEST(not_on_others_file_systems)
{
        mounts_done(&mounts);
        ck_assert_int_eq(
                mounts_parse("1 1 8:1 / / rw - ext4 x rw\n2 1 0:9 / /net rw - nfs x rw\n"
                             "3 1 0:8 / /mem rw - tmpfs x rw\n4 1 0:9 / /file rw - fuse x rw\n",
                        &mounts),
                0);
        file("net/setuid", 04755);
        file("mem/setuid", 04755);
        file("file", 04755);
        look(1, USEC_NEVER);
        ck_assert_uint_eq(strv_length(report.lines), 1);
        ck_assert(is_told("setuid", "/mem/setuid"));
}
END_TEST

START_TEST(cut_short)
{
        char name[32];

        for (int i = 0; i < 200; i++) {
                (void) snprintf(name, sizeof(name), "many/%d", i);
                file(name, 0644);
        }
        look(1, 1);
        ck_assert_str_eq(report.cut_short, "at /");
        report_done(&report);
        look(1, clock_usec(CLOCK_MONOTONIC) + 1);
        ck_assert_ptr_nonnull(strstr(report.cut_short, "at /"));
}
END_TEST

/* A tree without end is told, and what is beside it is found. */
START_TEST(too_deep)
{
        int fd = open(tree, O_RDONLY | O_DIRECTORY);

        file("beside", 04755);
        for (int i = 0; i < 400; i++) {
                ck_assert_int_eq(mkdirat(fd, "d", 0755), 0);
                int below = openat(fd, "d", O_RDONLY | O_DIRECTORY);
                ck_assert_int_ge(below, 0);
                (void) close(fd);
                fd = below;
        }
        (void) close(fd);
        look(1, USEC_NEVER);
        ck_assert_ptr_nonnull(strstr(report.cut_short, "too deep: /d/d/d"));
        ck_assert(is_told("setuid", "/beside"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("powers");
        TCase *all = tcase_create("all");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(all, setup, done);
        tcase_add_test(all, powers);
        tcase_add_test(all, only_since_then);
        tcase_add_test(all, not_on_others_file_systems);
        tcase_add_test(all, cut_short);
        tcase_add_test(all, too_deep);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tests/unit/tree.h"

#include "common/util.h"
#include "jit-approver/residue/places.h"

static Mounts mounts;
static Report report;
static Snapshot snapshot;
static char *passwd;

static void setup(void)
{
        tree_make();
        ck_assert_int_eq(mounts_parse("1 1 8:1 / / rw - ext4 x rw\n", &mounts), 0);
        tree_file("etc/passwd", "root:x:0:0::/root:/bin/sh\ndev:x:1000:1000::/home/dev:/bin/sh\n");
}

static void done(void)
{
        mounts_done(&mounts);
        report_done(&report);
        snapshot_done(&snapshot);
        freep(&passwd);
        passwd = NULL;
        tree_remove();
}

static void look(void)
{
        snapshot_done(&snapshot);
        freep(&passwd);
        passwd = NULL;
        ck_assert_int_eq(places_look(tree, &mounts, USEC_NEVER, &report, &snapshot, &passwd), 0);
}

static const Entry *find(const char *path)
{
        for (size_t i = 0; i < snapshot.n; i++) {
                if (streq(snapshot.items[i].path, path)) {
                        return &snapshot.items[i];
                }
        }
        return NULL;
}

START_TEST(kinds_of_places)
{
        tree_file("etc/group", "wheel:x:10:dev\n");
        tree_file("etc/shadow", "root:secret\n");
        tree_file("etc/cron.d/mine", "* * * * * root true\n");
        tree_file("etc/crontab", "x\n");
        tree_file("etc/crony/x", "x\n");
        tree_file("etc/hosts", "x\n");
        tree_file("etc/systemd/system/a/b/c.service", "x\n");
        tree_file("run/systemd/transient/run-1.service", "x\n");
        tree_file("run/systemd/transient/jit-grant-X.service", "x\n");
        tree_file("run/systemd/transient/session-1.scope", "x\n");
        tree_file("home/dev/.ssh/authorized_keys", "key\n");
        tree_file("home/dev/.ssh/id", "key\n");
        look();
        static const struct {
                const char *path;
                char type; /* 0: it is not looked at */
                bool hashed;
        } cases[] = {
                { "/etc/passwd", 'F', false },
                { "/etc/passwd: dev", '=', true },
                { "/etc/group: wheel", '=', true },
                { "/etc/shadow", 'f', false },
                { "/etc/cron.d", 'd', false },
                { "/etc/cron.d/mine", 'f', true },
                { "/etc/crontab", 'f', true },
                { "/etc/crony/x", 'f', true },
                { "/etc/hosts", 0, false },
                { "/etc/systemd/system/a/b/c.service", 'f', true },
                { "/run/systemd/transient/run-1.service", 'f', true },
                { "/run/systemd/transient/jit-grant-X.service", 0, false },
                { "/run/systemd/transient/session-1.scope", 0, false },
                { "/home/dev/.ssh", 'd', false },
                { "/home/dev/.ssh/authorized_keys", 'f', true },
                { "/home/dev/.ssh/id", 0, false },
        };
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Entry *e = find(cases[i].path);

                ck_assert_msg((e ? (char) e->type : 0) == cases[i].type, "%s", cases[i].path);
                ck_assert_msg(!e || !!*e->hash == cases[i].hashed, "%s", cases[i].path);
        }
        ck_assert_ptr_nonnull(passwd);
        ck_assert_ptr_null(report.cut_short);
}
END_TEST

/* What a user may put where his keys are looked for: it is noted, and neither followed nor opened. */
START_TEST(in_the_way)
{
        tree_file("home/dev/x", "");
        tree_file("secret/authorized_keys", "x\n");
        ck_assert_int_eq(symlink("../../secret", tree_path("home/dev/.ssh")), 0);
        look();
        ck_assert_int_eq(find("/home/dev/.ssh")->type, ENTRY_LINK);
        ck_assert_ptr_null(find("/home/dev/.ssh/authorized_keys"));
        ck_assert_int_eq(unlink(tree_path("home/dev/.ssh")), 0);
        tree_file("home/dev/.ssh/x", "");
        ck_assert_int_eq(mkfifo(tree_path("home/dev/.ssh/authorized_keys"), 0600), 0);
        ck_assert_int_eq(symlink("/dev/zero", tree_path("home/dev/.ssh/authorized_keys2")), 0);
        look();
        ck_assert_int_eq(find("/home/dev/.ssh/authorized_keys")->type, ENTRY_OTHER);
        ck_assert_int_eq(find("/home/dev/.ssh/authorized_keys2")->type, ENTRY_LINK);
}
END_TEST

START_TEST(not_on_others_file_systems)
{
        mounts_done(&mounts);
        ck_assert_int_eq(
                mounts_parse(
                        "1 1 8:1 / / rw - ext4 x rw\n2 1 0:9 / /home/dev/.ssh rw - fuse.x x rw\n"
                        "3 1 0:8 / /etc/cron.d rw - nfs x rw\n",
                        &mounts),
                0);
        tree_file("home/dev/.ssh/authorized_keys", "x\n");
        tree_file("etc/cron.d/x", "x\n");
        look();
        ck_assert_ptr_null(find("/home/dev/.ssh"));
        ck_assert_ptr_null(find("/home/dev/.ssh/authorized_keys"));
        ck_assert_ptr_null(find("/etc/cron.d"));
}
END_TEST

START_TEST(too_late)
{
        tree_file("etc/cron.d/x", "x\n");
        ck_assert_int_eq(places_look(tree, &mounts, 1, &report, &snapshot, &passwd), 0);
        ck_assert_str_eq(report.cut_short, "at /etc/passwd");
        ck_assert(snapshot.full);
        ck_assert_uint_eq(snapshot.n, 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("places");
        TCase *all = tcase_create("all");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(all, setup, done);
        tcase_add_test(all, kinds_of_places);
        tcase_add_test(all, in_the_way);
        tcase_add_test(all, not_on_others_file_systems);
        tcase_add_test(all, too_late);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}

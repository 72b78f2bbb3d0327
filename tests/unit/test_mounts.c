/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/residue/mounts.h"

static Mounts m;

static void done(void)
{
        mounts_done(&m);
}

static const char table[] =
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "23 22 0:5 / /proc rw - proc proc rw\n"
        "24 22 0:30 / /home rw shared:9 master:2 - autofs systemd-1 rw\n"
        "25 24 0:31 / /home/dev rw - nfs4 server:/home/dev rw\n"
        "26 22 0:32 / /srv/a\\040b rw - tmpfs none rw\n"
        "27 22 8:2 / /var rw - xfs /dev/sda2 rw\n"
        "28 27 8:2 /lib/x /var/lib/x ro - xfs /dev/sda2 rw\n" /* upon itself */
        "29 22 8:2 /lib/x /opt/x ro - xfs /dev/sda2 rw\n"     /* and at another place */
        "30 22 8:2 / /mnt/var ro - xfs /dev/sda2 rw\n"        /* the whole again */
        "31 22 0:40 / /mnt/u rw - fuse.sshfs dev@x:/ rw\n"
        "32 22 8:1 /usr /usr ro - ext4 /dev/sda1 rw\n"
        "33 22 0:41 / /mnt/new rw - newfs x rw\n"
        "34 31 8:9 / /mnt/over rw - ext4 /dev/sdb rw\n"
        "35 34 0:42 / /mnt/over rw - fuse x rw\n"
        "nonsense\n";

START_TEST(foreign)
{
        static const struct {
                const char *path;
                bool foreign;
        } cases[] = {
                { "/", false },
                { "/etc/passwd", false },
                { "/proc/1", true },
                { "/home", true },
                { "/home/dev/.ssh", true },
                { "/homes", false },
                { "/srv/a b/c", false },
                { "/mnt/u/x", true },
                { "/mnt/usr", false },
                { "/mnt/new", true }, /* of a kind that nobody knows */
                { "/mnt/over", true },
        };

        ck_assert_int_eq(mounts_parse(table, &m), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ck_assert_msg(mounts_is_foreign(&m, cases[i].path) == cases[i].foreign, "%s",
                        cases[i].path);
        }
}
END_TEST

START_TEST(repeated)
{
        static const struct {
                const char *point;
                bool repeated;
        } cases[] = {
                { "/", false },
                { "/usr", false },
                { "/var", false },
                { "/var/lib/x", false },
                { "/opt/x", true },
                { "/mnt/var", true },
                { "/srv/a b", false },
        };

        ck_assert_int_eq(mounts_parse(table, &m), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Mount *x = mounts_at(&m, cases[i].point);

                ck_assert_ptr_nonnull(x);
                ck_assert_msg(mount_is_repeated(&m, x) == cases[i].repeated, "%s", cases[i].point);
        }
        ck_assert_ptr_null(mounts_at(&m, "/etc"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("mounts");
        TCase *all = tcase_create("all");
        SRunner *runner;
        int failed;

        tcase_add_checked_fixture(all, NULL, done);
        tcase_add_test(all, foreign);
        tcase_add_test(all, repeated);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed > 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The trial's state, its end by either clock, and putting files back, in a folder of the test's own. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/ctl/replace.h"
#include "jit-approver/ctl/trial.h"

static char dir[] = "/tmp/jit-trial.XXXXXX";
static char state[64], path[64];

static const Trial TRIAL = {
        .service = "sudo",
        .boot = "aaaa",
        .session = 7,
        .began = 1000 * USEC_PER_SEC,
        .until = 1600 * USEC_PER_SEC,
        .uptime = 100 * USEC_PER_SEC,
        .files = { { "/etc/pam.d/sudo", false }, { "/etc/pam.d/sudo-i", true } },
        .n_files = 2,
};

START_TEST(writes_and_reads)
{
        _cleanup_(freep) char *text = NULL, *again = NULL;
        Trial t;

        ck_assert_int_eq(trial_write(&TRIAL, &text), 0);
        ck_assert_int_eq(trial_read(text, &t), 0);
        ck_assert_int_eq(trial_write(&t, &again), 0);
        ck_assert_str_eq(text, again);
        ck_assert(t.files[1].made && !t.files[0].made && t.session == 7 && t.n_files == 2);
        /* Cut anywhere but between files, it is none. */
        size_t first = (size_t) (strstr(text, "made ") - text);
        for (size_t n = 0; n < strlen(text); n++) {
                _cleanup_(freep) char *cut = strndup(text, n);

                ck_assert_msg(trial_read(cut, &t) == (n == first ? 0 : -EBADMSG), "%zu", n);
        }
}
END_TEST

START_TEST(reads_nothing_else)
{
        static const char *const bad[] = { "", "jit-rollback 2\n", "jit-rollback 1\n",
                "jit-rollback 1\nservice x\nboot b\nsession 1\nbegan 1\nuntil 2\nuptime 3\n",
                "jit-rollback 1\nservice x\nboot b\nsession -1\nbegan 1\nuntil 2\nuptime 3\nmade /x\n",
                "jit-rollback 1\nservice x\nboot b\nsession 1\nbegan 1\nuntil 2\nuptime 3\nmade x\n",
                "jit-rollback 1\nservice x\nboot b\nsession 1\nbegan 1\nuntil 2\nuptime 3\ngone /x\n",
                "jit-rollback 1\nservice x\nboot b\nsession 1\nuntil 2\nbegan 1\nuptime 3\nmade /x\n",
                ("jit-rollback 1\nservice x\nboot b\nsession 1\nbegan 1\nuntil 2\nuptime 3\n"
                 "made /x\nmade /y\nmade /z\n") };
        Trial t;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ck_assert_msg(trial_read(bad[i], &t) == -EBADMSG, "%zu", i);
        }
}
END_TEST

START_TEST(ends)
{
        static const struct {
                const char *boot;
                int64_t wall, uptime, left; /* seconds */
        } cases[] = {
                { "aaaa", 1000, 0, 100 },
                { "aaaa", 1000, 99, 1 },
                { "aaaa", 1000, 100, 0 },
                { "aaaa", 1000, 5000, 0 },
                { "aaaa", 999999, 40, 60 }, /* somebody sets the clock: no matter */
                { "aaaa", 1, 40, 60 },
                /* After a reboot there is the wall clock only. */
                { "bbbb", 1000, 0, 600 },
                { "bbbb", 1599, 0, 1 },
                { "bbbb", 1600, 0, 0 },
                { "bbbb", 999999, 0, 0 },
                { "bbbb", 999, 0, 0 }, /* it went back: who knows how long it has been */
                { "bbbb", 0, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                TrialNow now = { .wall = cases[i].wall * USEC_PER_SEC,
                        .uptime = cases[i].uptime * USEC_PER_SEC };

                (void) snprintf(now.boot, sizeof(now.boot), "%s", cases[i].boot);
                ck_assert_msg(trial_left(&TRIAL, &now) == cases[i].left * USEC_PER_SEC, "%zu", i);
        }
}
END_TEST

START_TEST(sessions)
{
        static const struct {
                const char *boot;
                uint32_t began, now;
                bool new;
        } cases[] = {
                { "aaaa", 7, 7, false },
                { "aaaa", 7, 8, true },
                { "bbbb", 7, 7, true },
                { "aaaa", TRIAL_SESSION_NONE, 8, true },
                { "aaaa", 7, TRIAL_SESSION_NONE, false },
                { "bbbb", 7, TRIAL_SESSION_NONE, false },
                { "aaaa", TRIAL_SESSION_NONE, TRIAL_SESSION_NONE, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Trial t = TRIAL;
                TrialNow now = { .session = cases[i].now };

                (void) snprintf(now.boot, sizeof(now.boot), "%s", cases[i].boot);
                t.session = cases[i].began;
                ck_assert_msg(trial_is_new_session(&t, &now) == cases[i].new, "%zu", i);
        }
}
END_TEST

static void put(const char *text)
{
        ck_assert_int_eq(text ? replace_file(path, text, -1) : remove_file(path), 0);
}

static bool holds(const char *file, const char *text)
{
        _cleanup_(freep) char *now = NULL;
        int r = load_file(file, &now, NULL);

        return text ? r == 0 && streq(now, text) : r == -ENOENT;
}

#define BEFORE "account required pam_unix.so\n"
#define AFTER "account required pam_jit.so\n" BEFORE

START_TEST(restores)
{
        static const struct {
                const char *before, *now, *after;
        } cases[] = {
                { BEFORE, AFTER, BEFORE },
                { BEFORE, BEFORE, BEFORE },
                { NULL, AFTER, NULL }, /* the vendor's is in force again */
                { NULL, NULL, NULL },
                { BEFORE, NULL, BEFORE }, /* without one PAM would take "other" */
                /* Edited since: the edit stays, ours goes. */
                { BEFORE, "# mine\n" AFTER, "# mine\n" BEFORE },
                { BEFORE, "auth x y.so\n", "auth x y.so\n" },
                { NULL, "# mine\n" AFTER, "# mine\n" BEFORE },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                TrialFile f = { .made = !cases[i].before };

                (void) snprintf(f.path, sizeof(f.path), "%s", path);
                put(cases[i].before);
                ck_assert_int_eq(trial_keep(state, path, AFTER), 0);
                put(cases[i].now);
                ck_assert_int_eq(trial_restore(state, &f), 0);
                ck_assert_msg(holds(path, cases[i].after), "%zu", i);
                ck_assert_int_eq(trial_restore(state, &f), 0); /* twice is once */
                ck_assert_msg(holds(path, cases[i].after), "%zu again", i);
        }
}
END_TEST

START_TEST(begins_and_is_over)
{
        _cleanup_(closep) int lock = trial_lock(state);
        Trial t = TRIAL;

        ck_assert_int_ge(lock, 0);
        ck_assert_int_eq(trial_lock(state), -EBUSY);
        ck_assert_int_eq(trial_load(state, &t), -ENOENT);
        ck_assert_int_eq(trial_begin(state, &TRIAL), 0);
        ck_assert_int_eq(trial_load(state, &t), 0);
        ck_assert_str_eq(t.service, "sudo");
        ck_assert_int_eq(trial_over(state, &t), 0);
        ck_assert_int_eq(trial_load(state, &t), -ENOENT);
        ck_assert_int_eq(trial_over(state, &t), 0);
}
END_TEST

/* Mode, owner and attributes are the old file's; a link is replaced, not followed. */
START_TEST(replaces)
{
        _cleanup_(closep) int like = -1;
        _cleanup_(freep) char *text = NULL;
        char target[80], value[8] = "";
        struct stat st;

        put("one\n");
        ck_assert_int_eq(chmod(path, 0640), 0);
        bool owner = chown(path, 12, 34) == 0;
        bool attribute = setxattr(path, "user.jit", "kept", 4, 0) == 0;
        ck_assert_int_eq(load_file(path, &text, &like), 0);
        ck_assert_int_eq(replace_file(path, "two\n", like), 0);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_uint_eq(st.st_mode & 07777, 0640);
        ck_assert(!owner || (st.st_uid == 12 && st.st_gid == 34));
        ck_assert(
                !attribute || (getxattr(path, "user.jit", value, 8) == 4 && streq(value, "kept")));
        ck_assert(holds(path, "two\n"));

        (void) snprintf(target, sizeof(target), "%s/target", dir);
        ck_assert_int_eq(rename(path, target), 0);
        ck_assert_int_eq(symlink(target, path), 0);
        freep(&text);
        text = NULL;
        ck_assert_int_eq(load_file(path, &text, NULL), -ELOOP);
        ck_assert_int_eq(replace_file(path, "three\n", -1), 0);
        ck_assert(holds(path, "three\n") && holds(target, "two\n"));
        ck_assert_int_eq(replace_file("/nonexistent/x", "", -1), -ENOENT);
        ck_assert_int_eq(remove_file("/nonexistent/x"), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("trial");
        TCase *tcase = tcase_create("trial");
        char command[100];

        if (!mkdtemp(dir)) {
                return EXIT_FAILURE;
        }
        (void) snprintf(state, sizeof(state), "%s/lib/rollback", dir);
        (void) snprintf(path, sizeof(path), "%s/sudo", dir);
        (void) close(trial_lock(state)); /* makes it */
        tcase_add_test(tcase, writes_and_reads);
        tcase_add_test(tcase, reads_nothing_else);
        tcase_add_test(tcase, ends);
        tcase_add_test(tcase, sessions);
        tcase_add_test(tcase, restores);
        tcase_add_test(tcase, begins_and_is_over);
        tcase_add_test(tcase, replaces);
        suite_add_tcase(suite, tcase);

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        (void) snprintf(command, sizeof(command), "rm -rf %s", dir);
        (void) !system(command);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

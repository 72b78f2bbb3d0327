/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is said of a trial under way, in a folder of the test's own. */

#include "jit-approver/ctl/on_trial.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/replace.h"

static char dir[] = "/tmp/jit-on-trial.XXXXXX";
static char state[64], before[64], after[64], path[64];

static const TrialNow NOW = { "aaaa", 1000 * USEC_PER_SEC, 100 * USEC_PER_SEC, 7 };

static void setup(void)
{
        (void) snprintf(dir, sizeof(dir), "/tmp/jit-on-trial.XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(dir));
        (void) snprintf(state, sizeof(state), "%s/state", dir);
        (void) snprintf(before, sizeof(before), "%s/sudo.before", dir);
        (void) snprintf(after, sizeof(after), "%s/sudo.after", dir);
        (void) snprintf(path, sizeof(path), "%s/sudo", dir);
}

static void teardown(void)
{
        (void) unlink(state);
        (void) unlink(before);
        (void) unlink(after);
        (void) unlink(path);
        ck_assert_int_eq(rmdir(dir), 0);
}

/* The file is edited, and is put back after so many seconds. */
static void begin(int64_t left)
{
        Trial t = { .service = "sudo",
                .boot = "aaaa",
                .session = 7,
                .began = NOW.wall,
                .until = usec_add(NOW.wall, left * USEC_PER_SEC),
                .uptime = usec_add(NOW.uptime, left * USEC_PER_SEC),
                .n_files = 1 };

        (void) snprintf(t.files[0].path, sizeof(t.files[0].path), "%s", path);
        ck_assert_int_eq(replace_file(path, "old\n", -1), 0);
        ck_assert_int_eq(trial_keep(dir, path, "new\n"), 0);
        ck_assert_int_eq(trial_begin(dir, &t), 0);
        ck_assert_int_eq(replace_file(path, "new\n", -1), 0);
}

/* All that is said: status, doctor and JSON, each on its lines. The caller frees. */
static char *said(const OnTrial *t)
{
        _cleanup_(freep) char *json = on_trial_json(t);
        Findings findings = { 0 };
        char *text = NULL;
        size_t size;
        FILE *f = must(open_memstream(&text, &size));

        on_trial_print(t, f);
        on_trial_judge(t, &findings);
        for (size_t i = 0; i < findings.n; i++) {
                const Finding *x = &findings.items[i];

                (void) fprintf(f, "%s %s %s -> %s\n", finding_state_to_string(x->state), x->name,
                        x->message, x->fix);
        }
        (void) fprintf(f, "%s", str_or(json, ""));
        (void) fclose(f);
        findings_done(&findings);
        return must(text);
}

#define HAS(text, word) ck_assert_msg(strstr(text, word), "no '%s' in:\n%s", word, text)

START_TEST(none)
{
        _cleanup_(freep) char *text = NULL;
        OnTrial t;

        on_trial_look(dir, &NOW, 0, &t);
        text = said(&t);
        ck_assert_str_eq(text, "");
        /* Nor one that was begun and edited nothing. */
        begin(60);
        ck_assert_int_eq(replace_file(path, "old\n", -1), 0);
        on_trial_look(dir, &NOW, 0, &t);
        ck_assert_int_eq(t.state, ON_TRIAL_NONE);
}
END_TEST

START_TEST(runs)
{
        _cleanup_(freep) char *text = NULL;
        OnTrial t;

        begin(600);
        on_trial_look(dir, &NOW, 0, &t);
        ck_assert_int_eq(t.state, ON_TRIAL_RUNS);
        text = said(&t);
        HAS(text, "trial      sudo: /tmp/jit-on-trial.");
        HAS(text, "put back at ");
        HAS(text,
                "           -> keep it: jitctl confirm, in a new login; take it out: jitctl disable sudo\n");
        HAS(text, "warn trial sudo: ");
        HAS(text,
                "\"trial\":{\"state\":\"running\",\"service\":\"sudo\",\"until\":\"1970-01-01T00:26:40Z\",\"files\":[\"/tmp/");
        ck_assert_str_eq(text + strlen(text) - 2, "]}");
        /* The clock that counts is the one of this boot: where somebody set the other, its end moves with it. */
        TrialNow later = NOW;
        later.wall = usec_add(later.wall, USEC_PER_HOUR);
        on_trial_look(dir, &later, 0, &t);
        ck_assert_int_eq(t.until, usec_add(later.wall, 600 * USEC_PER_SEC));
}
END_TEST

START_TEST(over)
{
        _cleanup_(freep) char *text = NULL;
        OnTrial t;

        begin(0);
        on_trial_look(dir, &NOW, 0, &t);
        text = said(&t);
        HAS(text, "the trial is over, and it is not put back yet");
        HAS(text, "fail trial sudo: ");
        HAS(text, "-> put it back now: jitctl rollback");
        HAS(text, "{\"state\":\"over\",\"service\":\"sudo\",\"files\":[");
}
END_TEST

START_TEST(broken)
{
        _cleanup_(freep) char *text = NULL;
        OnTrial t;

        begin(60);
        ck_assert_int_eq(replace_file(state, "nonsense\n", -1), 0);
        on_trial_look(dir, &NOW, 0, &t);
        text = said(&t);
        HAS(text, "fail trial there is one, and it cannot be read: Bad message");
        HAS(text, "\"trial\":{\"state\":\"broken\",\"files\":[]}");
}
END_TEST

/* Whoever may not read it is told when the alarm goes off, if one is set. */
START_TEST(hidden)
{
        _cleanup_(freep) char *text = NULL;
        OnTrial t, quiet;

        begin(60);
        if (geteuid() == 0) {
                ck_assert_int_eq(chmod(dir, 0700), 0);
                ck_assert_int_eq(seteuid(65534), 0);
        } else {
                ck_assert_int_eq(chmod(dir, 0), 0);
        }
        on_trial_look(dir, &NOW, usec_add(NOW.wall, USEC_PER_MIN), &t);
        on_trial_look(dir, &NOW, 0, &quiet);
        ck_assert_int_eq(seteuid(getuid()), 0);
        ck_assert_int_eq(chmod(dir, 0700), 0);
        ck_assert_int_eq(quiet.state, ON_TRIAL_NONE);
        text = said(&t);
        HAS(text, "trial      what jitctl enable wrote, put back at ");
        HAS(text, "take it out: jitctl disable SERVICE\n");
        HAS(text, "warn trial what jitctl enable wrote");
        HAS(text, "{\"state\":\"running\",\"until\":\"1970-01-01T00:17:40Z\",\"files\":[]}");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("on_trial");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, none);
        tcase_add_test(all, runs);
        tcase_add_test(all, over);
        tcase_add_test(all, broken);
        tcase_add_test(all, hidden);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

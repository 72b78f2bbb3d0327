/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How the trial of an edit ends: jitctl confirm by a person, jitctl rollback by jit-pam-rollback.service.
 * MUST: only a new login confirms, unless told otherwise: an old shell works whatever PAM says.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/json.h"
#include "common/util.h"
#include "jit-approver/ctl/arm.h"
#include "jit-approver/ctl/enable.h"
#include "jit-approver/ctl/pam_edit.h"
#include "jit-approver/ctl/plan.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/replace.h"

static bool arg_same_session;

static const Option options[] = {
        { "same-session", OPTION_FLAG, &arg_same_session, NULL,
                "from the login that enabled it, too" },
        { NULL },
};

static int trial_get(Trial *t, TrialNow *now)
{
        int r = trial_load(TRIAL_FOLDER, t);

        if (r == -ENOENT) {
                say("Nothing is on trial.");
                return EXIT_NO;
        }
        if (r >= 0) {
                r = trial_now(now);
        }
        if (r < 0) {
                say("Cannot read the trial in " TRIAL_FOLDER ": %s.", strerror(-r));
                return EXIT_ERROR;
        }
        return EXIT_DONE;
}

/* What is confirmed must be what was written, or what somebody made of it, with our lines in it. */
static int check_files(const Trial *t)
{
        for (size_t i = 0; i < t->n_files; i++) {
                _cleanup_(freep) char *text = NULL, *without = NULL;

                int r = load_file(t->files[i].path, &text, NULL);
                if (r < 0 || pam_edit_remove(text, &without) <= 0) {
                        say("%s has no line of ours: jitctl disable %s, then enable it again.",
                                safe(t->files[i].path), safe(t->service));
                        return EXIT_ERROR;
                }
        }
        return EXIT_DONE;
}

static int check_session(const Trial *t, const TrialNow *now)
{
        if (arg_same_session || trial_is_new_session(t, now)) {
                return EXIT_DONE;
        }
        if (now->session == TRIAL_SESSION_NONE) {
                say("Whether this is a new login cannot be told: it has no audit session.");
        } else {
                say("This is the login that enabled it (audit session %u): it proves nothing.",
                        (unsigned) now->session);
        }
        say("Log in anew and say it there, or jitctl confirm --same-session.");
        return EXIT_NO;
}

static int tell_confirmed(const Ctl *ctl, const Trial *t)
{
        _cleanup_(freep) char *text = NULL;
        JsonWriter w = { 0 };

        if (!ctl->json) {
                say("Confirmed: %s stays gated.", safe(t->service));
                return EXIT_DONE;
        }
        json_open_object(&w, NULL);
        json_put_string(&w, "service", t->service);
        json_put_boolean(&w, "confirmed", true);
        json_close_object(&w);
        if (json_writer_finish(&w, &text, NULL) < 0) {
                return EXIT_ERROR;
        }
        (void) puts(text);
        return EXIT_DONE;
}

static int run_confirm(const Ctl *ctl)
{
        _cleanup_(closep) int lock = -1;
        TrialNow now;
        Trial t;
        int r = root_needed();

        if (r != EXIT_DONE) {
                return r;
        }
        lock = trial_lock_told();
        r = lock < 0 ? EXIT_ERROR : trial_get(&t, &now);
        if (r == EXIT_DONE && trial_left(&t, &now) == 0) {
                say("The trial is over; it is being put back.");
                r = EXIT_NO;
        }
        if (r == EXIT_DONE) {
                r = check_session(&t, &now);
        }
        if (r == EXIT_DONE) {
                r = check_files(&t);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        r = trial_over(TRIAL_FOLDER, &t);
        if (r < 0) {
                say("Cannot write to " TRIAL_FOLDER ": %s.", strerror(-r));
                return EXIT_ERROR;
        }
        arm_clear();
        return tell_confirmed(ctl, &t);
}

const Verb verb_confirm = {
        .name = "confirm",
        .synopsis = "[--same-session]",
        .summary = "Keep what jitctl enable has on trial",
        .notes = "Say it from a new login: that one comes in at all is what the trial is about.\n",
        .options = options,
        .run = run_confirm,
};

/* --- roll-back --- */

static const Option rollback_options[] = { { NULL } };

/* The state says nothing: every file that a trial wrote is put back. */
static int guess_files(Trial *ret)
{
        static const char suffix[] = ".after";
        DIR *d = opendir(TRIAL_FOLDER);

        *ret = (Trial){ 0 };
        if (!d) {
                return -errno;
        }
        for (struct dirent *e = readdir(d); e && ret->n_files < TRIAL_FILES_MAX; e = readdir(d)) {
                size_t n = strlen(e->d_name);
                TrialFile *f = &ret->files[ret->n_files];
                char before[512];

                if (n <= strlen(suffix) || n > 80 ||
                        !streq(e->d_name + n - strlen(suffix), suffix)) {
                        continue;
                }
                n -= strlen(suffix);
                (void) snprintf(f->path, sizeof(f->path), PLAN_PAM_DIR "/%.*s", (int) n, e->d_name);
                (void) snprintf(
                        before, sizeof(before), TRIAL_FOLDER "/%.*s.before", (int) n, e->d_name);
                f->made = access(before, F_OK) < 0;
                ret->n_files++;
        }
        (void) closedir(d);
        return 0;
}

static int restore_files(const Trial *t)
{
        int worst = EXIT_DONE;

        for (size_t i = 0; i < t->n_files; i++) {
                int r = trial_restore(TRIAL_FOLDER, &t->files[i]);
                if (r < 0) {
                        say("Cannot put back %s: %s.", safe(t->files[i].path), strerror(-r));
                        worst = EXIT_ERROR;
                } else {
                        say("%s is as it was: nobody confirmed it.", safe(t->files[i].path));
                }
        }
        return worst;
}

static int run_rollback(const Ctl *ctl)
{
        _cleanup_(closep) int lock = trial_lock_told();
        TrialNow now = { 0 };
        Trial t;

        if (lock < 0) {
                return EXIT_ERROR;
        }
        int r = trial_load(TRIAL_FOLDER, &t);
        if (r == -ENOENT) {
                return EXIT_DONE;
        }
        usec_t left = r >= 0 && trial_now(&now) >= 0 ? trial_left(&t, &now) : 0;
        if (left > 0) {
                return arm_set(left, usec_add(now.wall, left)) < 0 ? EXIT_ERROR : EXIT_DONE;
        }
        if (r < 0) {
                say("The trial cannot be read (%s): all of it is put back.", strerror(-r));
                r = guess_files(&t);
        }
        if (r < 0 || restore_files(&t) != EXIT_DONE) {
                return EXIT_ERROR; /* tried again soon, see jit-pam-rollback.service */
        }
        r = trial_over(TRIAL_FOLDER, &t);
        if (r < 0) {
                say("Cannot write to " TRIAL_FOLDER ": %s.", strerror(-r));
                return EXIT_ERROR;
        }
        arm_clear();
        return EXIT_DONE;
}

const Verb verb_rollback = {
        .name = "rollback",
        .synopsis = "",
        .summary = "End a trial whose time is over (for jit-pam-rollback.service)",
        .options = rollback_options,
        .internal = true,
        .run = run_rollback,
};

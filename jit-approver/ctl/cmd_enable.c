/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * jitctl enable and disable: the gate's lines in /etc/pam.d. MUST (H-106): (1) nothing is written before all
 * that speaks against it was told; (2) the roll-back is armed before the first file is edited; (3) killed
 * anywhere, every file is whole, and the trial ends by itself.
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/json.h"
#include "common/service.h"
#include "common/span.h"
#include "common/util.h"
#include "jit-approver/ctl/arm.h"
#include "jit-approver/ctl/enable.h"
#include "jit-approver/ctl/on_trial.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/pam_edit.h"
#include "jit-approver/ctl/plan.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/replace.h"
#include "jit-approver/ctl/root.h"
#include "jit-approver/ctl/stack.h"

#define TRIAL_DEFAULT "10m"
#define TRIAL_MOST (24 * 60 * 60 * USEC_PER_SEC)
#define LOCK_TRIES 100
#define LOCK_PAUSE_MS 100

static const char *arg_trial = TRIAL_DEFAULT;
static bool arg_no_trial, arg_force, arg_dry_run;

static const Option options[] = {
        { "trial", OPTION_SPAN, &arg_trial, "SPAN",
                "put it back after that, unless confirmed (default " TRIAL_DEFAULT ")" },
        { "no-trial", OPTION_FLAG, &arg_no_trial, NULL, "for good, at once" },
        { "force", OPTION_FLAG, &arg_force, NULL, "although something speaks against it" },
        { "dry-run", OPTION_FLAG, &arg_dry_run, NULL, "tell what would be done" },
        { NULL },
};

int root_needed(void)
{
        if (geteuid() == 0) {
                return EXIT_DONE;
        }
        say("Only root may do this: sudo jitctl …");
        return EXIT_NOT_PERMITTED;
}

int trial_lock_told(void)
{
        int fd = trial_lock(TRIAL_FOLDER);

        for (unsigned i = 0; fd == -EBUSY && i < LOCK_TRIES; i++) {
                (void) poll(NULL, 0, LOCK_PAUSE_MS);
                fd = trial_lock(TRIAL_FOLDER);
        }
        if (fd == -EBUSY) {
                say("Another jitctl is at it; try again.");
        } else if (fd < 0) {
                say("Cannot use " TRIAL_FOLDER ": %s.", strerror(-fd));
        }
        return fd;
}

/* --- telling --- */

static void tell_notes(const Plan *p)
{
        for (size_t i = 0; i < p->notes.n; i++) {
                const Finding *f = &p->notes.items[i];

                if (f->state == FINDING_OK) {
                        say("%s: %s.", safe(f->name), safe(f->message));
                } else if (f->fix) {
                        say("%s: %s (%s)", safe(f->name), safe(f->message), f->fix);
                } else {
                        say("%s: %s", safe(f->name), safe(f->message));
                }
        }
}

/* Rules that are not in force open nothing, whatever they say. */
static bool speaks_against_rules(const Plan *p)
{
        for (size_t i = 0; i < p->notes.n; i++) {
                const Finding *f = &p->notes.items[i];

                if (f->state == FINDING_FAIL && streq(f->name, "rules")) {
                        return true;
                }
        }
        return false;
}

static void tell_ways(const Plan *p)
{
        for (size_t i = 0; i < p->ways.n && !speaks_against_rules(p); i++) {
                say("%s %s%s", i == 0 ? "If nobody approves, there is still" : "  and",
                        p->ways.items[i], i + 1 < p->ways.n ? "," : ".");
        }
}

/* What is asked for is there; a trial that goes on is not what was asked for now. */
static void tell_gated(const Plan *p)
{
        OnTrial t;

        on_trial_here(&t);
        if (t.state == ON_TRIAL_RUNS && streq(t.trial.service, p->service)) {
                char at[TIME_RFC3339_MAX];

                time_rfc3339(t.until, at);
                say("%s is gated already, on trial until %s: jitctl confirm keeps it, jitctl disable %s takes it out.",
                        safe(p->service), when_at_text(at), safe(p->service));
        } else {
                say("%s is gated already.", safe(p->service));
        }
}

static void tell_diffs(const Plan *p)
{
        for (size_t i = 0; i < p->n_files; i++) {
                const PlanFile *f = &p->files[i];
                _cleanup_(freep) char *diff =
                        must(pam_edit_diff(f->path, str_or(f->before, ""), f->after));
                char *save = NULL;

                for (char *line = strtok_r(diff, "\n", &save); line;
                        line = strtok_r(NULL, "\n", &save)) {
                        (void) puts(safe(line));
                }
        }
        (void) fflush(stdout); /* before what is said of it */
}

static int tell_json(const Plan *p, bool done, usec_t until)
{
        _cleanup_(freep) char *text = NULL;
        char time[TIME_RFC3339_MAX];
        JsonWriter w = { 0 };

        json_open_object(&w, NULL);
        json_put_string(&w, "service", p->service);
        json_put_boolean(&w, "done", done);
        json_open_array(&w, "files");
        for (size_t i = 0; i < p->n_files; i++) {
                json_put_string(&w, NULL, p->files[i].path);
        }
        json_close_array(&w);
        json_open_array(&w, "ways");
        for (size_t i = 0; i < p->ways.n; i++) {
                json_put_string(&w, NULL, p->ways.items[i]);
        }
        json_close_array(&w);
        if (until > 0) {
                time_rfc3339(until, time);
                json_put_string(&w, "trial_until", time);
        }
        json_close_object(&w);
        if (json_writer_finish(&w, &text, NULL) < 0) {
                return EXIT_ERROR;
        }
        (void) puts(text);
        return EXIT_DONE;
}

/* --- doing --- */

static bool plan_changes(const Plan *p)
{
        for (size_t i = 0; i < p->n_files; i++) {
                if (!streq(p->files[i].before, p->files[i].after)) {
                        return true;
                }
        }
        return false;
}

static int file_failed(const char *what, const char *path, int r)
{
        say("Cannot %s %s: %s.", what, safe(path), strerror(-r));
        return EXIT_ERROR;
}

static int check_trial(void)
{
        Trial t;

        int r = trial_load(TRIAL_FOLDER, &t);
        if (r == -ENOENT) {
                return EXIT_DONE;
        }
        if (r < 0) {
                return file_failed("read the trial in", TRIAL_FOLDER, r);
        }
        if (trial_has_edited(TRIAL_FOLDER, &t)) {
                say("Nothing was changed: %s is on trial. First jitctl confirm it, or jitctl disable %s.",
                        safe(t.service), safe(t.service));
                return EXIT_ERROR;
        }
        (void) trial_over(TRIAL_FOLDER, &t);
        return EXIT_DONE;
}

static int keep_files(const Plan *p, Trial *t)
{
        for (size_t i = 0; i < p->n_files; i++) {
                const PlanFile *f = &p->files[i];
                TrialFile *kept = &t->files[t->n_files];

                if (!f->made && streq(f->before, f->after)) {
                        continue;
                }
                int r = trial_keep(TRIAL_FOLDER, f->path, f->after);
                if (r < 0) {
                        return file_failed("keep a copy of", f->path, r);
                }
                memcpy(kept->path, f->path, sizeof(kept->path));
                kept->made = f->made;
                t->n_files++;
        }
        return EXIT_DONE;
}

/* Whatever happens from here on ends by itself. */
static int begin_trial(const Plan *p, usec_t span, Trial *t)
{
        TrialNow now;

        int r = trial_now(&now);
        if (r < 0) {
                return file_failed("read", "/proc/sys/kernel/random/boot_id", r);
        }
        memcpy(t->service, p->service, sizeof(t->service));
        memcpy(t->boot, now.boot, sizeof(t->boot));
        t->session = now.session;
        t->began = now.wall;
        t->until = usec_add(now.wall, span);
        t->uptime = usec_add(now.uptime, span);
        r = trial_begin(TRIAL_FOLDER, t);
        if (r < 0) {
                return file_failed("write to", TRIAL_FOLDER, r);
        }
        if (arm_set(span, t->until) < 0) {
                (void) trial_over(TRIAL_FOLDER, t);
                say("The roll-back cannot be armed; nothing was changed. (--no-trial does without.)");
                return EXIT_ERROR;
        }
        return EXIT_DONE;
}

static int edit_files(const Plan *p)
{
        for (size_t i = 0; i < p->n_files; i++) {
                const PlanFile *f = &p->files[i];
                _cleanup_(freep) char *now = NULL;
                _cleanup_(closep) int like = -1;

                if (!f->made && streq(f->before, f->after)) {
                        continue;
                }
                int r = load_file(f->path, &now, &like);
                bool same = f->made ? r == -ENOENT : r >= 0 && streq(now, f->before);
                if (!same) {
                        say("%s was changed meanwhile; it is left as it is.", safe(f->path));
                        return EXIT_ERROR;
                }
                r = replace_file(f->path, f->after, like);
                if (r < 0) {
                        return file_failed("edit", f->path, r);
                }
        }
        return EXIT_DONE;
}

static void tell_done(const Plan *p, const Trial *t)
{
        char time[TIME_RFC3339_MAX];

        if (t->until == 0) {
                say("%s is gated. How it was: " TRIAL_FOLDER "/%s.before", safe(p->service),
                        safe(p->service));
                return;
        }
        time_rfc3339(t->until, time);
        say("%s is gated, on trial until %s. Keep this shell, log in anew and try it there. If it works, say "
            "there, as root: jitctl confirm. If not, wait: it is put back by itself.",
                safe(p->service), when_at_text(time));
        if (t->session == TRIAL_SESSION_NONE) {
                say("This session has no audit session: any that has one counts as new.");
        }
}

static int apply(const Ctl *ctl, const Plan *p, usec_t span)
{
        _cleanup_(closep) int lock = trial_lock_told();
        Trial t = { 0 };

        int r = lock < 0 ? EXIT_ERROR : check_trial();
        if (r == EXIT_DONE) {
                r = keep_files(p, &t);
        }
        if (r == EXIT_DONE && span > 0) {
                r = begin_trial(p, span, &t);
        }
        if (r == EXIT_DONE) {
                r = edit_files(p);
        }
        if (r != EXIT_DONE) {
                if (t.until > 0) {
                        say("What was edited is put back when the trial is over.");
                }
                return r;
        }
        if (ctl->json) {
                return tell_json(p, true, t.until);
        }
        tell_done(p, &t);
        return EXIT_DONE;
}

static int read_trial(usec_t *ret)
{
        usec_t span = 0;

        if (!arg_no_trial && span_parse(arg_trial, &span) < 0) {
                return usage("'%s' is no span.", safe(arg_trial));
        }
        if (span > TRIAL_MOST) {
                return usage("A trial lasts a day at most.");
        }
        *ret = span;
        return EXIT_DONE;
}

static int run_enable(const Ctl *ctl)
{
        _cleanup_(plan_done) Plan p = { 0 };
        usec_t span = 0;

        int r = root_needed();
        if (r == EXIT_DONE) {
                r = read_trial(&span);
        }
        if (r == EXIT_DONE) {
                r = plan_make(ctl, ctl->args[0], &p);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        if (!plan_changes(&p)) {
                tell_gated(&p);
                return ctl->json ? tell_json(&p, false, 0) : EXIT_DONE;
        }
        if (!ctl->json) {
                tell_diffs(&p);
        }
        tell_notes(&p);
        tell_ways(&p);
        if (findings_has(&p.notes, FINDING_FAIL) && !arg_force) {
                say("Nothing was changed. --force would, although this speaks against it.");
                return p.unreachable ? EXIT_UNREACHABLE : EXIT_ERROR;
        }
        if (arg_dry_run) {
                say("Nothing was changed (--dry-run).");
                return ctl->json ? tell_json(&p, false, 0) : EXIT_DONE;
        }
        return apply(ctl, &p, span);
}

const Verb verb_enable = {
        .name = "enable",
        .synopsis = "[--trial SPAN | --no-trial] [--force] [--dry-run] SERVICE",
        .summary = "Gate a service: put pam_jit.so into its file of /etc/pam.d",
        .notes =
                "Shows what changes. Refuses where it would lock out. Unless confirmed from a new\n"
                "login in time (jitctl confirm), it is put back, also after a reboot.\n",
        .options = options,
        .min_args = 1,
        .max_args = 1,
        .takes_config = true,
        .run = run_enable,
};

/* --- disable --- */

static const Option disable_options[] = {
        { "force", OPTION_FLAG, &arg_force, NULL, "although another line counts on ours" },
        { NULL },
};

/* Whether taking our lines out would send a jump too far; that was told. */
static bool is_in_the_way(const char *service)
{
        PamText *files = NULL;
        char where[96];
        size_t n = 0;

        if (stack_files_load(ROOT_HERE, pam_folders, ELEMENTSOF(pam_folders), &files, &n) < 0) {
                return false;
        }
        bool jumped = pam_edit_is_jumped(files, n, service, where);
        stack_files_free(files, n);
        if (jumped) {
                say("%s jumps over our line: take it out by hand and make the jump shorter%s",
                        safe(where), arg_force ? "." : "; --force takes it out all the same.");
        }
        return jumped && !arg_force;
}

/* *ret counts the lines that are gone. */
static int disable_file(const Ctl *ctl, const char *service, int *ret)
{
        _cleanup_(freep) char *text = NULL, *without = NULL, *diff = NULL;
        _cleanup_(closep) int like = -1;
        char path[128];

        (void) snprintf(path, sizeof(path), PLAN_PAM_DIR "/%s", service);
        int r = load_file(path, &text, &like);
        if (r == -ENOENT || r == -ELOOP) {
                return EXIT_DONE;
        }
        if (r < 0) {
                return file_failed("read", path, r);
        }
        int n = pam_edit_remove(text, &without);
        if (n < 0) {
                must(NULL);
        }
        if (n == 0) {
                return EXIT_DONE;
        }
        if (is_in_the_way(service)) {
                return EXIT_ERROR;
        }
        r = replace_file(path, without, like);
        if (r < 0) {
                return file_failed("edit", path, r);
        }
        diff = must(pam_edit_diff(path, text, without));
        if (!ctl->json) {
                (void) fputs(diff, stdout);
                (void) fflush(stdout);
        }
        *ret += n;
        return EXIT_DONE;
}

/* The files of a trial go back to what they were. True: there was one of this service. */
static int disable_trial(const char *service, int *ret)
{
        Trial t;

        if (trial_load(TRIAL_FOLDER, &t) < 0 || !streq(t.service, service)) {
                return EXIT_DONE;
        }
        for (size_t i = 0; i < t.n_files; i++) {
                int r = trial_restore(TRIAL_FOLDER, &t.files[i]);
                if (r < 0) {
                        return file_failed("put back", t.files[i].path, r);
                }
                *ret += 1;
        }
        int r = trial_over(TRIAL_FOLDER, &t);
        if (r < 0) {
                return file_failed("write to", TRIAL_FOLDER, r);
        }
        arm_clear();
        return EXIT_DONE;
}

static int run_disable(const Ctl *ctl)
{
        const char *service = service_canonical(ctl->args[0]), *sibling = service_sibling(service);
        _cleanup_(closep) int lock = -1;
        int n = 0, r = root_needed();

        if (r != EXIT_DONE) {
                return r;
        }
        if (!*service || *service == '.' || strchr(service, '/') || strlen(service) > 60) {
                return usage("'%s' is not the name of a service.", safe(service));
        }
        lock = trial_lock_told();
        r = lock < 0 ? EXIT_ERROR : disable_trial(service, &n);
        if (r == EXIT_DONE) {
                r = disable_file(ctl, service, &n);
        }
        if (r == EXIT_DONE && sibling) {
                r = disable_file(ctl, sibling, &n);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        if (n == 0) {
                say("There is no line of ours in " PLAN_PAM_DIR "/%s.", safe(service));
                return EXIT_NO;
        }
        if (ctl->json) {
                Plan p = { 0 };
                (void) snprintf(p.service, sizeof(p.service), "%s", service);
                return tell_json(&p, true, 0);
        }
        say("%s is not gated any more.", safe(service));
        return EXIT_DONE;
}

const Verb verb_disable = {
        .name = "disable",
        .synopsis = "[--force] SERVICE",
        .summary = "Take pam_jit.so out of a service's file of /etc/pam.d",
        .notes =
                "Takes out our lines and no others, also where somebody edited them. Ends a trial.\n",
        .options = disable_options,
        .min_args = 1,
        .max_args = 1,
        .run = run_disable,
};

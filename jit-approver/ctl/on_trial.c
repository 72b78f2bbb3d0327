/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Trusts the folder, which is root's. MUST: a trial that cannot be read is told, not passed over. */

#include "jit-approver/ctl/on_trial.h"

#include <errno.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/util.h"
#include "jit-approver/ctl/arm.h"
#include "jit-approver/ctl/print.h"

#define ROLL_BACK "put it back now: jitctl rollback; see journalctl -u jit-pam-rollback.service"

void on_trial_look(const char *folder, const TrialNow *now, usec_t alarm, OnTrial *ret)
{
        OnTrial t = { 0 };

        int r = trial_load(folder, &t.trial);
        if (r == -EACCES) {
                t.state = alarm > 0 ? ON_TRIAL_RUNS : ON_TRIAL_NONE;
                t.until = alarm;
        } else if (r < 0 && r != -ENOENT) {
                t.state = ON_TRIAL_BROKEN;
                (void) snprintf(t.wrong, sizeof(t.wrong), "%s", strerror(-r));
        } else if (r >= 0 && trial_has_edited(folder, &t.trial)) {
                usec_t left = trial_left(&t.trial, now);

                t.state = left > 0 ? ON_TRIAL_RUNS : ON_TRIAL_OVER;
                t.until = left > 0 ? usec_add(now->wall, left) : 0;
        }
        *ret = t;
}

void on_trial_here(OnTrial *ret)
{
        TrialNow now;
        usec_t alarm;

        int r = trial_now(&now);
        if (r < 0) {
                /* No boot is known, so the wall clock counts. */
                now = (TrialNow){ .wall = clock_usec(CLOCK_REALTIME) };
        }
        if (arm_until(&alarm) < 0) {
                alarm = 0;
        }
        on_trial_look(TRIAL_FOLDER, &now, alarm, ret);
}

/* "sudo: /etc/pam.d/sudo and /etc/pam.d/sudo-i" */
static char *what(const OnTrial *t)
{
        const Trial *x = &t->trial;
        char *text = NULL;
        size_t size = 0;
        FILE *f = must(open_memstream(&text, &size));

        (void) fprintf(f, "%s", *x->service ? x->service : "what jitctl enable wrote");
        for (size_t i = 0; i < x->n_files; i++) {
                (void) fprintf(f, "%s%s", i == 0 ? ": " : " and ", x->files[i].path);
        }
        (void) fclose(f);
        return must(text);
}

/* Of the whole, for people; the caller frees. */
static char *sentence(const OnTrial *t)
{
        _cleanup_(freep) char *files = what(t);
        char at[TIME_RFC3339_MAX];
        char *text = NULL;
        int r;

        time_rfc3339(t->until, at);
        if (t->state == ON_TRIAL_RUNS) {
                r = str_printf(&text, "%s, put back at %s (%s) unless confirmed", files,
                        when_at_text(at), when_in_text(at));
        } else if (t->state == ON_TRIAL_OVER) {
                r = str_printf(&text, "%s: the trial is over, and it is not put back yet", files);
        } else {
                r = str_printf(&text, "there is one, and it cannot be read: %s", t->wrong);
        }
        return must(r < 0 ? NULL : text);
}

#define KEEP_OR_NOT "keep it: jitctl confirm, in a new login; take it out: jitctl disable "

void on_trial_print(const OnTrial *t, FILE *f)
{
        if (t->state == ON_TRIAL_NONE) {
                return;
        }
        _cleanup_(freep) char *text = sentence(t);
        bool runs = t->state == ON_TRIAL_RUNS;
        const char *service = *t->trial.service ? t->trial.service : "SERVICE";
        (void) fprintf(f, "%-10s %s%s%s\n%-10s -> %s%s\n", "trial",
                style(f, runs ? STYLE_WAIT : STYLE_BAD), safe(text), style(f, STYLE_PLAIN), "",
                runs ? KEEP_OR_NOT : ROLL_BACK, runs ? safe(service) : "");
}

void on_trial_judge(const OnTrial *t, Findings *f)
{
        if (t->state == ON_TRIAL_NONE) {
                return;
        }
        _cleanup_(freep) char *text = sentence(t);
        bool runs = t->state == ON_TRIAL_RUNS;
        findings_add(f, runs ? FINDING_WARN : FINDING_FAIL, "trial",
                runs ? KEEP_OR_NOT "SERVICE" : ROLL_BACK, "%s", text);
}

char *on_trial_json(const OnTrial *t)
{
        static const char *const states[_ON_TRIAL_STATE_MAX] = { NULL, "running", "over",
                "broken" };
        _cleanup_(freep) char *whole = NULL;
        JsonWriter w = { 0 };
        char at[TIME_RFC3339_MAX];
        size_t n;

        if (t->state == ON_TRIAL_NONE) {
                return NULL;
        }
        json_open_object(&w, NULL);
        json_open_object(&w, "trial");
        json_put_string(&w, "state", states[t->state]);
        if (*t->trial.service) {
                json_put_string(&w, "service", t->trial.service);
        }
        if (t->until > 0) {
                time_rfc3339(t->until, at);
                json_put_string(&w, "until", at);
        }
        json_open_array(&w, "files");
        for (size_t i = 0; i < t->trial.n_files; i++) {
                json_put_string(&w, NULL, t->trial.files[i].path);
        }
        json_close_array(&w);
        json_close_object(&w);
        json_close_object(&w);
        if (json_writer_finish(&w, &whole, &n) < 0) {
                return must(NULL);
        }
        return must(strndup(whole + 1, n - 2)); /* without the braces around it */
}

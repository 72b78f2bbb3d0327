/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What status and doctor say of a trial under way: what is put back, when, and what to do about it. Only root
 * reads the trial itself; others see when its alarm is set for.
 */

#include <stdio.h>

#include "jit-approver/ctl/finding.h"
#include "jit-approver/ctl/trial.h"

typedef enum OnTrialState {
        ON_TRIAL_NONE,
        ON_TRIAL_RUNS,
        ON_TRIAL_OVER,   /* its time is, and it was not put back yet */
        ON_TRIAL_BROKEN, /* there is one, and it cannot be read */
        _ON_TRIAL_STATE_MAX,
} OnTrialState;

typedef struct OnTrial {
        OnTrialState state;
        Trial trial;     /* without a service: not for the caller to read, or broken */
        usec_t until;    /* by the wall clock as it is; 0: not known */
        char wrong[128]; /* why it is broken */
} OnTrial;

/* alarm: when the timer goes off, 0 for none; for who may not read the folder. */
void on_trial_look(const char *folder, const TrialNow *now, usec_t alarm, OnTrial *ret);
/* The same of this host. */
void on_trial_here(OnTrial *ret);

/* Nothing where there is no trial. */
void on_trial_print(const OnTrial *t, FILE *f);
void on_trial_judge(const OnTrial *t, Findings *f);
/* "trial":{…}, for the end of a document; NULL where there is none. The caller frees. */
char *on_trial_json(const OnTrial *t);

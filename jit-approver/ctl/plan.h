/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What jitctl enable would do to which files, and what speaks against it: thought out in memory, nothing
 * written. It judges the stacks as they would be, with the rules and the approver as they are.
 */

#include "jit-approver/ctl/ctl.h"
#include "jit-approver/ctl/finding.h"
#include "jit-approver/ctl/trial.h"
#include "jit-approver/ctl/ways.h"

typedef struct PlanFile {
        char path[128];
        char *before; /* NULL: there is none in /etc, only the vendor's */
        char *after;  /* the same as before: nothing is to be done */
        bool made;
} PlanFile;

typedef struct Plan {
        char service[64]; /* "sudo" for "sudo-i" */
        char argument[24];
        PlanFile files[TRIAL_FILES_MAX];
        size_t n_files;
        Findings notes; /* FINDING_FAIL speaks against it; the rest is worth to be told */
        Ways ways;
        bool unreachable; /* the approver does not answer */
} Plan;

/* Where Linux-PAM's files are that people edit. */
#define PLAN_PAM_DIR "/etc/pam.d"

/* EXIT_DONE: see notes; else what cannot be done at all was told. Release with plan_done() either way. */
int plan_make(const Ctl *ctl, const char *service, Plan *ret);
void plan_done(Plan *p);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The rules' checker is the approver itself (`jit-approver --check`): one parser, so that jitctl
 * can never call good what the daemon would refuse. Works with no daemon running.
 */

#include <sys/types.h>

#include "common/macro.h"

typedef struct Checked {
        bool ok;         /* it ran to its end and found no problem */
        char **lines;    /* what it printed, owned; "file:line:col: message" */
        char **warnings; /* of what is no problem; likewise */
} Checked;

/* The approver's program with these arguments (NULL-ended). 0 or -errno: it could not be run. */
int checker_run_program(char *const *args, Checked *ret);

/* file NULL: the installed configuration. Likewise. */
int checker_run(const char *file, Checked *ret);
void checked_done(Checked *c);

/*
 * Takes "file:line:col: message" apart: n of the file's name, the numbers, where the message
 * begins. False: another kind of line.
 */
bool checker_split(const char *line, size_t *ret_file, int64_t *ret_line, int64_t *ret_column,
        const char **ret_message);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Puts the gate into a service's file of pam.d, and takes it out again. Pure: texts in, texts out; whole
 * lines come and go, no line is changed. Whether the outcome gates is for stack.h to say.
 */

#include "jit-approver/ctl/pam_lines.h"

typedef struct PamAdded {
        char *text;   /* owned */
        bool account; /* such a line was put in; else one was there */
        bool session; /* the same; none is put where the session lines are those of "other" */
} PamAdded;

/*
 * Puts an account line before the first that could end the stack with a yes, and a session line behind the
 * last. files are all of pam.d, for what is included; arguments ("wait=75s") may be NULL. -ENODATA: the
 * file has no account lines, so those of "other" would be lost. Release with pam_added_done().
 */
int pam_edit_add(
        const PamText *files, size_t n, const char *text, const char *arguments, PamAdded *ret);
void pam_added_done(PamAdded *a);

/* Takes out each line whose module is ours, of every type, however it was changed. How many; -ENOMEM. */
int pam_edit_remove(const char *text, char **ret);

/*
 * Whether a line jumps over one of ours, so that taking ours out would send it too far. where: at least 96
 * bytes, "sudo:3".
 */
bool pam_edit_is_jumped(const PamText *files, size_t n, const char *service, char *where);

/* What became of before, as diff -u would show it, for texts of which one is the other with lines put in. */
char *pam_edit_diff(const char *path, const char *before, const char *after);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whether the PAM stacks that have pam_jit.so really gate what they seem to gate. Pure: the texts
 * of pam.d in, findings out.
 */

#include "jit-approver/ctl/finding.h"
#include "jit-approver/ctl/pam_lines.h"

void stack_judge(const PamText *files, size_t n, Findings *ret);
/* Whether the service's account lines name us, by its own file or by "other"; not whether well. */
bool stack_gates(const PamText *files, size_t n, const char *service);

/* Whether any of its lines does. */
bool stack_names(const PamText *files, size_t n, const char *service);
/* Whether a file of pam.d is only there to be included, by its name. */
bool stack_is_fragment(const char *service);

/*
 * Reads every file of the folders, sorted by name; of two with one name that of the earlier folder,
 * as Linux-PAM does. root_fd: see root.h. -ENOENT: there is no such folder. Release with
 * stack_files_free().
 */
int stack_files_load(
        int root_fd, const char *const *folders, size_t n_folders, PamText **ret, size_t *ret_n);
void stack_files_free(PamText *files, size_t n);

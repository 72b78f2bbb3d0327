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

/*
 * Reads every file of a folder, sorted by name. 0 or -errno; release with stack_files_free().
 */
int stack_files_load(const char *folder, PamText **ret, size_t *ret_n);
void stack_files_free(PamText *files, size_t n);

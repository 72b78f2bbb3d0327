/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Runs a program of the system: no shell, not by $PATH, nothing on its standard input. */

#include "common/macro.h"

/*
 * argv[0] is a name without folder. *ret: what it printed, the caller frees; NULL: it may print to our
 * standard error. Its exit status (128 for a signal), or -errno; -ENOENT: it is not there.
 */
int program_run(const char *const *argv, char **ret);

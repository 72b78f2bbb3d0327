/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For tests that have to know that they run under valgrind. */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* By what it preloads into each of its programs. */
static inline bool under_valgrind(void)
{
        const char *preload = getenv("LD_PRELOAD");

        return preload && strstr(preload, "/vgpreload_");
}

/* How long something may take there that takes no longer than this elsewhere. */
static inline int64_t slack(int64_t time)
{
        return under_valgrind() ? 10 * time : time;
}

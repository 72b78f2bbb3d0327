/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The arguments of one line in /etc/pam.d. There is no configuration file: hosts without root could
 * not read it, and what they did then was let everybody in (hazard H-30).
 */

#include "common/clock.h"
#include "common/util.h"

typedef struct Options {
        const char *socket;         /* absolute */
        const char *target_default; /* whom sudo without -u becomes */
        usec_t wait; /* the most to block; WAIT_DEFAULT: what the service is used to */
        uid_t server_uid;
        bool nowait;
        bool quiet;
        bool debug;
        bool prompt;
} Options;

#define WAIT_DEFAULT ((usec_t) -1)

/*
 * All of argv or nothing: -EINVAL with *ret_bad the argument that is unknown, wrong or there twice.
 * Strings are borrowed from argv.
 */
int options_parse(int argc, const char *const *argv, Options *ret, const char **ret_bad);

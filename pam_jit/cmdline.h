/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The host process's own command line, read inside it: from outside it is a race and the pid may be
 * somebody else's by then (hazard H-53). Typed, not verified.
 */

#include "common/field.h"

typedef struct Cmdline {
        Strings words; /* the array is owned; the words are of text and cleaned */
        bool exact;    /* all of them, as they are; otherwise fit to be shown and no more */
        char *text;
        char **cleaned;
} Cmdline;

/* Words that cannot be had, for want of /proc, are no error: there are none, inexact. -ENOMEM. */
int cmdline_read(Cmdline *ret);
void cmdline_done(Cmdline *c);

/* Up to max bytes of a file; what is beyond is not read. -errno. */
ssize_t proc_read(const char *path, char *buf, size_t max);

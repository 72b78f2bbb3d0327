/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What was found, as lines for the approver: so many of each family that one cannot crowd out the
 * others, and all of them within a message. The rest is counted. Pure.
 */

#include "common/trace.h"

#define REPORT_LINES_MAX 200

typedef struct Report {
        char **lines; /* owned, NULL-ended */
        size_t shown[3], bytes;
        int64_t found;   /* all, those that are not shown too */
        char *cut_short; /* owned; where and why it is not whole; NULL: it is */
        char **units;    /* owned; names of unit files that were added or changed */
} Report;

/* -ENOMEM. */
int report_add(Report *r, const Trace *t);
/* Why not all was looked at; several reasons are joined. -ENOMEM. */
int report_cut(Report *r, const char *format, ...) _printf_(2, 3);
void report_done(Report *r);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: hold few enough bytes that the message of all lines is one the approver takes. */

#include "jit-approver/residue/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/util.h"

#define BYTES_MAX                                                                                  \
        ((size_t) 32 * 1024) /* escaped; objects of the approver's reply take more words */
#define CUT_MAX 600

/* Named places, files with powers, processes; together REPORT_LINES_MAX. */
static const size_t shares[] = { 100, 60, 40 };

static size_t family(TraceKind kind)
{
        return kind <= TRACE_REMOVED ? 0 : kind < TRACE_PROCESS ? 1 : 2;
}

/* As JSON writes it. */
static size_t escaped(const char *line)
{
        size_t n = 3;

        for (const char *p = line; *p; p++) {
                n += *p == '"' || *p == '\\' || *p == '\t' ? 2 : 1;
        }
        return n;
}

int report_add(Report *r, const Trace *t)
{
        _cleanup_(freep) char *line = NULL;
        size_t f = family(t->kind);

        r->found++;
        if (r->shown[f] == shares[f]) {
                return 0;
        }
        int err = trace_to_line(t, &line);
        if (err < 0 || r->bytes + escaped(line) > BYTES_MAX) {
                return err;
        }
        r->bytes += escaped(line);
        r->shown[f]++;
        return strv_add(&r->lines, line);
}

int report_cut(Report *r, const char *format, ...)
{
        char text[CUT_MAX];
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        if (!r->cut_short) {
                r->cut_short = text_clean_dup(text, CUT_MAX);
                return r->cut_short ? 0 : -ENOMEM;
        }
        _cleanup_(freep) char *before = TAKE_PTR(r->cut_short), *both = NULL;
        int err = str_printf(&both, "%s; %s", before, text);
        r->cut_short = err < 0 ? TAKE_PTR(before) : text_clean_dup(both, CUT_MAX);
        return err;
}

void report_done(Report *r)
{
        strv_free(r->lines);
        strv_free(r->units);
        free(r->cut_short);
        *r = (Report){ 0 };
}

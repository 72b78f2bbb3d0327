/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Trusts no value: file names are what somebody chose, and a line may come from any root process. */

#include "common/trace.h"

#include <errno.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/util.h"

#define VALUES 5 /* of a line */

static const char *const kinds[_TRACE_KIND_MAX] = {
        [TRACE_ADDED] = "added",
        [TRACE_CHANGED] = "changed",
        [TRACE_REMOVED] = "removed",
        [TRACE_SETUID] = "setuid",
        [TRACE_SETGID] = "setgid",
        [TRACE_CAPABILITY] = "capability",
        [TRACE_PROCESS] = "process",
};

const char *trace_kind_to_string(TraceKind kind)
{
        return (unsigned) kind < ELEMENTSOF(kinds) ? kinds[kind] : NULL;
}

int trace_to_line(const Trace *t, char **ret)
{
        _cleanup_(freep) char *who = text_clean_dup(t->who, TRACE_WHO_MAX);
        _cleanup_(freep) char *note = text_clean_dup(t->note, TRACE_NOTE_MAX);
        _cleanup_(freep) char *what = text_clean_dup(t->what, TRACE_WHAT_MAX);
        const char *kind = trace_kind_to_string(t->kind);
        char when[TIME_RFC3339_MAX] = "";

        if (!kind) {
                return -EINVAL;
        }
        if (!who || !note || !what) {
                return -ENOMEM;
        }
        if (t->when != 0) {
                time_rfc3339(t->when / USEC_PER_SEC * USEC_PER_SEC, when);
        }
        return str_printf(ret, "%s\t%s\t%s\t%s\t%s", kind, when, who, note, what);
}

static TraceKind kind_from_string(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                if (streq(word, kinds[i])) {
                        return (TraceKind) i;
                }
        }
        return _TRACE_KIND_MAX;
}

/* Cuts the line at its tabs. */
static bool line_cut(char *line, char *values[static VALUES])
{
        size_t n = 0;

        for (char *p = line; p; n++) {
                char *tab = strchr(p, '\t');

                if (n == VALUES) {
                        return false;
                }
                values[n] = p;
                if (tab) {
                        *tab++ = '\0';
                }
                p = tab;
        }
        return n == VALUES;
}

static const char *value_or_null(const char *value)
{
        return *value ? value : NULL;
}

int trace_from_line(const char *line, char **ret_text, Trace *ret)
{
        _cleanup_(freep) char *text = strdup(line);
        char *values[VALUES];
        Trace t = { 0 };

        if (!text) {
                return -ENOMEM;
        }
        if (!line_cut(text, values)) {
                return -EBADMSG;
        }
        t.kind = kind_from_string(values[0]);
        if (t.kind == _TRACE_KIND_MAX || !*values[4] ||
                (*values[1] && time_rfc3339_parse(values[1], &t.when) < 0)) {
                return -EBADMSG;
        }
        t.who = value_or_null(values[2]);
        t.note = value_or_null(values[3]);
        t.what = values[4];
        *ret_text = TAKE_PTR(text);
        *ret = t;
        return 0;
}

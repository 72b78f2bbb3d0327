/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One thing that a grant left on the host, as one line between jit-residue, which finds it, and the
 * approver, which keeps it: kind, time, owner, note and what it is, with tabs between. Every value has
 * passed text.h, so that none holds a tab or a line's end.
 */

#include "common/clock.h"

#define TRACE_WHAT_MAX 400
#define TRACE_WHO_MAX 64
#define TRACE_NOTE_MAX 100

typedef enum TraceKind {
        TRACE_ADDED,
        TRACE_CHANGED,
        TRACE_REMOVED,
        TRACE_SETUID,
        TRACE_SETGID,
        TRACE_CAPABILITY,
        TRACE_PROCESS,
        _TRACE_KIND_MAX,
} TraceKind;

typedef struct Trace {
        TraceKind kind;
        usec_t when;      /* wall: of its last change, or when it was started; 0: nobody knows */
        const char *who;  /* whose it is; NULL: unknown */
        const char *note; /* how it was found, or what of it changed; may be NULL */
        const char *what; /* path or command */
} Trace;

const char *trace_kind_to_string(TraceKind kind);

/* Made safe and cut to the limits above. Caller frees. -ENOMEM. */
int trace_to_line(const Trace *t, char **ret);
/* Strict. *ret borrows from *ret_text, which the caller frees. -EBADMSG, -ENOMEM. */
int trace_from_line(const char *line, char **ret_text, Trace *ret);

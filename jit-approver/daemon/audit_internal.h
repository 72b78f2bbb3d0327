/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the record's own files share: the table of events, a fact turned into a row, a fact turned into
 * a journal entry, and a fact that waits for both.
 */

#include <sys/uio.h>
#include <syslog.h>

#include "jit-approver/daemon/audit.h"

typedef struct EventInfo {
        const char *word;
        const char *message_id;
        const char *phrase; /* for people: what happened */
        int priority;
} EventInfo;

/* NULL for no event. */
const EventInfo *audit_event_info(AuditEvent e);
/* _AUDIT_EVENT_MAX for no event's word. */
AuditEvent audit_event_from_string(const char *word);

/*
 * A row but for what its place in the chain decides: seq, told, canonical and hash. ret_tail gets the
 * canonical bytes from behind the seq on.
 */
int audit_row_from_fact(const Fact *f, usec_t wall, AuditRow *ret, char **ret_tail);
int audit_row_canonical(int64_t seq, const char *tail, char **ret);
/* Calls visit with the fact that a row tells of; everything in it is borrowed for the call. */
typedef int (*FactVisit)(const Fact *f, void *userdata);
int audit_row_to_fact(const AuditRow *row, FactVisit visit, void *userdata);

/* A fact that waits to be told and written, with words of its own. free(3) releases it. */
typedef struct Note Note;

Note *note_new(const Fact *f, usec_t wall);
/* Whether f is the same once more; then it is counted. */
bool note_again(Note *n, const Fact *f, usec_t wall);
int64_t note_times(const Note *n);
/* What it comes to, borrowed; with a count when it was more than once. ret_wall: when (first). */
Fact note_fact(const Note *n, usec_t *ret_wall);

#define ENTRY_FIELDS_MAX 16

typedef struct Entry {
        struct iovec fields[ENTRY_FIELDS_MAX]; /* "NAME=value", in text */
        size_t n;
        char *text; /* owned */
} Entry;

int entry_from_fact(const Fact *f, Entry *ret);
void entry_done(Entry *e);
/* seq 0: the row is not written yet. A journal that is away is nobody's error. */
void entry_send(const Entry *e, int64_t seq, const char *head);

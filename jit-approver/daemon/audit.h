/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The record: one row for every step, each carrying the hash of the row before, written in the
 * transaction of what it records; and its copy in the journal, sent after the commit. A row that was
 * committed but whose journal entry was not sent (a crash in between) is sent at the next start.
 *
 * A row's canonical bytes are compact JSON of its members in the order seq, time, event, request,
 * grant, data; its hash is SHA-256 over the 64 hex digits of the hash before (zeros for the first)
 * and those bytes.
 */

#include "common/json.h"
#include "jit-approver/daemon/store.h"

typedef enum AuditEvent {
        AUDIT_REQUEST_CREATED,
        AUDIT_REQUEST_JOINED,
        AUDIT_REQUEST_ESCALATED, /* others are asked as well; state: how many escalations by now */
        AUDIT_CODE_WRONG,        /* a match code was missed */
        AUDIT_REQUEST_NUDGED,    /* its asker reminds those who have not decided */
        AUDIT_REQUEST_VOTED,
        AUDIT_REQUEST_DECIDED,
        AUDIT_REQUEST_WITHDRAWN,
        AUDIT_REQUEST_TIMED_OUT,
        AUDIT_GRANT_STARTED,
        AUDIT_GRANT_USED,
        AUDIT_GRANT_EXTENDED, /* until: its new end */
        AUDIT_GRANT_EXPIRING, /* its holder was told that it ends soon */
        AUDIT_GRANT_EXPIRED,
        AUDIT_GRANT_REVOKED,
        AUDIT_GRANT_ENDED,
        AUDIT_GRANT_LOST,
        AUDIT_GRANT_RESIDUE, /* what it left on the host was looked for */
        AUDIT_SESSION_OPENED,
        AUDIT_SESSION_CLOSED,
        AUDIT_CHECK_ALLOWED, /* a rule says allow */
        AUDIT_CHECK_REFUSED, /* no rule, or a rule says refuse, or an error */
        AUDIT_CHECK_EXEMPT,  /* root's own jobs, root at the console */
        AUDIT_RULES_LOADED,
        AUDIT_RULES_REJECTED,
        AUDIT_GAP,            /* facts that only the journal has, with count and times */
        AUDIT_DAEMON_STARTED, /* with version, boot and machine id */
        AUDIT_CHECKPOINT,     /* what was before is pruned; signed */
        AUDIT_RESTORED,       /* the store is a backup, or what could be saved of a damaged one */
        AUDIT_BREAK_GLASS_USED,
        AUDIT_REVIEW_SIGNED,
        AUDIT_RESCUE_TRIED, /* a code is about to be compared */
        AUDIT_RESCUE_USED,
        AUDIT_RESCUE_CODES, /* were made, with count */
        _AUDIT_EVENT_MAX,
} AuditEvent;

/* "request.created", …: the word in rows, journal (JIT_EVENT) and messages. */
const char *audit_event_to_string(AuditEvent e);
/* The event's fixed MESSAGE_ID, 32 hex digits; the catalog in packaging/ explains each. */
const char *audit_event_message_id(AuditEvent e);

/* One step. Strings are borrowed; NULL and unset are left out. */
typedef struct Fact {
        AuditEvent event;
        const Id *request, *grant;
        const Who *asker, *login, *target;
        const char *service, *command, *reason, *rule, *tty, *origin, *state, *note, *why;
        const char *approver;        /* person */
        const char *decision;        /* "approve", "deny" */
        const char *proof, *channel; /* of a vote: how it was proven, and by what it came */
        const char *by;  /* the account that did it, where that is not the asker or approver */
        const char *key; /* the record's, 64 hex digits */
        const char *hash, *signature; /* of a checkpoint */
        const char *digest;
        usec_t until;
        int64_t count;
        usec_t first, last; /* with count: when */
        int64_t upto;       /* of a checkpoint: the last row that is pruned */
        int64_t found;      /* of residue: how many findings */
} Fact;

typedef struct Audit Audit;

/* Borrows the store (NULL: there is none, facts go to the journal only). */
int audit_new(Store *store, Audit **ret);
Audit *audit_free(Audit *a);
DEFINE_FREE(Audit, audit_free)

/*
 * Appends the fact within the open transaction. After the transaction's commit call audit_tell();
 * after its rollback audit_forget().
 */
int audit_append(Audit *a, const Fact *f, const Now *now);
/* Sends the journal copies of what was appended since, if anything was, and remembers how far the journal is. */
void audit_tell(Audit *a);
void audit_forget(Audit *a);

/*
 * For facts nobody may be refused for (allow, exempt, uses of a grant): queued, told to the journal by
 * audit_tell_notes(), committed with the next transaction or by audit_flush(). The same again, before
 * it was told, is one fact with a count. While the store cannot be written they are counted, and become
 * one audit.gap row when it can.
 */
void audit_note(Audit *a, const Fact *f, const Now *now);
void audit_tell_notes(Audit *a);
bool audit_has_notes(const Audit *a);
int audit_flush(Audit *a, const Now *now);

/*
 * What a checkpoint says and signs: rows up to upto are pruned, which hashed to hash; count of them since
 * the checkpoint before, from first to last (wall).
 */
typedef struct Checkpoint {
        int64_t upto, count;
        usec_t first, last;
        char hash[DIGEST_HEX_SIZE], key[DIGEST_HEX_SIZE], signature[2 * DIGEST_HEX_SIZE];
} Checkpoint;

/* The bytes that are signed, as jitctl(1) tells them. The caller frees. */
int audit_checkpoint_message(const Checkpoint *c, char **ret);
/* The newest in the record, as it stands there. -ENOENT; -EUCLEAN when it is not one. */
int audit_checkpoint_read(Store *store, Checkpoint *ret);

/* At start: journal entries for rows that were committed but not told. */
int audit_recover(Audit *a);

/* The newest row's hash, 64 hex digits. */
const char *audit_head(const Audit *a);
/* How often that happened since the start, as far as the journal was told. */
int64_t audit_count(const Audit *a, AuditEvent e);

/* SHA-256, hex. */
int digest_hex(const void *data, size_t n, char ret[static DIGEST_HEX_SIZE]);

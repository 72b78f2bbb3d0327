/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The one truth: requests, votes, grants, sessions, the record and what is owed, in one SQLite file.
 * Only store*.c include sqlite3.h. WAL with synchronous=FULL: what a commit returned from is there
 * after a power cut. One writer, one connection, locked for as long as it is open; nothing here waits
 * for anybody else's lock.
 *
 * Every function returns 0 or a negative errno: -ENOENT no such row, -EIO and -ENOSPC, -EROFS when the
 * file cannot be read or written, -EUCLEAN when it is damaged, -EEXIST for an id that is taken (make
 * another), -EMSGSIZE for a text longer than is kept. Structs that are read are owned by the caller
 * (request_done, grant_done, vote_done). Lists are read a row at a time: a visit may read anything but
 * writes nothing; a limit of 0 is none.
 */

#include "jit-approver/domain/decision.h"
#include "jit-approver/domain/grant.h"
#include "jit-approver/domain/request.h"

typedef struct Store Store;

/*
 * Opens dir/approver.db (0600, made when missing), checks it (quick_check), runs the numbered
 * migrations in one transaction each, and pre-extends the write-ahead log so that commits overwrite
 * rather than append. -EUCLEAN: damaged (left as it is); -ENOTSUP: made by a newer version, or on a
 * network file system (no lock or sync there can be believed); -EPERM: the folder or file is another's
 * or others may write to it; -EBUSY: another process has it open.
 */
int store_open(const char *dir, Store **ret);
Store *store_free(Store *s);
DEFINE_FREE(Store, store_free)

/* The last error, for people: SQLite's own words, or "ok". Borrowed until the next call. */
const char *store_state(const Store *s);

/*
 * A transaction (BEGIN IMMEDIATE). store_commit() returns only when the bytes are on the disk; on its
 * failure everything since store_begin() is undone. Transactions do not nest (asserted).
 */
int store_begin(Store *s);
int store_commit(Store *s);
void store_rollback(Store *s);

/* _cleanup_(transaction_endp): rolls back unless transaction_commit() was called. */
typedef struct Transaction {
        Store *store;
} Transaction;
int transaction_begin(Store *s, Transaction *ret);
int transaction_commit(Transaction *t);
void transaction_endp(Transaction *t);

/* Small named values: machine-id, boot-id, journal-seq. -ENOENT. */
int store_meta_get(Store *s, const char *name, char **ret);
int store_meta_set(Store *s, const char *name, const char *value);

/* --- requests --- */

int store_request_insert(Store *s, const Request *r);
int store_request_get(Store *s, const Id *id, Request *ret);
/* By prefix as id_parse_prefix() makes it: -ENOENT none, -ENOTUNIQ several. */
int store_request_find(Store *s, const char *prefix, Request *ret);
/*
 * The asker's pending request for access to the same service and target under the same rule; command_digest
 * NULL: whatever the argv.
 */
int store_request_find_open(Store *s, uid_t asker, const char *service, uid_t target,
        const char *target_group, const char *rule, const char *command_digest, Request *ret);
/*
 * One conditional UPDATE: only from pending; for approved and denied also only before the deadline by
 * both clocks. -EALREADY when no row changed: it is over, or its time is.
 */
int store_request_move(Store *s, const Id *id, RequestState to, const Now *now, const char *boot_id,
        const Id *grant);
int store_request_set_detached(Store *s, const Id *id);
/* How far it has been put to people. */
int store_request_set_reach(Store *s, const Id *id, size_t stage, size_t escalated);
int store_request_count_pending(Store *s, uid_t asker, int64_t *ret); /* UID_UNSET: of everybody */

typedef struct RequestFilter {
        bool only_pending;
        uid_t asker;   /* UID_UNSET: anybody's */
        int64_t after; /* row number of the last one seen; ascending from there */
        int64_t limit; /* 0: none */
} RequestFilter;
/* visit returns 0 to go on, 1 to stop, negative errno to fail; the request is borrowed. */
typedef int (*RequestVisit)(const Request *r, int64_t row, void *userdata);
int store_requests(Store *s, const RequestFilter *f, RequestVisit visit, void *userdata);
/* All that are pending. */
int store_requests_pending(Store *s, RequestVisit visit, void *userdata);

/* The newest thousand by that rule, newest first. */
int store_requests_lately(Store *s, const char *rule, RequestVisit visit, void *userdata);
/* All by which a grant that is active was given more time, oldest first. */
int store_extensions(Store *s, RequestVisit visit, void *userdata);

/*
 * The earliest deadlines of the pending requests, by the boot clock only of those made in boot_id;
 * USEC_NEVER without one.
 */
int store_request_next_deadline(Store *s, const char *boot_id, usec_t *ret_wall, usec_t *ret_boot);

/* --- votes --- */

int store_vote_insert(Store *s, const Id *request, const Vote *v);
/* In the order they came. */
int store_votes(Store *s, const Id *request, Vote **ret, size_t *ret_n);
void votes_free(Vote *votes, size_t n);

/*
 * Counts one more try of a person at a match code, up to the first that is one too many; how many he, and
 * all, have missed with this one.
 */
int store_try_count(
        Store *s, const Id *request, const char *person, int64_t *ret_his, int64_t *ret_all);
/* The last one was right. */
int store_try_forgive(Store *s, const Id *request, const char *person);

/* --- what was opened without approval; see flow_urgent.c --- */

/* Requests of the asker by that rule made after since (wall), of the newest thousand by it. */
int store_request_count_lately(Store *s, uid_t asker, const char *rule, usec_t since, int64_t *ret);

typedef struct Review {
        Id request;
        bool signed_off; /* else it is open, and what follows but opened is unset */
        usec_t opened;   /* wall */
        char person[PERSON_MAX];
        Who who;
        char *note;
        usec_t time; /* wall: of the signature */
} Review;

void review_done(Review *v);
int store_review_insert(Store *s, const Review *v); /* an open one */
int store_review_get(Store *s, const Id *request, Review *ret);
/* One conditional UPDATE: -EALREADY unless open. */
int store_review_sign(Store *s, const Review *v);
int store_review_count_open(Store *s, int64_t *ret);
typedef int (*ReviewVisit)(const Id *request, int64_t row, void *userdata);
/* Those that are open, oldest first, behind row after. */
int store_reviews_open(Store *s, int64_t after, ReviewVisit visit, void *userdata);

/* Rescue codes, by the hash under that key. */
int store_rescue_insert(Store *s, const char *hash, const char *key, usec_t wall);
/* All there are. */
int store_rescue_void(Store *s);
typedef int (*RescueVisit)(const char *hash, void *userdata);
int store_rescue_list(Store *s, const char *key, RescueVisit visit, void *userdata);
/* Takes it out. -EALREADY: it is not there any more. */
int store_rescue_use(Store *s, const char *hash);
int store_rescue_count(Store *s, const char *key, int64_t *ret);
/*
 * Counts one more try of an asker at wall. -EDQUOT: he, or all together, have had as many as they may
 * within per; it is not counted then.
 */
typedef struct RescueLimit {
        int64_t his, all;
        int64_t sure; /* that nobody else's tries take from him: to guess must lock nobody else out */
        usec_t per;
} RescueLimit;
int store_rescue_try(Store *s, uid_t asker, const RescueLimit *limit, usec_t wall);

/* --- grants --- */

int store_grant_insert(Store *s, const Grant *g);
int store_grant_get(Store *s, const Id *id, Grant *ret);
int store_grant_find(Store *s, const char *prefix, Grant *ret);
int store_grant_move(
        Store *s, const Id *id, GrantState to, usec_t wall); /* -EALREADY unless active */
/* Its window (until, until_boot, boot_id) and whether it is spent. -EALREADY unless active. */
int store_grant_change(Store *s, const Grant *g);

typedef struct GrantFilter {
        bool only_active;
        uid_t asker;
        int64_t after, limit;
} GrantFilter;
typedef int (*GrantVisit)(const Grant *g, int64_t row, void *userdata);
int store_grants(Store *s, const GrantFilter *f, GrantVisit visit, void *userdata);

/* When it stopped being active (wall); 0: it has not. -ENOENT. */
int store_grant_ended(Store *s, const Id *id, usec_t *ret);

/* The asker's among the newest thousand or so of all, newest first. */
int store_grants_lately(Store *s, uid_t asker, int64_t limit, GrantVisit visit, void *userdata);

/* --- sessions opened under a grant, to be ended with it --- */

typedef enum SessionKind {
        SESSION_SCOPE,  /* unit is jit-session-ID.scope */
        SESSION_LOGIND, /* unit is logind's session id */
} SessionKind;

typedef struct Session {
        Id id;
        Id grant;
        SessionKind kind;
        char *unit;
        int64_t pid; /* the host process (sudo, su, sshd) */
        int64_t start; /* its start time in clock ticks since boot, so that the pid cannot be another's */
        char boot_id[40];
        char *tty;
        char *command;
        usec_t opened, closed; /* wall; closed 0 while open */
} Session;

void session_done(Session *x);
int store_session_insert(Store *s, const Session *x);
int store_session_close(Store *s, const Id *id, usec_t wall); /* -EALREADY unless open */
typedef int (*SessionVisit)(const Session *x, void *userdata);
/* Those that are still open. */
int store_sessions_of(Store *s, const Id *grant, SessionVisit visit, void *userdata);
/* Open or closed, oldest first. */
int store_sessions_all(Store *s, const Id *grant, SessionVisit visit, void *userdata);
int store_session_get(Store *s, const Id *id, Session *ret);

/* --- what a grant left on the host --- */

typedef struct Residue {
        Id grant;
        usec_t taken;    /* wall */
        int64_t found;   /* all, those that lines leave out too */
        char *cut_short; /* where and why it is not whole; NULL: it is */
        char *lines;     /* see trace.h; each with its end */
} Residue;
void residue_done(Residue *r);
/* -EEXIST: there is one. */
int store_residue_insert(Store *s, const Residue *r);
int store_residue_get(Store *s, const Id *grant, Residue *ret);
/* Of the newest thousand grants, newest first: those that ended since then, of which none is known. */
int store_residue_owed(
        Store *s, usec_t since, int (*visit)(const Id *grant, void *userdata), void *userdata);

/* --- the record's rows and what is owed; see audit.h and outbox.h --- */

typedef struct AuditRow {
        int64_t seq;
        usec_t time;
        char *event;
        Id request, grant;
        uid_t asker;     /* whose business it is, for filters; may be unset */
        char *approver;  /* person, or NULL */
        int64_t told;    /* how far the journal was when this was written */
        char *canonical; /* the bytes that are hashed */
        char hash[DIGEST_HEX_SIZE];
} AuditRow;
void audit_row_done(AuditRow *row);

int store_audit_insert(Store *s, const AuditRow *row);
/* The newest row's; seq 0 and 64 zeros when the record is empty. */
int store_audit_head(
        Store *s, int64_t *ret_seq, char ret_hash[static DIGEST_HEX_SIZE], int64_t *ret_told);

typedef struct AuditFilter {
        int64_t after, upto; /* seq; upto 0: to the end */
        int64_t limit;
        uid_t asker;
        const char *approver;
        Id request, grant;
        usec_t since, until; /* wall; 0: no bound */
} AuditFilter;
typedef int (*AuditVisit)(const AuditRow *row, void *userdata);
int store_audit(Store *s, const AuditFilter *f, AuditVisit visit, void *userdata);
/* What joined the request later (request.joined), oldest first, without reading all of the record. */
int store_audit_joined(Store *s, const Id *request, AuditVisit visit, void *userdata);

/* --- what is old; see prune.h, which decides --- */

/* Rows up to there are shown to nobody any more, though they may still be in the file. */
void store_set_pruned(Store *s, int64_t upto);
int64_t store_pruned(const Store *s);
/* Bytes that are in use, and that the file has beyond them. */
int store_usage(Store *s, int64_t *ret_used, int64_t *ret_free);
/* When the oldest and the newest of what is pending or active began; USEC_NEVER and 0: nothing is. */
int store_alive(Store *s, usec_t *ret_oldest, usec_t *ret_newest);
/* The first and last row of the record in the file; 0: it is empty. */
int store_audit_span(Store *s, int64_t *ret_first, int64_t *ret_last);
/* When rows were written, pruned or not; visit returns 1 to stop. */
int store_audit_times(Store *s, int64_t after, int64_t upto, int64_t limit,
        int (*visit)(int64_t seq, usec_t time, void *userdata), void *userdata);
/* The newest audit.checkpoint. -ENOENT. */
int store_audit_checkpoint(Store *s, AuditVisit visit, void *userdata);

/* Each of these is a transaction of its own that deletes at most limit rows (and what hangs on them). */
int store_prune_audit(Store *s, int64_t upto, int64_t limit, int64_t *ret_n);
typedef enum PrunableKind {
        PRUNABLE_SESSIONS, /* in this order, since each refers to the next */
        PRUNABLE_GRANTS,
        PRUNABLE_REQUESTS, /* with their votes and messages */
        _PRUNABLE_MAX,
} PrunableKind;
typedef struct PruneBefore {
        usec_t before;       /* what was over before then */
        const char *boot_id; /* sessions of another boot are closed, whatever they say */
        int64_t limit;       /* rows to look at */
} PruneBefore;
/* Goes on behind *row, which it moves on. */
int store_prune(Store *s, PrunableKind kind, const PruneBefore *w, int64_t *row, bool *ret_more);
/* Gives at most so many pages back to the file system. */
int store_give_back(Store *s, int64_t pages);
/* Carries the log over into the file now, rather than in the transaction that fills it. */
int store_carry_over(Store *s);

/* --- a copy of it all --- */

/* In meta of a copy: what it is a copy of. Whoever opens it ends all grants, and empties the value. */
#define META_COPY "copy"

/*
 * A copy made while the store is in use, as one file that needs no log, which has no name any more once
 * it is whole; borrows the store. what is META_COPY's value.
 */
typedef struct StoreCopy StoreCopy;
int store_copy_begin(Store *s, const char *what, StoreCopy **ret);
/* Copies so many pages more. What is committed meanwhile is in the copy too. */
int store_copy_step(StoreCopy *c, int pages, bool *ret_done);
/* Of one that is done. */
int64_t store_copy_size(const StoreCopy *c);
int store_copy_read(StoreCopy *c, int64_t offset, void *out, size_t size, size_t *ret_size);
StoreCopy *store_copy_free(StoreCopy *c);
DEFINE_FREE(StoreCopy, store_copy_free)

typedef struct StoreRecovery {
        int found; /* what store_open() said of what is there: 0: it is sound; -ENOENT: there is none */
        bool done;     /* another file is in its place now … */
        char *kept;    /* … and it lies beside it by this name, owned; NULL: there was none */
        int64_t rows;  /* that could be read, of all kinds … */
        int64_t audit; /* … and of the record */
        int64_t distrusted; /* that could, but did not add up */
        bool cut;           /* some could not be read at all */
} StoreRecovery;

/*
 * With from: puts a backup in place of what is in dir, whatever that is. Without: if that is damaged,
 * what can be read of it. Either opens nothing that was granted. -EBUSY: it is in use; -ENODATA: nothing
 * can be read; what store_open() says of the backup. On failure all is as it was.
 */
int store_recover(const char *dir, const char *from, usec_t now, StoreRecovery *ret);
void store_recovery_done(StoreRecovery *x);
/* Uses of a grant (grant.used), likewise. */
int store_audit_used(Store *s, const Id *grant, AuditVisit visit, void *userdata);

typedef struct OwedMessage {
        int64_t id;
        char *event; /* request.created, request.decided, … */
        Id request;
        char *channel;
        char *to;       /* the approver it is for; NULL: a shared audience */
        usec_t created; /* wall */
        bool delivered; /* and still of interest */
        int64_t tries;  /* that failed */
        char *problem;  /* of the last one */
} OwedMessage;
void owed_message_done(OwedMessage *m);
int store_outbox_insert(Store *s, const OwedMessage *m);
int store_outbox_remove(Store *s, int64_t id);
/* It arrived, and stays. -ENOENT unless it was owed and is of that event. */
int store_outbox_deliver(Store *s, int64_t id, const char *event, usec_t wall);
/* It did not; it is due again at next (wall). -ENOENT likewise. */
int store_outbox_fail(Store *s, int64_t id, usec_t next, const char *problem);
/* Everything owed on the channel is due now. */
int store_outbox_hurry(Store *s, const char *channel);
/* What became pointless: messages of that event about that request, delivered or not. Returns how many. */
int store_outbox_remove_for(Store *s, const Id *request, const char *event, int64_t *ret_n);
/* Likewise all of a channel. */
int store_outbox_remove_channel(Store *s, const char *channel, int64_t *ret_n);
/* What is owed on the channel (NULL: on all). */
int store_outbox_count(Store *s, const char *channel, int64_t *ret);
typedef int (*OutboxVisit)(const OwedMessage *m, void *userdata);
/*
 * What is owed on the channel and due by now, oldest first, but nothing before what the same reader is
 * owed about the same request. A time further ahead than ahead is of a clock that was set back: due.
 */
int store_outbox_due(
        Store *s, const char *channel, usec_t now, usec_t ahead, OutboxVisit visit, void *userdata);
/* When the next of the channel is due, of what is not due by now (wall). USEC_NEVER: none. */
int store_outbox_next(Store *s, const char *channel, usec_t now, usec_t *ret);
/* Messages of that event about that request, delivered or not (tries, problem, channel). */
int store_outbox_of(
        Store *s, const Id *request, const char *event, OutboxVisit visit, void *userdata);
/* Each channel by which something is, or was, owed. */
int store_outbox_channels(
        Store *s, int (*visit)(const char *channel, void *userdata), void *userdata);

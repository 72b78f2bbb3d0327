/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the store's own files share: the connection, its kept statements, and Row, which binds the
 * parameters of a statement or reads the columns of its answer one after the other. Its first error
 * sticks, so that a struct is written or read as a plain list and checked once.
 *
 * Columns between sum_start() and put_sum() or get_sum() are covered by a checksum in the row: SQLite
 * checks the shape of its pages but not what is in them, and one flipped bit of a uid would hand a
 * grant to somebody else.
 */

#include <sqlite3.h>

#include "jit-approver/daemon/store.h"

#define NAME_LIMIT 4096             /* bytes of an ordinary text */
#define TEXT_LIMIT ((size_t) 65536) /* of a command, of a canonical row */

typedef enum StatementName {
        STATEMENT_BEGIN,
        STATEMENT_COMMIT,
        STATEMENT_META_GET,
        STATEMENT_META_SET,
        STATEMENT_REQUEST_INSERT,
        STATEMENT_REQUEST_GET,
        STATEMENT_REQUEST_FIND,
        STATEMENT_REQUEST_OPEN,
        STATEMENT_REQUEST_DECIDE,
        STATEMENT_REQUEST_END,
        STATEMENT_REQUEST_DETACH,
        STATEMENT_REQUEST_REACH,
        STATEMENT_REQUEST_LATELY,
        STATEMENT_REQUEST_EXTENSIONS,
        STATEMENT_REQUEST_COUNT,
        STATEMENT_REQUEST_COUNT_OF,
        STATEMENT_REQUEST_PENDING,
        STATEMENT_REQUEST_ALL,
        STATEMENT_REQUEST_DEADLINE,
        STATEMENT_VOTE_INSERT,
        STATEMENT_VOTE_LIST,
        STATEMENT_TRY_COUNT,
        STATEMENT_TRY_SUM,
        STATEMENT_TRY_FORGIVE,
        STATEMENT_REVIEW_INSERT,
        STATEMENT_REVIEW_GET,
        STATEMENT_REVIEW_SIGN,
        STATEMENT_REVIEW_OPEN,
        STATEMENT_REVIEW_COUNT,
        STATEMENT_RESCUE_INSERT,
        STATEMENT_RESCUE_VOID,
        STATEMENT_RESCUE_LIST,
        STATEMENT_RESCUE_USE,
        STATEMENT_RESCUE_FORGET,
        STATEMENT_RESCUE_COUNT,
        STATEMENT_RESCUE_TRY,
        STATEMENT_URGENT_COUNT,
        STATEMENT_GRANT_INSERT,
        STATEMENT_GRANT_GET,
        STATEMENT_GRANT_FIND,
        STATEMENT_GRANT_MOVE,
        STATEMENT_GRANT_CHANGE,
        STATEMENT_GRANT_ACTIVE,
        STATEMENT_GRANT_ACTIVE_OF,
        STATEMENT_GRANT_ALL,
        STATEMENT_GRANT_LATELY,
        STATEMENT_GRANT_ENDED,
        STATEMENT_SESSION_INSERT,
        STATEMENT_SESSION_CLOSE,
        STATEMENT_SESSION_LIST,
        STATEMENT_SESSION_GET,
        STATEMENT_SESSION_ALL,
        STATEMENT_RESIDUE_INSERT,
        STATEMENT_RESIDUE_GET,
        STATEMENT_RESIDUE_OWED,
        STATEMENT_AUDIT_INSERT,
        STATEMENT_AUDIT_HEAD,
        STATEMENT_AUDIT_LIST,
        STATEMENT_AUDIT_JOINED,
        STATEMENT_AUDIT_SPAN,
        STATEMENT_AUDIT_TIMES,
        STATEMENT_AUDIT_CHECKPOINT,
        STATEMENT_USAGE,
        STATEMENT_ALIVE,
        STATEMENT_PRUNE_AUDIT,
        STATEMENT_PRUNE_LOOK_SESSIONS,
        STATEMENT_PRUNE_LOOK_GRANTS,
        STATEMENT_PRUNE_LOOK_REQUESTS,
        STATEMENT_PRUNE_SESSIONS,
        STATEMENT_PRUNE_GRANTS,
        STATEMENT_PRUNE_VOTES,
        STATEMENT_PRUNE_OUTBOX,
        STATEMENT_PRUNE_TRIES,
        STATEMENT_PRUNE_REVIEWS,
        STATEMENT_PRUNE_RESIDUE,
        STATEMENT_PRUNE_REQUESTS,
        STATEMENT_AUDIT_USED,
        STATEMENT_OUTBOX_INSERT,
        STATEMENT_OUTBOX_REMOVE,
        STATEMENT_OUTBOX_REMOVE_FOR,
        STATEMENT_OUTBOX_REMOVE_CHANNEL,
        STATEMENT_OUTBOX_DELIVER,
        STATEMENT_OUTBOX_FAIL,
        STATEMENT_OUTBOX_HURRY,
        STATEMENT_OUTBOX_COUNT,
        STATEMENT_OUTBOX_COUNT_ALL,
        STATEMENT_OUTBOX_DUE,
        STATEMENT_OUTBOX_NEXT,
        STATEMENT_OUTBOX_OF,
        STATEMENT_OUTBOX_CHANNELS,
        _STATEMENT_MAX,
} StatementName;

struct Store {
        sqlite3 *db;
        sqlite3_stmt *kept[_STATEMENT_MAX]; /* prepared at first use, finalized with the store */
        char *path;                         /* owned */
        bool in_transaction;
        int64_t pruned; /* rows of the record up to here are gone, whether they are still in the file */
        char state[256]; /* the last error in SQLite's words; "" is ok */
};

/* A copy that is being made lies beside the file. */
#define COPY_SUFFIX "-copy"

/* The VFS to open with; see store_log.c. An SQLite result. */
#define STORE_VFS "jit-log"
int store_log_register(void);

/* The numbered migrations; the schema's number is how many of them there are. */
extern const char *const store_migrations[];
extern const size_t store_migrations_n;

/* What an SQLite result is as negative errno; its words are kept for store_state(). */
int store_error(Store *s, int rc);

typedef struct Row {
        Store *store;
        sqlite3_stmt *statement;
        bool temporary; /* the kept one was busy: somebody asks from within a visit */
        int at;         /* the next parameter or column */
        int error;
        bool summed; /* what comes next is covered by the checksum */
        uint64_t sum;
} Row;

/* For _cleanup_(row_donep). sql must be the same for the same name at every call. */
int row_open(Store *s, StatementName name, const char *sql, Row *ret);
void row_donep(Row *row);

/* 1: there is a row to read; 0: there is no more; negative: what went wrong, binding included. */
int row_step(Row *row);
/* Runs what returns no rows. How many rows it changed, or negative. */
int row_run(Row *row);

void sum_start(Row *row);

void put_null(Row *row);
void put_integer(Row *row, int64_t value);
void put_text(Row *row, const char *value, size_t limit);
void put_id(Row *row, const Id *id); /* unset is NULL */
void put_uid(Row *row, uid_t uid);   /* unset is NULL */
void put_who(Row *row, const Who *who);
void put_sum(Row *row);

int64_t get_integer(Row *row, int64_t min, int64_t max);
usec_t get_usec(Row *row);
bool get_bool(Row *row);
/* A copy the caller owns; NULL for NULL and when memory or trust is gone. */
char *get_text(Row *row, size_t limit);
/* Borrowed until the next step; for words of a fixed list. */
const char *get_word(Row *row);
/* Into out[size]; NULL is "". */
void get_chars(Row *row, char *out, size_t size);
void get_id(Row *row, Id *ret);
uid_t get_uid(Row *row);
void get_who(Row *row, Who *ret);
void get_sum(Row *row);
/* What was read is not what may stand here. */
void row_distrust(Row *row);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The store as such: its transactions, its errors, small named values. The tables are in store_*.c.
 */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

/* What the system said when a file could not be read or written. */
static int system_error(int error)
{
        switch (error) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG: /* the limit of a file's size */
                return -ENOSPC;
        case EROFS:
        case EACCES:
        case EPERM:
                return -EROFS;
        case ENOMEM:
                return -ENOMEM;
        default:
                return -EIO;
        }
}

/* SQLite forgets why a commit's write failed; the log's file does not. */
static int log_error(Store *s)
{
        sqlite3_file *log = NULL;
        int error = 0;

        if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK ||
                !log || !log->pMethods) {
                return 0;
        }
        (void) log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
        return error;
}

static int errno_of(Store *s, int rc)
{
        switch (rc & 0xff) { /* the rest says in which step */
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_TOOBIG: /* longer than anything we write */
        case SQLITE_FORMAT:
        case SQLITE_MISMATCH:
                return -EUCLEAN;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_READONLY:
        case SQLITE_PERM:
                return -EROFS;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_CONSTRAINT:
                return rc == SQLITE_CONSTRAINT_FOREIGNKEY ? -ENOENT : -EEXIST;
        case SQLITE_IOERR:
                if (rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_FSYNC) {
                        return system_error(log_error(s));
                }
                return -EIO;
        case SQLITE_CANTOPEN:
                return system_error(sqlite3_system_errno(s->db));
        default:
                return -EIO;
        }
}

int store_error(Store *s, int rc)
{
        const char *words = sqlite3_errmsg(s->db);

        (void) text_clean(s->state, sizeof(s->state), words, strlen(words));
        return errno_of(s, rc);
}

const char *store_state(const Store *s)
{
        return s->state[0] ? s->state : "ok";
}

Store *store_free(Store *s)
{
        if (!s) {
                return NULL;
        }
        if (s->in_transaction) {
                store_rollback(s);
        }
        for (size_t i = 0; i < ELEMENTSOF(s->kept); i++) {
                (void) sqlite3_finalize(s->kept[i]);
        }
        (void) sqlite3_close(s->db);
        free(s->path);
        free(s);
        return NULL;
}

static int run_plain(Store *s, StatementName name, const char *sql)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, name, sql, &row);
        if (r < 0) {
                return r;
        }
        r = row_step(&row);
        return r < 0 ? r : 0;
}

int store_begin(Store *s)
{
        int r;

        assert(!s->in_transaction);
        r = run_plain(s, STATEMENT_BEGIN, "BEGIN IMMEDIATE");
        if (r < 0) {
                return r;
        }
        s->in_transaction = true;
        return 0;
}

int store_commit(Store *s)
{
        int r;

        assert(s->in_transaction);
        /* SQLite may have rolled back by itself when a statement met a full disk. */
        if (sqlite3_get_autocommit(s->db)) {
                s->in_transaction = false;
                return -EIO;
        }
        r = run_plain(s, STATEMENT_COMMIT, "COMMIT");
        if (r < 0) {
                store_rollback(s);
                return r;
        }
        s->in_transaction = false;
        s->state[0] = '\0';
        return 0;
}

void store_rollback(Store *s)
{
        assert(s->in_transaction);
        s->in_transaction = false;
        if (!sqlite3_get_autocommit(s->db)) {
                (void) sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
        }
}

int transaction_begin(Store *s, Transaction *ret)
{
        int r;

        r = store_begin(s);
        if (r < 0) {
                return r;
        }
        ret->store = s;
        return 0;
}

int transaction_commit(Transaction *t)
{
        assert(t->store);
        return store_commit(TAKE_PTR(t->store));
}

void transaction_endp(Transaction *t)
{
        if (t->store) {
                store_rollback(TAKE_PTR(t->store));
        }
}

int store_meta_get(Store *s, const char *name, char **ret)
{
        _cleanup_(row_donep) Row row = {};
        char *value;
        int r;

        r = row_open(s, STATEMENT_META_GET, "SELECT value FROM meta WHERE name = ?", &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, name, NAME_LIMIT);
        r = row_step(&row);
        if (r <= 0) {
                return r < 0 ? r : -ENOENT;
        }
        value = get_text(&row, NAME_LIMIT);
        if (!value) {
                return row.error < 0 ? row.error : -EUCLEAN;
        }
        *ret = value;
        return 0;
}

int store_meta_set(Store *s, const char *name, const char *value)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_META_SET,
                "INSERT INTO meta (name, value) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, name, NAME_LIMIT);
        put_text(&row, value, NAME_LIMIT);
        r = row_run(&row);
        return r < 0 ? r : 0;
}

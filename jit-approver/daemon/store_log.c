/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The write-ahead log's writes in one piece. SQLite writes each page of a commit, and each page's
 * header, on its own: some twenty calls before the one that makes them durable. Here they are kept
 * until something needs them in the file, which is the sync, and then written at once. Everything
 * but the log goes to the system's own VFS as it is.
 *
 * MUST: show every read what was written before; say of a sync that it failed when the write did; hold
 * nothing back once a sync has returned.
 */

#include <stdlib.h>
#include <string.h>

#include "jit-approver/daemon/store_internal.h"

/*
 * Far more than any of our commits. Below 128 KiB: SQLite's own write takes a size modulo that, and
 * would write nothing of a piece of just so much.
 */
#define HELD_MAX ((size_t) 96 * 1024)

typedef struct Log {
        sqlite3_file base; /* first: what SQLite sees */
        sqlite3_int64 at;  /* where held begins in the file */
        size_t n;
        char *held;          /* owned; HELD_MAX */
        sqlite3_file real[]; /* the system's, of a size only it knows */
} Log;

static sqlite3_vfs *system_vfs;

/*
 * What could not be written is dropped: whoever is told so rolls back, and would find it in the way of
 * what comes next.
 */
static int write_held(Log *log)
{
        size_t n = log->n;

        log->n = 0;
        return n > 0 ? log->real->pMethods->xWrite(log->real, log->held, (int) n, log->at)
                     : SQLITE_OK;
}

static int log_write(sqlite3_file *file, const void *data, int n, sqlite3_int64 at)
{
        Log *log = (Log *) file;
        size_t size = (size_t) n;
        int rc;

        if (log->n > 0 && (at != log->at + (sqlite3_int64) log->n || size > HELD_MAX - log->n)) {
                rc = write_held(log);
                if (rc != SQLITE_OK) {
                        return rc;
                }
        }
        if (size > HELD_MAX) {
                return log->real->pMethods->xWrite(log->real, data, n, at);
        }
        if (log->n == 0) {
                log->at = at;
        }
        memcpy(log->held + log->n, data, size);
        log->n += size;
        return SQLITE_OK;
}

static int log_read(sqlite3_file *file, void *data, int n, sqlite3_int64 at)
{
        Log *log = (Log *) file;
        int rc = write_held(log);

        return rc != SQLITE_OK ? rc : log->real->pMethods->xRead(log->real, data, n, at);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        Log *log = (Log *) file;
        int rc = write_held(log);

        return rc != SQLITE_OK ? rc : log->real->pMethods->xTruncate(log->real, size);
}

static int log_sync(sqlite3_file *file, int flags)
{
        Log *log = (Log *) file;
        int rc = write_held(log);

        return rc != SQLITE_OK ? rc : log->real->pMethods->xSync(log->real, flags);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *ret)
{
        Log *log = (Log *) file;
        int rc = write_held(log);

        return rc != SQLITE_OK ? rc : log->real->pMethods->xFileSize(log->real, ret);
}

static int log_close(sqlite3_file *file)
{
        Log *log = (Log *) file;
        int written = write_held(log), rc = log->real->pMethods->xClose(log->real);

        free(log->held);
        log->held = NULL;
        return written != SQLITE_OK ? written : rc;
}

static int log_lock(sqlite3_file *file, int level)
{
        Log *log = (Log *) file;

        return log->real->pMethods->xLock(log->real, level);
}

static int log_unlock(sqlite3_file *file, int level)
{
        Log *log = (Log *) file;

        return log->real->pMethods->xUnlock(log->real, level);
}

static int log_is_reserved(sqlite3_file *file, int *ret)
{
        Log *log = (Log *) file;

        return log->real->pMethods->xCheckReservedLock(log->real, ret);
}

static int log_control(sqlite3_file *file, int op, void *argument)
{
        Log *log = (Log *) file;

        return log->real->pMethods->xFileControl(log->real, op, argument);
}

static int log_sector(sqlite3_file *file)
{
        Log *log = (Log *) file;

        return log->real->pMethods->xSectorSize(log->real);
}

static int log_device(sqlite3_file *file)
{
        Log *log = (Log *) file;

        return log->real->pMethods->xDeviceCharacteristics(log->real);
}

/* Version 1: no shared memory and no mapping, which are the database file's and not the log's. */
static const sqlite3_io_methods log_methods = {
        .iVersion = 1,
        .xClose = log_close,
        .xRead = log_read,
        .xWrite = log_write,
        .xTruncate = log_truncate,
        .xSync = log_sync,
        .xFileSize = log_size,
        .xLock = log_lock,
        .xUnlock = log_unlock,
        .xCheckReservedLock = log_is_reserved,
        .xFileControl = log_control,
        .xSectorSize = log_sector,
        .xDeviceCharacteristics = log_device,
};

static int open_any(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret)
{
        Log *log = (Log *) file;
        int rc;

        if (!(flags & SQLITE_OPEN_WAL)) {
                return system_vfs->xOpen(system_vfs, name, file, flags, ret);
        }
        memset(log, 0, sizeof(*log));
        log->held = malloc(HELD_MAX);
        if (!log->held) {
                return SQLITE_NOMEM;
        }
        rc = system_vfs->xOpen(system_vfs, name, log->real, flags, ret);
        if (rc != SQLITE_OK) {
                if (log->real->pMethods) {
                        (void) log->real->pMethods->xClose(log->real);
                }
                free(log->held);
                return rc; /* without methods, so that SQLite closes nothing */
        }
        log->base.pMethods = &log_methods;
        return SQLITE_OK;
}

int store_log_register(void)
{
        /* The system's, but for opening. SQLite keeps the address for as long as the process lives. */
        static sqlite3_vfs vfs;

        if (system_vfs) {
                return SQLITE_OK;
        }
        /* One thread and nobody who asks for statistics: no lock around every allocation. */
        (void) sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
        (void) sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
        system_vfs = sqlite3_vfs_find(NULL);
        if (!system_vfs) {
                return SQLITE_ERROR;
        }
        vfs = *system_vfs;
        vfs.pNext = NULL;
        vfs.zName = STORE_VFS;
        vfs.szOsFile = (int) sizeof(Log) + system_vfs->szOsFile;
        vfs.xOpen = open_any;
        return sqlite3_vfs_register(&vfs, 0);
}

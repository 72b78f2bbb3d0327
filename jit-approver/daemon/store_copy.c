/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A backup, by SQLite's own way of copying what is in use. MUST: keep the copy from others, and mark it
 * as one: what was granted in it may have been taken away since.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

struct StoreCopy {
        Store *store; /* borrowed */
        char *path, *what;
        sqlite3 *db;
        sqlite3_backup *backup; /* while pages are copied */
        int fd;                 /* then, of the file without a name */
        int64_t size;
};

StoreCopy *store_copy_free(StoreCopy *c)
{
        if (!c) {
                return NULL;
        }
        (void) sqlite3_backup_finish(c->backup);
        (void) sqlite3_close(c->db);
        if (c->fd < 0 && c->path) {
                (void) unlink(c->path);
        }
        closep(&c->fd);
        free(c->path);
        free(c->what);
        free(c);
        return NULL;
}

/* Its own file, whatever an approver that was killed left behind. */
static int make_file(const char *path)
{
        _cleanup_(closep) int fd = -1;

        if (unlink(path) < 0 && errno != ENOENT) {
                return -errno;
        }
        fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd < 0 || fchmod(fd, 0600) < 0 ? -errno : 0;
}

static int run(StoreCopy *c, const char *sql)
{
        return sqlite3_exec(c->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

int store_copy_begin(Store *s, const char *what, StoreCopy **ret)
{
        _cleanup_(store_copy_freep) StoreCopy *c = calloc(1, sizeof(*c));

        if (!c) {
                return -ENOMEM;
        }
        c->fd = -1;
        c->store = s;
        c->what = strdup(what);
        int r = str_printf(&c->path, "%s" COPY_SUFFIX, s->path);
        if (!c->what || r < 0) {
                return -ENOMEM;
        }
        r = make_file(c->path);
        if (r < 0) {
                return r;
        }
        if (sqlite3_open_v2(c->path, &c->db,
                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                    NULL) != SQLITE_OK) {
                return -EIO;
        }
        /* Nobody needs it after a crash. */
        r = run(c, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF;"
                   "PRAGMA page_size = 1024; PRAGMA journal_mode = OFF");
        if (r < 0) {
                return r;
        }
        c->backup = sqlite3_backup_init(c->db, "main", s->db, "main");
        if (!c->backup) {
                return -EIO;
        }
        *ret = TAKE_PTR(c);
        return 0;
}

/* The bytes of the file would say that there is a log; and whose copy it is. */
static int finish(StoreCopy *c)
{
        struct stat st;

        char *quoted = sqlite3_mprintf("INSERT INTO meta (name, value) VALUES ('" META_COPY "', %Q)"
                                       " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                c->what);
        if (!quoted) {
                return -ENOMEM;
        }
        int r = run(c, "PRAGMA journal_mode = DELETE");
        if (r >= 0) {
                r = run(c, quoted);
        }
        sqlite3_free(quoted);
        if (r < 0) {
                return r;
        }
        if (sqlite3_close(TAKE_PTR(c->db)) != SQLITE_OK) {
                return -EIO;
        }
        c->fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (c->fd < 0 || fstat(c->fd, &st) < 0 || unlink(c->path) < 0) {
                return -errno;
        }
        c->size = st.st_size;
        return 0;
}

int store_copy_step(StoreCopy *c, int pages, bool *ret_done)
{
        int rc = sqlite3_backup_step(c->backup, pages);

        if (rc == SQLITE_OK) {
                *ret_done = false;
                return 0;
        }
        if (rc != SQLITE_DONE) {
                return (rc & 0xff) == SQLITE_FULL ? -ENOSPC : -EIO;
        }
        if (sqlite3_backup_finish(TAKE_PTR(c->backup)) != SQLITE_OK) {
                return -EIO;
        }
        int r = finish(c);
        if (r >= 0) {
                *ret_done = true;
        }
        return r;
}

int64_t store_copy_size(const StoreCopy *c)
{
        return c->size;
}

int store_copy_read(StoreCopy *c, int64_t offset, void *out, size_t size, size_t *ret_size)
{
        ssize_t n = pread(c->fd, out, size, offset);

        if (n < 0) {
                return -errno;
        }
        *ret_size = (size_t) n;
        return 0;
}

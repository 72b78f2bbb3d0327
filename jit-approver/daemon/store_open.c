/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Opening the store. Trusts neither the folder nor what is in the file. MUST: refuse a folder others
 * may write to, a network file system, a file that is damaged, of another kind or from the future;
 * change nothing in a file it refuses.
 *
 * The lock is exclusive for as long as the daemon lives: nobody else writes beside the one writer,
 * a second daemon fails at once, nothing needs shared memory, no transaction pays for locking, and a
 * reader with a shell cannot hold up a verdict. A backup is made by the daemon itself.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

#define STORE_FILE "approver.db"
#define APPLICATION_ID 0x4A495431 /* "JIT1" */
#define ROW_LIMIT (1024 * 1024)   /* bytes; a longer one is damage and is not even allocated */

/*
 * A decision changes a few hundred bytes on each of some ten pages, and all of every page goes to the
 * disk: small pages cost less than half of what SQLite's 4096 do.
 */
#define PAGE_SIZE 1024
#define CHECKPOINT_PAGES 4000 /* of the log, then it is carried over into the file */
/* Room for the transaction that crosses the mark, so that the log never grows again. */
#define LOG_SIZE (32 + (CHECKPOINT_PAGES + 200) * (sqlite3_int64) (24 + PAGE_SIZE))
#define LOG_CHUNK (64 * 1024)
#define VACUUM_PAGES 16384 /* up to here a file of an old kind is written anew */

#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)

/* Not in linux/magic.h. */
#define CIFS_MAGIC 0xFF534D42
#define NCP_MAGIC 0x564C
#define OCFS2_MAGIC 0x7461636F

static bool is_network(const struct statfs *fs)
{
        static const uint32_t magics[] = { NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, SMB2_SUPER_MAGIC,
                CIFS_MAGIC, AFS_SUPER_MAGIC, AFS_FS_MAGIC, CODA_SUPER_MAGIC, CEPH_SUPER_MAGIC,
                V9FS_MAGIC, NCP_MAGIC, OCFS2_MAGIC };

        for (size_t i = 0; i < ELEMENTSOF(magics); i++) {
                if ((uint32_t) fs->f_type == magics[i]) {
                        return true;
                }
        }
        return false;
}

static int open_folder(const char *dir, int *ret)
{
        _cleanup_(closep) int fd = -1;
        struct statfs fs;
        struct stat st;

        fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0) {
                return -errno;
        }
        if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH))) {
                return -EPERM;
        }
        if (is_network(&fs)) {
                return -ENOTSUP;
        }
        *ret = TAKE_FD(fd);
        return 0;
}

/*
 * Makes the file, 0600 whatever the umask. One that exists is not opened here: closing any descriptor
 * of it would drop the locks of a store that this process may have open (sqlite.org/howtocorrupt).
 */
static int make_file(int folder)
{
        _cleanup_(closep) int fd = -1;
        struct stat st, log;

        fd = openat(folder, STORE_FILE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0) {
                return fchmod(fd, 0600) < 0 || fsync(folder) < 0 ? -errno : 0;
        }
        if (errno != EEXIST) {
                return -errno;
        }
        if (fstatat(folder, STORE_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                return -errno;
        }
        if (!S_ISREG(st.st_mode) || st.st_uid != geteuid()) {
                return -EPERM;
        }
        /* SQLite would take it for a new file, and throw away the log of the old. */
        if (st.st_size == 0 && fstatat(folder, STORE_FILE "-wal", &log, AT_SYMLINK_NOFOLLOW) == 0 &&
                log.st_size > 0) {
                return -EUCLEAN;
        }
        if ((st.st_mode & 07777) != 0600 && fchmodat(folder, STORE_FILE, 0600, 0) < 0) {
                return -errno;
        }
        return 0;
}

static int execute(Store *s, const char *sql)
{
        int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

        return rc == SQLITE_OK ? 0 : store_error(s, rc);
}

/* The first column of the first row: an integer, or a text (caller frees; NULL for NULL). */
static int query(Store *s, const char *sql, int64_t *ret_integer, char **ret_text)
{
        sqlite3_stmt *statement;
        int rc, r = 0;

        rc = sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL);
        if (rc != SQLITE_OK) {
                return store_error(s, rc);
        }
        rc = sqlite3_step(statement);
        if (rc != SQLITE_ROW) {
                r = rc == SQLITE_DONE ? -EUCLEAN : store_error(s, rc);
        } else if (ret_integer) {
                *ret_integer = sqlite3_column_int64(statement, 0);
        } else {
                const char *text = (const char *) sqlite3_column_text(statement, 0);
                char *copy = strdup(str_or(text, ""));

                if (copy) {
                        *ret_text = copy;
                } else {
                        r = -ENOMEM;
                }
        }
        (void) sqlite3_finalize(statement);
        return r;
}

static int distrust(Store *s, const char *words)
{
        (void) snprintf(s->state, sizeof(s->state), "%s", words);
        return -EUCLEAN;
}

static int configure(Store *s)
{
        static const struct {
                int option, value;
        } options[] = {
                { SQLITE_DBCONFIG_DEFENSIVE, 1 },
                { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
                { SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
                { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
                { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
                { SQLITE_DBCONFIG_DQS_DML, 0 },
                { SQLITE_DBCONFIG_DQS_DDL, 0 },
                { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
                /* Until it proves sound: what is refused is left as it is, its log included. */
                { SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                int rc = sqlite3_db_config(s->db, options[i].option, options[i].value, NULL);

                if (rc != SQLITE_OK) {
                        return store_error(s, rc);
                }
        }
        (void) sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, ROW_LIMIT);
        (void) sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
        return execute(s, "PRAGMA locking_mode = EXCLUSIVE;"
                          "PRAGMA auto_vacuum = INCREMENTAL;" /* of a new file */
                          "PRAGMA page_size = " STRINGIFY(PAGE_SIZE) ";"
                                                                     "PRAGMA cell_size_check = ON;"
                                                                     "PRAGMA secure_delete = OFF;"
                                                                     "PRAGMA temp_store = MEMORY;"
                                                                     "PRAGMA mmap_size = 0;");
}

/* The journal. Not before the file was judged: this may write its header. */
static int configure_log(Store *s)
{
        _cleanup_(freep) char *mode = NULL;
        int r;

        r = query(s, "PRAGMA journal_mode = WAL", NULL, &mode);
        if (r < 0) {
                return r;
        }
        if (!streq(mode, "wal")) {
                (void) snprintf(s->state, sizeof(s->state), "no write-ahead log");
                return -EIO;
        }
        return execute(s, "PRAGMA synchronous = FULL;"
                          "PRAGMA journal_size_limit = -1;"
                          "PRAGMA wal_autocheckpoint = " STRINGIFY(CHECKPOINT_PAGES) ";");
}

static int check_pages(Store *s)
{
        _cleanup_(freep) char *finding = NULL;
        int r;

        r = query(s, "PRAGMA quick_check(1)", NULL, &finding);
        if (r < 0) {
                return r;
        }
        if (!streq(finding, "ok")) {
                (void) text_clean(s->state, sizeof(s->state), finding, strlen(finding));
                return -EUCLEAN;
        }
        return 0;
}

/* 0 for a new file. Refuses what is not ours or newer than we are. */
static int check_version(Store *s, size_t *ret)
{
        int64_t application, version, tables;
        int r;

        r = query(s, "PRAGMA application_id", &application, NULL);
        if (r >= 0) {
                r = query(s, "PRAGMA user_version", &version, NULL);
        }
        if (r >= 0) {
                r = query(s, "SELECT count(*) FROM sqlite_schema", &tables, NULL);
        }
        if (r < 0) {
                return r;
        }
        if (application == 0 && version == 0 && tables == 0) {
                *ret = 0;
                return 0;
        }
        if (application != APPLICATION_ID || version <= 0 || tables == 0) {
                return distrust(s, "not a file of this program");
        }
        if ((uint64_t) version > store_migrations_n) {
                (void) snprintf(s->state, sizeof(s->state), "made by a newer version");
                return -ENOTSUP;
        }
        *ret = (size_t) version;
        return 0;
}

static int migrate(Store *s, size_t from)
{
        for (size_t i = from; i < store_migrations_n; i++) {
                _cleanup_(freep) char *sql = NULL;
                int r;

                r = str_printf(&sql,
                        "BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %zu;"
                        "COMMIT;",
                        store_migrations[i], APPLICATION_ID, i + 1);
                if (r < 0) {
                        return r;
                }
                r = execute(s, sql);
                if (r < 0) {
                        /* The failing statement's own words were kept above. */
                        (void) sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
                        return r;
                }
        }
        return 0;
}

static int read_schema(Store *s, char **ret)
{
        return query(s,
                "SELECT group_concat(type || ' ' || name || ' ' || tbl_name || ' ' ||"
                " coalesce(sql, ''), x'0a') FROM"
                " (SELECT * FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'"
                " ORDER BY type, name)",
                NULL, ret);
}

/*
 * Whether the file's tables and indices are word for word what the migrations make: one letter of a
 * partial index's condition would hide what is open, and a trigger would act on its own.
 */
static int check_schema(Store *s)
{
        _cleanup_(freep) char *found = NULL, *right = NULL;
        _cleanup_(store_freep) Store *model = calloc(1, sizeof(Store));
        int r;

        if (!model) {
                return -ENOMEM;
        }
        if (sqlite3_open(":memory:", &model->db) != SQLITE_OK) {
                return -ENOMEM;
        }
        r = migrate(model, 0);
        if (r < 0) {
                return r;
        }
        r = read_schema(model, &right);
        if (r < 0) {
                return r;
        }
        r = read_schema(s, &found);
        if (r < 0) {
                return r;
        }
        return streq(found, right) ? 0 : distrust(s, "its tables are not as they were made");
}

/*
 * A log that grows costs twice what one costs that is written over again (blocks are to be found and
 * their finding made durable). So it gets its full length at once, until a clean stop takes it away: a
 * log that stayed would be laid over whatever file is put in place of ours. Where there is no room for
 * that length, it does without. What is behind the last commit in it SQLite does not look at.
 */
static void extend_log(Store *s)
{
        _cleanup_(freep) char *zeros = NULL;
        sqlite3_file *log = NULL;
        sqlite3_int64 size, at;

        if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK ||
                !log || !log->pMethods || log->pMethods->xFileSize(log, &size) != SQLITE_OK) {
                return;
        }
        zeros = calloc(1, LOG_CHUNK);
        if (!zeros) {
                return;
        }
        for (at = size; at < LOG_SIZE; at += LOG_CHUNK) {
                int n = (int) MIN((sqlite3_int64) LOG_CHUNK, LOG_SIZE - at);

                if (log->pMethods->xWrite(log, zeros, n, at) != SQLITE_OK) {
                        (void) log->pMethods->xTruncate(log, size);
                        return;
                }
        }
        if (at > size) {
                (void) log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
        }
}

static int open_connection(const char *dir, Store *s)
{
        int r, rc;

        /* Never a name that could be taken for a URI or an option. */
        r = str_printf(&s->path, "%s%s/" STORE_FILE, dir[0] == '/' ? "" : "./", dir);
        if (r < 0) {
                return r;
        }
        if (store_log_register() != SQLITE_OK) {
                return -ENOMEM;
        }
        rc = sqlite3_open_v2(s->path, &s->db,
                SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                        SQLITE_OPEN_PRIVATECACHE,
                STORE_VFS);
        if (rc != SQLITE_OK) {
                return s->db ? store_error(s, rc) : -ENOMEM;
        }
        if (sqlite3_db_readonly(s->db, "main") != 0) {
                (void) snprintf(s->state, sizeof(s->state), "cannot be written");
                return -EROFS;
        }
        return configure(s);
}

/*
 * A file of before auto_vacuum cannot shrink until it was written anew. That is done where it takes some
 * tenths of a second; a larger one keeps its size, and uses again what is pruned.
 */
static void let_shrink(Store *s)
{
        int64_t mode, pages;

        if (query(s, "PRAGMA auto_vacuum", &mode, NULL) < 0 || mode != 0 ||
                query(s, "PRAGMA page_count", &pages, NULL) < 0 || pages > VACUUM_PAGES) {
                return;
        }
        /* It attaches the new file to the old one. */
        (void) sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 1);
        (void) execute(s, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
        (void) sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
        s->state[0] = '\0';
}

/* From a connection to a store that has proved sound and is of our version. */
static int prepare(Store *s)
{
        size_t version;
        int r;

        r = check_version(s, &version);
        if (r < 0) {
                return r;
        }
        if (version > 0) {
                r = check_pages(s);
                if (r < 0) {
                        return r;
                }
        }
        r = configure_log(s);
        if (r < 0) {
                return r;
        }
        r = migrate(s, version);
        if (r < 0) {
                return r;
        }
        r = check_schema(s);
        if (r < 0) {
                return r;
        }
        (void) sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
        let_shrink(s);
        extend_log(s);
        return 0;
}

int store_open(const char *dir, Store **ret)
{
        _cleanup_(closep) int folder = -1;
        _cleanup_(store_freep) Store *s = NULL;
        int r;

        r = open_folder(dir, &folder);
        if (r < 0) {
                return r;
        }
        r = make_file(folder);
        if (r < 0) {
                return r;
        }
        /* Of an approver that was killed while it made one. */
        (void) unlinkat(folder, STORE_FILE COPY_SUFFIX, 0);
        s = calloc(1, sizeof(Store));
        if (!s) {
                return -ENOMEM;
        }
        r = open_connection(dir, s);
        if (r < 0) {
                return r;
        }
        r = prepare(s);
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(s);
        return 0;
}

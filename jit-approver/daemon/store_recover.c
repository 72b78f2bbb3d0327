/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A store that is damaged, or to be put back from a backup. Everything is made ready in a folder of its
 * own beside it and put in place by one rename. MUST: keep what was there; take over no row whose
 * checksum does not hold; mark what is put in place as a copy, so that it opens nothing.
 *
 * What is saved is saved row by row, from both ends of each table, since a page that cannot be read ends
 * the reading of those behind it. Nothing is made up: a row of the record that is lost stays missing.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

#define FOLDER "recover"
#define STORE_FILE "approver.db"
#define LOG STORE_FILE "-wal"
#define DAMAGED "damaged.db"
#define COPY_BYTES ((size_t) 256 * 1024)

/* --- files ------------------------------------------------------------------------------------------ */

static int copy_bytes(int from, int to)
{
        _cleanup_(freep) char *bytes = malloc(COPY_BYTES);
        ssize_t n;

        if (!bytes) {
                return -ENOMEM;
        }
        while ((n = read(from, bytes, COPY_BYTES)) != 0) {
                if (n < 0) {
                        return -errno;
                }
                for (ssize_t done = 0, k; done < n; done += k) {
                        k = write(to, bytes + done, (size_t) (n - done));
                        if (k < 0) {
                                return -errno;
                        }
                }
        }
        return fsync(to) < 0 ? -errno : 0;
}

/* -ENOENT where there is none. */
static int copy_file(int from_folder, const char *from, int to_folder, const char *to)
{
        _cleanup_(closep) int in = openat(from_folder, from, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        if (in < 0) {
                return -errno;
        }
        _cleanup_(closep) int out =
                openat(to_folder, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (out < 0) {
                return -errno;
        }
        return fchmod(out, 0600) < 0 ? -errno : copy_bytes(in, out);
}

static void empty_folder(int dir)
{
        static const char *const names[] = { FOLDER "/" STORE_FILE, FOLDER "/" LOG,
                FOLDER "/" STORE_FILE "-journal", FOLDER "/" DAMAGED, FOLDER "/" DAMAGED "-wal",
                FOLDER "/" DAMAGED "-journal" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                (void) unlinkat(dir, names[i], 0);
        }
        (void) unlinkat(dir, FOLDER, AT_REMOVEDIR);
}

/* A name for what was there: of today, and of nothing else. */
static int name_kept(int dir, usec_t now, char **ret)
{
        char stamp[32];
        time_t at = (time_t) (now / USEC_PER_SEC);
        struct stat st;
        struct tm tm;

        if (!gmtime_r(&at, &tm) || strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm) == 0) {
                return -EINVAL;
        }
        for (int i = 1; i < 1000; i++) {
                _cleanup_(freep) char *name = NULL;

                if (str_printf(&name, STORE_FILE ".kept-%s-%d", stamp, i) < 0) {
                        return -ENOMEM;
                }
                if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) {
                        *ret = TAKE_PTR(name);
                        return 0;
                }
        }
        return -EEXIST;
}

/* The log goes first: left behind, it would be laid over the new file. */
static int put_in_place(int dir, usec_t now, char **ret_kept)
{
        _cleanup_(freep) char *kept = NULL, *kept_log = NULL;

        int r = name_kept(dir, now, &kept);
        if (r < 0 || str_printf(&kept_log, "%s-wal", kept) < 0) {
                return r < 0 ? r : -ENOMEM;
        }
        if (linkat(dir, STORE_FILE, dir, kept, 0) < 0) {
                if (errno != ENOENT) {
                        return -errno;
                }
                free(TAKE_PTR(kept));
        }
        if ((renameat(dir, LOG, dir, kept_log) < 0 && errno != ENOENT) || fsync(dir) < 0 ||
                renameat(dir, FOLDER "/" STORE_FILE, dir, STORE_FILE) < 0 || fsync(dir) < 0) {
                return -errno;
        }
        *ret_kept = TAKE_PTR(kept);
        return 0;
}

/* --- saving what can be read ------------------------------------------------------------------------- */

typedef struct Salvage {
        sqlite3 *from;
        Store *to;
        StoreRecovery *report;
} Salvage;

typedef struct SalvageTable {
        const char *name, *key; /* by which it is in order */
        const char *orphans;    /* what hangs on nothing; or NULL */
} SalvageTable;

/* What others refer to comes first. */
static const SalvageTable tables[] = {
        { "meta", "name", NULL },
        { "requests", "row", NULL },
        { "votes", "request, number", "request NOT IN (SELECT id FROM requests)" },
        { "grants", "row", NULL },
        { "sessions", "row", "granted NOT IN (SELECT id FROM grants)" },
        { "audit", "seq", NULL },
        { "outbox", "id", "request NOT IN (SELECT id FROM requests)" },
        { "tries", "request, person", "request NOT IN (SELECT id FROM requests)" },
        { "reviews", "row", "request NOT IN (SELECT id FROM requests)" },
        { "residue", "row", "granted NOT IN (SELECT id FROM grants)" },
        { "rescue", "hash", NULL },
        { "rescue_tries", "row", NULL },
};

/* The columns that both have, with commas. An older file may lack some. */
static int columns_of(Salvage *s, const char *table, char **ret, int *ret_n)
{
        _cleanup_(freep) char *all = strdup("");
        sqlite3_stmt *info = NULL;
        int n = 0, r = 0;

        if (!all) {
                return -ENOMEM;
        }
        if (sqlite3_prepare_v2(s->to->db, "SELECT name FROM pragma_table_info(?)", -1, &info,
                    NULL) != SQLITE_OK) {
                return -EIO;
        }
        (void) sqlite3_bind_text(info, 1, table, -1, SQLITE_STATIC);
        while (r >= 0 && sqlite3_step(info) == SQLITE_ROW) {
                const char *name = (const char *) sqlite3_column_text(info, 0);
                char *more = NULL;

                if (sqlite3_table_column_metadata(s->from, NULL, table, name, NULL, NULL, NULL,
                            NULL, NULL) != SQLITE_OK) {
                        continue;
                }
                r = str_printf(&more, "%s%s%s", all, n > 0 ? ", " : "", name);
                if (r >= 0) {
                        free(all);
                        all = more;
                        n++;
                }
        }
        (void) sqlite3_finalize(info);
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(all);
        *ret_n = n;
        return 0;
}

static int open_statement(sqlite3 *db, sqlite3_stmt **ret, const char *format, ...) _printf_(3, 4);
static int open_statement(sqlite3 *db, sqlite3_stmt **ret, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        char *sql = sqlite3_vmprintf(format, ap);
        va_end(ap);
        if (!sql) {
                return -ENOMEM;
        }
        int rc = sqlite3_prepare_v2(db, sql, -1, ret, NULL);
        sqlite3_free(sql);
        return rc == SQLITE_OK ? 0 : -EUCLEAN;
}

/*
 * Whether the table came to its end. What is there already, or fits no column, is passed over. *last is the
 * number behind the columns of the last row.
 */
static bool copy_rows(sqlite3_stmt *from, sqlite3_stmt *to, int n, int64_t *last)
{
        int rc;

        while ((rc = sqlite3_step(from)) == SQLITE_ROW) {
                *last = sqlite3_column_int64(from, n);
                for (int i = 0; i < n; i++) {
                        (void) sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
                }
                (void) sqlite3_step(to);
                (void) sqlite3_reset(to);
        }
        return rc == SQLITE_DONE;
}

static bool is_numbered(const SalvageTable *t)
{
        return streq(t->key, "row") || streq(t->key, "seq") || streq(t->key, "id");
}

/*
 * What lies between two spoilt places: from behind the last row that was read, and where nothing can be read
 * from there, twice as far on each time.
 */
static void copy_between(
        Salvage *s, const SalvageTable *t, const char *columns, sqlite3_stmt *to, int n)
{
        sqlite3_stmt *from = NULL;
        int64_t after = 0, top = 0, step = 1;
        bool whole = false;

        if (open_statement(s->to->db, &from, "SELECT max(%s) FROM %s", t->key, t->name) >= 0 &&
                sqlite3_step(from) == SQLITE_ROW) {
                top = sqlite3_column_int64(from, 0);
        }
        (void) sqlite3_finalize(from);
        while (!whole && after < top) {
                int64_t last = after;

                from = NULL;
                if (open_statement(s->from, &from,
                            "SELECT %s, %s FROM %s NOT INDEXED WHERE %s > %lld ORDER BY %s",
                            columns, t->key, t->name, t->key, (long long) after, t->key) >= 0) {
                        whole = copy_rows(from, to, n, &last);
                }
                (void) sqlite3_finalize(from);
                step = last > after ? 1 : 2 * step;
                after = last > after ? last : after + step;
        }
}

static int copy_table(Salvage *s, const SalvageTable *t)
{
        static const char *const orders[] = { "", " DESC" };
        _cleanup_(freep) char *columns = NULL;
        sqlite3_stmt *from = NULL, *to = NULL;
        bool whole = false;
        int64_t last = 0;
        int n = 0;

        int r = columns_of(s, t->name, &columns, &n);
        if (r < 0 || n == 0) {
                s->report->cut = true;
                return r;
        }
        char marks[256] = "?";
        for (int i = 1; i < n && strlen(marks) + 3 < sizeof(marks); i++) {
                (void) snprintf(marks + strlen(marks), 3, ",?");
        }
        r = open_statement(s->to->db, &to, "INSERT OR IGNORE INTO %s (%s) VALUES (%s)", t->name,
                columns, marks);
        for (size_t i = 0; r >= 0 && !whole && i < ELEMENTSOF(orders); i++) {
                const char *comma = strchr(t->key, ',');

                /* Both parts of a key go the same way. */
                if (open_statement(s->from, &from,
                            "SELECT %s, 0 FROM %s NOT INDEXED ORDER BY %.*s%s%s%s", columns,
                            t->name, comma ? (int) (comma - t->key) : 100, t->key, orders[i],
                            comma ? comma : "", comma ? orders[i] : "") >= 0) {
                        whole = copy_rows(from, to, n, &last);
                }
                (void) sqlite3_finalize(from);
                from = NULL;
        }
        if (r >= 0 && !whole && is_numbered(t)) {
                copy_between(s, t, columns, to, n);
        }
        (void) sqlite3_finalize(to);
        s->report->cut = s->report->cut || !whole;
        return r;
}

static int take_request_row(const Request *r, int64_t row, void *userdata)
{
        return 1;
}

static int take_grant_row(const Grant *g, int64_t row, void *userdata)
{
        return 1;
}

static int take_audit_row(const AuditRow *row, void *userdata)
{
        return 1;
}

/* Whether the row reads, by those who will read it. */
static int check_request(Store *s, int64_t row, const char *id)
{
        const RequestFilter f = { .asker = UID_UNSET, .after = row - 1, .limit = 1 };

        return store_requests(s, &f, take_request_row, NULL);
}

static int check_grant(Store *s, int64_t row, const char *id)
{
        const GrantFilter f = { .asker = UID_UNSET, .after = row - 1, .limit = 1 };

        return store_grants(s, &f, take_grant_row, NULL);
}

static int check_audit(Store *s, int64_t row, const char *id)
{
        const AuditFilter f = { .asker = UID_UNSET, .after = row - 1, .upto = row };

        return store_audit(s, &f, take_audit_row, NULL);
}

static int check_session(Store *s, int64_t row, const char *id)
{
        Session x;
        Id parsed;

        int r = id_parse(id, &parsed);
        if (r >= 0) {
                r = store_session_get(s, &parsed, &x);
        }
        if (r >= 0) {
                session_done(&x);
        }
        return r;
}

static int check_votes(Store *s, int64_t row, const char *id)
{
        Vote *votes;
        size_t n;
        Id parsed;

        int r = id_parse(id, &parsed);
        if (r >= 0) {
                r = store_votes(s, &parsed, &votes, &n);
        }
        if (r >= 0) {
                votes_free(votes, n);
        }
        return r;
}

typedef struct Distrust {
        const char *list, *drop;
        int (*check)(Store *s, int64_t row, const char *id);
} Distrust;

static const Distrust distrusts[] = {
        { "SELECT row, id FROM requests", "DELETE FROM requests WHERE row = ?1 AND ?2 IS NOT NULL",
                check_request },
        { "SELECT DISTINCT 0, request FROM votes",
                "DELETE FROM votes WHERE request = ?2 AND ?1 = 0", check_votes },
        { "SELECT row, id FROM grants", "DELETE FROM grants WHERE row = ?1 AND ?2 IS NOT NULL",
                check_grant },
        { "SELECT row, id FROM sessions", "DELETE FROM sessions WHERE row = ?1 AND ?2 IS NOT NULL",
                check_session },
        { "SELECT seq, '' FROM audit", "DELETE FROM audit WHERE seq = ?1 AND ?2 IS NOT NULL",
                check_audit },
};

/* What was read but does not add up goes again. */
static int drop_distrusted(Salvage *s, const Distrust *d)
{
        sqlite3_stmt *list = NULL, *drop = NULL;

        int r = open_statement(s->to->db, &list, "%s", d->list);
        if (r >= 0) {
                r = open_statement(s->to->db, &drop, "%s", d->drop);
        }
        while (r >= 0 && sqlite3_step(list) == SQLITE_ROW) {
                int64_t row = sqlite3_column_int64(list, 0);
                const char *id = (const char *) sqlite3_column_text(list, 1);

                if (d->check(s->to, row, str_or(id, "")) < 0) {
                        (void) sqlite3_bind_int64(drop, 1, row);
                        (void) sqlite3_bind_text(drop, 2, str_or(id, ""), -1, SQLITE_TRANSIENT);
                        r = sqlite3_step(drop) == SQLITE_DONE ? 0 : -EIO;
                        s->report->distrusted++;
                        (void) sqlite3_reset(drop);
                }
        }
        (void) sqlite3_finalize(list);
        (void) sqlite3_finalize(drop);
        return r;
}

static int drop_orphans(Salvage *s)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(tables); i++) {
                sqlite3_stmt *statement = NULL;

                if (!tables[i].orphans) {
                        continue;
                }
                r = open_statement(s->to->db, &statement, "DELETE FROM %s WHERE %s", tables[i].name,
                        tables[i].orphans);
                if (r >= 0) {
                        r = sqlite3_step(statement) == SQLITE_DONE ? 0 : -EIO;
                }
                (void) sqlite3_finalize(statement);
        }
        return r;
}

static int count_rows(Salvage *s)
{
        for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
                sqlite3_stmt *statement = NULL;

                int r = open_statement(
                        s->to->db, &statement, "SELECT count(*) FROM %s", tables[i].name);
                if (r < 0) {
                        return r;
                }
                if (sqlite3_step(statement) == SQLITE_ROW) {
                        int64_t n = sqlite3_column_int64(statement, 0);
                        s->report->rows += n;
                        s->report->audit += streq(tables[i].name, "audit") ? n : 0;
                }
                (void) sqlite3_finalize(statement);
        }
        return 0;
}

static int salvage_all(Salvage *s)
{
        int r = store_begin(s->to);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(tables); i++) {
                r = copy_table(s, &tables[i]);
        }
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(distrusts); i++) {
                r = drop_distrusted(s, &distrusts[i]);
        }
        if (r >= 0) {
                r = drop_orphans(s);
        }
        if (r >= 0) {
                r = count_rows(s);
        }
        if (r < 0) {
                if (s->to->in_transaction) {
                        store_rollback(s->to);
                }
                return r;
        }
        return store_commit(s->to);
}

/* The copy that is read may be written to: its log is to be laid over it. */
static int salvage(const char *path, Store *to, StoreRecovery *report)
{
        Salvage s = { .to = to, .report = report };

        if (sqlite3_open_v2(path, &s.from,
                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                    NULL) != SQLITE_OK) {
                (void) sqlite3_close(s.from);
                return -EIO;
        }
        /* An index that is damaged must not keep its table from being read. */
        (void) sqlite3_exec(s.from,
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA writable_schema = ON;"
                "PRAGMA cell_size_check = ON",
                NULL, NULL, NULL);
        (void) sqlite3_db_config(to->db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
        int r = salvage_all(&s);
        (void) sqlite3_db_config(to->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
        (void) sqlite3_close(s.from);
        return r < 0 ? r : report->rows == 0 ? -ENODATA : 0;
}

/* --- all of it --------------------------------------------------------------------------------------- */

static int mark(Store *s, const char *format, usec_t now)
{
        char time[TIME_RFC3339_MAX], what[120];
        _cleanup_(freep) char *is = NULL;

        if (store_meta_get(s, META_COPY, &is) >= 0 && !str_empty(is)) {
                return 0; /* a backup says of what time it is */
        }
        time_rfc3339(now, time);
        (void) snprintf(what, sizeof(what), "%s, %s", format, time);
        return store_meta_set(s, META_COPY, what);
}

static int make_from(const char *folder, int folder_fd, const char *from, usec_t now)
{
        _cleanup_(store_freep) Store *s = NULL;
        _cleanup_(freep) char *log = NULL;

        int r = copy_file(AT_FDCWD, from, folder_fd, STORE_FILE);
        if (r < 0 || str_printf(&log, "%s-wal", from) < 0) {
                return r < 0 ? r : -ENOMEM;
        }
        r = copy_file(AT_FDCWD, log, folder_fd, LOG);
        if (r < 0 && r != -ENOENT) {
                return r;
        }
        r = store_open(folder, &s);
        return r < 0 ? r : mark(s, "a copy that was put back", now);
}

static int make_salvage(
        const char *folder, int dir, int folder_fd, usec_t now, StoreRecovery *report)
{
        _cleanup_(store_freep) Store *s = NULL;
        _cleanup_(freep) char *path = NULL;

        int r = copy_file(dir, STORE_FILE, folder_fd, DAMAGED);
        if (r < 0) {
                return r;
        }
        r = copy_file(dir, LOG, folder_fd, DAMAGED "-wal");
        if ((r < 0 && r != -ENOENT) || str_printf(&path, "%s/" DAMAGED, folder) < 0) {
                return r < 0 ? r : -ENOMEM;
        }
        r = store_open(folder, &s);
        if (r >= 0) {
                r = salvage(path, s, report);
        }
        return r < 0 ? r : mark(s, "what could be read of a damaged store", now);
}

static int recover_in(const char *dir, int dir_fd, const char *from, usec_t now, StoreRecovery *ret)
{
        _cleanup_(freep) char *folder = NULL;
        _cleanup_(closep) int folder_fd = -1;

        empty_folder(dir_fd);
        if (str_printf(&folder, "%s/" FOLDER, dir) < 0) {
                return -ENOMEM;
        }
        if (mkdirat(dir_fd, FOLDER, 0700) < 0) {
                return -errno;
        }
        folder_fd = openat(dir_fd, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (folder_fd < 0) {
                return -errno;
        }
        int r = from ? make_from(folder, folder_fd, from, now)
                     : make_salvage(folder, dir_fd, folder_fd, now, ret);
        if (r >= 0) {
                r = put_in_place(dir_fd, now, &ret->kept);
        }
        empty_folder(dir_fd);
        return r;
}

int store_recover(const char *dir, const char *from, usec_t now, StoreRecovery *ret)
{
        _cleanup_(closep) int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(store_freep) Store *s = NULL;
        struct stat st;

        *ret = (StoreRecovery){ 0 };
        if (dir_fd < 0) {
                return -errno;
        }
        ret->found = fstatat(dir_fd, STORE_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0
                             ? -errno
                             : store_open(dir, &s);
        /* Whoever holds it would go on with a file that has no name any more. */
        if (ret->found == -EBUSY) {
                return -EBUSY;
        }
        s = store_free(s);
        if (!from && ret->found != -EUCLEAN) {
                return 0; /* sound; or nothing that is read would be better */
        }
        int r = recover_in(dir, dir_fd, from, now, ret);
        if (r >= 0) {
                ret->done = true;
        }
        return r;
}

void store_recovery_done(StoreRecovery *x)
{
        free(TAKE_PTR(x->kept));
}

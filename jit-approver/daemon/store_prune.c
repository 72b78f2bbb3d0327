/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is old goes, a little at a time; what is decided elsewhere (prune.c) is only carried out here.
 * MUST: do no more in one call than its limit says; leave whatever is active or pending, and whatever it
 * refers to.
 *
 * Foreign keys are not checked by SQLite meanwhile: for want of an index it would look through all grants
 * for each request that goes. The statements themselves see to the order.
 */

#include <errno.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

void store_set_pruned(Store *s, int64_t upto)
{
        s->pruned = upto;
}

int64_t store_pruned(const Store *s)
{
        return s->pruned;
}

/* A statement of two columns, the first being counts or numbers of pages; one row. */
static int read_two(Store *s, StatementName name, const char *sql, int64_t *ret_a, int64_t *ret_b)
{
        _cleanup_(row_donep) Row row = {};
        int64_t a, b;

        int r = row_open(s, name, sql, &row);
        if (r < 0) {
                return r;
        }
        r = row_step(&row);
        if (r <= 0) {
                return r < 0 ? r : -EUCLEAN;
        }
        a = get_integer(&row, 0, INT64_MAX);
        b = get_integer(&row, 0, INT64_MAX);
        if (row.error < 0) {
                return row.error;
        }
        *ret_a = a;
        *ret_b = b;
        return 0;
}

int store_usage(Store *s, int64_t *ret_used, int64_t *ret_free)
{
        int64_t pages, free_pages;

        int r = read_two(s, STATEMENT_USAGE,
                "SELECT page_count * page_size, freelist_count * page_size"
                " FROM pragma_page_count(), pragma_page_size(), pragma_freelist_count()",
                &pages, &free_pages);
        if (r < 0) {
                return r;
        }
        *ret_used = pages - MIN(pages, free_pages);
        *ret_free = free_pages;
        return 0;
}

int store_alive(Store *s, usec_t *ret_oldest, usec_t *ret_newest)
{
        int64_t oldest, newest;
        _cleanup_(row_donep) Row row = {};

        int r = row_open(s, STATEMENT_ALIVE,
                "SELECT coalesce(min(t), ?1), coalesce(max(t), 0) FROM ("
                "SELECT created AS t FROM requests WHERE state = 'pending' UNION ALL"
                " SELECT begun FROM grants WHERE state = 'active' UNION ALL"
                " SELECT created FROM requests WHERE id IN"
                " (SELECT request FROM grants WHERE state = 'active'))",
                &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, USEC_NEVER);
        r = row_step(&row);
        if (r <= 0) {
                return r < 0 ? r : -EUCLEAN;
        }
        oldest = get_usec(&row);
        newest = get_usec(&row);
        if (row.error < 0) {
                return row.error;
        }
        *ret_oldest = oldest;
        *ret_newest = newest;
        return 0;
}

int store_audit_span(Store *s, int64_t *ret_first, int64_t *ret_last)
{
        return read_two(s, STATEMENT_AUDIT_SPAN,
                "SELECT coalesce((SELECT seq FROM audit ORDER BY seq LIMIT 1), 0),"
                " coalesce((SELECT seq FROM audit ORDER BY seq DESC LIMIT 1), 0)",
                ret_first, ret_last);
}

int store_audit_times(Store *s, int64_t after, int64_t upto, int64_t limit,
        int (*visit)(int64_t seq, usec_t time, void *userdata), void *userdata)
{
        _cleanup_(row_donep) Row row = {};

        int r = row_open(s, STATEMENT_AUDIT_TIMES,
                "SELECT seq, time FROM audit WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
                &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, after);
        put_integer(&row, upto);
        put_integer(&row, limit);
        while ((r = row_step(&row)) > 0) {
                int64_t seq = get_integer(&row, 1, INT64_MAX);
                usec_t time = get_integer(&row, INT64_MIN, INT64_MAX);

                if (row.error < 0) {
                        return row.error;
                }
                r = visit(seq, time, userdata);
                if (r != 0) {
                        return MIN(r, 0);
                }
        }
        return r;
}

/* The newest row of an event of which there are few. */
int store_audit_checkpoint(Store *s, AuditVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int64_t seq;

        /* The index counts only where the event is spelled as it is there. */
        int r = row_open(s, STATEMENT_AUDIT_CHECKPOINT,
                "SELECT seq FROM audit WHERE event = 'audit.checkpoint' ORDER BY seq DESC LIMIT 1",
                &row);
        if (r < 0) {
                return r;
        }
        r = row_step(&row);
        if (r <= 0) {
                return r < 0 ? r : -ENOENT;
        }
        seq = get_integer(&row, 1, INT64_MAX - 1);
        if (row.error < 0) {
                return row.error;
        }
        const AuditFilter f = { .after = seq - 1, .upto = seq, .asker = UID_UNSET };
        return store_audit(s, &f, visit, userdata);
}

int store_prune_audit(Store *s, int64_t upto, int64_t limit, int64_t *ret_n)
{
        _cleanup_(row_donep) Row row = {};

        int r = row_open(s, STATEMENT_PRUNE_AUDIT,
                "DELETE FROM audit WHERE seq <= min(?1, ?2 - 1 +"
                " (SELECT seq FROM audit ORDER BY seq LIMIT 1))",
                &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, upto);
        put_integer(&row, limit);
        r = row_run(&row);
        if (r < 0) {
                return r;
        }
        *ret_n = r;
        return 0;
}

/* ?1 and ?2: the rows to look at; ?3: before when; ?4: this boot. */
#define REQUESTS_GONE                                                                              \
        " FROM requests WHERE row > ?1 AND row <= ?2 AND state <> 'pending' AND created < ?3"      \
        " AND deadline < ?3 AND ?4 IS NOT NULL"                                                    \
        " AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.id = requests.granted)"                \
        " AND NOT EXISTS (SELECT 1 FROM reviews WHERE reviews.request = requests.id"               \
        " AND reviews.state = 'open')"

#define GRANTS_GONE                                                                                \
        " FROM grants WHERE row > ?1 AND row <= ?2 AND state <> 'active'"                          \
        " AND begun < ?3 AND ended < ?3 AND ?4 IS NOT NULL"                                        \
        " AND NOT EXISTS (SELECT 1 FROM sessions WHERE granted = grants.id)"

typedef struct Prunable {
        StatementName look;
        const char *last; /* the last of some rows, and when it began */
        struct {
                StatementName name;
                const char *sql;
        } steps[8]; /* in this order, up to one without SQL */
} Prunable;

static const Prunable prunables[_PRUNABLE_MAX] = {
        [PRUNABLE_SESSIONS] = { STATEMENT_PRUNE_LOOK_SESSIONS,
                "SELECT row, opened FROM sessions WHERE row > ? ORDER BY row LIMIT ?",
                { { STATEMENT_PRUNE_SESSIONS,
                        "DELETE FROM sessions WHERE row > ?1 AND row <= ?2 AND opened < ?3"
                        " AND ((closed > 0 AND closed < ?3) OR (closed = 0 AND boot_id <> ?4))"
                        " AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.id = granted AND"
                        " (state = 'active' OR ended IS NULL OR ended >= ?3))" } } },
        [PRUNABLE_GRANTS] = { STATEMENT_PRUNE_LOOK_GRANTS,
                "SELECT row, begun FROM grants WHERE row > ? ORDER BY row LIMIT ?",
                { { STATEMENT_PRUNE_RESIDUE,
                          "DELETE FROM residue WHERE granted IN (SELECT id" GRANTS_GONE ")" },
                        { STATEMENT_PRUNE_GRANTS, "DELETE" GRANTS_GONE } } },
        [PRUNABLE_REQUESTS] = { STATEMENT_PRUNE_LOOK_REQUESTS,
                "SELECT row, created FROM requests WHERE row > ? ORDER BY row LIMIT ?",
                { { STATEMENT_PRUNE_VOTES,
                          "DELETE FROM votes WHERE request IN (SELECT id" REQUESTS_GONE ")" },
                        { STATEMENT_PRUNE_OUTBOX,
                                "DELETE FROM outbox WHERE request IN (SELECT id" REQUESTS_GONE
                                ")" },
                        { STATEMENT_PRUNE_TRIES,
                                "DELETE FROM tries WHERE request IN (SELECT id" REQUESTS_GONE ")" },
                        { STATEMENT_PRUNE_REVIEWS,
                                "DELETE FROM reviews WHERE request IN (SELECT id" REQUESTS_GONE
                                ")" },
                        { STATEMENT_PRUNE_REQUESTS, "DELETE" REQUESTS_GONE } } },
};

/* Which rows are next, at most limit of them. *ret_last 0: none. */
static int look_ahead(Store *s, const Prunable *p, const PruneBefore *w, int64_t after,
        int64_t *ret_last, bool *ret_more)
{
        _cleanup_(row_donep) Row row = {};
        int64_t last = 0, n = 0;
        bool young = false;

        int r = row_open(s, p->look, p->last, &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, after);
        put_integer(&row, w->limit);
        while (!young && (r = row_step(&row)) > 0) {
                last = get_integer(&row, 1, INT64_MAX);
                young = get_usec(&row) >= w->before;
                n++;
                if (row.error < 0) {
                        return row.error;
                }
        }
        if (r < 0) {
                return r;
        }
        *ret_last = last;
        *ret_more = !young && n == w->limit;
        return 0;
}

static int prune_rows(
        Store *s, const Prunable *p, const PruneBefore *w, int64_t after, int64_t last)
{
        _cleanup_(transaction_endp) Transaction t = {};

        int r = transaction_begin(s, &t);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(p->steps) && p->steps[i].sql; i++) {
                _cleanup_(row_donep) Row row = {};

                r = row_open(s, p->steps[i].name, p->steps[i].sql, &row);
                if (r >= 0) {
                        put_integer(&row, after);
                        put_integer(&row, last);
                        put_integer(&row, w->before);
                        put_text(&row, w->boot_id, NAME_LIMIT);
                        r = row_run(&row);
                }
        }
        return r < 0 ? r : transaction_commit(&t);
}

int store_prune(Store *s, PrunableKind kind, const PruneBefore *w, int64_t *row, bool *ret_more)
{
        const Prunable *p = &prunables[kind];
        int64_t last = 0;
        bool more = false;

        int r = look_ahead(s, p, w, *row, &last, &more);
        if (r >= 0 && last > 0) {
                (void) sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
                r = prune_rows(s, p, w, *row, last);
                (void) sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
        }
        if (r < 0) {
                return r;
        }
        *row = MAX(*row, last);
        *ret_more = more;
        return 0;
}

int store_give_back(Store *s, int64_t pages)
{
        char sql[64];

        (void) sqlite3_snprintf(
                sizeof(sql), sql, "PRAGMA incremental_vacuum(%lld)", (long long) pages);
        int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
        return rc == SQLITE_OK ? 0 : store_error(s, rc);
}

int store_carry_over(Store *s)
{
        int rc = sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);

        return rc == SQLITE_OK ? 0 : store_error(s, rc);
}

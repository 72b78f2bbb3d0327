/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The record's rows: only ever added to, read in order. What they mean is in audit.c. */

#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

#define COLUMNS "seq, time, event, request, granted, asker, approver, told, canonical, hash"

#define AUDIT_ROW_NONE ((AuditRow){ .asker = UID_UNSET })

void audit_row_done(AuditRow *row)
{
        free(row->event);
        free(row->approver);
        free(row->canonical);
        *row = AUDIT_ROW_NONE;
}

static void get_hash(Row *row, char out[static DIGEST_HEX_SIZE])
{
        get_chars(row, out, DIGEST_HEX_SIZE);
        if (strlen(out) != DIGEST_HEX_SIZE - 1 ||
                strspn(out, "0123456789abcdef") != DIGEST_HEX_SIZE - 1) {
                row_distrust(row);
        }
}

int store_audit_insert(Store *s, const AuditRow *a)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_AUDIT_INSERT,
                "INSERT INTO audit (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, a->seq);
        put_integer(&row, a->time);
        put_text(&row, a->event, NAME_LIMIT);
        put_id(&row, &a->request);
        put_id(&row, &a->grant);
        put_uid(&row, a->asker);
        put_text(&row, a->approver, NAME_LIMIT);
        put_integer(&row, a->told);
        put_text(&row, a->canonical, TEXT_LIMIT);
        put_text(&row, a->hash, DIGEST_HEX_SIZE - 1);
        r = row_run(&row);
        return r < 0 ? r : 0;
}

static void get_audit(Row *row, AuditRow *a)
{
        a->seq = get_integer(row, 1, INT64_MAX);
        a->time = get_integer(row, INT64_MIN, INT64_MAX);
        a->event = get_text(row, NAME_LIMIT);
        get_id(row, &a->request);
        get_id(row, &a->grant);
        a->asker = get_uid(row);
        a->approver = get_text(row, NAME_LIMIT);
        a->told = get_integer(row, 0, INT64_MAX);
        a->canonical = get_text(row, TEXT_LIMIT);
        get_hash(row, a->hash);
        if (!a->event || !a->canonical) {
                row_distrust(row);
        }
}

int store_audit_head(
        Store *s, int64_t *ret_seq, char ret_hash[static DIGEST_HEX_SIZE], int64_t *ret_told)
{
        _cleanup_(row_donep) Row row = {};
        char hash[DIGEST_HEX_SIZE];
        int64_t seq = 0, told = 0;
        int r;

        r = row_open(s, STATEMENT_AUDIT_HEAD,
                "SELECT seq, told, hash FROM audit ORDER BY seq DESC LIMIT 1", &row);
        if (r < 0) {
                return r;
        }
        r = row_step(&row);
        if (r < 0) {
                return r;
        }
        if (r == 0) {
                memset(hash, '0', sizeof(hash) - 1);
                hash[sizeof(hash) - 1] = '\0';
        } else {
                seq = get_integer(&row, 1, INT64_MAX - 1);
                told = get_integer(&row, 0, INT64_MAX);
                get_hash(&row, hash);
                if (row.error < 0) {
                        return row.error;
                }
        }
        *ret_seq = seq;
        memcpy(ret_hash, hash, sizeof(hash));
        *ret_told = told;
        return 0;
}

static int visit_rows(Row *row, AuditVisit visit, void *userdata)
{
        int r;

        while ((r = row_step(row)) > 0) {
                _cleanup_(audit_row_done) AuditRow a = AUDIT_ROW_NONE;

                get_audit(row, &a);
                if (row->error < 0) {
                        return row->error;
                }
                r = visit(&a, userdata);
                if (r != 0) {
                        return MIN(r, 0);
                }
        }
        return r;
}

int store_audit(Store *s, const AuditFilter *f, AuditVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_AUDIT_LIST,
                "SELECT " COLUMNS " FROM audit WHERE seq > ?1 AND (?2 IS NULL OR asker = ?2)"
                " AND (?3 IS NULL OR approver = ?3) AND (?4 IS NULL OR request = ?4)"
                " AND (?5 IS NULL OR granted = ?5) AND (?6 = 0 OR time >= ?6)"
                " AND (?7 = 0 OR time < ?7) AND seq <= ?9 ORDER BY seq LIMIT ?8",
                &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, MAX(f->after, s->pruned));
        put_uid(&row, f->asker);
        put_text(&row, f->approver, NAME_LIMIT);
        put_id(&row, &f->request);
        put_id(&row, &f->grant);
        put_integer(&row, f->since);
        put_integer(&row, f->until);
        put_integer(&row, f->limit > 0 ? f->limit : -1);
        put_integer(&row, f->upto > 0 ? f->upto : INT64_MAX);
        return visit_rows(&row, visit, userdata);
}

int store_audit_joined(Store *s, const Id *request, AuditVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        /* The index counts only where the event is spelled as it is there. */
        r = row_open(s, STATEMENT_AUDIT_JOINED,
                "SELECT " COLUMNS " FROM audit WHERE event = 'request.joined' AND request = ?"
                " ORDER BY seq",
                &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, request);
        return visit_rows(&row, visit, userdata);
}

int store_audit_used(Store *s, const Id *grant, AuditVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_AUDIT_USED,
                "SELECT " COLUMNS " FROM audit WHERE event = 'grant.used' AND granted = ?"
                " ORDER BY seq",
                &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, grant);
        return visit_rows(&row, visit, userdata);
}

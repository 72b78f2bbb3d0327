/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sessions: what a grant opened and must close. */

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

/* What changes, and what the checksum covers. */
#define COLUMNS "closed, id, granted, kind, unit, pid, start, boot_id, tty, command, opened, sum"

static const char *const kind_names[] = {
        [SESSION_SCOPE] = "scope",
        [SESSION_LOGIND] = "logind",
};

void session_done(Session *x)
{
        free(x->unit);
        free(x->tty);
        free(x->command);
        *x = (Session){};
}

int store_session_insert(Store *s, const Session *x)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_SESSION_INSERT,
                "INSERT INTO sessions (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, x->closed);
        sum_start(&row);
        put_id(&row, &x->id);
        put_id(&row, &x->grant);
        put_text(&row, kind_names[x->kind], NAME_LIMIT);
        put_text(&row, x->unit, NAME_LIMIT);
        put_integer(&row, x->pid);
        put_integer(&row, x->start);
        put_text(&row, x->boot_id, sizeof(x->boot_id) - 1);
        put_text(&row, x->tty, NAME_LIMIT);
        put_text(&row, x->command, TEXT_LIMIT);
        put_integer(&row, x->opened);
        put_sum(&row);
        r = row_run(&row);
        return r < 0 ? r : 0;
}

static SessionKind get_kind(Row *row)
{
        const char *word = get_word(row);

        for (size_t i = 0; word && i < ELEMENTSOF(kind_names); i++) {
                if (streq(word, kind_names[i])) {
                        return (SessionKind) i;
                }
        }
        row_distrust(row);
        return SESSION_SCOPE;
}

static void get_session(Row *row, Session *x)
{
        x->closed = get_usec(row);
        sum_start(row);
        get_id(row, &x->id);
        get_id(row, &x->grant);
        x->kind = get_kind(row);
        x->unit = get_text(row, NAME_LIMIT);
        x->pid = get_integer(row, 0, INT32_MAX);
        x->start = get_integer(row, 0, INT64_MAX);
        get_chars(row, x->boot_id, sizeof(x->boot_id));
        x->tty = get_text(row, NAME_LIMIT);
        x->command = get_text(row, TEXT_LIMIT);
        x->opened = get_usec(row);
        get_sum(row);
        if (!id_is_set(&x->id) || !id_is_set(&x->grant) || !x->unit) {
                row_distrust(row);
        }
}

int store_session_close(Store *s, const Id *id, usec_t wall)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_SESSION_CLOSE,
                "UPDATE sessions SET closed = ? WHERE id = ? AND closed = 0", &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, MAX(wall, (usec_t) 1)); /* 0 would be open */
        put_id(&row, id);
        r = row_run(&row);
        if (r < 0) {
                return r;
        }
        return r == 1 ? 0 : -EALREADY;
}

static int visit_sessions(Row *row, SessionVisit visit, void *userdata)
{
        int r;

        while ((r = row_step(row)) > 0) {
                _cleanup_(session_done) Session session = {};

                get_session(row, &session);
                if (row->error < 0) {
                        return row->error;
                }
                r = visit(&session, userdata);
                if (r != 0) {
                        return MIN(r, 0);
                }
        }
        return r;
}

int store_sessions_of(Store *s, const Id *grant, SessionVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_SESSION_LIST,
                "SELECT " COLUMNS " FROM sessions WHERE closed = 0 AND granted = ? ORDER BY row",
                &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, grant);
        return visit_sessions(&row, visit, userdata);
}

int store_sessions_all(Store *s, const Id *grant, SessionVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_SESSION_ALL,
                "SELECT " COLUMNS " FROM sessions WHERE granted = ? ORDER BY row", &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, grant);
        return visit_sessions(&row, visit, userdata);
}

/* The one row that a statement is about. */
static int session_one(Row *row, Session *ret)
{
        _cleanup_(session_done) Session session = {};

        int r = row_step(row);
        if (r <= 0) {
                return r < 0 ? r : -ENOENT;
        }
        get_session(row, &session);
        if (row->error < 0) {
                return row->error;
        }
        *ret = session;
        session = (Session){};
        return 0;
}

int store_session_get(Store *s, const Id *id, Session *ret)
{
        _cleanup_(row_donep) Row row = {};

        int r = row_open(
                s, STATEMENT_SESSION_GET, "SELECT " COLUMNS " FROM sessions WHERE id = ?", &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, id);
        return session_one(&row, ret);
}

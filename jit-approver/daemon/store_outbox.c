/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages owed, in the order they became owed, and those that arrived about what is still open. */

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

#define COLUMNS "delivered, tries, next, event, request, channel, recipient, created, problem"

void owed_message_done(OwedMessage *m)
{
        free(m->event);
        free(m->channel);
        free(m->to);
        free(m->problem);
        *m = (OwedMessage){};
}

int store_outbox_insert(Store *s, const OwedMessage *m)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_OUTBOX_INSERT,
                "INSERT INTO outbox (" COLUMNS ") VALUES (0, 0, 0, ?, ?, ?, ?, ?, NULL)", &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, m->event, NAME_LIMIT);
        put_id(&row, &m->request);
        put_text(&row, m->channel, NAME_LIMIT);
        put_text(&row, m->to, NAME_LIMIT);
        put_integer(&row, m->created);
        r = row_run(&row);
        return r < 0 ? r : 0;
}

/* Of one message: 0 when there was such a one. */
static int run_one(Row *row)
{
        int r = row_run(row);

        return r < 0 ? r : r == 1 ? 0 : -ENOENT;
}

/* Of however many. */
static int run_all(Row *row, int64_t *ret_n)
{
        int r = row_run(row);

        if (r < 0) {
                return r;
        }
        *ret_n = r;
        return 0;
}

int store_outbox_remove(Store *s, int64_t id)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_OUTBOX_REMOVE, "DELETE FROM outbox WHERE id = ?", &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, id);
        return run_one(&row);
}

int store_outbox_deliver(Store *s, int64_t id, const char *event, usec_t wall)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_OUTBOX_DELIVER,
                "UPDATE outbox SET delivered = ? WHERE id = ? AND event = ? AND delivered = 0",
                &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, MAX(wall, 1));
        put_integer(&row, id);
        put_text(&row, event, NAME_LIMIT);
        return run_one(&row);
}

int store_outbox_fail(Store *s, int64_t id, usec_t next, const char *problem)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_OUTBOX_FAIL,
                "UPDATE outbox SET tries = tries + 1, next = ?, problem = ?"
                " WHERE id = ? AND delivered = 0",
                &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, next);
        put_text(&row, problem, NAME_LIMIT);
        put_integer(&row, id);
        return run_one(&row);
}

int store_outbox_hurry(Store *s, const char *channel)
{
        _cleanup_(row_donep) Row row = {};
        int64_t n;
        int r;

        r = row_open(s, STATEMENT_OUTBOX_HURRY,
                "UPDATE outbox SET next = 0 WHERE channel = ? AND delivered = 0 AND next <> 0",
                &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, channel, NAME_LIMIT);
        return run_all(&row, &n);
}

int store_outbox_remove_for(Store *s, const Id *request, const char *event, int64_t *ret_n)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_OUTBOX_REMOVE_FOR,
                "DELETE FROM outbox WHERE request = ? AND event = ?", &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, request);
        put_text(&row, event, NAME_LIMIT);
        return run_all(&row, ret_n);
}

int store_outbox_remove_channel(Store *s, const char *channel, int64_t *ret_n)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(
                s, STATEMENT_OUTBOX_REMOVE_CHANNEL, "DELETE FROM outbox WHERE channel = ?", &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, channel, NAME_LIMIT);
        return run_all(&row, ret_n);
}

int store_outbox_count(Store *s, const char *channel, int64_t *ret)
{
        _cleanup_(row_donep) Row row = {};
        int64_t n;
        int r;

        if (channel) {
                r = row_open(s, STATEMENT_OUTBOX_COUNT,
                        "SELECT count(*) FROM outbox WHERE channel = ? AND delivered = 0", &row);
        } else {
                r = row_open(s, STATEMENT_OUTBOX_COUNT_ALL,
                        "SELECT count(*) FROM outbox WHERE delivered = 0", &row);
        }
        if (r < 0) {
                return r;
        }
        if (channel) {
                put_text(&row, channel, NAME_LIMIT);
        }
        r = row_step(&row);
        if (r <= 0) {
                return r < 0 ? r : -EUCLEAN;
        }
        n = get_integer(&row, 0, INT64_MAX);
        if (row.error < 0) {
                return row.error;
        }
        *ret = n;
        return 0;
}

static void get_message(Row *row, OwedMessage *m)
{
        m->id = get_integer(row, 1, INT64_MAX);
        m->delivered = get_usec(row) > 0;
        m->tries = get_integer(row, 0, INT64_MAX);
        (void) get_integer(row, 0, INT64_MAX);
        m->event = get_text(row, NAME_LIMIT);
        get_id(row, &m->request);
        m->channel = get_text(row, NAME_LIMIT);
        m->to = get_text(row, NAME_LIMIT);
        m->created = get_usec(row);
        m->problem = get_text(row, NAME_LIMIT);
        if (!m->event || !m->channel || !id_is_set(&m->request)) {
                row_distrust(row);
        }
}

static int visit_messages(Row *row, OutboxVisit visit, void *userdata)
{
        int r;

        while ((r = row_step(row)) > 0) {
                _cleanup_(owed_message_done) OwedMessage m = {};

                get_message(row, &m);
                if (row->error < 0) {
                        return row->error;
                }
                r = visit(&m, userdata);
                if (r != 0) {
                        return MIN(r, 0);
                }
        }
        return r;
}

int store_outbox_due(
        Store *s, const char *channel, usec_t now, usec_t ahead, OutboxVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_OUTBOX_DUE,
                "SELECT id, " COLUMNS " FROM outbox AS o"
                " WHERE channel = ?1 AND delivered = 0 AND (next <= ?2 OR next > ?3)"
                " AND NOT EXISTS (SELECT 1 FROM outbox AS p WHERE p.request = o.request"
                " AND p.channel = o.channel AND p.recipient IS o.recipient"
                " AND p.delivered = 0 AND p.id < o.id) ORDER BY id",
                &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, channel, NAME_LIMIT);
        put_integer(&row, now);
        put_integer(&row, usec_add(now, ahead));
        return visit_messages(&row, visit, userdata);
}

int store_outbox_next(Store *s, const char *channel, usec_t now, usec_t *ret)
{
        _cleanup_(row_donep) Row row = {};
        usec_t next;
        int r;

        r = row_open(s, STATEMENT_OUTBOX_NEXT,
                "SELECT next FROM outbox WHERE channel = ? AND delivered = 0 AND next > ?"
                " ORDER BY next LIMIT 1",
                &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, channel, NAME_LIMIT);
        put_integer(&row, now);
        r = row_step(&row);
        if (r <= 0) {
                *ret = USEC_NEVER;
                return r;
        }
        next = get_usec(&row);
        if (row.error < 0) {
                return row.error;
        }
        *ret = next;
        return 0;
}

int store_outbox_of(
        Store *s, const Id *request, const char *event, OutboxVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_OUTBOX_OF,
                "SELECT id, " COLUMNS " FROM outbox WHERE request = ? AND event = ? ORDER BY id",
                &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, request);
        put_text(&row, event, NAME_LIMIT);
        return visit_messages(&row, visit, userdata);
}

int store_outbox_channels(
        Store *s, int (*visit)(const char *channel, void *userdata), void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_OUTBOX_CHANNELS, "SELECT DISTINCT channel FROM outbox", &row);
        if (r < 0) {
                return r;
        }
        while ((r = row_step(&row)) > 0) {
                _cleanup_(freep) char *channel = get_text(&row, NAME_LIMIT);

                if (!channel) {
                        row_distrust(&row);
                }
                if (row.error < 0) {
                        return row.error;
                }
                r = visit(channel, userdata);
                if (r != 0) {
                        return MIN(r, 0);
                }
        }
        return r;
}

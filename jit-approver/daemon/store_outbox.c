/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages owed, in the order they became owed. */

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

#define COLUMNS "event, request, granted, recipient, channel, created"

void owed_message_done(OwedMessage *m)
{
        free(m->event);
        free(m->to);
        free(m->channel);
        *m = (OwedMessage){};
}

int store_outbox_insert(Store *s, const OwedMessage *m)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_OUTBOX_INSERT,
                "INSERT INTO outbox (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)", &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, m->event, NAME_LIMIT);
        put_id(&row, &m->request);
        put_id(&row, &m->grant);
        put_text(&row, m->to, NAME_LIMIT);
        put_text(&row, m->channel, NAME_LIMIT);
        put_integer(&row, m->created);
        r = row_run(&row);
        return r < 0 ? r : 0;
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
        r = row_run(&row);
        if (r < 0) {
                return r;
        }
        return r == 1 ? 0 : -ENOENT;
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
        r = row_run(&row);
        if (r < 0) {
                return r;
        }
        *ret_n = r;
        return 0;
}

int store_outbox_count(Store *s, int64_t *ret)
{
        _cleanup_(row_donep) Row row = {};
        int64_t n;
        int r;

        r = row_open(s, STATEMENT_OUTBOX_COUNT, "SELECT count(*) FROM outbox", &row);
        if (r < 0) {
                return r;
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

int store_outbox(Store *s, int64_t after, int64_t limit, OutboxVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_OUTBOX_LIST,
                "SELECT id, " COLUMNS " FROM outbox WHERE id > ? ORDER BY id LIMIT ?", &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, after);
        put_integer(&row, limit > 0 ? limit : -1);
        while ((r = row_step(&row)) > 0) {
                _cleanup_(owed_message_done) OwedMessage m = {};

                m.id = get_integer(&row, 1, INT64_MAX);
                m.event = get_text(&row, NAME_LIMIT);
                get_id(&row, &m.request);
                get_id(&row, &m.grant);
                m.to = get_text(&row, NAME_LIMIT);
                m.channel = get_text(&row, NAME_LIMIT);
                m.created = get_usec(&row);
                if (!m.event || !m.to) {
                        row_distrust(&row);
                }
                if (row.error < 0) {
                        return row.error;
                }
                r = visit(&m, userdata);
                if (r != 0) {
                        return MIN(r, 0);
                }
        }
        return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Rescue codes, which are only hashes here, and how often somebody tried one. MUST: hand out one once,
 * by the count of rows that its deletion takes; count a try before anybody compares.
 */

#include <errno.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

int store_rescue_insert(Store *s, const char *hash, const char *key, usec_t wall)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_RESCUE_INSERT,
                "INSERT INTO rescue (hash, key, made) VALUES (?, ?, ?)", &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, hash, DIGEST_HEX_SIZE - 1);
        put_text(&row, key, DIGEST_HEX_SIZE - 1);
        put_integer(&row, wall);
        r = row_run(&row);
        return r < 0 ? r : 0;
}

int store_rescue_void(Store *s)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_RESCUE_VOID, "DELETE FROM rescue", &row);
        if (r < 0) {
                return r;
        }
        r = row_run(&row);
        return r < 0 ? r : 0;
}

int store_rescue_list(Store *s, const char *key, RescueVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_RESCUE_LIST, "SELECT hash FROM rescue WHERE key = ?", &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, key, DIGEST_HEX_SIZE - 1);
        while ((r = row_step(&row)) > 0) {
                char hash[DIGEST_HEX_SIZE] = "";

                get_chars(&row, hash, sizeof(hash));
                if (row.error < 0) {
                        return row.error;
                }
                r = visit(hash, userdata);
                if (r != 0) {
                        return MIN(r, 0);
                }
        }
        return r;
}

int store_rescue_use(Store *s, const char *hash)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_RESCUE_USE, "DELETE FROM rescue WHERE hash = ?", &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, hash, DIGEST_HEX_SIZE - 1);
        r = row_run(&row);
        return r < 0 ? r : r == 0 ? -EALREADY : 0;
}

static int read_count(Row *row, int64_t *ret)
{
        int64_t n;
        int r;

        r = row_step(row);
        if (r <= 0) {
                return r < 0 ? r : -EUCLEAN;
        }
        n = get_integer(row, 0, INT64_MAX);
        if (row->error < 0) {
                return row->error;
        }
        *ret = n;
        return 0;
}

int store_rescue_count(Store *s, const char *key, int64_t *ret)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_RESCUE_COUNT, "SELECT count(*) FROM rescue WHERE key = ?", &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, key, DIGEST_HEX_SIZE - 1);
        return read_count(&row, ret);
}

/* A time ahead of now by as much is of a clock that was set back, and would count for ever. */
static int forget_tries(Store *s, usec_t per, usec_t wall)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_RESCUE_FORGET,
                "DELETE FROM rescue_tries WHERE time <= ? OR time > ?", &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, wall - per);
        put_integer(&row, usec_add(wall, per));
        r = row_run(&row);
        return r < 0 ? r : 0;
}

int store_rescue_try(Store *s, uid_t asker, const RescueLimit *limit, usec_t wall)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = forget_tries(s, limit->per, wall);
        if (r < 0) {
                return r;
        }
        r = row_open(s, STATEMENT_RESCUE_TRY,
                "INSERT INTO rescue_tries (asker, time) SELECT ?1, ?2"
                " WHERE (SELECT count(*) FROM rescue_tries WHERE asker = ?1) < ?3"
                " AND ((SELECT count(*) FROM rescue_tries) < ?4"
                " OR (SELECT count(*) FROM rescue_tries WHERE asker = ?1) < ?5)",
                &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, asker);
        put_integer(&row, wall);
        put_integer(&row, limit->his);
        put_integer(&row, limit->all);
        put_integer(&row, limit->sure);
        r = row_run(&row);
        return r < 0 ? r : r == 0 ? -EDQUOT : 0;
}

int store_request_count_lately(Store *s, uid_t asker, const char *rule, usec_t since, int64_t *ret)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_URGENT_COUNT,
                "SELECT count(*) FROM (SELECT asker, created FROM requests WHERE rule = ?"
                " ORDER BY row DESC LIMIT 1000) WHERE asker = ? AND created > ?",
                &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, rule, NAME_LIMIT);
        put_integer(&row, asker);
        put_integer(&row, since);
        return read_count(&row, ret);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reviews. MUST: sign one in one conditional UPDATE, whose count of rows is the answer. */

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

#define COLUMNS "state, request, opened, person, who, who_name, note, signed, sum"

#define REVIEW_NONE ((Review){ .who.uid = UID_UNSET })

void review_done(Review *v)
{
        free(v->who.name);
        free(v->note);
        *v = REVIEW_NONE;
}

static void put_review(Row *row, const Review *v)
{
        put_text(row, v->signed_off ? "signed" : "open", NAME_LIMIT);
        sum_start(row);
        put_id(row, &v->request);
        put_integer(row, v->opened);
        put_text(row, v->signed_off ? v->person : NULL, sizeof(v->person) - 1);
        put_who(row, &v->who);
        put_text(row, v->note, NAME_LIMIT);
        put_integer(row, v->time);
        put_sum(row);
}

static void get_review(Row *row, Review *v)
{
        const char *state = get_word(row);

        if (!state || (!streq(state, "open") && !streq(state, "signed"))) {
                row_distrust(row);
        } else {
                v->signed_off = streq(state, "signed");
        }
        sum_start(row);
        get_id(row, &v->request);
        v->opened = get_usec(row);
        get_chars(row, v->person, sizeof(v->person));
        get_who(row, &v->who);
        v->note = get_text(row, NAME_LIMIT);
        v->time = get_usec(row);
        get_sum(row);
        if (!id_is_set(&v->request) || v->signed_off == str_empty(v->person)) {
                row_distrust(row);
        }
}

int store_review_insert(Store *s, const Review *v)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_REVIEW_INSERT,
                "INSERT INTO reviews (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", &row);
        if (r < 0) {
                return r;
        }
        put_review(&row, v);
        r = row_run(&row);
        return r < 0 ? r : 0;
}

int store_review_get(Store *s, const Id *request, Review *ret)
{
        _cleanup_(row_donep) Row row = {};
        _cleanup_(review_done) Review v = REVIEW_NONE;
        int r;

        r = row_open(
                s, STATEMENT_REVIEW_GET, "SELECT " COLUMNS " FROM reviews WHERE request = ?", &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, request);
        r = row_step(&row);
        if (r <= 0) {
                return r < 0 ? r : -ENOENT;
        }
        get_review(&row, &v);
        if (row.error < 0) {
                return row.error;
        }
        *ret = v;
        v = REVIEW_NONE;
        return 0;
}

int store_review_sign(Store *s, const Review *v)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_REVIEW_SIGN,
                "UPDATE reviews SET state = ?1, opened = ?3, person = ?4, who = ?5, who_name = ?6,"
                " note = ?7, signed = ?8, sum = ?9 WHERE request = ?2 AND state = 'open'",
                &row);
        if (r < 0) {
                return r;
        }
        put_review(&row, v);
        r = row_run(&row);
        return r < 0 ? r : r == 0 ? -EALREADY : 0;
}

int store_review_count_open(Store *s, int64_t *ret)
{
        _cleanup_(row_donep) Row row = {};
        int64_t n;
        int r;

        r = row_open(s, STATEMENT_REVIEW_COUNT, "SELECT count(*) FROM reviews WHERE state = 'open'",
                &row);
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

int store_reviews_open(Store *s, int64_t after, ReviewVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_REVIEW_OPEN,
                "SELECT request, row FROM reviews WHERE state = 'open' AND row > ? ORDER BY row",
                &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, after);
        while ((r = row_step(&row)) > 0) {
                int64_t number;
                Id request;

                get_id(&row, &request);
                number = get_integer(&row, 1, INT64_MAX);
                if (row.error < 0) {
                        return row.error;
                }
                r = visit(&request, number, userdata);
                if (r != 0) {
                        return MIN(r, 0);
                }
        }
        return r;
}

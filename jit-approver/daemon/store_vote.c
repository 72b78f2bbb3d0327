/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Votes: kept by their request, so that a decision writes one page and reads one place. */

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

#define COLUMNS "person, who, who_name, login, decision, duration, note, time, sum, proof, channel"

#define VOTE_NONE ((Vote){ .who.uid = UID_UNSET, .login_uid = UID_UNSET })

int store_vote_insert(Store *s, const Id *request, const Vote *v)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_VOTE_INSERT,
                "INSERT INTO votes (request, number, " COLUMNS ") VALUES (?1,"
                " 1 + coalesce((SELECT max(number) FROM votes WHERE request = ?1), 0),"
                " ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, request);
        sum_start(&row);
        put_text(&row, v->person, sizeof(v->person) - 1);
        put_who(&row, &v->who);
        put_uid(&row, v->login_uid);
        put_text(&row, v->approve ? "approve" : "deny", NAME_LIMIT);
        put_integer(&row, v->duration);
        put_text(&row, v->note, NAME_LIMIT);
        put_integer(&row, v->time);
        put_sum(&row);
        put_text(&row, proof_to_string(v->proof), NAME_LIMIT);
        put_text(&row, v->channel, NAME_LIMIT);
        r = row_run(&row);
        return r < 0 ? r : 0;
}

static void get_vote(Row *row, Vote *v)
{
        const char *decision;

        sum_start(row);
        get_chars(row, v->person, sizeof(v->person));
        get_who(row, &v->who);
        v->login_uid = get_uid(row);
        decision = get_word(row);
        if (!decision || (!streq(decision, "approve") && !streq(decision, "deny"))) {
                row_distrust(row);
        } else {
                v->approve = streq(decision, "approve");
        }
        v->duration = get_usec(row);
        v->note = get_text(row, NAME_LIMIT);
        v->time = get_usec(row);
        get_sum(row);
        v->proof = proof_from_string(get_word(row));
        v->channel = get_text(row, NAME_LIMIT);
        if (v->person[0] == '\0') {
                row_distrust(row);
        }
}

void votes_free(Vote *votes, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                vote_done(&votes[i]);
        }
        free(votes);
}

/* Reads all rows into *votes; what was read so far is the caller's also on failure. */
static int take_votes(Row *row, Vote **votes, size_t *n)
{
        int r;

        while ((r = row_step(row)) > 0) {
                _cleanup_(vote_done) Vote vote = VOTE_NONE;
                Vote *more;

                get_vote(row, &vote);
                if (row->error < 0) {
                        return row->error;
                }
                if (*n >= VOTES_MAX) {
                        return -EUCLEAN;
                }
                more = reallocarray(*votes, *n + 1, sizeof(Vote));
                if (!more) {
                        return -ENOMEM;
                }
                *votes = more;
                more[(*n)++] = vote;
                vote = VOTE_NONE;
        }
        return r;
}

int store_votes(Store *s, const Id *request, Vote **ret, size_t *ret_n)
{
        _cleanup_(row_donep) Row row = {};
        Vote *votes = NULL;
        size_t n = 0;
        int r;

        r = row_open(s, STATEMENT_VOTE_LIST,
                "SELECT " COLUMNS " FROM votes WHERE request = ? ORDER BY number", &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, request);
        r = take_votes(&row, &votes, &n);
        if (r < 0) {
                votes_free(votes, n);
                return r;
        }
        *ret = votes;
        *ret_n = n;
        return 0;
}

int store_try_count(
        Store *s, const Id *request, const char *person, int64_t *ret_his, int64_t *ret_all)
{
        _cleanup_(row_donep) Row count = {}, sum = {};
        int64_t his, all;
        int r;

        r = row_open(s, STATEMENT_TRY_COUNT,
                "INSERT INTO tries (request, person, wrong) VALUES (?1, ?2, 1)"
                " ON CONFLICT DO UPDATE SET wrong = wrong + 1 WHERE wrong <= ?3",
                &count);
        if (r < 0) {
                return r;
        }
        put_id(&count, request);
        put_text(&count, person, NAME_LIMIT);
        put_integer(&count, TRIES_HIS);
        r = row_run(&count);
        if (r < 0) {
                return r;
        }
        r = row_open(s, STATEMENT_TRY_SUM,
                "SELECT coalesce(sum(wrong) FILTER (WHERE person = ?2), 0), coalesce(sum(min(wrong, ?3)), 0)"
                " FROM tries WHERE request = ?1",
                &sum);
        if (r < 0) {
                return r;
        }
        put_id(&sum, request);
        put_text(&sum, person, NAME_LIMIT);
        put_integer(&sum, TRIES_HIS);
        r = row_step(&sum);
        if (r <= 0) {
                return r < 0 ? r : -EUCLEAN;
        }
        his = get_integer(&sum, 0, INT64_MAX);
        all = get_integer(&sum, 0, INT64_MAX);
        if (sum.error < 0) {
                return sum.error;
        }
        *ret_his = his;
        *ret_all = all;
        return 0;
}

int store_try_forgive(Store *s, const Id *request, const char *person)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_TRY_FORGIVE,
                "UPDATE tries SET wrong = wrong - 1 WHERE request = ? AND person = ? AND wrong > 0",
                &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, request);
        put_text(&row, person, NAME_LIMIT);
        r = row_run(&row);
        return r < 0 ? r : 0;
}

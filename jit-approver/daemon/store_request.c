/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests. MUST: change a state in one conditional UPDATE, whose count of rows is the answer. */

#include <errno.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

/* What changes, and what the checksum covers. */
#define COLUMNS                                                                                    \
        "state, granted, detached, stage, escalated,"                                              \
        " id, asker, asker_name, login, login_name, service, pam_service, target, target_name,"    \
        " target_group, command, command_digest, reason, tty, origin, host, rule, approvals,"      \
        " duration, max_duration, created, deadline, deadline_boot, boot_id, digest, sum,"         \
        " kind, extends, scope, login_session, end_when_done, code, terms_sum"
#define PARAMETERS                                                                                 \
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"   \
        " ?, ?, ?, ?, ?, ?, ?, ?, ?"

#define REQUEST_NONE                                                                               \
        ((Request){ .state = _REQUEST_STATE_INVALID,                                               \
                .asker.uid = UID_UNSET,                                                            \
                .login.uid = UID_UNSET,                                                            \
                .target.uid = UID_UNSET,                                                           \
                .login_session = SESSION_NONE,                                                     \
                .code = CODE_NONE })

static void put_terms(Row *row, const Request *r)
{
        sum_start(row);
        put_text(row, request_kind_to_string(r->kind), NAME_LIMIT);
        put_id(row, &r->extends);
        put_text(row, scope_to_string(r->scope), NAME_LIMIT);
        put_integer(row, r->login_session);
        put_integer(row, r->end_when_done);
        put_integer(row, r->code);
        put_sum(row);
}

static void get_terms(Row *row, Request *r)
{
        sum_start(row);
        r->kind = request_kind_from_string(get_word(row));
        get_id(row, &r->extends);
        r->scope = scope_from_string(get_word(row));
        r->login_session = get_integer(row, SESSION_NONE, UINT32_MAX);
        r->end_when_done = get_bool(row);
        r->code = get_integer(row, CODE_NONE, CODE_MAX);
        get_sum(row);
        if (r->kind < 0) {
                row_distrust(row);
        }
}

static void put_request(Row *row, const Request *r)
{
        put_text(row, request_state_to_string(r->state), NAME_LIMIT);
        put_id(row, &r->grant);
        put_integer(row, r->detached);
        put_integer(row, (int64_t) r->stage);
        put_integer(row, (int64_t) r->escalated);
        sum_start(row);
        put_id(row, &r->id);
        put_who(row, &r->asker);
        put_who(row, &r->login);
        put_text(row, r->service, NAME_LIMIT);
        put_text(row, r->pam_service, NAME_LIMIT);
        put_who(row, &r->target);
        put_text(row, r->target_group, NAME_LIMIT);
        put_text(row, r->command, TEXT_LIMIT);
        put_text(row, r->command_digest, DIGEST_HEX_SIZE - 1);
        put_text(row, r->reason, NAME_LIMIT);
        put_text(row, r->tty, NAME_LIMIT);
        put_text(row, r->origin, NAME_LIMIT);
        put_text(row, r->host, NAME_LIMIT);
        put_text(row, r->rule, NAME_LIMIT);
        put_integer(row, r->approvals);
        put_integer(row, r->duration);
        put_integer(row, r->max_duration);
        put_integer(row, r->created);
        put_integer(row, r->deadline);
        put_integer(row, r->deadline_boot);
        put_text(row, r->boot_id, sizeof(r->boot_id) - 1);
        put_text(row, r->digest, DIGEST_HEX_SIZE - 1);
        put_sum(row);
        put_terms(row, r);
}

static void get_request(Row *row, Request *r)
{
        r->state = request_state_from_string(get_word(row));
        get_id(row, &r->grant);
        r->detached = get_bool(row);
        r->stage = (size_t) get_integer(row, 0, STAGES_MAX);
        r->escalated = (size_t) get_integer(row, 0, ESCALATIONS_MAX);
        sum_start(row);
        get_id(row, &r->id);
        get_who(row, &r->asker);
        get_who(row, &r->login);
        r->service = get_text(row, NAME_LIMIT);
        r->pam_service = get_text(row, NAME_LIMIT);
        get_who(row, &r->target);
        r->target_group = get_text(row, NAME_LIMIT);
        r->command = get_text(row, TEXT_LIMIT);
        get_chars(row, r->command_digest, sizeof(r->command_digest));
        r->reason = get_text(row, NAME_LIMIT);
        r->tty = get_text(row, NAME_LIMIT);
        r->origin = get_text(row, NAME_LIMIT);
        r->host = get_text(row, NAME_LIMIT);
        r->rule = get_text(row, NAME_LIMIT);
        r->approvals = get_integer(row, 0, INT32_MAX);
        r->duration = get_usec(row);
        r->max_duration = get_usec(row);
        r->created = get_usec(row);
        r->deadline = get_usec(row);
        r->deadline_boot = get_usec(row);
        get_chars(row, r->boot_id, sizeof(r->boot_id));
        get_chars(row, r->digest, sizeof(r->digest));
        get_sum(row);
        get_terms(row, r);
        if (r->state < 0 || !id_is_set(&r->id) || r->asker.uid == UID_UNSET || !r->service) {
                row_distrust(row);
        }
}

int store_request_insert(Store *s, const Request *request)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_REQUEST_INSERT,
                "INSERT INTO requests (" COLUMNS ") VALUES (" PARAMETERS ")", &row);
        if (r < 0) {
                return r;
        }
        put_request(&row, request);
        r = row_run(&row);
        return r < 0 ? r : 0;
}

/* The row that is next, -ENOENT without one. With id it must be that one's, whatever the index says. */
static int take_request(Row *row, const Id *id, Request *ret)
{
        _cleanup_(request_done) Request request = REQUEST_NONE;
        int r;

        r = row_step(row);
        if (r <= 0) {
                return r < 0 ? r : -ENOENT;
        }
        get_request(row, &request);
        if (id && !streq(id->text, request.id.text)) {
                row_distrust(row);
        }
        if (row->error < 0) {
                return row->error;
        }
        *ret = request;
        request = REQUEST_NONE;
        return 0;
}

int store_request_get(Store *s, const Id *id, Request *ret)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(
                s, STATEMENT_REQUEST_GET, "SELECT " COLUMNS " FROM requests WHERE id = ?", &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, id);
        return take_request(&row, id, ret);
}

int store_request_find(Store *s, const char *prefix, Request *ret)
{
        _cleanup_(row_donep) Row row = {};
        _cleanup_(request_done) Request request = REQUEST_NONE;
        Id id;
        int r;

        if (id_parse(prefix, &id) >= 0) { /* all of it: no need to look for a second */
                return store_request_get(s, &id, ret);
        }
        /* Every id that begins with it sorts before it with "~" behind. */
        r = row_open(s, STATEMENT_REQUEST_FIND,
                "SELECT " COLUMNS " FROM requests WHERE id >= ?1 AND id < ?1 || '~' LIMIT 2", &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, prefix, ID_LENGTH);
        r = take_request(&row, NULL, &request);
        if (r < 0) {
                return r;
        }
        r = row_step(&row);
        if (r != 0) {
                return r < 0 ? r : -ENOTUNIQ;
        }
        *ret = request;
        request = REQUEST_NONE;
        return 0;
}

int store_request_find_open(Store *s, uid_t asker, const char *service, uid_t target,
        const char *target_group, const char *rule, const char *command_digest, Request *ret)
{
        _cleanup_(row_donep) Row row = {};
        _cleanup_(request_done) Request request = REQUEST_NONE;
        int r;

        r = row_open(s, STATEMENT_REQUEST_OPEN,
                "SELECT " COLUMNS " FROM requests WHERE state = 'pending' AND asker = ?1"
                " AND service = ?2 AND target IS ?3 AND target_group IS ?4 AND rule IS ?5"
                " AND (?6 IS NULL OR command_digest = ?6) AND kind = 'access'"
                " ORDER BY row LIMIT 1",
                &row);
        if (r < 0) {
                return r;
        }
        put_uid(&row, asker);
        put_text(&row, service, NAME_LIMIT);
        put_uid(&row, target);
        put_text(&row, target_group, NAME_LIMIT);
        put_text(&row, rule, NAME_LIMIT);
        put_text(&row, command_digest, DIGEST_HEX_SIZE - 1);
        r = take_request(&row, NULL, &request);
        if (r < 0) {
                return r;
        }
        if (request.state != REQUEST_PENDING || request.asker.uid != asker) {
                return -EUCLEAN;
        }
        *ret = request;
        request = REQUEST_NONE;
        return 0;
}

/* By the boot clock only where it is the same boot; where that is not known, as if it were. */
static int open_decide(Store *s, const Now *now, const char *boot_id, Row *ret)
{
        int r;

        r = row_open(s, STATEMENT_REQUEST_DECIDE,
                "UPDATE requests SET state = ?1, granted = ?2 WHERE id = ?3 AND state = 'pending'"
                " AND ?4 < deadline AND (deadline_boot = 0 OR ?5 < deadline_boot"
                " OR (boot_id <> ?6 AND boot_id <> '' AND ?6 <> ''))",
                ret);
        if (r < 0) {
                return r;
        }
        ret->at = 3;
        put_integer(ret, now->wall);
        put_integer(ret, now->boot);
        put_text(ret, str_or(boot_id, ""), NAME_LIMIT);
        ret->at = 0;
        return 0;
}

int store_request_move(Store *s, const Id *id, RequestState to, const Now *now, const char *boot_id,
        const Id *grant)
{
        _cleanup_(row_donep) Row row = {};
        RequestState from = REQUEST_PENDING;
        int r;

        r = request_move(&from, to);
        if (r < 0) {
                return r;
        }
        if (to == REQUEST_APPROVED || to == REQUEST_DENIED) {
                r = open_decide(s, now, boot_id, &row);
        } else {
                r = row_open(s, STATEMENT_REQUEST_END,
                        "UPDATE requests SET state = ?1, granted = ?2"
                        " WHERE id = ?3 AND state = 'pending'",
                        &row);
        }
        if (r < 0) {
                return r;
        }
        put_text(&row, request_state_to_string(to), NAME_LIMIT);
        put_id(&row, grant);
        put_id(&row, id);
        r = row_run(&row);
        if (r < 0) {
                return r;
        }
        return r == 1 ? 0 : -EALREADY;
}

int store_request_set_detached(Store *s, const Id *id)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(
                s, STATEMENT_REQUEST_DETACH, "UPDATE requests SET detached = 1 WHERE id = ?", &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, id);
        r = row_run(&row);
        if (r < 0) {
                return r;
        }
        return r == 1 ? 0 : -ENOENT;
}

int store_request_set_reach(Store *s, const Id *id, size_t stage, size_t escalated)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_REQUEST_REACH,
                "UPDATE requests SET stage = ?, escalated = ? WHERE id = ?", &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, (int64_t) stage);
        put_integer(&row, (int64_t) escalated);
        put_id(&row, id);
        r = row_run(&row);
        if (r < 0) {
                return r;
        }
        return r == 1 ? 0 : -ENOENT;
}

int store_request_count_pending(Store *s, uid_t asker, int64_t *ret)
{
        _cleanup_(row_donep) Row row = {};
        bool of_all = asker == UID_UNSET;
        int64_t n;
        int r;

        r = row_open(s, of_all ? STATEMENT_REQUEST_COUNT : STATEMENT_REQUEST_COUNT_OF,
                of_all ? "SELECT count(*) FROM requests WHERE state = 'pending'"
                       : "SELECT count(*) FROM requests WHERE state = 'pending' AND asker = ?",
                &row);
        if (r < 0) {
                return r;
        }
        if (!of_all) {
                put_uid(&row, asker);
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

static int visit_requests(Row *row, RequestVisit visit, void *userdata)
{
        int r;

        while ((r = row_step(row)) > 0) {
                _cleanup_(request_done) Request request = REQUEST_NONE;
                int64_t number;

                get_request(row, &request);
                number = get_integer(row, 1, INT64_MAX);
                if (row->error < 0) {
                        return row->error;
                }
                r = visit(&request, number, userdata);
                if (r != 0) {
                        return MIN(r, 0);
                }
        }
        return r;
}

/*
 * Not far back: whoever only looks whether he may ask pays for this, too. Of this rule alone, so that nobody has
 * what was denied forgotten by asking for something else.
 */
int store_requests_lately(Store *s, const char *rule, RequestVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};

        int r = row_open(s, STATEMENT_REQUEST_LATELY,
                "SELECT " COLUMNS ", row FROM requests WHERE rule = ? ORDER BY row DESC LIMIT 1000",
                &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, rule, NAME_LIMIT);
        return visit_requests(&row, visit, userdata);
}

/* As far back as the oldest of those grants was asked for. */
int store_extensions(Store *s, RequestVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};

        int r = row_open(s, STATEMENT_REQUEST_EXTENSIONS,
                "SELECT " COLUMNS ", row FROM requests WHERE row >"
                " (SELECT min(row) FROM requests WHERE id IN"
                " (SELECT request FROM grants WHERE state = 'active'))"
                " AND kind = 'extension' AND state = 'approved' AND extends IN"
                " (SELECT id FROM grants WHERE state = 'active') ORDER BY row",
                &row);
        return r < 0 ? r : visit_requests(&row, visit, userdata);
}

int store_requests(Store *s, const RequestFilter *f, RequestVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, f->only_pending ? STATEMENT_REQUEST_PENDING : STATEMENT_REQUEST_ALL,
                f->only_pending ? "SELECT " COLUMNS ", row FROM requests WHERE state = 'pending'"
                                  " AND row > ?1 AND (?2 IS NULL OR asker = ?2)"
                                  " ORDER BY row LIMIT ?3"
                                : "SELECT " COLUMNS ", row FROM requests WHERE row > ?1"
                                  " AND (?2 IS NULL OR asker = ?2) ORDER BY row LIMIT ?3",
                &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, f->after);
        put_uid(&row, f->asker);
        put_integer(&row, f->limit > 0 ? f->limit : -1);
        while ((r = row_step(&row)) > 0) {
                _cleanup_(request_done) Request request = REQUEST_NONE;
                int64_t number;

                get_request(&row, &request);
                number = get_integer(&row, 1, INT64_MAX);
                /* What the index says is not believed against the row. */
                if ((f->only_pending && request.state != REQUEST_PENDING) ||
                        (f->asker != UID_UNSET && request.asker.uid != f->asker)) {
                        row_distrust(&row);
                }
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

int store_requests_pending(Store *s, RequestVisit visit, void *userdata)
{
        const RequestFilter f = { .only_pending = true, .asker = UID_UNSET };

        return store_requests(s, &f, visit, userdata);
}

int store_request_next_deadline(Store *s, const char *boot_id, usec_t *ret_wall, usec_t *ret_boot)
{
        _cleanup_(row_donep) Row row = {};
        usec_t wall, boot;
        int r;

        r = row_open(s, STATEMENT_REQUEST_DEADLINE,
                "SELECT coalesce(min(deadline), ?1), coalesce(min(CASE WHEN deadline_boot > 0"
                " AND boot_id = ?2 THEN deadline_boot END), ?1)"
                " FROM requests WHERE state = 'pending'",
                &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, USEC_NEVER);
        put_text(&row, str_or(boot_id, ""), NAME_LIMIT);
        r = row_step(&row);
        if (r <= 0) {
                return r < 0 ? r : -EUCLEAN;
        }
        wall = get_usec(&row);
        boot = get_usec(&row);
        if (row.error < 0) {
                return row.error;
        }
        *ret_wall = wall;
        *ret_boot = boot;
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Grants. MUST: end one in one conditional UPDATE; believe no grant whose row does not add up. */

#include <errno.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

/* What changes, and what the checksum covers. */
#define COLUMNS                                                                                    \
        "state, id, request, asker, asker_name, service, target, target_name, target_group, rule," \
        " reason, on_expiry, begun, until, until_boot, boot_id, maker, maker_name, sum,"           \
        " kind, scope, command_digest, login_session, end_when_done, survive_reboot, spent,"       \
        " terms_sum"
#define PARAMETERS "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"

#define GRANT_NONE                                                                                 \
        ((Grant){ .state = _GRANT_STATE_INVALID,                                                   \
                .asker.uid = UID_UNSET,                                                            \
                .target.uid = UID_UNSET,                                                           \
                .by.uid = UID_UNSET,                                                               \
                .login_session = SESSION_NONE })

static void put_terms(Row *row, const Grant *g)
{
        sum_start(row);
        put_text(row, request_kind_to_string(g->kind), NAME_LIMIT);
        put_text(row, scope_to_string(g->scope), NAME_LIMIT);
        put_text(row, g->command_digest[0] ? g->command_digest : NULL, DIGEST_HEX_SIZE - 1);
        put_integer(row, g->login_session);
        put_integer(row, g->end_when_done);
        put_integer(row, g->survive_reboot);
        put_integer(row, g->spent);
        put_sum(row);
}

static void get_terms(Row *row, Grant *g)
{
        sum_start(row);
        g->kind = request_kind_from_string(get_word(row));
        g->scope = scope_from_string(get_word(row));
        get_chars(row, g->command_digest, sizeof(g->command_digest));
        g->login_session = get_integer(row, SESSION_NONE, UINT32_MAX);
        g->end_when_done = get_bool(row);
        g->survive_reboot = get_bool(row);
        g->spent = get_usec(row);
        get_sum(row);
        if (g->kind < 0) {
                row_distrust(row);
        }
}

static void put_grant(Row *row, const Grant *g)
{
        put_text(row, grant_state_to_string(g->state), NAME_LIMIT);
        sum_start(row);
        put_id(row, &g->id);
        put_id(row, &g->request);
        put_who(row, &g->asker);
        put_text(row, g->service, NAME_LIMIT);
        put_who(row, &g->target);
        put_text(row, g->target_group, NAME_LIMIT);
        put_text(row, g->rule, NAME_LIMIT);
        put_text(row, g->reason, NAME_LIMIT);
        put_text(row, on_expiry_to_string(g->on_expiry), NAME_LIMIT);
        put_integer(row, g->from);
        put_integer(row, g->until);
        put_integer(row, g->until_boot);
        put_text(row, g->boot_id, sizeof(g->boot_id) - 1);
        put_who(row, &g->by);
        put_sum(row);
        put_terms(row, g);
}

static OnExpiry get_on_expiry(Row *row)
{
        const char *word = get_word(row);

        for (OnExpiry e = ON_EXPIRY_END_SESSIONS; e <= ON_EXPIRY_KEEP; e++) {
                if (word && streq(word, on_expiry_to_string(e))) {
                        return e;
                }
        }
        row_distrust(row);
        return ON_EXPIRY_END_SESSIONS;
}

static void get_grant(Row *row, Grant *g)
{
        g->state = grant_state_from_string(get_word(row));
        sum_start(row);
        get_id(row, &g->id);
        get_id(row, &g->request);
        get_who(row, &g->asker);
        g->service = get_text(row, NAME_LIMIT);
        get_who(row, &g->target);
        g->target_group = get_text(row, NAME_LIMIT);
        g->rule = get_text(row, NAME_LIMIT);
        g->reason = get_text(row, NAME_LIMIT);
        g->on_expiry = get_on_expiry(row);
        g->from = get_usec(row);
        g->until = get_usec(row);
        g->until_boot = get_usec(row);
        get_chars(row, g->boot_id, sizeof(g->boot_id));
        get_who(row, &g->by);
        get_sum(row);
        get_terms(row, g);
        if (g->state < 0 || !id_is_set(&g->id) || g->asker.uid == UID_UNSET || !g->service) {
                row_distrust(row);
        }
}

int store_grant_insert(Store *s, const Grant *g)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_GRANT_INSERT,
                "INSERT INTO grants (" COLUMNS ") VALUES (" PARAMETERS ")", &row);
        if (r < 0) {
                return r;
        }
        put_grant(&row, g);
        r = row_run(&row);
        return r < 0 ? r : 0;
}

/* The row that is next, -ENOENT without one. With id it must be that one's, whatever the index says. */
static int take_grant(Row *row, const Id *id, Grant *ret)
{
        _cleanup_(grant_done) Grant grant = GRANT_NONE;
        int r;

        r = row_step(row);
        if (r <= 0) {
                return r < 0 ? r : -ENOENT;
        }
        get_grant(row, &grant);
        if (id && !streq(id->text, grant.id.text)) {
                row_distrust(row);
        }
        if (row->error < 0) {
                return row->error;
        }
        *ret = grant;
        grant = GRANT_NONE;
        return 0;
}

int store_grant_get(Store *s, const Id *id, Grant *ret)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_GRANT_GET, "SELECT " COLUMNS " FROM grants WHERE id = ?", &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, id);
        return take_grant(&row, id, ret);
}

int store_grant_find(Store *s, const char *prefix, Grant *ret)
{
        _cleanup_(row_donep) Row row = {};
        _cleanup_(grant_done) Grant grant = GRANT_NONE;
        Id id;
        int r;

        if (id_parse(prefix, &id) >= 0) { /* all of it: no need to look for a second */
                return store_grant_get(s, &id, ret);
        }
        r = row_open(s, STATEMENT_GRANT_FIND,
                "SELECT " COLUMNS " FROM grants WHERE id >= ?1 AND id < ?1 || '~' LIMIT 2", &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, prefix, ID_LENGTH);
        r = take_grant(&row, NULL, &grant);
        if (r < 0) {
                return r;
        }
        r = row_step(&row);
        if (r != 0) {
                return r < 0 ? r : -ENOTUNIQ;
        }
        *ret = grant;
        grant = GRANT_NONE;
        return 0;
}

int store_grant_move(Store *s, const Id *id, GrantState to, usec_t wall)
{
        _cleanup_(row_donep) Row row = {};
        GrantState from = GRANT_ACTIVE;
        int r;

        r = grant_move(&from, to);
        if (r < 0) {
                return r;
        }
        r = row_open(s, STATEMENT_GRANT_MOVE,
                "UPDATE grants SET state = ?, ended = ? WHERE id = ? AND state = 'active'", &row);
        if (r < 0) {
                return r;
        }
        put_text(&row, grant_state_to_string(to), NAME_LIMIT);
        put_integer(&row, wall);
        put_id(&row, id);
        r = row_run(&row);
        if (r < 0) {
                return r;
        }
        return r == 1 ? 0 : -EALREADY;
}

/* All of the row anew, since the checksums cover what stays as well as what changes. */
int store_grant_change(Store *s, const Grant *g)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_GRANT_CHANGE,
                "UPDATE grants SET (" COLUMNS ") = (" PARAMETERS
                ") WHERE id = ?2 AND state = 'active'",
                &row);
        if (r < 0) {
                return r;
        }
        put_grant(&row, g);
        r = row_run(&row);
        if (r < 0) {
                return r;
        }
        return r == 1 ? 0 : -EALREADY;
}

/* Every check asks for the active ones of one asker: that statement has the index to itself. */
static int open_list(Store *s, const GrantFilter *f, Row *ret)
{
        if (f->only_active && f->asker != UID_UNSET) {
                return row_open(s, STATEMENT_GRANT_ACTIVE_OF,
                        "SELECT " COLUMNS ", row FROM grants WHERE state = 'active'"
                        " AND row > ?1 AND asker = ?2 ORDER BY row LIMIT ?3",
                        ret);
        }
        if (f->only_active) {
                return row_open(s, STATEMENT_GRANT_ACTIVE,
                        "SELECT " COLUMNS ", row FROM grants WHERE state = 'active'"
                        " AND row > ?1 AND ?2 IS NULL ORDER BY row LIMIT ?3",
                        ret);
        }
        return row_open(s, STATEMENT_GRANT_ALL,
                "SELECT " COLUMNS ", row FROM grants WHERE row > ?1"
                " AND (?2 IS NULL OR asker = ?2) ORDER BY row LIMIT ?3",
                ret);
}

/* Reads what there is; the asker (UID_UNSET: anybody) and the state are believed of the row alone. */
static int visit_grants(Row *row, bool only_active, uid_t asker, GrantVisit visit, void *userdata)
{
        int r;

        while ((r = row_step(row)) > 0) {
                _cleanup_(grant_done) Grant grant = GRANT_NONE;
                int64_t number;

                get_grant(row, &grant);
                number = get_integer(row, 1, INT64_MAX);
                if ((only_active && grant.state != GRANT_ACTIVE) ||
                        (asker != UID_UNSET && grant.asker.uid != asker)) {
                        row_distrust(row);
                }
                if (row->error < 0) {
                        return row->error;
                }
                r = visit(&grant, number, userdata);
                if (r != 0) {
                        return MIN(r, 0);
                }
        }
        return r;
}

int store_grants(Store *s, const GrantFilter *f, GrantVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = open_list(s, f, &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, f->after);
        put_uid(&row, f->asker);
        put_integer(&row, f->limit > 0 ? f->limit : -1);
        return visit_grants(&row, f->only_active, f->asker, visit, userdata);
}

/* Without an index, which every decision would have to write: so not far back. */
int store_grants_lately(Store *s, uid_t asker, int64_t limit, GrantVisit visit, void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_GRANT_LATELY,
                "SELECT " COLUMNS ", row FROM grants"
                " WHERE row > (SELECT max(row) FROM grants) - 1000 AND asker = ?"
                " ORDER BY row DESC LIMIT ?",
                &row);
        if (r < 0) {
                return r;
        }
        put_uid(&row, asker);
        put_integer(&row, limit);
        return visit_grants(&row, false, asker, visit, userdata);
}

int store_grant_ended(Store *s, const Id *id, usec_t *ret)
{
        _cleanup_(row_donep) Row row = {};
        usec_t ended;
        int r;

        r = row_open(s, STATEMENT_GRANT_ENDED, "SELECT coalesce(ended, 0) FROM grants WHERE id = ?",
                &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, id);
        r = row_step(&row);
        if (r <= 0) {
                return r < 0 ? r : -ENOENT;
        }
        ended = get_usec(&row);
        if (row.error < 0) {
                return row.error;
        }
        *ret = ended;
        return 0;
}

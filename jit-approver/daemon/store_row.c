/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One row in or out. MUST: believe no type, length or range that a column shows: what was written
 * here years ago may have rotted, or be somebody's forgery; such a row is -EUCLEAN as a whole.
 */

#include <assert.h>
#include <endian.h>
#include <errno.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

/*
 * FNV-1a, 64 bits, by eight bytes where there are eight: every step is a bijection, so one change
 * always shows.
 */
#define SUM_START UINT64_C(0xcbf29ce484222325)
#define SUM_PRIME UINT64_C(0x100000001b3)

static void fail(Row *row, int r)
{
        if (row->error == 0) {
                row->error = r;
        }
}

void row_distrust(Row *row)
{
        fail(row, -EUCLEAN);
}

static uint64_t sum_word(uint64_t sum, uint64_t word)
{
        return (sum ^ word) * SUM_PRIME;
}

/* Each value goes in with its type and length, so that none passes for its neighbours. */
static void sum_value(Row *row, int type, const void *data, size_t n)
{
        const uint8_t *bytes = data;
        uint64_t sum = row->sum, word;

        if (!row->summed) {
                return;
        }
        sum = sum_word(sum, (uint64_t) type << 56 | n);
        for (; n >= sizeof(word); n -= sizeof(word), bytes += sizeof(word)) {
                memcpy(&word, bytes, sizeof(word));
                sum = sum_word(sum, le64toh(word));
        }
        for (; n > 0; n--, bytes++) {
                sum = sum_word(sum, *bytes);
        }
        row->sum = sum;
}

void sum_start(Row *row)
{
        row->summed = true;
        row->sum = SUM_START;
}

int row_open(Store *s, StatementName name, const char *sql, Row *ret)
{
        sqlite3_stmt *statement = s->kept[name];
        bool temporary = statement && sqlite3_stmt_busy(statement);
        int rc;

        if (!statement || temporary) {
                rc = sqlite3_prepare_v3(s->db, sql, -1, temporary ? 0 : SQLITE_PREPARE_PERSISTENT,
                        &statement, NULL);
                if (rc != SQLITE_OK) {
                        return store_error(s, rc);
                }
                if (!temporary) {
                        s->kept[name] = statement;
                }
        }
        *ret = (Row){ .store = s, .statement = statement, .temporary = temporary };
        return 0;
}

void row_donep(Row *row)
{
        if (!row->statement) {
                return;
        }
        if (row->temporary) {
                (void) sqlite3_finalize(row->statement);
        } else {
                /* Bindings are borrowed: forget them, or the next user could bind too few. */
                (void) sqlite3_reset(row->statement);
                (void) sqlite3_clear_bindings(row->statement);
        }
}

int row_step(Row *row)
{
        int rc;

        if (row->error < 0) {
                return row->error;
        }
        rc = sqlite3_step(row->statement);
        row->at = 0;
        row->summed = false;
        if (rc == SQLITE_ROW) {
                return 1;
        }
        if (rc != SQLITE_DONE) {
                fail(row, store_error(row->store, rc));
                return row->error;
        }
        return 0;
}

int row_run(Row *row)
{
        int r;

        r = row_step(row);
        if (r < 0) {
                return r;
        }
        assert(r == 0);
        return sqlite3_changes(row->store->db);
}

static void check_bind(Row *row, int rc)
{
        if (rc != SQLITE_OK) {
                fail(row, store_error(row->store, rc));
        }
}

void put_null(Row *row)
{
        sum_value(row, SQLITE_NULL, "", 0);
        check_bind(row, sqlite3_bind_null(row->statement, ++row->at));
}

void put_integer(Row *row, int64_t value)
{
        sum_value(row, SQLITE_INTEGER, &value, sizeof(value));
        check_bind(row, sqlite3_bind_int64(row->statement, ++row->at, value));
}

void put_text(Row *row, const char *value, size_t limit)
{
        size_t n;

        if (!value) {
                put_null(row);
                return;
        }
        n = strlen(value);
        if (n > limit) { /* could not be read again */
                fail(row, -EMSGSIZE);
                return;
        }
        sum_value(row, SQLITE_TEXT, value, n);
        check_bind(
                row, sqlite3_bind_text(row->statement, ++row->at, value, (int) n, SQLITE_STATIC));
}

void put_id(Row *row, const Id *id)
{
        put_text(row, id && id_is_set(id) ? id->text : NULL, ID_LENGTH);
}

void put_uid(Row *row, uid_t uid)
{
        if (uid == UID_UNSET) {
                put_null(row);
        } else {
                put_integer(row, uid);
        }
}

void put_who(Row *row, const Who *who)
{
        put_uid(row, who->uid);
        put_text(row, who->name, NAME_LIMIT);
        if (who->uid != UID_UNSET && !who->name) {
                fail(row, -EINVAL);
        }
}

void put_sum(Row *row)
{
        row->summed = false;
        check_bind(row, sqlite3_bind_int64(row->statement, ++row->at, (sqlite3_int64) row->sum));
}

int64_t get_integer(Row *row, int64_t min, int64_t max)
{
        int column = row->at++;
        int64_t value;

        if (sqlite3_column_type(row->statement, column) != SQLITE_INTEGER) {
                row_distrust(row);
                return 0;
        }
        value = sqlite3_column_int64(row->statement, column);
        if (value < min || value > max) {
                row_distrust(row);
                return 0;
        }
        sum_value(row, SQLITE_INTEGER, &value, sizeof(value));
        return value;
}

usec_t get_usec(Row *row)
{
        return get_integer(row, 0, USEC_NEVER);
}

bool get_bool(Row *row)
{
        return get_integer(row, 0, 1) == 1;
}

const char *get_word(Row *row)
{
        int column = row->at++, type = sqlite3_column_type(row->statement, column);
        const char *text;
        size_t n;

        if (type == SQLITE_NULL) {
                sum_value(row, SQLITE_NULL, "", 0);
                return NULL;
        }
        if (type != SQLITE_TEXT) {
                row_distrust(row);
                return NULL;
        }
        text = (const char *) sqlite3_column_text(row->statement, column);
        if (!text) {
                fail(row, -ENOMEM);
                return NULL;
        }
        n = (size_t) sqlite3_column_bytes(row->statement, column);
        if (strlen(text) != n) {
                row_distrust(row);
                return NULL;
        }
        sum_value(row, SQLITE_TEXT, text, n);
        return text;
}

char *get_text(Row *row, size_t limit)
{
        const char *text = get_word(row);
        char *copy;

        if (!text) {
                return NULL;
        }
        if (strlen(text) > limit) {
                row_distrust(row);
                return NULL;
        }
        copy = strdup(text);
        if (!copy) {
                fail(row, -ENOMEM);
        }
        return copy;
}

void get_chars(Row *row, char *out, size_t size)
{
        const char *text = get_word(row);
        size_t n = text ? strlen(text) : 0;

        if (n >= size) {
                row_distrust(row);
                n = 0;
        }
        if (n > 0) {
                memcpy(out, text, n);
        }
        out[n] = '\0';
}

void get_id(Row *row, Id *ret)
{
        Id id = {}, same;

        get_chars(row, id.text, sizeof(id.text));
        if (id_is_set(&id) && (id_parse(id.text, &same) < 0 || !streq(same.text, id.text))) {
                row_distrust(row);
                id = (Id){};
        }
        *ret = id;
}

uid_t get_uid(Row *row)
{
        if (sqlite3_column_type(row->statement, row->at) == SQLITE_NULL) {
                (void) get_word(row);
                return UID_UNSET;
        }
        return (uid_t) get_integer(row, 0, (int64_t) UID_UNSET - 1);
}

void get_who(Row *row, Who *ret)
{
        Who who = { .uid = get_uid(row), .name = get_text(row, NAME_LIMIT) };

        if (who.uid != UID_UNSET && !who.name) {
                row_distrust(row);
        }
        *ret = who;
}

void get_sum(Row *row)
{
        uint64_t sum = row->sum;

        row->summed = false;
        if ((uint64_t) get_integer(row, INT64_MIN, INT64_MAX) != sum) {
                row_distrust(row);
        }
}

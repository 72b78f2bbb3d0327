/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The tables, as numbered migrations: what was released is never edited, only added to.
 *
 * A commit costs by the pages it touches, so there are few indices, and those of what is open are
 * partial: they stay one or two pages whatever the history. The record (audit) has none: it is read
 * in order. Words, not numbers, stand for states, so that no flipped bit makes one into another.
 */

#include "common/macro.h"
#include "jit-approver/daemon/store_internal.h"

static const char migration_1[] =
        "CREATE TABLE meta ("
        " name TEXT NOT NULL PRIMARY KEY,"
        " value TEXT NOT NULL"
        ") STRICT, WITHOUT ROWID;"

        "CREATE TABLE requests ("
        " row INTEGER PRIMARY KEY,"
        " state TEXT NOT NULL,"
        " granted TEXT,"
        " detached INTEGER NOT NULL,"
        " id TEXT NOT NULL UNIQUE,"
        " asker INTEGER NOT NULL, asker_name TEXT NOT NULL,"
        " login INTEGER, login_name TEXT,"
        " service TEXT NOT NULL, pam_service TEXT,"
        " target INTEGER, target_name TEXT, target_group TEXT,"
        " command TEXT, command_digest TEXT NOT NULL,"
        " reason TEXT, tty TEXT, origin TEXT, host TEXT, rule TEXT,"
        " approvals INTEGER NOT NULL,"
        " duration INTEGER NOT NULL, max_duration INTEGER NOT NULL,"
        " created INTEGER NOT NULL, deadline INTEGER NOT NULL,"
        " deadline_boot INTEGER NOT NULL, boot_id TEXT NOT NULL,"
        " digest TEXT NOT NULL,"
        " sum INTEGER NOT NULL"
        ") STRICT;"
        "CREATE INDEX requests_pending ON requests"
        " (asker, deadline, deadline_boot, boot_id) WHERE state = 'pending';"

        "CREATE TABLE votes ("
        " request TEXT NOT NULL REFERENCES requests (id),"
        " number INTEGER NOT NULL," /* the first of a request is 1 */
        " person TEXT NOT NULL,"
        " who INTEGER, who_name TEXT, login INTEGER,"
        " decision TEXT NOT NULL,"
        " duration INTEGER NOT NULL, note TEXT, time INTEGER NOT NULL,"
        " sum INTEGER NOT NULL,"
        " PRIMARY KEY (request, number)"
        ") STRICT, WITHOUT ROWID;"

        "CREATE TABLE grants ("
        " row INTEGER PRIMARY KEY,"
        " state TEXT NOT NULL,"
        " ended INTEGER," /* when it stopped being active */
        " id TEXT NOT NULL UNIQUE,"
        " request TEXT REFERENCES requests (id),"
        " asker INTEGER NOT NULL, asker_name TEXT NOT NULL,"
        " service TEXT NOT NULL,"
        " target INTEGER, target_name TEXT, target_group TEXT,"
        " rule TEXT, reason TEXT, on_expiry TEXT NOT NULL,"
        " begun INTEGER NOT NULL, until INTEGER NOT NULL,"
        " until_boot INTEGER NOT NULL, boot_id TEXT NOT NULL,"
        " maker INTEGER, maker_name TEXT,"
        " sum INTEGER NOT NULL"
        ") STRICT;"
        "CREATE INDEX grants_active ON grants (asker) WHERE state = 'active';"

        "CREATE TABLE sessions ("
        " row INTEGER PRIMARY KEY,"
        " closed INTEGER NOT NULL,"
        " id TEXT NOT NULL UNIQUE,"
        " granted TEXT NOT NULL REFERENCES grants (id),"
        " kind TEXT NOT NULL, unit TEXT NOT NULL,"
        " pid INTEGER NOT NULL, start INTEGER NOT NULL, boot_id TEXT NOT NULL,"
        " tty TEXT, command TEXT, opened INTEGER NOT NULL,"
        " sum INTEGER NOT NULL"
        ") STRICT;"
        "CREATE INDEX sessions_open ON sessions (granted) WHERE closed = 0;"
        "CREATE INDEX sessions_open_pid ON sessions (pid) WHERE closed = 0;"

        "CREATE TABLE audit ("
        " seq INTEGER PRIMARY KEY,"
        " time INTEGER NOT NULL, event TEXT NOT NULL,"
        " request TEXT, granted TEXT, asker INTEGER, approver TEXT,"
        " told INTEGER NOT NULL,"
        " canonical TEXT NOT NULL, hash TEXT NOT NULL"
        ") STRICT;"
        /* Few rows: one in each would be one page more for every decision to write. */
        "CREATE INDEX audit_joined ON audit (request) WHERE event = 'request.joined';"

        "CREATE TABLE outbox ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT," /* never used again: deliverers remember it */
        " event TEXT NOT NULL, request TEXT, granted TEXT,"
        " recipient TEXT NOT NULL, channel TEXT, created INTEGER NOT NULL"
        ") STRICT;"
        "CREATE INDEX outbox_request ON outbox (request);";

/*
 * Messages go by a channel, and are tried until they are through. Nothing could be delivered before, so
 * nothing is lost. How a vote was proven is beside the checksum, which votes of before do not have it in:
 * it was judged when the vote came, and is shown now.
 */
static const char migration_2[] =
        "DROP TABLE outbox;"
        "CREATE TABLE outbox ("
        " id INTEGER PRIMARY KEY AUTOINCREMENT," /* never used again: receivers remember it */
        " delivered INTEGER NOT NULL,"           /* when; 0: it is owed */
        " tries INTEGER NOT NULL, next INTEGER NOT NULL,"
        " event TEXT NOT NULL, request TEXT NOT NULL,"
        " channel TEXT NOT NULL, recipient TEXT," /* NULL: a shared audience */
        " created INTEGER NOT NULL, problem TEXT"
        ") STRICT;"
        "CREATE INDEX outbox_request ON outbox (request);"
        "CREATE INDEX outbox_owed ON outbox (channel, id) WHERE delivered = 0;"
        "ALTER TABLE votes ADD COLUMN proof TEXT;"
        "ALTER TABLE votes ADD COLUMN channel TEXT;";

/*
 * The terms of requests and grants. What was there before has those that were the only ones, and the
 * checksum of these.
 */
static const char migration_3[] =
        "ALTER TABLE requests ADD COLUMN stage INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE requests ADD COLUMN escalated INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE requests ADD COLUMN kind TEXT NOT NULL DEFAULT 'access';"
        "ALTER TABLE requests ADD COLUMN extends TEXT;"
        "ALTER TABLE requests ADD COLUMN scope TEXT NOT NULL DEFAULT 'service';"
        "ALTER TABLE requests ADD COLUMN login_session INTEGER NOT NULL DEFAULT -1;"
        "ALTER TABLE requests ADD COLUMN end_when_done INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE requests ADD COLUMN code INTEGER NOT NULL DEFAULT -1;"
        "ALTER TABLE requests ADD COLUMN terms_sum INTEGER NOT NULL DEFAULT 1665305896489798461;"
        "ALTER TABLE grants ADD COLUMN kind TEXT NOT NULL DEFAULT 'access';"
        "ALTER TABLE grants ADD COLUMN scope TEXT NOT NULL DEFAULT 'service';"
        "ALTER TABLE grants ADD COLUMN command_digest TEXT;"
        "ALTER TABLE grants ADD COLUMN login_session INTEGER NOT NULL DEFAULT -1;"
        "ALTER TABLE grants ADD COLUMN end_when_done INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE grants ADD COLUMN survive_reboot INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE grants ADD COLUMN spent INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE grants ADD COLUMN terms_sum INTEGER NOT NULL DEFAULT 3105936522881615116;"
        /* Wrong match codes, counted before they are compared. */
        "CREATE TABLE tries ("
        " request TEXT NOT NULL REFERENCES requests (id),"
        " person TEXT NOT NULL,"
        " wrong INTEGER NOT NULL,"
        " PRIMARY KEY (request, person)"
        ") STRICT, WITHOUT ROWID;";

/*
 * Old sessions are found by their grant, so the index of the open ones has become one of all: as many
 * pages for who opens one, and fewer for who closes it. Of checkpoints there are few.
 */
static const char migration_4[] =
        "DROP INDEX sessions_open;"
        "CREATE INDEX sessions_granted ON sessions (granted);"
        "CREATE INDEX audit_checkpoint ON audit (seq) WHERE event = 'audit.checkpoint';";

/* What grants left on the host, and a quick way to the uses of one. */
static const char migration_5[] =
        "CREATE TABLE residue ("
        " row INTEGER PRIMARY KEY,"
        " granted TEXT NOT NULL UNIQUE,"
        " taken INTEGER NOT NULL,"
        " found INTEGER NOT NULL," /* all, those that lines leave out too */
        " cut_short TEXT,"
        " lines TEXT NOT NULL," /* see trace.h; each with its end */
        " sum INTEGER NOT NULL"
        ") STRICT;"
        "CREATE INDEX audit_used ON audit (granted) WHERE event = 'grant.used';";

/*
 * The ways in that nobody approves: what is yet to be signed; one-time codes, as keyed hashes, and the
 * tries of them.
 */
static const char migration_6[] =
        "CREATE TABLE reviews ("
        " row INTEGER PRIMARY KEY,"
        " state TEXT NOT NULL,"
        " request TEXT NOT NULL UNIQUE REFERENCES requests (id),"
        " opened INTEGER NOT NULL,"
        " person TEXT, who INTEGER, who_name TEXT, note TEXT,"
        " signed INTEGER NOT NULL,"
        " sum INTEGER NOT NULL"
        ") STRICT;"
        "CREATE INDEX reviews_open ON reviews (row) WHERE state = 'open';"
        "CREATE TABLE rescue ("
        " hash TEXT NOT NULL PRIMARY KEY,"
        " key TEXT NOT NULL," /* which key made it: under another it is no code */
        " made INTEGER NOT NULL"
        ") STRICT, WITHOUT ROWID;"
        "CREATE TABLE rescue_tries ("
        " row INTEGER PRIMARY KEY,"
        " asker INTEGER NOT NULL, time INTEGER NOT NULL"
        ") STRICT;";

/* What a rule was asked lately, however much others were. */
static const char migration_7[] = "CREATE INDEX requests_rule ON requests (rule);";

const char *const store_migrations[] = {
        migration_1,
        migration_2,
        migration_3,
        migration_4,
        migration_5,
        migration_6,
        migration_7,
};
const size_t store_migrations_n = ELEMENTSOF(store_migrations);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ctype.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "jit-approver/daemon/audit.h"
#include "jit-approver/daemon/journal.h"
#include "tests/unit/store_fixture.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static Fixture fixture;
static Audit *audit;
static const Now now = { T0 + 123456, 7 };

/* --- the journal: takes the place of libsystemd's --- */

static char *entries[20000]; /* "NAME=value\n" of each field */
static size_t n_entries;

int journal_send(const struct iovec *iov, size_t n)
{
        size_t size;
        FILE *f = open_memstream(&entries[n_entries++], &size);

        for (size_t i = 0; i < n; i++) {
                (void) fwrite(iov[i].iov_base, 1, iov[i].iov_len, f);
                (void) fputc('\n', f);
        }
        (void) fclose(f);
        return 0;
}

static void forget_entries(void)
{
        while (n_entries > 0) {
                free(entries[--n_entries]);
        }
}

static bool entry_has(size_t i, const char *field)
{
        size_t n = strlen(field);

        for (const char *line = entries[i]; *line; line = strchr(line, '\n') + 1) {
                if (strncmp(line, field, n) == 0 && line[n] == '\n') {
                        return true;
                }
        }
        return false;
}

static size_t lines_of(size_t i)
{
        size_t n = 0;

        for (const char *c = entries[i]; *c; c++) {
                n += *c == '\n';
        }
        return n;
}

static void setup(void)
{
        fixture_open(&fixture);
        MUST(audit_new(fixture.store, &audit));
}

static void teardown(void)
{
        audit = audit_free(audit);
        fixture_close(&fixture);
        forget_entries();
}

static void reopen(void)
{
        audit = audit_free(audit);
        fixture_reopen(&fixture);
        MUST(audit_new(fixture.store, &audit));
}

static void append(const Fact *f)
{
        MUST(store_begin(fixture.store));
        MUST(audit_append(audit, f, &now));
        MUST(store_commit(fixture.store));
}

static void append_event(AuditEvent e)
{
        append(&(Fact){ .event = e });
        audit_tell(audit);
}

/* --- the chain, as a third party would verify it --- */

typedef struct Walk {
        int64_t n;
        char head[DIGEST_HEX_SIZE];
        char *last;
        char last_event[64];
} Walk;

static int walk_row(const AuditRow *row, void *userdata)
{
        Walk *w = userdata;
        char *bytes, hash[DIGEST_HEX_SIZE];

        ck_assert_int_eq(row->seq, ++w->n);
        MUST(str_printf(&bytes, "%s%s", w->head, row->canonical));
        MUST(digest_hex(bytes, strlen(bytes), hash));
        free(bytes);
        ck_assert_str_eq(hash, row->hash);
        memcpy(w->head, hash, sizeof(hash));
        free(w->last);
        w->last = strdup(row->canonical);
        (void) snprintf(w->last_event, sizeof(w->last_event), "%s", row->event);
        return 0;
}

/* How many rows there are; *w is to be freed by free(w->last) where it is wanted. */
static int64_t walk_chain(Walk *w)
{
        AuditFilter all = { .asker = UID_UNSET };

        *w = (Walk){ .head = ZEROS };
        MUST(store_audit(fixture.store, &all, walk_row, w));
        return w->n;
}

static int64_t chain_length(void)
{
        Walk w;
        int64_t n = walk_chain(&w);

        free(w.last);
        return n;
}

typedef struct Sought {
        int64_t seq;
        const char *words;
        bool found;
} Sought;

static int look_at_row(const AuditRow *row, void *userdata)
{
        Sought *s = userdata;

        s->found = s->found || (row->seq == s->seq && strstr(row->canonical, s->words));
        return 0;
}

static bool row_has(int64_t seq, const char *words)
{
        AuditFilter all = { .asker = UID_UNSET };
        Sought s = { .seq = seq, .words = words };

        MUST(store_audit(fixture.store, &all, look_at_row, &s));
        return s.found;
}

/* --- */

START_TEST(canonical_bytes)
{
        Request r = sample_request(1000);
        Who target = { 0, (char *) "root" };
        Id request, grant;
        Walk w;
        Fact f = { .event = AUDIT_GRANT_STARTED,
                .request = &request,
                .grant = &grant,
                .asker = &r.asker,
                .login = &r.login,
                .target = &target,
                .service = "sudo",
                .command = "systemctl restart \"nginx\"",
                .reason = "deploy",
                .rule = "web",
                .tty = "/dev/pts/3",
                .origin = "10.0.0.7",
                .state = "approved",
                .note = "ok",
                .why = "because",
                .approver = "bob",
                .decision = "approve",
                .by = "root",
                .digest = "abc",
                .until = T0 + USEC_PER_HOUR,
                .count = 3,
                .first = T0,
                .last = T0 + 1 };

        MUST(id_parse("K7QF-2M9D", &request));
        MUST(id_parse("AAAA-2222", &grant));
        append(&f);
        audit_tell(audit);
        ck_assert_int_eq(walk_chain(&w), 1);
        ck_assert_str_eq(w.last,
                "{\"seq\":1,\"time\":\"2026-11-21T15:04:05.123456Z\",\"event\":\"grant.started\","
                "\"request\":\"K7QF-2M9D\",\"grant\":\"AAAA-2222\",\"data\":{"
                "\"asker\":\"dev\",\"asker_uid\":1000,\"login\":\"bob\",\"login_uid\":4242,"
                "\"target\":\"root\",\"target_uid\":0,\"service\":\"sudo\","
                "\"command\":\"systemctl restart \\\"nginx\\\"\",\"reason\":\"deploy\","
                "\"rule\":\"web\",\"tty\":\"/dev/pts/3\",\"origin\":\"10.0.0.7\","
                "\"state\":\"approved\",\"note\":\"ok\",\"why\":\"because\","
                "\"approver\":\"bob\",\"decision\":\"approve\",\"by\":\"root\","
                "\"digest\":\"abc\",\"until\":\"2026-11-21T16:04:05Z\",\"count\":3,"
                "\"first\":\"2026-11-21T15:04:05Z\",\"last\":\"2026-11-21T15:04:05.000001Z\"}}");
        free(w.last);
        append_event(AUDIT_RULES_LOADED);
        ck_assert_int_eq(walk_chain(&w), 2);
        ck_assert_str_eq(w.last,
                "{\"seq\":2,\"time\":\"2026-11-21T15:04:05.123456Z\",\"event\":\"rules.loaded\","
                "\"data\":{}}");
        free(w.last);
}
END_TEST

START_TEST(journal_entry)
{
        Request r = sample_request(1000);
        Fact f = { .event = AUDIT_REQUEST_VOTED,
                .request = &r.id,
                .asker = &r.asker,
                .target = &r.target,
                .service = "sudo",
                .approver = "carol",
                .decision = "approve",
                .reason = "deploy" };
        char field[200];

        append(&f);
        ck_assert_uint_eq(n_entries, 0);
        ck_assert_str_eq(audit_head(audit), ZEROS);
        audit_tell(audit);
        ck_assert_uint_eq(n_entries, 1);
        ck_assert(entry_has(0, "MESSAGE_ID=c25142932f8b41c1ba5090db7895ef32"));
        ck_assert(entry_has(0, "PRIORITY=5"));
        ck_assert(entry_has(0, "JIT_EVENT=request.voted"));
        ck_assert(entry_has(0, "JIT_USER=dev"));
        ck_assert(entry_has(0, "JIT_SERVICE=sudo"));
        ck_assert(entry_has(0, "JIT_TARGET=root"));
        ck_assert(entry_has(0, "JIT_APPROVER=carol"));
        ck_assert(entry_has(0, "JIT_DECISION=approve"));
        ck_assert(entry_has(0, "JIT_REASON=deploy"));
        ck_assert(entry_has(0, "JIT_SEQ=1"));
        (void) snprintf(field, sizeof(field), "JIT_HEAD=%s", audit_head(audit));
        ck_assert(entry_has(0, field));
        (void) snprintf(field, sizeof(field), "JIT_REQUEST=%s", r.id.text);
        ck_assert(entry_has(0, field));
        (void) snprintf(field, sizeof(field),
                "MESSAGE=A vote was cast: dev, sudo as root, approve by carol, 'deploy',"
                " request %s",
                r.id.text);
        ck_assert_msg(entry_has(0, field), "%s", entries[0]);
        audit_tell(audit);
        ck_assert_uint_eq(n_entries, 1);
}
END_TEST

/* H-59: what somebody types stays inside its own value. */
START_TEST(foreign_text_stays_in_its_place)
{
        static const char evil[] = "x\nJIT_DECISION=approve\n\"},\"seq\":9\x1b[31m\xff\xe2\x80\xae";
        Who asker = { 1000, (char *) evil };
        Fact plain = { .event = AUDIT_CHECK_REFUSED,
                .asker = &asker,
                .service = "sudo",
                .decision = "deny",
                .reason = "x" };
        Fact f = plain;
        Walk w;

        append(&plain);
        audit_tell(audit);
        f.service = f.reason = f.command = f.tty = f.origin = f.note = f.why = evil;
        append(&f);
        audit_tell(audit);
        ck_assert_uint_eq(n_entries, 2);
        for (size_t i = 0; i < 2; i++) {
                ck_assert(entry_has(i, "JIT_DECISION=deny"));
                ck_assert(!entry_has(i, "JIT_DECISION=approve"));
                for (const char *c = entries[i]; *c; c++) {
                        ck_assert(*c == '\n' || !iscntrl((unsigned char) *c));
                }
        }
        ck_assert_uint_eq(lines_of(1), lines_of(0) + 1); /* JIT_WHY */
        ck_assert_int_eq(walk_chain(&w), 2);
        ck_assert_ptr_null(strchr(w.last, '\n'));
        free(w.last);
}
END_TEST

START_TEST(the_longest_of_everything)
{
        char *quotes = calloc(1, 100000), *bytes = calloc(1, 100000);
        Walk w;

        memset(quotes, '"', 99999);
        memset(bytes, 0x81, 99999);
        for (int i = 0; i < 2; i++) {
                const char *s = i ? bytes : quotes;
                Who who = { 4294967294, (char *) s };
                Fact f = { .event = AUDIT_REQUEST_CREATED,
                        .asker = &who,
                        .login = &who,
                        .target = &who,
                        .service = s,
                        .command = s,
                        .reason = s,
                        .rule = s,
                        .tty = s,
                        .origin = s,
                        .state = s,
                        .note = s,
                        .why = s,
                        .approver = s,
                        .decision = s,
                        .by = s,
                        .digest = s };

                append(&f);
                audit_tell(audit);
        }
        ck_assert_int_eq(walk_chain(&w), 2);
        free(w.last);
        free(quotes);
        free(bytes);
}
END_TEST

START_TEST(undone_rows_leave_no_trace)
{
        char head[DIGEST_HEX_SIZE];

        append_event(AUDIT_DAEMON_STARTED);
        (void) snprintf(head, sizeof(head), "%s", audit_head(audit));
        MUST(store_begin(fixture.store));
        MUST(audit_append(audit, &(Fact){ .event = AUDIT_RULES_LOADED }, &now));
        MUST(audit_append(audit, &(Fact){ .event = AUDIT_RULES_LOADED }, &now));
        ck_assert_str_eq(audit_head(audit), head);
        store_rollback(fixture.store);
        audit_forget(audit);
        ck_assert_uint_eq(n_entries, 1);
        append_event(AUDIT_RULES_REJECTED);
        ck_assert_uint_eq(n_entries, 2);
        ck_assert(entry_has(1, "JIT_SEQ=2"));
        ck_assert_int_eq(chain_length(), 2);
        reopen();
        append_event(AUDIT_RULES_LOADED);
        ck_assert_int_eq(chain_length(), 3);
}
END_TEST

START_TEST(notes_wait_for_a_transaction)
{
        audit_note(audit, &(Fact){ .event = AUDIT_CHECK_ALLOWED, .why = "a" }, &now);
        ck_assert(audit_has_notes(audit));
        ck_assert_uint_eq(n_entries, 0);
        audit_tell_notes(audit);
        audit_tell_notes(audit);
        ck_assert_uint_eq(n_entries, 1);
        ck_assert(entry_has(0, "JIT_EVENT=check.allowed"));
        ck_assert(entry_has(0, "JIT_HEAD=" ZEROS));
        ck_assert_int_eq(chain_length(), 0);
        /* With a transaction that is undone it waits on. */
        MUST(store_begin(fixture.store));
        MUST(audit_append(audit, &(Fact){ .event = AUDIT_RULES_LOADED }, &now));
        store_rollback(fixture.store);
        audit_forget(audit);
        ck_assert(audit_has_notes(audit));
        ck_assert_int_eq(chain_length(), 0);
        append_event(AUDIT_RULES_LOADED);
        ck_assert(!audit_has_notes(audit));
        ck_assert_int_eq(chain_length(), 2);
        ck_assert_uint_eq(n_entries, 2); /* the note was told already */
        ck_assert(entry_has(1, "JIT_SEQ=2"));
        audit_note(audit, &(Fact){ .event = AUDIT_CHECK_EXEMPT }, &now);
        MUST(audit_flush(audit, &now));
        MUST(audit_flush(audit, &now));
        ck_assert(!audit_has_notes(audit));
        ck_assert_int_eq(chain_length(), 3);
        ck_assert_uint_eq(n_entries, 3);
        ck_assert(entry_has(2, "JIT_SEQ=3")); /* told by its row */
}
END_TEST

/* Between a commit and its being told there may be more: it is not of what is written already. */
START_TEST(notes_after_a_commit)
{
        const Fact f = { .event = AUDIT_CHECK_ALLOWED, .why = "a" };

        audit_note(audit, &f, &now);
        append(&(Fact){ .event = AUDIT_RULES_LOADED });
        audit_note(audit, &f, &now);
        audit_tell_notes(audit);
        ck_assert_uint_eq(n_entries, 3);
        ck_assert(audit_has_notes(audit));
        MUST(audit_flush(audit, &now));
        ck_assert_int_eq(chain_length(), 3);
        ck_assert_uint_eq(n_entries, 3);
}
END_TEST

/* What differs in one word is another fact; what the journal has been told is not added to. */
START_TEST(the_same_again_is_counted)
{
        const Who dev = { 1000, (char *) "dev" }, eve = { 1001, (char *) "eve" };
        Id grant;
        Fact f = { .event = AUDIT_GRANT_USED, .asker = &dev, .grant = &grant, .tty = "pts/1" };

        MUST(id_parse("AAAA-2222", &grant));
        for (int i = 0; i < 5; i++) {
                char tty[] = "pts/1"; /* the words are its own */
                f.tty = tty;
                audit_note(audit, &f, &(Now){ T0 + i * USEC_PER_SEC, 1 });
                tty[4] = '!';
        }
        f.tty = "pts/2";
        audit_note(audit, &f, &(Now){ T0 + 7 * USEC_PER_SEC, 1 });
        f.asker = &eve;
        audit_note(audit, &f, &(Now){ T0 + 8 * USEC_PER_SEC, 1 });
        audit_tell_notes(audit);
        ck_assert_uint_eq(n_entries, 3);
        audit_note(audit, &f, &(Now){ T0 + 9 * USEC_PER_SEC, 1 });
        MUST(audit_flush(audit, &now));
        ck_assert_uint_eq(n_entries, 4);
        ck_assert_int_eq(chain_length(), 4);
        ck_assert(row_has(1, "\"tty\":\"pts/1\",\"count\":5,\"first\":\"2026-11-21T15:04:05Z\","
                             "\"last\":\"2026-11-21T15:04:09Z\"}}"));
        ck_assert(row_has(2, "\"tty\":\"pts/2\"}}"));
        ck_assert(row_has(3, "\"asker\":\"eve\""));
        ck_assert(row_has(4, "\"time\":\"2026-11-21T15:04:14Z\""));
}
END_TEST

START_TEST(too_many_notes_become_a_gap)
{
        Walk w;

        for (int i = 0; i < 1030; i++) {
                char tty[16];
                (void) snprintf(tty, sizeof(tty), "pts/%d", i);
                audit_note(audit, &(Fact){ .event = AUDIT_CHECK_ALLOWED, .tty = tty },
                        &(Now){ T0 + i * USEC_PER_SEC, 1 });
        }
        ck_assert_uint_eq(n_entries, 6); /* for which there was no room */
        audit_tell_notes(audit);
        ck_assert_uint_eq(n_entries, 1030);
        MUST(audit_flush(audit, &now));
        ck_assert_int_eq(chain_length(), 1025);
        ck_assert(entry_has(n_entries - 1, "JIT_EVENT=audit.gap"));
        append_event(AUDIT_RULES_LOADED);
        ck_assert_int_eq(walk_chain(&w), 1026);
        free(w.last);
        ck_assert_str_eq(w.last_event, "rules.loaded");
}
END_TEST

static void limit_files(rlim_t bytes)
{
        struct rlimit limit = { bytes, RLIM_INFINITY };

        (void) setrlimit(RLIMIT_FSIZE, &limit);
}

/* No ck_assert in between: it writes to a file, too. */
START_TEST(what_could_not_be_written_becomes_a_gap)
{
        int flushed[3], begun, appended, committed;
        bool waiting = true, said;
        Walk w;

        (void) signal(SIGXFSZ, SIG_IGN);
        append_event(AUDIT_DAEMON_STARTED);
        limit_files(1);
        for (int i = 0; i < 3; i++) {
                audit_note(audit, &(Fact){ .event = AUDIT_CHECK_ALLOWED },
                        &(Now){ T0 + i * USEC_PER_SEC, 1 });
                flushed[i] = audit_flush(audit, &now);
                waiting = waiting && audit_has_notes(audit);
        }
        said = !streq(store_state(fixture.store), "ok");
        begun = store_begin(fixture.store);
        appended = audit_append(audit, &(Fact){ .event = AUDIT_RULES_LOADED }, &now);
        committed = store_commit(fixture.store);
        audit_forget(audit);
        limit_files(RLIM_INFINITY);
        for (int i = 0; i < 3; i++) {
                ck_assert_int_eq(flushed[i], -ENOSPC);
        }
        ck_assert(waiting && said);
        ck_assert_int_eq(begun, 0);
        ck_assert_int_eq(appended, 0);
        ck_assert_int_eq(committed, -ENOSPC);
        ck_assert_uint_eq(n_entries, 4);
        MUST(audit_flush(audit, &now));
        ck_assert(!audit_has_notes(audit));
        ck_assert_int_eq(walk_chain(&w), 2);
        ck_assert_str_eq(w.last,
                "{\"seq\":2,\"time\":\"2026-11-21T15:04:05.123456Z\",\"event\":\"audit.gap\","
                "\"data\":{\"count\":3,\"first\":\"2026-11-21T15:04:05Z\","
                "\"last\":\"2026-11-21T15:04:07Z\"}}");
        free(w.last);
        ck_assert_str_eq(store_state(fixture.store), "ok");
}
END_TEST

START_TEST(without_a_store)
{
        Audit *alone;

        MUST(audit_new(NULL, &alone));
        audit_note(alone, &(Fact){ .event = AUDIT_CHECK_EXEMPT }, &now);
        ck_assert_uint_eq(n_entries, 1);
        ck_assert(!audit_has_notes(alone));
        ck_assert_int_eq(audit_flush(alone, &now), 0);
        ck_assert_int_lt(audit_append(alone, &(Fact){ .event = AUDIT_RULES_LOADED }, &now), 0);
        ck_assert_int_lt(audit_recover(alone), 0);
        ck_assert_str_eq(audit_head(alone), ZEROS);
        audit_forget(alone);
        audit_tell(alone);
        audit_free(alone);
        audit_free(NULL);
}
END_TEST

START_TEST(what_was_not_told_is_told_at_the_next_start)
{
        Request r = sample_request(1000);
        Fact f = { .event = AUDIT_REQUEST_DECIDED,
                .request = &r.id,
                .asker = &r.asker,
                .login = &r.login,
                .target = &r.target,
                .service = "sudo",
                .reason = "why not",
                .state = "approved",
                .note = "n",
                .why = "w",
                .by = "root",
                .until = T0,
                .approver = "carol" };
        char *told;

        append_event(AUDIT_DAEMON_STARTED);
        append(&f);
        audit_tell(audit);
        told = strdup(entries[1]);
        forget_entries();
        MUST(store_begin(fixture.store));
        MUST(audit_append(audit, &f, &now));
        MUST(store_commit(fixture.store));
        reopen(); /* before it was told */
        MUST(audit_recover(audit));
        /* The row before the last was told, but nothing was written since that says so. */
        ck_assert_uint_ge(n_entries, 1);
        ck_assert(entry_has(n_entries - 1, "JIT_SEQ=3"));
        *strstr(entries[n_entries - 1], "JIT_HEAD=") = '\0';
        *strstr(told, "JIT_HEAD=") = '\0';
        ck_assert_str_eq(entries[n_entries - 1], told);
        free(told);
        forget_entries();
        reopen(); /* a clean stop: nothing is told twice */
        MUST(audit_recover(audit));
        ck_assert_uint_eq(n_entries, 0);
        ck_assert_int_eq(chain_length(), 3);
}
END_TEST

static int visit_filtered(const AuditRow *row, void *userdata)
{
        (*(int *) userdata)++;
        return 0;
}

static int count_filtered(const AuditFilter *f)
{
        int n = 0;

        MUST(store_audit(fixture.store, f, visit_filtered, &n));
        return n;
}

START_TEST(filters)
{
        Request a = sample_request(1000), b = sample_request(2000);
        Id grant;

        MUST(id_new(&grant));
        append(&(Fact){ .event = AUDIT_REQUEST_CREATED, .request = &a.id, .asker = &a.asker });
        append(&(Fact){ .event = AUDIT_REQUEST_CREATED, .request = &b.id, .asker = &b.asker });
        append(&(Fact){ .event = AUDIT_REQUEST_VOTED, .request = &b.id, .approver = "bob" });
        append(&(Fact){ .event = AUDIT_GRANT_STARTED, .request = &b.id, .grant = &grant });
        audit_tell(audit);
        ck_assert_int_eq(count_filtered(&(AuditFilter){ .asker = UID_UNSET }), 4);
        ck_assert_int_eq(count_filtered(&(AuditFilter){ .asker = 1000 }), 1);
        ck_assert_int_eq(count_filtered(&(AuditFilter){ .asker = UID_UNSET, .request = b.id }), 3);
        ck_assert_int_eq(count_filtered(&(AuditFilter){ .asker = UID_UNSET, .grant = grant }), 1);
        ck_assert_int_eq(
                count_filtered(&(AuditFilter){ .asker = UID_UNSET, .approver = "bob" }), 1);
        ck_assert_int_eq(
                count_filtered(&(AuditFilter){ .asker = UID_UNSET, .after = 1, .limit = 2 }), 2);
        ck_assert_int_eq(
                count_filtered(&(AuditFilter){ .asker = UID_UNSET, .since = now.wall }), 4);
        ck_assert_int_eq(
                count_filtered(&(AuditFilter){ .asker = UID_UNSET, .until = now.wall }), 0);
}
END_TEST

/* Each has a word and an id of its own, and the catalog tells of it. */
START_TEST(events_are_explained)
{
        static char catalog[100000];
        FILE *f = fopen(TEST_DATA "/../../packaging/pam-jit.catalog", "re");
        size_t n, found = 0;

        ck_assert_ptr_nonnull(f);
        n = fread(catalog, 1, sizeof(catalog) - 1, f);
        (void) fclose(f);
        ck_assert_uint_lt(n, sizeof(catalog) - 1);
        for (AuditEvent e = 0; e < _AUDIT_EVENT_MAX; e++) {
                const char *id = audit_event_message_id(e);
                char line[64];

                ck_assert_uint_eq(strlen(id), 32);
                ck_assert_uint_eq(strspn(id, "0123456789abcdef"), 32);
                ck_assert_ptr_nonnull(strchr(audit_event_to_string(e), '.'));
                (void) snprintf(line, sizeof(line), "\n-- %s\nSubject: ", id);
                ck_assert_msg(strstr(catalog, line), "%s", audit_event_to_string(e));
                for (AuditEvent other = 0; other < e; other++) {
                        ck_assert_str_ne(id, audit_event_message_id(other));
                        ck_assert_str_ne(audit_event_to_string(e), audit_event_to_string(other));
                }
        }
        for (const char *at = catalog; (at = strstr(at, "\n-- ")); at++) {
                found++;
        }
        ck_assert_uint_eq(found, _AUDIT_EVENT_MAX);
        ck_assert_ptr_null(audit_event_to_string(_AUDIT_EVENT_MAX));
        ck_assert_ptr_null(audit_event_message_id((AuditEvent) -1));
        ck_assert_int_eq(audit_append(audit, &(Fact){ .event = _AUDIT_EVENT_MAX }, &now), -EINVAL);
}
END_TEST

START_TEST(digests)
{
        char hash[DIGEST_HEX_SIZE];

        MUST(digest_hex("abc", 3, hash));
        ck_assert_str_eq(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        MUST(digest_hex("", 0, hash));
        ck_assert_str_eq(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("audit");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_set_timeout(all, 30);
        tcase_add_test(all, canonical_bytes);
        tcase_add_test(all, journal_entry);
        tcase_add_test(all, foreign_text_stays_in_its_place);
        tcase_add_test(all, the_longest_of_everything);
        tcase_add_test(all, undone_rows_leave_no_trace);
        tcase_add_test(all, notes_wait_for_a_transaction);
        tcase_add_test(all, notes_after_a_commit);
        tcase_add_test(all, the_same_again_is_counted);
        tcase_add_test(all, too_many_notes_become_a_gap);
        tcase_add_test(all, what_could_not_be_written_becomes_a_gap);
        tcase_add_test(all, without_a_store);
        tcase_add_test(all, what_was_not_told_is_told_at_the_next_start);
        tcase_add_test(all, filters);
        tcase_add_test(all, events_are_explained);
        tcase_add_test(all, digests);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The record as a whole: copied while everything goes on, put back from a copy, reported. */

#include "tests/flow/world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/util.h"

/* Opening nothing at all of what was granted, once. */
START_TEST(a_copy_opens_nothing)
{
        char grant[ID_SIZE];

        memcpy(grant, granted(DEV), sizeof(grant));
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_int_eq(store_meta_set(world.d.ledger.store, META_COPY, "a backup of then"), 0);
        world_restart(_i);
        ck_assert_str_ne(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_str_eq(grant_state_of(grant), "lost");
        ck_assert_int_eq(world_count("audit.restored", ""), 1);
        ck_assert_int_eq(world_count("grant.lost", grant), 1);
        /* From now on it is a store like any other. */
        memcpy(grant, granted(DEV), sizeof(grant));
        world_restart(_i);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_int_eq(world_count("audit.restored", ""), 1);
}
END_TEST

/* As long as that is not on the disk it is tried again: the next start must not take it for active. */
START_TEST(a_copy_with_a_full_disk)
{
        char grant[ID_SIZE];

        memcpy(grant, granted(DEV), sizeof(grant));
        ck_assert_int_eq(store_meta_set(world.d.ledger.store, META_COPY, "a backup of then"), 0);
        world_stop(true);
        world.disk_full = true;
        world_start();
        ck_assert_str_ne(check_sudo(DEV), VERDICT_GRANT);
        world_restart(true);
        ck_assert_str_ne(check_sudo(DEV), VERDICT_GRANT);
        world.disk_full = false;
        world_restart(true);
        ck_assert_str_eq(grant_state_of(grant), "lost");
}
END_TEST

/* Asks for a piece; until it is there time passes a little at a time. */
static void ask_piece(Client *c, int64_t offset)
{
        BackupCall call = { .version = PROTOCOL_VERSION, .offset = offset };

        say(c, "Backup", BACKUP_FIELDS, &call, 0);
        world_pump();
        for (int i = 0; i < 1000 && offset == 0 && world.d.backup.copied; i++) {
                world_forward(10 * USEC_PER_MSEC);
        }
        ck_assert(hear(c));
}

/* Into dir/state/approver.db; how many bytes. */
static int64_t fetch_backup(uid_t uid, const char *dir)
{
        unsigned char bytes[32 * 1024];
        char path[200];
        Client *c = client_new(uid, uid);
        int64_t at = 0;

        (void) snprintf(path, sizeof(path), "%s/approver.db", dir);
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        for (bool more = true; more;) {
                ask_piece(c, at);
                ck_assert_str_eq(error(c), "");
                const char *data = text(c, "data");
                size_t n = strlen(data) / 2;
                ck_assert_uint_le(n, sizeof(bytes));
                ck_assert_int_eq(hex_decode(data, bytes, n), 0);
                ck_assert_int_eq(write(fd, bytes, n), (ssize_t) n);
                at += (int64_t) n;
                more = at < number(c, "size");
        }
        (void) close(fd);
        client_close(c);
        return at;
}

START_TEST(backup_while_all_goes_on)
{
        char dir[] = "/tmp/jit-backup-XXXXXX", file[200];
        _cleanup_(freep) char *what = NULL;
        Id grant;
        Store *s;
        Grant g;

        ck_assert_ptr_nonnull(mkdtemp(dir));
        ck_assert_int_ge(id_parse(granted(DEV), &grant), 0);
        ck_assert_int_gt(fetch_backup(ADM, dir), 64 * 1024);
        ck_assert_ptr_null(world.d.backup.copy);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        /* It is a store, and says that it is a copy. */
        ck_assert_int_eq(store_open(dir, &s), 0);
        ck_assert_int_eq(store_grant_get(s, &grant, &g), 0);
        ck_assert_int_eq(g.state, GRANT_ACTIVE);
        grant_done(&g);
        ck_assert_int_eq(store_meta_get(s, META_COPY, &what), 0);
        ck_assert_ptr_nonnull(strstr(what, "a backup of "));
        store_free(s);
        (void) snprintf(file, sizeof(file), "%s/approver.db", dir);
        ck_assert_int_eq(unlink(file), 0);
        ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(backup_is_for_administrators)
{
        static const uid_t others[] = { DEV, BOB, AUD, EVE };

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                Client *c = client_new(others[i], others[i]);
                ask_piece(c, 0);
                ck_assert_str_eq(error(c), "NotPermitted");
                ck_assert_ptr_null(world.d.backup.copy);
                client_close(c);
        }
        /* Nor is another's for anybody else, whatever he is. */
        Client *a = client_new(ADM, ADM), *b = client_new(ROOT, UID_UNSET);
        ask_piece(a, 0);
        ck_assert_str_eq(error(a), "");
        ask_piece(b, 24 * 1024);
        ck_assert_str_eq(error(b), "NotFound");
        ask_piece(b, 0);
        ck_assert_str_eq(text(b, "code"), "busy");
        ask_piece(a, number(a, "next"));
        ck_assert_str_eq(error(a), "");
        /* Beyond its end there is nothing. */
        ask_piece(a, 1000000000);
        ck_assert_str_eq(error(a), "NotFound");
}
END_TEST

START_TEST(backup_that_nobody_fetches)
{
        Client *c = client_new(ADM, ADM);
        BackupCall call = { .version = PROTOCOL_VERSION };

        /* He hangs up while it is made, */
        say(c, "Backup", BACKUP_FIELDS, &call, 0);
        world_pump();
        ck_assert_ptr_nonnull(world.d.backup.copy);
        client_close(c);
        ck_assert_ptr_null(world.d.backup.copy);
        /* or does not come for the rest. */
        c = client_new(ADM, ADM);
        ask_piece(c, 0);
        ck_assert_ptr_nonnull(world.d.backup.copy);
        world_forward(USEC_PER_MIN - USEC_PER_SEC);
        ck_assert_ptr_nonnull(world.d.backup.copy);
        world_forward(USEC_PER_SEC);
        ck_assert_ptr_null(world.d.backup.copy);
        ask_piece(c, 24 * 1024);
        ck_assert_str_eq(error(c), "NotFound");
        /* The approver stops in the midst of it. */
        say(c, "Backup", BACKUP_FIELDS, &call, 0);
        world_pump();
        world_restart(false);
        world_restart(true);
}
END_TEST

/* Of the entries that uid is told between the two (wall), the grants in order; how many. */
static size_t report(uid_t uid, usec_t since, usec_t until, char ids[][ID_SIZE], char ended[][40])
{
        char from[TIME_RFC3339_MAX], to[TIME_RFC3339_MAX];
        ReportCall call = {
                .version = PROTOCOL_VERSION, .since = from, .until = until ? to : NULL
        };
        Client *c = client_new(uid, uid);
        size_t n = 0;

        time_rfc3339(since, from);
        time_rfc3339(until, to);
        say(c, "Report", REPORT_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "");
        const JsonNode *entries = json_get(c->m.parameters, "entries");
        for (const JsonNode *e = json_first(entries); e; e = json_next(e)) {
                const JsonNode *grant = json_get(e, "grant"), *request = json_get(e, "request");
                ck_assert_ptr_nonnull(grant);
                ck_assert_ptr_nonnull(request);
                ck_assert_str_eq(text_of(grant, "request"), text_of(request, "id"));
                ck_assert_str_eq(
                        text_of(json_first(json_get(request, "votes")), "approver"), "bob");
                (void) snprintf(ids[n], ID_SIZE, "%s", text_of(grant, "id"));
                (void) snprintf(ended[n], 40, "%s", text_of(e, "ended"));
                n++;
        }
        client_close(c);
        return n;
}

START_TEST(report_tells_what_was_active)
{
        char first[ID_SIZE], second[ID_SIZE], ids[8][ID_SIZE], ended[8][40];
        usec_t begin = world.now.wall;

        memcpy(first, granted(DEV), sizeof(first));
        world_forward(USEC_PER_MIN);
        ck_assert_str_eq(do_id(DEV, "End", first), "");
        world_forward(USEC_PER_HOUR);
        usec_t later = world.now.wall;
        memcpy(second, granted(DEV), sizeof(second));
        world_forward(USEC_PER_MIN);
        /* All of it, by who may see all, and by himself; others see theirs. */
        ck_assert_uint_eq(report(AUD, begin, 0, ids, ended), 2);
        ck_assert_str_eq(ids[0], first);
        ck_assert_str_ne(ended[0], "");
        ck_assert_str_eq(ids[1], second);
        ck_assert_str_eq(ended[1], "");
        ck_assert_uint_eq(report(ADM, begin, 0, ids, ended), 2);
        ck_assert_uint_eq(report(DEV, begin, 0, ids, ended), 2);
        ck_assert_uint_eq(report(EVE, begin, 0, ids, ended), 0);
        ck_assert_uint_eq(report(BOB, begin, 0, ids, ended), 0);
        /* What was over before, or came after, was not active then. */
        ck_assert_uint_eq(report(AUD, begin + USEC_PER_MIN + 1, 0, ids, ended), 1);
        ck_assert_str_eq(ids[0], second);
        ck_assert_uint_eq(report(AUD, begin + USEC_PER_MIN, 0, ids, ended), 2);
        ck_assert_uint_eq(report(AUD, begin, later, ids, ended), 1);
        ck_assert_str_eq(ids[0], first);
        ck_assert_uint_eq(report(AUD, begin + USEC_PER_HOUR / 2, later, ids, ended), 0);
}
END_TEST

/* By which question a grant was used: only the account line's lets somebody in, and says no more. */
START_TEST(uses_tell_which_question)
{
        static const char *const asked[][2] = { { "account", "" }, { "session", "session" },
                { "auth", "auth" }, { NULL, "asked" }, { "lunch", "asked" }, { NULL, "asked" } };
        LogCall call = { .version = PROTOCOL_VERSION };
        char grant[ID_SIZE];
        size_t n = 0;

        memcpy(grant, granted(DEV), sizeof(grant));
        for (size_t i = 0; i < ELEMENTSOF(asked) - 1; i++) {
                Ask ask = ask_sudo(DEV);

                ask.phase = asked[i][0];
                ck_assert_str_eq(check_ask(ROOT, ask), VERDICT_GRANT);
                world_forward(USEC_PER_SEC);
        }
        /* his own word is no account line's */
        Ask own = ask_sudo(DEV);
        own.user = NULL;
        own.phase = "account";
        ck_assert_str_eq(check_ask(DEV, own), VERDICT_GRANT);
        world_forward(USEC_PER_SEC);
        Client *c = client_new(AUD, AUD);
        call.grant = grant;
        say(c, "ReadLog", LOG_FIELDS, &call, 0);
        ck_assert(hear(c));
        for (const JsonNode *r = json_first(object(c, "rows")); r; r = json_next(r)) {
                if (streq(text_of(r, "event"), "grant.used")) {
                        ck_assert_uint_lt(n, ELEMENTSOF(asked));
                        ck_assert_str_eq(text_of(json_get(r, "data"), "why"), asked[n++][1]);
                }
        }
        ck_assert_uint_eq(n, ELEMENTSOF(asked));
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("record");
        TCase *t = tcase_create("record");

        tcase_add_checked_fixture(t, world_open, world_close);
        tcase_add_loop_test(t, a_copy_opens_nothing, 0, 2);
        tcase_add_test(t, a_copy_with_a_full_disk);
        tcase_add_test(t, backup_while_all_goes_on);
        tcase_add_test(t, backup_is_for_administrators);
        tcase_add_test(t, backup_that_nobody_fetches);
        tcase_add_test(t, report_tells_what_was_active);
        tcase_add_test(t, uses_tell_which_question);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}

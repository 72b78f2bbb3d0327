/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The approver stops, dies, comes back: on the same boot, on another, on another machine. */

#include "tests/flow/world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MINUTE USEC_PER_MIN
#define SECOND USEC_PER_SEC

/* _i: stopped, killed */
START_TEST(waiter_comes_back)
{
        Client *c = request_sudo(DEV);
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        world_restart(_i);
        ck_assert(!hear(c)); /* hung up on, without a word that it could take for the last */
        ck_assert_str_eq(state_of(id), "pending");
        world_forward(14 * SECOND);
        Client *back = return_to(id, ask_sudo(DEV));
        ck_assert_str_eq(text(back, "verdict"), VERDICT_PENDING);
        world_forward(2 * SECOND);
        ck_assert_str_eq(state_of(id), "pending");
        ck_assert_str_eq(decide(BOB, id, "approve"), "");
        ck_assert(hear(back));
        ck_assert_str_eq(text(back, "verdict"), VERDICT_GRANT);
        ck_assert_int_eq(world_count("request.created", id), 1);
}
END_TEST

/* jitctl comes back by asking the same again. */
START_TEST(asker_comes_back)
{
        Client *c = request_sudo(DEV);
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        world_restart(_i);
        ck_assert_str_eq(pending_of(request_sudo(DEV)), id);
        world_forward(MINUTE);
        ck_assert_str_eq(state_of(id), "pending");
}
END_TEST

START_TEST(waiter_stays_away)
{
        Client *c = request_sudo(DEV);
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        world_restart(_i);
        world_forward(15 * SECOND - 1);
        ck_assert_str_eq(state_of(id), "pending");
        ck_assert_int_eq(world.next.boot, world.now.boot + 1);
        world_forward(1);
        ck_assert_str_eq(state_of(id), "withdrawn");
        ck_assert_int_eq(world_count("request.withdrawn", id), 1);
}
END_TEST

/* Decided while nobody waited: whoever comes back hears it, as the grant of his own question. */
START_TEST(decided_meanwhile)
{
        Client *c = request_sudo(DEV);
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        world_restart(_i);
        ck_assert_str_eq(decide(BOB, id, "approve"), "");
        Client *back = return_to(id, ask_sudo(DEV));
        ck_assert_str_eq(text(back, "verdict"), VERDICT_GRANT);
        ck_assert(!back->m.continues);
}
END_TEST

START_TEST(all_is_there)
{
        char request[ID_SIZE], grant[ID_SIZE], left[ID_SIZE];

        memcpy(grant, granted(DAVE), sizeof(grant));
        Client *c = request_ask(ask_of(DEV, "su", "root", ""), MINUTE);
        memcpy(request, pending_of(c), sizeof(request));
        ck_assert_str_eq(decide(BOB, request, "approve"), "");
        memcpy(left, pending_of(request_ask(ask_sudo(CAROL), 0)), sizeof(left));
        for (int i = 0; i < 3; i++) {
                world_restart(i == 1);
                ck_assert_str_eq(check_sudo(DAVE), VERDICT_GRANT);
                ck_assert_str_eq(last_grant, grant);
                (void) return_to(request, ask_of(DEV, "su", "root", ""));
        }
        world_forward(20 * SECOND);
        ck_assert_str_eq(state_of(left), "pending"); /* it stands by itself */
        ck_assert_str_eq(state_of(request), "pending");
        ck_assert_str_eq(decide(BOB, request, "approve"), ""); /* his vote is there */
        ck_assert_str_eq(state_of(request), "pending");
        ck_assert_str_eq(decide(CAROL, request, "approve"), "");
        ck_assert_str_eq(state_of(request), "approved");
        ck_assert_int_eq(world_count("grant.started", ""), 2);
        ck_assert_int_eq(world_count("daemon.started", ""), 4);
        world_forward(30 * MINUTE);
        world_restart(false);
        ck_assert_int_eq(world_count("grant.expired", ""), 2);
}
END_TEST

START_TEST(time_out_while_away)
{
        Client *c = request_sudo(DEV);
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        world_stop(_i);
        world.now.wall += 31 * MINUTE;
        world_start();
        ck_assert_str_eq(state_of(id), "timed-out");
        ck_assert_str_eq(text(return_to(id, ask_sudo(DEV)), "code"), "timed-out");
        ck_assert_int_eq(world_count("request.timed_out", id), 1);
}
END_TEST

START_TEST(expired_while_away)
{
        char grant[ID_SIZE];

        memcpy(grant, granted(DEV), sizeof(grant));
        world_stop(_i);
        world.now.boot += 30 * MINUTE; /* and the wall clock was set back by as much */
        world_start();
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_str_eq(grant_state_of(grant), "expired");
        ck_assert_int_eq(world_count("grant.expired", grant), 1);
}
END_TEST

/* Another boot: what still had time is lost, what had none had expired. */
START_TEST(another_boot)
{
        char grant[ID_SIZE], request[ID_SIZE];

        memcpy(grant, granted(DEV), sizeof(grant));
        memcpy(request, pending_of(request_ask(ask_sudo(CAROL), 0)), sizeof(request));
        world_stop(false);
        world.boot_id = "22222222-2222-2222-2222-222222222222";
        world.now.boot = 5 * SECOND;
        world.now.wall += _i == 0 ? MINUTE : 31 * MINUTE;
        world_start();
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_str_eq(grant_state_of(grant), _i == 0 ? "lost" : "expired");
        ck_assert_int_eq(world_count("grant.lost", grant), _i == 0);
        ck_assert_str_eq(state_of(request), _i == 0 ? "pending" : "timed-out");
        if (_i == 0) { /* a request by its wall clock only */
                world_forward(28 * MINUTE);
                ck_assert_str_eq(state_of(request), "pending");
                world_forward(1 * MINUTE);
                ck_assert_str_eq(state_of(request), "timed-out");
        }
}
END_TEST

/* Another machine, though the boot were the same: a clone of a running one. */
START_TEST(another_machine)
{
        char grant[ID_SIZE];

        memcpy(grant, granted(DEV), sizeof(grant));
        world_stop(false);
        world.machine_id = _i == 0 ? "ffffffffffffffffffffffffffffffff" : NULL;
        world_start();
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_str_eq(grant_state_of(grant), "lost");
        /* from now on it is this one's */
        memcpy(grant, granted(DEV), sizeof(grant));
        world_restart(true);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_int_eq(world_count("grant.lost", ""), 1);
}
END_TEST

/* The disk is full while it happens: nothing is opened, then or after the next start. */
START_TEST(another_machine_with_a_full_disk)
{
        char grant[ID_SIZE];

        memcpy(grant, granted(DEV), sizeof(grant));
        for (int i = 0; i < 3; i++) {
                world_stop(true);
                world.machine_id = "ffffffffffffffffffffffffffffffff";
                world.disk_full = i < 2;
                world_start();
                ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
                ck_assert_str_eq(grant_state_of(grant), i < 2 ? "active" : "lost");
        }
        ck_assert_int_eq(world_count("grant.lost", grant), 1);
}
END_TEST

static void spoil(const char *how)
{
        char path[128];

        (void) snprintf(path, sizeof(path), "%s/approver.db", world.state);
        if (streq(how, "cut")) {
                ck_assert_int_eq(truncate(path, 5000), 0);
        } else {
                _cleanup_(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);
                ck_assert_int_eq(pwrite(fd, how, strlen(how), 0), (ssize_t) strlen(how));
        }
        (void) snprintf(path, sizeof(path), "%s/approver.db-wal", world.state);
        (void) unlink(path);
}

/* A damaged store opens nothing and keeps nobody from starting: what needs none goes on. */
START_TEST(damaged)
{
        (void) granted(DEV);
        world_stop(false);
        spoil(_i == 0 ? "cut" : "this is no database");
        world_start();
        /* before a reason is asked for in vain */
        ck_assert_str_eq(check_sudo(DEV), VERDICT_DENY);
        Client *c = request_sudo(DEV);
        ck_assert_str_eq(text(c, "code"), "store");
        ck_assert_str_ne(last_line, "");
        ck_assert_str_eq(check_sudo(ROOT), VERDICT_PASS);
        ck_assert_str_eq(check_ask(ROOT, ask_of(EVE, "cron", NULL, "")), VERDICT_PASS);
        ck_assert_str_eq(check_ask(ROOT, ask_of(EVE, "ftp", NULL, "")), VERDICT_DENY);
        static const char *const methods[] = { "Show", "Cancel", "End", "Revoke" };
        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                ck_assert_str_eq(do_id(ADM, methods[i], "AAAA-2222"), "StoreUnavailable");
        }
        ck_assert_str_eq(do_id(ROOT, "Expire", "AAAA-2222"), "");
        ck_assert_str_eq(decide(BOB, "AAAA-2222", "approve"), "StoreUnavailable");
        ck_assert_str_eq(do_id(EVE, "GetStatus", NULL), "");
        ck_assert_str_eq(do_id(ADM, "Reload", NULL), "");
        world_forward(USEC_PER_HOUR);
}
END_TEST

static void prune_all(void)
{
        do {
                world_forward(MINUTE);
        } while (world.d.prune.stage != PRUNE_REST);
}

/* _i: stopped, killed before the bytes are taken out */
START_TEST(years_go_by)
{
        Id request, grant;
        Checkpoint c;
        Request q;
        Grant g;
        int64_t first, last;

        ck_assert_int_ge(id_parse(granted(DEV), &grant), 0);
        ck_assert_int_ge(store_grant_get(world.d.ledger.store, &grant, &g), 0);
        request = g.request;
        grant_done(&g);
        world_forward(30 * MINUTE - 1);
        prune_all();
        ck_assert_int_eq(audit_checkpoint_read(world.d.ledger.store, &c), -ENOENT);
        world_forward(400 * USEC_PER_DAY);
        prune_all();
        ck_assert_int_eq(
                audit_checkpoint_read(world.d.ledger.store, &c), -ENOENT); /* a day's worth */
        world_forward(2 * USEC_PER_DAY);
        while (world.d.prune.stage != PRUNE_ROWS) {
                world_forward(MINUTE);
        }
        ck_assert_int_eq(audit_checkpoint_read(world.d.ledger.store, &c), 0);
        ck_assert_int_eq(store_audit_span(world.d.ledger.store, &first, &last), 0);
        ck_assert_int_eq(first, 1);
        world_restart(_i);
        world_forward(USEC_PER_HOUR - 1);
        ck_assert_int_eq(store_audit_span(world.d.ledger.store, &first, &last), 0);
        ck_assert_int_eq(first, 1);
        world_forward(1);
        prune_all();
        ck_assert_int_eq(store_audit_span(world.d.ledger.store, &first, &last), 0);
        ck_assert_int_eq(first, c.upto + 1);
        ck_assert_int_eq(store_request_get(world.d.ledger.store, &request, &q), -ENOENT);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("restart");
        TCase *t = tcase_create("restart");

        tcase_add_checked_fixture(t, world_open, world_close);
        tcase_add_loop_test(t, waiter_comes_back, 0, 2);
        tcase_add_loop_test(t, asker_comes_back, 0, 2);
        tcase_add_loop_test(t, waiter_stays_away, 0, 2);
        tcase_add_loop_test(t, decided_meanwhile, 0, 2);
        tcase_add_test(t, all_is_there);
        tcase_add_loop_test(t, time_out_while_away, 0, 2);
        tcase_add_loop_test(t, expired_while_away, 0, 2);
        tcase_add_loop_test(t, another_boot, 0, 2);
        tcase_add_loop_test(t, another_machine, 0, 2);
        tcase_add_test(t, another_machine_with_a_full_disk);
        tcase_add_loop_test(t, damaged, 0, 2);
        tcase_add_loop_test(t, years_go_by, 0, 2);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}

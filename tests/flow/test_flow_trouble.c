/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The disk is full, the name service silent, the rules do not load: closed, but nobody is locked out. */

#include "tests/flow/world.h"

#include <stdlib.h>

#define MINUTE USEC_PER_MIN
#define RETRY RETRY_TIME

/* _i: nothing can be begun, or nothing can be finished */
static void fail_disk(int how)
{
        world.disk_full = how == 0;
        world.commit_fails = how == 1;
}

static void mend_disk(void)
{
        world.disk_full = world.commit_fails = false;
}

START_TEST(nothing_new)
{
        Client *open = request_sudo(CAROL);
        char id[ID_SIZE];

        memcpy(id, pending_of(open), sizeof(id));
        (void) granted(DEV);
        fail_disk(_i);
        /* asking is refused, and says why */
        ck_assert_str_eq(check_sudo(DAVE), VERDICT_ASK);
        ck_assert_str_eq(text(request_sudo(DAVE), "verdict"), VERDICT_DENY);
        ck_assert_str_eq(last_code, "store");
        ck_assert_str_ne(last_line, "");
        /* what is granted, allowed or exempt goes on */
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_str_eq(check_ask(ROOT, ask_of(EVE, "cron", NULL, "")), VERDICT_PASS);
        ck_assert_str_eq(check_sudo(ROOT), VERDICT_PASS);
        /* no vote, no grant by hand, no withdrawal is half done */
        ck_assert_str_eq(decide(BOB, id, "approve"), "StoreUnavailable");
        ck_assert_str_eq(do_id(CAROL, "Cancel", id), "StoreUnavailable");
        ck_assert(is_quiet(open));
        ck_assert_str_eq(check_sudo(CAROL), VERDICT_ASK);
        ck_assert_uint_eq(active_count(&world.d.active), 1);
        world_forward(2 * USEC_PER_SEC);
        mend_disk();
        ck_assert_str_eq(state_of(id), "pending");
        ck_assert_str_eq(decide(BOB, id, "approve"), "");
        ck_assert(hear(open));
        ck_assert_str_eq(text(open, "verdict"), VERDICT_GRANT);
        ck_assert_int_eq(world_count("request.voted", id), 1);
        /* what the record missed, it says it missed */
        ck_assert_int_ge(world_count("audit.gap", ""), 1);
        ck_assert_int_eq(world_count("check.exempt", ""), 0);
}
END_TEST

START_TEST(nothing_by_hand)
{
        GrantCall call = { PROTOCOL_VERSION, "dev", "sudo", NULL, "10m", "pump" };
        Client *c = client_new(ADM, ADM);

        fail_disk(_i);
        say(c, "MakeGrant", GRANT_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "StoreUnavailable");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
}
END_TEST

/* Notes are committed within the second, not by luck. */
static int count_allowed(const AuditRow *row, void *userdata)
{
        *(int *) userdata += streq(row->event, "check.allowed");
        return 0;
}

START_TEST(notes)
{
        const AuditFilter all = { .asker = UID_UNSET };
        int n = 0;

        ck_assert_str_eq(check_ask(ROOT, ask_of(EVE, "cron", NULL, "")), VERDICT_PASS);
        ck_assert_int_le(world.next.boot, world.now.boot + RECORD_DELAY);
        world_forward(RECORD_DELAY);
        ck_assert_int_eq(store_audit(world.d.ledger.store, &all, count_allowed, &n), 0);
        ck_assert_int_eq(n, 1);
        /* also of what was refused before it was understood */
        ck_assert_str_eq(check_ask(EVE, ask_sudo(DEV)), "NotPermitted");
        ck_assert_int_le(world.next.boot, world.now.boot + RECORD_DELAY);
}
END_TEST

/* The end of a grant needs no disk; its record comes when there is one, once. */
START_TEST(ends_all_the_same)
{
        char grant[ID_SIZE];

        memcpy(grant, granted(DEV), sizeof(grant));
        fail_disk(_i % 2);
        if (_i < 2) {
                world_forward(30 * MINUTE);
        } else {
                ck_assert_str_eq(do_id(ADM, "Revoke", grant), "StoreUnavailable");
                ck_assert_str_eq(do_id(ADM, "Revoke", grant), "Over");
        }
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_uint_eq(active_count(&world.d.active), 0);
        /* tried again after a while, not at once and for ever */
        ck_assert_int_eq(world.next.wall, USEC_NEVER);
        ck_assert_int_gt(world.next.boot, world.now.boot);
        for (int i = 0; i < 3; i++) {
                world_forward(RETRY);
                ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        }
        mend_disk();
        world_forward(RETRY);
        ck_assert_str_eq(grant_state_of(grant), _i < 2 ? "expired" : "revoked");
        ck_assert_int_eq(world_count(_i < 2 ? "grant.expired" : "grant.revoked", grant), 1);
        world_restart(true);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
}
END_TEST

/* The same for requests: nobody waits for ever, and nothing is decided behind his back. */
START_TEST(requests_end_all_the_same)
{
        bool gone = _i >= 2;
        char id[ID_SIZE];

        world_forward(RETURN_TIME); /* before that nobody is taken to have gone */
        Client *c = request_sudo(DEV);
        memcpy(id, pending_of(c), sizeof(id));
        fail_disk(_i % 2);
        if (gone) {
                client_close(c);
        } else {
                world_forward(30 * MINUTE);
                ck_assert(hear(c));
                ck_assert_str_eq(text(c, "code"), "timed-out");
        }
        ck_assert_int_gt(world.next.boot, world.now.boot);
        ck_assert(world.next.wall == USEC_NEVER || world.next.wall > world.now.wall);
        ck_assert_str_eq(state_of(id), "pending");
        ck_assert_str_ne(decide(BOB, id, "approve"), "");
        mend_disk();
        world_forward(RETRY);
        ck_assert_str_eq(state_of(id), gone ? "withdrawn" : "timed-out");
        ck_assert_int_eq(world_count(gone ? "request.withdrawn" : "request.timed_out", id), 1);
}
END_TEST

/* Who wanted it to stand by itself is told that it does not; and then it does not. */
START_TEST(detach)
{
        const IdCall call = { .version = PROTOCOL_VERSION };
        char id[ID_SIZE];

        world_forward(RETURN_TIME);
        Client *c = request_sudo(DEV);
        memcpy(id, pending_of(c), sizeof(id));
        fail_disk(_i);
        say(c, "Detach", ID_FIELDS, &call, CALL_ONEWAY);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_DENY);
        ck_assert_str_eq(text(c, "code"), "store");
        mend_disk();
        world_forward(RETRY);
        ck_assert_str_eq(state_of(id), "withdrawn");
}
END_TEST

/* Faults at any point, at random: never a yes that is not in the store, and a record without a break. */
START_TEST(faults_at_random)
{
        world.seed = (uint64_t) _i * 7919 + 1;
        for (int i = 0; i < 40; i++) {
                world.fault_one_in = 2 + (unsigned) (world_random() % 4);
                Client *c = request_sudo(DEV);
                bool asked = streq(text(c, "verdict"), VERDICT_PENDING);
                if (asked) {
                        const char *error = decide(BOB, c->request, i % 2 ? "approve" : "deny");
                        bool decided = streq(error, "");
                        ck_assert(decided || streq(error, "StoreUnavailable"));
                        ck_assert_str_eq(state_of(c->request), !decided ? "pending"
                                                               : i % 2  ? "approved"
                                                                        : "denied");
                        ck_assert_int_eq(is_quiet(c), !decided);
                        ck_assert_str_eq(
                                check_sudo(DEV), decided && i % 2 ? VERDICT_GRANT : VERDICT_ASK);
                }
                world.fault_one_in = 0;
                client_close(c);
                world_forward(31 * MINUTE);
                world_forward(RETRY);
                ck_assert_uint_eq(world.d.active.n, 0);
                if (i % 8 == 0) {
                        world_restart(i % 16 == 0);
                }
        }
        int64_t pending;
        ck_assert_int_eq(store_request_count_pending(world.d.ledger.store, UID_UNSET, &pending), 0);
        ck_assert_int_eq(pending, 0);
        world_verify();
}
END_TEST

/* Silence ends nothing and opens nothing. */
START_TEST(names_silent)
{
        (void) granted(DEV);
        world.names_silent = true;
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_str_eq(check_sudo(ROOT), VERDICT_PASS);
        Ask login = ask_of(DEV, "ssh", NULL, "");
        ck_assert_str_eq(check_ask(ROOT, login), VERDICT_DENY); /* known by name alone */
        ck_assert_str_eq(last_code, "names");
        login = ask_of(ROOT, "login", NULL, "");
        login.tty = "tty1";
        ck_assert_str_eq(check_ask(ROOT, login), VERDICT_PASS);
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "sudo", "carol", "id")), VERDICT_DENY);
        ck_assert_str_eq(last_code, "names");
        world_forward(MINUTE);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        world.names_silent = false;
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "ssh", NULL, "")), VERDICT_ASK);
}
END_TEST

/* A rule for a group of which nobody knows at present who is in it: its own grants go on, no others. */
START_TEST(group_unknown)
{
        static const char rules[] =
                "[approver bob]\nuser = bob\n[rule g]\nservices = sudo\nusers = @sre\n"
                "action = ask\napprovers = bob\n[rule all]\nservices = sudo\nusers = *\n"
                "action = allow\n";
        world_set_rules(rules);
        (void) granted(SUE);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_PASS);
        world.names_silent = true;
        ck_assert_str_eq(check_sudo(SUE), VERDICT_GRANT);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_DENY); /* the rule above might be his */
        ck_assert_str_eq(last_code, "names");
        ck_assert_str_eq(text(request_sudo(DEV), "code"), "names");
}
END_TEST

START_TEST(rules_do_not_load)
{
        world_stop(false);
        world_close();
        world_open_with("[rule x]\nservices = \n");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_DENY);
        ck_assert_str_eq(last_code, "rules");
        ck_assert_ptr_nonnull(strstr(last_line, "jitctl check"));
        ck_assert_str_eq(text(request_sudo(DEV), "code"), "rules");
        ck_assert_str_eq(check_sudo(ROOT), VERDICT_PASS);
        Client *c = client_new(DEV, DEV);
        const IdCall call = { .version = PROTOCOL_VERSION };
        say(c, "GetStatus", ID_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert(!json_boolean(object(c, "rules_loaded")));
        ck_assert_uint_ge(length(c, "problems"), 1);
        /* root is the admin where no rules say who is */
        ck_assert_str_eq(do_id(DEV, "Reload", NULL), "NotPermitted");
        world_set_rules(world_rules);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_int_eq(world_count("rules.rejected", ""), 1);
        ck_assert_int_eq(world_count("rules.loaded", ""), 1);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("trouble");
        TCase *t = tcase_create("trouble");

        tcase_add_checked_fixture(t, world_open, world_close);
        tcase_add_loop_test(t, nothing_new, 0, 2);
        tcase_add_loop_test(t, nothing_by_hand, 0, 2);
        tcase_add_test(t, notes);
        tcase_add_loop_test(t, ends_all_the_same, 0, 4);
        tcase_add_loop_test(t, requests_end_all_the_same, 0, 4);
        tcase_add_loop_test(t, detach, 0, 2);
        tcase_add_loop_test(t, faults_at_random, 0, 8);
        tcase_add_test(t, names_silent);
        tcase_add_test(t, group_unknown);
        tcase_add_test(t, rules_do_not_load);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asking: what a request becomes, and what whoever waits for it hears. */

#include "tests/flow/world.h"

#include <stdlib.h>

#define MINUTE USEC_PER_MIN
#define OPEN_FOR (30 * MINUTE) /* of rule keeps */

START_TEST(approved)
{
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);

        Client *c = request_sudo(DEV);
        const char *id = pending_of(c);
        ck_assert(c->m.continues);
        ck_assert_int_eq(number(c, "wait_usec"), MINUTE);
        ck_assert_str_ne(text(c, "deadline"), "");
        ck_assert_str_eq(text(c, "service"), "sudo");
        ck_assert_str_eq(text(c, "user"), "dev");
        ck_assert_str_eq(text(c, "target"), "root");
        ck_assert_int_eq(number(c, "asker"), DEV);
        ck_assert_int_eq(number(c, "target_uid"), ROOT);
        ck_assert_ptr_nonnull(strstr(last_line, "bob"));
        ck_assert_ptr_nonnull(strstr(last_line, "carol"));
        ck_assert_ptr_null(strstr(last_line, "devp")); /* nobody asks himself */
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);

        ck_assert_str_eq(decide(BOB, id, "approve"), "");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_GRANT);
        ck_assert(!c->m.continues);
        ck_assert_int_eq(number(c, "asker"), DEV);
        ck_assert(is_quiet(c));
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_str_eq(last_grant, c->grant);

        /* for him, for this, and for nothing else */
        ck_assert_str_eq(check_sudo(CAROL), VERDICT_ASK);
        ck_assert_str_eq(check_sudo(DEVADM), VERDICT_ASK);
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "sudo", "carol", "id")), VERDICT_ASK);
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "sudo", NULL, "id")), VERDICT_ASK);
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "su", "root", "")), VERDICT_ASK);
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "sudo", "root", "rm -rf /")), VERDICT_GRANT);
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "sudo-i", "#0", "")), VERDICT_GRANT);

        ck_assert_int_eq(world_count("request.created", id), 1);
        ck_assert_int_eq(world_count("request.voted", id), 1);
        ck_assert_int_eq(world_count("request.decided", id), 1);
        ck_assert_int_eq(world_count("grant.started", c->grant), 1);
}
END_TEST

/* Where a rule has no channel nobody is rung, and whoever waits for it knows. */
START_TEST(nobody_is_rung)
{
        Client *c = request_sudo(DEV);

        ck_assert(is_quiet(c));
        world_forward(3 * USEC_PER_SEC);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        ck_assert_ptr_nonnull(strstr(json_string(json_first(object(c, "lines"))),
                "Nobody is told of this: the rule has no channel (notify)."));
        world_forward(3 * USEC_PER_SEC);
        ck_assert(is_quiet(c)); /* once */
}
END_TEST

START_TEST(denied)
{
        Client *c = request_sudo(DEV);
        const char *id = pending_of(c);

        ck_assert_str_eq(decide(CAROL, id, "deny"), "");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_DENY);
        ck_assert_str_eq(text(c, "code"), "denied");
        ck_assert(!c->m.continues);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_str_eq(state_of(id), "denied");
        /* the loser is told, the same again is nothing */
        ck_assert_str_eq(decide(BOB, id, "approve"), "Over");
        ck_assert_str_eq(decide(CAROL, id, "approve"), "Over");
        ck_assert_str_eq(decide(CAROL, id, "deny"), "");
        ck_assert_int_eq(world_count("request.decided", id), 1);
        ck_assert_int_eq(world_count("request.voted", id), 1);
}
END_TEST

/* One millisecond before its deadline it can be approved, at it and after it not. */
START_TEST(times_out)
{
        static const usec_t offset[] = { -USEC_PER_MSEC, 0, USEC_PER_MSEC };
        bool in_time = offset[_i] < 0;
        Client *c = request_sudo(DEV);
        const char *id = pending_of(c);

        /* the vote comes before anybody has looked at the clock */
        world.now.wall += OPEN_FOR + offset[_i];
        world.now.boot += OPEN_FOR + offset[_i];
        ck_assert_str_eq(decide(BOB, id, "approve"), in_time ? "" : "Over");
        world_forward(0);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), in_time ? VERDICT_GRANT : VERDICT_DENY);
        ck_assert_str_eq(text(c, "code"), in_time ? "" : "timed-out");
        ck_assert_str_eq(state_of(id), in_time ? "approved" : "timed-out");
        ck_assert_int_eq(world_count("request.timed_out", id), in_time ? 0 : 1);
        ck_assert_int_eq(world_count("request.decided", id), in_time ? 1 : 0);
        ck_assert_int_eq(world_count("request.voted", id), in_time ? 1 : 0);
}
END_TEST

/* The first of two votes does not decide, and is late all the same. */
START_TEST(late_half)
{
        Client *c = request_ask(ask_of(DEV, "su", "root", ""), MINUTE);
        const char *id = pending_of(c);

        world.now.boot += OPEN_FOR;
        ck_assert_str_eq(decide(BOB, id, "approve"), "Over");
        ck_assert_str_eq(decide(BOB, id, "deny"), "Over");
        ck_assert_int_eq(world_count("request.voted", id), 0);
        ck_assert(is_quiet(c));
        world_forward(0);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "code"), "timed-out");
}
END_TEST

START_TEST(withdrawn_by_hang_up)
{
        Client *c = request_sudo(DEV);
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        client_close(c);
        ck_assert_str_eq(state_of(id), "withdrawn");
        ck_assert_str_eq(decide(BOB, id, "approve"), "Over");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_int_eq(world_count("request.withdrawn", id), 1);
}
END_TEST

START_TEST(withdrawn_by_cancel)
{
        Client *c = request_sudo(DEV);
        const char *id = pending_of(c);

        ck_assert_str_eq(do_id(EVE, "Cancel", id), "NotFound");
        ck_assert_str_eq(do_id(BOB, "Cancel", id), "NotPermitted");
        ck_assert_str_eq(do_id(DEV, "Cancel", id), "");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "code"), "withdrawn");
        ck_assert(!c->m.continues);
        ck_assert_str_eq(do_id(DEV, "Cancel", id), "Over");
        ck_assert_int_eq(world_count("request.withdrawn", id), 1);
}
END_TEST

static void detach(Client *c, unsigned flags)
{
        const IdCall call = { .version = PROTOCOL_VERSION };

        say(c, "Detach", ID_FIELDS, &call, flags);
}

START_TEST(detached_then_approved)
{
        Client *c = request_sudo(DEV);
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        detach(c, CALL_ONEWAY);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        ck_assert_str_eq(text(c, "code"), "detached");
        ck_assert(!c->m.continues);
        ck_assert(is_quiet(c));
        client_close(c);
        ck_assert_str_eq(state_of(id), "pending");
        ck_assert_str_eq(decide(BOB, id, "approve"), "");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
}
END_TEST

/* Not oneway: its own reply comes behind the last of the call it ends. */
START_TEST(detach_is_answered)
{
        Client *c = request_sudo(DEV);

        detach(c, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "code"), "detached");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), "");
        ck_assert_str_eq(error(c), "");
        ck_assert(is_quiet(c));
}
END_TEST

/* The decision was first: the waiter hears it and nothing else. */
START_TEST(detach_loses_the_race)
{
        Client *c = request_sudo(DEV);

        ck_assert_str_eq(decide(BOB, pending_of(c), "approve"), "");
        detach(c, CALL_ONEWAY);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_GRANT);
        ck_assert(is_quiet(c));
}
END_TEST

START_TEST(detach_of_nothing)
{
        Client *c = client_new(ROOT, UID_UNSET);

        detach(c, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "");
        detach(c, CALL_ONEWAY);
        ck_assert(is_quiet(c));
}
END_TEST

/* An onlooker's leaving says nothing of the request. */
START_TEST(onlooker_detaches)
{
        Client *c = request_sudo(DEV), *aud = client_new(AUD, AUD);
        WaitCall call = { PROTOCOL_VERSION, c->request,
                { .service = "sudo", .asker = UID_UNSET, .login_uid = UID_UNSET } };
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        say(aud, "Wait", WAIT_FIELDS, &call, CALL_MORE);
        ck_assert(hear(aud));
        ck_assert_str_eq(text(aud, "verdict"), VERDICT_PENDING);
        detach(aud, CALL_ONEWAY);
        ck_assert(hear(aud));
        client_close(c);
        ck_assert_str_eq(state_of(id), "withdrawn");
}
END_TEST

START_TEST(onlookers_hear_the_end)
{
        Client *c = request_sudo(DEV), *aud = client_new(AUD, AUD), *eve = client_new(EVE, EVE);
        WaitCall call = { PROTOCOL_VERSION, c->request,
                { .service = "sudo", .asker = UID_UNSET, .login_uid = UID_UNSET } };

        say(eve, "Wait", WAIT_FIELDS, &call, CALL_MORE);
        ck_assert(hear(eve));
        ck_assert_str_eq(error(eve), "NotFound");
        say(aud, "Wait", WAIT_FIELDS, &call, CALL_MORE);
        ck_assert(hear(aud));
        client_close(c); /* the last that counted */
        ck_assert(hear(aud));
        ck_assert_str_eq(text(aud, "code"), "withdrawn");
}
END_TEST

/* Whoever asks for the same again joins, and nobody is rung twice. */
START_TEST(joined)
{
        Client *c = request_sudo(DEV);

        Client *same = request_sudo(DEV);
        Client *other = request_ask(ask_of(DEV, "sudo", "root", "ls -l"), MINUTE);
        ck_assert_str_eq(pending_of(same), pending_of(c));
        ck_assert_str_eq(pending_of(other), pending_of(c));
        ck_assert_ptr_nonnull(strstr(last_line, "Already asked"));
        ck_assert_int_eq(world_count("request.created", ""), 1);
        ck_assert_int_eq(world_count("request.joined", c->request), 1); /* the other argv */

        /* one leaves, the others still wait */
        client_close(same);
        ck_assert_str_eq(state_of(c->request), "pending");
        ck_assert_str_eq(decide(BOB, c->request, "approve"), "");
        ck_assert(hear(c) && hear(other));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_GRANT);
        ck_assert_str_eq(text(other, "verdict"), VERDICT_GRANT);
}
END_TEST

/* What nobody is shown must not ride along, and asking over and over must not fill the record. */
START_TEST(joined_by_too_many)
{
        Client *c = request_sudo(DEV);
        char command[32];

        for (int i = 0; i < 2 * ADDED_MAX; i++) {
                (void) snprintf(command, sizeof(command), "ls -%d", i);
                for (int k = 0; k < 2; k++) {
                        Client *more = request_ask(ask_of(DEV, "sudo", "root", command), 0);
                        ck_assert_str_eq(text(more, "code"), i < ADDED_MAX ? "detached" : "busy");
                        client_close(more);
                }
        }
        ck_assert_int_eq(world_count("request.joined", c->request), ADDED_MAX);
        /* what is the same rides on it all the same */
        Client *same = request_sudo(DEV);
        ck_assert_str_eq(pending_of(same), pending_of(c));
}
END_TEST

/* The pretty command can be cut or cleaned alike; what is joined is shown by its words. */
START_TEST(joined_by_one_who_leaves_it)
{
        Client *c = request_sudo(DEV);
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        Client *left = request_ask(ask_sudo(DEV), 0);
        ck_assert_str_eq(text(left, "code"), "detached");
        ck_assert_str_eq(left->request, id);
        client_close(c);
        ck_assert_str_eq(state_of(id), "pending"); /* it stands by itself now */
}
END_TEST

/* Two people in one account ask each for himself, or either could approve for both. */
START_TEST(shared_account_is_not_joined)
{
        Ask by_dev = ask_sudo(SHARED), by_bob = ask_sudo(SHARED);

        by_dev.login_uid = DEV;
        by_bob.login_uid = BOB;
        Client *one = request_ask(by_dev, MINUTE), *two = request_ask(by_bob, MINUTE);
        ck_assert_str_ne(pending_of(one), pending_of(two));
        /* to whoever sits behind the asker it is not even there */
        ck_assert_str_eq(decide(BOB, two->request, "approve"), "NotFound");
        ck_assert_str_eq(decide(DEVADM, one->request, "approve"), "NotFound");
        ck_assert_str_eq(decide(BOB, one->request, "approve"), "");
}
END_TEST

/* Another target, group, service or rule is another request. */
START_TEST(not_the_same)
{
        Client *c = request_sudo(DEV);
        Ask group = ask_sudo(DEV);

        group.target_group = "adm";
        Client *other = request_ask(group, MINUTE);
        ck_assert_str_ne(pending_of(c), pending_of(other));
}
END_TEST

START_TEST(two_requests_are_the_most)
{
        static const char *const targets[] = { "root", "carol", "bob" };

        for (size_t i = 0; i < ELEMENTSOF(targets); i++) {
                Client *c = request_ask(ask_of(DEV, "sudo", targets[i], "id"), MINUTE);
                ck_assert_str_eq(text(c, "verdict"), i < 2 ? VERDICT_PENDING : VERDICT_DENY);
                ck_assert_str_eq(text(c, "code"), i < 2 ? "" : "busy");
        }
        /* of one asker: another's is heard */
        ck_assert_str_eq(text(request_sudo(DAVE), "verdict"), VERDICT_PENDING);
}
END_TEST

START_TEST(four_waits_are_the_most)
{
        for (int i = 0; i < 5; i++) {
                Client *c = request_sudo(DEV);
                ck_assert_str_eq(text(c, "verdict"), i < 4 ? VERDICT_PENDING : VERDICT_DENY);
                ck_assert_str_eq(text(c, "code"), i < 4 ? "" : "busy");
        }
        ck_assert_str_eq(text(return_to(last_request, ask_sudo(DEV)), "code"), "");
        Client *other = request_sudo(DAVE);
        ck_assert_str_eq(text(other, "verdict"), VERDICT_PENDING);
        /* nor by coming back */
        Client *back = return_to(pending_of(request_sudo(CAROL)), ask_sudo(CAROL));
        ck_assert_str_eq(text(back, "verdict"), VERDICT_PENDING);
        for (int i = 0; i < 2; i++) {
                back = return_to(back->request, ask_sudo(CAROL));
                ck_assert_str_eq(text(back, "verdict"), VERDICT_PENDING);
        }
        back = return_to(back->request, ask_sudo(CAROL));
        ck_assert_str_eq(text(back, "code"), "busy");
}
END_TEST

/* A module is told of what it asked, and of nothing that only sounds alike. */
START_TEST(wait_for_anothers)
{
        Client *c = request_sudo(DEV);
        const char *id = pending_of(c);
        Ask group = ask_sudo(DEV);

        group.target_group = "adm";
        ck_assert_str_eq(error(return_to(id, ask_sudo(EVE))), "NotFound");
        ck_assert_str_eq(error(return_to(id, ask_sudo(CAROL))), "NotFound");
        ck_assert_str_eq(error(return_to(id, ask_of(DEV, "su", "root", ""))), "NotFound");
        ck_assert_str_eq(error(return_to(id, ask_of(DEV, "sudo", "carol", "id"))), "NotFound");
        ck_assert_str_eq(error(return_to(id, group)), "NotFound");
        ck_assert_str_eq(text(return_to(id, ask_sudo(DEV)), "verdict"), VERDICT_PENDING);
}
END_TEST

/* Coming back after the end is told how it ended; to a grant only while no clock has ended it. */
START_TEST(wait_for_what_is_over)
{
        Client *c = request_sudo(DEV);
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        ck_assert_str_eq(decide(BOB, id, "approve"), "");
        ck_assert_str_eq(text(return_to(id, ask_sudo(DEV)), "verdict"), VERDICT_GRANT);
        world.now.boot += 30 * MINUTE; /* and nobody has looked since */
        Client *late = return_to(id, ask_sudo(DEV));
        ck_assert_str_eq(text(late, "verdict"), VERDICT_DENY);
        ck_assert_str_eq(text(late, "code"), "over");
}
END_TEST

START_TEST(reason_is_required)
{
        RequestCall call = { PROTOCOL_VERSION, ask_of(DEV, "ssh", NULL, ""), NULL, NULL, MINUTE,
                false };
        Client *c = client_new(ROOT, UID_UNSET);

        ck_assert_str_eq(check_ask(ROOT, call.ask), VERDICT_ASK);
        say(c, "Request", REQUEST_FIELDS, &call, CALL_MORE);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_ASK);
        ck_assert_str_eq(text(c, "reason_mode"), "required");
        ck_assert_int_eq(world_count("request.created", ""), 0);
        call.reason = "the pump leaks";
        say(c, "Request", REQUEST_FIELDS, &call, CALL_MORE);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        /* whoever joins has not to say it again */
        ck_assert_str_eq(check_ask(ROOT, call.ask), VERDICT_ASK);
}
END_TEST

START_TEST(asked_too_much)
{
        char reason[REASON_MAX + 2];
        RequestCall call = { PROTOCOL_VERSION, ask_sudo(DEV), reason, NULL, MINUTE, false };
        Client *c = client_new(ROOT, UID_UNSET);

        memset(reason, 'x', sizeof(reason));
        reason[sizeof(reason) - 1] = '\0';
        say(c, "Request", REQUEST_FIELDS, &call, CALL_MORE);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "code"), "not-asked");
        call.reason = "short";
        call.duration = "4h 1s";
        say(c, "Request", REQUEST_FIELDS, &call, CALL_MORE);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "code"), "not-asked");
        static const char *const bad[] = { "0", "-1s", "9999999y", "soon", "" };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                call.duration = bad[i];
                say(c, "Request", REQUEST_FIELDS, &call, CALL_MORE);
                ck_assert(hear(c));
                ck_assert_str_eq(error(c), "InvalidParameter");
                ck_assert_str_eq(text(c, "parameter"), "duration");
        }
        ck_assert_int_eq(world_count("request.created", ""), 0);
}
END_TEST

START_TEST(nobody_is_asked)
{
        ck_assert_str_eq(check_ask(ROOT, ask_of(EVE, "ftp", NULL, "")), VERDICT_DENY);
        ck_assert_str_eq(last_code, "refused");
        ck_assert_str_eq(check_ask(ROOT, ask_of(EVE, "imap", NULL, "")), VERDICT_DENY);
        ck_assert_str_eq(last_code, "no-rule");
        ck_assert_str_eq(check_ask(ROOT, ask_of(EVE, "cron", NULL, "")), VERDICT_PASS);
        Client *c = request_ask(ask_of(EVE, "ftp", NULL, ""), MINUTE);
        ck_assert_str_eq(text(c, "code"), "refused");
        c = request_ask(ask_of(EVE, "cron", NULL, ""), MINUTE);
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PASS);
        ck_assert_int_eq(world_count("request.created", ""), 0);
        ck_assert_int_eq(world_count("check.refused", ""), 3);
        ck_assert_int_eq(world_count("check.allowed", ""), 2);
}
END_TEST

/* Whenever it comes, what is noted is committed within a second. */
START_TEST(notes_are_committed)
{
        const usec_t ms = USEC_PER_MSEC;
        const usec_t between[] = { RECORD_DELAY - 5 * ms, 5 * ms, 2 * ms, 3 * ms };
        Ask ask = ask_of(EVE, "cron", NULL, "");

        for (size_t i = 0; i < ELEMENTSOF(between); i++) {
                ck_assert_str_eq(check_ask(ROOT, ask), VERDICT_PASS);
                world_forward(between[i]);
        }
        ck_assert(audit_has_notes(world.d.ledger.audit));
        world_forward(RECORD_DELAY);
        ck_assert(!audit_has_notes(world.d.ledger.audit));
        ck_assert_int_eq(world_count("check.allowed", ""), 4);
}
END_TEST

static Ask ask_login(const char *user, const char *tty, const char *rhost)
{
        Ask a = ask_of(ROOT, "login", NULL, "");

        a.user = user;
        a.tty = tty;
        a.rhost = rhost;
        return a;
}

/* Root's own jobs pass; root at the console too, unless a rule for the service names him. */
START_TEST(exempt)
{
        static const char names_root[] = "[approver bob]\nuser = bob\n[rule r]\nservices = login\n"
                                         "users = root\naction = ask\napprovers = bob\n";

        ck_assert_str_eq(check_sudo(ROOT), VERDICT_PASS);
        ck_assert_str_eq(check_ask(ROOT, ask_of(ROOT, "su", "dev", "")), VERDICT_PASS);
        ck_assert_str_eq(check_ask(ROOT, ask_login("root", "tty1", NULL)), VERDICT_PASS);
        ck_assert_str_eq(check_ask(ROOT, ask_login("root", "/dev/ttyS0", "")), VERDICT_PASS);
        ck_assert_str_eq(check_ask(ROOT, ask_login("root", "tty1", "elsewhere")), VERDICT_DENY);
        ck_assert_str_eq(check_ask(ROOT, ask_login("root", "pts/1", NULL)), VERDICT_DENY);
        ck_assert_str_eq(check_ask(ROOT, ask_login("root", "tty", NULL)), VERDICT_DENY);
        ck_assert_str_eq(check_ask(ROOT, ask_login("root", "ssh", NULL)), VERDICT_DENY);
        ck_assert_str_eq(check_ask(ROOT, ask_login("dev", "tty1", NULL)), VERDICT_DENY);
        ck_assert_int_eq(world_count("check.exempt", ""), 4);
        world_set_rules(names_root);
        ck_assert_str_eq(check_ask(ROOT, ask_login("root", "tty1", NULL)), VERDICT_ASK);
        ck_assert_str_eq(check_sudo(ROOT), VERDICT_PASS);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("asking");
        TCase *t = tcase_create("asking");

        tcase_add_checked_fixture(t, world_open, world_close);
        tcase_add_test(t, approved);
        tcase_add_test(t, denied);
        tcase_add_loop_test(t, times_out, 0, 3);
        tcase_add_test(t, late_half);
        tcase_add_test(t, nobody_is_rung);
        tcase_add_test(t, withdrawn_by_hang_up);
        tcase_add_test(t, withdrawn_by_cancel);
        tcase_add_test(t, detached_then_approved);
        tcase_add_test(t, detach_is_answered);
        tcase_add_test(t, detach_loses_the_race);
        tcase_add_test(t, detach_of_nothing);
        tcase_add_test(t, onlooker_detaches);
        tcase_add_test(t, onlookers_hear_the_end);
        tcase_add_test(t, joined);
        tcase_add_test(t, joined_by_too_many);
        tcase_add_test(t, joined_by_one_who_leaves_it);
        tcase_add_test(t, shared_account_is_not_joined);
        tcase_add_test(t, not_the_same);
        tcase_add_test(t, two_requests_are_the_most);
        tcase_add_test(t, four_waits_are_the_most);
        tcase_add_test(t, wait_for_anothers);
        tcase_add_test(t, wait_for_what_is_over);
        tcase_add_test(t, reason_is_required);
        tcase_add_test(t, asked_too_much);
        tcase_add_test(t, nobody_is_asked);
        tcase_add_test(t, notes_are_committed);
        tcase_add_test(t, exempt);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}

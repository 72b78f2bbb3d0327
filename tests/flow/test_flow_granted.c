/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Grants: from when until when, by which clock, and who ends them. */

#include "tests/flow/world.h"

#include <stdlib.h>

#define MINUTE USEC_PER_MIN
#define HOUR USEC_PER_HOUR
#define LASTS (30 * MINUTE)

/* What happens to the clocks, and whether the grant is still there; nobody has looked meanwhile. */
static const struct {
        usec_t wall, boot; /* moved by */
        bool open;
} clocks[] = {
        { LASTS - USEC_PER_MSEC, LASTS - USEC_PER_MSEC, true }, { LASTS, LASTS, false },
        { LASTS + USEC_PER_MSEC, LASTS + USEC_PER_MSEC, false },
        { LASTS, 0, false },                   /* the wall clock was set forward */
        { -HOUR, LASTS, false },               /* set back: the boot clock still counts */
        { -HOUR, LASTS - 1, true },            /* …to the microsecond */
        { -10 * 365 * USEC_PER_DAY, 1, true }, /* 2017 */
        { 10 * 365 * USEC_PER_DAY, 1, false },
        { 8 * HOUR, 8 * HOUR, false }, /* a suspend: both jump */
        { 0, LASTS, false },           /* a suspend, and a wall clock that did not notice */
};

START_TEST(ends_by_the_clock)
{
        const char *grant = granted(DEV);

        world.now.wall += clocks[_i].wall;
        world.now.boot += clocks[_i].boot;
        /* the check compares by itself, then the timer ends it for good */
        ck_assert_str_eq(check_sudo(DEV), clocks[_i].open ? VERDICT_GRANT : VERDICT_ASK);
        world_forward(0);
        ck_assert_str_eq(check_sudo(DEV), clocks[_i].open ? VERDICT_GRANT : VERDICT_ASK);
        ck_assert_str_eq(grant_state_of(grant), clocks[_i].open ? "active" : "expired");
        ck_assert_int_eq(world_count("grant.expired", grant), !clocks[_i].open);
}
END_TEST

/* Set forward and back again before anybody looked: the boot clock knows. */
START_TEST(clock_there_and_back)
{
        const char *grant = granted(DEV);

        world.now.wall += 10 * HOUR;
        world.now.wall -= 10 * HOUR;
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        world.now.wall += 10 * HOUR;
        world_forward(0); /* seen while it was forward: ended, for good */
        world.now.wall -= 10 * HOUR;
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_str_eq(grant_state_of(grant), "expired");
}
END_TEST

/* 1970, 2038, 2^63: an end is set only where there can be one. */
static const struct {
        usec_t wall, boot;
        const char *error;
} instants[] = {
        { 0, 1000, "Refused" }, { (usec_t) 1767225599 * USEC_PER_SEC, 1000, "Refused" },
        { (usec_t) INT32_MAX * USEC_PER_SEC - MINUTE, 1000, "" }, /* 2038-01-19 */
        { (usec_t) INT32_MAX * USEC_PER_SEC + MINUTE, 1000, "" },
        { (usec_t) UINT32_MAX * USEC_PER_SEC - MINUTE, 1000, "" }, /* 2106 */
};

START_TEST(instants_of_history)
{
        world.now = (Now){ instants[_i].wall, instants[_i].boot };
        Client *c = request_sudo(DEV);
        if (*instants[_i].error) {
                ck_assert_str_eq(text(c, "code"), "clock");
        } else {
                ck_assert_str_eq(decide(BOB, pending_of(c), "approve"), "");
        }
        ck_assert_str_eq(
                check_sudo(DEV), streq(instants[_i].error, "") ? VERDICT_GRANT : VERDICT_DENY);
        world_forward(LASTS);
        ck_assert_str_ne(check_sudo(DEV), VERDICT_GRANT);
        world_verify();
}
END_TEST

START_TEST(end_of_time)
{
        world.now = (Now){ INT64_MAX - 1, 1000 };
        ck_assert_str_eq(text(request_sudo(DEV), "code"), "clock"); /* no grant can be made */
        ck_assert_str_eq(check_sudo(DEV), VERDICT_DENY);
        world.now = (Now){ INT64_MAX, INT64_MAX };
        world_forward(0);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_DENY);
        ck_assert_str_eq(last_code, "clock"); /* and no reason is asked for in vain */
}
END_TEST

START_TEST(revoked)
{
        const char *grant = granted(DEV);

        ck_assert_str_eq(do_id(EVE, "Revoke", grant), "NotFound");
        ck_assert_str_eq(do_id(AUD, "Revoke", grant), "NotPermitted");
        ck_assert_str_eq(do_id(DEV, "Revoke", grant), "NotPermitted");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_str_eq(do_id(CAROL, "Revoke", grant), ""); /* an approver of the rule */
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_str_eq(grant_state_of(grant), "revoked");
        ck_assert_str_eq(do_id(ADM, "Revoke", grant), "Over");
        ck_assert_int_eq(world_count("grant.revoked", grant), 1);
        world_forward(HOUR);
        ck_assert_int_eq(world_count("grant.expired", grant), 0);
}
END_TEST

START_TEST(given_back)
{
        const char *grant = granted(DEV);

        ck_assert_str_eq(do_id(BOB, "End", grant), "NotPermitted");
        ck_assert_str_eq(do_id(EVE, "End", grant), "NotFound");
        ck_assert_str_eq(do_id(DEV, "End", grant), "");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_str_eq(do_id(DEV, "End", grant), "Over");
        ck_assert_str_eq(grant_state_of(grant), "ended");
}
END_TEST

/* The unit's timer: early (the grant was extended) it ends nothing, late and twice it finds nothing to do. */
START_TEST(expire_by_timer)
{
        char grant[ID_SIZE];

        memcpy(grant, granted(DEV), sizeof(grant));
        ck_assert_str_eq(do_id(DEV, "Expire", grant), "NotPermitted");
        ck_assert_str_eq(do_id(ADM, "Expire", grant), "NotPermitted");
        ck_assert_str_eq(do_id(ROOT, "Expire", "AAAA-2222"), "");
        ck_assert_str_eq(do_id(ROOT, "Expire", "*"), "NotFound");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_str_eq(do_id(ROOT, "Expire", grant), "");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        world.now.boot += HOUR; /* our own clocks have not noticed */
        ck_assert_str_eq(do_id(ROOT, "Expire", grant), "");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_str_eq(do_id(ROOT, "Expire", grant), "");
        world_forward(HOUR);
        ck_assert_str_eq(do_id(ROOT, "Expire", grant), "");
        ck_assert_int_eq(world_count("grant.expired", grant), 1);
}
END_TEST

typedef struct Order {
        uid_t uid, login;
        const char *user, *service, *target, *duration, *reason, *error;
} Order;

static const Order orders[] = {
        { ROOT, UID_UNSET, "dev", "sudo", NULL, "10m", "pump", "" },
        { ADM, ADM, "dev", "sudo", "root", "10m", "pump", "" },
        { ROOT, BOB, "dev", "sudo", NULL, "10m", "pump", "" },
        { ROOT, DEV, "dev", "sudo", NULL, "10m", "pump", "NotPermitted" }, /* sudo jitctl grant */
        { ROOT, DEVADM, "dev", "sudo", NULL, "10m", "pump", "NotPermitted" },
        { ROOT, DEV, "devadm", "sudo", NULL, "10m", "pump", "NotPermitted" },
        { ADM, ADM, "adm", "sudo", NULL, "10m", "pump", "NotPermitted" },
        { ADM, DEV, "dev", "sudo", NULL, "10m", "pump", "NotPermitted" }, /* su adm */
        { BOB, BOB, "dev", "sudo", NULL, "10m", "pump", "NotPermitted" },
        { DEV, DEV, "dev", "sudo", NULL, "10m", "pump", "NotPermitted" },
        { AUD, AUD, "dev", "sudo", NULL, "10m", "pump", "NotPermitted" },
        { ADM, ADM, "nosuch", "sudo", NULL, "10m", "pump", "NotFound" },
        { ADM, ADM, "1000", "sudo", NULL, "10m", "pump", "NotFound" }, /* a name, not a number */
        { ADM, ADM, "dev", "sudo", "nosuch", "10m", "pump", "NotFound" },
        { ADM, ADM, "dev", "sudo", NULL, "0", "pump", "InvalidParameter" },
        { ADM, ADM, "dev", "sudo", NULL, "", "pump", "InvalidParameter" },
        { ADM, ADM, "dev", "", NULL, "10m", "pump", "InvalidParameter" },
        { ADM, ADM, "dev", "sudo", NULL, "10m", "", "InvalidParameter" },
};

START_TEST(made_by_hand)
{
        const Order *o = &orders[_i];
        GrantCall call = { PROTOCOL_VERSION, o->user, o->service, o->target, o->duration,
                o->reason };
        Client *c = client_new(o->uid, o->login);

        say(c, "MakeGrant", GRANT_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), o->error);
        bool made = streq(o->error, "");
        ck_assert_str_eq(check_sudo(DEV), made ? VERDICT_GRANT : VERDICT_ASK);
        ck_assert_str_eq(check_sudo(DEVADM), VERDICT_ASK);
        ck_assert_int_eq(world_count("grant.started", ""), made);
        if (made) {
                const JsonNode *grant = object(c, "grant");
                ck_assert_str_eq(text_of(grant, "asker"), "dev");
                ck_assert_str_eq(text_of(grant, "target"), "root");
                ck_assert_str_eq(text_of(grant, "state"), "active");
                ck_assert_str_eq(
                        text_of(grant, "by"), name_of(o->login == UID_UNSET ? o->uid : o->login));
        }
}
END_TEST

/* What root does behind a login is that person's, in the record too. */
static int find_by(const AuditRow *row, void *userdata)
{
        *(bool *) userdata |= streq(row->event, "grant.revoked") &&
                              strstr(row->canonical, "\"by\":\"bob\"") != NULL;
        return 0;
}

START_TEST(revoked_through_sudo)
{
        const AuditFilter all = { .asker = UID_UNSET };
        RevokeCall call = { PROTOCOL_VERSION, granted(DEV), NULL, false };
        Client *c = client_new(ROOT, BOB);
        bool found = false;

        say(c, "Revoke", REVOKE_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "");
        ck_assert_int_eq(store_audit(world.d.ledger.store, &all, find_by, &found), 0);
        ck_assert(found);
}
END_TEST

START_TEST(revoke_many)
{
        RevokeCall call = { PROTOCOL_VERSION, NULL, "dev", false };
        Client *c = client_new(ADM, ADM), *bob = client_new(BOB, BOB);

        (void) granted(DEV);
        (void) granted(DAVE);
        (void) granted(CAROL);
        say(bob, "Revoke", REVOKE_FIELDS, &call, 0);
        ck_assert(hear(bob));
        ck_assert_str_ne(error(bob), "");
        say(c, "Revoke", REVOKE_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_uint_eq(length(c, "grants"), 1);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_str_eq(check_sudo(DAVE), VERDICT_GRANT);
        call = (RevokeCall){ PROTOCOL_VERSION, NULL, NULL, true };
        say(c, "Revoke", REVOKE_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_uint_eq(length(c, "grants"), 2);
        ck_assert_str_eq(check_sudo(DAVE), VERDICT_ASK);
        ck_assert_str_eq(check_sudo(CAROL), VERDICT_ASK);

        static const RevokeCall bad[] = { { PROTOCOL_VERSION, NULL, NULL, false },
                { PROTOCOL_VERSION, "AAAA", "dev", false },
                { PROTOCOL_VERSION, "AAAA", NULL, true } };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                say(c, "Revoke", REVOKE_FIELDS, &bad[i], 0);
                ck_assert(hear(c));
                ck_assert_str_eq(error(c), "InvalidParameter");
        }
}
END_TEST

/* The rule refuses now, or is gone: the grant goes with it. Without any rules it stands. */
START_TEST(rules_change)
{
        static const char refuse[] = "[rule keeps]\nservices = sudo\nusers = *\naction = refuse\n";
        static const char other[] =
                "[approver bob]\nuser = bob\n[rule new]\nservices = sudo\nusers = *\n"
                "action = ask\napprovers = bob\n";

        (void) granted(DEV);
        world_set_rules("nonsense");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT); /* a bad reload changes nothing */
        world_set_rules(refuse);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_DENY);
        ck_assert_uint_eq(active_count(&world.d.active), 0);
        world_set_rules(world_rules);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        (void) granted(DEV);
        world_set_rules(other);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_int_eq(world_count("grant.revoked", ""), 2);
        world_set_rules(world_rules);
        (void) granted(DEV);
        world_set_rules("nonsense");
        world_restart(false);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_str_eq(check_sudo(DAVE), VERDICT_DENY);
        ck_assert_str_eq(last_code, "rules");
        ck_assert_str_eq(text(request_sudo(DAVE), "code"), "rules");
        ck_assert_str_eq(check_sudo(ROOT), VERDICT_PASS);
        world_forward(LASTS);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_DENY);
}
END_TEST

/* --- sessions; there is no system bus here --- */

static const char *open_session(Ask ask, const char *user)
{
        static char verdict[64];
        CheckCall call = { PROTOCOL_VERSION, ask };
        Client *c = client_new(ROOT, UID_UNSET);

        call.ask.phase = "session";
        call.ask.user = user;
        say(c, "OpenSession", CHECK_FIELDS, &call, 0);
        ck_assert(hear(c));
        (void) snprintf(verdict, sizeof(verdict), "%s", text(c, "verdict"));
        (void) snprintf(last_code, sizeof(last_code), "%s", text(c, "code"));
        client_close(c);
        return verdict;
}

START_TEST(session_that_can_be_kept)
{
        ck_assert_str_eq(open_session(ask_sudo(DEV), "root"), VERDICT_DENY);
        ck_assert_str_eq(last_code, "over");
        (void) granted(DEV);
        ck_assert_str_eq(open_session(ask_sudo(DEV), "root"), VERDICT_GRANT);
        /* for the account that was granted, and said to be so */
        ck_assert_str_eq(open_session(ask_sudo(DEV), "carol"), VERDICT_DENY);
        ck_assert_str_eq(last_code, "identity");
        ck_assert_str_eq(open_session(ask_sudo(DEV), NULL), VERDICT_DENY);
        ck_assert_str_eq(open_session(ask_sudo(ROOT), "carol"), VERDICT_PASS);
        world.now.boot += LASTS;
        ck_assert_str_eq(open_session(ask_sudo(DEV), "root"), VERDICT_DENY);
        ck_assert_str_eq(open_session(ask_of(EVE, "ftp", NULL, ""), "eve"), VERDICT_DENY);
        ck_assert_str_eq(last_code, "refused");
        ck_assert_str_eq(open_session(ask_of(EVE, "cron", NULL, ""), "eve"), VERDICT_PASS);
}
END_TEST

START_TEST(session_that_could_not_be_ended)
{
        (void) granted(DAVE); /* rule ends: on-expiry = end-sessions */
        ck_assert_str_eq(check_sudo(DAVE), VERDICT_GRANT);
        ck_assert_str_eq(open_session(ask_sudo(DAVE), "root"), VERDICT_DENY);
        ck_assert_str_eq(last_code, "session");
        ck_assert_int_eq(world_count("session.opened", ""), 0);
}
END_TEST

START_TEST(the_longest_counts)
{
        GrantCall call = { PROTOCOL_VERSION, "dev", "sudo", NULL, "2h", "pump" };
        Client *c = client_new(ADM, ADM);

        (void) granted(DEV);
        say(c, "MakeGrant", GRANT_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_str_eq(last_grant, text_of(object(c, "grant"), "id"));
        world_forward(HOUR);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_int_eq(world_count("grant.expired", ""), 1);
        world_forward(HOUR);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("granted");
        TCase *t = tcase_create("granted");

        tcase_add_checked_fixture(t, world_open, world_close);
        tcase_add_loop_test(t, ends_by_the_clock, 0, ELEMENTSOF(clocks));
        tcase_add_test(t, clock_there_and_back);
        tcase_add_loop_test(t, instants_of_history, 0, ELEMENTSOF(instants));
        tcase_add_test(t, end_of_time);
        tcase_add_test(t, revoked);
        tcase_add_test(t, given_back);
        tcase_add_test(t, expire_by_timer);
        tcase_add_loop_test(t, made_by_hand, 0, ELEMENTSOF(orders));
        tcase_add_test(t, revoked_through_sudo);
        tcase_add_test(t, revoke_many);
        tcase_add_test(t, rules_change);
        tcase_add_test(t, session_that_can_be_kept);
        tcase_add_test(t, session_that_could_not_be_ended);
        tcase_add_test(t, the_longest_counts);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}

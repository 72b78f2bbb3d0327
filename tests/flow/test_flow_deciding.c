/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Deciding: whose vote counts, for how much, and through which doors nobody decides for himself. */

#include "tests/flow/world.h"

#include <stdlib.h>

#define MINUTE USEC_PER_MIN

static Client *two(void)
{
        return request_ask(ask_of(DEV, "su", "root", ""), MINUTE);
}

START_TEST(two_of_two)
{
        Client *c = two();
        const char *id = pending_of(c);

        ck_assert_str_eq(decide(BOB, id, "approve"), "");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        ck_assert(c->m.continues);
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "su", "root", "")), VERDICT_ASK);
        ck_assert_str_eq(decide(CAROL, id, "approve"), "");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_GRANT);
        ck_assert_int_eq(world_count("request.voted", id), 2);
        ck_assert_int_eq(world_count("request.decided", id), 1);
}
END_TEST

/* Twice, as another account, or as another account that is written to him only later: once. */
START_TEST(one_person_once)
{
        Client *c = two();
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        ck_assert_str_eq(decide(BOB, id, "approve"), "");
        ck_assert_str_eq(decide(BOB, id, "approve"), "");
        ck_assert_str_eq(decide(BOBADM, id, "approve"), "");
        ck_assert_str_eq(state_of(id), "pending");
        ck_assert_int_eq(world_count("request.voted", id), 1);
        ck_assert_str_eq(decide(BOB, id, "deny"), ""); /* he may think better of it */
        ck_assert_str_eq(state_of(id), "denied");
}
END_TEST

START_TEST(one_person_by_new_rules)
{
        static const char before[] =
                "[approver sue]\nuser = sue\n[approver bob]\nuser = bob\n[rule g]\n"
                "services = su\nusers = *\naction = ask\napprovers = sue, bob, @sre\n"
                "approvals = 2\n";
        static const char after[] =
                "[approver susan]\nuser = sue, bob\n[rule g]\nservices = su\nusers = *\n"
                "action = ask\napprovers = susan, @sre\napprovals = 2\n";
        char id[ID_SIZE];

        world_set_rules(before);
        memcpy(id, pending_of(two()), sizeof(id));
        ck_assert_str_eq(decide(SUE, id, "approve"), "");
        world_set_rules(after);
        ck_assert_str_eq(decide(BOB, id, "approve"), "");
        ck_assert_str_eq(state_of(id), "pending");
}
END_TEST

/* Nor does a section that is gone make one account into two people. */
START_TEST(one_account_by_new_rules)
{
        static const char before[] = "[approver susan]\nuser = sue\n[rule g]\nservices = su\n"
                                     "users = *\naction = ask\napprovers = susan, @sre\n"
                                     "approvals = 2\n";
        static const char after[] = "[rule g]\nservices = su\nusers = *\naction = ask\n"
                                    "approvers = @sre\napprovals = 2\n";
        char id[ID_SIZE];

        world_set_rules(before);
        memcpy(id, pending_of(two()), sizeof(id));
        ck_assert_str_eq(decide(SUE, id, "approve"), "");
        world_set_rules(after);
        ck_assert_str_eq(decide(SUE, id, "approve"), "");
        ck_assert_str_eq(state_of(id), "pending");
        ck_assert_int_eq(world_count("request.voted", id), 1);
}
END_TEST

/* Every door of self-approval. Nobody learns more by it than that it is not his to decide. */
static const struct {
        uid_t asker, asker_login; /* as the module says */
        uid_t voter, voter_login;
        const char *error;
} doors[] = {
        { DEV, UID_UNSET, DEV, DEV, "NotPermitted" },       /* himself */
        { DEV, UID_UNSET, DEV, UID_UNSET, "NotPermitted" }, /* from a cron job */
        { DEV, UID_UNSET, DEVADM, DEVADM, "NotFound" },     /* under his other account */
        { DEVADM, UID_UNSET, DEV, DEV, "NotFound" },
        { SHARED, DEV, DEV, DEV, "NotFound" }, /* he is behind a shared account */
        { SHARED, DEV, DEVADM, DEVADM, "NotFound" },
        { SHARED, DEVADM, DEV, DEV, "NotFound" },
        { DEV, UID_UNSET, BOB, DEV, "NotPermitted" },    /* su bob */
        { DEV, UID_UNSET, BOB, DEVADM, "NotPermitted" }, /* from his other account */
        { DEV, UID_UNSET, BOB, EVE, "NotPermitted" },    /* somebody else's su bob */
        { DEV, UID_UNSET, BOB, CAROL, "NotPermitted" },  /* an approver's, too */
        { DEV, UID_UNSET, ROOT, DEV, "NotPermitted" },   /* sudo jitctl approve */
        { DEV, UID_UNSET, ROOT, BOB, "NotPermitted" },   /* root is not bob, whoever he was */
        { DEV, UID_UNSET, ROOT, ROOT, "NotPermitted" },
        { DEV, UID_UNSET, ADM, ADM, "NotPermitted" }, /* an admin is no approver */
        { DEV, UID_UNSET, AUD, AUD, "NotPermitted" },
        { DEV, UID_UNSET, EVE, EVE, "NotFound" },
        { DEV, UID_UNSET, SUE, SUE, "NotFound" }, /* an approver of something else */
        { DEV, UID_UNSET, NOBODY_HAS, NOBODY_HAS, "NotFound" },
        { BOB, UID_UNSET, BOBADM, BOBADM, "NotFound" },
        { DEV, BOB, BOB, BOB, "NotPermitted" }, /* bob sits behind dev: his own */
        { DEV, BOB, BOBADM, BOBADM, "NotPermitted" },
        { DEV, UID_UNSET, BOB, BOB, "" },
        { DEV, UID_UNSET, BOB, BOBADM, "" }, /* one person */
        { DEV, UID_UNSET, BOB, UID_UNSET, "" },
        { SHARED, DEV, BOB, BOB, "" },
        { BOB, UID_UNSET, DEV, DEV, "" },
};

START_TEST(self_approval)
{
        Ask ask = ask_sudo(doors[_i].asker);

        ask.login_uid = doors[_i].asker_login;
        Client *c = request_ask(ask, MINUTE);
        const char *error =
                decide_as(doors[_i].voter, doors[_i].voter_login, pending_of(c), "approve");
        if (streq(doors[_i].error, "")) {
                ck_assert_str_eq(error, "");
                ck_assert_str_eq(state_of(c->request), "approved");
        } else {
                /* which of the two depends on whether he may know of it */
                ck_assert_msg(
                        streq(error, "NotPermitted") || streq(error, "NotFound"), "%s", error);
                ck_assert_str_eq(state_of(c->request), "pending");
                ck_assert_int_eq(world_count("request.voted", c->request), 0);
                ck_assert_str_eq(
                        decide_as(doors[_i].voter, doors[_i].voter_login, c->request, "deny"),
                        error);
                ck_assert_str_eq(state_of(c->request), "pending");
        }
}
END_TEST

/* H-49: one account by all the names that a domain has for it is one account, and one person. */
START_TEST(folded_names)
{
        static const char rules[] =
                "[approver boss]\nuser = CORP\\dev, BOB\n[approver carol]\nuser = carol@corp\n"
                "[rule all]\nservices = sudo, ssh\nusers = *\naction = ask\n"
                "approvers = boss, carol\non-expiry = keep\n";
        static const char *const forms[] = { "dev", "DEV", "Dev@corp", "CORP\\dev" };
        Ask ask = ask_sudo(DEV);

        world.names_fold = true;
        world_set_rules(rules);
        ask.user = "DEV";
        ask.ruser = "dev@CORP";
        ck_assert_str_eq(check_ask(ROOT, ask), VERDICT_ASK);
        ask.ruser = "CORP\\bob";
        ck_assert_str_eq(check_ask(ROOT, ask), VERDICT_DENY);
        ck_assert_str_eq(last_code, "identity");

        ask = ask_of(DEV, "ssh", NULL, "");
        ask.user = "Dev";
        Client *c = request_ask(ask, MINUTE);
        (void) pending_of(c);
        ck_assert_str_ne(decide(DEV, c->request, "approve"), "");
        ck_assert_str_ne(decide(BOB, c->request, "approve"), ""); /* the same boss */
        ck_assert_str_eq(state_of(c->request), "pending");
        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                ask.user = forms[i];
                ck_assert_str_eq(check_ask(ROOT, ask), VERDICT_ASK);
                Client *same = request_ask(ask, 0);
                ck_assert_str_eq(same->request, c->request);
                client_close(same);
        }
        ck_assert_str_eq(decide(CAROL, c->request, "approve"), "");
        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                ask.user = forms[i];
                ck_assert_str_eq(check_ask(ROOT, ask), VERDICT_GRANT);
        }
        ask.user = "CORP\\dave";
        ck_assert_str_eq(check_ask(ROOT, ask), VERDICT_ASK);
        ck_assert_int_eq(world_count("grant.started", ""), 1);
}
END_TEST

START_TEST(unproven_login)
{
        Client *c = request_sudo(DEV), *bob = client_unproven(BOB);
        DecideCall call = { PROTOCOL_VERSION, pending_of(c), "approve", NULL, NULL };

        say(bob, "Decide", DECIDE_FIELDS, &call, 0);
        ck_assert(hear(bob));
        ck_assert_str_eq(error(bob), "NotPermitted");
        ck_assert_str_eq(state_of(c->request), "pending");

        /* nor does a request stand whose author may be anybody */
        RequestCall request = { PROTOCOL_VERSION, ask_sudo(SHARED), NULL, NULL, 0, true };
        request.ask.nonce = NULL;
        Client *shared = client_unproven(SHARED);
        say(shared, "Request", REQUEST_FIELDS, &request, 0);
        ck_assert(hear(shared));
        ck_assert_str_eq(text(shared, "verdict"), VERDICT_DENY);
        ck_assert_str_eq(text(shared, "code"), "identity");
        ck_assert_int_eq(world_count("request.created", ""), 1);
}
END_TEST

/* The least that any approver gave, never more than was asked for, never more than the rule's most. */
static const struct {
        const char *asked, *first, *second;
        usec_t got;
} durations[] = {
        { NULL, NULL, NULL, 30 * MINUTE },
        { "10m", NULL, NULL, 10 * MINUTE },
        { "10m", "5m", NULL, 5 * MINUTE },
        { NULL, "5m", "7m", 5 * MINUTE },
        { NULL, "7m", "5m", 5 * MINUTE },
        { "4h", NULL, NULL, 4 * 60 * MINUTE },
        { NULL, "1us", NULL, 1 },
};

START_TEST(duration)
{
        RequestCall call = { PROTOCOL_VERSION, ask_of(DEV, "su", "root", ""), NULL,
                durations[_i].asked, MINUTE, false };
        Client *c = client_new(ROOT, UID_UNSET);
        Id id;
        Grant g;

        say(c, "Request", REQUEST_FIELDS, &call, CALL_MORE);
        ck_assert(hear(c));
        ck_assert_str_eq(decide_for(BOB, c->request, durations[_i].first), "");
        ck_assert_str_eq(decide_for(CAROL, c->request, durations[_i].second), "");
        ck_assert(hear(c) && hear(c));
        ck_assert_int_eq(id_parse(c->grant, &id), 0);
        ck_assert_int_eq(store_grant_get(world.d.ledger.store, &id, &g), 0);
        ck_assert_int_eq(g.until - g.from, durations[_i].got);
        ck_assert_int_eq(g.from, world.now.wall);
        ck_assert_int_eq(g.until_boot, world.now.boot + durations[_i].got);
        grant_done(&g);
}
END_TEST

START_TEST(bad_ballots)
{
        static char note[REASON_MAX + 2];
        static const struct {
                const char *decision, *duration, *note, *error;
        } ballots[] = {
                { "Approve", NULL, NULL, "InvalidParameter" },
                { "", NULL, NULL, "InvalidParameter" },
                { "yes", NULL, NULL, "InvalidParameter" },
                { "approve", "0", NULL, "InvalidParameter" },
                { "approve", "-5m", NULL, "InvalidParameter" },
                { "approve", "4h 1us", NULL, "Refused" },
                { "approve", NULL, note, "Refused" },
        };
        Client *c = request_sudo(DEV), *bob = client_new(BOB, BOB);

        memset(note, 'n', sizeof(note) - 1);
        for (size_t i = 0; i < ELEMENTSOF(ballots); i++) {
                DecideCall call = { PROTOCOL_VERSION, c->request, ballots[i].decision,
                        ballots[i].duration, ballots[i].note };
                say(bob, "Decide", DECIDE_FIELDS, &call, 0);
                ck_assert(hear(bob));
                ck_assert_str_eq(error(bob), ballots[i].error);
        }
        ck_assert_str_eq(state_of(c->request), "pending");
        ck_assert_int_eq(world_count("request.voted", ""), 0);
}
END_TEST

/* Two clicks in one turn of the loop: one wins, the other is told so. */
START_TEST(racing_clicks)
{
        Client *c = request_sudo(DEV), *bob = client_new(BOB, BOB),
               *carol = client_new(CAROL, CAROL);
        DecideCall yes = { PROTOCOL_VERSION, pending_of(c), "approve", NULL, NULL };
        DecideCall no = { PROTOCOL_VERSION, c->request, "deny", NULL, NULL };

        say(bob, "Decide", DECIDE_FIELDS, &yes, 0);
        say(carol, "Decide", DECIDE_FIELDS, &no, 0);
        ck_assert(hear(bob) && hear(carol));
        ck_assert_int_eq(streq(error(bob), "") + streq(error(carol), ""), 1);
        Client *lost = streq(error(bob), "") ? carol : bob;
        ck_assert_str_eq(error(lost), "Over");
        ck_assert_str_eq(text(lost, "state"), lost == bob ? "denied" : "approved");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), lost == bob ? VERDICT_DENY : VERDICT_GRANT);
        ck_assert(is_quiet(c));
        ck_assert_int_eq(world_count("request.decided", c->request), 1);
}
END_TEST

/* A name service that is silent gives no vote, and says why; nothing is ended by it. */
START_TEST(names_silent)
{
        Client *c = request_ask(ask_of(DEV, "vpn", NULL, ""), MINUTE);
        const char *id = pending_of(c);

        ck_assert_str_eq(decide(BOB, id, "approve"), "NotFound");
        world.names_silent = true;
        ck_assert_str_eq(decide(SUE, id, "approve"), "NamesUnavailable");
        ck_assert_str_eq(state_of(id), "pending");
        world.names_silent = false;
        ck_assert_str_eq(decide(SUE, id, "approve"), "");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_GRANT);
}
END_TEST

START_TEST(rule_is_gone)
{
        static const char without[] =
                "[approver bob]\nuser = bob\n[rule other]\nservices = sudo\nusers = *\n"
                "action = ask\napprovers = bob\n";
        Client *c = request_sudo(DEV);

        world_set_rules(without);
        ck_assert_str_eq(decide(BOB, pending_of(c), "approve"), "NotFound");
        ck_assert_str_eq(decide(ROOT, c->request, "approve"), "Refused");
        ck_assert_str_eq(state_of(c->request), "pending");
}
END_TEST

/* The rule is there by its name, but nobody is to be asked by it any more. */
START_TEST(rule_asks_no_more)
{
        static const char refusing[] =
                "[approver bob]\nuser = bob\n[rule keeps]\nservices = sudo\nusers = *\n"
                "action = refuse\napprovers = bob\n";
        Client *c = request_sudo(DEV);

        world_set_rules(refusing);
        ck_assert_str_ne(decide(BOB, pending_of(c), "approve"), "");
        ck_assert_str_eq(state_of(c->request), "pending");
        ck_assert(is_quiet(c));
}
END_TEST

/* Prefixes name what they name alone; nobody is told of what he may not see. */
START_TEST(prefixes)
{
        Client *c = request_sudo(DEV);
        char prefix[8];

        (void) snprintf(prefix, sizeof(prefix), "%.4s", pending_of(c));
        ck_assert_str_eq(decide(EVE, prefix, "approve"), "NotFound");
        ck_assert_str_eq(decide(BOB, "", "approve"), "NotFound");
        ck_assert_str_eq(decide(BOB, "%", "approve"), "NotFound");
        ck_assert_str_eq(decide(BOB, "____", "approve"), "NotFound");
        prefix[3] = '\0';
        ck_assert_str_eq(decide(BOB, prefix, "approve"), "NotFound");
        (void) snprintf(prefix, sizeof(prefix), "%.4s", c->request);
        ck_assert_str_eq(decide(BOB, prefix, "approve"), "");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("deciding");
        TCase *t = tcase_create("deciding");

        tcase_add_checked_fixture(t, world_open, world_close);
        tcase_add_test(t, two_of_two);
        tcase_add_test(t, one_person_once);
        tcase_add_test(t, one_person_by_new_rules);
        tcase_add_test(t, one_account_by_new_rules);
        tcase_add_loop_test(t, self_approval, 0, ELEMENTSOF(doors));
        tcase_add_test(t, folded_names);
        tcase_add_test(t, unproven_login);
        tcase_add_loop_test(t, duration, 0, ELEMENTSOF(durations));
        tcase_add_test(t, bad_ballots);
        tcase_add_test(t, racing_clicks);
        tcase_add_test(t, names_silent);
        tcase_add_test(t, rule_is_gone);
        tcase_add_test(t, rule_asks_no_more);
        tcase_add_test(t, prefixes);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}

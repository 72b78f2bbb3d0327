/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a yes is worth, and for how long: the ends that come by themselves, the words before them, the
 * rights behind them; and that nobody gets a yes out of himself, one use too many or a code by guessing.
 */

#include "tests/flow/world.h"

#include <stdio.h>

#define MINUTE USEC_PER_MIN
#define HOUR USEC_PER_HOUR

#define PEOPLE                                                                                     \
        "[defaults]\nrate = no\ncool-down = 0\nservices = sudo\nusers = *\naction = ask\n"         \
        "on-expiry = warn\nwarn-before = no\nduration = 30m\nmax-duration = 1h\n"                  \
        "[access]\nadmins = root, adm\n"                                                           \
        "[web]\nurl = https://jit.example.org\n[channel mail]\n"                                   \
        "[approver bob]\nuser = bob, bobadm\n[approver carol]\nuser = carol\n"                     \
        "[approver dave]\nuser = dave\n[approver sue]\nuser = sue\n"                               \
        "[approver devp]\nuser = dev, devadm\n"
#define RULE PEOPLE "[rule r]\nnotify = mail\n"

/* "" or the code of the error, or its name. */
static const char *said(Client *c)
{
        static char word[64];

        (void) snprintf(word, sizeof(word), "%s",
                !*error(c)         ? ""
                : *text(c, "code") ? text(c, "code")
                                   : error(c));
        return word;
}

static const char *vote_with(uid_t uid, const char *request, const char *decision, const char *code)
{
        DecideCall call = { PROTOCOL_VERSION, request, decision, NULL, NULL, code };
        Client *c = client_new(uid, uid);

        say(c, "Decide", DECIDE_FIELDS, &call, 0);
        ck_assert(hear(c));
        const char *word = said(c);
        client_close(c);
        return word;
}

static const char *vote(uid_t uid, const char *request, const char *decision)
{
        return vote_with(uid, request, decision, NULL);
}

static const char *extend(uid_t uid, const char *grant, const char *span)
{
        ExtendCall call = { PROTOCOL_VERSION, grant, span, "needs longer" };
        Client *c = client_new(uid, uid);

        say(c, "Extend", EXTEND_FIELDS, &call, 0);
        ck_assert(hear(c));
        const char *word = said(c);
        client_close(c);
        return word;
}

static const char *granted_by(uid_t approver, uid_t asker)
{
        static char grant[ID_SIZE];
        Client *c = request_sudo(asker);

        ck_assert_str_eq(vote(approver, c->request, "approve"), "");
        do {
                ck_assert(hear(c));
        } while (c->m.continues);
        ck_assert_str_eq(text(c, "verdict"), VERDICT_GRANT);
        memcpy(grant, text(c, "grant"), sizeof(grant));
        client_close(c);
        return grant;
}

/* A host that has been let in opens its session: its connection, by which the daemon knows it again. */
static Client *session_of(uid_t asker)
{
        CheckCall call = { PROTOCOL_VERSION, ask_sudo(asker) };
        Client *c = client_new(ROOT, UID_UNSET);

        call.ask.phase = "session";
        call.ask.user = "root";
        say(c, "OpenSession", CHECK_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_msg(streq(text(c, "verdict"), VERDICT_GRANT), "%s", text(c, "code"));
        return c;
}

static void session_closes(Client *c)
{
        CheckCall call = { PROTOCOL_VERSION, ask_sudo(EVE) };

        say(c, "CloseSession", CHECK_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "");
}

/* --- ends that come by themselves ------------------------------------------------------------------ */

/* The last session that closes ends it, and not one before; what was never used goes on. */
START_TEST(ends_when_done)
{
        char grant[ID_SIZE];

        world_open_with(RULE "approvers = bob\nend-when-done = yes\n");
        memcpy(grant, granted_by(BOB, EVE), sizeof(grant));
        world_forward(10 * MINUTE);
        ck_assert_str_eq(grant_state_of(grant), "active");
        Client *first = session_of(EVE), *second = session_of(EVE);
        session_closes(first);
        ck_assert_str_eq(grant_state_of(grant), "active");
        session_closes(first); /* the same again is nobody else's */
        ck_assert_str_eq(grant_state_of(grant), "active");
        session_closes(second);
        ck_assert_str_eq(grant_state_of(grant), "ended");
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
        ck_assert_int_eq(world_count("grant.ended", grant), 1);
        ck_assert_int_eq(world_count("session.closed", grant), 2);
}
END_TEST

/* A host that was killed closes nothing, and has ended all the same; also while we were away. */
START_TEST(ends_when_killed)
{
        char grant[ID_SIZE];

        world_open_with(RULE "approvers = bob\nend-when-done = yes\n");
        memcpy(grant, granted_by(BOB, EVE), sizeof(grant));
        Client *first = session_of(EVE), *second = session_of(EVE);
        const pid_t one = first->pid, two = second->pid;
        ck_assert(world_host_gone(one));
        ck_assert_str_eq(grant_state_of(grant), "active");
        ck_assert(world_host_gone(one)); /* of whom nobody knows any more */
        ck_assert_str_eq(grant_state_of(grant), "active");
        if (_i == 1) {
                world_restart(true);
        }
        ck_assert(world_host_gone(two));
        ck_assert_str_eq(grant_state_of(grant), "ended");
        ck_assert_int_eq(world_count("session.closed", grant), 2);
}
END_TEST

/* A rule that does not say so keeps it for the next. */
START_TEST(goes_on_when_done)
{
        char grant[ID_SIZE];

        world_open_with(RULE "approvers = bob\n");
        memcpy(grant, granted_by(BOB, EVE), sizeof(grant));
        Client *c = session_of(EVE);
        ck_assert(!world_host_gone(c->pid));
        session_closes(c);
        ck_assert_str_eq(grant_state_of(grant), "active");
}
END_TEST

/* --- words before the end -------------------------------------------------------------------------- */

#define WARNED RULE "approvers = bob\nwarn-before = 5m, 1m\n"

static void expect_told(unsigned n, const char *words)
{
        ck_assert_uint_eq(world.told, n);
        ck_assert_ptr_nonnull(strstr(world.told_line, words));
        ck_assert_str_eq(world.told_tty, "/dev/pts/3");
}

START_TEST(warnings)
{
        world_open_with(WARNED);
        (void) granted_by(BOB, EVE);
        (void) session_of(EVE);
        world_forward(25 * MINUTE - 1);
        ck_assert_uint_eq(world.told, 0);
        ck_assert_int_eq(world.next.wall, world.now.wall + 1); /* it would wake for it */
        world_forward(1);
        expect_told(1, "5 min");
        world_forward(2 * MINUTE);
        world_forward(2 * MINUTE - 1);
        ck_assert_uint_eq(world.told, 1);
        world_forward(1);
        expect_told(2, "1 min");
        world_forward(30 * USEC_PER_SEC);
        ck_assert_uint_eq(world.told, 2);
        world_forward(30 * USEC_PER_SEC);
        ck_assert_uint_eq(world.told, 3);
        world_forward(HOUR);
        ck_assert_uint_eq(world.told, 3);
}
END_TEST

/* Both have come at once, as after a sleep: one word is enough. */
START_TEST(one_warning_of_two)
{
        world_open_with(WARNED);
        (void) granted_by(BOB, EVE);
        (void) session_of(EVE);
        world_forward(29 * MINUTE + 1);
        ck_assert_uint_eq(world.told, 1);
}
END_TEST

/* Longer: he is warned again, of the new end. */
START_TEST(warned_anew)
{
        char grant[ID_SIZE];

        world_open_with(WARNED "extend = auto\n");
        memcpy(grant, granted_by(BOB, EVE), sizeof(grant));
        (void) session_of(EVE);
        world_forward(26 * MINUTE);
        ck_assert_uint_eq(world.told, 1);
        ck_assert_str_eq(extend(EVE, grant, "10m"), "");
        world_forward(9 * MINUTE - 1);
        ck_assert_uint_eq(world.told, 1);
        world_forward(1);
        expect_told(2, "5 min");
        world_forward(4 * MINUTE);
        expect_told(3, "1 min");
        world_forward(MINUTE);
        ck_assert_uint_eq(world.told, 4);
        ck_assert_str_eq(grant_state_of(grant), "expired");
}
END_TEST

/* Whoever comes after us warns too, and nobody is warned whose rule does not. */
START_TEST(warned_after_a_restart)
{
        world_open_with(_i == 0 ? WARNED : RULE "approvers = bob\n");
        (void) granted_by(BOB, EVE);
        (void) session_of(EVE);
        world_forward(10 * MINUTE);
        world_restart(true);
        world_forward(15 * MINUTE);
        ck_assert_uint_eq(world.told, _i == 0 ? 1 : 0);
}
END_TEST

/* --- rights that are lost while it lives (hazard H-68) --------------------------------------------- */

#define BY_GROUP RULE "approvers = @sre\nduration = 2h\nmax-duration = 4h\n"

/* A member that is taken out of the Unix group takes the grant with him, within a minute. */
START_TEST(left_the_group)
{
        char grant[ID_SIZE];

        world_open_with(BY_GROUP);
        memcpy(grant, granted_by(SUE, EVE), sizeof(grant));
        (void) session_of(EVE);
        if (_i == 1) {
                world_restart(true);
        }
        world_forward(5 * MINUTE);
        ck_assert_str_eq(grant_state_of(grant), "active");
        world.sue_left = true;
        world_forward(MINUTE);
        ck_assert_str_eq(grant_state_of(grant), "revoked");
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
        ck_assert_uint_eq(world.told, 1);
        ck_assert_int_eq(world_count("grant.revoked", grant), 1);
}
END_TEST

/* She has said yes and left before another does: that is one yes, by either door, and opens nothing for a minute. */
START_TEST(left_before_the_last)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = @sre, bob, carol\napprovals = 2\n");
        memcpy(id, pending_of(request_sudo(EVE)), sizeof(id));
        ck_assert_str_eq(vote(SUE, id, "approve"), "");
        world.sue_left = true;
        if (_i == 0) {
                ck_assert_str_eq(vote(BOB, id, "approve"), "");
        } else {
                ck_assert_str_eq(decide_by_link(link_for(id, "bob", "mail"), "approve"), "");
        }
        ck_assert_str_eq(state_of(id), "pending");
        ck_assert_int_eq(world_count("grant.started", ""), 0);
        ck_assert_str_eq(vote(CAROL, id, "approve"), "");
        ck_assert_str_eq(state_of(id), "approved");
        world_forward(5 * MINUTE);
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
}
END_TEST

/* Whichever question of a vote waits for its answer, it counts then; or its voter hangs up, and it is none. */
START_TEST(slow_votes)
{
        const unsigned at = 1 + (unsigned) _i / 2;
        bool stays = _i % 2 == 0;
        char id[ID_SIZE];

        world_open_with(RULE "approvers = sue, bob\napprovals = 2\n");
        memcpy(id, pending_of(request_sudo(EVE)), sizeof(id));
        ck_assert_str_eq(vote(SUE, id, "approve"), "");
        DecideCall call = { PROTOCOL_VERSION, id, "approve" };
        Client *c = client_new(BOB, BOB);
        world.names_held_at = at;
        say(c, "Decide", DECIDE_FIELDS, &call, 0);
        world_pump();
        ck_assert(world.names_held);
        if (!stays) {
                client_close(c);
        }
        world_names_release();
        if (stays) {
                ck_assert(hear(c));
                ck_assert_str_eq(error(c), "");
        }
        ck_assert_str_eq(state_of(id), stays ? "approved" : "pending");
}
END_TEST

/* Silence is no answer: it takes nothing away, however long it lasts; the first word that is a no does. */
START_TEST(nobody_can_say)
{
        char grant[ID_SIZE];

        world_open_with(BY_GROUP);
        memcpy(grant, granted_by(SUE, EVE), sizeof(grant));
        (void) session_of(EVE);
        for (int i = 0; i < 2; i++) {
                world.names_silent = true;
                for (int k = 0; k < 15; k++) {
                        world_forward(MINUTE);
                        ck_assert_str_eq(grant_state_of(grant), "active");
                }
                world.names_silent = false;
                world_forward(MINUTE); /* an answer: the patience begins anew */
        }
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
        world.names_silent = true;
        for (int k = 0; k < 17; k++) {
                world_forward(MINUTE);
        }
        ck_assert_str_eq(grant_state_of(grant), "active");
        ck_assert_uint_eq(world.told, 0);
        world.names_silent = false;
        world.sue_left = true;
        world_forward(MINUTE);
        ck_assert_str_eq(grant_state_of(grant), "revoked");
        ck_assert_uint_eq(world.told, 1);
}
END_TEST

/* A service of groups that is down, of which getgrouplist(3) says nothing, has thrown nobody out of one. */
START_TEST(groups_are_silent)
{
        char grant[ID_SIZE];

        world_open_with(BY_GROUP);
        memcpy(grant, granted_by(SUE, EVE), sizeof(grant));
        world.groups_silent = true;
        for (int k = 0; k < 17; k++) {
                world_forward(MINUTE);
        }
        ck_assert_str_eq(grant_state_of(grant), "active");
        /* yet nothing new opens by it */
        Client *c = request_sudo(DEV);
        ck_assert_str_eq(decide(SUE, c->request, "approve"), "NotFound");
        world.groups_silent = false;
        world_forward(MINUTE);
        ck_assert_str_eq(grant_state_of(grant), "active");
        world.sue_left = true;
        world_forward(MINUTE);
        ck_assert_str_eq(grant_state_of(grant), "revoked");
}
END_TEST

/* The lookups take their time: nothing is judged before they are there, all of it when they are. */
START_TEST(slow_names)
{
        char grant[ID_SIZE];

        world_open_with(BY_GROUP);
        memcpy(grant, granted_by(SUE, EVE), sizeof(grant));
        world.names_held = true;
        world.sue_left = true;
        world_forward(MINUTE);
        world_forward(MINUTE);
        ck_assert_str_eq(grant_state_of(grant), "active");
        world_names_release();
        ck_assert_str_eq(grant_state_of(grant), "revoked");
}
END_TEST

/*
 * Bob's vote went with his right, and others made up for it, before or after he said it: nobody misses it
 * later. It counts again with his right.
 */
START_TEST(made_up_for)
{
        static const char rules[] = RULE "approvers = bob, carol, sue\napprovals = 2\n";
        static const char without[] = RULE "approvers = carol, sue\napprovals = 2\n";
        static const char without_sue[] = RULE "approvers = bob, carol\napprovals = 2\n";
        static const char carol_alone[] = RULE "approvers = carol, dave\napprovals = 2\n";
        char id[ID_SIZE];

        world_open_with(rules);
        Client *c = request_sudo(EVE);
        memcpy(id, c->request, sizeof(id));
        if (_i == 0) {
                ck_assert_str_eq(vote(BOB, id, "approve"), "");
                world_set_rules(without);
                ck_assert_str_eq(vote(CAROL, id, "approve"), "");
        } else {
                ck_assert_str_eq(vote(CAROL, id, "approve"), "");
                world_set_rules(RULE "approvers = bob, sue\napprovals = 2\n");
                ck_assert_str_eq(vote(BOB, id, "approve"), "");
                world_set_rules(without);
        }
        ck_assert_str_eq(vote(SUE, id, "approve"), "");
        ck_assert_str_eq(state_of(id), "approved");
        world_forward(5 * MINUTE);
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
        world_set_rules(rules);
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
        world_set_rules(without_sue);
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
        world_set_rules(carol_alone); /* one of the two is too few */
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
}
END_TEST

/* What is enough by now, by a right that came back, is not left lying: any one more closes it. */
START_TEST(enough_by_now)
{
        static const char rules[] = RULE "approvers = bob, carol, sue\napprovals = 2\n";
        char id[ID_SIZE];

        world_open_with(rules);
        Client *c = request_sudo(EVE);
        memcpy(id, c->request, sizeof(id));
        ck_assert_str_eq(vote(BOB, id, "approve"), "");
        world_set_rules(RULE "approvers = carol, sue\napprovals = 2\n");
        ck_assert_str_eq(vote(CAROL, id, "approve"), "");
        ck_assert_str_eq(state_of(id), "pending");
        world_set_rules(rules);
        ck_assert_str_eq(vote(SUE, id, _i == 0 ? "approve" : "deny"), "");
        ck_assert_str_eq(state_of(id), _i == 0 ? "approved" : "denied");
}
END_TEST

/* --- one use, one holder (hazard H-66) ------------------------------------------------------------- */

#define ONCE RULE "approvers = bob\nscope = once\nend-when-done = no\n"

/* Fifty at once for one yes: some wait, the others are told so, and one goes in. */
START_TEST(fifty_for_one)
{
        enum { N = 50 };
        Client *all[N];
        char id[ID_SIZE] = "";
        int in = 0;

        world_open_with(ONCE);
        for (int i = 0; i < N; i++) {
                all[i] = request_sudo(EVE);
                if (streq(text(all[i], "verdict"), VERDICT_PENDING)) {
                        memcpy(id, all[i]->request, sizeof(id));
                } else {
                        ck_assert_str_eq(text(all[i], "code"), "busy");
                        client_close(TAKE_PTR(all[i]));
                }
        }
        ck_assert_str_eq(vote(BOB, id, "approve"), "");
        for (int i = 0; i < N; i++) {
                if (all[i]) {
                        ck_assert(hear(all[i]));
                        in += streq(text(all[i], "verdict"), VERDICT_GRANT);
                } else {
                        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
                }
        }
        ck_assert_int_eq(in, 1);
        ck_assert_int_eq(world_count("grant.used", ""), 1);
}
END_TEST

/* Whoever asks when it has been given already uses it up as well, though it was not he who looked first. */
START_TEST(used_by_asking)
{
        world_open_with(ONCE);
        Client *c = request_ask(ask_sudo(EVE), 0);
        ck_assert_str_eq(vote(BOB, c->request, "approve"), "");
        ck_assert_str_eq(text(request_sudo(EVE), "verdict"), VERDICT_GRANT);
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
        ck_assert_str_ne(text(request_sudo(EVE), "verdict"), VERDICT_GRANT);
}
END_TEST

/* --- guesses (hazard H-72) ------------------------------------------------------------------------- */

/* All hundred, by all who could, and the right one last: by then nobody is heard any more. */
START_TEST(hundred_guesses)
{
        static const uid_t by[] = { BOB, CAROL, SUE, DAVE };
        Request r;
        Id id;

        world_open_with(RULE "approvers = bob, carol, sue, dave\nmatch-code = on\n");
        Client *c = request_sudo(EVE);
        ck_assert_int_eq(id_parse(c->request, &id), 0);
        ck_assert_int_eq(store_request_get(world.d.ledger.store, &id, &r), 0);
        int right = (int) r.code;
        request_done(&r);
        for (int i = 1; i <= 100; i++) {
                char code[16];
                (void) snprintf(code, sizeof(code), "%02d", (right + i) % 100);
                ck_assert_str_ne(
                        vote_with(by[(size_t) i % ELEMENTSOF(by)], id.text, "approve", code), "");
                ck_assert_str_eq(state_of(id.text), i < 5 ? "pending" : "denied");
        }
        ck_assert_int_eq(world_count("grant.started", ""), 0);
        ck_assert_int_eq(world_count("request.decided", id.text), 1);
}
END_TEST

/* Whoever is not heard any more fills the record with nothing. */
START_TEST(guesses_for_ever)
{
        world_open_with(RULE "approvers = bob, carol\nmatch-code = on\n");
        Client *c = request_sudo(EVE);

        for (int i = 0; i < 50; i++) {
                ck_assert_str_eq(vote_with(BOB, c->request, "approve", "xx"), "match-code");
        }
        world_forward(2 * USEC_PER_SEC);
        ck_assert_int_eq(world_count("code.wrong", ""), TRIES_HIS);
        ck_assert_str_eq(state_of(c->request), "pending");
}
END_TEST

/* So many at once, before any is answered: each is counted before it is compared. */
START_TEST(guesses_at_once)
{
        enum { N = 28 };
        Client *all[N];
        Request r;
        Id id;

        world_open_with(RULE "approvers = bob, carol, sue, dave\nmatch-code = on\n");
        Client *c = request_sudo(EVE);
        ck_assert_int_eq(id_parse(c->request, &id), 0);
        ck_assert_int_eq(store_request_get(world.d.ledger.store, &id, &r), 0);
        for (int i = 0; i < N; i++) {
                static const uid_t by[] = { BOB, CAROL, SUE, DAVE };
                uid_t uid = by[i % 4];
                char code[16];
                DecideCall call = { PROTOCOL_VERSION, id.text, "approve", .code = code };

                (void) snprintf(
                        code, sizeof(code), "%02d", (int) (r.code + (i < 5 ? 1 + i : 0)) % 100);
                all[i] = client_new(uid, uid);
                say(all[i], "Decide", DECIDE_FIELDS, &call, 0);
        }
        request_done(&r);
        for (int i = 0; i < N; i++) {
                ck_assert(hear(all[i]));
                ck_assert_str_ne(error(all[i]), "");
        }
        ck_assert_str_eq(state_of(id.text), "denied");
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
}
END_TEST

/* --- every door (hazard H-67) ---------------------------------------------------------------------- */

static const char *cancel_by_link(const char *token)
{
        static char word[64];
        LinkCall call = { .version = PROTOCOL_VERSION, .token = token };
        Client *c = client_gateway();

        say(c, "CancelLink", LINK_FIELDS, &call, 0);
        ck_assert(hear(c));
        (void) snprintf(word, sizeof(word), "%s", error(c));
        client_close(c);
        return word;
}

static const struct {
        const char *rule;
        const char *voter; /* who fills the stages before */
        usec_t later;
} doors[] = {
        { "approvers = bob, devp\n", NULL, 0 },
        { "approvers = bob, devp\napprovals = 2\n", "bob", 0 },
        { "approvers = bob then devp, carol\n", "bob", 0 },
        { "approvers = bob\nescalate = after 2m to devp\n", NULL, 2 * MINUTE },
        { "approvers = bob then carol\nescalate = after 2m to devp\n", "bob", 2 * MINUTE },
};

/* Who asked is nobody's approver: not he, nor his other account, nor his link, nor behind another's account. */
START_TEST(every_door)
{
        char rules[4096], id[ID_SIZE], token[LINK_TOKEN_SIZE];
        bool shared = _i % 2 != 0;
        Ask ask = ask_sudo(shared ? SHARED : DEV);

        ask.login_uid = shared ? DEV : UID_UNSET;
        (void) snprintf(rules, sizeof(rules), "%s%s", RULE, doors[_i / 2].rule);
        world_open_with(rules);
        Client *c = request_ask(ask, HOUR);
        memcpy(id, pending_of(c), sizeof(id));
        if (doors[_i / 2].voter) {
                ck_assert_str_eq(vote(BOB, id, "approve"), "");
        }
        world_forward(doors[_i / 2].later);
        for (int k = 0; k < 2; k++) {
                const char *decision = k == 0 ? "approve" : "deny";
                ck_assert_str_ne(vote(DEV, id, decision), "");
                ck_assert_str_ne(vote(DEVADM, id, decision), "");
                ck_assert_str_ne(vote(SHARED, id, decision), "");
                ck_assert_str_ne(decide_as(BOB, DEV, id, decision), "");
                ck_assert_str_ne(decide_as(ROOT, DEV, id, decision), "");
                ck_assert_str_ne(decide_as(DEV, BOB, id, decision), "");
                memcpy(token, link_for(id, "devp", "mail"), sizeof(token));
                ck_assert_str_ne(decide_by_link(token, decision), "");
                ck_assert_str_eq(state_of(id), "pending");
        }
        (void) cancel_by_link(token); /* he may take it back; that opens nothing */
        ck_assert_str_ne(state_of(id), "approved");
        ck_assert_int_eq(world_count("grant.started", ""), 0);
}
END_TEST

/* --- a no from whoever was asked late --------------------------------------------------------------- */

START_TEST(denied_by_the_escalated)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = bob then carol\nescalate = after 2m to sue\n");
        memcpy(id, pending_of(request_sudo(EVE)), sizeof(id));
        ck_assert_str_eq(vote(SUE, id, "deny"), "later"); /* nobody has asked her yet */
        world_forward(2 * MINUTE);
        if (_i > 0) {
                ck_assert_str_eq(vote(BOB, id, "approve"), "");
                ck_assert_str_eq(vote(SUE, id, "approve"), "later"); /* the new stage waits anew */
        }
        ck_assert_str_eq(vote(SUE, id, "deny"), "");
        ck_assert_str_eq(state_of(id), "denied");
        ck_assert_str_eq(vote(CAROL, id, "approve"), "Over");
}
END_TEST

/* --- more time (hazard H-89) ------------------------------------------------------------------------ */

static int keep_why(const AuditRow *row, void *userdata)
{
        const char *why = strstr(row->canonical, "\"event\":\"grant.extended\"")
                                  ? strstr(row->canonical, "\"reason\":\"")
                                  : NULL;
        if (why) {
                (void) snprintf(userdata, 64, "%.*s", (int) strcspn(why + 10, "\""), why + 10);
        }
        return 0;
}

/* What the last row of more time says why. */
static const char *extended_why(void)
{
        const AuditFilter all = { .asker = UID_UNSET, .limit = INT64_MAX };
        static char why[64];

        why[0] = '\0';
        ck_assert_int_eq(store_audit(world.d.ledger.store, &all, keep_why, why), 0);
        return why;
}

/* So much in all, by whatever clock: one that was set back gives nothing away. */
START_TEST(clock_set_back)
{
        char grant[ID_SIZE];

        world_open_with(RULE "approvers = bob\nextend = auto\n");
        memcpy(grant, granted_by(BOB, EVE), sizeof(grant));
        world_forward(20 * MINUTE);
        world_set_wall(world.now.wall - 19 * MINUTE);
        ck_assert_str_eq(extend(EVE, grant, "40m"), "duration");
        ck_assert_str_eq(extend(EVE, grant, "29m"), "");
        ck_assert_int_eq(world_count("grant.extended", grant), 1);
        ck_assert_str_eq(extended_why(), "needs longer");
        ck_assert_str_eq(extend(EVE, grant, "2m"), "duration");
        world.now.boot += 39 * MINUTE - 1;
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
        world.now.boot += 1;
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
}
END_TEST

/* What was taken away is not given back by a yes to more of it, nor while that could not be recorded. */
START_TEST(revoked_is_not_extended)
{
        char grant[ID_SIZE], id[ID_SIZE];

        world_open_with(RULE "approvers = bob\n");
        memcpy(grant, granted_by(BOB, EVE), sizeof(grant));
        ck_assert_str_eq(extend(EVE, grant, "10m"), "");
        Client *c = client_new(EVE, EVE);
        ListCall list = { PROTOCOL_VERSION, "mine", 0 };
        say(c, "ListRequests", LIST_FIELDS, &list, 0);
        ck_assert(hear(c));
        for (const JsonNode *n = json_first(object(c, "requests")); n; n = json_next(n)) {
                memcpy(id, text_of(n, "id"), sizeof(id)); /* the newest */
        }
        ck_assert_str_eq(state_of(id), "pending");
        world.disk_full = true;
        ck_assert_str_ne(do_id(ADM, "Revoke", grant), "");
        world.disk_full = false;
        ck_assert_str_ne(vote(BOB, id, "approve"), "");
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
        world_forward(10 * MINUTE);
        ck_assert_str_eq(grant_state_of(grant), "revoked");
        ck_assert_int_eq(world_count("grant.extended", ""), 0);
        world_forward(HOUR);
        ck_assert_str_ne(state_of(id), "pending");
}
END_TEST

/* --- storms ----------------------------------------------------------------------------------------- */

/* While one asks five hundred times at once, another's door opens each time, and so does his own at last. */
START_TEST(storm)
{
        enum { N = 500 };
        static Client *all[N];
        int waiting = 0;

        world_open_with(RULE "approvers = bob\n");
        (void) granted_by(BOB, DAVE);
        for (int i = 0; i < N; i++) {
                Ask ask = ask_sudo(EVE);
                RequestCall call = { PROTOCOL_VERSION, ask, "now", NULL, HOUR, false };

                all[i] = client_new(ROOT, UID_UNSET);
                say(all[i], "Request", REQUEST_FIELDS, &call, CALL_MORE);
                if (hear(all[i]) && streq(text(all[i], "verdict"), VERDICT_PENDING)) {
                        waiting++;
                } else {
                        client_close(TAKE_PTR(all[i])); /* as a module does that was refused */
                }
                if (i % 50 == 49) {
                        ck_assert_str_eq(check_sudo(DAVE), VERDICT_GRANT);
                }
        }
        ck_assert_str_eq(check_sudo(DAVE), VERDICT_GRANT);
        ck_assert_int_eq(
                world_count("request.created", ""), 2); /* his, and the one of his five hundred */
        ck_assert_int_eq(waiting, WAITS_MAX);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("terms");
        TCase *all = tcase_create("terms");

        tcase_add_checked_fixture(all, NULL, world_close);
        tcase_add_test(all, ends_when_done);
        tcase_add_loop_test(all, ends_when_killed, 0, 2);
        tcase_add_test(all, goes_on_when_done);
        tcase_add_test(all, warnings);
        tcase_add_test(all, one_warning_of_two);
        tcase_add_test(all, warned_anew);
        tcase_add_loop_test(all, warned_after_a_restart, 0, 2);
        tcase_add_loop_test(all, left_the_group, 0, 2);
        tcase_add_loop_test(all, left_before_the_last, 0, 2);
        tcase_add_loop_test(all, slow_votes, 0, 6);
        tcase_add_test(all, nobody_can_say);
        tcase_add_test(all, groups_are_silent);
        tcase_add_test(all, slow_names);
        tcase_add_loop_test(all, made_up_for, 0, 2);
        tcase_add_loop_test(all, enough_by_now, 0, 2);
        tcase_add_test(all, fifty_for_one);
        tcase_add_test(all, used_by_asking);
        tcase_add_test(all, hundred_guesses);
        tcase_add_test(all, guesses_for_ever);
        tcase_add_test(all, guesses_at_once);
        tcase_add_loop_test(all, every_door, 0, 2 * (int) ELEMENTSOF(doors));
        tcase_add_loop_test(all, denied_by_the_escalated, 0, 2);
        tcase_add_test(all, clock_set_back);
        tcase_add_test(all, revoked_is_not_extended);
        tcase_add_test(all, storm);
        suite_add_tcase(s, all);
        return s;
}

int main(void)
{
        return world_main(suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Chains of approval, and what a yes is worth: stages, escalations, codes, scopes, pauses, more time. */

#include "tests/flow/world.h"

#define MINUTE USEC_PER_MIN
#define HOUR USEC_PER_HOUR

#define PEOPLE                                                                                     \
        "[defaults]\nrate = no\ncool-down = 0\nservices = sudo\nusers = *\naction = ask\n"         \
        "on-expiry = keep\nwarn-before = no\n"                                                     \
        "[access]\nadmins = root, adm\n"                                                           \
        "[web]\nurl = https://jit.example.org\n"                                                   \
        "[channel mail]\n[channel room]\naudience = shared\n"                                      \
        "[approver bob]\nuser = bob, bobadm\n[approver carol]\nuser = carol\n"                     \
        "[approver dave]\nuser = dave\n[approver sue]\nuser = sue\n"                               \
        "[approver devp]\nuser = dev, devadm\n"                                                    \
        "[group oncall]\nmembers = bob, carol, devp\n"
#define RULE PEOPLE "[rule r]\nnotify = mail, room\n"

/* The messages of this event about the request, to that reader (NULL: the shared channel). */
typedef struct Counted {
        const char *to;
        size_t n;
} Counted;

static int count_message(const OwedMessage *m, void *userdata)
{
        Counted *c = userdata;

        c->n += m->to && c->to ? streq(m->to, c->to) : m->to == c->to;
        return 0;
}

static size_t owed(const char *request, const char *event, const char *to)
{
        Counted c = { .to = to };
        Id id;

        ck_assert_int_eq(id_parse(request, &id), 0);
        ck_assert_int_eq(store_outbox_of(world.d.ledger.store, &id, event, count_message, &c), 0);
        return c.n;
}

/* Somebody's decision in words: "" or the code of its error. */
static const char *why(uid_t uid, const char *request, const char *decision, const char *code)
{
        static char said[64];
        DecideCall call = { PROTOCOL_VERSION, request, decision, NULL, NULL, code };
        Client *c = client_new(uid, uid);

        say(c, "Decide", DECIDE_FIELDS, &call, 0);
        ck_assert(hear(c));
        (void) snprintf(said, sizeof(said), "%s", *error(c) ? str_or(text(c, "code"), "") : "");
        if (*error(c) && !*said) {
                (void) snprintf(said, sizeof(said), "%s", error(c));
        }
        client_close(c);
        return said;
}

static const char *line_of(Client *c)
{
        const JsonNode *lines = object(c, "lines");
        const JsonNode *first = lines ? json_first(lines) : NULL;

        return first ? json_string(first) : "";
}

/* Whether it is among what waits for his decision. */
static bool waits_for(uid_t uid, const char *request)
{
        ListCall call = { PROTOCOL_VERSION, "pending", 0 };
        Client *c = client_new(uid, uid);
        bool found = false;

        say(c, "ListRequests", LIST_FIELDS, &call, 0);
        ck_assert(hear(c));
        for (const JsonNode *n = json_first(object(c, "requests")); n; n = json_next(n)) {
                found = found || streq(text_of(n, "id"), request);
        }
        client_close(c);
        return found;
}

/* --- stages -------------------------------------------------------------------------------------- */

START_TEST(stages)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = oncall then sue, dave\n");
        Client *c = request_sudo(DEV);
        memcpy(id, c->request, sizeof(id));
        ck_assert_ptr_nonnull(strstr(line_of(c), "then sue, dave"));
        ck_assert_uint_eq(owed(id, "request.created", "bob"), 1);
        ck_assert_uint_eq(owed(id, "request.created", "sue"), 0);
        ck_assert_uint_eq(owed(id, "request.created", NULL), 1);
        ck_assert_str_eq(why(SUE, id, "approve", NULL), "later");
        ck_assert_str_eq(why(SUE, id, "deny", NULL), "later");
        ck_assert(waits_for(BOB, id) && waits_for(CAROL, id) && !waits_for(SUE, id));
        ck_assert_str_eq(why(DEV, id, "approve", NULL), "self");
        ck_assert_str_eq(why(DEVADM, id, "approve", NULL), "NotFound"); /* he, by another name */
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "");
        ck_assert(hear(c));
        ck_assert_ptr_nonnull(strstr(line_of(c), "Stage 1 of 2: approved by bob"));
        ck_assert_str_eq(state_of(id), "pending");
        ck_assert_uint_eq(owed(id, "request.created", "sue"), 1);
        ck_assert_uint_eq(owed(id, "request.created", "bob"), 1); /* nobody is rung twice */
        ck_assert_uint_eq(owed(id, "request.created", NULL), 1);
        ck_assert_str_eq(why(CAROL, id, "approve", NULL), "done");
        ck_assert(waits_for(SUE, id) && !waits_for(BOB, id) && !waits_for(CAROL, id));
        ck_assert_str_eq(why(BOBADM, id, "approve", NULL), ""); /* the same again */
        ck_assert_str_eq(state_of(id), "pending");
        world_restart(true);
        ck_assert_str_eq(why(SUE, id, "approve", NULL), "");
        ck_assert_str_eq(state_of(id), "approved");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
}
END_TEST

/* Who was asked may still say no; nobody fills two stages. */
START_TEST(denial_wins)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = oncall then oncall, dave\n");
        memcpy(id, pending_of(request_sudo(EVE)), sizeof(id));
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "");
        ck_assert_str_eq(why(BOBADM, id, "approve", NULL), "");
        ck_assert_str_eq(state_of(id), "pending");
        ck_assert_str_eq(why(_i == 0 ? BOB : CAROL, id, "deny", NULL), "");
        ck_assert_str_eq(state_of(id), "denied");
        ck_assert_str_eq(why(DAVE, id, "approve", NULL), "Over");
}
END_TEST

/* Different people in each stage, one of them twice named. */
START_TEST(quorum)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = oncall then bob, sue, dave\napprovals = 2\n");
        memcpy(id, pending_of(request_sudo(EVE)), sizeof(id));
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "");
        ck_assert_str_eq(why(CAROL, id, "approve", NULL), "");
        ck_assert_str_eq(why(SUE, id, "approve", NULL), "");
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "");
        ck_assert_str_eq(state_of(id), "pending");
        ck_assert_str_eq(why(DAVE, id, "approve", NULL), "");
        ck_assert_str_eq(state_of(id), "approved");
}
END_TEST

START_TEST(escalation)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = bob\nescalate = after 2m to carol, after 5m to sue\n");
        Client *c = request_sudo(EVE);
        memcpy(id, c->request, sizeof(id));
        ck_assert_str_eq(why(CAROL, id, "approve", NULL), "later");
        world_forward(2 * MINUTE - 1);
        ck_assert(hear(c)); /* that nobody could be reached */
        ck_assert_str_eq(why(CAROL, id, "approve", NULL), "later");
        ck_assert_uint_eq(owed(id, "request.escalated", "carol"), 0);
        world_forward(1);
        ck_assert(hear(c));
        ck_assert_ptr_nonnull(strstr(line_of(c), "asked as well: carol"));
        ck_assert_uint_eq(owed(id, "request.escalated", "carol"), 1);
        ck_assert_uint_eq(owed(id, "request.escalated", "bob"), 0);
        ck_assert_uint_eq(owed(id, "request.escalated", NULL), 1);
        ck_assert_int_eq(world_count("request.escalated", id), 1);
        world_restart(true); /* what was told is not told again */
        (void) return_to(id, ask_sudo(EVE));
        world_forward(MINUTE);
        ck_assert_int_eq(world_count("request.escalated", id), 1);
        ck_assert_str_eq(why(SUE, id, "approve", NULL), "later");
        world_forward(2 * MINUTE);
        ck_assert_int_eq(world_count("request.escalated", id), 2);
        ck_assert_uint_eq(owed(id, "request.escalated", "sue"), 1);
        ck_assert_str_eq(why(_i == 0 ? SUE : BOB, id, "approve", NULL), "");
        ck_assert_str_eq(state_of(id), "approved");
        ck_assert_uint_eq(owed(id, "request.escalated", "sue"), 0);
}
END_TEST

/* Each stage waits anew. */
START_TEST(escalation_of_a_stage)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = bob then carol\nescalate = after 5m to sue\n");
        memcpy(id, pending_of(request_sudo(EVE)), sizeof(id));
        world_forward(4 * MINUTE);
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "");
        world_forward(4 * MINUTE);
        ck_assert_str_eq(why(SUE, id, "approve", NULL), "later");
        world_forward(MINUTE);
        ck_assert_str_eq(why(SUE, id, "approve", NULL), "");
        ck_assert_str_eq(state_of(id), "approved");
}
END_TEST

/* --- rights that are lost ------------------------------------------------------------------------ */

/* Between his vote and the decision, and while the grant lives; a section that is gone, a group that is. */
START_TEST(lost_rights)
{
        static const char rules[] = RULE "approvers = oncall\napprovals = 2\n";
        static const char without[] =
                PEOPLE "[rule r]\nnotify = mail, room\napprovers = carol, sue\napprovals = 2\n";
        char id[ID_SIZE];

        world_open_with(rules);
        memcpy(id, pending_of(request_sudo(EVE)), sizeof(id));
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "");
        if (_i == 0) {
                world_set_rules(without);
                ck_assert_str_eq(why(CAROL, id, "approve", NULL), "");
                ck_assert_str_eq(state_of(id), "pending");
                ck_assert_str_eq(why(SUE, id, "approve", NULL), "");
                ck_assert_str_eq(state_of(id), "approved");
                return;
        }
        ck_assert_str_eq(why(CAROL, id, "approve", NULL), "");
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
        world_set_rules(without);
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
        ck_assert_int_eq(world_count("grant.revoked", ""), 1);
}
END_TEST

/* --- the match code ------------------------------------------------------------------------------ */

static const char *asked(uid_t uid)
{
        static char code[64];
        Client *c = request_sudo(uid);

        (void) snprintf(code, sizeof(code), "%s",
                streq(text(c, "verdict"), VERDICT_PENDING) ? "" : text(c, "code"));
        return code;
}

/* The code in "… Code 42. …". */
static const char *code_of(Client *c)
{
        static char code[3];
        const char *at = strstr(line_of(c), "Code ");

        ck_assert_ptr_nonnull(at);
        memcpy(code, at + 5, 2);
        return code;
}

static const char *wrong_code(const char *right)
{
        return streq(right, "11") ? "12" : "11";
}

START_TEST(match_code)
{
        char id[ID_SIZE], right[3];

        world_open_with(RULE "approvers = oncall\nmatch-code = on\n");
        Client *c = request_sudo(EVE);
        memcpy(id, c->request, sizeof(id));
        memcpy(right, code_of(c), sizeof(right));
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "match-code");
        for (int i = 0; i < 3; i++) {
                ck_assert_str_eq(why(BOB, id, "approve", wrong_code(right)), "match-code");
                world_restart(true); /* forgives nothing */
        }
        ck_assert_str_eq(why(BOB, id, "approve", right), "match-code"); /* one too many */
        ck_assert_str_eq(why(BOBADM, id, "approve", right), "match-code");
        ck_assert_str_eq(state_of(id), "pending");
        ck_assert_str_eq(why(CAROL, id, "approve", right), "");
        ck_assert_str_eq(state_of(id), "approved");
}
END_TEST

/* Five wrong ones by whomever close it, whoever still could have. A denial takes none. */
START_TEST(code_is_guessed)
{
        char id[ID_SIZE], right[3];

        world_open_with(RULE "approvers = oncall, sue\nmatch-code = on\ncool-down = 1m\n");
        Client *c = request_sudo(EVE);
        memcpy(id, c->request, sizeof(id));
        memcpy(right, code_of(c), sizeof(right));
        for (int i = 0; i < 5; i++) {
                ck_assert_str_eq(state_of(id), "pending");
                (void) why(i < 3 ? BOB : CAROL, id, "approve", wrong_code(right));
        }
        ck_assert_str_eq(state_of(id), "denied");
        ck_assert_str_eq(why(SUE, id, "approve", right), "Over");
        ck_assert(hear(c));
        ck_assert_ptr_nonnull(strstr(line_of(c), "bob typed a wrong code 3 times"));
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_DENY);
        ck_assert_str_eq(asked(EVE), "busy"); /* that was a denial, too */
        world_forward(MINUTE);
        c = request_sudo(EVE);
        memcpy(id, c->request, sizeof(id));
        ck_assert_str_eq(why(SUE, id, "deny", NULL), "");
        ck_assert_str_eq(state_of(id), "denied");
}
END_TEST

/* --- scopes -------------------------------------------------------------------------------------- */

static Ask ask_command(uid_t uid, const char *command, const char *phase)
{
        Ask ask = ask_of(uid, "sudo", "root", command);

        ask.phase = phase;
        return ask;
}

START_TEST(one_command)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = bob\nscope = command\n");
        Client *c = request_ask(ask_command(EVE, "id", "account"), HOUR);
        memcpy(id, c->request, sizeof(id));
        /* another command does not ride on it */
        Client *other = request_ask(ask_command(EVE, "reboot", "account"), HOUR);
        ck_assert_str_ne(other->request, id);
        Client *same = request_ask(ask_command(EVE, "id", "account"), HOUR);
        ck_assert_str_eq(same->request, id);
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "");
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "id", "account")), VERDICT_GRANT);
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "id", "account")), VERDICT_GRANT);
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "reboot", "account")), VERDICT_ASK);
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "id -u", "account")), VERDICT_ASK);
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "", "account")), VERDICT_ASK);
}
END_TEST

/* The one command that a grant says it opens, "" where it says none. */
static const char *only_command(const char *grant)
{
        static char command[64];
        IdCall call = { PROTOCOL_VERSION, grant };
        Client *c = client_new(EVE, EVE);

        say(c, "Show", ID_FIELDS, &call, 0);
        ck_assert(hear(c));
        const JsonNode *n = json_get(object(c, "grant"), "command");
        (void) snprintf(command, sizeof(command), "%s", n ? json_string(n) : "");
        client_close(c);
        return command;
}

/* What was asked for one command stays that, whatever the rules say since: no other rides on it. */
START_TEST(one_command_then)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = bob\nscope = command\n");
        Client *c = request_ask(ask_command(EVE, "id", "account"), HOUR);
        memcpy(id, c->request, sizeof(id));
        world_set_rules(RULE "approvers = bob\nscope = service\n");
        Client *other = request_ask(ask_command(EVE, "reboot", "account"), HOUR);
        ck_assert_str_ne(other->request, id);
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "");
        ck_assert(is_quiet(other));
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "reboot", "account")), VERDICT_ASK);
        /* Whoever looks at the grant reads which one it opens; of one for all there is none to read. */
        do {
                ck_assert(hear(c));
        } while (c->m.continues);
        ck_assert_str_eq(only_command(text(c, "grant")), "id");
        ck_assert_str_eq(why(BOB, other->request, "approve", NULL), "");
        do {
                ck_assert(hear(other));
        } while (other->m.continues);
        ck_assert_str_eq(only_command(text(other, "grant")), "");
}
END_TEST

/* However many wait for it, one goes in; and the session that opens is his. */
START_TEST(one_time)
{
        enum { WAITING = 4 };
        Client *all[WAITING];
        char id[ID_SIZE];
        int open = 0;

        world_open_with(RULE "approvers = bob\nscope = once\nend-when-done = no\n");
        for (size_t i = 0; i < WAITING; i++) {
                all[i] = request_ask(ask_command(EVE, "id", "account"), HOUR);
        }
        memcpy(id, all[0]->request, sizeof(id));
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "");
        for (size_t i = 0; i < WAITING; i++) {
                ck_assert(hear(all[i]));
                open += streq(text(all[i], "verdict"), VERDICT_GRANT);
                ck_assert(i == 0 || streq(text(all[i], "code"), "spent"));
        }
        ck_assert_int_eq(open, 1);
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "id", "account")), VERDICT_ASK);
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "id", "auth")), VERDICT_ASK);
        world_restart(true);
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "id", "account")), VERDICT_ASK);
        ck_assert_int_eq(world_count("grant.used", ""), 1);
}
END_TEST

/* auth does not use it up, account does; it is used up on the disk before anybody goes in. */
START_TEST(one_time_later)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = bob\nscope = once\nend-when-done = no\n");
        Client *c = request_ask(ask_command(EVE, "id", "auth"), HOUR);
        memcpy(id, c->request, sizeof(id));
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_GRANT);
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "id", "auth")), VERDICT_GRANT);
        world.disk_full = true;
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "id", "account")), VERDICT_DENY);
        ck_assert_str_eq(last_code, "store");
        world.disk_full = false;
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "id", "account")), VERDICT_GRANT);
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "id", "account")), VERDICT_ASK);
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "id", "auth")), VERDICT_ASK);
}
END_TEST

/* Who may see a request uses up nothing of what it opened. */
START_TEST(one_time_seen)
{
        WaitCall call = { .version = PROTOCOL_VERSION };
        char id[ID_SIZE];

        world_open_with(RULE "approvers = bob\nscope = once\nend-when-done = no\n");
        Client *c = request_ask(ask_command(EVE, "id", "auth"), HOUR);
        memcpy(id, c->request, sizeof(id));
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "");
        call.request = id;
        call.ask = (Ask){ .service = "sudo",
                .asker = UID_UNSET,
                .login_uid = UID_UNSET,
                .target = "root",
                .phase = "account" };
        Client *bob = client_new(BOB, BOB);
        say(bob, "Wait", WAIT_FIELDS, &call, 0);
        ck_assert(hear(bob));
        ck_assert_str_eq(text(bob, "verdict"), VERDICT_GRANT);
        ck_assert_int_eq(world_count("grant.used", ""), 0);
        ck_assert_str_eq(check_ask(ROOT, ask_command(EVE, "id", "account")), VERDICT_GRANT);
}
END_TEST

START_TEST(one_login)
{
        world_open_with(RULE "approvers = bob\nbind = login-session\n");
        world.login_session = SESSION_UNSET;
        ck_assert_str_eq(text(request_sudo(EVE), "code"), "identity");
        world.login_session = 7;
        Client *c = request_sudo(EVE);
        ck_assert_str_eq(why(BOB, c->request, "approve", NULL), "");
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
        world.login_session = 8;
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
        world.login_session = SESSION_UNSET;
        ck_assert_str_eq(check_sudo(EVE), VERDICT_DENY); /* before a reason is asked for in vain */
        ck_assert_str_eq(last_code, "identity");
        world_restart(true);
        world.login_session = 7;
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
}
END_TEST

/* --- pauses -------------------------------------------------------------------------------------- */

START_TEST(cool_down)
{
        world_open_with(RULE "approvers = bob\ncool-down = 1m\nrate = no\n");
        for (usec_t pause = MINUTE; pause <= HOUR; pause = MIN(2 * pause, HOUR) + (pause == HOUR)) {
                Client *c = request_sudo(EVE);
                ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
                ck_assert_str_eq(why(BOB, c->request, "deny", NULL), "");
                world_forward(pause - 1);
                ck_assert_msg(streq(asked(EVE), "busy"), "%lld", (long long) (pause / MINUTE));
                world_restart(true);
                ck_assert_str_eq(asked(EVE), "busy");
                ck_assert_str_eq(check_sudo(EVE), VERDICT_DENY); /* before a reason is asked for */
                ck_assert_str_eq(last_code, "busy");
                clients_close();
                world_forward(1);
        }
        Client *c = request_sudo(EVE);
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        ck_assert_str_eq(why(BOB, c->request, "approve", NULL), "");
        ck_assert_str_eq(do_id(EVE, "End", last_grant), "NotFound");
}
END_TEST

/* Asking and taking back is asking too; others have their own. */
START_TEST(rate)
{
        world_open_with(RULE "approvers = bob\nrate = 3/h\n");
        for (int i = 0; i < 3; i++) {
                Client *c = request_sudo(EVE);
                ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
                client_close(c);
                world_forward(MINUTE);
        }
        ck_assert_str_eq(asked(EVE), "busy");
        ck_assert_str_eq(asked(DAVE), "");
        world_forward(HOUR - 3 * MINUTE);
        ck_assert_str_eq(asked(EVE), "");
}
END_TEST

/* The rule takes so many waiting at once; whoever is one too many is not left without an answer. */
START_TEST(crowd)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = bob\nmax-waiting = 2\n");
        ck_assert_str_eq(text(request_sudo(EVE), "verdict"), VERDICT_PENDING);
        ck_assert_str_eq(text(request_sudo(DAVE), "verdict"), VERDICT_PENDING);
        Client *c = request_sudo(SUE);
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        ck_assert_str_eq(text(c, "code"), "detached");
        memcpy(id, c->request, sizeof(id));
        client_close(c);
        ck_assert_str_eq(state_of(id), "pending");
}
END_TEST

/* Half of the places are one asker's at the most. */
START_TEST(crowd_of_one)
{
        world_open_with(RULE "approvers = bob\nmax-waiting = 4\n");
        for (int i = 0; i < 3; i++) {
                ck_assert_str_eq(text(request_sudo(EVE), "code"), i < 2 ? "" : "detached");
        }
        ck_assert_str_eq(text(request_sudo(DAVE), "code"), "");
        ck_assert_str_eq(text(request_sudo(SUE), "code"), "");
        ck_assert_str_eq(text(request_sudo(ADM), "code"), "detached"); /* there is no more */
}
END_TEST

/* --- more time ----------------------------------------------------------------------------------- */

static char last_of[ID_SIZE]; /* the grant that is to last longer */

/* "" or the error's code or name; what it answers stands in last_request and last_of. */
static const char *extend_why(Client *c, const char *grant, const char *span, const char *reason)
{
        static char said[64];
        ExtendCall call = { PROTOCOL_VERSION, grant, span, reason };

        say(c, "Extend", EXTEND_FIELDS, &call, 0);
        ck_assert(hear(c));
        (void) snprintf(said, sizeof(said), "%s",
                *error(c) ? (*text(c, "code") ? text(c, "code") : error(c)) : "");
        const JsonNode *r = *said ? NULL : object(c, "request");
        (void) snprintf(last_request, sizeof(last_request), "%s", r ? text_of(r, "id") : "");
        const JsonNode *g = r ? json_get(r, "grant") : NULL;
        (void) snprintf(last_of, sizeof(last_of), "%s", g ? text_of(g, "id") : "");
        client_close(c);
        return said;
}

static const char *extend_by(Client *c, const char *grant, const char *span)
{
        return extend_why(c, grant, span, "needs longer");
}

static const char *extend(uid_t uid, const char *grant, const char *span)
{
        return extend_by(client_new(uid, uid), grant, span);
}

static const char *granted_by(uid_t approver, uid_t asker)
{
        static char grant[ID_SIZE];
        Client *c = request_sudo(asker);

        ck_assert_str_eq(why(approver, c->request, "approve", NULL), "");
        ck_assert(hear(c));
        memcpy(grant, text(c, "grant"), sizeof(grant));
        return grant;
}

START_TEST(extended_by_approval)
{
        char grant[ID_SIZE], id[ID_SIZE];

        world_open_with(RULE "approvers = bob, carol\nduration = 30m\nmax-duration = 1h\n");
        memcpy(grant, granted_by(BOB, EVE), sizeof(grant));
        ck_assert_str_eq(extend(DAVE, grant, "10m"), "NotFound");
        ck_assert_str_eq(extend(BOB, grant, "10m"), "NotPermitted");
        ck_assert_str_eq(extend(EVE, grant, "2h"), "duration");
        world_forward(20 * MINUTE);
        ck_assert_str_eq(extend(EVE, grant, "20m"), "");
        memcpy(id, last_request, sizeof(id));
        ck_assert_str_eq(last_of, grant); /* which is shown with it, as it is now */
        ck_assert_uint_eq(owed(id, "request.created", "bob"), 1);
        ck_assert_str_eq(extend(EVE, grant, "20m"), ""); /* joins */
        ck_assert_str_eq(last_request, id);
        ck_assert_str_eq(why(EVE, id, "approve", NULL), "none");
        ck_assert_str_eq(why(CAROL, id, "approve", NULL), "");
        ck_assert_str_eq(state_of(id), "approved");
        ck_assert_int_eq(world_count("grant.extended", grant), 1);
        world_forward(29 * MINUTE);
        world_restart(true);
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
        ck_assert_str_eq(do_id(ROOT, "Expire", grant), ""); /* the first timer */
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
        world_forward(MINUTE);
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
        ck_assert_str_eq(grant_state_of(grant), "expired");
        ck_assert_str_eq(extend(EVE, grant, "1m"), "Over");
}
END_TEST

/* Who gave more time takes it away with his right, as who gave it at all. */
START_TEST(extended_by_who_may_not)
{
        char grant[ID_SIZE];

        world_open_with(RULE "approvers = bob, carol\n");
        memcpy(grant, granted_by(BOB, EVE), sizeof(grant));
        ck_assert_str_eq(extend(EVE, grant, "20m"), "");
        ck_assert_str_eq(why(CAROL, last_request, "approve", NULL), "");
        for (int i = 0; _i == 2 && i < 1000; i++) { /* however much was asked since */
                client_close(request_sudo(DAVE));
        }
        if (_i >= 1) {
                world_restart(true);
        }
        world_forward(MINUTE);
        ck_assert_str_eq(grant_state_of(grant), "active");
        world_set_rules(RULE "approvers = bob\n");
        ck_assert_str_eq(grant_state_of(grant), "revoked");
}
END_TEST

/* What is to last longer has ended meanwhile: nobody is asked any more, and a yes opens nothing. */
START_TEST(extended_too_late)
{
        char grant[ID_SIZE], id[ID_SIZE];

        world_open_with(RULE "approvers = bob\n");
        memcpy(grant, granted_by(BOB, EVE), sizeof(grant));
        ck_assert_str_eq(extend(EVE, grant, "20m"), "");
        memcpy(id, last_request, sizeof(id));
        if (_i == 0) {
                ck_assert_str_eq(do_id(EVE, "End", grant), "");
        } else {
                world.now.boot += HOUR; /* its clock has not rung yet */
        }
        ck_assert_str_ne(why(BOB, id, "approve", NULL), "");
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
        if (_i == 0) {
                ck_assert_str_eq(state_of(id), "withdrawn");
        }
}
END_TEST

/* Who sat behind a shared account when it was asked for says no yes to more of it, however it is asked for. */
START_TEST(extended_for_himself)
{
        Ask ask = ask_sudo(SHARED);
        char grant[ID_SIZE], id[ID_SIZE];

        world_open_with(RULE "approvers = bob, carol, dave\n");
        ask.login_uid = BOB;
        Client *c = request_ask(ask, MINUTE);
        ck_assert_str_eq(why(BOB, c->request, "approve", NULL), "NotFound");
        ck_assert_str_eq(why(CAROL, c->request, "approve", NULL), "");
        ck_assert(hear(c));
        memcpy(grant, text(c, "grant"), sizeof(grant));
        ck_assert_str_eq(extend_by(client_unproven(SHARED), grant, "10m"), "NotPermitted");
        /* another who could not be named as well */
        ck_assert_str_eq(extend_by(client_new(SHARED, DAVE), grant, "10m"), "login");
        /* from at, or any login that is the account's own */
        ck_assert_str_eq(
                extend_by(client_new(SHARED, _i == 0 ? SHARED : UID_UNSET), grant, "10m"), "");
        memcpy(id, last_request, sizeof(id));
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "NotFound");
        ck_assert_str_eq(why(CAROL, id, "approve", NULL), "");
        ck_assert_int_eq(world_count("grant.extended", grant), 1);
}
END_TEST

static const char *reason_of(const char *request)
{
        static char reason[64];
        IdCall call = { PROTOCOL_VERSION, request };
        Client *c = client_new(BOB, BOB);

        say(c, "Show", ID_FIELDS, &call, 0);
        ck_assert(hear(c));
        (void) snprintf(reason, sizeof(reason), "%s", text_of(object(c, "request"), "reason"));
        client_close(c);
        return reason;
}

/* Without one it has the grant's; a rule that requires one wants it said each time. */
START_TEST(extended_without_a_reason)
{
        char grant[ID_SIZE];
        RequestCall call = { .version = PROTOCOL_VERSION,
                .ask = ask_sudo(EVE),
                .reason = "OPS-12",
                .wait_usec = HOUR };

        world_open_with(RULE "approvers = bob\nreason = optional\nreason-pattern = OPS-[0-9]+\n");
        Client *c = client_new(ROOT, UID_UNSET);
        call.ask.nonce = c->nonce;
        say(c, "Request", REQUEST_FIELDS, &call, CALL_MORE);
        ck_assert(hear(c));
        ck_assert_str_eq(why(BOB, text(c, "request"), "approve", NULL), "");
        ck_assert(hear(c));
        memcpy(grant, text(c, "grant"), sizeof(grant));
        ck_assert_str_eq(extend_why(client_new(EVE, EVE), grant, "10m", "later"), "reason");
        ck_assert_str_eq(extend_why(client_new(EVE, EVE), grant, "10m", NULL), "");
        ck_assert_str_eq(reason_of(last_request), "OPS-12");
        ck_assert_str_eq(why(BOB, last_request, "approve", NULL), "");
        ck_assert_str_eq(extend_why(client_new(EVE, EVE), grant, "10m", "OPS-13"), "");
        ck_assert_str_eq(reason_of(last_request), "OPS-13");
        ck_assert_str_eq(why(BOB, last_request, "approve", NULL), "");
        world_set_rules(RULE "approvers = bob\nreason = required\n");
        ck_assert_str_eq(extend_why(client_new(EVE, EVE), grant, "10m", NULL), "reason");
        ck_assert_str_eq(extend_why(client_new(EVE, EVE), grant, "10m", ""), "reason");
        ck_assert_str_eq(extend_why(client_new(EVE, EVE), grant, "10m", "a disk"), "");
}
END_TEST

/* What could not be approved is not asked for; what was asked for can be, as it is, whenever that is. */
START_TEST(no_more_than_there_is_room)
{
        char grant[ID_SIZE];

        world_open_with(RULE "approvers = bob\nduration = 30m\nmax-duration = 1h\n");
        memcpy(grant, granted_by(BOB, EVE), sizeof(grant));
        ck_assert_str_eq(extend(EVE, grant, "31m"), "duration");
        world_forward(5 * MINUTE);
        ck_assert_str_eq(extend(EVE, grant, "36m"), "duration");
        ck_assert_str_eq(extend(EVE, grant, "35m"), "");
        world_forward(MINUTE);
        ck_assert_str_eq(why(BOB, last_request, "approve", NULL), "");
        ck_assert_str_eq(extend(EVE, grant, "2m"), "duration");
        ck_assert_str_eq(extend(EVE, grant, "1m"), "");
}
END_TEST

START_TEST(extended_at_once)
{
        char grant[ID_SIZE];

        world_open_with(RULE "approvers = bob\nextend = auto\nduration = 30m\nmax-duration = 1h\n");
        memcpy(grant, granted_by(BOB, EVE), sizeof(grant));
        ck_assert_str_eq(extend(EVE, grant, "20m"), "");
        ck_assert_str_eq(extend(EVE, grant, "11m"), "duration"); /* an hour in all */
        ck_assert_str_eq(extend(EVE, grant, "59s"), "duration"); /* nobody is told of each second */
        ck_assert_int_eq(world_count("grant.extended", grant), 1);
        ck_assert_str_eq(extend(EVE, grant, "10m"), "");
        world_forward(HOUR - 1);
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
        ck_assert_str_eq(extend(EVE, grant, "1s"), "duration");
        world_forward(1);
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
}
END_TEST

START_TEST(not_extended)
{
        world_open_with(RULE "approvers = bob\nextend = no\n");
        ck_assert_str_eq(extend(EVE, granted_by(BOB, EVE), "20m"), "not-asked");
}
END_TEST

/* --- reminders, ends and reboots ----------------------------------------------------------------- */

START_TEST(nudges)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = oncall\napprovals = 2\n");
        memcpy(id, pending_of(request_sudo(EVE)), sizeof(id));
        ck_assert_str_eq(do_id(EVE, "Nudge", id), "Refused"); /* a moment ago */
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "");
        ck_assert(!waits_for(BOB, id) && waits_for(CAROL, id)); /* he has said yes */
        world_forward(MINUTE);
        ck_assert_str_eq(do_id(DAVE, "Nudge", id), "NotFound");
        ck_assert_str_eq(do_id(BOB, "Nudge", id), "NotPermitted");
        ck_assert_str_eq(do_id(EVE, "Nudge", id), "");
        ck_assert_uint_eq(owed(id, "request.nudged", "carol"), 1);
        ck_assert_uint_eq(owed(id, "request.nudged", "bob"), 0); /* he has voted */
        ck_assert_str_eq(do_id(EVE, "Nudge", id), "Refused");
        world_forward(5 * MINUTE);
        ck_assert_str_eq(do_id(EVE, "Nudge", id), "");
        ck_assert_str_eq(why(CAROL, id, "approve", NULL), "");
        ck_assert_uint_eq(owed(id, "request.nudged", "carol"), 0);
        ck_assert_str_eq(do_id(EVE, "Nudge", id), "Over");
}
END_TEST

/* A store that was put back: what it has open may have been denied since. */
START_TEST(open_in_a_copy)
{
        char id[ID_SIZE];

        world_open_with(RULE "approvers = bob\n");
        Client *c = request_sudo(EVE);
        memcpy(id, c->request, sizeof(id));
        if (_i == 0) {
                ck_assert_int_eq(
                        store_meta_set(world.d.ledger.store, META_COPY, "a backup of then"), 0);
        } else {
                world.machine_id = "another";
        }
        world_restart(false);
        ck_assert_str_eq(state_of(id), "withdrawn");
        ck_assert_str_eq(why(BOB, id, "approve", NULL), "Over");
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
        /* what is asked for now is good */
        c = request_sudo(EVE);
        memcpy(id, c->request, sizeof(id));
        world_restart(false);
        ck_assert_str_eq(state_of(id), "pending");
}
END_TEST

START_TEST(survives_a_reboot)
{
        world_open_with(RULE "approvers = bob\nsurvive-reboot = yes\nduration = 30m\n");
        (void) granted_by(BOB, EVE);
        world_forward(10 * MINUTE);
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT); /* which is in the record */
        world_stop(false);
        world.boot_id = "11111111-2222-3333-4444-555555555555";
        world.now.boot = MINUTE;
        static const usec_t back[] = { 0, 20 * MINUTE, 2 * MINUTE, MINUTE };
        world.now.wall -=
                back[_i]; /* before it was granted; before what the record has seen; a little */
        world_start();
        if (_i == 1 || _i == 2) {
                ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
                ck_assert_int_eq(world_count("grant.lost", ""), 1);
                return;
        }
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
        /* from now on the clock of this boot counts as well */
        world_set_wall(world.now.wall - 5 * MINUTE);
        world.now.boot += 20 * MINUTE + back[_i] - 1;
        ck_assert_str_eq(check_sudo(EVE), VERDICT_GRANT);
        world.now.boot++;
        ck_assert_str_eq(check_sudo(EVE), VERDICT_ASK);
}
END_TEST

START_TEST(reasons)
{
        world_open_with(RULE "approvers = bob\nreason = required\nreason-pattern = OPS-[0-9]+\n");
        static const struct {
                const char *reason;
                bool good;
        } cases[] = { { "OPS-12", true }, { "OPS-", false }, { "see OPS-12", false },
                { "OPS-12 ", false }, { "", false } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                RequestCall call = { .version = PROTOCOL_VERSION,
                        .ask = ask_sudo(EVE),
                        .reason = cases[i].reason,
                        .wait_usec = HOUR };
                Client *c = client_new(ROOT, UID_UNSET);
                call.ask.nonce = c->nonce;
                say(c, "Request", REQUEST_FIELDS, &call, CALL_MORE);
                ck_assert(hear(c));
                ck_assert_str_eq(text(c, "verdict"), cases[i].good ? VERDICT_PENDING : VERDICT_ASK);
                client_close(c);
        }
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("chain");
        TCase *all = tcase_create("chain");

        tcase_add_checked_fixture(all, NULL, world_close);
        tcase_add_test(all, stages);
        tcase_add_loop_test(all, denial_wins, 0, 2);
        tcase_add_test(all, quorum);
        tcase_add_loop_test(all, escalation, 0, 2);
        tcase_add_test(all, escalation_of_a_stage);
        tcase_add_loop_test(all, lost_rights, 0, 2);
        tcase_add_test(all, match_code);
        tcase_add_test(all, code_is_guessed);
        tcase_add_test(all, one_command);
        tcase_add_test(all, one_command_then);
        tcase_add_test(all, one_time);
        tcase_add_test(all, one_login);
        tcase_add_test(all, one_time_later);
        tcase_add_test(all, one_time_seen);
        tcase_add_test(all, cool_down);
        tcase_add_test(all, rate);
        tcase_add_test(all, crowd);
        tcase_add_test(all, crowd_of_one);
        tcase_add_test(all, extended_by_approval);
        tcase_add_loop_test(all, extended_by_who_may_not, 0, 3);
        tcase_add_loop_test(all, extended_too_late, 0, 2);
        tcase_add_loop_test(all, extended_for_himself, 0, 2);
        tcase_add_test(all, extended_without_a_reason);
        tcase_add_test(all, no_more_than_there_is_room);
        tcase_add_test(all, extended_at_once);
        tcase_add_test(all, not_extended);
        tcase_add_test(all, nudges);
        tcase_add_loop_test(all, open_in_a_copy, 0, 2);
        tcase_add_loop_test(all, survives_a_reboot, 0, 4);
        tcase_add_test(all, reasons);
        suite_add_tcase(s, all);
        return s;
}

int main(void)
{
        return world_main(suite);
}

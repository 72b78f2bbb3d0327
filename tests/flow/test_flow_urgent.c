/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What opens without approval: break-glass and rescue codes, which are loud, in the record and reviewed,
 * or do not open (hazard H-107).
 */

#include "tests/flow/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define MINUTE USEC_PER_MIN
#define HOUR USEC_PER_HOUR

static const char rules[] = "[access]\n"
                            "admins = root, adm\n"
                            "auditors = aud\n"
                            "[web]\n"
                            "url = https://jit.example.org\n"
                            "[channel hook]\n"
                            "[channel room]\n"
                            "audience = shared\n"
                            "[approver bob]\n"
                            "user = bob, bobadm\n"
                            "[approver carol]\n"
                            "user = carol\n"
                            "[approver adm]\n"
                            "user = adm\n"
                            "[approver devp]\n"
                            "user = dev, devadm\n"
                            "[group oncall]\n"
                            "members = bob, carol, devp\n"
                            "[group readers]\n"
                            "members = carol, adm, devp\n"
                            "[rule glass]\n"
                            "services = sudo\n"
                            "users = *\n"
                            "action = break-glass\n"
                            "approvers = oncall\n"
                            "reviewers = readers\n"
                            "reason-pattern = .*[^ ].*\n"
                            "rate = 3/h\n"
                            "notify = hook, room\n"
                            "on-expiry = keep\n"
                            "[rule rescued]\n"
                            "services = su\n"
                            "users = *\n"
                            "action = ask\n"
                            "approvers = oncall\n"
                            "rescue = yes\n"
                            "reason = required\n"
                            "notify = hook, room\n"
                            "on-expiry = keep\n"
                            "[rule asks]\n"
                            "services = vpn\n"
                            "users = *\n"
                            "action = ask\n"
                            "approvers = oncall\n"
                            "on-expiry = keep\n";

static void open_world(void)
{
        world_open_with(rules);
}

/* A module's Request with these words; the answer's verdict. */
static const char *break_with(Ask ask, const char *reason, const char *confirm)
{
        static char verdict[64];
        RequestCall call = { .version = PROTOCOL_VERSION,
                .ask = ask,
                .reason = reason,
                .wait_usec = MINUTE,
                .confirm = confirm };
        Client *c = client_new(ROOT, UID_UNSET);
        const JsonNode *line;

        say(c, "Request", REQUEST_FIELDS, &call, CALL_MORE);
        ck_assert(hear(c));
        ck_assert(!c->m.continues);
        (void) snprintf(verdict, sizeof(verdict), "%s", text(c, "verdict"));
        (void) snprintf(last_code, sizeof(last_code), "%s", text(c, "code"));
        line = object(c, "lines") ? json_first(object(c, "lines")) : NULL;
        (void) snprintf(last_line, sizeof(last_line), "%s", line ? json_string(line) : "");
        (void) snprintf(last_grant, sizeof(last_grant), "%s", text(c, "grant"));
        (void) snprintf(last_request, sizeof(last_request), "%s", text(c, "request"));
        client_close(c);
        return verdict;
}

/* As the asker would himself: the request. */
static const char *broken(uid_t asker)
{
        static char request[ID_SIZE];

        ck_assert_str_eq(break_with(ask_sudo(asker), "the site is down", "BREAK"), VERDICT_GRANT);
        (void) snprintf(request, sizeof(request), "%s", last_request);
        return request;
}

/* --- break-glass --------------------------------------------------------------------------------- */

START_TEST(asks_to_confirm)
{
        CheckCall call = { PROTOCOL_VERSION, ask_sudo(DEV) };
        Client *c = client_new(ROOT, UID_UNSET);

        say(c, "Check", CHECK_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_ASK);
        ck_assert_str_eq(text(c, "reason_mode"), "required");
        ck_assert_str_eq(
                text(c, "confirm"), "Type BREAK to open root now; bob and carol will be alarmed: ");
        /* nobody is asked where nothing is to be confirmed */
        call.ask = ask_of(DEV, "vpn", NULL, "");
        c = client_new(ROOT, UID_UNSET);
        say(c, "Check", CHECK_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_ASK);
        ck_assert_ptr_null(object(c, "confirm"));
        ck_assert_int_eq(world_count("break_glass.used", ""), 0);
}
END_TEST

typedef struct Owed {
        const char *event;
        char readers[256];
} Owed;

static int add_owed(const OwedMessage *m, void *userdata)
{
        Owed *o = userdata;

        if (streq(m->event, o->event)) {
                size_t n = strlen(o->readers);
                (void) snprintf(o->readers + n, sizeof(o->readers) - n, "%s:%s ", m->channel,
                        str_or(m->to, "-"));
        }
        return 0;
}

/* Who is owed that message about the request, by which channel. */
static const char *owed(const char *request, const char *event)
{
        static Owed o;
        Id id;

        o = (Owed){ .event = event };
        ck_assert_int_eq(id_parse(request, &id), 0);
        ck_assert_int_eq(store_outbox_of(world.d.ledger.store, &id, event, add_owed, &o), 0);
        return o.readers;
}

START_TEST(opens_loudly)
{
        const char *id = broken(DEV);
        Client *c = client_new(CAROL, CAROL);
        IdCall show = { PROTOCOL_VERSION, id };

        ck_assert_str_eq(last_line,
                "Opened until 08:15 (15 min) without approval; bob and carol are alarmed. It will be reviewed.");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_str_eq(check_sudo(DAVE), VERDICT_ASK);
        ck_assert_int_eq(world_count("break_glass.used", id), 1);
        ck_assert_int_eq(world_count("grant.started", id), 1);
        ck_assert_int_eq(world_count("request.decided", id), 0);
        /* every approver and reviewer but himself, each once, and the room */
        ck_assert_str_eq(owed(id, "break_glass.used"), "hook:bob hook:carol hook:adm room:- ");
        say(c, "Show", ID_FIELDS, &show, 0);
        ck_assert(hear(c));
        const JsonNode *r = object(c, "request"), *review = json_get(r, "review");
        ck_assert_str_eq(text_of(r, "state"), "approved");
        ck_assert_str_eq(text_of(r, "kind"), "break-glass");
        ck_assert_str_eq(text_of(r, "reason"), "the site is down");
        ck_assert_str_eq(text_of(review, "state"), "open");
        /* people, and not himself */
        const JsonNode *reviewer = json_first(json_get(review, "reviewers"));
        ck_assert_str_eq(json_string(reviewer), "carol");
        ck_assert_str_eq(json_string(json_next(reviewer)), "adm");
        ck_assert_ptr_null(json_next(json_next(reviewer)));
        ck_assert_str_eq(text_of(json_get(r, "grant"), "kind"), "break-glass");
        /* there is nothing to decide, and that is why */
        Client *bob = client_new(BOB, BOB);
        DecideCall deny = { PROTOCOL_VERSION, id, "deny", NULL, NULL, NULL };
        say(bob, "Decide", DECIDE_FIELDS, &deny, 0);
        ck_assert(hear(bob));
        ck_assert_str_eq(error(bob), "Over");
        /* for a quarter of an hour, and then whoever wants it again is heard again */
        world_forward(15 * MINUTE - USEC_PER_MSEC);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        world_forward(USEC_PER_MSEC);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_int_eq(world_count("grant.expired", id), 0 + 1);
}
END_TEST

/* It is alone, and no other grant's coming or going has set the clock for it. */
START_TEST(warns_before_its_end)
{
        (void) broken(DEV);
        ck_assert_int_ne(world.d.warn_at, USEC_NEVER);
        ck_assert_int_ne(world.d.rights_at, USEC_NEVER);
        ck_assert_int_lt(world.d.warn_at, world.now.wall + 15 * MINUTE);
}
END_TEST

/* clang-format off */
static const struct {
        const char *name, *reason, *confirm, *verdict, *code;
} words[] = {
        { "no reason",      NULL, "BREAK",     VERDICT_ASK,  "" },
        { "empty reason",   "",   "BREAK",     VERDICT_ASK,  "" },
        { "not the form",   "  ", "BREAK",     VERDICT_ASK,  "" },
        { "no word",        "x",  NULL,        VERDICT_ASK,  "" },
        { "empty word",     "x",  "",          VERDICT_DENY, "not-confirmed" },
        { "yes",            "x",  "yes",       VERDICT_DENY, "not-confirmed" },
        { "small letters",  "x",  "break",     VERDICT_DENY, "not-confirmed" },
        { "a space behind", "x",  "BREAK ",    VERDICT_DENY, "not-confirmed" },
        { "a space before", "x",  " BREAK",    VERDICT_DENY, "not-confirmed" },
        { "a line's end",   "x",  "BREAK\n",   VERDICT_DENY, "not-confirmed" },
        { "more of it",     "x",  "BREAKBREAK", VERDICT_DENY, "not-confirmed" },
        { "less of it",     "x",  "BREA",      VERDICT_DENY, "not-confirmed" },
        { "another's word", "x",  "\xce\x92REAK", VERDICT_DENY, "not-confirmed" },
        { "the word",       "x",  "BREAK",     VERDICT_GRANT, "" },
};
/* clang-format on */

START_TEST(only_the_word)
{
        bool opens = streq(words[_i].verdict, VERDICT_GRANT);

        ck_assert_msg(streq(break_with(ask_sudo(DEV), words[_i].reason, words[_i].confirm),
                              words[_i].verdict),
                "%s: %s", words[_i].name, last_line);
        ck_assert_str_eq(last_code, words[_i].code);
        ck_assert_str_eq(check_sudo(DEV), opens ? VERDICT_GRANT : VERDICT_ASK);
        ck_assert_int_eq(world_count("break_glass.used", ""), opens);
        ck_assert_int_eq(world_count("grant.started", ""), opens);
}
END_TEST

/* What a rule binds to a login is bound, or not opened. */
START_TEST(bound_to_a_login)
{
        static char bound[sizeof(rules) + 64];

        (void) snprintf(bound, sizeof(bound), "[defaults]\nbind = login-session\n%s", rules);
        world_set_rules(bound);
        world.login_session = SESSION_UNSET;
        ck_assert_str_eq(break_with(ask_sudo(DEV), "x", "BREAK"), VERDICT_DENY);
        ck_assert_str_eq(last_code, "identity");
        ck_assert_int_eq(world_count("grant.started", ""), 0);
        world.login_session = 7;
        (void) broken(DEV);
        world.login_session = 8;
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
}
END_TEST

/* What is open is used, and alarms nobody again. */
START_TEST(joins_what_is_open)
{
        const char *id = broken(DEV);

        ck_assert_str_eq(break_with(ask_sudo(DEV), "again", "BREAK"), VERDICT_GRANT);
        ck_assert_str_eq(last_request, id);
        ck_assert_str_eq(break_with(ask_sudo(DEV), NULL, NULL), VERDICT_GRANT);
        ck_assert_int_eq(world_count("break_glass.used", ""), 1);
}
END_TEST

START_TEST(not_too_often)
{
        for (int i = 0; i < 3; i++) {
                (void) broken(DEV);
                world_forward(16 * MINUTE);
        }
        ck_assert_str_eq(break_with(ask_sudo(DEV), "again", "BREAK"), VERDICT_DENY);
        ck_assert_str_eq(last_code, "busy");
        (void) broken(DAVE); /* each has his own */
        world_forward(15 * MINUTE);
        (void) broken(DEV);
}
END_TEST

/* What cannot be recorded does not open, and says that. */
START_TEST(nothing_unrecorded)
{
        int before = world_count("", "");

        world.disk_full = _i == 0;
        world.commit_fails = _i == 1;
        ck_assert_str_eq(break_with(ask_sudo(DEV), "x", "BREAK"), VERDICT_DENY);
        ck_assert_str_eq(last_code, "store");
        ck_assert_ptr_nonnull(strstr(last_line, "The record cannot be written"));
        ck_assert_str_ne(check_sudo(DEV), VERDICT_GRANT);
        world.disk_full = world.commit_fails = false;
        ck_assert_int_eq(world_count("break_glass.used", ""), 0);
        ck_assert_int_eq(world_count("grant.started", ""), 0);
        ck_assert_int_ge(world_count("", ""), before);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        (void) broken(DEV);
}
END_TEST

/* Without any store it is said before a reason is asked for in vain. */
START_TEST(no_store)
{
        ck_assert_int_eq(ledger_give_up(&world.d.ledger, -EUCLEAN), 0);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_DENY);
        ck_assert_str_eq(last_code, "store");
        ck_assert_str_eq(break_with(ask_sudo(DEV), "x", "BREAK"), VERDICT_DENY);
        ck_assert_str_eq(last_code, "store");
}
END_TEST

START_TEST(clock_that_was_never_set)
{
        world.now.wall = 5 * HOUR;
        ck_assert_str_eq(break_with(ask_sudo(DEV), "x", "BREAK"), VERDICT_DENY);
        ck_assert_str_eq(last_code, "clock");
        ck_assert_int_eq(world_count("break_glass.used", ""), 0);
}
END_TEST

/* From the shell: his own login is behind it, and is looked at. */
START_TEST(by_jitctl)
{
        Ask ask = { .service = "sudo",
                .asker = UID_UNSET,
                .login_uid = UID_UNSET,
                .target = "root",
                .mode = "shell" };
        RequestCall call = {
                .version = PROTOCOL_VERSION, .ask = ask, .reason = "x", .confirm = "BREAK"
        };
        Client *c = client_unproven(DEV);

        say(c, "Request", REQUEST_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "code"), "identity");
        c = client_new(SHARED, DEV);
        say(c, "Request", REQUEST_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_GRANT);
        ck_assert_str_eq(check_sudo(SHARED), VERDICT_GRANT);
        /* who is behind it is told nothing, and cannot sign it */
        ck_assert_str_eq(
                owed(c->request, "break_glass.used"), "hook:bob hook:carol hook:adm room:- ");
}
END_TEST

START_TEST(survives_a_restart)
{
        const char *id = broken(DEV);

        world_restart(_i == 1);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_int_eq(world_count("break_glass.used", id), 1);
        ck_assert_str_eq(owed(id, "break_glass.used"), "hook:bob hook:carol hook:adm room:- ");
        int64_t n = 0;
        ck_assert_int_eq(store_review_count_open(world.d.ledger.store, &n), 0);
        ck_assert_int_eq(n, 1);
}
END_TEST

/* --- the review ---------------------------------------------------------------------------------- */

static const char *review_by(Client *c, const char *request, const char *note)
{
        static char result[64];
        ReviewCall call = { PROTOCOL_VERSION, request, note };

        say(c, "Review", REVIEW_FIELDS, &call, 0);
        ck_assert(hear(c));
        (void) snprintf(result, sizeof(result), "%s", error(c));
        (void) snprintf(last_code, sizeof(last_code), "%s", text(c, "code"));
        return result;
}

static const char *review(uid_t uid, uid_t login, const char *request)
{
        Client *c = client_new(uid, login);
        const char *result = review_by(c, request, "looked at it");

        client_close(c);
        return result;
}

/*
 * Dev has two accounts and is among the reviewers. Who asked by an account that is not the caller's is
 * nobody he need know of.
 */
/* clang-format off */
static const struct {
        const char *name;
        uid_t opened; /* shared: dev is logged in behind it */
        uid_t uid, login;
        bool unproven;
        const char *error, *code;
} signers[] = {
        { "himself",             DEV,    DEV,    DEV,    false, "NotPermitted", "self" },
        { "in another login",    DEV,    DEV,    CAROL,  false, "NotPermitted", "login" },
        { "his other account",   DEV,    DEVADM, DEVADM, false, "NotFound",     "" },
        { "the shared account",  SHARED, SHARED, SHARED, false, "NotPermitted", "none" },
        { "who is behind it",    SHARED, DEV,    DEV,    false, "NotFound",     "" },
        { "his other, there",    SHARED, DEVADM, DEVADM, false, "NotFound",     "" },
        { "as carol",            SHARED, CAROL,  DEV,    false, "NotPermitted", "login" },
        { "as carol, otherwise", SHARED, CAROL,  DEVADM, false, "NotPermitted", "login" },
        { "as carol, by bob",    DEV,    CAROL,  BOB,    false, "NotPermitted", "login" },
        { "root, as dev",        SHARED, ROOT,   DEV,    false, "NotPermitted", "none" },
        { "root",                SHARED, ROOT,   UID_UNSET, false, "NotPermitted", "none" },
        { "an approver",         SHARED, BOB,    BOB,    false, "NotPermitted", "none" },
        { "an auditor",          SHARED, AUD,    AUD,    false, "NotPermitted", "none" },
        { "a stranger",          SHARED, EVE,    EVE,    false, "NotFound",     "" },
        { "a login unknown",     SHARED, CAROL,  UID_UNSET, true, "NotPermitted", "login" },
        { "a reviewer",          SHARED, CAROL,  CAROL,  false, "",             "" },
        { "another",             DEV,    ADM,    ADM,    false, "",             "" },
};
/* clang-format on */

START_TEST(signed_by_another_person)
{
        Ask ask = ask_sudo(signers[_i].opened);
        bool may = str_empty(signers[_i].error);

        ask.login_uid = DEV;
        ck_assert_str_eq(break_with(ask, "x", "BREAK"), VERDICT_GRANT);
        char id[ID_SIZE];
        memcpy(id, last_request, sizeof(id));
        Client *c = signers[_i].unproven ? client_unproven(signers[_i].uid)
                                         : client_new(signers[_i].uid, signers[_i].login);
        ck_assert_msg(streq(review_by(c, id, "fine"), signers[_i].error), "%s: %s, %s",
                signers[_i].name, error(c), text(c, "message"));
        ck_assert_str_eq(last_code, signers[_i].code);
        ck_assert_int_eq(world_count("review.signed", id), may);
        int64_t n;
        ck_assert_int_eq(store_review_count_open(world.d.ledger.store, &n), 0);
        ck_assert_int_eq(n, !may);
}
END_TEST

START_TEST(signed_once)
{
        const char *id = broken(DEV);
        Client *c = client_new(CAROL, CAROL);

        ck_assert_str_eq(review_by(c, id, "a cable"), "");
        const JsonNode *v = json_get(object(c, "request"), "review");
        ck_assert_str_eq(text_of(v, "state"), "signed");
        ck_assert_str_eq(text_of(v, "by"), "carol");
        ck_assert_str_eq(text_of(v, "note"), "a cable");
        ck_assert_str_eq(review(CAROL, CAROL, id), "");
        ck_assert_str_eq(review(ADM, ADM, id), "Over");
        ck_assert_int_eq(world_count("review.signed", id), 1);
        ck_assert_str_eq(owed(id, "review.signed"), "hook:bob hook:carol hook:adm room:- ");
        world_restart(true);
        ck_assert_str_eq(review(ADM, ADM, id), "Over");
        /* no review where nothing was opened so, and none by rules that are not in force */
        Client *m = request_ask(ask_of(DEV, "vpn", NULL, ""), 0);
        ck_assert_str_eq(review(CAROL, CAROL, m->request), "Refused");
        ck_assert_str_eq(last_code, "rules");
}
END_TEST

START_TEST(review_that_cannot_be_told)
{
        const char *id = broken(DEV);

        world.names_silent = true;
        ck_assert_str_eq(review(SUE, SUE, id), "NotFound");
        world.names_silent = false;
        world.disk_full = true;
        ck_assert_str_eq(review(CAROL, CAROL, id), "StoreUnavailable");
        world.disk_full = false;
        ck_assert_int_eq(world_count("review.signed", id), 0);
        ck_assert_str_eq(review(CAROL, CAROL, id), "");
}
END_TEST

static bool is_listed_as(const char *which, uid_t uid, const char *id)
{
        ListCall call = { PROTOCOL_VERSION, which, 0 };
        Client *c = client_new(uid, uid);
        bool found = false;

        say(c, "ListRequests", LIST_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "");
        for (const JsonNode *n = json_first(object(c, "requests")); n; n = json_next(n)) {
                found = found || streq(text_of(n, "id"), id);
        }
        client_close(c);
        return found;
}

static bool is_listed(uid_t uid, const char *id)
{
        return is_listed_as("reviews", uid, id);
}

START_TEST(listed_for_who_may_sign)
{
        const char *id = broken(DEV);
        IdCall none = { PROTOCOL_VERSION, NULL };

        ck_assert(is_listed(CAROL, id));
        ck_assert(is_listed(ADM, id));
        ck_assert(!is_listed(DEV, id));
        ck_assert(!is_listed(DEVADM, id));
        ck_assert(!is_listed(BOB, id));
        ck_assert(!is_listed(ROOT, id));
        Client *c = client_new(EVE, EVE);
        say(c, "GetStatus", ID_FIELDS, &none, 0);
        ck_assert(hear(c));
        ck_assert_int_eq(number(c, "reviews"), 1);
        ck_assert_int_eq(number(c, "rescue_codes"), -1); /* not for everybody */
        ck_assert_str_eq(review(CAROL, CAROL, id), "");
        ck_assert(!is_listed(ADM, id));
        say(c, "GetStatus", ID_FIELDS, &none, 0);
        ck_assert(hear(c));
        ck_assert_int_eq(number(c, "reviews"), 0);
        c = client_new(AUD, AUD);
        say(c, "GetStatus", ID_FIELDS, &none, 0);
        ck_assert(hear(c));
        ck_assert_int_eq(number(c, "rescue_codes"), 0);
}
END_TEST

/* Who reads everything sees what nobody has signed yet, and signs no more than before. */
START_TEST(listed_for_auditors)
{
        static const uid_t others[] = { DEV, DEVADM, BOB, EVE, CAROL };
        const char *id = broken(DEV);

        ck_assert(is_listed_as("unsigned", AUD, id));
        ck_assert(is_listed_as("unsigned", ROOT, id)); /* an administrator and no reviewer */
        ck_assert(!is_listed_as("unsigned", ADM, id)); /* it is his to sign */
        ck_assert(!is_listed(AUD, id));
        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                ck_assert(!is_listed_as("unsigned", others[i], id));
        }
        ck_assert_str_eq(review(AUD, AUD, id), "NotPermitted");
        ck_assert(is_listed_as("unsigned", AUD, id));
        ck_assert_str_eq(review(CAROL, CAROL, id), "");
        ck_assert(!is_listed_as("unsigned", AUD, id));
        ck_assert(!is_listed_as("unsigned", ROOT, id));
}
END_TEST

/* --- rescue -------------------------------------------------------------------------------------- */

static char codes[10][RESCUE_CODE_SIZE];

static const char *make_codes(uid_t uid, int64_t n, bool add)
{
        static char result[64];
        RescueCodesCall call = { PROTOCOL_VERSION, n, add };
        Client *c = client_new(uid, uid);
        size_t i = 0;

        say(c, "RescueCodes", RESCUE_CODES_FIELDS, &call, 0);
        ck_assert(hear(c));
        (void) snprintf(result, sizeof(result), "%s", error(c));
        for (const JsonNode *x = object(c, "codes") ? json_first(object(c, "codes")) : NULL; x;
                x = json_next(x)) {
                (void) snprintf(codes[i++ % 10], RESCUE_CODE_SIZE, "%s", json_string(x));
        }
        client_close(c);
        return result;
}

static Ask ask_su(void)
{
        return (Ask){ .service = "su",
                .asker = UID_UNSET,
                .login_uid = UID_UNSET,
                .target = "root",
                .mode = "shell" };
}

static void send_rescue(Client *c, const char *code, const char *service)
{
        RescueCall call = { PROTOCOL_VERSION, ask_su(), code, "all are asleep" };

        call.ask.service = service;
        say(c, "Rescue", RESCUE_FIELDS, &call, 0);
}

static const char *rescue_for(uid_t uid, const char *code, const char *service)
{
        static char verdict[64];
        Client *c = client_new(uid, uid);
        const JsonNode *line;

        send_rescue(c, code, service);
        ck_assert(hear(c));
        (void) snprintf(
                verdict, sizeof(verdict), "%s", error(c)[0] ? error(c) : text(c, "verdict"));
        (void) snprintf(last_code, sizeof(last_code), "%s", text(c, "code"));
        line = object(c, "lines") ? json_first(object(c, "lines")) : NULL;
        (void) snprintf(last_line, sizeof(last_line), "%s", line ? json_string(line) : "");
        (void) snprintf(last_request, sizeof(last_request), "%s", text(c, "request"));
        client_close(c);
        return verdict;
}

static const char *rescue(uid_t uid, const char *code)
{
        return rescue_for(uid, code, "su");
}

static const char *check_su(uid_t uid)
{
        return check_ask(ROOT, ask_of(uid, "su", "root", ""));
}

START_TEST(codes_are_for_administrators)
{
        int64_t n;

        ck_assert_str_eq(make_codes(EVE, 3, false), "NotPermitted");
        ck_assert_str_eq(make_codes(BOB, 3, false), "NotPermitted");
        ck_assert_str_eq(make_codes(AUD, 3, false), "NotPermitted");
        ck_assert_str_eq(make_codes(ADM, 0, false), "InvalidParameter");
        ck_assert_str_eq(make_codes(ADM, 101, false), "InvalidParameter");
        ck_assert_int_eq(world_count("rescue.codes", ""), 0);
        ck_assert_str_eq(make_codes(ADM, 100, false), "");
        ck_assert_str_eq(make_codes(ROOT, 3, true), "");
        ck_assert_int_eq(store_rescue_count(world.d.ledger.store, world.d.rescue_key.name, &n), 0);
        ck_assert_int_eq(n, 103);
        ck_assert_str_eq(make_codes(ADM, 4, false), "");
        ck_assert_int_eq(store_rescue_count(world.d.ledger.store, world.d.rescue_key.name, &n), 0);
        ck_assert_int_eq(n, 4);
}
END_TEST

START_TEST(code_opens_once)
{
        ck_assert_str_eq(make_codes(ADM, 2, false), "");
        ck_assert_str_eq(check_su(DEV), VERDICT_ASK);
        ck_assert_str_eq(rescue(DEV, codes[0]), VERDICT_GRANT);
        ck_assert_str_eq(last_line,
                "Opened until 08:30 (30 min) by a rescue code; bob and carol are alarmed. Codes left: 1.");
        ck_assert_str_eq(check_su(DEV), VERDICT_GRANT);
        ck_assert_int_eq(world_count("rescue.tried", ""), 1);
        ck_assert_int_eq(world_count("rescue.used", last_request), 1);
        ck_assert_int_eq(world_count("grant.started", ""), 1);
        /* what is open takes no code */
        ck_assert_str_eq(rescue(DEV, codes[1]), VERDICT_GRANT);
        ck_assert_int_eq(world_count("rescue.tried", ""), 1);
        ck_assert_str_eq(rescue(DAVE, codes[0]), VERDICT_DENY);
        ck_assert_str_eq(last_code, "wrong-code");
        ck_assert_str_eq(check_su(DAVE), VERDICT_ASK);
        /* as somebody reads it from paper */
        for (char *s = codes[1]; *s; s++) {
                *s = *s >= 'A' && *s <= 'Z' ? (char) (*s - 'A' + 'a') : *s == '-' ? ' ' : *s;
        }
        ck_assert_str_eq(rescue(DAVE, codes[1]), VERDICT_GRANT);
        world_restart(true);
        ck_assert_str_eq(check_su(DAVE), VERDICT_GRANT);
        ck_assert_str_eq(rescue(EVE, codes[1]), VERDICT_DENY);
}
END_TEST

START_TEST(rescue_alarms)
{
        ck_assert_str_eq(make_codes(ADM, 1, false), "");
        ck_assert_str_eq(rescue(DEV, codes[0]), VERDICT_GRANT);
        ck_assert_str_eq(owed(last_request, "rescue.used"), "hook:bob hook:carol room:- ");
        Client *c = client_new(BOB, BOB);
        IdCall show = { PROTOCOL_VERSION, last_request };
        say(c, "Show", ID_FIELDS, &show, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(text_of(object(c, "request"), "kind"), "rescue");
        ck_assert_str_eq(text_of(object(c, "request"), "reason"), "all are asleep");
}
END_TEST

/* A hundred at once: five are compared, whatever comes behind them. */
START_TEST(guesses_are_counted_before)
{
        enum { AT_ONCE = 5, GUESSES = 100 };
        Client *guessers[AT_ONCE];
        int denied = 0, busy = 0;

        ck_assert_str_eq(make_codes(ADM, 1, false), "");
        for (size_t i = 0; i < ELEMENTSOF(guessers); i++) {
                guessers[i] = client_new(DEV, DEV);
        }
        /* as many at a time as one asker has connections */
        for (int i = 0; i < GUESSES; i++) {
                send_rescue(guessers[i % AT_ONCE], "2222-2222-2222-2222-2222", "su");
                for (int k = 0; i % AT_ONCE == AT_ONCE - 1 && k < AT_ONCE; k++) {
                        ck_assert(hear(guessers[k]));
                        denied += streq(text(guessers[k], "code"), "wrong-code");
                        busy += streq(text(guessers[k], "code"), "busy");
                }
        }
        ck_assert_int_eq(denied, 5);
        ck_assert_int_eq(busy, GUESSES - 5);
        ck_assert_int_eq(world_count("rescue.tried", ""), 5);
        /* now the right one comes too late, and after a restart as well */
        ck_assert_str_eq(rescue(DEV, codes[0]), VERDICT_DENY);
        ck_assert_str_eq(last_code, "busy");
        world_restart(true);
        ck_assert_str_eq(rescue(DEV, codes[0]), VERDICT_DENY);
        world_forward(59 * MINUTE);
        ck_assert_str_eq(rescue(DEV, codes[0]), VERDICT_DENY);
        world_forward(MINUTE);
        ck_assert_str_eq(rescue(DEV, codes[0]), VERDICT_GRANT);
}
END_TEST

/*
 * Twenty within the hour by all together, but for two of his own that four who guess take from nobody; and
 * a clock that is set back counts nobody out for longer.
 */
START_TEST(guesses_of_all)
{
        static const uid_t askers[] = { DEV, BOB, CAROL, DAVE };

        ck_assert_str_eq(make_codes(ADM, 2, false), "");
        for (size_t i = 0; i < 20; i++) {
                ck_assert_str_eq(rescue(askers[i / 5], "2222-2222-2222-2222-2222"), VERDICT_DENY);
                ck_assert_str_eq(last_code, "wrong-code");
        }
        ck_assert_str_eq(rescue(SUE, "2222-2222-2222-2222-2222"), VERDICT_DENY);
        ck_assert_str_eq(last_code, "wrong-code");
        ck_assert_str_eq(rescue(SUE, codes[1]), VERDICT_GRANT);
        for (size_t i = 0; i < 2; i++) {
                ck_assert_str_eq(rescue(EVE, "2222-2222-2222-2222-2222"), VERDICT_DENY);
                ck_assert_str_eq(last_code, "wrong-code");
        }
        ck_assert_str_eq(rescue(EVE, codes[0]), VERDICT_DENY);
        ck_assert_str_eq(last_code, "busy");
        world.now.wall -= 30 * USEC_PER_DAY;
        ck_assert_str_eq(rescue(EVE, codes[0]), VERDICT_GRANT);
}
END_TEST

/* What cannot be a code, or opens nothing, costs nobody a try. */
/* clang-format off */
static const struct {
        const char *name, *code, *service, *answer;
} nonsense[] = {
        { "empty",        "",                          "su",   "wrong-code" },
        { "too short",    "2222-2222-2222-2222",       "su",   "wrong-code" },
        { "too long",     "2222-2222-2222-2222-22222", "su",   "wrong-code" },
        { "other signs",  "2222-2222-2222-2222-222O",  "su",   "wrong-code" },
        { "no rescue",    NULL,                        "vpn",  "refused" },
        { "break-glass",  NULL,                        "sudo", "refused" },
        { "no rule",      NULL,                        "ftp",  "no-rule" },
};
/* clang-format on */

START_TEST(nonsense_costs_nothing)
{
        int64_t n = 0;

        ck_assert_str_eq(make_codes(ADM, 1, false), "");
        ck_assert_str_eq(rescue_for(DEV, nonsense[_i].code ? nonsense[_i].code : codes[0],
                                 nonsense[_i].service),
                VERDICT_DENY);
        ck_assert_msg(
                streq(last_code, nonsense[_i].answer), "%s: %s", nonsense[_i].name, last_code);
        ck_assert_int_eq(world_count("rescue.tried", ""), 0);
        ck_assert_int_eq(store_rescue_count(world.d.ledger.store, world.d.rescue_key.name, &n), 0);
        ck_assert_int_eq(n, 1);
}
END_TEST

START_TEST(rescue_needs_the_record)
{
        ck_assert_str_eq(make_codes(ADM, 1, false), "");
        world.disk_full = _i == 0;
        world.commit_fails = _i == 1;
        ck_assert_str_eq(rescue(DEV, codes[0]), VERDICT_DENY);
        ck_assert_str_eq(last_code, "store");
        world.disk_full = world.commit_fails = false;
        ck_assert_int_eq(world_count("rescue.used", ""), 0);
        ck_assert_str_eq(check_su(DEV), VERDICT_ASK);
        /* it was not used up by that */
        ck_assert_str_eq(rescue(DEV, codes[0]), VERDICT_GRANT);
}
END_TEST

/* By the asker alone: no module, no root for another, nobody whose login cannot be told. */
START_TEST(rescue_for_oneself)
{
        RescueCall call = { PROTOCOL_VERSION, ask_of(DEV, "su", "root", ""), codes[0], NULL };
        Client *c = client_new(ROOT, UID_UNSET);

        ck_assert_str_eq(make_codes(ADM, 1, false), "");
        say(c, "Rescue", RESCUE_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "code"), "identity");
        c = client_new(EVE, EVE);
        say(c, "Rescue", RESCUE_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "NotPermitted");
        c = client_unproven(DEV);
        send_rescue(c, codes[0], "su");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "code"), "identity");
        ck_assert_int_eq(world_count("rescue.tried", ""), 0);
}
END_TEST

/* The key is another's: nothing made under the old one is a code any more, and none is counted. */
START_TEST(codes_of_another_key)
{
        char path[128];
        int64_t n;

        ck_assert_str_eq(make_codes(ADM, 2, false), "");
        (void) snprintf(path, sizeof(path), "%s/rescue.key", world.state);
        ck_assert_int_eq(remove(path), 0);
        world_restart(false);
        ck_assert_int_eq(store_rescue_count(world.d.ledger.store, world.d.rescue_key.name, &n), 0);
        ck_assert_int_eq(n, 0);
        ck_assert_str_eq(rescue(DEV, codes[0]), VERDICT_DENY);
        ck_assert_str_eq(last_code, "wrong-code");
}
END_TEST

static int find_words(const AuditRow *row, void *userdata)
{
        ck_assert_ptr_null(strstr(row->canonical, userdata));
        return 0;
}

/* A store that was put back knows codes that were used since, or taken away: none of them opens. */
START_TEST(codes_of_a_copy)
{
        int64_t n = -1;

        ck_assert_str_eq(make_codes(ADM, 2, false), "");
        if (_i == 0) {
                ck_assert_int_eq(
                        store_meta_set(world.d.ledger.store, META_COPY, "a backup of then"), 0);
        } else {
                world.machine_id = "another";
        }
        world_restart(false);
        ck_assert_int_eq(store_rescue_count(world.d.ledger.store, world.d.rescue_key.name, &n), 0);
        ck_assert_int_eq(n, 0);
        ck_assert_str_eq(rescue(DEV, codes[0]), VERDICT_DENY);
        ck_assert_str_eq(last_code, "wrong-code");
        ck_assert_int_eq(world_count("rescue.codes", ""), 2 + 1);
        /* only once: what is made now is good */
        ck_assert_str_eq(make_codes(ADM, 1, false), "");
        world_restart(false);
        ck_assert_str_eq(rescue(DEV, codes[0]), VERDICT_GRANT);
}
END_TEST

START_TEST(no_code_in_the_record)
{
        const AuditFilter all = { .asker = UID_UNSET, .limit = INT64_MAX };

        ck_assert_str_eq(make_codes(ADM, 1, false), "");
        char code[RESCUE_CODE_SIZE];
        memcpy(code, codes[0], sizeof(code));
        ck_assert_str_eq(rescue(DEV, code), VERDICT_GRANT);
        ck_assert_str_eq(rescue(DAVE, code), VERDICT_DENY);
        (void) world_count("", "");
        code[9] = '\0'; /* not even half of it */
        ck_assert_int_eq(store_audit(world.d.ledger.store, &all, find_words, code), 0);
}
END_TEST

/* --- an administrator at the console --------------------------------------------------------------- */

static int find_maker(const AuditRow *row, void *userdata)
{
        if (streq(row->event, "grant.started")) {
                *(bool *) userdata = strstr(row->canonical, "\"by\":\"root\"") != NULL;
        }
        return 0;
}

START_TEST(grant_at_the_console_is_loud)
{
        GrantCall call = { PROTOCOL_VERSION, "dev", "su", NULL, "10m", "all else is broken" };
        const AuditFilter all = { .asker = UID_UNSET, .limit = INT64_MAX };
        Client *c = client_new(ROOT, UID_UNSET);
        bool found = false;

        say(c, "MakeGrant", GRANT_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "");
        ck_assert_int_eq(world_count("grant.started", ""), 1);
        ck_assert_int_eq(store_audit(world.d.ledger.store, &all, find_maker, &found), 0);
        ck_assert(found);
        ck_assert_str_eq(check_su(DEV), VERDICT_GRANT);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("urgent");
        TCase *t = tcase_create("urgent");

        tcase_add_checked_fixture(t, open_world, world_close);
        tcase_set_timeout(t, 30);
        tcase_add_test(t, asks_to_confirm);
        tcase_add_test(t, opens_loudly);
        tcase_add_test(t, warns_before_its_end);
        tcase_add_loop_test(t, only_the_word, 0, ELEMENTSOF(words));
        tcase_add_test(t, bound_to_a_login);
        tcase_add_test(t, joins_what_is_open);
        tcase_add_test(t, not_too_often);
        tcase_add_loop_test(t, nothing_unrecorded, 0, 2);
        tcase_add_test(t, no_store);
        tcase_add_test(t, clock_that_was_never_set);
        tcase_add_test(t, by_jitctl);
        tcase_add_loop_test(t, survives_a_restart, 0, 2);
        tcase_add_loop_test(t, signed_by_another_person, 0, ELEMENTSOF(signers));
        tcase_add_test(t, signed_once);
        tcase_add_test(t, review_that_cannot_be_told);
        tcase_add_test(t, listed_for_who_may_sign);
        tcase_add_test(t, listed_for_auditors);
        tcase_add_test(t, codes_are_for_administrators);
        tcase_add_test(t, code_opens_once);
        tcase_add_test(t, rescue_alarms);
        tcase_add_test(t, guesses_are_counted_before);
        tcase_add_test(t, guesses_of_all);
        tcase_add_loop_test(t, nonsense_costs_nothing, 0, ELEMENTSOF(nonsense));
        tcase_add_loop_test(t, rescue_needs_the_record, 0, 2);
        tcase_add_test(t, rescue_for_oneself);
        tcase_add_test(t, codes_of_another_key);
        tcase_add_loop_test(t, codes_of_a_copy, 0, 2);
        tcase_add_test(t, no_code_in_the_record);
        tcase_add_test(t, grant_at_the_console_is_loud);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}

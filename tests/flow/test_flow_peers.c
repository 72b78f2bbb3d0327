/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Peers that lie, talk nonsense, stay silent, or take too much: it costs them, and nobody else. */

#include "tests/flow/world.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE USEC_PER_MIN
#define I PROTOCOL_INTERFACE

/* With limits a test can reach, and real time it can wait for. */
static void with_limits(ServerLimits limits)
{
        world_stop(false);
        world.limits = limits;
        world_start();
}

static void wait_closed(Client *c)
{
        usec_t until = clock_usec(CLOCK_MONOTONIC) + 5 * USEC_PER_SEC;

        while (!is_closed(c)) {
                ck_assert_int_lt(clock_usec(CLOCK_MONOTONIC), until);
                (void) sd_event_run(world.d.event, 10 * USEC_PER_MSEC);
        }
}

static const char get_info[] = "{\"method\":\"org.varlink.service.GetInfo\"}";

static void name_oneself(Client *c)
{
        say_text(c, get_info);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "");
}

START_TEST(limits_are_as_promised)
{
        ck_assert_uint_eq(SERVER_LIMITS.per_asker, 8);
        ck_assert_uint_eq(SERVER_LIMITS.unnamed, 256);
        ck_assert_uint_eq(SERVER_LIMITS.reserved, 16);
        ck_assert_int_eq(SERVER_LIMITS.message_time, 5 * USEC_PER_SEC);
        ck_assert_int_eq(PENDING_MAX, 2);
        ck_assert_int_eq(WAITS_MAX, 4);
        ck_assert_int_eq(RETURN_TIME, 15 * USEC_PER_SEC);
}
END_TEST

START_TEST(eight_connections)
{
        Client *c[9];

        for (size_t i = 0; i < ELEMENTSOF(c); i++) {
                c[i] = client_new(DEV, DEV);
                ck_assert_int_eq(is_closed(c[i]), i == 8);
        }
        /* his modules count as he does; others and root do not */
        ck_assert_str_eq(check_sudo(DEV), VERDICT_DENY);
        ck_assert_str_eq(last_code, "busy");
        ck_assert_str_eq(check_sudo(DAVE), VERDICT_ASK);
        client_close(c[0]);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        for (int i = 0; i < 20; i++) {
                name_oneself(client_new(ROOT, UID_UNSET));
        }
        ck_assert_str_eq(check_sudo(ROOT), VERDICT_PASS);
}
END_TEST

/* A connection speaks for one asker and stays his. */
START_TEST(one_asker_each)
{
        CheckCall dev = { PROTOCOL_VERSION, ask_sudo(DEV) },
                  dave = { PROTOCOL_VERSION, ask_sudo(DAVE) };
        Client *c = client_new(ROOT, UID_UNSET);

        say(c, "Check", CHECK_FIELDS, &dev, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_ASK);
        say(c, "Check", CHECK_FIELDS, &dave, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_DENY);
        ck_assert_str_eq(text(c, "code"), "busy");
}
END_TEST

/* As many unnamed ones as there may be: the next waits at the door until one has gone or said who. */
START_TEST(unnamed)
{
        Client *c[5];

        with_limits((ServerLimits){ 8, 4, 100, 16, USEC_PER_HOUR });
        for (size_t i = 0; i < 4; i++) {
                c[i] = client_new(ROOT, UID_UNSET);
        }
        ck_assert_uint_eq(server_connections(world.d.server), 4);
        name_oneself(c[0]);
        c[4] = client_new(ROOT, UID_UNSET);
        ck_assert_uint_eq(server_connections(world.d.server), 5);
        client_close(c[1]);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
}
END_TEST

/* Unnamed, it has a little time; talking of other things does not give it more. */
START_TEST(unnamed_is_cut)
{
        static const char nobody[] = "{\"method\":\"" I ".Check\",\"parameters\":{\"version\":1,"
                                     "\"ask\":{\"nonce\":\"x\"}}}";

        with_limits((ServerLimits){ 8, 4, 100, 16, 500 * USEC_PER_MSEC });
        Client *silent = client_new(ROOT, UID_UNSET), *talks = client_new(ROOT, UID_UNSET);
        Client *named = client_new(ROOT, UID_UNSET), *user = client_new(DEV, DEV);
        usec_t until = clock_usec(CLOCK_MONOTONIC) + 5 * USEC_PER_SEC;

        name_oneself(named);
        name_oneself(user);
        while (!is_closed(talks)) {
                say_text(talks, nobody);
                ck_assert_int_lt(clock_usec(CLOCK_MONOTONIC), until);
                (void) sd_event_run(world.d.event, 5 * USEC_PER_MSEC);
        }
        wait_closed(silent);
        ck_assert(is_quiet(named) && is_quiet(user));
        ck_assert_uint_eq(server_connections(world.d.server), 2);
}
END_TEST

/* Nor does a question that had to wait for the name service, and got no answer. */
START_TEST(unnamed_is_cut_after_an_answer)
{
        CheckCall call = { PROTOCOL_VERSION, ask_of(DEV, "ssh", NULL, "") };

        with_limits((ServerLimits){ 8, 4, 100, 16, 500 * USEC_PER_MSEC });
        world.names_held = world.names_silent = true;
        Client *c = client_new(ROOT, UID_UNSET);
        say(c, "Check", CHECK_FIELDS, &call, 0);
        ck_assert(is_quiet(c));
        world_names_release();
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "code"), "names");
        wait_closed(c);
}
END_TEST

/* Byte by byte: cut at the end of its time, however it dribbles, with what it had parked. */
START_TEST(slow_message)
{
        with_limits((ServerLimits){ 8, 256, 100, 16, 500 * USEC_PER_MSEC });
        Client *waits = request_sudo(DEV), *c = client_new(DEV, DEV);
        usec_t until = clock_usec(CLOCK_MONOTONIC) + 5 * USEC_PER_SEC;
        char id[ID_SIZE];

        memcpy(id, pending_of(waits), sizeof(id));
        name_oneself(c);
        for (size_t i = 0; !is_closed(c); i++) {
                say_bytes(c, &get_info[i % 10], 1);
                ck_assert_int_lt(clock_usec(CLOCK_MONOTONIC), until);
                (void) sd_event_run(world.d.event, 5 * USEC_PER_MSEC);
        }
        ck_assert_str_eq(state_of(id), "pending"); /* whole messages only: he may wait for ever */
        say_bytes(waits, "{", 1);
        wait_closed(waits);
        ck_assert_str_eq(state_of(id), "withdrawn");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
}
END_TEST

#define G(text_)                                                                                   \
        {                                                                                          \
                text_, sizeof(text_)                                                               \
        }
static const struct {
        const char *bytes;
        size_t size;
} garbage[] = {
        { "", 1 },
        G("x"),
        G("{}"),
        G("[]"),
        G("{\"method\":1}"),
        G("{\"method\":\"a\",\"method\":\"a\"}"),
        G("{\"method\":\"a\"} "),
        G("{\"method\":\"a\",\"upgrade\":true}"),
        G("{\"method\":\"a\",\"more\":true,\"oneway\":true}"),
        G("{\"method\":\"a\",\"parameters\":[]}"),
        G("{\"method\":\"a\",\"extra\":1}"),
        G("{\"method\":\"\xff\"}"),
        G("{\"method\":\"\\u0000\"}"),
        G("{\"method\":\"a\",\"parameters\":{\"a\":1.5}}"),
        G("{\"parameters\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}"),
        G("GET / HTTP/1.1\r\n\r\n"),
};

/* Garbage ends its own connection, and the request that waits on it; nobody else's. */
START_TEST(garbage_costs_its_sender)
{
        Client *good = request_sudo(DAVE), *c = request_sudo(DEV);
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        /* trailing white space is JSON, so that one is a second call while the first is parked */
        say_bytes(c, garbage[_i].bytes, garbage[_i].size);
        ck_assert(is_closed(c));
        ck_assert_str_eq(state_of(id), "withdrawn");
        ck_assert(is_quiet(good));
        ck_assert_str_eq(decide(BOB, good->request, "approve"), "");
        ck_assert(hear(good));
        ck_assert_str_eq(text(good, "verdict"), VERDICT_GRANT);
}
END_TEST

/* The whole of it with the connect: a request, and garbage behind it in one piece. */
START_TEST(garbage_at_once)
{
        RequestCall call = { PROTOCOL_VERSION, ask_sudo(DEV), NULL, NULL, MINUTE, false };
        _cleanup_(freep) char *message = NULL;
        char both[4096];
        size_t n;

        ck_assert_int_eq(
                message_write_call("Request", REQUEST_FIELDS, &call, CALL_MORE, &message, &n), 0);
        memcpy(both, message, n + 1);
        memcpy(both + n + 1, "x", 2);
        for (int i = 0; i < 2; i++) {
                Client *c = client_new(ROOT, UID_UNSET);
                say_bytes(c, both, n + 3);
                ck_assert(is_closed(c));
                ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        }
        ck_assert_int_eq(world_count("request.withdrawn", ""), 2);
        ck_assert_uint_eq(world.d.waiters.n, 0);
}
END_TEST

START_TEST(too_long)
{
        char *much = malloc(WIRE_MESSAGE_MAX + 2);
        Client *c = client_new(DEV, DEV);

        memset(much, ' ', WIRE_MESSAGE_MAX + 1);
        say_bytes(c, much, WIRE_MESSAGE_MAX + 1);
        ck_assert(is_closed(c));
        /* one byte less is a message, if it is one */
        c = client_new(DEV, DEV);
        memcpy(much, get_info, sizeof(get_info) - 1);
        say_bytes(c, much, WIRE_MESSAGE_MAX);
        say_bytes(c, "", 1);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "product"), "jit-approver");
        free(much);
}
END_TEST

static const struct {
        const char *call, *error, *parameter;
} bad_calls[] = {
        { "{\"method\":\"" I ".Nonsense\",\"parameters\":{\"version\":1}}", "MethodNotFound",
                NULL },
        { "{\"method\":\"" I ".check\",\"parameters\":{\"version\":1}}", "MethodNotFound", NULL },
        { "{\"method\":\"Check\",\"parameters\":{\"version\":1}}", "MethodNotFound", NULL },
        { "{\"method\":\"org.example.Check\"}", "MethodNotFound", NULL },
        { "{\"method\":\"\"}", "MethodNotFound", NULL },
        { "{\"method\":\"" I ".GetStatus\"}", "InvalidParameter", "version" },
        { "{\"method\":\"" I ".GetStatus\",\"parameters\":{\"version\":0}}", "BadVersion", NULL },
        { "{\"method\":\"" I ".GetStatus\",\"parameters\":{\"version\":99}}", "BadVersion", NULL },
        { "{\"method\":\"" I ".Detach\",\"parameters\":{\"version\":99}}", "BadVersion", NULL },
        { "{\"method\":\"" I ".Detach\"}", "InvalidParameter", "version" },
        { "{\"method\":\"" I ".GetStatus\",\"parameters\":{\"version\":\"1\"}}", "InvalidParameter",
                "version" },
        { "{\"method\":\"" I ".GetStatus\",\"parameters\":{\"version\":-1}}", "InvalidParameter",
                "version" },
        { "{\"method\":\"" I ".GetStatus\",\"parameters\":{\"version\":1,\"x\":1}}",
                "InvalidParameter", "x" },
        { "{\"method\":\"" I ".Check\",\"parameters\":{\"version\":1,\"ask\":{\"x\":1}}}",
                "InvalidParameter", "x" },
        { "{\"method\":\"" I ".Check\",\"parameters\":{\"version\":1,\"ask\":{\"nonce\":\"n\"}}}",
                "InvalidParameter", "ask" },
        { "{\"method\":\"" I ".Check\",\"parameters\":{\"version\":1,\"ask\":{\"nonce\":\"n\","
          "\"service\":\"sudo\"}}}",
                "InvalidParameter", "ask" },
        { "{\"method\":\"" I ".Check\",\"parameters\":{\"version\":1,\"ask\":{\"nonce\":\"n\","
          "\"service\":\"sshd\"}}}",
                "InvalidParameter", "ask" },
        { "{\"method\":\"" I ".Check\",\"parameters\":{\"version\":1,\"ask\":{\"nonce\":\"n\","
          "\"service\":\"sudo\",\"asker\":4294967295}}}",
                "InvalidParameter", "asker" },
        { "{\"method\":\"" I ".Check\",\"parameters\":{\"version\":1,\"ask\":{\"nonce\":\"n\","
          "\"service\":\"sudo\",\"asker\":1000,\"target\":\"#-1\"}}}",
                "InvalidParameter", "ask" },
        { "{\"method\":\"" I ".ListRequests\",\"parameters\":{\"version\":1,\"which\":\"some\"}}",
                "InvalidParameter", "which" },
        { "{\"method\":\"" I ".ListGrants\",\"parameters\":{\"version\":1,\"which\":\"mine\"}}",
                "InvalidParameter", "which" },
        { "{\"method\":\"org.varlink.service.GetInterfaceDescription\"}", "InvalidParameter",
                "interface" },
        { "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":"
          "{\"interface\":\"x\"}}",
                "InterfaceNotFound", NULL },
};

START_TEST(bad_call)
{
        Client *c = client_new(ROOT, UID_UNSET);

        say_text(c, bad_calls[_i].call);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), bad_calls[_i].error);
        if (bad_calls[_i].parameter) {
                ck_assert_str_eq(text(c, "parameter"), bad_calls[_i].parameter);
        }
        if (streq(error(c), "BadVersion")) {
                ck_assert_int_eq(number(c, "oldest"), PROTOCOL_VERSION_OLDEST);
                ck_assert_int_eq(number(c, "newest"), PROTOCOL_VERSION);
        }
        name_oneself(c); /* it may go on */
}
END_TEST

START_TEST(introspection)
{
        Client *c = client_new(EVE, EVE);

        name_oneself(c);
        say_text(c, "{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":"
                    "{\"interface\":\"" I "\"}}");
        ck_assert(hear(c));
        ck_assert_ptr_nonnull(strstr(text(c, "description"), "\ninterface " I "\n"));
        ck_assert_ptr_nonnull(strstr(text(c, "description"), "error BadVersion"));
        say_text(c, "{\"method\":\"org.varlink.service.GetInfo\",\"oneway\":true}");
        say_text(c, "{\"method\":\"" I ".Nonsense\",\"oneway\":true}");
        ck_assert(is_quiet(c));
}
END_TEST

/* H-31, H-47: of whom the kernel cannot say who he is, he is nobody: not root, nor anybody later. */
START_TEST(nobody_knows_who)
{
        CheckCall check = { PROTOCOL_VERSION, ask_sudo(DEV) };

        for (int i = 0; i < 2000; i++) {
                Client *c = client_new(UID_UNSET, UID_UNSET);

                if (i % 2) {
                        say(c, "Check", CHECK_FIELDS, &check, 0);
                } else {
                        say_text(c, get_info);
                }
                ck_assert(is_closed(c));
                client_close(c);
        }
        ck_assert_uint_eq(server_connections(world.d.server), 0);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        ck_assert_int_eq(world_count("check.exempt", ""), 0);
}
END_TEST

/* Only uid 0 speaks for others. What anybody else says of himself is not listened to, and in the record. */
START_TEST(claims)
{
        Ask ask = ask_sudo(DEV);

        ck_assert_str_eq(check_ask(EVE, ask), "NotPermitted");
        ask.asker = ROOT;
        ck_assert_str_eq(check_ask(EVE, ask), "NotPermitted");
        ck_assert_int_eq(world_count("check.refused", ""), 2);
        ask.asker = UID_UNSET;
        ck_assert_str_eq(check_ask(EVE, ask), VERDICT_DENY); /* user dev */
        ck_assert_str_eq(last_code, "identity");
        ck_assert_int_eq(world_count("check.refused", ""), 3);
        ask.user = "eve";
        ck_assert_str_eq(check_ask(EVE, ask), VERDICT_ASK);

        /* a login of his own choice: bob would be kept from deciding, or dev let */
        RequestCall call = { PROTOCOL_VERSION, ask_sudo(SHARED), NULL, NULL, 0, true };
        Client *c = client_new(SHARED, DEV);
        Request r;
        Id id;
        call.ask.login_uid = BOB;
        say(c, "Request", REQUEST_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_int_eq(id_parse(c->request, &id), 0);
        ck_assert_int_eq(store_request_get(world.d.ledger.store, &id, &r), 0);
        ck_assert_uint_eq(r.login.uid, DEV);
        ck_assert_uint_eq(r.asker.uid, SHARED);
        request_done(&r);

        /* methods that stand in for the system are root's */
        ck_assert_str_eq(do_id(ADM, "Expire", "AAAA-2222"), "NotPermitted");
        CheckCall close = { PROTOCOL_VERSION, ask_sudo(DEV) };
        say(c, "CloseSession", CHECK_FIELDS, &close, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "NotPermitted");
}
END_TEST

/* The caller's uid and name have to be one account; a name is never a number. */
START_TEST(names_and_uids)
{
        Ask ask = ask_sudo(DEV);

        ask.ruser = "bob";
        ck_assert_str_eq(check_ask(ROOT, ask), VERDICT_DENY);
        ck_assert_str_eq(last_code, "identity");
        ask.ruser = "root";
        ck_assert_str_eq(check_ask(ROOT, ask), VERDICT_DENY);
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "sudo", "0", "id")), VERDICT_DENY);
        ck_assert_str_eq(last_code, "identity");
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "sudo", "1001", "id")), VERDICT_DENY);
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "sudo", "#1001", "id")), VERDICT_ASK);
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "sudo", "../x", "id")), VERDICT_DENY);
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "sudo", "nosuch", "id")), VERDICT_DENY);
        /* an account without a name asks by its number */
        ask = ask_of(NOBODY_HAS, "sudo", "root", "id");
        ask.user = ask.ruser = NULL;
        ck_assert_str_eq(check_ask(ROOT, ask), VERDICT_ASK);
        /* a session is opened when sudo is wholly root: RUSER tells then */
        ask = ask_sudo(DEV);
        ask.asker = UID_UNSET;
        ck_assert_str_eq(check_ask(ROOT, ask), VERDICT_ASK);
}
END_TEST

/* While a call is parked only Detach may follow. */
START_TEST(second_call)
{
        CheckCall check = { PROTOCOL_VERSION, ask_sudo(DEV) };
        Client *c = request_sudo(DEV);
        char id[ID_SIZE];

        memcpy(id, pending_of(c), sizeof(id));
        say(c, "Check", CHECK_FIELDS, &check, 0);
        ck_assert(is_closed(c));
        ck_assert_str_eq(state_of(id), "withdrawn");
}
END_TEST

/* Without an answer it is refused: a call that is dropped says so, whoever waits is hung up on. */
START_TEST(dropped_unanswered)
{
        CheckCall check = { PROTOCOL_VERSION, ask_sudo(DAVE) };
        Client *waits = request_sudo(DEV), *asks = client_new(ROOT, UID_UNSET);
        char id[ID_SIZE];

        memcpy(id, pending_of(waits), sizeof(id));
        world.names_held = true;
        say(asks, "Check", CHECK_FIELDS, &check, 0);
        ck_assert(is_quiet(asks));
        world_stop(false);
        ck_assert(hear(asks));
        ck_assert_str_eq(error(asks), "Refused");
        ck_assert(!hear(asks));
        ck_assert(!hear(waits));
        world.names_held = false;
        world_start();
        ck_assert_str_eq(state_of(id), "pending");
}
END_TEST

/* Gone while the name service is asked: nobody answers, nothing is kept. */
START_TEST(gone_during_lookup)
{
        CheckCall check = { PROTOCOL_VERSION, ask_sudo(DEV) };
        RequestCall request = { PROTOCOL_VERSION, ask_sudo(DEV), NULL, NULL, MINUTE, false };

        world.names_held = true;
        Client *a = client_new(ROOT, UID_UNSET), *b = client_new(ROOT, UID_UNSET);
        Client *d = client_new(ROOT, UID_UNSET);
        say(a, "Check", CHECK_FIELDS, &check, 0);
        say(b, "Request", REQUEST_FIELDS, &request, CALL_MORE);
        request.ask = ask_sudo(DAVE);
        say(d, "Request", REQUEST_FIELDS, &request, CALL_MORE);
        world_pump();
        client_close(a);
        client_close(b);
        world_names_release();
        ck_assert(hear(d));
        ck_assert_str_eq(text(d, "verdict"), VERDICT_PENDING);
        ck_assert_int_eq(world_count("request.created", ""), 1);
}
END_TEST

/* A hundred that do not read, and three that never will: others do not notice. */
START_TEST(peers_that_do_not_read)
{
        static const char ask[] = "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                                  "\"parameters\":{\"interface\":\"" I "\"}}";
        Client *c[100];

        (void) granted(DEV);
        for (size_t i = 0; i < ELEMENTSOF(c); i++) {
                c[i] = client_new(20000 + (uid_t) i, UID_UNSET);
                for (int k = 0; k < 5; k++) {
                        say_text(c[i], ask);
                }
        }
        for (size_t i = 0; i < 3; i++) {
                for (int k = 0; k < 300; k++) {
                        say_text(c[i], ask);
                }
        }
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_str_eq(decide(BOB, pending_of(request_sudo(DAVE)), "approve"), "");
        /* more than a megabyte unread is too much */
        ck_assert_uint_eq(server_connections(world.d.server), 97 + 1);
        for (int k = 0; k < 5; k++) {
                ck_assert(hear(c[50]));
        }
        ck_assert(is_quiet(c[50]));
}
END_TEST

/* The last places are for root and for what is answered at once. */
START_TEST(reserve)
{
        RequestCall call = { PROTOCOL_VERSION, ask_sudo(DAVE), NULL, NULL, MINUTE, false };

        with_limits((ServerLimits){ 8, 256, 16, 4, USEC_PER_HOUR });
        (void) granted(DEV);
        for (uid_t i = 0; i < 8; i++) {
                name_oneself(client_new(20000 + i, UID_UNSET));
        }
        for (int i = 0; i < 4; i++) {
                ck_assert(is_quiet(client_new(ROOT, UID_UNSET)));
        }
        Client *c = client_new(ROOT, UID_UNSET);
        say(c, "Request", REQUEST_FIELDS, &call, CALL_MORE);
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "code"), "busy");
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        for (int i = 0; i < 3; i++) {
                ck_assert(is_quiet(client_new(ROOT, UID_UNSET)));
        }
        ck_assert(is_closed(client_new(ROOT, UID_UNSET)));
}
END_TEST

/* Somebody with thousands of uids leaves room for modules, and for whoever comes. */
START_TEST(uids_without_end)
{
        with_limits((ServerLimits){ 8, 256, 16, 4, USEC_PER_HOUR });
        (void) granted(DEV);
        Client *onlooker = client_new(DEV, DEV), *first = client_new(BOB, BOB), *last = NULL;
        Client *c = request_sudo(EVE);
        WaitCall call = { PROTOCOL_VERSION, pending_of(c),
                { .asker = UID_UNSET, .login_uid = UID_UNSET } };
        Client *eve = client_new(EVE, EVE);

        say(eve, "Wait", WAIT_FIELDS, &call, CALL_MORE);
        ck_assert(hear(eve));
        ck_assert_str_eq(text(eve, "verdict"), VERDICT_PENDING);
        name_oneself(first);
        for (uid_t i = 0; i < 100; i++) {
                last = client_new(100000 + i, UID_UNSET);
                name_oneself(last);
        }
        ck_assert(is_closed(onlooker) && is_closed(first));
        ck_assert(is_quiet(last));
        ck_assert(is_quiet(eve)); /* who waits for something is not sent away */
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        ck_assert_str_eq(check_ask(BOB, ask_sudo(BOB)), VERDICT_ASK);
}
END_TEST

/* Nor does he ask as any of them: two open requests each, and the rate that all share used up by one. */
START_TEST(uids_that_ask)
{
        RequestCall call = { PROTOCOL_VERSION, ask_of(UID_UNSET, "sudo", "root", "id"), NULL, NULL,
                0, true };
        char rules[4096];

        (void) snprintf(rules, sizeof(rules), "%s", world_rules);
        memcpy(strstr(rules, "rate = no"), "rate =1/h", 9);
        world_close();
        world_open_with(rules);
        call.ask.nonce = call.ask.user = call.ask.ruser = NULL;
        for (uid_t i = 0; i < 20; i++) {
                Client *c = client_new(100000 + i, EVE);

                say(c, "Request", REQUEST_FIELDS, &call, 0);
                ck_assert(hear(c));
                ck_assert_str_eq(text(c, "verdict"), VERDICT_DENY);
                ck_assert_str_eq(text(c, "code"), "identity");
                client_close(c);
        }
        ck_assert_int_eq(world_count("request.created", ""), 0);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        /* that nobody answers is not that nobody has it */
        world.names_silent = true;
        call.ask.nonce = "0123456789abcdef0123456789abcdef";
        ck_assert_str_eq(check_ask(EVE, call.ask), VERDICT_ASK);
}
END_TEST

/* Two reloads at once, and one whose caller has gone. */
START_TEST(reloads)
{
        const IdCall call = { .version = PROTOCOL_VERSION };
        Client *a = client_new(ADM, ADM), *b = client_new(ADM, ADM), *e = client_new(EVE, EVE);

        say(e, "Reload", ID_FIELDS, &call, 0);
        ck_assert(hear(e));
        ck_assert_str_eq(error(e), "NotPermitted");
        for (int i = 0; i < 2; i++) {
                world.names_held = i == 1;
                say(a, "Reload", ID_FIELDS, &call, 0);
                say(b, "Reload", ID_FIELDS, &call, 0);
                world_pump();
                if (i == 1) {
                        client_close(b);
                        world_names_release();
                        world_names_release();
                }
                ck_assert(hear(a));
                ck_assert_uint_eq(length(a, "problems"), 0);
        }
        world.names_held = true;
        say(a, "Reload", ID_FIELDS, &call, 0);
        world_pump();
        world_stop(false); /* with one under way */
        world.names_held = false;
        world_start();
        ck_assert(!hear(a) || !hear(a));
}
END_TEST

/* Whoever has many different commands refused fills no record either, and what he may do is all there. */
START_TEST(refused_too_often)
{
        char target[16];

        for (int i = 0; i < 1000; i++) {
                (void) snprintf(target, sizeof(target), "#%d", 5000 + i);
                (void) check_ask(ROOT, ask_of(CAROL, "ftp", target, "x"));
        }
        world_forward(2 * RECORD_DELAY);
        ck_assert_int_eq(world_count("check.refused", ""), ALLOWANCE_BURST);
        /* nor is it his own account's asking that this takes from */
        (void) check_ask(CAROL, ask_of(CAROL, "sshd", NULL, "x"));
        world_forward(2 * RECORD_DELAY);
        ck_assert_int_eq(world_count("check.refused", ""), ALLOWANCE_BURST + 1);
        world_forward(MINUTE);
        world_forward(2 * RECORD_DELAY);
        ck_assert_int_eq(world_count("audit.gap", ""), 1);
        world_verify();
}
END_TEST

/* Asking without a module costs nothing and opens nothing: it fills no record, and crowds nobody out. */
START_TEST(asks_too_often)
{
        Ask ask = ask_of(EVE, "sshd", NULL, "x");

        for (int i = 0; i < 3000; i++) {
                ask.asker = i % 2 ? EVE : DEV; /* half of it lies */
                (void) check_ask(EVE, ask);
        }
        (void) check_ask(ROOT, ask_of(CAROL, "login", NULL, NULL));
        world_forward(2 * RECORD_DELAY);
        int n = world_count("check.refused", "");
        ck_assert_int_eq(n, ALLOWANCE_BURST + 1); /* and what a module asked */
        ck_assert_int_eq(world_count("audit.gap", ""), 0);
        world_forward(MINUTE);
        world_forward(2 * RECORD_DELAY);
        ck_assert_int_eq(world_count("audit.gap", ""), 1); /* which says how often */
        world_verify();
        /* and none is lost when we stop */
        (void) check_ask(EVE, ask);
        world_restart(false);
        ck_assert_int_eq(world_count("audit.gap", ""), 2);
}
END_TEST

/* Whoever reads of himself alone in a long record is answered in pieces, and keeps nobody waiting. */
START_TEST(a_long_record)
{
        const Who somebody = { CAROL, (char *) "carol" };
        char tty[16];
        const Fact f = { .event = AUDIT_CHECK_REFUSED, .asker = &somebody, .tty = tty };
        LogCall call = { .version = PROTOCOL_VERSION };
        Client *c = client_new(DEV, DEV);
        size_t pages = 0, rows = 0;

        for (int i = 0; i < 25000; i++) {
                (void) snprintf(tty, sizeof(tty), "pts/%d", i);
                audit_note(world.d.ledger.audit, &f, &world.now);
                if (i % 1000 == 999) {
                        ck_assert_int_eq(audit_flush(world.d.ledger.audit, &world.now), 0);
                }
        }
        do {
                say(c, "ReadLog", LOG_FIELDS, &call, 0);
                ck_assert(hear(c));
                ck_assert_str_eq(error(c), "");
                rows += length(c, "rows");
                pages++;
                ck_assert(number(c, "next") == -1 || number(c, "next") > call.after);
                call.after = number(c, "next");
        } while (call.after > 0);
        ck_assert_uint_eq(pages, 3);
        ck_assert_uint_eq(rows, 0);
        call.after = INT64_MAX;
        say(c, "ReadLog", LOG_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "");
        ck_assert_uint_eq(length(c, "rows"), 0);
        ck_assert_int_eq(number(c, "next"), -1);
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("peers");
        TCase *t = tcase_create("peers");

        tcase_add_checked_fixture(t, world_open, world_close);
        tcase_set_timeout(t, 20);
        tcase_add_test(t, limits_are_as_promised);
        tcase_add_test(t, a_long_record);
        tcase_add_test(t, refused_too_often);
        tcase_add_test(t, asks_too_often);
        tcase_add_test(t, eight_connections);
        tcase_add_test(t, one_asker_each);
        tcase_add_test(t, unnamed);
        tcase_add_test(t, unnamed_is_cut);
        tcase_add_test(t, unnamed_is_cut_after_an_answer);
        tcase_add_test(t, slow_message);
        tcase_add_loop_test(t, garbage_costs_its_sender, 0, ELEMENTSOF(garbage));
        tcase_add_test(t, garbage_at_once);
        tcase_add_test(t, too_long);
        tcase_add_loop_test(t, bad_call, 0, ELEMENTSOF(bad_calls));
        tcase_add_test(t, introspection);
        tcase_add_test(t, nobody_knows_who);
        tcase_add_test(t, claims);
        tcase_add_test(t, names_and_uids);
        tcase_add_test(t, second_call);
        tcase_add_test(t, dropped_unanswered);
        tcase_add_test(t, gone_during_lookup);
        tcase_add_test(t, peers_that_do_not_read);
        tcase_add_test(t, reserve);
        tcase_add_test(t, uids_without_end);
        tcase_add_test(t, uids_that_ask);
        tcase_add_test(t, reloads);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What was started under a grant, and what it left on the host: who says so, who hears of it. */

#include "tests/flow/world.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND USEC_PER_SEC

static const char rules_with_channel[] =
        "[access]\nadmins = adm\nauditors = aud\n"
        "[web]\nurl = https://jit.example.org\n"
        "[channel hook]\naudience = shared\n"
        "[channel bare]\naudience = shared\ncommand = none\n"
        "[approver bob]\nuser = bob\n"
        "[approver carol]\nuser = carol\n"
        "[rule other]\nservices = su\nusers = *\naction = ask\napprovers = bob\non-expiry = keep\n"
        "[rule keeps]\nservices = sudo\nusers = *\naction = ask\napprovers = bob\non-expiry = keep\n"
        "notify = hook, bare\n";

static const char *const found[] = {
        "added\t2026-11-22T08:00:00Z\troot\t\t/etc/cron.d/mine",
        "process\t2026-11-22T08:00:00Z\troot\tpid 7\tsleep --password=hunter2",
};

static const char *add(
        uid_t uid, const char *grant, const char *const *lines, size_t n, int64_t all)
{
        static char result[64];
        const ResidueCall call = { PROTOCOL_VERSION, grant, { (const char **) lines, n }, all,
                n > 0 ? NULL : "at /srv" };
        Client *c = client_new(uid, uid);

        say(c, "AddResidue", RESIDUE_FIELDS, &call, 0);
        ck_assert(hear(c));
        (void) snprintf(result, sizeof(result), "%s", error(c));
        client_close(c);
        return result;
}

/* What somebody is shown of a grant; the client is the caller's to close. */
static const JsonNode *show(Client *c, const char *grant)
{
        IdCall call = { PROTOCOL_VERSION, grant };

        say(c, "Show", ID_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "");
        return object(c, "grant");
}

static bool is_shown(uid_t uid, const char *grant)
{
        Client *c = client_new(uid, uid);
        bool yes = json_get(show(c, grant), "residue");

        client_close(c);
        return yes;
}

/* A grant that is over; its id stays until the next. */
static const char *ended(void)
{
        static char id[ID_SIZE];

        (void) snprintf(id, sizeof(id), "%s", granted(DEV));
        ck_assert_str_eq(do_id(DEV, "End", id), "");
        return id;
}

START_TEST(after_the_end)
{
        char id[ID_SIZE];

        (void) snprintf(id, sizeof(id), "%s", granted(DEV));
        ck_assert_str_eq(add(ROOT, id, NULL, 0, 0), "Refused");
        ck_assert_str_eq(do_id(DEV, "End", id), "");
        ck_assert_int_eq(world_count("grant.residue", id), 0);
        ck_assert_str_eq(add(ROOT, id, found, 2, 2), "");
        ck_assert_int_eq(world_count("grant.residue", id), 1);
}
END_TEST

START_TEST(once_and_by_root)
{
        const char *id = ended();

        ck_assert_str_eq(add(DEV, id, NULL, 0, 0), "NotPermitted");
        ck_assert_str_eq(add(ADM, id, NULL, 0, 0), "NotPermitted");
        ck_assert_str_eq(do_id(ADM, "TakeResidue", id), "NotPermitted");
        ck_assert_str_eq(do_id(ROOT, "TakeResidue", id), "");
        ck_assert_str_eq(add(ROOT, id, found, 2, 2), "");
        ck_assert_str_eq(add(ROOT, id, NULL, 0, 0), "Over");
        ck_assert_str_eq(do_id(ROOT, "TakeResidue", id), "Over");
        ck_assert_str_eq(add(ROOT, "AAAA-2222", NULL, 0, 0), "NotFound");
        ck_assert_str_eq(add(ROOT, "nonsense", NULL, 0, 0), "NotFound");
        ck_assert_str_eq(do_id(ROOT, "TakeResidue", "AAAA"), "NotFound");
        ck_assert_int_eq(world_count("grant.residue", id), 1);
}
END_TEST

START_TEST(nonsense)
{
        static const char *const bad[] = { "added\t\troot\t\t/x", "planted\t\troot\t\t/x" };
        static const char *many[500];
        const char *id = ended();

        for (size_t i = 0; i < ELEMENTSOF(many); i++) {
                many[i] = bad[0];
        }
        ck_assert_str_eq(add(ROOT, id, bad, 2, 2), "InvalidParameter");
        ck_assert_str_eq(add(ROOT, id, many, ELEMENTSOF(many), 0), "InvalidParameter");
        ck_assert_int_eq(world_count("grant.residue", id), 0);
        ck_assert_str_eq(add(ROOT, id, bad, 1, 1), "");
}
END_TEST

/* What cannot be written is not known; it is said again later. */
START_TEST(full_disk)
{
        const char *id = ended();

        world.disk_full = true;
        ck_assert_str_eq(add(ROOT, id, found, 2, 2), "StoreUnavailable");
        world.disk_full = false;
        world.commit_fails = true;
        ck_assert_str_eq(add(ROOT, id, found, 2, 2), "StoreUnavailable");
        world.commit_fails = false;
        ck_assert(!is_shown(ADM, id));
        ck_assert_str_eq(add(ROOT, id, found, 2, 2), "");
        ck_assert(is_shown(ADM, id));
        world_verify();
}
END_TEST

START_TEST(what_is_shown)
{
        const char *id = ended();
        Client *c = client_new(ADM, ADM);

        ck_assert_str_eq(add(ROOT, id, found, 2, 9), "");
        const JsonNode *residue = json_get(show(c, id), "residue");
        const JsonNode *list = json_get(residue, "findings");
        const JsonNode *first = json_first(list), *second = json_next(first);
        ck_assert_str_eq(text_of(first, "kind"), "added");
        ck_assert_str_eq(text_of(first, "what"), "/etc/cron.d/mine");
        ck_assert_str_eq(text_of(first, "when"), "2026-11-22T08:00:00Z");
        ck_assert_str_eq(text_of(first, "who"), "root");
        ck_assert_str_eq(text_of(second, "note"), "pid 7");
        ck_assert_str_eq(text_of(second, "what"), "sleep --password=MASKED");
        ck_assert_ptr_null(json_next(second));
        ck_assert_int_eq(json_integer(json_get(residue, "more")), 7);
        ck_assert_ptr_null(json_get(residue, "cut_short"));
}
END_TEST

START_TEST(nothing_is_something)
{
        const char *id = ended();
        Client *c = client_new(ADM, ADM);

        ck_assert_ptr_null(json_get(show(c, id), "residue"));
        ck_assert_str_eq(add(ROOT, id, NULL, 0, 0), "");
        const JsonNode *residue = json_get(show(c, id), "residue");
        ck_assert_str_eq(text_of(residue, "cut_short"), "at /srv");
        ck_assert_ptr_null(json_first(json_get(residue, "findings")));
}
END_TEST

/* It names what only root sees, so it is for those who answer for the grant, or were root in it. */
START_TEST(who_sees_it)
{
        Client *c = request_ask(ask_of(DEV, "su", "eve", ""), 0);
        char request[ID_SIZE], id[ID_SIZE];

        (void) snprintf(id, sizeof(id), "%s", ended());
        ck_assert_str_eq(add(ROOT, id, found, 2, 2), "");
        ck_assert(is_shown(DEV, id));
        (void) snprintf(request, sizeof(request), "%s", text(c, "request"));
        ck_assert_str_eq(decide(BOB, request, "approve"), "");
        world_pump();
        ck_assert_str_eq(check_ask(ROOT, ask_of(DEV, "su", "eve", "")), VERDICT_GRANT);
        (void) snprintf(id, sizeof(id), "%s", last_grant);
        ck_assert_str_eq(do_id(DEV, "End", id), "");
        ck_assert_str_eq(add(ROOT, id, found, 2, 2), "");
        ck_assert(!is_shown(DEV, id));
        ck_assert(is_shown(BOB, id));
        ck_assert(is_shown(AUD, id));
        ck_assert(is_shown(ADM, id));
}
END_TEST

/* The account and the session line of one command are one; the same again later is another. */
START_TEST(commands)
{
        char id[ID_SIZE];
        Client *c = client_new(ADM, ADM);

        (void) snprintf(id, sizeof(id), "%s", granted(DEV));
        world_forward(2 * SECOND);
        for (int i = 0; i < 3; i++) {
                ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
                world_forward(SECOND / 10);
                ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
                world_forward(5 * SECOND);
        }
        const JsonNode *list = json_get(show(c, id), "commands");
        size_t n = 0;
        for (const JsonNode *u = json_first(list); u; u = json_next(u)) {
                ck_assert_str_eq(text_of(u, "command"), "id");
                ck_assert_str_ne(text_of(u, "opened"), "");
                n++;
        }
        ck_assert_uint_eq(n, 3);
}
END_TEST

static Client *subscribe(const char *channel)
{
        const char *items[] = { channel };
        DeliverCall call = { PROTOCOL_VERSION, { items, 1 } };
        Client *c = client_gateway();

        say(c, "Deliver", DELIVER_FIELDS, &call, CALL_MORE);
        ck_assert(hear(c));
        return c;
}

static void settle(int64_t id)
{
        SettleCall call = { PROTOCOL_VERSION, id, "delivered", NULL, 0 };
        Client *c = client_gateway();

        say(c, "Settle", SETTLE_FIELDS, &call, 0);
        ck_assert(hear(c));
        client_close(c);
}

/* The next that comes on a channel, up to this event; its grant. */
static const JsonNode *delivered(Client *c, const char *event)
{
        for (;;) {
                ck_assert_msg(hear(c), "no %s came", event);
                const JsonNode *d = object(c, "delivery");
                const JsonNode *grant = json_get(json_get(d, "request"), "grant");

                if (streq(text_of(d, "event"), event)) {
                        return grant;
                }
                ck_assert(!grant || !json_get(grant, "residue"));
                settle(json_integer(json_get(d, "id")));
        }
}

/* _i: with the command, without */
START_TEST(messages)
{
        Client *c = subscribe(_i ? "bare" : "hook");
        const char *id = ended();

        (void) delivered(c, "grant.ended");
        settle(json_integer(json_get(object(c, "delivery"), "id")));
        ck_assert_str_eq(add(ROOT, id, found, 2, 2), "");
        const JsonNode *grant = delivered(c, "grant.residue");
        const JsonNode *first = json_first(json_get(json_get(grant, "residue"), "findings"));
        ck_assert_str_eq(text_of(first, "what"), "/etc/cron.d/mine");
        ck_assert_str_eq(text_of(json_next(first), "what"), _i ? "" : "sleep --password=MASKED");
        ck_assert_ptr_null(json_get(grant, "commands"));
}
END_TEST

START_TEST(no_message_of_nothing)
{
        Client *c = subscribe("hook");
        const char *id = ended();

        (void) delivered(c, "grant.ended");
        settle(json_integer(json_get(object(c, "delivery"), "id")));
        ck_assert_str_eq(add(ROOT, id, NULL, 0, 0), "");
        ck_assert(is_quiet(c));
}
END_TEST

/* As much as there can be still fits the message that shows it. */
START_TEST(as_much_as_can_be)
{
        static const char *many[200];
        static char line[512];
        const char *id = ended();
        Client *c = client_new(ADM, ADM);

        (void) snprintf(
                line, sizeof(line), "added\t2026-11-22T08:00:00Z\troot\t\t/etc/%0*d", 140, 0);
        for (size_t i = 0; i < ELEMENTSOF(many); i++) {
                many[i] = line;
        }
        ck_assert_str_eq(add(ROOT, id, many, ELEMENTSOF(many), 1000), "");
        const JsonNode *residue = json_get(show(c, id), "residue");
        int64_t n = 0;
        for (const JsonNode *x = json_first(json_get(residue, "findings")); x; x = json_next(x)) {
                n++;
        }
        ck_assert_int_eq(n, 200);
        ck_assert_int_eq(json_integer(json_get(residue, "more")), 1000 - n);
}
END_TEST

static void setup(void)
{
        world_open_with(rules_with_channel);
}

static Suite *suite(void)
{
        Suite *s = suite_create("residue");
        TCase *t = tcase_create("residue");

        tcase_add_checked_fixture(t, setup, world_close);
        tcase_add_test(t, after_the_end);
        tcase_add_test(t, once_and_by_root);
        tcase_add_test(t, nonsense);
        tcase_add_test(t, full_disk);
        tcase_add_test(t, what_is_shown);
        tcase_add_test(t, nothing_is_something);
        tcase_add_test(t, who_sees_it);
        tcase_add_test(t, commands);
        tcase_add_loop_test(t, messages, 0, 2);
        tcase_add_test(t, no_message_of_nothing);
        tcase_add_test(t, as_much_as_can_be);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}

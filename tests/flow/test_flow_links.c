/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages and links: what is owed goes out, and what comes back counts for whom it was made. */

#include "tests/flow/world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND USEC_PER_SEC
#define MINUTE USEC_PER_MIN

#define RULES(assurance_, audience_, command_, approvals_)                                          \
        "[access]\nadmins = root, adm\n"                                                            \
        "[web]\nurl = https://jit.example.org\n"                                                    \
        "[channel hook]\naudience = " audience_ "\ncommand = " command_ "\n"                        \
        "[channel mail]\n"                                                                          \
        "[approver bob]\nuser = bob, bobadm\n"                                                      \
        "[approver carol]\nuser = carol\n"                                                          \
        "[approver devp]\nuser = dev, devadm\n"                                                     \
        "[approver sue]\nuser = sue\n"                                                              \
        "[group oncall]\nmembers = bob, carol, devp\n"                                              \
        "[rule groups]\nservices = vpn\nusers = *\naction = ask\napprovers = @sre\nnotify = mail\n" \
        "on-expiry = keep\n"                                                                        \
        "[rule keeps]\nservices = sudo\nusers = *\naction = ask\napprovers = oncall\n"              \
        "approvals = " approvals_ "\nassurance = " assurance_ "\nnotify = hook\n"                   \
        "duration = 30m\nmax-duration = 4h\nopen-for = 30m\nwait = 5m\non-expiry = keep\n"

static const char link_rules[] = RULES("link", "personal", "masked", "1");

/* --- a gateway --- */

static Client *gateway;

static void subscribe(const char *channel)
{
        const char *items[] = { channel };
        DeliverCall call = { PROTOCOL_VERSION, { items, 1 } };

        gateway = client_gateway();
        say(gateway, "Deliver", DELIVER_FIELDS, &call, CALL_MORE);
        ck_assert(hear(gateway));
        ck_assert_str_eq(text(gateway, "web"), "https://jit.example.org");
}

static void setup(void)
{
        world_open_with(link_rules);
        subscribe("hook");
}

static void teardown(void)
{
        world_close();
}

/* What the gateway was given last. */
static struct {
        int64_t id;
        bool decides;
        char event[64], channel[64], key[64], approver[64], token[64], request[ID_SIZE],
                command[256], head[80];
} got;

static void copy(char *out, size_t size, const char *value)
{
        (void) snprintf(out, size, "%.*s", (int) size - 1, value);
}

static void take(const char *event, const char *approver)
{
        const JsonNode *d, *request, *link;

        ck_assert_msg(hear(gateway), "nothing came, not even %s", event);
        d = object(gateway, "delivery");
        ck_assert_ptr_nonnull(d);
        request = json_get(d, "request");
        link = json_get(d, "link");
        got.id = json_integer(json_get(d, "id"));
        copy(got.event, sizeof(got.event), text_of(d, "event"));
        copy(got.channel, sizeof(got.channel), text_of(d, "channel"));
        copy(got.key, sizeof(got.key), text_of(d, "key"));
        copy(got.head, sizeof(got.head), text_of(d, "head"));
        copy(got.approver, sizeof(got.approver), text_of(link, "approver"));
        copy(got.request, sizeof(got.request), text_of(request, "id"));
        copy(got.command, sizeof(got.command), text_of(request, "command"));
        ck_assert_int_eq(strncmp(text_of(link, "url"), "https://jit.example.org/r/", 26), 0);
        copy(got.token, sizeof(got.token), text_of(link, "url") + 26);
        got.decides = json_boolean(json_get(link, "decides"));
        ck_assert_str_eq(got.event, event);
        ck_assert_str_eq(got.approver, approver);
        ck_assert_uint_eq(strlen(got.head), 64);
}

static void settle(int64_t id, const char *outcome, const char *problem)
{
        SettleCall call = { PROTOCOL_VERSION, id, outcome, problem, 0 };
        Client *c = client_gateway();

        say(c, "Settle", SETTLE_FIELDS, &call, 0);
        ck_assert(hear(c));
        ck_assert_str_eq(error(c), "");
        client_close(c);
}

static char result[64], state[64], standing[64], code[64], form[64], vote[16], page_command[256];
static char extends[ID_SIZE]; /* the grant that is shown with it */
static size_t durations, lately, approvers;

static void keep_page(const Client *c)
{
        const JsonNode *page = object(c, "page");
        const JsonNode *request = page ? json_get(page, "request") : NULL;
        const JsonNode *list;

        copy(result, sizeof(result), error(c));
        copy(code, sizeof(code), text(c, "code"));
        copy(state, sizeof(state), request ? text_of(request, "state") : text(c, "state"));
        copy(page_command, sizeof(page_command), request ? text_of(request, "command") : "");
        copy(standing, sizeof(standing), text_of(page, "standing"));
        copy(form, sizeof(form), text_of(page, "form"));
        bool longer = request && *text_of(request, "extends");
        copy(extends, sizeof(extends), longer ? text_of(json_get(request, "grant"), "id") : "");
        copy(vote, sizeof(vote), text_of(page, "vote"));
        durations = lately = approvers = 0;
        list = request ? json_get(request, "approvers") : NULL;
        for (const JsonNode *n = list ? json_first(list) : NULL; n; n = json_next(n)) {
                approvers++;
        }
        list = page ? json_get(page, "durations") : NULL;
        for (const JsonNode *n = list ? json_first(list) : NULL; n; n = json_next(n)) {
                durations++;
        }
        list = page ? json_get(page, "lately") : NULL;
        for (const JsonNode *n = list ? json_first(list) : NULL; n; n = json_next(n)) {
                lately++;
        }
}

/* The error's name, "" for none; what the page says is kept. */
static const char *show(const char *token)
{
        LinkCall call = { PROTOCOL_VERSION, token };
        Client *c = client_gateway();

        say(c, "ShowLink", LINK_FIELDS, &call, 0);
        ck_assert(hear(c));
        keep_page(c);
        client_close(c);
        return result;
}

static const char *click_with(
        const char *token, const char *decision, const char *duration, const char *form_value)
{
        DecideLinkCall call = { PROTOCOL_VERSION, token, decision, duration, "so be it",
                form_value };
        Client *c = client_gateway();

        say(c, "DecideLink", DECIDE_LINK_FIELDS, &call, 0);
        ck_assert(hear(c));
        keep_page(c);
        client_close(c);
        return result;
}

static const char *click(const char *token, const char *decision)
{
        return click_with(token, decision, NULL, NULL);
}

static int64_t owed(void)
{
        int64_t n = -1;

        ck_assert_int_eq(store_outbox_count(world.d.ledger.store, NULL, &n), 0);
        return n;
}

/* dev asks, and both approvers have been told; the last one was carol. */
static Client *asked(char bobs[static LINK_TOKEN_SIZE])
{
        Client *c = request_sudo(DEV);

        take("request.created", "bob");
        copy(bobs, LINK_TOKEN_SIZE, got.token);
        settle(got.id, "delivered", NULL);
        take("request.created", "carol");
        settle(got.id, "delivered", NULL);
        ck_assert_str_eq(got.request, pending_of(c));
        return c;
}

/* --- stories --- */

START_TEST(one_click)
{
        char bobs[LINK_TOKEN_SIZE];
        Client *c = asked(bobs);

        ck_assert_int_eq(owed(), 0);
        ck_assert(got.decides);
        ck_assert_str_eq(show(bobs), "");
        ck_assert_str_eq(state, "pending");
        ck_assert_str_eq(standing, "may");
        ck_assert_str_eq(page_command, "id");
        ck_assert_uint_eq(durations, 6); /* 5m to 4h */
        ck_assert_uint_eq(lately, 0);
        ck_assert_str_eq(click_with(bobs, "approve", "15m", form), "");
        ck_assert_str_eq(state, "approved");
        ck_assert_uint_eq(approvers, 2); /* who could have */
        ck_assert_str_eq(vote, "approve");
        ck_assert_str_eq(standing, "over");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_GRANT);
        ck_assert_str_eq(check_sudo(DEV), VERDICT_GRANT);
        take("request.decided", "bob");
        ck_assert_str_eq(got.token, bobs);
        ck_assert(!got.decides);
        /* The head goes with it: the decision and its grant are in the record by now. */
        ck_assert_str_eq(got.head, audit_head(world.d.ledger.audit));
        take("request.decided", "carol");
        /* The same again changes nothing; another decision comes too late. */
        ck_assert_str_eq(click(bobs, "approve"), "");
        ck_assert_str_eq(click(bobs, "deny"), "Over");
        ck_assert_str_eq(state, "approved");
        ck_assert_int_eq(world_count("request.voted", c->request), 1);
        world_verify();
}
END_TEST

/* More time for what is open: it is shown until when that is, and nothing is offered that cannot be given. */
START_TEST(more_time)
{
        char bobs[LINK_TOKEN_SIZE], grant[ID_SIZE];
        Client *c = asked(bobs), *dev = client_new(DEV, DEV);

        ck_assert_str_eq(click_with(bobs, "approve", "15m", NULL), "");
        ck_assert_str_eq(extends, "");
        ck_assert(hear(c));
        copy(grant, sizeof(grant), text(c, "grant"));
        take("request.decided", "bob");
        take("request.decided", "carol");
        ExtendCall call = { PROTOCOL_VERSION, grant, "20m", "needs longer" };
        say(dev, "Extend", EXTEND_FIELDS, &call, 0);
        ck_assert(hear(dev));
        ck_assert_str_eq(error(dev), "");
        take("request.created", "bob");
        ck_assert_str_eq(show(got.token), "");
        ck_assert_str_eq(extends, grant);
        ck_assert_uint_eq(durations, 6); /* 5m to 2h, and what is asked for */
        ck_assert_str_eq(click_with(got.token, "approve", "2h", form), "");
        ck_assert_str_eq(state, "approved");
        ck_assert_int_eq(world_count("grant.extended", grant), 1);
}
END_TEST

START_TEST(denied_by_a_click)
{
        char bobs[LINK_TOKEN_SIZE];
        Client *c = asked(bobs);

        ck_assert_str_eq(click(bobs, "deny"), "");
        ck_assert_str_eq(state, "denied");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_DENY);
        ck_assert_str_eq(click(got.token, "approve"), "Over"); /* carol's */
        ck_assert_str_eq(state, "denied");
        ck_assert_str_ne(check_sudo(DEV), VERDICT_GRANT);
}
END_TEST

/* Looking at it decides nothing, however often. */
START_TEST(only_looked_at)
{
        char bobs[LINK_TOKEN_SIZE], *before, *after;
        Client *c = asked(bobs);

        before = strdup(audit_head(world.d.ledger.audit));
        for (int i = 0; i < 100; i++) {
                ck_assert_str_eq(show(bobs), "");
        }
        after = strdup(audit_head(world.d.ledger.audit));
        ck_assert_str_eq(before, after);
        ck_assert_str_eq(state_of(c->request), "pending");
        ck_assert(is_quiet(c));
        ck_assert(is_quiet(gateway));
        free(before);
        free(after);
}
END_TEST

/* Whatever is not the very link is no link, and all of it looks alike. */
START_TEST(altered)
{
        char bobs[LINK_TOKEN_SIZE], token[LINK_TOKEN_SIZE];
        Client *c = asked(bobs);

        for (size_t i = 0; i < LINK_TOKEN_LENGTH; i++) {
                copy(token, sizeof(token), bobs);
                token[i] = token[i] == 'A' ? 'B' : 'A';
                ck_assert_str_eq(show(token), "NotFound");
                ck_assert_str_eq(click(token, "approve"), "NotFound");
        }
        ck_assert_str_eq(show(""), "NotFound");
        ck_assert_str_eq(show("K7QF2M9D"), "NotFound");
        copy(token, 10, bobs);
        ck_assert_str_eq(show(token), "NotFound");
        /* Of a channel or an approver that there is not; and of another request. */
        ck_assert_str_eq(click(link_for(c->request, "bob", "chat"), "approve"), "NotFound");
        ck_assert_str_eq(click(link_for(c->request, "mallory", "hook"), "approve"), "NotFound");
        ck_assert_str_eq(click(link_for(c->request, NULL, "hook"), "approve"), "NotFound");
        Client *other = request_sudo(DAVE);
        (void) snprintf(
                token, sizeof(token), "%.4s%.4s%s", other->request, other->request + 5, bobs + 8);
        ck_assert_str_eq(click(token, "approve"), "NotFound");
        ck_assert_str_eq(state_of(c->request), "pending");
        ck_assert_str_eq(state_of(other->request), "pending");
}
END_TEST

/* No link serves whoever asked, under any name of his, by any channel. */
START_TEST(self_approval)
{
        char bobs[LINK_TOKEN_SIZE];
        Client *c = asked(bobs);

        ck_assert_str_eq(click(link_for(c->request, "devp", "hook"), "approve"), "NotPermitted");
        ck_assert_str_eq(code, "self");
        ck_assert_str_eq(click(link_for(c->request, "devp", "mail"), "deny"), "NotPermitted");
        ck_assert_str_eq(show(link_for(c->request, "devp", "mail")), "");
        ck_assert_str_eq(standing, "self");
        /* devadm is the same person; whoever is logged in behind the asker is, too */
        Client *adm = request_sudo(DEVADM);
        ck_assert_str_eq(click(link_for(adm->request, "devp", "hook"), "approve"), "NotPermitted");
        Ask ask = ask_sudo(SHARED);
        ask.login_uid = BOBADM;
        Client *shared = request_ask(ask, MINUTE);
        ck_assert_str_eq(
                click(link_for(shared->request, "bob", "hook"), "approve"), "NotPermitted");
        ck_assert_str_eq(code, "self");
        ck_assert_str_eq(click(link_for(shared->request, "carol", "hook"), "approve"), "");
        ck_assert_str_eq(click(link_for(c->request, "sue", "hook"), "approve"), "NotPermitted");
        ck_assert_str_eq(code, "none");
        ck_assert_str_eq(state_of(c->request), "pending");
}
END_TEST

/* Whoever lost the right between message and click, or whose channel is gone. */
START_TEST(rights_change)
{
        char bobs[LINK_TOKEN_SIZE], carols[LINK_TOKEN_SIZE];
        Client *c = asked(bobs);
        char *rules = strdup(link_rules), *group;

        copy(carols, sizeof(carols), got.token);
        group = strstr(rules, "members = bob, carol");
        memcpy(group, "members = carol,sue ", 20);
        world_set_rules(rules);
        ck_assert_str_eq(click(bobs, "approve"), "NotPermitted");
        ck_assert_str_eq(code, "none");
        ck_assert_str_eq(show(bobs), "");
        ck_assert_str_eq(standing, "none");
        memcpy(strstr(rules, "[channel hook]"), "[channel hoot]", 14);
        memcpy(strstr(rules, "notify = hook"), "notify = hoot", 13);
        world_set_rules(rules);
        ck_assert_str_eq(click(carols, "approve"), "NotFound");
        world_set_rules(link_rules);
        ck_assert_str_eq(click(carols, "approve"), "");
        ck_assert_str_eq(state_of(c->request), "approved");
        free(rules);
}
END_TEST

/* bob, then carol, whatever link_rules say. */
static void set_chain(void)
{
        static const char wide[] = "approvers = oncall\n";
        const char *at = strstr(link_rules, wide);
        _cleanup_(freep) char *text = NULL;

        ck_assert_ptr_nonnull(at);
        ck_assert_int_ge(str_printf(&text, "%.*sapprovers = bob then carol\n%s",
                                 (int) (at - link_rules), link_rules, at + strlen(wide)),
                0);
        world_set_rules(text);
        ck_assert(hear(gateway));
}

/* Too early it decides nothing, afterwards only no. */
START_TEST(a_stage_after_the_other)
{
        char bobs[LINK_TOKEN_SIZE], carols[LINK_TOKEN_SIZE];
        Client *c = asked(bobs);

        copy(carols, sizeof(carols), got.token);
        set_chain();
        ck_assert_str_eq(show(carols), "");
        ck_assert_str_eq(standing, "later");
        ck_assert_str_eq(click(carols, "approve"), "NotPermitted");
        ck_assert_str_eq(code, "later");
        ck_assert_str_eq(click(carols, "deny"), "NotPermitted");
        ck_assert_str_eq(show(bobs), "");
        ck_assert_str_eq(standing, "may");
        ck_assert_str_eq(click(bobs, "approve"), "");
        ck_assert_str_eq(standing, "done");
        ck_assert_str_eq(state, "pending");
        ck_assert_str_eq(click(bobs, "approve"), ""); /* once more is no more */
        ck_assert_str_eq(standing, "done");
        ck_assert_str_eq(show(carols), "");
        ck_assert_str_eq(standing, "may");
        ck_assert_str_eq(click(bobs, "deny"), "");
        ck_assert_str_eq(state, "denied");
        ck_assert_str_eq(state_of(c->request), "denied");
}
END_TEST

/* The rule wants the host; a shared link is nobody's; what is hidden of a command stays so. */
START_TEST(what_a_link_may)
{
        char token[LINK_TOKEN_SIZE];
        Client *c;

        world_set_rules(RULES("local", "personal", "program", "1"));
        ck_assert(hear(gateway));
        c = request_ask(ask_of(DEV, "sudo", "root", "/bin/ls -l /root"), MINUTE);
        take("request.created", "bob");
        ck_assert_str_eq(got.command, "/bin/ls");
        ck_assert(!got.decides);
        ck_assert_str_eq(show(got.token), "");
        ck_assert_str_eq(standing, "local");
        ck_assert_str_eq(page_command, "/bin/ls");
        ck_assert_str_eq(click(got.token, "approve"), "NotPermitted");
        ck_assert_str_eq(code, "local");
        ck_assert_str_eq(state_of(c->request), "pending");
        take("request.created", "carol");

        copy(token, sizeof(token), got.token);
        world_set_rules(RULES("link", "shared", "none", "1"));
        ck_assert(hear(gateway));
        ck_assert_str_eq(show(token), "NotFound"); /* it was a person's */
        Client *other = request_sudo(DAVE);
        take("request.created", "");
        ck_assert_str_eq(got.command, "");
        ck_assert(!got.decides);
        ck_assert_str_eq(show(got.token), "");
        ck_assert_str_eq(standing, "shared");
        ck_assert_str_eq(click(got.token, "approve"), "NotPermitted");
        ck_assert_str_eq(code, "shared");
        ck_assert_str_eq(click(link_for(other->request, "bob", "mail"), "approve"), "");
}
END_TEST

START_TEST(forms)
{
        char bobs[LINK_TOKEN_SIZE];
        Client *c = asked(bobs);
        char carols[LINK_TOKEN_SIZE], other_form[64];

        copy(carols, sizeof(carols), got.token);
        ck_assert_str_eq(show(carols), "");
        copy(other_form, sizeof(other_form), form);
        ck_assert_str_eq(click_with(bobs, "approve", NULL, other_form), "NotPermitted");
        ck_assert_str_eq(code, "form");
        ck_assert_str_eq(click_with(bobs, "approve", NULL, ""), "NotPermitted");
        ck_assert_str_eq(click_with(bobs, "allow", NULL, NULL), "InvalidParameter");
        ck_assert_str_eq(click_with(bobs, "approve", "soon", NULL), "InvalidParameter");
        ck_assert_str_eq(click_with(bobs, "approve", "5h", NULL), "Refused");
        ck_assert_str_eq(code, "duration");
        ck_assert_str_eq(state_of(c->request), "pending");
        ck_assert_str_eq(show(bobs), "");
        ck_assert_str_eq(click_with(bobs, "approve", "2h", form), "");
}
END_TEST

START_TEST(late_clicks)
{
        char bobs[LINK_TOKEN_SIZE];
        Client *c = asked(bobs);

        world_forward(30 * MINUTE);
        ck_assert_str_eq(click(bobs, "approve"), "Over");
        ck_assert_str_eq(state, "timed-out");
        ck_assert_str_eq(show(bobs), "");
        ck_assert_str_eq(standing, "over");
        take("request.timed_out", "bob");
        client_close(c);
        c = request_sudo(DAVE);
        take("request.timed_out", "carol");
        take("request.created", "bob");
        copy(bobs, sizeof(bobs), got.token);
        client_close(c);
        ck_assert_str_eq(click(bobs, "approve"), "Over");
        ck_assert_str_eq(state, "withdrawn");
}
END_TEST

/* One person, one vote: by his link, by another channel's, on the host. */
START_TEST(one_person_once)
{
        char bobs[LINK_TOKEN_SIZE];
        Client *c;

        world_set_rules(RULES("link", "personal", "masked", "2"));
        ck_assert(hear(gateway));
        c = asked(bobs);
        ck_assert_str_eq(click(bobs, "approve"), "");
        ck_assert_str_eq(state, "pending");
        ck_assert_str_eq(standing, "may");
        ck_assert_str_eq(vote, "approve");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        take("request.voted", "bob");
        take("request.voted", "carol");
        ck_assert_str_eq(click(link_for(c->request, "bob", "mail"), "approve"), "");
        ck_assert_str_eq(decide(BOB, c->request, "approve"), "");
        ck_assert_str_eq(decide(BOBADM, c->request, "approve"), "");
        ck_assert_str_eq(state_of(c->request), "pending");
        ck_assert_str_eq(decide(CAROL, c->request, "approve"), "");
        ck_assert_str_eq(state_of(c->request), "approved");
}
END_TEST

/* An approver who is one by a Unix group alone: as far as the name service says so. */
START_TEST(names)
{
        Client *c = request_ask(ask_of(DEV, "vpn", "root", "id"), 0);
        char sues[LINK_TOKEN_SIZE];

        copy(sues, sizeof(sues), link_for(c->request, "sue", "mail"));
        ck_assert_str_eq(click(link_for(c->request, "bob", "mail"), "approve"), "NotPermitted");
        world.names_silent = true;
        ck_assert_str_eq(click(sues, "approve"), "NamesUnavailable");
        ck_assert_str_eq(show(sues), "");
        ck_assert_str_eq(standing, "unknown");
        world.names_silent = false;
        /* The rules may change while it is being looked up. */
        LinkCall call = { PROTOCOL_VERSION, sues };
        Client *slow = client_gateway();
        world.names_held = true;
        say(slow, "ShowLink", LINK_FIELDS, &call, 0);
        world_pump();
        world.names_held = false; /* but for what is asked already */
        world_set_rules(world_rules);
        world_names_release();
        ck_assert(hear(slow));
        ck_assert_str_eq(error(slow), "NotFound");
        world_set_rules(link_rules);
        ck_assert_str_eq(click(sues, "approve"), "");
        ck_assert_str_eq(state, "approved");
}
END_TEST

START_TEST(withdrawn_by_a_link)
{
        char bobs[LINK_TOKEN_SIZE];
        Client *c = asked(bobs), *x = client_gateway();
        LinkCall call = { PROTOCOL_VERSION, NULL };

        call.token = link_for(c->request, "devp", "hook");
        say(x, "CancelLink", LINK_FIELDS, &call, 0);
        ck_assert(hear(x));
        ck_assert_str_eq(error(x), "NotPermitted");
        call.token = bobs;
        say(x, "CancelLink", LINK_FIELDS, &call, 0);
        ck_assert(hear(x));
        ck_assert_str_eq(error(x), "");
        ck_assert_str_eq(state_of(c->request), "withdrawn");
        say(x, "CancelLink", LINK_FIELDS, &call, 0);
        ck_assert(hear(x));
        ck_assert_str_eq(error(x), "Over");
        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_DENY);
}
END_TEST

/* --- deliveries --- */

START_TEST(failing_receiver)
{
        Client *c = request_sudo(DEV);
        char key[64];

        take("request.created", "bob");
        copy(key, sizeof(key), got.key);
        int64_t bobs = got.id;
        take("request.created", "carol");
        settle(bobs, "failed", "HTTP 500");
        settle(got.id, "failed", "HTTP 500");
        ck_assert(is_quiet(gateway));
        ck_assert_int_eq(owed(), 2);
        /* One at a time, until one goes through; then all that is owed, by the same names. */
        world_forward(SECOND);
        take("request.created", "bob");
        ck_assert_str_eq(got.key, key);
        ck_assert(is_quiet(gateway));
        settle(got.id, "delivered", NULL);
        take("request.created", "carol");
        settle(got.id, "delivered", NULL);
        ck_assert_int_eq(owed(), 0);
        /* Settled twice, or made up: nobody minds. */
        settle(got.id, "failed", "x");
        settle(4711, "delivered", NULL);
        ck_assert_str_eq(state_of(c->request), "pending");
}
END_TEST

/* What is said later waits until what was said before has arrived. */
START_TEST(in_order)
{
        Client *c = request_sudo(DEV);
        int64_t bobs;

        take("request.created", "bob");
        bobs = got.id;
        take("request.created", "carol");
        settle(got.id, "delivered", NULL);
        ck_assert_str_eq(click(got.token, "approve"), "");
        take("request.decided", "carol");
        ck_assert(is_quiet(gateway)); /* bob's first one is still under way */
        settle(got.id, "delivered", NULL);
        ck_assert(is_quiet(gateway));
        settle(bobs, "failed", "HTTP 500");
        take("request.decided", "bob");
        ck_assert(is_quiet(gateway)); /* and is needed no more */
        settle(got.id, "failed", "HTTP 500");
        ck_assert_str_eq(do_id(DEV, "End", "none"), "NotFound");
        ck_assert(hear(c));
        ck_assert_str_eq(do_id(DEV, "End", c->grant), "");
        ck_assert(is_quiet(gateway));
        /* Nothing overtakes the decision that bob has not heard of yet. */
        world_forward(SECOND);
        take("request.decided", "bob");
        ck_assert(is_quiet(gateway));
        settle(got.id, "delivered", NULL);
        take("grant.ended", "bob");
        take("grant.ended", "carol");
}
END_TEST

START_TEST(gateway_comes_and_goes)
{
        Client *c = request_sudo(DEV);
        char key[64];

        take("request.created", "bob");
        copy(key, sizeof(key), got.key);
        client_close(gateway);
        subscribe("hook");
        take("request.created", "bob");
        ck_assert_str_eq(got.key, key);
        take("request.created", "carol");
        /* A second one takes over; when it goes the first has all of it again. */
        Client *first = gateway;
        subscribe("hook");
        take("request.created", "bob");
        ck_assert(is_quiet(first));
        client_close(gateway);
        gateway = first;
        take("request.created", "bob");
        take("request.created", "carol");
        subscribe("hook");
        take("request.created", "bob");
        /* So does one that finds another approver. */
        world_restart(true);
        clients_close();
        subscribe("hook");
        take("request.created", "bob");
        ck_assert_str_eq(got.key, key);
        ck_assert_str_eq(click(got.token, "approve"), "");
        ck_assert_str_eq(state_of(got.request), "approved");
        (void) c;
}
END_TEST

/* A channel that the rules learn of later is served by who sends on it already. */
START_TEST(channel_comes_later)
{
        Client *c;

        world_set_rules(world_rules);
        ck_assert(hear(gateway));
        client_close(gateway);
        subscribe("mail");
        world_set_rules(link_rules);
        ck_assert(hear(gateway));
        ck_assert_str_eq(text(gateway, "web"), "https://jit.example.org");
        c = request_ask(ask_of(DEV, "vpn", "root", "id"), 0);
        ck_assert_int_eq(owed(), 0); /* @sre has no section of its own */
        (void) c;
        ck_assert_str_eq(route_state(courier_find(&world.d.courier, "mail")), "idle");
        ck_assert_str_eq(route_state(courier_find(&world.d.courier, "hook")), "away");
}
END_TEST

START_TEST(only_what_it_sends)
{
        Client *c;

        client_close(gateway);
        c = request_sudo(DEV);
        subscribe("mail");
        ck_assert(is_quiet(gateway));
        ck_assert_int_eq(owed(), 2);
        client_close(gateway);
        subscribe("chat"); /* which the rules do not know */
        ck_assert(is_quiet(gateway));
        client_close(c);
        /* Nobody was told of it, so nobody is told that it is over but what is owed since. */
        ck_assert_int_eq(owed(), 2);
        subscribe("hook");
        take("request.withdrawn", "bob");
}
END_TEST

START_TEST(many_at_once)
{
        static const uid_t askers[] = { DAVE, EVE, AUD };
        int64_t ids[COURIER_WINDOW];

        for (size_t i = 0; i < 2 * ELEMENTSOF(askers); i++) {
                const char *target = i % 2 ? "root" : "adm";
                (void) request_ask(ask_of(askers[i / 2], "sudo", target, "id"), 0);
        }
        /* Each of six to each of three. */
        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                static const char *const readers[] = { "bob", "carol", "devp" };
                take("request.created", readers[i % 3]);
                ids[i] = got.id;
        }
        ck_assert(is_quiet(gateway));
        settle(ids[3], "delivered", NULL);
        take("request.created", "carol");
        ck_assert(is_quiet(gateway));
        ids[3] = got.id;
        settle(ids[5], "delivered", NULL);
        take("request.created", "devp");
        ids[5] = got.id;
        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                settle(ids[i], "delivered", NULL);
        }
        ck_assert(is_quiet(gateway));
        ck_assert_int_eq(owed(), 0);
}
END_TEST

/* The same asker for the same again rings nobody. */
START_TEST(rung_once)
{
        char bobs[LINK_TOKEN_SIZE];
        Client *c = asked(bobs);
        Client *same = request_sudo(DEV);
        Client *other = request_ask(ask_of(DEV, "sudo", "root", "ls -l"), MINUTE);

        ck_assert_str_eq(pending_of(same), pending_of(c));
        ck_assert_str_eq(pending_of(other), pending_of(c));
        ck_assert_int_eq(owed(), 0);
        ck_assert(is_quiet(gateway));
}
END_TEST

/* --- nobody could be reached --- */

static const char *news(Client *c)
{
        const JsonNode *lines;

        ck_assert(hear(c));
        ck_assert_str_eq(text(c, "verdict"), VERDICT_PENDING);
        lines = object(c, "lines");
        return lines && json_first(lines) ? json_string(json_first(lines)) : "";
}

START_TEST(unreached)
{
        Client *c = request_sudo(DEV), *reached;

        take("request.created", "bob");
        settle(got.id, "failed", "HTTP 500");
        take("request.created", "carol");
        ck_assert(is_quiet(c));
        world_forward(3 * SECOND);
        ck_assert_ptr_nonnull(strstr(news(c), "Nobody could be told yet (hook: HTTP 500)"));
        world_forward(10 * SECOND);
        ck_assert(is_quiet(c)); /* once */
        client_close(gateway);
        c = request_sudo(DAVE);
        world_forward(3 * SECOND);
        ck_assert_ptr_nonnull(strstr(news(c), "hook: nothing sends on it"));
        subscribe("hook");
        reached = request_sudo(EVE);
        for (;;) {
                ck_assert(hear(gateway));
                const JsonNode *d = object(gateway, "delivery");
                settle(json_integer(json_get(d, "id")), "delivered", NULL);
                if (streq(text_of(json_get(d, "request"), "id"), reached->request)) {
                        break;
                }
        }
        world_forward(3 * SECOND);
        ck_assert(is_quiet(reached));
}
END_TEST

/* What a gateway makes of the reason is no trouble of the record's. */
START_TEST(odd_problems)
{
        _cleanup_(freep) char *problem = malloc(8001);
        Client *c = request_sudo(DEV);

        memset(problem, '\x1b', 8000);
        problem[8000] = '\0';
        take("request.created", "bob");
        settle(got.id, "failed", problem);
        ck_assert_int_eq(owed(), 2);
        world_forward(3 * SECOND);
        ck_assert_ptr_nonnull(strstr(news(c), "(hook: \\x1b\\x1b"));
}
END_TEST

/* How many lines are logged when somebody subscribes to 500 channels that there are not. */
static int complaints(void)
{
        int file = open(world.dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), stderr_fd = dup(2), n = 0;
        const char *items[500];
        DeliverCall call = { PROTOCOL_VERSION, { items, ELEMENTSOF(items) } };
        char byte;

        for (size_t i = 0; i < ELEMENTSOF(items); i++) {
                items[i] = "none";
        }
        ck_assert_int_ge(file, 0);
        ck_assert_int_eq(dup2(file, 2), 2);
        gateway = client_gateway();
        say(gateway, "Deliver", DELIVER_FIELDS, &call, CALL_MORE);
        ck_assert(hear(gateway));
        ck_assert_int_eq(dup2(stderr_fd, 2), 2);
        close(stderr_fd);
        ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
        while (read(file, &byte, 1) == 1) {
                n += byte == '\n';
        }
        close(file);
        return n;
}

START_TEST(endless_complaints)
{
        ck_assert_int_eq(complaints(), 1);
        ck_assert_int_eq(complaints(), 0);
        world_forward(2 * MINUTE);
        ck_assert_int_eq(complaints(), 1);
}
END_TEST

/* Who is an approver by a Unix group alone has no section, and so no channel: the asker is told. */
START_TEST(nobody_to_tell)
{
        Client *c = request_ask(ask_of(DEV, "vpn", "root", "id"), MINUTE);

        (void) pending_of(c);
        world_forward(3 * SECOND);
        ck_assert_ptr_nonnull(strstr(news(c), "Nobody is told of this"));
        world_forward(10 * SECOND);
        ck_assert(is_quiet(c));
}
END_TEST

/* --- what must not be told --- */

static bool holds(const char *path, const char *secret)
{
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        _cleanup_(freep) char *bytes = NULL;
        struct stat st;

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(fstat(fd, &st), 0);
        bytes = malloc((size_t) st.st_size + 1);
        ssize_t n = read(fd, bytes, (size_t) st.st_size);
        ck_assert_int_eq(n, st.st_size);
        return memmem(bytes, (size_t) n, secret, strlen(secret)) != NULL;
}

/* Whether any file of the store holds it. */
static bool is_stored(const char *secret)
{
        static const char *const files[] = { "approver.db", "approver.db-wal" };
        char path[128];
        bool yes = false;

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                (void) snprintf(path, sizeof(path), "%s/%s", world.state, files[i]);
                yes = yes || holds(path, secret);
        }
        return yes;
}

/* A secret among the words typed reaches neither record nor message; nor does any link the record. */
START_TEST(canaries)
{
        Ask ask = ask_of(DEV, "sudo", "root", "mysql --password=CANARY-1f5e -e x");
        Ask later = ask_of(DEV, "sudo", "root", "curl -u dev:CANARY-1f5e https://x");
        char bobs[LINK_TOKEN_SIZE];
        Client *c;

        (void) check_ask(ROOT, ask);
        c = request_ask(ask, MINUTE);
        (void) request_ask(later, MINUTE);
        take("request.created", "bob");
        copy(bobs, sizeof(bobs), got.token);
        ck_assert_str_eq(got.command, "mysql --password=MASKED -e x");
        take("request.created", "carol");
        ck_assert_str_eq(show(bobs), "");
        ck_assert_str_eq(page_command, "mysql --password=MASKED -e x");
        ck_assert_str_eq(click(bobs, "approve"), "");
        ck_assert_str_eq(check_ask(ROOT, ask), VERDICT_GRANT);
        world_forward(MINUTE);
        ck_assert(is_stored("mysql --password="));
        ck_assert(!is_stored("CANARY-1f5e"));
        ck_assert(!is_stored(bobs));
        ck_assert(!is_stored(bobs + 9));
        (void) c;
}
END_TEST

/* --- numbers --- */

static int64_t number_of(Client *c, const char *event)
{
        for (const JsonNode *n = json_first(object(c, "events")); n; n = json_next(n)) {
                if (streq(text_of(n, "event"), event)) {
                        return json_integer(json_get(n, "count"));
                }
        }
        return -1;
}

START_TEST(metrics)
{
        IdCall call = { PROTOCOL_VERSION, NULL };
        Client *gate = client_gateway(), *c = request_sudo(DEV);

        take("request.created", "bob");
        for (int i = 0; i < 3; i++) {
                (void) check_ask(ROOT, ask_of(DEV, "cron", NULL, "x"));
        }
        world_forward(2 * RECORD_DELAY);
        say(gate, "GetMetrics", ID_FIELDS, &call, 0);
        ck_assert(hear(gate));
        ck_assert_str_eq(error(gate), "");
        ck_assert_int_eq(number(gate, "pending"), 1);
        ck_assert_int_eq(number(gate, "waiting"), 1);
        ck_assert_int_eq(number(gate, "grants"), 0);
        ck_assert_int_eq(number(gate, "rules_problems"), 0);
        ck_assert_int_gt(number(gate, "owed"), 0);
        ck_assert_int_gt(number(gate, "record_bytes"), 4096);
        ck_assert_int_eq(number_of(gate, "request.created"), 1);
        ck_assert_int_eq(number_of(gate, "check.refused"), 3);
        ck_assert_int_eq(number_of(gate, "request.decided"), 0);
        ck_assert_int_eq(number_of(gate, "no.such"), -1);
        ck_assert_str_eq(decide(BOB, pending_of(c), "approve"), "");
        world_set_rules("[rule x]\nnonsense\n");
        world_forward(2 * RECORD_DELAY);
        say(gate, "GetMetrics", ID_FIELDS, &call, 0);
        ck_assert(hear(gate));
        ck_assert_int_eq(number(gate, "grants"), 1);
        ck_assert_int_gt(number(gate, "rules_problems"), 0);
        ck_assert_int_eq(number_of(gate, "request.decided"), 1);
        ck_assert_int_eq(number_of(gate, "rules.rejected"), 1);
}
END_TEST

/* A number that nobody knows is none: zero would say that nothing waits. */
START_TEST(metrics_without_a_record)
{
        IdCall call = { PROTOCOL_VERSION, NULL };
        Client *gate = client_gateway();
        Store *store = TAKE_PTR(world.d.ledger.store);

        say(gate, "GetMetrics", ID_FIELDS, &call, 0);
        ck_assert(hear(gate));
        world.d.ledger.store = store;
        ck_assert_str_eq(error(gate), "");
        ck_assert_int_eq(number(gate, "waiting"), 0);
        ck_assert_ptr_null(object(gate, "pending"));
        ck_assert_ptr_null(object(gate, "record_bytes"));
}
END_TEST

/* --- whose methods these are --- */

START_TEST(own_socket)
{
        static const char *const methods[] = { "ShowLink", "CancelLink", "DecideLink", "Deliver",
                "Settle", "GetMetrics" };
        Client *people = client_new(ROOT, UID_UNSET), *gate = client_gateway();
        IdCall call = { PROTOCOL_VERSION, NULL };

        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                LinkCall link = { PROTOCOL_VERSION, "x" };
                say(people, methods[i], LINK_FIELDS, &link, 0);
                ck_assert(hear(people));
                ck_assert_str_eq(error(people), "MethodNotFound");
        }
        say(gate, "GetStatus", ID_FIELDS, &call, 0);
        ck_assert(hear(gate));
        ck_assert_str_eq(error(gate), "MethodNotFound");
        ck_assert_str_eq(decide(BOB, "none", "approve"), "NotFound");
}
END_TEST

/* The disk is full when the click comes: nobody is let in, and the link is still good. */
START_TEST(disk_full_of_deliveries)
{
        Client *c = request_sudo(DEV);

        take("request.created", "bob");
        int64_t bobs = got.id;
        take("request.created", "carol");
        world.disk_full = true;
        for (int i = 0; i < 2; i++) {
                SettleCall call = { PROTOCOL_VERSION, i == 0 ? bobs : got.id, "delivered", NULL,
                        0 };
                Client *x = client_gateway();
                say(x, "Settle", SETTLE_FIELDS, &call, 0);
                ck_assert(hear(x));
                ck_assert_str_eq(error(x), "StoreUnavailable");
                client_close(x);
        }
        /* They arrived, and nobody can write that down: they are sent again, one at a time, later. */
        ck_assert(is_quiet(gateway));
        world.disk_full = false;
        world_forward(SECOND);
        take("request.created", "bob");
        settle(got.id, "delivered", NULL);
        take("request.created", "carol");
        settle(got.id, "delivered", NULL);
        ck_assert_int_eq(owed(), 0);
        (void) c;
}
END_TEST

/* More commands ride on it than one message holds: the page comes all the same. */
START_TEST(long_commands)
{
        static char words[ADDED_MAX][2100];
        char bobs[LINK_TOKEN_SIZE];
        Client *c = asked(bobs);

        for (size_t i = 0; i < ADDED_MAX; i++) {
                const char *argv[] = { "echo", words[i] };
                Ask ask = ask_sudo(DEV);

                memset(words[i], '\\', sizeof(words[i]) - 1);
                words[i][0] = (char) ('a' + i % 26);
                words[i][1] = (char) ('a' + i / 26);
                ask.command = (Strings){ argv, 2 };
                client_close(request_ask(ask, MINUTE));
        }
        ck_assert_str_eq(show(bobs), "");
        ck_assert_str_eq(click(bobs, "approve"), "");
        ck_assert(hear(c));
}
END_TEST

START_TEST(disk_full)
{
        char bobs[LINK_TOKEN_SIZE];
        Client *c = asked(bobs);

        world.disk_full = true;
        ck_assert_str_eq(click(bobs, "approve"), "StoreUnavailable");
        ck_assert(is_quiet(c));
        ck_assert_str_eq(check_sudo(DEV), VERDICT_ASK);
        world.disk_full = false;
        ck_assert_str_eq(click(bobs, "approve"), "");
        ck_assert_str_eq(state_of(c->request), "approved");
}
END_TEST

static Suite *suite(void)
{
        Suite *s = suite_create("flow_links");
        TCase *t = tcase_create("all");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, one_click);
        tcase_add_test(t, more_time);
        tcase_add_test(t, denied_by_a_click);
        tcase_add_test(t, a_stage_after_the_other);
        tcase_add_test(t, only_looked_at);
        tcase_add_test(t, altered);
        tcase_add_test(t, self_approval);
        tcase_add_test(t, rights_change);
        tcase_add_test(t, what_a_link_may);
        tcase_add_test(t, forms);
        tcase_add_test(t, late_clicks);
        tcase_add_test(t, one_person_once);
        tcase_add_test(t, names);
        tcase_add_test(t, withdrawn_by_a_link);
        tcase_add_test(t, failing_receiver);
        tcase_add_test(t, odd_problems);
        tcase_add_test(t, endless_complaints);
        tcase_add_test(t, in_order);
        tcase_add_test(t, gateway_comes_and_goes);
        tcase_add_test(t, channel_comes_later);
        tcase_add_test(t, only_what_it_sends);
        tcase_add_test(t, many_at_once);
        tcase_add_test(t, rung_once);
        tcase_add_test(t, unreached);
        tcase_add_test(t, nobody_to_tell);
        tcase_add_test(t, canaries);
        tcase_add_test(t, metrics);
        tcase_add_test(t, metrics_without_a_record);
        tcase_add_test(t, own_socket);
        tcase_add_test(t, disk_full);
        tcase_add_test(t, disk_full_of_deliveries);
        tcase_add_test(t, long_commands);
        suite_add_tcase(s, t);
        return s;
}

int main(void)
{
        return world_main(suite);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/daemon/outbox.h"
#include "tests/unit/rules_fixture.h"
#include "tests/unit/store_fixture.h"

static const char text[] = "[web]\nurl = https://jit.example.org\n"
                           "[channel hook]\n"
                           "[channel room]\naudience = shared\n"
                           "[approver devp]\nuser = dev\n"
                           "[approver bob]\nuser = bob\n"
                           "[approver carol]\nuser = carol\n"
                           "[group all]\nmembers = carol, devp, bob, @sre\n"
                           "[defaults]\nservices = sudo\nusers = *\naction = ask\n"
                           "[rule web]\napprovers = carol, all\nnotify = hook, room\n"
                           "[rule quiet]\napprovers = all\n"
                           "[rule chain]\napprovers = bob then carol, bob\nnotify = hook, room\n"
                           "escalate = after 2m to carol, after 5m to devp\n";

static Fixture fixture;
static Rules *rules;
static const Now now = { T0, 1 };

static void answer(Name *n, void *userdata)
{
        n->exists = TERNARY_YES;
        n->id = streq(n->text, "dev") ? 1000 : streq(n->text, "bob") ? 4242 : 77;
}

static void setup(void)
{
        fixture_open(&fixture);
        rules = fixture_rules(text);
        rules_visit_names(rules, answer, NULL);
}

static void teardown(void)
{
        rules_free(rules);
        fixture_close(&fixture);
}

static char seen[512];
static int64_t last;

static int write_message(const OwedMessage *m, void *userdata)
{
        size_t n = strlen(seen);

        ck_assert_int_gt(m->id, last);
        last = m->id;
        (void) snprintf(seen + n, sizeof(seen) - n, "%s%s", n ? " " : "", str_or(m->to, "*"));
        return 0;
}

/* Who is owed something by the channel that is due by then. */
static const char *due(const char *channel, usec_t wall)
{
        seen[0] = '\0';
        last = 0;
        MUST(store_outbox_due(fixture.store, channel, wall, USEC_PER_HOUR, write_message, NULL));
        return seen;
}

static int64_t owed(const char *channel)
{
        int64_t n = -1;

        MUST(store_outbox_count(fixture.store, channel, &n));
        return n;
}

static int take_first(const OwedMessage *m, void *userdata)
{
        *(int64_t *) userdata = m->id;
        return 1;
}

static int64_t first_of(const char *channel)
{
        int64_t id = 0;

        MUST(store_outbox_due(fixture.store, channel, T0, USEC_PER_HOUR, take_first, &id));
        return id;
}

START_TEST(owed_to_all_but_the_asker)
{
        Request r = sample_request(1000), other = sample_request(1001),
                quiet = sample_request(1002);

        other.login = (Who){ UID_UNSET, NULL };
        quiet.rule = (char *) "quiet";
        /* dev asks, logged in as bob: neither of them is told, and carol once. */
        MUST(outbox_owe(fixture.store, rules, &r, OUTBOX_CREATED, &now));
        ck_assert_str_eq(due("hook", T0), "carol");
        ck_assert_str_eq(due("room", T0), "*");
        MUST(outbox_owe(fixture.store, rules, &other, OUTBOX_CREATED, &now));
        ck_assert_str_eq(due("hook", T0), "carol carol devp bob");
        ck_assert_int_eq(owed(NULL), 6);
        /* Without a channel, a rule or rules nobody is. */
        MUST(outbox_owe(fixture.store, rules, &quiet, OUTBOX_CREATED, &now));
        quiet.rule = (char *) "gone";
        MUST(outbox_owe(fixture.store, rules, &quiet, OUTBOX_CREATED, &now));
        MUST(outbox_owe(fixture.store, NULL, &other, OUTBOX_CREATED, &now));
        ck_assert_int_eq(owed(NULL), 6);
        MUST(outbox_withdraw(fixture.store, &r.id));
        ck_assert_str_eq(due("hook", T0), "carol devp bob");
        ck_assert_int_eq(owed("room"), 1);
}
END_TEST

START_TEST(one_after_the_other)
{
        Request r = sample_request(1000), other = sample_request(1001);
        int64_t first, second;

        MUST(outbox_owe(fixture.store, rules, &r, "request.voted", &now));
        MUST(outbox_owe(fixture.store, rules, &r, "request.decided", &now));
        MUST(outbox_owe(fixture.store, rules, &other, "request.decided", &now));
        /* carol's second about r waits for the first; others' and another request's do not. */
        ck_assert_str_eq(due("hook", T0), "carol carol devp");
        first = first_of("hook");
        MUST(store_outbox_fail(fixture.store, first, T0 + USEC_PER_SEC, "HTTP 500"));
        ck_assert_str_eq(due("hook", T0), "carol devp");
        ck_assert_str_eq(due("hook", T0 + USEC_PER_SEC), "carol carol devp");
        MUST(store_outbox_remove(fixture.store, first));
        second = first_of("hook");
        ck_assert_int_ne(first, second);
        ck_assert_str_eq(due("hook", T0), "carol carol devp");
        ck_assert_int_eq(store_outbox_remove(fixture.store, first), -ENOENT);
        ck_assert_int_eq(store_outbox_fail(fixture.store, first, T0, "x"), -ENOENT);
}
END_TEST

START_TEST(when_it_is_due)
{
        Request r = sample_request(1000);
        usec_t next;

        MUST(outbox_owe(fixture.store, rules, &r, OUTBOX_CREATED, &now));
        MUST(store_outbox_next(fixture.store, "hook", T0, &next));
        ck_assert_int_eq(next, USEC_NEVER);
        MUST(store_outbox_fail(fixture.store, first_of("hook"), T0 + USEC_PER_MIN, "HTTP 500"));
        ck_assert_str_eq(due("hook", T0), "");
        MUST(store_outbox_next(fixture.store, "hook", T0, &next));
        ck_assert_int_eq(next, T0 + USEC_PER_MIN);
        MUST(store_outbox_next(fixture.store, "room", T0, &next));
        ck_assert_int_eq(next, USEC_NEVER);
        /* The clock was set back a day: what was due in a minute then is due now. */
        ck_assert_str_eq(due("hook", T0 - USEC_PER_DAY), "carol");
        MUST(store_outbox_hurry(fixture.store, "room"));
        ck_assert_str_eq(due("hook", T0), "");
        MUST(store_outbox_hurry(fixture.store, "hook"));
        ck_assert_str_eq(due("hook", T0), "carol");
}
END_TEST

static int write_state(const OwedMessage *m, void *userdata)
{
        size_t n = strlen(seen);

        (void) snprintf(seen + n, sizeof(seen) - n, "%s:%s:%lld:%s ", m->channel,
                m->delivered ? "there" : "owed", (long long) m->tries, str_or(m->problem, "-"));
        return 0;
}

START_TEST(who_knows)
{
        Request r = sample_request(1000);
        int64_t first;

        MUST(outbox_owe(fixture.store, rules, &r, OUTBOX_CREATED, &now));
        MUST(store_outbox_fail(fixture.store, first_of("room"), T0, "HTTP 500"));
        first = first_of("hook");
        ck_assert_int_eq(
                store_outbox_deliver(fixture.store, first, "request.decided", T0), -ENOENT);
        MUST(store_outbox_deliver(fixture.store, first, OUTBOX_CREATED, T0));
        ck_assert_int_eq(store_outbox_deliver(fixture.store, first, OUTBOX_CREATED, T0), -ENOENT);
        ck_assert_str_eq(due("hook", T0), "");
        ck_assert_int_eq(owed("hook"), 0);
        fixture_reopen(&fixture);
        seen[0] = '\0';
        MUST(store_outbox_of(fixture.store, &r.id, OUTBOX_CREATED, write_state, NULL));
        ck_assert_str_eq(seen, "hook:there:0:- room:owed:1:HTTP 500 ");
        /* The request is over: nobody asks any more who was told of it. */
        MUST(outbox_withdraw(fixture.store, &r.id));
        seen[0] = '\0';
        MUST(store_outbox_of(fixture.store, &r.id, OUTBOX_CREATED, write_state, NULL));
        ck_assert_str_eq(seen, "");
}
END_TEST

/* A number is never given twice: receivers remember what is made of it. */
START_TEST(numbers)
{
        Request r = sample_request(1000);
        int64_t n, before;

        MUST(outbox_owe(fixture.store, rules, &r, OUTBOX_CREATED, &now));
        (void) due("room", T0);
        before = last;
        MUST(store_outbox_remove_channel(fixture.store, "hook", &n));
        ck_assert_int_eq(n, 1);
        MUST(store_outbox_remove_for(fixture.store, &r.id, OUTBOX_CREATED, &n));
        ck_assert_int_eq(n, 1);
        ck_assert_int_eq(owed(NULL), 0);
        fixture_reopen(&fixture);
        MUST(outbox_owe(fixture.store, rules, &r, OUTBOX_CREATED, &now));
        ck_assert_int_gt(first_of("hook"), before);
}
END_TEST

/* Of one event about the request, by the hook; then the room. */
static int write_reader(const OwedMessage *m, void *userdata)
{
        size_t n = strlen(seen);

        (void) snprintf(seen + n, sizeof(seen) - n, "%s%s", n ? " " : "", str_or(m->to, "*"));
        return 0;
}

static const char *told(const Request *r, const char *event)
{
        seen[0] = '\0';
        MUST(store_outbox_of(fixture.store, &r->id, event, write_reader, NULL));
        return seen;
}

static Request chained(void)
{
        Request r = sample_request(1001);

        r.login = (Who){ UID_UNSET, NULL };
        r.asker.uid = 5;
        r.rule = (char *) "chain";
        return r;
}

/* Each is asked when it comes to him, once: by a stage, by an escalation, or by neither any more. */
START_TEST(asked_once)
{
        Request r = chained();

        MUST(outbox_owe(fixture.store, rules, &r, OUTBOX_CREATED, &now));
        ck_assert_str_eq(told(&r, OUTBOX_CREATED), "bob *");
        r.escalated = 1;
        MUST(outbox_ask(fixture.store, rules, &r, (Reach){ 0, 0 }, OUTBOX_ESCALATED, &now));
        ck_assert_str_eq(
                told(&r, OUTBOX_ESCALATED), "carol *"); /* the room hears that it goes on */
        r.stage = 1;
        MUST(outbox_ask(fixture.store, rules, &r, (Reach){ 0, 1 }, OUTBOX_CREATED, &now));
        ck_assert_str_eq(told(&r, OUTBOX_CREATED), "bob *"); /* they know */
        r.escalated = 2;
        MUST(outbox_ask(fixture.store, rules, &r, (Reach){ 1, 1 }, OUTBOX_ESCALATED, &now));
        ck_assert_str_eq(told(&r, OUTBOX_ESCALATED), "carol * devp *");
        r.rule = (char *) "gone";
        MUST(outbox_ask(fixture.store, rules, &r, (Reach){ 0, 0 }, OUTBOX_ESCALATED, &now));
        ck_assert_str_eq(told(&r, OUTBOX_ESCALATED), "carol * devp *");
        MUST(outbox_withdraw(fixture.store, &r.id));
        ck_assert_int_eq(owed(NULL), 0);
}
END_TEST

/* What he was sent counts, not where the rules would have him have stood; also when it has arrived. */
START_TEST(asked_under_other_rules)
{
        Request r = chained();
        OwedMessage before = { .event = (char *) (_i % 2 == 0 ? OUTBOX_CREATED : OUTBOX_ESCALATED),
                .request = r.id,
                .channel = (char *) "hook",
                .to = (char *) "carol",
                .created = T0 };

        MUST(store_outbox_insert(fixture.store, &before));
        if (_i >= 2) {
                MUST(store_outbox_deliver(fixture.store, first_of("hook"), before.event, T0));
        }
        r.stage = 1;
        MUST(outbox_ask(fixture.store, rules, &r, (Reach){ 0, 0 }, OUTBOX_CREATED, &now));
        ck_assert_str_eq(told(&r, OUTBOX_CREATED), _i % 2 == 0 ? "carol" : "");
        ck_assert_str_eq(told(&r, OUTBOX_ESCALATED), _i % 2 == 0 ? "" : "carol");
}
END_TEST

/* Only who is asked now, and has not voted; nobody of a chain that is done. */
START_TEST(nudged)
{
        Request r = chained();
        Vote bob = { .person = "bob",
                .who = { 4242, (char *) "bob" },
                .approve = true,
                .proof = PROOF_LOCAL,
                .time = T0 };

        MUST(store_request_insert(fixture.store, &r));
        MUST(outbox_nudge(fixture.store, rules, &r, &now));
        ck_assert_str_eq(told(&r, OUTBOX_NUDGED), "bob *");
        MUST(outbox_withdraw(fixture.store, &r.id));
        MUST(store_vote_insert(fixture.store, &r.id, &bob));
        r.stage = 1;
        MUST(outbox_nudge(fixture.store, rules, &r, &now));
        ck_assert_str_eq(told(&r, OUTBOX_NUDGED), "carol *");
        MUST(outbox_withdraw(fixture.store, &r.id));
        r.escalated = 2;
        MUST(outbox_nudge(fixture.store, rules, &r, &now));
        ck_assert_str_eq(told(&r, OUTBOX_NUDGED), "carol devp *");
        MUST(outbox_withdraw(fixture.store, &r.id));
        r.stage = 2;
        MUST(outbox_nudge(fixture.store, rules, &r, &now));
        r.rule = (char *) "quiet";
        r.stage = 0;
        MUST(outbox_nudge(fixture.store, rules, &r, &now));
        ck_assert_int_eq(owed(NULL), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("outbox");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, owed_to_all_but_the_asker);
        tcase_add_test(all, one_after_the_other);
        tcase_add_test(all, when_it_is_due);
        tcase_add_test(all, who_knows);
        tcase_add_test(all, numbers);
        tcase_add_test(all, asked_once);
        tcase_add_loop_test(all, asked_under_other_rules, 0, 4);
        tcase_add_test(all, nudged);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

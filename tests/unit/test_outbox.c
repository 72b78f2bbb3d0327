/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/daemon/outbox.h"
#include "tests/unit/store_fixture.h"

static Fixture fixture;
static const Now now = { T0, 1 };

static void setup(void)
{
        fixture_open(&fixture);
}

static void teardown(void)
{
        fixture_close(&fixture);
}

static int write_name(const OwedMessage *m, void *userdata)
{
        char *out = userdata;
        size_t n = strlen(out);

        ck_assert_str_eq(m->event, "request.created");
        ck_assert_int_eq(m->created, T0);
        ck_assert(id_is_set(&m->request));
        (void) snprintf(out + n, 100 - n, "%s ", m->to);
        return 0;
}

static const char *owed(void)
{
        static char names[100];

        names[0] = '\0';
        MUST(store_outbox(fixture.store, 0, 0, write_name, names));
        return names;
}

START_TEST(owed_to_all_but_the_asker)
{
        Name dev = { .kind = NAME_USER, .text = (char *) "dev", .exists = TERNARY_YES, .id = 1000 };
        Name login = { .kind = NAME_USER, .text = (char *) "l", .exists = TERNARY_YES, .id = 4242 };
        Name unknown = { .kind = NAME_USER, .text = (char *) "u", .exists = TERNARY_UNKNOWN };
        Approver self = { .name = (char *) "dev", .email = (char *) "d@x", .users = { &dev, 1 } };
        Approver behind = {
                .name = (char *) "bob", .email = (char *) "b@x", .users = { &login, 1 }
        };
        Approver carol = {
                .name = (char *) "carol", .email = (char *) "c@x", .users = { &unknown, 1 }
        };
        Approver dave = { .name = (char *) "dave", .email = (char *) "e@x" };
        Approver mute = { .name = (char *) "mute" };
        const Approver *approvers[] = { &self, &behind, &carol, &mute, &dave };
        Request r = sample_request(1000), other = sample_request(1001);
        int64_t n;

        other.login = (Who){ UID_UNSET, NULL };
        MUST(outbox_owe_created(fixture.store, &r, approvers, ELEMENTSOF(approvers), &now));
        ck_assert_str_eq(owed(), "carol dave ");
        MUST(outbox_owe_created(fixture.store, &other, approvers, ELEMENTSOF(approvers), &now));
        ck_assert_str_eq(owed(), "carol dave dev bob carol dave ");
        MUST(store_outbox_count(fixture.store, &n));
        ck_assert_int_eq(n, 6);
        MUST(outbox_settle(fixture.store, &r.id));
        MUST(outbox_settle(fixture.store, &r.id));
        ck_assert_str_eq(owed(), "dev bob carol dave ");
        MUST(outbox_owe_created(fixture.store, &r, approvers, 0, &now));
        ck_assert_str_eq(owed(), "dev bob carol dave ");
}
END_TEST

static int take_id(const OwedMessage *m, void *userdata)
{
        int64_t *id = userdata;

        ck_assert_int_gt(m->id, *id);
        *id = m->id;
        return 1;
}

START_TEST(delivered_one_by_one)
{
        Approver dave = { .name = (char *) "dave", .email = (char *) "e@x" };
        const Approver *approvers[] = { &dave, &dave };
        Request r = sample_request(1000);
        int64_t first = 0, second, third = 0, n;

        MUST(outbox_owe_created(fixture.store, &r, approvers, 2, &now));
        MUST(store_outbox(fixture.store, 0, 0, take_id, &first));
        second = first;
        MUST(store_outbox(fixture.store, first, 1, take_id, &second));
        MUST(store_outbox_remove(fixture.store, second));
        ck_assert_int_eq(store_outbox_remove(fixture.store, second), -ENOENT);
        MUST(store_outbox_remove(fixture.store, first));
        MUST(store_outbox_count(fixture.store, &n));
        ck_assert_int_eq(n, 0);
        /* A number is never given twice: whoever delivers remembers the last. */
        fixture_reopen(&fixture);
        MUST(outbox_owe_created(fixture.store, &r, approvers, 1, &now));
        MUST(store_outbox(fixture.store, 0, 0, take_id, &third));
        ck_assert_int_gt(third, second);
}
END_TEST

START_TEST(only_what_is_named)
{
        Request r = sample_request(1000);
        OwedMessage decided = { .event = (char *) "request.decided",
                .request = r.id,
                .to = (char *) "dev",
                .channel = (char *) "mail",
                .created = T0 };
        int64_t n;

        MUST(store_outbox_insert(fixture.store, &decided));
        MUST(outbox_settle(fixture.store, &r.id));
        MUST(store_outbox_count(fixture.store, &n));
        ck_assert_int_eq(n, 1);
        MUST(store_outbox_remove_for(fixture.store, &r.id, "request.decided", &n));
        ck_assert_int_eq(n, 1);
        MUST(store_outbox_remove_for(fixture.store, &r.id, "request.decided", &n));
        ck_assert_int_eq(n, 0);
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
        tcase_add_test(all, delivered_one_by_one);
        tcase_add_test(all, only_what_is_named);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

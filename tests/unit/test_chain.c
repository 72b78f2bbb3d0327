/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/chain.h"

/* Reckoned by sha256sum(1), not by the code under test. */
#define HASH1 "f1517cd086746d04b4304e3bdc5b8428da989dc358da4491ff5253842d82b3b7"
#define HASH2 "5b8198b6a79721bf51bef376633b15087955f5af5e42e2e6178747df8756aff9"
#define CANONICAL1                                                                                 \
        "{\"seq\":1,\"time\":\"2026-11-21T15:04:05Z\",\"event\":\"daemon.started\",\"data\":{}}"
#define CANONICAL2                                                                                 \
        "{\"seq\":2,\"time\":\"2026-11-21T15:04:06Z\",\"event\":\"request.created\","              \
        "\"request\":\"K7QF-2M9D\",\"data\":{\"asker\":\"dev\"}}"

/* A row from its parts; canonical is quoted here. */
static void add(Chain *c, const char *members, const char *canonical, const char *hash)
{
        _cleanup_(json_freep) Json *j = NULL;
        _cleanup_(freep) char *text = NULL;
        JsonWriter w = { 0 };
        size_t size;

        json_put_string(&w, NULL, canonical);
        _cleanup_(freep) char *quoted = NULL;
        ck_assert_int_eq(json_writer_finish(&w, &quoted, &size), 0);
        ck_assert_int_eq(
                str_printf(&text, "{%s,\"hash\":\"%s\",\"canonical\":%s}", members, hash, quoted),
                0);
        ck_assert_int_eq(json_parse(text, strlen(text), &j), 0);
        chain_add(c, json_root(j));
}

#define MEMBERS1                                                                                   \
        "\"seq\":1,\"time\":\"2026-11-21T15:04:05Z\",\"event\":\"daemon.started\",\"data\":{}"
#define MEMBERS2                                                                                   \
        "\"seq\":2,\"time\":\"2026-11-21T15:04:06Z\",\"event\":\"request.created\","               \
        "\"request\":\"K7QF-2M9D\",\"grant\":null,\"data\":{\"asker\":\"dev\"}"

START_TEST(whole)
{
        Chain c;

        chain_init(&c, HASH1);
        add(&c, MEMBERS1, CANONICAL1, HASH1);
        add(&c, MEMBERS2, CANONICAL2, HASH2);
        chain_finish(&c, HASH2);
        ck_assert_str_eq(c.problem, "");
        ck_assert_int_eq(c.seq, 2);
        ck_assert_str_eq(c.hash, HASH2);
}
END_TEST

START_TEST(empty)
{
        Chain c;

        chain_init(&c, NULL);
        chain_finish(&c, "0000000000000000000000000000000000000000000000000000000000000000");
        ck_assert_str_eq(c.problem, "");
        chain_init(&c, HASH1);
        chain_finish(&c, NULL);
        ck_assert_ptr_nonnull(strstr(c.problem, "anchor"));
}
END_TEST

START_TEST(cut)
{
        Chain c;

        /* The end is gone: only an anchor or the head tells. */
        chain_init(&c, HASH2);
        add(&c, MEMBERS1, CANONICAL1, HASH1);
        chain_finish(&c, HASH1);
        ck_assert_ptr_nonnull(strstr(c.problem, "anchor"));
        chain_init(&c, NULL);
        add(&c, MEMBERS1, CANONICAL1, HASH1);
        chain_finish(&c, HASH2);
        ck_assert_ptr_nonnull(strstr(c.problem, "row 1"));
        /* The beginning is gone. */
        chain_init(&c, NULL);
        add(&c, MEMBERS2, CANONICAL2, HASH2);
        ck_assert_ptr_nonnull(strstr(c.problem, "row 1 is missing"));
}
END_TEST

START_TEST(altered)
{
        Chain c;

        chain_init(&c, NULL);
        add(&c, MEMBERS1, CANONICAL1, HASH2);
        ck_assert_ptr_nonnull(strstr(c.problem, "row 1 was altered"));
        /* The first bad row is the one that is told. */
        add(&c, MEMBERS2, CANONICAL2, HASH1);
        ck_assert_ptr_nonnull(strstr(c.problem, "row 1 was altered"));
        /* The bytes are right, what is shown is not. */
        chain_init(&c, NULL);
        add(&c,
                "\"seq\":1,\"time\":\"2026-11-21T15:04:05Z\",\"event\":\"daemon.started\","
                "\"data\":{\"x\":1}",
                CANONICAL1, HASH1);
        ck_assert_ptr_nonnull(strstr(c.problem, "row 1 shows other facts"));
        chain_init(&c, NULL);
        add(&c, MEMBERS1 ",\"grant\":\"K7QF-2M9D\"", CANONICAL1, HASH1);
        ck_assert_ptr_nonnull(strstr(c.problem, "row 1 shows other facts"));
}
END_TEST

START_TEST(canonical_form)
{
        Chain c;

        /* A good hash of bytes that are not canonical. */
        chain_init(&c, NULL);
        add(&c, MEMBERS1,
                "{\"time\":\"2026-11-21T15:04:05Z\",\"seq\":1,\"event\":\"daemon.started\",\"data\":"
                "{}}",
                "f3a80ec3f793e3d9e343dd3d2b32e5ded16c22a8f02663920fdcbe366d9d1fc0");
        ck_assert_ptr_nonnull(strstr(c.problem, "shows other facts"));
        chain_init(&c, NULL);
        add(&c, MEMBERS1, "not json",
                "53288dbda3d2ffa1694eb444fed011307cda67b381d0fe3634f7e8816783971e");
        ck_assert_ptr_nonnull(strstr(c.problem, "shows other facts"));
}
END_TEST

START_TEST(hashes)
{
        ck_assert(chain_is_hash(HASH1));
        ck_assert(!chain_is_hash(""));
        ck_assert(!chain_is_hash(HASH1 "0"));
        ck_assert(!chain_is_hash("X" HASH1));
        ck_assert(
                !chain_is_hash("ABCDEF0000000000000000000000000000000000000000000000000000000000"));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("chain");
        TCase *t = tcase_create("chain");

        tcase_add_test(t, whole);
        tcase_add_test(t, empty);
        tcase_add_test(t, cut);
        tcase_add_test(t, altered);
        tcase_add_test(t, canonical_form);
        tcase_add_test(t, hashes);
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

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
        chain_finish(&c, HASH2);
        ck_assert_ptr_nonnull(strstr(c.problem, "row 1 is missing, and no checkpoint"));
        chain_done(&c);
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

/* Row 1 was pruned. Signed by openssl(1), hashed by Python, with the private key 00 01 … 1f. */
#define KEY "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
#define SIGNATURE                                                                                  \
        "34b84849776470db32a7f89c4c754e2707d74cfee242194e0854b35c966b1f7b"                         \
        "50f4ee6d5d0fec933d28d06b0a0d3f2269d0596e2be52e16de40a8f3edaa250f"
#define HASH3 "422ff434cba18580b09701897d3bcd0909e394f39de50b9ec71828f5d19a4f83"
#define HASH3_ALTERED "4e3591375e089c2e544b8fc97d2309f7c5a9eb7028d57be944fb13dbee402c7d"
#define MEMBERS3(count)                                                                            \
        "\"seq\":3,\"time\":\"2026-11-22T00:00:00Z\",\"event\":\"audit.checkpoint\",\"data\":{"    \
        "\"count\":" count ",\"first\":\"2026-11-21T15:04:05Z\","                                  \
        "\"last\":\"2026-11-21T15:04:05Z\",\"upto\":1,\"hash\":\"" HASH1 "\",\"key\":\"" KEY       \
        "\",\"signature\":\"" SIGNATURE "\"}"
#define CANONICAL3(count) "{" MEMBERS3(count) "}"

static void pruned_to(Chain *c, const char *anchor, int64_t anchor_seq, const char *key)
{
        chain_init(c, anchor);
        c->anchor_seq = anchor_seq;
        c->key = key;
        add(c, MEMBERS2, CANONICAL2, HASH2);
        add(c, MEMBERS3("1"), CANONICAL3("1"), HASH3);
        chain_finish(c, HASH3);
        chain_done(c);
}

START_TEST(pruned)
{
        Chain c;

        pruned_to(&c, NULL, 0, NULL);
        ck_assert_str_eq(c.problem, "");
        ck_assert_int_eq(c.first, 2);
        ck_assert_int_eq(c.seq, 3);
        ck_assert_int_eq(c.attested, 1);
        ck_assert_str_eq(c.attested_key, KEY);
        ck_assert_str_eq(c.attested_time, "2026-11-22T00:00:00Z");
        pruned_to(&c, NULL, 0, KEY);
        ck_assert_str_eq(c.problem, "");
        pruned_to(&c, NULL, 0, HASH1);
        ck_assert_ptr_nonnull(strstr(c.problem, "signed by another key"));
}
END_TEST

START_TEST(anchor_of_what_was_pruned)
{
        Chain c;

        /* The last one that went is known by its hash. */
        pruned_to(&c, HASH1, 0, NULL);
        ck_assert_str_eq(c.problem, "");
        ck_assert(c.anchor_seen);
        /* Any other by its number only. */
        pruned_to(&c, HASH3_ALTERED, 1, NULL);
        ck_assert_str_eq(c.problem, "");
        ck_assert(c.anchor_pruned && !c.anchor_seen);
        pruned_to(&c, HASH3_ALTERED, 0, NULL);
        ck_assert_ptr_nonnull(strstr(c.problem, "the checkpoint of 2026-11-22T00:00:00Z"));
        /* One that should be there, or came later, is missing. */
        pruned_to(&c, HASH3_ALTERED, 2, NULL);
        ck_assert_ptr_nonnull(strstr(c.problem, "cut off"));
        pruned_to(&c, HASH3_ALTERED, 4, NULL);
        ck_assert_ptr_nonnull(strstr(c.problem, "cut off"));
}
END_TEST

START_TEST(cut_and_not_pruned)
{
        Chain c;

        /* The beginning is gone, and the signature is about something else. */
        chain_init(&c, NULL);
        add(&c, MEMBERS3("1"), CANONICAL3("1"), HASH3);
        chain_finish(&c, HASH3);
        ck_assert_ptr_nonnull(strstr(c.problem, "row 2 is missing"));
        chain_done(&c);
        /* What is left is another row than follows from what was signed. */
        chain_init(&c, NULL);
        add(&c, MEMBERS2, CANONICAL2, HASH1);
        chain_finish(&c, HASH1);
        ck_assert_ptr_nonnull(strstr(c.problem, "row 1 is missing"));
        chain_done(&c);
}
END_TEST

START_TEST(checkpoint_that_is_not_genuine)
{
        Chain c;

        /* Rot, or somebody without the key: all hashes are right, the signature is not. */
        chain_init(&c, NULL);
        add(&c, MEMBERS2, CANONICAL2, HASH2);
        add(&c, MEMBERS3("2"), CANONICAL3("2"), HASH3_ALTERED);
        ck_assert_ptr_nonnull(strstr(c.problem, "the signature of the checkpoint in row 3"));
        chain_done(&c);
        /* The same where nothing was pruned by it. */
        chain_init(&c, NULL);
        add(&c, MEMBERS1, CANONICAL1, HASH1);
        add(&c, MEMBERS2, CANONICAL2, HASH2);
        add(&c, MEMBERS3("2"), CANONICAL3("2"), HASH3_ALTERED);
        ck_assert_ptr_nonnull(strstr(c.problem, "the signature of the checkpoint in row 3"));
        chain_done(&c);
        /* Rot that nobody hashed again. */
        chain_init(&c, NULL);
        add(&c, MEMBERS2, CANONICAL2, HASH2);
        add(&c, MEMBERS3("2"), CANONICAL3("2"), HASH3);
        ck_assert_ptr_nonnull(strstr(c.problem, "row 3 was altered"));
        chain_done(&c);
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
        tcase_add_test(t, pruned);
        tcase_add_test(t, anchor_of_what_was_pruned);
        tcase_add_test(t, cut_and_not_pruned);
        tcase_add_test(t, checkpoint_that_is_not_genuine);
        tcase_add_test(t, hashes);
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

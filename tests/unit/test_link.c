/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/daemon/link.h"
#include "tests/unit/store_fixture.h"

static char dir[4096];
static LinkKey key;

static void setup(void)
{
        fixture_folder(dir);
        MUST(link_key_open(dir, &key));
}

static void teardown(void)
{
        fixture_remove(dir);
}

static const char *key_path(void)
{
        static char path[4200];

        (void) snprintf(path, sizeof(path), "%s/link.key", dir);
        return path;
}

static Request asked(const char *id)
{
        Request r = sample_request(1000);

        MUST(id_parse(id, &r.id));
        memset(r.digest, 'a', DIGEST_HEX_SIZE - 1);
        return r;
}

/* Each difference makes another token: none passes for another's. */
START_TEST(bound)
{
        Request r = asked("K7QF-2M9D"), other = asked("K7QF-2M9E"), altered = r;
        LinkKey second = key;
        char tokens[8][LINK_TOKEN_SIZE], again[LINK_TOKEN_SIZE];

        altered.digest[5] = 'b';
        second.bytes[31] ^= 1;
        MUST(link_token(&key, &r, "bob", "hook", tokens[0]));
        MUST(link_token(&key, &r, "carol", "hook", tokens[1]));
        MUST(link_token(&key, &r, "bob", "mail", tokens[2]));
        MUST(link_token(&key, &r, NULL, "hook", tokens[3]));
        MUST(link_token(&key, &r, "", "hook", tokens[4]));
        MUST(link_token(&key, &altered, "bob", "hook", tokens[5]));
        MUST(link_token(&key, &other, "bob", "hook", tokens[6]));
        MUST(link_token(&second, &r, "bob", "hook", tokens[7]));
        for (size_t i = 0; i < ELEMENTSOF(tokens); i++) {
                ck_assert_uint_eq(strlen(tokens[i]), LINK_TOKEN_LENGTH);
                for (size_t k = 0; k < i; k++) {
                        ck_assert(!link_equal(tokens[i], tokens[k]));
                        ck_assert_str_ne(tokens[i] + 9, tokens[k] + 9);
                }
        }
        MUST(link_token(&key, &r, "bob", "hook", again));
        ck_assert(link_equal(again, tokens[0]));
        ck_assert_int_eq(strncmp(again, "K7QF2M9D-", 9), 0);
        ck_assert(!link_equal(again, "K7QF2M9D-"));
}
END_TEST

START_TEST(names_its_request)
{
        static const char *const bad[] = { "", "K7QF2M9D", "K7QF-2M9D-aaaaaaaaaaaaaaaaaaaaa",
                "K7QF2M9D_aaaaaaaaaaaaaaaaaaaaaa", "0OOO2M9D-aaaaaaaaaaaaaaaaaaaaaa",
                "K7QF2M9D-aaaaaaaaaaaaaaaaaaaaaaa" };
        Request r = asked("K7QF-2M9D");
        char token[LINK_TOKEN_SIZE];
        Id id;

        MUST(link_token(&key, &r, "bob", "hook", token));
        MUST(link_request(token, &id));
        ck_assert_str_eq(id.text, "K7QF-2M9D");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ck_assert_msg(link_request(bad[i], &id) == -EINVAL, "%s", bad[i]);
        }
}
END_TEST

/* One key, three uses: what is made for one is of no use for another. */
START_TEST(uses_are_apart)
{
        char form[LINK_MAC_LENGTH + 1], delivery[LINK_MAC_LENGTH + 1], next[LINK_MAC_LENGTH + 1];

        MUST(link_form(&key, "7", form));
        MUST(link_delivery(&key, 7, delivery));
        MUST(link_delivery(&key, 8, next));
        ck_assert_str_ne(form, delivery);
        ck_assert_str_ne(next, delivery);
        ck_assert_uint_eq(strlen(form), LINK_MAC_LENGTH);
}
END_TEST

START_TEST(key_stays)
{
        LinkKey again;
        struct stat st;

        MUST(link_key_open(dir, &again));
        ck_assert_mem_eq(again.bytes, key.bytes, sizeof(key.bytes));
        ck_assert_int_eq(stat(key_path(), &st), 0);
        ck_assert_int_eq(st.st_mode & 07777, 0600);
        ck_assert_int_eq(st.st_size, 32);
        /* Whoever takes it away makes all links void. */
        ck_assert_int_eq(unlink(key_path()), 0);
        MUST(link_key_open(dir, &again));
        ck_assert_mem_ne(again.bytes, key.bytes, sizeof(key.bytes));
}
END_TEST

/* A key that others know, or that is cut short, is none: no link is made or taken. */
START_TEST(bad_keys)
{
        Request r = asked("K7QF-2M9D");
        char token[LINK_TOKEN_SIZE];
        LinkKey bad;

        ck_assert_int_eq(chmod(key_path(), 0640), 0);
        ck_assert_int_eq(link_key_open(dir, &bad), -EPERM);
        ck_assert_int_eq(chmod(key_path(), 0600), 0);
        ck_assert_int_eq(truncate(key_path(), 31), 0);
        ck_assert_int_eq(link_key_open(dir, &bad), -EBADMSG);
        ck_assert_int_eq(truncate(key_path(), 33), 0);
        ck_assert_int_eq(link_key_open(dir, &bad), -EBADMSG);
        ck_assert_int_eq(unlink(key_path()), 0);
        ck_assert_int_eq(symlink("/dev/zero", key_path()), 0);
        ck_assert_int_lt(link_key_open(dir, &bad), 0);
        ck_assert(!bad.set);
        ck_assert_int_eq(link_token(&bad, &r, "bob", "hook", token), -ENOKEY);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("link");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, bound);
        tcase_add_test(all, names_its_request);
        tcase_add_test(all, uses_are_apart);
        tcase_add_test(all, key_stays);
        tcase_add_test(all, bad_keys);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/daemon/rescue.h"
#include "tests/unit/store_fixture.h"

static char dir[4096];
static RescueKey key;

static void setup(void)
{
        fixture_folder(dir);
        MUST(rescue_key_open(dir, &key));
}

static void teardown(void)
{
        fixture_remove(dir);
}

START_TEST(new_codes)
{
        char codes[64][RESCUE_CODE_SIZE], again[RESCUE_CODE_SIZE];

        for (size_t i = 0; i < ELEMENTSOF(codes); i++) {
                MUST(rescue_code_new(codes[i]));
                ck_assert_uint_eq(strlen(codes[i]), RESCUE_CODE_SIZE - 1);
                for (size_t k = 0; k < RESCUE_CODE_SIZE - 1; k++) {
                        ck_assert_int_eq(codes[i][k] == '-', k % 5 == 4);
                        ck_assert_ptr_null(strchr("01OILU", codes[i][k]));
                }
                MUST(rescue_code_parse(codes[i], again));
                ck_assert_str_eq(codes[i], again);
                for (size_t k = 0; k < i; k++) {
                        ck_assert_str_ne(codes[i], codes[k]);
                }
        }
}
END_TEST

START_TEST(parse)
{
        static const struct {
                const char *typed;
                bool good;
        } cases[] = {
                { "K7QF-2M9D-ABCD-EFGH-JKMN", true },
                { "k7qf-2m9d-abcd-efgh-jkmn", true },
                { "K7QF2M9DABCDEFGHJKMN", true },
                { " k7qf 2m9d abcd efgh jkmn ", true },
                { "K7-QF2M9D-ABCD-EFGH-JKMN", true },
                { "", false },
                { "----", false },
                { "K7QF-2M9D-ABCD-EFGH-JKM", false },
                { "K7QF-2M9D-ABCD-EFGH-JKMNP", false },
                { "K7QF-2M9D-ABCD-EFGH-JKM0", false },
                { "K7QF-2M9D-ABCD-EFGH-JKMO", false },
                { "K7QF\t2M9D-ABCD-EFGH-JKMN", false },
                { "K7QF-2M9D-ABCD-EFGH-JKM\xc3", false },
        };
        static const char nothing[RESCUE_CODE_SIZE];
        char code[RESCUE_CODE_SIZE];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int r = rescue_code_parse(cases[i].typed, code);

                ck_assert_msg(r == (cases[i].good ? 0 : -EINVAL), "case %zu: %d", i, r);
                if (r < 0) {
                        ck_assert_mem_eq(code, nothing, sizeof(code));
                } else {
                        ck_assert_str_eq(code, "K7QF-2M9D-ABCD-EFGH-JKMN");
                }
        }
}
END_TEST

START_TEST(keyed)
{
        char a[DIGEST_HEX_SIZE], b[DIGEST_HEX_SIZE], name[DIGEST_HEX_SIZE];
        RescueKey none = { .set = false };

        MUST(rescue_hash(&key, "K7QF-2M9D-ABCD-EFGH-JKMN", a));
        MUST(rescue_hash(&key, "K7QF-2M9D-ABCD-EFGH-JKMN", b));
        ck_assert_str_eq(a, b);
        ck_assert_uint_eq(strlen(a), DIGEST_HEX_SIZE - 1);
        MUST(rescue_hash(&key, "K7QF-2M9D-ABCD-EFGH-JKMP", b));
        ck_assert_str_ne(a, b);
        memcpy(name, key.name, sizeof(name));
        RescueKey same;
        MUST(rescue_key_open(dir, &same));
        ck_assert_str_eq(same.name, name);
        /* another key: other hashes, another name */
        char other[4096];
        fixture_folder(other);
        MUST(rescue_key_open(other, &key));
        MUST(rescue_hash(&key, "K7QF-2M9D-ABCD-EFGH-JKMN", b));
        ck_assert_str_ne(a, b);
        ck_assert_str_ne(key.name, name);
        fixture_remove(other);
        ck_assert_int_eq(rescue_hash(&none, "K7QF-2M9D-ABCD-EFGH-JKMN", b), -ENOKEY);
        ck_assert_int_lt(rescue_key_open("/nonexistent", &none), 0);
        ck_assert(!none.set);
        rescue_key_done(&key);
        ck_assert(!key.set);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rescue");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, new_codes);
        tcase_add_test(all, parse);
        tcase_add_test(all, keyed);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

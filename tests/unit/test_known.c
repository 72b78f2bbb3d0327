/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/gateway/known.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define TOKEN "K7QF2M9D-AbCdEfGhIjKlMnOpQrSt_-"
#define SIZE ((unsigned) (KNOWN_SETS * KNOWN_WAYS))

static Known k;

static void setup(void)
{
        ck_assert_int_eq(known_init(&k), 0);
}

static const char *token(unsigned n)
{
        static char text[32];

        (void) snprintf(text, sizeof(text), "K7QF2M9D-%022u", n);
        return text;
}

START_TEST(added)
{
        ck_assert(!known_has(&k, TOKEN));
        ck_assert(!known_has(&k, ""));
        known_add(&k, TOKEN);
        ck_assert(known_has(&k, TOKEN));
        ck_assert(!known_has(&k, TOKEN "x"));
        ck_assert(!known_has(&k, "K7QF2M9D-AbCdEfGhIjKlMnOpQrSt_"));
        ck_assert(!known_has(&k, "k7QF2M9D-AbCdEfGhIjKlMnOpQrSt_-"));
        ck_assert(!known_has(&k, "7KQF2M9D-AbCdEfGhIjKlMnOpQrSt_-"));
}
END_TEST

/* The table does not grow: the newest are known, and most of what fits. */
START_TEST(many)
{
        unsigned n_known = 0;

        for (unsigned n = 0; n < 2 * SIZE; n++) {
                known_add(&k, token(n));
                ck_assert(known_has(&k, token(n)));
        }
        for (unsigned n = 0; n < 2 * SIZE; n++) {
                n_known += known_has(&k, token(n));
                ck_assert(n < 2 * SIZE - 100 || known_has(&k, token(n)));
        }
        ck_assert_uint_gt(n_known, SIZE * 9 / 10);
        ck_assert_uint_le(n_known, SIZE);
}
END_TEST

static unsigned count(unsigned n)
{
        unsigned n_known = 0;

        while (n-- > 0) {
                n_known += known_has(&k, token(n));
        }
        return n_known;
}

/* Added again and again it takes one place, and is the last to go. */
START_TEST(again)
{
        for (unsigned n = 0; n < SIZE; n++) {
                known_add(&k, token(n));
        }
        known_add(&k, TOKEN);
        unsigned before = count(SIZE);
        for (unsigned n = 0; n < KNOWN_WAYS; n++) {
                known_add(&k, TOKEN);
        }
        ck_assert_uint_eq(count(SIZE), before);
        for (unsigned n = 0; n < 4 * SIZE; n++) {
                known_add(&k, TOKEN);
                known_add(&k, token(n));
        }
        ck_assert(known_has(&k, TOKEN));
}
END_TEST

/* What it keeps is no token, and another process keeps something else of the same. */
START_TEST(keyed)
{
        static Known other;

        ck_assert_int_eq(known_init(&other), 0);
        ck_assert_uint_ne(k.key, other.key);
        known_add(&k, TOKEN);
        known_add(&other, TOKEN);
        ck_assert_mem_ne(k.hashes, other.hashes, sizeof(k.hashes));
        other.key = k.key;
        ck_assert(!known_has(&other, TOKEN));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("known");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_checked_fixture(all, setup, NULL);
        tcase_add_test(all, added);
        tcase_add_test(all, many);
        tcase_add_test(all, again);
        tcase_add_test(all, keyed);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

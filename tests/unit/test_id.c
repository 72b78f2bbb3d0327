/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/id.h"
#include "common/util.h"

START_TEST(parse)
{
        static const struct {
                const char *text, *id; /* NULL: no id */
        } cases[] = {
                { "K7QF-2M9D", "K7QF-2M9D" },
                { "k7qf-2m9d", "K7QF-2M9D" },
                { "k7qF2m9D", "K7QF-2M9D" },
                { "", NULL },
                { "K7QF", NULL },
                { "K7QF-2M9", NULL },
                { "K7QF-2M9DD", NULL },
                { "K7QF--2M9D", NULL },
                { "-K7QF2M9D", NULL },
                { "K7Q-F2M9D", NULL },
                { "K7QF-2M9D-", NULL },
                { "K7QF2M9D-", NULL },
                { "K7QF 2M9D", NULL },
                { " K7QF-2M9D", NULL },
                { "K7QF-2M9D\n", NULL },
                { "K7QF-2M9%", NULL },
                { "K7QF-2M9_", NULL },
                { "K7QF-2M90", NULL },
                { "K7QF-2M9O", NULL },
                { "K7QF-2M91", NULL },
                { "K7QF-2M9I", NULL },
                { "K7QF-2M9l", NULL },
                { "K7QF-2M9u", NULL },
                { "K7QF-2M9\xc3\x89", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Id id = { "untouched" };
                int r = id_parse(cases[i].text, &id);

                ck_assert_msg(r == (cases[i].id ? 0 : -EINVAL), "'%s' gives %d", cases[i].text, r);
                ck_assert_str_eq(id.text, cases[i].id ? cases[i].id : "untouched");
        }
}
END_TEST

START_TEST(prefix)
{
        static const struct {
                const char *text, *prefix;
        } cases[] = {
                { "k7qf", "K7QF" },
                { "k7qf-", "K7QF" },
                { "K7QF2", "K7QF-2" },
                { "K7QF-2", "K7QF-2" },
                { "K7QF-2M9D", "K7QF-2M9D" },
                { "", NULL },
                { "K7Q", NULL },
                { "K7Q-", NULL },
                { "K7QF--", NULL },
                { "K7QF-2-", NULL },
                { "K7Q%", NULL },
                { "____", NULL },
                { "%%%%", NULL },
                { "K7QF-2M9DX", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[ID_SIZE] = "untouched";
                int r = id_parse_prefix(cases[i].text, text);

                ck_assert_msg(
                        r == (cases[i].prefix ? 0 : -EINVAL), "'%s' gives %d", cases[i].text, r);
                ck_assert_str_eq(text, cases[i].prefix ? cases[i].prefix : "untouched");
        }
}
END_TEST

#define ROUNDS 10000
#define CHARS (8 * ROUNDS)

/*
 * Every id reads back as itself, all thirty characters come, and none is favoured: without the
 * throwing away in id_new() the first sixteen would come 45000 times, not 42667. The bounds are eight
 * deviations wide.
 */
START_TEST(fresh)
{
        unsigned seen[256] = { 0 }, distinct = 0, low = 0;

        for (size_t i = 0; i < ROUNDS; i++) {
                Id id = {}, back = {};

                if (id_is_set(&id) || id_new(&id) < 0 || !id_is_set(&id) ||
                        strlen(id.text) != ID_LENGTH || id_parse(id.text, &back) < 0 ||
                        !streq(id.text, back.text)) {
                        ck_abort_msg("'%s'", id.text);
                }
                for (size_t k = 0; k < ID_LENGTH; k++) {
                        seen[(uint8_t) id.text[k]]++;
                }
        }
        ck_assert_uint_eq(seen['-'], ROUNDS);
        for (size_t c = 0; c < 256; c++) {
                if (c == '-' || seen[c] == 0) {
                        continue;
                }
                low += distinct++ < 16 ? seen[c] : 0;
                ck_assert_uint_gt(seen[c], CHARS / 30 - 410);
                ck_assert_uint_lt(seen[c], CHARS / 30 + 410);
        }
        ck_assert_uint_eq(distinct, 30);
        ck_assert_uint_gt(low, CHARS / 30 * 16 - 1130);
        ck_assert_uint_lt(low, CHARS / 30 * 16 + 1130);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("id");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, parse);
        tcase_add_test(all, prefix);
        tcase_add_test(all, fresh);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

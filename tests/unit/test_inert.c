/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/gateway/inert.h"

static char *inert(const char *text)
{
        _cleanup_(json_freep) Json *json = NULL;
        JsonWriter w = { 0 };
        char *out = NULL;

        ck_assert_int_eq(json_parse(text, strlen(text), &json), 0);
        inert_put(&w, NULL, json_root(json));
        ck_assert_int_eq(json_writer_finish(&w, &out, NULL), 0);
        return out;
}

START_TEST(texts)
{
        static const char *const cases[][2] = {
                { "\"a b \\\"c\\\" <b>&amp; \\\\x1b\"", "\"a b \\\"c\\\" <b>&amp; \\\\x1b\"" },
                { "\"\\u001b[31m\"", "\"\\\\x1b[31m\"" },
                { "\"a\\r\\nb\\tc\"", "\"a\\\\x0d\\\\x0ab\\\\x09c\"" },
                { "\"txt\\u202eexe\\u200b\"", "\"txt\\\\u{202e}exe\\\\u{200b}\"" },
                { "\"\\u009b31m\"", "\"\\\\xc2\\\\x9b31m\"" },
                { "\"\\u6f22 \\ud83d\\ude00\"", "\"\xe6\xbc\xa2 \xf0\x9f\x98\x80\"" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *out = inert(cases[i][0]);

                ck_assert_str_eq(out, cases[i][1]);
        }
}
END_TEST

/* Whatever is not text stays as it is, at every depth. */
START_TEST(values)
{
        static const char text[] =
                "{\"a\":[1,-2,true,null,\"\\u0007\",[]],\"b\":{\"c\":{\"d\":\"\\u200f\"}}}";
        _cleanup_(freep) char *out = inert(text);

        ck_assert_str_eq(out,
                "{\"a\":[1,-2,true,null,\"\\\\x07\",[]],\"b\":{\"c\":{\"d\":\"\\\\u{200f}\"}}}");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("inert");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, texts);
        tcase_add_test(all, values);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/rowfile.h"

#define HEAD "abababababababababababababababababababababababababababababababab"

static int64_t sum;

static void take(const JsonNode *row, _unused_ void *userdata)
{
        sum += node_integer(row, "seq", -1000);
}

static int read_it(const char *text, char head[static 65])
{
        sum = 0;
        return rowfile_read(text, take, NULL, head);
}

START_TEST(documents)
{
        char head[65];

        ck_assert_int_eq(read_it("{\"rows\":[],\"head\":\"" HEAD "\"}\n", head), 0);
        ck_assert_str_eq(head, HEAD);
        ck_assert_int_eq(read_it("{\"rows\":[{\"seq\":1},\n{\"seq\":2}]}", head), 0);
        ck_assert_int_eq(sum, 3);
        ck_assert_str_eq(head, "");
        /* As jq writes it, and with brackets and quotes in strings. */
        ck_assert_int_eq(read_it("{\n  \"head\" : \"" HEAD "\",\n  \"rows\" : [\n {\"seq\": 5, "
                                 "\"a\": [\"}]\\\"\", {}]} ]\n}\n",
                                 head),
                0);
        ck_assert_int_eq(sum, 5);
}
END_TEST

START_TEST(others)
{
        static const char *const bad[] = { "", "[]", "{}", "{", "{\"rows\"",
                "{\"rows\":", "{\"rows\":{}}", "{\"rows\":[", "{\"rows\":[1,",
                "{\"rows\":[{\"seq\":1}", "{\"rows\":[{\"seq\":1 2}]}", "{\"rows\":[]} x",
                "{\"rows\":[],\"rows\":[]}", "{\"rows\":[],\"more\":1}", "{\"head\":\"" HEAD "\"}",
                "{\"rows\":[],\"head\":\"abab\"}", "{\"rows\":[\"x]}", "{\"rows\":[]]}",
                "{\"rows\":[}]}", "{\"rows\":[{\"a\":\"\\\"}]}", "{\"rows\":[,]}",
                "{\"rows\":[{},]}" };
        char head[65];

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ck_assert_msg(read_it(bad[i], head) < 0, "%s", bad[i]);
        }
}
END_TEST

int main(void)
{
        Suite *s = suite_create("rowfile");
        TCase *t = tcase_create("rowfile");

        tcase_add_test(t, documents);
        tcase_add_test(t, others);
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

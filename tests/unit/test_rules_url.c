/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/domain/rules_url.h"
#include "tests/unit/rules_fixture.h"

#define LONG_HOST "https://jit.example.org/"
#define TEN "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN

/* 176 bytes behind the host make 200. */
#define LONGEST LONG_HOST FIFTY FIFTY FIFTY TEN TEN "abcdef"

START_TEST(urls)
{
        static const struct {
                const char *text, *stored; /* NULL: bad */
        } cases[] = {
                { "https://jit.example.org", "https://jit.example.org" },
                { "https://jit.example.org/", "https://jit.example.org" },
                { "https://JIT.Example.org/Gate/", "https://jit.example.org/Gate" },
                { "https://jit.example.org:8443/a/b", "https://jit.example.org:8443/a/b" },
                { "https://jit", "https://jit" },
                { "https://192.0.2.7", "https://192.0.2.7" },
                { "https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443/x" },
                { "https://h/.well-known/~jit_1", "https://h/.well-known/~jit_1" },
                { LONGEST, LONGEST },
                { LONGEST "k", NULL },
                /* in the clear to this machine only */
                { "http://localhost", "http://localhost" },
                { "http://LOCALHOST:8480/", "http://localhost:8480" },
                { "http://127.0.0.1:8480/jit", "http://127.0.0.1:8480/jit" },
                { "http://[::1]:8480", "http://[::1]:8480" },
                { "http://jit.example.org", NULL },
                { "http://localhost.example.org", NULL },
                { "http://127.0.0.1.example.org", NULL },
                { "http://127.0.0.2", NULL },
                { "http://localhost@example.org", NULL },
                { "http://[::1].example.org", NULL },
                { "http://[::2]", NULL },
                /* other beginnings */
                { "HTTPS://jit.example.org", NULL },
                { "jit.example.org", NULL },
                { "//jit.example.org", NULL },
                { "ftp://jit.example.org", NULL },
                { "javascript:alert(1)", NULL },
                { "https:/jit.example.org", NULL },
                { "https://", NULL },
                { "https:///", NULL },
                { "https:///x", NULL },
                { "http://", NULL },
                /* user, query, fragment */
                { "https://bob@jit.example.org", NULL },
                { "https://bob:x@jit.example.org", NULL },
                { "https://jit.example.org/?", NULL },
                { "https://jit.example.org?x=1", NULL },
                { "https://jit.example.org/#", NULL },
                { "https://jit.example.org#x", NULL },
                /* hosts and ports */
                { "https://-jit", NULL },
                { "https://jit-", NULL },
                { "https://a..b", NULL },
                { "https://jit.example.org.", NULL },
                { "https://a_b", NULL },
                { "https://m\u00fcller.example", NULL },
                { "https://[::1", NULL },
                { "https://[::1]x", NULL },
                { "https://[]", NULL },
                { "https://[1]", NULL },
                { "https://[::1%25lo]", NULL },
                { "https://" FIFTY TEN "abcd.example", NULL },
                { "https://jit:", NULL },
                { "https://jit:0", NULL },
                { "https://jit:08", NULL },
                { "https://jit:65535", "https://jit:65535" },
                { "https://jit:65536", NULL },
                { "https://jit:999999", NULL },
                { "https://jit:80:80", NULL },
                { "https://jit:8a", NULL },
                /* paths */
                { "https://jit//", NULL },
                { "https://jit//x", NULL },
                { "https://jit/a//b", NULL },
                { "https://jit/.", NULL },
                { "https://jit/../x", NULL },
                { "https://jit/a/./b", NULL },
                { "https://jit/a%2fb", NULL },
                { "https://jit/a b", NULL },
                { "https://jit/\"><script>", NULL },
                { "https://jit\\@evil.example", NULL },
                { "https://jit/a;b", NULL },
                { "https://jit/a\u200bb", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                char *url = strdup("old");
                ValueText v = { "url", cases[i].text, { "f", 1, 7 }, &problems };
                int r = value_parse_url(&v, &url);

                ck_assert_msg(r == (cases[i].stored ? 1 : 0), "'%s': %d", cases[i].text, r);
                ck_assert_str_eq(url, cases[i].stored ? cases[i].stored : "old");
                ck_assert_uint_eq(problems.n, cases[i].stored ? 0 : 1);
                problems_done(&problems);
                free(url);
        }
}
END_TEST

START_TEST(told)
{
        _cleanup_(freep) char *all = fixture_mistakes("[web]\nurl = http://jit.example.org\n");

        ck_assert_str_eq(all,
                "f:2:7: 'http://jit.example.org' is not possible for 'url': it is http: only https, "
                "or http to localhost, 127.0.0.1 or [::1]\n");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_url");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, urls);
        tcase_add_test(all, told);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "common/ini.h"
#include "tests/unit/rules_fixture.h"

/* What the first line of text is, as "kind word|rest line:column line:column" and its flags. */
static char *first_line(const char *text, size_t size, Problems *problems)
{
        static const char *const kinds[] = { "section", "pair", "torn" };
        IniReader l;
        IniLine line;
        char *s = NULL;

        ck_assert(ini_init(&l, &(IniText){ "f", text, size }, "f", problems));
        if (!ini_next(&l, &line)) {
                return strdup("end");
        }
        ck_assert_int_eq(
                str_printf(&s, "%s %s|%s %u:%u %u:%u%s%s", kinds[line.kind], line.word, line.rest,
                        line.word_at.line, line.word_at.column, line.rest_at.line,
                        line.rest_at.column, line.damaged ? " damaged" : "",
                        line.commented ? " commented" : ""),
                0);
        return s;
}

START_TEST(lines)
{
        static const struct {
                const char *text, *line;
                size_t problems;
        } cases[] = {
                { "", "end", 0 },
                { "\n\n", "end", 0 },
                { " \t\n# x\n  ; y\n", "end", 0 },
                { "[rule r]\n", "section rule|r 1:2 1:7", 0 },
                { "\n\n[rule  r ]  # x\n", "section rule|r 3:2 3:8", 0 },
                { "[ defaults ]\n", "section defaults| 1:3 1:12", 0 },
                { "[rule a b]\n", "section rule|a b 1:2 1:7", 0 },
                { "[]\n", "section | 1:2 1:2", 0 },
                { "[rule r\n", "section rule|r 1:2 1:7", 1 },
                { "[rule r # x\n", "section rule|r 1:2 1:7", 1 },
                { "[rule r]# x\n", "section rule|r 1:2 1:7", 1 },
                { "[rule r] = x\n", "section rule|r 1:2 1:7", 1 },
                { "a = b\n", "pair a|b 1:1 1:5", 0 },
                { "a=b\n", "pair a|b 1:1 1:3", 0 },
                { "a \t=\t b \t\n", "pair a|b 1:1 1:7", 0 },
                { "a = b = c\n", "pair a|b = c 1:1 1:5", 0 },
                { "a = b # c\n", "pair a|b 1:1 1:5", 0 },
                { "a = b\t#c # d\n", "pair a|b 1:1 1:5", 0 },
                { "a = b#c\n", "pair a|b#c 1:1 1:5", 0 },
                { "a = b ; c\n", "pair a|b ; c 1:1 1:5", 0 },
                { "a = b \\\n", "pair a|b \\ 1:1 1:5", 0 },
                { "a = \"b # c\"\n", "pair a|\"b 1:1 1:5", 0 },
                { "a =#b\n", "pair a|#b 1:1 1:4", 0 },
                { "a = #b\n", "pair a| 1:1 1:5 commented", 0 },
                { "a =\n", "pair a| 1:1 1:4", 0 },
                { "a =   \n", "pair a| 1:1 1:7", 0 },
                { "= b\n", "pair |b 1:1 1:3", 0 },
                { "a b c = d\n", "pair a b c|d 1:1 1:9", 0 },
                { "a b c\n", "torn a| 1:1 0:0", 1 },
                { " a = b\n", "pair a|b 1:2 1:6", 1 },
                { " a\n", "torn a| 1:2 0:0", 1 },
                { "\t[rule r]\n", "section rule|r 1:3 1:8", 1 },
                { "a = b\r\n", "pair a|b 1:1 1:5", 1 },
                { "a = b\rc\n", "pair a|b?c 1:1 1:5 damaged", 1 },
                { "a = b", "pair a|b 1:1 1:5 damaged", 1 },
                { "a", "torn a| 1:1 0:0 damaged", 1 },
                { "\xff", "torn ?| 1:1 0:0 damaged", 2 },
                { "a = \xff\x01\n", "pair a|\?\? 1:1 1:5 damaged", 1 },
                { "a\x01 = b\n", "pair a?|b 1:1 1:6 damaged", 1 },
                { "a = \xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\n",
                        "pair a|\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80 1:1 1:5", 0 },
                { "a = \xe0\xb8\x81\n", "pair a|\xe0\xb8\x81 1:1 1:5", 0 },
                { "a = \xe2\x82\n", "pair a|\?\? 1:1 1:5 damaged", 1 },
                { "a = \xf0\x9f\x98", "pair a|\?\?\? 1:1 1:5 damaged", 2 },
                { "a = \xf4\x90\x80\x80\n", "pair a|\?\?\?\? 1:1 1:5 damaged", 1 },
                { "a = \xc2\x85\n", "pair a|\?\? 1:1 1:5 damaged", 1 },
                { "a = \xc2\x80\n", "pair a|\?\? 1:1 1:5 damaged", 1 },
                { "a = \xc2\x9f\n", "pair a|\?\? 1:1 1:5 damaged", 1 },
                { "a = \xc2\xa0\n", "pair a|\xc2\xa0 1:1 1:5", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                _cleanup_(freep) char *line = NULL, *copy = NULL, *all = NULL;
                size_t size = strlen(cases[i].text);

                /* No byte to spare, so that a sanitizer sees any read past the end. */
                copy = malloc(size + (size == 0));
                memcpy(copy, cases[i].text, size);
                line = first_line(copy, size, &problems);
                all = fixture_problems(&problems);
                ck_assert_msg(streq(line, cases[i].line), "case %zu: %s", i, line);
                ck_assert_msg(problems.n == cases[i].problems, "case %zu: %s", i, all);
                problems_done(&problems);
        }
}
END_TEST

START_TEST(nul)
{
        Problems problems = {};
        _cleanup_(freep) char *line = first_line("a\0 = b\0\n", 8, &problems);

        ck_assert_str_eq(line, "pair a?|b? 1:1 1:6 damaged");
        ck_assert_uint_eq(problems.n, 1);
        ck_assert_str_eq(problems.items[0].message, "NUL byte");
        problems_done(&problems);
}
END_TEST

START_TEST(long_lines)
{
        static const size_t sizes[] = { INI_LINE_MAX - 1, INI_LINE_MAX, INI_LINE_MAX + 1, 100000 };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                Problems problems = {};
                char *text = malloc(sizes[i] + 1);
                bool fits = sizes[i] <= INI_LINE_MAX;
                IniReader l;
                IniLine line;

                memset(text, 'x', sizes[i]);
                text[1] = '=';
                text[sizes[i]] = '\n';
                ck_assert(ini_init(&l, &(IniText){ "f", text, sizes[i] + 1 }, "f", &problems));
                ck_assert(ini_next(&l, &line));
                ck_assert_str_eq(line.word, "x");
                ck_assert_uint_eq(strlen(line.rest), MIN(sizes[i], (size_t) INI_LINE_MAX) - 2);
                ck_assert_int_eq(line.damaged, !fits);
                ck_assert_uint_eq(problems.n, fits ? 0 : 1);
                ck_assert(!ini_next(&l, &line));
                problems_done(&problems);
                free(text);
        }
}
END_TEST

START_TEST(long_file)
{
        Problems problems = {};
        char *text = calloc(1, INI_FILE_MAX + 1);
        IniReader l;

        memset(text, '\n', INI_FILE_MAX + 1);
        ck_assert(ini_init(&l, &(IniText){ "f", text, INI_FILE_MAX }, "f", &problems));
        ck_assert(!ini_init(&l, &(IniText){ "f", text, INI_FILE_MAX + 1 }, "f", &problems));
        ck_assert_uint_eq(problems.n, 1);
        problems_done(&problems);
        free(text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ini");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, lines);
        tcase_add_test(all, nul);
        tcase_add_test(all, long_lines);
        tcase_add_test(all, long_file);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

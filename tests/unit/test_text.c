/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/util.h"

START_TEST(utf8)
{
        static const struct {
                const char *text;
                size_t size;
                bool valid;
        } cases[] = {
                { "", 0, true }, { "a", 1, true }, { "\x7f", 1, true }, { "\xc2\x80", 2, true },
                { "\xdf\xbf", 2, true }, { "\xe0\xa0\x80", 3, true }, { "\xed\x9f\xbf", 3, true },
                { "\xee\x80\x80", 3, true }, { "\xef\xbf\xbf", 3, true },
                { "\xf0\x90\x80\x80", 4, true }, { "\xf4\x8f\xbf\xbf", 4, true },
                { "a\0b", 3, false }, { "\x80", 1, false }, { "\xbf", 1, false },
                { "\xc0\x80", 2, false }, /* overlong NUL */
                { "\xc1\xbf", 2, false }, { "\xc2", 1, false },
                { "\xc2"
                  "a",
                        2, false },
                { "\xe0\x80\x80", 3, false }, { "\xe0\x9f\xbf", 3, false },
                { "\xed\xa0\x80", 3, false }, /* surrogates */
                { "\xed\xbf\xbf", 3, false }, { "\xe2\x80", 2, false },
                { "\xf0\x80\x80\x80", 4, false }, { "\xf0\x8f\xbf\xbf", 4, false },
                { "\xf4\x90\x80\x80", 4, false }, /* U+110000 */
                { "\xf5\x80\x80\x80", 4, false }, { "\xf8\x88\x80\x80\x80", 5, false },
                { "\xff", 1, false }, { "\xf0\x9f\x98\x80", 3, false }, /* cut */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ck_assert_msg(
                        utf8_valid(cases[i].text, cases[i].size) == cases[i].valid, "case %zu", i);
        }
}
END_TEST

START_TEST(clean)
{
        static const struct {
                const char *text, *shown;
        } cases[] = {
                { "", "" },
                { "plain text, 'quoted' \\x1b ~", "plain text, 'quoted' \\x1b ~" },
                { "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80",
                        "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80" },
                /* C0, DEL, C1 */
                { "a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd" },
                { "\x1b[2J\x1b]0;x\x07", "\\x1b[2J\\x1b]0;x\\x07" },
                { "\x01\x1f\x7f", "\\x01\\x1f\\x7f" },
                { "\xc2\x85\xc2\x9b\xc2\x80\xc2\x9f", "\\xc2\\x85\\xc2\\x9b\\xc2\\x80\\xc2\\x9f" },
                { "\x9b"
                  "31m",
                        "\\x9b31m" },
                /* bad UTF-8: each byte for itself, what follows unharmed */
                { "\xe2\x80", "\\xe2\\x80" },
                { "\xc0\xaf", "\\xc0\\xaf" },
                { "\xed\xa0\x80", "\\xed\\xa0\\x80" },
                { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
                { "\xe2\x80z\xc3\xa9", "\\xe2\\x80z\xc3\xa9" },
                /* bidi, zero width, separators */
                { "a\xe2\x80\xae"
                  "b",
                        "a\\u{202e}b" },
                { "\xe2\x81\xa6\xe2\x81\xa9", "\\u{2066}\\u{2069}" },
                { "\xd8\x9c\xe2\x80\x8b\xe2\x80\x8d\xef\xbb\xbf",
                        "\\u{061c}\\u{200b}\\u{200d}\\u{feff}" },
                { "\xe2\x80\xa8\xe2\x80\xa9", "\\u{2028}\\u{2029}" },
                { "\xc2\xad\xcd\x8f", "\\u{00ad}\\u{034f}" },
                /* odd spaces and fillers */
                { "a\xc2\xa0"
                  "b\xe3\x80\x80"
                  "c\xe2\x80\x83",
                        "a\\u{00a0}b\\u{3000}c\\u{2003}" },
                { "\xe3\x85\xa4\xef\xbe\xa0\xe1\x85\x9f\xe1\x85\xa0",
                        "\\u{3164}\\u{ffa0}\\u{115f}\\u{1160}" },
                { "\xe1\xa0\x8e\xe1\x9e\xb4\xe2\xa0\x80", "\\u{180e}\\u{17b4}\\u{2800}" },
                /* variation selectors, tags, private use, noncharacters, annotation */
                { "x\xef\xb8\x8f", "x\\u{fe0f}" },
                { "\xf3\xa0\x81\xa1\xf3\xa0\x84\x80", "\\u{e0061}\\u{e0100}" },
                { "\xee\x80\x80\xef\xa3\xbf\xf3\xb0\x80\x80\xf4\x8f\xbf\xbd",
                        "\\u{e000}\\u{f8ff}\\u{f0000}\\u{10fffd}" },
                { "\xef\xb7\x90\xef\xbf\xbf\xf0\x9f\xbf\xbe", "\\u{fdd0}\\u{ffff}\\u{1fffe}" },
                { "\xef\xbf\xb9\xef\xbf\xbb", "\\u{fff9}\\u{fffb}" },
                { "\xf1\x80\x80\x80", "\\u{40000}" },
                { "\xef\xbf\xbd", "\xef\xbf\xbd" }, /* U+FFFD is visible */
                /* marks: two may sit on a character, none on nothing or on an escape */
                { "e\xcc\x81", "e\xcc\x81" },
                { "e\xcc\x81\xcc\xa3", "e\xcc\x81\xcc\xa3" },
                { "e\xcc\x81\xcc\xa3\xcc\x88\xcc\x89x\xcc\x81",
                        "e\xcc\x81\xcc\xa3\\u{0308}\\u{0309}x\xcc\x81" },
                { "\xcc\xb8\x65", "\\u{0338}e" },
                { "\n\xcc\x81", "\\x0a\\u{0301}" },
                { "\xe0\xb8\x81\xe0\xb9\x87\xe0\xb9\x87\xe0\xb9\x87",
                        "\xe0\xb8\x81\xe0\xb9\x87\xe0\xb9\x87\\u{0e47}" },
                { "a\xef\xb8\xa0\xe2\x83\x9d\xe1\xb7\x80", "a\xef\xb8\xa0\xe2\x83\x9d\\u{1dc0}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *copy = text_clean_dup(cases[i].text, 4096);
                char out[256];
                size_t n = text_clean(out, sizeof(out), cases[i].text, strlen(cases[i].text));

                ck_assert_str_eq(out, cases[i].shown);
                ck_assert_uint_eq(n, strlen(cases[i].shown));
                ck_assert_str_eq(copy, cases[i].shown);
        }
}
END_TEST

/* Trojan Source, CVE-2021-42574: all nine controls become visible, in the stored order. */
START_TEST(trojan)
{
        static const uint32_t controls[] = { 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067,
                0x2068, 0x2069 };

        for (size_t i = 0; i < ELEMENTSOF(controls); i++) {
                char text[] = { 'a', (char) 0xE2, (char) (0x80 | (controls[i] >> 6 & 0x3F)),
                        (char) (0x80 | (controls[i] & 0x3F)), 'b', '\0' };
                _cleanup_(freep) char *want = NULL, *shown = text_clean_dup(text, 100);

                ck_assert_int_eq(str_printf(&want, "a\\u{%x}b", controls[i]), 0);
                ck_assert_str_eq(shown, want);
        }
}
END_TEST

START_TEST(cut)
{
        static const struct {
                const char *text;
                size_t size;
                const char *shown;
        } cases[] = {
                { "1234567", 8, "1234567" },
                { "12345678", 8, "1234\xe2\x80\xa6" },
                { "1234567\n", 8, "1234\xe2\x80\xa6" },
                { "123456\n", 8, "1234\xe2\x80\xa6" },
                { "123\n", 8, "123\\x0a" },
                { "123\n4", 8, "123\xe2\x80\xa6" }, /* the escape goes whole */
                { "\n\n", 8, "\\x0a\xe2\x80\xa6" },
                { "123\xc3\xa9\xc3\xa9", 8, "123\xc3\xa9\xc3\xa9" },
                { "123\xc3\xa9\xc3\xa9z", 8, "123\xe2\x80\xa6" },
                { "\xf4\x8f\xbf\xbf", 8, "\xe2\x80\xa6" },
                { "\xf4\x8f\xbf\xbf", 11, "\\u{10ffff}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *copy = text_clean_dup(cases[i].text, cases[i].size - 1);
                char out[16];

                memset(out, 'X', sizeof(out));
                text_clean(out, cases[i].size, cases[i].text, strlen(cases[i].text));
                ck_assert_str_eq(out, cases[i].shown);
                ck_assert_int_eq(out[cases[i].size], 'X');
                ck_assert_str_eq(copy, cases[i].shown);
        }
}
END_TEST

START_TEST(small)
{
        _cleanup_(freep) char *none = text_clean_dup(NULL, 100), *zero = text_clean_dup("a", 0),
                              *two = text_clean_dup("abc", 2), *fits = text_clean_dup("ab", 2),
                              *dots = text_clean_dup("abcd", 3);

        ck_assert_str_eq(none, "");
        ck_assert_str_eq(zero, "");
        ck_assert_str_eq(two, "");
        ck_assert_str_eq(fits, "ab");
        ck_assert_str_eq(dots, "\xe2\x80\xa6");
}
END_TEST

/* A NUL inside a counted text is a byte like any other control. */
START_TEST(nul_inside)
{
        char out[16];

        ck_assert_uint_eq(text_clean(out, sizeof(out), "a\0b", 3), 6);
        ck_assert_str_eq(out, "a\\x00b");
}
END_TEST

START_TEST(commands)
{
        static const struct {
                const char *words[5];
                size_t max;
                const char *shown;
        } cases[] = {
                { { NULL }, 100, "" },
                { { "ls" }, 100, "ls" },
                { { "/bin/ls", "-l", "a b" }, 100, "/bin/ls -l 'a b'" },
                { { "echo", "" }, 100, "echo ''" },
                { { "echo", "it's", "'" }, 100, "echo 'it'\\''s' ''\\'''" },
                { { "sh", "-c", "a;b|c $X `d` *" }, 100, "sh -c 'a;b|c $X `d` *'" },
                { { "x", "a\nb", "\x1b[m" }, 100, "x 'a\\x0ab' '\\x1b[m'" },
                { { "x", "\xe2\x80\xae" }, 100, "x '\\u{202e}'" },
                { { "\xcc\x81" }, 100, "'\\u{0301}'" },
                { { "'\xcc\x81" }, 100, "''\\''\\u{0301}'" },
                { { "~root", "#x", "a=b", "{1,2}" }, 100, "'~root' '#x' a=b '{1,2}'" },
                { { "cat", "12345" }, 9, "cat 12345" },
                { { "cat", "123456" }, 9, "cat 12\xe2\x80\xa6" },
                { { "cat", "1 2 3" }, 9, "cat '1\xe2\x80\xa6" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *shown = NULL;
                char *words[5];
                size_t n = 0;

                for (; n < 5 && cases[i].words[n]; n++) {
                        words[n] = (char *) cases[i].words[n];
                }
                shown = text_command(words, n, cases[i].max);
                ck_assert_str_eq(shown, cases[i].shown);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("text");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, utf8);
        tcase_add_test(all, clean);
        tcase_add_test(all, trojan);
        tcase_add_test(all, cut);
        tcase_add_test(all, small);
        tcase_add_test(all, nul_inside);
        tcase_add_test(all, commands);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

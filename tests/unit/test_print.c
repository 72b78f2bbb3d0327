/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/print.h"

#define NOW (1000 * USEC_PER_DAY)

START_TEST(relative_times)
{
        ck_assert_str_eq(when_in(NOW, NOW), "now");
        ck_assert_str_eq(when_in(NOW + USEC_PER_SEC / 2, NOW), "now");
        ck_assert_str_eq(when_in(NOW + 27 * USEC_PER_MIN, NOW), "in 27 min");
        ck_assert_str_eq(when_in(NOW - 5 * USEC_PER_SEC, NOW), "5 s ago");
        ck_assert_str_eq(when_in(NOW + 90 * USEC_PER_MIN, NOW), "in 1 h 30 min");
        ck_assert_str_eq(when_in_text(NULL), "");
        ck_assert_str_eq(when_in_text("some\x1b[31mtime"), "some\\x1b[31mtime");
        ck_assert_str_eq(when_at_text("never"), "never");
        ck_assert_str_eq(span_text("90m"), "1 h 30 min");
        ck_assert_str_eq(span_text("\x07"), "\\x07");
}
END_TEST

START_TEST(foreign_text)
{
        ck_assert_str_eq(safe(NULL), "");
        ck_assert_str_eq(safe("a\x1b]0;pwn\x07"), "a\\x1b]0;pwn\\x07");
        ck_assert_str_eq(safe("two\nlines"), "two\\x0alines");
        /* Several in one printf do not overwrite each other. */
        const char *a = safe("a"), *b = safe("b");
        ck_assert_str_eq(a, "a");
        ck_assert_str_eq(b, "b");
}
END_TEST

START_TEST(widths)
{
        ck_assert_uint_eq(text_width(""), 0);
        ck_assert_uint_eq(text_width("abc"), 3);
        ck_assert_uint_eq(text_width("äöü"), 3);
        ck_assert_uint_eq(text_width("日本"), 4);
}
END_TEST

static char *written(const Table *t, size_t width)
{
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        table_write(t, f, width);
        (void) fclose(f);
        return text;
}

START_TEST(tables)
{
        static const char *const heads[] = { "ID", "WHO", "WHY", NULL };
        _cleanup_(table_freep) Table *t = table_new(heads);

        table_add(t, (const Cell[]){ { "K7QF", STYLE_BOLD }, { "日本", STYLE_PLAIN },
                             { "a long reason to cut", STYLE_PLAIN } });
        table_add(t, (const Cell[]){ { "K", STYLE_BAD }, { NULL, STYLE_PLAIN },
                             { "x\x1b[2Jy\nz", STYLE_PLAIN } });
        ck_assert_uint_eq(table_rows(t), 2);
        /* A file is no terminal: no colour, nothing cut, no control character. */
        _cleanup_(freep) char *whole = written(t, 0);
        ck_assert_str_eq(whole, "ID    WHO   WHY\n"
                                "K7QF  日本  a long reason to cut\n"
                                "K           x\\x1b[2Jy\\x0az\n");
        _cleanup_(freep) char *cut = written(t, 24);
        ck_assert_str_eq(cut, "ID    WHO   WHY\n"
                              "K7QF  日本  a long reas…\n"
                              "K           x\\x1b[2Jy\\x…\n");
        /* Too narrow to be of use: the terminal wraps. */
        _cleanup_(freep) char *narrow = written(t, 14);
        ck_assert_str_eq(narrow, whole);
}
END_TEST

START_TEST(colour)
{
        /* Here neither is a terminal; see tests/ctl for one that is. */
        FILE *f = fopen("/dev/null", "w");

        ck_assert(!print_colour(f));
        ck_assert_str_eq(style(f, STYLE_BAD), "");
        (void) fclose(f);
        ck_assert_int_eq(style_of_state("active"), STYLE_GOOD);
        ck_assert_int_eq(style_of_state(NULL), STYLE_PLAIN);
        ck_assert_int_eq(style_of_state("unheard-of"), STYLE_PLAIN);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("print");
        TCase *t = tcase_create("print");

        print_init();
        tcase_add_test(t, relative_times);
        tcase_add_test(t, foreign_text);
        tcase_add_test(t, widths);
        tcase_add_test(t, tables);
        tcase_add_test(t, colour);
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

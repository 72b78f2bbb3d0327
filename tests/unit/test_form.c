/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/gateway/form.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/util.h"

static int parse(const char *body, Form *f)
{
        return form_parse(body, strlen(body), f);
}

START_TEST(fields)
{
        _cleanup_(form_done) Form f = { 0 };

        ck_assert_int_eq(
                parse("decision=approve&duration=30m&note=a+b%2Bc%26%3d%C3%BC&code=&form=x", &f),
                0);
        ck_assert_str_eq(f.decision, "approve");
        ck_assert_str_eq(f.duration, "30m");
        ck_assert_str_eq(f.note, "a b+c&=ü");
        ck_assert_str_eq(f.code, "");
        ck_assert_str_eq(f.form, "x");
        ck_assert_ptr_null(form_check(&f));
        ck_assert_ptr_null(f.code);
}
END_TEST

START_TEST(refused)
{
        static const char *const cases[] = { "decision", "=", "&", "decision=a&", "&decision=a",
                "decision=a&&form=b", "decision=a&decision=a", "Decision=a", "decision%00=a",
                "other=a", "note=%", "note=%1", "note=%zz", "note=%1g", "note=%-1", "note=%00",
                "note=%c3", "note=%ed%a0%80", "note=\xff", "%ff=a" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Form f = { .decision = (char *) "untouched" };

                ck_assert_msg(parse(cases[i], &f) == -EBADMSG, "'%s' was taken", cases[i]);
                ck_assert_str_eq(f.decision, "untouched");
        }
        Form f = { 0 };
        ck_assert_int_eq(form_parse("note=a\0b", 8, &f), -EBADMSG);
}
END_TEST

START_TEST(names_may_be_escaped)
{
        _cleanup_(form_done) Form f = { 0 };

        ck_assert_int_eq(parse("%64ecision=deny&note=a=b", &f), 0);
        ck_assert_str_eq(f.decision, "deny");
        ck_assert_str_eq(f.note, "a=b");
}
END_TEST

START_TEST(nothing)
{
        _cleanup_(form_done) Form f = { 0 };

        ck_assert_int_eq(parse("", &f), 0);
        ck_assert_ptr_nonnull(form_check(&f)); /* no decision is none */
}
END_TEST

START_TEST(notes)
{
        static const struct {
                const char *said, *kept;
        } cases[] = {
                { "one", "one" }, { "  one  ", "one" }, { "one\r\ntwo", "one two" },
                { "\r\n\r\none\n\n\ntwo\t \r\n", "one two" }, { " \r\n\t", NULL }, { "", NULL },
                { "a\x1b[31m", "a\x1b[31m" }, /* shown as what it is, wherever it is shown */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(form_done)
                        Form f = { .decision = strdup("deny"), .note = strdup(cases[i].said) };

                ck_assert_ptr_null(form_check(&f));
                ck_assert_str_eq(str_or(f.note, "(none)"), str_or(cases[i].kept, "(none)"));
        }
}
END_TEST

START_TEST(checked)
{
        static const struct {
                const char *decision, *duration, *code;
                bool ok;
        } cases[] = {
                { "approve", NULL, NULL, true }, { "deny", "", "", true },
                { "approve", "1h 30m", NULL, true }, { "Approve", NULL, NULL, false },
                { "", NULL, NULL, false }, { "approve ", NULL, NULL, false },
                { "approve", "ever", NULL, false }, { "approve", "-1m", NULL, false },
                { "approve", NULL, "07", true }, { "approve", NULL, "", true },
                { "approve", NULL, "7", false }, { "approve", NULL, "123456", false },
                { "approve", NULL, "4x", false }, { "approve", NULL, "-1", false },
                { "approve", NULL, "4 ", false },
                { "approve", NULL, "\xd9\xa4\xd9\xa2", false }, /* digits of another script */
                { "deny", NULL, "7", true },                    /* half typed: a no takes none */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(form_done) Form f = { .decision = strdup(cases[i].decision),
                        .duration = cases[i].duration ? strdup(cases[i].duration) : NULL,
                        .code = cases[i].code ? strdup(cases[i].code) : NULL };

                ck_assert((form_check(&f) == NULL) == cases[i].ok);
                ck_assert(!cases[i].ok || !f.code || streq(f.decision, "approve"));
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("form");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, fields);
        tcase_add_test(all, refused);
        tcase_add_test(all, names_may_be_escaped);
        tcase_add_test(all, nothing);
        tcase_add_test(all, notes);
        tcase_add_test(all, checked);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The corpora of whole files: every good one loads, every bad one has exactly the mistakes that its
 * first lines ("# expect: LINE:COL: part of message") say, in that order.
 */

#include <dirent.h>
#include <stdio.h>

#include "tests/unit/rules_fixture.h"

typedef void (*FileTest)(const char *name, const char *text, size_t size);

static char *slurp(const char *path, size_t *ret_size)
{
        FILE *f = fopen(path, "re");
        char *text = malloc(2 * 1024 * 1024);

        ck_assert_msg(f && text, "%s", path);
        *ret_size = fread(text, 1, 2 * 1024 * 1024, f);
        (void) fclose(f);
        return text;
}

static void each_file(const char *dir_path, size_t at_least, FileTest test)
{
        DIR *dir = opendir(dir_path);
        struct dirent *entry;
        size_t n = 0;

        ck_assert_msg(dir, "%s", dir_path);
        while ((entry = readdir(dir))) {
                _cleanup_(freep) char *path = NULL, *text = NULL;
                size_t size;

                if (entry->d_name[0] == '.') {
                        continue;
                }
                ck_assert_int_eq(str_printf(&path, "%s/%s", dir_path, entry->d_name), 0);
                text = slurp(path, &size);
                test(entry->d_name, text, size);
                n++;
        }
        (void) closedir(dir);
        ck_assert_uint_ge(n, at_least);
}

static void is_good(const char *name, const char *text, size_t size)
{
        Problems problems = {};
        _cleanup_(freep) char *all = NULL;
        _cleanup_(rules_freep) Rules *rules = NULL;
        int r = rules_parse(&(IniText){ name, text, size }, 1, &problems, &rules);

        all = fixture_problems(&problems);
        ck_assert_msg(r == 0 && rules && problems.n == 0, "%s", all);
        problems_done(&problems);
}

START_TEST(good)
{
        each_file(TEST_DATA "/rules.good", 10, is_good);
}
END_TEST

/*
 * What a release loaded every later one loads: its examples, as users have copied them (hazard H-104).
 * A file is named by its release, and never changed.
 */
START_TEST(released)
{
        each_file(TEST_DATA "/rules.released", 17, is_good);
}
END_TEST

/* The i-th "# expect: " line without its beginning, or NULL. */
static const char *expectation(const char *text, size_t i, char out[static 512])
{
        static const char start[] = "# expect: ";

        for (;; i--) {
                size_t n = strcspn(text, "\n");

                if (strncmp(text, start, strlen(start)) != 0) {
                        return NULL;
                }
                if (i == 0) {
                        (void) snprintf(
                                out, 512, "%.*s", (int) (n - strlen(start)), text + strlen(start));
                        return out;
                }
                text += n + 1;
        }
}

static void is_bad(const char *name, const char *text, size_t size)
{
        Problems problems = {};
        _cleanup_(freep) char *all = NULL;
        Rules *rules = NULL;
        int r = rules_parse(&(IniText){ name, text, size }, 1, &problems, &rules);
        char line[512];
        size_t n = 0;

        all = fixture_problems(&problems);
        ck_assert_msg(r == -EINVAL && !rules, "%s is good", name);
        for (; expectation(text, n, line); n++) {
                char *part = strstr(line, ": "), place[64];

                ck_assert_msg(n < problems.n && part, "%s:\n%s", name, all);
                *part = '\0';
                (void) snprintf(place, sizeof(place), "%u:%u", problems.items[n].line,
                        problems.items[n].column);
                ck_assert_msg(streq(place, line), "%s: not at %s:\n%s", name, line, all);
                ck_assert_msg(strstr(problems.items[n].message, part + 2), "%s: not '%s':\n%s",
                        name, part + 2, all);
        }
        ck_assert_msg(n > 0 && n == problems.n, "%s: %zu expected:\n%s", name, n, all);
        problems_done(&problems);
}

START_TEST(bad)
{
        each_file(TEST_DATA "/rules.bad", 110, is_bad);
}
END_TEST

/* Whatever is cut off a good file, it never loads as something else; but at the end of a line. */
START_TEST(cut_short)
{
        size_t size;
        _cleanup_(freep) char *text = slurp(TEST_DATA "/rules.good/example.conf", &size);

        for (size_t n = 1; n < size; n++) {
                Problems problems = {};
                Rules *rules = NULL;
                int r = rules_parse(&(IniText){ "f", text, n }, 1, &problems, &rules);

                ck_assert_msg(text[n - 1] == '\n' || r == -EINVAL, "loads with %zu bytes", n);
                problems_done(&problems);
                rules_free(rules);
        }
}
END_TEST

static int parse_two(const char *a, const char *b, Problems *problems, Rules **ret)
{
        IniText texts[] = { { "a.conf", a, strlen(a) }, { "b.conf", b, strlen(b) } };

        return rules_parse(texts, 2, problems, ret);
}

START_TEST(several_files)
{
        static const struct {
                const char *a, *b, *problem;
        } cases[] = {
                /* what one file names another defines, also [defaults] */
                { "[rule r]\nusers = *\napprovers = ops\n",
                        "[group ops]\nmembers = @x\n[defaults]\nservices = sudo\naction = ask\n",
                        NULL },
                { "", "", NULL },
                /* a drop-in does not go on where the file before stopped */
                { "[rule r]\nservices = sudo\nusers = *\naction = refuse\n", "approvals = 2\n",
                        "b.conf:1:1: 'approvals' stands before the first [section] of the file\n" },
                { "[rule r]\nservices = sudo\nusers = *\naction = refuse\n",
                        "[rule r]\nservices = sudo\nusers = *\naction = refuse\n",
                        "b.conf:1:2: the section [rule r] is given twice, first at a.conf:1\n" },
                { "[defaults]\nwait = 1m\n", "[defaults]\nwait = 1m\n",
                        "b.conf:1:2: the section [defaults] is given twice, first at a.conf:1\n" },
                /* in the order of the files, although found late */
                { "[group g]\nmembers = x\n", "[acess]\n",
                        "a.conf:2:11: there is no [group x] and no [approver x]\n"
                        "b.conf:1:2: unknown section [acess]; did you mean 'access'?\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Problems problems = {};
                _cleanup_(freep) char *all = NULL;
                Rules *rules = NULL;
                int r = parse_two(cases[i].a, cases[i].b, &problems, &rules);

                all = fixture_problems(&problems);
                ck_assert_msg(r == (cases[i].problem ? -EINVAL : 0), "case %zu: %s", i, all);
                ck_assert_str_eq(all, str_or(cases[i].problem, ""));
                problems_done(&problems);
                rules_free(rules);
        }
}
END_TEST

/* What stands in a file that is not read is not missing. */
START_TEST(unread)
{
        static char big[1024 * 1024 + 1];
        static const char rule[] = "[rule r]\napprovers = in-the-other\n";
        IniText texts[] = { { "a", rule, strlen(rule) }, { "b", big, sizeof(big) } };
        Problems problems = {};
        Rules *rules = NULL;
        _cleanup_(freep) char *all = NULL;

        ck_assert_int_eq(rules_parse(texts, 2, &problems, &rules), -EINVAL);
        all = fixture_problems(&problems);
        ck_assert_str_eq(all, "b: the file is longer than 1048576 bytes; it was not read\n");
        problems_done(&problems);
}
END_TEST

START_TEST(problems_before_count_too)
{
        Problems problems = {};
        Rules *rules = NULL;

        problems_add(&problems, &(Place){ "x.conf" }, "not readable");
        ck_assert_int_eq(parse_two("", "", &problems, &rules), 0); /* its own texts were good */
        rules = rules_free(rules);
        problems.lost = true;
        ck_assert_int_eq(parse_two("", "", &problems, &rules), -EINVAL);
        ck_assert_ptr_null(rules);
        problems_done(&problems);
}
END_TEST

/* n times text, after start. */
static char *repeat(const char *start, const char *format, size_t n)
{
        char *all = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&all, &size);

        ck_assert_ptr_nonnull(f);
        (void) fputs(start, f);
        for (size_t i = 0; i < n; i++) {
                (void) fprintf(f, format, i);
        }
        (void) fclose(f);
        return all;
}

START_TEST(limits)
{
        static const char defaults[] = "[defaults]\nservices = s\nusers = u\naction = refuse\n";
        static const struct {
                const char *start, *format;
                size_t n, problems;
                const char *first;
        } cases[] = {
                { defaults, "[rule r%zu]\n", 1000, 0, NULL },
                { defaults, "[rule r%zu]\n", 1001, 1, "more than 1000 rules" },
                { defaults, "[rule r%zu]\n", 1500, 100, "more than 1000 rules" },
                { "[rule r]\nservices = s\nusers = *\naction = ask\napprovers = g9999\n",
                        "[group g%zu]\nmembers = @x\n", 10000, 1, "more than 10000 sections" },
                { "", "#%070zu\n", 14563, 0, NULL }, /* 1 MiB less 40 bytes */
                { "", "#%070zu\n", 14564, 1, "the file is longer than 1048576 bytes" },
                { "[defaults]\n", "bad%zu = x\n", 99, 99, "unknown key 'bad0' in [defaults]" },
                { "[defaults]\n", "bad%zu = x\n", 5000, 100, "unknown key 'bad0' in [defaults]" },
                /* carriage returns are told of once a file */
                { "[defaults]\n", "#%zu\r\n", 50, 1, "carriage return" },
                { "\ufeff[defaults]\n", "# %zu\n", 1, 1, "byte order mark" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *text = repeat(cases[i].start, cases[i].format, cases[i].n);
                Problems problems = {};
                Rules *rules = NULL;
                int r = rules_parse(&(IniText){ "f", text, strlen(text) }, 1, &problems, &rules);

                ck_assert_msg(problems.n == cases[i].problems, "case %zu: %zu", i, problems.n);
                ck_assert_int_eq(r, cases[i].first ? -EINVAL : 0);
                ck_assert(!cases[i].first || strstr(problems.items[0].message, cases[i].first));
                problems_done(&problems);
                rules_free(rules);
        }
}
END_TEST

START_TEST(foreign_text_is_clean)
{
        _cleanup_(freep) char *all = fixture_mistakes(
                "[rule r]\n\u202eevil = x\nservices = sudo\nusers = a b\u200b\naction = \u2066x\n");

        ck_assert_ptr_nonnull(strstr(all, "u{202e}evil"));
        ck_assert_ptr_nonnull(strstr(all, "u{200b}"));
        ck_assert_ptr_nonnull(strstr(all, "u{2066}x"));
        for (const char *s = all; *s; s++) {
                ck_assert(*s == '\n' || (*s >= 0x20 && *s < 0x7f));
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("rules_parse");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, good);
        tcase_add_test(all, released);
        tcase_add_test(all, bad);
        tcase_add_test(all, cut_short);
        tcase_add_test(all, several_files);
        tcase_add_test(all, unread);
        tcase_add_test(all, problems_before_count_too);
        tcase_add_test(all, limits);
        tcase_add_test(all, foreign_text_is_clean);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

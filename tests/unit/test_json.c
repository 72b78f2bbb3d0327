/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/json.h"
#include "common/util.h"

/* Parses a copy without a byte to spare, so that a sanitizer sees any read past the end. */
static int parse_exact(const char *text, size_t size, Json **ret)
{
        _cleanup_(freep) char *copy = malloc(MAX(size, (size_t) 1));

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text, size);
        return json_parse(copy, size, ret);
}

static int parse_result(const char *text, size_t size)
{
        _cleanup_(json_freep) Json *j = NULL;
        int r = parse_exact(text, size, &j);

        ck_assert(r == 0 ? j != NULL : j == NULL);
        return r;
}

static const JsonNode *member(const Json *j, const char *name)
{
        const JsonNode *n = json_get(json_root(j), name);

        ck_assert_msg(n != NULL, "no member '%s'", name);
        return n;
}

START_TEST(values)
{
        static const char text[] =
                " {\"s\" : \"x\", \"i\":-12,\t\"t\":true,\"f\":false,\n\"n\":null,\r\n"
                "\"a\":[1,\"two\",[],{}],\"o\":{\"s\":\"inner\"}, \"\":0} ";
        _cleanup_(json_freep) Json *j = NULL;
        const JsonNode *n;

        ck_assert_int_eq(parse_exact(text, strlen(text), &j), 0);
        ck_assert_int_eq(json_type(json_root(j)), JSON_OBJECT);
        ck_assert_ptr_null(json_name(json_root(j)));
        ck_assert_ptr_null(json_next(json_root(j)));
        ck_assert_str_eq(json_string(member(j, "s")), "x");
        ck_assert_int_eq(json_integer(member(j, "i")), -12);
        ck_assert(json_boolean(member(j, "t")));
        ck_assert(!json_boolean(member(j, "f")));
        ck_assert_int_eq(json_type(member(j, "n")), JSON_NULL);
        ck_assert_int_eq(json_integer(member(j, "")), 0);
        ck_assert_ptr_null(json_get(json_root(j), "S"));
        ck_assert_ptr_null(json_get(json_root(j), "inner"));
        ck_assert_str_eq(json_string(json_get(member(j, "o"), "s")), "inner");
        ck_assert_ptr_null(json_get(member(j, "a"), "s"));
        ck_assert_ptr_null(json_first(member(j, "s")));

        n = json_first(member(j, "a"));
        ck_assert_ptr_null(json_name(n));
        ck_assert_int_eq(json_integer(n), 1);
        n = json_next(n);
        ck_assert_str_eq(json_string(n), "two");
        n = json_next(n);
        ck_assert_int_eq(json_type(n), JSON_ARRAY);
        ck_assert_ptr_null(json_first(n));
        n = json_next(n);
        ck_assert_int_eq(json_type(n), JSON_OBJECT);
        ck_assert_ptr_null(json_first(n));
        ck_assert_ptr_null(json_next(n));

        n = json_first(json_root(j));
        ck_assert_str_eq(json_name(n), "s");
        ck_assert_str_eq(json_name(json_next(n)), "i");
}
END_TEST

START_TEST(strings)
{
        static const struct {
                const char *text, *value;
        } cases[] = {
                { "\"\"", "" },
                { "\"a b\"", "a b" },
                { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
                { "\"\\u0041\\u00e9\\u00E9\\u20ac\"", "A\xc3\xa9\xc3\xa9\xe2\x82\xac" },
                { "\"\\u0001\\u007f\\u0080\\u07ff\\u0800\\uffff\"",
                        "\x01\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf" },
                { "\"\\ud83d\\ude00\\uDBFF\\uDFFF\\ud800\\udc00\"",
                        "\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xf0\x90\x80\x80" },
                { "\"\xf0\x9f\x98\x80\x7f\"", "\xf0\x9f\x98\x80\x7f" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(json_freep) Json *j = NULL;

                ck_assert_msg(parse_exact(cases[i].text, strlen(cases[i].text), &j) == 0, "%s",
                        cases[i].text);
                ck_assert_str_eq(json_string(json_root(j)), cases[i].value);
        }
}
END_TEST

START_TEST(integers)
{
        static const struct {
                const char *text;
                int r;
                int64_t value;
        } cases[] = {
                { "0", 0, 0 },
                { "-0", 0, 0 },
                { "7", 0, 7 },
                { "-7", 0, -7 },
                { "9223372036854775807", 0, INT64_MAX },
                { "-9223372036854775808", 0, INT64_MIN },
                { "9223372036854775808", -EBADMSG, 0 },
                { "-9223372036854775809", -EBADMSG, 0 },
                { "18446744073709551616", -EBADMSG, 0 },
                { "18446744073709551617", -EBADMSG, 0 },
                { "99999999999999999999999999999999", -EBADMSG, 0 },
                { "01", -EBADMSG, 0 },
                { "-01", -EBADMSG, 0 },
                { "-", -EBADMSG, 0 },
                { "+1", -EBADMSG, 0 },
                { "1.0", -EBADMSG, 0 },
                { "1.", -EBADMSG, 0 },
                { ".5", -EBADMSG, 0 },
                { "1e2", -EBADMSG, 0 },
                { "1E2", -EBADMSG, 0 },
                { "0x1", -EBADMSG, 0 },
                { "1 2", -EBADMSG, 0 },
                { "- 1", -EBADMSG, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(json_freep) Json *j = NULL;
                int r = parse_exact(cases[i].text, strlen(cases[i].text), &j);

                ck_assert_msg(r == cases[i].r, "'%s' gives %d", cases[i].text, r);
                if (r == 0) {
                        ck_assert_int_eq(json_integer(json_root(j)), cases[i].value);
                } else {
                        ck_assert_ptr_null(j);
                }
        }
}
END_TEST

START_TEST(bytes)
{
        static const struct {
                const char *text;
                size_t size;
        } bad[] = {
                { "", 0 },
                { "\0", 1 },
                { "1\0", 2 },
                { "[1\0]", 4 },
                { "\"a\0b\"", 5 },
                { "\"\\u0000\"", 8 },
                { "{\"a\\u0000\":1}", 13 },
                { "\xef\xbb\xbf{}", 5 },
                { "\"\xc3\\u00a9\"", 9 }, /* an escape must not mend half a character */
                { "\"\\u00e9\xa9\"", 9 },
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ck_assert_msg(parse_result(bad[i].text, bad[i].size) == -EBADMSG, "case %zu", i);
        }
        ck_assert_int_eq(json_parse(NULL, 0, &(Json *){ NULL }), -EBADMSG);
}
END_TEST

/* No message cut short is a message, and none may be read past its cut. */
START_TEST(prefixes)
{
        static const char text[] =
                "{\"a\":[1,true,null,\"\\u00e9\\ud83d\\ude00\xc3\xa9\"],\"b\":{}}";

        ck_assert_int_eq(parse_result(text, strlen(text)), 0);
        for (size_t n = 0; n < strlen(text); n++) {
                ck_assert_msg(parse_result(text, n) == -EBADMSG, "%zu bytes", n);
        }
}
END_TEST

START_TEST(depth)
{
        static const struct {
                const char *text;
                int r;
        } cases[] = {
                { "[[[[[[[[1]]]]]]]]", 0 },
                { "[[[[[[[[]]]]]]]]", 0 },
                { "[[[[[[[[[]]]]]]]]]", -EMSGSIZE },
                { "[[[[[[[[{}]]]]]]]]", -EMSGSIZE },
                { "{\"a\":[{\"a\":[{\"a\":[{\"a\":[1]}]}]}]}", 0 },
                { "{\"a\":[{\"a\":[{\"a\":[{\"a\":[{}]}]}]}]}", -EMSGSIZE },
        };
        _cleanup_(freep) char *deep = malloc(JSON_SIZE_MAX);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ck_assert_msg(parse_result(cases[i].text, strlen(cases[i].text)) == cases[i].r,
                        "%s", cases[i].text);
        }
        ck_assert_ptr_nonnull(deep);
        memset(deep, '[', JSON_SIZE_MAX);
        ck_assert_int_eq(parse_result(deep, JSON_SIZE_MAX), -EMSGSIZE);
}
END_TEST

START_TEST(sizes)
{
        _cleanup_(freep) char *text = malloc(JSON_SIZE_MAX + 1);

        ck_assert_ptr_nonnull(text);
        memset(text, 'x', JSON_SIZE_MAX + 1);
        text[0] = text[JSON_SIZE_MAX - 1] = '"';
        ck_assert_int_eq(parse_result(text, JSON_SIZE_MAX), 0);
        text[JSON_SIZE_MAX] = ' ';
        ck_assert_int_eq(parse_result(text, JSON_SIZE_MAX + 1), -EMSGSIZE);

        /* commas inside a string are no values */
        memset(text, ',', JSON_SIZE_MAX);
        text[0] = text[JSON_SIZE_MAX - 1] = '"';
        ck_assert_int_eq(parse_result(text, JSON_SIZE_MAX), 0);

        for (size_t count = JSON_NODES_MAX - 1; count <= JSON_NODES_MAX; count++) {
                size_t n = 0;

                text[n++] = '[';
                for (size_t i = 0; i < count; i++) {
                        text[n++] = '0';
                        text[n++] = i + 1 < count ? ',' : ']';
                }
                /* the array is a value too */
                ck_assert_int_eq(parse_result(text, n), count < JSON_NODES_MAX ? 0 : -EMSGSIZE);
        }
}
END_TEST

/* An object of n members named in some order; those at i and k are called the same. */
static int parse_members(size_t n, size_t step, size_t i, size_t k)
{
        _cleanup_(freep) char *text = malloc(JSON_SIZE_MAX);
        size_t length = 0;

        ck_assert_ptr_nonnull(text);
        text[length++] = '{';
        for (size_t at = 0; at < n; at++) {
                size_t name = (at == k ? i : at) * step % 4099;
                char member_text[] = { '"', (char) ('0' + name / 256),
                        (char) ('a' + name / 16 % 16), (char) ('a' + name % 16), '"', ':', '1',
                        at + 1 < n ? ',' : '}' };

                memcpy(text + length, member_text, sizeof(member_text));
                length += sizeof(member_text);
        }
        return parse_result(text, length);
}

START_TEST(duplicates)
{
        for (size_t n = 1; n <= 17; n++) {
                ck_assert_int_eq(parse_members(n, 1, 0, 0), 0);
                ck_assert_int_eq(parse_members(n, 1234, 0, 0), 0);
                for (size_t i = 0; i < n; i++) {
                        for (size_t k = i + 1; k < n; k++) {
                                ck_assert_int_eq(parse_members(n, 1, i, k), -EBADMSG);
                                ck_assert_int_eq(parse_members(n, 1234, i, k), -EBADMSG);
                        }
                }
        }
        /* full: rising, falling and mixed */
        ck_assert_int_eq(parse_members(JSON_NODES_MAX - 1, 1, 0, 0), 0);
        ck_assert_int_eq(parse_members(JSON_NODES_MAX - 1, 4098, 0, 0), 0);
        ck_assert_int_eq(parse_members(JSON_NODES_MAX - 1, 1234, 0, 0), 0);
        ck_assert_int_eq(parse_members(JSON_NODES_MAX - 1, 1, 0, 4094), -EBADMSG);
        ck_assert_int_eq(parse_members(JSON_NODES_MAX - 1, 1234, 17, 4000), -EBADMSG);
}
END_TEST

/* The hostile files that the fuzzer starts from: y_ is JSON as we take it, n_ is not. */
START_TEST(corpus)
{
        char path[sizeof(__FILE__) + 32] = __FILE__;
        _cleanup_(closep) int dir_fd = -1;
        size_t taken = 0, refused = 0;
        struct dirent *entry;
        DIR *dir;

        memcpy(strrchr(path, '/') + 1, "../fuzz/corpus/json", sizeof("../fuzz/corpus/json"));
        dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_msg(dir_fd >= 0, "no %s", path);
        dir = fdopendir(dup(dir_fd));
        ck_assert_ptr_nonnull(dir);
        while ((entry = readdir(dir))) {
                char text[JSON_SIZE_MAX];
                ssize_t size;
                int fd, r;

                if (entry->d_name[1] != '_') {
                        continue;
                }
                fd = openat(dir_fd, entry->d_name, O_RDONLY | O_CLOEXEC);
                ck_assert_int_ge(fd, 0);
                size = read(fd, text, sizeof(text));
                closep(&fd);
                ck_assert_int_ge(size, 0);
                r = parse_result(text, (size_t) size);
                ck_assert_msg(
                        (r == 0) == (entry->d_name[0] == 'y'), "%s gives %d", entry->d_name, r);
                taken += r == 0;
                refused += r != 0;
        }
        closedir(dir);
        ck_assert_uint_ge(taken, 15);
        ck_assert_uint_ge(refused, 40);
}
END_TEST

START_TEST(writing)
{
        _cleanup_(json_freep) Json *j = NULL;
        _cleanup_(freep) char *text = NULL, *copy = NULL;
        JsonWriter w = {};
        size_t size = 0;

        json_open_object(&w, NULL);
        json_put_string(&w, "s", "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9");
        json_put_string(&w, "null", NULL);
        json_put_integer(&w, "min", INT64_MIN);
        json_put_integer(&w, "max", INT64_MAX);
        json_put_integer(&w, "zero", 0);
        json_put_integer(&w, "less", -120);
        json_put_boolean(&w, "t", true);
        json_put_boolean(&w, "f", false);
        json_put_null(&w, "n");
        json_open_array(&w, "a");
        json_close_array(&w);
        json_open_object(&w, "o");
        json_close_object(&w);
        json_open_array(&w, "x\ny");
        json_put_integer(&w, NULL, 1);
        json_put_string(&w, NULL, "");
        json_open_object(&w, NULL);
        json_put_raw(&w, "raw", "[1,2]");
        json_close_object(&w);
        json_open_array(&w, NULL);
        json_close_array(&w);
        json_close_array(&w);
        json_close_object(&w);
        ck_assert_int_eq(json_writer_finish(&w, &text, &size), 0);
        ck_assert_str_eq(text,
                "{\"s\":\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\",\"null\":null,"
                "\"min\":-9223372036854775808,\"max\":9223372036854775807,\"zero\":0,\"less\":-120,"
                "\"t\":true,\"f\":false,\"n\":null,\"a\":[],\"o\":{},"
                "\"x\\ny\":[1,\"\",{\"raw\":[1,2]},[]]}");
        ck_assert_uint_eq(size, strlen(text));
        ck_assert_ptr_null(w.text);

        /* the writer is empty again, and a copy of what it wrote is the same */
        ck_assert_int_eq(parse_exact(text, size, &j), 0);
        json_put_node(&w, NULL, json_root(j));
        ck_assert_int_eq(json_writer_finish(&w, &copy, NULL), 0);
        ck_assert_str_eq(copy, text);
}
END_TEST

START_TEST(writing_refused)
{
        _cleanup_(freep) char *large = malloc(JSON_SIZE_MAX + 1);
        char *text = NULL;
        JsonWriter w = {};
        size_t size = 4711;

        ck_assert_int_eq(json_writer_finish(&w, &text, &size), -EINVAL);

        json_open_array(&w, NULL);
        json_put_string(&w, NULL, "\xff");
        json_put_string(&w, NULL, "good");
        json_close_array(&w);
        ck_assert_int_eq(json_writer_finish(&w, &text, &size), -EILSEQ);
        ck_assert_ptr_null(w.text);

        json_open_object(&w, NULL);
        json_put_null(&w, "\xed\xa0\x80");
        json_close_object(&w);
        ck_assert_int_eq(json_writer_finish(&w, &text, &size), -EILSEQ);

        ck_assert_ptr_nonnull(large);
        memset(large, 'x', JSON_SIZE_MAX);
        large[JSON_SIZE_MAX - 1] = '\0'; /* with its quotes one byte too many */
        json_put_string(&w, NULL, large);
        ck_assert_int_eq(json_writer_finish(&w, &text, &size), -EMSGSIZE);
        /* the first error is the one that is told */
        json_put_string(&w, NULL, large);
        json_put_string(&w, NULL, "\xff");
        ck_assert_int_eq(json_writer_finish(&w, &text, &size), -EMSGSIZE);
        json_put_string(&w, NULL, "\xff");
        json_put_string(&w, NULL, large);
        ck_assert_int_eq(json_writer_finish(&w, &text, &size), -EILSEQ);
        ck_assert_ptr_null(text);
        ck_assert_uint_eq(size, 4711);

        large[JSON_SIZE_MAX - 2] = '\0';
        json_put_string(&w, NULL, large);
        ck_assert_int_eq(json_writer_finish(&w, &text, &size), 0);
        ck_assert_uint_eq(size, JSON_SIZE_MAX);
        ck_assert_int_eq(parse_result(text, size), 0);
        freep(&text);

        json_open_array(&w, NULL);
        json_writer_done(&w);
        json_writer_done(&w);
        ck_assert_ptr_null(w.text);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("json");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, values);
        tcase_add_test(all, strings);
        tcase_add_test(all, integers);
        tcase_add_test(all, bytes);
        tcase_add_test(all, prefixes);
        tcase_add_test(all, depth);
        tcase_add_test(all, sizes);
        tcase_add_test(all, duplicates);
        tcase_add_test(all, corpus);
        tcase_add_test(all, writing);
        tcase_add_test(all, writing_refused);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

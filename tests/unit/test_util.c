/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"

START_TEST(numbers)
{
        static const struct {
                const char *text;
                uint64_t max;
                int r;
                uint64_t value;
        } cases[] = {
                { "0", 0, 0, 0 }, { "1", 1, 0, 1 }, { "65535", 65535, 0, 65535 },
                { "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
                { "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
                { "99999999999999999999999999", UINT64_MAX, -ERANGE, 0 }, { "2", 1, -ERANGE, 0 },
                { NULL, 9, -EINVAL, 0 }, { "", 9, -EINVAL, 0 }, { "00", 9, -EINVAL, 0 },
                { "01", 9, -EINVAL, 0 }, { "+1", 9, -EINVAL, 0 }, { "-1", 9, -EINVAL, 0 },
                { " 1", 9, -EINVAL, 0 }, { "1 ", 9, -EINVAL, 0 }, { "1\n", 9, -EINVAL, 0 },
                { "0x1", 9, -EINVAL, 0 }, { "1e1", 99, -EINVAL, 0 }, { "1.0", 9, -EINVAL, 0 },
                { "\xd9\xa1", 9, -EINVAL, 0 }, /* Arabic-Indic one */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t value = 4711;
                int r = parse_u64(cases[i].text, cases[i].max, &value);

                ck_assert_msg(r == cases[i].r, "'%s' gives %d", cases[i].text, r);
                ck_assert_uint_eq(value, r < 0 ? 4711 : cases[i].value);
        }
}
END_TEST

START_TEST(uids)
{
        static const struct {
                const char *text;
                int r;
                uid_t value;
        } cases[] = {
                { "0", 0, 0 },
                { "65534", 0, 65534 },
                { "65535", -EINVAL, 0 },
                { "65536", 0, 65536 },
                { "4294967294", 0, 4294967294 },
                { "4294967295", -EINVAL, 0 },
                { "4294967296", -ERANGE, 0 },
                { "-1", -EINVAL, 0 },
                { "root", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uid_t value = 4711;
                int r = parse_uid(cases[i].text, &value);

                ck_assert_msg(r == cases[i].r, "'%s' gives %d", cases[i].text, r);
                ck_assert_uint_eq(value, r < 0 ? 4711 : cases[i].value);
        }
        ck_assert(uid_is_mapped(0));
        ck_assert(uid_is_mapped(65535));
        ck_assert(!uid_is_mapped(65534));
        ck_assert(!uid_is_mapped(UID_UNSET));
}
END_TEST

START_TEST(hex)
{
        static const char *const bad[] = { "", "0", "00f", "00ff0", "00fff", "0g00", "00 f", "-1ff",
                "0x0f" };
        uint8_t bytes[2] = { 0xA5, 0x5A };
        char text[5];

        hex_encode("\x00\xff\x1b", 2, text);
        ck_assert_str_eq(text, "00ff");
        hex_encode(NULL, 0, text);
        ck_assert_str_eq(text, "");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ck_assert_msg(hex_decode(bad[i], bytes, 2) == -EINVAL, "'%s'", bad[i]);
                ck_assert_uint_eq(bytes[0], 0xA5);
                ck_assert_uint_eq(bytes[1], 0x5A);
        }
        ck_assert_int_eq(hex_decode("c0Fe", bytes, 2), 0);
        ck_assert_uint_eq(bytes[0], 0xC0);
        ck_assert_uint_eq(bytes[1], 0xFE);
        ck_assert_int_eq(hex_decode("", bytes, 0), 0);
}
END_TEST

START_TEST(strings)
{
        _cleanup_(strv_freep) char **strv = NULL;
        _cleanup_(freep) char *text = NULL;
        _cleanup_(erase_freep) char *secret = strdup("hunter2");

        ck_assert_uint_eq(strv_length(NULL), 0);
        for (size_t i = 0; i < 40; i++) {
                char word[] = { (char) ('A' + i), '\0' };

                ck_assert_int_eq(strv_add(&strv, word), 0);
                ck_assert_uint_eq(strv_length(strv), i + 1);
        }
        ck_assert_str_eq(strv[0], "A");
        ck_assert_str_eq(strv[39], "h");
        ck_assert_ptr_null(strv[40]);
        ck_assert_ptr_null(strv_free(NULL));

        ck_assert_int_eq(str_printf(&text, "%s-%d", "x", 7), 0);
        ck_assert_str_eq(text, "x-7");
        char *more = erase_realloc(NULL, 0, 4);
        ck_assert_ptr_nonnull(more);
        memcpy(more, "abc", 4);
        more = erase_realloc(more, 4, 4096);
        ck_assert_str_eq(more, "abc");
        ck_assert_ptr_null(erase_free_bytes(more, 4096));
        ck_assert_ptr_null(erase_free(NULL));
        ck_assert_ptr_null(secret = erase_free(secret));
        ck_assert(str_empty(NULL) && str_empty("") && !str_empty("a"));
        ck_assert_str_eq(str_or(NULL, "b"), "b");
}
END_TEST

START_TEST(secrets)
{
        uint8_t a[64] = { 0 }, b[64] = { 0 };

        ck_assert(bytes_equal_secret("abc", "abc", 3));
        ck_assert(bytes_equal_secret("abc", "abd", 2));
        ck_assert(!bytes_equal_secret("abc", "abd", 3));
        ck_assert(!bytes_equal_secret("xbc", "abc", 3));
        ck_assert(bytes_equal_secret(NULL, NULL, 0));
        ck_assert_int_eq(random_bytes(a, sizeof(a)), 0);
        ck_assert_int_eq(random_bytes(b, sizeof(b)), 0);
        ck_assert(!bytes_equal_secret(a, b, sizeof(a)));
}
END_TEST

START_TEST(descriptors)
{
        int dead, none = -1;

        {
                _cleanup_(closep) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

                ck_assert_int_ge(fd, 0);
                dead = fd;
                errno = ENOTTY;
        }
        ck_assert_int_eq(errno, ENOTTY);
        ck_assert_int_eq(fcntl(dead, F_GETFD), -1);
        closep(&none);
}
END_TEST

static char directory[] = "/tmp/test_util.XXXXXX";
static int directory_fd = -1;

static void directory_make(void)
{
        ck_assert_ptr_nonnull(mkdtemp(directory));
        directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(directory_fd, 0);
}

static void directory_remove(void)
{
        static const char *const names[] = { "file", "link", "fifo" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                (void) unlinkat(directory_fd, names[i], 0);
        }
        (void) unlinkat(directory_fd, "sub", AT_REMOVEDIR);
        closep(&directory_fd);
        ck_assert_int_eq(rmdir(directory), 0);
        memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
}

static void file_write(const char *text, size_t n)
{
        _cleanup_(closep) int fd =
                openat(directory_fd, "file", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, text, n), (ssize_t) n);
}

static int trusted(const char *name)
{
        _cleanup_(closep) int fd = open_trusted(directory_fd, name);

        return MIN(fd, 0);
}

START_TEST(guardian)
{
        static const struct {
                mode_t mode;
                int r;
        } modes[] = { { 0600, 0 }, { 0644, 0 }, { 0400, 0 }, { 0755, 0 }, { 0620, -EPERM },
                { 0602, -EPERM }, { 0666, -EPERM }, { 0664, -EPERM } };

        file_write("x", 1);
        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                ck_assert_int_eq(fchmodat(directory_fd, "file", modes[i].mode, 0), 0);
                ck_assert_msg(trusted("file") == modes[i].r, "mode %o", modes[i].mode);
        }
        ck_assert_int_eq(symlinkat("file", directory_fd, "link"), 0);
        ck_assert_int_eq(mkfifoat(directory_fd, "fifo", 0600), 0);
        ck_assert_int_eq(mkdirat(directory_fd, "sub", 0700), 0);
        ck_assert_int_eq(trusted("link"), -ELOOP);
        ck_assert_int_eq(trusted("fifo"), -EBADFD);
        ck_assert_int_eq(trusted("sub"), -EISDIR);
        ck_assert_int_eq(trusted("none"), -ENOENT);
        ck_assert_int_eq(trusted("/dev/null"), -EBADFD);
        if (geteuid() == 0) {
                ck_assert_int_eq(fchmodat(directory_fd, "file", 0600, 0), 0);
                ck_assert_int_eq(fchownat(directory_fd, "file", 65534, 0, 0), 0);
                ck_assert_int_eq(trusted("file"), -EPERM);
        }
}
END_TEST

START_TEST(reading)
{
        static const struct {
                const char *text;
                size_t size, max;
                int r;
        } cases[] = {
                { "", 0, 0, 0 },
                { "", 0, 10, 0 },
                { "abc", 3, 3, 0 },
                { "abc", 3, 2, -EFBIG },
                { "a", 1, 0, -EFBIG },
                { "a\0b", 3, 9, -EBADMSG },
                { "ab\0", 3, 9, -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *text = NULL;
                _cleanup_(closep) int fd = -1;
                size_t size = 4711;
                int r;

                file_write(cases[i].text, cases[i].size);
                fd = open_trusted(directory_fd, "file");
                ck_assert_int_ge(fd, 0);
                r = read_file(fd, cases[i].max, &text, &size);
                ck_assert_msg(r == cases[i].r, "case %zu gives %d", i, r);
                if (r < 0) {
                        ck_assert_ptr_null(text);
                        ck_assert_uint_eq(size, 4711);
                } else {
                        ck_assert_uint_eq(size, cases[i].size);
                        ck_assert_str_eq(text, cases[i].text);
                }
        }
}
END_TEST

/* A pipe has no size to go by: the buffer must grow, and the limit must still hold. */
START_TEST(reading_pipe)
{
        char *block = malloc(60000);

        ck_assert_ptr_nonnull(block);
        memset(block, 'p', 60000);
        for (size_t max = 59999; max <= 60001; max++) {
                _cleanup_(freep) char *text = NULL;
                size_t size = 0;
                int fds[2], r;

                ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
                ck_assert_int_eq(write(fds[1], block, 60000), 60000);
                closep(&fds[1]);
                r = read_file(fds[0], max, &text, &size);
                closep(&fds[0]);
                ck_assert_int_eq(r, max < 60000 ? -EFBIG : 0);
                if (r == 0) {
                        ck_assert_uint_eq(size, 60000);
                        ck_assert_int_eq(memcmp(text, block, size + 1 - 1), 0);
                        ck_assert_int_eq(text[size], '\0');
                }
        }
        free(block);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("util");
        TCase *pure = tcase_create("pure"), *files = tcase_create("files");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(pure, numbers);
        tcase_add_test(pure, uids);
        tcase_add_test(pure, hex);
        tcase_add_test(pure, strings);
        tcase_add_test(pure, secrets);
        tcase_add_test(pure, descriptors);
        tcase_add_checked_fixture(files, directory_make, directory_remove);
        tcase_add_test(files, guardian);
        tcase_add_test(files, reading);
        tcase_add_test(files, reading_pipe);
        suite_add_tcase(suite, pure);
        suite_add_tcase(suite, files);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

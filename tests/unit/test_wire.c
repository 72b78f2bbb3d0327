/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "common/wire.h"

/* Gives as much of the bytes as the wire has room for, at most piece; returns how much. */
static size_t feed(Wire *w, const char *bytes, size_t n, size_t piece)
{
        size_t room = 0;
        char *at = NULL;

        ck_assert_int_eq(wire_input(w, &at, &room), 0);
        ck_assert_uint_gt(room, 0);
        n = MIN(n, room);
        n = MIN(n, piece);
        memcpy(at, bytes, n);
        wire_received(w, n);
        return n;
}

/* Feeds all of it and returns wire_next(). */
static int feed_all(Wire *w, const char *bytes, size_t n, const char **ret, size_t *ret_size)
{
        int r = 0;

        while (n > 0 && r == 0) {
                size_t used = feed(w, bytes, n, n);

                bytes += used;
                n -= used;
                r = wire_next(w, ret, ret_size);
        }
        return r;
}

static void assert_idle(const Wire *w)
{
        static const Wire idle = {};

        ck_assert_int_eq(memcmp(w, &idle, sizeof(idle)), 0);
}

START_TEST(messages)
{
        static const char stream[] = "{}\0hello\0x"; /* and its own NUL */

        for (size_t piece = 1; piece <= sizeof(stream); piece++) {
                _cleanup_(wire_done) Wire w = {};
                static const char *const want[] = { "{}", "hello", "x" };
                size_t got = 0, size = 0;
                const char *message;

                for (size_t at = 0; at < sizeof(stream);) {
                        at += feed(&w, stream + at, sizeof(stream) - at, piece);
                        while (wire_next(&w, &message, &size) == 1) {
                                ck_assert_uint_lt(got, 3);
                                ck_assert_str_eq(message, want[got]);
                                ck_assert_uint_eq(size, strlen(want[got]));
                                got++;
                        }
                        ck_assert(wire_is_partial(&w) == (stream[at - 1] != '\0'));
                }
                ck_assert_uint_eq(got, 3);
                assert_idle(&w);
        }
}
END_TEST

START_TEST(empty)
{
        static const struct {
                const char *bytes;
                size_t n;
                int good;
        } cases[] = { { "\0", 1, 0 }, { "a\0\0", 3, 1 }, { "a\0b\0\0c\0", 7, 2 } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(wire_done) Wire w = {};
                const char *message = NULL;
                size_t size = 0;

                feed(&w, cases[i].bytes, cases[i].n, SIZE_MAX);
                for (int k = 0; k < cases[i].good; k++) {
                        ck_assert_int_eq(wire_next(&w, &message, &size), 1);
                }
                ck_assert_int_eq(wire_next(&w, &message, &size), -EBADMSG);
                ck_assert_int_eq(wire_next(&w, &message, &size), -EBADMSG);
        }
}
END_TEST

START_TEST(longest)
{
        _cleanup_(freep) char *bytes = calloc(1, WIRE_MESSAGE_MAX + 2);
        const char *message = NULL;
        size_t size = 0;

        ck_assert_ptr_nonnull(bytes);
        for (size_t before = 0; before <= 2; before += 2) {
                _cleanup_(wire_done) Wire w = {};

                /* also when another message is still before it in the buffer */
                if (before > 0) {
                        feed(&w, "a", 2, 2);
                        ck_assert_int_eq(wire_next(&w, &message, &size), 1);
                }
                memset(bytes, 'x', WIRE_MESSAGE_MAX);
                bytes[WIRE_MESSAGE_MAX] = '\0';
                ck_assert_int_eq(feed_all(&w, bytes, WIRE_MESSAGE_MAX + 1, &message, &size), 1);
                ck_assert_uint_eq(size, WIRE_MESSAGE_MAX);
                ck_assert_uint_eq(strlen(message), WIRE_MESSAGE_MAX);
                ck_assert_uint_le(w.in_allocated, WIRE_MESSAGE_MAX + 1);
                ck_assert_int_eq(wire_next(&w, &message, &size), 0);
                assert_idle(&w);
        }
}
END_TEST

START_TEST(too_long)
{
        _cleanup_(freep) char *bytes = malloc(WIRE_MESSAGE_MAX + 1);
        _cleanup_(wire_done) Wire w = {};
        const char *message = NULL;
        size_t size = 4711;
        char *at = NULL;

        ck_assert_ptr_nonnull(bytes);
        memset(bytes, 'x', WIRE_MESSAGE_MAX + 1);
        ck_assert_int_eq(feed_all(&w, bytes, WIRE_MESSAGE_MAX + 1, &message, &size), -EMSGSIZE);
        ck_assert_int_eq(wire_next(&w, &message, &size), -EMSGSIZE);
        ck_assert_int_eq(wire_input(&w, &at, &size), -EMSGSIZE);
        ck_assert_ptr_null(at);
        ck_assert_ptr_null(message);
        ck_assert_uint_eq(size, 4711);
}
END_TEST

/* As many messages as fit; the work must be linear, or this test takes its time. */
START_TEST(flood)
{
        _cleanup_(freep) char *bytes = calloc(1, WIRE_MESSAGE_MAX);
        _cleanup_(wire_done) Wire w = {};
        const char *message = NULL;
        size_t got = 0, wrong = 0, size = 0;

        ck_assert_ptr_nonnull(bytes);
        for (size_t i = 0; i < WIRE_MESSAGE_MAX; i += 2) {
                bytes[i] = (char) ('a' + i / 2 % 26);
        }
        for (size_t round = 0; round < 20; round++) {
                for (size_t at = 0; at < WIRE_MESSAGE_MAX;) {
                        at += feed(&w, bytes + at, WIRE_MESSAGE_MAX - at, SIZE_MAX);
                }
                while (wire_next(&w, &message, &size) == 1) {
                        wrong += size != 1 || message[1] != '\0' ||
                                 *message != (char) ('a' + got % (WIRE_MESSAGE_MAX / 2) % 26);
                        got++;
                }
        }
        ck_assert_uint_eq(wrong, 0);
        ck_assert_uint_eq(got, 20 * WIRE_MESSAGE_MAX / 2);
        assert_idle(&w);
}
END_TEST

/* The message stays where it is while its successor waits, and goes at the next call. */
START_TEST(borrowed)
{
        _cleanup_(wire_done) Wire w = {};
        const char *first = NULL, *second = NULL;
        size_t size = 0;

        feed(&w, "one\0two\0thr", 11, 11);
        ck_assert_int_eq(wire_next(&w, &first, &size), 1);
        ck_assert(wire_is_partial(&w));
        ck_assert_str_eq(first, "one");
        ck_assert_int_eq(wire_next(&w, &second, &size), 1);
        ck_assert_str_eq(second, "two");
        ck_assert_int_eq(wire_next(&w, &second, &size), 0);
        ck_assert(wire_is_partial(&w));
        ck_assert_uint_eq(w.in_scanned, w.in_size); /* a drip is not searched again and again */
        feed(&w, "ee", 3, 3);
        ck_assert_int_eq(wire_next(&w, &second, &size), 1);
        ck_assert_str_eq(second, "three");
        ck_assert(!wire_is_partial(&w));
}
END_TEST

START_TEST(idle)
{
        _cleanup_(wire_done) Wire w = {};
        const char *text = "";
        size_t room = 0;
        char *at = NULL;

        ck_assert(!wire_is_partial(&w));
        ck_assert_int_eq(wire_next(&w, &text, &room), 0);
        ck_assert_uint_eq(wire_output(&w, &text), 0);
        /* a recv that found nothing */
        ck_assert_int_eq(wire_input(&w, &at, &room), 0);
        ck_assert_uint_eq(room, 512);
        wire_received(&w, 0);
        assert_idle(&w);
        /* a recv whose outcome nobody told */
        ck_assert_int_eq(wire_input(&w, &at, &room), 0);
        ck_assert_int_eq(wire_next(&w, &text, &room), 0);
        assert_idle(&w);
}
END_TEST

START_TEST(output)
{
        static const char want[] = "one\0{\"two\":2}\0three"; /* and its own NUL */

        for (size_t piece = 1; piece <= sizeof(want); piece++) {
                _cleanup_(wire_done) Wire w = {};
                char got[sizeof(want)];
                const char *next;
                size_t n = 0, size;

                ck_assert_int_eq(wire_queue(&w, "one", 3), 0);
                ck_assert_int_eq(wire_queue(&w, "{\"two\":2}", 9), 0);
                while ((size = MIN(wire_output(&w, &next), piece)) > 0) {
                        ck_assert_uint_le(n + size, sizeof(got));
                        memcpy(got + n, next, size);
                        wire_sent(&w, size);
                        n += size;
                        if (n - size < 2 && n >= 2) { /* queued while half sent */
                                ck_assert_int_eq(wire_queue(&w, "three", 5), 0);
                        }
                }
                ck_assert_uint_eq(n, sizeof(want));
                ck_assert_int_eq(memcmp(got, want, n), 0);
                assert_idle(&w);
        }
}
END_TEST

START_TEST(output_refused)
{
        _cleanup_(freep) char *block = malloc(WIRE_MESSAGE_MAX);
        _cleanup_(wire_done) Wire w = {};
        const char *next;

        ck_assert_int_eq(wire_queue(&w, "", 0), -EINVAL);
        ck_assert_int_eq(wire_queue(&w, "a\0b", 3), -EINVAL);
        assert_idle(&w);

        ck_assert_ptr_nonnull(block);
        memset(block, 'x', WIRE_MESSAGE_MAX);
        for (size_t i = 0; i < WIRE_OUTPUT_MAX / WIRE_MESSAGE_MAX; i++) {
                ck_assert_int_eq(wire_queue(&w, block, WIRE_MESSAGE_MAX - 1), 0);
        }
        ck_assert_uint_eq(wire_output(&w, &next), WIRE_OUTPUT_MAX);
        ck_assert_int_eq(wire_queue(&w, "a", 1), -ENOBUFS);
        ck_assert_uint_eq(wire_output(&w, &next), WIRE_OUTPUT_MAX);
        /* what is sent makes room, to the byte */
        wire_sent(&w, 2);
        ck_assert_int_eq(wire_queue(&w, "ab", 2), -ENOBUFS);
        ck_assert_int_eq(wire_queue(&w, "a", 1), 0);
        ck_assert_uint_eq(w.out_allocated, WIRE_OUTPUT_MAX);
        ck_assert_uint_eq(wire_output(&w, &next), WIRE_OUTPUT_MAX);
        ck_assert_str_eq(next + WIRE_OUTPUT_MAX - 2, "a");
        wire_sent(&w, WIRE_OUTPUT_MAX);
        assert_idle(&w);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("wire");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, messages);
        tcase_add_test(all, empty);
        tcase_add_test(all, longest);
        tcase_add_test(all, too_long);
        tcase_add_test(all, flood);
        tcase_add_test(all, borrowed);
        tcase_add_test(all, idle);
        tcase_add_test(all, output);
        tcase_add_test(all, output_refused);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

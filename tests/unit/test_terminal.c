/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/terminal.h"
#include "tests/fake/systemd.h"

#define SOON (5 * USEC_PER_SEC)
#define MS USEC_PER_MSEC

static sd_event *event;
static FakeSystemd fake;
static Bus *bus;
static Terminals *terminals;
static int ups;

static void on_up(void *userdata)
{
        ups++;
}

static void until(const int *flag, int n)
{
        usec_t end = clock_usec(CLOCK_MONOTONIC) + SOON;

        while (*flag < n) {
                ck_assert_int_gt(end, clock_usec(CLOCK_MONOTONIC));
                ck_assert_int_ge(sd_event_run(event, 1000), 0);
        }
}

static void setup(void)
{
        ups = 0;
        ck_assert_int_ge(sd_event_new(&event), 0);
        fake_systemd_init(&fake, event);
        ck_assert_int_eq(bus_new(event, fake.address, on_up, NULL, &bus), 0);
        ck_assert_int_eq(terminals_new(bus, &terminals), 0);
}

static void connected(void)
{
        fake_systemd_listen(&fake);
        until(&ups, 1);
        fake.calls = 0;
}

static void teardown(void)
{
        terminals = terminals_free(terminals);
        bus = bus_free(bus);
        fake_systemd_done(&fake);
        event = sd_event_unref(event);
}

static bool was_sent(const char *words)
{
        return strstr(fake.words, words) != NULL;
}

/* The bytes of StandardInputData: the only ones that are dumped one by one. */
static size_t data_sent(char *out, size_t size)
{
        size_t n = 0;

        for (const char *at = fake.words; (at = strstr(at, "BYTE ")); at++) {
                ck_assert_uint_lt(n + 1, size);
                out[n++] = (char) strtol(at + strlen("BYTE "), NULL, 10);
        }
        out[n] = '\0';
        return n;
}

/* A program of systemd's writes it, as the user whose terminal it is, and for no longer than a moment. */
START_TEST(properties)
{
        static const char *const expected[] = { "\"User\"", "\"eve\"", "\"TTYPath\"",
                "\"/dev/pts/3\"", "\"StandardOutput\"", "\"tty\"", "\"StandardInput\"", "\"data\"",
                "\"/bin/cat\"", "\"TimeoutStartUSec\"", "\"oneshot\"", "\"inactive-or-failed\"",
                "\"fail\"" };
        char text[1024];

        terminal_tell(
                terminals, "/dev/pts/3", "eve", "x"); /* without a bus: nothing, and no harm */
        connected();
        terminal_tell(terminals, "/dev/pts/3", "eve", "It ends in 5 min.");
        until(&fake.calls, 1);
        ck_assert_str_eq(fake.last, "StartTransientUnit");
        ck_assert_str_eq(strrchr(fake.argument, '.'), ".service");
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                ck_assert_msg(was_sent(expected[i]), "%s", expected[i]);
        }
        (void) data_sent(text, sizeof(text));
        ck_assert_str_eq(text, "\r\nIt ends in 5 min.\r\n");
        memcpy(text, fake.argument, sizeof(fake.argument));
        terminal_tell(terminals, "pts/3", "eve", "again");
        until(&fake.calls, 2);
        ck_assert_str_ne(fake.argument, text); /* a unit of its own */
}
END_TEST

static const struct {
        const char *tty, *path; /* NULL: nothing is sent */
} names[] = {
        { "/dev/pts/0", "\"/dev/pts/0\"" },
        { "pts/1234567", "\"/dev/pts/1234567\"" },
        { "tty1", "\"/dev/tty1\"" },
        { "/dev/ttyS0", "\"/dev/ttyS0\"" },
        { NULL, NULL },
        { "", NULL },
        { "/dev/", NULL },
        { "pts/", NULL },
        { "pts/12345678", NULL },
        { "pts/3/../../sda", NULL },
        { "/dev/sda", NULL },
        { "/dev//dev/pts/3", NULL },
        { "../etc/passwd", NULL },
        { "/etc/passwd", NULL },
        { "pts/3 ", NULL },
        { "pts/-3", NULL },
        { "pts/3\n", NULL },
        { "tty", NULL },
        { "ttyUSB0", NULL },
        { "ttyS", NULL },
        { "ssh", NULL },
        { ":0", NULL },
};

START_TEST(odd_names)
{
        int calls = 0;

        connected();
        terminal_tell(terminals, names[_i].tty, "eve", "x");
        if (names[_i].path) {
                until(&fake.calls, 1);
                ck_assert(was_sent(names[_i].path));
                calls = 1;
        }
        terminal_tell(terminals, "pts/3", NULL, "x"); /* nobody's */
        terminal_tell(terminals, "pts/3", "", "x");
        terminal_tell(terminals, "pts/9", "eve", "x"); /* whatever came before */
        until(&fake.calls, calls + 1);
        ck_assert(was_sent("\"/dev/pts/9\""));
        ck_assert_int_eq(fake.calls, calls + 1);
}
END_TEST

/* A reason or a name that would do more to a terminal than be read, and one without end. */
START_TEST(text_is_cleaned)
{
        char line[8192], text[1024];

        connected();
        terminal_tell(terminals, "pts/3", "eve",
                "a\x1b]0;owned\x07\nb\rc\xff\xc2\x9b"
                "d");
        until(&fake.calls, 1);
        size_t n = data_sent(text, sizeof(text));
        ck_assert_uint_gt(n, 4);
        ck_assert_int_eq(strncmp(text, "\r\na", 3), 0);
        for (size_t i = 2; i < n - 2; i++) {
                ck_assert_msg((unsigned char) text[i] >= 0x20 && text[i] != 0x7f, "%zu", i);
        }
        ck_assert_ptr_null(strstr(text, "\xc2\x9b"));
        memset(line, 'x', sizeof(line) - 1);
        line[sizeof(line) - 1] = '\0';
        terminal_tell(terminals, "pts/3", "eve", line);
        until(&fake.calls, 2);
        n = data_sent(text, sizeof(text));
        ck_assert_uint_lt(n, 500);
        ck_assert_str_eq(text + n - 2, "\r\n");
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("terminal");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, properties);
        tcase_add_loop_test(all, odd_names, 0, ELEMENTSOF(names));
        tcase_add_test(all, text_is_cleaned);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

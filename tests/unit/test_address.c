/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/gateway/address.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <netinet/in.h>

static Address of(const char *s)
{
        Address a = { 0 };

        ck_assert_msg(address_parse(s, strlen(s), &a) == 0, "'%s'", s);
        return a;
}

static bool same(const char *a, const char *b)
{
        const Address x = of(a), y = of(b);

        return address_same(&x, &y);
}

START_TEST(parses)
{
        static const char *const bad[] = { "", "localhost", "1.2.3", "1.2.3.4.5", "[::1", "::g",
                " 1.2.3.4", "1.2.3.4 ", "unknown", "_hidden", "1.2.3.4/8",
                "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111" };
        Address a;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ck_assert_msg(address_parse(bad[i], strlen(bad[i]), &a) == -EINVAL, "'%s'", bad[i]);
        }
        ck_assert(same("192.0.2.1", "192.0.2.1:8080"));
        ck_assert(same("192.0.2.1", "::ffff:192.0.2.1"));
        ck_assert(same("2001:db8::1", "[2001:db8::1]:443"));
}
END_TEST

/* One subscriber has 64 bits to choose from. */
START_TEST(same_client)
{
        ck_assert(same("2001:db8::1", "2001:db8::ffff:1"));
        ck_assert(!same("2001:db8::1", "2001:db8:0:1::1"));
        ck_assert(!same("192.0.2.1", "192.0.2.2"));
        ck_assert(!same("192.0.2.1", "::1"));
        const Address nobody = { 0 }, zero = of("::");
        ck_assert(address_same(&nobody, &nobody));
        ck_assert(!address_same(&nobody, &zero));
}
END_TEST

START_TEST(loopback)
{
        static const char *const yes[] = { "127.0.0.1", "127.1.2.3", "::1" };
        static const char *const no[] = { "128.0.0.1", "::2", "::", "2001:db8::1" };
        const Address nobody = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                const Address a = of(yes[i]);
                ck_assert(address_is_loopback(&a));
        }
        for (size_t i = 0; i < ELEMENTSOF(no); i++) {
                const Address a = of(no[i]);
                ck_assert(!address_is_loopback(&a));
        }
        ck_assert(!address_is_loopback(&nobody));
}
END_TEST

START_TEST(sockets)
{
        struct sockaddr_in in = { .sin_family = AF_INET };
        const struct sockaddr un = { .sa_family = AF_UNIX };

        in.sin_addr.s_addr = htonl(0xc0000201);
        Address a = address_of((const struct sockaddr *) &in), b = of("192.0.2.1");
        ck_assert(address_same(&a, &b));
        ck_assert(!address_of(NULL).known);
        ck_assert(!address_of(&un).known);
}
END_TEST

/* Read from the end: what a client writes there himself stands before what our proxies add. */
START_TEST(forwarded)
{
        static char *trusted[] = { (char *) "10.0.0.1", (char *) "10.0.0.2", NULL };
        static const struct {
                const char *header, *client;
        } cases[] = {
                { NULL, "10.0.0.1" },
                { "", "10.0.0.1" },
                { "192.0.2.1", "192.0.2.1" },
                { "198.51.100.7, 192.0.2.1", "192.0.2.1" },
                { "192.0.2.1 , 10.0.0.2", "192.0.2.1" },
                { "192.0.2.1,10.0.0.2,10.0.0.1", "192.0.2.1" },
                { "10.0.0.2", "10.0.0.2" },
                { "192.0.2.1, nonsense", "10.0.0.1" },
                { "192.0.2.1,,", "10.0.0.1" },
                { "nonsense, 10.0.0.2", "10.0.0.2" },
                { "192.0.2.1:99", "192.0.2.1" },
                { "[2001:db8::1]:99", "2001:db8::1" },
                { ",", "10.0.0.1" },
                { " ", "10.0.0.1" },
        };
        const Address peer = of("10.0.0.1");

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Address got = address_forwarded(&peer, cases[i].header, trusted),
                              want = of(cases[i].client);

                ck_assert_msg(memcmp(&got, &want, sizeof(got)) == 0, "'%s'", cases[i].header);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("address");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_test(all, parses);
        tcase_add_test(all, same_client);
        tcase_add_test(all, loopback);
        tcase_add_test(all, sockets);
        tcase_add_test(all, forwarded);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

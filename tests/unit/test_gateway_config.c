/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit-approver/gateway/channel.h"
#include "jit-approver/gateway/config.h"

static char dir[32], path[64];
static GatewayConfig config;
static Problems problems;

static void put(const char *name, const char *text)
{
        char file[128];

        (void) snprintf(file, sizeof(file), "%s/%s", dir, name);
        int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t) strlen(text));
        (void) close(fd);
}

static void setup(void)
{
        char folder[128];

        (void) snprintf(dir, sizeof(dir), "/tmp/gateway-config-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(dir));
        (void) snprintf(path, sizeof(path), "%s/gateway.conf", dir);
        (void) snprintf(folder, sizeof(folder), "%s.d", path);
        ck_assert_int_eq(mkdir(folder, 0700), 0);
        put("ops-hook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
        put("short", "whsec_MfKQ9r8GKYqrTwjU\n");
        put("pem", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n");
}

static void teardown(void)
{
        static const char *const names[] = { "ops-hook", "short", "pem", "gateway.conf",
                "gateway.conf.d/10.conf", "gateway.conf.d" };

        gateway_config_done(&config);
        problems_done(&problems);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char file[128];

                (void) snprintf(file, sizeof(file), "%s/%s", dir, names[i]);
                (void) remove(file);
        }
        (void) rmdir(dir);
}

static int load(const char *text)
{
        gateway_config_done(&config);
        problems_done(&problems);
        problems = (Problems){ 0 };
        put("gateway.conf", text);
        return gateway_config_read(path, dir, &problems, &config);
}

#define CHANNEL                                                                                    \
        "[channel ops-hook]\ntype = webhook\nurl = https://hooks.example.org/jit\n"                \
        "secret-credential = ops-hook\n"

START_TEST(defaults)
{
        ck_assert_int_eq(load(""), 0);
        ck_assert_str_eq(config.web.listen.address, "127.0.0.1");
        ck_assert_int_eq(config.web.listen.port, 8480);
        ck_assert_ptr_null(config.web.listen.path);
        ck_assert_uint_eq(config.n_channels, 0);
}
END_TEST

START_TEST(all_of_it)
{
        int r = load("[web]\nlisten = [::1]:443\ntls-certificate = pem\ntls-key = pem\n"
                     "trusted-proxies = 127.0.0.1, 2001:DB8::0001\n" CHANNEL
                     "ca-certificate = /etc/ssl/ours.pem\n");

        ck_assert_int_eq(r, 0);
        ck_assert_str_eq(config.web.listen.address, "::1");
        ck_assert_int_eq(config.web.listen.port, 443);
        ck_assert_ptr_nonnull(strstr(config.web.tls_certificate, "-----BEGIN"));
        ck_assert_ptr_nonnull(config.web.tls_key);
        ck_assert_str_eq(config.web.trusted_proxies[1], "2001:db8::1");
        ck_assert_uint_eq(strv_length(config.web.trusted_proxies), 2);
        ck_assert_uint_eq(config.n_channels, 1);
        ck_assert_str_eq(config.channels[0].name, "ops-hook");
        ck_assert_ptr_eq(config.channels[0].type, &channel_webhook);
        ck_assert_str_eq(config.channels[0].url, "https://hooks.example.org/jit");
        ck_assert_str_eq(config.channels[0].ca_certificate, "/etc/ssl/ours.pem");
        ck_assert_uint_eq(config.channels[0].secret_size, 24);
        ck_assert_int_eq((unsigned char) config.channels[0].secret[0], 0x31);
}
END_TEST

START_TEST(drop_in)
{
        put("gateway.conf.d/10.conf", CHANNEL);
        ck_assert_int_eq(load("[web]\nlisten = /run/jit-gateway/web.sock\n"), 0);
        ck_assert_str_eq(config.web.listen.path, "/run/jit-gateway/web.sock");
        ck_assert_ptr_null(config.web.listen.address);
        ck_assert_uint_eq(config.n_channels, 1);
}
END_TEST

static const struct Bad {
        const char *text, *message; /* line:column and what is said of it, in part */
} bad[] = {
        { "[wep]\n", "1:2: unknown section [wep]; did you mean 'web'?" },
        { "[web x]\n", "[web] takes no name" },
        { "[web]\nlisten = 127.0.0.1:1\n[web]\n", "3:2: the section [web] is given twice" },
        { "[web]\nlisten = 127.0.0.1:1\nlisten = 127.0.0.1:2\n", "3:1: 'listen' is given twice" },
        { "[web]\nlistem = 127.0.0.1:1\n",
                "2:1: unknown key 'listem' in [web]; did you mean 'listen'?" },
        { "[web]\nurl = https://x\n", "unknown key 'url' in [web]" },
        { "[web]\nlisten = localhost:8480\n", "'localhost:8480' is not ADDRESS:PORT" },
        { "[web]\nlisten = 127.0.0.1\n", "is not ADDRESS:PORT" },
        { "[web]\nlisten = 127.0.0.1:0\n", "is not ADDRESS:PORT" },
        { "[web]\nlisten = 127.0.0.1:65536\n", "is not ADDRESS:PORT" },
        { "[web]\nlisten = ::1:80\n", "is not ADDRESS:PORT" },
        { "[web]\nlisten = [127.0.0.1]:80\n", "is not ADDRESS:PORT" },
        { "[web]\nlisten = run/web.sock\n", "is not ADDRESS:PORT" },
        { "[web]\nlisten =\n", "'listen' needs a value" },
        { "[web]\ntls-key = pem\n", "1:2: 'tls-certificate' and 'tls-key' need each other" },
        { "[web]\ntls-key = ops-hook\ntls-certificate = pem\n", "does not hold PEM" },
        { "[web]\ntls-key = pem\ntls-certificate = gone\n", "there is no credential 'gone'" },
        { "[web]\ntls-key = pem\ntls-certificate = /nonexistent\n",
                "'/nonexistent' cannot be read" },
        { "[web]\ntls-key = pem\ntls-certificate = ../pem\n",
                "cannot be the name of a credential" },
        { "[web]\ntrusted-proxies = 127.0.0.1,proxy\n", "'proxy' is not a numeric address" },
        { "[web]\ntrusted-proxies = 127.0.0.1,\n", "'' is not a numeric address" },
        { "listen = 127.0.0.1:1\n", "'listen' stands before the first section" },
        { "[channel]\n", "the section [channel] needs a name" },
        { "[channel a b]\n", "cannot name a channel" },
        { "[channel x]\n", "1:2: the section [channel] needs 'secret-credential'" },
        { "[channel x]\ntype = slack\n",
                "channels of type 'slack' are not served by this version" },
        { "[channel x]\ntype = webhok\n", "no type of channel 'webhok'; did you mean 'webhook'?" },
        { "[channel x]\nurl = http://hooks.example.org/TOKEN\n", "not a URL to send to" },
        { "[channel x]\nsecret-credential = gone\n", "there is no credential 'gone'" },
        { "[channel x]\nsecret-credential = short\n", "is not 'whsec_' and 24 to 64 bytes" },
        { "[channel x]\nsecret-credential = /etc/passwd\n", "cannot be the name of a credential" },
        { "[channel x]\nca-certificate = ours.pem\n", "'ours.pem' is not an absolute path" },
        { "[channel x]\nsecret = whsec_abc\n", "unknown key 'secret' in [channel]" },
        { CHANNEL CHANNEL, "the section [channel ops-hook] is given twice" },
};

START_TEST(bad_ones)
{
        bool found = false;

        ck_assert_int_eq(load(bad[_i].text), -EINVAL);
        ck_assert_uint_eq(config.n_channels, 0);
        for (size_t i = 0; i < problems.n; i++) {
                _cleanup_(freep) char *text = problem_to_string(&problems.items[i]);

                found = found || strstr(text, bad[_i].message);
                /* and what may be a secret is not in it */
                ck_assert_ptr_null(strstr(text, "TOKEN"));
                ck_assert_ptr_null(strstr(text, "whsec_M"));
        }
        ck_assert_msg(found, "%s: %s", bad[_i].text,
                problems.n ? problems.items[0].message : "nothing was said");
}
END_TEST

START_TEST(all_at_once)
{
        ck_assert_int_eq(load("[web]\nlisten = x\nfoo = y\n[channel a]\ntype = slack\n"), -EINVAL);
        ck_assert_uint_eq(problems.n, 5); /* two of [web], the type, and url and secret that lack */
}
END_TEST

START_TEST(no_credentials)
{
        put("gateway.conf", CHANNEL);
        ck_assert_int_eq(gateway_config_read(path, NULL, &problems, &config), -EINVAL);
        ck_assert_ptr_nonnull(strstr(problems.items[0].message, "LoadCredential="));
}
END_TEST

START_TEST(no_file)
{
        ck_assert_int_eq(gateway_config_read(path, dir, &problems, &config), -EINVAL);
        ck_assert_uint_eq(problems.n, 1);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("gateway_config");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);

        tcase_add_checked_fixture(all, setup, teardown);
        tcase_add_test(all, defaults);
        tcase_add_test(all, all_of_it);
        tcase_add_test(all, drop_in);
        tcase_add_loop_test(all, bad_ones, 0, ELEMENTSOF(bad));
        tcase_add_test(all, all_at_once);
        tcase_add_test(all, no_credentials);
        tcase_add_test(all, no_file);
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

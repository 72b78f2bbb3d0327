/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gateway.conf: whatever is in it, it is either taken with all that must be there, or refused with at
 * least one problem, each of which is one clean line.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/text.h"
#include "jit-approver/gateway/channel.h"
#include "jit-approver/gateway/config.h"

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        __builtin_trap();                                                          \
                }                                                                                  \
        } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/fuzz-gateway-XXXXXX", path[64];

static void remove_folder(void)
{
        (void) unlink(path);
        (void) rmdir(dir);
}

static const char *make_path(const uint8_t *data, size_t size)
{
        int fd;

        if (!*path) {
                CHECK(mkdtemp(dir) && atexit(remove_folder) == 0);
                (void) snprintf(path, sizeof(path), "%s/conf", dir);
        }
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        CHECK(fd >= 0 && write(fd, data, size) == (ssize_t) size);
        (void) close(fd);
        return path;
}

static void check_taken(const GatewayConfig *c)
{
        CHECK(!c->web.listen.path != !c->web.listen.address);
        CHECK(!c->web.tls_key == !c->web.tls_certificate);
        for (size_t i = 0; i < c->n_channels; i++) {
                CHECK(c->channels[i].type && fetch_url_ok(c->channels[i].url));
                CHECK(c->channels[i].secret_size >= 24 && c->channels[i].secret_size <= 64);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        GatewayConfig config = { 0 };
        Problems problems = { 0 };

        int r = gateway_config_read(make_path(data, size), NULL, &problems, &config);
        if (r == 0) {
                check_taken(&config);
                gateway_config_done(&config);
        } else {
                CHECK(r == -EINVAL && problems.n > 0);
        }
        for (size_t i = 0; i < problems.n; i++) {
                const char *m = problems.items[i].message;
                size_t n = strlen(m);
                _cleanup_(freep) char *clean = malloc(4 * n + 8);

                CHECK(clean && text_clean(clean, 4 * n + 8, m, n) == n);
        }
        problems_done(&problems);
        return 0;
}

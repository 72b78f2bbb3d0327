/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A journal that reads and forgets, so that what the daemon does to tell it is measured and what
 * journald does with it is not, and the machine's own journal is spared.
 *
 *     bench_sink SOCKET
 */

#include <err.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char entry[65536];

        if (argc != 2) {
                errx(2, "usage: bench_sink SOCKET");
        }
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[1]);
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                err(1, "%s", argv[1]);
        }
        for (;;) {
                (void) recv(fd, entry, sizeof(entry), 0);
        }
}

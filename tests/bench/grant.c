/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Opens access over the protocol: asks for a user, and approves as root.
 *
 *     bench_grant SOCKET UID USER SERVICE
 */

#include <err.h>
#include <stdlib.h>

#include "tests/bench/bench.h"

int main(int argc, char **argv)
{
        Client c;

        if (argc != 5) {
                errx(2, "usage: bench_grant SOCKET UID USER SERVICE");
        }
        const RequestCall request = request_of((uid_t) number(argv[2]), argv[3], argv[4], false);
        approver_connect(&c, argv[1]);
        char *id = ask_for(&c, &request);
        approve(&c, id);
        free(id);
        client_done(&c);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A PAM module that asks a question of 256 bytes and lets everybody pass: the least that any module
 * costs which asks somebody else. Its argument is the floor's socket.
 */

#include <security/pam_modules.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/macro.h"

#define FLOOR_BYTES 256

_public_ int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char bytes[FLOOR_BYTES] = "";
        struct ucred peer;
        socklen_t size = sizeof(peer);

        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (argc != 1 || fd < 0) {
                return PAM_PERM_DENIED;
        }
        strncpy(address.sun_path, argv[0], sizeof(address.sun_path) - 1);
        bool ok = connect(fd, (struct sockaddr *) &address, sizeof(address)) == 0 &&
                  getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
                  send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) == sizeof(bytes) &&
                  recv(fd, bytes, sizeof(bytes), 0) == sizeof(bytes);
        (void) close(fd);
        return ok ? PAM_SUCCESS : PAM_PERM_DENIED;
}

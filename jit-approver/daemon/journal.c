/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One datagram an entry, from a socket that does not block. */

#include "jit-approver/daemon/journal.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The process's one way to the journal, as sd_journal_sendv() has one. */
static int journal_fd = -1;

static int journal_open(void)
{
        if (journal_fd < 0) {
                journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        }
        return journal_fd < 0 ? -errno : 0;
}

int journal_send(const struct iovec *fields, size_t n)
{
        static const char newline[] = "\n", identifier[] = "SYSLOG_IDENTIFIER=jit-approver\n";
        struct sockaddr_un address = { AF_UNIX, "/run/systemd/journal/socket" };
        struct iovec iov[1 + 2 * JOURNAL_FIELDS_MAX];
        size_t at = 0;

        if (n > JOURNAL_FIELDS_MAX) {
                return -E2BIG;
        }
        int r = journal_open();
        if (r < 0) {
                return r;
        }
        iov[at++] = (struct iovec){ (void *) identifier, sizeof(identifier) - 1 };
        for (size_t i = 0; i < n; i++) {
                iov[at++] = fields[i];
                iov[at++] = (struct iovec){ (void *) newline, 1 };
        }
        const struct msghdr message = {
                .msg_name = &address,
                .msg_namelen = sizeof(address),
                .msg_iov = iov,
                .msg_iovlen = at,
        };
        return sendmsg(journal_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The journal, without ever waiting for it. sd_journal_sendv(3) blocks when journald has stopped and
 * its socket is full, and with us every sudo of the host; here such an entry is dropped, and the
 * caller told.
 */

#include <sys/uio.h>

/*
 * Sends one entry in the native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): each field is
 * "NAME=value" on one line. -EAGAIN when the journal takes no more, -ENOENT or -ECONNREFUSED when there
 * is none, -E2BIG for more than JOURNAL_FIELDS_MAX fields.
 */
#define JOURNAL_FIELDS_MAX 32
int journal_send(const struct iovec *fields, size_t n);

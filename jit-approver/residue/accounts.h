/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* /etc/passwd as text: the local accounts, and nobody else's. Pure. */

#include <sys/types.h>

#include "common/macro.h"

#define ACCOUNT_NAME_MAX 64

/* One line of passwd(5) or group(5), borrowed from its text. */
typedef struct Account {
        const char *line;
        size_t n;      /* of the line, without its end */
        size_t n_name; /* of the name at its beginning */
        uid_t id;
} Account;

/* The next account behind *at, which moves on; false at the end. Lines that are none are passed over. */
bool account_next(const char **at, Account *ret);
/* Its home folder into out[size]; false: none that is a path, or too long. */
bool account_home(const Account *a, char *out, size_t size);
/* The name of that uid, or "#uid". */
void account_name(const char *passwd, uid_t uid, char out[static ACCOUNT_NAME_MAX]);

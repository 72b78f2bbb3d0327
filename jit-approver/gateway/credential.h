/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Credentials (systemd.exec(5)): a secret is a file in a folder that only this service sees. */

#include "common/util.h"

#define CREDENTIAL_MAX (256 * 1024)

/* Standard Webhooks: so many bytes. */
#define SECRET_MIN 24
#define SECRET_MAX 64

/* Letters, digits, '-', '_', '.'; not a hidden file, not another folder's. */
bool credential_name_ok(const char *name);

/*
 * Reads the credential, or the file if it is an absolute path; newlines at its end are cut. The caller
 * frees *ret by erase_free(). folder may be NULL: -ENOKEY. -EINVAL: no such name can be; else as
 * open(2) and read_file().
 */
int credential_read(const char *folder, const char *name, char **ret);

/* "whsec_" and base64, as Standard Webhooks has it. -EINVAL; caller: erase_free_bytes(). */
int credential_secret(const char *text, char **ret, size_t *ret_size);

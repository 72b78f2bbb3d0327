/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Keys in files of their own beside the store, 0600, each for one purpose. */

#include "common/macro.h"

#define KEYFILE_SIZE 32

/*
 * Reads dir/name, or makes it (getrandom(2)) when it is not there. -EPERM: it is another's or others may
 * read it; -EBADMSG: not KEYFILE_SIZE bytes. On failure key holds nothing.
 */
int keyfile_open(const char *dir, const char *name, unsigned char key[static KEYFILE_SIZE]);

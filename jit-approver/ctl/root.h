/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The files of this host, or of one below a folder: then links lead nowhere outside it. root_fd is
 * ROOT_HERE or the folder's; paths are absolute as seen from inside.
 */

#include <fcntl.h>
#include <sys/stat.h>

#include "common/macro.h"

#define ROOT_HERE AT_FDCWD

/* An fd, or -errno. */
int root_open(int root_fd, const char *path, int flags);
/* The whole of a file, NUL-ended, the caller frees; a device is empty. -EISDIR, -EFBIG, -errno. */
int root_read(int root_fd, const char *path, char **ret);
/* The names in a folder, sorted, without hidden ones; release with strv_free(). -errno. */
int root_list(int root_fd, const char *path, char ***ret);
/* The capabilities that a file gives to whoever starts it, as a mask; 0 where there are none. */
uint64_t root_capabilities(int root_fd, const char *path);
/* What stat(2) says. -errno. */
int root_stat(int root_fd, const char *path, struct stat *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files that are either what they were or what they shall be, also after a loss of power: a new one is
 * written beside the old one, made durable, and put in its place.
 */

#include "common/macro.h"

/*
 * like: an fd of a file whose mode, owner and extended attributes it shall have; -1: root's, 0644. What of
 * these cannot be had is an error. The folder must be there; a link is replaced, not followed. -errno.
 */
int replace_file(const char *path, const char *text, int like);

/* Takes away what a try that was killed left beside the file, if any. */
void replace_clear(const char *path);

/* Takes the name away, durably. A file that is not there is none that fails. -errno. */
int remove_file(const char *path);

/* The whole of a regular file that is no link. *ret_fd may be NULL. -ELOOP, -EFBIG, -errno. */
int load_file(const char *path, char **ret, int *ret_fd);

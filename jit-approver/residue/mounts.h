/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is mounted where, by /proc/self/mountinfo, so that a network's or a user's file system is known
 * for one before it is touched: to touch it could take for ever. Pure.
 */

#include "common/macro.h"

typedef struct Mount {
        char *point, *root, *type, *device; /* owned; device is "MAJOR:MINOR" */
} Mount;

typedef struct Mounts {
        Mount *items; /* in the order of the file: of two at one place the later is seen */
        size_t n;
} Mounts;

/* Lines that are none are passed over. -ENOMEM. */
int mounts_parse(const char *text, Mounts *ret);
void mounts_done(Mounts *m);

/* What is mounted at that very place, or NULL. */
const Mount *mounts_at(const Mounts *m, const char *path);
/* Of a kind that lies on a disk or in the memory of this machine. */
bool mount_is_local(const Mount *mount);
/* Whether the path, or a folder above it, is on a file system that is not local. */
bool mounts_is_foreign(const Mounts *m, const char *path);
/* A part of a file system that is seen at another place too, where it belongs. */
bool mount_is_repeated(const Mounts *m, const Mount *mount);

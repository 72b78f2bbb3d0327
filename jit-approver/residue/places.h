/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The named places, looked at: where what is planted comes back by itself. Folders are read whole,
 * authorized_keys of the accounts in /etc/passwd too.
 */

#include "jit-approver/residue/mounts.h"
#include "jit-approver/residue/report.h"
#include "jit-approver/residue/snapshot.h"

/*
 * root: what stands before every path ("" but for tests). What is on a file system that is not local is left
 * out; deadline is CLOCK_MONOTONIC, and r says where it came to an end, and what else could not be
 * looked at. *ret_passwd is /etc/passwd as it is (NULL: cannot be read); the caller frees. -ENOMEM.
 */
int places_look(const char *root, const Mounts *m, usec_t deadline, Report *r, Snapshot *ret,
        char **ret_passwd);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The file of a grant's baseline, in the state folder: ID. Nobody but root may read it. */

#include "common/id.h"
#include "jit-approver/residue/snapshot.h"

/* All of it or nothing. -errno. */
int baseline_write(const char *folder, const Id *grant, const Snapshot *s);
/* -ENOENT: there is none; -EBADMSG: it is damaged. */
int baseline_read(const char *folder, const Id *grant, Snapshot *ret);
void baseline_remove(const char *folder, const Id *grant);

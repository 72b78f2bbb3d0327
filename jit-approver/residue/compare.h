/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What of the named places is not as it was when the grant began. Pure. */

#include "jit-approver/residue/report.h"
#include "jit-approver/residue/snapshot.h"

/*
 * Both sorted; before NULL: there is no baseline, and only times of change tell. from: when the grant
 * began (wall). passwd (may be NULL) names owners. A file that is as it was, but was changed since from,
 * is told too: the baseline may have come late, or somebody put it back. -ENOMEM.
 */
int compare(
        const Snapshot *before, const Snapshot *now, usec_t from, const char *passwd, Report *r);

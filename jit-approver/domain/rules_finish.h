/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What can be said of rules only when all files have been read. */

#include "jit-approver/domain/rules_section.h"

/* Links names, hands [defaults] down, tells what is missing or does not fit together. -ENOMEM. */
int rules_finish(const Sections *sections, Problems *problems);

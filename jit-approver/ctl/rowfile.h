/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An exported record (`jitctl log --verify --json`), which may be larger than the strict JSON
 * reader takes at once: cut into its rows, each read strictly.
 */

#include "jit-approver/ctl/call.h"

/*
 * Visits each row of the document. ret_head: 64 digits, or "" where the document has none. -EBADMSG
 * when it is not such a document, else what reading a row says.
 */
int rowfile_read(const char *text, CallVisit visit, void *userdata, char ret_head[static 65]);

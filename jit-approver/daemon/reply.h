/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Requests, grants and rows as the objects that jitctl --json, the protocol and messages share; their
 * members stand in the .varlink file.
 */

#include "common/json.h"
#include "jit-approver/daemon/store.h"

/*
 * rules NULL or without the request's rule: no approvers are listed. Reads the votes and the grant;
 * with whole also the commands that joined it later, from the record.
 */
void reply_request(JsonWriter *w, const char *name, Store *store, const Rules *rules,
        const Request *r, bool whole);
void reply_grant(JsonWriter *w, const char *name, const Grant *g);
/* whole: with the canonical bytes. */
void reply_row(JsonWriter *w, const AuditRow *row, bool whole);

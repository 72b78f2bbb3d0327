/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Requests, grants and rows as the objects that jitctl --json, the protocol and messages share; their
 * members stand in the .varlink file.
 */

#include "common/json.h"
#include "jit-approver/daemon/store.h"

/* How much of a request is said. */
typedef struct Reply {
        Store *store;       /* for its votes and grant; NULL: without them */
        const Rules *rules; /* for its approvers; NULL, or without its rule: none are listed */
        CommandShown command;
        bool whole;   /* also the commands that joined it later, from the record; what was
                       started under its grant */
        bool residue; /* what its grant left on the host */
        bool own;     /* to its asker: with its match code */
} Reply;

void reply_request(JsonWriter *w, const char *name, const Reply *how, const Request *r);
void reply_grant(JsonWriter *w, const char *name, const Grant *g);
/* With what was started under it and what it left, as how says. */
void reply_grant_whole(JsonWriter *w, const char *name, const Reply *how, const Grant *g);
/* whole: with the canonical bytes. */
void reply_row(JsonWriter *w, const AuditRow *row, bool whole);

/* One member, as it stands in all of them: RFC 3339, and a span that span_parse() takes back. */
void reply_put_time(JsonWriter *w, const char *name, usec_t wall);
void reply_put_span(JsonWriter *w, const char *name, usec_t span);

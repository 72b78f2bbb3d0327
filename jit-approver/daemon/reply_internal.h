/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the parts of a reply share; nobody else includes this. */

#include "jit-approver/daemon/reply.h"

/* reply_put.c: nothing is put where there is nothing to say. */
void reply_put_text(JsonWriter *w, const char *name, const char *value);
/* Two members; none when there is no uid. */
void reply_put_who(JsonWriter *w, const char *name, const char *uid_name, const Who *who);
void reply_put_command(JsonWriter *w, const char *name, CommandShown how, const char *command);

/* reply_chain.c; rule: NULL when it is not in force. */
/* Into an array: who stands in the list, groups of the rules by their members, without the asker. */
void reply_put_people(JsonWriter *w, const NameList *list, const Request *r);
void reply_put_votes(JsonWriter *w, const Vote *votes, size_t n);
void reply_put_approvers(JsonWriter *w, const Rule *rule, const Request *r);
void reply_put_stages(
        JsonWriter *w, const Rule *rule, const Request *r, const Vote *votes, size_t n);
void reply_put_escalations(
        JsonWriter *w, const Rule *rule, const Request *r, const Vote *votes, size_t n);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Checkpoints: the rows behind which the record was pruned. Trusts no row that it reads: whether its
 * signature is genuine is for who holds a key to say.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/audit_internal.h"

int audit_checkpoint_message(const Checkpoint *c, char **ret)
{
        char first[TIME_RFC3339_MAX], last[TIME_RFC3339_MAX];

        time_rfc3339(c->first, first);
        time_rfc3339(c->last, last);
        return str_printf(ret,
                "pam-jit checkpoint 1\n"
                "upto %" PRId64 "\nhash %s\ncount %" PRId64 "\nfirst %s\nlast %s\n",
                c->upto, c->hash, c->count, first, last);
}

static int64_t member_integer(const JsonNode *data, const char *name)
{
        const JsonNode *n = json_get(data, name);

        return n && json_type(n) == JSON_INTEGER ? json_integer(n) : 0;
}

static usec_t member_time(const JsonNode *data, const char *name)
{
        const JsonNode *n = json_get(data, name);
        usec_t wall;

        if (!n || json_type(n) != JSON_STRING || time_rfc3339_parse(json_string(n), &wall) < 0) {
                return 0;
        }
        return wall;
}

static void member_chars(const JsonNode *data, const char *name, char *out, size_t size)
{
        const JsonNode *n = json_get(data, name);

        if (n && json_type(n) == JSON_STRING && strlen(json_string(n)) < size) {
                memcpy(out, json_string(n), strlen(json_string(n)) + 1);
        }
}

static int read_row(const AuditRow *row, void *userdata)
{
        _cleanup_(json_freep) Json *json = NULL;
        Checkpoint c = { 0 }, *ret = userdata;

        int r = json_parse(row->canonical, strlen(row->canonical), &json);
        if (r < 0) {
                return r == -ENOMEM ? r : -EUCLEAN;
        }
        const JsonNode *data = json_type(json_root(json)) == JSON_OBJECT
                                       ? json_get(json_root(json), "data")
                                       : NULL;
        if (!data || json_type(data) != JSON_OBJECT) {
                return -EUCLEAN;
        }
        c.upto = member_integer(data, "upto");
        c.count = member_integer(data, "count");
        c.first = member_time(data, "first");
        c.last = member_time(data, "last");
        member_chars(data, "hash", c.hash, sizeof(c.hash));
        member_chars(data, "key", c.key, sizeof(c.key));
        member_chars(data, "signature", c.signature, sizeof(c.signature));
        /* It never covers itself. */
        if (c.upto <= 0 || c.upto >= row->seq) {
                return -EUCLEAN;
        }
        *ret = c;
        return 0;
}

int audit_checkpoint_read(Store *store, Checkpoint *ret)
{
        Checkpoint c = { 0 };

        int r = store_audit_checkpoint(store, read_row, &c);
        if (r < 0) {
                return r;
        }
        if (c.upto == 0) {
                return -EUCLEAN; /* the index knows a row that is not there */
        }
        *ret = c;
        return 0;
}

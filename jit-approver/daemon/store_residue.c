/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What grants left on the host: one row for each that was looked after. */

#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/store_internal.h"

#define COLUMNS "granted, taken, found, cut_short, lines, sum"

void residue_done(Residue *r)
{
        free(r->cut_short);
        free(r->lines);
        *r = (Residue){};
}

int store_residue_insert(Store *s, const Residue *x)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_RESIDUE_INSERT,
                "INSERT INTO residue (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)", &row);
        if (r < 0) {
                return r;
        }
        sum_start(&row);
        put_id(&row, &x->grant);
        put_integer(&row, x->taken);
        put_integer(&row, x->found);
        put_text(&row, x->cut_short, NAME_LIMIT);
        put_text(&row, x->lines, TEXT_LIMIT);
        put_sum(&row);
        r = row_run(&row);
        return r < 0 ? r : 0;
}

int store_residue_get(Store *s, const Id *grant, Residue *ret)
{
        _cleanup_(row_donep) Row row = {};
        _cleanup_(residue_done) Residue x = {};
        int r;

        r = row_open(s, STATEMENT_RESIDUE_GET, "SELECT " COLUMNS " FROM residue WHERE granted = ?",
                &row);
        if (r < 0) {
                return r;
        }
        put_id(&row, grant);
        r = row_step(&row);
        if (r <= 0) {
                return r < 0 ? r : -ENOENT;
        }
        sum_start(&row);
        get_id(&row, &x.grant);
        x.taken = get_usec(&row);
        x.found = get_integer(&row, 0, INT64_MAX);
        x.cut_short = get_text(&row, NAME_LIMIT);
        x.lines = get_text(&row, TEXT_LIMIT);
        get_sum(&row);
        if (!x.lines) {
                row_distrust(&row);
        }
        if (row.error < 0) {
                return row.error;
        }
        *ret = x;
        x = (Residue){};
        return 0;
}

int store_residue_owed(
        Store *s, usec_t since, int (*visit)(const Id *grant, void *userdata), void *userdata)
{
        _cleanup_(row_donep) Row row = {};
        int r;

        r = row_open(s, STATEMENT_RESIDUE_OWED,
                "SELECT id FROM grants AS g WHERE row > (SELECT max(row) FROM grants) - 1000"
                " AND state <> 'active' AND ended >= ?"
                " AND NOT EXISTS (SELECT 1 FROM residue WHERE granted = g.id) ORDER BY row DESC",
                &row);
        if (r < 0) {
                return r;
        }
        put_integer(&row, since);
        while ((r = row_step(&row)) > 0) {
                Id id;

                get_id(&row, &id);
                if (row.error < 0) {
                        return row.error;
                }
                r = visit(&id, userdata);
                if (r != 0) {
                        return MIN(r, 0);
                }
        }
        return r;
}

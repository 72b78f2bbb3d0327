/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Copies of the record, and what it comes to. */

#include <errno.h>

#include "jit-approver/daemon/method_internal.h"

#define PIECE ((size_t) 24 * 1024) /* bytes; twice as many hex digits must fit a message */

/* --- backups ---------------------------------------------------------------------------------------- */

static void backup_refuse(Turn *t, const char *code, const char *words)
{
        JsonWriter w = call_writer();

        json_put_string(&w, "message", words);
        json_put_string(&w, "code", code);
        call_error_with(t->call, "Refused", &w);
        turn_free(t);
}

static void backup_fail(Turn *t, int r)
{
        backup_refuse(t, r == -EBUSY ? "busy" : "store",
                r == -EBUSY    ? "somebody else's backup is on its way; try again"
                : r == -ENOSPC ? "there is no room for a copy beside the store"
                               : "the store cannot be copied");
}

static void backup_piece(Turn *t, int64_t offset)
{
        Backup *b = &t->daemon->backup;
        char bytes[PIECE], hex[2 * PIECE + 1];
        Now now = t->daemon->now();
        size_t n = 0;

        int r = backup_read(b, t->caller.account.uid, offset, bytes, sizeof(bytes), &n, &now);
        if (r == -ENOENT || (r >= 0 && n == 0)) {
                call_error(t->call, "NotFound", "there is no such backup any more; begin anew");
                turn_free(t);
                return;
        }
        if (r < 0) {
                backup_fail(t, r);
                return;
        }
        hex_encode(bytes, n, hex);
        JsonWriter w = call_writer();
        int64_t size = store_copy_size(b->copy), next = offset + (int64_t) n;
        json_put_string(&w, "data", hex);
        json_put_integer(&w, "size", size);
        if (next < size) {
                json_put_integer(&w, "next", next);
        } else {
                backup_done(b);
        }
        call_reply(t->call, &w);
        turn_free(t);
}

static void on_copied(int r, void *userdata)
{
        Turn *t = userdata;

        if (r < 0) {
                backup_done(&t->daemon->backup);
                backup_fail(t, r);
        } else {
                backup_piece(t, 0);
        }
}

/* Who does not wait for his copy does not need it. */
static void on_backup_gone(Call *c, void *userdata)
{
        Turn *t = userdata;

        backup_done(&t->daemon->backup);
        turn_free(t);
}

void method_backup(Turn *t)
{
        Daemon *d = t->daemon;
        Now now = d->now();

        if (!turn_may(t, ACT_ADMINISTER, turn_roles(t), "host")) {
                return;
        }
        if (t->in.backup.offset != 0) {
                backup_piece(t, t->in.backup.offset);
                return;
        }
        if (!d->ledger.store) {
                backup_fail(t, -EIO);
                return;
        }
        (void) audit_flush(d->ledger.audit, &now);
        int r = backup_begin(
                &d->backup, d->ledger.store, on_copied, t, t->caller.account.uid, &now);
        if (r < 0) {
                backup_fail(t, r);
                return;
        }
        call_on_gone(t->call, on_backup_gone, t);
        d->idle_at = now.boot;
        flow_arm(d);
}

/* --- the report ------------------------------------------------------------------------------------- */

typedef struct Report {
        Page page;
        usec_t since, until;
        bool all;
} Report;

static void put_entry(JsonWriter *w, Daemon *d, const Grant *g, usec_t ended)
{
        Request r;

        json_open_object(w, NULL);
        reply_grant(w, "grant", g);
        if (ended > 0) {
                reply_put_time(w, "ended", ended);
        }
        if (id_is_set(&g->request) && store_request_get(d->ledger.store, &g->request, &r) >= 0) {
                reply_request(w, "request",
                        &(Reply){ d->ledger.store, config_rules(d->config), COMMAND_SHOWN_MASKED,
                                false },
                        &r);
                request_done(&r);
        }
        json_close_object(w);
}

static int report_grant(const Grant *g, int64_t row, void *userdata)
{
        Report *x = userdata;
        Daemon *d = x->page.turn->daemon;
        bool own = g->asker.uid == x->page.turn->caller.account.uid;
        usec_t ended = 0;

        if ((x->all || own) && g->from < x->until) {
                int r = store_grant_ended(d->ledger.store, &g->id, &ended);
                if (r < 0) {
                        return r;
                }
                if (ended == 0 || ended >= x->since) {
                        put_entry(&x->page.w, d, g, ended);
                        x->page.rows++;
                }
        }
        return page_is_full(&x->page, row);
}

void method_report(Turn *t)
{
        const ReportCall *in = &t->in.report;
        Report x = { .page = { .turn = t }, .until = USEC_NEVER };
        const GrantFilter f = { .asker = UID_UNSET, .after = in->after, .limit = INT64_MAX };

        if (time_rfc3339_parse(in->since, &x.since) < 0 ||
                (in->until && time_rfc3339_parse(in->until, &x.until) < 0)) {
                turn_bad_parameter(t, "since");
                return;
        }
        x.all = access_judge(ACT_AUDIT, turn_roles(t)) == ACCESS_YES;
        x.page.w = call_writer();
        json_open_array(&x.page.w, "entries");
        Store *store = t->daemon->ledger.store;
        page_reply(&x.page, store ? store_grants(store, &f, report_grant, &x) : -EIO);
}

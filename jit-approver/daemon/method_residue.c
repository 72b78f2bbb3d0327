/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What jit-residue@.service calls. Any root process may: what it says is kept as what root said, once,
 * and only of a grant that is over, so that nobody can say it before the look is taken.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "jit-approver/daemon/method_internal.h"
#include "jit-approver/domain/residue.h"

/* The grant of a whole id; a copy. Answered, and false: there is none, or its residue is known. */
static bool find_grant(Turn *t, const char *text, Grant *ret)
{
        Store *store = t->daemon->ledger.store;
        Residue known = { 0 };
        Id id;

        int err = !store ? -EIO : !text || id_parse(text, &id) < 0 ? -ENOENT : 0;
        if (err >= 0) {
                err = store_grant_get(store, &id, ret);
        }
        if (err < 0) {
                method_not_found(t, err, "grant");
                return false;
        }
        err = store_residue_get(store, &id, &known);
        residue_done(&known);
        if (err != -ENOENT) {
                Failure f = { 0 };

                fail(&f, "Over", "taken", "what this grant left is in the record already");
                f.state = "taken";
                turn_fail(t, &f);
                failure_done(&f);
                grant_done(ret);
        }
        return err == -ENOENT;
}

/* By memory where it is in force: the store may not know yet that it is not. */
static GrantState state_now(const Turn *t, const Grant *g)
{
        const ActiveGrant *a = active_get(&t->daemon->active, &g->id);

        return a ? a->grant.state : g->state;
}

static int put_unit(const Session *x, void *userdata)
{
        JsonWriter *w = userdata;
        char unit[80];

        (void) snprintf(unit, sizeof(unit),
                x->kind == SESSION_LOGIND ? "session-%.60s.scope" : "%.79s", x->unit);
        json_put_string(w, NULL, unit);
        return w->size > PAGE_BYTES;
}

void method_take_residue(Turn *t)
{
        Grant g;

        if (!find_grant(t, t->in.id.id, &g)) {
                return;
        }
        JsonWriter w = call_writer();
        json_put_string(&w, "state", grant_state_to_string(state_now(t, &g)));
        reply_put_time(&w, "from", g.from);
        json_put_integer(&w, "asker_uid", g.asker.uid);
        if (g.target.uid != UID_UNSET) {
                json_put_integer(&w, "target_uid", g.target.uid);
        }
        json_open_array(&w, "units");
        (void) store_sessions_all(t->daemon->ledger.store, &g.id, put_unit, &w);
        json_close_array(&w);
        grant_done(&g);
        call_reply(t->call, &w);
        turn_free(t);
}

static int take_in(const ResidueCall *in, const Rules *rules, const Grant *g, usec_t wall,
        Residue *ret, char **ret_summary)
{
        Residue x = { .grant = g->id, .taken = wall };

        int r = residue_accept(in->lines.items, in->lines.n, in->found,
                rules ? &rules->secret_patterns : NULL, &x.lines, ret_summary);
        if (r < 0) {
                return r;
        }
        x.found = MAX(in->found, (int64_t) in->lines.n);
        x.cut_short = in->cut_short ? text_clean_dup(in->cut_short, RESIDUE_CUT_MAX) : NULL;
        if (in->cut_short && !x.cut_short) {
                residue_done(&x);
                freep(ret_summary);
                return -ENOMEM;
        }
        *ret = x;
        return 0;
}

void method_add_residue(Turn *t)
{
        _cleanup_(residue_done) Residue x = { 0 };
        _cleanup_(freep) char *summary = NULL;
        Daemon *d = t->daemon;
        Now now = d->now();
        Grant g;

        if (!find_grant(t, t->in.residue.id, &g)) {
                return;
        }
        int err = state_now(t, &g) == GRANT_ACTIVE
                          ? -EAGAIN
                          : take_in(&t->in.residue, config_rules(t->daemon->config), &g, now.wall,
                                    &x, &summary);
        if (err >= 0) {
                err = ledger_residue(&d->ledger, config_rules(d->config), &g, &x, summary, &now);
        }
        grant_done(&g);
        if (err >= 0) {
                call_reply_empty(t->call);
                turn_free(t);
        } else if (err == -EAGAIN) {
                call_error(t->call, "Refused", "the grant is not over yet");
                turn_free(t);
        } else if (err == -EBADMSG || err == -E2BIG) {
                turn_bad_parameter(t, "lines");
        } else {
                method_not_found(t, -EIO, "grant");
        }
        flow_rest(d);
}

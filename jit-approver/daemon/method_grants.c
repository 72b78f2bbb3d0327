/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What people do with grants: list, end, revoke, make. */

#include <errno.h>
#include <stdlib.h>

#include "common/span.h"
#include "jit-approver/daemon/method_internal.h"

static int list_grant(const Grant *g, int64_t row, void *userdata)
{
        Page *p = userdata;

        if (access_judge(ACT_SEE, turn_roles_of_grant(p->turn, g)) == ACCESS_YES) {
                reply_grant(&p->w, NULL, g);
                p->rows++;
        }
        return page_is_full(p, row);
}

void method_list_grants(Turn *t)
{
        static const char *const words[] = { "active", "all" };
        Page p = { .turn = t, .which = str_or(t->in.list.which, "active") };
        const GrantFilter f = {
                .only_active = streq(p.which, "active"),
                .asker = UID_UNSET,
                .after = t->in.list.after,
                .limit = INT64_MAX,
        };

        if (!list_word(t, p.which, words, ELEMENTSOF(words))) {
                return;
        }
        p.w = call_writer();
        json_open_array(&p.w, "grants");
        Store *store = t->daemon->ledger.store;
        page_reply(&p, store ? store_grants(store, &f, list_grant, &p) : -EIO);
}

void method_end(Turn *t)
{
        Failure f = { 0 };
        Grant g;

        if (!method_take_grant(t, t->in.id.id, ACT_END, &g)) {
                return;
        }
        flow_end_grant(t->daemon, &t->caller, &g.id, GRANT_ENDED, &f);
        if (f.error) {
                turn_fail(t, &f);
        } else {
                method_reply_grant(t, &g.id);
        }
        failure_done(&f);
        grant_done(&g);
}

/* With an empty Id of the request the grant itself has changed. */
static void reply_extended(Turn *t, const Grant *g, const Request *r)
{
        if (id_is_set(&r->id)) {
                method_reply_request(t, r);
        } else {
                method_reply_grant(t, &g->id);
        }
}

void method_extend(Turn *t)
{
        const ExtendCall *in = &t->in.extend;
        Request r = { .asker = { .uid = UID_UNSET } };
        Failure f = { 0 };
        usec_t by;
        Grant g;

        if (span_parse(in->duration, &by) < 0 || by == 0) {
                turn_bad_parameter(t, "duration");
                return;
        }
        if (!method_take_grant(t, in->id, ACT_EXTEND, &g)) {
                return;
        }
        /* As of a request: who sits behind a shared account may not decide about it. */
        if (!t->proven) {
                call_error(t->call, "NotPermitted", "your login cannot be told for certain");
                grant_done(&g);
                turn_free(t);
                return;
        }
        flow_extend(t->daemon, &t->caller, &g.id, by, in->reason, &r, &f);
        if (f.error) {
                turn_fail(t, &f);
        } else {
                reply_extended(t, &g, &r);
        }
        failure_done(&f);
        request_done(&r);
        grant_done(&g);
}

/* By uid, and by the name it was granted under: that account may be gone, or called otherwise now. */
static bool is_of_user(const Turn *t, const Grant *g, const char *user)
{
        const Person *x = people_get(t->daemon->people, &t->plan.keys[t->at_user]);

        return streq(str_or(g->asker.name, ""), user) ||
               (x->found == TERNARY_YES && x->uid == g->asker.uid);
}

/* Revokes what the caller named and may revoke; gathered first, since revoking changes the list. */
static void revoke_many(Turn *t, const char *user)
{
        const Active *active = &t->daemon->active;
        JsonWriter w = call_writer();
        Failure f = { 0 };
        Grant g;

        Id *ids = calloc(active->n + 1, sizeof(*ids));
        size_t n = 0;
        for (size_t i = 0; ids && i < active->n; i++) {
                const Grant *x = &active->items[i]->grant;
                if (x->state == GRANT_ACTIVE && (!user || is_of_user(t, x, user)) &&
                        access_judge(ACT_REVOKE, turn_roles_of_grant(t, x)) == ACCESS_YES) {
                        ids[n++] = x->id;
                }
        }
        json_open_array(&w, "grants");
        for (size_t i = 0; i < n; i++) {
                flow_end_grant(t->daemon, &t->caller, &ids[i], GRANT_REVOKED, &f);
                if (w.size < PAGE_BYTES &&
                        store_grant_get(t->daemon->ledger.store, &ids[i], &g) >= 0) {
                        reply_grant(&w, NULL, &g);
                        grant_done(&g);
                }
        }
        free(ids);
        json_close_array(&w);
        if (f.error || !ids) {
                json_writer_done(&w);
                turn_fail(t, &f);
        } else {
                call_reply(t->call, &w);
                turn_free(t);
        }
        failure_done(&f);
}

static void revoke_one(Turn *t)
{
        Failure f = { 0 };
        Grant g;

        if (!method_take_grant(t, t->in.revoke.id, ACT_REVOKE, &g)) {
                return;
        }
        flow_end_grant(t->daemon, &t->caller, &g.id, GRANT_REVOKED, &f);
        Grant now;
        if (f.error) {
                turn_fail(t, &f);
        } else if (store_grant_get(t->daemon->ledger.store, &g.id, &now) < 0) {
                method_not_found(t, -EIO, "grant");
        } else {
                JsonWriter w = call_writer();
                json_open_array(&w, "grants");
                reply_grant(&w, NULL, &now);
                json_close_array(&w);
                grant_done(&now);
                call_reply(t->call, &w);
                turn_free(t);
        }
        failure_done(&f);
        grant_done(&g);
}

void method_revoke(Turn *t)
{
        const RevokeCall *in = &t->in.revoke;

        if (!!in->id + !!in->user + in->all != 1) {
                turn_bad_parameter(t, "id");
        } else if (in->id) {
                revoke_one(t);
        } else if (access_judge(ACT_REVOKE, turn_roles(t)) != ACCESS_YES) {
                call_error(t->call, "NotPermitted", "only administrators revoke without an id");
                turn_free(t);
        } else {
                revoke_many(t, in->user);
        }
}

/* An administrator gives access without a request, but never to himself (hazard H-67). */
static bool serves_himself(const Turn *t, const Rules *rules, uid_t asker)
{
        char him[PERSON_MAX], other[PERSON_MAX];
        uid_t behind = t->login_uid != UID_UNSET ? t->login_uid : t->caller.account.uid;

        if (!rules) {
                return behind == asker;
        }
        person_of(rules, asker, him);
        person_of(rules, behind, other);
        return streq(him, other) || asker == t->caller.account.uid;
}

/* The order's words, copied; the window is flow's. */
static int fill_order(const Turn *t, const Who *asker, const Who *target, Grant *g)
{
        const char *service = service_canonical(t->in.grant.service);
        const Who *into = service_changes_user(service) ? target : asker;

        *g = (Grant){ .asker = { .uid = UID_UNSET },
                .target = { .uid = UID_UNSET },
                .by = { .uid = UID_UNSET },
                .scope = SCOPE_SERVICE,
                .login_session = SESSION_NONE };
        g->service = strdup(service);
        g->reason = strdup(t->in.grant.reason);
        return !g->service || !g->reason || who_copy(asker, &g->asker) < 0 ||
                               who_copy(into, &g->target) < 0
                       ? -ENOMEM
                       : 0;
}

void method_make_grant(Turn *t)
{
        const GrantCall *in = &t->in.grant;
        Failure f = { 0 };
        Who asker, target;
        usec_t duration;
        Grant g;
        Id id;

        if (!turn_may(t, ACT_GRANT, turn_roles(t), "host") ||
                !method_account(t, t->at_user, "user", &asker) ||
                !method_account(t, t->at_target, "target", &target)) {
                return;
        }
        if (!t->proven || serves_himself(t, config_rules(t->daemon->config), asker.uid)) {
                call_error(t->call, "NotPermitted", "nobody makes grants for himself");
                turn_free(t);
                return;
        }
        if (span_parse(in->duration, &duration) < 0 || duration == 0 || str_empty(in->reason) ||
                strlen(in->reason) > REASON_MAX || str_empty(in->service)) {
                turn_bad_parameter(t, "duration");
                return;
        }
        if (fill_order(t, &asker, &target, &g) < 0) {
                fail(&f, "Refused", "internal", "out of memory");
        } else {
                flow_make_grant(t->daemon, &t->caller, &g, duration, &id, &f);
        }
        grant_done(&g);
        if (f.error) {
                turn_fail(t, &f);
        } else {
                method_reply_grant(t, &id);
        }
        failure_done(&f);
}

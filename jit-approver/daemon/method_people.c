/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What people call through jitctl. The rights are access.c's; here is only what they are asked for. */

#include <errno.h>
#include <stdlib.h>

#include "common/span.h"
#include "jit-approver/daemon/methods.h"
#include "jit-approver/daemon/reply.h"

#define PAGE_BYTES (40 * 1024) /* of a list's reply; one object more must still fit the message */
#define PAGE_ROWS 200
#define PAGE_LOOKS 500

/* --- finding what a prefix names ----------------------------------------------------------------- */

static void not_found(Turn *t, int err, const char *what)
{
        if (err == -ENOTUNIQ) {
                call_error(t->call, "Ambiguous", "several %ss begin like that", what);
        } else if (err == -ENOENT || err == -EINVAL) {
                call_error(t->call, "NotFound", "there is no such %s", what);
        } else {
                call_error(t->call, "StoreUnavailable", "the record cannot be read: %s",
                        ledger_state(&t->daemon->ledger));
        }
        turn_free(t);
}

static int find_request(Turn *t, const char *text, Request *ret)
{
        char prefix[ID_SIZE];
        int err = text ? id_parse_prefix(text, prefix) : -EINVAL;

        if (err < 0) {
                return err;
        }
        return t->daemon->ledger.store ? store_request_find(t->daemon->ledger.store, prefix, ret)
                                       : -EIO;
}

static int find_grant(Turn *t, const char *text, Grant *ret)
{
        char prefix[ID_SIZE];
        int err = text ? id_parse_prefix(text, prefix) : -EINVAL;

        if (err < 0) {
                return err;
        }
        return t->daemon->ledger.store ? store_grant_find(t->daemon->ledger.store, prefix, ret)
                                       : -EIO;
}

/* The request the caller names and may act on; else answered, and false. */
static bool take_request(Turn *t, const char *text, Act act, Request *ret)
{
        int err = find_request(t, text, ret);
        if (err < 0) {
                not_found(t, err, "request");
                return false;
        }
        if (!turn_may(t, act, turn_roles_of_request(t, ret), "request")) {
                request_done(ret);
                return false;
        }
        return true;
}

static bool take_grant(Turn *t, const char *text, Act act, Grant *ret)
{
        int err = find_grant(t, text, ret);
        if (err < 0) {
                not_found(t, err, "grant");
                return false;
        }
        if (!turn_may(t, act, turn_roles_of_grant(t, ret), "grant")) {
                grant_done(ret);
                return false;
        }
        return true;
}

/* --- replies ------------------------------------------------------------------------------------- */

/* The request as it is now. */
static void reply_with_request(Turn *t, const Id *id)
{
        Daemon *d = t->daemon;
        JsonWriter w = call_writer();
        Request r;

        int err = store_request_get(d->ledger.store, id, &r);
        if (err < 0) {
                json_writer_done(&w);
                not_found(t, err, "request");
                return;
        }
        reply_request(&w, "request", d->ledger.store, config_rules(d->config), &r, true);
        request_done(&r);
        call_reply(t->call, &w);
        turn_free(t);
}

static void reply_with_grant(Turn *t, const Id *id)
{
        JsonWriter w = call_writer();
        Grant g;

        int err = store_grant_get(t->daemon->ledger.store, id, &g);
        if (err < 0) {
                json_writer_done(&w);
                not_found(t, err, "grant");
                return;
        }
        reply_grant(&w, "grant", &g);
        grant_done(&g);
        call_reply(t->call, &w);
        turn_free(t);
}

void method_show(Turn *t)
{
        Request r;
        Grant g;

        int err = find_request(t, t->in.id.id, &r);
        if (err >= 0) {
                const Id id = r.id;
                bool may = turn_may(t, ACT_SEE, turn_roles_of_request(t, &r), "request or grant");
                request_done(&r);
                if (may) {
                        reply_with_request(t, &id);
                }
                return;
        }
        if (err != -ENOENT) {
                not_found(t, err, "request");
                return;
        }
        if (take_grant(t, t->in.id.id, ACT_SEE, &g)) {
                const Id id = g.id;
                grant_done(&g);
                reply_with_grant(t, &id);
        }
}

/* --- deciding ------------------------------------------------------------------------------------ */

static bool read_ballot(Turn *t, Ballot *ret)
{
        const DecideCall *in = &t->in.decide;
        const char *bad = NULL;

        *ret = (Ballot){ .approve = streq(in->decision, "approve"), .note = in->note };
        if (!ret->approve && !streq(in->decision, "deny")) {
                bad = "decision";
        } else if (in->duration &&
                   (span_parse(in->duration, &ret->duration) < 0 || ret->duration == 0)) {
                bad = "duration";
        }
        if (bad) {
                turn_bad_parameter(t, bad);
        }
        return !bad;
}

/* An approver whose groups are not known at present is not to be told that there is no request. */
static bool names_are_silent(const Turn *t, const Request *r)
{
        const Rules *rules = config_rules(t->daemon->config);
        const Rule *rule = rules ? rules_find(rules, r->rule) : NULL;
        const Voter v = { t->caller.account, t->caller.login_uid };

        return rule && decision_standing(rules, rule, r, &v) == STANDING_UNKNOWN;
}

void method_decide(Turn *t)
{
        Failure f = { 0 };
        Request r;
        Ballot b;

        if (!read_ballot(t, &b)) {
                return;
        }
        int err = find_request(t, t->in.decide.request, &r);
        if (err < 0) {
                not_found(t, err, "request");
                return;
        }
        /* Why a vote does not count is decision.c's to say; here only whether he may know of it. */
        unsigned roles = turn_roles_of_request(t, &r);
        if (access_judge(ACT_SEE, roles) != ACCESS_YES && names_are_silent(t, &r)) {
                call_error(t->call, "NamesUnavailable",
                        "the name service does not answer, so your right to decide is not known; try again");
                request_done(&r);
                turn_free(t);
                return;
        }
        if (!turn_may(t, ACT_SEE, roles, "request")) {
                request_done(&r);
                return;
        }
        flow_decide(t->daemon, &t->caller, &r, &b, &f);
        if (f.error) {
                turn_fail(t, &f);
        } else {
                reply_with_request(t, &r.id);
        }
        failure_done(&f);
        request_done(&r);
}

void method_cancel(Turn *t)
{
        Failure f = { 0 };
        Request r;

        if (!take_request(t, t->in.id.id, ACT_CANCEL, &r)) {
                return;
        }
        flow_cancel(t->daemon, &t->caller, &r, &f);
        if (f.error) {
                turn_fail(t, &f);
        } else {
                reply_with_request(t, &r.id);
        }
        failure_done(&f);
        request_done(&r);
}

/* --- lists --------------------------------------------------------------------------------------- */

typedef struct Page {
        Turn *turn;
        JsonWriter w;
        const char *which;
        int64_t next; /* the last row looked at, when there are more */
        size_t rows, looked_at;
} Page;

/* Looking costs time as well as showing: others wait meanwhile. */
static bool page_full(Page *p, int64_t row)
{
        p->looked_at++;
        if (p->w.size < PAGE_BYTES && p->rows < PAGE_ROWS && p->looked_at < PAGE_LOOKS) {
                return false;
        }
        p->next = row;
        return true;
}

static bool request_wanted(const Page *p, const Request *r)
{
        const Turn *t = p->turn;
        unsigned roles = turn_roles_of_request(t, r);

        if (streq(p->which, "mine")) {
                return roles & ROLE_ASKER;
        }
        if (streq(p->which, "pending")) {
                const Rules *rules = config_rules(t->daemon->config);
                const Rule *rule = rules ? rules_find(rules, r->rule) : NULL;
                const Voter v = { t->caller.account, t->caller.login_uid };
                return rule && decision_standing(rules, rule, r, &v) == STANDING_APPROVER;
        }
        return access_judge(ACT_SEE, roles) == ACCESS_YES;
}

static int list_request(const Request *r, int64_t row, void *userdata)
{
        Page *p = userdata;
        Daemon *d = p->turn->daemon;

        if (request_wanted(p, r)) {
                reply_request(&p->w, NULL, d->ledger.store, config_rules(d->config), r, false);
                p->rows++;
        }
        return page_full(p, row);
}

/* Ends a page that went well; answers itself otherwise. */
static void page_reply(Page *p, int err)
{
        Turn *t = p->turn;

        if (err < 0) {
                json_writer_done(&p->w);
                not_found(t, -EIO, "list");
                return;
        }
        json_close_array(&p->w);
        if (p->next) {
                json_put_integer(&p->w, "next", p->next);
        }
        call_reply(t->call, &p->w);
        turn_free(t);
}

/* Answers itself where the word is none of them. */
static bool list_word(Turn *t, const char *word, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (streq(word, words[i])) {
                        return true;
                }
        }
        turn_bad_parameter(t, "which");
        return false;
}

void method_list_requests(Turn *t)
{
        static const char *const words[] = { "pending", "mine", "open", "all" };
        Page p = { .turn = t, .which = str_or(t->in.list.which, "open") };
        const RequestFilter f = {
                .only_pending = streq(p.which, "pending") || streq(p.which, "open"),
                .asker = streq(p.which, "mine") ? t->caller.account.uid : UID_UNSET,
                .after = t->in.list.after,
                .limit = INT64_MAX,
        };

        if (!list_word(t, p.which, words, ELEMENTSOF(words))) {
                return;
        }
        p.w = call_writer();
        json_open_array(&p.w, "requests");
        Store *store = t->daemon->ledger.store;
        page_reply(&p, store ? store_requests(store, &f, list_request, &p) : -EIO);
}

static int list_grant(const Grant *g, int64_t row, void *userdata)
{
        Page *p = userdata;

        if (access_judge(ACT_SEE, turn_roles_of_grant(p->turn, g)) == ACCESS_YES) {
                reply_grant(&p->w, NULL, g);
                p->rows++;
        }
        return page_full(p, row);
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

/* --- ending grants ------------------------------------------------------------------------------- */

void method_end(Turn *t)
{
        Failure f = { 0 };
        Grant g;

        if (!take_grant(t, t->in.id.id, ACT_END, &g)) {
                return;
        }
        flow_end_grant(t->daemon, &t->caller, &g.id, GRANT_ENDED, &f);
        if (f.error) {
                turn_fail(t, &f);
        } else {
                reply_with_grant(t, &g.id);
        }
        failure_done(&f);
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

        if (!take_grant(t, t->in.revoke.id, ACT_REVOKE, &g)) {
                return;
        }
        flow_end_grant(t->daemon, &t->caller, &g.id, GRANT_REVOKED, &f);
        Grant now;
        if (f.error) {
                turn_fail(t, &f);
        } else if (store_grant_get(t->daemon->ledger.store, &g.id, &now) < 0) {
                not_found(t, -EIO, "grant");
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
        } else if (turn_may(t, ACT_REVOKE, turn_roles(t), "grant")) {
                revoke_many(t, in->user);
        }
}

/* --- making grants -------------------------------------------------------------------------------- */

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

/* An account the caller named (at < 0: he did not, and means root); else answered, and false. */
static bool named_account(Turn *t, int at, const char *what, Who *ret)
{
        static const Person nobody = { 0 };
        const Key *key = at >= 0 ? &t->plan.keys[at] : NULL;
        const Person *x = key ? people_get(t->daemon->people, key) : &nobody;
        bool root = !key || streq(key->name, "root");

        if (!root && x->found != TERNARY_YES) {
                if (x->found == TERNARY_UNKNOWN) {
                        call_error(t->call, "NamesUnavailable",
                                "the name service does not answer; try again");
                } else {
                        call_error(t->call, "NotFound", "there is no %s of that name", what);
                }
                turn_free(t);
                return false;
        }
        *ret = root ? (Who){ 0, (char *) "root" } : (Who){ x->uid, x->name };
        return true;
}

/* The order's words, copied; the window is flow's. */
static int fill_order(const Turn *t, const Who *asker, const Who *target, Grant *g)
{
        const char *service = service_canonical(t->in.grant.service);
        const Who *into = service_changes_user(service) ? target : asker;

        *g = (Grant){ .asker = { .uid = UID_UNSET },
                .target = { .uid = UID_UNSET },
                .by = { .uid = UID_UNSET } };
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
                !named_account(t, t->at_user, "user", &asker) ||
                !named_account(t, t->at_target, "target", &target)) {
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
                reply_with_grant(t, &id);
        }
        failure_done(&f);
}

/* --- the record and the state --------------------------------------------------------------------- */

typedef struct LogPage {
        JsonWriter *w;
        bool whole;
        int64_t next;
} LogPage;

static int log_row(const AuditRow *row, void *userdata)
{
        LogPage *p = userdata;

        reply_row(p->w, row, p->whole);
        if (p->w->size < PAGE_BYTES) {
                return 0;
        }
        p->next = row->seq;
        return 1;
}

static int log_id(const char *text, Id *ret)
{
        return text ? id_parse(text, ret) : 0;
}

static int log_time(const char *text, usec_t *ret)
{
        return text ? time_rfc3339_parse(text, ret) : 0;
}

/* Whom the caller may read about: everybody, or himself. Else answered, and false. */
static bool log_scope(Turn *t, AuditFilter *f)
{
        const LogCall *in = &t->in.log;
        Who user;

        if (in->user) {
                if (!named_account(t, t->at_user, "user", &user)) {
                        return false;
                }
                f->asker = user.uid;
        }
        if (access_judge(ACT_AUDIT, turn_roles(t)) == ACCESS_YES) {
                return true;
        }
        if (in->verify || in->approver || (in->user && user.uid != t->caller.account.uid)) {
                call_error(t->call, "NotPermitted",
                        "only auditors and administrators read what others did");
                turn_free(t);
                return false;
        }
        f->asker = t->caller.account.uid;
        return true;
}

void method_read_log(Turn *t)
{
        const LogCall *in = &t->in.log;
        Ledger *l = &t->daemon->ledger;
        AuditFilter f = {
                .after = in->after,
                .limit = INT64_MAX,
                .asker = UID_UNSET,
                .approver = in->approver,
        };
        JsonWriter w = call_writer();
        LogPage p = { .w = &w, .whole = in->verify };
        Now now = t->daemon->now();

        if (log_id(in->request, &f.request) < 0 || log_id(in->grant, &f.grant) < 0 ||
                log_time(in->since, &f.since) < 0 || log_time(in->until, &f.until) < 0) {
                json_writer_done(&w);
                turn_bad_parameter(t, "request");
                return;
        }
        if (!log_scope(t, &f)) {
                json_writer_done(&w);
                return;
        }
        (void) audit_flush(l->audit, &now);
        json_open_array(&w, "rows");
        int err = l->store ? store_audit(l->store, &f, log_row, &p) : -EIO;
        json_close_array(&w);
        if (err < 0) {
                json_writer_done(&w);
                not_found(t, -EIO, "record");
                return;
        }
        if (p.next) {
                json_put_integer(&w, "next", p.next);
        }
        json_put_string(&w, "head", audit_head(l->audit));
        call_reply(t->call, &w);
        turn_free(t);
}

static void put_problems(JsonWriter *w, const Problems *problems)
{
        json_open_array(w, "problems");
        for (size_t i = 0; i < problems->n && w->size < PAGE_BYTES; i++) {
                _cleanup_(freep) char *text = problem_to_string(&problems->items[i]);
                json_put_string(w, NULL, str_or(text, "out of memory"));
        }
        json_close_array(w);
}

static void put_roles(JsonWriter *w, unsigned roles)
{
        json_open_array(w, "roles");
        if (roles & ROLE_ADMIN) {
                json_put_string(w, NULL, "admin");
        }
        if (roles & ROLE_AUDITOR) {
                json_put_string(w, NULL, "auditor");
        }
        json_close_array(w);
}

void method_get_status(Turn *t)
{
        Daemon *d = t->daemon;
        Store *store = d->ledger.store;
        JsonWriter w = call_writer();
        Now now = d->now();
        unsigned roles = turn_roles(t);
        int64_t pending = 0, owed = 0;

        if (store) {
                (void) store_request_count_pending(store, UID_UNSET, &pending);
                (void) store_outbox_count(store, &owed);
        }
        json_put_string(&w, "version", PROJECT_VERSION);
        json_put_integer(&w, "protocol", PROTOCOL_VERSION);
        json_put_integer(&w, "uptime_usec", now.boot - d->started);
        json_put_string(&w, "host", d->host);
        json_put_boolean(&w, "rules_loaded", config_rules(d->config) != NULL);
        put_problems(&w, config_problems(d->config));
        json_put_string(&w, "store", ledger_state(&d->ledger));
        json_put_string(&w, "bus", bus_state(d->bus));
        Grant window = { 0 };
        json_put_string(
                &w, "clock", grant_window(&now, USEC_PER_MIN, &window) < 0 ? "not credible" : "ok");
        json_put_integer(&w, "pending", pending);
        json_put_integer(&w, "grants", (int64_t) active_count(&d->active));
        json_put_integer(&w, "waiting", (int64_t) d->waiters.n);
        json_put_integer(&w, "connections", (int64_t) server_connections(d->server));
        json_put_integer(&w, "owed", owed);
        json_put_string(&w, "head",
                access_judge(ACT_AUDIT, roles) == ACCESS_YES ? audit_head(d->ledger.audit) : "");
        put_roles(&w, roles);
        call_reply(t->call, &w);
        turn_free(t);
}

/* The caller may be gone by the time the rules are loaded; they are loaded all the same. */
static void on_reload_gone(Call *c, void *userdata)
{
        ((Turn *) userdata)->call = NULL;
}

static void reload_end(Turn *t)
{
        if (t->call) {
                JsonWriter w = call_writer();
                put_problems(&w, config_problems(t->daemon->config));
                call_reply(t->call, &w);
        }
        turn_free(t);
}

static void on_reloaded(bool ok, void *userdata)
{
        Daemon *d = userdata;
        Turn *t = TAKE_PTR(d->reloading);

        flow_rules_loaded(d, ok);
        if (t) {
                reload_end(t);
        }
}

int methods_reload(Daemon *d)
{
        people_flush(d->people);
        return config_load(d->config, on_reloaded, d);
}

void method_reload(Turn *t)
{
        Daemon *d = t->daemon;

        if (!turn_may(t, ACT_ADMINISTER, turn_roles(t), "host")) {
                return;
        }
        /* Two at once end with the same rules: the first is answered with what is known so far. */
        if (d->reloading) {
                reload_end(TAKE_PTR(d->reloading));
        }
        call_on_gone(t->call, on_reload_gone, t);
        d->reloading = t;
        if (methods_reload(d) < 0 && d->reloading == t) {
                d->reloading = NULL;
                reload_end(t);
        }
}

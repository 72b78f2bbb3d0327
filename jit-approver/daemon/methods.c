/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of methods, and a call's way from bytes to its handler. */

#include "jit-approver/daemon/methods.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "jit-approver/daemon/interface.h"
#include "jit-approver/daemon/tell.h"

#define PEOPLE SOCKET_PEOPLE
#define GATEWAY SOCKET_GATEWAY
#define IN_AT(member_) offsetof(Turn, in.member_)

static const Method methods[] = {
        { "Check", PEOPLE, CHECK_FIELDS, IN_AT(check.ask), 0, 0, METHOD_ASKS, method_check },
        { "Request", PEOPLE, REQUEST_FIELDS, IN_AT(request.ask), 0, 0, METHOD_ASKS,
                method_request },
        { "Wait", PEOPLE, WAIT_FIELDS, IN_AT(wait.ask), 0, 0, METHOD_ASKS, method_wait },
        { "OpenSession", PEOPLE, CHECK_FIELDS, IN_AT(check.ask), 0, 0, METHOD_ASKS,
                method_open_session },
        { "CloseSession", PEOPLE, CHECK_FIELDS, 0, 0, 0, METHOD_ROOT, method_close_session },
        { "ReportExempt", PEOPLE, EXEMPT_FIELDS, IN_AT(exempt.ask), 0, 0, METHOD_ASKS | METHOD_ROOT,
                method_report_exempt },
        { "Expire", PEOPLE, ID_FIELDS, 0, 0, 0, METHOD_ROOT, method_expire },
        { "TakeResidue", PEOPLE, ID_FIELDS, 0, 0, 0, METHOD_ROOT, method_take_residue },
        { "AddResidue", PEOPLE, RESIDUE_FIELDS, 0, 0, 0, METHOD_ROOT, method_add_residue },
        { "ListRequests", PEOPLE, LIST_FIELDS, 0, 0, 0, 0, method_list_requests },
        { "Show", PEOPLE, ID_FIELDS, 0, 0, 0, 0, method_show },
        { "Decide", PEOPLE, DECIDE_FIELDS, 0, 0, 0, 0, method_decide },
        { "Cancel", PEOPLE, ID_FIELDS, 0, 0, 0, 0, method_cancel },
        { "ListGrants", PEOPLE, LIST_FIELDS, 0, 0, 0, 0, method_list_grants },
        { "End", PEOPLE, ID_FIELDS, 0, 0, 0, 0, method_end },
        { "Extend", PEOPLE, EXTEND_FIELDS, 0, 0, 0, 0, method_extend },
        { "Nudge", PEOPLE, ID_FIELDS, 0, 0, 0, 0, method_nudge },
        { "Revoke", PEOPLE, REVOKE_FIELDS, 0, IN_AT(revoke.user), 0, 0, method_revoke },
        { "MakeGrant", PEOPLE, GRANT_FIELDS, 0, IN_AT(grant.user), IN_AT(grant.target), 0,
                method_make_grant },
        { "ReadLog", PEOPLE, LOG_FIELDS, 0, IN_AT(log.user), 0, 0, method_read_log },
        { "Explain", PEOPLE, EXPLAIN_FIELDS, 0, IN_AT(explain.user), IN_AT(explain.target), 0,
                method_explain },
        { "GetStatus", PEOPLE, ID_FIELDS, 0, 0, 0, 0, method_get_status },
        { "Reload", PEOPLE, ID_FIELDS, 0, 0, 0, 0, method_reload },
        { "Backup", PEOPLE, BACKUP_FIELDS, 0, 0, 0, 0, method_backup },
        { "Report", PEOPLE, REPORT_FIELDS, 0, 0, 0, 0, method_report },
        { "Review", PEOPLE, REVIEW_FIELDS, 0, 0, 0, 0, method_review },
        { "Rescue", PEOPLE, RESCUE_FIELDS, IN_AT(rescue.ask), 0, 0, METHOD_ASKS, method_rescue },
        { "RescueCodes", PEOPLE, RESCUE_CODES_FIELDS, 0, 0, 0, 0, method_rescue_codes },
        { "Deliver", GATEWAY, DELIVER_FIELDS, 0, 0, 0, 0, method_deliver },
        { "Settle", GATEWAY, SETTLE_FIELDS, 0, 0, 0, 0, method_settle },
        { "ShowLink", GATEWAY, LINK_FIELDS, 0, 0, 0, METHOD_LINK, method_show_link },
        { "DecideLink", GATEWAY, DECIDE_LINK_FIELDS, 0, 0, 0, METHOD_LINK, method_decide_link },
        { "GetMetrics", GATEWAY, ID_FIELDS, 0, 0, 0, 0, method_get_metrics },
        { "CancelLink", GATEWAY, LINK_FIELDS, 0, 0, 0, METHOD_LINK, method_cancel_link },
};

static const Ask *turn_ask(const Turn *t)
{
        return t->method->flags & METHOD_ASKS ? (const Ask *) ((const char *) t + t->method->ask_at)
                                              : NULL;
}

void turn_free(Turn *t)
{
        if (t) {
                opening_free(t->opening);
                lookup_free(t->lookup);
                voters_free(t->voters);
                fields_done(t->method->fields, &t->in);
                free(t);
        }
}

static void on_turn_gone(Call *c, void *userdata)
{
        turn_free(userdata);
}

/* --- who is calling ------------------------------------------------------------------------------ */

/* Who somebody is; root is root whatever the name service says. */
static Who turn_who(Turn *t, int at, char number[16], Account *ret)
{
        const Key *key = &t->plan.keys[at];
        const Person *x = people_get(t->daemon->people, key);

        *ret = person_account(key->uid, x);
        if (key->uid == 0) {
                return (Who){ 0, (char *) "root" };
        }
        if (x->found == TERNARY_YES) {
                return (Who){ key->uid, x->name };
        }
        (void) snprintf(number, 16, "#%u", (unsigned) key->uid);
        return (Who){ key->uid, number };
}

static void turn_caller(Turn *t)
{
        Account login;

        t->caller = (Caller){
                .login_uid = t->login_uid,
                .proven = t->proven,
                .login = { .uid = UID_UNSET },
                .proof = PROOF_LOCAL,
        };
        t->caller.who = turn_who(t, t->at_caller, t->numbers[0], &t->caller.account);
        if (t->at_login >= 0) {
                t->caller.login = turn_who(t, t->at_login, t->numbers[1], &login);
        }
}

unsigned turn_roles(const Turn *t)
{
        const Rules *rules = config_rules(t->daemon->config);
        const Account *a = &t->caller.account;
        unsigned roles = a->uid == 0 ? ROLE_MODULE : 0;

        if (!rules) {
                return a->uid == 0 ? roles | ROLE_ADMIN : roles;
        }
        if (names_include(&rules->admins, a) == TERNARY_YES) {
                roles |= ROLE_ADMIN;
        }
        if (names_include(&rules->auditors, a) == TERNARY_YES) {
                roles |= ROLE_AUDITOR;
        }
        return roles;
}

static bool has_voted(const Turn *t, const Rules *rules, const Id *request)
{
        char person[PERSON_MAX];
        Vote *votes = NULL;
        size_t n = 0;
        bool yes = false;

        person_of(rules, t->caller.account.uid, person);
        if (store_votes(t->daemon->ledger.store, request, &votes, &n) >= 0) {
                for (size_t i = 0; i < n && !yes; i++) {
                        yes = streq(votes[i].person, person);
                }
                votes_free(votes, n);
        }
        return yes;
}

static bool has_signed(const Turn *t, const Rules *rules, const Request *r)
{
        char person[PERSON_MAX];
        Review v;

        if (r->kind != REQUEST_BREAK_GLASS ||
                store_review_get(t->daemon->ledger.store, &r->id, &v) < 0) {
                return false;
        }
        person_of(rules, t->caller.account.uid, person);
        bool yes = v.signed_off && streq(v.person, person);
        review_done(&v);
        return yes;
}

unsigned turn_roles_of_request(const Turn *t, const Request *r)
{
        const Rules *rules = config_rules(t->daemon->config);
        const Rule *rule = rules_find(rules, r->rule);
        const Voter v = { t->caller.account, t->caller.login_uid };
        unsigned roles = turn_roles(t);

        if (r->asker.uid == t->caller.account.uid) {
                roles |= ROLE_ASKER;
        }
        if (rules && ((rule && decision_standing(rules, rule, r, &v) >= STANDING_OTHER_LOGIN) ||
                             has_voted(t, rules, &r->id))) {
                roles |= ROLE_APPROVER;
        }
        if (rules && (flow_reviewer_standing(t->daemon, &v, r) >= STANDING_OTHER_LOGIN ||
                             has_signed(t, rules, r))) {
                roles |= ROLE_REVIEWER;
        }
        return roles;
}

unsigned turn_roles_of_grant(const Turn *t, const Grant *g)
{
        unsigned roles = turn_roles(t);
        Request r;

        if (g->asker.uid == t->caller.account.uid) {
                roles |= ROLE_ASKER;
        }
        if (id_is_set(&g->request) && t->daemon->ledger.store &&
                store_request_get(t->daemon->ledger.store, &g->request, &r) >= 0) {
                roles |= turn_roles_of_request(t, &r) & (ROLE_APPROVER | ROLE_REVIEWER);
                request_done(&r);
        }
        return roles;
}

/* --- answers ------------------------------------------------------------------------------------- */

void turn_fail(Turn *t, const Failure *f)
{
        JsonWriter w = call_writer();

        json_put_string(&w, "message", str_or(f->text, "out of memory"));
        if (f->state) {
                json_put_string(&w, "state", f->state);
        }
        if (f->code && !f->state) {
                json_put_string(&w, "code", f->code);
        }
        call_error_with(t->call, f->error, &w);
        turn_free(t);
}

static void bad_parameter(Call *c, const char *name)
{
        JsonWriter w = call_writer();

        json_put_string(&w, "parameter", str_or(name, ""));
        call_error_with(c, "org.varlink.service.InvalidParameter", &w);
}

void turn_bad_parameter(Turn *t, const char *name)
{
        bad_parameter(t->call, name);
        turn_free(t);
}

bool turn_may(Turn *t, Act act, unsigned roles, const char *what)
{
        switch (access_judge(act, roles)) {
        case ACCESS_YES:
                return true;
        case ACCESS_FORBIDDEN:
                if (streq(what, "host")) {
                        call_error(t->call, "NotPermitted", "only administrators may do that");
                } else {
                        call_error(t->call, "NotPermitted", "you may not do that to this %s", what);
                }
                break;
        case ACCESS_HIDDEN:
        default:
                call_error(t->call, "NotFound", "there is no such %s", what);
                break;
        }
        turn_free(t);
        return false;
}

Door turn_door(const Turn *t)
{
        return t->plan.speaks_for_others ? DOOR_MODULE : DOOR_PEER;
}

/* For the record, where there is no subject whose words could be noted. */
static void turn_note_refused(Turn *t, const char *why)
{
        const Ask *ask = turn_ask(t);
        const Fact f = {
                .event = AUDIT_CHECK_REFUSED,
                .asker = t->plan.speaks_for_others ? NULL : &t->caller.who,
                .why = why,
                .service = ask->service,
                .tty = ask->tty,
                .origin = ask->rhost,
                .by = ask->user,
        };

        if (flow_hears(t->daemon, turn_door(t), f.asker ? f.asker->uid : UID_UNSET, true)) {
                flow_record(t->daemon, &f);
        }
}

/* A question whose persons do not add up is answered like any other: refused, and noted. */
void turn_refuse(Turn *t, const char *code, const char *line)
{
        Outcome o = { 0 };

        outcome_refuse(&o, code, strdup(line));
        turn_note_refused(t, code);
        tell_call(t->call, &o, &t->echo);
        outcome_done(&o);
        turn_free(t);
}

int turn_resolve(Turn *t)
{
        const char *line;

        return identity_resolve(t->daemon->people, &t->plan, turn_ask(t), &t->subject, &line)
                       ? -ESTALE
                       : 0;
}

/* --- from bytes to the handler ------------------------------------------------------------------- */

/* What costs something to know, and few rules ask for. */
static int turn_particulars(Turn *t)
{
        const Rules *rules = config_rules(t->daemon->config);
        Question *q = &t->subject.question;
        Needs needs = { 0 };

        for (size_t i = 0; rules && i < rules->n_rules; i++) {
                needs.digest = needs.digest || rules->rules[i].scope != SCOPE_SERVICE;
                needs.login_session =
                        needs.login_session || rules->rules[i].bind == BIND_LOGIN_SESSION;
        }
        active_needs(&t->daemon->active, t->subject.asker.uid, &needs);
        if (needs.login_session && call_login_session(t->call, &q->login_session) < 0) {
                q->login_session = SESSION_NONE;
        }
        return needs.digest ? make_command_digest(t->subject.ask, q->command_digest) : 0;
}

static void turn_subject(Turn *t)
{
        const Ask *ask = turn_ask(t);
        const char *line;

        /* A refusal before anybody is resolved echoes the asker as he was named. */
        t->echo = (Echo){ ask->asker, UID_UNSET, ask->nonce, ask->service, ask->user, ask->target };
        const char *code = identity_resolve(t->daemon->people, &t->plan, ask, &t->subject, &line);
        if (code) {
                turn_refuse(t, code, line);
                return;
        }
        t->echo.asker = t->subject.asker.uid;
        t->echo.target_uid = t->subject.target_known ? t->subject.target.uid : UID_UNSET;
        if (call_name_asker(t->call, t->subject.asker.uid) < 0) {
                turn_refuse(t, "busy", "Too many of your commands are asking at once; try again.");
                return;
        }
        if (turn_particulars(t) < 0) {
                turn_refuse(t, "internal", "The approver is out of memory.");
                return;
        }
        t->method->handler(t);
}

/* The lookups are done, or were not needed. */
static void on_looked_up(void *userdata)
{
        Turn *t = userdata;

        t->lookup = lookup_free(t->lookup);
        turn_caller(t);
        if (t->method->flags & METHOD_ASKS) {
                turn_subject(t);
        } else {
                t->method->handler(t);
        }
}

/* May run the handler, and free the turn, before it returns. */
static void turn_look_up(Turn *t)
{
        int r = people_lookup(
                t->daemon->people, t->plan.keys, t->plan.n, on_looked_up, t, &t->lookup);
        if (r < 0) {
                call_error(t->call, "NamesUnavailable", "out of memory");
                turn_free(t);
        }
}

/* The caller is looked up again: what was borrowed of him then is gone. */
static void on_voters_known(void *userdata)
{
        Turn *t = userdata;

        t->voters = voters_free(t->voters);
        turn_look_up(t);
}

bool turn_knows_voters(Turn *t, const Id *request)
{
        if (t->knows_voters) {
                return true;
        }
        if (voters_new(t->daemon, &t->voters) < 0) {
                call_error(t->call, "NamesUnavailable", "out of memory");
                turn_free(t);
                return false;
        }
        t->knows_voters = true;
        if (!voters_add(t->voters, request)) {
                t->voters = voters_free(t->voters);
                return true;
        }
        voters_look_up(t->voters, on_voters_known, t);
        return false;
}

/* Both calls that carry one begin alike. */
_Static_assert(offsetof(LinkCall, token) == offsetof(DecideLinkCall, token),
        "a token is read from either");

const char *turn_token(const Turn *t)
{
        return t->in.link.token;
}

int turn_key(Turn *t, Key key)
{
        if (t->plan.n == PEOPLE_KEYS_MAX) {
                return -1;
        }
        t->plan.keys[t->plan.n] = key;
        return (int) t->plan.n++;
}

/* An account that the parameters name, if the method has such a one and it is given. */
static int turn_name_key(Turn *t, size_t at)
{
        const char *name = at ? *(const char *const *) ((const char *) t + at) : NULL;

        return name ? turn_key(t, (Key){ .kind = KEY_USER, .name = name }) : -1;
}

/* Plans the lookups: the Ask's persons, the caller, and whom his words name. */
static int turn_plan(Turn *t)
{
        const Peer *peer = call_peer(t->call);
        const Ask *ask = turn_ask(t);
        bool module = peer->uid == 0 && ask && ask->nonce;

        t->at_login = t->at_user = t->at_target = -1;
        t->login_uid = UID_UNSET;
        t->proven = !module && call_login_uid(t->call, &t->login_uid) >= 0;
        int r = ask ? identity_plan(peer, t->login_uid, ask, &t->plan) : 0;
        if (r < 0) {
                return r;
        }
        t->at_caller = turn_key(t, (Key){ .kind = KEY_UID, .uid = peer->uid });
        if (t->login_uid != UID_UNSET && t->login_uid != peer->uid) {
                t->at_login = turn_key(t, (Key){ .kind = KEY_UID, .uid = t->login_uid });
        }
        t->at_user = turn_name_key(t, t->method->user_at);
        t->at_target = turn_name_key(t, t->method->target_at);
        if (t->method->flags & METHOD_LINK) {
                method_plan_link(t);
        }
        /* A module's own caller is root: nothing to look up. */
        if (module) {
                t->plan.n--;
        }
        return 0;
}

static void turn_start(Turn *t)
{
        int r = turn_plan(t);
        if (r == -EPERM) {
                char number[16];
                (void) snprintf(number, sizeof(number), "#%u", (unsigned) call_peer(t->call)->uid);
                t->caller.who = (Who){ call_peer(t->call)->uid, number };
                turn_note_refused(t, "speaks for others");
                call_error(t->call, "NotPermitted", "only root may speak for others");
        } else if (r < 0) {
                turn_bad_parameter(t, "ask");
                return;
        } else {
                call_on_gone(t->call, on_turn_gone, t);
                turn_look_up(t);
                return;
        }
        turn_free(t);
}

static const Method *method_find(const char *name, SocketKind socket)
{
        static const char interface[] = PROTOCOL_INTERFACE ".";

        if (strncmp(name, interface, sizeof(interface) - 1) != 0) {
                return NULL;
        }
        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                if (streq(methods[i].name, name + sizeof(interface) - 1) &&
                        (methods[i].sockets & (unsigned) socket)) {
                        return &methods[i];
                }
        }
        return NULL;
}

static void bad_version(Call *c)
{
        JsonWriter w = call_writer();

        json_put_integer(&w, "oldest", PROTOCOL_VERSION_OLDEST);
        json_put_integer(&w, "newest", PROTOCOL_VERSION);
        call_error_with(c, "BadVersion", &w);
}

static bool version_is_served(int64_t version)
{
        return version >= PROTOCOL_VERSION_OLDEST && version <= PROTOCOL_VERSION;
}

static void detach(Daemon *d, Call *c)
{
        Call *parked = call_parked(c);
        const char *bad = NULL;
        IdCall in;

        if (fields_read(ID_FIELDS, c->message.parameters, &in, &bad) < 0) {
                bad_parameter(c, bad);
        } else if (!version_is_served(in.version)) {
                bad_version(c);
        } else {
                if (parked) {
                        flow_detach(d, parked);
                }
                call_reply_empty(c);
        }
}

static void call_method(Daemon *d, Call *c, const Method *m)
{
        const char *bad = NULL;

        if ((m->flags & METHOD_ROOT) && call_peer(c)->uid != 0) {
                call_error(c, "NotPermitted", "only root calls this");
                return;
        }
        Turn *t = calloc(1, sizeof(*t));
        if (!t) {
                call_error(c, "Refused", "out of memory");
                return;
        }
        t->daemon = d;
        t->call = c;
        t->method = m;
        int r = fields_read(m->fields, c->message.parameters, &t->in, &bad);
        if (r < 0) {
                bad_parameter(c, bad);
                free(t);
        } else if (!version_is_served(t->in.version)) {
                bad_version(c);
                turn_free(t);
        } else {
                turn_start(t);
        }
}

void methods_call(Call *c, void *userdata)
{
        const char *name = c->message.method;
        Daemon *d = userdata;

        if (streq(name, PROTOCOL_INTERFACE ".Detach")) {
                detach(d, c);
                return;
        }
        const Method *m = method_find(name, call_socket(c));
        if (!m || !(m->flags & METHOD_ASKS)) {
                (void) call_name_asker(c, call_peer(c)->uid);
        }
        if (m) {
                call_method(d, c, m);
        } else if (!interface_call(c)) {
                JsonWriter w = call_writer();
                json_put_string(&w, "method", name);
                call_error_with(c, "org.varlink.service.MethodNotFound", &w);
        }
}

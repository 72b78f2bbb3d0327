/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Objects for replies. Text stays as it was said: whoever shows it makes it safe. */

#include "jit-approver/daemon/reply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/node.h"
#include "common/span.h"
#include "common/text.h"
#include "common/trace.h"
#include "common/util.h"
#include "jit-approver/daemon/audit.h"
#include "jit-approver/domain/approver.h"

static void put_text(JsonWriter *w, const char *name, const char *value)
{
        if (!str_empty(value)) {
                json_put_string(w, name, value);
        }
}

static void put_time(JsonWriter *w, const char *name, usec_t wall)
{
        char text[TIME_RFC3339_MAX];

        time_rfc3339(wall, text);
        json_put_string(w, name, text);
}

static void put_span(JsonWriter *w, const char *name, usec_t span)
{
        char text[SPAN_TEXT_MAX];

        span_format(span, text);
        json_put_string(w, name, text);
}

static void put_who(JsonWriter *w, const char *name, const char *uid_name, const Who *who)
{
        if (who->uid != UID_UNSET) {
                put_text(w, name, who->name);
                json_put_integer(w, uid_name, who->uid);
        }
}

static void put_vote(JsonWriter *w, const Vote *v)
{
        json_open_object(w, NULL);
        json_put_string(w, "approver", v->person);
        json_put_string(w, "decision", v->approve ? "approve" : "deny");
        put_text(w, "note", v->note);
        if (v->duration > 0) {
                put_span(w, "duration", v->duration);
        }
        put_time(w, "time", v->time);
        put_text(w, "proof", proof_to_string(v->proof));
        put_text(w, "channel", v->channel);
        if (v->login_uid != UID_UNSET && v->login_uid != v->who.uid) {
                json_put_integer(w, "login_uid", v->login_uid);
        }
        json_close_object(w);
}

static void put_votes(JsonWriter *w, const Vote *votes, size_t n)
{
        json_open_array(w, "votes");
        for (size_t i = 0; i < n; i++) {
                put_vote(w, &votes[i]);
        }
        json_close_array(w);
}

static void put_approver(const Name *n, void *userdata)
{
        char text[PERSON_MAX] = "@";

        (void) stpncpy(text + 1, n->text, sizeof(text) - 2);
        json_put_string(userdata, NULL, n->kind == NAME_UNIX_GROUP ? text : text + 1);
}

/* Who may decide in the stage that is open, as far as it has been put to people. */
static void put_approvers(JsonWriter *w, const Rule *rule, const Request *r)
{
        json_open_array(w, "approvers");
        if (rule && r->stage < rule->stages.n) {
                approvers_visit(&rule->stages.items[r->stage], r, put_approver, w);
        }
        for (size_t i = 0; rule && i < rule->escalate.n && i < r->escalated; i++) {
                approvers_visit(&rule->escalate.items[i].to, r, put_approver, w);
        }
        json_close_array(w);
}

/* The votes that filled places in a stage: those that came while it was open. */
static void put_approved(JsonWriter *w, const Rule *rule, const Request *r, size_t stage,
        const Vote *votes, size_t n)
{
        json_open_array(w, "approved");
        for (size_t i = 0; i < n; i++) {
                Tally before;

                decision_tally(r, rule, votes, NULL, i, votes[i].time, &before);
                if (before.stage == stage && votes[i].approve) {
                        json_put_string(w, NULL, votes[i].person);
                }
        }
        json_close_array(w);
}

static void put_names(JsonWriter *w, const char *name, const NameList *list)
{
        json_open_array(w, name);
        for (size_t i = 0; i < list->n; i++) {
                put_approver(&list->items[i], w);
        }
        json_close_array(w);
}

static void put_stage(JsonWriter *w, const Rule *rule, const Request *r, size_t stage,
        const Vote *votes, size_t n)
{
        const char *state = stage < r->stage ? "done" : stage == r->stage ? "open" : "later";

        json_open_object(w, NULL);
        put_names(w, "approvers", &rule->stages.items[stage]);
        put_approved(w, rule, r, stage, votes, n);
        json_put_string(w, "state", state);
        json_close_object(w);
}

static void put_stages(
        JsonWriter *w, const Rule *rule, const Request *r, const Vote *votes, size_t n)
{
        json_open_array(w, "stages");
        for (size_t i = 0; rule && i < rule->stages.n; i++) {
                put_stage(w, rule, r, i, votes, n);
        }
        json_close_array(w);
}

static void put_escalation(JsonWriter *w, const Escalation *e, usec_t since)
{
        json_open_object(w, NULL);
        put_time(w, "at", usec_add(since, e->after));
        put_names(w, "approvers", &e->to);
        json_close_object(w);
}

/* Those that are still to come. */
static void put_escalations(
        JsonWriter *w, const Rule *rule, const Request *r, const Vote *votes, size_t n)
{
        Tally t;

        if (!rule || r->state != REQUEST_PENDING || rule->escalate.n == 0) {
                return;
        }
        decision_tally(r, rule, votes, NULL, n, r->created, &t);
        json_open_array(w, "escalations");
        for (size_t i = r->escalated; i < rule->escalate.n; i++) {
                put_escalation(w, &rule->escalate.items[i], t.since);
        }
        json_close_array(w);
}

/* What a yes to it would be. */
static void put_terms(JsonWriter *w, const Reply *how, const Request *r)
{
        char code[16];

        json_put_string(w, "kind", request_kind_to_string(r->kind));
        put_text(w, "extends", r->extends.text);
        json_put_string(w, "scope", scope_to_string(r->scope));
        if (r->login_session != SESSION_NONE) {
                json_put_integer(w, "login_session", r->login_session);
        }
        json_put_boolean(w, "end_when_done", r->end_when_done);
        json_put_boolean(w, "match_code", r->code != CODE_NONE);
        if (r->code != CODE_NONE && how->own) {
                (void) snprintf(code, sizeof(code), "%02d", (int) r->code);
                json_put_string(w, "code", code);
        }
}

/* --- what was started under a grant --- */

#define USES_MAX 100
#define USES_BYTES (12 * 1024)    /* of the reply */
#define SAME_USE USEC_PER_SEC     /* account and session line of one command */
#define LEFT_BYTES (56 * 1024)    /* the reply's size, beyond which findings are only counted */
#define MESSAGE_BYTES (32 * 1024) /* a message's, likewise: others will add to it */

typedef struct Use {
        char *command;
        usec_t opened, closed;
} Use;

typedef struct Uses {
        Use items[USES_MAX];
        size_t n, sessions; /* the first are sessions */
        int64_t more;
} Uses;

static int uses_add(Uses *u, const char *command, usec_t opened, usec_t closed)
{
        if (u->n == USES_MAX) {
                u->more++;
                return 0;
        }
        char *copy = command ? strdup(command) : NULL;
        if (command && !copy) {
                return -ENOMEM;
        }
        u->items[u->n++] = (Use){ copy, opened, closed };
        return 0;
}

static int use_of_session(const Session *x, void *userdata)
{
        return uses_add(userdata, x->command, x->opened, x->closed);
}

/* A session asks twice, and is one command. */
static bool is_known_use(const Uses *u, const char *command, usec_t time)
{
        for (size_t i = 0; i < u->n; i++) {
                const Use *x = &u->items[i];
                usec_t by = time > x->opened ? time - x->opened : x->opened - time;

                if (by < (i < u->sessions ? 10 * SAME_USE : SAME_USE) &&
                        streq(str_or(x->command, ""), str_or(command, ""))) {
                        return true;
                }
        }
        return false;
}

static int use_of_row(const AuditRow *row, void *userdata)
{
        _cleanup_(json_freep) Json *json = NULL;
        Uses *u = userdata;

        if (json_parse(row->canonical, strlen(row->canonical), &json) < 0) {
                return 0;
        }
        const char *command = node_text(node_object(json_root(json), "data"), "command");
        return is_known_use(u, command, row->time) ? 0 : uses_add(u, command, row->time, 0);
}

static int by_opening(const void *a, const void *b)
{
        const Use *x = a, *y = b;

        return x->opened < y->opened ? -1 : x->opened > y->opened;
}

static void put_use(JsonWriter *w, const Use *x)
{
        json_open_object(w, NULL);
        put_text(w, "command", x->command);
        put_time(w, "opened", x->opened);
        if (x->closed != 0) {
                put_time(w, "closed", x->closed);
        }
        json_close_object(w);
}

static void put_commands(JsonWriter *w, Store *store, const Grant *g)
{
        Uses *u = calloc(1, sizeof(*u));
        size_t room = w->size + USES_BYTES, shown = 0;

        if (!u) {
                return;
        }
        (void) store_sessions_all(store, &g->id, use_of_session, u);
        u->sessions = u->n;
        (void) store_audit_used(store, &g->id, use_of_row, u);
        qsort(u->items, u->n, sizeof(*u->items), by_opening);
        json_open_array(w, "commands");
        for (; shown < u->n && w->size < room; shown++) {
                put_use(w, &u->items[shown]);
        }
        json_close_array(w);
        u->more += (int64_t) (u->n - shown);
        if (u->more > 0) {
                json_put_integer(w, "commands_more", u->more);
        }
        for (size_t i = 0; i < u->n; i++) {
                free(u->items[i].command);
        }
        free(u);
}

/* --- what it left on the host --- */

static void put_command(JsonWriter *w, const char *name, CommandShown how, const char *command);

static void put_found(JsonWriter *w, const Trace *t, CommandShown how)
{
        json_open_object(w, NULL);
        json_put_string(w, "kind", trace_kind_to_string(t->kind));
        if (t->when != 0) {
                put_time(w, "when", t->when);
        }
        put_text(w, "who", t->who);
        put_text(w, "note", t->note);
        put_command(w, "what", t->kind == TRACE_PROCESS ? how : COMMAND_SHOWN_MASKED, t->what);
        json_close_object(w);
}

/* How many were shown. */
static int64_t put_findings(JsonWriter *w, char *lines, const Reply *how)
{
        size_t room = how->whole ? LEFT_BYTES : MESSAGE_BYTES;
        int64_t n = 0;
        char *rest;

        json_open_array(w, "findings");
        for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
                _cleanup_(freep) char *text = NULL;
                Trace t;

                if (w->size < room && trace_from_line(line, &text, &t) >= 0) {
                        put_found(w, &t, how->command);
                        n++;
                }
        }
        json_close_array(w);
        return n;
}

static void put_left(JsonWriter *w, const Residue *x, const Reply *how)
{
        put_time(w, "taken", x->taken);
        put_text(w, "cut_short", x->cut_short);
        int64_t more = x->found - put_findings(w, x->lines, how);
        if (more > 0) {
                json_put_integer(w, "more", more);
        }
}

static void put_residue(JsonWriter *w, const Reply *how, const Grant *g)
{
        _cleanup_(residue_done) Residue x = { 0 };

        if (store_residue_get(how->store, &g->id, &x) >= 0) {
                json_open_object(w, "residue");
                put_left(w, &x, how);
                json_close_object(w);
        }
}

void reply_grant(JsonWriter *w, const char *name, const Grant *g)
{
        reply_grant_whole(w, name, &(Reply){ 0 }, g);
}

void reply_grant_whole(JsonWriter *w, const char *name, const Reply *how, const Grant *g)
{
        json_open_object(w, name);
        json_put_string(w, "id", g->id.text);
        put_text(w, "request", g->request.text);
        put_who(w, "asker", "asker_uid", &g->asker);
        json_put_string(w, "service", g->service);
        put_who(w, "target", "target_uid", &g->target);
        put_text(w, "target_group", g->target_group);
        put_text(w, "rule", g->rule);
        put_text(w, "reason", g->reason);
        json_put_string(w, "kind", request_kind_to_string(g->kind));
        json_put_string(w, "scope", scope_to_string(g->scope));
        if (g->spent != 0) {
                put_time(w, "spent", g->spent);
        }
        if (g->login_session != SESSION_NONE) {
                json_put_integer(w, "login_session", g->login_session);
        }
        json_put_boolean(w, "end_when_done", g->end_when_done);
        json_put_boolean(w, "survive_reboot", g->survive_reboot);
        json_put_string(w, "on_expiry", on_expiry_to_string(g->on_expiry));
        put_time(w, "from", g->from);
        put_time(w, "until", g->until);
        json_put_string(w, "state", grant_state_to_string(g->state));
        put_text(w, "by", g->by.name);
        if (how->whole && how->store && how->command == COMMAND_SHOWN_MASKED) {
                put_commands(w, how->store, g);
        }
        if (how->residue && how->store) {
                put_residue(w, how, g);
        }
        json_close_object(w);
}

static void put_review_of(JsonWriter *w, const Rule *rule, const Review *v)
{
        json_put_string(w, "state", v->signed_off ? "signed" : "open");
        json_open_array(w, "reviewers");
        for (size_t i = 0; rule && i < rule->reviewers.n; i++) {
                put_approver(&rule->reviewers.items[i], w);
        }
        json_close_array(w);
        put_text(w, "by", v->person);
        put_text(w, "note", v->note);
        put_time(w, "time", v->signed_off ? v->time : v->opened);
}

static void put_review(JsonWriter *w, Store *store, const Rule *rule, const Request *r)
{
        Review v;

        if (store && r->kind == REQUEST_BREAK_GLASS && store_review_get(store, &r->id, &v) >= 0) {
                json_open_object(w, "review");
                put_review_of(w, rule, &v);
                json_close_object(w);
                review_done(&v);
        }
}

static void put_grant(JsonWriter *w, const Reply *how, const Request *r)
{
        Grant g;

        if (how->store && id_is_set(&r->grant) && store_grant_get(how->store, &r->grant, &g) >= 0) {
                reply_grant_whole(w, "grant", how, &g);
                grant_done(&g);
        }
}

#define ADDED_BYTES (32 * 1024) /* of the object; the rest of it must fit the message */

typedef struct Added {
        JsonWriter *w;
        size_t n, left_out;
} Added;

static int put_added_row(const AuditRow *row, void *userdata)
{
        Added *a = userdata;
        _cleanup_(json_freep) Json *json = NULL;

        if (json_parse(row->canonical, strlen(row->canonical), &json) < 0) {
                return 0;
        }
        const JsonNode *data = json_get(json_root(json), "data");
        const JsonNode *command = data ? json_get(data, "command") : NULL;
        if (command && json_type(command) == JSON_STRING) {
                if (a->w->size < ADDED_BYTES) {
                        json_put_string(a->w, NULL, json_string(command));
                } else {
                        a->left_out++;
                }
                a->n++;
        }
        return a->n == ADDED_MAX;
}

/* What rides on the request besides the command it was made for. */
static void put_added(JsonWriter *w, Store *store, const Request *r)
{
        Added a = { .w = w };

        json_open_array(w, "added");
        (void) store_audit_joined(store, &r->id, put_added_row, &a);
        if (a.left_out > 0) {
                char rest[80];
                (void) snprintf(rest, sizeof(rest), "… and %zu more: jitctl log --request %s",
                        a.left_out, r->id.text);
                json_put_string(w, NULL, rest);
        }
        json_close_array(w);
}

/* The first word alone may be quoted, as text_command() quotes. */
static size_t program_length(const char *command)
{
        const char *end = *command == '\'' ? strchr(command + 1, '\'') : NULL;

        return end ? (size_t) (end + 1 - command) : strcspn(command, " ");
}

static void put_command(JsonWriter *w, const char *name, CommandShown how, const char *command)
{
        char program[PERSON_MAX];

        if (how == COMMAND_SHOWN_MASKED) {
                put_text(w, name, command);
        } else if (how == COMMAND_SHOWN_PROGRAM && command) {
                size_t n = program_length(command);
                (void) text_clean(program, sizeof(program), command, n);
                put_text(w, name, program);
        }
}

void reply_request(JsonWriter *w, const char *name, const Reply *how, const Request *r)
{
        const Rule *rule = how->rules ? rules_find(how->rules, r->rule) : NULL;
        Vote *votes = NULL;
        size_t n = 0;

        if (how->store && store_votes(how->store, &r->id, &votes, &n) < 0) {
                n = 0;
        }
        json_open_object(w, name);
        json_put_string(w, "id", r->id.text);
        json_put_string(w, "state", request_state_to_string(r->state));
        put_who(w, "asker", "asker_uid", &r->asker);
        put_text(w, "login", r->login.name);
        json_put_string(w, "service", r->service);
        put_who(w, "target", "target_uid", &r->target);
        put_text(w, "target_group", r->target_group);
        put_command(w, "command", how->command, r->command);
        put_text(w, "reason", r->reason);
        json_put_string(w, "host", r->host);
        put_text(w, "tty", r->tty);
        put_text(w, "origin", r->origin);
        json_put_string(w, "rule", r->rule);
        json_put_integer(w, "approvals", r->approvals);
        put_approvers(w, rule, r);
        put_stages(w, rule, r, votes, n);
        put_escalations(w, rule, r, votes, n);
        put_terms(w, how, r);
        put_span(w, "duration", r->duration);
        put_span(w, "max_duration", r->max_duration);
        put_time(w, "created", r->created);
        put_time(w, "deadline", r->deadline);
        json_put_string(w, "digest", r->digest);
        if (how->whole && how->store && how->command == COMMAND_SHOWN_MASKED) {
                put_added(w, how->store, r);
        }
        put_votes(w, votes, n);
        put_review(w, how->store, rule, r);
        put_grant(w, how, r);
        json_close_object(w);
        votes_free(votes, n);
}

/* The row's own words are its canonical bytes; what is shown is read from them, so that it cannot differ. */
void reply_row(JsonWriter *w, const AuditRow *row, bool whole)
{
        _cleanup_(json_freep) Json *json = NULL;

        json_open_object(w, NULL);
        if (json_parse(row->canonical, strlen(row->canonical), &json) >= 0 &&
                json_type(json_root(json)) == JSON_OBJECT) {
                for (const JsonNode *n = json_first(json_root(json)); n; n = json_next(n)) {
                        json_put_node(w, json_name(n), n);
                }
        } else {
                json_put_integer(w, "seq", row->seq);
        }
        json_put_string(w, "hash", row->hash);
        if (whole) {
                json_put_string(w, "canonical", row->canonical);
        }
        json_close_object(w);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests and rows of the record as objects. Text stays as it was said: whoever shows it makes it safe. */

#include "jit-approver/daemon/reply_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/node.h"
#include "common/util.h"

/* What a yes to it would be. */
static void put_terms(JsonWriter *w, const Reply *how, const Request *r)
{
        char code[16];

        json_put_string(w, "kind", request_kind_to_string(r->kind));
        reply_put_text(w, "extends", r->extends.text);
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

static void put_review_of(JsonWriter *w, const Rule *rule, const Request *r, const Review *v)
{
        json_put_string(w, "state", v->signed_off ? "signed" : "open");
        json_open_array(w, "reviewers");
        if (rule) {
                reply_put_people(w, &rule->reviewers, r);
        }
        json_close_array(w);
        reply_put_text(w, "by", v->person);
        reply_put_text(w, "note", v->note);
        reply_put_time(w, "time", v->signed_off ? v->time : v->opened);
}

static void put_review(JsonWriter *w, Store *store, const Rule *rule, const Request *r)
{
        Review v;

        if (store && r->kind == REQUEST_BREAK_GLASS && store_review_get(store, &r->id, &v) >= 0) {
                json_open_object(w, "review");
                put_review_of(w, rule, r, &v);
                json_close_object(w);
                review_done(&v);
        }
}

/* What it became. Of a request for more time that is the grant there is, whatever is decided. */
static void put_grant(JsonWriter *w, const Reply *how, const Request *r)
{
        const Id *id = r->kind == REQUEST_EXTENSION ? &r->extends : &r->grant;
        Grant g;

        if (how->store && id_is_set(id) && store_grant_get(how->store, id, &g) >= 0) {
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

void reply_request(JsonWriter *w, const char *name, const Reply *how, const Request *r)
{
        const Rule *rule = rules_find(how->rules, r->rule);
        Vote *votes = NULL;
        size_t n = 0;

        if (how->store && store_votes(how->store, &r->id, &votes, &n) < 0) {
                n = 0;
        }
        json_open_object(w, name);
        json_put_string(w, "id", r->id.text);
        json_put_string(w, "state", request_state_to_string(r->state));
        reply_put_who(w, "asker", "asker_uid", &r->asker);
        reply_put_text(w, "login", r->login.name);
        json_put_string(w, "service", r->service);
        reply_put_who(w, "target", "target_uid", &r->target);
        reply_put_text(w, "target_group", r->target_group);
        reply_put_command(w, "command", how->command, r->command);
        reply_put_text(w, "reason", r->reason);
        json_put_string(w, "host", r->host);
        reply_put_text(w, "tty", r->tty);
        reply_put_text(w, "origin", r->origin);
        json_put_string(w, "rule", r->rule);
        json_put_integer(w, "approvals", r->approvals);
        reply_put_approvers(w, rule, r);
        reply_put_stages(w, rule, r, votes, n);
        reply_put_escalations(w, rule, r, votes, n);
        put_terms(w, how, r);
        reply_put_span(w, "duration", r->duration);
        reply_put_span(w, "max_duration", r->max_duration);
        reply_put_time(w, "created", r->created);
        reply_put_time(w, "deadline", r->deadline);
        json_put_string(w, "digest", r->digest);
        if (how->whole && how->store && how->command == COMMAND_SHOWN_MASKED) {
                put_added(w, how->store, r);
        }
        reply_put_votes(w, votes, n);
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

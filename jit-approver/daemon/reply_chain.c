/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who may decide a request, who has, and when others are asked. */

#include "jit-approver/daemon/reply_internal.h"

#include <stdio.h>

#include "common/util.h"
#include "jit-approver/domain/approver.h"

static void put_vote(JsonWriter *w, const Vote *v)
{
        json_open_object(w, NULL);
        json_put_string(w, "approver", v->person);
        json_put_string(w, "decision", v->approve ? "approve" : "deny");
        reply_put_text(w, "note", v->note);
        if (v->duration > 0) {
                reply_put_span(w, "duration", v->duration);
        }
        reply_put_time(w, "time", v->time);
        reply_put_text(w, "proof", proof_to_string(v->proof));
        reply_put_text(w, "channel", v->channel);
        if (v->login_uid != UID_UNSET && v->login_uid != v->who.uid) {
                json_put_integer(w, "login_uid", v->login_uid);
        }
        json_close_object(w);
}

void reply_put_votes(JsonWriter *w, const Vote *votes, size_t n)
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

void reply_put_people(JsonWriter *w, const NameList *list, const Request *r)
{
        approvers_visit(list, r, put_approver, w);
}

/* Who may decide in the stage that is open, as far as it has been put to people. */
void reply_put_approvers(JsonWriter *w, const Rule *rule, const Request *r)
{
        json_open_array(w, "approvers");
        if (rule && r->stage < rule->stages.n) {
                reply_put_people(w, &rule->stages.items[r->stage], r);
        }
        for (size_t i = 0; rule && i < rule->escalate.n && i < r->escalated; i++) {
                reply_put_people(w, &rule->escalate.items[i].to, r);
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

void reply_put_stages(
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
        reply_put_time(w, "at", usec_add(since, e->after));
        put_names(w, "approvers", &e->to);
        json_close_object(w);
}

/* Those that are still to come. */
void reply_put_escalations(
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

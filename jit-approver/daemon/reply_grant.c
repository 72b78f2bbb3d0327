/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A grant: its terms, what was started under it, and what it left on the host. */

#include "jit-approver/daemon/reply_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "common/node.h"
#include "common/trace.h"
#include "common/util.h"
#include "jit-approver/daemon/audit.h"

/* --- what was started under it --- */

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
        reply_put_text(w, "command", x->command);
        reply_put_time(w, "opened", x->opened);
        if (x->closed != 0) {
                reply_put_time(w, "closed", x->closed);
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

static void put_found(JsonWriter *w, const Trace *t, CommandShown how)
{
        json_open_object(w, NULL);
        json_put_string(w, "kind", trace_kind_to_string(t->kind));
        if (t->when != 0) {
                reply_put_time(w, "when", t->when);
        }
        reply_put_text(w, "who", t->who);
        reply_put_text(w, "note", t->note);
        reply_put_command(
                w, "what", t->kind == TRACE_PROCESS ? how : COMMAND_SHOWN_MASKED, t->what);
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
        reply_put_time(w, "taken", x->taken);
        reply_put_text(w, "cut_short", x->cut_short);
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

/* The command that it opens, where it opens no other; else NULL. The caller frees. */
static char *only_command(Store *store, const Grant *g)
{
        char *command = NULL;
        Request r;

        if (g->scope != SCOPE_SERVICE && id_is_set(&g->request) &&
                store_request_get(store, &g->request, &r) >= 0) {
                command = TAKE_PTR(r.command);
                request_done(&r);
        }
        return command;
}

void reply_grant(JsonWriter *w, const char *name, const Grant *g)
{
        reply_grant_whole(w, name, &(Reply){ 0 }, g);
}

void reply_grant_whole(JsonWriter *w, const char *name, const Reply *how, const Grant *g)
{
        json_open_object(w, name);
        json_put_string(w, "id", g->id.text);
        reply_put_text(w, "request", g->request.text);
        reply_put_who(w, "asker", "asker_uid", &g->asker);
        json_put_string(w, "service", g->service);
        reply_put_who(w, "target", "target_uid", &g->target);
        reply_put_text(w, "target_group", g->target_group);
        reply_put_text(w, "rule", g->rule);
        reply_put_text(w, "reason", g->reason);
        json_put_string(w, "kind", request_kind_to_string(g->kind));
        json_put_string(w, "scope", scope_to_string(g->scope));
        if (g->spent != 0) {
                reply_put_time(w, "spent", g->spent);
        }
        if (g->login_session != SESSION_NONE) {
                json_put_integer(w, "login_session", g->login_session);
        }
        json_put_boolean(w, "end_when_done", g->end_when_done);
        json_put_boolean(w, "survive_reboot", g->survive_reboot);
        json_put_string(w, "on_expiry", on_expiry_to_string(g->on_expiry));
        reply_put_time(w, "from", g->from);
        reply_put_time(w, "until", g->until);
        json_put_string(w, "state", grant_state_to_string(g->state));
        reply_put_text(w, "by", g->by.name);
        if (how->whole && how->store && how->command == COMMAND_SHOWN_MASKED) {
                _cleanup_(freep) char *only = only_command(how->store, g);

                reply_put_command(w, "command", how->command, only);
                put_commands(w, how->store, g);
        }
        if (how->residue && how->store) {
                put_residue(w, how, g);
        }
        json_close_object(w);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The client of Request and Wait. MUST: only the two openers exit 0; what is not understood is a
 * refusal.
 */

#include "jit-approver/ctl/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "common/service.h"
#include "common/span.h"
#include "common/util.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/view.h"

/* How long an approver that went away may take to come back; it keeps our place as long. */
#define REATTACH_TIMEOUT (15 * USEC_PER_SEC)
#define REATTACH_PAUSE_MS 200
/* How often a reason may be given until one is taken. */
#define REASONS_MAX 3

/* One call under way. */
typedef struct Waiting {
        Call *call;
        const RequestCall *request; /* what we wait for; NULL: only watching */
        const char *service;
        usec_t deadline; /* ours */
        bool may_end;    /* past it the wait is over; else it is the approver that is late */
        bool detached;
        Outcome outcome;
} Waiting;

int ask_exit(const char *verdict, const char *code)
{
        verdict = str_or(verdict, "");
        if (streq(verdict, VERDICT_GRANT) || streq(verdict, VERDICT_PASS)) {
                return EXIT_DONE;
        }
        if (streq(verdict, VERDICT_PENDING)) {
                return EXIT_PENDING;
        }
        return streq(verdict, VERDICT_DENY) ? call_code_exit(code) : EXIT_NO;
}

static void keep_id(char out[static 32], const char *id)
{
        if (id && strlen(id) < 32) {
                memcpy(out, id, strlen(id) + 1);
        }
}

static void tell_lines(const JsonNode *answer)
{
        const JsonNode *lines = node_array(answer, "lines");

        for (const JsonNode *n = lines ? json_first(lines) : NULL; n; n = json_next(n)) {
                if (json_type(n) == JSON_STRING) {
                        say_line(json_string(n));
                }
        }
}

void ask_take(const JsonNode *answer, Outcome *ret)
{
        tell_lines(answer);
        keep_id(ret->request, node_text(answer, "request"));
        keep_id(ret->grant, node_text(answer, "grant"));
}

/* One answer came: its lines are told, its ids kept, and how long the rule lets us wait. */
static void waiting_take(Waiting *w, const JsonNode *answer)
{
        int64_t wait = node_integer(answer, "wait_usec", 0);

        ask_take(answer, &w->outcome);
        if (w->request && w->may_end && w->deadline == USEC_NEVER && wait > 0) {
                w->deadline = usec_add(clock_usec(CLOCK_MONOTONIC), wait);
        }
}

static int ask_send_wait(Call *c, const char *id, const char *service)
{
        WaitCall call = {
                .version = PROTOCOL_VERSION,
                .request = id,
                .ask = { .service = service, .asker = UID_UNSET, .login_uid = UID_UNSET },
        };

        return call_send(c, "Wait", WAIT_FIELDS, &call, CALL_MORE);
}

/* Whether the request is still to be decided, on a new connection. */
static int waiting_return(Waiting *w, bool *ret_pending)
{
        IdCall show = { .version = PROTOCOL_VERSION, .id = w->outcome.request };

        call_done(w->call);
        w->call->client = CLIENT_NONE;
        int r = call_open(w->call, w->call->ctl);
        if (r == EXIT_DONE) {
                r = call_do(w->call, "Show", ID_FIELDS, &show);
        }
        if (r == EXIT_DONE) {
                const JsonNode *request = node_object(w->call->reply.parameters, "request");

                *ret_pending = streq(str_or(node_text(request, "state"), ""), "pending");
        }
        return r;
}

/*
 * After a restart of the approver. While the request is open, asking the same again joins it and
 * makes us its waiter; once it is over, asking would open another.
 */
static int waiting_again(Waiting *w)
{
        bool pending = false;

        int r = waiting_return(w, &pending);
        if (r != EXIT_DONE) {
                return r;
        }
        if (w->request && pending) {
                return call_send(w->call, "Request", REQUEST_FIELDS, w->request, CALL_MORE);
        }
        return ask_send_wait(w->call, w->outcome.request, w->service);
}

static int waiting_reattach(Waiting *w)
{
        usec_t until = usec_add(clock_usec(CLOCK_MONOTONIC), REATTACH_TIMEOUT);
        bool quiet = w->call->quiet;
        int r = -ECONNRESET;

        w->call->quiet = true;
        for (;;) {
                r = waiting_again(w);
                if (r == EXIT_DONE || clock_usec(CLOCK_MONOTONIC) >= until) {
                        break;
                }
                (void) poll(NULL, 0, REATTACH_PAUSE_MS);
        }
        w->call->quiet = quiet;
        return r == EXIT_DONE ? EXIT_DONE : call_lost(w->call, -ECONNRESET);
}

/* Our time is up: the request shall stay open without us. The last answer still comes. */
static int waiting_detach(Waiting *w)
{
        static const Field nothing[] = { FIELD_REQUIRED(INTEGER, IdCall, version), FIELD_END };
        IdCall call = { .version = PROTOCOL_VERSION };

        if (w->detached) {
                return EXIT_PENDING;
        }
        w->detached = true;
        w->deadline = usec_add(clock_usec(CLOCK_MONOTONIC), CALL_TIMEOUT);
        int r = call_send(w->call, "Detach", nothing, &call, CALL_ONEWAY);
        return r < 0 ? EXIT_PENDING : EXIT_DONE;
}

/* A transport's errno: go on (EXIT_DONE) or end. */
static int waiting_broken(Waiting *w, int error)
{
        if (error == -ETIMEDOUT && w->may_end) {
                return w->request ? waiting_detach(w) : EXIT_PENDING;
        }
        if ((error == -ECONNRESET || error == -EPIPE) && *w->outcome.request && !w->detached) {
                return waiting_reattach(w);
        }
        return call_lost(w->call, error);
}

/* Until the last answer, which stays in the call's reply; then EXIT_DONE. */
static int waiting_run(Waiting *w)
{
        for (;;) {
                int r = call_receive(w->call, w->deadline);
                if (r < 0) {
                        r = waiting_broken(w, r);
                        if (r != EXIT_DONE) {
                                return r;
                        }
                        continue;
                }
                if (r != EXIT_DONE) {
                        return r;
                }
                waiting_take(w, w->call->reply.parameters);
                if (!w->call->reply.continues) {
                        return EXIT_DONE;
                }
        }
}

void ask_fill(const Asking *a, Ask *ret)
{
        const char *service = str_or(a->service, "sudo");

        *ret = (Ask){
                .service = service,
                .asker = UID_UNSET,
                .login_uid = UID_UNSET,
                .mode = a->n_command > 0 ? "run" : "shell",
                .command = { (const char **) a->command, a->n_command },
                /* Elsewhere nobody becomes another. */
                .target = a->target || !service_changes_user(service_canonical(service)) ? a->target
                                                                                         : "root",
        };
}

/* Sends Request and follows it. A demanded reason comes back as the verdict ask-for-it. */
static int ask_once(Call *c, const Asking *a, const char *reason, Outcome *ret)
{
        RequestCall call = {
                .version = PROTOCOL_VERSION,
                .reason = reason,
                .duration = a->duration,
                .wait_usec = a->detached ? 0 : SPAN_MAX,
                .detached = a->detached,
                .end_when_done = a->end_when_done,
        };
        Waiting w = { .call = c,
                .request = &call,
                .service = str_or(a->service, "sudo"),
                .deadline = USEC_NEVER,
                .may_end = !a->detached };

        ask_fill(a, &call.ask);
        int r = call_send(c, "Request", REQUEST_FIELDS, &call, a->detached ? 0 : CALL_MORE);
        if (r < 0) {
                return call_lost(c, r);
        }
        if (a->detached) {
                w.deadline = usec_add(clock_usec(CLOCK_MONOTONIC), CALL_TIMEOUT);
        }
        r = waiting_run(&w);
        *ret = w.outcome;
        return r;
}

/* Whether the last answer says that nobody was asked yet, for want of another reason. */
static bool wants_reason(const Call *c)
{
        const char *mode = str_or(node_text(c->reply.parameters, "reason_mode"), "none");

        return streq(str_or(node_text(c->reply.parameters, "verdict"), ""), VERDICT_ASK) &&
               !streq(mode, "none");
}

/* Whether it opens by break-glass, and for nobody who was not asked whether he means it. */
static bool wants_confirmation(const Call *c)
{
        return streq(str_or(node_text(c->reply.parameters, "verdict"), ""), VERDICT_ASK) &&
               node_text(c->reply.parameters, "confirm");
}

/* The reason that is wanted: the first, or another. EXIT_NO where nobody is there to be asked. */
static int ask_reason(Call *c, bool another, char **ret)
{
        const JsonNode *lines = node_array(c->reply.parameters, "lines");

        if (another && !(lines && json_first(lines))) {
                return call_garbled(c, "an answer"); /* without a word of what was wrong with it */
        }
        free(*ret);
        *ret = can_ask() ? ask_line("Reason:") : NULL;
        if (*ret) {
                return EXIT_DONE;
        }
        return another ? EXIT_NO : usage("The rule wants a reason: give --reason TEXT.");
}

int ask_access(Call *c, const Asking *a, Outcome *ret)
{
        _cleanup_(freep) char *reason = NULL;

        int r = ask_once(c, a, a->reason, ret);
        if (r == EXIT_DONE && wants_confirmation(c)) {
                say("Nobody is asked for this: in an emergency it opens by jitctl break-glass");
                return EXIT_NO;
        }
        for (unsigned i = a->reason ? 1 : 0; r == EXIT_DONE && wants_reason(c) && i < REASONS_MAX;
                i++) {
                r = ask_reason(c, i > 0, &reason);
                if (r == EXIT_DONE) {
                        r = ask_once(c, a, reason, ret);
                }
        }
        if (r != EXIT_DONE) {
                return r;
        }
        return ask_exit(
                node_text(c->reply.parameters, "verdict"), node_text(c->reply.parameters, "code"));
}

int ask_wait(Call *c, const char *id, usec_t deadline, Outcome *ret)
{
        _cleanup_(freep) char *service = NULL;
        IdCall show = { .version = PROTOCOL_VERSION, .id = id };
        Waiting w = { .call = c, .deadline = deadline, .may_end = true };

        /* A prefix may come to name several while we wait. */
        int r = call_do(c, "Show", ID_FIELDS, &show);
        if (r != EXIT_DONE) {
                return r;
        }
        const JsonNode *request = node_object(c->reply.parameters, "request");
        if (!request) {
                return usage("'%s' is not a request.", safe(id));
        }
        keep_id(w.outcome.request, node_text(request, "id"));
        service = must(strdup(str_or(node_text(request, "service"), "")));
        w.service = service;
        r = ask_send_wait(c, w.outcome.request, service);
        if (r < 0) {
                return call_lost(c, r);
        }
        r = waiting_run(&w);
        *ret = w.outcome;
        if (r != EXIT_DONE) {
                return r;
        }
        return ask_exit(
                node_text(c->reply.parameters, "verdict"), node_text(c->reply.parameters, "code"));
}

void ask_tell(Call *c, const Outcome *outcome)
{
        const char *id = *outcome->request ? outcome->request : outcome->grant;
        IdCall call = { .version = PROTOCOL_VERSION, .id = id };

        if (!*id) {
                return;
        }
        /* On a connection of its own: the one that waited may be gone. */
        _cleanup_(call_done) Call again = { .client = CLIENT_NONE, .quiet = true };
        if (call_open(&again, c->ctl) != EXIT_DONE ||
                call_do(&again, "Show", ID_FIELDS, &call) != EXIT_DONE) {
                return;
        }
        const JsonNode *request = node_object(again.reply.parameters, "request");
        const JsonNode *grant = node_object(again.reply.parameters, "grant");

        if (c->ctl->json && (request || grant)) {
                (void) node_print(request ? request : grant);
        } else if (request) {
                view_request_line(stdout, request);
        } else if (grant) {
                view_grant_line(stdout, grant);
        }
}

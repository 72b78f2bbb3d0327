/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What PAM modules call, and the units that stand in for us while we are down. */

#include "common/span.h"
#include "jit-approver/daemon/method_internal.h"
#include "jit-approver/daemon/tell.h"

/* Tells the outcome, then notes it: the asker does not wait for the record of a mere question. */
static void answer(Turn *t, const Outcome *o)
{
        _unused_ _cleanup_(json_freep) Json *words =
                TAKE_PTR(t->call->json); /* the subject borrows from it */
        bool refused = o->event == AUDIT_CHECK_REFUSED;

        tell_call(t->call, o, &t->echo);
        if (o->noted && flow_hears(t->daemon, turn_door(t), t->subject.asker.uid, refused)) {
                flow_note(t->daemon, turn_door(t), &t->subject, o);
        }
}

void method_check(Turn *t)
{
        Outcome o;

        flow_check(t->daemon, &t->subject, &o);
        /*
         * A module that need not ask is through with us. To watch its connection until it hangs up
         * would cost as much as the check.
         */
        if (!str_empty(t->echo.nonce) && !streq(str_or(o.verdict, ""), VERDICT_ASK)) {
                call_is_last(t->call);
        }
        answer(t, &o);
        outcome_done(&o);
        turn_free(t);
}

/* A span somebody typed; 0 for none. Answers itself when it makes no sense. */
static bool read_duration(Turn *t, const char *text, usec_t *ret)
{
        *ret = 0;
        if (text && (span_parse(text, ret) < 0 || *ret == 0)) {
                turn_bad_parameter(t, "duration");
                return false;
        }
        return true;
}

void method_request(Turn *t)
{
        const RequestCall *in = &t->in.request;
        Wish wish = {
                .reason = in->reason,
                .wait = in->wait_usec,
                .detached = in->detached,
                .end_when_done = in->end_when_done,
                .confirm = in->confirm,
        };
        Call *waits = t->call->message.more && !in->detached ? t->call : NULL;
        Waiter *waiter = NULL;
        Outcome o;

        if (!read_duration(t, in->duration, &wish.duration)) {
                return;
        }
        /* Who sits behind a shared account may not decide what it asks for, so it must be known. */
        if (!t->plan.speaks_for_others && !t->proven) {
                turn_refuse(t, "identity", "Your login cannot be told for certain; ask again.");
                return;
        }
        flow_request(t->daemon, &t->subject, &wish, waits, &t->echo, &o, &waiter);
        if (waiter) {
                tell_news(waiter, &o);
        } else {
                answer(t, &o);
        }
        outcome_done(&o);
        turn_free(t);
}

/* Whether the request is for what the subject asks. */
static bool asks_for(const Subject *s, const Request *r)
{
        return r->asker.uid == s->asker.uid && streq(r->service, s->service) &&
               r->target.uid == s->target_who.uid &&
               streq(str_or(r->target_group, ""), str_or(s->ask->target_group, ""));
}

/* A module that comes back waits again; others look on, if they may see the request. */
void method_wait(Turn *t)
{
        Daemon *d = t->daemon;
        Waiter *waiter = NULL;
        Request r;
        Outcome o;

        int err = method_find_request(t, t->in.wait.request, &r);
        if (err < 0) {
                method_not_found(t, err, "request");
                return;
        }
        bool module = t->plan.speaks_for_others;
        bool own = r.asker.uid == t->subject.asker.uid;
        /* What a module is told opens a door: only the answer to its own question may. */
        unsigned roles = module ? (asks_for(&t->subject, &r) ? ROLE_ASKER : 0)
                                : turn_roles_of_request(t, &r) | (own ? ROLE_ASKER : 0);
        if (!turn_may(t, ACT_SEE, roles, "request")) {
                request_done(&r);
                return;
        }
        bool counts = module;
        flow_wait(d, &t->subject, &r, t->call->message.more ? t->call : NULL, &t->echo, counts, &o,
                &waiter);
        if (waiter) {
                tell_news(waiter, &o);
        } else {
                tell_call(t->call, &o, &t->echo);
        }
        outcome_done(&o);
        request_done(&r);
        turn_free(t);
}

static void on_opened(const Outcome *o, void *userdata)
{
        Turn *t = userdata;

        bool waited = t->opening != NULL;

        t->opening = NULL; /* it frees itself */
        if (!waited || turn_resolve(t) >= 0) {
                answer(t, o);
        } else {
                tell_call(t->call, o, &t->echo);
        }
        turn_free(t);
}

void method_open_session(Turn *t)
{
        Opening *o = opening_start(t->daemon, &t->subject, call_peer(t->call), on_opened, t);

        if (o) {
                t->opening = o;
        }
}

void method_close_session(Turn *t)
{
        opening_closed(t->daemon, call_peer(t->call));
        call_reply_empty(t->call);
        turn_free(t);
}

void method_report_exempt(Turn *t)
{
        const Outcome o = {
                .verdict = VERDICT_PASS,
                .code = t->in.exempt.why,
                .noted = true,
                .event = AUDIT_CHECK_EXEMPT,
        };

        flow_note(t->daemon, turn_door(t), &t->subject, &o);
        call_reply_empty(t->call);
        turn_free(t);
}

void method_expire(Turn *t)
{
        Failure f = { 0 };
        Id id;

        if (!t->in.id.id || id_parse(t->in.id.id, &id) < 0) {
                call_error(t->call, "NotFound", "there is no such grant");
                turn_free(t);
                return;
        }
        flow_expire(t->daemon, &id, &f);
        /* Over already is what the timer wanted. */
        if (f.error && !f.state) {
                turn_fail(t, &f);
        } else {
                JsonWriter w = call_writer();
                json_put_string(&w, "state", "expired");
                call_reply(t->call, &w);
                turn_free(t);
        }
        failure_done(&f);
}

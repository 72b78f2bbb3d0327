/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Answers to whoever asks or waits. */

#include "jit-approver/daemon/tell.h"

/* The parameters of an Answer, into a writer from call_writer(). */
static void tell_write(const Outcome *o, const Echo *echo, JsonWriter *w)
{
        char deadline[TIME_RFC3339_MAX];
        const char *lines[] = { o->line };
        bool asks = o->verdict && streq(o->verdict, VERDICT_ASK);
        Answer a = {
                .verdict = str_or(o->verdict, VERDICT_DENY),
                .code = o->code,
                .nonce = str_empty(echo->nonce) ? NULL : echo->nonce,
                .service = str_empty(echo->service) ? NULL : echo->service,
                .user = str_empty(echo->user) ? NULL : echo->user,
                .asker = echo->asker,
                .target = str_empty(echo->target) ? NULL : echo->target,
                .target_uid = echo->target_uid,
                .request = id_is_set(&o->request) ? o->request.text : NULL,
                .grant = id_is_set(&o->grant) ? o->grant.text : NULL,
                .session = id_is_set(&o->session) ? o->session.text : NULL,
                .digest = o->digest[0] ? o->digest : NULL,
                .reason_mode = asks ? reason_mode_to_string(o->reason_mode) : NULL,
                .confirm = asks ? o->confirm : NULL,
                .wait_usec = o->wait,
                .lines = { lines, o->line ? 1 : 0 },
        };
        if (o->deadline) {
                time_rfc3339(o->deadline, deadline);
                a.deadline = deadline;
        }
        fields_write(ANSWER_FIELDS, &a, w);
}

void tell_call(Call *c, const Outcome *o, const Echo *echo)
{
        JsonWriter w = call_writer();

        tell_write(o, echo, &w);
        call_reply(c, &w);
}

void tell_news(Waiter *w, const Outcome *o)
{
        JsonWriter writer = call_writer();

        tell_write(o, &w->echo, &writer);
        call_notify(w->call, &writer);
}

void tell_last(Waiters *ws, Waiter *w, const Outcome *o)
{
        JsonWriter writer = call_writer();
        Call *call = w->call;

        tell_write(o, &w->echo, &writer);
        waiters_remove(ws, w);
        call_reply(call, &writer);
}

void tell_all_news(Waiters *ws, const Id *request, const Outcome *o)
{
        for (Waiter *w = waiters_of(ws, request); w; w = w->next) {
                tell_news(w, o);
        }
}

void tell_all_last(Waiters *ws, const Id *request, const Outcome *o)
{
        const Id id = *request;
        Waiter *w;

        while ((w = waiters_of(ws, &id))) {
                tell_last(ws, w, o);
        }
}

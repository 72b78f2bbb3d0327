/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What opens without approval, and its review. MUST: leave a rescue code nowhere: not in the record, not
 * in the journal, and in memory no longer than it takes (the wire and JSON erase what they held).
 */

#include <errno.h>

#include "jit-approver/daemon/method_internal.h"
#include "jit-approver/daemon/tell.h"

void method_rescue(Turn *t)
{
        const RescueCall *in = &t->in.rescue;
        _unused_ _cleanup_(json_freep) Json *words = NULL;
        Outcome o;

        /* It opens a door to who holds a code, so it is held by somebody: never by a module for others. */
        if (t->plan.speaks_for_others || !t->proven) {
                turn_refuse(t, "identity", "Your login cannot be told for certain; ask again.");
                return;
        }
        flow_rescue(t->daemon, &t->subject, in->code, in->reason, &o);
        words = TAKE_PTR(t->call->json); /* the subject borrows from it */
        tell_call(t->call, &o, &t->echo);
        if (o.noted && flow_hears(t->daemon, DOOR_PEER, t->subject.asker.uid, true)) {
                flow_note(t->daemon, DOOR_PEER, &t->subject, &o);
        }
        outcome_done(&o);
        turn_free(t);
}

static void reply_codes(Turn *t, char (*codes)[RESCUE_CODE_SIZE], size_t n)
{
        JsonWriter w = call_writer();
        int64_t left = 0;

        (void) store_rescue_count(t->daemon->ledger.store, t->daemon->rescue_key.name, &left);
        json_open_array(&w, "codes");
        for (size_t i = 0; i < n; i++) {
                json_put_string(&w, NULL, codes[i]);
        }
        json_close_array(&w);
        json_put_integer(&w, "left", left);
        call_reply(t->call, &w);
        turn_free(t);
}

void method_rescue_codes(Turn *t)
{
        const RescueCodesCall *in = &t->in.rescue_codes;
        char codes[RESCUE_CODES_MAX][RESCUE_CODE_SIZE];
        Failure f = { 0 };

        if (!turn_may(t, ACT_ADMINISTER, turn_roles(t), "host")) {
                return;
        }
        if (!t->proven) {
                call_error(t->call, "NotPermitted", "your login cannot be told for certain");
                turn_free(t);
                return;
        }
        if (in->count < 1 || in->count > RESCUE_CODES_MAX) {
                turn_bad_parameter(t, "count");
                return;
        }
        size_t n = (size_t) in->count;
        flow_rescue_codes(t->daemon, &t->caller, n, in->add, codes, &f);
        if (f.error) {
                turn_fail(t, &f);
        } else {
                reply_codes(t, codes, n);
        }
        explicit_bzero(codes, sizeof(codes));
        failure_done(&f);
}

void method_review(Turn *t)
{
        const ReviewCall *in = &t->in.review;
        const Voter v = { t->caller.account, t->caller.login_uid };
        Failure f = { 0 };
        Request r;

        int err = method_find_request(t, in->request, &r);
        if (err < 0) {
                method_not_found(t, err, "request");
                return;
        }
        /* Why he may not sign is decision.c's to say; here only whether he may know of it. */
        unsigned roles = turn_roles_of_request(t, &r);
        if (access_judge(ACT_SEE, roles) != ACCESS_YES &&
                flow_reviewer_standing(t->daemon, &v, &r) == STANDING_UNKNOWN) {
                call_error(t->call, "NamesUnavailable",
                        "the name service does not answer, so your right to review is not known; try again");
                turn_free(t);
        } else if (turn_may(t, ACT_SEE, roles, "request")) {
                flow_review(t->daemon, &t->caller, &r, in->note, &f);
                if (f.error) {
                        turn_fail(t, &f);
                } else {
                        method_reply_request(t, &r);
                }
        }
        failure_done(&f);
        request_done(&r);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What people do with requests. The rights are access.c's, whether a vote counts decision.c's. */

#include <errno.h>

#include "jit-approver/daemon/method_internal.h"

/* MUST: what the caller may not see is answered in the words for what is not there. */
void method_show(Turn *t)
{
        static const char what[] = "request or grant";
        Request r;
        Grant g;

        int err = method_find_request(t, t->in.id.id, &r);
        if (err >= 0) {
                if (turn_may(t, ACT_SEE, turn_roles_of_request(t, &r), what)) {
                        method_reply_request(t, &r);
                }
                request_done(&r);
                return;
        }
        if (err == -ENOENT) {
                err = method_find_grant(t, t->in.id.id, &g);
        }
        if (err < 0) {
                method_not_found(t, err, what);
                return;
        }
        const Id id = g.id;
        bool may = turn_may(t, ACT_SEE, turn_roles_of_grant(t, &g), what);
        grant_done(&g);
        if (may) {
                method_reply_grant(t, &id);
        }
}

/* An approver whose groups are not known at present is not to be told that there is no request. */
static bool names_are_silent(const Turn *t, const Request *r)
{
        const Rules *rules = config_rules(t->daemon->config);
        const Rule *rule = rules_find(rules, r->rule);
        const Voter v = { t->caller.account, t->caller.login_uid };

        return rule && decision_standing(rules, rule, r, &v) == STANDING_UNKNOWN;
}

void method_decide(Turn *t)
{
        const DecideCall *in = &t->in.decide;
        Failure f = { 0 };
        Request r;
        Ballot b;

        if (!method_read_ballot(t, in->decision, in->duration, in->note, in->code, &b)) {
                return;
        }
        int err = method_find_request(t, t->in.decide.request, &r);
        if (err < 0) {
                method_not_found(t, err, "request");
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
        if (!turn_knows_voters(t, &r.id)) {
                request_done(&r);
                return;
        }
        Daemon *d = t->daemon; /* outlives the turn */
        flow_decide(d, &t->caller, &r, &b, &f);
        if (f.error) {
                turn_fail(t, &f);
        } else {
                method_reply_request(t, &r);
        }
        flow_decided(d);
        failure_done(&f);
        request_done(&r);
}

void method_cancel(Turn *t)
{
        Failure f = { 0 };
        Request r;

        if (!method_take_request(t, t->in.id.id, ACT_CANCEL, &r)) {
                return;
        }
        flow_cancel(t->daemon, &t->caller, &r, &f);
        if (f.error) {
                turn_fail(t, &f);
        } else {
                method_reply_request(t, &r);
        }
        failure_done(&f);
        request_done(&r);
}

void method_nudge(Turn *t)
{
        Failure f = { 0 };
        Request r;

        if (!method_take_request(t, t->in.id.id, ACT_NUDGE, &r)) {
                return;
        }
        flow_nudge(t->daemon, &r, &f);
        if (f.error) {
                turn_fail(t, &f);
        } else {
                method_reply_request(t, &r);
        }
        failure_done(&f);
        request_done(&r);
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
                const Rule *rule = rules_find(rules, r->rule);
                const Voter v = { t->caller.account, t->caller.login_uid };
                return rule && decision_standing(rules, rule, r, &v) == STANDING_APPROVER &&
                       flow_waits_for(t->daemon, &t->caller, r);
        }
        return access_judge(ACT_SEE, roles) == ACCESS_YES;
}

static void put_listed(Page *p, const Request *r)
{
        Daemon *d = p->turn->daemon;

        reply_request(&p->w, NULL,
                &(Reply){ d->ledger.store, config_rules(d->config), COMMAND_SHOWN_MASKED, false,
                        false, r->asker.uid == p->turn->caller.account.uid },
                r);
        p->rows++;
}

static int list_request(const Request *r, int64_t row, void *userdata)
{
        Page *p = userdata;

        if (request_wanted(p, r)) {
                put_listed(p, r);
        }
        return page_is_full(p, row);
}

/* An open review: the caller may sign it, or it is others' to sign and he is to know of all. */
static bool review_wanted(const Page *p, const Request *r)
{
        const Turn *t = p->turn;
        const Voter v = { t->caller.account, t->caller.login_uid };
        bool signs = flow_reviewer_standing(t->daemon, &v, r) == STANDING_APPROVER;

        if (streq(p->which, "reviews")) {
                return signs;
        }
        return !signs && access_judge(ACT_AUDIT, turn_roles(t)) == ACCESS_YES;
}

static int list_review(const Id *request, int64_t row, void *userdata)
{
        Page *p = userdata;
        Request r;

        int err = store_request_get(p->turn->daemon->ledger.store, request, &r);
        if (err < 0) {
                return err;
        }
        if (review_wanted(p, &r)) {
                put_listed(p, &r);
        }
        request_done(&r);
        return page_is_full(p, row);
}

void method_list_requests(Turn *t)
{
        static const char *const words[] = { "pending", "reviews", "unsigned", "mine", "open",
                "all" };
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
        if (!store) {
                page_reply(&p, -EIO);
        } else if (streq(p.which, "reviews") || streq(p.which, "unsigned")) {
                page_reply(&p, store_reviews_open(store, f.after, list_review, &p));
        } else {
                page_reply(&p, store_requests(store, &f, list_request, &p));
        }
}

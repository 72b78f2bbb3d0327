/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the gateway calls, on a socket of its own. It is nobody's deputy: what it hands in is a link's
 * token, which is reckoned anew here, and counts for the person it was made for. MUST: answer alike for
 * whatever is no link of ours, and decide nothing when a link is merely looked at (hazards H-61, H-62).
 */

#include <errno.h>

#include "common/span.h"
#include "jit-approver/daemon/method_internal.h"

#define LATELY 5 /* grants that a page shows */

/* --- whose link it is ---------------------------------------------------------------------------- */

/* A link that came back. Borrows from the rules but for the request: good for one turn of the loop. */
typedef struct Holder {
        Request request;
        const Approver *approver; /* NULL: a shared audience */
        const Channel *channel;
} Holder;

static void holder_done(Holder *h)
{
        request_done(&h->request);
}

static bool is_made_for(
        const Daemon *d, const char *token, const Request *r, const Approver *a, const Channel *c)
{
        char made[LINK_TOKEN_SIZE];

        int err = link_token(&d->link_key, r, a ? a->name : NULL, c->name, made);
        bool yes = err >= 0 && link_equal(token, made);
        explicit_bzero(made, sizeof(made));
        return yes;
}

/* Nothing of a link is stored: for whom it was made is found by making it again. */
static bool find_reader(const Daemon *d, const Rules *rules, const char *token, Holder *h)
{
        for (size_t i = 0; i < rules->n_channels; i++) {
                const Channel *c = rules->channels[i];

                h->channel = c;
                h->approver = NULL;
                if (c->audience != AUDIENCE_PERSONAL) {
                        if (is_made_for(d, token, &h->request, NULL, c)) {
                                return true;
                        }
                        continue;
                }
                for (size_t k = 0; k < rules->n_approvers; k++) {
                        h->approver = rules->approvers[k];
                        if (is_made_for(d, token, &h->request, h->approver, c)) {
                                return true;
                        }
                }
        }
        return false;
}

/* -ENOENT: it is no link of ours, whatever else it is. */
static int holder_find(const Daemon *d, const char *token, Holder *ret)
{
        const Rules *rules = config_rules(d->config);
        Holder h = { .request = { .asker = { .uid = UID_UNSET } } };
        Id id;

        if (!rules || !d->ledger.store) {
                return -EIO;
        }
        if (link_request(token, &id) < 0) {
                return -ENOENT;
        }
        int err = store_request_get(d->ledger.store, &id, &h.request);
        if (err < 0) {
                return err;
        }
        if (!find_reader(d, rules, token, &h)) {
                holder_done(&h);
                return -ENOENT;
        }
        *ret = h;
        return 0;
}

/* What the approver's accounts are, as far as it is known by now. */
static size_t holder_accounts(
        const Turn *t, const Holder *h, Account accounts[static PEOPLE_KEYS_MAX])
{
        size_t n = 0;

        for (size_t i = 0; i < h->approver->users.n && n < PEOPLE_KEYS_MAX; i++) {
                const Name *user = &h->approver->users.items[i];
                if (user->exists == TERNARY_YES) {
                        const Key key = { .kind = KEY_UID, .uid = user->id };
                        accounts[n++] =
                                person_account(user->id, people_get(t->daemon->people, &key));
                }
        }
        return n;
}

void method_plan_link(Turn *t)
{
        Holder h;

        if (holder_find(t->daemon, turn_token(t), &h) < 0) {
                return; /* the handler says so */
        }
        for (size_t i = 0; h.approver && i < h.approver->users.n; i++) {
                const Name *user = &h.approver->users.items[i];
                if (user->exists == TERNARY_YES) {
                        (void) turn_key(t, (Key){ .kind = KEY_UID, .uid = user->id });
                }
        }
        holder_done(&h);
}

/* The holder behind this call's token; else answered, and false. */
static bool take_holder(Turn *t, Holder *ret)
{
        int err = holder_find(t->daemon, turn_token(t), ret);

        if (err == -ENOENT) {
                call_error(t->call, "NotFound", "there is no such link");
        } else if (err < 0) {
                call_error(t->call, "StoreUnavailable", "the record cannot be read: %s",
                        ledger_state(&t->daemon->ledger));
        }
        if (err < 0) {
                turn_free(t);
        }
        return err >= 0;
}

/* --- the page ------------------------------------------------------------------------------------ */

static const char *standing_word(Standing s)
{
        switch (s) {
        case STANDING_APPROVER:
                return "may";
        case STANDING_SELF:
                return "self";
        case STANDING_UNKNOWN:
                return "unknown";
        case STANDING_NONE:
        case STANDING_OTHER_LOGIN:
        default:
                return "none";
        }
}

/* Of one who may decide: now, or in a stage that is to come or is over. */
static const char *turn_word(Turns turn)
{
        switch (turn) {
        case TURNS_NOW:
                return "may";
        case TURNS_LATER:
                return "later";
        case TURNS_OVER:
                return "done";
        case TURNS_UNKNOWN:
                return "unknown";
        case TURNS_NONE:
        default:
                return "none";
        }
}

static const char *holder_standing(const Turn *t, const Holder *h)
{
        const Rules *rules = config_rules(t->daemon->config);
        const Rule *rule = rules_find(rules, h->request.rule);
        Account accounts[PEOPLE_KEYS_MAX];
        Now now = t->daemon->now();

        if (h->request.state != REQUEST_PENDING ||
                request_is_late(&h->request, &now, t->daemon->ledger.boot_id)) {
                return "over";
        }
        if (!h->approver) {
                return "shared";
        }
        if (!rule || rule->action != ACTION_ASK) {
                return "none";
        }
        const Caller c = { .approver = h->approver,
                .accounts = accounts,
                .n_accounts = holder_accounts(t, h, accounts) };
        Standing s =
                decision_standing_of(rules, rule, &h->request, h->approver, accounts, c.n_accounts);
        if (s != STANDING_APPROVER) {
                return standing_word(s);
        }
        return proof_suffices(rule->assurance, PROOF_LINK)
                       ? turn_word(flow_turn(t->daemon, &c, &h->request, true))
                       : "local";
}

/* His last word, if he said one. */
static void put_own_vote(JsonWriter *w, Store *store, const Holder *h)
{
        Vote *votes = NULL;
        size_t n = 0;

        if (!h->approver || store_votes(store, &h->request.id, &votes, &n) < 0) {
                return;
        }
        for (size_t i = n; i > 0; i--) {
                if (streq(votes[i - 1].person, h->approver->name)) {
                        json_put_string(w, "vote", votes[i - 1].approve ? "approve" : "deny");
                        break;
                }
        }
        votes_free(votes, n);
}

static void put_span(JsonWriter *w, usec_t span)
{
        char text[SPAN_TEXT_MAX];

        span_format(span, text);
        json_put_string(w, NULL, text);
}

/* What may be given. What lasts yet counts: see grant_extend(). */
static usec_t longest(Daemon *d, const Request *r)
{
        const ActiveGrant *g =
                r->kind == REQUEST_EXTENSION ? active_get(&d->active, &r->extends) : NULL;
        Now now = d->now();

        if (!g) {
                return r->max_duration;
        }
        usec_t left = MAX(g->grant.until - now.wall, g->grant.until_boot - now.boot);
        return r->max_duration - MAX(left, 0);
}

/* What may be chosen, the one asked for in its place among the usual ones. */
static void put_durations(JsonWriter *w, Daemon *d, const Request *r)
{
        static const usec_t usual[] = { 5 * USEC_PER_MIN, 15 * USEC_PER_MIN, 30 * USEC_PER_MIN,
                USEC_PER_HOUR, 2 * USEC_PER_HOUR, 4 * USEC_PER_HOUR, 8 * USEC_PER_HOUR,
                USEC_PER_DAY };
        const usec_t most = longest(d, r);
        bool put = false;

        json_open_array(w, "durations");
        for (size_t i = 0; i < ELEMENTSOF(usual); i++) {
                if (!put && usual[i] >= r->duration) {
                        put_span(w, r->duration);
                        put = true;
                }
                if (usual[i] != r->duration && usual[i] <= most) {
                        put_span(w, usual[i]);
                }
        }
        if (!put) {
                put_span(w, r->duration);
        }
        json_close_array(w);
}

typedef struct Lately {
        JsonWriter *w;
        const Id *but; /* what this request itself became */
} Lately;

static int put_lately(const Grant *g, int64_t row, void *userdata)
{
        Lately *l = userdata;

        if (!streq(g->id.text, l->but->text)) {
                reply_grant(l->w, NULL, g);
        }
        return 0;
}

static void put_page(JsonWriter *w, const Turn *t, const Holder *h)
{
        Daemon *d = t->daemon;
        char form[LINK_MAC_LENGTH + 1];
        Lately lately = { w, &h->request.grant };

        json_open_object(w, "page");
        reply_request(w, "request",
                &(Reply){ d->ledger.store, config_rules(d->config), h->channel->command, true,
                        false },
                &h->request);
        if (h->approver) {
                json_put_string(w, "approver", h->approver->name);
        }
        json_put_string(w, "standing", holder_standing(t, h));
        json_put_boolean(w, "match_code", h->request.code != CODE_NONE);
        put_own_vote(w, d->ledger.store, h);
        put_durations(w, d, &h->request);
        json_open_array(w, "lately");
        (void) store_grants_lately(
                d->ledger.store, h->request.asker.uid, LATELY, put_lately, &lately);
        json_close_array(w);
        json_put_string(w, "form", link_form(&d->link_key, turn_token(t), form) < 0 ? "" : form);
        json_close_object(w);
}

/* Ends the turn. */
static void reply_page(Turn *t, const Holder *h)
{
        JsonWriter w = call_writer();

        put_page(&w, t, h);
        call_reply(t->call, &w);
        turn_free(t);
}

void method_show_link(Turn *t)
{
        Holder h;

        if (take_holder(t, &h)) {
                reply_page(t, &h);
                holder_done(&h);
        }
}

/* --- the click ----------------------------------------------------------------------------------- */

/* Only a page that was shown has the value (hazard H-64). Programs send none: they are no browsers. */
static bool form_ok(const Turn *t)
{
        const DecideLinkCall *in = &t->in.decide_link;
        char form[LINK_MAC_LENGTH + 1];

        return !in->form || (link_form(&t->daemon->link_key, in->token, form) >= 0 &&
                                    link_equal(in->form, form));
}

/* Whoever holds the link; a shared one is nobody's. */
static bool link_caller(const Turn *t, const Holder *h, Caller *ret, Account *accounts, Failure *f)
{
        if (!h->approver) {
                fail(f, "NotPermitted", "shared",
                        "this link went to a shared channel, so it does not say who you are");
                return false;
        }
        *ret = (Caller){
                .account = { .uid = UID_UNSET, .known = TERNARY_NO },
                .login_uid = UID_UNSET,
                .who = { .uid = UID_UNSET },
                .login = { .uid = UID_UNSET },
                .proof = PROOF_LINK,
                .approver = h->approver,
                .channel = h->channel->name,
                .accounts = accounts,
                .n_accounts = holder_accounts(t, h, accounts),
        };
        return true;
}

/* Answers with the page, or with why not; ends the turn. */
static void end_link(Turn *t, const Holder *h, const Failure *f)
{
        if (f->error) {
                turn_fail(t, f);
        } else {
                reply_page(t, h);
        }
}

void method_decide_link(Turn *t)
{
        const DecideLinkCall *in = &t->in.decide_link;
        Account accounts[PEOPLE_KEYS_MAX];
        Daemon *d = t->daemon; /* outlives the turn */
        Failure f = { 0 };
        Caller c;
        Holder h;
        Ballot b;

        if (!method_read_ballot(t, in->decision, in->duration, in->note, in->code, &b) ||
                !take_holder(t, &h)) {
                return;
        }
        if (!form_ok(t)) {
                fail(&f, "NotPermitted", "form",
                        "this form is not from the page of this link; open the link again");
        } else if (!turn_knows_voters(t, &h.request.id)) {
                holder_done(&h);
                return;
        } else if (link_caller(t, &h, &c, accounts, &f)) {
                flow_decide(d, &c, &h.request, &b, &f);
        }
        end_link(t, &h, &f);
        flow_decided(d);
        failure_done(&f);
        holder_done(&h);
}

void method_cancel_link(Turn *t)
{
        Account accounts[PEOPLE_KEYS_MAX];
        Daemon *d = t->daemon;
        Failure f = { 0 };
        Caller c;
        Holder h;

        if (!take_holder(t, &h)) {
                return;
        }
        if (link_caller(t, &h, &c, accounts, &f) && flow_may_decide(d, &c, &h.request, &f)) {
                flow_cancel(d, &c, &h.request, &f);
        }
        end_link(t, &h, &f);
        failure_done(&f);
        holder_done(&h);
}

/* --- deliveries ---------------------------------------------------------------------------------- */

void method_deliver(Turn *t)
{
        if (!t->call->message.more) {
                turn_bad_parameter(t, "more");
                return;
        }
        if (flow_subscribe(t->daemon, t->call, &t->in.deliver.channels) < 0) {
                call_error(t->call, "Refused", "out of memory");
        }
        turn_free(t);
}

void method_settle(Turn *t)
{
        const SettleCall *in = &t->in.settle;
        bool arrived = streq(in->outcome, "delivered");

        if (!arrived && !streq(in->outcome, "failed")) {
                turn_bad_parameter(t, "outcome");
                return;
        }
        int err = flow_settle(t->daemon, in->delivery,
                arrived                  ? NULL
                : str_empty(in->problem) ? "failed"
                                         : in->problem,
                in->retry_usec);
        if (err < 0) {
                call_error(t->call, "StoreUnavailable", "the record cannot be written: %s",
                        ledger_state(&t->daemon->ledger));
        } else {
                call_reply_empty(t->call);
        }
        turn_free(t);
}

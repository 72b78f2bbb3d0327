/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The flow, beside its chapters: what opens without approval, by break-glass or a rescue code, and the
 * review of it afterwards. MUST: open nothing that is not in the record, with its alarm owed, before its
 * asker hears of it (hazard H-107); count a guess before it is compared; let nobody review himself.
 */

#include "jit-approver/daemon/flow_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "common/span.h"
#include "jit-approver/domain/say_urgent.h"

static const RescueLimit rescue_limit = { .his = 5, .all = 20, .sure = 2, .per = USEC_PER_HOUR };

/* --- opening ------------------------------------------------------------------------------------- */

/* The request and its grant, decided by nobody. *r and *g are the caller's, on failure too. */
static int make_urgent(Daemon *d, const Subject *s, const Rule *rule, const Wish *wish,
        RequestKind kind, usec_t duration, const Now *now, Request *r, Grant *g)
{
        int err = make_request(
                s, config_rules(d->config), rule, wish, d->host, d->ledger.boot_id, now, r);
        if (err < 0) {
                return err;
        }
        r->kind = kind;
        r->code = CODE_NONE;
        r->duration = r->max_duration = duration;
        r->deadline = r->created; /* it was never open */
        r->stage = rule->stages.n;
        r->escalated = rule->escalate.n;
        if (!r->reason && !str_empty(wish->reason)) { /* whatever the rule wants of requests */
                r->reason = strdup(wish->reason);
                err = r->reason ? 0 : -ENOMEM;
        }
        if (err >= 0) {
                err = make_digest(r);
        }
        if (err >= 0) {
                err = make_grant(r, rule, duration, d->ledger.boot_id, now, g);
        }
        if (err >= 0) {
                r->state = REQUEST_APPROVED;
                r->grant = g->id;
        }
        return err;
}

static void refuse_for(Daemon *d, int err, Outcome *o)
{
        if (err == -ERANGE) {
                outcome_refuse(o, "clock",
                        strdup("This host's clock cannot be right, so no end can be set; nothing was opened."));
        } else if (err == -ENOMEM) {
                outcome_refuse(o, "internal", strdup("The approver is out of memory."));
        } else {
                refuse_store(d, o);
        }
}

/* It is on the disk: its end is armed, then the door opens to whoever stands before it. Moves *g. */
static int begin(Daemon *d, const Subject *s, const Request *r, Grant *g, Outcome *o)
{
        ActiveGrant *active;

        int err = active_add(&d->active, g, &active);
        if (err < 0) {
                return err;
        }
        expect_warning(d);
        expect_rights(d);
        flow_rest(d);
        timer_unit_start(d->timer, &active->grant);
        o->verdict = VERDICT_GRANT;
        o->request = r->id;
        o->grant = active->grant.id;
        if (enters(s)) {
                (void) flow_enter(d, active, o);
        }
        return 0;
}

/* --- break-glass --------------------------------------------------------------------------------- */

static bool is_too_often(Daemon *d, const Subject *s, const Rule *rule, const Now *now, Outcome *o)
{
        char span[SPAN_TEXT_MAX];
        char *line = NULL;
        int64_t n = 0;

        if (rule->rate.count <= 0) {
                return false;
        }
        int err = store_request_count_lately(
                d->ledger.store, s->asker.uid, rule->name, now->wall - rule->rate.per, &n);
        if (err < 0) {
                refuse_store(d, o);
                return true;
        }
        if (n < rule->rate.count) {
                return false;
        }
        span_say(rule->rate.per, span);
        (void) str_printf(&line, "Rule %s opens %lld times in %s to one person; try again later.",
                rule->name, (long long) rule->rate.count, span);
        outcome_refuse(o, "busy", line);
        return true;
}

/* What stands against it; false with the outcome left as it is where something is yet to be asked. */
static bool may_break(
        Daemon *d, const Subject *s, const Rule *rule, const Wish *wish, const Now *now, Outcome *o)
{
        if (!d->ledger.store) {
                refuse_store(d, o);
        } else if (str_empty(wish->reason) || !wish->confirm) {
                /* the verdict stays VERDICT_ASK */
        } else if (!is_reason_short(wish->reason, o) || !does_reason_match(rule, wish->reason, o)) {
                /* as they say */
        } else if (!streq(wish->confirm, BREAK_GLASS_WORD)) {
                outcome_refuse(o, "not-confirmed",
                        strdup("Not confirmed: only the word " BREAK_GLASS_WORD
                               " opens it. Nothing was opened, nobody alarmed."));
        } else {
                return !is_too_often(d, s, rule, now, o);
        }
        return false;
}

void flow_break_glass(Daemon *d, const Subject *s, const Rule *rule, const Wish *wish, Outcome *ret)
{
        usec_t most = rule->break_glass_duration;
        Request r = { .asker = { .uid = UID_UNSET } };
        Grant g = { .asker = { .uid = UID_UNSET } };
        Now now = d->now();

        if (!may_break(d, s, rule, wish, &now, ret) || !can_bind(rule, s, ret)) {
                return;
        }
        usec_t duration = wish->duration > 0 ? MIN(wish->duration, most) : most;
        int err = make_urgent(d, s, rule, wish, REQUEST_BREAK_GLASS, duration, &now, &r, &g);
        if (err >= 0) {
                err = ledger_urgent(&d->ledger, config_rules(d->config), &r, &g, NULL, &now);
        }
        if (err >= 0) {
                ret->line = say_broken(rule, &r, &g, &now);
                err = begin(d, s, &r, &g, ret);
        }
        if (err < 0) {
                refuse_for(d, err, ret);
        }
        request_done(&r);
        grant_done(&g);
}

/* --- rescue -------------------------------------------------------------------------------------- */

typedef struct Guess {
        const char *hash;
        bool right;
} Guess;

/* All are compared, in time that does not tell which, or how far. */
static int compare_code(const char *hash, void *userdata)
{
        Guess *g = userdata;

        g->right |= bytes_equal_secret(hash, g->hash, DIGEST_HEX_SIZE - 1);
        return 0;
}

/* Counted, on the disk, before anything is compared. */
static int count_try(Daemon *d, const Subject *s, const Rule *rule, const Now *now)
{
        const Fact f = {
                .event = AUDIT_RESCUE_TRIED,
                .asker = &s->asker_who,
                .login = s->login.uid != UID_UNSET ? &s->login : NULL,
                .target = s->target_known ? &s->target_who : NULL,
                .service = s->service,
                .rule = rule->name,
        };

        return ledger_rescue_try(&d->ledger, &f, s->asker.uid, &rescue_limit, now);
}

static void refuse_code(Outcome *o)
{
        outcome_refuse(o, "wrong-code",
                strdup("That is no rescue code of this host, or it was used already. Nothing was opened."));
}

/* Whether the code is right. *ret_hash names it. */
static bool is_right(Daemon *d, const Subject *s, const Rule *rule, const char *typed,
        char ret_hash[static DIGEST_HEX_SIZE], const Now *now, Outcome *o)
{
        char code[RESCUE_CODE_SIZE];
        Guess guess = { .hash = ret_hash };

        int err = rescue_code_parse(typed, code);
        if (err < 0) {
                outcome_refuse(o, "wrong-code",
                        strdup("That is no rescue code: one has five groups of four letters and digits."));
                return false;
        }
        err = rescue_hash(&d->rescue_key, code, ret_hash);
        explicit_bzero(code, sizeof(code));
        if (err >= 0) {
                err = count_try(d, s, rule, now);
        }
        if (err >= 0) {
                err = store_rescue_list(d->ledger.store, d->rescue_key.name, compare_code, &guess);
        }
        if (err == -EDQUOT) {
                outcome_refuse(o, "busy",
                        strdup("Too many rescue codes were tried here within the hour; try again later."));
        } else if (err == -ENOKEY) {
                refuse_code(o); /* there are none */
        } else if (err < 0) {
                refuse_for(d, err, o);
        } else if (!guess.right) {
                refuse_code(o);
        }
        return err >= 0 && guess.right;
}

static bool may_rescue(Daemon *d, const Rule *rule, const char *reason, Outcome *o)
{
        char *line = NULL;

        if (rule->action != ACTION_ASK || !rule->rescue) {
                (void) str_printf(&line, "Rule %s takes no rescue codes.", rule->name);
                outcome_refuse(o, "refused", line);
                return false;
        }
        if (!is_reason_short(reason, o)) {
                return false;
        }
        if (!d->ledger.store) {
                refuse_store(d, o);
                return false;
        }
        return true;
}

static void rescued(Daemon *d, const Subject *s, const Rule *rule, const char *hash,
        const Wish *wish, const Now *now, Outcome *o)
{
        Request r = { .asker = { .uid = UID_UNSET } };
        Grant g = { .asker = { .uid = UID_UNSET } };
        int64_t left = 0;

        int err = make_urgent(d, s, rule, wish, REQUEST_RESCUE, rule->duration, now, &r, &g);
        if (err >= 0) {
                err = ledger_urgent(&d->ledger, config_rules(d->config), &r, &g, hash, now);
        }
        if (err >= 0) {
                (void) store_rescue_count(d->ledger.store, d->rescue_key.name, &left);
                o->line = say_rescued(rule, &r, &g, left, now);
                err = begin(d, s, &r, &g, o);
        }
        if (err == -EALREADY) {
                refuse_code(o); /* another was quicker */
        } else if (err < 0) {
                refuse_for(d, err, o);
        }
        request_done(&r);
        grant_done(&g);
}

void flow_rescue(Daemon *d, const Subject *s, const char *code, const char *reason, Outcome *ret)
{
        const Wish wish = { .reason = reason };
        const Rule *rule = NULL;
        char hash[DIGEST_HEX_SIZE];
        Now now = d->now();

        judge_now(d, s, &now, ret, &rule);
        /* What is open, or is refused, is so with a code as well. */
        if (rule && may_rescue(d, rule, reason, ret) && can_bind(rule, s, ret) &&
                is_right(d, s, rule, code, hash, &now, ret)) {
                rescued(d, s, rule, hash, &wish, &now, ret);
        }
        explicit_bzero(hash, sizeof(hash));
}

void flow_rescue_codes(Daemon *d, const Caller *c, size_t n, bool add,
        char (*ret_codes)[RESCUE_CODE_SIZE], Failure *ret)
{
        char hashes[RESCUE_CODES_MAX][DIGEST_HEX_SIZE];
        const char *list[RESCUE_CODES_MAX];
        Now now = d->now();
        int err = d->ledger.store ? 0 : -EIO;

        for (size_t i = 0; err >= 0 && i < n; i++) {
                list[i] = hashes[i];
                err = rescue_code_new(ret_codes[i]);
                if (err >= 0) {
                        err = rescue_hash(&d->rescue_key, ret_codes[i], hashes[i]);
                }
        }
        if (err >= 0) {
                err = ledger_rescue_codes(
                        &d->ledger, list, n, d->rescue_key.name, add, caller_name(c), &now);
        }
        if (err == -ENOKEY) {
                fail(ret, "Refused", "store", "the key of the rescue codes cannot be read");
        } else if (err < 0) {
                fail_store(d, ret);
        }
        flow_rest(d);
}

/* --- the review ---------------------------------------------------------------------------------- */

static const Rule *review_rule(const Rules *rules, const Request *r)
{
        const Rule *rule = r->kind == REQUEST_BREAK_GLASS ? rules_find(rules, r->rule) : NULL;

        return rule && rule->action == ACTION_BREAK_GLASS ? rule : NULL;
}

Standing flow_reviewer_standing(const Daemon *d, const Voter *v, const Request *r)
{
        const Rules *rules = config_rules(d->config);
        const Rule *rule = review_rule(rules, r);

        return rule ? decision_reviewer_standing(rules, rule, r, v) : STANDING_NONE;
}

/* Says why not. As of a vote, through the same question of persons (hazard H-67). */
static bool may_review(Daemon *d, const Caller *c, const Request *r, Failure *f)
{
        const Voter v = { c->account, c->login_uid };

        if (!review_rule(config_rules(d->config), r)) {
                fail(f, "Refused", "rules", "request %s has nothing to review under these rules",
                        r->id.text);
                return false;
        }
        if (!c->proven || c->proof != PROOF_LOCAL) {
                fail(f, "NotPermitted", "login",
                        "your login cannot be told for certain, so it cannot sign");
                return false;
        }
        switch (flow_reviewer_standing(d, &v, r)) {
        case STANDING_APPROVER:
                return true;
        case STANDING_SELF:
                fail(f, "NotPermitted", "self",
                        "you opened this yourself; somebody else has to review it");
                return false;
        case STANDING_OTHER_LOGIN:
                fail(f, "NotPermitted", "login",
                        "you are logged in as %s; %s has to sign in a login of his own",
                        str_or(c->login.name, "somebody else"),
                        str_or(c->who.name, "the reviewer"));
                return false;
        case STANDING_UNKNOWN:
                fail(f, "NamesUnavailable", "names",
                        "the name service does not answer, so your right to review is not known; try again");
                return false;
        case STANDING_NONE:
        default:
                fail(f, "NotPermitted", "none", "you are not a reviewer of rule %s", r->rule);
                return false;
        }
}

static int sign(Daemon *d, const Caller *c, const Request *r, const char *note, Review *v)
{
        const Rules *rules = config_rules(d->config);
        Now now = d->now();

        v->signed_off = true;
        v->time = now.wall;
        person_of(rules, c->account.uid, v->person);
        if (who_copy(&c->who, &v->who) < 0) {
                return -ENOMEM;
        }
        if (!str_empty(note)) {
                v->note = strdup(note);
                if (!v->note) {
                        return -ENOMEM;
                }
        }
        return ledger_review(&d->ledger, rules, r, v, &now);
}

/* Whether he has signed it himself already: the same again changes nothing. */
static bool is_his(Daemon *d, const Caller *c, const Review *v)
{
        char person[PERSON_MAX];

        person_of(config_rules(d->config), c->account.uid, person);
        return streq(person, v->person);
}

void flow_review(Daemon *d, const Caller *c, const Request *r, const char *note, Failure *ret)
{
        Review v = { .who = { .uid = UID_UNSET } };

        if (!may_review(d, c, r, ret)) {
                return;
        }
        if (note && strlen(note) > REASON_MAX) {
                fail(ret, "Refused", "note", "the note is too long; %d bytes are the most",
                        REASON_MAX);
                return;
        }
        int err = store_review_get(d->ledger.store, &r->id, &v);
        if (err >= 0 && !v.signed_off) {
                err = sign(d, c, r, note, &v);
        } else if (err >= 0 && !is_his(d, c, &v)) {
                err = -EALREADY;
        }
        if (err == -EALREADY) {
                fail_over("the review of", &r->id, "signed", ret);
        } else if (err < 0) {
                fail_store(d, ret);
        }
        review_done(&v);
        flow_rest(d);
}

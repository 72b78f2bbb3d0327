/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Finding what people name, answering with it, and lists in pages. */

#include <errno.h>

#include "common/span.h"
#include "jit-approver/daemon/method_internal.h"

#define PAGE_ROWS 200
#define PAGE_LOOKS 500

void method_not_found(Turn *t, int err, const char *what)
{
        if (err == -ENOTUNIQ) {
                call_error(t->call, "Ambiguous", "several begin like that; give more of it");
        } else if (err == -EINVAL) {
                call_error(t->call, "NotFound",
                        "that is no id; one looks like K7QF-2M9D, and its first four will do");
        } else if (err == -ENOENT) {
                call_error(t->call, "NotFound", "there is no such %s", what);
        } else {
                call_error(t->call, "StoreUnavailable", "the record cannot be read: %s",
                        ledger_state(&t->daemon->ledger));
        }
        turn_free(t);
}

int method_find_request(Turn *t, const char *text, Request *ret)
{
        char prefix[ID_SIZE];
        int err = text ? id_parse_prefix(text, prefix) : -EINVAL;

        if (err < 0) {
                return err;
        }
        return t->daemon->ledger.store ? store_request_find(t->daemon->ledger.store, prefix, ret)
                                       : -EIO;
}

int method_find_grant(Turn *t, const char *text, Grant *ret)
{
        char prefix[ID_SIZE];
        int err = text ? id_parse_prefix(text, prefix) : -EINVAL;

        if (err < 0) {
                return err;
        }
        return t->daemon->ledger.store ? store_grant_find(t->daemon->ledger.store, prefix, ret)
                                       : -EIO;
}

bool method_take_request(Turn *t, const char *text, Act act, Request *ret)
{
        int err = method_find_request(t, text, ret);
        if (err < 0) {
                method_not_found(t, err, "request");
                return false;
        }
        if (!turn_may(t, act, turn_roles_of_request(t, ret), "request")) {
                request_done(ret);
                return false;
        }
        return true;
}

bool method_take_grant(Turn *t, const char *text, Act act, Grant *ret)
{
        int err = method_find_grant(t, text, ret);
        if (err < 0) {
                method_not_found(t, err, "grant");
                return false;
        }
        if (!turn_may(t, act, turn_roles_of_grant(t, ret), "grant")) {
                grant_done(ret);
                return false;
        }
        return true;
}

/* It names what only root sees: for whoever answers for the grant, and for who was root in it himself. */
static bool may_see_residue(unsigned roles, const Who *target)
{
        return (roles & (ROLE_APPROVER | ROLE_AUDITOR | ROLE_ADMIN | ROLE_MODULE)) ||
               target->uid == 0;
}

void method_reply_request(Turn *t, const Request *r)
{
        Daemon *d = t->daemon;
        JsonWriter w = call_writer();

        reply_request(&w, "request",
                &(Reply){ d->ledger.store, config_rules(d->config), COMMAND_SHOWN_MASKED, true,
                        may_see_residue(turn_roles_of_request(t, r), &r->target),
                        r->asker.uid == t->caller.account.uid },
                r);
        call_reply(t->call, &w);
        turn_free(t);
}

void method_reply_grant(Turn *t, const Id *id)
{
        JsonWriter w = call_writer();
        Grant g;

        int err = store_grant_get(t->daemon->ledger.store, id, &g);
        if (err < 0) {
                json_writer_done(&w);
                method_not_found(t, err, "grant");
                return;
        }
        reply_grant_whole(&w, "grant",
                &(Reply){ t->daemon->ledger.store, NULL, COMMAND_SHOWN_MASKED, true,
                        may_see_residue(turn_roles_of_grant(t, &g), &g.target) },
                &g);
        grant_done(&g);
        call_reply(t->call, &w);
        turn_free(t);
}

bool method_read_ballot(Turn *t, const char *decision, const char *duration, const char *note,
        const char *code, Ballot *ret)
{
        const char *bad = NULL;

        *ret = (Ballot){ .approve = streq(decision, "approve"), .note = note, .code = code };
        if (!ret->approve && !streq(decision, "deny")) {
                bad = "decision";
        } else if (duration && (span_parse(duration, &ret->duration) < 0 || ret->duration == 0)) {
                bad = "duration";
        }
        if (bad) {
                turn_bad_parameter(t, bad);
        }
        return !bad;
}

bool method_account(Turn *t, int at, const char *what, Who *ret)
{
        static const Person nobody = { 0 };
        const Key *key = at >= 0 ? &t->plan.keys[at] : NULL;
        const Person *x = key ? people_get(t->daemon->people, key) : &nobody;
        bool root = !key || streq(key->name, "root");

        if (!root && x->found != TERNARY_YES) {
                if (x->found == TERNARY_UNKNOWN) {
                        call_error(t->call, "NamesUnavailable",
                                "the name service does not answer; try again");
                } else {
                        call_error(t->call, "NotFound", "there is no %s of that name", what);
                }
                turn_free(t);
                return false;
        }
        *ret = root ? (Who){ 0, (char *) "root" } : (Who){ x->uid, x->name };
        return true;
}

/* Looking costs time as well as showing: others wait meanwhile. */
bool page_is_full(Page *p, int64_t row)
{
        p->looked_at++;
        if (p->w.size < PAGE_BYTES && p->rows < PAGE_ROWS && p->looked_at < PAGE_LOOKS) {
                return false;
        }
        p->next = row;
        return true;
}

void page_reply(Page *p, int err)
{
        Turn *t = p->turn;

        if (err < 0) {
                json_writer_done(&p->w);
                method_not_found(t, -EIO, "list");
                return;
        }
        json_close_array(&p->w);
        if (p->next) {
                json_put_integer(&p->w, "next", p->next);
        }
        call_reply(t->call, &p->w);
        turn_free(t);
}

bool list_word(Turn *t, const char *word, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (streq(word, words[i])) {
                        return true;
                }
        }
        turn_bad_parameter(t, "which");
        return false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Making requests, votes, grants and sessions out of what people said. */

#include "jit-approver/daemon/make.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "jit-approver/daemon/audit.h"
#include "jit-approver/domain/mask.h"

#define COMMAND_SHOWN 2048

#define WHO_NOBODY ((Who){ .uid = UID_UNSET })

int who_copy(const Who *from, Who *ret)
{
        char *name = from->name ? strdup(from->name) : NULL;

        if (from->name && !name) {
                return -ENOMEM;
        }
        *ret = (Who){ from->uid, name };
        return 0;
}

static int text_copy(const char *from, char **ret)
{
        if (str_empty(from)) {
                return 0;
        }
        *ret = strdup(from);
        return *ret ? 0 : -ENOMEM;
}

char *make_command(const Subject *s, const Rules *rules)
{
        const Strings *typed = &s->ask->command;
        _cleanup_(strv_freep) char **words = NULL;

        return mask_words(typed->items, typed->n, rules ? &rules->secret_patterns : NULL, &words) <
                               0
                       ? NULL
                       : text_command(words, typed->n, COMMAND_SHOWN);
}

/* The persons and words of a request; what was set stays set on failure. */
static int request_words(const Subject *s, const Rules *rules, const Rule *rule, const Wish *wish,
        const char *host, Request *r)
{
        const Ask *ask = s->ask;

        r->command = make_command(s, rules);
        if (!r->command || who_copy(&s->asker_who, &r->asker) < 0 ||
                who_copy(&s->login, &r->login) < 0 || who_copy(&s->target_who, &r->target) < 0 ||
                text_copy(s->service, &r->service) < 0 ||
                text_copy(ask->pam_service, &r->pam_service) < 0 ||
                text_copy(ask->target_group, &r->target_group) < 0 ||
                text_copy(ask->tty, &r->tty) < 0 || text_copy(ask->rhost, &r->origin) < 0 ||
                text_copy(host, &r->host) < 0 || text_copy(rule->name, &r->rule) < 0) {
                return -ENOMEM;
        }
        return rule->reason == REASON_NONE ? 0 : text_copy(wish->reason, &r->reason);
}

int make_command_digest(const Ask *ask, char ret[static DIGEST_HEX_SIZE])
{
        _cleanup_(erase_freep) char *words = NULL;
        size_t n;

        int err = command_canonical(ask->command.items, ask->command.n, &words, &n);
        return err < 0 ? err : digest_hex(words, n, ret);
}

/* 0 to CODE_MAX, each as likely. */
static int new_code(int64_t *ret)
{
        uint8_t byte;
        int err;

        do {
                err = random_bytes(&byte, sizeof(byte));
        } while (err >= 0 && byte >= 200);
        *ret = byte % (CODE_MAX + 1);
        return err;
}

int make_digest(Request *r)
{
        _cleanup_(freep) char *canonical = NULL;
        size_t n;

        int err = request_canonical(r, &canonical, &n);
        return err < 0 ? err : digest_hex(canonical, n, r->digest);
}

/* What every request has, but for its words. */
static Request request_base(const Rule *rule, const Wish *wish, const char *boot_id, const Now *now)
{
        Request r = {
                .asker = WHO_NOBODY,
                .login = WHO_NOBODY,
                .target = WHO_NOBODY,
                .approvals = rule->approvals,
                .duration = wish->duration ? wish->duration : rule->duration,
                .max_duration = rule->max_duration,
                .created = now->wall,
                .deadline = usec_add(now->wall, rule->open_for),
                .deadline_boot = usec_add(now->boot, rule->open_for),
                .detached = wish->detached,
                .scope = rule->scope,
                .login_session = SESSION_NONE,
                .end_when_done = rule->end_when_done || wish->end_when_done,
                .code = CODE_NONE,
        };

        (void) snprintf(r.boot_id, sizeof(r.boot_id), "%s", boot_id);
        return r;
}

static int request_name(Request *r, const Rule *rule)
{
        int err = id_new(&r->id);

        return err >= 0 && rule->match_code ? new_code(&r->code) : err;
}

int make_request(const Subject *s, const Rules *rules, const Rule *rule, const Wish *wish,
        const char *host, const char *boot_id, const Now *now, Request *ret)
{
        Request r = request_base(rule, wish, boot_id, now);

        if (rule->bind == BIND_LOGIN_SESSION) {
                r.login_session = s->question.login_session;
        }
        int err = request_name(&r, rule);
        if (err >= 0) {
                err = request_words(s, rules, rule, wish, host, &r);
        }
        if (err >= 0) {
                err = make_command_digest(s->ask, r.command_digest);
        }
        if (err >= 0) {
                err = make_digest(&r);
        }
        if (err < 0) {
                request_done(&r);
                return err;
        }
        *ret = r;
        return 0;
}

/* Nobody who is to say yes once more should have to look for why he did before. */
static const char *extension_reason(const Grant *g, const Rule *rule, const Wish *wish)
{
        return str_empty(wish->reason) && rule->reason != REASON_NONE ? g->reason : wish->reason;
}

static int extension_words(const Grant *g, const Request *original, const Rule *rule,
        const Wish *wish, const Who *login, const char *host, Request *r)
{
        if (who_copy(&g->asker, &r->asker) < 0 || who_copy(&g->target, &r->target) < 0 ||
                who_copy(login, &r->login) < 0 || text_copy(g->service, &r->service) < 0 ||
                text_copy(g->target_group, &r->target_group) < 0 || text_copy(host, &r->host) < 0 ||
                text_copy(rule->name, &r->rule) < 0 ||
                text_copy(extension_reason(g, rule, wish), &r->reason) < 0) {
                return -ENOMEM;
        }
        return original ? text_copy(original->command, &r->command) : 0;
}

int make_extension(const Grant *g, const Request *original, const Rule *rule, const Wish *wish,
        const Who *login, const char *host, const char *boot_id, const Now *now, Request *ret)
{
        Request r = request_base(rule, wish, boot_id, now);

        r.kind = REQUEST_EXTENSION;
        r.extends = g->id;
        r.scope = g->scope;
        r.login_session = g->login_session;
        r.end_when_done = g->end_when_done;
        memcpy(r.command_digest, g->command_digest, sizeof(r.command_digest));
        int err = request_name(&r, rule);
        if (err >= 0) {
                err = extension_words(g, original, rule, wish, login, host, &r);
        }
        if (err >= 0) {
                err = make_digest(&r);
        }
        if (err < 0) {
                request_done(&r);
                return err;
        }
        *ret = r;
        return 0;
}

int make_vote(const Rules *rules, const Caller *c, const Ballot *b, const Now *now, Vote *ret)
{
        Vote v = {
                .who = WHO_NOBODY,
                .login_uid = c->login_uid,
                .approve = b->approve,
                .duration = b->approve ? b->duration : 0,
                .time = now->wall,
                .proof = c->proof,
        };

        if (c->approver) {
                (void) snprintf(v.person, sizeof(v.person), "%s", c->approver->name);
        } else {
                person_of(rules, c->account.uid, v.person);
        }
        if (who_copy(&c->who, &v.who) < 0 || text_copy(c->channel, &v.channel) < 0 ||
                text_copy(b->note, &v.note) < 0) {
                vote_done(&v);
                return -ENOMEM;
        }
        *ret = v;
        return 0;
}

/* The id and the window. */
static int grant_begin(usec_t duration, const char *boot_id, const Now *now, Grant *g)
{
        int err = grant_window(now, duration, g);
        if (err < 0) {
                return err;
        }
        (void) snprintf(g->boot_id, sizeof(g->boot_id), "%s", boot_id);
        return id_new(&g->id);
}

int make_grant(const Request *r, const Rule *rule, usec_t duration, const char *boot_id,
        const Now *now, Grant *ret)
{
        Grant g = {
                .request = r->id,
                .asker = WHO_NOBODY,
                .target = WHO_NOBODY,
                .by = WHO_NOBODY,
                .on_expiry = rule->on_expiry,
                .kind = r->kind,
                .scope = r->scope,
                .login_session = r->login_session,
                .end_when_done = r->end_when_done,
                .survive_reboot = rule->survive_reboot,
        };
        memcpy(g.command_digest, r->command_digest, sizeof(g.command_digest));

        int err = grant_begin(duration, boot_id, now, &g);
        if (err >= 0 &&
                (who_copy(&r->asker, &g.asker) < 0 || who_copy(&r->target, &g.target) < 0 ||
                        text_copy(r->service, &g.service) < 0 ||
                        text_copy(r->target_group, &g.target_group) < 0 ||
                        text_copy(r->rule, &g.rule) < 0 || text_copy(r->reason, &g.reason) < 0)) {
                err = -ENOMEM;
        }
        if (err < 0) {
                grant_done(&g);
                return err;
        }
        *ret = g;
        return 0;
}

int make_ordered_grant(
        const Caller *c, usec_t duration, const char *boot_id, const Now *now, Grant *g)
{
        int err = grant_begin(duration, boot_id, now, g);

        /* Root behind a login is that person. */
        return err < 0 ? err : who_copy(c->login.uid != UID_UNSET ? &c->login : &c->who, &g->by);
}

int make_session(const Subject *s, const Rules *rules, const Grant *g, const Peer *peer,
        const char *boot_id, const Now *now, Session *ret)
{
        Session x = { .grant = g->id, .pid = peer->pid, .opened = now->wall };

        (void) snprintf(x.boot_id, sizeof(x.boot_id), "%s", boot_id);
        x.command = make_command(s, rules);
        int err = x.command ? id_new(&x.id) : -ENOMEM;
        if (err >= 0) {
                err = proof_start_time(peer->pid, &x.start);
        }
        if (err >= 0) {
                err = text_copy(s->ask->tty, &x.tty);
        }
        if (err < 0) {
                session_done(&x);
                return err;
        }
        *ret = x;
        return 0;
}

int grant_copy(const Grant *from, Grant *ret)
{
        Grant g = *from;

        g.asker = g.target = g.by = WHO_NOBODY;
        g.service = g.target_group = g.rule = g.reason = NULL;
        if (who_copy(&from->asker, &g.asker) < 0 || who_copy(&from->target, &g.target) < 0 ||
                who_copy(&from->by, &g.by) < 0 || text_copy(from->service, &g.service) < 0 ||
                text_copy(from->target_group, &g.target_group) < 0 ||
                text_copy(from->rule, &g.rule) < 0 || text_copy(from->reason, &g.reason) < 0) {
                grant_done(&g);
                return -ENOMEM;
        }
        *ret = g;
        return 0;
}

int session_copy(const Session *from, Session *ret)
{
        Session x = *from;

        x.unit = x.tty = x.command = NULL;
        if (text_copy(from->unit, &x.unit) < 0 || text_copy(from->tty, &x.tty) < 0 ||
                text_copy(from->command, &x.command) < 0) {
                session_done(&x);
                return -ENOMEM;
        }
        *ret = x;
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which lookups an Ask needs, and what their answers make of it. Trusts the kernel's word about the peer,
 * and of a uid-0 peer whom it speaks for. MUST: never take a name for a uid, a number for a name, or a
 * peer's word for who it is.
 */

#include "jit-approver/daemon/identity.h"

#include <errno.h>
#include <stdio.h>

#define WORD_MAX 255           /* bytes of a tty, a host, a service or a group */
#define SERVICE_DEFAULT "sudo" /* for people who do not say, e.g. when they wait for a request */

static int plan_add(Plan *p, Key key)
{
        p->keys[p->n] = key;
        return (int) p->n++;
}

/* "#1000" is a uid, anything else a name, digits included (hazard H-48). */
static int plan_account(Plan *p, const char *text, int *ret)
{
        uid_t uid;

        if (text[0] != '#') {
                *ret = plan_add(p, (Key){ .kind = KEY_USER, .name = text });
                return 0;
        }
        if (parse_uid(text + 1, &uid) < 0) {
                return -EINVAL;
        }
        *ret = plan_add(p, (Key){ .kind = KEY_UID, .uid = uid });
        return 0;
}

/* A peer that speaks for itself: a user's jitctl, or a PAM host without privileges (hazard H-30). */
static int plan_for_self(const Peer *peer, uid_t login_uid, const Ask *ask, Plan *p)
{
        if (ask->asker != UID_UNSET && ask->asker != peer->uid) {
                return -EPERM;
        }
        p->asker = plan_add(p, (Key){ .kind = KEY_UID, .uid = peer->uid });
        if (!str_empty(ask->user)) {
                p->user = plan_add(p, (Key){ .kind = KEY_USER, .name = ask->user });
        }
        if (login_uid != UID_UNSET && login_uid != peer->uid) {
                p->login = plan_add(p, (Key){ .kind = KEY_UID, .uid = login_uid });
        }
        return 0;
}

/* The module in a privileged host: it names the asker. */
static int plan_for_other(const Ask *ask, const char *service, Plan *p)
{
        p->speaks_for_others = true;
        if (ask->asker != UID_UNSET) {
                p->asker = plan_add(p, (Key){ .kind = KEY_UID, .uid = ask->asker });
        } else if (service_changes_user(service)) {
                /* sudo has made itself wholly root by the time it opens a session: RUSER still tells. */
                if (str_empty(ask->ruser)) {
                        return -EINVAL;
                }
                p->asker = plan_add(p, (Key){ .kind = KEY_USER, .name = ask->ruser });
        } else {
                if (str_empty(ask->user)) {
                        return -EINVAL;
                }
                p->asker = plan_add(p, (Key){ .kind = KEY_USER, .name = ask->user });
        }
        if (service_changes_user(service) && ask->asker != UID_UNSET && !str_empty(ask->ruser)) {
                p->ruser = plan_add(p, (Key){ .kind = KEY_USER, .name = ask->ruser });
        }
        if (!str_empty(ask->user) && ask->phase && streq(ask->phase, "session")) {
                p->user = plan_add(p, (Key){ .kind = KEY_USER, .name = ask->user });
        }
        if (ask->login_uid != UID_UNSET && ask->login_uid != ask->asker) {
                p->login = plan_add(p, (Key){ .kind = KEY_UID, .uid = ask->login_uid });
        }
        return 0;
}

/* No longer than any real one, so that what is said of a request fits a message many times. */
static bool is_too_long(const char *word)
{
        return word && strlen(word) > WORD_MAX;
}

int identity_plan(const Peer *peer, uid_t login_uid, const Ask *ask, Plan *ret)
{
        Plan p = { .asker = -1, .ruser = -1, .login = -1, .target = -1, .user = -1 };

        bool module = peer->uid == 0 && ask->nonce;
        if (str_empty(ask->service) ? module : strlen(ask->service) > 64) {
                return -EINVAL;
        }
        if (is_too_long(ask->pam_service) || is_too_long(ask->tty) || is_too_long(ask->rhost) ||
                is_too_long(ask->target_group)) {
                return -EINVAL;
        }
        const char *service = service_canonical(str_or(ask->service, SERVICE_DEFAULT));
        int r = module ? plan_for_other(ask, service, &p) : plan_for_self(peer, login_uid, ask, &p);
        if (r < 0) {
                return r;
        }
        if (!str_empty(ask->target)) {
                r = plan_account(&p, ask->target, &p.target);
                if (r < 0) {
                        return r;
                }
        }
        *ret = p;
        return 0;
}

/* What is known of a planned account; root is root whatever the name service says or does not. */
static Ternary resolve(
        People *people, const Plan *p, int at, Account *ret_account, Who *ret_who, char number[16])
{
        const Key *key = &p->keys[at];
        const Person *x = people_get(people, key);
        bool root = key->kind == KEY_UID ? key->uid == 0 : streq(key->name, "root");

        if (root && x->found != TERNARY_YES) {
                *ret_account = (Account){ .uid = 0, .known = x->found };
                *ret_who = (Who){ 0, (char *) "root" };
                return TERNARY_YES;
        }
        if (key->kind == KEY_USER && x->found != TERNARY_YES) {
                return x->found;
        }
        uid_t uid = key->kind == KEY_UID ? key->uid : x->uid;
        *ret_account = person_account(uid, x);
        if (x->found == TERNARY_YES) {
                *ret_who = (Who){ uid, x->name };
        } else {
                (void) snprintf(number, 16, "#%u", (unsigned) uid);
                *ret_who = (Who){ uid, number };
        }
        /* A uid is a fact even where nobody knows its name. */
        return TERNARY_YES;
}

/*
 * A user has 65,536 uids of his own (subuid(5)), and would have as many times what one asker may: a peer
 * that speaks for itself has an account. Whom a module lets ask is the host's to know.
 */
static bool is_stranger(const Plan *p, const Subject *s)
{
        return !p->speaks_for_others && s->asker.uid != 0 && s->asker.known == TERNARY_NO;
}

static const char *resolve_asker(People *people, const Plan *p, Subject *s, const char **ret_line)
{
        Ternary t = resolve(people, p, p->asker, &s->asker, &s->asker_who, s->numbers[0]);

        if (t == TERNARY_UNKNOWN) {
                *ret_line = "The name service does not answer; try again.";
                return "names";
        }
        if (t == TERNARY_NO || is_stranger(p, s)) {
                *ret_line = "This account is not known here.";
                return "identity";
        }
        if (p->ruser >= 0) {
                const Person *ruser = people_get(people, &p->keys[p->ruser]);
                bool root = streq(p->keys[p->ruser].name, "root");
                uid_t uid = root ? 0 : ruser->uid;
                if ((root || ruser->found == TERNARY_YES) && uid != s->asker.uid) {
                        *ret_line = "The caller's user id and name do not agree.";
                        return "identity";
                }
        }
        return NULL;
}

static const char *resolve_target(People *people, const Plan *p, Subject *s, const char **ret_line)
{
        if (p->target < 0) {
                /* A login is into the asker's own account; sudo and su have said nothing we understood. */
                if (!service_changes_user(s->service)) {
                        s->target = s->asker;
                        s->target_who = s->asker_who;
                        s->target_known = true;
                }
                return NULL;
        }
        Ternary t = resolve(people, p, p->target, &s->target, &s->target_who, s->numbers[1]);
        if (t == TERNARY_UNKNOWN) {
                *ret_line = "The name service does not answer; try again.";
                return "names";
        }
        if (t == TERNARY_NO) {
                *ret_line = "The target account is not known here.";
                return "identity";
        }
        s->target_known = true;
        return NULL;
}

static const char *resolve_user(People *people, const Plan *p, Subject *s, const char **ret_line)
{
        char number[16];
        Who who;

        if (p->user < 0) {
                return NULL;
        }
        if (resolve(people, p, p->user, &s->user, &who, number) != TERNARY_YES) {
                *ret_line = "The account that is to be opened is not known here.";
                return "identity";
        }
        s->user_known = true;
        if (!p->speaks_for_others && s->user.uid != s->asker.uid) {
                *ret_line = "An unprivileged program may only ask for its own user.";
                return "identity";
        }
        return NULL;
}

static Question subject_question(const Subject *s)
{
        const Ask *ask = s->ask;
        CommandMode mode = COMMAND_UNKNOWN;

        if (ask->mode && streq(ask->mode, "run")) {
                mode = COMMAND_RUN;
        } else if (ask->mode && streq(ask->mode, "shell")) {
                mode = COMMAND_SHELL;
        }
        return (Question){
                .service = s->service,
                .asker = s->asker,
                .target_known = s->target_known,
                .target = s->target,
                .group_named = !str_empty(ask->target_group),
                .mode = mode,
                .command = ask->command.items,
                .n_command = ask->command.n,
                .login_session = SESSION_NONE,
                .opening = streq(str_or(ask->phase, ""), "session"),
        };
}

const char *identity_resolve(
        People *people, const Plan *plan, const Ask *ask, Subject *ret, const char **ret_line)
{
        *ret = (Subject){
                .ask = ask,
                .service =
                        service_canonical(str_empty(ask->service) ? SERVICE_DEFAULT : ask->service),
                .login = { .uid = UID_UNSET },
                .target_who = { .uid = UID_UNSET },
        };
        const char *code = resolve_asker(people, plan, ret, ret_line);
        if (!code) {
                code = resolve_target(people, plan, ret, ret_line);
        }
        if (!code) {
                code = resolve_user(people, plan, ret, ret_line);
        }
        if (code) {
                return code;
        }
        if (plan->login >= 0) {
                Account login;
                (void) resolve(people, plan, plan->login, &login, &ret->login, ret->numbers[2]);
                if (login.uid == ret->asker.uid) {
                        ret->login = (Who){ .uid = UID_UNSET };
                }
        }
        ret->question = subject_question(ret);
        return NULL;
}

bool subject_is_console_root(const Subject *s)
{
        const char *tty = str_or(s->ask->tty, "");

        if (strncmp(tty, "/dev/", 5) == 0) {
                tty += 5;
        }
        return s->asker.uid == 0 && !service_changes_user(s->service) &&
               strncmp(tty, "tty", 3) == 0 && tty[3] != '\0' && str_empty(s->ask->rhost);
}

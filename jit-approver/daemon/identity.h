/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who asks for what: an Ask, and the peer that sent it, become a Subject or a refusal. Only a uid-0
 * peer may speak for somebody else; what anybody else says of himself is replaced by what the socket
 * says (hazard H-43). Names become uids; where two of them disagree, that is the end of it.
 */

#include "common/protocol.h"
#include "common/service.h"
#include "jit-approver/daemon/people.h"
#include "jit-approver/daemon/proof.h"
#include "jit-approver/domain/request.h"

/* The names and uids to be looked up, and which answer is whose (-1: none). */
typedef struct Plan {
        Key keys[PEOPLE_KEYS_MAX];
        size_t n;
        int asker, ruser, login, target, user;
        bool speaks_for_others;
} Plan;

/* What is known of a question's persons. Borrows from the Ask and from People: good for one turn of the loop. */
typedef struct Subject {
        const Ask *ask;
        const char *service; /* canonical */
        Account asker, target;
        Who asker_who, login, target_who; /* names borrowed: never request_done() these */
        bool target_known;
        Account user; /* at session open: whom the host is about to become */
        bool user_known;
        Question question;
        char numbers[3][16]; /* names for uids without one */
} Subject;

/*
 * Which lookups the Ask needs. login_uid is the peer's own, for peers that speak for themselves.
 * -EPERM when the peer may not say what it says, -EINVAL when the Ask makes no sense.
 */
int identity_plan(const Peer *peer, uid_t login_uid, const Ask *ask, Plan *ret);

/* The word of a refusal (Answer.code) and its line, or NULL when the Subject is complete. */
const char *identity_resolve(
        People *people, const Plan *plan, const Ask *ask, Subject *ret, const char **ret_line);

/* Root at a local console: no remote host, a tty of the machine, and not through sudo or su. */
bool subject_is_console_root(const Subject *s);

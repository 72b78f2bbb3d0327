/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which rule decides. Pure: rules, facts about the asker and the question in, a verdict out. The
 * first rule that matches decides; none: refuse. Where the name service does not say whether a rule
 * matches, nothing below that rule may decide either: the verdict is POLICY_UNKNOWN, which opens
 * nothing new but lets a grant of exactly that rule go on.
 */

#include "jit-approver/domain/rules.h"

/* One account and what is known of its groups. */
typedef struct Account {
        uid_t uid;
        Ternary known;     /* YES: gids are complete; NO: no such account, so no groups; UNKNOWN */
        const gid_t *gids; /* borrowed */
        size_t n_gids;
        bool partial; /* he may be in more groups than gids, for all that is known */
} Account;

typedef enum CommandMode {
        COMMAND_UNKNOWN = 0, /* argv not understood exactly: only "*" matches */
        COMMAND_RUN,         /* plain words */
        COMMAND_SHELL,       /* sudo -s, -i, -e, VAR=value, -E, a login: only "*" matches */
} CommandMode;

typedef struct Question {
        const char *service; /* canonical */
        Account asker;
        bool target_known;
        Account target;
        bool group_named; /* sudo -g */
        CommandMode mode;
        const char *const *command; /* the words typed, borrowed */
        size_t n_command;
        /* Filled in only where a rule or grant asks for it. */
        int64_t login_session;   /* the audit session, or SESSION_NONE */
        char command_digest[65]; /* of the words, hex; "": not known */
        bool opening;            /* a session that access was granted for just now */
} Question;

typedef enum PolicyKind {
        POLICY_REFUSE = 0, /* a rule says so, or none matches (rule == NULL) */
        POLICY_UNKNOWN,    /* the name service is silent; rule is the first that might match */
        POLICY_ASK,
        POLICY_ALLOW,
        POLICY_BREAK_GLASS, /* opens at once, to whoever confirms it */
} PolicyKind;

typedef struct Policy {
        PolicyKind kind;
        const Rule *rule; /* borrowed from the Rules */
} Policy;

void policy_evaluate(const Rules *rules, const Question *q, Policy *ret);

/* Whether a rule matches, and what is the first of its parts that does not. */
typedef enum RuleMatch {
        RULE_UNKNOWN = 0, /* the name service does not say */
        RULE_MATCHES,
        RULE_OTHER_SERVICE,
        RULE_OTHER_USER,
        RULE_OTHER_TARGET,
        RULE_OTHER_COMMAND,
} RuleMatch;

/* What policy_evaluate() itself goes by. */
RuleMatch policy_match(const Rule *rule, const Question *q);
/* service user target command unknown; NULL for RULE_MATCHES. */
const char *rule_match_to_string(RuleMatch m);

/*
 * Whether the list names the account: YES as soon as one entry does, UNKNOWN if one might, else NO.
 * NAME_GROUP and NAME_APPROVER entries are followed (groups nest at most GROUP_DEPTH_MAX deep).
 */
#define GROUP_DEPTH_MAX 8
Ternary names_include(const NameList *list, const Account *account);

/*
 * "*" is any command of any mode. Otherwise mode must be COMMAND_RUN and each pattern word must
 * match its own word, none left over on either side, except that a last pattern word "*" matches
 * any number of further words, none included. With absolute, the first word must begin with "/"
 * and hold no "." or ".." between slashes.
 */
bool pattern_matches(const Pattern *p, const Question *q, bool absolute);

/* How many may wait by the rule at once: for sshd and login, which take few at a time, 4; 0: as many as like. */
int64_t policy_waiting_max(const Rule *rule, const char *service);

/*
 * Whether a rule for this service lists the account root by name among its users. Root at the
 * console is let through unless one does: the way back in when everything else fails (hazard
 * H-107).
 */
bool policy_names_root(const Rules *rules, const char *service);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The rules: what approver.conf and its drop-ins say, as plain structs. Parsing is pure: texts in,
 * Rules or a list of problems out. Names of the system (users, Unix groups) stay names here until the
 * caller of rules_visit_names() fills in what the name service says of them.
 */

#include <sys/types.h>

#include "common/clock.h"
#include "common/ini.h"

typedef enum NameKind {
        NAME_ANY,        /* "*" */
        NAME_USER,       /* an account; id is its uid */
        NAME_UNIX_GROUP, /* "@x"; id is its gid */
        NAME_GROUP,      /* a [group]; group points to it */
        NAME_APPROVER,   /* an [approver]; approver points to it */
} NameKind;

typedef struct Approver Approver;
typedef struct Group Group;

/* One name as somebody wrote it, and what it stands for. */
typedef struct Name {
        NameKind kind;
        char *text;         /* without "@" */
        Ternary exists;     /* NAME_USER, NAME_UNIX_GROUP: what the name service said */
        uint32_t id;        /* valid when exists == TERNARY_YES */
        const Group *group; /* owned by Rules */
        const Approver *approver;
        Place place;
} Name;

typedef struct NameList {
        Name *items;
        size_t n;
} NameList;

void name_list_done(NameList *list);

/* A person who may decide. */
struct Approver {
        char *name;
        NameList users; /* NAME_USER: the local accounts that are this person */
        char *email;    /* or NULL */
        Place place;
};

struct Group {
        char *name;
        NameList members; /* NAME_APPROVER, NAME_GROUP, NAME_UNIX_GROUP */
        Place place;
};

/* Who reads what a channel carries. The zero value confers nothing. */
typedef enum Audience {
        AUDIENCE_SHARED = 0, /* a room: its links name the request and decide nothing */
        AUDIENCE_PERSONAL,   /* one approver's own address: his link is his vote */
} Audience;

/* How much of the command leaves the host. */
typedef enum CommandShown {
        COMMAND_SHOWN_NONE = 0,
        COMMAND_SHOWN_PROGRAM, /* its first word */
        COMMAND_SHOWN_MASKED,  /* all of it, through mask.h */
} CommandShown;

/* A way to tell people; how it sends is the gateway's to know. */
typedef struct Channel {
        char *name;
        Audience audience;
        CommandShown command;
        Place place;
} Channel;

/* One channel as a rule names it. */
typedef struct ChannelRef {
        char *name;
        const Channel *channel; /* owned by Rules; NULL only where parsing found a problem */
        Place place;
} ChannelRef;

typedef struct ChannelList {
        ChannelRef *items;
        size_t n;
} ChannelList;

void channel_list_done(ChannelList *list);

/* The least proof of who decided; the zero value is the strictest. */
typedef enum Assurance {
        ASSURANCE_LOCAL = 0, /* the account, on this host */
        ASSURANCE_LINK,      /* whoever holds the link */
} Assurance;

typedef enum Action {
        ACTION_REFUSE = 0,
        ACTION_ASK,
        ACTION_ALLOW,
} Action;

typedef enum ReasonMode {
        REASON_REQUIRED = 0,
        REASON_OPTIONAL,
        REASON_NONE,
} ReasonMode;

typedef enum OnExpiry {
        ON_EXPIRY_END_SESSIONS = 0,
        ON_EXPIRY_KEEP,
} OnExpiry;

/* Patterns are fnmatch(3) without flags, one per word; see policy.h for how they match. */
typedef struct Pattern {
        char **words; /* "systemctl restart *" is three; "*" alone is any command */
        Place place;
} Pattern;

typedef struct PatternList {
        Pattern *items;
        size_t n;
} PatternList;

void pattern_list_done(PatternList *list);

typedef struct Rule {
        char *name;
        char **services;      /* shell patterns over canonical service names; never empty */
        NameList users;       /* NAME_ANY, NAME_USER, NAME_UNIX_GROUP; never empty */
        NameList targets;     /* the same; empty is any target, known or not */
        PatternList commands; /* never empty; default "*" */
        Action action;
        NameList approvers; /* for ACTION_ASK: NAME_GROUP, NAME_APPROVER, NAME_UNIX_GROUP */
        int64_t approvals;  /* different people, 1..100 */
        usec_t duration, max_duration, open_for, wait;
        ReasonMode reason;
        OnExpiry on_expiry;
        ChannelList notify; /* for ACTION_ASK: each channel once; may be empty */
        Assurance assurance;
        Place place;
} Rule;

typedef struct Rules {
        Rule *rules;
        size_t n_rules;
        Group **groups; /* pointers, since Names borrow them */
        size_t n_groups;
        Approver **approvers;
        size_t n_approvers;
        Channel **channels;
        size_t n_channels;
        char *web_url;     /* what links begin with, without a slash at its end; NULL: no [web] */
        NameList admins;   /* default: the account root */
        NameList auditors; /* default: nobody */
        Rule defaults;     /* what [defaults] itself says; already inherited by every rule */
        char **files;      /* the names of the texts, which every Place here borrows */
        bool unresolved;   /* some name is TERNARY_UNKNOWN: ask again later */
} Rules;

/*
 * Parses all texts as one configuration, in order; a key given twice is a problem, within a file or
 * over files (sections of the same kind and name may not be repeated either). Every mistake is
 * reported, in the order of files and lines, each with the nearest word that would have been right.
 * The texts need not outlive the call. 0 only without problems; -EINVAL with them; -ENOMEM.
 */
int rules_parse(const IniText *texts, size_t n, Problems *problems, Rules **ret);
/* Likewise, but with -EINVAL *ret is what could be read: for its names to be looked at, no more. */
int rules_parse_partly(const IniText *texts, size_t n, Problems *problems, Rules **ret);
Rules *rules_free(Rules *r);
DEFINE_FREE(Rules, rules_free)

/*
 * Calls visit for each system name (NAME_USER, NAME_UNIX_GROUP) anywhere in the rules, each copy
 * once.
 */
typedef void (*NameVisit)(Name *name, void *userdata);
void rules_visit_names(Rules *r, NameVisit visit, void *userdata);

/*
 * After every Name has its answer: a definite no is a problem (as is one account that belongs to
 * two approvers), silence only sets unresolved. -EINVAL with problems.
 */
int rules_check_names(Rules *r, Problems *problems);

const Rule *rules_find(const Rules *r, const char *name);
const Channel *rules_channel_find(const Rules *r, const char *name);

const char *action_to_string(Action a);
const char *on_expiry_to_string(OnExpiry e);
const char *reason_mode_to_string(ReasonMode m);
const char *audience_to_string(Audience a);
const char *command_shown_to_string(CommandShown c);
const char *assurance_to_string(Assurance a);

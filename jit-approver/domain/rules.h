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
        ACTION_BREAK_GLASS, /* opens at once, alarms everybody, and is reviewed afterwards */
} Action;

/* How much one yes opens; the zero value is the least. */
typedef enum GrantScope {
        SCOPE_ONCE = 0, /* exactly this argv, one time */
        SCOPE_COMMAND,  /* exactly this argv, until the grant ends */
        SCOPE_SERVICE,  /* whatever of the service the same rule covers */
} GrantScope;

/* From where a grant may be used. */
typedef enum Bind {
        BIND_LOGIN_SESSION = 0, /* only from the login (audit session) it was asked from */
        BIND_USER,
} Bind;

/* Whether a grant may last longer than was approved. */
typedef enum Extend {
        EXTEND_NO = 0,
        EXTEND_ASK,  /* by another request to the same approvers */
        EXTEND_AUTO, /* at the holder's word, up to max-duration in all */
} Extend;

typedef enum ReasonMode {
        REASON_REQUIRED = 0,
        REASON_OPTIONAL,
        REASON_NONE,
} ReasonMode;

typedef enum OnExpiry {
        ON_EXPIRY_END_SESSIONS = 0,
        ON_EXPIRY_WARN, /* what was opened goes on; its user is told that his time is up */
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

/* Who must say yes, one stage after the other: "oncall then security" is two. */
#define STAGES_MAX 8

typedef struct StageList {
        NameList *items; /* each: NAME_GROUP, NAME_APPROVER, NAME_UNIX_GROUP; never empty */
        size_t n;
} StageList;

void stage_list_done(StageList *list);

/* Who may decide as well, when the open stage has waited that long. */
#define ESCALATIONS_MAX 8

typedef struct Escalation {
        usec_t after; /* since the open stage began to wait; each later than the one before */
        NameList to;  /* as of a stage */
        Place place;
} Escalation;

typedef struct EscalationList {
        Escalation *items;
        size_t n;
} EscalationList;

void escalation_list_done(EscalationList *list);

/* Spans, longest first, each once. */
#define SPANS_MAX 8

typedef struct SpanList {
        usec_t items[SPANS_MAX];
        size_t n;
} SpanList;

/* So many in so long a time; count 0 is no limit. */
typedef struct Rate {
        int64_t count;
        usec_t per;
} Rate;

/* A POSIX extended regular expression, regex(7), that rules_expression.h found fit to be used. */
typedef struct Expression {
        char *text;
        Place place;
} Expression;

typedef struct ExpressionList {
        Expression *items;
        size_t n;
} ExpressionList;

void expression_done(Expression *e);
void expression_list_done(ExpressionList *list);
/* Whether all of text matches. Not when memory is out. */
bool expression_matches(const Expression *e, const char *text);

/* More are refused, over all files: each is tried on every word of a command. */
#define SECRET_PATTERNS_MAX 32
/* cool-down doubles up to it, and begins no higher. */
#define COOL_DOWN_MAX USEC_PER_HOUR

typedef struct Rule {
        char *name;
        char **services;      /* shell patterns over canonical service names; never empty */
        NameList users;       /* NAME_ANY, NAME_USER, NAME_UNIX_GROUP; never empty */
        NameList targets;     /* the same; empty is any target, known or not */
        PatternList commands; /* never empty; default "*" */
        Action action;
        StageList
                stages; /* for ACTION_ASK and ACTION_BREAK_GLASS (who is alarmed); key approvers */
        int64_t approvals;       /* different people in each stage, 1..100 */
        EscalationList escalate; /* may be empty */
        bool match_code;         /* who approves types the two digits that the asker sees */
        GrantScope scope;
        Bind bind;
        bool end_when_done; /* the grant ends when the last session opened under it closes */
        Extend extend;
        SpanList warn_before; /* the end */
        bool survive_reboot;
        usec_t cool_down;    /* after a denial, doubling up to COOL_DOWN_MAX; 0: none */
        Rate rate;           /* requests of one asker by this rule */
        int64_t max_waiting; /* blocking waits by this rule at once; 0: by its service, see policy.h */
        bool rescue;         /* a one-time code opens it */
        usec_t break_glass_duration; /* what ACTION_BREAK_GLASS opens */
        NameList reviewers;          /* for ACTION_BREAK_GLASS: as of a stage; never empty there */
        Expression reason_pattern;   /* of the whole reason; text NULL: any */
        ExpressionList
                secret_patterns; /* words of a command that are secrets, beside what mask.h knows */
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
        char *web_url; /* what links begin with, without a slash at its end; NULL: no [web] */
        ExpressionList secret_patterns; /* of all rules, each text once */
        usec_t keep;                    /* rows of the record that are older are pruned */
        int64_t max_size;  /* bytes of the store; where it takes more, the oldest rows are */
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

/* NULL: there is none, or no rules are in force, or it is nothing's name. */
const Rule *rules_find(const Rules *r, const char *name);
const Channel *rules_channel_find(const Rules *r, const char *name);

const char *action_to_string(Action a);
const char *on_expiry_to_string(OnExpiry e);
const char *scope_to_string(GrantScope s);
GrantScope scope_from_string(const char *s); /* SCOPE_ONCE for any other word */
const char *bind_to_string(Bind b);
const char *extend_to_string(Extend e);
const char *reason_mode_to_string(ReasonMode m);
const char *audience_to_string(Audience a);
const char *command_shown_to_string(CommandShown c);
const char *assurance_to_string(Assurance a);

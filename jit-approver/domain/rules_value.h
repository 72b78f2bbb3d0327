/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values of a rule file: one text into one field, by the kind of value its key takes. */

#include "jit-approver/domain/rules.h"

#define KEEP_DEFAULT (400 * USEC_PER_DAY)
#define MAX_SIZE_DEFAULT (INT64_C(1) << 30)
#define RULES_NAME_MAX 64 /* bytes of an account, group, approver, rule or service */

typedef enum ValueKind {
        VALUE_SERVICES,      /* char **: shell patterns */
        VALUE_PATTERNS,      /* PatternList */
        VALUE_WHO,           /* NameList: "*", accounts, @groups */
        VALUE_ACCOUNTS,      /* NameList: accounts */
        VALUE_ACCOUNTS_UNIX, /* NameList: accounts, @groups */
        VALUE_APPROVERS,     /* NameList: approvers, groups, @groups; to be linked */
        VALUE_STAGES,        /* StageList: likewise */
        VALUE_ACTION,
        VALUE_REASON,
        VALUE_ON_EXPIRY,
        VALUE_COUNT,       /* int64_t, 1 to 100 */
        VALUE_WAITING,     /* int64_t, 1 to 1000 */
        VALUE_SPAN,        /* usec_t */
        VALUE_SPAN_OR_NO,  /* usec_t, may be 0 */
        VALUE_COOL_DOWN,   /* usec_t, 0 to COOL_DOWN_MAX */
        VALUE_SPANS,       /* SpanList */
        VALUE_RATE,        /* Rate */
        VALUE_ESCALATIONS, /* EscalationList: to be linked */
        VALUE_EXPRESSION,  /* Expression */
        VALUE_EXPRESSIONS, /* ExpressionList */
        VALUE_SCOPE,
        VALUE_BIND,
        VALUE_EXTEND,
        VALUE_ON_OFF,   /* bool */
        VALUE_YES_NO,   /* bool */
        VALUE_EMAIL,    /* char * */
        VALUE_URL,      /* char *: see rules_url.h */
        VALUE_CHANNELS, /* ChannelList: to be linked */
        VALUE_AUDIENCE,
        VALUE_COMMAND_SHOWN,
        VALUE_ASSURANCE,
        VALUE_KEEP,  /* usec_t, at least a day, and longer than other spans */
        VALUE_SIZE,  /* int64_t: bytes */
        VALUE_LATER, /* of keys that are told to be of a later version, whatever they hold */
        _VALUE_MAX,
} ValueKind;

typedef struct ValueText {
        const char *key;
        const char *text; /* never empty, no white space at its ends */
        Place at;
        Problems *problems;
} ValueText;

/*
 * Replaces what field held. 1 when the value is good; 0 when it is not, which has been told (field
 * may then hold the good part of a list); -ENOMEM.
 */
int value_parse(ValueKind kind, const ValueText *v, void *field);

/* Replaces what to held by a copy. -ENOMEM. */
int value_copy(ValueKind kind, const void *from, void *to);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Sections of a rule file as they are read: what kinds there are, which keys each takes, and what
 * was given where. Used by the parser only.
 */

#include "jit-approver/domain/rules_value.h"

typedef enum SectionKind {
        SECTION_DEFAULTS,
        SECTION_ACCESS,
        SECTION_GROUP,
        SECTION_APPROVER,
        SECTION_WEB,
        SECTION_STORE,
        SECTION_CHANNEL,
        SECTION_RULE,
        _SECTION_MAX,
} SectionKind;

/* The words of SectionKind. */
extern const char *const section_words[_SECTION_MAX];

typedef struct Key {
        const char *name;
        unsigned sections; /* bits 1 << SectionKind */
        ValueKind value;
        size_t offset; /* of the field in what the section describes */
        bool required;
} Key;

typedef enum KeyId {
        KEY_SERVICES,
        KEY_USERS,
        KEY_TARGETS,
        KEY_COMMANDS,
        KEY_ACTION,
        KEY_APPROVERS,
        KEY_APPROVALS,
        KEY_DURATION,
        KEY_MAX_DURATION,
        KEY_OPEN_FOR,
        KEY_WAIT,
        KEY_REASON,
        KEY_ON_EXPIRY,
        KEY_NOTIFY,
        KEY_ASSURANCE,
        KEY_ESCALATE,
        KEY_MATCH_CODE,
        KEY_REASON_PATTERN,
        KEY_SCOPE,
        KEY_BIND,
        KEY_END_WHEN_DONE,
        KEY_EXTEND,
        KEY_WARN_BEFORE,
        KEY_SURVIVE_REBOOT,
        KEY_COOL_DOWN,
        KEY_RATE,
        KEY_MAX_WAITING,
        KEY_RESCUE,
        KEY_SECRET_PATTERNS,
        KEY_BREAK_GLASS_DURATION,
        KEY_REVIEWERS,
        KEY_ADMINS,
        KEY_AUDITORS,
        KEY_MEMBERS,
        KEY_USER,
        KEY_EMAIL,
        KEY_URL,
        KEY_AUDIENCE,
        KEY_COMMAND,
        KEY_KEEP,
        KEY_MAX_SIZE,
        /* Of later versions. */
        KEY_SLACK,
        KEY_NTFY,
        KEY_TELEGRAM,
        KEY_MATTERMOST,
        KEY_DISCORD,
        KEY_RP_ID,
        KEY_SIGNING_SECRET,
        _KEY_MAX,
} KeyId;

extern const Key rule_keys[_KEY_MAX];

static inline bool key_is_in(const Key *key, SectionKind kind)
{
        return key->sections & (1U << kind);
}

typedef struct Section {
        SectionKind kind;
        const char *name; /* borrowed from what it describes; NULL for the nameless kinds */
        size_t rule;      /* SECTION_RULE: where in Rules.rules, which moves as it grows */
        void *object;     /* of the other kinds; owned by Rules */
        Place place;
        Place given[_KEY_MAX]; /* line 0: not given */
        bool good[_KEY_MAX];
} Section;

typedef struct Sections {
        Rules *rules;
        Section *items; /* in file order */
        size_t n, allocated;
} Sections;

void sections_done(Sections *sections);
/* Adds one and the thing it describes, with built-in values. NULL when memory is out. */
Section *sections_add(Sections *sections, SectionKind kind, const char *name, const Place *at);
/* The first of that kind, or NULL. */
const Section *sections_find(const Sections *sections, SectionKind kind);

bool section_is_named(SectionKind kind);
/* The field of what the section describes that the key sets; until the next sections_add(). */
void *section_field(const Sections *sections, const Section *s, KeyId key);

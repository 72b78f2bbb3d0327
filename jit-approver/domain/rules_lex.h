/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Lines of a rule file: cuts a text into section headers and "key = value", and tells what is wrong
 * with the bytes themselves. A damaged line is still handed on, cleaned, so that its key counts as
 * given and one mistake is not reported as two.
 */

#include "jit-approver/domain/rules.h"

#define RULES_LINE_MAX 4096
#define RULES_FILE_MAX (1024 * 1024)

typedef struct Lexer {
        const char *file; /* borrowed by every Place */
        const char *text;
        size_t size, at;
        unsigned line;
        bool told_cr;
        Problems *problems;
} Lexer;

typedef enum LineKind {
        LINE_SECTION, /* word: its kind; rest: its name, "" without one */
        LINE_PAIR,    /* word: the key; rest: the value, "" without one */
        LINE_TORN,    /* a key without "=": told; only marks the key as given */
} LineKind;

typedef struct Line {
        LineKind kind;
        bool damaged;   /* what is wrong with rest has been told: do not judge it */
        bool commented; /* rest is empty because a comment began where it should */
        char *word, *rest;
        Place word_at, rest_at;
        char text[RULES_LINE_MAX + 1];
} Line;

static inline bool is_space(char c)
{
        return c == ' ' || c == '\t';
}

/* False, and told, when the text is too long to be looked at. */
bool lexer_init(Lexer *l, const RulesText *text, const char *file, Problems *problems);

/* The next line that says something; false at the end. */
bool lexer_next(Lexer *l, Line *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Lines of a configuration file, as systemd writes such files but strict: cuts a text into section
 * headers and "key = value", and tells what is wrong with the bytes themselves. A damaged line is still
 * handed on, cleaned, so that its key counts as given and one mistake is not reported as two.
 */

#include "common/problem.h"

#define INI_LINE_MAX 4096
#define INI_FILE_MAX (1024 * 1024)

/* One file's text, borrowed; name is what problems are reported under. */
typedef struct IniText {
        const char *name;
        const char *text;
        size_t size;
} IniText;

typedef struct IniReader {
        const char *file; /* borrowed by every Place */
        const char *text;
        size_t size, at;
        unsigned line;
        bool told_cr;
        Problems *problems;
} IniReader;

typedef enum IniLineKind {
        INI_SECTION, /* word: its kind; rest: its name, "" without one */
        INI_PAIR,    /* word: the key; rest: the value, "" without one */
        INI_TORN,    /* a key without "=": told; only marks the key as given */
} IniLineKind;

typedef struct IniLine {
        IniLineKind kind;
        bool damaged;   /* what is wrong with rest has been told: do not judge it */
        bool commented; /* rest is empty because a comment began where it should */
        char *word, *rest;
        Place word_at, rest_at;
        char text[INI_LINE_MAX + 1];
} IniLine;

static inline bool ini_is_space(char c)
{
        return c == ' ' || c == '\t';
}

/* False, and told, when the text is too long to be looked at. */
bool ini_init(IniReader *l, const IniText *text, const char *file, Problems *problems);

/* The next line that says something; false at the end. */
bool ini_next(IniReader *l, IniLine *ret);

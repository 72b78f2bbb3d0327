/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is wrong with a configuration, and where: collected, so that all of it is told at once. */

#include "common/macro.h"

typedef struct Place {
        const char *file;      /* borrowed; must outlive what holds the Place */
        unsigned line, column; /* from 1; column in bytes. line 0: the file as a whole */
} Place;

typedef struct Problem {
        char *file;
        unsigned line, column;
        char *message; /* one line, foreign text in it already made safe */
} Problem;

typedef struct Problems {
        Problem *items;
        size_t n;
        bool lost; /* room (PROBLEMS_MAX) or memory ran out: there is at least one more */
} Problems;

#define PROBLEMS_MAX 100

/*
 * Adds one; never fails (see lost). The message is made safe and cut here, so foreign text may be
 * given as it is. The same message at the same place is kept once.
 */
void problems_add(Problems *p, const Place *at, const char *format, ...) _printf_(3, 4);
void problems_done(Problems *p);
/*
 * "file:line:column: message", or without line and column when they are 0. NULL when memory is
 * out.
 */
char *problem_to_string(const Problem *p);

/*
 * The one of n words nearest to word by edit distance, or NULL when none is near enough to be
 * meant.
 */
const char *nearest_word(const char *word, const char *const *words, size_t n);

/* "; did you mean 'x'?" for the nearest word, "" without one. Returns out. */
#define HINT_MAX 96
const char *nearest_hint(
        char out[static HINT_MAX], const char *word, const char *const *words, size_t n);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Words for people. Data goes to stdout, talk to stderr; whatever somebody else chose passes safe()
 * or a table on its way to either. Colour only underlines what words already say, and only on a
 * terminal.
 */

#include <stdarg.h>
#include <stdio.h>

#include "common/clock.h"

/* Widths are reckoned in UTF-8, whatever the locale. Once, at start. */
void print_init(void);

/* One of a few buffers that are used in turn: good for the arguments of one printf. NULL is "". */
const char *safe(const char *foreign);

/* "jitctl: …" on stderr, one line. */
void say(const char *format, ...) _printf_(1, 2);
void say_va(const char *format, va_list ap) _printf_(1, 0);
/* A line that the approver worded, on stderr as it is. */
void say_line(const char *foreign);

typedef enum Style {
        STYLE_PLAIN,
        STYLE_BOLD,
        STYLE_GOOD,
        STYLE_WAIT,
        STYLE_BAD,
        STYLE_DIM,
} Style;

/* A terminal that wants colour: no NO_COLOR, no TERM=dumb. */
bool print_colour(FILE *f);
/* The sequence that turns a style on, "" without colour; STYLE_PLAIN turns all off. */
const char *style(FILE *f, Style s);
/* The style of a state's word ("active", "denied", …). */
Style style_of_state(const char *state);

/* "in 27 min", "5 min ago", "now"; buffers as safe(). */
const char *when_in(usec_t wall, usec_t now);
/* The same for RFC 3339 text, which is given back safe when it is none; NULL is "". */
const char *when_in_text(const char *rfc3339);
/* Local "15:04", with the date when that is another. */
const char *when_at_text(const char *rfc3339);
/* A span in the protocol's writing as people say it. */
const char *span_text(const char *span);

/* Columns a text takes on a terminal. */
size_t text_width(const char *s);

typedef struct Cell {
        const char *text; /* foreign; copied; NULL is "" */
        Style style;
} Cell;

/* Rows of as many cells as there are heads (NULL-ended). */
typedef struct Table Table;
Table *table_new(const char *const *heads);
void table_add(Table *t, const Cell *cells);
size_t table_rows(const Table *t);
/* width: cut the last column to fit so many columns; 0: never. */
void table_write(const Table *t, FILE *f, size_t width);
/* On stdout, as wide as the terminal if that is one. */
void table_print(const Table *t);
Table *table_free(Table *t);
DEFINE_FREE(Table, table_free)

/* A question on the terminal. NULL at its end, or for an empty answer; the caller frees. */
char *ask_line(const char *question);
/*
 * A secret: typed on the terminal, where it is not shown, or else the first line of stdin. Into
 * out[size], which the caller erases; nothing of it is buffered. false: none, or too long.
 */
bool ask_secret(const char *question, char *out, size_t size);
/* Whether there is a person at both ends of the terminal. */
bool can_ask(void);
/* Only "y" and "yes" are yes. */
bool ask_yes(const char *question);

/* Out of memory is the end of a command line. */
void *must(void *p);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tables: columns as wide as their widest cell, two spaces between, no lines drawn. */

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/ctl/print.h"

#define CELL_MAX 4096
#define GAP 2
/* Below this a cut column tells nothing: let the terminal wrap it instead. */
#define LAST_MIN 8

struct Table {
        const char *const *heads; /* borrowed */
        size_t columns, rows;
        char **texts; /* owned, rows * columns */
        Style *styles;
};

/* The width of the character at s, and its length in bytes. */
static size_t char_width(const char *s, size_t *ret_length)
{
        mbstate_t state = { 0 };
        wchar_t c;
        size_t n = mbrtowc(&c, s, strlen(s), &state);

        if (n == 0 || n > 4) {
                *ret_length = 1;
                return 1;
        }
        *ret_length = n;
        return (size_t) MAX(wcwidth(c), 0);
}

size_t text_width(const char *s)
{
        size_t width = 0, n;

        for (; *s; s += n) {
                width += char_width(s, &n);
        }
        return width;
}

Table *table_new(const char *const *heads)
{
        Table *t = must(calloc(1, sizeof(*t)));

        t->heads = heads;
        while (heads[t->columns]) {
                t->columns++;
        }
        return t;
}

void table_add(Table *t, const Cell *cells)
{
        size_t n = (t->rows + 1) * t->columns;

        t->texts = must(reallocarray(t->texts, n, sizeof(*t->texts)));
        t->styles = must(reallocarray(t->styles, n, sizeof(*t->styles)));
        for (size_t i = 0; i < t->columns; i++) {
                t->texts[n - t->columns + i] = must(text_clean_dup(cells[i].text, CELL_MAX));
                t->styles[n - t->columns + i] = cells[i].style;
        }
        t->rows++;
}

size_t table_rows(const Table *t)
{
        return t->rows;
}

static size_t column_width(const Table *t, size_t column)
{
        size_t width = text_width(t->heads[column]);

        for (size_t row = 0; row < t->rows; row++) {
                width = MAX(width, text_width(t->texts[row * t->columns + column]));
        }
        return width;
}

/* At most room columns of s, an ellipsis where it was cut. */
static void write_cut(FILE *f, const char *s, size_t room)
{
        size_t width, n;

        if (text_width(s) <= room) {
                (void) fputs(s, f);
                return;
        }
        for (size_t used = 1; *s; s += n) {
                width = char_width(s, &n);
                used += width;
                if (used > room) {
                        break;
                }
                (void) fwrite(s, 1, n, f);
        }
        (void) fputs("…", f);
}

static void write_cell(FILE *f, const char *s, Style look, size_t width, bool last, size_t room)
{
        if (look != STYLE_PLAIN) {
                (void) fputs(style(f, look), f);
        }
        if (last && room > 0) {
                write_cut(f, s, room);
        } else {
                (void) fputs(s, f);
        }
        if (look != STYLE_PLAIN) {
                (void) fputs(style(f, STYLE_PLAIN), f);
        }
        if (!last) {
                (void) fprintf(f, "%*s", (int) (width - text_width(s) + GAP), "");
        }
}

void table_write(const Table *t, FILE *f, size_t width)
{
        size_t last = t->columns - 1, before = 0, room = 0;
        _cleanup_(freep) size_t *widths = must(calloc(t->columns, sizeof(*widths)));

        for (size_t i = 0; i < t->columns; i++) {
                widths[i] = column_width(t, i);
                before += i < last ? widths[i] + GAP : 0;
        }
        if (width > before + LAST_MIN) {
                room = width - before;
        }
        for (size_t i = 0; i < t->columns; i++) {
                write_cell(f, t->heads[i], STYLE_BOLD, widths[i], i == last, room);
        }
        (void) fputc('\n', f);
        for (size_t row = 0; row < t->rows; row++) {
                for (size_t i = 0; i < t->columns; i++) {
                        size_t at = row * t->columns + i;

                        write_cell(f, t->texts[at], t->styles[at], widths[i], i == last, room);
                }
                (void) fputc('\n', f);
        }
}

void table_print(const Table *t)
{
        struct winsize size;
        bool terminal = isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;

        table_write(t, stdout, terminal ? size.ws_col : 0);
}

Table *table_free(Table *t)
{
        if (t) {
                for (size_t i = 0; i < t->rows * t->columns; i++) {
                        free(t->texts[i]);
                }
                free(t->texts);
                free(t->styles);
                free(t);
        }
        return NULL;
}

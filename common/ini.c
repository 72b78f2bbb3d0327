/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lines of a configuration file. Trusts nothing: NUL, control characters and broken UTF-8 are told and
 * replaced before anything else looks at the line, so that below this file a line is a plain C
 * string.
 */

#include "common/ini.h"
#include "common/text.h"
#include "common/util.h"

/* Invisible, and in front of the first "[" it would make everything after it look wrong. */
static void skip_bom(IniReader *l)
{
        static const char bom[] = "\xef\xbb\xbf";

        if (l->size >= strlen(bom) && memcmp(l->text, bom, strlen(bom)) == 0) {
                problems_add(l->problems, &(Place){ .file = l->file, .line = 1, .column = 1 },
                        "the file begins with a byte order mark");
                l->at = strlen(bom);
        }
}

bool ini_init(IniReader *l, const IniText *text, const char *file, Problems *problems)
{
        *l = (IniReader){
                .file = file, .text = text->text, .size = text->size, .problems = problems
        };

        if (text->size > INI_FILE_MAX) {
                problems_add(problems, &(Place){ .file = file },
                        "the file is longer than %d bytes; it was not read", INI_FILE_MAX);
                return false;
        }
        skip_bom(l);
        return true;
}

static Place place(const IniReader *l, size_t offset)
{
        return (Place){ .file = l->file, .line = l->line, .column = (unsigned) offset + 1 };
}

static bool is_c1(const char *s, size_t n)
{
        return n >= 2 && (unsigned char) s[0] == 0xc2 && (unsigned char) s[1] >= 0x80 &&
               (unsigned char) s[1] < 0xa0;
}

/* Bytes of the character at s[0..n), n > 0: 0 when it may not stand in a file. */
static size_t good_character(const char *s, size_t n)
{
        unsigned char c = (unsigned char) s[0];
        size_t length;

        if (c < 0x80) {
                return c == '\t' || (c >= 0x20 && c != 0x7f) ? 1 : 0;
        }
        if (is_c1(s, n)) {
                return 0;
        }
        length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        return length <= n && utf8_valid(s, length) ? length : 0;
}

static void tell_bad_character(const IniReader *l, size_t offset, const char *s, size_t n)
{
        Place at = place(l, offset);
        unsigned char c = (unsigned char) s[0];

        if (c == 0) {
                problems_add(l->problems, &at, "NUL byte");
        } else if (c < 0x80 || is_c1(s, n)) {
                problems_add(l->problems, &at, "control character (byte 0x%02x)", c);
        } else {
                problems_add(l->problems, &at, "not UTF-8 (byte 0x%02x)", c);
        }
}

/*
 * Tells the first bad character of the line and replaces all of them in out, which holds n bytes.
 */
static bool clean_line(const IniReader *l, const char *s, size_t n, char *out)
{
        bool good = true;

        for (size_t i = 0; i < n;) {
                size_t length = good_character(s + i, n - i);

                if (length == 0) {
                        if (good) {
                                tell_bad_character(l, i, s + i, n - i);
                        }
                        good = false;
                        out[i++] = '?';
                        continue;
                }
                memcpy(out + i, s + i, length);
                i += length;
        }
        return good;
}

/* The bytes of one line, without its end, into line->text. */
static void load(IniReader *l, const char *s, size_t n, bool ended, IniLine *line)
{
        *line = (IniLine){};
        if (!ended) {
                Place at = place(l, n);

                problems_add(l->problems, &at, "the last line has no end: was the file cut short?");
                line->damaged = true;
        }
        if (n > 0 && s[n - 1] == '\r') {
                Place at = place(l, n - 1);

                n--;
                if (!l->told_cr) {
                        problems_add(l->problems, &at,
                                "carriage return: lines end with a line feed only");
                        l->told_cr = true;
                }
        }
        if (n > INI_LINE_MAX) {
                Place at = place(l, INI_LINE_MAX);

                problems_add(l->problems, &at, "the line is longer than %d bytes", INI_LINE_MAX);
                line->damaged = true;
                n = INI_LINE_MAX;
        }
        if (!clean_line(l, s, n, line->text)) {
                line->damaged = true;
        }
        line->text[n] = '\0';
}

static char *skip_space(char *s)
{
        while (ini_is_space(*s)) {
                s++;
        }
        return s;
}

/* Cuts white space off the end of s. */
static void trim_end(char *s)
{
        size_t n = strlen(s);

        while (n > 0 && ini_is_space(s[n - 1])) {
                n--;
        }
        s[n] = '\0';
}

/* "# ..." after white space is a comment; s[-1] is readable. Returns whether one was cut off. */
static bool cut_comment(char *s)
{
        for (char *p = s; *p; p++) {
                if (*p == '#' && ini_is_space(p[-1])) {
                        *p = '\0';
                        return true;
                }
        }
        return false;
}

static size_t offset_in(const IniLine *line, const char *p)
{
        return (size_t) (p - line->text);
}

/* What stands after the "]". */
static void check_tail(const IniReader *l, const IniLine *line, char *tail)
{
        Place at;

        (void) cut_comment(tail);
        trim_end(tail);
        tail = skip_space(tail);
        if (*tail) {
                at = place(l, offset_in(line, tail));
                problems_add(l->problems, &at, "'%s' after the end of the section header", tail);
        }
}

/* "[kind]" or "[kind name]"; s is at the "[". */
static bool read_section(const IniReader *l, IniLine *line, char *s)
{
        char *end = strchr(s, ']');
        Place at = place(l, offset_in(line, s));

        if (end) {
                check_tail(l, line, end + 1);
                *end = '\0';
        } else {
                (void) cut_comment(s + 1);
                problems_add(l->problems, &at, "the section header has no ']'");
        }
        line->kind = INI_SECTION;
        line->word = skip_space(s + 1);
        line->word_at = place(l, offset_in(line, line->word));
        line->rest = line->word + strcspn(line->word, " \t");
        if (*line->rest) {
                *line->rest = '\0';
                line->rest = skip_space(line->rest + 1);
        }
        line->rest_at = place(l, offset_in(line, line->rest));
        trim_end(line->rest);
        return true;
}

static bool read_pair(const IniReader *l, IniLine *line, char *s, bool indented)
{
        char *equals = strchr(s, '=');

        line->word = s;
        line->word_at = place(l, offset_in(line, s));
        if (!equals) {
                /* Of an indented line it has been told that it continues nothing. */
                if (!indented && !line->damaged) {
                        problems_add(l->problems, &line->word_at,
                                "'%s' is neither a [section] nor a 'key = value'", s);
                }
                line->kind = INI_TORN;
                line->rest = s + strcspn(s, " \t");
                *line->rest = '\0';
                return true;
        }
        line->kind = INI_PAIR;
        line->commented = cut_comment(equals + 1);
        line->rest = skip_space(equals + 1);
        line->rest_at = place(l, offset_in(line, line->rest));
        trim_end(line->rest);
        line->commented = line->commented && !*line->rest;
        *equals = '\0';
        trim_end(s);
        return true;
}

/* False for lines that say nothing. */
static bool read_line(const IniReader *l, IniLine *line)
{
        char *s = skip_space(line->text);
        bool indented = s != line->text;

        if (!*s || *s == '#' || *s == ';') {
                return false;
        }
        if (indented) {
                Place at = place(l, 0);

                problems_add(l->problems, &at,
                        "white space before '%.40s': a line begins at its first column, and a "
                        "value cannot go on over several lines",
                        s);
        }
        return *s == '[' ? read_section(l, line, s) : read_pair(l, line, s, indented);
}

bool ini_next(IniReader *l, IniLine *ret)
{
        while (l->at < l->size) {
                const char *s = l->text + l->at;
                size_t left = l->size - l->at;
                const char *end = memchr(s, '\n', left);
                size_t n = end ? (size_t) (end - s) : left;

                l->at += end ? n + 1 : n;
                l->line++;
                load(l, s, n, end, ret);
                if (read_line(l, ret)) {
                        return true;
                }
        }
        return false;
}

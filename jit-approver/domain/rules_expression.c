/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Regular expressions of a rule file. Who writes them is trusted; what they are held against is not.
 *
 * MUST: hand nothing to the C library that it could take exponential time for (back-references) or that
 * it would unfold to much more than was written (repetitions of repetitions); match all of a text or
 * not; keep nothing of what was matched: the automata of the C library grow with what they are shown.
 */

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/ini.h"
#include "common/util.h"
#include "jit-approver/domain/rules_expression.h"

/* A walk over one expression, which need not be well formed: that is for regcomp() to say. */
typedef struct Walk {
        const char *s;
        size_t n, at;
        const char *why; /* it cannot be taken; or NULL */
} Walk;

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static char peek(const Walk *w, size_t ahead)
{
        return w->at + ahead < w->n ? w->s[w->at + ahead] : '\0';
}

/* Over "[…]", where "]" may be the first of the set and [:space:] and its like may stand within. */
static void skip_set(Walk *w)
{
        w->at++;
        w->at += peek(w, 0) == '^' ? 1 : 0;
        w->at += peek(w, 0) == ']' ? 1 : 0;
        while (w->at < w->n && w->s[w->at] != ']') {
                char kind = peek(w, 1);

                if (w->s[w->at] == '[' && (kind == ':' || kind == '.' || kind == '=')) {
                        w->at += 2;
                        while (w->at < w->n && !(w->s[w->at] == kind && peek(w, 1) == ']')) {
                                w->at++;
                        }
                        w->at++;
                }
                w->at++;
        }
        w->at++;
}

/* Over "{n,m}"; the larger of both, kept small. */
static size_t skip_braces(Walk *w)
{
        size_t most = 0, number = 0;

        for (w->at++; w->at < w->n && w->s[w->at] != '}'; w->at++) {
                char c = w->s[w->at];

                number = is_digit(c) ? number * 10 + (size_t) (c - '0') : 0;
                number = MIN(number, (size_t) EXPRESSION_PARTS_MAX + 1);
                most = MAX(most, number);
        }
        w->at++;
        return most;
}

/* Over one part that is not in parentheses. */
static void skip_part(Walk *w)
{
        switch (w->s[w->at]) {
        case '[':
                skip_set(w);
                break;
        case '\\':
                if (peek(w, 1) >= '1' && peek(w, 1) <= '9') {
                        w->why = "refers back to a group, which could take for ever";
                }
                w->at += 2;
                break;
        default:
                w->at++;
        }
}

/* By how much what stands before is multiplied; 0: nothing is. The C library writes x+ as xx*. */
static size_t skip_repetition(Walk *w)
{
        switch (peek(w, 0)) {
        case '*':
        case '?':
                w->at++;
                return 1;
        case '+':
                w->at++;
                return 2;
        case '{':
                return skip_braces(w) + 1;
        default:
                return 0;
        }
}

static size_t walk_group(Walk *w, unsigned depth);

/* One part with all that repeats it; how many parts that unfolds to. */
static size_t walk_part(Walk *w, unsigned depth)
{
        size_t parts = 1, times;

        if (w->s[w->at] == '(') {
                w->at++;
                parts = walk_group(w, depth + 1) + 1;
                w->at++;
        } else {
                skip_part(w);
        }
        while (parts <= EXPRESSION_PARTS_MAX && (times = skip_repetition(w)) > 0) {
                parts *= times;
        }
        return parts;
}

/* Up to the ")" that ends it, or the end. Recursion ends with EXPRESSION_DEPTH_MAX. */
static size_t walk_group(Walk *w, unsigned depth)
{
        size_t parts = 0;

        if (depth > EXPRESSION_DEPTH_MAX) {
                w->why = "has more than 16 groups within each other";
        }
        while (!w->why && w->at < w->n && (depth == 0 || w->s[w->at] != ')')) {
                if (w->s[w->at] == ')') {
                        w->why = "has a ')' without a '(': a plain one is \\)";
                        break;
                }
                parts += walk_part(w, depth);
                if (!w->why && parts > EXPRESSION_PARTS_MAX) {
                        w->why = "unfolds to more than 256 characters and sets by what is repeated";
                }
        }
        return parts;
}

static const char *expression_refusal(const char *s, size_t n)
{
        Walk w = { .s = s, .n = n };

        if (n == 0) {
                return "is empty";
        }
        if (n > EXPRESSION_TEXT_MAX) {
                return "is longer than 256 bytes";
        }
        (void) walk_group(&w, 0);
        return w.why;
}

/* Anchored, so that it is held against a text once and not from each of its bytes on. */
static int compile(const char *text, regex_t *ret)
{
        char whole[EXPRESSION_TEXT_MAX + 8];

        (void) snprintf(whole, sizeof(whole), "^(%s)$", text);
        return regcomp(ret, whole, REG_EXTENDED | REG_NOSUB);
}

/* 1; 0 when told. */
static bool expression_check(const ValueText *v, const Place *at, const char *text)
{
        const char *why = expression_refusal(text, strlen(text));
        char error[128];
        regex_t r;
        int e;

        if (why) {
                problems_add(v->problems, at, "'%s' in '%s' %s", text, v->key, why);
                return false;
        }
        e = regcomp(&r, text, REG_EXTENDED | REG_NOSUB);
        if (e == 0) {
                regfree(&r);
                e = compile(text, &r);
        }
        if (e != 0) {
                (void) regerror(e, &r, error, sizeof(error));
                problems_add(v->problems, at, "'%s' in '%s' is not a regular expression: %s", text,
                        v->key, error);
                return false;
        }
        regfree(&r);
        return true;
}

static int expression_new(const char *s, size_t n, const Place *at, Expression *ret)
{
        char *text = strndup(s, n);

        if (!text) {
                return -ENOMEM;
        }
        *ret = (Expression){ .text = text, .place = *at };
        return 0;
}

int value_parse_expression(const ValueText *v, Expression *field)
{
        Expression e;
        int r;

        if (!expression_check(v, &v->at, v->text)) {
                return 0;
        }
        r = expression_new(v->text, strlen(v->text), &v->at, &e);
        if (r < 0) {
                return r;
        }
        expression_done(field);
        *field = e;
        return 1;
}

/* To the comma that ends an element: one that is in no brackets of any kind and behind no backslash. */
static size_t element_length(const char *s)
{
        Walk w = { .s = s, .n = strlen(s) };
        size_t depth = 0;

        while (w.at < w.n && (depth > 0 || w.s[w.at] != ',')) {
                switch (w.s[w.at]) {
                case '(':
                        depth++;
                        w.at++;
                        break;
                case ')':
                        depth -= depth > 0 ? 1 : 0;
                        w.at++;
                        break;
                case '{':
                        (void) skip_braces(&w);
                        break;
                default:
                        skip_part(&w);
                }
        }
        return MIN(w.at, w.n);
}

static int list_append(ExpressionList *list, Expression *e)
{
        Expression *items = reallocarray(list->items, list->n + 1, sizeof(*items));

        if (!items) {
                expression_done(e);
                return -ENOMEM;
        }
        list->items = items;
        list->items[list->n++] = *e;
        return 0;
}

int value_parse_expressions(const ValueText *v, ExpressionList *field)
{
        _cleanup_(expression_list_done) ExpressionList list = {};
        const char *s = v->text;
        bool good = true;

        for (bool more = true; more && list.n <= SECRET_PATTERNS_MAX;) {
                size_t whole = element_length(s), n = whole, lead = 0;
                Place at = v->at;
                Expression e;

                while (lead < n && ini_is_space(s[lead])) {
                        lead++;
                }
                while (n > lead && ini_is_space(s[n - 1])) {
                        n--;
                }
                at.column += (unsigned) (s + lead - v->text);
                if (expression_new(s + lead, n - lead, &at, &e) < 0 || list_append(&list, &e) < 0) {
                        return -ENOMEM;
                }
                good = expression_check(v, &at, e.text) && good;
                more = s[whole] == ',';
                s += whole + 1;
        }
        expression_list_done(field);
        *field = list;
        list = (ExpressionList){};
        return good;
}

int value_copy_expression(const Expression *from, Expression *to)
{
        Expression e = { .place = from->place };

        if (from->text) {
                int r = expression_new(from->text, strlen(from->text), &from->place, &e);

                if (r < 0) {
                        return r;
                }
        }
        expression_done(to);
        *to = e;
        return 0;
}

static bool list_has(const ExpressionList *list, const char *text)
{
        for (size_t i = 0; i < list->n; i++) {
                if (streq(list->items[i].text, text)) {
                        return true;
                }
        }
        return false;
}

int expression_list_add(ExpressionList *list, const ExpressionList *from)
{
        for (size_t i = 0; i < from->n; i++) {
                Expression e = {};
                int r;

                if (list_has(list, from->items[i].text)) {
                        continue;
                }
                r = value_copy_expression(&from->items[i], &e);
                if (r >= 0) {
                        r = list_append(list, &e);
                }
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

int value_copy_expressions(const ExpressionList *from, ExpressionList *to)
{
        _cleanup_(expression_list_done) ExpressionList list = {};
        int r = expression_list_add(&list, from);

        if (r < 0) {
                return r;
        }
        expression_list_done(to);
        *to = list;
        list = (ExpressionList){};
        return 0;
}

struct Matcher {
        size_t n;
        regex_t items[];
};

Matcher *matcher_free(Matcher *m)
{
        if (m) {
                for (size_t i = 0; i < m->n; i++) {
                        regfree(&m->items[i]);
                }
                free(m);
        }
        return NULL;
}

int matcher_new(const ExpressionList *list, Matcher **ret)
{
        _cleanup_(matcher_freep) Matcher *m = NULL;

        if (!list || list->n == 0) {
                *ret = NULL;
                return 0;
        }
        m = calloc(1, sizeof(*m) + list->n * sizeof(m->items[0]));
        if (!m) {
                return -ENOMEM;
        }
        for (size_t i = 0; i < list->n; i++) {
                /* It was compiled before, so there is but one reason. */
                if (compile(list->items[i].text, &m->items[i]) != 0) {
                        return -ENOMEM;
                }
                m->n++;
        }
        *ret = TAKE_PTR(m);
        return 0;
}

bool matcher_matches(const Matcher *m, const char *s, size_t n)
{
        char text[MATCHER_TEXT_MAX + 1];

        if (!m || n == 0 || n > MATCHER_TEXT_MAX) {
                return false;
        }
        memcpy(text, s, n);
        text[n] = '\0';
        for (size_t i = 0; i < m->n; i++) {
                if (regexec(&m->items[i], text, 0, NULL, 0) == 0) {
                        return true;
                }
        }
        return false;
}

bool expression_matches(const Expression *e, const char *text)
{
        regex_t r;
        bool matches;

        if (!e->text || compile(e->text, &r) != 0) {
                return false;
        }
        matches = regexec(&r, text, 0, NULL, 0) == 0;
        regfree(&r);
        return matches;
}

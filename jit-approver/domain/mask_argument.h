/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One argument of a command, and what it says of the next. For mask.c, which finds the arguments. */

#include <string.h>

#include "common/macro.h"
#include "jit-approver/domain/mask.h"
#include "jit-approver/domain/rules_expression.h"

/* What the next argument is. */
typedef enum Next {
        NEXT_PLAIN = 0,
        NEXT_VALUE,  /* an option's secret, unless it is an option itself */
        NEXT_SECRET, /* a secret whatever it looks like */
        NEXT_USER,   /* user:secret */
} Next;

typedef struct Text {
        const char *s;
        size_t n;
} Text;

/* Where one word after the other is put, and what the arguments before say of the next. */
typedef struct Mask {
        char *out; /* of the word at hand; borrowed */
        size_t used, room;
        Next next;
        bool shell;         /* the next argument is a command */
        Text program;       /* the last one whose habits are known; of a table */
        const Matcher *own; /* what the rules say are secrets; borrowed, or NULL */
} Mask;

static inline Text skip(Text t, size_t n)
{
        return (Text){ t.s + n, t.n - n };
}

static inline bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

static inline bool is_quote(char c)
{
        return c == '"' || c == '\'';
}

/* What a name is made of. */
static inline bool is_name_byte(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
}

static inline size_t first_blank(Text t)
{
        size_t i = 0;

        while (i < t.n && !is_blank(t.s[i])) {
                i++;
        }
        return i;
}

/*
 * Where the last command that a shell would put the output of begins, "$(" or "`"; n: there is none. A
 * secret that is typed as it is has none; so what holds one is shown, as it may be what runs.
 */
size_t mask_last_substitution(Text t);
/* As it is; and MASKED. */
void mask_put(Mask *m, const char *s, size_t n);
void mask_put_masked(Mask *m);

/* Puts what the argument before announced; false, with nothing put, when it announced nothing. */
bool mask_take_next(Mask *m, Text t);
/* Puts what matches own, or its value; false, with nothing put, when it does not. */
bool mask_put_own(Mask *m, Text t);
/* Puts "-psecret" of a program that takes it so; false, with nothing put, when it is none. */
bool mask_put_glued(Mask *m, Text t);
/* Puts NAME=secret, "Name: secret" and their like up to its end; false, with nothing put. */
bool mask_put_assignment(Mask *m, Text t);
/* Puts what has no other structure, but for tokens and users in URLs; then notes what comes next. */
void mask_put_plain(Mask *m, Text t);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Regular expressions among the values of a rule file, and what is done with them. They are POSIX's extended
 * ones as the C library has them, but for what could take a long time or much room: see the .c.
 */

#include "jit-approver/domain/rules_value.h"

#define EXPRESSION_TEXT_MAX 256  /* bytes */
#define EXPRESSION_DEPTH_MAX 16  /* of brackets within brackets */
#define EXPRESSION_PARTS_MAX 256 /* characters and sets, each as often as it is repeated */

/* Outcomes as of value_parse() and value_copy(). */
int value_parse_expression(const ValueText *v, Expression *field);
int value_parse_expressions(const ValueText *v, ExpressionList *field);
int value_copy_expression(const Expression *from, Expression *to);
int value_copy_expressions(const ExpressionList *from, ExpressionList *to);

/* Adds copies of what is not in the list yet. -ENOMEM. */
int expression_list_add(ExpressionList *list, const ExpressionList *from);

/* Several, ready to be held against many words. */
typedef struct Matcher Matcher;

/* NULL for an empty list. -ENOMEM. */
int matcher_new(const ExpressionList *list, Matcher **ret);
/* Whether all of s[0..n) matches one of them; nothing matches NULL, and no s that is empty or longer. */
#define MATCHER_TEXT_MAX 1024
bool matcher_matches(const Matcher *m, const char *s, size_t n);
Matcher *matcher_free(Matcher *m);
DEFINE_FREE(Matcher, matcher_free)

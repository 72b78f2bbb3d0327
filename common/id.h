/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Short ids that people can say over a telephone: two groups of four out of 30 letters and digits
 * ("K7QF-2M9D"; no 0 O 1 I L U). They name a request, grant or session; they never authorise.
 */

#include "common/macro.h"

#define ID_LENGTH 9
#define ID_SIZE (ID_LENGTH + 1)
#define ID_PREFIX_MIN 4

typedef struct Id {
        char text[ID_SIZE]; /* canonical: upper case, dash after four; "" is no id */
} Id;

static inline bool id_is_set(const Id *id)
{
        return id->text[0] != '\0';
}

/* A new random id, from getrandom(2). */
int id_new(Id *ret);
/* A whole id in either case, dash optional. -EINVAL. */
int id_parse(const char *s, Id *ret);
/* A prefix of four or more characters (dash not counted) in canonical form for a LIKE or strncmp. -EINVAL. */
int id_parse_prefix(const char *s, char ret[static ID_SIZE]);

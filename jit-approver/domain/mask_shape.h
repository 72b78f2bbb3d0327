/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What secrets look like: the names they go by, and tokens that are known by their shape. For mask.c. */

#include "common/macro.h"

/*
 * Whether what goes by this name (of an option, with its dashes; of a variable, a field, a header)
 * is a secret. "-" and "_" are alike, and so are large and small letters.
 */
bool mask_is_secret_name(const char *s, size_t n);

/* The bytes of the token that begins at s[at] and is known by its shape; 0: none does. */
size_t mask_token_length(const char *s, size_t n, size_t at);

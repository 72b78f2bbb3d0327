/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Makes foreign text safe to show. Everything a user, a name service or a peer chose passes here on
 * its way to a terminal, a log line or a person: C0, C1, DEL and invalid UTF-8 become \xNN; format,
 * bidi, zero-width, private, unassigned-like and over-long combining characters become \u{NNNN}
 * (Unicode Trojan Source, CVE-2021-42574). Newline and tab are control characters too: one value is
 * one line. A literal backslash stays as it is. Libc only, no locale.
 */

#include "common/macro.h"

/* Whether s[0..n) is well-formed UTF-8 without NUL (RFC 3629: no surrogates, no overlongs). */
bool utf8_valid(const char *s, size_t n);

/*
 * Writes the safe form of s[0..n) into out[size], always NUL-ended; what does not fit is replaced by
 * a visible "…" at the end. Returns the length written (without NUL). size must be at least 8.
 */
size_t text_clean(char *out, size_t size, const char *s, size_t n);

/* The same into new memory, the result at most max bytes. NULL when memory is out. s may be NULL: "". */
char *text_clean_dup(const char *s, size_t max);

/*
 * A command line for people: the words joined by spaces, each quoted as a shell would need it, made
 * safe, at most max bytes. NULL when memory is out.
 */
char *text_command(char *const *words, size_t n, size_t max);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * HTML as it grows. Markup stands in the source, as literals; everything else goes in as an argument
 * and comes out inert: made visible (common/text.h), then escaped, good between tags and within quotes.
 */

#include <stdio.h>

#include "common/clock.h"

#define HTML_VALUE_MAX 8192 /* bytes of one foreign value that are shown; "…" follows */

typedef struct Html {
        FILE *f;
        char *text;
        size_t size;
} Html;

/* -ENOMEM. After success html_finish() or html_done() is due. */
int html_start(Html *h);
/* Hands the NUL-ended text over. -ENOMEM; h is done either way. */
int html_finish(Html *h, char **ret, size_t *ret_size);
void html_done(Html *h);

/* %s: foreign text, NULL is none. %d: an int. %%. Nothing else. A format that is no literal does not compile. */
#define html(h, ...) html_put(h, "" __VA_ARGS__)
void html_put(Html *h, const char *format, ...) _printf_(2, 3);

/*
 * "<time …>14:35 CET</time> (in 12 min)", in the host's zone, with the day where it is another; nothing
 * for what is no time. now: wall.
 */
void html_time(Html *h, const char *rfc3339, usec_t now);
/* The same without how long from now. */
void html_clock(Html *h, const char *rfc3339, usec_t now);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Spans of time as systemd.time(7) writes them: "90s", "30m", "1h 30m", "2d", "500ms"; a bare number
 * is seconds. Whole numbers only, no sign. No span is longer than SPAN_MAX (hazard H-86).
 */

#include "common/clock.h"

#define SPAN_MAX (366 * USEC_PER_DAY)
#define SPAN_TEXT_MAX 48

/* Units: us ms s sec m min h hr d day w week and their plurals. -EINVAL, -ERANGE (over SPAN_MAX). */
int span_parse(const char *s, usec_t *ret);
/* The same for what may be longer: up to max, which is below 200 years. */
int span_parse_within(const char *s, usec_t max, usec_t *ret);

/* The shortest exact text that span_parse takes back, "0" for 0. */
void span_format(usec_t span, char out[static SPAN_TEXT_MAX]);
/* For people, rounded to what matters: "30 min", "1 h 30 min", "12 s", "3 d 4 h". */
void span_say(usec_t span, char out[static SPAN_TEXT_MAX]);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Time is int64 microseconds everywhere. Wall time is since 1970 UTC and for people and deadlines
 * across reboots; boot time is CLOCK_BOOTTIME, which a set clock does not move and a suspend does not
 * stop. Nothing below L3 reads a clock: a Now is passed in.
 */

#include <time.h>

#include "common/macro.h"

typedef int64_t usec_t;

#define USEC_PER_MSEC ((usec_t) 1000)
#define USEC_PER_SEC ((usec_t) 1000000)
#define USEC_PER_MIN (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)
#define USEC_NEVER INT64_MAX

/* One instant by both clocks. */
typedef struct Now {
        usec_t wall;
        usec_t boot;
} Now;

usec_t clock_usec(clockid_t id);
Now clock_now(void);

/* a + b that stops at USEC_NEVER instead of overflowing; b >= 0. */
usec_t usec_add(usec_t a, usec_t b);
/* Milliseconds until deadline for poll(2): 0 when past, at most INT32_MAX, rounded up. */
int usec_poll_ms(usec_t now, usec_t deadline);

/* RFC 3339 in UTC, "2026-11-21T15:04:05Z" (with ".123456" if there is a fraction). out[32]. */
#define TIME_RFC3339_MAX 32
void time_rfc3339(usec_t wall, char out[static TIME_RFC3339_MAX]);
/* Accepts Z or a numeric offset. -EINVAL. */
int time_rfc3339_parse(const char *s, usec_t *ret);
/* Local "15:04", or "2026-11-22 15:04" when it is not the local day of now. out[32]. */
void time_local(usec_t wall, usec_t now, char out[static TIME_RFC3339_MAX]);

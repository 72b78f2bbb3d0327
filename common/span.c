/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Spans of time, read and written. Stricter than systemd.time(7): whole numbers, lower case, no
 * months or years (which have no length), and a number without a unit stands alone, because the 30
 * of "1h 30" may be meant either way. MUST: a span too long is an error, never a wrapped one.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/span.h"

typedef struct Unit {
        char name[8];
        usec_t usec;
} Unit;

static const Unit units[] = {
        { "us", 1 },
        { "usec", 1 },
        { "usecs", 1 },
        { "ms", USEC_PER_MSEC },
        { "msec", USEC_PER_MSEC },
        { "msecs", USEC_PER_MSEC },
        { "s", USEC_PER_SEC },
        { "sec", USEC_PER_SEC },
        { "secs", USEC_PER_SEC },
        { "second", USEC_PER_SEC },
        { "seconds", USEC_PER_SEC },
        { "m", USEC_PER_MIN },
        { "min", USEC_PER_MIN },
        { "mins", USEC_PER_MIN },
        { "minute", USEC_PER_MIN },
        { "minutes", USEC_PER_MIN },
        { "h", USEC_PER_HOUR },
        { "hr", USEC_PER_HOUR },
        { "hrs", USEC_PER_HOUR },
        { "hour", USEC_PER_HOUR },
        { "hours", USEC_PER_HOUR },
        { "d", USEC_PER_DAY },
        { "day", USEC_PER_DAY },
        { "days", USEC_PER_DAY },
        { "w", 7 * USEC_PER_DAY },
        { "week", 7 * USEC_PER_DAY },
        { "weeks", 7 * USEC_PER_DAY },
};

/* Longest first; what span_format() writes with. */
static const Unit format_units[] = {
        { "w", 7 * USEC_PER_DAY },
        { "d", USEC_PER_DAY },
        { "h", USEC_PER_HOUR },
        { "m", USEC_PER_MIN },
        { "s", USEC_PER_SEC },
        { "ms", USEC_PER_MSEC },
        { "us", 1 },
};

/* What people read; see span_say(). */
static const Unit say_units[] = {
        { " d", USEC_PER_DAY },
        { " h", USEC_PER_HOUR },
        { " min", USEC_PER_MIN },
        { " s", USEC_PER_SEC },
        { " ms", USEC_PER_MSEC },
};

/* Takes digits; a number over max stays there, so that what follows is still looked at. */
static int take_number(const char **s, usec_t max, usec_t *ret)
{
        usec_t value = 0;

        if (**s < '0' || **s > '9') {
                return -EINVAL;
        }
        for (; **s >= '0' && **s <= '9'; (*s)++) {
                value = MIN(value * 10 + (**s - '0'), max + 1);
        }
        *ret = value;
        return 0;
}

/* Whether a unit stands here, which then is taken. */
static bool take_unit(const char **s, usec_t *ret)
{
        size_t n = strspn(*s, "abcdefghijklmnopqrstuvwxyz");

        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                if (strlen(units[i].name) == n && memcmp(units[i].name, *s, n) == 0) {
                        *ret = units[i].usec;
                        *s += n;
                        return true;
                }
        }
        return false;
}

int span_parse_within(const char *s, usec_t max, usec_t *ret)
{
        usec_t total = 0;
        bool first = true;

        for (;;) {
                usec_t value, unit = USEC_PER_SEC;
                int r;

                r = take_number(&s, max, &value);
                if (r < 0) {
                        return r;
                }
                s += strspn(s, " ");
                if (!take_unit(&s, &unit) && !(first && *s == '\0' && s[-1] != ' ')) {
                        return -EINVAL;
                }
                if (__builtin_mul_overflow(value, unit, &value)) {
                        value = max + 1;
                }
                total = MIN(usec_add(total, value), max + 1);
                if (*s == '\0') {
                        break;
                }
                s += strspn(s, " ");
                first = false;
        }
        if (total > max) {
                return -ERANGE;
        }
        *ret = total;
        return 0;
}

int span_parse(const char *s, usec_t *ret)
{
        return span_parse_within(s, SPAN_MAX, ret);
}

/* The whole span in as few numbers as it takes, largest unit first. */
static void write_units(usec_t span, const Unit *list, size_t n, char out[static SPAN_TEXT_MAX])
{
        size_t length = 0;

        for (size_t i = 0; i < n; i++) {
                usec_t count = span / list[i].usec;

                if (count > 0 && length < SPAN_TEXT_MAX) {
                        length += (size_t) snprintf(out + length, SPAN_TEXT_MAX - length,
                                "%s%lld%s", length > 0 ? " " : "", (long long) count, list[i].name);
                }
                span %= list[i].usec;
        }
}

void span_format(usec_t span, char out[static SPAN_TEXT_MAX])
{
        char single[SPAN_TEXT_MAX];

        if (span <= 0) {
                memcpy(out, "0", 2);
                return;
        }
        write_units(span, format_units, ELEMENTSOF(format_units), out);
        /* "90m" is shorter than "1h 30m" and as exact. */
        for (size_t i = 0; i < ELEMENTSOF(format_units); i++) {
                if (span % format_units[i].usec == 0) {
                        write_units(span, &format_units[i], 1, single);
                        break;
                }
        }
        if (strlen(single) <= strlen(out)) {
                memcpy(out, single, strlen(single) + 1);
        }
}

/* Seconds matter below ten minutes, minutes below a day, then hours. */
static usec_t say_grain(usec_t span)
{
        if (span < USEC_PER_SEC) {
                return USEC_PER_MSEC;
        }
        if (span < 10 * USEC_PER_MIN) {
                return USEC_PER_SEC;
        }
        return span < USEC_PER_DAY ? USEC_PER_MIN : USEC_PER_HOUR;
}

void span_say(usec_t span, char out[static SPAN_TEXT_MAX])
{
        usec_t grain = say_grain(span);

        span = usec_add(span, grain / 2) / grain * grain;
        if (span <= 0) {
                memcpy(out, "0 s", 4);
                return;
        }
        write_units(span, say_units, ELEMENTSOF(say_units), out);
}

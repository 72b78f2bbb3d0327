/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Strict: what is half understood is an error, or an auditor reads another day than he meant. */

#include "jit-approver/ctl/when.h"

#include <errno.h>
#include <stdio.h>

#include "common/span.h"
#include "common/util.h"

/* Local midnight of now's day, less some days. */
static int when_midnight(usec_t now, int days, usec_t *ret)
{
        time_t at = (time_t) (now / USEC_PER_SEC);
        struct tm tm;

        if (!localtime_r(&at, &tm)) {
                return -EINVAL;
        }
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        tm.tm_mday -= days;
        tm.tm_isdst = -1;
        *ret = (usec_t) mktime(&tm) * USEC_PER_SEC;
        return 0;
}

static int when_local(const char *s, usec_t *ret)
{
        struct tm tm = { 0 };
        /* strptime(3) takes blanks and short numbers where we want digits. */
        const char *shape = "dddd-dd-dd dd:dd:dd";
        size_t n = strlen(s);

        if (n != 10 && n != 16 && n != 19) {
                return -EINVAL;
        }
        for (size_t i = 0; i < n; i++) {
                bool digit = s[i] >= '0' && s[i] <= '9';

                if (shape[i] == 'd' ? !digit : s[i] != shape[i]) {
                        return -EINVAL;
                }
        }
        const char *end = strptime(s,
                n == 10   ? "%Y-%m-%d"
                : n == 16 ? "%Y-%m-%d %H:%M"
                          : "%Y-%m-%d %H:%M:%S",
                &tm);
        if (!end || *end) {
                return -EINVAL;
        }
        int day = tm.tm_mday;
        tm.tm_isdst = -1;
        time_t at = mktime(&tm);
        if (tm.tm_mday != day) {
                return -EINVAL; /* the 31st of February became a March day */
        }
        *ret = (usec_t) at * USEC_PER_SEC;
        return 0;
}

/* "15:04" of now's day. */
static int when_clock(const char *s, usec_t now, usec_t *ret)
{
        time_t at = (time_t) (now / USEC_PER_SEC);
        char day[16], text[32];
        struct tm tm;

        if (strlen(s) != 5 || !localtime_r(&at, &tm) ||
                strftime(day, sizeof(day), "%Y-%m-%d", &tm) == 0) {
                return -EINVAL;
        }
        (void) snprintf(text, sizeof(text), "%s %s", day, s);
        return when_local(text, ret);
}

static int when_ago(const char *s, usec_t now, usec_t *ret)
{
        static const char ago[] = " ago";
        char text[SPAN_TEXT_MAX];
        size_t n = strlen(s);
        usec_t span;

        if (n >= sizeof(text)) {
                return -EINVAL;
        }
        if (s[0] == '-') {
                memcpy(text, s + 1, n);
        } else if (n > strlen(ago) && streq(s + n - strlen(ago), ago)) {
                memcpy(text, s, n - strlen(ago));
                text[n - strlen(ago)] = '\0';
        } else {
                return -EINVAL;
        }
        if (span_parse(text, &span) < 0) {
                return -EINVAL;
        }
        *ret = now - span;
        return 0;
}

int when_parse(const char *s, usec_t now, usec_t *ret)
{
        if (streq(s, "now")) {
                *ret = now;
                return 0;
        }
        if (streq(s, "today")) {
                return when_midnight(now, 0, ret);
        }
        if (streq(s, "yesterday")) {
                return when_midnight(now, 1, ret);
        }
        if (time_rfc3339_parse(s, ret) >= 0 || when_local(s, ret) >= 0 ||
                when_clock(s, now, ret) >= 0) {
                return 0;
        }
        return when_ago(s, now, ret);
}

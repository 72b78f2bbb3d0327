/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Clocks and instants. UTC is reckoned here and not by gmtime_r(), which takes a lock and obeys TZ
 * where leap seconds are configured. MUST: no arithmetic that can overflow (hazard H-86).
 */

#include <errno.h>

#include "common/clock.h"

/* Seconds of 32 bits end in 2038, and what is asked of the kernel in them would be wrong before that. */
_Static_assert(sizeof(time_t) == sizeof(usec_t),
        "time_t must have 64 bits: -D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64");

#define SEC_PER_DAY ((int64_t) 86400)
/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what four digits of year can say. */
#define RFC3339_SEC_MIN ((int64_t) -62167219200)
#define RFC3339_SEC_MAX ((int64_t) 253402300799)

usec_t clock_usec(clockid_t id)
{
        struct timespec ts = {};

        (void) clock_gettime(id, &ts); /* fails for an unknown id only */
        return (usec_t) ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

Now clock_now(void)
{
        return (Now){ .wall = clock_usec(CLOCK_REALTIME), .boot = clock_usec(CLOCK_BOOTTIME) };
}

usec_t usec_add(usec_t a, usec_t b)
{
        usec_t sum;

        return __builtin_add_overflow(a, b, &sum) ? USEC_NEVER : sum;
}

int usec_poll_ms(usec_t now, usec_t deadline)
{
        usec_t left;

        if (deadline <= now) {
                return 0;
        }
        if (__builtin_sub_overflow(deadline, now, &left)) {
                return INT32_MAX;
        }
        left = left / USEC_PER_MSEC + (left % USEC_PER_MSEC != 0);
        return (int) MIN(left, (usec_t) INT32_MAX);
}

static int64_t floor_div(int64_t a, int64_t b)
{
        return a / b - (a % b < 0);
}

/* Days since 1970-01-01 of a Gregorian date; years begin in March, so that leap days come last. */
static int64_t days_from_civil(int year, int month, int day)
{
        int64_t y = year - (month <= 2);
        int64_t era = floor_div(y, 400);
        int64_t year_of_era = y - era * 400;
        int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

        return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
               day_of_year - 719468;
}

static void civil_from_days(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
        int64_t z = days + 719468;
        int64_t era = floor_div(z, 146097);
        int64_t doe = z - era * 146097;
        int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
        int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        int64_t m = (5 * doy + 2) / 153;

        *ret_day = (int) (doy - (153 * m + 2) / 5 + 1);
        *ret_month = (int) (m < 10 ? m + 3 : m - 9);
        *ret_year = (int) (yoe + era * 400 + (*ret_month <= 2));
}

static char *put_digits(char *out, int64_t value, int width)
{
        for (int i = width - 1; i >= 0; i--) {
                out[i] = (char) ('0' + value % 10);
                value /= 10;
        }
        return out + width;
}

static char *put_date(char *out, int year, int month, int day)
{
        out = put_digits(out, year, 4);
        *out++ = '-';
        out = put_digits(out, month, 2);
        *out++ = '-';
        return put_digits(out, day, 2);
}

void time_rfc3339(usec_t wall, char out[static TIME_RFC3339_MAX])
{
        int64_t sec = floor_div(wall, USEC_PER_SEC);
        int64_t fraction = wall % USEC_PER_SEC;
        int64_t days, in_day;
        int year, month, day;
        char *at = out;

        if (fraction < 0) {
                fraction += USEC_PER_SEC;
        }
        if (sec < RFC3339_SEC_MIN || sec > RFC3339_SEC_MAX) {
                sec = sec < 0 ? RFC3339_SEC_MIN : RFC3339_SEC_MAX;
                fraction = 0;
        }
        days = floor_div(sec, SEC_PER_DAY);
        in_day = sec - days * SEC_PER_DAY;
        civil_from_days(days, &year, &month, &day);
        at = put_date(at, year, month, day);
        *at++ = 'T';
        at = put_digits(at, in_day / 3600, 2);
        *at++ = ':';
        at = put_digits(at, in_day / 60 % 60, 2);
        *at++ = ':';
        at = put_digits(at, in_day % 60, 2);
        if (fraction != 0) {
                *at++ = '.';
                at = put_digits(at, fraction, 6);
        }
        *at++ = 'Z';
        *at = '\0';
}

/* Takes exactly width digits from *s; least <= value <= most. */
static int take_digits(const char **s, int width, int least, int most, int *ret)
{
        int value = 0;

        for (int i = 0; i < width; i++) {
                char c = (*s)[i];

                if (c < '0' || c > '9') {
                        return -EINVAL;
                }
                value = value * 10 + (c - '0');
        }
        if (value < least || value > most) {
                return -EINVAL;
        }
        *s += width;
        *ret = value;
        return 0;
}

static int take_char(const char **s, char c)
{
        if (**s != c) {
                return -EINVAL;
        }
        (*s)++;
        return 0;
}

static int days_in_month(int year, int month)
{
        static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        return days[month - 1] + (month == 2 && leap);
}

static int take_date(const char **s, int64_t *ret_days)
{
        int year, month, day;

        if (take_digits(s, 4, 0, 9999, &year) < 0 || take_char(s, '-') < 0 ||
                take_digits(s, 2, 1, 12, &month) < 0 || take_char(s, '-') < 0 ||
                take_digits(s, 2, 1, days_in_month(year, month), &day) < 0) {
                return -EINVAL;
        }
        *ret_days = days_from_civil(year, month, day);
        return 0;
}

/* ".1" to ".123456789"; what is finer than a microsecond is dropped. No fraction is 0. */
static int take_fraction(const char **s, int *ret_usec)
{
        int usec = 0, digits = 0;

        if (take_char(s, '.') < 0) {
                *ret_usec = 0;
                return 0;
        }
        for (; **s >= '0' && **s <= '9'; (*s)++) {
                if (++digits <= 6) {
                        usec = usec * 10 + (**s - '0');
                }
        }
        if (digits < 1 || digits > 9) {
                return -EINVAL;
        }
        for (; digits < 6; digits++) {
                usec *= 10;
        }
        *ret_usec = usec;
        return 0;
}

/* "Z", "+02:00", "-11:30". */
static int take_offset(const char **s, int *ret_sec)
{
        int hours, minutes, sign = **s == '-' ? -1 : 1;

        if (take_char(s, 'Z') == 0) {
                *ret_sec = 0;
                return 0;
        }
        if (**s != '+' && **s != '-') {
                return -EINVAL;
        }
        (*s)++;
        if (take_digits(s, 2, 0, 23, &hours) < 0 || take_char(s, ':') < 0 ||
                take_digits(s, 2, 0, 59, &minutes) < 0) {
                return -EINVAL;
        }
        *ret_sec = sign * (hours * 3600 + minutes * 60);
        return 0;
}

int time_rfc3339_parse(const char *s, usec_t *ret)
{
        int hour, minute, second, usec, offset;
        int64_t days;

        if (take_date(&s, &days) < 0 || take_char(&s, 'T') < 0 ||
                take_digits(&s, 2, 0, 23, &hour) < 0 || take_char(&s, ':') < 0 ||
                take_digits(&s, 2, 0, 59, &minute) < 0 || take_char(&s, ':') < 0 ||
                take_digits(&s, 2, 0, 59, &second) < 0 || take_fraction(&s, &usec) < 0 ||
                take_offset(&s, &offset) < 0 || *s != '\0') {
                return -EINVAL;
        }
        *ret = (days * SEC_PER_DAY + hour * 3600 + minute * 60 + second - offset) * USEC_PER_SEC +
               usec;
        return 0;
}

void time_local(usec_t wall, usec_t now, char out[static TIME_RFC3339_MAX])
{
        time_t at = (time_t) floor_div(wall, USEC_PER_SEC);
        time_t today = (time_t) floor_div(now, USEC_PER_SEC);
        struct tm tm, day;

        if (!localtime_r(&at, &tm) || !localtime_r(&today, &day) || tm.tm_year < -1900 ||
                tm.tm_year > 9999 - 1900) {
                time_rfc3339(wall, out);
                return;
        }
        if (tm.tm_year != day.tm_year || tm.tm_yday != day.tm_yday) {
                out = put_date(out, tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
                *out++ = ' ';
        }
        out = put_digits(out, tm.tm_hour, 2);
        *out++ = ':';
        out = put_digits(out, tm.tm_min, 2);
        *out = '\0';
}

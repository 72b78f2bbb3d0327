/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values of a rule file that count or measure: numbers, spans of time, lists of them, rates. */

#include <errno.h>
#include <stdio.h>

#include "common/ini.h"
#include "common/span.h"
#include "common/util.h"
#include "jit-approver/domain/rules_amount.h"

#define KEEP_MIN USEC_PER_DAY
#define KEEP_MAX (36500 * USEC_PER_DAY)
#define SIZE_MIN (INT64_C(16) << 20)
#define SIZE_MAX_G 65536

#define SPAN_TEXT_ROOM 64 /* bytes of a span within a longer value; longer ones are none */

int value_parse_count(const ValueText *v, int64_t most, int64_t *field)
{
        uint64_t n;

        if (parse_u64(v->text, (uint64_t) most, &n) < 0 || n < 1) {
                problems_add(v->problems, &v->at,
                        "'%s' is not possible for '%s', only a number from 1 to %lld", v->text,
                        v->key, (long long) most);
                return 0;
        }
        *field = (int64_t) n;
        return 1;
}

int value_parse_span(const ValueText *v, bool zero, usec_t most, usec_t *field)
{
        char limit[SPAN_TEXT_MAX];
        usec_t span;
        int r = span_parse(v->text, &span);

        if (r == -ERANGE || (r >= 0 && span > most)) {
                span_format(most, limit);
                problems_add(v->problems, &v->at, "'%s' is too long for '%s': at most %s", v->text,
                        v->key, most == SPAN_MAX ? "366d" : limit);
                return 0;
        }
        if (r < 0) {
                problems_add(v->problems, &v->at,
                        "'%s' is not a span of time for '%s' (such as 90s, 30m, 1h 30m, 2d)",
                        v->text, v->key);
                return 0;
        }
        if (span == 0 && !zero) {
                problems_add(v->problems, &v->at, "'%s' must not be 0", v->key);
                return 0;
        }
        *field = span;
        return 1;
}

/* Puts it where it belongs, the longest first. False when told. */
static bool span_insert(const ValueText *v, usec_t span, SpanList *list)
{
        size_t i = list->n;

        for (size_t k = 0; k < list->n; k++) {
                if (list->items[k] == span) {
                        problems_add(
                                v->problems, &v->at, "'%s' stands twice in '%s'", v->text, v->key);
                        return false;
                }
        }
        if (list->n == SPANS_MAX) {
                problems_add(v->problems, &v->at, "'%s' takes at most %d spans of time", v->key,
                        SPANS_MAX);
                return false;
        }
        while (i > 0 && list->items[i - 1] < span) {
                list->items[i] = list->items[i - 1];
                i--;
        }
        list->items[i] = span;
        list->n++;
        return true;
}

/* The element of v that begins at s and has n bytes. */
static bool spans_add(const ValueText *v, const char *s, size_t n, SpanList *list)
{
        char text[SPAN_TEXT_ROOM] = "";
        ValueText one = { v->key, text, v->at, v->problems };
        usec_t span;

        while (n > 0 && ini_is_space(*s)) {
                s++;
                n--;
        }
        while (n > 0 && ini_is_space(s[n - 1])) {
                n--;
        }
        one.at.column += (unsigned) (s - v->text);
        (void) snprintf(text, sizeof(text), "%.*s", (int) n, s);
        return value_parse_span(&one, false, SPAN_MAX, &span) == 1 && span_insert(&one, span, list);
}

int value_parse_spans(const ValueText *v, SpanList *field)
{
        SpanList list = {};
        bool good = true;

        for (const char *s = v->text; !streq(v->text, "no");) {
                size_t n = strcspn(s, ",");

                good = spans_add(v, s, n, &list) && good;
                if (!s[n]) {
                        break;
                }
                s += n + 1;
        }
        if (good) {
                *field = list;
        }
        return good;
}

/* "h" is "1h". */
static bool rate_span(const char *s, usec_t *ret)
{
        char text[SPAN_TEXT_ROOM];
        int n = snprintf(text, sizeof(text), "%s%s", *s >= '0' && *s <= '9' ? "" : "1", s);

        return *s && n > 0 && (size_t) n < sizeof(text) && span_parse(text, ret) >= 0 && *ret > 0;
}

int value_parse_rate(const ValueText *v, Rate *field)
{
        char number[8] = "";
        const char *slash = strchr(v->text, '/');
        size_t n = slash ? (size_t) (slash - v->text) : 0;
        uint64_t count;
        usec_t per;

        if (streq(v->text, "no")) {
                *field = (Rate){};
                return 1;
        }
        if (n < sizeof(number)) {
                memcpy(number, v->text, n);
        }
        if (parse_u64(number, RATE_MAX, &count) < 0 || count < 1 || !slash ||
                !rate_span(slash + 1, &per)) {
                problems_add(v->problems, &v->at,
                        "'%s' is not possible for '%s', only so many in so long a time, from 1 to "
                        "%d (such as 10/h, 3/15m), or no",
                        v->text, v->key, RATE_MAX);
                return 0;
        }
        *field = (Rate){ (int64_t) count, per };
        return 1;
}

int value_parse_keep(const ValueText *v, usec_t *field)
{
        usec_t span;
        int r = span_parse_within(v->text, KEEP_MAX, &span);

        if (r == -EINVAL) {
                problems_add(v->problems, &v->at,
                        "'%s' is not a span of time for '%s' (such as 90d, 52w, 400d)", v->text,
                        v->key);
                return 0;
        }
        if (r < 0 || span < KEEP_MIN) {
                problems_add(v->problems, &v->at,
                        "'%s' is not possible for '%s', only 1d to 36500d", v->text, v->key);
                return 0;
        }
        *field = span;
        return 1;
}

/* As systemd writes them: K, M and G are powers of 1024. */
int value_parse_size(const ValueText *v, int64_t *field)
{
        static const char units[] = "KMG";
        char digits[16] = "";
        size_t n = strspn(v->text, "0123456789");
        const char *unit = v->text[n] ? strchr(units, v->text[n]) : NULL;
        uint64_t value = 0;

        if (n == 0 || n >= sizeof(digits) || (v->text[n] && (!unit || v->text[n + 1]))) {
                problems_add(v->problems, &v->at, "'%s' is not a size for '%s' (such as 64M, 1G)",
                        v->text, v->key);
                return 0;
        }
        memcpy(digits, v->text, n);
        int shift = unit ? 10 * (int) (unit - units + 1) : 0;
        uint64_t most = ((uint64_t) SIZE_MAX_G << 30) >> shift;
        if (parse_u64(digits, most, &value) < 0 || (int64_t) (value << shift) < SIZE_MIN) {
                problems_add(v->problems, &v->at, "'%s' is not possible for '%s', only 16M to %dG",
                        v->text, v->key, SIZE_MAX_G);
                return 0;
        }
        *field = (int64_t) (value << shift);
        return 1;
}

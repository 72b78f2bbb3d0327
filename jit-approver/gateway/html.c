/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: the one place where foreign text becomes markup (hazards H-55 to H-57). */

#include "jit-approver/gateway/html.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/text.h"
#include "common/util.h"

int html_start(Html *h)
{
        *h = (Html){ 0 };
        h->f = open_memstream(&h->text, &h->size);
        return h->f ? 0 : -ENOMEM;
}

int html_finish(Html *h, char **ret, size_t *ret_size)
{
        bool failed = ferror(h->f);

        if (fclose(TAKE_PTR(h->f)) != 0 || failed) {
                html_done(h);
                return -ENOMEM;
        }
        *ret_size = h->size;
        *ret = TAKE_PTR(h->text);
        return 0;
}

void html_done(Html *h)
{
        if (h->f) {
                (void) fclose(TAKE_PTR(h->f));
        }
        free(TAKE_PTR(h->text));
}

static void put_escaped(Html *h, const char *s)
{
        for (; *s; s++) {
                switch (*s) {
                case '&':
                        (void) fputs("&amp;", h->f);
                        break;
                case '<':
                        (void) fputs("&lt;", h->f);
                        break;
                case '>':
                        (void) fputs("&gt;", h->f);
                        break;
                case '"':
                        (void) fputs("&quot;", h->f);
                        break;
                case '\'':
                        (void) fputs("&#39;", h->f);
                        break;
                case '`':
                        (void) fputs("&#96;", h->f);
                        break;
                default:
                        (void) fputc(*s, h->f);
                }
        }
}

static void put_foreign(Html *h, const char *s)
{
        _cleanup_(freep) char *clean = text_clean_dup(s, HTML_VALUE_MAX);

        put_escaped(h, str_or(clean, "(out of memory)"));
}

void html_put(Html *h, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        for (const char *s = format; *s; s++) {
                if (*s != '%') {
                        (void) fputc(*s, h->f);
                        continue;
                }
                s++;
                if (*s == 's') {
                        put_foreign(h, va_arg(args, const char *));
                } else if (*s == 'd') {
                        (void) fprintf(h->f, "%d", va_arg(args, int));
                } else {
                        assert(*s == '%');
                        (void) fputc('%', h->f);
                }
        }
        va_end(args);
}

/* Returns whether it is a time. */
static bool put_time(Html *h, const char *rfc3339, usec_t now, usec_t *ret)
{
        char text[64], zone[32], utc[TIME_RFC3339_MAX];
        struct tm tm, day;
        usec_t at;

        if (!rfc3339 || time_rfc3339_parse(rfc3339, &at) < 0) {
                return false;
        }
        time_t seconds = (time_t) (at / USEC_PER_SEC), today = (time_t) (now / USEC_PER_SEC);
        if (!localtime_r(&seconds, &tm) || !localtime_r(&today, &day)) {
                return false;
        }
        bool same_day = tm.tm_year == day.tm_year && tm.tm_yday == day.tm_yday;
        bool same_year = tm.tm_year == day.tm_year;
        const char *shape = same_day ? "%H:%M" : same_year ? "%a %-d %b, %H:%M" : "%Y-%m-%d %H:%M";
        if (strftime(text, sizeof(text), shape, &tm) == 0 ||
                strftime(zone, sizeof(zone), "%Z", &tm) == 0) {
                return false;
        }
        time_rfc3339(at - at % USEC_PER_SEC, utc);
        html(h, "<time datetime=\"%s\">%s %s</time>", utc, text, zone);
        *ret = at;
        return true;
}

void html_clock(Html *h, const char *rfc3339, usec_t now)
{
        usec_t at;

        (void) put_time(h, rfc3339, now, &at);
}

void html_time(Html *h, const char *rfc3339, usec_t now)
{
        char span[SPAN_TEXT_MAX];
        usec_t at;

        if (!put_time(h, rfc3339, now, &at)) {
                return;
        }
        span_say(at > now ? at - now : now - at, span);
        /* Nobody counts milliseconds. */
        if (at <= now && now - at < 2 * USEC_PER_SEC) {
                html(h, " <span class=\"soft\">(just now)</span>");
        } else if (at > now) {
                html(h, " <span class=\"soft\">(in %s)</span>", span);
        } else {
                html(h, " <span class=\"soft\">(%s ago)</span>", span);
        }
}

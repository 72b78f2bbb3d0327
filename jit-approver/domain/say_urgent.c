/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lines of break-glass and rescue. */

#include "jit-approver/domain/say_urgent.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/text.h"
#include "common/util.h"
#include "jit-approver/domain/approver.h"

#define NAMES_MAX 6 /* more are counted */
#define NAME_SHOWN 64

/* Whoever is alarmed, each once. */
typedef struct Alarmed {
        const Name *names[NAMES_MAX];
        size_t n, others;
} Alarmed;

static bool is_same(const Name *a, const Name *b)
{
        return a->kind == b->kind && streq(a->text, b->text);
}

static void add_alarmed(const Name *n, void *userdata)
{
        Alarmed *a = userdata;

        for (size_t i = 0; i < a->n; i++) {
                if (is_same(a->names[i], n)) {
                        return;
                }
        }
        if (a->n < NAMES_MAX) {
                a->names[a->n++] = n;
        } else {
                a->others++;
        }
}

static Alarmed alarmed_by(const Rule *rule, const Request *r)
{
        Alarmed a = { .n = 0 };

        approvers_visit_reached(rule, REACH_ALL, r, add_alarmed, &a);
        if (a.n == 0) {
                approvers_visit(&rule->reviewers, r, add_alarmed, &a);
        }
        return a;
}

static bool is_one(const Alarmed *a)
{
        return a->n + a->others <= 1;
}

/* "bob", "bob and carol", "bob, carol and @sre", "bob, carol and others" */
static char *say_alarmed(const Alarmed *a)
{
        char text[(NAMES_MAX + 1) * (NAME_SHOWN + 8)] = "nobody";
        size_t used = 0;

        for (size_t i = 0; i < a->n; i++) {
                bool last = i + 1 == a->n && a->others == 0;
                const char *glue = i == 0 ? "" : last ? " and " : ", ";
                const char *at = a->names[i]->kind == NAME_UNIX_GROUP ? "@" : "";
                char name[NAME_SHOWN];

                text_clean(name, sizeof(name), a->names[i]->text, strlen(a->names[i]->text));
                used += (size_t) snprintf(
                        text + used, sizeof(text) - used, "%s%s%s", glue, at, name);
        }
        if (a->others > 0) {
                (void) snprintf(text + used, sizeof(text) - used, " and others");
        }
        return strdup(text);
}

/* What is opened: another account, or the service itself for who becomes nobody else by it. */
static char *say_what(const Request *r)
{
        bool other = r->target.uid != UID_UNSET && r->target.uid != r->asker.uid && r->target.name;

        return text_clean_dup(other ? r->target.name : str_or(r->service, "?"), NAME_SHOWN);
}

/* Without a channel nobody's telephone rings. */
static const char *by_what(const Rule *rule)
{
        return rule->notify.n > 0 ? "" : ", by the journal alone";
}

char *say_break_glass(const Rule *rule, const Request *q)
{
        const Alarmed a = alarmed_by(rule, q);
        _cleanup_(freep) char *names = say_alarmed(&a), *what = say_what(q);
        char *line = NULL;

        if (names && what) {
                (void) str_printf(&line,
                        "Type " BREAK_GLASS_WORD " to open %s now; %s will be alarmed%s: ", what,
                        names, by_what(rule));
        }
        return line;
}

/* "Opened until 15:04 (15 min) by a rescue code; bob and carol are alarmed." */
static char *say_opened(
        const Rule *rule, const Request *r, const Grant *g, const char *how, const Now *now)
{
        const Alarmed a = alarmed_by(rule, r);
        _cleanup_(freep) char *names = say_alarmed(&a);
        char until[TIME_RFC3339_MAX], span[SPAN_TEXT_MAX];
        char *line = NULL;

        time_local(g->until, now->wall, until);
        span_say(g->until - g->from, span);
        if (names) {
                (void) str_printf(&line, "Opened until %s (%s) %s; %s %s alarmed%s.", until, span,
                        how, names, is_one(&a) ? "is" : "are", by_what(rule));
        }
        return line;
}

char *say_broken(const Rule *rule, const Request *r, const Grant *g, const Now *now)
{
        _cleanup_(freep) char *opened = say_opened(rule, r, g, "without approval", now);
        char *line = NULL;

        if (opened) {
                (void) str_printf(&line, "%s It will be reviewed.", opened);
        }
        return line;
}

char *say_rescued(const Rule *rule, const Request *r, const Grant *g, int64_t left, const Now *now)
{
        _cleanup_(freep) char *opened = say_opened(rule, r, g, "by a rescue code", now);
        char *line = NULL;

        if (opened) {
                (void) str_printf(&line, "%s Codes left: %lld.", opened, (long long) left);
        }
        return line;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any root process may send such lines: nothing in them is believed but that root said so. */

#include "jit-approver/domain/residue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "common/trace.h"
#include "common/util.h"
#include "jit-approver/domain/mask.h"

#define SUMMARY_SIZE 700
#define FIRST_SHOWN 60 /* bytes of the first of a kind */

typedef struct Summary {
        int64_t count[_TRACE_KIND_MAX];
        char first[_TRACE_KIND_MAX][FIRST_SHOWN + 8];
} Summary;

static char *join(char *const *words)
{
        size_t n = 1;

        for (char *const *w = words; *w; w++) {
                n += strlen(*w) + 1;
        }
        char *text = calloc(1, n), *at = text;
        for (char *const *w = words; text && *w; w++) {
                size_t length = strlen(*w);

                if (w > words) {
                        *at++ = ' ';
                }
                memcpy(at, *w, length);
                at += length;
        }
        return text;
}

/* A process tells the words it was started with, secrets and all. Safe; NULL: out of memory. */
static char *mask_command(const char *command, const ExpressionList *own)
{
        _cleanup_(freep) char *copy = strdup(command);
        _cleanup_(freep) const char **words = calloc(strlen(command) / 2 + 2, sizeof(*words));
        _cleanup_(strv_freep) char **masked = NULL;
        char *rest;
        size_t n = 0;

        if (!copy || !words) {
                return NULL;
        }
        for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
                words[n++] = w;
        }
        _cleanup_(freep) char *joined =
                mask_words(words, n, own, &masked) < 0 ? NULL : join(masked);
        return joined ? text_clean_dup(joined, TRACE_WHAT_MAX) : NULL;
}

static void summary_count(Summary *s, const Trace *t)
{
        if (s->count[t->kind]++ == 0) {
                size_t n = strlen(t->what);
                size_t cut = n;

                while (cut > FIRST_SHOWN ||
                        (cut < n && ((unsigned char) t->what[cut] & 0xC0) == 0x80)) {
                        cut--; /* between two characters */
                }
                (void) snprintf(s->first[t->kind], sizeof(s->first[0]), "%.*s%s", (int) cut,
                        t->what, cut < n ? "…" : "");
        }
}

static int line_accept(const char *line, const ExpressionList *own, Summary *s, FILE *out)
{
        _cleanup_(freep) char *text = NULL, *what = NULL, *safe = NULL;
        Trace t;

        int r = trace_from_line(line, &text, &t);
        if (r < 0) {
                return r;
        }
        what = t.kind == TRACE_PROCESS ? mask_command(t.what, own)
                                       : text_clean_dup(t.what, TRACE_WHAT_MAX);
        if (!what) {
                return -ENOMEM;
        }
        t.what = *what ? what : "?";
        r = trace_to_line(&t, &safe);
        if (r < 0) {
                return r;
        }
        summary_count(s, &t);
        return fprintf(out, "%s\n", safe) < 0 ? -ENOMEM : 0;
}

/* "added 2 (/etc/cron.d/x), setuid 1 (/tmp/sh)" */
static char *summary_text(const Summary *s, int64_t more)
{
        char text[SUMMARY_SIZE] = "";
        size_t n = 0;

        for (size_t i = 0; i < _TRACE_KIND_MAX; i++) {
                if (s->count[i] > 0) {
                        n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%s %" PRId64 " (%s)",
                                n > 0 ? ", " : "", trace_kind_to_string((TraceKind) i), s->count[i],
                                s->first[i]);
                }
        }
        if (more > 0) {
                (void) snprintf(text + n, sizeof(text) - n, ", %" PRId64 " more", more);
        }
        return strdup(n > 0 ? text : "nothing was found");
}

int residue_accept(const char *const *lines, size_t n, int64_t found, const ExpressionList *own,
        char **ret, char **ret_summary)
{
        _cleanup_(freep) char *text = NULL;
        Summary s = { 0 };
        size_t size = 0;
        int r = 0;

        if (n > RESIDUE_LINES_MAX) {
                return -E2BIG;
        }
        FILE *out = open_memstream(&text, &size);
        if (!out) {
                return -ENOMEM;
        }
        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = line_accept(lines[i], own, &s, out);
        }
        if (fclose(out) != 0 && r >= 0) {
                r = -ENOMEM;
        }
        char *summary = r >= 0 ? summary_text(&s, MAX(found - (int64_t) n, (int64_t) 0)) : NULL;
        if (!summary) {
                return r < 0 ? r : -ENOMEM;
        }
        *ret = TAKE_PTR(text);
        *ret_summary = summary;
        return 0;
}

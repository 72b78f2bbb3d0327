/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: believe a baseline no further than times of change bear it out, as those who could write it were root. */

#include "jit-approver/residue/compare.h"

#include <stdio.h>

#include "common/util.h"
#include "jit-approver/residue/accounts.h"

typedef struct Comparison {
        const Snapshot *before, *now;
        usec_t from;
        const char *passwd;
        Report *report;
        bool rebooted;        /* so nothing in /run is as it was */
        const Entry *touched; /* a file of lines that was written, where no line differs so far */
} Comparison;

/* A unit file by its name, for those who look for its processes. */
static int note_unit(Report *r, const char *path)
{
        const char *name = strrchr(path, '/');
        const char *dot = name ? strrchr(name, '.') : NULL;

        return dot && (streq(dot, ".service") || streq(dot, ".scope"))
                       ? strv_add(&r->units, name + 1)
                       : 0;
}

static bool is_of_boot(const char *path)
{
        return strncmp(path, "/run/", 5) == 0;
}

static int tell(Comparison *c, TraceKind kind, const Entry *e, const char *note)
{
        char who[ACCOUNT_NAME_MAX], id[32];
        Trace t = { .kind = kind, .note = note, .what = e->path };

        if (c->rebooted && is_of_boot(e->path)) {
                return 0;
        }
        if (e->type == ENTRY_LINE) {
                (void) snprintf(id, sizeof(id), "id %u", (unsigned) e->uid);
                t.note = id;
        } else {
                account_name(c->passwd, e->uid, who);
                t.who = who;
        }
        t.when = kind == TRACE_REMOVED ? 0 : e->ctime;
        int r = report_add(c->report, &t);
        return r >= 0 && kind != TRACE_REMOVED ? note_unit(c->report, e->path) : r;
}

/* Times of change of what has entries below it follow those, and tell nothing of their own. */
static bool is_touched(const Comparison *c, const Entry *e)
{
        return e->type != ENTRY_FOLDER && e->type != ENTRY_LINE && e->ctime >= c->from;
}

static int tell_new(Comparison *c, const Entry *e)
{
        if (c->before && !c->before->full) {
                return tell(c, TRACE_ADDED, e, NULL);
        }
        return is_touched(c, e) ? tell(c, TRACE_CHANGED, e, "new or changed; not in a baseline")
                                : 0;
}

static const char *difference(const Entry *a, const Entry *b)
{
        if (a->type != b->type) {
                return "it is of another kind";
        }
        if (!streq(a->hash, b->hash) ||
                (!*a->hash && (a->size != b->size || a->mtime != b->mtime))) {
                return "content";
        }
        return a->mode != b->mode || a->uid != b->uid || a->gid != b->gid ? "owner or mode" : NULL;
}

static int tell_same(Comparison *c, const Entry *before, const Entry *now)
{
        const char *what = difference(before, now);

        if (what) {
                return tell(c, TRACE_CHANGED, now, what);
        }
        if (!is_touched(c, now)) {
                return 0;
        }
        if (now->type == ENTRY_LISTED) {
                c->touched = now; /* a line that differs says more */
                return 0;
        }
        return tell(c, TRACE_CHANGED, now,
                now->ctime <= c->before->taken.wall ? "before the baseline was taken"
                                                    : "touched; it is as before");
}

/* Whether path is a line of that file. */
static bool is_line_of(const char *path, const Entry *file)
{
        size_t n = strlen(file->path);

        return strncmp(path, file->path, n) == 0 && path[n] == ':';
}

/* The file of lines that was left open, once its lines have been looked at. */
static int settle_touched(Comparison *c, const char *next, bool differs)
{
        const Entry *file = c->touched;

        if (!file || (next && is_line_of(next, file) && !differs)) {
                return 0;
        }
        c->touched = NULL;
        return next && is_line_of(next, file)
                       ? 0
                       : tell(c, TRACE_CHANGED, file, "touched; its lines are as before");
}

int compare(const Snapshot *before, const Snapshot *now, usec_t from, const char *passwd, Report *r)
{
        Comparison c = { .before = before,
                .now = now,
                .from = from,
                .passwd = passwd,
                .report = r,
                .rebooted = before && *before->boot_id && *now->boot_id &&
                            !streq(before->boot_id, now->boot_id) };
        size_t i = 0, k = 0, n_before = before ? before->n : 0;
        int err = 0;

        while (err >= 0 && (i < n_before || k < now->n)) {
                const Entry *a = i < n_before ? &before->items[i] : NULL;
                const Entry *b = k < now->n ? &now->items[k] : NULL;
                int order = !a ? 1 : !b ? -1 : strcmp(a->path, b->path);
                bool differs = order != 0 || difference(a, b);

                err = settle_touched(&c, order < 0 ? a->path : b->path, differs);
                if (err >= 0 && order < 0) {
                        err = now->full ? 0 : tell(&c, TRACE_REMOVED, a, NULL);
                } else if (err >= 0) {
                        err = order > 0 ? tell_new(&c, b) : tell_same(&c, a, b);
                }
                i += order <= 0;
                k += order >= 0;
        }
        return err < 0 ? err : settle_touched(&c, NULL, false);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which rows go. MUST: never one that is younger than a day, never one that is not behind one checkpoint
 * that our own key signed, nor one from the first on that what is pending or active has left; do little at
 * a time.
 */

#include "jit-approver/daemon/prune.h"

#include <errno.h>

#include "common/log.h"
#include "common/util.h"

#define EVERY USEC_PER_HOUR        /* how often to look */
#define PAUSE (50 * USEC_PER_MSEC) /* between steps: others come first */
#define YOUNG USEC_PER_DAY         /* what stays whatever its size */
#define WORTH USEC_PER_DAY         /* for less than a day's rows no checkpoint is made */
#define SCAN_ROWS 1000             /* in one step */
#define PRUNE_ROWS_MAX 100
#define PRUNE_OBJECTS_MAX 50
#define PRUNE_PAGES 64
#define SPARE_PAGES 256 /* bytes that soon are wanted again, in pages of SQLite's 1 KiB */

static void prune_rest(Prune *p, const Now *now)
{
        p->stage = PRUNE_REST;
        p->due_at = usec_add(now->boot, EVERY);
}

/* Of an end that cannot be read or written, we hear again in an hour. */
static void prune_fail(Prune *p, const Now *now, int error)
{
        log_warning("Failed to prune the record, trying again later: %s",
                error == -EUCLEAN ? "its checkpoint cannot be believed" : strerror(-error));
        prune_rest(p, now);
}

static void prune_go_on(Prune *p, PruneStage stage, const Now *now)
{
        p->stage = stage;
        p->due_at = usec_add(now->boot, PAUSE);
}

/* --- how far --------------------------------------------------------------------------------------- */

static int on_first(int64_t seq, usec_t time, void *userdata)
{
        *(usec_t *) userdata = time;
        return 1;
}

/* By size: as large a part of the rows as the file is too large. */
static int64_t most_by_size(int64_t first, int64_t last, int64_t used, int64_t max)
{
        int64_t goal = max - max / 10;

        if (used <= max) {
                return 0;
        }
        return first - 1 + (last - first + 1) * ((used - goal) / (used / 1000)) / 1000;
}

/* Whether there is enough to do; then from where, how far, and how old it must be. */
static int prune_plan(Prune *p, const Ledger *l, const Rules *rules, const Now *now, bool *ret)
{
        usec_t oldest_time = 0, alive, newest;
        int64_t first, last, used, spare;

        int r = store_audit_span(l->store, &first, &last);
        if (r >= 0) {
                r = store_audit_times(l->store, first - 1, first, 1, on_first, &oldest_time);
        }
        if (r >= 0) {
                r = store_usage(l->store, &used, &spare);
        }
        if (r >= 0) {
                r = store_alive(l->store, &alive, &newest);
        }
        if (r < 0) {
                return r;
        }
        int64_t most = most_by_size(first, last, used, rules->max_size);
        bool old = oldest_time < now->wall - rules->keep - WORTH;
        if (first == 0 || (!old && most < first)) {
                *ret = false;
                return 0;
        }
        first = MAX(first, store_pruned(l->store) + 1);
        p->checkpoint = (Checkpoint){ .upto = first - 1 };
        p->most = most >= first ? most : last;
        usec_t keep = most >= first ? YOUNG : MAX(rules->keep, YOUNG);
        p->before = MIN(alive, now->wall - keep);
        p->future = newest <= now->wall;
        *ret = true;
        return 0;
}

typedef struct Scan {
        Prune *prune;
        usec_t wall;
        int64_t looked_at;
        bool end;
} Scan;

/*
 * The first row that is not old enough ends it. A time that is yet to come is of a clock that was wrong
 * once, and no reason to keep everything behind it for ever.
 */
static int on_time(int64_t seq, usec_t time, void *userdata)
{
        Scan *s = userdata;
        Checkpoint *c = &s->prune->checkpoint;
        bool wrong = time > s->wall && s->prune->future;

        s->looked_at++;
        if (time >= s->prune->before && !wrong) {
                s->end = true;
                return 1;
        }
        c->upto = seq;
        c->count++;
        if (!wrong) {
                usec_t when = MAX(time, (usec_t) 1); /* 0 is no time */
                c->first = c->first == 0 ? when : MIN(c->first, when);
                c->last = MAX(c->last, when);
        }
        return 0;
}

static int on_hash(const AuditRow *row, void *userdata)
{
        memcpy(((Checkpoint *) userdata)->hash, row->hash, sizeof(row->hash));
        return 1;
}

static int prune_scan(Prune *p, Ledger *l, const Now *now)
{
        Scan s = { .prune = p, .wall = now->wall };

        int r = store_audit_times(l->store, p->checkpoint.upto, p->most, SCAN_ROWS, on_time, &s);
        if (r < 0) {
                return r;
        }
        if (!s.end && s.looked_at == SCAN_ROWS) {
                prune_go_on(p, PRUNE_SCAN, now);
                return 0;
        }
        if (p->checkpoint.count == 0 || p->checkpoint.last == 0) {
                prune_rest(p, now);
                return 0;
        }
        const AuditFilter f = {
                .after = p->checkpoint.upto - 1, .upto = p->checkpoint.upto, .asker = UID_UNSET
        };
        r = store_audit(l->store, &f, on_hash, &p->checkpoint);
        if (r >= 0) {
                r = p->checkpoint.hash[0] ? ledger_checkpoint(l, &p->checkpoint, now) : -EUCLEAN;
        }
        if (r >= 0) {
                prune_go_on(p, PRUNE_ROWS, now);
        }
        return r;
}

/* --- taking it out ----------------------------------------------------------------------------------- */

static int prune_rows(Prune *p, Ledger *l, const Now *now)
{
        int64_t n = 0;

        int r = store_prune_audit(l->store, p->checkpoint.upto, PRUNE_ROWS_MAX, &n);
        if (r < 0) {
                return r;
        }
        if (n == 0) {
                p->kind = PRUNABLE_SESSIONS;
                p->row = 0;
        }
        prune_go_on(p, n > 0 ? PRUNE_ROWS : PRUNE_OBJECTS, now);
        return 0;
}

/* What was over before the first row that is kept has none. */
static int prune_objects(Prune *p, Ledger *l, const Now *now)
{
        PruneBefore w = { .boot_id = l->boot_id, .limit = PRUNE_OBJECTS_MAX };
        bool more = false;

        int r = store_audit_times(l->store, p->checkpoint.upto, INT64_MAX, 1, on_first, &w.before);
        if (r < 0) {
                return r;
        }
        w.before = w.before > now->wall ? p->checkpoint.last : MIN(w.before, now->wall - YOUNG);
        r = store_prune(l->store, p->kind, &w, &p->row, &more);
        if (r < 0) {
                return r;
        }
        if (!more) {
                p->kind++;
                p->row = 0;
        }
        prune_go_on(p, p->kind < _PRUNABLE_MAX ? PRUNE_OBJECTS : PRUNE_SPACE, now);
        return 0;
}

static int prune_space(Prune *p, Ledger *l, const Now *now)
{
        int64_t used, spare, left;

        int r = store_usage(l->store, &used, &spare);
        if (r >= 0 && spare > SPARE_PAGES * 1024) {
                r = store_give_back(l->store, PRUNE_PAGES);
                if (r >= 0) {
                        r = store_usage(l->store, &used, &left);
                }
                /* A file that cannot shrink keeps its room, and uses it again. */
                if (r >= 0 && left < spare) {
                        prune_go_on(p, PRUNE_SPACE, now);
                        return 0;
                }
        }
        prune_rest(p, now);
        return MIN(r, 0);
}

/*
 * What a crash left undone, behind a checkpoint that is there. It is believed only if it is ours: a bit
 * that flipped in it must not take rows with it. What another key signed, of the machine that a backup is
 * from, stays until a checkpoint of ours covers it.
 */
static int prune_resume(Prune *p, Ledger *l, const Now *now)
{
        _cleanup_(freep) char *message = NULL;
        int64_t first, last;

        int r = audit_checkpoint_read(l->store, &p->checkpoint);
        if (r == -ENOENT || r == -EUCLEAN) {
                return 0; /* jitctl log --verify tells of the latter */
        }
        if (r >= 0) {
                r = audit_checkpoint_message(&p->checkpoint, &message);
        }
        if (r >= 0) {
                r = store_audit_span(l->store, &first, &last);
        }
        if (r < 0) {
                return r;
        }
        if (first <= p->checkpoint.upto &&
                record_key_signed(&l->record_key, message, p->checkpoint.signature)) {
                prune_go_on(p, PRUNE_ROWS, now);
        }
        return 0;
}

static int prune_begin(Prune *p, Ledger *l, const Rules *rules, const Now *now)
{
        bool enough = false;
        Grant window = { 0 };

        if (!p->resumed) {
                int r = prune_resume(p, l, now);
                if (r < 0 || p->stage != PRUNE_REST) {
                        p->resumed = r >= 0;
                        return r;
                }
                p->resumed = true;
        }
        /* By a clock that cannot be right everything might be old. */
        int r = grant_window(now, USEC_PER_MIN, &window) < 0
                        ? 0
                        : prune_plan(p, l, rules, now, &enough);
        if (r < 0 || !enough) {
                prune_rest(p, now);
                return r;
        }
        prune_go_on(p, PRUNE_SCAN, now);
        return 0;
}

void prune_step(Prune *p, Ledger *l, const Rules *rules, const Now *now)
{
        static int (*const steps[])(Prune *, Ledger *, const Now *) = {
                [PRUNE_SCAN] = prune_scan,
                [PRUNE_ROWS] = prune_rows,
                [PRUNE_OBJECTS] = prune_objects,
                [PRUNE_SPACE] = prune_space,
        };
        int r = 0;

        if (!l->store || !rules || !l->record_key.set) {
                prune_rest(p, now);
        } else if (p->stage == PRUNE_REST) {
                r = prune_begin(p, l, rules, now);
        } else {
                r = steps[p->stage](p, l, now);
                /* Carried over now, in small pieces: not in the midst of somebody's decision. */
                if (r >= 0) {
                        (void) store_carry_over(l->store);
                }
        }
        if (r < 0) {
                prune_fail(p, now, r);
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The dispatcher of Linux-PAM (libpam/pam_dispatch.c) over sets of states: every entry is entered with
 * every state that an answer of the entries before it can leave. Jumps go forward only, so one pass
 * over the entries is enough.
 * MUST: every way that libpam has is among those followed, or `unknown` is set.
 */

#include "jit-approver/ctl/pam_walk.h"

#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/print.h"

#define LEVELS_MAX 20
#define STATES_MAX 256
#define NO_GAP SIZE_MAX

/* libpam's impression and status; of a status only what can be a success is told apart. */
typedef struct Verdict {
        signed char impression; /* 0: none yet, 1: good, -1: bad */
        unsigned char
                status; /* PAM_CODE_SUCCESS, PAM_CODE_NEW_AUTHTOK_REQD, or PAM_CODE_AUTH_ERR */
} Verdict;

/* One way up to an entry. */
typedef struct State {
        Verdict now;
        Verdict saved[LEVELS_MAX]; /* as each open substack was entered */
        unsigned level;            /* of the entry that was run last */
        bool denied;               /* a line of ours said no */
        PamGap gap;
} State;

typedef struct States {
        State *items;
        size_t n;
} States;

/* The states before each entry, and those after the last. */
typedef struct Walk {
        const PamStack *stack;
        PamSay say;
        States *before;
        bool unknown;
} Walk;

bool pam_is_ours(const PamEntry *e)
{
        return e->module && streq(e->module, PAM_OURS);
}

static bool same_state(const State *a, const State *b)
{
        return memcmp(&a->now, &b->now, sizeof(a->now)) == 0 &&
               memcmp(a->saved, b->saved, sizeof(a->saved)) == 0 && a->level == b->level &&
               a->denied == b->denied && a->gap.at == b->gap.at && a->gap.forgets == b->gap.forgets;
}

static void arrive(Walk *w, size_t at, const State *s)
{
        States *set = &w->before[at];

        for (size_t i = 0; i < set->n; i++) {
                if (same_state(&set->items[i], s)) {
                        return;
                }
        }
        if (set->n == STATES_MAX) {
                w->unknown = true;
                return;
        }
        set->items = must(reallocarray(set->items, set->n + 1, sizeof(*set->items)));
        set->items[set->n++] = *s;
}

/* The last entry of what belongs to `at` and its substacks. */
static size_t last_of_level(const PamStack *s, size_t at)
{
        unsigned level = s->entries[at].level;

        while (at + 1 < s->n && s->entries[at + 1].level >= level) {
                at++;
        }
        return at;
}

/* The last entry that a jump of so many lines skips. False: there are not as many. */
static bool jump_over(const PamStack *s, size_t from, int lines, size_t *ret)
{
        unsigned level = s->entries[from].level;
        size_t at = from;

        while (at + 1 < s->n && s->entries[at + 1].level >= level && lines > 0) {
                do {
                        at++;
                } while (at + 1 < s->n && s->entries[at + 1].level > level);
                lines--;
        }
        *ret = at;
        return lines == 0;
}

static bool is_good(int code)
{
        return code == PAM_CODE_SUCCESS || code == PAM_CODE_NEW_AUTHTOK_REQD;
}

/* What the entry may answer. Of unknown modules: anything. */
static bool may_answer(const PamEntry *e, PamSay say, int code)
{
        if (e->must_fail) {
                return code == PAM_CODE_PERM_DENIED;
        }
        if (streq(e->module, "pam_permit.so")) {
                return code == PAM_CODE_SUCCESS;
        }
        if (streq(e->module, "pam_deny.so") || (pam_is_ours(e) && say == PAM_SAY_NO)) {
                return !is_good(code) && code != PAM_CODE_IGNORE && code != PAM_CODE_INCOMPLETE;
        }
        if (pam_is_ours(e)) {
                return code == (say == PAM_SAY_YES ? PAM_CODE_SUCCESS : PAM_CODE_IGNORE);
        }
        return code != PAM_CODE_INCOMPLETE; /* the host calls again, and the module answers then */
}

static void note_gap(State *s, size_t at, int code, bool forgets)
{
        if (s->gap.at == NO_GAP) {
                s->gap = (PamGap){ at, code, forgets };
        }
}

/* OK, DONE, BAD, DIE, RESET and IGNORE upon the verdict. True: the decision is made. */
static bool act_on(State *s, int act, int code)
{
        Verdict *v = &s->now;

        switch (act) {
        case PAM_ACT_RESET:
                *v = s->saved[s->level];
                return false;
        case PAM_ACT_OK:
        case PAM_ACT_DONE:
                if (v->impression == 0 || (v->impression == 1 && v->status == PAM_CODE_SUCCESS)) {
                        v->impression = 1;
                        v->status = is_good(code) ? (unsigned char) code : PAM_CODE_AUTH_ERR;
                }
                return v->impression == 1 && act == PAM_ACT_DONE;
        case PAM_ACT_BAD:
        case PAM_ACT_DIE:
                *v = (Verdict){ -1, PAM_CODE_AUTH_ERR };
                return act == PAM_ACT_DIE;
        default:
                return false;
        }
}

/* The entry at `at` answers code in this state. */
static void answer(Walk *w, size_t at, const State *before, int code)
{
        const PamStack *stack = w->stack;
        const PamEntry *e = &stack->entries[at];
        State s = *before;
        size_t last = at;
        int act = e->act[code];

        if (act > 0) {
                if (!jump_over(stack, at, act, &last)) {
                        s.now = (Verdict){ -1, PAM_CODE_AUTH_ERR };
                }
        } else if (act_on(&s, act, code)) {
                last = last_of_level(stack, at);
        }
        if (pam_is_ours(e) && w->say == PAM_SAY_NO) {
                s.denied = true;
                if (s.now.impression != -1) { /* our own control; others judge that */
                        note_gap(&s, at, code, false);
                }
        } else if (s.denied && before->now.impression == -1 && s.now.impression != -1) {
                note_gap(&s, at, code, true);
        }
        for (size_t i = at + 1; i <= last; i++) {
                if (pam_is_ours(&stack->entries[i])) {
                        note_gap(&s, at, code, false);
                }
        }
        arrive(w, last + 1, &s);
}

static void enter(Walk *w, size_t at, State *s)
{
        const PamEntry *e = &w->stack->entries[at];

        if (s->level < e->level) {
                s->saved[e->level] = s->now;
        }
        for (unsigned i = e->level + 1; i < LEVELS_MAX; i++) {
                s->saved[i] = (Verdict){ 0 };
        }
        s->level = e->level;
        if (!e->module) { /* the head of a substack is not run */
                arrive(w, at + 1, s);
                return;
        }
        for (int code = 0; code < _PAM_CODE_MAX; code++) {
                if (may_answer(e, w->say, code)) {
                        answer(w, at, s, code);
                }
        }
}

static void add_gap(PamWalk *ret, const PamGap *g)
{
        size_t at = 0;

        while (at < ret->n_gaps && ret->gaps[at].at < g->at) {
                at++;
        }
        if (at < ret->n_gaps && ret->gaps[at].at == g->at) {
                ret->gaps[at] = g->code < ret->gaps[at].code ? *g : ret->gaps[at];
                return;
        }
        if (ret->n_gaps == PAM_GAPS_MAX) {
                return;
        }
        memmove(&ret->gaps[at + 1], &ret->gaps[at], (ret->n_gaps - at) * sizeof(ret->gaps[0]));
        ret->gaps[at] = *g;
        ret->n_gaps++;
}

static bool walkable(const PamStack *s)
{
        for (size_t i = 0; i < s->n; i++) {
                if (s->entries[i].level >= LEVELS_MAX) {
                        return false;
                }
        }
        return true;
}

void pam_walk(const PamStack *s, PamSay say, PamWalk *ret)
{
        Walk w = { .stack = s, .say = say };
        State first = { .gap = { .at = NO_GAP } };

        *ret = (PamWalk){ 0 };
        if (!walkable(s)) {
                ret->unknown = true;
                return;
        }
        first.now.status = first.saved[0].status = PAM_CODE_AUTH_ERR;
        w.before = must(calloc(s->n + 1, sizeof(*w.before)));
        arrive(&w, 0, &first);
        for (size_t at = 0; at < s->n; at++) {
                for (size_t i = 0; i < w.before[at].n; i++) {
                        enter(&w, at, &w.before[at].items[i]);
                }
                free(w.before[at].items);
        }
        for (size_t i = 0; i < w.before[s->n].n; i++) {
                const State *end = &w.before[s->n].items[i];

                if (end->now.impression == 1 && is_good(end->now.status)) {
                        ret->opens = true;
                        if (end->gap.at != NO_GAP) {
                                add_gap(ret, &end->gap);
                        }
                }
        }
        ret->unknown = w.unknown;
        free(w.before[s->n].items);
        free(w.before);
}

bool pam_jumps_too_far(const PamStack *s, size_t at)
{
        const PamEntry *e = &s->entries[at];
        size_t last;

        for (int code = 0; e->module && code < _PAM_CODE_MAX; code++) {
                if (e->act[code] > 0 && !jump_over(s, at, e->act[code], &last)) {
                        return true;
                }
        }
        return false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The walk over all answers against a plain run of the dispatcher for each of them. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/pam_walk.h"

static const int codes[] = { PAM_CODE_SUCCESS, PAM_CODE_PERM_DENIED, PAM_CODE_AUTH_ERR,
        PAM_CODE_NEW_AUTHTOK_REQD, PAM_CODE_IGNORE };

static uint64_t seed = 1;

static unsigned dice(unsigned sides)
{
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        return (unsigned) (seed >> 33) % sides;
}

/* A state of the plain run. */
typedef struct Run {
        int impression, status;
        int saved_impression[8], saved_status[8];
} Run;

/* The next entry after `at` on a decision, or a jump of `lines`; *bad: too far. */
static size_t skip(const PamStack *s, size_t at, int lines, bool *bad)
{
        unsigned level = s->entries[at].level;
        size_t next = at + 1;

        while (next < s->n && s->entries[next].level >= level && lines != 0) {
                next++;
                while (next < s->n && s->entries[next].level > level) {
                        next++;
                }
                lines -= lines > 0;
        }
        *bad = lines > 0;
        return next;
}

static size_t step(Run *r, const PamStack *s, size_t at, int code)
{
        const PamEntry *e = &s->entries[at];
        int act = e->act[code];
        bool bad = false;

        if (act == PAM_ACT_RESET) {
                r->impression = r->saved_impression[e->level];
                r->status = r->saved_status[e->level];
        } else if (act == PAM_ACT_OK || act == PAM_ACT_DONE) {
                if (r->impression == 0 || (r->impression > 0 && r->status == PAM_CODE_SUCCESS)) {
                        r->impression = 1;
                        r->status = code;
                }
                if (r->impression > 0 && act == PAM_ACT_DONE) {
                        return skip(s, at, -1, &bad);
                }
        } else if (act == PAM_ACT_BAD || act == PAM_ACT_DIE) {
                if (r->impression >= 0) {
                        r->impression = -1;
                        r->status = code == PAM_CODE_IGNORE ? PAM_CODE_PERM_DENIED : code;
                }
                if (act == PAM_ACT_DIE) {
                        return skip(s, at, -1, &bad);
                }
        } else if (act > 0) {
                size_t next = skip(s, at, act, &bad);

                if (bad) {
                        r->impression = -1;
                        r->status = PAM_CODE_PERM_DENIED;
                }
                return next;
        }
        return at + 1;
}

/* Whether the stack opens with these answers, one digit for each entry. */
static bool opens(const PamStack *s, PamSay say, unsigned long answers, bool *possible)
{
        Run r = { .status = PAM_CODE_PERM_DENIED, .saved_status[0] = PAM_CODE_PERM_DENIED };
        unsigned level = 0;

        for (size_t at = 0; at < s->n;) {
                const PamEntry *e = &s->entries[at];
                unsigned long rest = answers;

                if (level < e->level) {
                        r.saved_impression[e->level] = r.impression;
                        r.saved_status[e->level] = r.status;
                }
                level = e->level;
                if (!e->module) {
                        at++;
                        continue;
                }
                for (size_t i = 0; i < at; i++) {
                        rest /= s->entries[i].module ? ELEMENTSOF(codes) : 1;
                }
                int code = codes[rest % ELEMENTSOF(codes)];
                bool no = code == PAM_CODE_PERM_DENIED || code == PAM_CODE_AUTH_ERR;
                if (pam_is_ours(e) && !(say == PAM_SAY_NO          ? no
                                              : say == PAM_SAY_YES ? code == PAM_CODE_SUCCESS
                                                                   : code == PAM_CODE_IGNORE)) {
                        *possible = false;
                        return false;
                }
                at = step(&r, s, at, code);
        }
        return r.impression > 0 &&
               (r.status == PAM_CODE_SUCCESS || r.status == PAM_CODE_NEW_AUTHTOK_REQD);
}

static bool opens_somehow(const PamStack *s, PamSay say)
{
        unsigned long all = 1;

        for (size_t i = 0; i < s->n; i++) {
                all *= s->entries[i].module ? ELEMENTSOF(codes) : 1;
        }
        for (unsigned long answers = 0; answers < all; answers++) {
                bool possible = true;

                if (opens(s, say, answers, &possible) && possible) {
                        return true;
                }
        }
        return false;
}

static void write_line(char *out, size_t size)
{
        static const char *const acts[] = { "ignore", "ok", "done", "bad", "die", "reset", "1", "2",
                "3" };
        static const char *const words[] = { "required", "requisite", "sufficient", "optional" };
        const char *module = dice(3) ? "pam_x.so" : PAM_OURS;
        size_t n = strlen(out);

        if (dice(2)) {
                (void) snprintf(out + n, size - n, "account %s %s\n", words[dice(4)], module);
                return;
        }
        (void) snprintf(out + n, size - n,
                "account [success=%s new_authtok_reqd=%s ignore=%s auth_err=%s default=%s] %s\n",
                acts[dice(9)], acts[dice(9)], acts[dice(9)], acts[dice(9)], acts[dice(9)], module);
}

START_TEST(against_a_plain_run)
{
        unsigned both[2] = { 0 };

        for (unsigned round = 0; round < 3000; round++) {
                char top[2048] = "", low[1024] = "";
                PamText files[] = { { "low", low }, { "top", top } };
                _cleanup_(pam_stack_done) PamStack s = { 0 };
                unsigned sub = dice(3);

                for (unsigned i = 0; i < 2 + dice(2); i++) {
                        write_line(low, sizeof(low));
                }
                for (unsigned i = 0; i < 3; i++) {
                        if (i == sub && dice(2)) {
                                (void) strncat(top, "account substack low\n", 32);
                        } else {
                                write_line(top, sizeof(top));
                        }
                }
                ck_assert_int_eq(pam_stack_read(files, 2, "top", PAM_TYPE_ACCOUNT, &s), 0);
                for (PamSay say = PAM_SAY_NO; say <= PAM_SAY_NOTHING; say++) {
                        PamWalk walk;
                        bool plain = opens_somehow(&s, say), ours = false;

                        for (size_t i = 0; i < s.n; i++) {
                                ours = ours || pam_is_ours(&s.entries[i]);
                        }
                        pam_walk(&s, say, &walk);
                        ck_assert(!walk.unknown);
                        ck_assert_msg(walk.opens == plain, "say %d, walk %d:\n%s--\n%s", (int) say,
                                (int) walk.opens, top, low);
                        if (say == PAM_SAY_NO && ours && plain) {
                                ck_assert_msg(walk.n_gaps > 0, "no gap:\n%s--\n%s", top, low);
                        }
                        both[plain]++;
                }
        }
        ck_assert_uint_gt(both[0], 1000);
        ck_assert_uint_gt(both[1], 1000);
}
END_TEST

/* Every line may give way to the next in ways of its own: what is too much is said to be unknown. */
START_TEST(too_many_ways)
{
        _cleanup_(pam_stack_done) PamStack s = { 0 };
        char text[32768] = "";
        PamText file = { "x", text };
        PamWalk walk;

        for (unsigned i = 0; i < 400; i++) {
                (void) strncat(text, "account [success=398 default=ignore] pam_x.so\n", 64);
        }
        (void) strncat(text, "account required pam_jit.so\n", 64);
        ck_assert_int_eq(pam_stack_read(&file, 1, "x", PAM_TYPE_ACCOUNT, &s), 0);
        pam_walk(&s, PAM_SAY_NO, &walk);
        ck_assert(walk.unknown);
        ck_assert_uint_le(walk.n_gaps, PAM_GAPS_MAX);
        ck_assert(pam_jumps_too_far(&s, 20));
        ck_assert(!pam_jumps_too_far(&s, 1));
        ck_assert(!pam_jumps_too_far(&s, 400));
}
END_TEST

int main(void)
{
        Suite *s = suite_create("pam_walk");
        TCase *t = tcase_create("pam_walk");

        tcase_add_test(t, against_a_plain_run);
        tcase_add_test(t, too_many_ways);
        suite_add_tcase(s, t);
        SRunner *r = srunner_create(s);
        srunner_run_all(r, CK_ENV);
        int failed = srunner_ntests_failed(r);
        srunner_free(r);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

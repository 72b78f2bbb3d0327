/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Rules from a text, and a name service that says what the test tells it to. */

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/domain/rules.h"

/* uid 1000 is "u1000", gid 2000 is "g2000"; "u?…" and "g?…" get no answer, other names a no. */
static inline void fixture_answer(Name *name, void *userdata)
{
        const char *text = name->text;
        char kind = name->kind == NAME_USER ? 'u' : 'g';
        uint64_t id;

        name->exists = TERNARY_NO;
        if (streq(text, "root")) {
                name->exists = TERNARY_YES;
                name->id = 0;
        } else if (text[0] == kind && text[1] == '?') {
                name->exists = TERNARY_UNKNOWN;
        } else if (text[0] == kind && parse_u64(text + 1, 65533, &id) == 0) {
                name->exists = TERNARY_YES;
                name->id = (uint32_t) id;
        }
}

/* All problems, one a line. Caller frees. */
static inline char *fixture_problems(const Problems *problems)
{
        char *all = strdup("");

        for (size_t i = 0; i < problems->n; i++) {
                _cleanup_(freep) char *line = problem_to_string(&problems->items[i]);
                _cleanup_(freep) char *old = all;

                ck_assert_ptr_nonnull(line);
                ck_assert_int_eq(str_printf(&all, "%s%s\n", old, line), 0);
        }
        return all;
}

static inline char *fixture_mistakes(const char *text)
{
        IniText file = { "f", text, strlen(text) };
        Problems problems = {};
        Rules *rules = NULL;
        char *all;
        int r = rules_parse(&file, 1, &problems, &rules);

        ck_assert_int_eq(r, problems.n > 0 ? -EINVAL : 0);
        ck_assert(!rules == (r < 0));
        all = fixture_problems(&problems);
        problems_done(&problems);
        rules_free(rules);
        return all;
}

/* Rules that must be good; every name has had its answer. */
static inline Rules *fixture_rules(const char *text)
{
        IniText file = { "f", text, strlen(text) };
        Problems problems = {};
        Rules *rules = NULL;
        _cleanup_(freep) char *all = NULL;
        int r = rules_parse(&file, 1, &problems, &rules);

        all = fixture_problems(&problems);
        ck_assert_msg(r == 0, "%s", all);
        problems_done(&problems);
        rules_visit_names(rules, fixture_answer, NULL);
        return rules;
}

/* A small generator of its own, so that a failure can be repeated from its seed. */
static inline unsigned fixture_random(uint64_t *state, unsigned below)
{
        *state = *state * 6364136223846793005U + 1442695040888963407U;
        return (unsigned) (*state >> 33) % below;
}

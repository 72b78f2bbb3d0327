/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What doctor found: a list in the order it was found. */

#include "common/macro.h"

typedef enum FindingState {
        FINDING_OK,
        FINDING_WARN,
        FINDING_FAIL,
        _FINDING_STATE_MAX,
} FindingState;

typedef struct Finding {
        FindingState state;
        char *name;      /* what was looked at */
        char *message;   /* may hold foreign text: print it safely */
        const char *fix; /* one line, or NULL */
} Finding;

typedef struct Findings {
        Finding *items;
        size_t n;
} Findings;

void findings_add(Findings *f, FindingState state, const char *name, const char *fix,
        const char *format, ...) _printf_(5, 6);
bool findings_has(const Findings *f, FindingState state);
void findings_done(Findings *f);
const char *finding_state_to_string(FindingState s);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/ctl/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jit-approver/ctl/print.h"

void findings_add(
        Findings *f, FindingState state, const char *name, const char *fix, const char *format, ...)
{
        va_list ap;
        Finding *i;

        f->items = must(reallocarray(f->items, f->n + 1, sizeof(*f->items)));
        i = &f->items[f->n++];
        *i = (Finding){ .state = state, .name = must(strdup(name)), .fix = fix };
        va_start(ap, format);
        if (vasprintf(&i->message, format, ap) < 0) {
                i->message = must(NULL);
        }
        va_end(ap);
}

bool findings_has(const Findings *f, FindingState state)
{
        for (size_t i = 0; i < f->n; i++) {
                if (f->items[i].state == state) {
                        return true;
                }
        }
        return false;
}

void findings_done(Findings *f)
{
        for (size_t i = 0; i < f->n; i++) {
                free(f->items[i].name);
                free(f->items[i].message);
        }
        free(f->items);
        *f = (Findings){ 0 };
}

const char *finding_state_to_string(FindingState s)
{
        static const char *const words[_FINDING_STATE_MAX] = { "ok", "warn", "fail" };

        return words[s];
}

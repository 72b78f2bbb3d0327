/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values of a rule file that are one of a few words, in the order in which people are told of them. */

#include <stdio.h>

#include "common/util.h"
#include "jit-approver/domain/rules_word.h"

#define WORDS_MAX 4

typedef struct Choice {
        const char *word;
        unsigned value;
} Choice;

/* A later version's words: who uses one is told so, not that he cannot spell. */
typedef struct WordKind {
        Choice choices[WORDS_MAX];
        const char *later[WORDS_MAX];
} WordKind;

static const WordKind word_kinds[_VALUE_MAX] = {
        [VALUE_ACTION] = { { { "ask", ACTION_ASK }, { "allow", ACTION_ALLOW },
                { "refuse", ACTION_REFUSE }, { "break-glass", ACTION_BREAK_GLASS } } },
        [VALUE_REASON] = { { { "required", REASON_REQUIRED }, { "optional", REASON_OPTIONAL },
                { "none", REASON_NONE } } },
        [VALUE_ON_EXPIRY] = { { { "end-sessions", ON_EXPIRY_END_SESSIONS },
                { "warn", ON_EXPIRY_WARN }, { "keep", ON_EXPIRY_KEEP } } },
        [VALUE_AUDIENCE] = { { { "shared", AUDIENCE_SHARED }, { "personal", AUDIENCE_PERSONAL } } },
        [VALUE_COMMAND_SHOWN] = { { { "none", COMMAND_SHOWN_NONE },
                { "program", COMMAND_SHOWN_PROGRAM }, { "masked", COMMAND_SHOWN_MASKED } } },
        [VALUE_ASSURANCE] = { { { "link", ASSURANCE_LINK }, { "local", ASSURANCE_LOCAL } },
                { "channel", "signed", "passkey" } },
        [VALUE_SCOPE] = { { { "service", SCOPE_SERVICE }, { "command", SCOPE_COMMAND },
                { "once", SCOPE_ONCE } } },
        [VALUE_BIND] = { { { "user", BIND_USER }, { "login-session", BIND_LOGIN_SESSION } } },
        [VALUE_EXTEND] = { { { "ask", EXTEND_ASK }, { "auto", EXTEND_AUTO },
                { "no", EXTEND_NO } } },
        [VALUE_ON_OFF] = { { { "on", true }, { "off", false } } },
        [VALUE_YES_NO] = { { { "yes", true }, { "no", false } } },
};

bool value_is_word(ValueKind kind)
{
        return kind < _VALUE_MAX && word_kinds[kind].choices[0].word;
}

static bool is_bool(ValueKind kind)
{
        return kind == VALUE_ON_OFF || kind == VALUE_YES_NO;
}

static void tell(const ValueText *v, const WordKind *k)
{
        const char *words[WORDS_MAX];
        char hint[HINT_MAX], all[128] = "";
        size_t n = 0;

        while (n < WORDS_MAX && k->choices[n].word) {
                words[n] = k->choices[n].word;
                n++;
        }
        for (size_t i = 0; i < n; i++) {
                size_t used = strlen(all);

                (void) snprintf(all + used, sizeof(all) - used, "%s%s",
                        i == 0      ? ""
                        : i + 1 < n ? ", "
                                    : " or ",
                        words[i]);
        }
        for (size_t i = 0; i < WORDS_MAX && k->later[i]; i++) {
                if (streq(v->text, k->later[i])) {
                        problems_add(v->problems, &v->at,
                                "'%s' is not served by this version for '%s', only %s", v->text,
                                v->key, all);
                        return;
                }
        }
        problems_add(v->problems, &v->at, "'%s' is not possible for '%s', only %s%s", v->text,
                v->key, all, nearest_hint(hint, v->text, words, n));
}

int value_parse_word(ValueKind kind, const ValueText *v, void *field)
{
        const WordKind *k = &word_kinds[kind];

        for (size_t i = 0; i < WORDS_MAX && k->choices[i].word; i++) {
                if (!streq(v->text, k->choices[i].word)) {
                        continue;
                }
                if (is_bool(kind)) {
                        *(bool *) field = k->choices[i].value;
                } else {
                        *(unsigned *) field = k->choices[i].value; /* what an enum is */
                }
                return 1;
        }
        tell(v, k);
        return 0;
}

void value_copy_word(ValueKind kind, const void *from, void *to)
{
        if (is_bool(kind)) {
                *(bool *) to = *(const bool *) from;
        } else {
                *(unsigned *) to = *(const unsigned *) from;
        }
}

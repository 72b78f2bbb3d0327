/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values of a rule file. A value is taken literally: there are no quotes and no escapes. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/domain/rules_list.h"
#include "jit-approver/domain/rules_url.h"
#include "jit-approver/domain/rules_value.h"

#define APPROVALS_MAX 100
#define EMAIL_MAX 254

/* Looks text up among words; its index, or -1 when told. */
static int parse_word(const ValueText *v, const char *const *words, size_t n)
{
        char hint[HINT_MAX], all[128] = "";

        for (size_t i = 0; i < n; i++) {
                if (streq(v->text, words[i])) {
                        return (int) i;
                }
        }
        for (size_t i = 0; i < n; i++) {
                size_t used = strlen(all);

                (void) snprintf(all + used, sizeof(all) - used, "%s%s",
                        i == 0      ? ""
                        : i + 1 < n ? ", "
                                    : " or ",
                        words[i]);
        }
        problems_add(v->problems, &v->at, "'%s' is not possible for '%s', only %s%s", v->text,
                v->key, all, nearest_hint(hint, v->text, words, n));
        return -1;
}

static int parse_action(const ValueText *v, Action *field)
{
        static const Action order[] = { ACTION_ASK, ACTION_ALLOW, ACTION_REFUSE };
        const char *words[ELEMENTSOF(order)];
        int i;

        for (size_t k = 0; k < ELEMENTSOF(order); k++) {
                words[k] = action_to_string(order[k]);
        }
        i = parse_word(v, words, ELEMENTSOF(words));
        if (i < 0) {
                return 0;
        }
        *field = order[i];
        return 1;
}

static int parse_reason(const ValueText *v, ReasonMode *field)
{
        const char *words[] = {
                reason_mode_to_string(REASON_REQUIRED),
                reason_mode_to_string(REASON_OPTIONAL),
                reason_mode_to_string(REASON_NONE),
        };
        int i = parse_word(v, words, ELEMENTSOF(words));

        if (i < 0) {
                return 0;
        }
        *field = (ReasonMode) i;
        return 1;
}

static int parse_on_expiry(const ValueText *v, OnExpiry *field)
{
        const char *words[] = {
                on_expiry_to_string(ON_EXPIRY_END_SESSIONS),
                on_expiry_to_string(ON_EXPIRY_WARN),
                on_expiry_to_string(ON_EXPIRY_KEEP),
        };
        int i = parse_word(v, words, ELEMENTSOF(words));

        if (i < 0) {
                return 0;
        }
        *field = (OnExpiry) i;
        return 1;
}

static int parse_audience(const ValueText *v, Audience *field)
{
        const char *words[] = {
                audience_to_string(AUDIENCE_SHARED),
                audience_to_string(AUDIENCE_PERSONAL),
        };
        int i = parse_word(v, words, ELEMENTSOF(words));

        if (i < 0) {
                return 0;
        }
        *field = (Audience) i;
        return 1;
}

static int parse_command_shown(const ValueText *v, CommandShown *field)
{
        const char *words[] = {
                command_shown_to_string(COMMAND_SHOWN_NONE),
                command_shown_to_string(COMMAND_SHOWN_PROGRAM),
                command_shown_to_string(COMMAND_SHOWN_MASKED),
        };
        int i = parse_word(v, words, ELEMENTSOF(words));

        if (i < 0) {
                return 0;
        }
        *field = (CommandShown) i;
        return 1;
}

/* Who asks for a proof that nothing here can give is told so, not that he cannot spell. */
static int parse_assurance(const ValueText *v, Assurance *field)
{
        static const char *const later[] = { "channel", "signed", "passkey" };
        static const Assurance order[] = { ASSURANCE_LINK, ASSURANCE_LOCAL };
        const char *words[] = {
                assurance_to_string(order[0]),
                assurance_to_string(order[1]),
        };
        int i;

        for (size_t k = 0; k < ELEMENTSOF(later); k++) {
                if (streq(v->text, later[k])) {
                        problems_add(v->problems, &v->at,
                                "'%s' is not served by this version for '%s', only %s or %s",
                                v->text, v->key, words[0], words[1]);
                        return 0;
                }
        }
        i = parse_word(v, words, ELEMENTSOF(words));
        if (i < 0) {
                return 0;
        }
        *field = order[i];
        return 1;
}

static int parse_count(const ValueText *v, int64_t *field)
{
        uint64_t n;

        if (parse_u64(v->text, APPROVALS_MAX, &n) < 0 || n < 1) {
                problems_add(v->problems, &v->at,
                        "'%s' is not possible for '%s', only a number from 1 to %d", v->text,
                        v->key, APPROVALS_MAX);
                return 0;
        }
        *field = (int64_t) n;
        return 1;
}

static int parse_span(const ValueText *v, bool zero, usec_t *field)
{
        usec_t span;
        int r = span_parse(v->text, &span);

        if (r == -ERANGE) {
                problems_add(v->problems, &v->at, "'%s' is too long for '%s': at most 366d",
                        v->text, v->key);
                return 0;
        }
        if (r < 0) {
                problems_add(v->problems, &v->at,
                        "'%s' is not a span of time for '%s' (such as 90s, 30m, 1h 30m, 2d)",
                        v->text, v->key);
                return 0;
        }
        if (span == 0 && !zero) {
                problems_add(v->problems, &v->at, "'%s' must not be 0", v->key);
                return 0;
        }
        *field = span;
        return 1;
}

/* No more than what keeps a header line a header line; the mail server knows the rest. */
static bool email_is_plausible(const char *s)
{
        const char *at = strchr(s, '@');

        return at && at != s && at[1] && !strchr(at + 1, '@') && strlen(s) <= EMAIL_MAX &&
               s[0] != '-' && !s[strcspn(s, " \t,;<>\"()[]\\")];
}

static int parse_email(const ValueText *v, char **field)
{
        char *s;

        if (!email_is_plausible(v->text)) {
                problems_add(v->problems, &v->at, "'%s' is not an e-mail address", v->text);
                return 0;
        }
        s = strdup(v->text);
        if (!s) {
                return -ENOMEM;
        }
        free(*field);
        *field = s;
        return 1;
}

int value_parse(ValueKind kind, const ValueText *v, void *field)
{
        switch (kind) {
        case VALUE_SERVICES:
                return value_parse_services(v, field);
        case VALUE_PATTERNS:
                return value_parse_patterns(v, field);
        case VALUE_WHO:
        case VALUE_ACCOUNTS:
        case VALUE_ACCOUNTS_UNIX:
        case VALUE_APPROVERS:
                return value_parse_names(kind, v, field);
        case VALUE_STAGES:
                return value_parse_stages(v, field);
        case VALUE_ACTION:
                return parse_action(v, field);
        case VALUE_REASON:
                return parse_reason(v, field);
        case VALUE_ON_EXPIRY:
                return parse_on_expiry(v, field);
        case VALUE_COUNT:
                return parse_count(v, field);
        case VALUE_SPAN:
                return parse_span(v, false, field);
        case VALUE_SPAN_OR_NO:
                return parse_span(v, true, field);
        case VALUE_EMAIL:
                return parse_email(v, field);
        case VALUE_URL:
                return value_parse_url(v, field);
        case VALUE_CHANNELS:
                return value_parse_channels(v, field);
        case VALUE_AUDIENCE:
                return parse_audience(v, field);
        case VALUE_COMMAND_SHOWN:
                return parse_command_shown(v, field);
        case VALUE_ASSURANCE:
                return parse_assurance(v, field);
        }
        return -EINVAL;
}

int value_copy(ValueKind kind, const void *from, void *to)
{
        switch (kind) {
        case VALUE_SERVICES:
                return value_copy_services(*(char *const *const *) from, to);
        case VALUE_PATTERNS:
                return value_copy_patterns(from, to);
        case VALUE_WHO:
        case VALUE_ACCOUNTS:
        case VALUE_ACCOUNTS_UNIX:
        case VALUE_APPROVERS:
                return value_copy_names(from, to);
        case VALUE_STAGES:
                return value_copy_stages(from, to);
        case VALUE_ACTION:
                *(Action *) to = *(const Action *) from;
                return 0;
        case VALUE_REASON:
                *(ReasonMode *) to = *(const ReasonMode *) from;
                return 0;
        case VALUE_ON_EXPIRY:
                *(OnExpiry *) to = *(const OnExpiry *) from;
                return 0;
        case VALUE_COUNT:
        case VALUE_SPAN:
        case VALUE_SPAN_OR_NO:
                *(int64_t *) to = *(const int64_t *) from;
                return 0;
        case VALUE_CHANNELS:
                return value_copy_channels(from, to);
        case VALUE_ASSURANCE:
                *(Assurance *) to = *(const Assurance *) from;
                return 0;
        case VALUE_EMAIL: /* nobody inherits what is no key of a rule */
        case VALUE_URL:
        case VALUE_AUDIENCE:
        case VALUE_COMMAND_SHOWN:
                break;
        }
        return -EINVAL;
}

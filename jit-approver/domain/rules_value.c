/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values of a rule file. A value is taken literally: there are no quotes and no escapes. */

#include <errno.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/domain/rules_amount.h"
#include "jit-approver/domain/rules_expression.h"
#include "jit-approver/domain/rules_list.h"
#include "jit-approver/domain/rules_stage.h"
#include "jit-approver/domain/rules_url.h"
#include "jit-approver/domain/rules_value.h"
#include "jit-approver/domain/rules_word.h"

#define EMAIL_MAX 254

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
        if (value_is_word(kind)) {
                return value_parse_word(kind, v, field);
        }
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
        case VALUE_ESCALATIONS:
                return value_parse_escalations(v, field);
        case VALUE_COUNT:
                return value_parse_count(v, APPROVALS_MAX, field);
        case VALUE_WAITING:
                return value_parse_count(v, WAITING_MAX, field);
        case VALUE_SPAN:
                return value_parse_span(v, false, SPAN_MAX, field);
        case VALUE_SPAN_OR_NO:
                return value_parse_span(v, true, SPAN_MAX, field);
        case VALUE_COOL_DOWN:
                return value_parse_span(v, true, COOL_DOWN_MAX, field);
        case VALUE_KEEP:
                return value_parse_keep(v, field);
        case VALUE_SIZE:
                return value_parse_size(v, field);
        case VALUE_SPANS:
                return value_parse_spans(v, field);
        case VALUE_RATE:
                return value_parse_rate(v, field);
        case VALUE_EXPRESSION:
                return value_parse_expression(v, field);
        case VALUE_EXPRESSIONS:
                return value_parse_expressions(v, field);
        case VALUE_EMAIL:
                return parse_email(v, field);
        case VALUE_URL:
                return value_parse_url(v, field);
        case VALUE_CHANNELS:
                return value_parse_channels(v, field);
        default:
                return -EINVAL;
        }
}

int value_copy(ValueKind kind, const void *from, void *to)
{
        if (value_is_word(kind)) {
                value_copy_word(kind, from, to);
                return 0;
        }
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
        case VALUE_ESCALATIONS:
                return value_copy_escalations(from, to);
        case VALUE_COUNT:
        case VALUE_WAITING:
        case VALUE_SPAN:
        case VALUE_SPAN_OR_NO:
        case VALUE_KEEP:
        case VALUE_SIZE:
        case VALUE_COOL_DOWN:
                *(int64_t *) to = *(const int64_t *) from;
                return 0;
        case VALUE_SPANS:
                *(SpanList *) to = *(const SpanList *) from;
                return 0;
        case VALUE_RATE:
                *(Rate *) to = *(const Rate *) from;
                return 0;
        case VALUE_EXPRESSION:
                return value_copy_expression(from, to);
        case VALUE_EXPRESSIONS:
                return value_copy_expressions(from, to);
        case VALUE_CHANNELS:
                return value_copy_channels(from, to);
        default: /* nobody inherits what is no key of a rule */
                return -EINVAL;
        }
}

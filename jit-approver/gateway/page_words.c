/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What more than one part of the page says, so that it says it alike. */

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/gateway/page_internal.h"

const char *page_text(const JsonNode *object, const char *name)
{
        return str_or(node_text(object, name), "");
}

bool page_is(const JsonNode *object, const char *name, const char *value)
{
        return streq(page_text(object, name), value);
}

void page_target(Html *h, const JsonNode *o)
{
        const char *target = node_text(o, "target"), *group = node_text(o, "target_group");

        if (!target && !group) {
                html(h, "%s", page_text(o, "service"));
                return;
        }
        html(h, "%s%s%s%s", str_or(target, ""), target && group ? ", " : "", group ? "group " : "",
                str_or(group, ""));
}

const char *page_span(const char *text, char *buffer, size_t size)
{
        char said[SPAN_TEXT_MAX];
        usec_t span;

        if (span_parse(text, &span) < 0) {
                return text;
        }
        span_say(span, said);
        (void) snprintf(buffer, size, "%s", said);
        return buffer;
}

bool page_was_opened(const JsonNode *request)
{
        return page_is(request, "kind", "break-glass") || page_is(request, "kind", "rescue");
}

int page_names(Html *h, const JsonNode *object, const char *member, const char *but)
{
        int n = 0;

        for (const JsonNode *a = node_first(object, member); a; a = json_next(a)) {
                if (json_type(a) != JSON_STRING || (but && streq(json_string(a), but))) {
                        continue;
                }
                const char *name = json_string(a);
                bool group = name[0] == '@';
                html(h, "%s%s%s", n++ > 0 ? ", " : "", group ? "group " : "", name + group);
        }
        return n;
}

int page_voters(Html *h, const JsonNode *request, const char *decision)
{
        int n = 0;

        for (const JsonNode *v = node_first(request, "votes"); v; v = json_next(v)) {
                if (!page_is(v, "decision", decision)) {
                        continue;
                }
                if (h) {
                        html(h, "%s<b>%s</b>", n > 0 ? ", " : "", page_text(v, "approver"));
                }
                n++;
        }
        return n;
}

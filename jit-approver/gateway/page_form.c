/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The decision. Its fields are sent to where the page came from, so that the link stands nowhere in
 * it. The note is a textarea because Enter in a line of input would press the first button.
 */

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/gateway/page_internal.h"

static bool same_span(const char *a, const char *b)
{
        usec_t x, y;

        return span_parse(a, &x) >= 0 && span_parse(b, &y) >= 0 && x == y;
}

static void put_durations(Html *h, const JsonNode *page)
{
        const char *asked = page_text(node_object(page, "request"), "duration");
        const JsonNode *first = node_first(page, "durations");

        if (!first) {
                return;
        }
        html(h, "<div class=\"field\">\n<label for=\"duration\">If you approve, for</label>\n"
                "<select id=\"duration\" name=\"duration\">\n");
        for (const JsonNode *d = first; d; d = json_next(d)) {
                char buffer[SPAN_TEXT_MAX];

                if (json_type(d) != JSON_STRING) {
                        continue;
                }
                const char *text = json_string(d);
                bool same = same_span(text, asked);
                html(h, "<option value=\"%s\"", text);
                if (same) {
                        html(h, " selected");
                }
                html(h, ">%s%s</option>\n", page_span(text, buffer, sizeof(buffer)),
                        same ? ", as asked for" : "");
        }
        html(h, "</select>\n</div>\n");
}

/* One command was shown, and people take a yes for that one. */
static void put_reach(Html *h, const JsonNode *request)
{
        html(h, "<p class=\"soft reach\">A yes opens %s", page_text(request, "service"));
        if (node_text(request, "target") || node_text(request, "target_group")) {
                html(h, " as ");
                page_target(h, request);
        }
        html(h, " for that long: any command that rule %s covers, not this one alone.</p>\n",
                page_text(request, "rule"));
}

static void put_form(Html *h, const JsonNode *page)
{
        const JsonNode *request = node_object(page, "request");

        html(h, "<form method=\"post\" autocomplete=\"off\">\n<h2>Your decision%s%s</h2>\n",
                node_text(page, "approver") ? ", " : "", page_text(page, "approver"));
        html(h, "<input type=\"hidden\" name=\"form\" value=\"%s\">\n<div class=\"fields\">\n",
                page_text(page, "form"));
        put_durations(h, page);
        html(h,
                "<div class=\"field\">\n<label for=\"note\">Note <small>optional, %s reads it</small>"
                "</label>\n<textarea id=\"note\" name=\"note\" rows=\"1\" maxlength=\"500\">"
                "</textarea>\n</div>\n</div>\n",
                page_text(request, "asker"));
        put_reach(h, request);
        html(h, "<div class=\"buttons\">\n"
                "<button type=\"submit\" name=\"decision\" value=\"approve\" class=\"approve\">"
                "Approve</button>\n"
                "<button type=\"submit\" name=\"decision\" value=\"deny\" class=\"deny\">Deny"
                "</button>\n</div>\n</form>\n");
}

/* How to decide on the host. */
static void put_on_host(Html *h, const JsonNode *request)
{
        html(h, "<code>jitctl approve %s</code> on %s", page_text(request, "id"),
                page_text(request, "host"));
}

static void put_why_not(Html *h, const JsonNode *page)
{
        const JsonNode *request = node_object(page, "request");
        const char *standing = page_text(page, "standing");

        html(h, "<p class=\"why-not\">");
        if (streq(standing, "shared")) {
                html(h, "This link was sent to a channel that many read, so it does not say who you "
                        "are. Decide by the link that was sent to you alone, or with ");
                put_on_host(h, request);
                html(h, ".");
        } else if (streq(standing, "over")) {
                html(h, "The time to decide is over.");
        } else if (streq(standing, "self")) {
                html(h, "You asked for this yourself. Somebody else has to decide.");
        } else if (streq(standing, "local")) {
                html(h, "This is to be decided on the host itself: ");
                put_on_host(h, request);
                html(h, ".");
        } else if (streq(standing, "unknown")) {
                html(h, "The host’s name service does not answer, so nobody can tell whether this is "
                        "yours to decide. Load this page again in a moment.");
        } else {
                html(h, "You are no approver of this any more, so it is not yours to decide.");
        }
        html(h, "</p>\n");
}

void page_form(Html *h, const JsonNode *page)
{
        /* Anything but the one word is no form; of what is over the box above has told. */
        if (!page_is(node_object(page, "request"), "state", "pending")) {
                return;
        }
        if (page_is(page, "standing", "may")) {
                put_form(h, page);
        } else {
                put_why_not(h, page);
        }
}

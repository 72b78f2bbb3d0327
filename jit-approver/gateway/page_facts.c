/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who asks for what, where from, why and for how long; and what has been before. The asker wrote most of it. */

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/gateway/page_internal.h"

#define LATELY_MAX 10

static void put_added(Html *h, const JsonNode *request)
{
        const JsonNode *first = node_first(request, "added");

        if (!first) {
                return;
        }
        html(h, "<p class=\"soft\">Joined later, and asks nobody again:</p>\n<ul>\n");
        for (const JsonNode *n = first; n; n = json_next(n)) {
                if (json_type(n) == JSON_STRING) {
                        html(h, "<li><code>%s</code></li>\n", json_string(n));
                }
        }
        html(h, "</ul>\n");
}

/* What of it nobody sees: there may be anything. */
static void put_hidden(Html *h, const char *command)
{
        static const char cut[] = "…";
        size_t n = strlen(command), end = strlen(cut);

        if (strstr(command, "MASKED")) {
                html(h, "<p class=\"soft\">MASKED stands for what looked like a secret; "
                        "nobody sees what it was.</p>\n");
        }
        if (n >= end && streq(command + n - end, cut)) {
                html(h, "<p class=\"soft\">It goes on: it is too long to be shown whole.</p>\n");
        }
}

static void put_command(Html *h, const JsonNode *request)
{
        const char *command = node_text(request, "command");

        html(h, "<section class=\"command\">\n<h2>Command <small>%s</small></h2>\n",
                command ? "as typed, not verified" : "");
        if (command) {
                html(h, "<pre><code>%s</code></pre>\n", command);
                put_hidden(h, command);
        } else {
                html(h,
                        "<p class=\"soft\">None is shown: there is none, or it is not to leave the "
                        "host. <code>jitctl show %s</code> on %s tells.</p>\n",
                        page_text(request, "id"), page_text(request, "host"));
        }
        put_added(h, request);
        html(h, "</section>\n");
}

static void put_reason(Html *h, const JsonNode *request)
{
        const char *reason = page_text(request, "reason");

        html(h, "<section class=\"reason\">\n<h2>Reason</h2>\n");
        if (*reason) {
                html(h, "<blockquote>%s</blockquote>\n", reason);
        } else {
                html(h, "<p class=\"soft\">None was given.</p>\n");
        }
        html(h, "</section>\n");
}

static void put_who(Html *h, const JsonNode *request)
{
        const char *login = page_text(request, "login");

        /* Otherwise the heading has said it all. */
        if (*login) {
                html(h, "<dt>Who</dt>\n<dd>%s, logged in as <b>%s</b></dd>\n",
                        page_text(request, "asker"), login);
        }
}

static void put_what(Html *h, const JsonNode *request)
{
        html(h, "<dt>What</dt>\n<dd>%s", page_text(request, "service"));
        if (node_text(request, "target") || node_text(request, "target_group")) {
                html(h, " as ");
                page_target(h, request);
        }
        html(h, "</dd>\n");
}

static void put_where(Html *h, const JsonNode *request)
{
        const char *tty = page_text(request, "tty"), *origin = page_text(request, "origin");

        html(h, "<dt>Where</dt>\n<dd>%s%s%s", page_text(request, "host"), *tty ? ", terminal " : "",
                tty);
        if (*origin) {
                html(h, ", from %s <span class=\"soft\">(claimed)</span>", origin);
        }
        html(h, "</dd>\n");
}

/* When the grant that is to last longer ends as it is, and when it would as is asked for. */
static void put_ends(Html *h, const JsonNode *request, usec_t now)
{
        const JsonNode *grant = node_object(request, "grant");
        const char *ends = node_text(grant, "until");
        char then[TIME_RFC3339_MAX];
        usec_t until, more;

        if (!page_is(grant, "state", "active") ||
                time_rfc3339_parse(str_or(ends, ""), &until) < 0 ||
                span_parse(page_text(request, "duration"), &more) < 0) {
                return;
        }
        time_rfc3339(usec_add(until, more), then);
        html(h, "<dt>Ends</dt>\n<dd>");
        html_time(h, ends, now);
        html(h, "</dd>\n<dt>With a yes</dt>\n<dd>");
        html_time(h, then, now);
        html(h, "</dd>\n");
}

static void put_how_long(Html *h, const JsonNode *request, usec_t now)
{
        char buffer[SPAN_TEXT_MAX];
        bool pending = page_is(request, "state", "pending");

        html(h, "<dt>For</dt>\n<dd>%s",
                page_span(page_text(request, "duration"), buffer, sizeof(buffer)));
        if (page_is(request, "kind", "extension")) {
                html(h, " more, for grant %s", page_text(request, "extends"));
        }
        html(h, "</dd>\n");
        if (pending && page_is(request, "kind", "extension")) {
                put_ends(h, request, now);
        }
        html(h, "<dt>%s</dt>\n<dd>", page_was_opened(request) ? "Opened" : "Asked");
        html_time(h, node_text(request, "created"), now);
        html(h, "</dd>\n");
        if (pending) {
                html(h, "<dt>Decide by</dt>\n<dd>");
                html_time(h, node_text(request, "deadline"), now);
                html(h, "</dd>\n");
        }
}

static int lately_count(const JsonNode *page)
{
        int n = 0;

        for (const JsonNode *g = node_first(page, "lately"); g; g = json_next(g)) {
                n++;
        }
        return n;
}

static void put_lately_short(Html *h, const JsonNode *page, usec_t now)
{
        int n = lately_count(page);

        html(h, "<dt>Lately</dt>\n<dd>");
        if (n == 0) {
                html(h, "nothing</dd>\n");
                return;
        }
        html(h, "<a href=\"#lately\">%d grant%s</a>, the last ", n, n > 1 ? "s" : "");
        html_clock(h, node_text(node_first(page, "lately"), "from"), now);
        html(h, "</dd>\n");
}

void page_facts(Html *h, const JsonNode *page, usec_t now)
{
        const JsonNode *request = node_object(page, "request");

        put_command(h, request);
        put_reason(h, request);
        html(h, "<dl>\n");
        put_who(h, request);
        put_what(h, request);
        put_where(h, request);
        put_how_long(h, request, now);
        page_chain(h, request, now);
        put_lately_short(h, page, now);
        html(h, "</dl>\n");
}

static const char *end_of(const JsonNode *grant)
{
        const char *state = page_text(grant, "state");

        return streq(state, "active")  ? "still on"
               : streq(state, "ended") ? "given back"
               : streq(state, "lost")  ? "lost: the host could not keep it"
                                       : state;
}

static void put_lately_row(Html *h, const JsonNode *grant, usec_t now)
{
        char said[SPAN_TEXT_MAX] = "";
        usec_t from, until;

        if (time_rfc3339_parse(page_text(grant, "from"), &from) >= 0 &&
                time_rfc3339_parse(page_text(grant, "until"), &until) >= 0 && until > from) {
                span_say(until - from, said);
        }
        html(h, "<tr><th scope=\"row\">%s as ", page_text(grant, "service"));
        page_target(h, grant);
        html(h, "</th><td>");
        html_clock(h, node_text(grant, "from"), now);
        html(h, "</td><td>%s</td><td>%s</td></tr>\n", said, end_of(grant));
}

static void put_lately(Html *h, const JsonNode *page, usec_t now)
{
        const JsonNode *request = node_object(page, "request"), *first = node_first(page, "lately");
        int n = 0;

        if (!first) {
                return;
        }
        html(h, "<section id=\"lately\">\n<h2>What %s was granted lately</h2>\n<table>\n",
                page_text(request, "asker"));
        html(h, "<thead><tr><th scope=\"col\">What</th><th scope=\"col\">When</th>"
                "<th scope=\"col\">For</th><th scope=\"col\">End</th></tr></thead>\n<tbody>\n");
        for (const JsonNode *g = first; g && n < LATELY_MAX; g = json_next(g), n++) {
                put_lately_row(h, g, now);
        }
        html(h, "</tbody>\n</table>\n</section>\n");
}

static void put_others(Html *h, const JsonNode *page)
{
        const JsonNode *request = node_object(page, "request");
        const char *self = node_text(page, "approver");
        bool pending = page_is(request, "state", "pending");

        html(h, "<section>\n");
        if (!page_was_opened(request)) {
                html(h, "<h2>Who %s%s decide%s</h2>\n<p>", self ? "else " : "",
                        pending ? "may" : "could",
                        pending && page_has_stages(request) ? " in the stage that is open" : "");
                int n = page_names(h, request, "approvers", self);
                html(h, "%s</p>\n", n > 0 ? "" : "Nobody.");
        }
        html(h, "<p class=\"soft\">By the rule %s.</p>\n</section>\n", page_text(request, "rule"));
}

void page_background(Html *h, const JsonNode *page, usec_t now)
{
        html(h, "<aside>\n");
        put_lately(h, page, now);
        put_others(h, page);
        html(h, "</aside>\n");
}

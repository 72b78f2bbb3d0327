/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How far a request has come: who has said yes in which stage, whose turn it is, whom it goes to next. What
 * is one stage with one approval, and nobody voted in yet, is not worth a word.
 */

#include "common/util.h"
#include "jit-approver/gateway/page_internal.h"

static int count(const JsonNode *object, const char *member)
{
        int n = 0;

        for (const JsonNode *i = node_first(object, member); i; i = json_next(i)) {
                n++;
        }
        return n;
}

bool page_has_stages(const JsonNode *request)
{
        return count(request, "stages") > 1;
}

const JsonNode *page_stage_open(const JsonNode *request)
{
        for (const JsonNode *s = node_first(request, "stages"); s; s = json_next(s)) {
                if (page_is(s, "state", "open")) {
                        return s;
                }
        }
        return NULL;
}

/* --- votes --------------------------------------------------------------------------------------- */

static void put_when(Html *h, const JsonNode *vote, usec_t now)
{
        const char *note = page_text(vote, "note");

        html_clock(h, node_text(vote, "time"), now);
        if (*note) {
                html(h, ": <q>%s</q>", note);
        }
}

static void put_vote(Html *h, const JsonNode *v, usec_t now)
{
        html(h, "<li>%s by <b>%s</b> ", page_is(v, "decision", "approve") ? "approved" : "denied",
                page_text(v, "approver"));
        put_when(h, v, now);
        html(h, "</li>\n");
}

/* Stages tell of the approvals themselves. */
static void put_votes(Html *h, const JsonNode *request, usec_t now)
{
        bool stages = page_has_stages(request);
        int wanted = (int) node_integer(request, "approvals", 1);

        if (stages ? page_voters(NULL, request, "deny") == 0
                   : wanted <= 1 && !node_first(request, "votes")) {
                return;
        }
        html(h, "<dt>Votes</dt>\n<dd>");
        if (wanted > 1 && !stages) {
                html(h, "%d of %d approvals", page_voters(NULL, request, "approve"), wanted);
        }
        html(h, "<ul>\n");
        for (const JsonNode *v = node_first(request, "votes"); v; v = json_next(v)) {
                if (!stages || page_is(v, "decision", "deny")) {
                        put_vote(h, v, now);
                }
        }
        html(h, "</ul></dd>\n");
}

/* --- stages -------------------------------------------------------------------------------------- */

static const JsonNode *approval_of(const JsonNode *request, const char *approver)
{
        for (const JsonNode *v = node_first(request, "votes"); v; v = json_next(v)) {
                if (page_is(v, "approver", approver) && page_is(v, "decision", "approve")) {
                        return v;
                }
        }
        return NULL;
}

static void put_approvals(Html *h, const JsonNode *request, const JsonNode *stage, usec_t now)
{
        const char *before = "yes from ";

        for (const JsonNode *a = node_first(stage, "approved"); a; a = json_next(a)) {
                if (json_type(a) == JSON_STRING) {
                        html(h, "%s<b>%s</b> ", before, json_string(a));
                        put_when(h, approval_of(request, json_string(a)), now);
                        before = ", ";
                }
        }
}

static void put_stage(Html *h, const JsonNode *request, const JsonNode *stage, usec_t now)
{
        int wanted = (int) node_integer(request, "approvals", 1), n = count(stage, "approved");
        bool open = page_is(stage, "state", "open") && page_is(request, "state", "pending");

        if (open) {
                html(h, "<li class=\"now\" aria-current=\"step\">");
        } else {
                html(h, "<li>");
        }
        (void) page_names(h, stage, "approvers", NULL);
        html(h, "%s%s", open ? ", now" : "", n > 0 || (open && wanted > 1) ? ": " : "");
        if (open && wanted > 1) {
                html(h, "%d of %d%s", n, wanted, n > 0 ? ", " : "");
        }
        put_approvals(h, request, stage, now);
        html(h, "</li>\n");
}

static void put_stages(Html *h, const JsonNode *request, usec_t now)
{
        if (!page_has_stages(request)) {
                return;
        }
        html(h, "<dt>Stages</dt>\n<dd><ol>\n");
        for (const JsonNode *s = node_first(request, "stages"); s; s = json_next(s)) {
                put_stage(h, request, s, now);
        }
        html(h, "</ol></dd>\n");
}

static void put_escalations(Html *h, const JsonNode *request, usec_t now)
{
        const JsonNode *first = node_first(request, "escalations");

        if (!first || !page_is(request, "state", "pending")) {
                return;
        }
        html(h, "<dt>Escalates</dt>\n<dd><ul>\n");
        for (const JsonNode *e = first; e; e = json_next(e)) {
                html(h, "<li>to ");
                (void) page_names(h, e, "approvers", NULL);
                html(h, " at ");
                html_time(h, node_text(e, "at"), now);
                html(h, "</li>\n");
        }
        html(h, "</ul></dd>\n");
}

void page_chain(Html *h, const JsonNode *request, usec_t now)
{
        put_stages(h, request, now);
        put_escalations(h, request, now);
        put_votes(h, request, now);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The documents around what the other files of page write. */

#include "jit-approver/gateway/page.h"

#include <errno.h>

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/gateway/page_internal.h"

/* Up to the title, which is to be written next. */
static void put_head(Html *h)
{
        html(h, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n"
                "<meta name=\"robots\" content=\"noindex\">\n");
}

static void put_body(Html *h, const char *style)
{
        /* From /r/TOKEN, so that a proxy may keep all of it under a path of its own. */
        html(h, "<link rel=\"stylesheet\" href=\"..%s\">\n</head>\n<body>\n<main>\n", style);
}

static void put_end(Html *h)
{
        html(h, "</main>\n</body>\n</html>\n");
}

/* What is read out first: what became of a decision, where one was just given. */
static const char *title_before(const PageView *v, const JsonNode *request)
{
        if (v->refusal) {
                return "Not taken: ";
        }
        if (!v->given || page_is(request, "state", "pending")) {
                return "";
        }
        return page_is(request, "state", "approved") ? "Approved: "
               : page_is(request, "state", "denied") ? "Denied: "
                                                     : "Over: ";
}

static void put_bold(Html *h, bool marked, const char *text)
{
        if (marked) {
                html(h, "<b>%s</b>", text);
        } else {
                html(h, "%s", text);
        }
}

static void put_bold_target(Html *h, bool marked, const JsonNode *request)
{
        if (marked) {
                html(h, "<b>");
        }
        page_target(h, request);
        if (marked) {
                html(h, "</b>");
        }
}

/* "alice asks for root on web1", and what kind of asking it is; marked: for the eye. */
static void put_sentence(Html *h, const JsonNode *request, bool marked)
{
        char span[SPAN_TEXT_MAX];

        put_bold(h, marked, page_text(request, "asker"));
        html(h, "%s", page_was_opened(request) ? " opened " : " asks for ");
        if (page_is(request, "kind", "extension")) {
                put_bold(h, marked, page_span(page_text(request, "duration"), span, sizeof(span)));
                html(h, " more as ");
        }
        put_bold_target(h, marked, request);
        html(h, " on ");
        put_bold(h, marked, page_text(request, "host"));
        if (page_is(request, "kind", "break-glass")) {
                html(h, " without asking");
        } else if (page_is(request, "kind", "rescue")) {
                html(h, " with a rescue code");
        }
}

static void put_title(Html *h, const PageView *v, const JsonNode *request)
{
        html(h, "<title>%s", title_before(v, request));
        put_sentence(h, request, false);
        html(h, "</title>\n");
}

static void put_header(Html *h, const JsonNode *request)
{
        bool opened = page_was_opened(request);
        const char *state = page_text(request, "state");

        html(h, "<header>\n<p class=\"tag\"><span class=\"id\">%s</span> ",
                page_text(request, "id"));
        html(h, "<span class=\"state %s\">%s</span></p>\n<h1>", opened ? "opened" : state,
                opened ? page_text(request, "kind") : state);
        put_sentence(h, request, true);
        html(h, "</h1>\n</header>\n");
}

int page_request(const PageView *v, char **ret, size_t *ret_size)
{
        const JsonNode *request = node_object(v->page, "request");
        _cleanup_(html_done) Html h = { 0 };

        if (!request) {
                return -EBADMSG;
        }
        int r = html_start(&h);
        if (r < 0) {
                return r;
        }
        put_head(&h);
        put_title(&h, v, request);
        put_body(&h, v->style);
        html(&h, "<article>\n");
        put_header(&h, request);
        page_outcome(&h, v);
        page_facts(&h, v->page, v->now);
        page_form(&h, v);
        html(&h, "</article>\n");
        page_background(&h, v->page, v->now);
        put_end(&h);
        return html_finish(&h, ret, ret_size);
}

static const char *heading_of(int status)
{
        switch (status) {
        case 400:
                return "That could not be understood";
        case 401:
                return "This link is not known here";
        case 403:
                return "That is not allowed";
        case 404:
                return "There is no such page";
        case 405:
                return "That cannot be done here";
        case 413:
                return "That was too much at once";
        case 415:
                return "That was sent in another form than ours";
        case 429:
                return "Too many tries";
        default:
                return "Not at the moment";
        }
}

int page_refusal(const Refusal *refusal, const char *style, char **ret, size_t *ret_size)
{
        const char *heading = heading_of(refusal->status);
        _cleanup_(html_done) Html h = { 0 };

        int r = html_start(&h);
        if (r < 0) {
                return r;
        }
        put_head(&h);
        html(&h, "<title>%s</title>\n", heading);
        put_body(&h, style);
        html(&h, "<article class=\"refusal\">\n<h1>%s</h1>\n<p>%s</p>\n", heading,
                refusal->message);
        html(&h, "</article>\n");
        put_end(&h);
        return html_finish(&h, ret, ret_size);
}

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

/* chosen: what was sent before, or NULL. */
static void put_durations(Html *h, const JsonNode *page, const char *chosen)
{
        const JsonNode *request = node_object(page, "request");
        const char *asked = page_text(request, "duration");
        const JsonNode *first = node_first(page, "durations");

        if (!first) {
                return;
        }
        html(h,
                "<div class=\"field\">\n<label for=\"duration\">If you approve, %s</label>\n"
                "<select id=\"duration\" name=\"duration\">\n",
                page_is(request, "kind", "extension") ? "add" : "for");
        for (const JsonNode *d = first; d; d = json_next(d)) {
                char buffer[SPAN_TEXT_MAX];

                if (json_type(d) != JSON_STRING) {
                        continue;
                }
                const char *text = json_string(d);
                html(h, "<option value=\"%s\"", text);
                if (same_span(text, str_or(chosen, asked))) {
                        html(h, " selected");
                }
                html(h, ">%s%s</option>\n", page_span(text, buffer, sizeof(buffer)),
                        same_span(text, asked) ? ", as asked for" : "");
        }
        html(h, "</select>\n</div>\n");
}

static void put_note(Html *h, const JsonNode *request, const Form *tried)
{
        html(h,
                "<div class=\"field\">\n<label for=\"note\">Note <small>optional, %s reads it</small>"
                "</label>\n<textarea id=\"note\" name=\"note\" rows=\"1\" maxlength=\"500\">%s"
                "</textarea>\n</div>\n",
                page_text(request, "asker"), tried ? str_or(tried->note, "") : "");
}

/*
 * Who approves shows that he is in touch with the asker. Enter in this line would press the first button: that
 * is one which does nothing.
 */
static void put_digits(Html *h, const PageView *v, const JsonNode *request)
{
        bool wrong = v->refusal && streq(v->refusal->code, REFUSAL_MATCH_CODE);
        const char *asker = page_text(request, "asker");

        html(h,
                "<button type=\"submit\" disabled hidden></button>\n<div class=\"field digits\">\n"
                "<label for=\"code\">To approve: the two digits on <b>%s</b>’s screen</label>\n",
                asker);
        html(h, "<input id=\"code\" name=\"code\" inputmode=\"numeric\" autocomplete=\"off\" "
                "pattern=\"[0-9]{2}\" maxlength=\"2\" title=\"two digits\" required "
                "aria-describedby=\"code-help\"");
        if (wrong) {
                html(h, " aria-invalid=\"true\">\n<p id=\"code-help\" class=\"wrong\">%s</p>\n",
                        v->refusal->message);
        } else {
                html(h,
                        ">\n<p id=\"code-help\" class=\"soft\">Ask %s for them: so you know whose "
                        "request this is.</p>\n",
                        asker);
        }
        html(h, "</div>\n");
}

/* A yes is taken for the one command that was shown. What we do not know is said to open the most. */
static void put_opened(Html *h, const JsonNode *request)
{
        const char *command =
                node_text(request, "command") ? "this command" : "the command that was asked for";

        if (page_is(request, "scope", "once")) {
                html(h, "exactly %s, once, within that time.", command);
        } else if (page_is(request, "scope", "command")) {
                html(h, "exactly %s, for that long.", command);
        } else {
                html(h, "%s", page_text(request, "service"));
                if (node_text(request, "target") || node_text(request, "target_group")) {
                        html(h, " as ");
                        page_target(h, request);
                }
                html(h, " for that long: any command that rule %s covers, not this one alone.",
                        page_text(request, "rule"));
        }
}

static void put_reach(Html *h, const JsonNode *request)
{
        html(h, "<p class=\"soft reach\">");
        if (page_is(request, "kind", "extension")) {
                html(h, "A yes lets grant %s last that much longer, and opens nothing else.",
                        page_text(request, "extends"));
        } else {
                html(h, "A yes opens ");
                put_opened(h, request);
                if (node_integer(request, "login_session", -1) >= 0) {
                        html(h, " Only in the login session it is asked from.");
                }
                if (node_boolean(request, "end_when_done") && !page_is(request, "scope", "once")) {
                        html(h, " It ends sooner, when the last session under it closes.");
                }
        }
        html(h, "</p>\n");
}

static void put_form_start(Html *h, const JsonNode *page)
{
        html(h, "<form method=\"post\" autocomplete=\"off\">\n<h2>Your decision%s%s</h2>\n",
                node_text(page, "approver") ? ", " : "", page_text(page, "approver"));
        html(h, "<input type=\"hidden\" name=\"form\" value=\"%s\">\n<div class=\"fields\">\n",
                page_text(page, "form"));
}

static void put_form(Html *h, const PageView *v)
{
        const JsonNode *request = node_object(v->page, "request");
        bool digits = node_boolean(v->page, "match_code");

        put_form_start(h, v->page);
        put_durations(h, v->page, v->tried ? v->tried->duration : NULL);
        put_note(h, request, v->tried);
        if (digits) {
                put_digits(h, v, request);
        }
        html(h, "</div>\n");
        put_reach(h, request);
        html(h, "<div class=\"buttons\">\n"
                "<button type=\"submit\" name=\"decision\" value=\"approve\" class=\"approve\">"
                "Approve</button>\n");
        if (digits) {
                html(h, "<button type=\"submit\" name=\"decision\" value=\"deny\" class=\"deny\" "
                        "formnovalidate>");
        } else {
                html(h, "<button type=\"submit\" name=\"decision\" value=\"deny\" class=\"deny\">");
        }
        html(h, "Deny</button>\n</div>\n</form>\n");
}

/* To deny is all that is left to who was asked in an earlier stage. */
static void put_form_done(Html *h, const PageView *v)
{
        html(h, "<p class=\"why-not\">Your stage is done; you may still deny.</p>\n");
        put_form_start(h, v->page);
        put_note(h, node_object(v->page, "request"), v->tried);
        html(h, "</div>\n<div class=\"buttons\">\n"
                "<button type=\"submit\" name=\"decision\" value=\"deny\" class=\"deny\">Deny"
                "</button>\n</div>\n</form>\n");
}

/* How to decide on the host. */
static void put_on_host(Html *h, const JsonNode *request)
{
        html(h, "<code>jitctl approve %s</code> on %s", page_text(request, "id"),
                page_text(request, "host"));
}

static void put_later(Html *h, const JsonNode *request)
{
        const JsonNode *open = page_stage_open(request);

        html(h, "Not your turn yet: <b>");
        if (page_names(h, open, "approvers", NULL) == 0) {
                html(h, "others");
        }
        html(h, "</b> decides first. Open this link again when it is.");
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
        } else if (streq(standing, "later")) {
                put_later(h, request);
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

static void put_review_open(Html *h, const JsonNode *request)
{
        const JsonNode *review = node_object(request, "review");

        html(h, "<p class=\"why-not\">Somebody else than %s has to review it",
                page_text(request, "asker"));
        if (node_first(review, "reviewers")) {
                html(h, ": <b>");
                (void) page_names(h, review, "reviewers", NULL);
                html(h, "</b>");
        }
        html(h, ". To sign: <code>jitctl review %s</code> on %s.</p>\n", page_text(request, "id"),
                page_text(request, "host"));
}

/* Links end and sign nothing, but say how. */
static void put_left(Html *h, const JsonNode *request)
{
        const JsonNode *grant = node_object(request, "grant");

        if (page_is(grant, "state", "active")) {
                html(h,
                        "<p class=\"why-not\">An approver may end it now: <code>jitctl revoke %s"
                        "</code> on %s.</p>\n",
                        page_text(grant, "id"), page_text(request, "host"));
        }
        if (page_is(request, "kind", "break-glass") &&
                !page_is(node_object(request, "review"), "state", "signed")) {
                put_review_open(h, request);
        }
}

void page_form(Html *h, const PageView *v)
{
        const JsonNode *request = node_object(v->page, "request");

        if (page_was_opened(request)) {
                put_left(h, request);
                return;
        }
        /* Anything but these words is no form; of what is over the box above has told. */
        if (!page_is(request, "state", "pending")) {
                return;
        }
        if (page_is(v->page, "standing", "may")) {
                put_form(h, v);
        } else if (page_is(v->page, "standing", "done")) {
                put_form_done(h, v);
        } else {
                put_why_not(h, v->page);
        }
}

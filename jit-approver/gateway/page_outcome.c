/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What became of the request, and of the decision that was just given: one box, at the top. */

#include "common/util.h"
#include "jit-approver/gateway/page_internal.h"

/* "alice's sudo on web1" */
static void put_access(Html *h, const JsonNode *request)
{
        html(h, "%s’s %s on %s", page_text(request, "asker"), page_text(request, "service"),
                page_text(request, "host"));
}

static void put_grant(Html *h, const JsonNode *request, usec_t now)
{
        const JsonNode *grant = node_object(request, "grant");
        const char *state = page_text(grant, "state");

        if (!grant) {
                return;
        }
        put_access(h, request);
        if (streq(state, "active")) {
                html(h, " is open until ");
                html_time(h, node_text(grant, "until"), now);
        } else if (streq(state, "revoked")) {
                html(h, " was revoked");
        } else if (streq(state, "ended")) {
                html(h, " was given back");
        } else if (streq(state, "lost")) {
                html(h, " was lost: the host could not keep it");
        } else {
                html(h, " ended ");
                html_time(h, node_text(grant, "until"), now);
        }
        html(h, ".");
}

/* What a request that came to nothing leaves as it was. */
static void put_unchanged(Html *h, const JsonNode *request, usec_t now)
{
        if (!page_is(request, "kind", "extension")) {
                html(h, "Nothing was opened.");
                return;
        }
        html(h, "No time was added%s", node_object(request, "grant") ? ": " : ".");
        put_grant(h, request, now);
}

/* "Denied. alice's sudo on web1 stays closed." */
static void put_denied(Html *h, const JsonNode *request, usec_t now)
{
        if (page_is(request, "kind", "extension")) {
                put_unchanged(h, request, now);
        } else {
                put_access(h, request);
                html(h, " stays closed.");
        }
}

static void put_decided(Html *h, const JsonNode *request, const char *word, const char *decision)
{
        html(h, "<strong>%s</strong>", word);
        if (page_voters(NULL, request, decision) > 0) {
                html(h, " by ");
                (void) page_voters(h, request, decision);
        }
        html(h, ". ");
}

/* Of what is to be looked at afterwards, whether somebody has. */
static void put_review(Html *h, const JsonNode *request, usec_t now)
{
        const JsonNode *review = node_object(request, "review");
        const char *note = page_text(review, "note");

        if (!page_is(review, "state", "signed")) {
                html(h, " It is not reviewed yet.");
                return;
        }
        html(h, " Reviewed by <b>%s</b> ", page_text(review, "by"));
        html_time(h, node_text(review, "time"), now);
        if (*note) {
                html(h, ": <q>%s</q>", note);
        }
        html(h, ".");
}

/* Nobody was asked; what is left to do stands below. */
static void put_opened(Html *h, const JsonNode *request, usec_t now)
{
        bool broken = page_is(request, "kind", "break-glass");

        html(h, "<strong>%s</strong> ",
                broken ? "Opened without asking" : "Opened by a rescue code");
        html_time(h, node_text(request, "created"), now);
        html(h, ". ");
        put_grant(h, request, now);
        if (broken) {
                put_review(h, request, now);
        }
}

/* What is over, for whoever looks. */
static void put_over(Html *h, const JsonNode *request, usec_t now)
{
        const char *state = page_text(request, "state");

        if (page_was_opened(request)) {
                put_opened(h, request, now);
        } else if (streq(state, "approved")) {
                put_decided(h, request, "Approved", "approve");
                put_grant(h, request, now);
        } else if (streq(state, "denied")) {
                put_decided(h, request, "Denied", "deny");
                put_denied(h, request, now);
        } else if (streq(state, "timed-out")) {
                html(h, "<strong>Timed out.</strong> Nobody decided by ");
                html_time(h, node_text(request, "deadline"), now);
                html(h, ". ");
                put_unchanged(h, request, now);
        } else {
                html(h, "<strong>Withdrawn.</strong> The request was taken back before it was "
                        "decided. ");
                put_unchanged(h, request, now);
        }
}

/* His vote counts, but it is not the last word. */
static void put_waiting(Html *h, const JsonNode *request, const char *given)
{
        int wanted = (int) node_integer(request, "approvals", 1);
        int n = page_voters(NULL, request, "approve");
        bool longer = page_is(request, "kind", "extension");

        if (streq(given, "approve") && page_has_stages(request)) {
                html(h, "<strong>You approved.</strong> Now asked: <b>");
                (void) page_names(h, page_stage_open(request), "approvers", NULL);
                html(h, "</b>. %s before every stage has said yes.",
                        longer ? "No time is added" : "Nothing is open");
        } else if (streq(given, "approve")) {
                html(h,
                        "<strong>You approved.</strong> %d of %d: %s before the others "
                        "have approved too.",
                        n, wanted, longer ? "no time is added" : "nothing is open");
        } else {
                html(h, "<strong>You denied.</strong> The others may still decide.");
        }
}

static void put_given(Html *h, const PageView *v, const JsonNode *request)
{
        const char *state = page_text(request, "state");

        if (streq(state, "pending")) {
                put_waiting(h, request, v->given);
        } else if (streq(state, "approved") && streq(v->given, "approve")) {
                html(h, "<strong>Approved.</strong> ");
                put_grant(h, request, v->now);
        } else if (streq(state, "denied") && streq(v->given, "deny")) {
                html(h, "<strong>Denied.</strong> ");
                put_denied(h, request, v->now);
        } else {
                put_over(h, request, v->now);
        }
}

static bool came_late(const PageView *v)
{
        int status = v->refusal ? v->refusal->status : 0;

        return (status == 409 || status == 410) &&
               !page_is(node_object(v->page, "request"), "state", "pending");
}

/* The decision was not taken. Where the request is over, that is what there is to say. */
static void put_refused(Html *h, const PageView *v, const JsonNode *request)
{
        if (came_late(v)) {
                html(h, "Your decision came too late and does not count. ");
                put_over(h, request, v->now);
        } else {
                html(h, "<strong>Your decision was not taken:</strong> %s", v->refusal->message);
                /* The last wrong code closes it. */
                if (!page_is(request, "state", "pending")) {
                        html(h, ". ");
                        put_over(h, request, v->now);
                }
        }
}

/* He voted before, and may change his mind. */
static void put_earlier(Html *h, const PageView *v)
{
        html(h, "<strong>You %s this earlier.</strong> It is still open%s",
                page_is(v->page, "vote", "approve") ? "approved" : "denied",
                page_is(v->page, "standing", "may") ? ": you may change your mind." : ".");
}

void page_outcome(Html *h, const PageView *v)
{
        const JsonNode *request = node_object(v->page, "request");
        bool pending = page_is(request, "state", "pending");
        const char *kind = came_late(v)                            ? "waiting"
                           : v->refusal                            ? "bad"
                           : pending || page_was_opened(request)   ? "waiting"
                           : page_is(request, "state", "approved") ? "good"
                                                                   : "over";

        if (pending && !v->refusal && !v->given && !node_text(v->page, "vote")) {
                return;
        }
        html(h, "<p class=\"outcome %s\" role=\"%s\">", kind, v->refusal ? "alert" : "status");
        if (v->refusal) {
                put_refused(h, v, request);
        } else if (v->given) {
                put_given(h, v, request);
        } else if (!pending) {
                put_over(h, request, v->now);
        } else {
                put_earlier(h, v);
        }
        html(h, "</p>\n");
}

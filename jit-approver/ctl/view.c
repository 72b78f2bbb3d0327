/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: nothing of a request is printed but through safe() or a table; its asker wrote it. */

#include "jit-approver/ctl/view.h"

#include <stdlib.h>

#include "common/util.h"

void view_target(char out[static VIEW_TARGET_MAX], const JsonNode *o)
{
        const char *target = node_text(o, "target"), *group = node_text(o, "target_group");

        (void) snprintf(out, VIEW_TARGET_MAX, "%s%s%s", str_or(target, group ? "" : "?"),
                target && group ? ", " : "", group ? "group " : "");
        if (group) {
                size_t n = strlen(out);
                (void) snprintf(out + n, VIEW_TARGET_MAX - n, "%s", group);
        }
}

/* The people who voted so, joined by commas; the caller frees. */
static char *voters(const JsonNode *votes, const char *decision, size_t *ret_n)
{
        char *text = NULL;
        size_t size = 0, n = 0;
        FILE *f = must(open_memstream(&text, &size));

        for (const JsonNode *v = votes ? json_first(votes) : NULL; v; v = json_next(v)) {
                if (streq(str_or(node_text(v, "decision"), ""), decision)) {
                        (void) fprintf(f, "%s%s", n++ > 0 ? ", " : "",
                                str_or(node_text(v, "approver"), "?"));
                }
        }
        (void) fclose(f);
        *ret_n = n;
        return must(text);
}

static void write_state(FILE *f, const char *state)
{
        (void) fprintf(
                f, "%s%s%s", style(f, style_of_state(state)), safe(state), style(f, STYLE_PLAIN));
}

/* " until 15:04 (in 30 min)" */
static void write_until(FILE *f, const char *before, const char *rfc3339)
{
        if (rfc3339) {
                (void) fprintf(
                        f, "%s%s (%s)", before, when_at_text(rfc3339), when_in_text(rfc3339));
        }
}

static void write_last_note(FILE *f, const JsonNode *votes)
{
        const char *note = NULL;

        for (const JsonNode *v = votes ? json_first(votes) : NULL; v; v = json_next(v)) {
                note = node_text(v, "note");
        }
        if (!str_empty(note)) {
                (void) fprintf(f, ": \"%s\"", safe(note));
        }
}

/* " until 15:04 (in 30 min)"; of a grant that is over, that it is. */
static void write_approved(FILE *f, const JsonNode *grant)
{
        const char *state = grant ? node_text(grant, "state") : NULL;

        if (state && !streq(state, "active")) {
                (void) fprintf(f, ", the grant is %s", safe(state));
        } else if (grant) {
                write_until(f, " until ", node_text(grant, "until"));
        }
}

void view_request_line(FILE *f, const JsonNode *request)
{
        const char *state = str_or(node_text(request, "state"), "?");
        const JsonNode *votes = node_array(request, "votes");
        int64_t wanted = node_integer(request, "approvals", 1);
        bool pending = streq(state, "pending"), denied = streq(state, "denied");
        size_t n, open, stages = view_stages(request, &open);
        _cleanup_(freep) char *who = voters(votes, denied ? "deny" : "approve", &n);

        (void) fprintf(f, "Request %s: ", safe(node_text(request, "id")));
        write_state(f, state);
        view_kind(f, request);
        if (pending && stages > 1) {
                (void) fprintf(f, ", stage %zu of %zu%s", open, stages, n > 0 ? ", approved" : "");
        } else if (pending && n > 0) {
                (void) fprintf(f, ", %zu of %lld approved", n, (long long) wanted);
        }
        if (n > 0) {
                (void) fprintf(f, " by %s", safe(who));
        }
        if (pending) {
                write_until(f, ", open until ", node_text(request, "deadline"));
        } else if (streq(state, "approved")) {
                write_approved(f, node_object(request, "grant"));
        }
        if (n > 0) {
                write_last_note(f, votes);
        }
        (void) fputc('\n', f);
}

void view_label(FILE *f, const char *label)
{
        (void) fprintf(f, "  %s%-9s%s ", style(f, STYLE_DIM), label, style(f, STYLE_PLAIN));
}

static void write_fact(FILE *f, const char *label, const char *text, const char *after)
{
        if (!str_empty(text)) {
                view_label(f, label);
                (void) fprintf(f, "%s%s\n", safe(text), after);
        }
}

static void write_who(FILE *f, const JsonNode *o)
{
        const char *login = node_text(o, "login");
        char uid[32];

        (void) snprintf(
                uid, sizeof(uid), " (uid %lld)", (long long) node_integer(o, "asker_uid", -1));
        write_fact(f, "who", node_text(o, "asker"), uid);
        if (login) {
                (void) fprintf(f, "  %s%-9s%s logged in as %s\n", style(f, STYLE_DIM), "",
                        style(f, STYLE_PLAIN), safe(login));
        }
}

static void write_where(FILE *f, const JsonNode *o)
{
        const char *tty = node_text(o, "tty");

        write_fact(f, "where", node_text(o, "host"), "");
        write_fact(f, "terminal", tty, "");
        write_fact(f, "from", node_text(o, "origin"), " (claimed)");
}

static void write_what(FILE *f, const JsonNode *o)
{
        char target[VIEW_TARGET_MAX];

        view_target(target, o);
        (void) fprintf(f, "  %s%-9s%s %s as %s\n", style(f, STYLE_DIM), "what",
                style(f, STYLE_PLAIN), safe(node_text(o, "service")), safe(target));
        write_fact(f, "command", node_text(o, "command"), " (as typed, not verified)");
        const JsonNode *added = node_array(o, "added");
        for (const JsonNode *n = added ? json_first(added) : NULL; n; n = json_next(n)) {
                if (json_type(n) == JSON_STRING) {
                        write_fact(f, "added", json_string(n), " (joined later)");
                }
        }
}

static void write_votes(FILE *f, const JsonNode *votes)
{
        for (const JsonNode *v = votes ? json_first(votes) : NULL; v; v = json_next(v)) {
                const char *note = node_text(v, "note"), *span = node_text(v, "duration");
                int64_t login = node_integer(v, "login_uid", -1);

                view_label(f, "vote");
                (void) fprintf(f, "%s: %s", safe(node_text(v, "approver")),
                        safe(node_text(v, "decision")));
                if (span) {
                        (void) fprintf(f, " for %s", span_text(span));
                }
                (void) fprintf(f, " %s", when_in_text(node_text(v, "time")));
                if (streq(str_or(node_text(v, "proof"), ""), "link")) {
                        (void) fprintf(f, ", by a link from %s", safe(node_text(v, "channel")));
                }
                if (login >= 0) {
                        (void) fprintf(f, ", logged in as uid %lld", (long long) login);
                }
                if (!str_empty(note)) {
                        (void) fprintf(f, ": \"%s\"", safe(note));
                }
                (void) fputc('\n', f);
        }
}

/* Stages tell of it themselves, and nobody decides what is open already. */
static void write_deciders(FILE *f, const JsonNode *request)
{
        _cleanup_(freep) char *approvers = node_join(node_array(request, "approvers"), ", ");
        char after[128];
        size_t open;

        if (view_stages(request, &open) < 2 && !view_was_opened(request)) {
                (void) snprintf(after, sizeof(after), " (%lld must approve)",
                        (long long) node_integer(request, "approvals", 1));
                write_fact(f, "deciders", approvers, after);
        }
        view_chain(f, request);
}

/* What was started under it, and when. */
static void write_commands(FILE *f, const JsonNode *grant)
{
        const JsonNode *uses = node_array(grant, "commands");
        int64_t more = node_integer(grant, "commands_more", 0);

        if (!uses) {
                return;
        }
        (void) fprintf(f, "  %scommands%s %s\n", style(f, STYLE_DIM), style(f, STYLE_PLAIN),
                json_first(uses) ? "(as typed, not verified)" : "none");
        for (const JsonNode *u = json_first(uses); u; u = json_next(u)) {
                const char *closed = node_text(u, "closed");

                (void) fprintf(f, "    %s%s%s  %s\n", when_at_text(node_text(u, "opened")),
                        closed ? " to " : "", when_at_text(closed),
                        safe(str_or(node_text(u, "command"), "(unknown)")));
        }
        if (more > 0) {
                (void) fprintf(f, "    … and %lld more: jitctl log --grant %s\n", (long long) more,
                        safe(node_text(grant, "id")));
        }
}

static void write_finding(FILE *f, const JsonNode *x)
{
        const char *who = node_text(x, "who"), *when = node_text(x, "when"),
                   *note = node_text(x, "note");

        (void) fprintf(f, "    %s%-10s%s %s", style(f, STYLE_BOLD), safe(node_text(x, "kind")),
                style(f, STYLE_PLAIN), safe(str_or(node_text(x, "what"), "(not told)")));
        (void) fprintf(f, "%s%s%s%s%s%s\n", who ? ", " : "", safe(who), when ? ", " : "",
                when_at_text(when), note ? ", " : "", safe(note));
}

/* What it left on the host. An approver that says nothing of it may not have looked yet. */
static void write_residue(FILE *f, const JsonNode *grant)
{
        const JsonNode *residue = node_object(grant, "residue");
        const JsonNode *findings = node_array(residue, "findings");
        const char *cut = node_text(residue, "cut_short");
        int64_t more = node_integer(residue, "more", 0);

        if (!residue) {
                return;
        }
        (void) fprintf(f, "  %sresidue%s  looked for at %s: %s\n", style(f, STYLE_DIM),
                style(f, STYLE_PLAIN), when_at_text(node_text(residue, "taken")),
                findings && json_first(findings) ? "what is not as it was, whoever did it"
                                                 : "nothing was found");
        for (const JsonNode *x = findings ? json_first(findings) : NULL; x; x = json_next(x)) {
                write_finding(f, x);
        }
        if (more > 0) {
                (void) fprintf(f, "    … and %lld more\n", (long long) more);
        }
        if (cut) {
                (void) fprintf(f, "    %scut short: %s%s\n", style(f, STYLE_WAIT), safe(cut),
                        style(f, STYLE_PLAIN));
        }
}

void view_review_line(FILE *f, const JsonNode *request)
{
        const JsonNode *review = node_object(request, "review");
        const char *state = review ? str_or(node_text(review, "state"), "?") : NULL;
        const char *note = review ? node_text(review, "note") : NULL;

        if (!review) {
                return;
        }
        _cleanup_(freep) char *who = node_join(node_array(review, "reviewers"), ", ");
        (void) fprintf(f, "Review of %s: ", safe(node_text(request, "id")));
        if (streq(state, "open")) {
                (void) fprintf(f, "%sopen%s since %s, to be signed by %s\n", style(f, STYLE_WAIT),
                        style(f, STYLE_PLAIN), when_in_text(node_text(review, "time")),
                        safe(*who ? who : "nobody"));
                return;
        }
        (void) fprintf(f, "%s by %s %s", safe(state), safe(node_text(review, "by")),
                when_in_text(node_text(review, "time")));
        if (!str_empty(note)) {
                (void) fprintf(f, ": \"%s\"", safe(note));
        }
        (void) fputc('\n', f);
}

void view_request(FILE *f, const JsonNode *request)
{
        const JsonNode *grant = node_object(request, "grant");
        char after[128], span[VIEW_WHAT_MAX];

        view_request_line(f, request);
        write_who(f, request);
        write_what(f, request);
        write_where(f, request);
        write_fact(f, "why", str_or(node_text(request, "reason"), "(no reason given)"), "");
        view_for(span, request);
        (void) snprintf(after, sizeof(after), " (at most %.100s)",
                span_text(node_text(request, "max_duration")));
        write_fact(f, "for", span, after);
        view_terms(f, request);
        write_fact(f, "asked", when_in_text(node_text(request, "created")), "");
        write_fact(f, "rule", node_text(request, "rule"), "");
        write_deciders(f, request);
        view_code(f, request);
        write_votes(f, node_array(request, "votes"));
        view_review_line(f, request);
        if (grant) {
                view_grant_line(f, grant);
                write_commands(f, grant);
                write_residue(f, grant);
        }
}

void view_grant_line(FILE *f, const JsonNode *grant)
{
        const char *state = str_or(node_text(grant, "state"), "?");
        char target[VIEW_TARGET_MAX];

        view_target(target, grant);
        (void) fprintf(f, "Grant %s: ", safe(node_text(grant, "id")));
        write_state(f, state);
        view_kind(f, grant);
        (void) fprintf(f, ", %s as %s for %s", safe(node_text(grant, "service")), safe(target),
                safe(node_text(grant, "asker")));
        if (streq(state, "active")) {
                write_until(f, ", until ", node_text(grant, "until"));
        }
        (void) fputc('\n', f);
}

/* What the rule's on-expiry means. */
static const char *at_end(const char *on_expiry)
{
        if (streq(str_or(on_expiry, ""), "end-sessions")) {
                return "what was opened is ended";
        }
        return streq(str_or(on_expiry, ""), "keep") ? "what was opened goes on" : on_expiry;
}

void view_grant(FILE *f, const JsonNode *grant)
{
        view_grant_line(f, grant);
        write_who(f, grant);
        write_what(f, grant);
        write_fact(f, "why", node_text(grant, "reason"), "");
        write_fact(f, "from", when_at_text(node_text(grant, "from")), "");
        write_fact(f, "until", when_at_text(node_text(grant, "until")), "");
        write_fact(f, "request", node_text(grant, "request"), "");
        write_fact(f, "rule", node_text(grant, "rule"), "");
        view_terms(f, grant);
        write_fact(f, "made by", node_text(grant, "by"), "");
        write_fact(f, "at end", at_end(node_text(grant, "on_expiry")), "");
        write_commands(f, grant);
        write_residue(f, grant);
}

Table *view_requests_new(void)
{
        static const char *const heads[] = { "ID", "WHO", "WHAT", "AS", "FOR", "CLOSES", "WHY",
                "COMMAND", NULL };

        return table_new(heads);
}

Table *view_reviews_new(void)
{
        static const char *const heads[] = { "ID", "WHO", "WHAT", "AS", "FOR", "OPENED", "WHY",
                "COMMAND", NULL };

        return table_new(heads);
}

static void add_request(Table *t, const JsonNode *request, const char *when, Style look)
{
        char target[VIEW_TARGET_MAX], what[VIEW_WHAT_MAX], span[VIEW_WHAT_MAX];

        view_target(target, request);
        view_what(what, request);
        view_for(span, request);
        table_add(t, (const Cell[]){
                             { node_text(request, "id"), STYLE_BOLD },
                             { node_text(request, "asker"), STYLE_PLAIN },
                             { what, STYLE_PLAIN },
                             { target, STYLE_PLAIN },
                             { span, STYLE_PLAIN },
                             { when, look },
                             { node_text(request, "reason"), STYLE_PLAIN },
                             { node_text(request, "command"), STYLE_PLAIN },
                     });
}

void view_requests_add(Table *t, const JsonNode *request)
{
        const char *state = str_or(node_text(request, "state"), "?");
        bool pending = streq(state, "pending");

        add_request(t, request, pending ? when_in_text(node_text(request, "deadline")) : state,
                style_of_state(state));
}

void view_reviews_add(Table *t, const JsonNode *request)
{
        add_request(t, request, when_in_text(node_text(request, "created")), STYLE_PLAIN);
}

Table *view_grants_new(void)
{
        static const char *const heads[] = { "ID", "WHO", "WHAT", "AS", "STATE", "END", "FROM",
                "WHY", NULL };

        return table_new(heads);
}

void view_grants_add(Table *t, const JsonNode *grant)
{
        const char *state = str_or(node_text(grant, "state"), "?");
        const char *by = node_text(grant, "by"), *request = node_text(grant, "request");
        char target[VIEW_TARGET_MAX], from[VIEW_TARGET_MAX], what[VIEW_WHAT_MAX];

        view_target(target, grant);
        view_what(what, grant);
        (void) snprintf(
                from, sizeof(from), "%s%s", by ? "" : "request ", by ? by : str_or(request, "?"));
        table_add(t,
                (const Cell[]){
                        { node_text(grant, "id"), STYLE_BOLD },
                        { node_text(grant, "asker"), STYLE_PLAIN },
                        { what, STYLE_PLAIN },
                        { target, STYLE_PLAIN },
                        { state, style_of_state(state) },
                        { streq(state, "active") ? when_in_text(node_text(grant, "until")) : "over",
                                STYLE_PLAIN },
                        { from, STYLE_PLAIN },
                        { node_text(grant, "reason"), STYLE_PLAIN },
                });
}

Listing listing_of_requests(void)
{
        return (Listing){ .table = view_requests_new(), .add = view_requests_add };
}

Listing listing_of_reviews(void)
{
        return (Listing){ .table = view_reviews_new(), .add = view_reviews_add };
}

Listing listing_of_grants(void)
{
        return (Listing){ .table = view_grants_new(), .add = view_grants_add };
}

void listing_take(const JsonNode *object, void *listing)
{
        Listing *l = listing;

        doc_add(&l->doc, object);
        l->add(l->table, object);
}

int listing_print(
        Listing *l, const Ctl *ctl, const char *member, const char *tail, const char *none)
{
        if (ctl->json) {
                doc_print(&l->doc, member, tail);
        } else if (table_rows(l->table) > 0) {
                table_print(l->table);
        } else {
                say("%s", none);
        }
        return EXIT_DONE;
}

void listing_done(Listing *l)
{
        doc_done(&l->doc);
        l->table = table_free(l->table);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How far a request has come along its stages, and what a yes opens, in words. What an older approver does not
 * say is left out.
 */

#include "jit-approver/ctl/view.h"

#include <stdlib.h>

#include "common/util.h"

static bool is(const JsonNode *o, const char *member, const char *value)
{
        return streq(str_or(node_text(o, member), ""), value);
}

static size_t count(const JsonNode *o, const char *member)
{
        size_t n = 0;

        for (const JsonNode *i = node_first(o, member); i; i = json_next(i)) {
                n++;
        }
        return n;
}

bool view_was_opened(const JsonNode *o)
{
        return is(o, "kind", "break-glass") || is(o, "kind", "rescue");
}

void view_what(char out[static VIEW_WHAT_MAX], const JsonNode *o)
{
        bool opened = view_was_opened(o);

        (void) snprintf(out, VIEW_WHAT_MAX, "%.100s%s%s%s%s", str_or(node_text(o, "service"), "?"),
                opened ? ", " : "", opened ? node_text(o, "kind") : "",
                is(o, "scope", "once") ? ", once" : "",
                node_boolean(o, "match_code") && is(o, "state", "pending") ? ", with code" : "");
}

void view_for(char out[static VIEW_WHAT_MAX], const JsonNode *request)
{
        (void) snprintf(out, VIEW_WHAT_MAX, "%.100s%s", span_text(node_text(request, "duration")),
                is(request, "kind", "extension") ? " more" : "");
}

void view_kind(FILE *f, const JsonNode *o)
{
        if (is(o, "kind", "extension")) {
                (void) fprintf(f, " (%s more for grant %s)", span_text(node_text(o, "duration")),
                        safe(node_text(o, "extends")));
        } else if (is(o, "kind", "break-glass")) {
                (void) fprintf(f, " (break-glass: nobody was asked)");
        } else if (is(o, "kind", "rescue")) {
                (void) fprintf(f, " (by a rescue code)");
        }
}

size_t view_stages(const JsonNode *request, size_t *ret_open)
{
        size_t n = 0;

        *ret_open = 0;
        for (const JsonNode *s = node_first(request, "stages"); s; s = json_next(s)) {
                n++;
                if (is(s, "state", "open")) {
                        *ret_open = n;
                }
        }
        return n;
}

/* --- stages -------------------------------------------------------------------------------------- */

static const JsonNode *approval_of(const JsonNode *request, const char *who)
{
        for (const JsonNode *v = node_first(request, "votes"); v; v = json_next(v)) {
                if (is(v, "approver", who) && is(v, "decision", "approve")) {
                        return v;
                }
        }
        return NULL;
}

/* "bob said yes 15:02, carol said yes 15:03"; returns when the last did, NULL where nobody has. */
static const char *write_approved(FILE *f, const JsonNode *request, const JsonNode *stage)
{
        const char *last = NULL, *before = "";

        for (const JsonNode *a = node_first(stage, "approved"); a; a = json_next(a)) {
                if (json_type(a) != JSON_STRING) {
                        continue;
                }
                const char *time = node_text(approval_of(request, json_string(a)), "time");
                (void) fprintf(f, "%s%s said yes", before, safe(json_string(a)));
                if (time) {
                        (void) fprintf(f, " %s", when_at_text(time));
                        last = time;
                }
                before = ", ";
        }
        return last;
}

static void write_escalations(FILE *f, const JsonNode *request, const char *before)
{
        for (const JsonNode *e = node_first(request, "escalations"); e; e = json_next(e)) {
                _cleanup_(freep) char *to = node_join(node_array(e, "approvers"), ", ");

                (void) fprintf(f, "%sescalates %s to %s", before, when_at_text(node_text(e, "at")),
                        safe(to));
                before = ", ";
        }
}

/* Groups that are written in the rule, and who may decide now for them, where that says more. */
static void write_people(FILE *f, const JsonNode *request, const JsonNode *stage, bool open)
{
        _cleanup_(freep) char *names = node_join(node_array(stage, "approvers"), ", ");
        _cleanup_(freep) char *people = node_join(node_array(request, "approvers"), ", ");

        (void) fputs(safe(names), f);
        if (open && *people && !streq(names, people)) {
                (void) fprintf(f, " (%s)", safe(people));
        }
}

static void write_open(FILE *f, const JsonNode *request, const JsonNode *stage, const char *since)
{
        int64_t wanted = node_integer(request, "approvals", 1);

        (void) fputs(": open", f);
        if (since) {
                (void) fprintf(f, " since %s", when_at_text(since));
        }
        if (wanted > 1) {
                (void) fprintf(
                        f, ", %zu of %lld approved", count(stage, "approved"), (long long) wanted);
        }
        if (node_first(stage, "approved")) {
                (void) fputs(", ", f);
                (void) write_approved(f, request, stage);
        }
        write_escalations(f, request, ", ");
}

/* Of a stage without a yes, once all is over. */
static const char *unsaid(const JsonNode *request, const JsonNode *stage)
{
        return is(stage, "state", "open") && !view_was_opened(request) ? "asked, nobody said yes"
                                                                       : "not asked";
}

void view_chain(FILE *f, const JsonNode *request)
{
        bool pending = is(request, "state", "pending");
        const char *since = NULL;
        size_t open, n = 0;

        if (view_stages(request, &open) < 2) {
                if (pending && node_first(request, "escalations")) {
                        view_label(f, "else");
                        write_escalations(f, request, "");
                        (void) fputc('\n', f);
                }
                return;
        }
        for (const JsonNode *s = node_first(request, "stages"); s; s = json_next(s)) {
                bool now = pending && is(s, "state", "open");

                view_label(f, n++ == 0 ? "stages" : "");
                (void) fprintf(f, "%zu. ", n);
                write_people(f, request, s, now);
                if (now) {
                        write_open(f, request, s, since);
                } else if (node_first(s, "approved")) {
                        (void) fputs(": ", f);
                        since = write_approved(f, request, s);
                } else {
                        (void) fprintf(f, ": %s",
                                pending ? safe(node_text(s, "state")) : unsaid(request, s));
                }
                (void) fputc('\n', f);
        }
}

/* --- terms --------------------------------------------------------------------------------------- */

/* Whatever is not known here may be anything. */
static void write_scope(FILE *f, const JsonNode *o)
{
        if (is(o, "scope", "once")) {
                (void) fputs("exactly this command, once", f);
        } else if (is(o, "scope", "command")) {
                (void) fputs("exactly this command", f);
        } else if (node_text(o, "rule")) {
                (void) fprintf(f, "any command that rule %s covers", safe(node_text(o, "rule")));
        } else {
                (void) fputs("any command that a rule has people asked for", f);
        }
}

void view_terms(FILE *f, const JsonNode *o)
{
        int64_t session = node_integer(o, "login_session", -1);
        const char *spent = node_text(o, "spent");

        if (is(o, "kind", "extension") || !node_text(o, "scope")) {
                return;
        }
        view_label(f, "opens");
        write_scope(f, o);
        if (spent) {
                (void) fprintf(f, ", used %s", when_at_text(spent));
        }
        if (session >= 0) {
                (void) fprintf(f, ", in login session %lld only", (long long) session);
        }
        if (node_boolean(o, "end_when_done")) {
                (void) fputs(", until the last session under it closes", f);
        }
        if (node_boolean(o, "survive_reboot")) {
                (void) fputs(", over a reboot too", f);
        }
        (void) fputc('\n', f);
}

void view_code(FILE *f, const JsonNode *request)
{
        const char *code = node_text(request, "code");

        if (!node_boolean(request, "match_code") || !is(request, "state", "pending")) {
                return;
        }
        view_label(f, "code");
        if (code) {
                (void) fprintf(f, "%s: whoever approves needs it from you\n", safe(code));
        } else {
                (void) fprintf(f, "approve with --code NN: the two digits on %s's screen\n",
                        safe(node_text(request, "asker")));
        }
}

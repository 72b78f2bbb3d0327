/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * jitctl report: who had what, why, decided by whom, when and for how long, used or not, how it ended. The
 * grants come from the approver as they are; how often each was used is counted in the rows of the record.
 */

#include <stdio.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/when.h"

static const char *arg_since, *arg_until;

static const Option options[] = {
        { "since", OPTION_TEXT, &arg_since, "T", "what was active from T on" },
        { "until", OPTION_TEXT, &arg_until, "T", "up to T (now)" },
        { NULL },
};

typedef struct Line {
        char id[32]; /* of the grant */
        char *json;  /* owned */
        int64_t uses, sessions;
} Line;

typedef struct Report {
        Line *lines; /* owned */
        size_t n;
} Report;

static void report_done(Report *x)
{
        for (size_t i = 0; i < x->n; i++) {
                free(x->lines[i].json);
        }
        free(x->lines);
}

static void take_entry(const JsonNode *entry, void *userdata)
{
        Report *x = userdata;
        const char *id = node_text(node_object(entry, "grant"), "id");

        x->lines = must(reallocarray(x->lines, x->n + 1, sizeof(*x->lines)));
        Line *l = &x->lines[x->n++];
        *l = (Line){ .json = node_json(entry) };
        (void) snprintf(l->id, sizeof(l->id), "%s", str_or(id, ""));
}

/*
 * A row may stand for several. Who waited for his grant goes in without a grant.used of his own, so his session
 * has to tell of it: one that is held has a row of that name, another asked once more. All who come later
 * have both. A question that opens nothing is no use.
 */
static void count_row(Line *l, const char *event, const JsonNode *data)
{
        const char *why = str_or(node_text(data, "why"), "");
        int64_t times = node_integer(data, "count", 1);

        if (streq(event, "session.opened")) {
                l->sessions++;
        } else if (streq(event, "grant.used") && streq(why, "session")) {
                l->sessions += times;
        } else if (streq(event, "grant.used") && !*why) {
                l->uses += times;
        }
}

static void take_row(const JsonNode *row, void *userdata)
{
        Report *x = userdata;
        const char *event = str_or(node_text(row, "event"), ""), *grant = node_text(row, "grant");

        for (size_t i = grant ? x->n : 0; i > 0; i--) {
                Line *l = &x->lines[i - 1];

                if (streq(l->id, grant)) {
                        count_row(l, event, node_object(row, "data"));
                        return;
                }
        }
}

static int64_t uses_of(const Line *l)
{
        return MAX(l->uses, l->sessions);
}

static int fetch(const Ctl *ctl, Report *x, const char *since, const char *until)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        ReportCall report = { .version = PROTOCOL_VERSION, .since = since, .until = until };
        LogCall log = { .version = PROTOCOL_VERSION, .since = since, .until = until };

        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = call_list(&c, "Report", REPORT_FIELDS, &report, &report.after, "entries",
                        take_entry, x);
        }
        if (r == EXIT_DONE && x->n > 0) {
                r = call_list(&c, "ReadLog", LOG_FIELDS, &log, &log.after, "rows", take_row, x);
        }
        return r;
}

/* --- for people -------------------------------------------------------------------------------------- */

/* What opened without anybody's yes, and who has signed it since. */
static void put_urgent(FILE *f, const JsonNode *request)
{
        const char *kind = str_or(node_text(request, "kind"), "");
        const JsonNode *review = node_object(request, "review");
        const char *by = node_text(review, "by");

        if (streq(kind, "rescue")) {
                (void) fputs("nobody (rescue code)", f);
        } else if (streq(kind, "break-glass")) {
                (void) fprintf(f, "nobody (break-glass), %s%s",
                        by ? "reviewed by " : "not reviewed", str_or(by, ""));
        }
}

/* Who said yes; for a grant that was made by hand, who made it. The caller frees. */
static char *deciders(const JsonNode *entry)
{
        const JsonNode *votes = node_array(node_object(entry, "request"), "votes");
        const char *by = node_text(node_object(entry, "grant"), "by"), *comma = "";
        char *text = NULL;
        size_t size = 0;
        FILE *f = must(open_memstream(&text, &size));

        for (const JsonNode *v = votes ? json_first(votes) : NULL; v; v = json_next(v)) {
                if (streq(str_or(node_text(v, "decision"), ""), "approve")) {
                        (void) fprintf(f, "%s%s", comma, str_or(node_text(v, "approver"), "?"));
                        comma = ", ";
                }
        }
        if (!votes && by) {
                (void) fprintf(f, "%s (by hand)", by);
        }
        put_urgent(f, node_object(entry, "request"));
        (void) fclose(f);
        return must(text);
}

static void how_long(const JsonNode *entry, char out[static SPAN_TEXT_MAX])
{
        const JsonNode *grant = node_object(entry, "grant");
        const char *from = node_text(grant, "from"), *until = node_text(grant, "until");
        const char *ended = node_text(entry, "ended");
        usec_t begin, end;

        (void) snprintf(out, SPAN_TEXT_MAX, "?");
        if (from && until && time_rfc3339_parse(from, &begin) >= 0 &&
                time_rfc3339_parse(ended ? ended : until, &end) >= 0) {
                span_say(MAX(end - begin, (usec_t) 0), out);
        }
}

static void add_line(Table *table, const JsonNode *entry, int64_t uses)
{
        const JsonNode *grant = node_object(entry, "grant"),
                       *request = node_object(entry, "request");
        const char *from = node_text(grant, "from"), *state = node_text(grant, "state");
        char time[TIME_RFC3339_MAX] = "?", span[SPAN_TEXT_MAX], used[24];
        _cleanup_(freep) char *by = deciders(entry), *what = NULL;
        usec_t at;

        if (from && time_rfc3339_parse(from, &at) >= 0) {
                time_local(at, 0, time);
        }
        how_long(entry, span);
        (void) snprintf(used, sizeof(used), "%lld", (long long) uses);
        (void) must(str_printf(&what, "%s%s%s", str_or(node_text(grant, "service"), "?"),
                            node_text(grant, "target") ? " as " : "",
                            str_or(node_text(grant, "target"), "")) < 0
                            ? NULL
                            : what);
        const char *reason = node_text(grant, "reason");
        table_add(table, (const Cell[]){
                                 { node_text(grant, "id"), STYLE_BOLD },
                                 { node_text(grant, "asker"), STYLE_PLAIN },
                                 { what, STYLE_PLAIN },
                                 { time, STYLE_PLAIN },
                                 { span, STYLE_PLAIN },
                                 { state, style_of_state(str_or(state, "")) },
                                 { uses > 0 ? used : "no", STYLE_PLAIN },
                                 { by, STYLE_PLAIN },
                                 { reason ? reason : node_text(request, "command"), STYLE_PLAIN },
                         });
}

/* --- the verb ---------------------------------------------------------------------------------------- */

/* An entry as the approver said it, and how often it was used. */
static void doc_entry(Doc *d, const Line *l)
{
        _cleanup_(json_freep) Json *said = NULL, *whole = NULL;
        _cleanup_(freep) char *text = NULL;
        JsonWriter w = { 0 };
        size_t n;

        if (json_parse(l->json, strlen(l->json), &said) < 0) {
                return;
        }
        json_open_object(&w, NULL);
        for (const JsonNode *m = json_first(json_root(said)); m; m = json_next(m)) {
                json_put_node(&w, json_name(m), m);
        }
        json_put_integer(&w, "uses", uses_of(l));
        json_close_object(&w);
        if (json_writer_finish(&w, &text, &n) >= 0 && json_parse(text, n, &whole) >= 0) {
                doc_add(d, json_root(whole));
        }
}

static int print_json(const Report *x)
{
        _cleanup_(doc_done) Doc d = { 0 };

        for (size_t i = 0; i < x->n; i++) {
                doc_entry(&d, &x->lines[i]);
        }
        doc_print(&d, "entries", NULL);
        return EXIT_DONE;
}

static int print_table(const Report *x)
{
        static const char *const heads[] = { "GRANT", "WHO", "WHAT", "FROM", "FOR", "STATE", "USED",
                "DECIDED BY", "WHY", NULL };
        _cleanup_(table_freep) Table *table = table_new(heads);

        for (size_t i = 0; i < x->n; i++) {
                _cleanup_(json_freep) Json *j = NULL;

                if (json_parse(x->lines[i].json, strlen(x->lines[i].json), &j) >= 0) {
                        add_line(table, json_root(j), uses_of(&x->lines[i]));
                }
        }
        if (x->n > 0) {
                table_print(table);
        } else {
                say("No grant that you may see was active then.");
        }
        return EXIT_DONE;
}

static int take_time(const char *option, const char *typed, char out[static TIME_RFC3339_MAX])
{
        usec_t at;

        if (when_parse(typed, clock_usec(CLOCK_REALTIME), &at) < 0) {
                return usage("--%s '%s' is no time; 2026-11-21, '2026-11-21 15:04', yesterday "
                             "and '2h ago' are.",
                        option, safe(typed));
        }
        time_rfc3339(at, out);
        return EXIT_DONE;
}

static int run(const Ctl *ctl)
{
        _cleanup_(report_done) Report x = { 0 };
        char since[TIME_RFC3339_MAX], until[TIME_RFC3339_MAX];

        if (!arg_since) {
                return usage("report needs --since T.");
        }
        int r = take_time("since", arg_since, since);
        if (r == EXIT_DONE && arg_until) {
                r = take_time("until", arg_until, until);
        }
        if (r == EXIT_DONE) {
                r = fetch(ctl, &x, since, arg_until ? until : NULL);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        return ctl->json ? print_json(&x) : print_table(&x);
}

const Verb verb_report = {
        .name = "report",
        .synopsis = "--since T [--until T]",
        .summary = "Who had what, why, decided by whom, and whether it was used",
        .notes =
                "Every grant that was active between the two; administrators and auditors see all, others\n"
                "their own. USED is how often somebody went in by it between the two, \"no\" if nobody did.\n"
                "What a rule allows and what is exempt has no grant: see jitctl log. T as for log.\n",
        .options = options,
        .run = run,
};

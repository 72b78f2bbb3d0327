/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl explain: what the rules would say, by the approver that would say it. */

#include <stdio.h>

#include "common/service.h"
#include "common/span.h"
#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/when.h"

static const char *arg_target, *arg_at;

static const Option options[] = {
        { "target", OPTION_TEXT, &arg_target, "U", "whom to become (root)" },
        { "at", OPTION_TEXT, &arg_at, "T", "when it would be asked, for the times shown (now)" },
        { NULL },
};

static void head(const char *name)
{
        (void) printf("%s%-10s%s ", style(stdout, STYLE_BOLD), name, style(stdout, STYLE_PLAIN));
}

/* The clock at a span after the beginning. */
static const char *time_after(usec_t at, const char *span)
{
        char text[TIME_RFC3339_MAX];
        usec_t after;

        if (span_parse(str_or(span, "0"), &after) < 0) {
                return "?";
        }
        time_rfc3339(usec_add(at, after), text);
        return when_at_text(text);
}

static void print_verdict(const JsonNode *e)
{
        static const char *const words[][2] = {
                { "ask", "people are asked" },
                { "allow", "nothing to ask: the gate stands open, which is recorded" },
                { "refuse", "refused, and nobody is asked" },
                { "break-glass", "opens at once, for a reason; everybody hears of it" },
                { "unknown", "refused as long as the name service does not say more" },
                { "exempt", "root's own, which passes by itself" },
        };
        const char *verdict = str_or(node_text(e, "verdict"), ""), *what = verdict;
        const char *rule = node_text(e, "rule"), *place = node_text(e, "place");

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                what = streq(verdict, words[i][0]) ? words[i][1] : what;
        }
        head("verdict");
        (void) printf("%s\n", safe(what));
        head("rule");
        if (rule) {
                (void) printf(
                        "%s%s%s%s\n", safe(rule), place ? " (" : "", safe(place), place ? ")" : "");
        } else {
                (void) printf("none matches\n");
        }
}

static void print_passed(const JsonNode *e)
{
        const JsonNode *list = node_array(e, "passed");

        for (const JsonNode *n = list ? json_first(list) : NULL; n; n = json_next(n)) {
                head(n == json_first(list) ? "not by" : "");
                (void) printf("%s: it is of another %s\n", safe(node_text(n, "rule")),
                        safe(node_text(n, "why")));
        }
}

#define NOBODY "nobody but the asker, who does not count"

/* "bob, carol"; or that there is nobody. */
static void print_people(const JsonNode *of, const char *member)
{
        _cleanup_(freep) char *names = node_join(node_array(of, member), ", ");

        (void) printf("%s\n", *names ? safe(names) : NOBODY);
}

static void print_chain(const JsonNode *e, usec_t at)
{
        const JsonNode *stages = node_array(e, "stages"), *later = node_array(e, "escalations");
        bool asks = streq(str_or(node_text(e, "verdict"), ""), "ask");
        int64_t approvals = node_integer(e, "approvals", 1);
        int number = 1;

        for (const JsonNode *n = stages ? json_first(stages) : NULL; n; n = json_next(n)) {
                head(n != json_first(stages) ? "then" : asks ? "asked" : "alarmed");
                if (asks && number++ == 1) {
                        (void) printf("from %s: ", time_after(at, "0"));
                }
                if (asks && approvals > 1) {
                        (void) printf("%lld of ", (long long) approvals);
                }
                print_people(n, "approvers");
        }
        for (const JsonNode *n = later ? json_first(later) : NULL; n; n = json_next(n)) {
                head("also");
                (void) printf("from %s, after %s%s: ", time_after(at, node_text(n, "after")),
                        span_text(node_text(n, "after")), number > 2 ? " in one stage" : "");
                print_people(n, "approvers");
        }
        if (node_array(e, "reviewers")) {
                _cleanup_(freep) char *names = node_join(node_array(e, "reviewers"), ", ");

                head("signed by");
                (void) printf(
                        "%s%s\n", *names ? safe(names) : NOBODY, *names ? " (alarmed too)" : "");
        }
}

static void print_asking(const JsonNode *e, usec_t at)
{
        _cleanup_(freep) char *notify = node_join(node_array(e, "notify"), ", ");
        const char *open = node_text(e, "open_for"), *pattern = node_text(e, "reason_pattern");
        const char *rate = node_text(e, "rate"), *cool = node_text(e, "cool_down");

        head("told by");
        (void) printf("%s\n", *notify ? safe(notify) : "nothing: they look for themselves");
        if (open) {
                head("open");
                (void) printf("until %s; the command waits for up to %s of it\n",
                        time_after(at, open), span_text(node_text(e, "wait")));
                head("proof");
                (void) printf("%s%s\n",
                        !*notify || streq(str_or(node_text(e, "assurance"), ""), "local")
                                ? "the approver's own account on this host"
                                : "at least the link that was sent to the approver",
                        node_boolean(e, "match_code") ? ", and the two digits on the asker's screen"
                                                      : "");
        }
        head("reason");
        (void) printf("%s%s%s\n", safe(node_text(e, "reason")), pattern ? ", of the form " : "",
                safe(pattern));
        if (rate && strchr(rate, '/')) {
                head("at most");
                (void) printf("%.*s requests in %s\n", (int) strcspn(rate, "/"), safe(rate),
                        span_text(strchr(rate, '/') + 1));
        }
        if (cool && !streq(cool, "0")) {
                head("denied");
                (void) printf("not again for %s, doubling\n", span_text(cool));
        }
}

/* What else there is to be had by the rule. */
static void print_more(const JsonNode *e)
{
        const char *extend = str_or(node_text(e, "extend"), ""),
                   *most = node_text(e, "max_duration");

        if (streq(extend, "auto") && most) {
                head("more time");
                (void) printf("at once, up to %s in all\n", span_text(most));
        } else if (*extend) {
                head("more time");
                (void) printf("%s\n", streq(extend, "ask") ? "if the approvers say yes once more"
                                                           : "not without asking anew");
        }
        if (node_boolean(e, "rescue")) {
                head("rescue");
                (void) printf("a one-time code opens it at once\n");
        }
}

static void print_terms(const JsonNode *e)
{
        _cleanup_(freep) char *warn = node_join(node_array(e, "warn_before"), ", ");
        const char *scope = str_or(node_text(e, "scope"), ""), *most = node_text(e, "max_duration");
        const char *end = str_or(node_text(e, "on_expiry"), "");

        head("opens");
        (void) printf("%s for %s%s%s, %s\n",
                streq(scope, "once")      ? "exactly that, one time,"
                : streq(scope, "command") ? "exactly that command"
                                          : "whatever of the service the rule covers,",
                span_text(node_text(e, "duration")), most ? ", at most " : "",
                most ? span_text(most) : "",
                streq(str_or(node_text(e, "bind"), ""), "user") ? "from any login of the asker"
                                                                : "from that login only");
        print_more(e);
        head("ends");
        (void) printf("%s%s%s%s%s\n",
                streq(end, "keep")   ? "sessions go on"
                : streq(end, "warn") ? "sessions go on and are told"
                                     : "with all sessions",
                *warn ? "; warned before: " : "", safe(warn),
                node_boolean(e, "end_when_done") ? "; with the last session too" : "",
                node_boolean(e, "survive_reboot") ? "; lives through a reboot" : "");
}

static void print_explanation(const JsonNode *e, usec_t at, const Ctl *ctl)
{
        (void) printf("%s, %s to %s:", safe(node_text(e, "user")), safe(node_text(e, "service")),
                safe(node_text(e, "target")));
        for (size_t i = 2; i < ctl->n_args; i++) {
                (void) printf(" %s", safe(ctl->args[i]));
        }
        (void) printf("%s\n", ctl->n_args > 2 ? "" : " no command of its own");
        print_verdict(e);
        print_passed(e);
        if (node_array(e, "stages")) {
                print_chain(e, at);
                print_asking(e, at);
                print_terms(e);
        }
}

static int run(const Ctl *ctl)
{
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        usec_t at = clock_usec(CLOCK_REALTIME);
        ExplainCall call = {
                .version = PROTOCOL_VERSION,
                .user = ctl->args[0],
                .service = ctl->args[1],
                .target = arg_target                                              ? arg_target
                          : service_changes_user(service_canonical(ctl->args[1])) ? "root"
                                                                                  : NULL,
                .command = { (const char **) ctl->args + 2, ctl->n_args - 2 },
        };

        if (arg_at && when_parse(arg_at, at, &at) < 0) {
                return usage(
                        "'%s' is not a time, such as 15:04 or '2026-11-21 15:04'.", safe(arg_at));
        }
        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = call_do(&c, "Explain", EXPLAIN_FIELDS, &call);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        const JsonNode *e = node_object(c.reply.parameters, "explanation");
        if (!e) {
                return call_garbled(&c, "an explanation");
        }
        if (ctl->json) {
                return node_print(e);
        }
        print_explanation(e, at, ctl);
        return EXIT_DONE;
}

const Verb verb_explain = {
        .name = "explain",
        .synopsis = "USER SERVICE [--target U] [--at T] [-- COMMAND…]",
        .summary = "Tell what the rules say: which decides, who is asked, what is opened",
        .notes = "Asks nobody and changes nothing. Auditors and administrators may ask about\n"
                 "everybody, others about themselves.\n",
        .options = options,
        .min_args = 2,
        .max_args = ARGS_ANY,
        .run = run,
};

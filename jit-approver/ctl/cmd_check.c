/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl check, and jitctl reload */

#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/checker.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/print.h"

static const Option options[] = { { NULL } };

/* One problem as JSON; a line of another kind is all message. What is no UTF-8 is escaped. */
static void put_problem(JsonWriter *w, const char *text)
{
        _cleanup_(freep) char *line = must(strdup(safe(text)));
        const char *message = line;
        int64_t row = 0, column = 0;
        size_t file = 0;

        (void) checker_split(line, &file, &row, &column, &message);
        json_open_object(w, NULL);
        if (file > 0) {
                line[file] = '\0';
        }
        json_put_string(w, "file", file > 0 ? line : "");
        json_put_integer(w, "line", row);
        json_put_integer(w, "column", column);
        json_put_string(w, "message", message);
        json_close_object(w);
}

static void put_list(JsonWriter *w, const char *name, char *const *lines)
{
        json_open_array(w, name);
        for (size_t i = 0; lines && lines[i]; i++) {
                put_problem(w, lines[i]);
        }
        json_close_array(w);
}

static int print_problems(const Checked *c)
{
        _cleanup_(freep) char *text = NULL;
        JsonWriter w = { 0 };

        json_open_object(&w, NULL);
        json_put_boolean(&w, "ok", c->ok);
        put_list(&w, "problems", c->lines);
        put_list(&w, "warnings", c->warnings);
        json_close_object(&w);
        if (json_writer_finish(&w, &text, NULL) < 0) {
                say("Too many problems to write.");
                return EXIT_ERROR;
        }
        (void) puts(text);
        return EXIT_DONE;
}

static int run_check(const Ctl *ctl)
{
        _cleanup_(checked_done) Checked c = { 0 };

        int r = checker_run(ctl->n_args > 0 ? ctl->args[0] : ctl->config, &c);
        if (r < 0) {
                say("Failed to run the approver's checker: %s.", strerror(-r));
                return EXIT_ERROR;
        }
        if (ctl->json) {
                r = print_problems(&c);
                return r == EXIT_DONE && !c.ok ? EXIT_ERROR : r;
        }
        for (size_t i = 0; c.lines && c.lines[i]; i++) {
                say_line(c.lines[i]);
        }
        for (size_t i = 0; c.warnings && c.warnings[i]; i++) {
                _cleanup_(freep) char *line = NULL;

                (void) must(str_printf(&line, "warning: %s", c.warnings[i]) < 0 ? NULL : line);
                say_line(line);
        }
        if (c.ok) {
                (void) puts("ok");
        } else if (!c.lines) {
                say("The approver's checker failed without a word.");
        }
        return c.ok ? EXIT_DONE : EXIT_ERROR;
}

static int run_reload(const Ctl *ctl)
{
        static const Field fields[] = { FIELD_REQUIRED(INTEGER, IdCall, version), FIELD_END };
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE };
        IdCall call = { .version = PROTOCOL_VERSION };

        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = call_do(&c, "Reload", fields, &call);
        }
        if (r != EXIT_DONE) {
                return r;
        }
        const JsonNode *problems = node_array(c.reply.parameters, "problems");
        if (!problems) {
                return call_garbled(&c, "a list");
        }
        if (ctl->json) {
                (void) node_print(c.reply.parameters);
        }
        for (const JsonNode *n = json_first(problems); n; n = json_next(n)) {
                if (!ctl->json && json_type(n) == JSON_STRING) {
                        say_line(json_string(n));
                }
        }
        if (json_first(problems)) {
                say("The rules were not changed.");
                return EXIT_ERROR;
        }
        if (!ctl->json) {
                (void) puts("ok");
        }
        return EXIT_DONE;
}

const Verb verb_check = {
        .name = "check",
        .synopsis = "[FILE]",
        .summary = "Check the rules without loading them",
        .notes = "FILE instead of the installed configuration. Works with no approver running.\n"
                 "Warnings tell of rules that are no mistake and hardly what was meant.\n"
                 "Exit: 0 ok, perhaps with warnings, 1 there are problems.\n",
        .takes_config = true,
        .options = options,
        .max_args = 1,
        .run = run_check,
};

const Verb verb_reload = {
        .name = "reload",
        .synopsis = "",
        .summary = "Load the rules anew; broken ones change nothing",
        .options = options,
        .run = run_reload,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * jitctl recover: has the approver's own program put the store right (`jit-approver --recover`), since
 * jitctl knows no SQLite. No approver is asked: it has to stand still for it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/json.h"
#include "common/util.h"
#include "jit-approver/ctl/checker.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"

static const char *arg_from, *arg_state;

static const Option options[] = {
        { "from", OPTION_TEXT, &arg_from, "FILE", "put this backup in place" },
        { "state", OPTION_TEXT, &arg_state, "DIR", "another state folder" },
        { NULL },
};

static int print_json(const Checked *c)
{
        _cleanup_(freep) char *text = NULL;
        JsonWriter w = { 0 };

        json_open_object(&w, NULL);
        json_put_boolean(&w, "ok", c->ok);
        json_open_array(&w, "lines");
        for (size_t i = 0; c->lines && c->lines[i]; i++) {
                json_put_string(&w, NULL, safe(c->lines[i]));
        }
        json_close_array(&w);
        json_close_object(&w);
        if (json_writer_finish(&w, &text, NULL) < 0) {
                say("Too much to write.");
                return EXIT_ERROR;
        }
        (void) puts(text);
        return c->ok ? EXIT_DONE : EXIT_ERROR;
}

static int run(const Ctl *ctl)
{
        _cleanup_(checked_done) Checked c = { 0 };
        char *args[6] = { (char *) "--recover" };
        size_t n = 1;

        if (!arg_state && geteuid() != 0) {
                say("Only root recovers the store.");
                return EXIT_NOT_PERMITTED;
        }
        if (arg_from) {
                args[n++] = (char *) "--from";
                args[n++] = (char *) arg_from;
        }
        if (arg_state) {
                args[n++] = (char *) "--state";
                args[n++] = (char *) arg_state;
        }
        int r = checker_run_program(args, &c);
        if (r < 0) {
                say("Failed to run the approver's program: %s.", strerror(-r));
                return EXIT_ERROR;
        }
        if (ctl->json) {
                return print_json(&c);
        }
        for (size_t i = 0; c.lines && c.lines[i]; i++) {
                (void) printf("%s\n", safe(c.lines[i]));
        }
        if (!c.lines && !c.ok) {
                say("The approver's program failed without a word.");
        }
        return c.ok ? EXIT_DONE : EXIT_ERROR;
}

const Verb verb_recover = {
        .name = "recover",
        .synopsis = "[--from FILE] [--state DIR]",
        .summary = "Put right a store that is damaged, or put a backup in its place",
        .notes =
                "For root, while the approver is stopped or cannot use its store. Without --from what can\n"
                "be read of a damaged store is taken over. What was there is kept beside it, and every\n"
                "grant ends.\n",
        .options = options,
        .run = run,
};

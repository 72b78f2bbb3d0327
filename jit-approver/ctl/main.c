/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl: the table of verbs. Each is a file cmd_*.c of this folder. */

#include <stdio.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/ctl/ctl.h"
#include "jit-approver/ctl/nearest.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"

typedef struct Group {
        const char *heading;
        const Verb *verbs[24]; /* the last is NULL */
} Group;

static const Group groups[] = {
        { "To have access",
                { &verb_request, &verb_run, &verb_status, &verb_wait, &verb_cancel, &verb_nudge,
                        &verb_extend, &verb_end, &verb_break_glass, &verb_rescue } },
        { "To decide", { &verb_pending, &verb_show, &verb_approve, &verb_deny, &verb_review } },
        { "To administer and audit",
                { &verb_grants, &verb_grant, &verb_revoke, &verb_log, &verb_explain, &verb_check,
                        &verb_reload, &verb_doctor, &verb_rescue_codes, &verb_expire } },
        { "To keep the record", { &verb_report, &verb_backup, &verb_recover } },
        { "To put the gate in place",
                { &verb_enable, &verb_confirm, &verb_disable, &verb_rollback } },
};

static void print_help(void)
{
        (void) printf("jitctl [--socket PATH] [--json] VERB …\n\n"
                      "Just-in-time access: ask for it, decide about it, look after it.\n");
        for (size_t i = 0; i < ELEMENTSOF(groups); i++) {
                (void) printf("\n%s:\n", groups[i].heading);
                for (const Verb *const *v = groups[i].verbs; *v; v++) {
                        if (!(*v)->internal) {
                                (void) printf("  %-12s %s\n", (*v)->name, (*v)->summary);
                        }
                }
        }
        (void) printf("\nExamples:\n"
                      "  jitctl run --reason 'deploy OPS-1423' -- systemctl restart web\n"
                      "  jitctl approve K7QF --for 30m --note 'go ahead'\n\n"
                      "'jitctl VERB --help' tells more, and so does jitctl(1).\n");
}

static const Verb *find_verb(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(groups); i++) {
                for (const Verb *const *v = groups[i].verbs; *v; v++) {
                        if (streq((*v)->name, name)) {
                                return *v;
                        }
                }
        }
        return NULL;
}

static int unknown_verb(const char *name)
{
        const char *names[ELEMENTSOF(groups) * ELEMENTSOF(groups[0].verbs)], *nearest;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(groups); i++) {
                for (const Verb *const *v = groups[i].verbs; *v; v++) {
                        names[n++] = (*v)->name;
                }
        }
        nearest = nearest_word(name, names, n);
        if (nearest) {
                return usage("There is no verb '%s'; did you mean %s?", safe(name), nearest);
        }
        return usage("There is no verb '%s'; see jitctl --help.", safe(name));
}

static int check_args(const Verb *verb, const Ctl *ctl)
{
        if (ctl->n_args < verb->min_args) {
                return usage("%s needs more: jitctl %s %s", verb->name, verb->name, verb->synopsis);
        }
        if (ctl->n_args > verb->max_args) {
                return usage("%s does not take '%s': jitctl %s %s", verb->name,
                        safe(ctl->args[verb->max_args]), verb->name, verb->synopsis);
        }
        for (size_t i = 0; i < ctl->n_args; i++) {
                if (!utf8_valid(ctl->args[i], strlen(ctl->args[i]))) {
                        return usage("'%s' is not UTF-8.", safe(ctl->args[i]));
                }
        }
        return EXIT_DONE;
}

static int run(int argc, char **argv)
{
        const Verb *verb;
        Ctl ctl = { 0 };

        int r = options_parse(&ctl, NULL, argc, argv);
        if (r == OPTIONS_HELP) {
                print_help();
                return EXIT_DONE;
        }
        if (r != OPTIONS_GO_ON) {
                return r;
        }
        if (ctl.n_args == 0) {
                return usage("What shall be done? See jitctl --help.");
        }
        verb = find_verb(ctl.args[0]);
        if (!verb) {
                return unknown_verb(ctl.args[0]);
        }
        r = options_parse(&ctl, verb, (int) ctl.n_args, ctl.args);
        if (r == OPTIONS_GO_ON) {
                r = check_args(verb, &ctl);
                r = r == EXIT_DONE ? verb->run(&ctl) : r;
        }
        return r;
}

int main(int argc, char **argv)
{
        print_init();
        int r = run(argc, argv);
        /* A full disk under `jitctl log --json >file` must not pass for success. */
        if (fflush(stdout) != 0 || ferror(stdout)) {
                say("Failed to write the output: %m.");
                return r == EXIT_DONE ? EXIT_ERROR : r;
        }
        return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * getopt_long(3) over our tables. Its own messages are off: they repeat the caller's bytes raw.
 */

#include "jit-approver/ctl/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/span.h"
#include "common/text.h"
#include "common/util.h"
#include "jit-approver/ctl/print.h"

#define OPTIONS_MAX 24

enum { LONG_SOCKET = 256, LONG_CONFIG, LONG_JSON, LONG_HELP, LONG_VERSION, LONG_VERB };

static const struct option globals[] = {
        { "socket", required_argument, NULL, LONG_SOCKET },
        { "config", required_argument, NULL, LONG_CONFIG },
        { "json", no_argument, NULL, LONG_JSON },
        { "help", no_argument, NULL, LONG_HELP },
        { "version", no_argument, NULL, LONG_VERSION },
};

int usage(const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        say_va(format, ap);
        va_end(ap);
        return EXIT_USAGE;
}

/* The globals and the verb's own in getopt's form; the list ends with zeros. */
static void options_list(const Verb *verb, struct option *list)
{
        size_t n = ELEMENTSOF(globals);

        memcpy(list, globals, sizeof(globals));
        for (const Option *o = verb ? verb->options : NULL; o && o->name; o++) {
                int has = o->type == OPTION_FLAG ? no_argument : required_argument;

                list[n] = (struct option){ o->name, has, NULL, (int) (LONG_VERB + n) };
                n++;
        }
        list[n] = (struct option){ NULL };
}

static int option_set(const Option *o, const char *value)
{
        usec_t span;

        switch (o->type) {
        case OPTION_FLAG:
                *(bool *) o->value = true;
                return OPTIONS_GO_ON;
        case OPTION_SPAN:
                if (span_parse(value, &span) < 0) {
                        return usage("--%s '%s' is no span of time; 30m, 2h and 1h 30m are.",
                                o->name, safe(value));
                }
                break;
        case OPTION_TEXT:
                if (!utf8_valid(value, strlen(value))) {
                        return usage("--%s '%s' is not UTF-8.", o->name, safe(value));
                }
                break;
        }
        *(const char **) o->value = value;
        return OPTIONS_GO_ON;
}

static int option_take(Ctl *ctl, const Verb *verb, int found, char *word)
{
        switch (found) {
        case LONG_SOCKET:
                if (optarg[0] != '/') {
                        return usage("--socket '%s' must be an absolute path.", safe(optarg));
                }
                ctl->socket = optarg;
                return OPTIONS_GO_ON;
        case LONG_CONFIG:
                ctl->config = optarg;
                return OPTIONS_GO_ON;
        case LONG_JSON:
                ctl->json = true;
                return OPTIONS_GO_ON;
        case LONG_HELP:
        case 'h':
                if (!verb) {
                        return OPTIONS_HELP;
                }
                options_help(verb);
                return EXIT_DONE;
        case LONG_VERSION:
                printf("jitctl %s\n", PROJECT_VERSION);
                return EXIT_DONE;
        case ':':
                return usage("'%s' needs a value.", safe(word));
        case '?':
                return usage("Unknown option '%s'; see jitctl %s%s--help.", safe(word),
                        verb ? verb->name : "", verb ? " " : "");
        default:
                return option_set(
                        &verb->options[(size_t) found - LONG_VERB - ELEMENTSOF(globals)], optarg);
        }
}

int options_parse(Ctl *ctl, const Verb *verb, int argc, char **argv)
{
        struct option list[OPTIONS_MAX];
        /* ':' tells a missing value from an unknown option; '+' stops at the first other word. */
        const char *letters = !verb || verb->takes_command ? "+:h" : ":h";
        int found;

        options_list(verb, list);
        opterr = 0;
        optind = 0; /* glibc: start anew */
        while ((found = getopt_long(argc, argv, letters, list, NULL)) >= 0) {
                int r = option_take(ctl, verb, found, argv[optind - 1]);

                if (r != OPTIONS_GO_ON) {
                        return r;
                }
        }
        ctl->args = argv + optind;
        ctl->n_args = (size_t) (argc - optind);
        return OPTIONS_GO_ON;
}

void options_help(const Verb *verb)
{
        printf("jitctl %s%s%s\n\n%s.\n", verb->name, *verb->synopsis ? " " : "", verb->synopsis,
                verb->summary);
        if (verb->notes) {
                printf("\n%s", verb->notes);
        }
        printf("\nOptions:\n");
        for (const Option *o = verb->options; o && o->name; o++) {
                char left[64];

                (void) snprintf(left, sizeof(left), "--%s %s", o->name, str_or(o->argument, ""));
                printf("  %-20s %s\n", left, o->help);
        }
        if (verb->takes_config) {
                printf("  %-20s %s\n", "--config FILE", "another approver.conf");
        }
        printf("  %-20s %s\n", "--json", "one JSON document on stdout");
        printf("  %-20s %s\n", "--socket PATH", "another approver's socket");
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The words of the input, ended by NULs, as sudo's command line. Where the parser says more than
 * "unknown", getopt_long(3) with sudo's options must say the same: the parser never calls it, since
 * it keeps state and prints.
 */

#include <getopt.h>
#include <stdlib.h>

#include "common/util.h"
#include "pam_jit/sudo_argv.h"

#define WORDS_MAX 40

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HOST = 256 };

static const struct option LONG[] = {
        { "background", no_argument, NULL, 'b' },
        { "preserve-env", optional_argument, NULL, 'E' },
        { "edit", no_argument, NULL, 'e' },
        { "set-home", no_argument, NULL, 'H' },
        { "login", no_argument, NULL, 'i' },
        { "remove-timestamp", no_argument, NULL, 'K' },
        { "list", no_argument, NULL, 'l' },
        { "preserve-groups", no_argument, NULL, 'P' },
        { "shell", no_argument, NULL, 's' },
        { "other-user", required_argument, NULL, 'U' },
        { "validate", no_argument, NULL, 'v' },
        { "askpass", no_argument, NULL, 'A' },
        { "auth-type", required_argument, NULL, 'a' },
        { "bell", no_argument, NULL, 'B' },
        { "close-from", required_argument, NULL, 'C' },
        { "login-class", required_argument, NULL, 'c' },
        { "chdir", required_argument, NULL, 'D' },
        { "group", required_argument, NULL, 'g' },
        { "help", no_argument, NULL, 'h' },
        { "host", required_argument, NULL, HOST },
        { "reset-timestamp", no_argument, NULL, 'k' },
        { "no-update", no_argument, NULL, 'N' },
        { "non-interactive", no_argument, NULL, 'n' },
        { "prompt", required_argument, NULL, 'p' },
        { "chroot", required_argument, NULL, 'R' },
        { "role", required_argument, NULL, 'r' },
        { "stdin", no_argument, NULL, 'S' },
        { "command-timeout", required_argument, NULL, 'T' },
        { "type", required_argument, NULL, 't' },
        { "user", required_argument, NULL, 'u' },
        { "version", no_argument, NULL, 'V' },
        { NULL, 0, NULL, 0 },
};

typedef struct Oracle {
        const char *user, *group;
        size_t command;
        bool seen[128];
        bool sets_variables, error;
} Oracle;

static void take(Oracle *o, int option, char *const *argv, int argc)
{
        if (option == '?' || option == ':') {
                o->error = true;
        } else if (option == 'u') {
                o->user = optarg;
        } else if (option == 'g') {
                o->group = optarg;
        } else if (option == 'h' && !optarg) {
                /* "-h host": getopt knows only "-hhost". */
                if (streq(argv[optind - 1], "-h") && optind < argc && argv[optind][0] != '-' &&
                        !strchr(argv[optind], '=')) {
                        optind++;
                } else {
                        o->error = true; /* help */
                }
        }
        if (option > 0 && option < 128) {
                o->seen[option] = true;
        }
}

static void ask_getopt(int argc, char *const *argv, Oracle *o)
{
        optind = 0; /* GNU: begin anew */
        opterr = 0;
        for (;;) {
                int option = getopt_long(
                        argc, argv, "+Aa:BbC:c:D:Eeg:Hh::iKklNnPp:R:r:SsT:t:U:u:Vv", LONG, NULL);
                if (option >= 0) {
                        take(o, option, argv, argc);
                } else if (optind < argc && !streq(argv[optind - 1], "--") &&
                           argv[optind][0] != '/' && strchr(argv[optind], '=')) {
                        o->sets_variables = true;
                        optind++;
                } else {
                        break;
                }
        }
        o->command = (size_t) optind;
}

static void compare(const SudoArgv *ours, const Oracle *o, size_t argc, bool edit)
{
        bool shell = o->seen['s'] || o->seen['i'] || o->seen['e'] || edit || o->sets_variables;
        bool altered = o->seen['E'] || o->seen['D'] || o->seen['R'] || o->seen['r'] || o->seen['t'];

        CHECK(!o->error && !o->seen['V']);
        CHECK(ours->user == o->user && ours->group == o->group);
        switch (ours->mode) {
        case SUDO_UNKNOWN:
                abort();
        case SUDO_RUN:
                CHECK(ours->command == o->command && o->command < argc && !shell && !altered);
                CHECK(!o->seen['l'] && !o->seen['v'] && !o->seen['K']);
                break;
        case SUDO_SHELL:
                CHECK(shell || altered || o->command == argc);
                CHECK(!o->seen['l'] && !o->seen['v'] && !o->seen['K']);
                break;
        case SUDO_LIST:
                CHECK(o->seen['l'] && !shell && !o->seen['v'] && !o->seen['K']);
                break;
        case SUDO_VALIDATE:
                CHECK(o->seen['v'] && !shell && o->command == argc && !o->seen['l']);
                break;
        case SUDO_REMOVE:
                CHECK(o->seen['K'] && !shell && o->command == argc && !o->seen['l']);
                break;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(freep) char *text = malloc(size + 1);
        char *argv[WORDS_MAX + 1] = { NULL };
        size_t argc = 0;
        SudoArgv ours;

        CHECK(text);
        memcpy(text, data, size);
        text[size] = '\0';
        for (char *s = text; s < text + size && argc < WORDS_MAX; s += strlen(s) + 1) {
                argv[argc++] = s;
        }
        sudo_argv_parse((const char *const *) argv, argc, &ours);
        if (ours.mode == SUDO_UNKNOWN) {
                CHECK(!ours.user && !ours.group && ours.command == argc);
                return 0;
        }
        CHECK(argc > 0 && ours.command <= argc);

        Oracle o = { 0 };
        size_t n = strlen(argv[0]);
        bool edit = n >= 4 && streq(argv[0] + n - 4, "edit");
        CHECK(edit || streq(argv[0] + n - 4, "sudo"));
        ask_getopt((int) argc, argv, &o);
        compare(&ours, &o, argc, edit);
        return 0;
}

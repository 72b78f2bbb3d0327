/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Trusts no word: all of them are the asker's. MUST: (1) -l, -v and -K are recognised only where no
 * sudo 1.9 would run a command; (2) a target is told only where every sudo 1.9 would become that
 * target; (3) when in doubt, SUDO_UNKNOWN. A vector that sudo itself refuses may be anything: PAM is
 * never called for it.
 *
 * The tables are those of sudo 1.9.13 (`sudo --help`; test_sudo_argv compares with the real one).
 * An option that another 1.9 lacks or adds makes one of the two refuse, never differ.
 */

#include "pam_jit/sudo_argv.h"

#include "common/util.h"

/* Options that take a value in the next word or their own; sudo's 'h' and 'E' are special. */
#define OPTIONS_WITH_VALUE "aCcDghpRrTtUu"
#define OPTIONS_SUDO "AaBbCcDEegHhiKklNnPpRrSsTtUuVv"
#define OPTIONS_SUDOEDIT "AaBCcDghKkNnpRrSTtuV"

/* What may stand beside each mode: the lines of the synopsis, and the value options of other builds. */
#define BESIDE_RUN "AaBbCcDEgHhikNnPpRrSsTtu"
#define BESIDE_EDIT "AaBCcDeghkNnpRrSTtu"
#define BESIDE_LIST "ABghklNnpSUu"
#define BESIDE_VALIDATE "ABghkNnpSuv"
#define BESIDE_REMOVE "K"

/*
 * What makes a command another one than its words say: -E and --preserve-env= carry variables into it
 * as VAR=value does (APT_CONFIG, PYTHONPATH), the others change its root, its directory or its domain.
 */
#define ALTERS_COMMAND "EDRrt"

#define HOST_LONG 1 /* --host: like 'h' with a value, but spelled apart from --help */

typedef struct LongOption {
        char name[20];
        char option;
        enum { VALUE_NONE, VALUE_REQUIRED, VALUE_OPTIONAL } value;
} LongOption;

static const LongOption LONG_OPTIONS[] = {
        { "askpass", 'A', VALUE_NONE },
        { "auth-type", 'a', VALUE_REQUIRED },
        { "background", 'b', VALUE_NONE },
        { "bell", 'B', VALUE_NONE },
        { "chdir", 'D', VALUE_REQUIRED },
        { "chroot", 'R', VALUE_REQUIRED },
        { "close-from", 'C', VALUE_REQUIRED },
        { "command-timeout", 'T', VALUE_REQUIRED },
        { "edit", 'e', VALUE_NONE },
        { "group", 'g', VALUE_REQUIRED },
        { "help", 'h', VALUE_NONE },
        { "host", HOST_LONG, VALUE_REQUIRED },
        { "list", 'l', VALUE_NONE },
        { "login", 'i', VALUE_NONE },
        { "login-class", 'c', VALUE_REQUIRED },
        { "no-update", 'N', VALUE_NONE },
        { "non-interactive", 'n', VALUE_NONE },
        { "other-user", 'U', VALUE_REQUIRED },
        { "preserve-env", 'E', VALUE_OPTIONAL },
        { "preserve-groups", 'P', VALUE_NONE },
        { "prompt", 'p', VALUE_REQUIRED },
        { "remove-timestamp", 'K', VALUE_NONE },
        { "reset-timestamp", 'k', VALUE_NONE },
        { "role", 'r', VALUE_REQUIRED },
        { "set-home", 'H', VALUE_NONE },
        { "shell", 's', VALUE_NONE },
        { "stdin", 'S', VALUE_NONE },
        { "type", 't', VALUE_REQUIRED },
        { "user", 'u', VALUE_REQUIRED },
        { "validate", 'v', VALUE_NONE },
        { "version", 'V', VALUE_NONE },
};

typedef struct Parser {
        const char *const *argv;
        size_t argc, at;  /* the next word */
        const char *last; /* the word before it, as getopt's optind - 1 */
        const char *allowed;
        uint64_t seen; /* a bit for each option letter */
        bool edit;     /* called as sudoedit */
        bool sets_variables;
        bool doubtful;
        SudoArgv result;
} Parser;

static uint64_t bit(char option)
{
        return UINT64_C(1) << (option & 63);
}

static bool saw(const Parser *p, char option)
{
        return p->seen & bit(option);
}

static void note_value(Parser *p, char option, const char *value)
{
        /* An empty value is a usage error to some versions and "not given" to others. */
        if (*value == '\0' && option != 'p') {
                p->doubtful = true;
        }
        if (option == 'u' || option == 'g') {
                const char **which = option == 'u' ? &p->result.user : &p->result.group;

                /* Given twice: the last counts for old sudos, new ones refuse. */
                if (*which) {
                        p->doubtful = true;
                }
                *which = value;
        }
}

static void note_option(Parser *p, char option)
{
        if (!strchr(p->allowed, option)) {
                p->doubtful = true;
                return;
        }
        p->seen |= bit(option);
        p->result.non_interactive |= option == 'n';
        p->result.from_stdin |= option == 'S';
        p->result.askpass |= option == 'A';
        p->result.own_prompt |= option == 'p';
}

static const char *take_word(Parser *p)
{
        if (p->at >= p->argc) {
                return NULL;
        }
        p->last = p->argv[p->at++];
        return p->last;
}

/* VAR=value among the options. A leading '=' or '/' is read differently by different versions. */
static bool is_assignment(const char *word)
{
        return word[0] != '/' && word[0] != '=' && strchr(word, '=');
}

/*
 * -h without a value of its own: the next word is a host if "-h" stood alone and the word can be
 * neither an option nor an assignment; otherwise it is a call for help, which never comes to PAM.
 */
static void take_host_or_help(Parser *p)
{
        const char *next = p->at < p->argc ? p->argv[p->at] : NULL;

        if (streq(p->last, "-h") && next && next[0] != '\0' && next[0] != '-' &&
                !strchr(next, '=')) {
                (void) take_word(p);
                note_option(p, 'h');
        } else {
                p->doubtful = true;
        }
}

/* One word of short options, "-nu" and its value "root", as getopt(3) takes it apart. */
static void take_short_options(Parser *p, const char *word)
{
        for (const char *s = word + 1; *s; s++) {
                const char *value = s + 1;

                note_option(p, *s);
                if (*s == 'h' && *value == '\0') {
                        take_host_or_help(p);
                        return;
                }
                if (strchr(OPTIONS_WITH_VALUE, *s)) {
                        value = *value ? value : take_word(p);
                        if (value) {
                                note_value(p, *s, value);
                        } else {
                                p->doubtful = true;
                        }
                        return;
                }
        }
}

/* The one long option that name[0..n) spells or abbreviates; NULL: none or several. */
static const LongOption *long_option_find(const char *name, size_t n)
{
        const LongOption *found = NULL;

        for (size_t i = 0; i < ELEMENTSOF(LONG_OPTIONS); i++) {
                const LongOption *o = &LONG_OPTIONS[i];

                if (strncmp(o->name, name, n) != 0) {
                        continue;
                }
                if (o->name[n] == '\0') {
                        return o;
                }
                if (found) {
                        return NULL; /* the table is sorted: an exact name would have come first */
                }
                found = o;
        }
        return found;
}

static void take_long_option(Parser *p, const char *word)
{
        const char *name = word + 2, *equals = strchr(name, '=');
        size_t n = equals ? (size_t) (equals - name) : strlen(name);
        const LongOption *o = long_option_find(name, n);
        const char *value = equals ? equals + 1 : NULL;

        if (!o || (value && o->value == VALUE_NONE)) {
                p->doubtful = true;
                return;
        }
        if (o->option == 'h') { /* --help */
                p->doubtful = true;
                return;
        }

        char option = o->option == HOST_LONG ? 'h' : o->option;
        note_option(p, option);
        if (o->value != VALUE_REQUIRED) {
                return;
        }
        value = value ? value : take_word(p);
        if (value) {
                note_value(p, option, value);
        } else {
                p->doubtful = true;
        }
}

/* Everything up to the command; options go on after an assignment. */
static void take_options(Parser *p)
{
        while (p->at < p->argc && !p->doubtful) {
                const char *word = p->argv[p->at];

                if (streq(word, "--")) {
                        (void) take_word(p);
                        /* Is "A=b" after it a command? sudo looks at the word before; we do not guess. */
                        if (p->at < p->argc && strchr(p->argv[p->at], '=')) {
                                p->doubtful = true;
                        }
                        return;
                }
                if (word[0] == '-' && word[1] == '-') {
                        (void) take_word(p);
                        take_long_option(p, word);
                } else if (word[0] == '-' && word[1] != '\0') {
                        (void) take_word(p);
                        take_short_options(p, word);
                } else if (is_assignment(word)) {
                        /* sudo takes "--" for the end of options even where it was an option's value. */
                        p->doubtful |= p->last && streq(p->last, "--");
                        p->sets_variables = true;
                        (void) take_word(p);
                } else {
                        p->doubtful |= word[0] == '=' || word[0] == '\0';
                        return;
                }
        }
}

static uint64_t bits(const char *options)
{
        uint64_t mask = 0;

        for (const char *s = options; *s; s++) {
                mask |= bit(*s);
        }
        return mask;
}

/* Whether nothing but the options of allowed was seen. */
static bool only(const Parser *p, const char *allowed)
{
        return (p->seen & ~bits(allowed)) == 0;
}

static bool any_of(const Parser *p, const char *options)
{
        return p->seen & bits(options);
}

static SudoMode run_mode(const Parser *p, size_t words)
{
        bool shell = saw(p, 's') || saw(p, 'i');

        if (!only(p, BESIDE_RUN) || (saw(p, 's') && saw(p, 'i')) || (saw(p, 'i') && saw(p, 'E'))) {
                return SUDO_UNKNOWN;
        }
        if (words == 0 && !shell && saw(p, 'k')) {
                return SUDO_UNKNOWN; /* -k alone forgets the password, without PAM */
        }
        return shell || words == 0 || p->sets_variables || any_of(p, ALTERS_COMMAND) ? SUDO_SHELL
                                                                                     : SUDO_RUN;
}

static SudoMode judge(const Parser *p)
{
        size_t words = p->argc - p->at;

        if (p->doubtful || (saw(p, 'A') && saw(p, 'S'))) {
                return SUDO_UNKNOWN;
        }
        if (p->edit || saw(p, 'e')) {
                bool right = only(p, BESIDE_EDIT) && words > 0 && !p->sets_variables;
                return right ? SUDO_SHELL : SUDO_UNKNOWN;
        }
        if (saw(p, 'l')) {
                return only(p, BESIDE_LIST) && !p->sets_variables ? SUDO_LIST : SUDO_UNKNOWN;
        }
        if (saw(p, 'v')) {
                bool right = only(p, BESIDE_VALIDATE) && words == 0 && !p->sets_variables;
                return right ? SUDO_VALIDATE : SUDO_UNKNOWN;
        }
        if (saw(p, 'K')) {
                bool right = only(p, BESIDE_REMOVE) && words == 0 && !p->sets_variables;
                return right ? SUDO_REMOVE : SUDO_UNKNOWN;
        }
        return run_mode(p, words);
}

void sudo_argv_parse(const char *const *argv, size_t argc, SudoArgv *ret)
{
        Parser p = { .argv = argv, .argc = argc, .at = 1 };
        const char *name = argc > 0 ? argv[0] : "";
        const char *slash = strrchr(name, '/');

        name = slash ? slash + 1 : name;
        p.edit = streq(name, "sudoedit");
        /* Any other name, sudo.ws or what execve(2) was told, may be another program's syntax. */
        p.doubtful = !p.edit && !streq(name, "sudo");
        p.allowed = p.edit ? OPTIONS_SUDOEDIT : OPTIONS_SUDO;
        if (argc > 0) {
                take_options(&p);
        }

        *ret = p.result;
        ret->mode = judge(&p);
        ret->command = p.at;
        if (ret->mode == SUDO_UNKNOWN) {
                ret->user = ret->group = NULL;
                ret->command = argc;
        }
}

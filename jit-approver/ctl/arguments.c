/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * MUST: the same answers as pam_jit/options.c, which is the module's alone; what tests that one
 * (tests/unit/test_options.c) asks both.
 */

#include "jit-approver/ctl/arguments.h"

#include <sys/un.h>

#include "common/span.h"
#include "common/text.h"
#include "common/util.h"

#define TARGET_MAX 256

static bool good_socket(const char *value)
{
        return value[0] == '/' && strlen(value) < sizeof(((struct sockaddr_un *) NULL)->sun_path);
}

static bool good_wait(const char *value)
{
        usec_t wait;

        return span_parse(value, &wait) >= 0;
}

static bool good_uid(const char *value)
{
        uid_t uid;

        return parse_uid(value, &uid) >= 0;
}

static bool good_target(const char *value)
{
        size_t n = strlen(value);

        return n <= TARGET_MAX && utf8_valid(value, n);
}

static bool good_switch(const char *value)
{
        return streq(value, "on") || streq(value, "off");
}

typedef struct Argument {
        const char *name; /* with its '=' where a value follows */
        bool (*good)(const char *value);
} Argument;

static const Argument arguments[] = {
        { "socket=", good_socket },
        { "wait=", good_wait },
        { "nowait", NULL },
        { "quiet", NULL },
        { "debug", NULL },
        { "prompt=", good_switch },
        { "server-uid=", good_uid },
        { "target-default=", good_target },
};

/* The index of the argument that word spells, if its value is good; else -1. */
static int argument_find(const char *word)
{
        for (size_t i = 0; i < ELEMENTSOF(arguments); i++) {
                const Argument *a = &arguments[i];
                size_t n = strlen(a->name);

                if (a->good ? strncmp(word, a->name, n) == 0 && word[n] && a->good(word + n)
                            : streq(word, a->name)) {
                        return (int) i;
                }
        }
        return -1;
}

const char *arguments_wrong(char *const *words)
{
        unsigned seen = 0;

        for (; words && *words; words++) {
                int found = argument_find(*words);

                if (found < 0 || (seen & (1U << found))) {
                        return *words;
                }
                seen |= 1U << found;
        }
        return NULL;
}

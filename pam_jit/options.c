/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Trusts the administrator to mean what he wrote, not to have written it right. MUST: an argument
 * that is unknown, empty, malformed or there twice is an error, which the caller turns into a
 * refusal; a guess would open or shut doors that nobody meant to.
 */

#include "pam_jit/options.h"

#include <errno.h>
#include <sys/un.h>

#include "common/protocol.h"
#include "common/span.h"
#include "common/text.h"

#define TARGET_MAX 256

static int set_socket(Options *o, const char *value)
{
        if (value[0] != '/' || strlen(value) >= sizeof(((struct sockaddr_un *) NULL)->sun_path)) {
                return -EINVAL;
        }
        o->socket = value;
        return 0;
}

static int set_wait(Options *o, const char *value)
{
        return span_parse(value, &o->wait);
}

static int set_server_uid(Options *o, const char *value)
{
        return parse_uid(value, &o->server_uid);
}

static int set_target_default(Options *o, const char *value)
{
        size_t n = strlen(value);

        if (n > TARGET_MAX || !utf8_valid(value, n)) {
                return -EINVAL;
        }
        o->target_default = value;
        return 0;
}

static int set_prompt(Options *o, const char *value)
{
        if (!streq(value, "on") && !streq(value, "off")) {
                return -EINVAL;
        }
        o->prompt = streq(value, "on");
        return 0;
}

static int set_nowait(Options *o, const char *value)
{
        o->nowait = true;
        return 0;
}

static int set_quiet(Options *o, const char *value)
{
        o->quiet = true;
        return 0;
}

static int set_debug(Options *o, const char *value)
{
        o->debug = true;
        return 0;
}

typedef struct OptionName {
        const char *name; /* with its '=' where a value follows */
        int (*set)(Options *o, const char *value);
} OptionName;

static const OptionName OPTION_NAMES[] = {
        { "socket=", set_socket },
        { "wait=", set_wait },
        { "nowait", set_nowait },
        { "quiet", set_quiet },
        { "debug", set_debug },
        { "prompt=", set_prompt },
        { "server-uid=", set_server_uid },
        { "target-default=", set_target_default },
};

/* The index of the option that arg spells, and its value; -EINVAL. */
static int option_find(const char *arg, const char **ret_value)
{
        for (size_t i = 0; i < ELEMENTSOF(OPTION_NAMES); i++) {
                const char *name = OPTION_NAMES[i].name;
                size_t n = strlen(name);
                bool takes_value = name[n - 1] == '=';

                if (strncmp(arg, name, n) == 0 && (arg[n] != '\0') == takes_value) {
                        *ret_value = arg + n;
                        return (int) i;
                }
        }
        return -EINVAL;
}

int options_parse(int argc, const char *const *argv, Options *ret, const char **ret_bad)
{
        Options o = {
                .socket = PROTOCOL_SOCKET,
                .target_default = "root",
                .wait = WAIT_DEFAULT,
                .prompt = true,
        };
        unsigned seen = 0;

        for (int i = 0; i < argc; i++) {
                const char *value = NULL;
                int found = option_find(argv[i], &value);

                if (found < 0 || (seen & (1U << found)) || OPTION_NAMES[found].set(&o, value) < 0) {
                        *ret_bad = argv[i];
                        return -EINVAL;
                }
                seen |= 1U << found;
        }
        *ret = o;
        return 0;
}

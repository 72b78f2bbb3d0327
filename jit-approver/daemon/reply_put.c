/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Members as every object writes them: what is not known is left out. */

#include "jit-approver/daemon/reply_internal.h"

#include <string.h>

#include "common/span.h"
#include "common/text.h"
#include "common/util.h"

void reply_put_text(JsonWriter *w, const char *name, const char *value)
{
        if (!str_empty(value)) {
                json_put_string(w, name, value);
        }
}

void reply_put_time(JsonWriter *w, const char *name, usec_t wall)
{
        char text[TIME_RFC3339_MAX];

        time_rfc3339(wall, text);
        json_put_string(w, name, text);
}

void reply_put_span(JsonWriter *w, const char *name, usec_t span)
{
        char text[SPAN_TEXT_MAX];

        span_format(span, text);
        json_put_string(w, name, text);
}

void reply_put_who(JsonWriter *w, const char *name, const char *uid_name, const Who *who)
{
        if (who->uid != UID_UNSET) {
                reply_put_text(w, name, who->name);
                json_put_integer(w, uid_name, who->uid);
        }
}

/* The first word alone may be quoted, as text_command() quotes. */
static size_t program_length(const char *command)
{
        const char *end = *command == '\'' ? strchr(command + 1, '\'') : NULL;

        return end ? (size_t) (end + 1 - command) : strcspn(command, " ");
}

void reply_put_command(JsonWriter *w, const char *name, CommandShown how, const char *command)
{
        char program[PERSON_MAX];

        if (how == COMMAND_SHOWN_MASKED) {
                reply_put_text(w, name, command);
        } else if (how == COMMAND_SHOWN_PROGRAM && command) {
                size_t n = program_length(command);
                (void) text_clean(program, sizeof(program), command, n);
                reply_put_text(w, name, program);
        }
}

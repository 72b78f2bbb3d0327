/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Trusts the approver's words as little as anybody's: every member is looked up by name and type,
 * unknown ones are left alone (a newer approver may say more), texts are made safe.
 */

#include "jit-approver/ctl/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/util.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/print.h"

static int call_fail(Call *c, int code, const char *format, ...) _printf_(3, 4);
static int call_fail(Call *c, int code, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(c->message, sizeof(c->message), format, ap);
        va_end(ap);
        if (!c->quiet) {
                say("%s", c->message);
        }
        return code;
}

static const char *call_socket(const Call *c)
{
        return str_or(c->ctl->socket, PROTOCOL_SOCKET);
}

static int call_unreachable(Call *c, int error)
{
        const char *path = safe(call_socket(c));

        switch (error) {
        case -EPERM:
                return call_fail(c, EXIT_UNREACHABLE,
                        "Whoever listens on %s is not root; not talking to it.", path);
        case -ETIMEDOUT:
        case -EAGAIN:
                return call_fail(c, EXIT_UNREACHABLE,
                        "The approver does not answer on %s; try again or see jitctl doctor.",
                        path);
        case -EINVAL:
                return call_fail(c, EXIT_USAGE, "'%s' is too long for a socket's path.", path);
        default:
                return call_fail(c, EXIT_UNREACHABLE,
                        "The approver cannot be reached on %s: %s. Is jit-approver.socket active?",
                        path, strerror(-error));
        }
}

int call_open(Call *c, const Ctl *ctl)
{
        usec_t deadline = usec_add(clock_usec(CLOCK_MONOTONIC), CALL_TIMEOUT);
        /* Whoever names a socket knows whose it is. */
        uid_t server = ctl->socket ? UID_UNSET : 0;

        c->ctl = ctl;
        int r = client_connect(&c->client, call_socket(c), server, deadline);
        return r < 0 ? call_unreachable(c, r) : EXIT_DONE;
}

void call_done(Call *c)
{
        client_done(&c->client);
}

int call_lost(Call *c, int error)
{
        switch (error) {
        case -ETIMEDOUT:
                return call_unreachable(c, error);
        case -ECONNRESET:
        case -EPIPE:
                return call_fail(c, EXIT_UNREACHABLE,
                        "The approver closed the connection; try again or see jitctl doctor.");
        case -EBADMSG:
                return call_garbled(c, "a message");
        case -EILSEQ:
                return call_fail(c, EXIT_USAGE, "That is not UTF-8 text.");
        case -EMSGSIZE:
                return call_fail(c, EXIT_USAGE, "That is too long; 64 KiB is the most.");
        default:
                return call_fail(
                        c, EXIT_ERROR, "Failed to talk to the approver: %s.", strerror(-error));
        }
}

int call_garbled(Call *c, const char *what)
{
        return call_fail(c, EXIT_ERROR,
                "The approver sent %s that this jitctl (%s) does not understand; are both of one "
                "release?",
                what, PROJECT_VERSION);
}

typedef struct ErrorCode {
        const char *name;
        int code;
        const char *words; /* when the reply brings no message */
} ErrorCode;

static const ErrorCode error_codes[] = {
        { PROTOCOL_INTERFACE ".NotPermitted", EXIT_NOT_PERMITTED, "You may not do this." },
        { PROTOCOL_INTERFACE ".NotFound", EXIT_NO, "No such request or grant." },
        { PROTOCOL_INTERFACE ".Ambiguous", EXIT_USAGE, "The id fits several; give more of it." },
        { PROTOCOL_INTERFACE ".Over", EXIT_NO, "It is over." },
        { PROTOCOL_INTERFACE ".Refused", EXIT_NO, "Refused." },
        { PROTOCOL_INTERFACE ".StoreUnavailable", EXIT_ERROR, "The record cannot be written." },
        { PROTOCOL_INTERFACE ".NamesUnavailable", EXIT_ERROR,
                "The name service does not answer; try again." },
        { PROTOCOL_INTERFACE ".Busy", EXIT_ERROR, "The approver is busy; try again." },
        { "org.varlink.service.InvalidParameter", EXIT_USAGE, NULL },
        { "org.varlink.service.MethodNotFound", EXIT_ERROR,
                "This approver is older than this jitctl and cannot do that." },
        { "org.varlink.service.MethodNotImplemented", EXIT_ERROR,
                "This approver is older than this jitctl and cannot do that." },
};

int call_code_exit(const char *code)
{
        static const struct {
                const char *code;
                int exit;
        } exits[] = {
                { "timed-out", EXIT_PENDING },
                { "detached", EXIT_PENDING },
                { "busy", EXIT_ERROR },
                { "names", EXIT_ERROR },
                { "rules", EXIT_ERROR },
                { "store", EXIT_ERROR },
                { "clock", EXIT_ERROR },
                { "session", EXIT_ERROR },
                { "internal", EXIT_ERROR },
        };

        for (size_t i = 0; code && i < ELEMENTSOF(exits); i++) {
                if (streq(code, exits[i].code)) {
                        return exits[i].exit;
                }
        }
        return EXIT_NO;
}

static int call_bad_version(Call *c)
{
        int64_t oldest = node_integer(c->reply.parameters, "oldest", 0);
        int64_t newest = node_integer(c->reply.parameters, "newest", 0);

        return call_fail(c, EXIT_ERROR,
                "This jitctl (%s) speaks protocol %d, the approver %lld to %lld; use the jitctl "
                "of its release.",
                PROJECT_VERSION, PROTOCOL_VERSION, (long long) oldest, (long long) newest);
}

/* The approver's words, which begin small and end bare, as a sentence like ours. */
static int call_tell(Call *c, int code, const char *words)
{
        const char *text = safe(words);
        size_t n = strlen(text);
        char first = text[0] >= 'a' && text[0] <= 'z' ? (char) (text[0] - 'a' + 'A') : text[0];

        if (n == 0) {
                return call_fail(c, code, "Refused.");
        }
        return call_fail(c, code, "%c%s%s", first, text + 1, strchr(".!?", text[n - 1]) ? "" : ".");
}

/* What the approver's error says, and which exit code it is. */
static int call_refused(Call *c)
{
        const char *text = node_text(c->reply.parameters, "message");
        const char *parameter = node_text(c->reply.parameters, "parameter");
        const char *code = node_text(c->reply.parameters, "code");

        if (streq(c->reply.error, PROTOCOL_INTERFACE ".BadVersion")) {
                return call_bad_version(c);
        }
        for (size_t i = 0; i < ELEMENTSOF(error_codes); i++) {
                const ErrorCode *e = &error_codes[i];

                if (!streq(c->reply.error, e->name)) {
                        continue;
                }
                if (e->words) {
                        bool refused = streq(e->name, PROTOCOL_INTERFACE ".Refused");

                        return call_tell(c, refused ? call_code_exit(code) : e->code,
                                text ? text : e->words);
                }
                return call_fail(c, e->code, "The approver does not accept what was given as '%s'.",
                        safe(parameter ? parameter : text));
        }
        return call_fail(
                c, EXIT_ERROR, "The approver answered with the error '%s'.", safe(c->reply.error));
}

int call_send(
        Call *c, const char *method, const Field *fields, const void *parameters, unsigned flags)
{
        usec_t deadline = usec_add(clock_usec(CLOCK_MONOTONIC), CALL_TIMEOUT);

        return client_send(&c->client, method, fields, parameters, flags, deadline);
}

int call_receive(Call *c, usec_t deadline)
{
        c->reply = (Message){ 0 };
        int r = client_receive(&c->client, deadline, -1, &c->reply);
        if (r < 0) {
                return r;
        }
        return c->reply.error ? call_refused(c) : EXIT_DONE;
}

int call_do(Call *c, const char *method, const Field *fields, const void *parameters)
{
        int r = call_send(c, method, fields, parameters, 0);
        if (r >= 0) {
                r = call_receive(c, usec_add(clock_usec(CLOCK_MONOTONIC), CALL_TIMEOUT));
        }
        return r < 0 ? call_lost(c, r) : r;
}

int call_list(Call *c, const char *method, const Field *fields, void *parameters, int64_t *after,
        const char *member, CallVisit visit, void *userdata)
{
        for (;;) {
                int r = call_do(c, method, fields, parameters);
                if (r != EXIT_DONE) {
                        return r;
                }
                const JsonNode *items = node_array(c->reply.parameters, member);
                if (!items) {
                        return call_garbled(c, "a list");
                }
                for (const JsonNode *i = json_first(items); i; i = json_next(i)) {
                        visit(i, userdata);
                }
                int64_t next = node_integer(c->reply.parameters, "next", -1);
                if (next < 0) {
                        return EXIT_DONE;
                }
                /* A list that does not go forward would never end. */
                if (next <= *after) {
                        return call_garbled(c, "a list");
                }
                *after = next;
        }
}

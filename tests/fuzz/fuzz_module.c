/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The module between a libpam and an approver that say anything (H-42): its own entry points, with
 * items, arguments, answers to prompts and the approver's bytes out of the input. It opens for none who
 * was not granted or passed by name, and leaves neither memory nor fds behind.
 *
 * Input: a byte that chooses the entry point and flags, then, each up to the next 0xfe, service, user,
 * ruser, tty, rhost, arguments by spaces, answers to prompts by newlines, and what each connection of
 * the approver says. An item that is empty is NULL. The module's dice fall on zero always, so that a
 * corpus can hold answers that repeat the nonce.
 */

#include <errno.h>
#include <fcntl.h>
#include <security/pam_appl.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/client.h"
#include "common/util.h"
#include "pam_jit/signals.h"

#define ITEMS 5
#define ARGUMENTS_MAX 8
#define END 0xfe
#define SOMEBODY 4242
#define CONNECTIONS_MAX 12
#define OTHERS 700 /* fds from there on are the approver's */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Part {
        const char *text;
        size_t n;
} Part;

static char *items[ITEMS], *answers, *answers_left;
static Part said; /* what is left of what the approver says */
static bool talks, opened_by_word;
static int others[CONNECTIONS_MAX];
static size_t connections;

static Part next_part(Part *rest)
{
        const char *end = memchr(rest->text, END, rest->n);
        Part p = { rest->text, end ? (size_t) (end - rest->text) : rest->n };
        size_t skip = p.n + (end ? 1 : 0);

        *rest = (Part){ rest->text + skip, rest->n - skip };
        return p;
}

/* --- libpam, as far as the module uses it --- */

static int converse(int n, const struct pam_message **msgs, struct pam_response **ret, void *data)
{
        struct pam_response *r = calloc((size_t) n, sizeof(*r));

        for (int i = 0; i < n; i++) {
                if (memchr(msgs[i]->msg, '\0', 512) == NULL) {
                        abort(); /* longer than PAM takes */
                }
                if (msgs[i]->msg_style == PAM_PROMPT_ECHO_OFF) {
                        abort();
                }
                if (msgs[i]->msg_style == PAM_PROMPT_ECHO_ON) {
                        char *answer = strsep(&answers_left, "\n");
                        if (!answer) {
                                free(r);
                                return PAM_CONV_ERR;
                        }
                        r[i].resp = strdup(answer);
                }
        }
        *ret = r;
        return PAM_SUCCESS;
}

int pam_get_item(const pam_handle_t *pamh, int type, const void **ret)
{
        static const struct pam_conv conv = { converse, NULL };
        static const int types[ITEMS] = { PAM_SERVICE, PAM_USER, PAM_RUSER, PAM_TTY, PAM_RHOST };

        if (type == PAM_CONV) {
                *ret = talks ? &conv : NULL;
                return PAM_SUCCESS;
        }
        for (size_t i = 0; i < ITEMS; i++) {
                if (types[i] == type) {
                        *ret = items[i];
                        return PAM_SUCCESS;
                }
        }
        return PAM_BAD_ITEM;
}

void pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...)
{
        char line[8192];
        va_list args;

        va_start(args, format);
        (void) vsnprintf(line, sizeof(line), format, args);
        va_end(args);
        for (const char *s = line; *s; s++) {
                if ((unsigned char) *s < 0x20 || *s == 0x7f) {
                        abort();
                }
        }
}

/* --- the world --- */

int __wrap_random_bytes(void *out, size_t n);
int __wrap_random_bytes(void *out, size_t n)
{
        memset(out, 0, n);
        return 0;
}

uid_t __wrap_getuid(void);
uid_t __wrap_getuid(void)
{
        return SOMEBODY; /* never root, who passes by himself */
}

/* A connection on which all that is ever said has been said. */
int __wrap_client_connect(Client *c, const char *path, uid_t uid, usec_t deadline);
int __wrap_client_connect(Client *c, const char *path, uid_t uid, usec_t deadline)
{
        int fds[2];

        if (said.n == 0 || connections == CONNECTIONS_MAX) {
                return -EACCES;
        }
        Part p = next_part(&said);
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0) {
                abort();
        }
        if (p.n > 0 && send(fds[1], p.text, p.n, MSG_NOSIGNAL) < 0) {
                abort();
        }
        /* The module's calls are taken and read by nobody; its answers end here. */
        (void) shutdown(fds[1], SHUT_WR);
        c->fd = fds[0];
        others[connections] = fcntl(fds[1], F_DUPFD_CLOEXEC, OTHERS);
        close(fds[1]);
        connections++;
        return 0;
}

static void close_others(void)
{
        while (connections > 0) {
                (void) close(others[--connections]);
        }
}

int __wrap_signals_sleep(const Signals *s, usec_t span);
int __wrap_signals_sleep(const Signals *s, usec_t span)
{
        return 0;
}

static char *text_of(Part p)
{
        return p.n > 0 ? strndup(p.text, p.n) : NULL;
}

static int call(unsigned which, int flags, int argc, const char **argv)
{
        static int (*const functions[])(
                pam_handle_t *, int, int, const char **) = { pam_sm_authenticate, pam_sm_acct_mgmt,
                pam_sm_open_session, pam_sm_close_session, pam_sm_setcred, pam_sm_chauthtok };
        bool decides = which % ELEMENTSOF(functions) < 3;
        static char handle; /* of which nobody but libpam knows what it is */

        int r = functions[which % ELEMENTSOF(functions)](
                (pam_handle_t *) &handle, flags, argc, argv);
        if (decides && (r == PAM_SUCCESS || r == PAM_IGNORE) && !opened_by_word) {
                abort();
        }
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *argv[ARGUMENTS_MAX];
        int argc = 0;

        /* More than this does not fit the socket at once. */
        if (size == 0 || size > 60000) {
                return 0;
        }
        Part rest = { (const char *) data + 1, size - 1 };
        for (size_t i = 0; i < ITEMS; i++) {
                items[i] = text_of(next_part(&rest));
        }
        char *arguments = text_of(next_part(&rest)), *left = arguments, *argument;
        while (argc < ARGUMENTS_MAX && (argument = strsep(&left, " "))) {
                argv[argc++] = argument;
        }
        answers = answers_left = text_of(next_part(&rest));
        said = rest;
        talks = !(data[0] & 0x40);
        opened_by_word = rest.n > 0 &&
                         (memmem(rest.text, rest.n, "granted-by", 10) ||
                                 memmem(rest.text, rest.n, "\\u", 2) ||
                                 memmem(rest.text, rest.n, VERDICT_PASS, sizeof(VERDICT_PASS) - 1));
        int next = dup(0);
        (void) close(next);
        (void) call(data[0] & 0x3f, data[0] & 0x80 ? PAM_SILENT : 0, argc, argv);
        close_others();
        int again = dup(0);
        (void) close(again);
        if (again != next) {
                abort(); /* an fd was left */
        }
        for (size_t i = 0; i < ITEMS; i++) {
                free(items[i]);
        }
        free(arguments);
        free(answers);
        return 0;
}

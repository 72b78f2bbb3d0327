/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Trusts neither the text it is given nor what the host's conversation returns. MUST: (1) never
 * PAM_PROMPT_ECHO_OFF; (2) wipe every reply, also one to a message that asked for none; (3) few
 * messages: sshd 9.4 to 10.2 dies of 32 without a prompt (H-19).
 */

#include "pam_jit/converse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"

#define LINES_MAX 8   /* in one transaction */
#define ROOM_MAX 30   /* in all */
#define LINE_SIZE 480 /* PAM_MAX_MSG_SIZE is 512 */

/* One transaction: the texts lie one after the other, the prompt is the caller's. */
typedef struct Transaction {
        struct pam_message messages[LINES_MAX + 1];
        const struct pam_message *pointers[LINES_MAX + 1];
        int n;
        char text[LINES_MAX * LINE_SIZE];
        char *at;
} Transaction;

void converse_init(
        Converse *c, pam_handle_t *pamh, bool silent, bool quiet, bool held, bool on_stderr)
{
        const void *conv = NULL;

        *c = (Converse){
                .style = on_stderr ? PAM_ERROR_MSG : PAM_TEXT_INFO,
                .held = held,
                .quiet = quiet,
                .room = ROOM_MAX,
        };
        if (!silent && pam_get_item(pamh, PAM_CONV, &conv) == PAM_SUCCESS) {
                c->conv = conv;
        }
        if (c->conv && !c->conv->conv) {
                c->conv = NULL;
        }
}

static void transaction_add(Transaction *t, int style, const char *text)
{
        t->messages[t->n] = (struct pam_message){ style, text };
        t->pointers[t->n] = &t->messages[t->n];
        t->n++;
}

static void transaction_lines(Converse *c, Transaction *t, const Strings *lines)
{
        size_t most = MIN((size_t) c->room, (size_t) LINES_MAX);
        size_t n = MIN(lines->n, most);

        t->n = 0;
        t->at = t->text;
        for (size_t i = 0; i < n; i++) {
                char *line = t->at;

                t->at += text_clean(line, LINE_SIZE, lines->items[i], strlen(lines->items[i])) + 1;
                if (c->held && i > 0) {
                        line[-1] = '\n'; /* one message for sshd, which puts them together anyway */
                } else {
                        transaction_add(t, c->style, line);
                }
        }
        c->room -= (unsigned) n;
}

static void replies_wipe(struct pam_response *replies, int n)
{
        for (int i = 0; replies && i < n; i++) {
                erase_free(replies[i].resp);
        }
        free(replies);
}

/* *ret: the reply to the last message, "" if the host gave none. */
static int transaction_run(const Converse *c, Transaction *t, char **ret)
{
        struct pam_response *replies = NULL;

        int code = c->conv->conv(t->n, t->pointers, &replies, c->conv->appdata_ptr);
        if (code != PAM_SUCCESS) {
                /* What a failed conversation left in replies is nobody's: pam_conv(3). */
                return -ENOTTY;
        }
        if (ret && !replies) {
                return -ENOTTY;
        }
        if (ret) {
                *ret = TAKE_PTR(replies[t->n - 1].resp);
        }
        replies_wipe(replies, t->n);
        if (ret && !*ret) {
                *ret = strdup("");
                return *ret ? 0 : -ENOMEM;
        }
        return 0;
}

void converse_tell(Converse *c, Tell why, const Strings *lines)
{
        Transaction t;

        if (!c->conv || (c->quiet && why == TELL_END)) {
                return;
        }
        transaction_lines(c, &t, lines);
        if (t.n > 0) {
                (void) transaction_run(c, &t, NULL);
        }
}

void converse_say(Converse *c, Tell why, const char *format, ...)
{
        char line[LINE_SIZE];
        const char *item = line;
        va_list args;

        va_start(args, format);
        int n = vsnprintf(line, sizeof(line), format, args);
        va_end(args);
        if (n >= 0) {
                converse_tell(c, why, &(Strings){ &item, 1 });
        }
}

int converse_ask(Converse *c, const Strings *lines, const char *prompt, char **ret)
{
        Transaction t;
        char *reply = NULL;

        if (!c->conv) {
                return -ENOTTY;
        }
        transaction_lines(c, &t, lines);
        transaction_add(&t, PAM_PROMPT_ECHO_ON, prompt);
        int r = transaction_run(c, &t, &reply);
        if (r < 0) {
                return r;
        }
        *ret = reply;
        return 0;
}

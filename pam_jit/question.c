/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Trusts neither the approver's text nor what is typed. MUST: (1) while a person types, no connection is
 * held; (2) no request without the reason or the confirmation that is wanted; (3) nothing is asked where
 * the answer would be somebody's password or data (who_can_be_asked()).
 */

#include "pam_jit/question.h"

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

#include "common/text.h"

#define PROMPT_SIZE 480 /* PAM_MAX_MSG_SIZE is 512 */

typedef struct Wanted {
        const Strings *lines; /* to be shown before the first question */
        bool reason, required, confirm;
        char prompt[PROMPT_SIZE]; /* of the confirmation */
} Wanted;

void words_done(Words *w)
{
        erase_free(w->reason);
        erase_free(w->confirm);
        *w = (Words){ 0 };
}

static bool is_blank(const char *s)
{
        return s[strspn(s, " \t\r\n")] == '\0';
}

/* One line that a person may have typed: -EINVAL if it is none, and that has been said. */
static int line_check(Gate *g, const char *what, const char *reply)
{
        size_t n = strlen(reply);

        if (n <= CONVERSE_REASON_MAX && utf8_valid(reply, n)) {
                return 0;
        }
        converse_say(&g->talk, TELL_WAIT, "%s is one line of at most %d bytes.", what,
                CONVERSE_REASON_MAX);
        return -EINVAL;
}

/* The command that makes the request from elsewhere, as far as one line can hold it. */
static void say_cannot_ask(Gate *g, bool confirm)
{
        const Who *w = g->who;
        const char *verb = confirm ? "break-glass" : "request";
        const char *words[64] = { "jitctl", verb, "--service", w->ask.service };
        size_t n = 4;

        if (w->ask.target) { /* jitctl's own default is root */
                words[n++] = "--target";
                words[n++] = w->ask.target;
        }
        words[n++] = "--reason";
        words[n++] = "…";
        if (w->ask.mode && streq(w->ask.mode, "run")) {
                words[n++] = "--";
                for (size_t i = 0; i < w->ask.command.n && n < ELEMENTSOF(words); i++) {
                        words[n++] = w->ask.command.items[i];
                }
        }
        _cleanup_(freep) char *command = text_command((char *const *) words, n, 320);
        converse_say(&g->talk, TELL_END, "%s cannot be asked here. Run: %s",
                confirm ? "This must be confirmed, which" : "A reason is needed and",
                str_or(command, confirm ? "jitctl break-glass" : "jitctl request --reason …"));
        gate_log(g, LOG_NOTICE,
                confirm ? "refused, it must be confirmed and nobody can be asked"
                        : "refused, a reason is needed and cannot be asked",
                NULL);
}

/* One try. 1: *ret is a reason, or NULL where it may be; 0: it will not do; -errno: cannot ask. */
static int reason_ask(Gate *g, const Strings *lines, bool required, char **ret)
{
        _cleanup_(erase_freep) char *reply = NULL;

        int r = converse_ask(
                &g->talk, lines, required ? "Reason: " : "Reason (optional): ", &reply);
        if (r < 0) {
                return r;
        }
        if (line_check(g, "A reason", reply) < 0) {
                return 0;
        }
        if (is_blank(reply)) {
                return !required;
        }
        *ret = TAKE_PTR(reply);
        return 1;
}

/* As reason_ask(), twice if need be. */
static int reason_get(Gate *g, const Wanted *w, unsigned *left, char **ret)
{
        int r = reason_ask(g, w->lines, w->required, ret);

        if (r == 0 && *left > 0) {
                (*left)--;
                r = reason_ask(g, &(Strings){ 0 }, w->required, ret);
        }
        return r;
}

/* sshd's wire may not carry questions; a terminal that fails was left with Ctrl-C. */
static bool may_be_deaf(const Gate *g)
{
        return g->who->service->kind == HOST_SSHD || g->who->service->kind == HOST_OTHER;
}

/* Nobody typed what was wanted. true: the request is made all the same. */
static bool reason_missing(Gate *g, const Wanted *w, int r)
{
        if (r == 0 || !may_be_deaf(g)) {
                converse_say(&g->talk, TELL_WAIT, "No reason was given; nothing was asked.");
                gate_log(g, LOG_NOTICE, "refused, no reason was given", NULL);
                return false;
        }
        if (w->required || w->confirm) {
                say_cannot_ask(g, w->confirm);
                return false;
        }
        return true;
}

/* 1: *ret is what was typed; 0: nothing, or nothing that counts; -errno: cannot ask. */
static int confirm_ask(Gate *g, const Wanted *w, char **ret)
{
        _cleanup_(erase_freep) char *reply = NULL;

        int r = converse_ask(&g->talk, w->reason ? &(Strings){ 0 } : w->lines, w->prompt, &reply);
        if (r < 0) {
                return r;
        }
        if (is_blank(reply) || line_check(g, "What confirms it", reply) < 0) {
                return 0;
        }
        *ret = TAKE_PTR(reply);
        return 1;
}

static bool confirm_get(Gate *g, const Wanted *w, char **ret)
{
        int r = confirm_ask(g, w, ret);

        if (r < 0 && may_be_deaf(g)) {
                say_cannot_ask(g, true);
        } else if (r <= 0) {
                converse_say(&g->talk, TELL_WAIT, "Not confirmed; nothing was opened.");
                gate_log(g, LOG_NOTICE, "refused, not confirmed", NULL);
        }
        return r > 0;
}

/* -EBADMSG: an unknown mode, or to be confirmed without a word of what. */
static int wanted_read(const Answer *a, Wanted *ret)
{
        const char *mode = str_or(a->reason_mode, "none");

        *ret = (Wanted){
                .lines = &a->lines,
                .reason = !streq(mode, "none"),
                .required = streq(mode, "required"),
                .confirm = a->confirm,
        };
        if (ret->confirm) {
                (void) text_clean(ret->prompt, sizeof(ret->prompt), a->confirm, strlen(a->confirm));
        }
        bool known = !ret->reason || ret->required || streq(mode, "optional");
        return known && (!ret->confirm || !is_blank(ret->prompt)) ? 0 : -EBADMSG;
}

bool words_can_be_asked(const Gate *g)
{
        return g->talk.conv && who_can_be_asked(g->who, g->options);
}

bool words_ask(Gate *g, const Answer *a, unsigned *left, Words *ret)
{
        Wanted w;

        *ret = (Words){ 0 };
        (*left)--;
        if (wanted_read(a, &w) < 0) {
                gate_trouble(g, -EBADMSG);
                return false;
        }
        if (!w.reason && !w.confirm) {
                return true;
        }
        if (!words_can_be_asked(g)) {
                if (w.required || w.confirm) {
                        say_cannot_ask(g, w.confirm);
                }
                return !w.required && !w.confirm;
        }
        dialogue_hang_up(&g->dialogue);
        if (w.reason) {
                int r = reason_get(g, &w, left, &ret->reason);
                if (r <= 0 && !reason_missing(g, &w, r)) {
                        return false;
                }
        }
        return !w.confirm || confirm_get(g, &w, &ret->confirm);
}

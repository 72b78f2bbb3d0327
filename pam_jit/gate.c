/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 *     Check ──granted or not gated──▶ open
 *       └──ask──▶ [reason] ──▶ Request ──▶ wait (wait.c) ──▶ open or refused
 *
 * Trusts an answer that dialogue.c let through, and of its text nothing. MUST: (1) *ret opens only
 * on a verdict compared word for word; (2) no answer opens for nobody but root at the console; (3)
 * while a person types a reason, no connection is held.
 */

#include "pam_jit/gate.h"

#include <errno.h>
#include <security/pam_ext.h>
#include <stdlib.h>
#include <syslog.h>

#include "common/text.h"
#include "pam_jit/wait.h"

#define OPEN_TIMEOUT (10 * USEC_PER_SEC)
#define CLOSE_TIMEOUT (1 * USEC_PER_SEC)
#define REPORT_TIMEOUT (100 * USEC_PER_MSEC)

static usec_t in(usec_t span)
{
        return usec_add(clock_usec(CLOCK_MONOTONIC), span);
}

void gate_init(Gate *g, pam_handle_t *pamh, const Options *options, const Who *who, bool silent)
{
        bool on_stderr = who->service->kind == HOST_SUDO || who->service->kind == HOST_SU;

        *g = (Gate){
                .pamh = pamh,
                .options = options,
                .who = who,
                .dialogue = DIALOGUE_NONE,
        };
        converse_init(&g->talk, pamh, silent && who_obeys_silence(who), options->quiet,
                who->service->kind == HOST_SSHD, on_stderr);
}

void gate_done(Gate *g)
{
        dialogue_close(&g->dialogue);
}

void gate_log(const Gate *g, int priority, const char *what, const char *detail)
{
        const Ask *ask = &g->who->ask;
        char user[128], service[128], target[128], clean[128];

        (void) text_clean(user, sizeof(user), ask->user, strlen(ask->user));
        (void) text_clean(service, sizeof(service), ask->service, strlen(ask->service));
        const char *to = str_or(ask->target, "?");
        (void) text_clean(target, sizeof(target), to, strlen(to));
        detail = str_or(detail, "");
        (void) text_clean(clean, sizeof(clean), detail, strlen(detail));
        pam_syslog(g->pamh, priority, "%s: user '%s' service '%s' target '%s'%s%s", what, user,
                service, target, *clean ? ": " : "", clean);
}

void gate_debug(const Gate *g, const char *what, const char *detail)
{
        if (g->options->debug) {
                gate_log(g, LOG_DEBUG, what, detail);
        }
}

/* No answer that counts: say so, by what went wrong. */
static void gate_trouble(Gate *g, int r)
{
        const char *line = "jit-approver does not answer; try again or see jitctl doctor";
        const char *error = dialogue_error(&g->dialogue);

        switch (-r) {
        case EBADE:
                converse_say(&g->talk, TELL_END,
                        "jit-approver cannot say (%s); try again or see jitctl doctor", error);
                gate_log(g, LOG_ERR, "refused, the approver answered an error", error);
                return;
        case EPERM:
                line = "Somebody else answers for jit-approver; see jitctl doctor";
                break;
        case EBADMSG:
        case EKEYREJECTED:
        case E2BIG:
        case EMSGSIZE:
                line = "jit-approver's answer makes no sense; see jitctl doctor";
                break;
        }
        converse_say(&g->talk, TELL_END, "%s", line);
        gate_log(g, LOG_ERR, "refused, no answer from the approver", strerrordesc_np(-r));
}

static int gate_check(Gate *g, Answer *ret)
{
        CheckCall call = { PROTOCOL_VERSION, g->who->ask };
        usec_t deadline = in(ANSWER_TIMEOUT);
        bool continues;
        Answer a;

        int r = dialogue_ask(
                &g->dialogue, g->options, "Check", CHECK_FIELDS, &call, &call.ask, 0, deadline);
        if (r < 0) {
                return r;
        }
        r = dialogue_receive(&g->dialogue, deadline, -1, &a, &continues);
        if (r < 0) {
                return r;
        }
        if (continues) {
                answer_done(&a);
                return -EBADMSG;
        }
        *ret = a;
        return 0;
}

/* The command that makes the request from elsewhere, as far as one line can hold it. */
static void say_reason_needed(Gate *g)
{
        const Who *w = g->who;
        const char *words[64] = { "jitctl", "request", "--service", w->ask.service };
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
        converse_say(&g->talk, TELL_END, "A reason is needed and cannot be asked here. Run: %s",
                str_or(command, "jitctl request --reason …"));
        gate_log(g, LOG_NOTICE, "refused, a reason is needed and cannot be asked", NULL);
}

static bool reason_is_empty(const char *s)
{
        return s[strspn(s, " \t\r\n")] == '\0';
}

/* One try. 1: *ret is a reason, or NULL where it may be; 0: it will not do; -errno: cannot ask. */
static int reason_ask(Gate *g, bool required, char **ret)
{
        _cleanup_(erase_freep) char *reply = NULL;

        int r = converse_ask(
                &g->talk, &(Strings){ 0 }, required ? "Reason: " : "Reason (optional): ", &reply);
        if (r < 0) {
                return r;
        }
        size_t n = strlen(reply);
        if (n > CONVERSE_REASON_MAX || !utf8_valid(reply, n)) {
                converse_say(&g->talk, TELL_WAIT, "A reason is one line of at most %d bytes.",
                        CONVERSE_REASON_MAX);
                return 0;
        }
        if (reason_is_empty(reply)) {
                return !required;
        }
        *ret = TAKE_PTR(reply);
        return 1;
}

/*
 * Gets the reason that the rule wants. false: there will be no request, and that has been said. The
 * connection is closed if the person was asked.
 */
static bool gate_reason(Gate *g, const char *mode, char **ret)
{
        bool required = mode && streq(mode, "required"), asked = false;
        int r = -ENOTTY;

        if (!mode || streq(mode, "none")) {
                return true;
        }
        if (!required && !streq(mode, "optional")) {
                gate_trouble(g, -EBADMSG);
                return false;
        }
        if (g->talk.conv && who_can_be_asked(g->who, g->options)) {
                dialogue_close(&g->dialogue);
                /* sshd's wire may not carry questions; a terminal that fails was left with Ctrl-C. */
                asked = g->who->service->kind != HOST_SSHD && g->who->service->kind != HOST_OTHER;
                r = reason_ask(g, required, ret);
                if (r == 0) {
                        r = reason_ask(g, required, ret);
                }
        }
        if (r > 0) {
                return true;
        }
        if (r == 0 || asked) {
                converse_say(&g->talk, TELL_WAIT, "No reason was given; nothing was asked.");
                gate_log(g, LOG_NOTICE, "refused, no reason was given", NULL);
                return false;
        }
        if (required) {
                say_reason_needed(g);
        }
        return !required;
}

static void gate_request(Gate *g, const Answer *check, Outcome *ret)
{
        _cleanup_(erase_freep) char *reason = NULL;
        int r = 0;

        if (!gate_reason(g, check->reason_mode, &reason)) {
                return;
        }
        if (!dialogue_is_open(&g->dialogue)) {
                r = dialogue_open(&g->dialogue, g->options, in(ANSWER_TIMEOUT));
        }
        if (r >= 0) {
                r = wait_request(g, reason, who_wait(g->who, g->options), ret);
        }
        if (r < 0) {
                gate_trouble(g, r);
        }
}

/* The words that end a question at once. true: *ret says how. */
static bool gate_opens(Gate *g, const Answer *a, Outcome *ret)
{
        if (streq(a->verdict, VERDICT_GRANT)) {
                gate_debug(g, "granted", a->grant);
                *ret = OUTCOME_GRANTED;
                return true;
        }
        if (streq(a->verdict, VERDICT_PASS)) {
                gate_debug(g, "not gated by rule", NULL);
                *ret = g->who->console_root ? OUTCOME_EXEMPT : OUTCOME_PASSED;
                return true;
        }
        return false;
}

static void gate_refuse(Gate *g, const Answer *a)
{
        converse_tell(&g->talk, TELL_END, &a->lines);
        if (a->lines.n == 0) {
                converse_say(&g->talk, TELL_END, "Refused (%s); see jitctl status.",
                        str_or(a->code, "denied"));
        }
        gate_log(g, LOG_NOTICE, "refused", str_or(a->code, a->verdict));
}

/* Nobody answered. Root at the console is let in all the same: who else would mend it. */
static void gate_unanswered(Gate *g, int r, Outcome *ret)
{
        if (g->who->console_root) {
                gate_log(g, LOG_WARNING, "root at the console passes without an answer",
                        strerrordesc_np(-r));
                *ret = OUTCOME_EXEMPT;
        } else {
                gate_trouble(g, r);
        }
}

void gate_access(Gate *g, Outcome *ret)
{
        Answer a;

        int r = gate_check(g, &a);
        if (r < 0) {
                gate_unanswered(g, r, ret);
                return;
        }
        if (!gate_opens(g, &a, ret)) {
                if (streq(a.verdict, VERDICT_ASK)) {
                        gate_request(g, &a, ret);
                } else {
                        gate_refuse(g, &a);
                }
        }
        answer_done(&a);
}

/* One call about the session, answered within timeout. */
static int gate_session(Gate *g, const char *method, usec_t timeout, Answer *ret)
{
        CheckCall call = { PROTOCOL_VERSION, g->who->ask };
        usec_t deadline = in(timeout);
        bool continues = false;

        int r = dialogue_ask(
                &g->dialogue, g->options, method, CHECK_FIELDS, &call, &call.ask, 0, deadline);
        if (r >= 0 && ret) {
                r = dialogue_receive(&g->dialogue, deadline, -1, ret, &continues);
        } else if (r >= 0) {
                Message m;
                r = client_receive(&g->dialogue.client, deadline, -1, &m);
        }
        if (r >= 0 && continues) {
                answer_done(ret);
                r = -EBADMSG;
        }
        return r;
}

void gate_open(Gate *g, Outcome *ret)
{
        Answer a;

        int r = gate_session(g, "OpenSession", OPEN_TIMEOUT, &a);
        if (r < 0) {
                gate_unanswered(g, r, ret);
                return;
        }
        if (!gate_opens(g, &a, ret)) {
                gate_refuse(g, &a);
        }
        answer_done(&a);
}

void gate_close(Gate *g)
{
        int r = gate_session(g, "CloseSession", CLOSE_TIMEOUT, NULL);
        if (r < 0) {
                gate_debug(g, "the end of the session was not heard", strerrordesc_np(-r));
        }
}

void gate_report(Gate *g, const char *why)
{
        ExemptCall call = { PROTOCOL_VERSION, g->who->ask, why };
        usec_t deadline = in(REPORT_TIMEOUT);

        int r = dialogue_ask(&g->dialogue, g->options, "ReportExempt", EXEMPT_FIELDS, &call,
                &call.ask, CALL_ONEWAY, deadline);
        if (r < 0) {
                gate_debug(g, "the approver was not told", strerrordesc_np(-r));
        }
}

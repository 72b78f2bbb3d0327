/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 *     Check ──granted or not gated──▶ open
 *       └──ask──▶ [reason, confirmation] ──▶ Request ──▶ wait (wait.c) ──▶ open or refused
 *                        ▲ (question.c)         │
 *                        └──ask, three times────┘
 *
 * Trusts an answer that dialogue.c let through, and of its text nothing. MUST: (1) *ret opens only
 * on a verdict compared word for word; (2) no answer opens for nobody but root at the console.
 */

#include "pam_jit/gate.h"

#include <errno.h>
#include <security/pam_ext.h>
#include <stdlib.h>
#include <syslog.h>

#include "common/text.h"
#include "pam_jit/question.h"
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

void gate_trouble(Gate *g, int r)
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

static void gate_refuse(Gate *g, Tell why, const Answer *a)
{
        converse_tell(&g->talk, why, &a->lines);
        if (a->lines.n == 0) {
                converse_say(&g->talk, why, "Refused (%s); see jitctl status.",
                        str_or(a->code, "denied"));
        }
        gate_log(g, LOG_NOTICE, "refused", str_or(a->code, a->verdict));
}

/* Once more round while the approver wants another reason, or other words. */
static bool gate_ask(Gate *g, const Answer *asks, unsigned *left, Answer *ret_again, Outcome *ret)
{
        _cleanup_(words_done) Words words = { 0 };
        int r = 0;

        if (!words_ask(g, asks, left, &words)) {
                return false;
        }
        if (!dialogue_is_open(&g->dialogue)) {
                r = dialogue_open(&g->dialogue, g->options, in(ANSWER_TIMEOUT));
        }
        if (r >= 0) {
                r = wait_request(g, &words, who_wait(g->who, g->options), ret_again, ret);
        }
        if (r < 0) {
                gate_trouble(g, r);
        }
        return r > 0;
}

static void gate_request(Gate *g, const Answer *check, Outcome *ret)
{
        unsigned left = QUESTIONS_MAX;
        Answer again = { 0 };

        if (!gate_ask(g, check, &left, &again, ret)) {
                return;
        }
        for (;;) {
                Answer asks = again;
                /* The same words once more would be refused once more. */
                bool more = left > 0 && words_can_be_asked(g);

                if (more) {
                        more = gate_ask(g, &asks, &left, &again, ret);
                } else {
                        gate_refuse(g, TELL_WAIT, &asks);
                }
                answer_done(&asks);
                if (!more) {
                        return;
                }
        }
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
                        gate_refuse(g, TELL_END, &a);
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
                gate_refuse(g, TELL_END, &a);
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The life of one wait:
 *
 *     FIRST ──pending──▶ WAITING ──time over──▶ DETACHED ──last answer──▶ end
 *       │                 │    ▲                    (2 s)
 *     (5 s)     connection lost, comes back (15 s)
 *
 * MUST: (1) only a last answer that says so opens; (2) a signal ends it at once and without Detach,
 * so that the approver withdraws; (3) whatever happens, the mask is as it was.
 */

#include "pam_jit/wait.h"

#include <errno.h>
#include <syslog.h>

#include "common/id.h"
#include "pam_jit/signals.h"

#define RETURN_TIMEOUT (15 * USEC_PER_SEC)
#define RETURN_INTERVAL (200 * USEC_PER_MSEC)
#define DETACH_TIMEOUT (2 * USEC_PER_SEC)
#define PROMPTS_MAX 8

typedef struct Wait {
        Gate *gate;
        Signals signals;
        Tell tell;
        usec_t cap;   /* the most we may block */
        usec_t until; /* of this state */
        usec_t end;   /* of the wait, known with the first answer */
        usec_t lost;  /* until when we try to come back; 0: not lost */
        Id request;   /* known with the first answer */
        unsigned prompts;
        bool prompted; /* and was answered */
        bool returned; /* said so */
        enum { FIRST, WAITING, DETACHED } state;
} Wait;

static usec_t now(void)
{
        return clock_usec(CLOCK_MONOTONIC);
}

/* What a restart of the approver looks like from here. */
static bool is_loss(int r)
{
        return r == -ECONNRESET || r == -EPIPE || r == -ECONNREFUSED || r == -ENOENT ||
               r == -ETIMEDOUT;
}

/* sshd shows nothing before a prompt: the news comes with one, and the person goes on by Enter. */
static void wait_prompt(Wait *w, const Strings *lines, const char *prompt)
{
        _cleanup_(erase_freep) char *reply = NULL;

        if (w->prompts == PROMPTS_MAX) {
                return;
        }
        w->prompts++;
        /* sshd ends us by a signal while we ask; the approver sees the hang-up. */
        signals_release(&w->signals);
        int r = converse_ask(&w->gate->talk, lines, prompt, &reply);
        int held = signals_hold(&w->signals);
        if (r < 0 || held < 0) {
                w->end = w->until = now(); /* nobody can be told: do not keep him waiting */
        }
        w->prompted = r >= 0;
}

static void say_returned(Wait *w)
{
        if (!w->returned && !w->gate->talk.held) {
                converse_say(&w->gate->talk, w->tell,
                        "The approver restarted; still waiting for request %s.", w->request.text);
        }
        w->returned = true;
}

static int wait_news(Wait *w, const Answer *a)
{
        bool returned = w->state == FIRST && id_is_set(&w->request);

        if (!streq(a->verdict, VERDICT_PENDING)) {
                return -EBADMSG;
        }
        if (!id_is_set(&w->request)) {
                if (!a->request || id_parse(a->request, &w->request) < 0) {
                        return -EBADMSG;
                }
                w->end = usec_add(now(), MIN(w->cap, a->wait_usec));
        }
        if (w->state == FIRST) {
                w->state = WAITING;
                w->until = w->end;
                w->lost = 0;
        }
        if (returned) {
                say_returned(w);
        }
        if (w->gate->talk.held && w->state == WAITING) {
                if (a->lines.n > 0) {
                        wait_prompt(w, &a->lines, "Press Enter to wait for the answer: ");
                }
        } else {
                converse_tell(&w->gate->talk, w->tell, &a->lines);
        }
        return 0;
}

static void say_pending(Wait *w)
{
        if (id_is_set(&w->request)) {
                converse_say(&w->gate->talk, w->tell,
                        "Not decided yet. Request %s stays open; run the command again once it is "
                        "approved (jitctl wait %.4s).",
                        w->request.text, w->request.text);
        } else {
                converse_say(&w->gate->talk, w->tell, "Not decided yet; see jitctl status.");
        }
}

static void wait_over(Wait *w, const Answer *a, Outcome *ret)
{
        Gate *g = w->gate;
        bool opens = streq(a->verdict, VERDICT_GRANT) || streq(a->verdict, VERDICT_PASS);

        if (w->prompted && !opens && a->lines.n > 0) {
                wait_prompt(w, &a->lines, "Press Enter to leave: ");
        } else {
                converse_tell(&g->talk, w->tell, &a->lines);
        }
        if (streq(a->verdict, VERDICT_GRANT)) {
                gate_debug(g, "approved, request", a->request);
                *ret = OUTCOME_GRANTED;
        } else if (streq(a->verdict, VERDICT_PASS)) {
                *ret = OUTCOME_PASSED;
        } else {
                bool pending = streq(a->verdict, VERDICT_PENDING);

                if (a->lines.n == 0 && pending) {
                        say_pending(w);
                } else if (a->lines.n == 0) {
                        converse_say(&g->talk, w->tell, "Refused (%s).", str_or(a->code, "denied"));
                }
                gate_log(g, LOG_NOTICE, pending ? "refused, undecided" : "refused",
                        pending ? a->request : a->code);
        }
}

/* The time is over: the request stays, we go. Its last answer may still be a yes. */
static int wait_detach(Wait *w)
{
        static const IdCall call = { .version = PROTOCOL_VERSION };

        w->state = DETACHED;
        w->until = usec_add(now(), DETACH_TIMEOUT);
        return client_send(
                &w->gate->dialogue.client, "Detach", ID_FIELDS, &call, CALL_ONEWAY, w->until);
}

static int wait_reattach(Wait *w)
{
        Gate *g = w->gate;
        WaitCall call = { PROTOCOL_VERSION, w->request.text, g->who->ask };

        return dialogue_ask(&g->dialogue, g->options, "Wait", WAIT_FIELDS, &call, &call.ask,
                CALL_MORE, usec_add(now(), RETURN_INTERVAL));
}

/* The connection is lost, most likely to a restart: back to the same request. */
static int wait_return(Wait *w)
{
        if (w->lost == 0) {
                w->lost = MIN(w->end, usec_add(now(), RETURN_TIMEOUT));
        }
        for (;;) {
                int r = wait_reattach(w);
                if (r >= 0) {
                        break;
                }
                if (!is_loss(r) || now() >= w->lost) {
                        return r;
                }
                r = signals_sleep(&w->signals, RETURN_INTERVAL);
                if (r < 0) {
                        return r;
                }
        }
        w->state = FIRST;
        w->until = MIN(w->lost, usec_add(now(), ANSWER_TIMEOUT));
        return 0;
}

/* What to do where no answer came: 0 to go on. */
static int wait_trouble(Wait *w, int r)
{
        bool lost = r == -ECONNRESET || r == -EPIPE;

        if (r == -ETIMEDOUT && w->state == WAITING) {
                return wait_detach(w);
        }
        if (!lost || !id_is_set(&w->request) || w->state == DETACHED || now() >= w->end) {
                return r;
        }
        if (w->state == FIRST) {
                /* Came back and was dropped again: no reason to spin, nor to try for ever. */
                int slept = signals_sleep(&w->signals, RETURN_INTERVAL);
                if (slept < 0 || now() >= w->lost) {
                        return slept < 0 ? slept : r;
                }
        }
        return wait_return(w);
}

/* Not asked yet, and it may still be. */
static bool wants_more(const Wait *w, const Answer *a)
{
        bool reason = a->reason_mode && !streq(a->reason_mode, "none");

        return !id_is_set(&w->request) && streq(a->verdict, VERDICT_ASK) && (reason || a->confirm);
}

static int wait_loop(Wait *w, Answer *ret_again, Outcome *ret)
{
        for (;;) {
                Answer a;
                bool continues;

                int r = dialogue_receive(
                        &w->gate->dialogue, w->until, w->signals.fd, &a, &continues);
                if (r < 0) {
                        r = wait_trouble(w, r);
                        if (r < 0) {
                                return r;
                        }
                        continue;
                }
                if (!continues && wants_more(w, &a)) {
                        *ret_again = a;
                        return 1;
                }
                if (!continues) {
                        wait_over(w, &a, ret);
                        answer_done(&a);
                        return 0;
                }
                r = wait_news(w, &a);
                answer_done(&a);
                if (r < 0) {
                        return r;
                }
        }
}

int wait_request(Gate *g, const Words *words, usec_t cap, Answer *ret_again, Outcome *ret)
{
        RequestCall call = {
                .version = PROTOCOL_VERSION,
                .ask = g->who->ask,
                .reason = words->reason,
                .wait_usec = cap,
                .detached = cap == 0,
                .confirm = words->confirm,
        };
        Wait w = {
                .gate = g,
                .signals = SIGNALS_NONE,
                .tell = cap > 0 ? TELL_WAIT : TELL_END,
                .cap = cap,
                .until = usec_add(now(), ANSWER_TIMEOUT),
        };
        int r = cap > 0 ? signals_hold(&w.signals) : 0;

        if (r >= 0) {
                r = dialogue_send(&g->dialogue, "Request", REQUEST_FIELDS, &call, &call.ask,
                        cap > 0 ? CALL_MORE : 0, w.until);
        }
        if (r >= 0) {
                r = wait_loop(&w, ret_again, ret);
        }
        if (r == -ETIMEDOUT && w.state == DETACHED) {
                say_pending(&w);
                gate_log(g, LOG_NOTICE, "refused, undecided", w.request.text);
                r = 0;
        }
        if (r == -EINTR) {
                /* First the hang-up, then the words: the signal may end the host when released. */
                dialogue_close(&g->dialogue);
                converse_say(&g->talk, w.tell, "Interrupted; nothing was opened.");
                gate_log(g, LOG_NOTICE, "refused, interrupted", w.request.text);
                r = 0;
        }
        signals_release(&w.signals);
        return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The six entry points, in the order a host calls them, and the one place where an outcome becomes a
 * PAM code. MUST: (1) what is not an explicit yes is a refusal; (2) nothing is kept between calls:
 * sshd forks between them; (3) errno, mask, umask, directory and fds are as before.
 */

#include <errno.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <syslog.h>

#include "pam_jit/gate.h"

/*
 * auth: CRED_INSUFFICIENT, because sudo asks again after every other (H-15). session: never
 * SESSION_ERR, which sudo ignores.
 */
static int refusal(Phase phase)
{
        return phase == PHASE_AUTH ? PAM_CRED_INSUFFICIENT : PAM_PERM_DENIED;
}

static int pam_code(Phase phase, Outcome outcome)
{
        switch (outcome) {
        case OUTCOME_GRANTED:
                return PAM_SUCCESS;
        case OUTCOME_PASSED:
                return phase == PHASE_SESSION ? PAM_SUCCESS : PAM_IGNORE;
        case OUTCOME_EXEMPT:
                return phase == PHASE_AUTH ? PAM_IGNORE : PAM_SUCCESS;
        case OUTCOME_REFUSED:
                break;
        }
        return refusal(phase);
}

/* Who passes by what it is. true: *ret says so. */
static bool passes_by_itself(Gate *g, Phase phase, Outcome *ret)
{
        const Who *who = g->who;

        if (phase != PHASE_SESSION && who->asks_nobody) {
                gate_debug(g, "runs nothing", NULL);
                *ret = OUTCOME_EXEMPT;
                return true;
        }
        if (who->exempt) {
                if (phase == PHASE_ACCOUNT) {
                        gate_log(g, LOG_NOTICE, "real uid 0 passes", NULL);
                        gate_report(g, "real uid 0");
                }
                *ret = OUTCOME_EXEMPT;
                return true;
        }
        return false;
}

static void decide(Gate *g, Phase phase, const char *bad_option, Outcome *ret)
{
        if (bad_option) {
                converse_say(&g->talk, TELL_WAIT,
                        "pam_jit does not know the argument '%s'; tell the administrator",
                        bad_option);
                gate_log(g, LOG_ERR, "refused, bad argument", bad_option);
                return;
        }
        if (passes_by_itself(g, phase, ret)) {
                return;
        }
        if (phase == PHASE_SESSION) {
                gate_open(g, ret);
        } else {
                gate_access(g, ret);
        }
}

static int run(pam_handle_t *pamh, Phase phase, int flags, int argc, const char **argv)
{
        Outcome outcome = OUTCOME_REFUSED;
        const char *bad_option = NULL, *why = NULL;
        int saved_errno = errno;
        Options options;
        Gate gate;
        Who who;

        if (options_parse(argc, argv, &options, &bad_option) < 0) {
                (void) options_parse(0, NULL, &options, &why);
        }
        if (who_read(pamh, phase, &options, &who, &why) < 0) {
                /* Not even a name: nobody to tell, and nothing to ask about (H-13). */
                pam_syslog(pamh, LOG_NOTICE, "refused: %s", why);
        } else {
                gate_init(&gate, pamh, &options, &who, flags & PAM_SILENT);
                decide(&gate, phase, bad_option, &outcome);
                gate_done(&gate);
        }
        who_done(&who);
        errno = saved_errno;
        return pam_code(phase, outcome);
}

_public_ int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
        return run(pamh, PHASE_AUTH, flags, argc, argv);
}

_public_ int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
        return PAM_IGNORE;
}

_public_ int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
        return run(pamh, PHASE_ACCOUNT, flags, argc, argv);
}

_public_ int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
        return run(pamh, PHASE_SESSION, flags, argc, argv);
}

/* Only tells the approver: a session that ends must not be held up, nor its host fail. */
_public_ int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
        int saved_errno = errno;
        const char *why = NULL;
        Options options;
        Gate gate;
        Who who;

        if (options_parse(argc, argv, &options, &why) >= 0) {
                if (who_read(pamh, PHASE_SESSION, &options, &who, &why) >= 0 && !who.exempt) {
                        gate_init(&gate, pamh, &options, &who, true);
                        gate_close(&gate);
                        gate_done(&gate);
                }
                who_done(&who);
        }
        errno = saved_errno;
        return PAM_SUCCESS;
}

_public_ int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
        return PAM_IGNORE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The rules by which pam_jit.so's lines are judged; hazards of that kind have opened doors before.
 * MUST: what is not understood is never called sound.
 */

#include "jit-approver/ctl/stack.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/arguments.h"
#include "jit-approver/ctl/print.h"

#define OURS "pam_jit.so"

/* One type of one service under judgement. */
typedef struct Judging {
        const char *service;
        char name[80]; /* "pam sudo" */
        PamType type;
        PamStack stack;
        Findings *findings;
} Judging;

static void judging_done(Judging *j)
{
        pam_stack_done(&j->stack);
}

static bool is_module(const PamEntry *e, const char *module)
{
        return e->module && streq(e->module, module);
}

static bool word_in(const char *word, const char *const *list)
{
        for (; *list; list++) {
                if (streq(word, *list)) {
                        return true;
                }
        }
        return false;
}

/* Index of our first line from `from` on; n when there is none. */
static size_t find_ours(const PamStack *s, size_t from)
{
        while (from < s->n && !is_module(&s->entries[from], OURS)) {
                from++;
        }
        return from;
}

/* Whether b stands in a's (sub)stack or in one below it. */
static bool within(const PamStack *s, size_t a, size_t b)
{
        for (size_t i = a + 1; i <= b; i++) {
                if (s->entries[i].level < s->entries[a].level) {
                        return false;
                }
        }
        return true;
}

/* The last entry that a jump of so many lines skips (pam_dispatch.c); n: it is too far. */
static size_t jump_over(const PamStack *s, size_t from, int lines)
{
        unsigned level = s->entries[from].level;
        size_t at = from;

        while (at + 1 < s->n && s->entries[at + 1].level >= level && lines > 0) {
                do {
                        at++;
                } while (at + 1 < s->n && s->entries[at + 1].level > level);
                lines--;
        }
        return lines > 0 ? s->n : at;
}

/* The return code on which the line at i keeps ours from running, or -1. */
static int skips_on(const PamStack *s, size_t i, size_t ours)
{
        const PamEntry *e = &s->entries[i];

        for (int code = 0; code < _PAM_CODE_MAX; code++) {
                bool lets_in = code == PAM_CODE_SUCCESS || code == PAM_CODE_NEW_AUTHTOK_REQD;
                size_t last = e->act[code] > 0 ? jump_over(s, i, e->act[code]) : 0;

                if ((e->act[code] == PAM_ACT_DONE && lets_in && within(s, i, ours)) ||
                        (e->act[code] > 0 && last >= ours && last < s->n)) {
                        return code;
                }
        }
        return -1;
}

static void judge_before(Judging *j, size_t ours)
{
        const PamStack *s = &j->stack;

        for (size_t i = 0; i < ours; i++) {
                const PamEntry *e = &s->entries[i];
                int code;

                /* pam_deny.so never succeeds, a substack's head is no line of its own. */
                if (!e->module || streq(e->module, "pam_deny.so") || streq(e->module, OURS)) {
                        continue;
                }
                code = skips_on(s, i, ours);
                if (code < 0) {
                        continue;
                }
                /* Root passes us as well, but with a record. */
                findings_add(j->findings,
                        streq(e->module, "pam_rootok.so") ? FINDING_WARN : FINDING_FAIL, j->name,
                        "move the pam_jit.so line before it",
                        "%s: whoever %s answers with %s never comes to the pam_jit.so %s line",
                        e->where, e->module, pam_codes[code], pam_type_to_string(j->type));
        }
}

/* A failure that was noted (bad) is forgotten by a later reset. */
static void judge_after(Judging *j, size_t ours)
{
        const PamStack *s = &j->stack;
        PamEntry *o = &s->entries[ours];

        if (o->act[PAM_CODE_PERM_DENIED] != PAM_ACT_BAD) {
                return;
        }
        for (size_t i = ours + 1; i < s->n; i++) {
                const PamEntry *e = &s->entries[i];
                bool resets = false;

                for (int code = 0; e->module && code < _PAM_CODE_MAX; code++) {
                        resets = resets || e->act[code] == PAM_ACT_RESET;
                }
                bool same = true;
                for (size_t k = ours + 1; k <= i; k++) {
                        same = same && s->entries[k].level >= e->level;
                }
                if (resets && same && e->level <= o->level) {
                        findings_add(j->findings, FINDING_FAIL, j->name,
                                "make the pam_jit.so line [success=ok ignore=ignore default=die]",
                                "%s: %s resets the stack and forgets that pam_jit.so denied",
                                e->where, e->module);
                }
        }
}

static bool is_refusal(int act)
{
        return act == PAM_ACT_BAD || act == PAM_ACT_DIE;
}

/* Our own control field. */
static void judge_control(Judging *j, const PamEntry *e)
{
        static const char fix[] = "use 'required' or [success=ok ignore=ignore default=die]";
        const char *type = pam_type_to_string(j->type);
        int denial = j->type == PAM_TYPE_AUTH ? PAM_CODE_CRED_INSUFFICIENT : PAM_CODE_PERM_DENIED;
        FindingState grave = j->type == PAM_TYPE_AUTH ? FINDING_WARN : FINDING_FAIL;

        if (e->unknown_control) {
                findings_add(j->findings, FINDING_WARN, j->name, fix,
                        "%s: Linux-PAM does not know this control and refuses always", e->where);
                return;
        }
        if (!is_refusal(e->act[denial])) {
                findings_add(j->findings, grave, j->name, fix,
                        "%s: the %s line throws a denial away (%s)", e->where, type,
                        pam_codes[denial]);
                return;
        }
        for (int code = 0; code < _PAM_CODE_MAX; code++) {
                if (code != PAM_CODE_SUCCESS && code != PAM_CODE_IGNORE &&
                        code != PAM_CODE_NEW_AUTHTOK_REQD && !is_refusal(e->act[code])) {
                        findings_add(j->findings, grave, j->name, fix,
                                "%s: the %s line lets people pass when the module fails with %s",
                                e->where, type, pam_codes[code]);
                        return;
                }
        }
        if (is_refusal(e->act[PAM_CODE_SUCCESS]) || is_refusal(e->act[PAM_CODE_IGNORE])) {
                findings_add(j->findings, FINDING_WARN, j->name, fix,
                        "%s: the %s line refuses also what is allowed", e->where, type);
        } else if (e->act[PAM_CODE_SUCCESS] == PAM_ACT_DONE || e->act[PAM_CODE_SUCCESS] > 0) {
                findings_add(j->findings, FINDING_WARN, j->name, fix,
                        "%s: once approved, the %s lines after it are skipped", e->where, type);
        }
}

/* An argument that the module does not take makes it refuse everybody. */
static void judge_arguments(Judging *j, const PamEntry *e)
{
        const char *wrong = arguments_wrong(e->arguments);

        if (wrong) {
                findings_add(j->findings, FINDING_FAIL, j->name,
                        "correct it, see OPTIONS of pam_jit(8)",
                        "%s: pam_jit.so does not take '%s' and refuses everybody", e->where, wrong);
        }
}

/* `allow` and exempt are PAM_IGNORE: with nobody else to say yes, Linux-PAM says no. */
static void judge_account_others(Judging *j)
{
        for (size_t i = 0; i < j->stack.n; i++) {
                const PamEntry *e = &j->stack.entries[i];
                int act = e->act[PAM_CODE_SUCCESS];

                if (e->module && !streq(e->module, OURS) && !streq(e->module, "pam_deny.so") &&
                        (act == PAM_ACT_OK || act == PAM_ACT_DONE)) {
                        return;
                }
        }
        findings_add(j->findings, FINDING_WARN, j->name,
                "add 'account required pam_permit.so' or the distribution's common lines after it",
                "no other account module says yes: rules with action = allow will refuse");
}

static void judge_auth_password(Judging *j, size_t ours)
{
        /* These may stop somebody, but know no password. */
        static const char *const no_password[] = { "pam_nologin.so", "pam_securetty.so",
                "pam_faildelay.so", "pam_faillock.so", "pam_env.so", "pam_shells.so",
                "pam_rootok.so", "pam_wheel.so", "pam_succeed_if.so", "pam_access.so",
                "pam_time.so", "pam_group.so", "pam_listfile.so", "pam_permit.so", "pam_warn.so",
                "pam_echo.so", "pam_usertype.so", "pam_localuser.so", OURS, NULL };

        for (size_t i = 0; i < ours; i++) {
                const PamEntry *e = &j->stack.entries[i];

                if (e->module && !word_in(e->module, no_password) &&
                        e->act[PAM_CODE_AUTH_ERR] == PAM_ACT_DIE && within(&j->stack, i, ours)) {
                        return;
                }
        }
        findings_add(j->findings, FINDING_FAIL, j->name,
                "put it behind a 'requisite' password or key line, or leave it to account",
                "%s: the auth line asks the approvers before the password is known to be right",
                j->stack.entries[ours].where);
}

static void judge_session_last(Judging *j, size_t ours)
{
        for (size_t i = ours + 1; i < j->stack.n; i++) {
                const PamEntry *e = &j->stack.entries[i];

                if (!e->module || streq(e->module, OURS)) {
                        continue;
                }
                bool systemd = streq(e->module, "pam_systemd.so");
                findings_add(j->findings, systemd ? FINDING_FAIL : FINDING_WARN, j->name,
                        "make the pam_jit.so session line the last one",
                        "%s: %s comes after the pam_jit.so session line%s", e->where, e->module,
                        systemd ? " and takes the processes out of the grant's scope" : "");
                return;
        }
}

/* Whether the type has a line of ours; judges it if so. */
static bool judge_type(
        const PamText *files, size_t n, const char *service, PamType type, Findings *ret)
{
        _cleanup_(judging_done) Judging j = { .service = service, .type = type, .findings = ret };
        size_t ours;

        (void) snprintf(j.name, sizeof(j.name), "pam %s", service);
        if (pam_stack_read(files, n, service, type, &j.stack) < 0) {
                findings_add(ret, FINDING_FAIL, j.name, "take the includes apart",
                        "its %s lines include each other without end", pam_type_to_string(type));
                return false;
        }
        ours = find_ours(&j.stack, 0);
        if (ours == j.stack.n) {
                return false;
        }
        if (*j.stack.missing) {
                findings_add(ret, FINDING_WARN, j.name, "install it or take the line out",
                        "its %s lines include '%s', which is not there: Linux-PAM refuses everybody",
                        pam_type_to_string(type), j.stack.missing);
        }
        if (type != PAM_TYPE_AUTH) { /* there we only make waiting pleasant: account decides */
                judge_before(&j, ours);
        }
        for (size_t i = ours; i < j.stack.n; i = find_ours(&j.stack, i + 1)) {
                judge_control(&j, &j.stack.entries[i]);
                judge_arguments(&j, &j.stack.entries[i]);
                judge_after(&j, i);
        }
        if (type == PAM_TYPE_ACCOUNT) {
                judge_account_others(&j);
        } else if (type == PAM_TYPE_AUTH) {
                judge_auth_password(&j, ours);
        } else if (type == PAM_TYPE_SESSION) {
                judge_session_last(&j, ours);
        }
        return true;
}

/* Programs that never call pam_acct_mgmt(3). */
static bool lacks_account(const char *service)
{
        static const char *const services[] = { "runuser", "runuser-l", "i3lock", "swaylock",
                "hyprlock", "waylock", "passwd", "chpasswd", "newusers", NULL };

        return word_in(service, services);
}

/* Whether the service has us at all. */
static bool judge_service(const PamText *files, size_t n, const char *service, Findings *ret)
{
        size_t before = ret->n;
        bool auth = judge_type(files, n, service, PAM_TYPE_AUTH, ret);
        bool account = judge_type(files, n, service, PAM_TYPE_ACCOUNT, ret);
        bool session = judge_type(files, n, service, PAM_TYPE_SESSION, ret);
        char name[80];

        (void) snprintf(name, sizeof(name), "pam %s", service);
        if (!auth && !account && !session) {
                return false;
        }
        if (!account) {
                findings_add(ret, FINDING_FAIL, name, "add 'account required pam_jit.so'",
                        "no account line: nothing is enforced (auth is skipped for keys, NOPASSWD "
                        "and a fresh sudo timestamp)");
        } else if (lacks_account(service)) {
                findings_add(ret, FINDING_WARN, name, "do not count on it",
                        "this program never runs its account lines");
        }
        if (account && !session) {
                findings_add(ret, FINDING_WARN, name,
                        "add 'session required pam_jit.so' as the last session line",
                        "no session line: what was opened is not ended with the grant");
        }
        if (ret->n == before) {
                findings_add(ret, FINDING_OK, name, NULL, "%saccount and session lines are sound",
                        auth ? "auth, " : "");
        }
        return true;
}

/* Files that are only there to be included. */
static bool is_fragment(const char *service)
{
        static const char *const exact[] = { "password-auth", "postlogin", "fingerprint-auth",
                "smartcard-auth", NULL };

        return strncmp(service, "common-", 7) == 0 || strncmp(service, "system-", 7) == 0 ||
               word_in(service, exact);
}

static bool has_file(const PamText *files, size_t n, const char *service)
{
        for (size_t i = 0; i < n; i++) {
                if (streq(files[i].service, service)) {
                        return true;
                }
        }
        return false;
}

/* `sudo -i` and `su -` are services of their own. */
static void judge_pair(const PamText *files, size_t n, const bool *gated, const char *one,
        const char *other, Findings *ret)
{
        bool one_gated = false, other_gated = false;
        char name[80];

        for (size_t i = 0; i < n; i++) {
                one_gated = one_gated || (gated[i] && streq(files[i].service, one));
                other_gated = other_gated || (gated[i] && streq(files[i].service, other));
        }
        if (one_gated == other_gated) {
                return;
        }
        if (other_gated) {
                const char *swap = one;
                one = other;
                other = swap;
        }
        (void) snprintf(name, sizeof(name), "pam %s", other);
        if (has_file(files, n, other)) {
                findings_add(ret, FINDING_FAIL, name, "give both the same pam_jit.so lines",
                        "%s is gated, %s is not", one, other);
        } else {
                findings_add(ret, FINDING_WARN, name, "give both the same pam_jit.so lines",
                        "%s is gated, %s has no file: if the program asks for it, 'other' decides",
                        one, other);
        }
}

void stack_judge(const PamText *files, size_t n, Findings *ret)
{
        _cleanup_(freep) bool *gated = must(calloc(n + 1, sizeof(*gated)));
        bool any = false;

        for (size_t i = 0; i < n; i++) {
                gated[i] = !is_fragment(files[i].service) &&
                           judge_service(files, n, files[i].service, ret);
                any = any || gated[i];
        }
        judge_pair(files, n, gated, "sudo", "sudo-i", ret);
        judge_pair(files, n, gated, "su", "su-l", ret);
        if (!any) {
                findings_add(ret, FINDING_WARN, "pam",
                        "see the examples in /usr/share/doc/pam-jit/examples/pam.d-examples",
                        "no service has pam_jit.so: nothing is gated");
        }
}

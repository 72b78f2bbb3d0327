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
#include "jit-approver/ctl/callers.h"
#include "jit-approver/ctl/pam_walk.h"
#include "jit-approver/ctl/print.h"

/* One type of one service under judgement. */
typedef struct Judging {
        char name[80]; /* "pam sudo" */
        PamType type;
        PamStack stack;
        Findings *findings;
} Judging;

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
        while (from < s->n && !pam_is_ours(&s->entries[from])) {
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

/*
 * Says yes to callers with real uid 0 alone. A bare "uid = 0" of pam_succeed_if is not that: it looks
 * at PAM_USER, and su's is root for everybody who wants to be root.
 */
static bool is_for_root(const PamEntry *e)
{
        static const char *const words[] = { "uid", "0", "use_uid" };
        size_t found = 0;

        if (!is_module(e, "pam_succeed_if.so")) {
                return is_module(e, "pam_rootok.so");
        }
        for (char **a = e->arguments; a && *a; a++) {
                if (found == 1 && (streq(*a, "=") || streq(*a, "eq"))) {
                        continue;
                }
                found += found < ELEMENTSOF(words) - 1 && streq(*a, words[found]);
        }
        for (char **a = e->arguments; a && *a && found == ELEMENTSOF(words) - 1; a++) {
                if (streq(*a, words[found])) {
                        return true;
                }
        }
        return false;
}

static void judge_gap(Judging *j, const PamGap *g)
{
        const PamEntry *e = &j->stack.entries[g->at];

        if (pam_is_ours(e)) {
                return; /* judge_control() says it better */
        }
        if (g->forgets) {
                findings_add(j->findings, FINDING_FAIL, j->name,
                        "move the pam_jit.so line behind it, or take it out",
                        "%s: %s resets the stack and forgets that pam_jit.so denied", e->where,
                        e->module);
                return;
        }
        /* Root passes us as well, but with a record. */
        findings_add(j->findings, is_for_root(e) ? FINDING_WARN : FINDING_FAIL, j->name,
                "move the pam_jit.so line before it",
                "%s: whoever %s answers with %s never comes to the pam_jit.so %s line", e->where,
                e->module, pam_codes[g->code], pam_type_to_string(j->type));
}

/* The ways past us, all of them by themselves. */
static void judge_ways(Judging *j)
{
        PamWalk walk;

        pam_walk(&j->stack, PAM_SAY_NO, &walk);
        for (size_t i = 0; i < walk.n_gaps; i++) {
                judge_gap(j, &walk.gaps[i]);
        }
        if (walk.unknown) {
                findings_add(j->findings, FINDING_WARN, j->name, "make them simpler",
                        "its %s lines have too many ways to follow all of them",
                        pam_type_to_string(j->type));
        }
}

/* Lines that Linux-PAM cannot read: it then refuses, and nobody knows why. */
static void judge_lines(Judging *j)
{
        static const char locks[] = "correct it before somebody is locked out, see pam.d(5)";
        const char *type = pam_type_to_string(j->type);

        for (size_t i = 0; i < j->stack.n; i++) {
                const PamEntry *e = &j->stack.entries[i];

                if (e->unknown_type) {
                        findings_add(j->findings, FINDING_WARN, j->name, locks,
                                "%s: Linux-PAM does not know the line's type and makes it an %s line "
                                "that fails",
                                e->where, type);
                } else if (e->unknown_control && e->module) {
                        findings_add(j->findings, FINDING_WARN, j->name, locks,
                                "%s: Linux-PAM does not know this control and refuses always",
                                e->where);
                } else if (pam_jumps_too_far(&j->stack, i)) {
                        findings_add(j->findings, FINDING_WARN, j->name, locks,
                                "%s: it jumps over more lines than there are, and Linux-PAM refuses "
                                "then",
                                e->where);
                }
        }
        if (*j->stack.missing) {
                findings_add(j->findings, FINDING_WARN, j->name, "install it or take the line out",
                        "its %s lines include '%s', which is not there: Linux-PAM refuses everybody",
                        type, j->stack.missing);
        }
        if (*j->stack.elsewhere) {
                findings_add(j->findings, FINDING_WARN, j->name, "include a file of /etc/pam.d",
                        "its %s lines include '%s', outside pam.d, which doctor does not follow",
                        type, j->stack.elsewhere);
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

        if (e->unknown_control || e->must_fail) {
                return; /* judge_lines() told it */
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

/* Whether our yes opens it; `allow` and exempt are PAM_IGNORE, so somebody else must say yes then. */
static void judge_opens(Judging *j)
{
        PamWalk yes, nothing;

        pam_walk(&j->stack, PAM_SAY_YES, &yes);
        pam_walk(&j->stack, PAM_SAY_NOTHING, &nothing);
        if (!yes.opens && !yes.unknown) {
                findings_add(j->findings, FINDING_FAIL, j->name,
                        "see which line after pam_jit.so refuses",
                        "its account lines refuse everybody, also who was approved");
        } else if (!nothing.opens && !nothing.unknown) {
                findings_add(j->findings, FINDING_WARN, j->name,
                        "add 'account required pam_permit.so' or the distribution's common lines "
                        "after it",
                        "no other account module says yes: rules with action = allow will refuse");
        }
}

static void judge_auth_password(Judging *j, size_t ours)
{
        /* These may stop somebody, but know no password. */
        static const char *const no_password[] = { "pam_nologin.so", "pam_securetty.so",
                "pam_faildelay.so", "pam_faillock.so", "pam_env.so", "pam_shells.so",
                "pam_rootok.so", "pam_wheel.so", "pam_succeed_if.so", "pam_access.so",
                "pam_time.so", "pam_group.so", "pam_listfile.so", "pam_permit.so", "pam_warn.so",
                "pam_echo.so", "pam_usertype.so", "pam_localuser.so", PAM_OURS, NULL };

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

                if (!e->module || e->must_fail || pam_is_ours(e)) {
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

static void judge_type(Judging *j)
{
        size_t ours = find_ours(&j->stack, 0), before = j->findings->n;

        judge_lines(j);
        if (ours == j->stack.n) {
                return;
        }
        if (j->type != PAM_TYPE_AUTH) { /* there we only make waiting pleasant: account decides */
                judge_ways(j);
        }
        for (size_t i = ours; i < j->stack.n; i = find_ours(&j->stack, i + 1)) {
                judge_control(j, &j->stack.entries[i]);
                judge_arguments(j, &j->stack.entries[i]);
        }
        if (j->type == PAM_TYPE_ACCOUNT && j->findings->n == before) {
                judge_opens(j);
        } else if (j->type == PAM_TYPE_AUTH) {
                judge_auth_password(j, ours);
        } else if (j->type == PAM_TYPE_SESSION) {
                judge_session_last(j, ours);
        }
}

/* A line that gates nothing because the program does not ask it. */
static void judge_caller(
        const char *service, const char *name, bool auth, bool account, Findings *ret)
{
        const Caller *c = caller_find(service);

        if (c->kind == CALLER_NEVER && account && !auth) {
                findings_add(ret, FINDING_FAIL, name,
                        "take it out; an account line gates nothing here", "%s", c->why);
        } else if (c->kind == CALLER_NEVER || c->kind == CALLER_SOMETIMES) {
                findings_add(ret, FINDING_WARN, name,
                        account ? "do not count on its account line"
                                : "only its auth line gates it; see that a no stands there",
                        "%s", c->why);
        } else if (c->kind == CALLER_UNKNOWN && account) {
                findings_add(ret, FINDING_WARN, name,
                        "try it: without a grant it must refuse, with the right password too",
                        "doctor does not know whether this program calls account");
        }
        if (!account && c->kind != CALLER_NEVER) {
                findings_add(ret, FINDING_FAIL, name, "add 'account required pam_jit.so'",
                        "no account line: nothing is enforced (auth is skipped for keys, NOPASSWD "
                        "and a fresh sudo timestamp)");
        }
}

static const PamType judged[] = { PAM_TYPE_AUTH, PAM_TYPE_ACCOUNT, PAM_TYPE_SESSION };

/* Reads the stacks of a service; false, and told, if they cannot be read. */
static bool read_stacks(
        const PamText *files, size_t n, const char *service, Judging *j, Findings *f)
{
        for (size_t i = 0; i < ELEMENTSOF(judged); i++) {
                j[i] = (Judging){ .type = judged[i], .findings = f };
                (void) snprintf(j[i].name, sizeof(j[i].name), "pam %s", service);
                if (pam_stack_read(files, n, service, judged[i], &j[i].stack) < 0) {
                        findings_add(f, FINDING_FAIL, j[i].name, "take the includes apart",
                                "its %s lines include each other without end",
                                pam_type_to_string(judged[i]));
                        return false;
                }
        }
        return true;
}

static void judge_gated(const char *service, Judging *j, const bool *has, Findings *ret)
{
        const char *name = j[0].name;
        size_t before = ret->n;

        for (size_t i = 0; i < ELEMENTSOF(judged); i++) {
                judge_type(&j[i]);
        }
        if (has[1] && !has[2]) {
                findings_add(ret, FINDING_WARN, name,
                        "add 'session required pam_jit.so' as the last session line",
                        "no session line: what was opened is not ended with the grant");
        }
        if (ret->n == before && has[1] && caller_find(service)->kind != CALLER_NEVER) {
                findings_add(ret, FINDING_OK, name, NULL,
                        "every user comes to its account and session lines, and a denial stands%s",
                        has[0] ? "; its auth line comes after the password" : "");
        }
        judge_caller(service, name, has[0], has[1], ret);
}

/* Whether the service has us at all. */
static bool judge_service(const PamText *files, size_t n, const char *service, Findings *ret)
{
        Judging j[ELEMENTSOF(judged)] = { 0 };
        bool has[ELEMENTSOF(judged)] = { false }, any = false;

        if (read_stacks(files, n, service, j, ret)) {
                for (size_t i = 0; i < ELEMENTSOF(judged); i++) {
                        has[i] = find_ours(&j[i].stack, 0) < j[i].stack.n;
                        any = any || has[i];
                }
        }
        if (any) {
                judge_gated(service, j, has, ret);
        }
        for (size_t i = 0; i < ELEMENTSOF(judged); i++) {
                pam_stack_done(&j[i].stack);
        }
        return any;
}

bool stack_gates(const PamText *files, size_t n, const char *service)
{
        _cleanup_(pam_stack_done) PamStack s = { 0 };

        return pam_stack_read(files, n, service, PAM_TYPE_ACCOUNT, &s) >= 0 &&
               find_ours(&s, 0) < s.n;
}

bool stack_is_fragment(const char *service)
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

bool stack_names(const PamText *files, size_t n, const char *service)
{
        for (size_t i = 0; i < ELEMENTSOF(judged); i++) {
                _cleanup_(pam_stack_done) PamStack s = { 0 };

                if (pam_stack_read(files, n, service, judged[i], &s) >= 0 &&
                        find_ours(&s, 0) < s.n) {
                        return true;
                }
        }
        return false;
}

void stack_judge(const PamText *files, size_t n, Findings *ret)
{
        _cleanup_(freep) bool *gated = must(calloc(n + 1, sizeof(*gated)));
        bool any = false;

        for (size_t i = 0; i < n; i++) {
                gated[i] = !stack_is_fragment(files[i].service) &&
                           judge_service(files, n, files[i].service, ret);
                any = any || gated[i];
        }
        judge_pair(files, n, gated, "sudo", "sudo-i", ret);
        judge_pair(files, n, gated, "su", "su-l", ret);
        if (!any) {
                findings_add(ret, FINDING_WARN, "pam", "gate one: jitctl enable sudo",
                        "no service has pam_jit.so: nothing is gated");
        }
}

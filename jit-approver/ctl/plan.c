/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * MUST: whatever would lock people out, as far as files, rules and the approver tell, is among the notes
 * before anything is written (H-106).
 */

#include "jit-approver/ctl/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/service.h"
#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/checker.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/grace.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/pam_edit.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/program.h"
#include "jit-approver/ctl/replace.h"
#include "jit-approver/ctl/roads.h"
#include "jit-approver/ctl/root.h"
#include "jit-approver/ctl/stack.h"

#define MODULE PAMMODDIR "/pam_jit.so"

void plan_done(Plan *p)
{
        for (size_t i = 0; i < p->n_files; i++) {
                free(p->files[i].before);
                free(p->files[i].after);
        }
        findings_done(&p->notes);
        *p = (Plan){ 0 };
}

static PamText *find_service(const Host *h, const char *service)
{
        for (size_t i = 0; i < h->n_pam; i++) {
                if (streq(h->pam[i].service, service)) {
                        return &h->pam[i];
                }
        }
        return NULL;
}

/* The text that the service has, wherever it is; the vendor's where there is none in /etc. */
static int file_load(const Host *h, const char *service, PlanFile *f)
{
        const PamText *known = find_service(h, service);

        (void) snprintf(f->path, sizeof(f->path), PLAN_PAM_DIR "/%s", service);
        int r = load_file(f->path, &f->before, NULL);
        if (r == -ENOENT && known) {
                f->made = true;
                f->before = must(strdup(known->text));
                return EXIT_DONE;
        }
        if (r == -ELOOP) {
                say("%s is a link; name the service that it leads to.", safe(f->path));
        } else if (r < 0) {
                say("Cannot read %s: %s.", safe(f->path), strerror(-r));
        }
        return r < 0 ? EXIT_ERROR : EXIT_DONE;
}

/* From now on the host's stacks are as they would be. */
static void host_put(Host *h, const char *service, const char *text)
{
        PamText *t = find_service(h, service);

        if (t) {
                free((char *) t->text);
                t->text = must(strdup(text));
        }
}

static int file_edit(Plan *p, Host *h, const char *service, PlanFile *f)
{
        _cleanup_(pam_added_done) PamAdded added = { 0 };
        const char *argument = *p->argument ? p->argument : NULL;
        bool gated = stack_gates(h->pam, h->n_pam, service);

        int r = pam_edit_add(h->pam, h->n_pam, f->before, argument, &added);
        if (r == -ENODATA) {
                say("%s has no account lines of its own: write the distribution's into it first.",
                        safe(f->path));
                return EXIT_ERROR;
        }
        if (r < 0) {
                must(NULL);
        }
        if (added.account && gated) {
                say("%s is gated already, by a file that it includes.", safe(f->path));
                return EXIT_ERROR;
        }
        f->after = TAKE_PTR(added.text);
        host_put(h, service, f->after);
        return EXIT_DONE;
}

static int plan_file(Plan *p, Host *h, const char *service)
{
        PlanFile *f = &p->files[p->n_files++];

        int r = file_load(h, service, f);
        return r == EXIT_DONE ? file_edit(p, h, service, f) : r;
}

/* A sibling that includes the service, or is a link to it, is gated with it. */
static int plan_files(Plan *p, Host *h)
{
        const char *sibling = service_sibling(p->service);
        char path[128];

        int r = plan_file(p, h, p->service);
        if (r != EXIT_DONE || !sibling || !find_service(h, sibling) ||
                stack_gates(h->pam, h->n_pam, sibling)) {
                return r;
        }
        (void) snprintf(path, sizeof(path), PLAN_PAM_DIR "/%s", sibling);
        char target[128];
        ssize_t n = readlink(path, target, sizeof(target) - 1);
        target[MAX(n, (ssize_t) 0)] = '\0';
        const char *slash = strrchr(target, '/');
        if (streq(slash ? slash + 1 : target, p->service)) {
                return EXIT_DONE;
        }
        return plan_file(p, h, sibling);
}

/* --- what speaks against it --- */

static void judge_approver(Plan *p, const Ctl *ctl)
{
        static const Field fields[] = { FIELD_REQUIRED(INTEGER, IdCall, version), FIELD_END };
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE, .quiet = true };
        IdCall call = { .version = PROTOCOL_VERSION };

        int r = call_open(&c, ctl);
        if (r == EXIT_DONE) {
                r = call_do(&c, "GetStatus", fields, &call);
        }
        if (r != EXIT_DONE || !c.reply.parameters) {
                p->unreachable = true;
                findings_add(&p->notes, FINDING_FAIL, "approver",
                        "systemctl enable --now jit-approver.socket", "%s", c.message);
        } else if (!node_boolean(c.reply.parameters, "rules_loaded")) {
                findings_add(&p->notes, FINDING_FAIL, "rules", "correct them, then: jitctl reload",
                        "no rules are loaded: everybody but root would be refused");
        }
}

static void judge_rules(Plan *p, const Ctl *ctl, const RulesSeen *rules)
{
        _cleanup_(checked_done) Checked c = { 0 };

        if (checker_run(ctl->config, &c) < 0 || !c.ok) {
                findings_add(&p->notes, FINDING_FAIL, "rules", "see jitctl check",
                        "the rules would not load at the approver's next start%s%s",
                        c.lines && c.lines[0] ? ": " : "", c.lines && c.lines[0] ? c.lines[0] : "");
        }
        if (!rules_seen_name(rules, p->service, false)) {
                findings_add(&p->notes, FINDING_FAIL, "rules", "write a rule, see approver.conf(5)",
                        "no rule names %s: everybody but root would be refused", p->service);
        }
}

/* Only what is said of these files: the others are as they were. */
static void judge_stacks(Plan *p, const Host *h)
{
        _cleanup_(findings_done) Findings all = { 0 };

        stack_judge(h->pam, h->n_pam, &all);
        for (size_t i = 0; i < all.n; i++) {
                const Finding *f = &all.items[i];

                for (size_t k = 0; k < p->n_files && f->state != FINDING_OK; k++) {
                        const char *slash = strrchr(p->files[k].path, '/');

                        if (strncmp(f->name, "pam ", 4) == 0 && streq(f->name + 4, slash + 1)) {
                                findings_add(
                                        &p->notes, f->state, f->name, f->fix, "%s", f->message);
                        }
                }
        }
}

static void judge_ways(Plan *p, const Host *h, const RulesSeen *rules)
{
        ways_find(h, rules, &p->ways);
        if (p->ways.n == 0) {
                findings_add(&p->notes, FINDING_FAIL, "lock-out",
                        "set root a password for the console (passwd root), or write a rule with "
                        "action = allow or break-glass for whoever must always get in",
                        "if nobody approves, nobody would become root here: root has no password, "
                        "and no rule and no service that is not gated leads there");
        }
        if (!h->socket_enabled) {
                findings_add(&p->notes, FINDING_FAIL, "lock-out",
                        "systemctl enable jit-approver.socket",
                        "jit-approver.socket is not enabled: after the next boot everybody but root "
                        "would be refused");
        }
        if (access(MODULE, R_OK) < 0) {
                findings_add(&p->notes, FINDING_FAIL, "module", "install it",
                        MODULE ": %s: PAM would refuse everybody, root too", strerror(errno));
        }
}

/* How long a login may take is sshd's to say; what its files say may be overridden. */
static void ask_sshd(Plan *p)
{
        static const char *const argv[] = { "sshd", "-T", NULL };
        _cleanup_(freep) char *text = NULL;
        Grace g;

        int r = program_run(argv, &text);
        grace_read(r == 0 ? text : "", &g);
        memcpy(p->argument, g.argument, sizeof(p->argument));
        if (r != 0 || !g.known) {
                findings_add(&p->notes, FINDING_FAIL, "sshd", "see sshd -T",
                        "sshd -T does not tell how sshd is set");
                return;
        }
        if (!g.use_pam) {
                findings_add(&p->notes, FINDING_FAIL, "sshd", "set UsePAM yes in sshd_config",
                        "UsePAM is no: sshd would ask nobody");
        }
        if (g.seconds == 0) {
                findings_add(&p->notes, FINDING_OK, "sshd", NULL,
                        "LoginGraceTime is without limit: %s", g.argument);
        } else {
                findings_add(&p->notes, FINDING_OK, "sshd", NULL, "LoginGraceTime is %lld s: %s",
                        (long long) g.seconds, g.argument);
        }
        findings_add(&p->notes, FINDING_OK, "sshd", NULL,
                g.keyboard
                        ? "UsePAM is %s, KbdInteractiveAuthentication yes: logins by it can be "
                          "asked and can wait"
                        : "UsePAM is %s, KbdInteractiveAuthentication no: a login can neither be "
                          "asked nor wait; it is refused with the request's id",
                g.use_pam ? "yes" : "no");
}

static int check_name(const char *service)
{
        if (!*service || *service == '.' || strchr(service, '/') || strlen(service) > 60) {
                return usage("'%s' is not the name of a service.", safe(service));
        }
        if (stack_is_fragment(service) || streq(service, "other")) {
                /* Cron, user managers and lock screens would stand behind it (H-28). */
                return usage(
                        "'%s' is there for other services; name the one to gate.", safe(service));
        }
        return EXIT_DONE;
}

int plan_make(const Ctl *ctl, const char *service, Plan *ret)
{
        _cleanup_(rules_seen_done) RulesSeen rules = { 0 };
        _cleanup_(host_done) Host host = { 0 };

        *ret = (Plan){ 0 };
        int r = check_name(service);
        if (r != EXIT_DONE) {
                return r;
        }
        (void) snprintf(ret->service, sizeof(ret->service), "%s", service_canonical(service));
        host_load(ROOT_HERE, ctl->config, &host);
        rules_seen_read(&host, &rules);
        if (!find_service(&host, ret->service)) {
                say("There is no service '%s' in " PLAN_PAM_DIR ".", safe(ret->service));
                return EXIT_NO;
        }
        if (streq(ret->service, "sshd")) {
                ask_sshd(ret);
        }
        r = plan_files(ret, &host);
        if (r == EXIT_DONE) {
                judge_approver(ret, ctl);
                judge_rules(ret, ctl, &rules);
                judge_stacks(ret, &host);
                judge_ways(ret, &host, &rules);
        }
        return r;
}

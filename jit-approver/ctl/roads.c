/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is a road: whoever may take it becomes root without pam_jit.so having been asked. Crontabs and
 * at jobs of users are none, they run as those users; nor is the group kvm, whose device makes guests.
 */

#include "jit-approver/ctl/roads.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/service.h"
#include "common/util.h"
#include "jit-approver/ctl/polkit.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/stack.h"
#include "jit-approver/ctl/sudoers.h"

typedef struct Roads {
        const Host *host;
        const RulesSeen *rules;
        Findings *findings;
} Roads;

/* ------------------------------------------------------------------------------ programs */

typedef struct RootProgram {
        const char *name;
        const char *services[2]; /* as which it asks PAM; none: it does not ask */
        const char *who;
} RootProgram;

static const RootProgram root_programs[] = {
        { "su", { "su", "su-l" }, "who knows root's password" },
        { "su-rs", { "su", "su-l" }, "who knows root's password" },
        { "sudo", { "sudo", "sudo-i" }, "whom sudoers lets" },
        { "sudo-rs", { "sudo", "sudo-i" }, "whom sudoers lets" },
        { "doas", { "doas", NULL }, "whom doas.conf lets" },
        { "please", { "please", NULL }, "whom please.ini lets" },
        { "calife", { "calife", NULL }, "whom calife.auth lets" },
        { "ksu", { NULL, NULL }, "whom root's .k5login lets" },
        { "super", { NULL, NULL }, "whom super.tab lets" },
};

static const RootProgram *find_program(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(root_programs); i++) {
                if (streq(root_programs[i].name, name)) {
                        return &root_programs[i];
                }
        }
        return NULL;
}

static void judge_program(Roads *r, const RootProgram *p)
{
        const char *service = p->services[0];
        bool named;
        char name[64];

        if (streq(p->name, "doas") && !host_doas_permits(r->host)) {
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(p->services); i++) {
                if (p->services[i] && host_gates(r->host, p->services[i])) {
                        return;
                }
        }
        (void) snprintf(name, sizeof(name), "road %s", p->name);
        if (!service) {
                findings_add(r->findings, FINDING_WARN, name,
                        "it cannot be gated: remove it, or take its setuid bit (chmod u-s)",
                        "%s becomes root unasked: it does not ask PAM", p->who);
                return;
        }
        named = rules_seen_name(r->rules, service, false);
        findings_add(r->findings, named ? FINDING_FAIL : FINDING_WARN, name,
                "gate it (jitctl enable SERVICE), or take its setuid bit (chmod u-s)",
                "%s becomes root unasked: /etc/pam.d/%s has no pam_jit.so account line%s", p->who,
                service, named ? ", though a rule names it" : "");
}

static bool matches(const char *name, const char *const *patterns, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (fnmatch(patterns[i], name, 0) == 0) {
                        return true;
                }
        }
        return false;
}

/* Interpreters, and what runs another program: setuid, they are a shell of root's. */
static bool is_shell(const char *name)
{
        static const char *const shells[] = { "sh", "*sh", "bash-*", "busybox*", "python*", "perl*",
                "ruby*", "lua*", "node", "php*", "awk", "gawk", "mawk", "vi", "vim*", "nvim",
                "nano", "emacs*", "ed", "less", "more", "find", "env", "cp", "mv", "dd", "tee",
                "cat", "chmod", "chown", "install", "tar", "rsync", "docker", "podman", "systemctl",
                "systemd-run", "nsenter", "unshare", "chroot", "setpriv", "runuser", "strace",
                "gdb", "gosu", "su-exec", "make", "git", "tmux", "socat", "nc", "nmap", "xargs",
                "time", "timeout", "nice", "nohup", "setsid", "stdbuf", "script" };
        static const char *const others[] = { "*ssh", "crash", "fish_*", "chsh", "wsh" };

        return matches(name, shells, ELEMENTSOF(shells)) &&
               !matches(name, others, ELEMENTSOF(others));
}

/* Setuid in every distribution, and for something else than a shell. */
static bool is_usual(const char *name)
{
        static const char *const usual[] = { "chfn", "chsh", "gpasswd", "mount", "umount", "newgrp",
                "sg", "passwd", "expiry", "chage", "fusermount*", "ping*", "traceroute*", "arping",
                "ssh-keysign", "at", "crontab", "ntfs-3g", "mount.*", "umount.*", "newuidmap",
                "newgidmap", "unix_chkpwd", "pam_timestamp_check", "exim4", "exim", "sendmail",
                "postdrop", "postqueue", "procmail", "screen*", "Xorg*", "pppd", "vmware-user*",
                "bwrap", "sudoedit", "sudoedit-rs", "visudo", "pkexec", "cockpit-session",
                "lppasswd", "grub2-set-bootflag", "usernetctl", "mtr*", "write", "wall", "staprun",
                "dbus-daemon-launch-helper", "snap-confine", "dumpcap", "kwin_wayland" };

        return find_program(name) || matches(name, usual, ELEMENTSOF(usual));
}

static void judge_programs(Roads *r)
{
        _cleanup_(freep) char *unknown = NULL;

        for (size_t i = 0; i < r->host->n_programs; i++) {
                const HostProgram *p = &r->host->programs[i];
                const RootProgram *known = find_program(p->name);

                if (!p->setuid) {
                        continue;
                }
                if (known) {
                        judge_program(r, known);
                } else if (is_shell(p->name)) {
                        findings_add(r->findings, FINDING_FAIL, "road setuid",
                                "take its setuid bit (chmod u-s) or its capabilities (setcap -r)",
                                "%s: whoever starts it is root", p->path);
                } else if (!is_usual(p->name)) {
                        list_add(&unknown, p->path, strlen(p->path));
                }
        }
        if (unknown) {
                findings_add(r->findings, FINDING_WARN, "road setuid",
                        "see what they let people do; chmod u-s or setcap -r takes it from them",
                        "they run as root, and doctor does not know what they are for: %s",
                        unknown);
        }
}

/* ------------------------------------------------------------------------------ sudoers */

/* Whether somebody means sudo to be gated. */
static bool sudo_is_meant(const Roads *r)
{
        return host_gates(r->host, "sudo") || host_gates(r->host, "sudo-i") ||
               rules_seen_name(r->rules, "sudo", false);
}

static void judge_sudo_service(Roads *r, const SudoSetting *s)
{
        if (!host_gates(r->host, s->value)) { /* and is it gated, lockout.c looks for its rule */
                findings_add(r->findings, FINDING_FAIL, "road sudo",
                        "take the setting out of sudoers, or gate that service",
                        "sudoers: %s=%s: sudo asks PAM as a service that has no pam_jit.so account "
                        "line",
                        s->name, s->value);
        }
}

static void judge_sudo_setting(Roads *r, const SudoSetting *s)
{
        static const char *const services[] = { "pam_service", "pam_login_service",
                "pam_askpass_service" };
        static const char fix[] = "take it out of sudoers (visudo)";

        for (size_t i = 0; i < ELEMENTSOF(services); i++) {
                if (streq(s->name, services[i]) && s->value &&
                        !streq(service_canonical(s->value), "sudo")) {
                        judge_sudo_service(r, s);
                }
        }
        if (s->on) {
                return;
        }
        if (streq(s->name, "pam_acct_mgmt")) {
                findings_add(r->findings, FINDING_FAIL, "road sudo", fix,
                        "sudoers: Defaults%s !pam_acct_mgmt: sudo never comes to the pam_jit.so "
                        "account line: nobody is asked",
                        s->scope);
        } else if (streq(s->name, "pam_session")) {
                findings_add(r->findings, FINDING_WARN, "road sudo", fix,
                        "sudoers: Defaults%s !pam_session: what sudo starts is not ended with its "
                        "grant",
                        s->scope);
        }
}

/* Of a switch that is set for everybody twice, the last counts. */
static bool is_overruled(const Sudoers *all, size_t at)
{
        const SudoSetting *s = &all->items[at];

        for (size_t i = at + 1; !s->value && !*s->scope && i < all->n; i++) {
                if (streq(all->items[i].name, s->name) && !*all->items[i].scope) {
                        return true;
                }
        }
        return false;
}

static void judge_sudoers(Roads *r)
{
        _cleanup_(sudoers_done) Sudoers all = { 0 };
        size_t at = 0;
        const Host *h = r->host;

        if ((!host_program(h, "sudo") && !host_program(h, "sudo-rs")) || !sudo_is_meant(r)) {
                return;
        }
        for (const char *t = host_text(h, HOST_SUDOERS, &at); t;
                t = host_text(h, HOST_SUDOERS, &at)) {
                sudoers_read(&all, t);
        }
        for (size_t i = 0; i < all.n; i++) {
                if (!is_overruled(&all, i)) {
                        judge_sudo_setting(r, &all.items[i]);
                }
        }
        at = 0;
        for (const char *s = host_text(h, HOST_NSSWITCH, &at); s; s = host_next_line(s)) {
                size_t n = strcspn(s, "\n#");

                if (strncmp(s, "sudoers:", 8) == 0 &&
                        (memmem(s, n, "sss", 3) || memmem(s, n, "ldap", 4))) {
                        findings_add(r->findings, FINDING_WARN, "road sudo",
                                "see there that neither !pam_acct_mgmt nor pam_service is set",
                                "sudoers also come from a directory (nsswitch.conf), where doctor "
                                "does not look");
                }
        }
}

/* ------------------------------------------------------------------------------ polkit */

static void judge_polkit(Roads *r)
{
        const HostProgram *pkexec = host_program(r->host, "pkexec");
        bool named = rules_seen_name(r->rules, "polkit-1", false);
        const Host *h = r->host;
        size_t at = 0;

        if (!h->polkitd) {
                return;
        }
        if (!host_gates(h, "polkit-1")) {
                findings_add(r->findings, named ? FINDING_FAIL : FINDING_WARN, "road polkit",
                        "gate /etc/pam.d/polkit-1 too, or forbid the actions by a rule, see polkit(8)",
                        "whom polkit takes for an administrator becomes root unasked, by %s%s%s",
                        pkexec ? "pkexec" : "", pkexec ? " and " : "",
                        host_program(h, "run0") ? "run0" : "systemd-run");
        }
        for (const char *t = host_text(h, HOST_ACTION, &at); t;
                t = host_text(h, HOST_ACTION, &at)) {
                for (const char *a = polkit_open_action(&t); a; a = polkit_open_action(&t)) {
                        findings_add(r->findings, FINDING_FAIL, "road polkit",
                                "make it auth_admin, see polkit(8)",
                                "%s: %s is allowed to everybody at this machine, without a password",
                                h->texts[at - 1].path, a);
                }
        }
        at = 0;
        for (const char *t = host_text(h, HOST_POLKIT, &at); t;
                t = host_text(h, HOST_POLKIT, &at)) {
                const char *action = polkit_rule_opens(t);

                if (action) {
                        findings_add(r->findings, FINDING_WARN, "road polkit",
                                "see whom it says yes to, and whether that is meant",
                                "%s may allow %s without a password", h->texts[at - 1].path,
                                action);
                }
        }
}

/* ------------------------------------------------------------------------------ groups and files */

static void judge_groups(Roads *r)
{
        static const struct {
                const char *name, *why;
        } groups[] = {
                { "docker", "its socket starts containers as root, with any folder in them" },
                { "lxd", "its socket starts containers as root, with any folder in them" },
                { "incus-admin", "its socket starts containers as root, with any folder in them" },
                { "microk8s", "its members start containers as root" },
                { "libvirt", "its members start machines with any of the host's disks" },
                { "disk", "its members read and write the disks themselves" },
        };

        for (size_t i = 0; i < ELEMENTSOF(groups); i++) {
                _cleanup_(freep) char *who = host_members(r->host, groups[i].name, NULL);
                char name[64];

                if (who) {
                        (void) snprintf(name, sizeof(name), "road %s", groups[i].name);
                        findings_add(r->findings, FINDING_WARN, name,
                                "take them out of the group (gpasswd -d), or count them as root",
                                "in the group %s: %s; %s", groups[i].name, who, groups[i].why);
                }
        }
}

static void judge_paths(Roads *r)
{
        static const char fix[] = "chown root, chmod go-w";

        for (size_t i = 0; i < r->host->n_paths; i++) {
                const HostPath *p = &r->host->paths[i];
                _cleanup_(freep) char *who = NULL;
                char gid[32];

                (void) snprintf(gid, sizeof(gid), "%u", (unsigned) p->group);
                who = p->group != 0 ? host_members(r->host, NULL, gid) : NULL;
                if (p->everyone || p->foreign) {
                        findings_add(r->findings, FINDING_FAIL, "road files", fix,
                                "%s: %s, and root runs or obeys it", p->path,
                                p->everyone ? "everybody may write it"
                                            : "it belongs to another than root");
                } else if (who) {
                        findings_add(r->findings, FINDING_WARN, "road files", fix,
                                "%s: %s may write it, and root runs or obeys it", p->path, who);
                }
        }
}

/* ------------------------------------------------------------------------------ sshd */

static void judge_sshd(Roads *r)
{
        char use[16];
        size_t at = 0;

        if (!host_program(r->host, "sshd") || !host_text(r->host, HOST_SSHD, &at)) {
                return;
        }
        host_sshd(r->host, "UsePAM", "no", use, sizeof(use));
        if (host_gates(r->host, "sshd")) {
                if (strcasecmp(use, "yes") != 0) {
                        findings_add(r->findings, FINDING_FAIL, "road sshd",
                                "set UsePAM yes in sshd_config",
                                "sshd is gated, but does not use PAM: nobody is asked for");
                }
        } else if (host_ssh_root(r->host)) {
                bool named = rules_seen_name(r->rules, "sshd", false);

                findings_add(r->findings, named ? FINDING_FAIL : FINDING_WARN, "road sshd",
                        "gate sshd too, or set PermitRootLogin no",
                        "root can be logged in by ssh, and /etc/pam.d/sshd has no pam_jit.so account "
                        "line");
        }
}

/* What could not be looked at, in one line: its cause is one. */
static bool tell_unseen(Roads *r)
{
        _cleanup_(freep) char *list = NULL;

        for (size_t i = 0; i < r->host->n_texts; i++) {
                const HostText *t = &r->host->texts[i];

                if (!t->text) {
                        list_add(&list, t->path, strlen(t->path));
                }
        }
        if (list) {
                findings_add(r->findings, FINDING_WARN, "roads",
                        "run it as root: sudo jitctl doctor",
                        "could not look at %s: nothing is known of what they say", list);
        }
        return list != NULL;
}

void roads_judge(const Host *h, const RulesSeen *rules, Findings *ret)
{
        Roads r = { h, rules, ret };
        size_t before = ret->n;

        if (!host_gates_any(h)) {
                return; /* every road is open, and stack_judge() said so */
        }
        judge_programs(&r);
        judge_sudoers(&r);
        judge_polkit(&r);
        judge_sshd(&r);
        judge_groups(&r);
        judge_paths(&r);
        if (!tell_unseen(&r) && ret->n == before) {
                findings_add(ret, FINDING_OK, "roads", NULL,
                        "no other road to root that doctor knows of");
        }
}

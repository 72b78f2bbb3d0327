/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* jitctl doctor: everything that must hold for access to be gated and nobody locked out. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/ctl/call.h"
#include "jit-approver/ctl/checker.h"
#include "jit-approver/ctl/doc.h"
#include "jit-approver/ctl/on_trial.h"
#include "jit-approver/ctl/options.h"
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/roads.h"
#include "jit-approver/ctl/root.h"
#include "jit-approver/ctl/stack.h"

#define MODULE PAMMODDIR "/pam_jit.so"

static const char *arg_pam_dir = NULL, *arg_root = NULL;

static const Option options[] = {
        { "pam-dir", OPTION_TEXT, &arg_pam_dir, "DIR", "judge these stacks, not /etc/pam.d" },
        { "root", OPTION_TEXT, &arg_root, "DIR", "judge the files of the host below it" },
        { NULL },
};

static void check_server(const Call *c, Findings *f)
{
        struct ucred peer = { .uid = UID_UNSET };
        socklen_t size = sizeof(peer);

        if (getsockopt(c->client.fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
                peer.uid = UID_UNSET;
        }
        if (peer.uid == 0) {
                findings_add(f, FINDING_OK, "server", NULL, "it runs as root");
        } else if (c->ctl->socket && peer.uid == geteuid()) {
                findings_add(f, FINDING_WARN, "server", "for trials only; install it for use",
                        "it runs as yourself (uid %u)", (unsigned) peer.uid);
        } else {
                findings_add(f, FINDING_FAIL, "server", "find out who listens on the socket",
                        "it runs as uid %u and not as root", (unsigned) peer.uid);
        }
}

static void check_versions(const JsonNode *status, Findings *f)
{
        static const char fix[] = "use jitctl and approver of one release";
        const char *version = str_or(node_text(status, "version"), "?");
        int64_t protocol = node_integer(status, "protocol", -1);

        if (protocol != PROTOCOL_VERSION) {
                findings_add(f, FINDING_WARN, "version", fix,
                        "the approver speaks protocol %lld, jitctl %d", (long long) protocol,
                        PROTOCOL_VERSION);
        } else if (!streq(version, PROJECT_VERSION)) {
                findings_add(f, FINDING_WARN, "version", fix, "the approver is %s, jitctl %s",
                        version, PROJECT_VERSION);
        } else {
                findings_add(f, FINDING_OK, "version", NULL, "%s, protocol %d", version,
                        PROTOCOL_VERSION);
        }
}

/* What to do about a problem of the rules. */
static const char *rules_fix(const char *problem)
{
        return strstr(problem, "the file does not exist")
                       ? "write it, see approver.conf(5); then: jitctl reload"
                       : "correct it, then: jitctl reload";
}

static void check_rules(const JsonNode *status, Findings *f)
{
        const JsonNode *problems = node_array(status, "problems");
        bool loaded = node_boolean(status, "rules_loaded");
        const JsonNode *n = problems ? json_first(problems) : NULL;
        FindingState state = loaded ? FINDING_WARN : FINDING_FAIL;

        if (loaded && !n) {
                findings_add(f, FINDING_OK, "rules", NULL, "loaded");
        } else if (!loaded && (!n || json_type(n) != JSON_STRING)) {
                findings_add(f, state, "rules", "see jitctl check, then: jitctl reload",
                        "not loaded: everything that needs a rule is refused");
        }
        for (; n; n = json_next(n)) {
                if (json_type(n) == JSON_STRING) {
                        findings_add(f, state, "rules", rules_fix(json_string(n)), "%s%s",
                                json_string(n),
                                loaded ? ": the rules from before are in force"
                                : n == json_first(problems)
                                        ? ": everything that needs a rule is refused"
                                        : "");
                }
        }
}

static void check_part(const JsonNode *status, const char *name, const char *fix, Findings *f)
{
        const char *state = node_text(status, name);

        if (state && (!*state || streq(state, "ok"))) {
                findings_add(f, FINDING_OK, name, NULL, "ok");
        } else {
                findings_add(f, FINDING_FAIL, name, fix, "%s", str_or(state, "unknown"));
        }
}

/* Whether those who are to decide can be told. */
static void check_channels(const JsonNode *status, Findings *f)
{
        const JsonNode *channels = node_array(status, "channels");

        for (const JsonNode *n = channels ? json_first(channels) : NULL; n; n = json_next(n)) {
                const char *name = str_or(node_text(n, "name"), "?");
                const char *state = str_or(node_text(n, "state"), "?");

                if (streq(state, "ok") || streq(state, "idle")) {
                        findings_add(f, FINDING_OK, "channel", NULL, "%s: %s", name, state);
                } else if (streq(state, "away")) {
                        findings_add(f, FINDING_WARN, "channel",
                                "see systemctl status jit-gateway; [channel] of gateway.conf must have it",
                                "%s: no gateway sends on it", name);
                } else {
                        findings_add(f, FINDING_WARN, "channel",
                                "see whether its receiver works; what is owed is tried again",
                                "%s: %s: %s", name, state,
                                str_or(node_text(n, "problem"), "no reason is known"));
                }
        }
}

/* What was opened without approval, and whether it still can be. */
static void check_urgent(const JsonNode *status, Findings *f)
{
        int64_t reviews = node_integer(status, "reviews", 0);
        int64_t codes = node_integer(status, "rescue_codes", -1);

        if (reviews > 0) {
                findings_add(f, FINDING_WARN, "reviews",
                        "a reviewer of the rule looks at it, and signs: jitctl review ID",
                        "opened without approval and not reviewed yet: %lld", (long long) reviews);
        }
        if (codes == 0) {
                findings_add(f, FINDING_WARN, "rescue", "make some: jitctl rescue-codes",
                        "a rule takes rescue codes, and there is none");
        } else if (codes > 0) {
                findings_add(f, FINDING_OK, "rescue", NULL, "codes left: %lld", (long long) codes);
        }
}

static void check_approver(const Ctl *ctl, Findings *f)
{
        static const Field fields[] = { FIELD_REQUIRED(INTEGER, IdCall, version), FIELD_END };
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE, .quiet = true };
        IdCall call = { .version = PROTOCOL_VERSION };

        if (call_open(&c, ctl) != EXIT_DONE) {
                findings_add(f, FINDING_FAIL, "socket",
                        "systemctl enable --now jit-approver.socket", "%s", c.message);
                return;
        }
        check_server(&c, f);
        int r = call_do(&c, "GetStatus", fields, &call);
        if (r != EXIT_DONE || !c.reply.parameters) {
                findings_add(f, FINDING_FAIL, "socket", "see journalctl -u jit-approver", "%s",
                        *c.message ? c.message : "The approver does not tell its status.");
                return;
        }
        findings_add(f, FINDING_OK, "socket", NULL, "the approver answers");
        check_versions(c.reply.parameters, f);
        check_rules(c.reply.parameters, f);
        check_part(c.reply.parameters, "store",
                "see journalctl -u jit-approver; of one that is damaged jitctl recover saves what it can: "
                "WHEN SOMETHING IS WRONG in jit-approver(8)",
                f);
        check_part(c.reply.parameters, "bus",
                "see systemctl status dbus; without the bus sessions cannot be ended", f);
        check_part(c.reply.parameters, "clock", "set the clock; see timedatectl", f);
        check_channels(c.reply.parameters, f);
        check_urgent(c.reply.parameters, f);
}

/* Whether the approver said the same of the rules that it has. */
static bool is_told(const Findings *f, const char *problem)
{
        for (size_t i = 0; i < f->n; i++) {
                if (strncmp(f->items[i].message, problem, strlen(problem)) == 0) {
                        return true;
                }
        }
        return false;
}

/* What a reload or a restart would meet. */
static void check_files(const Ctl *ctl, Findings *f)
{
        const char *path = str_or(ctl->config, SYSCONFDIR "/jit-approver/approver.conf");
        _cleanup_(checked_done) Checked c = { 0 };

        if (access(path, R_OK) < 0 && errno == EACCES) {
                findings_add(f, FINDING_WARN, "files", "run it as root: sudo jitctl doctor",
                        "could not look at the rules (%s): only root may read them", path);
                return;
        }
        int r = checker_run(ctl->config, &c);
        if (r < 0) {
                findings_add(f, FINDING_WARN, "files", "install jit-approver completely",
                        "the checker cannot be run: %s", strerror(-r));
                return;
        }
        for (size_t i = 0; c.lines && c.lines[i]; i++) {
                if (!is_told(f, c.lines[i])) {
                        findings_add(f, c.ok ? FINDING_WARN : FINDING_FAIL, "files",
                                strstr(c.lines[i], "the file does not exist")
                                        ? rules_fix(c.lines[i])
                                        : "correct it before the next restart; see jitctl check",
                                "%s", c.lines[i]);
                }
        }
        if (!c.lines) {
                findings_add(f, c.ok ? FINDING_OK : FINDING_FAIL, "files",
                        c.ok ? NULL : "run jit-approver --check by hand", "%s",
                        c.ok ? "the rule files would load" : "the checker failed");
        }
}

/* Whether a service of pam.d names us in any of its lines. */
static bool is_named(const PamText *files, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                if (stack_names(files, n, files[i].service)) {
                        return true;
                }
        }
        return false;
}

/* Linux-PAM refuses for a line whose module it cannot load, root too. */
static void check_module(int root_fd, const Host *h, bool named, Findings *f)
{
        struct stat st;
        int r = root_stat(root_fd, MODULE, &st);

        /* another host may have its modules elsewhere */
        for (char **m = h->modules; root_fd != ROOT_HERE && m && *m; m++) {
                r = streq(*m, "pam_jit.so") ? 0 : r;
        }
        if (r >= 0) {
                findings_add(f, FINDING_OK, "module", NULL,
                        root_fd == ROOT_HERE ? MODULE : "pam_jit.so is among its modules");
        } else {
                findings_add(f, FINDING_FAIL, "module",
                        named ? "install it, or take its lines out of /etc/pam.d" : "install it",
                        MODULE ": %s%s", strerror(-r),
                        named ? ": PAM refuses everybody where /etc/pam.d names it, root too" : "");
        }
}

/* One cause, one finding: without module and socket the rest follows. */
static bool is_installed(const Ctl *ctl, bool named, Findings *f)
{
        if (ctl->socket || named || access(MODULE, F_OK) == 0 ||
                access(PROTOCOL_SOCKET, F_OK) == 0 ||
                access("/usr/lib/systemd/system/jit-approver.socket", F_OK) == 0) {
                return true;
        }
        findings_add(f, FINDING_FAIL, "install",
                "install it: module, approver and units; then enable jit-approver.socket",
                "pam-jit is not installed on this host: there is neither " MODULE
                " nor a jit-approver.socket, so nothing is gated and nobody answers");
        return false;
}

/* What stands in /etc/pam.d and may not stay. */
static void check_trial(Findings *f)
{
        OnTrial t;

        on_trial_here(&t);
        on_trial_judge(&t, f);
}

/* The host's own files: PAM stacks, other roads to root, what locks out. */
static void check_host(int root_fd, const Ctl *ctl, Findings *f)
{
        _cleanup_(rules_seen_done) RulesSeen rules = { 0 };
        _cleanup_(host_done) Host host = { 0 };

        host_load(root_fd, ctl->config, &host);
        rules_seen_read(&host, &rules);
        bool named = is_named(host.pam, host.n_pam);
        if (root_fd == ROOT_HERE) {
                if (is_installed(ctl, named, f)) {
                        check_approver(ctl, f);
                        check_files(ctl, f);
                        check_module(root_fd, &host, named, f);
                }
                check_trial(f);
        } else {
                check_module(root_fd, &host, named, f);
        }
        if (host.n_pam > 0) {
                stack_judge(host.pam, host.n_pam, f);
        } else {
                findings_add(f, FINDING_FAIL, "pam",
                        geteuid() == 0 ? "see that /etc/pam.d is there and whole"
                                       : "run it as root: sudo jitctl doctor",
                        "there is no service in /etc/pam.d that could be read");
        }
        roads_judge(&host, &rules, f);
        lockout_judge(&host, &rules, f);
}

static void check_stacks(Findings *f)
{
        PamText *files = NULL;
        size_t n = 0;

        int r = stack_files_load(ROOT_HERE, &arg_pam_dir, 1, &files, &n);
        if (r < 0) {
                findings_add(f, FINDING_FAIL, "pam", "see that it is there and may be read",
                        "cannot read %s: %s", arg_pam_dir, strerror(-r));
                return;
        }
        stack_judge(files, n, f);
        stack_files_free(files, n);
}

static void print_finding(const Finding *i)
{
        static const Style styles[_FINDING_STATE_MAX] = { STYLE_GOOD, STYLE_WAIT, STYLE_BAD };

        (void) printf("%s%-4s%s  %-12s %s\n", style(stdout, styles[i->state]),
                finding_state_to_string(i->state), style(stdout, STYLE_PLAIN), safe(i->name),
                safe(i->message));
        if (i->fix && i->state != FINDING_OK) {
                (void) printf("                   -> %s\n", i->fix);
        }
}

static int print_json(const Findings *f)
{
        _cleanup_(freep) char *text = NULL;
        JsonWriter w = { 0 };

        json_open_object(&w, NULL);
        json_put_boolean(&w, "ok", !findings_has(f, FINDING_FAIL));
        json_open_array(&w, "checks");
        for (size_t i = 0; i < f->n; i++) {
                json_open_object(&w, NULL);
                json_put_string(&w, "name", safe(f->items[i].name));
                json_put_string(&w, "state", finding_state_to_string(f->items[i].state));
                json_put_string(&w, "message", safe(f->items[i].message));
                json_put_string(&w, "fix", f->items[i].fix);
                json_close_object(&w);
        }
        json_close_array(&w);
        json_close_object(&w);
        if (json_writer_finish(&w, &text, NULL) < 0) {
                say("Too many findings to write.");
                return EXIT_ERROR;
        }
        (void) puts(text);
        return EXIT_DONE;
}

static int check_all(const Ctl *ctl, Findings *f)
{
        _cleanup_(closep) int fd = -1;

        if (arg_pam_dir) { /* they are not this host's */
                check_approver(ctl, f);
                check_files(ctl, f);
                check_stacks(f);
                return EXIT_DONE;
        }
        if (!arg_root) {
                check_host(ROOT_HERE, ctl, f);
                return EXIT_DONE;
        }
        fd = root_open(ROOT_HERE, arg_root, O_PATH | O_DIRECTORY);
        if (fd < 0) {
                say("Cannot open '%s': %s.", safe(arg_root), strerror(-fd));
                return EXIT_ERROR;
        }
        check_host(fd, ctl, f);
        return EXIT_DONE;
}

static void print_all(const Findings *f)
{
        bool advice = false;

        for (size_t i = 0; i < f->n; i++) {
                print_finding(&f->items[i]);
                advice = advice || f->items[i].state != FINDING_OK;
        }
        if (advice && geteuid() != 0) {
                (void) puts(
                        "You are not root: what stands behind -> is for an administrator of this host.");
        }
}

static int run(const Ctl *ctl)
{
        _cleanup_(findings_done) Findings f = { 0 };

        if (arg_pam_dir && arg_root) {
                return usage("--pam-dir and --root do not go together.");
        }
        int r = check_all(ctl, &f);
        if (r == EXIT_DONE && ctl->json) {
                r = print_json(&f);
        } else if (r == EXIT_DONE) {
                print_all(&f);
        }
        return r == EXIT_DONE && findings_has(&f, FINDING_FAIL) ? EXIT_ERROR : r;
}

const Verb verb_doctor = {
        .name = "doctor",
        .synopsis = "[--pam-dir DIR|--root DIR]",
        .summary = "Find what is wrong with this installation",
        .notes =
                "Judges the approver, its rules, the PAM stacks that have pam_jit.so, the other roads\n"
                "to root on this host, and what could lock everybody out.\n"
                "Exit: 0 nothing fails, 1 something does.\n",
        .takes_config = true,
        .options = options,
        .run = run,
};

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
#include "jit-approver/ctl/print.h"
#include "jit-approver/ctl/stack.h"

#define PAM_DIR "/etc/pam.d"

static const char *arg_pam_dir = PAM_DIR;

static const Option options[] = {
        { "pam-dir", OPTION_TEXT, &arg_pam_dir, "DIR", "judge these stacks, not " PAM_DIR },
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

static void check_rules(const JsonNode *status, Findings *f)
{
        const JsonNode *problems = node_array(status, "problems");
        bool loaded = node_boolean(status, "rules_loaded");
        const JsonNode *first = problems ? json_first(problems) : NULL;

        if (loaded && !first) {
                findings_add(f, FINDING_OK, "rules", NULL, "loaded");
                return;
        }
        if (!loaded) {
                findings_add(f, FINDING_FAIL, "rules", "correct them, then: jitctl reload",
                        "not loaded: everything that needs a rule is refused");
        }
        for (const JsonNode *n = first; n; n = json_next(n)) {
                if (json_type(n) == JSON_STRING) {
                        findings_add(f, loaded ? FINDING_WARN : FINDING_FAIL, "rules",
                                "correct it, then: jitctl reload", "%s", json_string(n));
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

static void check_approver(const Ctl *ctl, Findings *f)
{
        static const Field fields[] = { FIELD_REQUIRED(INTEGER, IdCall, version), FIELD_END };
        _cleanup_(call_done) Call c = { .client = CLIENT_NONE, .quiet = true };
        IdCall call = { .version = PROTOCOL_VERSION };

        if (call_open(&c, ctl) != EXIT_DONE) {
                findings_add(f, FINDING_FAIL, "socket", "systemctl start jit-approver.socket", "%s",
                        c.message);
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
                "see journalctl -u jit-approver, and WHEN SOMETHING IS WRONG in jit-approver(8)",
                f);
        check_part(c.reply.parameters, "bus",
                "see systemctl status dbus; without the bus sessions cannot be ended", f);
        check_part(c.reply.parameters, "clock", "set the clock; see timedatectl", f);
        check_channels(c.reply.parameters, f);
}

/* What a reload or a restart would meet. */
static void check_files(const Ctl *ctl, Findings *f)
{
        _cleanup_(checked_done) Checked c = { 0 };

        int r = checker_run(ctl->config, &c);
        if (r < 0) {
                findings_add(f, FINDING_WARN, "files", "install jit-approver completely",
                        "the checker cannot be run: %s", strerror(-r));
                return;
        }
        for (size_t i = 0; c.lines && c.lines[i]; i++) {
                /* Not everybody may read the rules. */
                findings_add(f, c.ok || geteuid() != 0 ? FINDING_WARN : FINDING_FAIL, "files",
                        "correct it before the next restart; see jitctl check", "%s", c.lines[i]);
        }
        if (!c.lines) {
                findings_add(f, c.ok ? FINDING_OK : FINDING_FAIL, "files",
                        c.ok ? NULL : "run jit-approver --check by hand", "%s",
                        c.ok ? "the rule files would load" : "the checker failed");
        }
}

/* Linux-PAM refuses for a line whose module it cannot load, root too. */
static void check_module(Findings *f)
{
        static const char module[] = PAMMODDIR "/pam_jit.so";

        if (access(module, R_OK) < 0) {
                findings_add(f, FINDING_FAIL, "module",
                        "install it, or take its lines out of /etc/pam.d",
                        "%s: %s: PAM refuses everybody where it is named, root too", module,
                        strerror(errno));
        } else {
                findings_add(f, FINDING_OK, "module", NULL, "%s", module);
        }
}

static void check_stacks(Findings *f)
{
        PamText *files = NULL;
        size_t n = 0;

        int r = stack_files_load(arg_pam_dir, &files, &n);
        if (r < 0) {
                findings_add(f, FINDING_FAIL, "pam", "run doctor as root", "cannot read %s: %s",
                        arg_pam_dir, strerror(-r));
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

static int run(const Ctl *ctl)
{
        _cleanup_(findings_done) Findings f = { 0 };

        check_approver(ctl, &f);
        check_files(ctl, &f);
        if (streq(arg_pam_dir, PAM_DIR)) { /* others are not this host's */
                check_module(&f);
        }
        check_stacks(&f);
        if (ctl->json) {
                int r = print_json(&f);
                if (r != EXIT_DONE) {
                        return r;
                }
        } else {
                for (size_t i = 0; i < f.n; i++) {
                        print_finding(&f.items[i]);
                }
        }
        return findings_has(&f, FINDING_FAIL) ? EXIT_ERROR : EXIT_DONE;
}

const Verb verb_doctor = {
        .name = "doctor",
        .synopsis = "[--pam-dir DIR]",
        .summary = "Find what is wrong with this installation",
        .notes = "Judges the approver, its rules and the PAM stacks that have pam_jit.so.\n"
                 "Exit: 0 nothing fails, 1 something does.\n",
        .takes_config = true,
        .options = options,
        .run = run,
};

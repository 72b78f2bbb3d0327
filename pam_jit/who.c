/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Trusts the kernel (real uid, /proc/self) and, for what only they know, the host's PAM items; the
 * words of the command line are the asker's and are only shown and compared, never believed. MUST:
 * (1) real uid 0 exempts through sudo and su alone, PAM_USER "root" never does (H-110); (2) no name
 * is resolved here; (3) no environment; (4) every item may be NULL, endless or not text (H-42).
 */

#include "pam_jit/who.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/text.h"

#define NAME_MAX_BYTES 256
#define SERVICE_MAX_BYTES 64

static const char *const PHASE_NAMES[] = { "auth", "account", "session" };

static const Service SERVICES[] = {
        { "sudo", "sudo", HOST_SUDO, 5 * USEC_PER_MIN, false },
        { "sudo-i", "sudo", HOST_SUDO, 5 * USEC_PER_MIN, false },
        { "su", "su", HOST_SU, 5 * USEC_PER_MIN, false },
        { "su-l", "su", HOST_SU, 5 * USEC_PER_MIN, false },
        { "runuser", "runuser", HOST_SU, 5 * USEC_PER_MIN, false },
        { "runuser-l", "runuser", HOST_SU, 5 * USEC_PER_MIN, false },
        { "sshd", "sshd", HOST_SSHD, 75 * USEC_PER_SEC, false },
        { "login", "login", HOST_LOGIN, 45 * USEC_PER_SEC, false },
        /* What must never hang, nor put a question where nobody answers (H-28). */
        { "cron", "cron", HOST_OTHER, 0, true },
        { "crond", "crond", HOST_OTHER, 0, true },
        { "atd", "atd", HOST_OTHER, 0, true },
        { "systemd-user", "systemd-user", HOST_OTHER, 0, true },
        { "polkit-1", "polkit-1", HOST_OTHER, 0, true },
        { "cinnamon-screensaver", "cinnamon-screensaver", HOST_OTHER, 0, true },
        { "gnome-screensaver", "gnome-screensaver", HOST_OTHER, 0, true },
        { "gtklock", "gtklock", HOST_OTHER, 0, true },
        { "hyprlock", "hyprlock", HOST_OTHER, 0, true },
        { "i3lock", "i3lock", HOST_OTHER, 0, true },
        { "kde", "kde", HOST_OTHER, 0, true },
        { "kscreensaver", "kscreensaver", HOST_OTHER, 0, true },
        { "light-locker", "light-locker", HOST_OTHER, 0, true },
        { "mate-screensaver", "mate-screensaver", HOST_OTHER, 0, true },
        { "physlock", "physlock", HOST_OTHER, 0, true },
        { "swaylock", "swaylock", HOST_OTHER, 0, true },
        { "vlock", "vlock", HOST_OTHER, 0, true },
        { "xfce4-screensaver", "xfce4-screensaver", HOST_OTHER, 0, true },
        { "xlock", "xlock", HOST_OTHER, 0, true },
        { "xscreensaver", "xscreensaver", HOST_OTHER, 0, true },
        { "xsecurelock", "xsecurelock", HOST_OTHER, 0, true },
        /* Unknown ones: asked for under their own name, never blocked. */
        { "", "", HOST_OTHER, 0, false },
};

static const Service *service_find(const char *name)
{
        const Service *s = SERVICES;

        while (s->name[0] && !streq(s->name, name)) {
                s++;
        }
        return s;
}

static const char *item(pam_handle_t *pamh, int type)
{
        const void *value = NULL;

        if (pam_get_item(pamh, type, &value) != PAM_SUCCESS) {
                return NULL;
        }
        return value;
}

/* An item that is only shown or compared: NULL when empty; text in any case. */
static int shown_item(pam_handle_t *pamh, int type, const char **ret, char **ret_owned)
{
        const char *value = item(pamh, type);

        if (str_empty(value)) {
                return 0;
        }
        size_t n = strnlen(value, NAME_MAX_BYTES + 1);
        if (n > NAME_MAX_BYTES || !utf8_valid(value, n)) {
                *ret_owned = text_clean_dup(value, NAME_MAX_BYTES);
                if (!*ret_owned) {
                        return -ENOMEM;
                }
                value = *ret_owned;
        }
        *ret = value;
        return 0;
}

/* A name that decides: whole or not at all. */
static bool name_is_good(const char *name, size_t max)
{
        size_t n = name ? strnlen(name, max + 1) : 0;

        return n > 0 && n <= max && utf8_valid(name, n);
}

/* Who logged in first, kept by the kernel; unset where there is no audit or nobody did. */
static uid_t read_login_uid(void)
{
        char text[16];
        uid_t uid;

        ssize_t n = proc_read("/proc/self/loginuid", text, sizeof(text) - 1);
        if (n <= 0) {
                return UID_UNSET;
        }
        text[n] = '\0';
        return parse_uid(text, &uid) < 0 ? UID_UNSET : uid;
}

/* What sudo will do, as far as its words tell; w->sudo borrows from them. */
static void read_sudo(Who *w, const Options *options)
{
        Strings *words = &w->ask.command;

        sudo_argv_parse(words->items, words->n, &w->sudo);
        if (!w->cmdline.exact || (w->sudo.user && !name_is_good(w->sudo.user, NAME_MAX_BYTES)) ||
                (w->sudo.group && !name_is_good(w->sudo.group, NAME_MAX_BYTES))) {
                /* Flags seen before the cut still count against asking, nothing else does. */
                w->sudo.mode = SUDO_UNKNOWN;
                w->sudo.user = w->sudo.group = NULL;
        }
        switch (w->sudo.mode) {
        case SUDO_UNKNOWN:
                return;
        case SUDO_RUN:
                w->ask.mode = "run";
                words->items += w->sudo.command;
                words->n -= w->sudo.command;
                break;
        case SUDO_SHELL:
                w->ask.mode = "shell";
                break;
        case SUDO_LIST:
        case SUDO_VALIDATE:
        case SUDO_REMOVE:
                w->asks_nobody = true;
                w->ask.mode = "shell";
                break;
        }
        w->ask.target_group = w->sudo.group;
        if (w->sudo.user) {
                w->ask.target = w->sudo.user;
        } else if (w->sudo.group) {
                (void) snprintf(w->own_target, sizeof(w->own_target), "#%u", w->ask.asker);
                w->ask.target = w->own_target;
        } else {
                w->ask.target = options->target_default;
        }
}

static int read_caller(Who *w, const Options *options)
{
        if (w->service->kind != HOST_SUDO && w->service->kind != HOST_SU) {
                w->ask.target = w->ask.user;
                w->ask.mode = "shell";
                return 0;
        }
        w->ask.asker = getuid();
        w->ask.login_uid = read_login_uid();

        int r = cmdline_read(&w->cmdline);
        if (r < 0) {
                return r;
        }
        w->ask.command = w->cmdline.words;
        if (w->service->kind == HOST_SUDO) {
                read_sudo(w, options);
        } else {
                w->ask.target = w->ask.user;
                w->ask.mode = w->cmdline.exact ? "shell" : NULL;
        }
        return 0;
}

/* "tty1", "ttyS0", "/dev/tty1": a seat or a serial line; "pts/0" and "ssh" are not. */
static bool is_console(const char *tty)
{
        if (!tty) {
                return false;
        }
        tty = strncmp(tty, "/dev/", 5) == 0 ? tty + 5 : tty;
        return strncmp(tty, "tty", 3) == 0 && tty[3] != '\0';
}

/*
 * sudo may have become uid 0 for good before the session opens; what the item says then tells its
 * caller from root. An item that differs goes to the approver, who compares.
 */
static bool is_exempt(const Who *w, Phase phase)
{
        if ((w->service->kind != HOST_SUDO && w->service->kind != HOST_SU) || w->ask.asker != 0) {
                return false;
        }
        return phase != PHASE_SESSION || !w->ask.ruser || streq(w->ask.ruser, "root");
}

static int read_items(pam_handle_t *pamh, Who *w, const char **ret_why)
{
        const char *service = item(pamh, PAM_SERVICE), *user = item(pamh, PAM_USER);

        if (!name_is_good(service, SERVICE_MAX_BYTES)) {
                *ret_why = "PAM_SERVICE is missing or no name";
                return -EINVAL;
        }
        if (!name_is_good(user, NAME_MAX_BYTES)) {
                *ret_why = "PAM_USER is missing or no name";
                return -EINVAL;
        }
        w->service = service_find(service);
        w->ask.pam_service = service;
        w->ask.service = w->service->canonical[0] ? w->service->canonical : service;
        w->ask.user = user;

        int r = shown_item(pamh, PAM_RUSER, &w->ask.ruser, &w->ruser);
        if (r >= 0) {
                r = shown_item(pamh, PAM_TTY, &w->ask.tty, &w->tty);
        }
        if (r >= 0) {
                r = shown_item(pamh, PAM_RHOST, &w->ask.rhost, &w->rhost);
        }
        return r;
}

int who_read(
        pam_handle_t *pamh, Phase phase, const Options *options, Who *ret, const char **ret_why)
{
        *ret = (Who){
                .ask = { .asker = UID_UNSET, .login_uid = UID_UNSET, .phase = PHASE_NAMES[phase] },
        };
        *ret_why = "out of memory";

        int r = read_items(pamh, ret, ret_why);
        if (r < 0) {
                return r;
        }
        r = read_caller(ret, options);
        if (r < 0) {
                return r;
        }
        /* sshd and its like talk over a wire of their own. */
        ret->has_terminal =
                ret->ask.tty || ret->service->kind == HOST_SSHD || ret->service->kind == HOST_OTHER;
        ret->exempt = is_exempt(ret, phase);
        if (phase == PHASE_SESSION && !ret->exempt && ret->ask.asker == 0) {
                /* Our uid says nothing any more; the approver goes by what the item says. */
                ret->ask.asker = UID_UNSET;
        }
        ret->console_root =
                (ret->service->kind == HOST_LOGIN || ret->service->kind == HOST_OTHER) &&
                getuid() == 0 && streq(ret->ask.user, "root") && is_console(ret->ask.tty) &&
                !ret->ask.rhost;
        return 0;
}

void who_done(Who *w)
{
        cmdline_done(&w->cmdline);
        free(w->ruser);
        free(w->tty);
        free(w->rhost);
        *w = (Who){ 0 };
}

usec_t who_wait(const Who *w, const Options *options)
{
        if (w->service->wait == 0 || options->nowait || w->sudo.non_interactive ||
                !w->has_terminal) {
                return 0;
        }
        return options->wait == WAIT_DEFAULT ? w->service->wait : options->wait;
}

bool who_can_be_asked(const Who *w, const Options *options)
{
        if (!options->prompt || w->service->never_prompts) {
                return false;
        }
        switch (w->service->kind) {
        case HOST_SUDO:
                /*
                 * -S and -A would answer with a password; with -p sudo shows the asker's password
                 * prompt in place of ours, and so may get one. Unknown words may hide any of these.
                 */
                return w->has_terminal && w->sudo.mode != SUDO_UNKNOWN &&
                       !w->sudo.non_interactive && !w->sudo.from_stdin && !w->sudo.askpass &&
                       !w->sudo.own_prompt;
        case HOST_SU:
                /* su reads standard input: from a pipe it would take a line of somebody's data. */
                return w->has_terminal && isatty(STDIN_FILENO);
        case HOST_OTHER:
        case HOST_SSHD:
        case HOST_LOGIN:
                break;
        }
        return true;
}

bool who_obeys_silence(const Who *w)
{
        return w->service->kind != HOST_SUDO && w->service->kind != HOST_SU;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Policies are XML and are read as far as polkit's own files go. Rules are programs, which nobody runs
 * here: one that says yes, and names such an action or none at all, may open it.
 */

#include "jit-approver/ctl/polkit.h"

#include <ctype.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/ctl/print.h"

/* Who may do one of these unasked is root. */
static const char *const root_actions[] = {
        "org.freedesktop.policykit.exec",
        "org.freedesktop.systemd1.manage-units",
        "org.freedesktop.systemd1.manage-unit-files",
        "org.freedesktop.machine1.host-shell",
        "org.freedesktop.machine1.host-open-pty",
        "org.freedesktop.accounts.user-administration",
        "org.freedesktop.packagekit.package-install-untrusted",
        "org.libvirt.unix.manage",
};

/* Blanks lines that are comments. What else may be one stays: it is better told than missed. */
static void blank_comments(char *text)
{
        for (char *s = text; *s; s += *s == '\n') {
                size_t space = strspn(s, " \t"), n = strcspn(s, "\n");

                if (strncmp(s + space, "//", 2) == 0 || s[space] == '#') {
                        memset(s, ' ', n);
                }
                s += n;
        }
}

static const char *root_action(const char *id, size_t n)
{
        for (size_t i = 0; i < ELEMENTSOF(root_actions); i++) {
                if (strlen(root_actions[i]) == n && strncmp(root_actions[i], id, n) == 0) {
                        return root_actions[i];
                }
        }
        return NULL;
}

/* Whether <tag> holds just yes, within s[0..n). */
static bool says_yes(const char *s, size_t n, const char *tag)
{
        const char *at = memmem(s, n, tag, strlen(tag));

        if (!at) {
                return false;
        }
        at += strlen(tag);
        while (isspace((unsigned char) *at)) {
                at++;
        }
        return strncmp(at, "yes", 3) == 0 && (isspace((unsigned char) at[3]) || at[3] == '<');
}

const char *polkit_open_action(const char **at)
{
        static const char head[] = "<action id=";
        static const char *const tags[] = { "<allow_any>", "<allow_inactive>", "<allow_active>" };

        for (const char *s = strstr(*at, head); s; s = strstr(*at, head)) {
                const char *quote = s + strlen(head);
                const char *id = quote + (*quote == '"' || *quote == '\'');
                const char *end = strstr(id, "</action>");
                const char *action = root_action(id, strcspn(id, "\"'<"));
                size_t n = end ? (size_t) (end - id) : strlen(id);

                *at = id;
                for (size_t i = 0; action && i < ELEMENTSOF(tags); i++) {
                        if (says_yes(id, n, tags[i])) {
                                return action;
                        }
                }
        }
        return NULL;
}

/* Whether the first n characters are the id, or its beginning up to a dot. */
static bool begins_action(const char *s, size_t n, const char *id)
{
        return n >= 4 && strncmp(s, id, n) == 0 && (s[n - 1] == '.' || id[n] == '.' || !id[n]);
}

/* An action that is spelled in quotes, or by a word of its own. */
static const char *named_in(const char *text)
{
        static const char *const parts[] = { "policykit.exec", "systemd1", "systemd1", "machine1",
                "machine1", "accounts.user-administration", "install-untrusted", "libvirt.unix" };

        for (size_t i = 0; i < ELEMENTSOF(root_actions); i++) {
                if (strstr(text, parts[i])) {
                        return root_actions[i];
                }
        }
        for (const char *s = strpbrk(text, "\"'="); s; s = strpbrk(s + 1, "\"'=")) {
                size_t n = strcspn(s + 1, "\"'*;\n");

                for (size_t i = 0; i < ELEMENTSOF(root_actions); i++) {
                        if (begins_action(s + 1, n, root_actions[i])) {
                                return root_actions[i];
                        }
                }
        }
        return NULL;
}

static bool has_result_yes(const char *text)
{
        static const char *const keys[] = { "ResultActive=yes", "ResultAny=yes",
                "ResultInactive=yes" };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (strstr(text, keys[i])) {
                        return true;
                }
        }
        return strstr(text, "Result.YES") != NULL;
}

const char *polkit_rule_opens(const char *text)
{
        _cleanup_(freep) char *copy = must(strdup(text));
        const char *action;

        blank_comments(copy);
        if (!has_result_yes(copy)) {
                return NULL;
        }
        action = named_in(copy);
        if (action) {
                return action;
        }
        return strstr(copy, "action.id") || (strstr(copy, "Action=") && !strstr(copy, "Action=*"))
                       ? NULL
                       : "every action";
}

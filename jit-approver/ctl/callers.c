/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * By the programs' own sources. MUST: a program is CALLER_ALWAYS only if no way in goes past
 * pam_acct_mgmt(3); what nobody looked up stays out of the table.
 */

#include "jit-approver/ctl/callers.h"

#include <fnmatch.h>
#include <stddef.h>

#include "common/macro.h"

#define AUTH_ONLY "it unlocks after auth and never calls account"
#define IGNORES "it calls account and does not heed the answer"

static const Caller callers[] = {
        { "runuser", CALLER_NEVER, "it is root's, and calls neither auth nor account" },
        { "runuser-l", CALLER_NEVER, "it is root's, and calls neither auth nor account" },
        { "passwd", CALLER_NEVER, "it changes passwords and calls neither auth nor account" },
        { "chpasswd", CALLER_NEVER, "it changes passwords and calls neither auth nor account" },
        { "newusers", CALLER_NEVER, "it changes passwords and calls neither auth nor account" },
        { "i3lock", CALLER_NEVER, AUTH_ONLY },
        { "swaylock", CALLER_NEVER, AUTH_ONLY },
        { "gtklock", CALLER_NEVER, AUTH_ONLY },
        { "hyprlock", CALLER_NEVER, AUTH_ONLY },
        { "waylock", CALLER_NEVER, AUTH_ONLY },
        { "kde", CALLER_NEVER, AUTH_ONLY },
        { "kde-*", CALLER_NEVER, AUTH_ONLY },
        { "screen", CALLER_NEVER, AUTH_ONLY },
        { "webpass", CALLER_NEVER, "it lets people in after auth and never calls account" },
        { "gnome-screensaver", CALLER_NEVER, IGNORES },
        { "mate-screensaver", CALLER_NEVER, IGNORES },
        { "cinnamon-screensaver", CALLER_NEVER, IGNORES },
        { "xscreensaver", CALLER_SOMETIMES, "how it was built decides whether it heeds account" },
        { "samba", CALLER_SOMETIMES,
                "it calls account only with 'obey pam restrictions = yes' in smb.conf" },
        { "squid", CALLER_SOMETIMES, "its helper with -o does not call account" },
        /* sudo: unless sudoers says !pam_acct_mgmt; sshd: with UsePAM. roads.c looks. */
        { "sudo", CALLER_ALWAYS, NULL },
        { "sudo-i", CALLER_ALWAYS, NULL },
        { "su", CALLER_ALWAYS, NULL },
        { "su-l", CALLER_ALWAYS, NULL },
        { "doas", CALLER_ALWAYS, NULL },
        { "polkit-1", CALLER_ALWAYS, NULL },
        { "sshd", CALLER_ALWAYS, NULL },
        { "login", CALLER_ALWAYS, NULL },
        { "remote", CALLER_ALWAYS, NULL },
        { "cron", CALLER_ALWAYS, NULL },
        { "crond", CALLER_ALWAYS, NULL },
        { "atd", CALLER_ALWAYS, NULL },
        { "systemd-user", CALLER_ALWAYS, NULL },
        { "systemd-run0", CALLER_ALWAYS, NULL },
        { "chfn", CALLER_ALWAYS, NULL },
        { "chsh", CALLER_ALWAYS, NULL },
        { "gdm-*", CALLER_ALWAYS, NULL },
        { "lightdm", CALLER_ALWAYS, NULL },
        { "sddm", CALLER_ALWAYS, NULL },
        { "greetd", CALLER_ALWAYS, NULL },
        { "cockpit", CALLER_ALWAYS, NULL },
        { "xrdp-sesman", CALLER_ALWAYS, NULL },
        { "vsftpd", CALLER_ALWAYS, NULL },
        { "dovecot", CALLER_ALWAYS, NULL },
};

const Caller *caller_find(const char *service)
{
        static const Caller unknown = { "", CALLER_UNKNOWN, NULL };

        for (size_t i = 0; i < ELEMENTSOF(callers); i++) {
                if (fnmatch(callers[i].service, service, 0) == 0) {
                        return &callers[i];
                }
        }
        return &unknown;
}

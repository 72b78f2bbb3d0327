/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A policy plugin for the real sudo (sudo_plugin(5)) that says how sudo understood its command line
 * and then refuses. One line, fields parted by US (0x1f): kind, runas user, runas group, the flags
 * that make a shell or alter the command, the number of variables, then the words.
 */

#include <string.h>
#include <sudo_plugin.h>

#include "common/macro.h"

static sudo_printf_t say;
static const char *user, *group;
static bool shell, edit;

static const char *setting(const char *s, const char *name)
{
        size_t n = strlen(name);

        return strncmp(s, name, n) == 0 && s[n] == '=' ? s + n + 1 : NULL;
}

static int probe_open(unsigned version, sudo_conv_t conversation, sudo_printf_t plugin_printf,
        char *const settings[], char *const user_info[], char *const user_env[],
        char *const plugin_options[], const char **errstr)
{
        say = plugin_printf;
        for (char *const *s = settings; *s; s++) {
                user = setting(*s, "runas_user") ? setting(*s, "runas_user") : user;
                group = setting(*s, "runas_group") ? setting(*s, "runas_group") : group;
                shell |= setting(*s, "run_shell") || setting(*s, "login_shell") ||
                         setting(*s, "implied_shell") || setting(*s, "preserve_environment") ||
                         setting(*s, "cmnd_chroot") || setting(*s, "cmnd_cwd") ||
                         setting(*s, "selinux_role") || setting(*s, "selinux_type");
                edit |= setting(*s, "sudoedit") != NULL;
        }
        return 1;
}

static void report(const char *kind, int n_env, int argc, char *const argv[])
{
        say(SUDO_CONV_INFO_MSG, "%s\x1f%s\x1f%s\x1f%s\x1f%d", kind, user ? user : "",
                group ? group : "", shell || edit ? "shell" : "", n_env);
        for (int i = 0; i < argc; i++) {
                say(SUDO_CONV_INFO_MSG, "\x1f%s", argv[i]);
        }
        say(SUDO_CONV_INFO_MSG, "\n");
}

static int probe_check(int argc, char *const argv[], char *env_add[], char **command_info[],
        char **argv_out[], char **user_env_out[], const char **errstr)
{
        int n = 0;

        while (env_add && env_add[n]) {
                n++;
        }
        report("run", n, argc, argv);
        return 0;
}

static int probe_list(
        int argc, char *const argv[], int verbose, const char *list_user, const char **errstr)
{
        report("list", 0, argc, argv);
        return 1;
}

static int probe_validate(const char **errstr)
{
        report("validate", 0, 0, NULL);
        return 1;
}

static void probe_invalidate(int remove)
{
        report(remove ? "remove" : "invalidate", 0, 0, NULL);
}

static int probe_version(int verbose)
{
        report("version", 0, 0, NULL);
        return 1;
}

_public_ struct policy_plugin sudo_probe = {
        .type = SUDO_POLICY_PLUGIN,
        .version = SUDO_API_VERSION,
        .open = probe_open,
        .show_version = probe_version,
        .check_policy = probe_check,
        .list = probe_list,
        .validate = probe_validate,
        .invalidate = probe_invalidate,
};

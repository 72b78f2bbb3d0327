/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a host's files come to, for all who judge it (roads, lockout, ways). Pure. */

#include "jit-approver/ctl/host.h"

/* Whether the service's account lines name the gate. */
bool host_gates(const Host *h, const char *service);
/* Whether any does. */
bool host_gates_any(const Host *h);
/* The first value of a key of sshd_config, as it is written, cut to size; otherwise where it is not set. */
void host_sshd(const Host *h, const char *key, const char *otherwise, char *out, size_t size);
/* Whether root has a password to log in with; UNKNOWN where shadow could not be read. */
Ternary host_root_password(const Host *h);
/* Whether root can be logged in by ssh, be it by a key or by password. */
bool host_ssh_root(const Host *h);
/* Whether a line of doas.conf permits something: without one doas refuses everybody. */
bool host_doas_permits(const Host *h);
/* Who but root is in a group, by its name or (group NULL) its number, as a list; the caller frees. NULL: nobody. */
char *host_members(const Host *h, const char *group, const char *gid);

/* The line behind this one; NULL: it was the last. */
const char *host_next_line(const char *s);
/* Appends a name to a list with commas (NULL: empty), unless it is there; the caller frees the list. */
void list_add(char **list, const char *name, size_t n);

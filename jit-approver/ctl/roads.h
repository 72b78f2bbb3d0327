/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The roads to root that go round the gate, and what can lock everybody out. Pure: a host's files in,
 * findings out. Neither is ever called sound where something could not be looked at.
 */

#include "jit-approver/ctl/finding.h"
#include "jit-approver/ctl/host.h"
#include "jit-approver/ctl/rules_seen.h"

void roads_judge(const Host *h, const RulesSeen *rules, Findings *ret);
void lockout_judge(const Host *h, const RulesSeen *rules, Findings *ret);

/* Whether the service's account lines name the gate. */
bool host_gates(const Host *h, const char *service);
/* Whether any does. */
bool host_gates_any(const Host *h);
/* "PermitRootLogin" of sshd_config, lower case, into out; the default where it is not set. */
void host_sshd(const Host *h, const char *key, const char *otherwise, char *out, size_t size);
/* Whether root has a password to log in with; UNKNOWN where shadow could not be read. */
Ternary host_root_password(const Host *h);
/* Whether root can be logged in by ssh: never, only by key, or by password as well. */
bool host_ssh_root(const Host *h);

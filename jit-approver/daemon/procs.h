/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The processes of a unit, as /proc tells: for the signals that systemd cannot send for us (to all but
 * one), and for all of them when it cannot be asked. Needs CAP_KILL and nothing else.
 */

#include <sys/types.h>

#include "common/macro.h"

/* In clock ticks since boot, so that (pid, start) names one process. -ESRCH: gone. */
int process_start(pid_t pid, int64_t *ret);

/*
 * Whether it looks like a part of the host itself, a child of the same name: the monitor that sudo
 * keeps beside a pseudo-terminal. Anybody may call himself so.
 */
bool process_is_helper(pid_t pid, pid_t host);

/* Whether a cgroup of the process, or one above it, is that of the unit; false if it is gone. */
bool process_is_in(pid_t pid, const char *unit);

/* The same question of the text of /proc/PID/cgroup. */
bool cgroup_names(const char *text, const char *unit);

/* All that are in it; the list is the caller's to free. */
int unit_scan(const char *unit, pid_t **ret, size_t *ret_n);

/* Sends the signal only if what has that pid now is in the unit. A gone process is success. */
int process_kill_in(pid_t pid, const char *unit, int signal);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who a local caller is: the credentials of connect(2) (SO_PEERCRED) and the login uid of that very
 * process, read under a pidfd so that a recycled pid cannot stand in for it (hazard H-44).
 */

#include <sys/types.h>

#include "common/util.h"

typedef struct Peer {
        pid_t pid;
        uid_t uid;
        gid_t gid;
} Peer;

/* -EPERM for uids and pids that are not of this machine (overflow uid, pid 0 of a foreign namespace; H-47). */
int proof_peer(int fd, Peer *ret);

/*
 * The login uid of the process that connected, UID_UNSET where none is set. -ESRCH when that process
 * is gone or cannot be told from another: then it proves nothing. Uses SO_PEERPIDFD where there is one.
 */
int proof_login_uid(int fd, const Peer *peer, uid_t *ret);

/*
 * The login session (audit session id) of that process likewise, SESSION_UNSET where there is none. Unlike
 * logind's it cannot be left: every process keeps that of its parent (hazard H-45).
 */
#define SESSION_UNSET ((int64_t) -1)
int proof_login_session(int fd, const Peer *peer, int64_t *ret);

/* A process's start time in clock ticks since boot. -ESRCH. */
int proof_start_time(pid_t pid, int64_t *ret);

/* The kernel's boot id and the machine id, 36 and 32 characters. out[40]. */
int proof_boot_id(char out[static 40]);
int proof_machine_id(char out[static 40]);

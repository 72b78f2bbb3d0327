/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who a local caller is. Credentials are those of connect(2), kept by the kernel. What else is known of
 * the process is read from /proc by its pid, which may have been given to another process since.
 *
 * MUST: look whether the process still lives after reading of it, by a pidfd: if it does, its pid was
 * its own all the while. Nothing may be authorised by a pid alone (hazard H-44).
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "jit-approver/daemon/proof.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

#define PROC_FILE_MAX ((size_t) 16384) /* status lists up to some thousand groups; it may be cut */
#define STAT_START_TIME 22             /* proc_pid_stat(5) counts from 1 */

int proof_peer(int fd, Peer *ret)
{
        struct ucred peer;
        socklen_t size = sizeof(peer);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
                return -errno;
        }
        if (size != sizeof(peer)) {
                return -EPROTO;
        }
        /* Of a user or pid namespace that is not ours: such a caller has no account here (H-47). */
        if (peer.pid <= 0 || !uid_is_mapped(peer.uid)) {
                return -EPERM;
        }
        *ret = (Peer){ .pid = peer.pid, .uid = peer.uid, .gid = peer.gid };
        return 0;
}

/* The start of a file of /proc, NUL-ended. */
static int read_start(int dir_fd, const char *name, char *out, size_t size)
{
        _cleanup_(closep) int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        size_t done = 0;

        if (fd < 0) {
                return -errno;
        }
        while (done < size - 1) {
                ssize_t n = read(fd, out + done, size - 1 - done);

                if (n < 0 && errno == EINTR) {
                        continue;
                }
                if (n < 0) {
                        return -errno;
                }
                if (n == 0) {
                        break;
                }
                done += (size_t) n;
        }
        out[done] = '\0';
        return 0;
}

/* Opens /proc/PID. -ESRCH. */
static int open_proc(pid_t pid)
{
        char path[sizeof("/proc/") + 3 * sizeof(pid_t)];
        int fd;

        if (pid <= 0) {
                return -ESRCH;
        }
        (void) snprintf(path, sizeof(path), "/proc/%d", (int) pid);
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0) {
                return errno == ENOENT ? -ESRCH : -errno;
        }
        return fd;
}

/* A pidfd of the process that connected; *ret_exact false: of the one that has its pid now. */
static int peer_pidfd(int fd, const Peer *peer, bool *ret_exact)
{
        int pidfd = -1;
        socklen_t size = sizeof(pidfd);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0) {
                *ret_exact = true;
                return pidfd;
        }
        switch (errno) {
        case ENOPROTOOPT: /* an older kernel */
                break;
        case EINVAL: /* reaped, before Linux 6.15 or so */
        case ENODATA:
                return -ESRCH;
        default:
                return -errno;
        }
        pidfd = pidfd_open(peer->pid, 0);
        if (pidfd < 0) {
                return errno == EINVAL ? -ESRCH : -errno;
        }
        *ret_exact = false;
        return pidfd;
}

/* -ESRCH once it has ended, reaped or not. */
static int check_alive(int pidfd)
{
        struct pollfd pfd = { .fd = pidfd, .events = POLLIN };
        int r;

        do {
                r = poll(&pfd, 1, 0);
        } while (r < 0 && errno == EINTR);
        if (r < 0) {
                return -errno;
        }
        return r > 0 ? -ESRCH : 0;
}

/* Whether one of the real, effective, saved and file system uids is uid: it may have changed since connect(2). */
static int check_uid(int proc, uid_t uid)
{
        char status[PROC_FILE_MAX];
        const char *at;
        int r;

        r = read_start(proc, "status", status, sizeof(status));
        if (r < 0) {
                return r;
        }
        /* The name in the first line is escaped, so it has no newline of its own. */
        at = strstr(status, "\nUid:\t");
        if (!at) {
                return -EBADMSG;
        }
        at += strlen("\nUid:");
        for (int i = 0; i < 4; i++) {
                char *end;
                unsigned long value = strtoul(at, &end, 10);

                if (end == at || (*end != '\t' && *end != '\n')) {
                        return -EBADMSG;
                }
                if (value == uid) {
                        return 0;
                }
                at = end;
        }
        return -ESRCH;
}

/* A number of the kernel's audit, of which all ones is none. */
static int read_audit(int proc, const char *name, uint32_t *ret)
{
        char text[32];
        uint64_t value;
        int r;

        r = read_start(proc, name, text, sizeof(text));
        if (r == -ENOENT) {
                /* A kernel without audit has no login uids; one that hides the process shows nothing of it. */
                if (faccessat(proc, "stat", F_OK, 0) < 0) {
                        return -EACCES;
                }
                *ret = UINT32_MAX;
                return 0;
        }
        if (r < 0) {
                return r;
        }
        text[strcspn(text, "\n")] = '\0';
        if (parse_u64(text, UINT32_MAX, &value) < 0) {
                return -EBADMSG;
        }
        *ret = (uint32_t) value;
        return 0;
}

/* Of the very process that connected, and not of one that has its pid now. */
static int peer_audit(int fd, const Peer *peer, const char *name, uint32_t *ret)
{
        _cleanup_(closep) int pidfd = -1, proc = -1;
        bool exact = false;
        uint32_t value = UINT32_MAX;
        int r, alive;

        pidfd = peer_pidfd(fd, peer, &exact);
        if (pidfd < 0) {
                return pidfd;
        }
        proc = open_proc(peer->pid);
        r = proc < 0 ? proc : read_audit(proc, name, &value);
        if (r >= 0 && !exact) {
                r = check_uid(proc, peer->uid);
        }
        alive = check_alive(pidfd);
        if (alive < 0) {
                return alive;
        }
        if (proc == -ESRCH || r == -EPERM) {
                return -EACCES; /* it lives and is hidden from us (hidepid=, ProtectProc=) */
        }
        if (r < 0) {
                return r;
        }
        *ret = value;
        return 0;
}

int proof_login_uid(int fd, const Peer *peer, uid_t *ret)
{
        uint32_t value;
        int r = peer_audit(fd, peer, "loginuid", &value);

        if (r >= 0) {
                *ret = (uid_t) value;
        }
        return r;
}

int proof_login_session(int fd, const Peer *peer, int64_t *ret)
{
        uint32_t value;
        int r = peer_audit(fd, peer, "sessionid", &value);

        if (r >= 0) {
                *ret = value == UINT32_MAX ? SESSION_UNSET : (int64_t) value;
        }
        return r;
}

/* Of "PID (NAME) S ...": NAME may hold spaces and brackets itself, so the last bracket ends it (CVE-2017-1000367). */
static int stat_field(char *stat, int field, int64_t *ret)
{
        char *at = strrchr(stat, ')'), *rest = NULL, *word = NULL;
        uint64_t value;

        if (!at) {
                return -EBADMSG;
        }
        rest = at + 1;
        for (int i = 3; i <= field; i++) {
                word = strtok_r(i == 3 ? rest : NULL, " \n", &at);
                if (!word) {
                        return -EBADMSG;
                }
        }
        if (parse_u64(word, INT64_MAX, &value) < 0) {
                return -EBADMSG;
        }
        *ret = (int64_t) value;
        return 0;
}

int proof_start_time(pid_t pid, int64_t *ret)
{
        _cleanup_(closep) int proc = open_proc(pid);
        char text[4096];
        int r;

        if (proc < 0) {
                return proc;
        }
        r = read_start(proc, "stat", text, sizeof(text));
        if (r < 0) {
                return r == -ENOENT ? -ESRCH : r;
        }
        return stat_field(text, STAT_START_TIME, ret);
}

int proof_boot_id(char out[static 40])
{
        sd_id128_t id;
        int r;

        r = sd_id128_get_boot(&id);
        if (r < 0) {
                return r;
        }
        (void) snprintf(out, 40, SD_ID128_UUID_FORMAT_STR, SD_ID128_FORMAT_VAL(id));
        return 0;
}

int proof_machine_id(char out[static 40])
{
        sd_id128_t id;
        int r;

        r = sd_id128_get_machine(&id);
        if (r < 0) {
                return r;
        }
        (void) snprintf(out, 40, SD_ID128_FORMAT_STR, SD_ID128_FORMAT_VAL(id));
        return 0;
}

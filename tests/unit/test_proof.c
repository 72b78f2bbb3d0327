/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Some of it takes root (foreign namespaces, recycled pids); what does not is tried by anybody. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit-approver/daemon/proof.h"

#define PEERPIDFD 77

/* A process that connects to us and then waits for a byte, or for being killed. */
typedef struct Caller {
        pid_t pid;
        int fd;      /* our end */
        int control; /* closing it lets the caller end */
} Caller;

static int listen_somewhere(struct sockaddr_un *address, socklen_t *size)
{
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        ck_assert_int_ge(fd, 0);
        *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
        /* autobind: an abstract name that is free, gone with the socket */
        ck_assert_int_eq(bind(fd, (struct sockaddr *) address, sizeof(sa_family_t)), 0);
        *size = sizeof(*address);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *) address, size), 0);
        ck_assert_int_eq(listen(fd, 5), 0);
        return fd;
}

static void set_login_uid(const char *uid)
{
        int fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, uid, strlen(uid)) < 0) {
                _exit(2);
        }
        (void) close(fd);
}

/* uid UID_UNSET: our own. keeper: a child of the caller keeps the connection open after it. */
static Caller call(uid_t uid, const char *login_uid, bool keeper)
{
        struct sockaddr_un address;
        int control[2], listening;
        socklen_t size;
        Caller c;
        char byte;

        listening = listen_somewhere(&address, &size);
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control), 0);
        c.pid = fork();
        ck_assert_int_ge(c.pid, 0);
        if (c.pid == 0) {
                int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

                (void) close(control[0]);
                if (login_uid) {
                        set_login_uid(login_uid);
                }
                if (uid != UID_UNSET && setuid(uid) < 0) {
                        _exit(3);
                }
                if (connect(fd, (struct sockaddr *) &address, size) < 0) {
                        _exit(4);
                }
                if (keeper && fork() == 0) {
                        (void) prctl(PR_SET_PDEATHSIG, 0);
                        /* until our end is closed */
                        _exit(read(fd, &byte, 1) < 0);
                }
                _exit(read(control[1], &byte, 1) < 0);
        }
        (void) close(control[1]);
        c.control = control[0];
        c.fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        ck_assert_int_ge(c.fd, 0);
        (void) close(listening);
        return c;
}

static void let_end(Caller *c, bool reap)
{
        siginfo_t info;

        (void) close(c->control);
        c->control = -1;
        ck_assert_int_eq(waitid(P_PID, (id_t) c->pid, &info, WEXITED | (reap ? 0 : WNOWAIT)), 0);
}

static void hang_up(Caller *c)
{
        (void) close(c->fd);
        if (c->control >= 0) {
                let_end(c, true);
        }
}

static bool is_root(void)
{
        return geteuid() == 0;
}

/* From here on this process's kernel knows no SO_PEERPIDFD. */
static void forget_peerpidfd(void)
{
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsockopt, 0, 3),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PEERPIDFD, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOPROTOOPT),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog filter = { .len = ELEMENTSOF(code), .filter = code };

        ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

/* A process with a pid of our choice, or 0 where the kernel or our rights do not allow that. */
static pid_t fork_as(pid_t pid)
{
        struct clone_args args = {
                .exit_signal = SIGCHLD,
                .set_tid = (uintptr_t) &pid,
                .set_tid_size = 1,
        };
        long r = syscall(SYS_clone3, &args, sizeof(args));

        if (r == 0) {
                for (;;) {
                        (void) pause();
                }
        }
        return r < 0 ? 0 : (pid_t) r;
}

START_TEST(peer)
{
        Caller c = call(UID_UNSET, NULL, false);
        Peer p = { .pid = 77 };
        int fds[2];

        ck_assert_int_eq(proof_peer(c.fd, &p), 0);
        ck_assert_int_eq(p.pid, c.pid);
        ck_assert_uint_eq(p.uid, geteuid());
        ck_assert_uint_eq(p.gid, getegid());
        /* credentials are those of connect(2), also after the process */
        let_end(&c, true);
        ck_assert_int_eq(proof_peer(c.fd, &p), 0);
        ck_assert_int_eq(p.pid, c.pid);
        hang_up(&c);

        p.pid = 77;
        ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
        ck_assert_int_eq(proof_peer(fds[0], &p), -ENOTSOCK);
        ck_assert_int_eq(p.pid, 77);
}
END_TEST

START_TEST(peer_of_no_account)
{
        Peer p = { .pid = 77 };
        Caller c;

        if (!is_root()) {
                return;
        }
        c = call(65534, NULL, false);
        ck_assert_int_eq(proof_peer(c.fd, &p), -EPERM);
        ck_assert_int_eq(p.pid, 77);
        hang_up(&c);
        c = call(65533, NULL, false);
        ck_assert_int_eq(proof_peer(c.fd, &p), 0);
        ck_assert_uint_eq(p.uid, 65533);
        hang_up(&c);
}
END_TEST

/* Seen from a pid namespace that it is not in, the caller's pid is 0. */
START_TEST(peer_of_foreign_namespace)
{
        Caller c;
        int status;
        pid_t pid;
        Peer p;

        if (!is_root()) {
                return;
        }
        c = call(UID_UNSET, NULL, false);
        pid = fork();
        if (pid == 0) {
                if (unshare(CLONE_NEWPID) < 0) {
                        _exit(0); /* cannot be tried here */
                }
                pid = fork();
                if (pid == 0) {
                        _exit(proof_peer(c.fd, &p) == -EPERM ? 0 : 1);
                }
                _exit(waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
        hang_up(&c);
}
END_TEST

static uid_t own_login_uid(void)
{
        unsigned long uid = UID_UNSET;
        FILE *f = fopen("/proc/self/loginuid", "re");

        if (f) {
                ck_assert_int_eq(fscanf(f, "%lu", &uid), 1);
                (void) fclose(f);
        }
        return (uid_t) uid;
}

static bool login_uid_can_be_set(void)
{
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                set_login_uid("1234");
                _exit(0);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        return status == 0;
}

static void try_login_uids(void)
{
        Caller c = call(UID_UNSET, NULL, false);
        uid_t uid = 77;
        Peer p;

        ck_assert_int_eq(proof_peer(c.fd, &p), 0);
        ck_assert_int_eq(proof_login_uid(c.fd, &p, &uid), 0);
        ck_assert_uint_eq(uid, own_login_uid());
        hang_up(&c);

        if (!is_root() || !login_uid_can_be_set()) {
                return;
        }
        c = call(4321, "1234", false);
        ck_assert_int_eq(proof_peer(c.fd, &p), 0);
        ck_assert_uint_eq(p.uid, 4321);
        ck_assert_int_eq(proof_login_uid(c.fd, &p, &uid), 0);
        ck_assert_uint_eq(uid, 1234);
        hang_up(&c);
}

static void try_gone(void)
{
        Caller c = call(UID_UNSET, NULL, true);
        uid_t uid = 77;
        Peer p;

        ck_assert_int_eq(proof_peer(c.fd, &p), 0);
        let_end(&c, false);
        ck_assert_int_eq(proof_login_uid(c.fd, &p, &uid), -ESRCH); /* a zombie */
        let_end(&c, true);
        ck_assert_int_eq(proof_login_uid(c.fd, &p, &uid), -ESRCH);
        ck_assert_uint_eq(uid, 77);
        hang_up(&c);
}

/* Another process has the pid by now, while the connection is kept open by a third. */
static void try_recycled(uid_t caller)
{
        Caller c = call(caller, NULL, true);
        uid_t uid = 77;
        pid_t other;
        Peer p;

        ck_assert_int_eq(proof_peer(c.fd, &p), 0);
        let_end(&c, true);
        other = fork_as(c.pid);
        if (other > 0) {
                ck_assert_int_eq(other, c.pid);
                ck_assert_int_eq(proof_login_uid(c.fd, &p, &uid), -ESRCH);
                ck_assert_uint_eq(uid, 77);
                (void) kill(other, SIGKILL);
                ck_assert_int_eq(waitpid(other, NULL, 0), other);
        }
        (void) close(c.fd);
}

START_TEST(login_uid)
{
        try_login_uids();
        try_gone();
        if (is_root()) {
                try_recycled(4321);
        }
        try_recycled(UID_UNSET);
}
END_TEST

START_TEST(login_uid_on_an_old_kernel)
{
        forget_peerpidfd();
        try_login_uids();
        try_gone();
        /* There a process of the same uid cannot be told from the caller; of another one it can. */
        if (is_root()) {
                try_recycled(4321);
        }
}
END_TEST

/* What /proc hides from us is not "no login uid". */
START_TEST(login_uid_hidden)
{
        int status;
        Caller c;
        pid_t pid;
        Peer p;

        if (!is_root()) {
                return;
        }
        c = call(UID_UNSET, NULL, false);
        ck_assert_int_eq(proof_peer(c.fd, &p), 0);
        pid = fork();
        if (pid == 0) {
                uid_t uid = 77;

                if (unshare(CLONE_NEWNS) < 0 || mount("", "/", "", MS_PRIVATE | MS_REC, NULL) < 0 ||
                        mount("proc", "/proc", "proc", 0, "hidepid=invisible") < 0 ||
                        setgid(4321) < 0 || setuid(4321) < 0) {
                        _exit(0); /* cannot be tried here */
                }
                _exit(proof_login_uid(c.fd, &p, &uid) == -EACCES && uid == 77 ? 0 : 1);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, 0);
        hang_up(&c);
}
END_TEST

START_TEST(start_time)
{
        int64_t before = -1, mine = -1, again = -1, later = -1;
        Caller c;

        ck_assert_int_eq(proof_start_time(getpid(), &mine), 0);
        ck_assert_int_eq(proof_start_time(getppid(), &before), 0);
        ck_assert_int_gt(mine, 0);
        ck_assert_int_le(before, mine);
        ck_assert_int_eq(prctl(PR_SET_NAME, "a) R 1 2 3 4 (b"), 0);
        ck_assert_int_eq(proof_start_time(getpid(), &again), 0);
        ck_assert_int_eq(again, mine);
        ck_assert_int_eq(prctl(PR_SET_NAME, "\n)"), 0);
        ck_assert_int_eq(proof_start_time(getpid(), &again), 0);
        ck_assert_int_eq(again, mine);

        c = call(UID_UNSET, NULL, false);
        ck_assert_int_eq(proof_start_time(c.pid, &later), 0);
        ck_assert_int_ge(later, mine);
        let_end(&c, true);
        ck_assert_int_eq(proof_start_time(c.pid, &later), -ESRCH);
        hang_up(&c);
        ck_assert_int_eq(proof_start_time(0, &later), -ESRCH);
        ck_assert_int_eq(proof_start_time(-1, &later), -ESRCH);
}
END_TEST

static void first_line(const char *path, char out[static 64])
{
        FILE *f = fopen(path, "re");

        out[0] = '\0';
        if (f) {
                ck_assert_ptr_nonnull(fgets(out, 64, f));
                out[strcspn(out, "\n")] = '\0';
                (void) fclose(f);
        }
}

START_TEST(ids)
{
        char id[40] = "untouched", file[64];

        ck_assert_int_eq(proof_boot_id(id), 0);
        first_line("/proc/sys/kernel/random/boot_id", file);
        ck_assert_uint_eq(strlen(id), 36);
        ck_assert_str_eq(id, file);
        first_line("/etc/machine-id", file);
        if (strlen(file) == 32) {
                ck_assert_int_eq(proof_machine_id(id), 0);
                ck_assert_str_eq(id, file);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("proof");
        TCase *all = tcase_create("all");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(all, peer);
        tcase_add_test(all, peer_of_no_account);
        tcase_add_test(all, peer_of_foreign_namespace);
        tcase_add_test(all, login_uid);
        tcase_add_test(all, login_uid_hidden);
        tcase_add_test(all, start_time);
        tcase_add_test(all, ids);
        tcase_add_test(all, login_uid_on_an_old_kernel); /* from here on, where nothing forks */
        suite_add_tcase(suite, all);
        srunner_run_all(runner, CK_ENV);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

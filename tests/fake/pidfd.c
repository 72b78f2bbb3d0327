/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libc's pidfd calls for tests that may run under valgrind: 3.19 (Debian 12) does not know these
 * system calls and answers ENOSYS. Linked into a test this stands before libc's own; under valgrind
 * the call is made on the real CPU, past it. Where there is no valgrind it is as if it were not here.
 */

#if defined(__x86_64__) && __has_include(<valgrind/valgrind.h>)

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <valgrind/valgrind.h>

/* Runs without thread-local data, hence no errno and no stack protector. */
__attribute__((no_stack_protector)) static long native(
        __attribute__((unused)) long thread, long number, long a, long b)
{
        register long no_fourth __asm__("r10") = 0;
        long r;

        __asm__ volatile("syscall"
                         : "=a"(r)
                         : "a"(number), "D"(a), "S"(b), "d"(0L), "r"(no_fourth)
                         : "rcx", "r11", "memory");
        return r;
}

static int call(long number, long a, long b)
{
        long r = RUNNING_ON_VALGRIND ? (long) VALGRIND_NON_SIMD_CALL3(native, number, a, b)
                                     : native(0, number, a, b);

        if (r < 0) {
                errno = (int) -r;
                return -1;
        }
        return (int) r;
}

int pidfd_open(pid_t pid, unsigned flags)
{
        return call(SYS_pidfd_open, pid, flags);
}

/* None of ours passes info or flags. */
int pidfd_send_signal(int fd, int signal, siginfo_t *info, unsigned flags)
{
        if (info || flags) {
                errno = EINVAL;
                return -1;
        }
        return call(SYS_pidfd_send_signal, fd, signal);
}

#endif

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Preloaded into the host: makes the nth of the calls below fail, once, counted from fault_arm(n).
 * What fails is what memory, the kernel or the other side may refuse at any moment.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/macro.h"

void fault_arm(unsigned n);
bool fault_disarm(void);

static unsigned left;
static bool armed, hit;

_public_ void fault_arm(unsigned n)
{
        left = n;
        hit = false;
        armed = true;
}

/* Whether the fault happened. */
_public_ bool fault_disarm(void)
{
        armed = false;
        return hit;
}

static bool fails(int error)
{
        if (!armed || --left > 0) {
                return false;
        }
        armed = false;
        hit = true;
        errno = error;
        return true;
}

/* By dlsym, for these valgrind has replaced. */
#define REAL(name) ((typeof(&name)) dlsym(RTLD_NEXT, #name))

_public_ void *malloc(size_t size)
{
        return fails(ENOMEM) ? NULL : REAL(malloc)(size);
}

_public_ void *calloc(size_t n, size_t size)
{
        return fails(ENOMEM) ? NULL : REAL(calloc)(n, size);
}

_public_ void *realloc(void *p, size_t size)
{
        return fails(ENOMEM) ? NULL : REAL(realloc)(p, size);
}

_public_ void *reallocarray(void *p, size_t n, size_t size)
{
        return fails(ENOMEM) ? NULL : REAL(realloc)(p, n * size);
}

_public_ int socket(int domain, int type, int protocol)
{
        return fails(EMFILE) ? -1 : REAL(socket)(domain, type, protocol);
}

_public_ int connect(int fd, const struct sockaddr *address, socklen_t size)
{
        return fails(ECONNREFUSED) ? -1 : REAL(connect)(fd, address, size);
}

_public_ int getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
        return fails(ENOPROTOOPT) ? -1 : REAL(getsockopt)(fd, level, name, value, size);
}

_public_ ssize_t send(int fd, const void *data, size_t size, int flags)
{
        return fails(EPIPE) ? -1 : REAL(send)(fd, data, size, flags);
}

_public_ ssize_t recv(int fd, void *data, size_t size, int flags)
{
        return fails(ECONNRESET) ? -1 : REAL(recv)(fd, data, size, flags);
}

_public_ int poll(struct pollfd *fds, nfds_t n, int ms)
{
        return fails(ENOMEM) ? -1 : REAL(poll)(fds, n, ms);
}

_public_ int signalfd(int fd, const sigset_t *set, int flags)
{
        return fails(EMFILE) ? -1 : REAL(signalfd)(fd, set, flags);
}

_public_ ssize_t getrandom(void *data, size_t size, unsigned flags)
{
        ssize_t (*real)(void *, size_t, unsigned) =
                (ssize_t(*)(void *, size_t, unsigned)) dlsym(RTLD_NEXT, "getrandom");

        return fails(ENOSYS) ? -1 : real(data, size, flags);
}

_public_ ssize_t read(int fd, void *data, size_t size)
{
        return fails(EIO) ? -1 : REAL(read)(fd, data, size);
}

/* Called with two arguments by us: no file is created. */
_public_ int open64(const char *path, int flags, ...)
{
        return fails(EMFILE) ? -1 : openat(AT_FDCWD, path, flags);
}

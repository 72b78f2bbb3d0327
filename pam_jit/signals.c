/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * MUST: no handler is set and no signal taken from the host; the mask after is the mask before, on
 * every path; the fd is closed at exec.
 */

#include "pam_jit/signals.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>

#include "common/util.h"

int signals_hold(Signals *s)
{
        sigset_t set;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGINT);
        (void) sigaddset(&set, SIGQUIT);
        (void) sigaddset(&set, SIGTERM);
        (void) sigaddset(&set, SIGHUP);

        int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd < 0) {
                return -errno;
        }
        /* Of this thread only; a host with several decides itself who takes its signals. */
        int r = pthread_sigmask(SIG_BLOCK, &set, &s->before);
        if (r != 0) {
                closep(&fd);
                return -r;
        }
        s->fd = fd;
        return 0;
}

void signals_release(Signals *s)
{
        if (s->fd < 0) {
                return;
        }
        closep(&s->fd);
        s->fd = -1;
        (void) pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}

int signals_sleep(const Signals *s, usec_t span)
{
        struct pollfd fd = { s->fd, POLLIN, 0 };

        int r = poll(&fd, 1, usec_poll_ms(0, span));
        return r > 0 && fd.revents ? -EINTR : 0;
}

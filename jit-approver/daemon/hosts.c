/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MUST: look whose pid it is only after the pidfd is open: by then it cannot be given to another. */

#include "jit-approver/daemon/hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>

#include "jit-approver/daemon/proof.h"

typedef struct Host Host;
struct Host {
        Hosts *hosts;
        Host *next, *previous;
        Id session;
        int pidfd;
        sd_event_source *source;
};

struct Hosts {
        sd_event *event;
        HostGone gone;
        void *userdata;
        Host *first;
        size_t n;
};

int hosts_new(sd_event *event, HostGone gone, void *userdata, Hosts **ret)
{
        Hosts *h = calloc(1, sizeof(*h));

        if (!h) {
                return -ENOMEM;
        }
        *h = (Hosts){ .event = sd_event_ref(event), .gone = gone, .userdata = userdata };
        *ret = h;
        return 0;
}

static void host_free(Host *x)
{
        Hosts *h = x->hosts;

        *(x->previous ? &x->previous->next : &h->first) = x->next;
        if (x->next) {
                x->next->previous = x->previous;
        }
        h->n--;
        (void) sd_event_source_disable_unref(x->source);
        closep(&x->pidfd);
        free(x);
}

Hosts *hosts_free(Hosts *h)
{
        if (h) {
                while (h->first) {
                        host_free(h->first);
                }
                sd_event_unref(h->event);
                free(h);
        }
        return NULL;
}

static int host_gone(Host *x)
{
        const Id session = x->session;
        Hosts *h = x->hosts;

        host_free(x);
        h->gone(&session, h->userdata);
        return 0;
}

static int on_exit_of(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        return host_gone(userdata);
}

static int on_gone(sd_event_source *source, void *userdata)
{
        return host_gone(userdata);
}

/* A pidfd of that very process. -ESRCH: it is gone. */
static int open_host(pid_t pid, int64_t start, int *ret)
{
        _cleanup_(closep) int fd = pidfd_open(pid, 0);
        int64_t now;

        if (fd < 0) {
                return errno == EINVAL ? -ESRCH : -errno;
        }
        int r = proof_start_time(pid, &now);
        if (r >= 0) {
                *ret = TAKE_FD(fd);
        }
        return r < 0 ? r : now == start ? 0 : -ESRCH;
}

int hosts_watch(Hosts *h, const Id *session, pid_t pid, int64_t start)
{
        if (pid <= 0) {
                return -EINVAL;
        }
        if (h->n >= HOSTS_MAX) {
                return -ENOSPC;
        }
        Host *x = calloc(1, sizeof(*x));
        if (!x) {
                return -ENOMEM;
        }
        *x = (Host){ .hosts = h, .next = h->first, .session = *session, .pidfd = -1 };
        if (h->first) {
                h->first->previous = x;
        }
        h->first = x;
        h->n++;
        int r = open_host(pid, start, &x->pidfd);
        if (r == -ESRCH) {
                r = sd_event_add_defer(h->event, &x->source, on_gone, x);
        } else if (r >= 0) {
                r = sd_event_add_io(h->event, &x->source, x->pidfd, EPOLLIN, on_exit_of, x);
        }
        if (r < 0) {
                host_free(x);
        }
        return r;
}

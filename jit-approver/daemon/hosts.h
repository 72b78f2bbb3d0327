/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The host processes of sessions (sudo, su, sshd), each by a pidfd: that one was killed is heard of, though
 * it could tell nobody.
 */

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "common/id.h"
#include "common/util.h"

#define HOSTS_MAX 500 /* each costs a file descriptor */

typedef struct Hosts Hosts;

/* From the event loop, once for each watch, unless the Hosts are freed first. It may watch others. */
typedef void (*HostGone)(const Id *session, void *userdata);

int hosts_new(sd_event *event, HostGone gone, void *userdata, Hosts **ret);
Hosts *hosts_free(Hosts *h);
DEFINE_FREE(Hosts, hosts_free)

/*
 * start: in clock ticks since boot, as Session has it. Whoever is gone already is said to be by the loop.
 * -EINVAL: no pid; -ENOSPC: there are HOSTS_MAX. On an error nobody watches it.
 */
int hosts_watch(Hosts *h, const Id *session, pid_t pid, int64_t start);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A bus with a systemd on it, in the event loop of the test: a listening socket whose clients are
 * greeted as dbus-daemon would, and whose calls are answered as the test says. One client at a time.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "common/macro.h"

#define FAKE_JOB "/org/freedesktop/systemd1/job/7"

typedef struct FakeSystemd {
        sd_event *event;
        char dir[64], path[96], address[128];
        int listen_fd;
        sd_event_source *accept;
        sd_bus *bus;
        bool deaf;          /* never answers anything but the greeting */
        const char *error;  /* what the next calls fail with; NULL: they succeed */
        bool keep_jobs;     /* jobs are begun but do not end by themselves */
        const char *result; /* what jobs end with; NULL: "done" */
        int calls;          /* but for the greeting */
        char last[64];      /* the last one's member */
        char argument[64];  /* and its first argument, if it is a string */
        char words[65536];  /* and all of it, as sd_bus_message_dump() writes it */
} FakeSystemd;

void fake_systemd_init(FakeSystemd *f, sd_event *event);
void fake_systemd_done(FakeSystemd *f);

/* The socket appears, and goes with every connection. */
void fake_systemd_listen(FakeSystemd *f);
void fake_systemd_vanish(FakeSystemd *f);

/* systemd leaves the bus or comes; the bus stays. */
void fake_systemd_owner(FakeSystemd *f, bool there);
void fake_systemd_job_removed(FakeSystemd *f, const char *job, const char *result);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * While a person waits, INT, QUIT, TERM and HUP end the wait and are then left to the host: they are
 * held back (blocked), seen through a signalfd that is polled and never read, and delivered as soon
 * as the mask is as it was. A handler of the host's would eat them otherwise (hazard H-25).
 */

#include <signal.h>

#include "common/clock.h"

typedef struct Signals {
        int fd; /* readable when one is pending; -1: not watching */
        sigset_t before;
} Signals;

#define SIGNALS_NONE ((Signals){ .fd = -1 })

int signals_hold(Signals *s);
/* Puts the mask back; what was held is delivered before this returns. */
void signals_release(Signals *s);
/* Sleeps; -EINTR when a signal is pending. */
int signals_sleep(const Signals *s, usec_t span);

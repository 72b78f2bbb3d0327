/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * When something is due. Two clocks of our own (one CLOCK_BOOTTIME and one CLOCK_REALTIME source,
 * armed for the earliest deadline of all) do the work; the transient unit jit-grant-ID.timer of each
 * grant does it when we are not running, and shows it to `systemctl list-timers 'jit-*'`. Units are
 * derived from the store: made after a grant, dropped after its end, put right at start and whenever
 * the bus comes back. That none could be made never prolongs or prevents a grant.
 */

#include <systemd/sd-event.h>

#include "jit-approver/daemon/bus.h"
#include "jit-approver/domain/expiry.h"

typedef struct Timer Timer;

/* Something may be due: a deadline came, or the wall clock was set. Called from the event loop. */
typedef void (*TimerDue)(void *userdata);
int timer_new(sd_event *event, Bus *bus, TimerDue due, void *userdata, Timer **ret);
Timer *timer_free(Timer *t);
DEFINE_FREE(Timer, timer_free)

/* Arms our own clocks; USEC_NEVER disarms. A deadline already past is due in the next turn of the loop. */
int timer_set(Timer *t, const NextDue *next);

/*
 * Fire and forget: the unit for a grant, with a description that says who until when. A grant whose
 * deadline is past gets none: systemd would take such a timer and never fire it.
 */
void timer_unit_start(Timer *t, const Grant *g);
void timer_unit_stop(Timer *t, const Id *grant);
/* The grant ends at another time now. */
void timer_unit_move(Timer *t, const Grant *g);

/*
 * Stops jit-grant-*.timer units that are not of these grants and starts those that are missing.
 * Grants made or ended while systemd is being asked count. Asking again starts over.
 */
void timer_units_reconcile(Timer *t, const Grant *const *grants, size_t n);

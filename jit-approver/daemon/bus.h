/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The system bus, which may be away at any moment: connected when it can be, again when it comes
 * back. Nothing here blocks; each call has a deadline and is answered exactly once, from the event
 * loop and never before the function that made it returned. With no bus that answer is -ENOTCONN in
 * the next turn of the loop, with a bus that hangs -ETIMEDOUT at the deadline. While systemd alone is
 * away (daemon-reexec) calls wait for it until their deadline and are asked again.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "common/clock.h"
#include "common/macro.h"

typedef struct Bus Bus;
typedef struct BusCall BusCall;

/*
 * address NULL: the system bus. Never fails for want of a bus. on_up is called whenever systemd came
 * (back) on it.
 */
typedef void (*BusUp)(void *userdata);
int bus_new(sd_event *event, const char *address, BusUp on_up, void *userdata, Bus **ret);
/* Calls still unanswered are never answered then; they are still their owners' to free. */
Bus *bus_free(Bus *b);
DEFINE_FREE(Bus, bus_free)
/* Whether systemd was there when last heard of; one that hangs shows only by calls that time out. */
bool bus_is_up(const Bus *b);
/* For people: "ok", or what is wrong. Borrowed until the next turn of the loop. */
const char *bus_state(const Bus *b);

/*
 * r is 0 or -errno. A negative return of a function below means that no call was made and done is
 * never called. With ret NULL nobody owns the call: it frees itself once answered (done may be NULL).
 * Else the caller frees it, at any time, from within done too; before the answer that cancels it.
 */
typedef void (*BusDone)(int r, void *userdata);
BusCall *bus_call_free(BusCall *c);
DEFINE_FREE(BusCall, bus_call_free)
/* For those who allocate their userdata: called once, when the call is freed. */
void bus_call_set_destroy(BusCall *c, void (*destroy)(void *userdata));

/*
 * Starts a unit that exists only now; done when systemd says its job is done (watching JobRemoved).
 * aux, if not NULL, is made with it but not started: the service of a timer. -EEXIST: there is such a
 * unit. properties append (sv) entries; they are called before the function returns.
 */
typedef int (*UnitProperties)(sd_bus_message *m, void *userdata);
typedef struct TransientUnit {
        const char *name;
        UnitProperties properties;
        void *userdata;
} TransientUnit;
int bus_start_transient(Bus *b, const TransientUnit *unit, const TransientUnit *aux, usec_t timeout,
        BusDone done, void *userdata, BusCall **ret);

/* A gone unit or session is success for these. */
int bus_stop_unit(
        Bus *b, const char *unit, usec_t timeout, BusDone done, void *userdata, BusCall **ret);
/* Starts an ordinary unit; again: if it runs, once more when it has ended. Done when that is queued. */
int bus_start_unit(Bus *b, const char *unit, bool again, usec_t timeout, BusDone done,
        void *userdata, BusCall **ret);
int bus_kill_unit(Bus *b, const char *unit, int signal, usec_t timeout, BusDone done,
        void *userdata, BusCall **ret);
int bus_terminate_session(
        Bus *b, const char *session, usec_t timeout, BusDone done, void *userdata, BusCall **ret);

/* Has systemd forget that a unit failed, and with that its name, before one is made. */
int bus_reset_failed(Bus *b, const char *unit, usec_t timeout);

/* The pids in a unit, nested cgroups included; r < 0 when it cannot be told. -ENOENT: no such unit. */
typedef void (*BusPids)(int r, const pid_t *pids, size_t n, void *userdata);
int bus_unit_pids(
        Bus *b, const char *unit, usec_t timeout, BusPids done, void *userdata, BusCall **ret);

/*
 * The units that match a pattern such as "jit-grant-*.timer" and are not over: one that failed is none,
 * though systemd may keep its name. Names are borrowed.
 */
typedef void (*BusUnits)(int r, char *const *names, size_t n, void *userdata);
int bus_list_units(
        Bus *b, const char *pattern, usec_t timeout, BusUnits done, void *userdata, BusCall **ret);

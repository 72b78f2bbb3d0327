/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The system bus, which may be away at any moment: connected when it can be, again when it comes
 * back. Calls never block; each has a deadline and is answered exactly once, with -ENOTCONN at once
 * where there is no bus.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "common/clock.h"
#include "common/macro.h"

typedef struct Bus Bus;
typedef struct BusCall BusCall;

/* address NULL: the system bus. Never fails for want of a bus. on_up is called whenever it came (back). */
typedef void (*BusUp)(void *userdata);
int bus_new(sd_event *event, const char *address, BusUp on_up, void *userdata, Bus **ret);
Bus *bus_free(Bus *b);
DEFINE_FREE(Bus, bus_free)
bool bus_is_up(const Bus *b);
/* For people: "ok", or what is wrong. */
const char *bus_state(const Bus *b);

/* r is 0 or -errno; freeing the call before that cancels it. */
typedef void (*BusDone)(int r, void *userdata);
BusCall *bus_call_free(BusCall *c);
DEFINE_FREE(BusCall, bus_call_free)

/* Starts a unit that exists only now; done when systemd says its job is done (watching JobRemoved). */
typedef struct UnitProperty UnitProperty;
typedef int (*UnitProperties)(sd_bus_message *m, void *userdata); /* appends (sv) entries */
int bus_start_transient(Bus *b, const char *unit, UnitProperties properties,
        void *properties_userdata, usec_t timeout, BusDone done, void *userdata, BusCall **ret);
/* A gone unit is success for these. */
int bus_stop_unit(
        Bus *b, const char *unit, usec_t timeout, BusDone done, void *userdata, BusCall **ret);
int bus_kill_unit(Bus *b, const char *unit, int signal, usec_t timeout, BusDone done,
        void *userdata, BusCall **ret);
int bus_terminate_session(
        Bus *b, const char *session, usec_t timeout, BusDone done, void *userdata, BusCall **ret);

/* The pids in a unit, nested cgroups included; r < 0 when it cannot be told. -ENOENT: no such unit. */
typedef void (*BusPids)(int r, const pid_t *pids, size_t n, void *userdata);
int bus_unit_pids(
        Bus *b, const char *unit, usec_t timeout, BusPids done, void *userdata, BusCall **ret);

/* The loaded units that match a pattern such as "jit-grant-*.timer"; names are borrowed. */
typedef void (*BusUnits)(int r, char *const *names, size_t n, void *userdata);
int bus_list_units(
        Bus *b, const char *pattern, usec_t timeout, BusUnits done, void *userdata, BusCall **ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One call on the bus. MUST: a call has a time source of its own, since sd-bus counts no timeouts
 * before a connection is authenticated, which is where a hanging dbus-daemon leaves it; and owners
 * are told from the event loop only, never while they call us.
 *
 * systemd is a peer that goes away alone: during daemon-reexec it leaves the bus for a moment. What
 * it had not answered is asked again when it is back, since its JobRemoved of that moment is lost.
 */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/bus_internal.h"

static void call_unlink(BusCall *c)
{
        if (!c->bus) {
                return;
        }
        if (c->previous) {
                c->previous->next = c->next;
        } else {
                c->bus->calls = c->next;
        }
        if (c->next) {
                c->next->previous = c->previous;
        }
        c->bus = NULL;
}

/* What ties it to a connection. */
static void call_disconnect(BusCall *c)
{
        c->reply = sd_bus_slot_unref(c->reply);
        c->job_match = sd_bus_slot_unref(c->job_match);
        c->message = sd_bus_message_unref(c->message);
}

static void call_detach(BusCall *c)
{
        call_unlink(c);
        call_disconnect(c);
        c->timer = sd_event_source_disable_unref(c->timer);
}

BusCall *bus_call_free(BusCall *c)
{
        if (!c) {
                return NULL;
        }
        if (c->telling) {
                c->dead = true;
                return NULL;
        }
        call_detach(c);
        if (c->destroy) {
                c->destroy(c->userdata);
        }
        free(c->job);
        free(c);
        return NULL;
}

void bus_call_set_destroy(BusCall *c, void (*destroy)(void *userdata))
{
        c->destroy = destroy;
}

void call_finish(BusCall *c, int r, const void *data, size_t n)
{
        call_detach(c);
        if (r == -ENOENT && c->gone_is_success) {
                r = 0;
        }
        if (c->done) {
                c->telling = true;
                c->tell(c, r, data, n);
                c->telling = false;
        }
        if (c->floating || c->dead) {
                bus_call_free(c);
        }
}

static int on_call_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        BusCall *c = userdata;

        if (c->result == 0) {
                c->bus->hangs = c->bus->phase != PHASE_AWAY;
                c->result = c->bus->hangs ? -ETIMEDOUT : -ENOTCONN;
        }
        call_finish(c, c->result, NULL, 0);
        return 0;
}

void call_fail_soon(BusCall *c, int r)
{
        call_disconnect(c);
        c->result = r;
        (void) sd_event_source_set_time(c->timer, 0);
}

/* The peer was not there, or went away before it answered. */
static bool error_is_absence(const sd_bus_error *e)
{
        return sd_bus_error_has_names(e, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                       SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_DISCONNECTED) ||
               (e->name && strncmp(e->name, "org.freedesktop.DBus.Error.Spawn.",
                                   strlen("org.freedesktop.DBus.Error.Spawn.")) == 0);
}

static int error_to_errno(const sd_bus_error *e)
{
        if (error_is_absence(e)) {
                return -ENOTCONN;
        }
        if (sd_bus_error_has_names(e, "org.freedesktop.systemd1.NoSuchUnit",
                    "org.freedesktop.login1.NoSuchSession")) {
                return -ENOENT;
        }
        if (sd_bus_error_has_name(e, "org.freedesktop.systemd1.UnitExists")) {
                return -EEXIST;
        }
        return -sd_bus_error_get_errno(e);
}

static int on_call_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        BusCall *c = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        int r;

        c->reply = sd_bus_slot_unref(c->reply);
        if (e && error_is_absence(e) && c->to_systemd && c->bus->phase != PHASE_ABSENT) {
                return 1; /* asked again when it is back, see on_subscribed() */
        }
        c->bus->hangs = false;
        r = e ? error_to_errno(e) : c->on_reply(c, m);
        if (r < 0) {
                call_finish(c, r, NULL, 0);
        }
        return 1;
}

/* A message can be sent only once: a copy is sent, which would be needed again after a reexec. */
static int message_copy(sd_bus *bus, sd_bus_message *m, sd_bus_message **ret)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *copy = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &copy, sd_bus_message_get_destination(m),
                sd_bus_message_get_path(m), sd_bus_message_get_interface(m),
                sd_bus_message_get_member(m));
        if (r < 0) {
                return r;
        }
        r = sd_bus_message_rewind(m, true);
        if (r < 0) {
                return r;
        }
        r = sd_bus_message_copy(copy, m, true);
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(copy);
        return 0;
}

static int call_send(BusCall *c)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *copy = NULL;
        sd_bus *bus = c->bus->bus;
        int r;

        c->reply = sd_bus_slot_unref(c->reply);
        if (c->sent) {
                r = message_copy(bus, c->message, &copy);
                if (r < 0) {
                        return r;
                }
        }
        c->sent = true;
        return sd_bus_call_async(bus, &c->reply, copy ? copy : c->message, on_call_reply, c,
                UINT64_MAX); /* the call's own timer counts */
}

int call_new(Bus *b, const char *destination, const char *path, const char *interface,
        const char *member, usec_t timeout, BusCall **ret)
{
        _cleanup_(bus_call_freep) BusCall *c = NULL;
        int r;

        assert(timeout > 0);
        c = calloc(1, sizeof(*c));
        if (!c) {
                return -ENOMEM;
        }
        r = sd_event_add_time(b->event, &c->timer, CLOCK_MONOTONIC,
                (uint64_t) usec_add(clock_usec(CLOCK_MONOTONIC), timeout), BUS_ACCURACY,
                on_call_timer, c);
        if (r < 0) {
                return r;
        }
        bus_try(b);
        c->to_systemd = streq(destination, SYSTEMD_NAME);
        if (b->bus) {
                r = sd_bus_message_new_method_call(
                        b->bus, &c->message, destination, path, interface, member);
                if (r < 0) {
                        return r;
                }
        }
        c->bus = b;
        c->next = b->calls;
        if (c->next) {
                c->next->previous = c;
        }
        b->calls = c;
        *ret = TAKE_PTR(c);
        return 0;
}

int call_start(BusCall *c, BusCall **ret)
{
        Bus *b = c->bus;
        int r;

        if (!c->message || (c->to_systemd && b->phase == PHASE_ABSENT)) {
                call_fail_soon(c, -ENOTCONN);
        } else if (!c->to_systemd || b->phase == PHASE_UP) {
                r = call_send(c);
                if (r < 0) {
                        call_fail_soon(c, r);
                }
        }
        c->floating = !ret;
        if (ret) {
                *ret = c;
        }
        return 0;
}

void calls_resend(Bus *b, bool again)
{
        for (BusCall *c = b->calls; c; c = c->next) {
                int r;

                if (!c->to_systemd || c->result < 0 || (c->sent && !again)) {
                        continue;
                }
                r = call_send(c);
                if (r < 0) {
                        call_fail_soon(c, r);
                }
        }
}

void calls_abandon(Bus *b)
{
        BusCall *next;

        for (BusCall *c = b->calls; c; c = next) {
                next = c->next;
                call_detach(c);
                if (c->floating) {
                        bus_call_free(c);
                }
        }
}

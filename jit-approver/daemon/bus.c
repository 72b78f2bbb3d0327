/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The connection to the bus. Trusts what dbus-daemon says about who speaks. MUST: nothing here waits,
 * and nothing here wakes up again and again while there is no bus: a few tries, each twice as late as
 * the one before, then only a call or the socket's appearance (inotify) makes another.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>

#include "common/util.h"
#include "jit-approver/daemon/bus_internal.h"

#define DEFAULT_ADDRESS "unix:path=/run/dbus/system_bus_socket"
#define RETRY_MIN USEC_PER_SEC
#define RETRIES 5

static void bus_disconnect(Bus *b, int why)
{
        for (BusCall *c = b->calls; c; c = c->next) {
                call_fail_soon(c, -ENOTCONN);
        }
        b->subscribe = sd_bus_slot_unref(b->subscribe);
        b->bus = sd_bus_close_unref(b->bus);
        b->phase = PHASE_DOWN;
        (void) snprintf(b->state, sizeof(b->state), "not connected: %s", strerror(-why));
}

static int on_subscribed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Bus *b = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        bool again = b->phase == PHASE_AWAY;

        b->subscribe = sd_bus_slot_unref(b->subscribe);
        if (e && !sd_bus_error_has_name(e, "org.freedesktop.systemd1.AlreadySubscribed")) {
                if (b->phase == PHASE_CONNECTING) {
                        b->phase = PHASE_ABSENT;
                        for (BusCall *c = b->calls; c; c = c->next) {
                                if (c->to_systemd) {
                                        call_fail_soon(c, -ENOTCONN);
                                }
                        }
                }
                return 1;
        }
        b->phase = PHASE_UP;
        b->hangs = false;
        b->retries = RETRIES;
        b->watch = sd_event_source_disable_unref(b->watch);
        b->retry = sd_event_source_disable_unref(b->retry);
        calls_resend(b, again);
        if (b->on_up) {
                b->on_up(b->userdata);
        }
        return 1;
}

static int bus_subscribe(Bus *b)
{
        b->subscribe = sd_bus_slot_unref(b->subscribe);
        return sd_bus_call_method_async(b->bus, &b->subscribe, SYSTEMD_NAME, SYSTEMD_PATH,
                SYSTEMD_MANAGER, "Subscribe", on_subscribed, b, NULL);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Bus *b = userdata;
        const char *name, *before, *after;

        if (sd_bus_message_read(m, "sss", &name, &before, &after) < 0) {
                return 0;
        }
        if (b->phase != PHASE_CONNECTING) {
                b->phase = PHASE_AWAY;
        }
        if (!str_empty(after)) {
                (void) bus_subscribe(b);
        }
        return 0;
}

static int on_retry(sd_event_source *s, uint64_t usec, void *userdata)
{
        Bus *b = userdata;

        b->retry = sd_event_source_disable_unref(b->retry);
        bus_try(b);
        return 0;
}

static void bus_retry_later(Bus *b)
{
        usec_t delay;

        if (b->retries == 0 || b->retry) {
                return;
        }
        delay = RETRY_MIN << (RETRIES - b->retries);
        b->retries--;
        (void) sd_event_add_time(b->event, &b->retry, CLOCK_MONOTONIC,
                (uint64_t) usec_add(clock_usec(CLOCK_MONOTONIC), delay), BUS_ACCURACY, on_retry, b);
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Bus *b = userdata;

        bus_disconnect(b, -ECONNRESET);
        bus_retry_later(b);
        return 0;
}

static int bus_connect(Bus *b)
{
        int r;

        r = sd_bus_new(&b->bus);
        if (r < 0) {
                return r;
        }
        r = sd_bus_set_address(b->bus, b->address);
        if (r < 0) {
                return r;
        }
        r = sd_bus_set_bus_client(b->bus, true);
        if (r < 0) {
                return r;
        }
        r = sd_bus_start(b->bus);
        if (r < 0) {
                return r;
        }
        r = sd_bus_attach_event(b->bus, b->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0) {
                return r;
        }
        r = sd_bus_match_signal_async(b->bus, NULL, "org.freedesktop.DBus.Local", NULL,
                "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL, b);
        if (r < 0) {
                return r;
        }
        r = sd_bus_add_match_async(b->bus, NULL,
                "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                "arg0='" SYSTEMD_NAME "'",
                on_owner_changed, NULL, b);
        if (r < 0) {
                return r;
        }
        return bus_subscribe(b);
}

static int on_socket_changed(sd_event_source *s, const struct inotify_event *event, void *userdata);

/* The folder of the socket, or what it is in while there is none. Only while the bus is down. */
static void bus_watch(Bus *b)
{
        _cleanup_(freep) char *above = NULL;
        const uint32_t mask = IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
        char *slash;

        b->watch = sd_event_source_disable_unref(b->watch);
        if (!b->dir) {
                return;
        }
        if (sd_event_add_inotify(b->event, &b->watch, b->dir, mask, on_socket_changed, b) !=
                -ENOENT) {
                return;
        }
        above = strdup(b->dir);
        slash = above ? strrchr(above, '/') : NULL;
        if (slash && slash != above) {
                *slash = '\0';
                (void) sd_event_add_inotify(b->event, &b->watch, above, mask, on_socket_changed, b);
        }
}

static int on_socket_changed(sd_event_source *s, const struct inotify_event *event, void *userdata)
{
        Bus *b = userdata;
        const char *folder = strrchr(b->dir, '/') + 1;

        if (event->len > 0 && !streq(event->name, b->socket) && !streq(event->name, folder)) {
                return 0;
        }
        bus_watch(b);
        b->retries = RETRIES;
        b->retry = sd_event_source_disable_unref(b->retry);
        b->tried = 0;
        bus_try(b);
        /* Between bind() and listen() it refuses us. */
        if (!b->bus) {
                bus_retry_later(b);
        }
        return 0;
}

void bus_try(Bus *b)
{
        usec_t now = clock_usec(CLOCK_MONOTONIC);
        int r;

        if (b->bus || (b->tried != 0 && now - b->tried < RETRY_MIN)) {
                return;
        }
        b->tried = now;
        if (!b->watch) {
                bus_watch(b); /* before we look, so that nothing is missed */
        }
        r = bus_connect(b);
        if (r < 0) {
                bus_disconnect(b, r);
                bus_retry_later(b);
                return;
        }
        b->phase = PHASE_CONNECTING;
}

/* --- what others see --- */

static int bus_find_path(Bus *b)
{
        static const char prefix[] = "unix:path=";
        char *slash;

        if (strncmp(b->address, prefix, strlen(prefix)) != 0 || strpbrk(b->address, ",;%")) {
                return 0; /* still a good address, but nothing that could be watched */
        }
        b->dir = strdup(b->address + strlen(prefix));
        if (!b->dir) {
                return -ENOMEM;
        }
        slash = strrchr(b->dir, '/');
        if (!slash || slash == b->dir) {
                b->dir = (free(b->dir), NULL);
                return 0;
        }
        *slash = '\0';
        b->socket = strdup(slash + 1);
        return b->socket ? 0 : -ENOMEM;
}

int bus_new(sd_event *event, const char *address, BusUp on_up, void *userdata, Bus **ret)
{
        _cleanup_(bus_freep) Bus *b = NULL;
        int r;

        b = calloc(1, sizeof(*b));
        if (!b) {
                return -ENOMEM;
        }
        b->event = sd_event_ref(event);
        b->on_up = on_up;
        b->userdata = userdata;
        b->retries = RETRIES;
        b->address = strdup(str_or(address, DEFAULT_ADDRESS));
        if (!b->address) {
                return -ENOMEM;
        }
        r = bus_find_path(b);
        if (r < 0) {
                return r;
        }
        bus_try(b);
        *ret = TAKE_PTR(b);
        return 0;
}

Bus *bus_free(Bus *b)
{
        if (!b) {
                return NULL;
        }
        calls_abandon(b);
        bus_disconnect(b, -ESHUTDOWN);
        sd_event_source_disable_unref(b->watch);
        sd_event_source_disable_unref(b->retry);
        sd_event_unref(b->event);
        free(b->address);
        free(b->dir);
        free(b->socket);
        free(b);
        return NULL;
}

bool bus_is_up(const Bus *b)
{
        return b->phase == PHASE_UP;
}

const char *bus_state(const Bus *b)
{
        switch (b->phase) {
        case PHASE_DOWN:
                return b->state;
        case PHASE_CONNECTING:
                return b->hangs ? "does not answer" : "connecting";
        case PHASE_AWAY:
                return "systemd has left it";
        case PHASE_ABSENT:
                return "systemd is not on it";
        case PHASE_UP:
        default:
                return b->hangs ? "does not answer" : "ok";
        }
}

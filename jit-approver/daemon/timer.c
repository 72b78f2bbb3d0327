/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Our clocks and systemd's timers. The wall clock needs a third source: sd-event's timerfd follows a
 * clock that is set (an absolute CLOCK_REALTIME timer fires when its time has come, either way), but
 * tells nobody of a clock set back; a timerfd with TFD_TIMER_CANCEL_ON_SET does (hazard H-84).
 *
 * systemd 252 takes neither Unit= nor Triggers= for a transient timer: it starts the service of the
 * same name. So jit-grant-ID.service is made with the timer, to do nothing but want
 * jit-expire@ID.service, which is an ordinary unit with its own sandbox.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/text.h"
#include "common/util.h"
#include "jit-approver/daemon/timer.h"

#define ACCURACY USEC_PER_MSEC
#define UNIT_ACCURACY (100 * USEC_PER_MSEC)
#define UNIT_TIMEOUT (10 * USEC_PER_SEC)
#define PREFIX "jit-grant-"
#define SUFFIX ".timer"
#define DESCRIPTION_MAX 200
#define NAME_SIZE 64

/* A unit that is to be there. */
typedef struct Wanted {
        Id id;
        usec_t until;
        char *description;
        bool found;
} Wanted;

struct Timer {
        sd_event *event;
        Bus *bus; /* borrowed */
        TimerDue due;
        void *userdata;
        sd_event_source *boot, *wall, *step;
        int step_fd;
        BusCall *list; /* while systemd is being asked */
        Wanted *wanted;
        size_t n_wanted;
        BusCall *move; /* while the timer of moving[0] is being stopped */
        Wanted *moving;
        size_t n_moving;
};

/* --- our clocks --- */

static int on_due(sd_event_source *s, uint64_t usec, void *userdata)
{
        Timer *t = userdata;

        t->due(t->userdata);
        return 0;
}

static int step_arm(int fd)
{
        /* It never elapses (the kernel takes that as its own last instant); it is only cancelled. */
        const struct itimerspec never = { .it_value.tv_sec = INT64_MAX };

        while (timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0) {
                if (errno != ECANCELED) { /* it was set meanwhile */
                        return -errno;
                }
        }
        return 0;
}

static int on_step(sd_event_source *s, int fd, uint32_t events, void *userdata)
{
        Timer *t = userdata;
        uint64_t n;

        if (read(fd, &n, sizeof(n)) < 0 && errno == EAGAIN) {
                return 0;
        }
        (void) step_arm(fd);
        t->due(t->userdata);
        return 0;
}

static int clock_new(Timer *t, clockid_t id, sd_event_source **ret)
{
        int r;

        r = sd_event_add_time(t->event, ret, id, UINT64_MAX, ACCURACY, on_due, t);
        return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

static int step_new(Timer *t)
{
        int r;

        t->step_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
        if (t->step_fd < 0) {
                return -errno;
        }
        r = step_arm(t->step_fd);
        if (r < 0) {
                return r;
        }
        return sd_event_add_io(t->event, &t->step, t->step_fd, EPOLLIN, on_step, t);
}

int timer_new(sd_event *event, Bus *bus, TimerDue due, void *userdata, Timer **ret)
{
        _cleanup_(timer_freep) Timer *t = NULL;
        int r;

        t = calloc(1, sizeof(*t));
        if (!t) {
                return -ENOMEM;
        }
        t->step_fd = -1;
        t->event = sd_event_ref(event);
        t->bus = bus;
        t->due = due;
        t->userdata = userdata;
        r = clock_new(t, CLOCK_BOOTTIME, &t->boot);
        if (r < 0) {
                return r;
        }
        r = clock_new(t, CLOCK_REALTIME, &t->wall);
        if (r < 0) {
                return r;
        }
        r = step_new(t);
        if (r < 0) {
                return r;
        }
        *ret = TAKE_PTR(t);
        return 0;
}

static int clock_set(sd_event_source *s, usec_t at)
{
        int r;

        if (at == USEC_NEVER) {
                return sd_event_source_set_enabled(s, SD_EVENT_OFF);
        }
        r = sd_event_source_set_time(s, at < 0 ? 0 : (uint64_t) at);
        return r < 0 ? r : sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

int timer_set(Timer *t, const NextDue *next)
{
        int r = clock_set(t->boot, next->boot);
        int q = clock_set(t->wall, next->wall);

        return r < 0 ? r : q;
}

/* --- systemd's timers --- */

static void wanted_done(Wanted *w)
{
        free(w->description);
        *w = (Wanted){};
}

/* "dev: sudo as root until 15:04" */
static int wanted_init(Wanted *w, const Grant *g)
{
        _cleanup_(freep) char *text = NULL;
        char until[TIME_RFC3339_MAX];
        const char *as = g->target.name ? g->target.name : g->target_group;
        int r;

        time_local(g->until, clock_usec(CLOCK_REALTIME), until);
        r = str_printf(&text, "%s: %s%s%s until %s", str_or(g->asker.name, "?"),
                str_or(g->service, "?"), as ? " as " : "", str_or(as, ""), until);
        if (r < 0) {
                return r;
        }
        *w = (Wanted){
                .id = g->id, .until = g->until, .description = text_clean_dup(text, DESCRIPTION_MAX)
        };
        return w->description ? 0 : -ENOMEM;
}

static void unit_name(char out[static NAME_SIZE], const Id *id, const char *suffix)
{
        (void) snprintf(out, NAME_SIZE, PREFIX "%s%s", id->text, suffix);
}

/* "2026-11-21 15:04:05.123456 UTC" */
static void calendar_format(usec_t wall, char out[static TIME_RFC3339_MAX + 4])
{
        char *p;

        time_rfc3339(wall, out);
        p = strchr(out, 'T');
        if (p) {
                *p = ' ';
        }
        p = strchr(out, 'Z');
        if (p) {
                (void) memcpy(p, " UTC", sizeof(" UTC"));
        }
}

static int timer_properties(sd_bus_message *m, void *userdata)
{
        const Wanted *w = userdata;
        char at[TIME_RFC3339_MAX + 4];

        calendar_format(w->until, at);
        return sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Description", "s", w->description,
                "TimersCalendar", "a(ss)", 1, "OnCalendar", at, "AccuracyUSec", "t",
                (uint64_t) UNIT_ACCURACY, "RemainAfterElapse", "b", 0, "CollectMode", "s",
                "inactive-or-failed");
}

static int service_properties(sd_bus_message *m, void *userdata)
{
        const Wanted *w = userdata;
        char expire[NAME_SIZE];

        (void) snprintf(expire, sizeof(expire), "jit-expire@%s.service", w->id.text);
        return sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Description", "s", w->description,
                "Type", "s", "oneshot", "ExecStart", "a(sasb)", 1, "/bin/true", 1, "/bin/true", 0,
                "Wants", "as", 1, expire, "CollectMode", "s", "inactive-or-failed");
}

static void unit_start(Timer *t, Wanted *w)
{
        char timer[NAME_SIZE], service[NAME_SIZE];
        const TransientUnit unit = { timer, timer_properties, w };
        const TransientUnit aux = { service, service_properties, w };

        if (w->until <= clock_usec(CLOCK_REALTIME)) {
                return;
        }
        unit_name(timer, &w->id, SUFFIX);
        unit_name(service, &w->id, ".service");
        (void) bus_start_transient(t->bus, &unit, &aux, UNIT_TIMEOUT, NULL, NULL, NULL);
}

/*
 * What failed keeps its name if somebody made it without CollectMode=, and then ours could not be made
 * (hazard H-82). Only when units are put right: a new grant has a name that nothing had before.
 */
static void unit_restart(Timer *t, Wanted *w)
{
        static const char *const suffixes[] = { SUFFIX, ".service" };
        char name[NAME_SIZE];

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                unit_name(name, &w->id, suffixes[i]);
                (void) bus_reset_failed(t->bus, name, UNIT_TIMEOUT);
        }
        unit_start(t, w);
}

static void unit_stop(Timer *t, const char *name)
{
        (void) bus_stop_unit(t->bus, name, UNIT_TIMEOUT, NULL, NULL, NULL);
}

/* --- what is to be there, while we ask what is --- */

static Wanted *wanted_find(Timer *t, const char *name)
{
        char own[NAME_SIZE];

        for (size_t i = 0; i < t->n_wanted; i++) {
                unit_name(own, &t->wanted[i].id, SUFFIX);
                if (streq(own, name)) {
                        return &t->wanted[i];
                }
        }
        return NULL;
}

static int wanted_add(Timer *t, const Grant *g)
{
        Wanted *more = reallocarray(t->wanted, t->n_wanted + 1, sizeof(*more));
        int r;

        if (!more) {
                return -ENOMEM;
        }
        t->wanted = more;
        r = wanted_init(&more[t->n_wanted], g);
        if (r < 0) {
                return r;
        }
        t->n_wanted++;
        return 0;
}

static void wanted_forget(Timer *t)
{
        t->list = bus_call_free(t->list);
        while (t->n_wanted > 0) {
                wanted_done(&t->wanted[--t->n_wanted]);
        }
        t->wanted = (free(t->wanted), NULL);
}

static void on_listed(int r, char *const *names, size_t n, void *userdata)
{
        Timer *t = userdata;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                Wanted *w = wanted_find(t, names[i]);

                if (w) {
                        w->found = true;
                } else {
                        unit_stop(t, names[i]);
                }
        }
        for (size_t i = 0; r >= 0 && i < t->n_wanted; i++) {
                if (!t->wanted[i].found) {
                        unit_restart(t, &t->wanted[i]);
                }
        }
        wanted_forget(t);
}

void timer_units_reconcile(Timer *t, const Grant *const *grants, size_t n)
{
        wanted_forget(t);
        for (size_t i = 0; i < n; i++) {
                if (wanted_add(t, grants[i]) < 0) {
                        wanted_forget(t); /* half a list would stop the timers of the other half */
                        return;
                }
        }
        if (bus_list_units(t->bus, PREFIX "*" SUFFIX, UNIT_TIMEOUT, on_listed, t, &t->list) < 0) {
                wanted_forget(t);
        }
}

void timer_unit_start(Timer *t, const Grant *g)
{
        _cleanup_(wanted_done) Wanted w = {};

        if (wanted_init(&w, g) < 0) {
                return;
        }
        unit_start(t, &w);
        if (t->list && wanted_add(t, g) < 0) {
                wanted_forget(t);
        }
}

/* What is over gets no unit any more; unit_start() makes none of what is past. */
static void move_forget(Timer *t, const Id *grant)
{
        for (size_t i = 0; i < t->n_moving; i++) {
                if (streq(t->moving[i].id.text, grant->text)) {
                        t->moving[i].until = 0;
                }
        }
}

void timer_unit_stop(Timer *t, const Id *grant)
{
        char name[NAME_SIZE];
        Wanted *w;

        unit_name(name, grant, SUFFIX);
        unit_stop(t, name);
        move_forget(t, grant);
        w = wanted_find(t, name);
        if (w) {
                wanted_done(w);
                *w = t->wanted[--t->n_wanted];
        }
}

/* --- a deadline that moves --- */

static void move_next(Timer *t);

/* A unit cannot be made before its namesake is gone. If it is not, it fires early and is then made anew. */
static void on_stopped(int r, void *userdata)
{
        Timer *t = userdata;

        t->move = bus_call_free(t->move);
        unit_start(t, &t->moving[0]);
        wanted_done(&t->moving[0]);
        t->n_moving--;
        memmove(t->moving, t->moving + 1, t->n_moving * sizeof(*t->moving));
        move_next(t);
}

static void move_next(Timer *t)
{
        char name[NAME_SIZE];

        while (t->n_moving > 0 && !t->move) {
                unit_name(name, &t->moving[0].id, SUFFIX);
                if (bus_stop_unit(t->bus, name, UNIT_TIMEOUT, on_stopped, t, &t->move) >= 0) {
                        return;
                }
                wanted_done(&t->moving[0]);
                t->n_moving--;
                memmove(t->moving, t->moving + 1, t->n_moving * sizeof(*t->moving));
        }
}

void timer_unit_move(Timer *t, const Grant *g)
{
        Wanted *more = reallocarray(t->moving, t->n_moving + 1, sizeof(*more));

        if (!more) {
                return;
        }
        t->moving = more;
        if (wanted_init(&more[t->n_moving], g) >= 0) {
                t->n_moving++;
                move_next(t);
        }
}

Timer *timer_free(Timer *t)
{
        if (!t) {
                return NULL;
        }
        wanted_forget(t);
        t->move = bus_call_free(t->move);
        while (t->n_moving > 0) {
                wanted_done(&t->moving[--t->n_moving]);
        }
        free(t->moving);
        sd_event_source_disable_unref(t->boot);
        sd_event_source_disable_unref(t->wall);
        sd_event_source_disable_unref(t->step);
        closep(&t->step_fd);
        sd_event_unref(t->event);
        free(t);
        return NULL;
}

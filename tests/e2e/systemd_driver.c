/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * systemd_driver - the daemon's own bus, timer and session code, driven by a script inside a test bed:
 *
 *   timer ID SECONDS ASKER SERVICE TARGET   make the grant's unit
 *   untimer ID                              drop it
 *   reconcile [ID=SECONDS]...               these and no others
 *   due WALL-SECONDS BOOT-SECONDS           our own clocks; prints how late they were
 *   hold ID PID                             put a process into its scope
 *   end ID PID [START]                      end it; prints when it was empty
 *   logout SESSION PID                      the same for a login
 *   look PID                                what a sandbox may read of a process
 *   states SECONDS                          prints the bus's state whenever it changes
 *
 * Times are printed in milliseconds. Exit 1 when something failed, with the reason.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/daemon/procs.h"
#include "jit-approver/daemon/session.h"
#include "jit-approver/daemon/timer.h"

#define TICK (5 * USEC_PER_MSEC)
#define BUS_WAIT (3 * USEC_PER_SEC)
#define LIST_TIMEOUT (10 * USEC_PER_SEC)

typedef struct Driver {
        sd_event *event;
        Bus *bus;
        usec_t began;
        int result;
        int pending;
        usec_t dues[8];
        size_t n_dues;
} Driver;

static usec_t monotonic(void)
{
        return clock_usec(CLOCK_MONOTONIC);
}

static long since_ms(usec_t then)
{
        return (long) ((monotonic() - then) / USEC_PER_MSEC);
}

static int fail(const char *what, int r)
{
        printf("%s: %s\n", what, strerror(-r));
        return 1;
}

/* One turn of the loop, at most a tick. */
static void turn(Driver *d)
{
        int r = sd_event_run(d->event, (uint64_t) TICK);

        if (r < 0) {
                exit(fail("sd_event_run", r));
        }
}

static void on_heard(int r, char *const *names, size_t n, void *userdata)
{
        Driver *d = userdata;

        d->pending = 0;
        d->result = r;
}

/* systemd answers in turn: once it has answered this, it has heard what it was told before. */
static int wait_heard(Driver *d)
{
        _cleanup_(bus_call_freep) BusCall *call = NULL;
        int r;

        d->pending = 1;
        r = bus_list_units(d->bus, "jit-grant-*.timer", LIST_TIMEOUT, on_heard, d, &call);
        if (r < 0) {
                return fail("bus_list_units", r);
        }
        while (d->pending) {
                turn(d);
        }
        return d->result < 0 ? fail("list", d->result) : 0;
}

static void wait_up(Driver *d)
{
        usec_t end = monotonic() + BUS_WAIT;

        while (!bus_is_up(d->bus) && monotonic() < end) {
                turn(d);
        }
}

/* --- timers --- */

static Grant make_grant(const char *id, const char *seconds, char *const *words)
{
        Grant g = { .asker.name = words ? words[0] : (char *) "dev",
                .service = words ? words[1] : (char *) "sudo",
                .target.name = words ? words[2] : (char *) "root" };

        if (id_parse(id, &g.id) < 0) {
                exit(fail(id, -EINVAL));
        }
        g.until = clock_usec(CLOCK_REALTIME) + (usec_t) (atof(seconds) * (double) USEC_PER_SEC);
        return g;
}

static void on_due(void *userdata)
{
        Driver *d = userdata;

        if (d->n_dues < ELEMENTSOF(d->dues)) {
                d->dues[d->n_dues++] = monotonic();
        }
}

static int do_timer(Driver *d, Timer *t, char **args, int n)
{
        Grant g = make_grant(args[0], args[1], n >= 5 ? args + 2 : NULL);

        timer_unit_start(t, &g);
        return wait_heard(d);
}

static int do_untimer(Driver *d, Timer *t, char **args, int n)
{
        Id id;

        if (id_parse(args[0], &id) < 0) {
                return fail(args[0], -EINVAL);
        }
        timer_unit_stop(t, &id);
        return wait_heard(d);
}

static int do_reconcile(Driver *d, Timer *t, char **args, int n)
{
        Grant grants[16];
        const Grant *list[16];

        for (int i = 0; i < n && i < (int) ELEMENTSOF(grants); i++) {
                char *seconds = strchr(args[i], '=');

                *seconds = '\0';
                grants[i] = make_grant(args[i], seconds + 1, NULL);
                list[i] = &grants[i];
        }
        timer_units_reconcile(t, list, (size_t) n);
        /* its question, then what came of the answer */
        return wait_heard(d) || wait_heard(d);
}

static int do_due(Driver *d, Timer *t, char **args, int n)
{
        Now now = clock_now();
        double wall = atof(args[0]), boot = atof(args[1]), first = wall < boot ? wall : boot;
        NextDue next = { now.wall + (usec_t) (wall * (double) USEC_PER_SEC),
                now.boot + (usec_t) (boot * (double) USEC_PER_SEC) };
        int r = timer_set(t, &next);

        if (r < 0) {
                return fail("timer_set", r);
        }
        while (d->n_dues < 2 && since_ms(d->began) < 10000) {
                turn(d);
        }
        for (size_t i = 0; i < d->n_dues; i++) {
                printf("due after %ld ms\n", (long) ((d->dues[i] - d->began) / USEC_PER_MSEC));
        }
        return d->n_dues > 0 && d->dues[0] - d->began >= (usec_t) (first * 1e6) ? 0 : 1;
}

/* --- sessions --- */

static Session make_session(SessionKind kind, char *unit, char *pid, char *start)
{
        Session x = { .kind = kind, .unit = unit, .pid = atoi(pid) };

        if (start) {
                x.start = atoll(start);
        } else {
                (void) process_start((pid_t) x.pid, &x.start);
        }
        return x;
}

static char *scope_name(const char *id)
{
        char *name = NULL;

        if (str_printf(&name, "jit-session-%s.scope", id) < 0) {
                exit(fail(id, -ENOMEM));
        }
        return name;
}

static void on_held(int r, void *userdata)
{
        Driver *d = userdata;

        d->pending = 0;
        d->result = r;
}

static int do_hold(Driver *d, Sessions *s, char **args, int n)
{
        _cleanup_(bus_call_freep) BusCall *call = NULL;
        _cleanup_(freep) char *unit = scope_name(args[0]);
        Session x = make_session(SESSION_SCOPE, unit, args[1], NULL);
        int r;

        d->pending = 1;
        d->began = monotonic();
        r = session_hold(s, &x, "dev: sudo as root", on_held, d, &call);
        if (r < 0) {
                return fail("session_hold", r);
        }
        while (d->pending) {
                turn(d);
        }
        printf("answered after %ld ms\n", since_ms(d->began));
        return d->result < 0 ? fail("hold", d->result) : 0;
}

/* A zombie that its parent has not reaped yet shows its old cgroup still. */
static bool is_zombie(pid_t pid)
{
        char path[64], text[512] = "";
        const char *end;
        FILE *f;

        (void) snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
        f = fopen(path, "re");
        if (!f) {
                return true;
        }
        end = fgets(text, sizeof(text), f) ? strrchr(text, ')') : NULL;
        (void) fclose(f);
        return !end || end[2] == 'Z';
}

static int living(const char *scope, pid_t host, size_t *ret_n, bool *ret_only_host)
{
        _cleanup_(freep) pid_t *pids = NULL;
        size_t n = 0, count = 0, others = 0;
        int r;

        r = unit_scan(scope, &pids, &n);
        if (r < 0) {
                return r;
        }
        for (size_t i = 0; i < n; i++) {
                bool alive = !is_zombie(pids[i]);

                count += alive;
                others += alive && pids[i] != host;
        }
        *ret_n = count;
        *ret_only_host = others == 0;
        return 0;
}

static int end_and_wait(Driver *d, Sessions *s, const Session *x, const char *scope)
{
        bool alone = false, empty = false;

        d->began = monotonic();
        session_end(s, x);
        session_end(s, x);
        while (sessions_ending(s) > 0 || !empty) {
                size_t count = 0;
                bool only_host;

                turn(d);
                if (living(scope, (pid_t) x->pid, &count, &only_host) < 0 ||
                        since_ms(d->began) > 10000) {
                        printf("%zu are left\n", count);
                        return 1;
                }
                if (!alone && only_host) {
                        alone = true;
                        printf("all but the host gone after %ld ms\n", since_ms(d->began));
                }
                if (!empty && count == 0) {
                        empty = true;
                        printf("empty after %ld ms\n", since_ms(d->began));
                }
        }
        printf("ended after %ld ms\n", since_ms(d->began));
        return 0;
}

static int do_end(Driver *d, Sessions *s, char **args, int n)
{
        _cleanup_(freep) char *unit = scope_name(args[0]);
        Session x = make_session(SESSION_SCOPE, unit, args[1], n > 2 ? args[2] : NULL);

        return end_and_wait(d, s, &x, unit);
}

static int do_logout(Driver *d, Sessions *s, char **args, int n)
{
        Session x = make_session(SESSION_LOGIND, args[0], args[1], NULL);
        _cleanup_(freep) char *scope = NULL;

        if (str_printf(&scope, "session-%s.scope", args[0]) < 0) {
                return fail("logout", -ENOMEM);
        }
        return end_and_wait(d, s, &x, scope);
}

/* --- looking --- */

static int look_at(const char *pid, const char *name)
{
        _cleanup_(freep) char *path = NULL;
        char buffer[4096];
        FILE *f;
        size_t n;

        if (str_printf(&path, "/proc/%s/%s", pid, name) < 0) {
                return 1;
        }
        f = fopen(path, "re");
        if (!f) {
                return fail(path, -errno);
        }
        n = fread(buffer, 1, sizeof(buffer), f);
        printf("%s: %zu bytes%s\n", path, n, n == 0 ? strerror(errno) : "");
        (void) fclose(f);
        return n == 0;
}

static int do_look(char **args)
{
        _cleanup_(freep) char *session = NULL;
        int failed = look_at(args[0], "loginuid") + look_at(args[0], "stat") +
                     look_at(args[0], "cgroup");
        int64_t start;
        int r;

        r = process_start(atoi(args[0]), &start);
        if (r < 0) {
                return fail("process_start", r);
        }
        r = session_of_pid(atoi(args[0]), &session);
        printf("start %lld session %s\n", (long long) start, r < 0 ? strerror(-r) : session);
        return failed != 0;
}

static int do_states(Driver *d, char **args)
{
        char last[160] = "";
        usec_t end = monotonic() + (usec_t) (atof(args[0]) * (double) USEC_PER_SEC);

        while (monotonic() < end) {
                turn(d);
                if (!streq(last, bus_state(d->bus))) {
                        (void) snprintf(last, sizeof(last), "%s", bus_state(d->bus));
                        printf("%ld %s\n", since_ms(d->began), last);
                        (void) fflush(stdout);
                }
        }
        return 0;
}

/* --- */

static const struct TimerVerb {
        const char *name;
        int min;
        int (*run)(Driver *d, Timer *t, char **args, int n);
} timer_verbs[] = {
        { "timer", 2, do_timer },
        { "untimer", 1, do_untimer },
        { "reconcile", 0, do_reconcile },
        { "due", 2, do_due },
};

static const struct SessionVerb {
        const char *name;
        int min;
        int (*run)(Driver *d, Sessions *s, char **args, int n);
} session_verbs[] = {
        { "hold", 2, do_hold },
        { "end", 2, do_end },
        { "logout", 2, do_logout },
};

static int run(Driver *d, const char *verb, char **args, int n)
{
        _cleanup_(timer_freep) Timer *timer = NULL;
        _cleanup_(sessions_freep) Sessions *sessions = NULL;

        if (timer_new(d->event, d->bus, on_due, d, &timer) < 0 ||
                sessions_new(d->event, d->bus, &sessions) < 0) {
                return fail("new", -ENOMEM);
        }
        d->began = monotonic();
        for (size_t i = 0; i < ELEMENTSOF(timer_verbs); i++) {
                if (streq(verb, timer_verbs[i].name) && n >= timer_verbs[i].min) {
                        return timer_verbs[i].run(d, timer, args, n);
                }
        }
        for (size_t i = 0; i < ELEMENTSOF(session_verbs); i++) {
                if (streq(verb, session_verbs[i].name) && n >= session_verbs[i].min) {
                        return session_verbs[i].run(d, sessions, args, n);
                }
        }
        if (streq(verb, "look") && n == 1) {
                return do_look(args);
        }
        if (streq(verb, "states") && n == 1) {
                return do_states(d, args);
        }
        return fail(verb, -EINVAL);
}

int main(int argc, char **argv)
{
        Driver d = {};
        int r;

        if (argc < 2) {
                return 2;
        }
        r = sd_event_new(&d.event);
        if (r < 0) {
                return fail("sd_event_new", r);
        }
        r = bus_new(d.event, NULL, NULL, NULL, &d.bus);
        if (r < 0) {
                return fail("bus_new", r);
        }
        if (!getenv("NO_WAIT") && !streq(argv[1], "states")) {
                wait_up(&d);
        }
        r = run(&d, argv[1], argv + 2, argc - 2);
        bus_free(d.bus);
        sd_event_unref(d.event);
        return r;
}

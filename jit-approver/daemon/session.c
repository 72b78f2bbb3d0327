/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Scopes: holding a host process in one, and the steps of an end. Each step has its own time and does
 * not wait for the answer to the one before; a bus that hangs costs one CALL_TIMEOUT of a step, after
 * which we find the processes in /proc and signal them ourselves.
 *
 * The scope is in system.slice. Below user.slice logind would stop it when the user's last session
 * ends, in its own order and with its own 90 s, and two would be ending one thing.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <systemd/sd-login.h>

#include "common/util.h"
#include "jit-approver/daemon/procs.h"
#include "jit-approver/daemon/session.h"

#define HOLD_TIMEOUT (3 * USEC_PER_SEC)
#define CALL_TIMEOUT (100 * USEC_PER_MSEC) /* less than half a STEP */
#define STEP (300 * USEC_PER_MSEC)
#define STOP_TIMEOUT (2 * USEC_PER_SEC) /* the scope's own 500 ms are part of it */
#define SCOPE_STOP_TIMEOUT (500 * USEC_PER_MSEC)
#define LIST_TIMEOUT (5 * USEC_PER_SEC)
#define ROUND (50 * USEC_PER_MSEC)
#define ROUNDS 40
#define HOST_ROUNDS 10 /* so long the host is spared */
#define ACCURACY USEC_PER_MSEC

/*
 * Whom a signal leaves out. sudo's monitor, killed with the rest, would leave sudo with "unable to
 * execute: Connection reset by peer"; it is given half a STEP to report instead. Whoever only pretends
 * to be one has gained no more than that.
 */
typedef enum Spare {
        SPARE_NOBODY,
        SPARE_HOST,
        SPARE_HELPERS, /* and the host */
} Spare;

typedef struct Ending Ending;
typedef void (*EndingStep)(Ending *e);

struct Ending {
        Sessions *sessions;
        Ending *next, *previous;
        char *unit;    /* the scope */
        char *session; /* logind's; NULL for our own scopes */
        pid_t host;
        int64_t start;
        int round;
        Spare spare; /* of the kill under way */
        BusCall *call;
        sd_event_source *timer;
        EndingStep step; /* what the timer does */
};

struct Sessions {
        sd_event *event;
        Bus *bus; /* borrowed */
        Ending *endings;
        size_t n_endings;
        SessionStray is_stray;
        void *stray_userdata;
        BusCall *list;   /* a look for strays that is under way */
        bool look_again; /* something may have changed since it began */
};

int sessions_new(sd_event *event, Bus *bus, Sessions **ret)
{
        Sessions *s = calloc(1, sizeof(*s));

        if (!s) {
                return -ENOMEM;
        }
        s->event = sd_event_ref(event);
        s->bus = bus;
        *ret = s;
        return 0;
}

/* --- holding --- */

typedef struct Hold {
        BusDone done;
        void *userdata;
        pid_t pid;
        char *unit;
} Hold;

static void hold_free(void *userdata)
{
        Hold *h = userdata;

        free(h->unit);
        free(h);
}

static void hold_freep(Hold **h)
{
        if (*h) {
                hold_free(*h);
        }
}

typedef struct Scope {
        pid_t pid;
        const char *description;
} Scope;

static int scope_properties(sd_bus_message *m, void *userdata)
{
        const Scope *s = userdata;

        /* The user's tasks were counted in his own slice; ours is not to be narrower than that. */
        return sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)", "PIDs", "au", 1,
                (uint32_t) s->pid, "Description", "s", s->description, "Slice", "s", "system.slice",
                "CollectMode", "s", "inactive-or-failed", "TimeoutStopUSec", "t",
                (uint64_t) SCOPE_STOP_TIMEOUT, "SendSIGHUP", "b", 1, "Delegate", "b", 0, "TasksMax",
                "t", UINT64_MAX);
}

/* What counts is where the process is: a reply may have been lost in a daemon-reexec. */
static void on_held(int r, void *userdata)
{
        Hold *h = userdata;

        if (process_is_in(h->pid, h->unit)) {
                r = 0;
        } else if (r >= 0) {
                r = -ESRCH;
        }
        h->done(r, h->userdata);
}

int session_hold(Sessions *s, const Session *x, const char *description, BusDone done,
        void *userdata, BusCall **ret)
{
        Scope scope = { (pid_t) x->pid, description };
        const TransientUnit unit = { x->unit, scope_properties, &scope };
        _cleanup_(hold_freep) Hold *h = NULL;
        int r;

        h = calloc(1, sizeof(*h));
        if (!h) {
                return -ENOMEM;
        }
        h->done = done;
        h->userdata = userdata;
        h->pid = (pid_t) x->pid;
        h->unit = strdup(x->unit);
        if (!h->unit) {
                return -ENOMEM;
        }
        r = bus_start_transient(s->bus, &unit, NULL, HOLD_TIMEOUT, on_held, h, ret);
        if (r < 0) {
                return r;
        }
        bus_call_set_destroy(*ret, hold_free);
        TAKE_PTR(h);
        return 0;
}

int session_of_pid(pid_t pid, char **ret)
{
        int r = sd_pid_get_session(pid, ret);

        return r == -ENODATA ? -ENXIO : r;
}

/* --- ending --- */

static void ending_free(Ending *e)
{
        if (e->previous) {
                e->previous->next = e->next;
        } else {
                e->sessions->endings = e->next;
        }
        if (e->next) {
                e->next->previous = e->previous;
        }
        e->sessions->n_endings--;
        bus_call_free(e->call);
        sd_event_source_disable_unref(e->timer);
        free(e->unit);
        free(e->session);
        free(e);
}

static int on_ending_timer(sd_event_source *s, uint64_t usec, void *userdata)
{
        Ending *e = userdata;

        e->step(e);
        return 0;
}

/* Does step after that time; a call of the step before that has not been answered is of no use then. */
static void ending_then(Ending *e, EndingStep step, usec_t after)
{
        e->step = step;
        (void) sd_event_source_set_time(
                e->timer, (uint64_t) usec_add(clock_usec(CLOCK_MONOTONIC), after));
        (void) sd_event_source_set_enabled(e->timer, SD_EVENT_ONESHOT);
}

static bool is_host(const Ending *e, pid_t pid)
{
        int64_t start;

        return pid == e->host && process_start(pid, &start) >= 0 && start == e->start;
}

static bool is_spared(const Ending *e, pid_t pid, Spare spare)
{
        return (spare >= SPARE_HOST && is_host(e, pid)) ||
               (spare >= SPARE_HELPERS && process_is_helper(pid, e->host));
}

static void kill_pids(const Ending *e, const pid_t *pids, size_t n, int signal, Spare spare)
{
        for (size_t i = 0; i < n; i++) {
                if (!is_spared(e, pids[i], spare)) {
                        (void) process_kill_in(pids[i], e->unit, signal);
                }
        }
}

/* Without systemd. Returns how many there were, or -errno. */
static ssize_t kill_found(const Ending *e, const int *signals, size_t n_signals, Spare spare)
{
        _cleanup_(freep) pid_t *pids = NULL;
        size_t n = 0;
        int r;

        r = unit_scan(e->unit, &pids, &n);
        if (r < 0) {
                return r;
        }
        for (size_t i = 0; i < n_signals; i++) {
                kill_pids(e, pids, n, signals[i], spare);
        }
        return (ssize_t) n;
}

/* The last resort: round after round until nobody is left, the host too in the end. */
static void step_kill_all(Ending *e)
{
        static const int kill_signal = SIGKILL;
        ssize_t n;

        e->call = bus_call_free(e->call);
        n = kill_found(e, &kill_signal, 1,
                e->session == NULL && e->round < HOST_ROUNDS ? SPARE_HOST : SPARE_NOBODY);
        if (n == 0 || ++e->round >= ROUNDS) {
                ending_free(e);
                return;
        }
        ending_then(e, step_kill_all, ROUND);
}

static void on_stopped(int r, void *userdata)
{
        Ending *e = userdata;

        if (r < 0) {
                step_kill_all(e);
                return;
        }
        ending_free(e);
}

/* The host as well: it has had its time. */
static void step_stop(Ending *e)
{
        int r;

        e->call = bus_call_free(e->call);
        if (e->session) {
                /* logind has begun to stop it already, in its own slow way. */
                r = bus_kill_unit(
                        e->sessions->bus, e->unit, SIGKILL, CALL_TIMEOUT, on_stopped, e, &e->call);
        } else {
                r = bus_stop_unit(e->sessions->bus, e->unit, STOP_TIMEOUT, on_stopped, e, &e->call);
        }
        if (r < 0) {
                step_kill_all(e);
        }
}

static void on_pids(int r, const pid_t *pids, size_t n, void *userdata)
{
        static const int kill_signal = SIGKILL;
        Ending *e = userdata;

        if (r == -ENOENT) {
                ending_free(e); /* nobody is left */
        } else if (r < 0) {
                (void) kill_found(e, &kill_signal, 1, e->spare);
        } else {
                kill_pids(e, pids, n, SIGKILL, e->spare);
        }
}

static void kill_all_but(Ending *e, Spare spare)
{
        e->call = bus_call_free(e->call);
        e->spare = spare;
        if (bus_unit_pids(e->sessions->bus, e->unit, CALL_TIMEOUT, on_pids, e, &e->call) < 0) {
                on_pids(-ENOMEM, NULL, 0, e);
        }
}

static void step_kill_helpers(Ending *e)
{
        ending_then(e, step_stop, STEP / 2);
        kill_all_but(e, SPARE_HOST);
}

static void step_kill(Ending *e)
{
        ending_then(e, step_kill_helpers, STEP / 2);
        kill_all_but(e, SPARE_HELPERS);
}

/* SIGCONT, since who is stopped cannot heed the others, nor restore a terminal. */
static const int end_signals[] = { SIGHUP, SIGTERM, SIGCONT };

static void on_first(int r, void *userdata)
{
        Ending *e = userdata;

        if (r < 0) {
                (void) kill_found(e, end_signals, ELEMENTSOF(end_signals), SPARE_NOBODY);
        }
}

static int begin_scope(Ending *e)
{
        Bus *bus = e->sessions->bus;
        int r;

        r = bus_kill_unit(bus, e->unit, end_signals[0], CALL_TIMEOUT, on_first, e, &e->call);
        for (size_t i = 1; r >= 0 && i < ELEMENTSOF(end_signals); i++) {
                r = bus_kill_unit(bus, e->unit, end_signals[i], CALL_TIMEOUT, NULL, NULL, NULL);
        }
        return r;
}

static void ending_begin(Ending *e)
{
        int r;

        ending_then(e, step_kill, STEP);
        if (e->session) {
                r = bus_terminate_session(
                        e->sessions->bus, e->session, CALL_TIMEOUT, on_first, e, &e->call);
        } else {
                r = begin_scope(e);
        }
        if (r < 0) {
                on_first(r, e);
        }
}

static int ending_new(Sessions *s, const Session *x, const char *scope, Ending **ret)
{
        Ending *e = calloc(1, sizeof(*e));
        int r;

        if (!e) {
                return -ENOMEM;
        }
        e->sessions = s;
        e->next = s->endings;
        if (e->next) {
                e->next->previous = e;
        }
        s->endings = e;
        s->n_endings++;
        e->host = (pid_t) x->pid;
        e->start = x->start;
        e->unit = strdup(scope);
        if (x->kind == SESSION_LOGIND) {
                e->session = strdup(x->unit);
        }
        r = e->unit && (e->session || x->kind != SESSION_LOGIND) ? 0 : -ENOMEM;
        if (r >= 0) {
                r = sd_event_add_time(s->event, &e->timer, CLOCK_MONOTONIC, UINT64_MAX, ACCURACY,
                        on_ending_timer, e);
        }
        if (r < 0) {
                ending_free(e);
                return r;
        }
        *ret = e;
        return 0;
}

void session_end(Sessions *s, const Session *x)
{
        _cleanup_(freep) char *scope = NULL;
        Ending *e;

        if (str_empty(x->unit)) {
                return;
        }
        if (str_printf(&scope, x->kind == SESSION_LOGIND ? "session-%s.scope" : "%s", x->unit) <
                0) {
                return;
        }
        for (e = s->endings; e; e = e->next) {
                if (streq(e->unit, scope)) {
                        return;
                }
        }
        if (ending_new(s, x, scope, &e) >= 0) {
                ending_begin(e);
        }
}

/* --- strays --- */

/* "jit-session-ID.scope" */
static int session_of_scope(const char *unit, Id *ret)
{
        static const char prefix[] = "jit-session-", suffix[] = ".scope";
        size_t n = strlen(unit), head = sizeof(prefix) - 1, tail = sizeof(suffix) - 1;
        char text[ID_SIZE];

        if (n != head + ID_LENGTH + tail || strncmp(unit, prefix, head) != 0 ||
                !streq(unit + n - tail, suffix)) {
                return -EINVAL;
        }
        memcpy(text, unit + head, ID_LENGTH);
        text[ID_LENGTH] = '\0';
        return id_parse(text, ret);
}

static void end_if_stray(Sessions *s, const char *unit)
{
        _cleanup_(session_done) Session x = { .kind = SESSION_SCOPE };
        Id id;

        if (session_of_scope(unit, &id) < 0 || !s->is_stray(&id, &x, s->stray_userdata)) {
                return;
        }
        free(x.unit);
        x.kind = SESSION_SCOPE;
        x.unit = strdup(unit);
        session_end(s, &x);
}

static void on_scopes(int r, char *const *names, size_t n, void *userdata)
{
        Sessions *s = userdata;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                end_if_stray(s, names[i]);
        }
        s->list = bus_call_free(s->list);
        if (s->look_again) {
                s->look_again = false;
                sessions_end_strays(s);
        }
}

void sessions_on_stray(Sessions *s, SessionStray is_stray, void *userdata)
{
        s->is_stray = is_stray;
        s->stray_userdata = userdata;
}

void sessions_end_strays(Sessions *s)
{
        if (!s->is_stray) {
                return;
        }
        if (s->list) {
                s->look_again = true;
                return;
        }
        /* Without a bus: it is done when there is one. */
        if (bus_list_units(s->bus, "jit-session-*.scope", LIST_TIMEOUT, on_scopes, s, &s->list) <
                0) {
                s->list = NULL;
        }
}

size_t sessions_ending(const Sessions *s)
{
        return s->n_endings;
}

Sessions *sessions_free(Sessions *s)
{
        if (!s) {
                return NULL;
        }
        bus_call_free(s->list);
        while (s->endings) {
                ending_free(s->endings);
        }
        sd_event_unref(s->event);
        free(s);
        return NULL;
}

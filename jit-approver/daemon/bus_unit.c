/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What we ask of systemd and logind, message by message, and what their replies mean.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "common/util.h"
#include "jit-approver/daemon/bus_internal.h"

#define LOGIND_NAME "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"

/* --- telling the owner --- */

static void tell_done(const BusCall *c, int r, const void *data, size_t n)
{
        ((BusDone) c->done)(r, c->userdata);
}

static void tell_pids(const BusCall *c, int r, const void *data, size_t n)
{
        ((BusPids) c->done)(r, data, n, c->userdata);
}

static void tell_units(const BusCall *c, int r, const void *data, size_t n)
{
        ((BusUnits) c->done)(r, (char *const *) data, n, c->userdata);
}

/* --- jobs --- */

static int job_result_to_errno(const char *result)
{
        if (streq(result, "done") || streq(result, "skipped")) {
                return 0;
        }
        if (streq(result, "timeout")) {
                return -ETIMEDOUT;
        }
        if (streq(result, "canceled")) {
                return -ECANCELED;
        }
        return -EIO; /* failed, dependency, … */
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        BusCall *c = userdata;
        const char *job, *unit, *result;
        uint32_t id;

        if (sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) < 0) {
                return 0;
        }
        /* systemd answers before the job ends, so there is no missing it; others' jobs are not ours. */
        if (c->job && streq(c->job, job)) {
                call_finish(c, job_result_to_errno(result), NULL, 0);
        }
        return 0;
}

/* dbus-daemon limits matches; without an own handler sd-bus would drop the whole connection. */
static int on_job_match(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        BusCall *c = userdata;

        if (sd_bus_message_is_method_error(m, NULL)) {
                call_finish(c, -sd_bus_message_get_errno(m), NULL, 0);
        }
        return 1;
}

static int on_job_reply(BusCall *c, sd_bus_message *m)
{
        const char *job;
        int r;

        r = sd_bus_message_read(m, "o", &job);
        if (r < 0) {
                return r;
        }
        free(c->job);
        c->job = strdup(job);
        return c->job ? 0 : -ENOMEM;
}

/*
 * A match per call, gone with it: the jobs of others wake us only meanwhile. (Not by arg2='UNIT' too:
 * sd-bus never sees an argument behind one that is no string.)
 */
static void call_watch_job(BusCall *c)
{
        int r;

        c->on_reply = on_job_reply;
        if (!c->message) {
                return;
        }
        r = sd_bus_add_match_async(sd_bus_message_get_bus(c->message), &c->job_match,
                "type='signal',sender='" SYSTEMD_NAME "',path='" SYSTEMD_PATH
                "',interface='" SYSTEMD_MANAGER "',member='JobRemoved'",
                on_job_removed, on_job_match, c);
        if (r < 0) { /* it is being closed */
                c->message = sd_bus_message_unref(c->message);
        }
}

/* --- starting and stopping --- */

static int append_unit(sd_bus_message *m, const TransientUnit *unit)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r < 0) {
                return r;
        }
        r = unit->properties(m, unit->userdata);
        if (r < 0) {
                return r;
        }
        return sd_bus_message_close_container(m);
}

static int append_aux(sd_bus_message *m, const TransientUnit *aux)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "(sa(sv))");
        if (r < 0) {
                return r;
        }
        if (aux) {
                r = sd_bus_message_open_container(m, 'r', "sa(sv)");
                if (r < 0) {
                        return r;
                }
                r = sd_bus_message_append(m, "s", aux->name);
                if (r < 0) {
                        return r;
                }
                r = append_unit(m, aux);
                if (r < 0) {
                        return r;
                }
                r = sd_bus_message_close_container(m);
                if (r < 0) {
                        return r;
                }
        }
        return sd_bus_message_close_container(m);
}

/* --- making a call --- */

static int call_fill(BusCall *c, const char *types, ...)
{
        va_list ap;
        int r;

        if (!c->message) {
                return 0;
        }
        va_start(ap, types);
        r = sd_bus_message_appendv(c->message, types, ap);
        va_end(ap);
        return r;
}

/* A call that systemd's manager answers. */
static int manager_call(Bus *b, const char *member, usec_t timeout, BusCall **ret)
{
        return call_new(b, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, member, timeout, ret);
}

/* Starts *c, which is no longer the caller's then. */
static int call_go(BusCall **c, BusTell tell, void (*done)(void), void *userdata, BusCall **ret)
{
        int r;

        (*c)->tell = tell;
        (*c)->done = done;
        (*c)->userdata = userdata;
        r = call_start(*c, ret);
        if (r < 0) {
                return r;
        }
        *c = NULL;
        return 0;
}

int bus_start_transient(Bus *b, const TransientUnit *unit, const TransientUnit *aux, usec_t timeout,
        BusDone done, void *userdata, BusCall **ret)
{
        _cleanup_(bus_call_freep) BusCall *c = NULL;
        int r;

        r = manager_call(b, "StartTransientUnit", timeout, &c);
        if (r < 0) {
                return r;
        }
        r = call_fill(c, "ss", unit->name, "fail");
        if (r < 0) {
                return r;
        }
        if (c->message) {
                r = append_unit(c->message, unit);
                if (r < 0) {
                        return r;
                }
                r = append_aux(c->message, aux);
                if (r < 0) {
                        return r;
                }
        }
        call_watch_job(c);
        return call_go(&c, tell_done, (void (*)(void)) done, userdata, ret);
}

int bus_stop_unit(
        Bus *b, const char *unit, usec_t timeout, BusDone done, void *userdata, BusCall **ret)
{
        _cleanup_(bus_call_freep) BusCall *c = NULL;
        int r;

        r = manager_call(b, "StopUnit", timeout, &c);
        if (r < 0) {
                return r;
        }
        r = call_fill(c, "ss", unit, "replace");
        if (r < 0) {
                return r;
        }
        call_watch_job(c);
        c->gone_is_success = true;
        return call_go(&c, tell_done, (void (*)(void)) done, userdata, ret);
}

static int on_plain_reply(BusCall *c, sd_bus_message *m)
{
        call_finish(c, 0, NULL, 0);
        return 1;
}

int bus_start_unit(Bus *b, const char *unit, bool again, usec_t timeout, BusDone done,
        void *userdata, BusCall **ret)
{
        _cleanup_(bus_call_freep) BusCall *c = NULL;
        int r;

        r = manager_call(b, again ? "RestartUnit" : "StartUnit", timeout, &c);
        if (r < 0) {
                return r;
        }
        r = call_fill(c, "ss", unit, "replace");
        if (r < 0) {
                return r;
        }
        c->on_reply = on_plain_reply;
        return call_go(&c, tell_done, (void (*)(void)) done, userdata, ret);
}

int bus_kill_unit(Bus *b, const char *unit, int signal, usec_t timeout, BusDone done,
        void *userdata, BusCall **ret)
{
        _cleanup_(bus_call_freep) BusCall *c = NULL;
        int r;

        r = manager_call(b, "KillUnit", timeout, &c);
        if (r < 0) {
                return r;
        }
        r = call_fill(c, "ssi", unit, "all", (int32_t) signal);
        if (r < 0) {
                return r;
        }
        c->gone_is_success = true;
        c->on_reply = on_plain_reply;
        return call_go(&c, tell_done, (void (*)(void)) done, userdata, ret);
}

int bus_reset_failed(Bus *b, const char *unit, usec_t timeout)
{
        _cleanup_(bus_call_freep) BusCall *c = NULL;
        int r;

        r = manager_call(b, "ResetFailedUnit", timeout, &c);
        if (r < 0) {
                return r;
        }
        r = call_fill(c, "s", unit);
        if (r < 0) {
                return r;
        }
        c->on_reply = on_plain_reply;
        return call_go(&c, tell_done, NULL, NULL, NULL);
}

int bus_terminate_session(
        Bus *b, const char *session, usec_t timeout, BusDone done, void *userdata, BusCall **ret)
{
        _cleanup_(bus_call_freep) BusCall *c = NULL;
        int r;

        r = call_new(b, LOGIND_NAME, LOGIND_PATH, LOGIND_MANAGER, "TerminateSession", timeout, &c);
        if (r < 0) {
                return r;
        }
        r = call_fill(c, "s", session);
        if (r < 0) {
                return r;
        }
        c->gone_is_success = true;
        c->on_reply = on_plain_reply;
        return call_go(&c, tell_done, (void (*)(void)) done, userdata, ret);
}

/* --- looking --- */

static int on_pids_reply(BusCall *c, sd_bus_message *m)
{
        _cleanup_(freep) pid_t *pids = NULL;
        const char *cgroup, *command;
        size_t n = 0, allocated = 0;
        uint32_t pid;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(sus)");
        if (r < 0) {
                return r;
        }
        while ((r = sd_bus_message_read(m, "(sus)", &cgroup, &pid, &command)) > 0) {
                if (n == allocated) {
                        size_t more = allocated == 0 ? 64 : 2 * allocated;
                        pid_t *bigger = reallocarray(pids, more, sizeof(*pids));

                        if (!bigger) {
                                return -ENOMEM;
                        }
                        pids = bigger;
                        allocated = more;
                }
                pids[n++] = (pid_t) pid;
        }
        if (r < 0) {
                return r;
        }
        call_finish(c, 0, pids, n);
        return 1;
}

int bus_unit_pids(
        Bus *b, const char *unit, usec_t timeout, BusPids done, void *userdata, BusCall **ret)
{
        _cleanup_(bus_call_freep) BusCall *c = NULL;
        int r;

        r = manager_call(b, "GetUnitProcesses", timeout, &c);
        if (r < 0) {
                return r;
        }
        r = call_fill(c, "s", unit);
        if (r < 0) {
                return r;
        }
        c->on_reply = on_pids_reply;
        return call_go(&c, tell_pids, (void (*)(void)) done, userdata, ret);
}

static int on_units_reply(BusCall *c, sd_bus_message *m)
{
        _cleanup_(strv_freep) char **names = NULL;
        const char *name, *skip[7];
        uint32_t job;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(ssssssouso)");
        if (r < 0) {
                return r;
        }
        while ((r = sd_bus_message_read(m, "(ssssssouso)", &name, &skip[0], &skip[1], &skip[2],
                        &skip[3], &skip[4], &skip[5], &job, &skip[6], &skip[6])) > 0) {
                r = strv_add(&names, name);
                if (r < 0) {
                        return r;
                }
        }
        if (r < 0) {
                return r;
        }
        call_finish(c, 0, names, strv_length(names));
        return 1;
}

int bus_list_units(
        Bus *b, const char *pattern, usec_t timeout, BusUnits done, void *userdata, BusCall **ret)
{
        _cleanup_(bus_call_freep) BusCall *c = NULL;
        int r;

        r = manager_call(b, "ListUnitsByPatterns", timeout, &c);
        if (r < 0) {
                return r;
        }
        r = call_fill(c, "asas", 3, "activating", "active", "deactivating", 1, pattern);
        if (r < 0) {
                return r;
        }
        c->on_reply = on_units_reply;
        return call_go(&c, tell_units, (void (*)(void)) done, userdata, ret);
}

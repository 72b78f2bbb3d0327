/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a grant opened ends with it. sudo and su are held in jit-session-ID.scope, answered only when
 * systemd's job is done (before that sudo could fork outside it); logins are logind's sessions.
 *
 * The order of an end: SIGHUP and SIGTERM to the scope; 300 ms later SIGKILL
 * to every process in it but the host, which restores its terminal and leaves; 300 ms later the scope
 * is stopped. A fork that outruns us meets the last step, which is systemd's. A login is ended by
 * logind first, which would leave 90 s to who ignores SIGTERM, and then in the same order. Where
 * systemd does not answer we do each step ourselves.
 */

#include "jit-approver/daemon/bus.h"
#include "jit-approver/daemon/store.h"

typedef struct Sessions Sessions;

int sessions_new(sd_event *event, Bus *bus, Sessions **ret);
/* Ends in progress are forgotten: they are to be begun again from the store. */
Sessions *sessions_free(Sessions *s);
DEFINE_FREE(Sessions, sessions_free)

/*
 * Puts x->pid into x->unit (jit-session-ID.scope, named by the caller). done(0) when it is inside,
 * within 3 s else an error. description is shown by `systemctl list-units`; foreign text in it has
 * been made safe. As with every BusCall, done is called from the event loop, and *ret is the caller's.
 */
int session_hold(Sessions *s, const Session *x, const char *description, BusDone done,
        void *userdata, BusCall **ret);

/* logind's session of a process, from its cgroup. -ENXIO when it is in none. Caller frees. */
int session_of_pid(pid_t pid, char **ret);

/* Ends what x holds, by the order above; fire and forget, safe to repeat, a gone unit is fine. */
void session_end(Sessions *s, const Session *x);
/*
 * Scopes that outlived their session: what sudo left running behind it, and ends that a restart of
 * ours cut short. is_stray says of a jit-session-ID.scope that exists whether it is to be ended, and
 * then fills in what is known of its host (pid 0: nothing; the caller of session_done() is us).
 */
typedef bool (*SessionStray)(const Id *session, Session *ret, void *userdata);
void sessions_on_stray(Sessions *s, SessionStray is_stray, void *userdata);
/* Looks for them, in the background. */
void sessions_end_strays(Sessions *s);

/* Ends that are still in progress. */
size_t sessions_ending(const Sessions *s);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The worker processes. One that hangs is left alone until its question is abandoned, but it no longer
 * counts among the few that are worth having: others may be started beside it.
 *
 * MUST: never wait for a worker. All that leave are killed, and reaped when their pidfd says so.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit-approver/daemon/people_internal.h"

#define WORKERS_MAX 4    /* that answer within SLOW */
#define PROCESSES_MAX 16 /* with those that hang and those that are dying */
#define FREE_WAIT_MS 200 /* for killed workers, when the daemon ends */

struct Worker {
        LIST_ENTRY(Worker) workers; /* owned by Pool.workers */
        Pool *pool;
        pid_t pid;
        int fd; /* -1: leaving */
        int pidfd;
        uint32_t serial; /* of the question */
        Entry *entry;    /* asked; NULL: idle */
        usec_t asked;    /* CLOCK_MONOTONIC */
        sd_event_source *on_answer, *on_exit;
};

struct Pool {
        sd_event *event;
        char *program;
        PoolAnswered answered;
        void *userdata;
        uint32_t serial;
        LIST_HEAD(, Worker) workers;
};

static Worker *worker_free(Worker *w)
{
        LIST_REMOVE(w, workers);
        sd_event_source_disable_unref(w->on_answer);
        sd_event_source_disable_unref(w->on_exit);
        closep(&w->fd);
        closep(&w->pidfd);
        free(w);
        return NULL;
}

/* From here on it only waits to be reaped. */
static void worker_retire(Worker *w)
{
        w->on_answer = sd_event_source_disable_unref(w->on_answer);
        closep(&w->fd);
        w->fd = -1;
        w->entry = NULL;
        (void) pidfd_send_signal(w->pidfd, SIGKILL, NULL, 0);
}

static void worker_report(Worker *w, const PeopleAnswer *answer)
{
        Entry *e = TAKE_PTR(w->entry);
        Pool *p = w->pool;

        if (!answer) {
                worker_retire(w);
        }
        if (e) {
                e->worker = NULL;
                p->answered(e, answer, p->userdata);
        }
}

static bool answer_fits(const Worker *w, const PeopleAnswer *a, size_t size)
{
        return w->entry && size >= PEOPLE_ANSWER_HEAD && a->magic == PEOPLE_MAGIC &&
               a->serial == w->serial && a->found <= TERNARY_YES && a->n_gids <= PEOPLE_GIDS_MAX &&
               a->n_name <= PEOPLE_NAME_MAX &&
               size == PEOPLE_ANSWER_HEAD + a->n_gids * sizeof(uint32_t) + a->n_name;
}

static int on_answer(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Worker *w = userdata;
        PeopleAnswer answer;
        /* MSG_TRUNC: the true length, so that a packet that is too long does not look like one. */
        ssize_t n = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT | MSG_TRUNC);

        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
                return 0;
        }
        worker_report(w, n > 0 && answer_fits(w, &answer, (size_t) n) ? &answer : NULL);
        return 0;
}

/* Whether it is gone for good. Does not wait. */
static bool worker_reap(Worker *w)
{
        siginfo_t info = {};

        /* An error means that somebody else has reaped it, or nobody need to (SIGCHLD ignored). */
        return waitid(P_PIDFD, (id_t) w->pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid != 0;
}

static int on_exit_of(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Worker *w = userdata;

        if (w->fd >= 0) {
                worker_report(w, NULL);
        }
        if (worker_reap(w)) {
                worker_free(w);
        }
        return 0;
}

/*
 * The socket is its standard input; of ours it keeps standard error alone. Nothing of our environment,
 * of our signal mask and of what we ignore goes to NSS modules.
 */
static int worker_exec(const char *program, int fd, pid_t *ret)
{
        char *argv[] = { (char *) program, (char *) "--people-worker", NULL };
        char *envp[] = { (char *) "PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *) "LANG=C", NULL };
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attr;
        sigset_t none, all;
        int r;

        (void) sigemptyset(&none);
        (void) sigfillset(&all);
        r = posix_spawn_file_actions_init(&files);
        if (r != 0) {
                return -r;
        }
        r = posix_spawnattr_init(&attr);
        if (r == 0) {
                (void) posix_spawnattr_setsigmask(&attr, &none);
                (void) posix_spawnattr_setsigdefault(&attr, &all);
                (void) posix_spawnattr_setflags(
                        &attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
                r = posix_spawn_file_actions_adddup2(&files, fd, STDIN_FILENO);
        }
        if (r == 0) {
                r = posix_spawn_file_actions_addopen(
                        &files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        }
        if (r == 0) {
                r = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
        }
        if (r == 0) {
                r = posix_spawn(ret, program, &files, &attr, argv, envp);
        }
        (void) posix_spawnattr_destroy(&attr);
        (void) posix_spawn_file_actions_destroy(&files);
        return -r;
}

/* An io source that is looked at before the deadlines: after a stall of ours an answer still counts. */
static int watch(Pool *p, int fd, int64_t priority, sd_event_io_handler_t handler, Worker *w,
        sd_event_source **ret)
{
        sd_event_source *source = NULL;
        int r;

        r = sd_event_add_io(p->event, &source, fd, EPOLLIN, handler, w);
        if (r < 0) {
                return r;
        }
        (void) sd_event_source_set_priority(source, priority);
        *ret = source;
        return 0;
}

static int worker_watch(Pool *p, Worker *w)
{
        int r;

        r = watch(p, w->fd, SD_EVENT_PRIORITY_NORMAL - 2, on_answer, w, &w->on_answer);
        if (r < 0) {
                return r;
        }
        /* The last answer of a worker that ends is read before its end is seen. */
        return watch(p, w->pidfd, SD_EVENT_PRIORITY_NORMAL - 1, on_exit_of, w, &w->on_exit);
}

static int worker_new(Pool *p, Worker **ret)
{
        _cleanup_(closep) int ours = -1, theirs = -1, pidfd = -1;
        int fds[2], r;
        pid_t pid;
        Worker *w;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
                return -errno;
        }
        ours = fds[0];
        theirs = fds[1];
        w = calloc(1, sizeof(*w));
        if (!w) {
                return -ENOMEM;
        }
        r = worker_exec(p->program, theirs, &pid);
        if (r < 0) {
                free(w);
                return r;
        }
        /* Not reaped yet, so the pid is still its own. */
        pidfd = pidfd_open(pid, 0);
        if (pidfd < 0) {
                r = -errno;
                (void) kill(pid, SIGKILL);
                (void) waitpid(pid, NULL, 0);
                free(w);
                return r;
        }
        *w = (Worker){ .pool = p, .pid = pid, .fd = TAKE_FD(ours), .pidfd = TAKE_FD(pidfd) };
        LIST_INSERT_HEAD(&p->workers, w, workers);
        r = worker_watch(p, w);
        if (r < 0) {
                /* Nothing will tell us of its end, so it is waited for; it has hardly begun. */
                worker_retire(w);
                (void) waitpid(pid, NULL, 0);
                worker_free(w);
                return r;
        }
        *ret = w;
        return 0;
}

/* An idle worker, or NULL; whether another one may be started. */
static Worker *pool_idle(Pool *p, usec_t now, bool *ret_room)
{
        size_t n_quick = 0, n = 0;
        Worker *w;

        LIST_FOREACH(w, &p->workers, workers)
        {
                if (w->fd >= 0 && !w->entry) {
                        return w;
                }
                n++;
                n_quick += w->fd >= 0 && now - w->asked < PEOPLE_SLOW_USEC;
        }
        *ret_room = n_quick < WORKERS_MAX && n < PROCESSES_MAX;
        return NULL;
}

static int worker_send(Worker *w, Entry *e)
{
        PeopleQuestion q = {
                .magic = PEOPLE_MAGIC,
                .serial = ++w->pool->serial,
                .kind = e->kind,
                .uid = e->uid,
        };

        memcpy(q.name, e->name, strlen(e->name) + 1); /* people_name_valid() */
        if (send(w->fd, &q, sizeof(q), MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t) sizeof(q)) {
                return -EPIPE;
        }
        w->serial = q.serial;
        w->entry = e;
        w->asked = clock_usec(CLOCK_MONOTONIC);
        e->worker = w;
        return 0;
}

int pool_ask(Pool *p, Entry *e)
{
        usec_t now = clock_usec(CLOCK_MONOTONIC);
        bool room = false;
        Worker *w;
        int r;

        /* One that died while it was idle is found out by asking it. */
        while ((w = pool_idle(p, now, &room))) {
                if (worker_send(w, e) == 0) {
                        return 0;
                }
                worker_retire(w);
        }
        if (!room) {
                return -EAGAIN;
        }
        r = worker_new(p, &w);
        if (r < 0) {
                return r;
        }
        r = worker_send(w, e);
        if (r < 0) {
                worker_retire(w);
        }
        return r;
}

void pool_abandon(Pool *p, Worker *w)
{
        w->entry->worker = NULL;
        worker_retire(w);
}

void pool_trim(Pool *p)
{
        bool kept = false;
        Worker *w;

        LIST_FOREACH(w, &p->workers, workers)
        {
                if (w->fd < 0 || w->entry) {
                        continue;
                }
                if (kept) {
                        worker_retire(w);
                }
                kept = true;
        }
}

int pool_new(
        sd_event *event, const char *program, PoolAnswered answered, void *userdata, Pool **ret)
{
        Pool *p = calloc(1, sizeof(*p));

        if (!p) {
                return -ENOMEM;
        }
        p->program = strdup(program);
        if (!p->program) {
                free(p);
                return -ENOMEM;
        }
        p->event = sd_event_ref(event);
        p->answered = answered;
        p->userdata = userdata;
        LIST_INIT(&p->workers);
        *ret = p;
        return 0;
}

Pool *pool_free(Pool *p)
{
        usec_t until = usec_add(clock_usec(CLOCK_MONOTONIC), FREE_WAIT_MS * USEC_PER_MSEC);
        Worker *w;

        if (!p) {
                return NULL;
        }
        LIST_FOREACH(w, &p->workers, workers)
        {
                worker_retire(w);
        }
        /* Killed processes are gone at once, but for one that sleeps in the kernel: init reaps that. */
        while ((w = LIST_FIRST(&p->workers))) {
                struct pollfd pfd = { .fd = w->pidfd, .events = POLLIN };

                (void) poll(&pfd, 1, usec_poll_ms(clock_usec(CLOCK_MONOTONIC), until));
                (void) worker_reap(w);
                worker_free(w);
        }
        sd_event_unref(p->event);
        free(p->program);
        free(p);
        return NULL;
}

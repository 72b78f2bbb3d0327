/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A granted check against the floor F, a module that does nothing and what else there is; then the
 * same on one CPU, and how many a second go through at once.
 *
 *     bench_check DIR DAEMON-PID ROUNDS TURNS USER...
 *
 * DIR holds the PAM folders null, probe, probe-pinned, jit, unix and script, each with a service "bench"; sockets are made in it.
 */

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/util.h"
#include "tests/bench/bench.h"

#define PROCESSES_MAX 64
#define LIGHT_TIMES 4 /* turns without the script */

typedef enum What {
        FLOOR,
        NULL_MODULE,
        PROBE, /* nothing but F inside a module */
        JIT,
        UNIX,
        SCRIPT,
        _WHAT_MAX,
} What;

typedef struct Setting {
        char *floor, *floor_pinned;
        PamTransaction stacks[_WHAT_MAX], probe_pinned;
        pid_t daemon;
        size_t rounds, turns;
        char **users; /* all with a grant; one for each process */
        size_t n_users;
} Setting;

static char *in(const char *dir, const char *name)
{
        char *path;

        if (str_printf(&path, "%s/%s", dir, name) < 0) {
                err(1, NULL);
        }
        return path;
}

/* What the script asks, an HTTP server that says yes. */
static void http_serve(void *path)
{
        static const char yes[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes";
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char request[4096];

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", (const char *) path);
        if (listener < 0 || bind(listener, (struct sockaddr *) &address, sizeof(address)) < 0 ||
                listen(listener, 16) < 0) {
                err(1, "%s", address.sun_path);
        }
        for (;;) {
                int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

                if (recv(fd, request, sizeof(request), 0) > 0) {
                        (void) !send(fd, yes, sizeof(yes) - 1, MSG_NOSIGNAL);
                }
                (void) close(fd);
        }
}

static void fill(const Setting *s, char *floor, Act acts[static _WHAT_MAX])
{
        for (What i = 0; i < _WHAT_MAX; i++) {
                acts[i] = (Act){ .run = transaction, .userdata = (void *) &s->stacks[i] };
        }
        acts[FLOOR] = (Act){ .run = floor_once, .userdata = floor };
}

/* What a stack costs beyond one that does nothing, in medians of F. */
static double margin_of(const Act *acts, What what)
{
        return (acts[what].median - acts[NULL_MODULE].median) / acts[FLOOR].median;
}

static void run_check(const Setting *s)
{
        Rounds f = {}, null = {}, jit = {}, probe = {}, margin = {}, of_unix = {};
        Act acts[_WHAT_MAX];

        fill(s, s->floor, acts);
        for (size_t i = 0; i < s->rounds; i++) {
                acts_run(acts, SCRIPT, s->turns * LIGHT_TIMES);
                rounds_add(&f, acts[FLOOR].median / 1000);
                rounds_add(&null, acts[NULL_MODULE].median / acts[FLOOR].median);
                rounds_add(&jit, acts[JIT].median / acts[FLOOR].median);
                rounds_add(&probe, margin_of(acts, PROBE));
                rounds_add(&margin, margin_of(acts, JIT));
                rounds_add(&of_unix, margin_of(acts, JIT) / margin_of(acts, UNIX));
        }
        rounds_report("f", &f);
        rounds_report("null", &null);
        rounds_report("jit", &jit);
        rounds_report("probe", &probe);
        rounds_report("margin", &margin);
        rounds_report("unix_margin", &of_unix);
}

/* A script in the loop takes milliseconds, after which nobody's memory is in any cache. */
static void run_cold(const Setting *s)
{
        Rounds probe = {}, margin = {}, script = {}, script_margin = {};
        Act acts[_WHAT_MAX];

        fill(s, s->floor, acts);
        for (size_t i = 0; i < s->rounds; i++) {
                acts_run(acts, _WHAT_MAX, s->turns);
                rounds_add(&probe, margin_of(acts, PROBE));
                rounds_add(&margin, margin_of(acts, JIT));
                rounds_add(&script, acts[SCRIPT].median / acts[JIT].median);
                rounds_add(&script_margin, margin_of(acts, SCRIPT) / margin_of(acts, JIT));
        }
        rounds_report("cold_probe", &probe);
        rounds_report("cold_margin", &margin);
        rounds_report("script", &script);
        rounds_report("script_margin", &script_margin);
}

/* Client and server on one CPU: no wake-up of another one is in it. */
static void run_one_cpu(const Setting *s)
{
        Rounds f = {}, probe = {}, margin = {};
        Act acts[_WHAT_MAX];

        fill(s, s->floor_pinned, acts);
        acts[PROBE].userdata = (void *) &s->probe_pinned;
        pin(0, 0);
        pin(s->daemon, 0);
        for (size_t i = 0; i < s->rounds; i++) {
                acts_run(acts, UNIX, s->turns * LIGHT_TIMES);
                rounds_add(&f, acts[FLOOR].median / 1000);
                rounds_add(&probe, margin_of(acts, PROBE));
                rounds_add(&margin, margin_of(acts, JIT));
        }
        pin(0, -1);
        pin(s->daemon, -1);
        rounds_report("f_one_cpu", &f);
        rounds_report("probe_one_cpu", &probe);
        rounds_report("margin_one_cpu", &margin);
}

static volatile sig_atomic_t over;

static void on_alarm(int sig)
{
        over = 1;
}

typedef struct Share {
        PamTransaction stack;
        unsigned long done;
} Share;

static void hammer(void *share)
{
        Share *s = share;

        (void) signal(SIGALRM, on_alarm);
        (void) ualarm(500000, 0);
        while (!over) {
                transaction(&s->stack);
                s->done++;
        }
}

/* Transactions a second, of several processes at once. */
static double rate(const Setting *setting, What what)
{
        size_t n = setting->n_users, size = n * sizeof(Share);
        Share *shares = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        pid_t pids[PROCESSES_MAX];
        unsigned long sum = 0;

        if (shares == MAP_FAILED) {
                err(1, "mmap");
        }
        double start = nanoseconds();
        for (size_t i = 0; i < n; i++) {
                shares[i].stack =
                        (PamTransaction){ setting->stacks[what].confdir, setting->users[i] };
                pids[i] = child(hammer, &shares[i]);
        }
        for (size_t i = 0; i < n; i++) {
                int status;

                if (waitpid(pids[i], &status, 0) < 0 || status != 0) {
                        errx(1, "a process of many failed");
                }
                sum += shares[i].done;
        }
        double seconds = (nanoseconds() - start) / 1e9;
        (void) munmap(shares, size);
        return (double) sum / seconds;
}

static void run_at_once(const Setting *s)
{
        Rounds jit = {}, ratio = {};

        for (size_t i = 0; i < s->rounds; i++) {
                double empty = rate(s, NULL_MODULE), ours = rate(s, JIT);

                rounds_add(&jit, ours);
                rounds_add(&ratio, ours / empty);
        }
        rounds_report("checks_a_second", &jit);
        rounds_report("rate", &ratio);
}

int main(int argc, char **argv)
{
        const struct rlimit files = { 1024, 1024 };

        if (argc < 6 || argc > 5 + PROCESSES_MAX) {
                errx(2, "usage: bench_check DIR DAEMON-PID ROUNDS TURNS USER...");
        }
        const char *dir = argv[1], *user = argv[5];
        const Setting s = {
                .floor = in(dir, "floor"),
                .floor_pinned = in(dir, "floor-pinned"),
                .stacks = { [NULL_MODULE] = { in(dir, "null"), user },
                        [PROBE] = { in(dir, "probe"), user },
                        [JIT] = { in(dir, "jit"), user },
                        [UNIX] = { in(dir, "unix"), user },
                        [SCRIPT] = { in(dir, "script"), user } },
                .probe_pinned = { in(dir, "probe-pinned"), user },
                .daemon = (pid_t) number(argv[2]),
                .rounds = (size_t) number(argv[3]),
                .turns = (size_t) number(argv[4]),
                .users = argv + 5,
                .n_users = (size_t) argc - 5,
        };
        /* pam_exec closes every descriptor up to the limit: the kindest there is to it. */
        if (setrlimit(RLIMIT_NOFILE, &files) < 0) {
                err(1, "RLIMIT_NOFILE");
        }
        (void) child(http_serve, in(dir, "http"));
        (void) child(floor_serve, s.floor);
        pin(child(floor_serve, s.floor_pinned), 0);
        floor_once(s.floor);
        floor_once(s.floor_pinned);
        run_check(&s);
        run_cold(&s);
        run_one_cpu(&s);
        run_at_once(&s);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What users cost who wait: memory for each, wake-ups and CPU time of the daemon while nothing
 * happens, and a check beside them against the same of a second daemon where nobody waits.
 *
 *     bench_wait SOCKET DAEMON-PID QUIET-SOCKET UID USER ROUNDS TURNS IDLE-SECONDS WAITING...
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/util.h"
#include "tests/bench/bench.h"

#define SETTLE 1 /* second, for what was put off */
#define QUIET                                                                                      \
        17 /* seconds after which a daemon has done what it does once, and all deadlines are met */

typedef struct Figures {
        double rss, slab;       /* KiB */
        double switches, ticks; /* of the daemon, so far */
} Figures;

/* The number behind a word that starts a line of a file. */
static double line_of(const char *path, const char *word)
{
        char line[512];
        double value = -1;
        FILE *f = fopen(path, "re");

        if (!f) {
                err(1, "%s", path);
        }
        while (value < 0 && fgets(line, sizeof(line), f)) {
                if (strncmp(line, word, strlen(word)) == 0) {
                        value = strtod(line + strlen(word), NULL);
                }
        }
        (void) fclose(f);
        if (value < 0) {
                errx(1, "%s: no %s", path, word);
        }
        return value;
}

/* User and system time of all its threads; its name has no space. */
static double ticks_of(pid_t pid)
{
        unsigned long user, system;
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
        FILE *f = fopen(path, "re");
        if (!f || fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                          &system) != 2) {
                errx(1, "%s", path);
        }
        (void) fclose(f);
        return (double) (user + system);
}

static Figures figures(pid_t pid)
{
        char status[64];

        (void) snprintf(status, sizeof(status), "/proc/%d/status", (int) pid);
        return (Figures){
                .rss = line_of(status, "VmRSS:"),
                .slab = line_of("/proc/meminfo", "Slab:"),
                .switches = line_of(status, "voluntary_ctxt_switches:"),
                .ticks = ticks_of(pid),
        };
}

/* One more user, who waits until this program ends. */
static void wait_one(const char *socket, uid_t asker)
{
        RequestCall request = request_of(asker, "somebody", "bench", true);
        Client c;

        approver_connect(&c, socket);
        free(ask_for(&c, &request));
        c.fd = -1; /* stays open */
        client_done(&c);
}

static void wait_many(const char *socket, size_t from, size_t to)
{
        for (size_t i = from; i < to; i++) {
                wait_one(socket, BENCH_ASKER + (uid_t) i);
        }
        (void) sleep(SETTLE);
}

static void report_growth(const Figures *before, const Figures *now, size_t n)
{
        char key[64];

        (void) snprintf(key, sizeof(key), "waiter_rss_%zu", n);
        report(key, (now->rss - before->rss) / (double) n);
        (void) snprintf(key, sizeof(key), "waiter_all_%zu", n);
        report(key, (now->rss - before->rss + now->slab - before->slab) / (double) n);
}

static void idle(pid_t pid, unsigned seconds)
{
        (void) sleep(QUIET);
        Figures before = figures(pid);

        (void) sleep(seconds);
        Figures now = figures(pid);
        report("idle_switches", now.switches - before.switches);
        report("idle_ticks", now.ticks - before.ticks);
}

typedef struct Checker {
        const char *socket, *user;
        uid_t asker;
} Checker;

static void check(void *userdata)
{
        const Checker *c = userdata;

        check_once(c->socket, c->asker, c->user);
}

static void checks(Checker busy, Checker quiet, size_t rounds, size_t turns)
{
        Act acts[] = { { .run = check, .userdata = &busy }, { .run = check, .userdata = &quiet } };
        Rounds ratio = {};

        for (size_t i = 0; i < rounds; i++) {
                acts_run(acts, ELEMENTSOF(acts), turns);
                rounds_add(&ratio, acts[0].median / acts[1].median);
        }
        rounds_report("check_beside", &ratio);
}

int main(int argc, char **argv)
{
        struct rlimit files;

        if (argc < 10) {
                errx(2, "usage: bench_wait SOCKET DAEMON-PID QUIET-SOCKET UID USER ROUNDS TURNS"
                        " IDLE-SECONDS WAITING...");
        }
        if (getrlimit(RLIMIT_NOFILE, &files) < 0) {
                err(1, "RLIMIT_NOFILE");
        }
        files.rlim_cur = files.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &files);

        const char *socket = argv[1];
        pid_t daemon = (pid_t) number(argv[2]);
        uid_t asker = (uid_t) number(argv[4]);
        size_t rounds = (size_t) number(argv[6]), turns = (size_t) number(argv[7]), n = 0;

        (void) sleep(SETTLE);
        Figures before = figures(daemon);
        for (int i = 9; i < argc; i++) {
                size_t to = (size_t) number(argv[i]);
                wait_many(socket, n, to);
                n = to;
                Figures now = figures(daemon);
                report_growth(&before, &now, n);
        }
        idle(daemon, (unsigned) number(argv[8]));
        checks((Checker){ socket, argv[5], asker }, (Checker){ argv[3], argv[5], asker }, rounds,
                turns);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a decision costs: the whole transaction (the conditional UPDATE, a vote, a grant, three rows of
 * the record, two messages taken out of the outbox) against D, 292 bytes written over in a file and
 * fdatasync(2), each in turn in one loop. Prints ratios, which hold on a noisy machine where times do
 * not: the median of each round and the median of the rounds.
 *
 *     bench_store DIR [ROUNDS [DECISIONS]]      DIR on a real disk
 */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/daemon/audit.h"
#include "jit-approver/daemon/outbox.h"

#define D_BYTES 292
#define D_FILE (1024 * 1024)
#define BOOT "00000000-0000-0000-0000-000000000000"

#define MUST(call)                                                                                 \
        do {                                                                                       \
                int _r = (call);                                                                   \
                if (_r < 0) {                                                                      \
                        errx(1, "%s: %s", #call, strerror(-_r));                                   \
                }                                                                                  \
        } while (false)

typedef struct Bench {
        Store *store;
        Audit *audit;
        int fd;
        off_t at;
} Bench;

static usec_t nanoseconds(void)
{
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * (usec_t) 1000000000 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *) a, y = *(const double *) b;

        return (x > y) - (x < y);
}

static double quantile(double *values, size_t n, double q)
{
        qsort(values, n, sizeof(double), compare);
        return values[MIN((size_t) (q * (double) n), n - 1)];
}

static void open_floor(const char *dir, Bench *b)
{
        static const char zeros[4096];
        char path[5000];

        (void) snprintf(path, sizeof(path), "%s/floor", dir);
        b->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (b->fd < 0) {
                err(1, "%s", path);
        }
        for (off_t at = 0; at < D_FILE; at += (off_t) sizeof(zeros)) {
                if (pwrite(b->fd, zeros, sizeof(zeros), at) != (ssize_t) sizeof(zeros)) {
                        err(1, "%s", path);
                }
        }
        (void) fsync(b->fd);
}

static void floor_once(Bench *b)
{
        static const char bytes[D_BYTES] = "x";

        if (pwrite(b->fd, bytes, sizeof(bytes), b->at) != (ssize_t) sizeof(bytes) ||
                fdatasync(b->fd) < 0) {
                err(1, "fdatasync");
        }
        b->at = (b->at + D_BYTES) % (D_FILE - D_BYTES);
}

static void ask(Bench *b, Request *request, const Now *now)
{
        OwedMessage m = { .event = (char *) OUTBOX_CREATED,
                .request = request->id,
                .channel = (char *) "hook",
                .created = now->wall };
        Fact f = { .event = AUDIT_REQUEST_CREATED,
                .request = &request->id,
                .asker = &request->asker,
                .target = &request->target,
                .service = request->service,
                .command = request->command,
                .reason = request->reason,
                .rule = request->rule,
                .digest = request->digest };

        MUST(store_begin(b->store));
        MUST(store_request_insert(b->store, request));
        m.to = (char *) "bob";
        MUST(store_outbox_insert(b->store, &m));
        m.to = (char *) "carol";
        MUST(store_outbox_insert(b->store, &m));
        MUST(audit_append(b->audit, &f, now));
        MUST(store_commit(b->store));
        audit_tell(b->audit);
}

static void decide(Bench *b, const Request *request, const Vote *vote, Grant *grant, const Now *now)
{
        Fact voted = { .event = AUDIT_REQUEST_VOTED,
                .request = &request->id,
                .approver = vote->person,
                .decision = "approve",
                .note = vote->note,
                .digest = request->digest };
        Fact decided = { .event = AUDIT_REQUEST_DECIDED,
                .request = &request->id,
                .grant = &grant->id,
                .state = "approved" };
        Fact started = { .event = AUDIT_GRANT_STARTED,
                .request = &request->id,
                .grant = &grant->id,
                .asker = &request->asker,
                .target = &request->target,
                .service = request->service,
                .rule = request->rule,
                .until = grant->until };

        MUST(store_begin(b->store));
        MUST(store_vote_insert(b->store, &request->id, vote));
        MUST(audit_append(b->audit, &voted, now));
        MUST(store_grant_insert(b->store, grant));
        MUST(store_request_move(b->store, &request->id, REQUEST_APPROVED, now, BOOT, &grant->id));
        MUST(audit_append(b->audit, &decided, now));
        MUST(audit_append(b->audit, &started, now));
        MUST(outbox_withdraw(b->store, &request->id));
        MUST(store_commit(b->store));
}

/* One decision and one D; *ret_d and *ret_decision in nanoseconds. */
static void turn(Bench *b, double *ret_d, double *ret_decision)
{
        Now now = clock_now();
        Request request = { .asker = { 1000, (char *) "dev" },
                .login.uid = UID_UNSET,
                .target = { 0, (char *) "root" },
                .service = (char *) "sudo",
                .pam_service = (char *) "sudo",
                .command = (char *) "systemctl restart nginx.service",
                .reason = (char *) "deploy hotfix OPS-1423",
                .tty = (char *) "/dev/pts/3",
                .host = (char *) "web1.example.org",
                .rule = (char *) "web-admins",
                .approvals = 1,
                .duration = 30 * USEC_PER_MIN,
                .max_duration = 4 * USEC_PER_HOUR,
                .created = now.wall,
                .deadline = now.wall + 30 * USEC_PER_MIN,
                .deadline_boot = now.boot + 30 * USEC_PER_MIN,
                .boot_id = BOOT };
        Vote vote = { .person = "bob",
                .who = { 1001, (char *) "bob" },
                .login_uid = 1001,
                .approve = true,
                .note = (char *) "go ahead",
                .time = now.wall };
        Grant grant = { .asker = request.asker,
                .service = request.service,
                .target = request.target,
                .rule = request.rule,
                .reason = request.reason,
                .boot_id = BOOT,
                .by.uid = UID_UNSET };
        usec_t start;

        MUST(id_new(&request.id));
        MUST(id_new(&grant.id));
        MUST(digest_hex(&now, sizeof(now), request.digest));
        MUST(digest_hex(&now, sizeof(now), request.command_digest));
        MUST(grant_window(&now, request.duration, &grant));
        grant.request = request.id;
        ask(b, &request, &now);

        start = nanoseconds();
        floor_once(b);
        *ret_d = (double) (nanoseconds() - start);
        start = nanoseconds();
        decide(b, &request, &vote, &grant, &now);
        *ret_decision = (double) (nanoseconds() - start);
        audit_tell(b->audit);
        /* Most grants are over at any moment: the index of the active ones stays small. */
        MUST(store_grant_move(b->store, &grant.id, GRANT_ENDED, now.wall));
}

static double run_round(Bench *b, size_t n, double *d, double *decision)
{
        double ratio;

        for (size_t i = 0; i < n; i++) {
                turn(b, &d[i], &decision[i]);
        }
        ratio = quantile(decision, n, 0.5) / quantile(d, n, 0.5);
        (void) printf("D %6.1f us (p99 %6.1f)  decision %6.1f us (p99 %6.1f)  ratio %.2f\n",
                quantile(d, n, 0.5) / 1e3, quantile(d, n, 0.99) / 1e3,
                quantile(decision, n, 0.5) / 1e3, quantile(decision, n, 0.99) / 1e3, ratio);
        return ratio;
}

static void clear(const char *dir)
{
        static const char *const names[] = { "floor", "approver.db", "approver.db-wal" };
        char path[5000];

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                (void) snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
                (void) unlink(path);
        }
        (void) rmdir(dir);
}

int main(int argc, char **argv)
{
        size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 5;
        size_t n = argc > 3 ? strtoul(argv[3], NULL, 10) : 2000;
        double *d = calloc(n, sizeof(double)), *decision = calloc(n, sizeof(double));
        double *ratios = calloc(rounds, sizeof(double));
        Bench b = {};
        char dir[4096];

        if (argc < 2 || n == 0 || rounds == 0 || !d || !decision || !ratios) {
                errx(2, "usage: bench_store DIR [ROUNDS [DECISIONS]]");
        }
        (void) snprintf(dir, sizeof(dir), "%s/bench-store-%d", argv[1], (int) getpid());
        if (mkdir(dir, 0700) < 0) {
                err(1, "%s", dir);
        }
        open_floor(dir, &b);
        MUST(store_open(dir, &b.store));
        MUST(audit_new(b.store, &b.audit));
        for (size_t i = 0; i < rounds; i++) {
                ratios[i] = run_round(&b, n, d, decision);
        }
        (void) quantile(ratios, rounds, 0.5); /* sorts */
        (void) printf("decision / D: median of %zu rounds %.2f (%.2f-%.2f)\n", rounds,
                ratios[rounds / 2], ratios[0], ratios[rounds - 1]);
        audit_free(b.audit);
        store_free(b.store);
        clear(dir);
        free(d);
        free(decision);
        free(ratios);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a decision costs, against D: 292 bytes written over in a file that is there, and fdatasync(2).
 * From the decision's being read to its commit is what passes until the waiting user has been told,
 * without a ping: both are woken twice and answered with a message. What the approver himself is answered
 * is made after that.
 *
 *     bench_decide DIR SOCKET ROUNDS TURNS      DIR on the file system of the record
 */

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/daemon/store.h"
#include "tests/bench/bench.h"

#define D_BYTES 292
#define D_FILE (1024 * 1024)
#define WARM_UP 300 /* decisions, until the write-ahead log goes round */

typedef struct Bench {
        const char *socket;
        int fd; /* D's file */
        off_t at;
        Store *store; /* the least that SQLite can do: one row */
        unsigned inserted;
        Client approver;
        uid_t asker; /* the next: who has a grant is not asked again */
        char *request;
        Client waiting;
} Bench;

static int open_floor(const char *dir)
{
        static const char zeros[4096];
        char *path;

        if (str_printf(&path, "%s/floor", dir) < 0) {
                err(1, NULL);
        }
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0) {
                err(1, "%s", path);
        }
        free(path);
        for (off_t at = 0; at < D_FILE; at += (off_t) sizeof(zeros)) {
                if (pwrite(fd, zeros, sizeof(zeros), at) != (ssize_t) sizeof(zeros)) {
                        err(1, "cannot write");
                }
        }
        if (fsync(fd) < 0) {
                err(1, "fsync");
        }
        return fd;
}

static void d_once(void *userdata)
{
        static const char bytes[D_BYTES] = "x";
        Bench *b = userdata;

        if (pwrite(b->fd, bytes, sizeof(bytes), b->at) != (ssize_t) sizeof(bytes) ||
                fdatasync(b->fd) < 0) {
                err(1, "fdatasync");
        }
        b->at = (b->at + D_BYTES) % (D_FILE - D_BYTES);
}

static Store *open_store(const char *dir)
{
        _cleanup_(freep) char *path = NULL;
        Store *store;

        if (str_printf(&path, "%s/one-row", dir) < 0 || mkdir(path, 0700) < 0) {
                err(1, "cannot make a folder in %s", dir);
        }
        int r = store_open(path, &store);
        if (r < 0) {
                errx(1, "%s: %s", path, strerror(-r));
        }
        return store;
}

static void insert_once(void *userdata)
{
        Bench *b = userdata;

        char value[24]; /* another each time: the same again is not written */

        (void) snprintf(value, sizeof(value), "%u", b->inserted++);
        if (store_meta_set(b->store, "bench", value) < 0) {
                errx(1, "%s", store_state(b->store));
        }
}

static void ping(void *userdata)
{
        const IdCall none = { PROTOCOL_VERSION, "K7QF" };
        Bench *b = userdata;
        Message m;

        /* A word the approver looks up nowhere: no such method. */
        if (client_send(&b->approver, "Ping", ID_FIELDS, &none, 0, USEC_NEVER) < 0 ||
                client_receive(&b->approver, USEC_NEVER, -1, &m) < 0) {
                errx(1, "the approver has gone");
        }
}

static void ask(Bench *b, Client *c, bool waits)
{
        const RequestCall request = request_of(b->asker++, "somebody", "bench", waits);

        b->request = ask_for(c, &request);
}

static void prepare_decision(void *userdata)
{
        Bench *b = userdata;
        Client c;

        /* Of its own: a connection has one asker. */
        approver_connect(&c, b->socket);
        ask(b, &c, false);
        client_done(&c);
}

static void decide(void *userdata)
{
        Bench *b = userdata;

        approve(&b->approver, b->request);
}

static void close_all(Bench *b)
{
        const RevokeCall call = { .version = PROTOCOL_VERSION, .all = true };

        (void) approver_call(&b->approver, "Revoke", REVOKE_FIELDS, &call, 0);
        free(TAKE_PTR(b->request));
}

static void after_decision(void *userdata)
{
        close_all(userdata);
}

static void prepare_release(void *userdata)
{
        Bench *b = userdata;

        approver_connect(&b->waiting, b->socket);
        ask(b, &b->waiting, true);
}

/* From the approver's send to the waiter's recv. */
static void release(void *userdata)
{
        Bench *b = userdata;
        const DecideCall call = { PROTOCOL_VERSION, b->request, "approve", NULL, NULL };

        if (client_send(&b->approver, "Decide", DECIDE_FIELDS, &call, 0, USEC_NEVER) < 0) {
                errx(1, "the approver has gone");
        }
        Message m = approver_answer(&b->waiting);
        if (!streq(reply_word(&m, "verdict"), VERDICT_GRANT)) {
                errx(1, "the waiter was told %s", reply_word(&m, "verdict"));
        }
}

static void after_release(void *userdata)
{
        Bench *b = userdata;

        (void) approver_answer(&b->approver);
        client_done(&b->waiting);
        close_all(b);
}

int main(int argc, char **argv)
{
        Rounds d = {}, inserts = {}, pings = {}, decisions = {}, releases = {}, answers = {};
        enum { D, INSERT, PING, DECIDE, RELEASE };

        if (argc != 5) {
                errx(2, "usage: bench_decide DIR SOCKET ROUNDS TURNS");
        }
        size_t rounds = (size_t) number(argv[3]), turns = (size_t) number(argv[4]);
        Bench b = { .socket = argv[2], .fd = open_floor(argv[1]), .asker = BENCH_ASKER };
        b.store = open_store(argv[1]);
        approver_connect(&b.approver, b.socket);
        Act acts[] = { [D] = { .run = d_once, .userdata = &b },
                [INSERT] = { .run = insert_once, .userdata = &b },
                [PING] = { .run = ping, .userdata = &b },
                [DECIDE] = { prepare_decision, decide, after_decision, &b },
                [RELEASE] = { prepare_release, release, after_release, &b } };

        acts_run(acts, ELEMENTSOF(acts), WARM_UP / 2);
        for (size_t i = 0; i < rounds; i++) {
                acts_run(acts, ELEMENTSOF(acts), turns);
                rounds_add(&d, acts[D].median / 1000);
                rounds_add(&inserts, acts[INSERT].median / acts[D].median);
                rounds_add(&pings, acts[PING].median / 1000);
                rounds_add(&decisions, (acts[RELEASE].median - acts[PING].median) / acts[D].median);
                rounds_add(&releases, acts[RELEASE].median / acts[D].median);
                rounds_add(&answers, acts[DECIDE].median / acts[D].median);
        }
        rounds_report("d", &d);
        rounds_report("insert", &inserts);
        rounds_report("ping", &pings);
        rounds_report("decide", &decisions);
        rounds_report("release", &releases);
        rounds_report("answer", &answers);
        client_done(&b.approver);
        store_free(b.store);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "tests/bench/bench.h"

#include <err.h>
#include <errno.h>
#include <sched.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/util.h"

#define TIMEOUT (30 * USEC_PER_SEC)
#define FLOOR_BYTES 256
#define ACTS_MAX 16

double number(const char *text)
{
        char *end;
        double value = strtod(text, &end);

        if (end == text || *end) {
                errx(2, "not a number: %s", text);
        }
        return value;
}

double nanoseconds(void)
{
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *) a, y = *(const double *) b;

        return (x > y) - (x < y);
}

double median(double *values, size_t n)
{
        qsort(values, n, sizeof(*values), compare);
        return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

void rounds_add(Rounds *r, double value)
{
        if (r->n == ROUNDS_MAX) {
                errx(2, "%d rounds are the most", ROUNDS_MAX);
        }
        r->values[r->n++] = value;
}

void rounds_report(const char *key, Rounds *r)
{
        double middle = median(r->values, r->n);

        printf("%s %.4g %.4g %.4g\n", key, middle, r->values[0], r->values[r->n - 1]);
        fflush(stdout);
}

void report(const char *key, double value)
{
        printf("%s %.4g\n", key, value);
        fflush(stdout);
}

static void act_once(Act *a, size_t at)
{
        if (a->before) {
                a->before(a->userdata);
        }
        double start = nanoseconds();
        a->run(a->userdata);
        a->times[at] = nanoseconds() - start;
        if (a->after) {
                a->after(a->userdata);
        }
}

void acts_run(Act *acts, size_t n_acts, size_t n)
{
        size_t order[ACTS_MAX];

        for (size_t i = 0; i < n_acts; i++) {
                order[i] = i;
                acts[i].times = calloc(n, sizeof(double));
                if (!acts[i].times) {
                        err(1, NULL);
                }
        }
        for (size_t at = 0; at < n; at++) {
                for (size_t left = n_acts; left > 0; left--) {
                        size_t drawn = (size_t) random() % left, act = order[drawn];

                        order[drawn] = order[left - 1];
                        order[left - 1] = act;
                        act_once(&acts[act], at);
                }
        }
        for (size_t i = 0; i < n_acts; i++) {
                acts[i].median = median(acts[i].times, n);
                free(acts[i].times);
        }
}

void pin(pid_t pid, int cpu)
{
        cpu_set_t set;

        CPU_ZERO(&set);
        for (int i = 0; i < CPU_SETSIZE; i++) {
                if (cpu < 0 || i == cpu) {
                        CPU_SET(i, &set);
                }
        }
        if (sched_setaffinity(pid, sizeof(set), &set) < 0) {
                err(1, "sched_setaffinity");
        }
}

pid_t child(void (*run)(void *userdata), void *userdata)
{
        pid_t pid = fork();

        if (pid < 0) {
                err(1, "fork");
        }
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                run(userdata);
                _exit(0);
        }
        return pid;
}

void stop(pid_t pid)
{
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, NULL, 0);
}

/* --- the floor --- */

static int floor_socket(const char *path, struct sockaddr_un *ret)
{
        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        (void) snprintf(ret->sun_path, sizeof(ret->sun_path), "%s", path);
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0) {
                err(1, "socket");
        }
        return fd;
}

static void floor_answer(int fd)
{
        char bytes[FLOOR_BYTES];

        if (recv(fd, bytes, sizeof(bytes), 0) == sizeof(bytes)) {
                (void) !send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL);
        } else {
                (void) close(fd);
        }
}

void floor_serve(void *path)
{
        struct sockaddr_un address;
        int listener = floor_socket(path, &address), epoll = epoll_create1(EPOLL_CLOEXEC);
        struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };

        (void) unlink(path);
        if (bind(listener, (struct sockaddr *) &address, sizeof(address)) < 0 ||
                listen(listener, 128) < 0 ||
                epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0) {
                err(1, "%s", (const char *) path);
        }
        for (;;) {
                if (epoll_wait(epoll, &event, 1, -1) < 1) {
                        continue;
                }
                if (event.data.fd != listener) {
                        floor_answer(event.data.fd);
                        continue;
                }
                event.data.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                event.events = EPOLLIN;
                if (event.data.fd < 0 ||
                        epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event) < 0) {
                        err(1, "accept");
                }
        }
}

void floor_once(void *path)
{
        struct sockaddr_un address;
        char bytes[FLOOR_BYTES] = "";
        struct ucred peer;
        socklen_t size = sizeof(peer);
        int fd = floor_socket(path, &address);

        /* The first time the server may not be there yet. */
        while (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                if (errno != ENOENT && errno != ECONNREFUSED) {
                        err(1, "%s", (const char *) path);
                }
                (void) usleep(1000);
        }
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
                send(fd, bytes, sizeof(bytes), 0) != sizeof(bytes) ||
                recv(fd, bytes, sizeof(bytes), 0) != sizeof(bytes)) {
                err(1, "%s", (const char *) path);
        }
        (void) close(fd);
}

/* --- PAM --- */

static int converse(int n, const struct pam_message **msgs, struct pam_response **ret, void *data)
{
        for (int i = 0; i < n; i++) {
                warnx("PAM says: %s", msgs[i]->msg);
        }
        return PAM_CONV_ERR;
}

void transaction(void *userdata)
{
        static const struct pam_conv conv = { converse, NULL };
        const PamTransaction *t = userdata;
        pam_handle_t *pamh = NULL;

        int r = pam_start_confdir("bench", t->user, &conv, t->confdir, &pamh);
        if (r == PAM_SUCCESS) {
                r = pam_acct_mgmt(pamh, 0);
        }
        if (r != PAM_SUCCESS) {
                errx(1, "%s/bench: %s", t->confdir, pam_strerror(pamh, r));
        }
        (void) pam_end(pamh, r);
}

/* --- the approver --- */

static usec_t soon(void)
{
        return usec_add(clock_usec(CLOCK_MONOTONIC), TIMEOUT);
}

void approver_connect(Client *c, const char *socket)
{
        *c = CLIENT_NONE;
        int r = client_connect(c, socket, UID_UNSET, soon());
        if (r < 0) {
                errx(1, "%s: %s", socket, strerror(-r));
        }
}

Message approver_answer(Client *c)
{
        Message m;

        int r = client_receive(c, soon(), -1, &m);
        if (r < 0) {
                errx(1, "the approver: %s", strerror(-r));
        }
        if (m.error) {
                const JsonNode *text = m.parameters ? json_get(m.parameters, "message") : NULL;
                errx(1, "the approver: %s: %s", m.error, text ? json_string(text) : "");
        }
        return m;
}

Message approver_call(
        Client *c, const char *method, const Field *fields, const void *in, unsigned flags)
{
        int r = client_send(c, method, fields, in, flags, soon());
        if (r < 0) {
                errx(1, "%s: %s", method, strerror(-r));
        }
        return approver_answer(c);
}

const char *reply_word(const Message *m, const char *name)
{
        const JsonNode *n = m->parameters ? json_get(m->parameters, name) : NULL;

        if (!n || json_type(n) != JSON_STRING) {
                errx(1, "the approver's reply has no %s", name);
        }
        return json_string(n);
}

static void say_what_else(const Message *m)
{
        const JsonNode *lines = json_get(m->parameters, "lines");

        if (lines && json_first(lines)) {
                warnx("the approver says: %s", json_string(json_first(lines)));
        }
}

RequestCall request_of(uid_t asker, const char *user, const char *service, bool waits)
{
        return (RequestCall){
                .version = PROTOCOL_VERSION,
                .ask = {
                        .nonce = "0123456789abcdef0123456789abcdef",
                        .phase = "account",
                        .service = service,
                        .pam_service = service,
                        .asker = asker,
                        .login_uid = UID_UNSET,
                        .user = user,
                        .ruser = NULL,
                        .target = streq(service, "sudo") ? "root" : NULL,
                        .mode = "shell",
                },
                .wait_usec = waits ? USEC_PER_HOUR : 0,
                .detached = !waits,
        };
}

char *ask_for(Client *c, const RequestCall *request)
{
        Message m = approver_call(
                c, "Request", REQUEST_FIELDS, request, request->detached ? 0 : CALL_MORE);

        if (!streq(reply_word(&m, "verdict"), VERDICT_PENDING)) {
                say_what_else(&m);
                errx(1, "the approver answers %s", reply_word(&m, "verdict"));
        }
        char *id = strdup(reply_word(&m, "request"));
        if (!id) {
                err(1, NULL);
        }
        return id;
}

void approve(Client *c, const char *request)
{
        const DecideCall call = { PROTOCOL_VERSION, request, "approve", NULL, NULL };

        (void) approver_call(c, "Decide", DECIDE_FIELDS, &call, 0);
}

void check_once(const char *socket, uid_t asker, const char *user)
{
        const RequestCall request = request_of(asker, user, "bench", false);
        const CheckCall call = { PROTOCOL_VERSION, request.ask };
        Client c;

        approver_connect(&c, socket);
        Message m = approver_call(&c, "Check", CHECK_FIELDS, &call, 0);
        if (!streq(reply_word(&m, "verdict"), VERDICT_GRANT)) {
                say_what_else(&m);
                errx(1, "the approver answers %s", reply_word(&m, "verdict"));
        }
        client_done(&c);
}

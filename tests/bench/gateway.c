/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a click costs through the gateway: from the decision's being sent over TCP to the waiting user's
 * being told, and to the answer; how many messages a second go out by one channel to a receiver that
 * does nothing but say 200; what the gateway is while nothing happens; what a thousand visitors who say
 * nothing cost it. The receiver is this program.
 *
 *     bench_gateway SOCKET WEB-PORT HOOK-PORT GATEWAY-PID ROUNDS TURNS MESSAGES IDLE-SECONDS
 */

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/util.h"
#include "tests/bench/bench.h"

#define PARKED 1000
#define CLICKS_MAX 1000
#define BUFFER (96 * 1024)

typedef struct Bench {
        const char *socket;
        uint16_t web, hook;
        int epoll; /* of the receiver */
        uid_t asker;
        char token[64];  /* of the last message about a request */
        size_t received; /* messages that ask for a decision */
        Client waiting;
        int visitor;
        double told;
} Bench;

static int tcp(uint16_t port, bool listens)
{
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (fd < 0) {
                err(1, "socket");
        }
        (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (listens ? bind(fd, (struct sockaddr *) &a, sizeof(a)) < 0 || listen(fd, 64) < 0
                    : connect(fd, (struct sockaddr *) &a, sizeof(a)) < 0) {
                err(1, "port %u", port);
        }
        return fd;
}

/* --- the receiver --- */

typedef struct Sender {
        int fd;
        bool listens;
        size_t n;
        char bytes[BUFFER];
} Sender;

static void watch(Bench *b, int fd, bool listens)
{
        Sender *s = calloc(1, sizeof(*s));
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = s };

        if (!s) {
                err(1, NULL);
        }
        s->fd = fd;
        s->listens = listens;
        if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
                err(1, "epoll");
        }
}

/* Only those that ask for something count; that it is decided is told as well. */
static void take_message(Bench *b, const char *message)
{
        const char *at = strstr(message, "/r/");

        if (strstr(message, "request.created") && at) {
                (void) snprintf(
                        b->token, sizeof(b->token), "%.*s", (int) strcspn(at + 3, "\""), at + 3);
                b->received++;
        }
}

/* Answers each whole message that is there. */
static void answer_messages(Bench *b, Sender *s)
{
        static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

        for (;;) {
                s->bytes[s->n] = '\0';
                char *body = strstr(s->bytes, "\r\n\r\n"), *length;
                if (!body || !(length = strcasestr(s->bytes, "\r\nContent-Length:"))) {
                        return;
                }
                size_t whole = (size_t) (body + 4 - s->bytes) + strtoul(length + 17, NULL, 10);
                if (s->n < whole) {
                        return;
                }
                take_message(b, body);
                memmove(s->bytes, s->bytes + whole, s->n - whole);
                s->n -= whole;
                if (send(s->fd, ok, sizeof(ok) - 1, MSG_NOSIGNAL) < 0) {
                        warn("the gateway hung up");
                }
        }
}

static void serve(Bench *b, Sender *s)
{
        if (s->listens) {
                int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
                if (fd >= 0) {
                        watch(b, fd, false);
                }
                return;
        }
        ssize_t n = recv(s->fd, s->bytes + s->n, sizeof(s->bytes) - 1 - s->n, 0);
        if (n <= 0) {
                (void) close(s->fd);
                free(s);
                return;
        }
        s->n += (size_t) n;
        answer_messages(b, s);
}

/* Until so many messages have come in all. */
static void receive(Bench *b, size_t until)
{
        struct epoll_event events[64];

        while (b->received < until) {
                int n = epoll_wait(b->epoll, events, ELEMENTSOF(events), 30000);
                if (n <= 0) {
                        errx(1, "%zu messages came, not %zu", b->received, until);
                }
                for (int i = 0; i < n; i++) {
                        serve(b, events[i].data.ptr);
                }
        }
}

/* --- a click --- */

static void ask(void *userdata)
{
        Bench *b = userdata;
        RequestCall request = request_of(b->asker++, "somebody", "bench", true);
        size_t before = b->received;

        approver_connect(&b->waiting, b->socket);
        free(ask_for(&b->waiting, &request));
        receive(b, before + 1);
        b->visitor = tcp(b->web, false);
}

/* The time that counts ends when the waiting user has his answer; the clicker's comes with it. */
static void click(void *userdata)
{
        static const char body[] = "{\"decision\":\"approve\"}";
        Bench *b = userdata;
        char head[512], answer[8192];

        int n = snprintf(head, sizeof(head),
                "POST /api/v1/requests/%.8s/decision HTTP/1.1\r\nHost: localhost\r\n"
                "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                b->token, b->token, sizeof(body) - 1, body);
        double start = nanoseconds();
        if (send(b->visitor, head, (size_t) n, MSG_NOSIGNAL) != n) {
                err(1, "send");
        }
        Message m = approver_answer(&b->waiting);
        b->told = nanoseconds() - start;
        if (!streq(reply_word(&m, "verdict"), VERDICT_GRANT)) {
                const JsonNode *lines = json_get(m.parameters, "lines");
                errx(1, "not granted: %s",
                        lines && json_first(lines) ? json_string(json_first(lines)) : "?");
        }
        if (recv(b->visitor, answer, sizeof(answer) - 1, 0) < 15 ||
                strncmp(answer + 9, "200", 3) != 0) {
                errx(1, "the gateway answers %.15s", answer);
        }
}

static void after(void *userdata)
{
        Bench *b = userdata;

        (void) close(b->visitor);
        client_done(&b->waiting);
}

static void clicks(Bench *b, size_t rounds, size_t turns)
{
        Rounds told = {}, answered = {};

        for (size_t i = 0; i < rounds; i++) {
                double waiting[CLICKS_MAX], clicking[CLICKS_MAX];
                Act act = { .before = ask, .run = click, .after = after, .userdata = b };

                for (size_t k = 0; k < turns; k++) {
                        acts_run(&act, 1, 1);
                        waiting[k] = b->told / 1e6;
                        clicking[k] = act.median / 1e6;
                }
                rounds_add(&told, median(waiting, turns));
                rounds_add(&answered, median(clicking, turns));
        }
        rounds_report("click", &told);
        rounds_report("click_answer", &answered);
}

/* --- many messages --- */

static void messages(Bench *b, pid_t gateway, size_t n)
{
        size_t before = b->received;

        /* Made first, while nobody takes them. */
        (void) kill(gateway, SIGSTOP);
        for (size_t i = 0; i < n; i++) {
                RequestCall request = request_of(b->asker++, "somebody", "bench", false);
                Client c;

                approver_connect(&c, b->socket);
                free(ask_for(&c, &request));
                client_done(&c);
        }
        double start = nanoseconds();
        (void) kill(gateway, SIGCONT);
        receive(b, before + n);
        report("messages", (double) n / (nanoseconds() - start) * 1e9);
}

/* --- nothing --- */

static double status_of(pid_t pid, const char *word)
{
        char path[64], line[256];
        double value = -1;

        (void) snprintf(path, sizeof(path), "/proc/%d/status", (int) pid);
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
        return value;
}

static void serve_for(Bench *b, double seconds)
{
        double until = nanoseconds() + seconds * 1e9;
        struct epoll_event event;

        for (double left; (left = until - nanoseconds()) > 0;) {
                if (epoll_wait(b->epoll, &event, 1, (int) (left / 1e6) + 1) > 0) {
                        serve(b, event.data.ptr);
                }
        }
}

static void idle(Bench *b, pid_t pid, unsigned seconds)
{
        serve_for(b, 17); /* what it puts off, it has done; all is told */
        double before = status_of(pid, "voluntary_ctxt_switches:");
        serve_for(b, seconds);
        report("gateway_rss", status_of(pid, "VmRSS:") / 1024);
        report("gateway_switches", status_of(pid, "voluntary_ctxt_switches:") - before);
}

static void parked(Bench *b, pid_t pid)
{
        static int fds[PARKED];
        struct rlimit files = { 4096, 4096 };
        double before = status_of(pid, "VmRSS:");

        (void) setrlimit(RLIMIT_NOFILE, &files);
        for (size_t i = 0; i < PARKED; i++) {
                fds[i] = tcp(b->web, false);
        }
        (void) usleep(300000);
        report("gateway_parked", (status_of(pid, "VmRSS:") - before) / PARKED);
        /* One who has something to say gets in all the same. */
        ask(b);
        click(b);
        report("gateway_parked_click", b->told / 1e6);
        for (size_t i = 0; i < PARKED; i++) {
                (void) close(fds[i]);
        }
        after(b);
}

int main(int argc, char **argv)
{
        if (argc != 9) {
                errx(2, "usage: bench_gateway SOCKET WEB-PORT HOOK-PORT GATEWAY-PID ROUNDS TURNS MESSAGES"
                        " IDLE-SECONDS");
        }
        Bench b = { .socket = argv[1],
                .web = (uint16_t) number(argv[2]),
                .hook = (uint16_t) number(argv[3]),
                .asker = BENCH_ASKER };
        pid_t pid = (pid_t) number(argv[4]);

        b.epoll = epoll_create1(EPOLL_CLOEXEC);
        watch(&b, tcp(b.hook, true), true);
        clicks(&b, (size_t) number(argv[5]), MIN((size_t) number(argv[6]), (size_t) CLICKS_MAX));
        messages(&b, pid, (size_t) number(argv[7]));
        parked(&b, pid);
        idle(&b, pid, (unsigned) number(argv[8]));
        return 0;
}

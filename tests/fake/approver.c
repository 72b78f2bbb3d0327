/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "approver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/wire.h"

typedef struct Server {
        const char *path;
        int listener, connection, control, notes;
        Wire wire;
        /* The last call, for the echo. */
        char *nonce, *service, *user, *target;
        int64_t asker;
        unsigned run; /* how often the script was begun */
} Server;

static void note(Server *s, const char *text)
{
        if (write(s->notes, text, strlen(text)) < 0 || write(s->notes, "\n", 1) < 0) {
                _exit(3);
        }
}

static int fake_listen(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) unlink(path);
        strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
                chmod(path, 0666) < 0 || listen(fd, 64) < 0) {
                abort();
        }
        return fd;
}

/* Waits for the fd; ends the process when the test says so. */
static void await(Server *s, int fd, int ms)
{
        struct pollfd fds[] = { { s->control, POLLIN, 0 }, { fd, POLLIN, 0 } };

        if (poll(fds, fd >= 0 ? 2 : 1, ms) > 0 && fds[0].revents && !fds[1].revents) {
                _exit(0);
        }
}

static void hang_up(Server *s)
{
        closep(&s->connection);
        s->connection = -1;
        wire_done(&s->wire);
        s->wire = (Wire){ 0 };
}

/* One more message; NULL when the caller hung up. */
static Json *read_message(Server *s)
{
        const char *text;
        size_t size;
        Json *j;

        while (s->connection < 0) {
                await(s, s->listener, -1);
                s->connection = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
        }
        while (wire_next(&s->wire, &text, &size) == 0) {
                char *in;
                size_t n;

                await(s, s->connection, -1);
                if (wire_input(&s->wire, &in, &n) < 0) {
                        abort();
                }
                ssize_t got = recv(s->connection, in, n, 0);
                if (got <= 0) {
                        return NULL;
                }
                wire_received(&s->wire, (size_t) got);
        }
        if (json_parse(text, size, &j) < 0) {
                note(s, "GARBAGE");
                return NULL;
        }
        return j;
}

static void keep(char **to, const char *s)
{
        free(*to);
        *to = s ? strdup(s) : NULL;
}

static void keep_ask(Server *s, const Ask *ask)
{
        keep(&s->nonce, ask->nonce);
        keep(&s->service, ask->service);
        keep(&s->user, ask->user);
        keep(&s->target, ask->target);
        s->asker = ask->asker == UID_UNSET ? 77 : ask->asker;
}

static void note_ask(Server *s, const char *method, const Ask *ask)
{
        char line[4096];
        int n = snprintf(line, sizeof(line),
                "%s asker=%d phase=%s service=%s pam=%s user=%s ruser=%s target=%s group=%s mode=%s tty=%s "
                "rhost=%s words=%zu:",
                method, (int) ask->asker, str_or(ask->phase, "-"), str_or(ask->service, "-"),
                str_or(ask->pam_service, "-"), str_or(ask->user, "-"), str_or(ask->ruser, "-"),
                str_or(ask->target, "-"), str_or(ask->target_group, "-"), str_or(ask->mode, "-"),
                str_or(ask->tty, "-"), str_or(ask->rhost, "-"), ask->command.n);

        for (size_t i = 0; i < ask->command.n && n < 3500; i++) {
                n += snprintf(
                        line + n, sizeof(line) - (size_t) n, "[%.400s]", ask->command.items[i]);
        }
        note(s, line);
}

/* Strictly by the field tables: what the module says must be the protocol. */
static bool hear(Server *s, const Json *j)
{
        union {
                CheckCall check;
                RequestCall request;
                WaitCall wait;
                ExemptCall exempt;
                IdCall id;
        } call;
        char line[1024];
        Message m;

        if (message_read_call(j, &m) < 0 || strncmp(m.method, PROTOCOL_INTERFACE ".", 19) != 0) {
                note(s, "GARBAGE");
                return false;
        }
        const char *method = strrchr(m.method, '.') + 1;
        const char *flags = m.more ? " more" : m.oneway ? " oneway" : "";
        const char *bad = NULL;
        int r;
        if (streq(method, "Request")) {
                r = fields_read(REQUEST_FIELDS, m.parameters, &call, &bad);
                if (r >= 0) {
                        (void) snprintf(line, sizeof(line),
                                "Request reason=%s%s%s wait_ms=%lld%s%s",
                                str_or(call.request.reason, "-"),
                                call.request.confirm ? " confirm=" : "",
                                str_or(call.request.confirm, ""),
                                (long long) call.request.wait_usec / 1000,
                                call.request.detached ? " detached" : "", flags);
                        note(s, line);
                        keep_ask(s, &call.request.ask);
                        fields_done(REQUEST_FIELDS, &call);
                }
        } else if (streq(method, "Wait")) {
                r = fields_read(WAIT_FIELDS, m.parameters, &call, &bad);
                if (r >= 0) {
                        (void) snprintf(line, sizeof(line), "Wait %s%s", call.wait.request, flags);
                        note(s, line);
                        keep_ask(s, &call.wait.ask);
                        fields_done(WAIT_FIELDS, &call);
                }
        } else if (streq(method, "Detach")) {
                r = fields_read(ID_FIELDS, m.parameters, &call, &bad);
                note(s, m.oneway ? "Detach oneway" : "Detach");
        } else if (streq(method, "ReportExempt")) {
                r = fields_read(EXEMPT_FIELDS, m.parameters, &call, &bad);
                if (r >= 0) {
                        (void) snprintf(line, sizeof(line), "ReportExempt %s%s",
                                str_or(call.exempt.why, "-"), flags);
                        note(s, line);
                        fields_done(EXEMPT_FIELDS, &call);
                }
        } else {
                r = fields_read(CHECK_FIELDS, m.parameters, &call, &bad);
                if (r >= 0) {
                        note_ask(s, method, &call.check.ask);
                        keep_ask(s, &call.check.ask);
                        fields_done(CHECK_FIELDS, &call);
                }
        }
        if (r < 0) {
                (void) snprintf(line, sizeof(line), "BAD %s: %s", method, str_or(bad, "?"));
                note(s, line);
        }
        return true;
}

static const char *pick(const char *mine, const char *right)
{
        return !mine ? right : streq(mine, FAKE_NONE) ? NULL : mine;
}

/* The message that step asks for; to be freed. */
static char *answer_text(const Server *s, const FakeStep *step, size_t *ret_size)
{
        JsonWriter w = { 0 };
        char *text;
        Answer a = {
                .verdict = step->verdict,
                .code = step->code,
                .nonce = pick(step->nonce, s->nonce),
                .service = pick(step->service, s->service),
                .user = pick(step->user, s->user),
                .target = pick(step->target, s->target),
                .request = step->request,
                .reason_mode = step->reason_mode,
                .confirm = step->confirm,
                .wait_usec = step->wait_ms * 1000,
                .asker = step->asker == 0               ? (uid_t) s->asker
                         : step->asker == FAKE_UID_NONE ? UID_UNSET
                                                        : (uid_t) step->asker,
                .target_uid = UID_UNSET,
                .lines = { (const char **) step->lines, 0 },
        };

        while (step->lines[a.lines.n]) {
                a.lines.n++;
        }
        json_open_object(&w, NULL);
        json_open_object(&w, "parameters");
        fields_write(ANSWER_FIELDS, &a, &w);
        json_close_object(&w);
        if (step->continues) {
                json_put_boolean(&w, "continues", true);
        }
        json_close_object(&w);
        if (json_writer_finish(&w, &text, ret_size) < 0) {
                abort();
        }
        return text; /* its NUL counts on the wire */
}

static void put(Server *s, const char *bytes, size_t n)
{
        while (n > 0) {
                ssize_t sent = send(s->connection, bytes, n, MSG_NOSIGNAL);
                if (sent < 0) {
                        note(s, "cannot send");
                        return;
                }
                bytes += sent;
                n -= (size_t) sent;
        }
}

/* Another number there is as good as this one, so it must not be flipped. */
static __attribute__((noinline)) size_t leave_out(char *text, const char *part)
{
        char *found = strstr(text, part);
        size_t n = found ? strlen(part) : 0;

        if (found) {
                memmove(found, found + n, strlen(found + n) + 1);
        }
        return n;
}

static void put_answer(Server *s, const FakeStep *step)
{
        size_t n;
        _cleanup_(freep) char *text = answer_text(s, step, &n);

        n++; /* the NUL */
        switch (step->op) {
        case FAKE_HALF:
                put(s, text, n / 2);
                break;
        case FAKE_SLOWLY:
                for (size_t i = 0; i < n && s->connection >= 0; i++) {
                        put(s, text + i, 1);
                        await(s, -1, (int) step->number);
                }
                break;
        case FAKE_TWICE: {
                _cleanup_(freep) char *both = malloc(2 * n);
                memcpy(both, text, n);
                memcpy(both + n, text, n);
                put(s, both, 2 * n);
                break;
        }
        case FAKE_FLIP:
                n -= leave_out(text, ",\"wait_usec\":0");
                text[s->run / 8 % n] ^= (char) (1 << s->run % 8);
                put(s, text, n);
                hang_up(s);
                break;
        default:
                put(s, text, n);
        }
}

static void put_error(Server *s, const char *name)
{
        char text[300];
        int n = snprintf(text, sizeof(text),
                "{\"error\":\"" PROTOCOL_INTERFACE ".%s\",\"parameters\":{\"message\":\"no\"}}",
                name);
        put(s, text, (size_t) n + 1);
}

static void await_hang_up(Server *s)
{
        Json *j;

        while ((j = read_message(s))) {
                (void) hear(s, j);
                json_free(j);
        }
        note(s, "hang-up");
        hang_up(s);
}

static void stay_away(Server *s, int ms)
{
        hang_up(s);
        closep(&s->listener);
        s->listener = -1;
        (void) unlink(s->path);
        await(s, -1, ms);
        if (ms >= 0) {
                s->listener = fake_listen(s->path);
        }
}

static void expect(Server *s, const char *method)
{
        Json *j = read_message(s);

        if (!j || !hear(s, j)) {
                note(s, "hang-up instead");
                hang_up(s);
        }
        json_free(j);
}

static void play(Server *s, const FakeStep *steps)
{
        for (const FakeStep *step = steps; step->op != FAKE_END; step++) {
                switch (step->op) {
                case FAKE_END:
                        break;
                case FAKE_EXPECT:
                        expect(s, step->text);
                        break;
                case FAKE_ANSWER:
                case FAKE_HALF:
                case FAKE_SLOWLY:
                case FAKE_TWICE:
                case FAKE_FLIP:
                        put_answer(s, step);
                        break;
                case FAKE_RAW:
                        put(s, step->text,
                                step->number ? (size_t) step->number : strlen(step->text) + 1);
                        break;
                case FAKE_ERROR:
                        put_error(s, step->text);
                        break;
                case FAKE_HANG_UP:
                        hang_up(s);
                        break;
                case FAKE_AWAIT_HANG_UP:
                        await_hang_up(s);
                        break;
                case FAKE_RESTART:
                        stay_away(s, (int) step->number);
                        break;
                case FAKE_DIE:
                        stay_away(s, -1);
                        break;
                case FAKE_PAUSE:
                        await(s, -1, (int) step->number);
                        break;
                case FAKE_NOTE:
                        note(s, step->text);
                        break;
                case FAKE_LOOP:
                        hang_up(s);
                        s->run++;
                        step = steps - 1;
                        break;
                }
        }
}

/* What the test has open, a terminal's other end say, is not ours to hold. */
static void close_others(int a, int b, int c)
{
        for (int fd = 3; fd < 1024; fd++) {
                if (fd != a && fd != b && fd != c) {
                        (void) close(fd);
                }
        }
}

void fake_start(Fake *f, const char *dir, const FakeStep *steps)
{
        int control[2];

        *f = (Fake){ 0 };
        (void) snprintf(f->path, sizeof(f->path), "%s/approver.sock", dir);
        int listener = fake_listen(f->path);
        f->notes = memfd_create("notes", MFD_CLOEXEC);
        if (f->notes < 0 || pipe2(control, O_CLOEXEC) < 0) {
                abort();
        }
        f->pid = fork();
        if (f->pid < 0) {
                abort();
        }
        if (f->pid == 0) {
                Server s = { f->path, listener, -1, control[0], f->notes, { 0 }, NULL, NULL, NULL,
                        NULL, 0, 0 };

                (void) signal(SIGPIPE, SIG_IGN);
                close_others(listener, control[0], f->notes);
                play(&s, steps);
                /* Nobody may come whom the script does not know. */
                for (;;) {
                        struct pollfd fds[] = { { s.control, POLLIN, 0 },
                                { s.listener, POLLIN, 0 } };
                        (void) poll(fds, s.listener >= 0 ? 2 : 1, -1);
                        if (fds[0].revents) {
                                _exit(0);
                        }
                        note(&s, "UNEXPECTED CONNECTION");
                        close(accept(s.listener, NULL, NULL));
                }
        }
        close(listener);
        close(control[0]);
        f->control = control[1];
}

void fake_stop(Fake *f, char *ret, size_t size)
{
        (void) kill(f->pid, SIGCONT);
        close(f->control);
        (void) waitpid(f->pid, NULL, 0);
        ssize_t n = pread(f->notes, ret, size - 1, 0);
        ret[MAX(n, (ssize_t) 0)] = '\0';
        close(f->notes);
        (void) unlink(f->path);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * MUST: no foreign byte reaches a terminal but through text_clean(). The time words are taken from
 * the caller's clock, which is the approver's: one host.
 */

#include "jit-approver/ctl/print.h"

#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "common/span.h"
#include "common/text.h"
#include "common/util.h"

#define SAFE_MAX 8192
#define SAFE_BUFFERS 12

void print_init(void)
{
        /* For wcwidth(3) alone; what programs say stays untranslated. */
        (void) setlocale(LC_CTYPE, "C.UTF-8");
}

static char *buffer_next(void)
{
        static char buffers[SAFE_BUFFERS][SAFE_MAX];
        static size_t at;

        at = (at + 1) % SAFE_BUFFERS;
        return buffers[at];
}

const char *safe(const char *foreign)
{
        char *out = buffer_next();

        (void) text_clean(out, SAFE_MAX, str_or(foreign, ""), strlen(str_or(foreign, "")));
        return out;
}

void say_va(const char *format, va_list ap)
{
        (void) fputs("jitctl: ", stderr);
        (void) vfprintf(stderr, format, ap);
        (void) fputc('\n', stderr);
}

void say(const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        say_va(format, ap);
        va_end(ap);
}

void say_line(const char *foreign)
{
        (void) fprintf(stderr, "%s\n", safe(foreign));
}

bool print_colour(FILE *f)
{
        const char *term = getenv("TERM");

        /* no-color.org: present and not empty. */
        return isatty(fileno(f)) && str_empty(getenv("NO_COLOR")) && !str_empty(term) &&
               !streq(term, "dumb");
}

const char *style(FILE *f, Style s)
{
        static const char *const sequences[] = {
                [STYLE_PLAIN] = "\033[0m",
                [STYLE_BOLD] = "\033[1m",
                [STYLE_GOOD] = "\033[32m",
                [STYLE_WAIT] = "\033[33m",
                [STYLE_BAD] = "\033[31m",
                [STYLE_DIM] = "\033[2m",
        };

        return print_colour(f) ? sequences[s] : "";
}

Style style_of_state(const char *state)
{
        static const struct {
                const char *state;
                Style style;
        } styles[] = {
                { "approved", STYLE_GOOD },
                { "active", STYLE_GOOD },
                { "pending", STYLE_WAIT },
                { "denied", STYLE_BAD },
                { "revoked", STYLE_BAD },
                { "lost", STYLE_BAD },
        };

        for (size_t i = 0; i < ELEMENTSOF(styles); i++) {
                if (streq(str_or(state, ""), styles[i].state)) {
                        return styles[i].style;
                }
        }
        return STYLE_PLAIN;
}

const char *when_in(usec_t wall, usec_t now)
{
        char span[SPAN_TEXT_MAX], *out = buffer_next();
        usec_t distance = wall > now ? wall - now : now - wall;

        if (distance < USEC_PER_SEC) {
                return "now";
        }
        span_say(distance, span);
        (void) snprintf(out, SAFE_MAX, wall > now ? "in %s" : "%s ago", span);
        return out;
}

const char *when_in_text(const char *rfc3339)
{
        usec_t wall;

        if (!rfc3339 || time_rfc3339_parse(rfc3339, &wall) < 0) {
                return safe(rfc3339);
        }
        return when_in(wall, clock_usec(CLOCK_REALTIME));
}

const char *when_at_text(const char *rfc3339)
{
        char *out = buffer_next();
        usec_t wall;

        if (!rfc3339 || time_rfc3339_parse(rfc3339, &wall) < 0) {
                return safe(rfc3339);
        }
        time_local(wall, clock_usec(CLOCK_REALTIME), out);
        return out;
}

const char *span_text(const char *span)
{
        char *out = buffer_next();
        usec_t usec;

        if (!span || span_parse(span, &usec) < 0) {
                return safe(span);
        }
        span_say(usec, out);
        return out;
}

bool can_ask(void)
{
        return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

char *ask_line(const char *question)
{
        _cleanup_(freep) char *line = NULL;
        size_t allocated = 0;

        (void) fprintf(stderr, "%s ", question);
        (void) fflush(stderr);
        if (getline(&line, &allocated, stdin) < 0) {
                (void) fputc('\n', stderr);
                return NULL;
        }
        line[strcspn(line, "\n")] = '\0';
        return *line ? TAKE_PTR(line) : NULL;
}

/* Whether there is something to read; a signal that is due comes first. */
static bool wait_typed(int signals)
{
        struct pollfd fds[] = {
                { .fd = signals, .events = POLLIN },
                { .fd = STDIN_FILENO, .events = POLLIN },
        };

        return poll(fds, ELEMENTSOF(fds), -1) > 0 && !fds[0].revents;
}

/* By bytes and without stdio, which would keep it. */
static bool read_secret(int signals, char *out, size_t size)
{
        size_t n = 0;
        char c;

        while (wait_typed(signals) && read(STDIN_FILENO, &c, 1) == 1) {
                if (c == '\n') {
                        out[n] = '\0';
                        return n > 0;
                }
                if (n + 1 >= size) {
                        break;
                }
                out[n++] = c;
        }
        explicit_bzero(out, size);
        return false;
}

/* What ends or stops us comes when the terminal is as it was. */
bool ask_secret(const char *question, char *out, size_t size)
{
        static const int end_signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP };
        struct termios shown, hidden;
        sigset_t ends, before;

        if (tcgetattr(STDIN_FILENO, &shown) < 0) {
                return read_secret(-1, out, size);
        }
        (void) sigemptyset(&ends);
        for (size_t i = 0; i < ELEMENTSOF(end_signals); i++) {
                (void) sigaddset(&ends, end_signals[i]);
        }
        (void) sigprocmask(SIG_BLOCK, &ends, &before);
        _cleanup_(closep) int signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t) (ECHO | ECHOE | ECHOK | ECHONL);
        bool got = tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
        if (got) { /* only now: who is quick would see what he types, and have it thrown away */
                (void) fprintf(stderr, "%s ", question);
                got = read_secret(signals, out, size);
        }
        (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        (void) fputc('\n', stderr);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        return got;
}

bool ask_yes(const char *question)
{
        _cleanup_(freep) char *answer = ask_line(question);

        return answer && (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0);
}

void *must(void *p)
{
        if (!p) {
                say("Out of memory.");
                exit(1);
        }
        return p;
}

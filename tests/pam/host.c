/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A PAM host for the tests: run under any name and with any words (they are what the module reads of
 * its command line), told what to do by HOST_* in its environment, telling what happened on the fd
 * HOST_REPORT:
 *
 *     code PHASE NUMBER MILLISECONDS      text STYLE LINE      prompt STYLE LINE
 *     changed WHAT                        (what the call left different in the process)
 */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/util.h"

/* Of fault.c, where that is preloaded. */
__attribute__((weak)) void fault_arm(unsigned n);
__attribute__((weak)) bool fault_disarm(void);

static int report = -1;
static char *replies;     /* left, parted by newlines */
static bool alone = true; /* else other threads change the process, too */

static const char *setting(const char *name)
{
        return getenv(name);
}

static const char *style_name(int style)
{
        switch (style) {
        case PAM_PROMPT_ECHO_OFF:
                return "HIDDEN";
        case PAM_PROMPT_ECHO_ON:
                return "ECHO";
        case PAM_ERROR_MSG:
                return "ERROR";
        case PAM_TEXT_INFO:
                return "INFO";
        default:
                return "?";
        }
}

static char *next_reply(void)
{
        char *reply = strsep(&replies, "\n");

        return reply && !streq(reply, "FAIL") ? strdup(reply) : NULL;
}

static int converse(int n, const struct pam_message **msgs, struct pam_response **ret, void *data)
{
        struct pam_response *r = calloc((size_t) n, sizeof(*r));

        if (!r) {
                return PAM_BUF_ERR;
        }
        dprintf(report, "transaction %d\n", n);
        for (int i = 0; i < n; i++) {
                int style = msgs[i]->msg_style;
                bool prompts = style == PAM_PROMPT_ECHO_ON || style == PAM_PROMPT_ECHO_OFF;

                dprintf(report, "%s %s %s\n", prompts ? "prompt" : "text", style_name(style),
                        msgs[i]->msg);
                if (!prompts) {
                        continue;
                }
                r[i].resp = next_reply();
                if (!r[i].resp) {
                        free(r);
                        return PAM_CONV_ERR;
                }
        }
        if (setting("HOST_NO_RESPONSES")) {
                for (int i = 0; i < n; i++) {
                        free(r[i].resp);
                }
                free(r);
                r = NULL;
        }
        *ret = r;
        return PAM_SUCCESS;
}

static void on_signal(int sig)
{
        dprintf(report, "signal %d\n", sig);
}

/* Everything that a module must leave alone. */
typedef struct State {
        sigset_t mask;
        struct {
                void (*handler)(int);
                int flags;
                uint64_t mask;
        } actions[NSIG];
        mode_t mask_of_modes;
        char directory[4096];
        struct rlimit limits[RLIM_NLIMITS];
        char fds[65536 / 8];
        unsigned threads;
        struct itimerval alarm;
        char locale[256];
        int error;
} State;

static unsigned list_dir(const char *path, char *bits, size_t size)
{
        DIR *d = opendir(path);
        struct dirent *e;
        unsigned n = 0;

        while (d && (e = readdir(d))) {
                int fd = atoi(e->d_name);
                if (e->d_name[0] == '.' || (bits && fd == dirfd(d))) {
                        continue;
                }
                n++;
                if (bits && (size_t) fd < 8 * size) {
                        bits[fd / 8] |= (char) (1 << fd % 8);
                }
        }
        if (d) {
                closedir(d);
        }
        return n;
}

static void state_read(State *s)
{
        int error = errno;

        memset(s, 0, sizeof(*s));
        (void) sigprocmask(SIG_SETMASK, NULL, &s->mask);
        for (int i = 1; i < NSIG; i++) {
                struct sigaction action = { 0 };
                (void) sigaction(i, NULL, &action);
                s->actions[i].handler = action.sa_handler;
                s->actions[i].flags = action.sa_flags;
                memcpy(&s->actions[i].mask, &action.sa_mask, sizeof(uint64_t));
        }
        s->mask_of_modes = umask(0);
        (void) umask(s->mask_of_modes);
        if (!getcwd(s->directory, sizeof(s->directory))) {
                s->directory[0] = '\0';
        }
        for (int i = 0; i < RLIM_NLIMITS; i++) {
                (void) getrlimit((__rlimit_resource_t) i, &s->limits[i]);
        }
        list_dir("/proc/self/fd", s->fds, sizeof(s->fds));
        s->threads = list_dir("/proc/self/task", NULL, 0);
        (void) getitimer(ITIMER_REAL, &s->alarm);
        (void) snprintf(s->locale, sizeof(s->locale), "%s", setlocale(LC_ALL, NULL));
        s->error = error;
}

static void compare(const void *a, const void *b, size_t n, const char *what)
{
        if (memcmp(a, b, n) != 0) {
                dprintf(report, "changed %s\n", what);
        }
}

static void state_compare(const State *a, const State *b)
{
        compare(&a->mask, &b->mask, sizeof(a->mask), "signal mask");
        compare(a->actions, b->actions, sizeof(a->actions), "signal handlers");
        compare(&a->mask_of_modes, &b->mask_of_modes, sizeof(mode_t), "umask");
        compare(a->directory, b->directory, sizeof(a->directory), "directory");
        compare(a->limits, b->limits, sizeof(a->limits), "limits");
        compare(a->fds, b->fds, sizeof(a->fds), "fds");
        compare(&a->threads, &b->threads, sizeof(a->threads), "threads");
        compare(&a->alarm, &b->alarm, sizeof(a->alarm), "alarm");
        compare(a->locale, b->locale, sizeof(a->locale), "locale");
        compare(&a->error, &b->error, sizeof(a->error), "errno");
}

static bool direct(const char *phase)
{
        return strncmp(phase, "pam_sm_", 7) == 0;
}

/* The module's own function, without libpam's between. */
static int call_direct(pam_handle_t *pamh, const char *symbol, int flags)
{
        static void *module;
        const char *argv[16] = { setting("HOST_SOCKET_OPTION"), setting("HOST_UID_OPTION") };
        char *options = strdup(setting("HOST_OPTIONS")), *rest = options, *option;
        int argc = 2;

        while ((option = strsep(&rest, " "))) {
                if (*option) {
                        argv[argc++] = option;
                }
        }
        module = module ? module : dlopen(setting("HOST_MODULE"), RTLD_NOW);
        int (*function)(pam_handle_t *, int, int, const char **) =
                (int (*)(pam_handle_t *, int, int, const char **)) dlsym(module, symbol);
        unsigned fault = setting("HOST_FAULT") ? (unsigned) atoi(setting("HOST_FAULT")) : 0;
        errno = 4711;
        if (fault) {
                fault_arm(fault);
        }
        int code = function(pamh, flags, argc, argv);
        int error = errno;
        if (fault && fault_disarm()) {
                dprintf(report, "fault\n");
        }
        free(options);
        errno = error;
        return code;
}

static int call(pam_handle_t *pamh, const char *phase, int flags)
{
        if (direct(phase)) {
                return call_direct(pamh, phase, flags);
        } else if (streq(phase, "auth")) {
                return pam_authenticate(pamh, flags);
        } else if (streq(phase, "account")) {
                return pam_acct_mgmt(pamh, flags);
        } else if (streq(phase, "open")) {
                return pam_open_session(pamh, flags);
        } else if (streq(phase, "close")) {
                return pam_close_session(pamh, flags);
        } else if (streq(phase, "cred")) {
                return pam_setcred(pamh, flags | PAM_ESTABLISH_CRED);
        } else if (streq(phase, "token")) {
                return pam_chauthtok(pamh, flags);
        }
        abort();
}

static void phase_here(pam_handle_t *pamh, const char *phase, int flags)
{
        static __thread State before, after;

        state_read(&before);
        errno = before.error = 4711;
        usec_t start = clock_usec(CLOCK_MONOTONIC);
        int code = call(pamh, phase, flags);
        int error = errno;
        usec_t end = clock_usec(CLOCK_MONOTONIC);
        errno = error;
        state_read(&after);
        dprintf(report, "code %s %d %lld\n", phase, code, (long long) (end - start) / 1000);
        if (!direct(phase)) {
                after.error = before.error; /* libpam does not keep it */
        }
        if (alone) {
                state_compare(&before, &after);
        }
}

typedef struct Phase {
        pam_handle_t *pamh;
        const char *name;
        int flags;
} Phase;

static void *phase_in_thread(void *userdata)
{
        const Phase *p = userdata;

        phase_here(p->pamh, p->name, p->flags);
        return NULL;
}

/* As the host is made: sshd forks for auth and account, others have threads. */
static void run_phase(pam_handle_t *pamh, const char *phase, int flags)
{
        const char *kind = str_or(setting("HOST_KIND"), "plain");
        Phase p = { pamh, phase, flags };
        pthread_t thread;

        if (streq(kind, "fork")) {
                int status = -1;
                pid_t pid = fork();
                if (pid == 0) {
                        phase_here(pamh, phase, flags);
                        _exit(0);
                }
                if (waitpid(pid, &status, 0) != pid || status != 0) {
                        dprintf(report, "changed life into death, %x\n", status);
                }
        } else if (streq(kind, "thread")) {
                if (pthread_create(&thread, NULL, phase_in_thread, &p) != 0) {
                        abort();
                }
                (void) pthread_join(thread, NULL);
        } else {
                phase_here(pamh, phase, flags);
        }
}

static void prepare_signals(void)
{
        static const int usual[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE };
        const char *how = setting("HOST_SIGNALS");
        sigset_t set;

        /* Whoever started the tests may have let go of the terminal (nohup, &). */
        for (size_t i = 0; i < ELEMENTSOF(usual); i++) {
                (void) signal(usual[i], SIG_DFL);
        }
        if (how && streq(how, "handled")) {
                /* without SA_RESTART, as sudo */
                (void) sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_signal }, NULL);
        } else if (how && streq(how, "blocked")) {
                (void) sigemptyset(&set);
                (void) sigaddset(&set, SIGINT);
                (void) sigprocmask(SIG_BLOCK, &set, NULL);
        }
}

static void item(pam_handle_t *pamh, int type, const char *name)
{
        const char *value = setting(name);

        if (value && pam_set_item(pamh, type, streq(value, "NULL") ? NULL : value) != PAM_SUCCESS) {
                dprintf(report, "cannot set %s\n", name);
        }
}

static void open_many(int n)
{
        struct rlimit limit = { 20000, 20000 };

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && (int) limit.rlim_cur < n + 100) {
                limit.rlim_cur = MIN((rlim_t) n + 100, limit.rlim_max);
                (void) setrlimit(RLIMIT_NOFILE, &limit);
        }
        for (int i = 0; i < n; i++) {
                if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) {
                        dprintf(report, "cannot open more than %d\n", i);
                        return;
                }
        }
}

/* "user=NAME" between the phases is another module that rewrites the item. */
static void run_phases(pam_handle_t *pamh)
{
        char *phases = strdup(setting("HOST_PHASES")), *rest = phases, *phase;

        while ((phase = strsep(&rest, " "))) {
                if (strncmp(phase, "user=", 5) == 0) {
                        (void) pam_set_item(
                                pamh, PAM_USER, streq(phase + 5, "NULL") ? NULL : phase + 5);
                } else {
                        run_phase(pamh, phase, setting("HOST_SILENT") ? PAM_SILENT : 0);
                }
        }
        free(phases);
}

static unsigned number(const char *name)
{
        return setting(name) ? (unsigned) atoi(setting(name)) : 1;
}

/* One PAM transaction. */
static bool transact(unsigned repeat)
{
        struct pam_conv conv = { setting("HOST_NO_CONV") ? NULL : converse, NULL };
        pam_handle_t *pamh = NULL;

        if (pam_start_confdir(setting("HOST_SERVICE"), setting("HOST_USER"), &conv,
                    setting("HOST_CONFDIR"), &pamh) != PAM_SUCCESS) {
                return false;
        }
        item(pamh, PAM_USER, "HOST_PAM_USER");
        item(pamh, PAM_RUSER, "HOST_RUSER");
        item(pamh, PAM_TTY, "HOST_TTY");
        item(pamh, PAM_RHOST, "HOST_RHOST");
        for (unsigned i = 0; i < repeat; i++) {
                run_phases(pamh);
        }
        pam_end(pamh, PAM_SUCCESS);
        return true;
}

static void *transact_in_thread(void *userdata)
{
        for (unsigned i = 0; i < number("HOST_REPEAT"); i++) {
                if (!transact(1)) {
                        dprintf(report, "changed nothing: no transaction\n");
                }
        }
        return NULL;
}

static void transact_at_once(unsigned n)
{
        pthread_t threads[16];

        alone = false;
        for (unsigned i = 0; i < n; i++) {
                if (i >= ELEMENTSOF(threads) ||
                        pthread_create(&threads[i], NULL, transact_in_thread, NULL) != 0) {
                        abort();
                }
        }
        for (unsigned i = 0; i < n; i++) {
                (void) pthread_join(threads[i], NULL);
        }
}

/*
 * valgrind calls a program by its path, whatever argv[0] was. The file that it shows to us as
 * /proc/self/cmdline can be written: there we take the name back.
 */
static void take_name(const char *name)
{
        static char words[1 << 17];
        int fd = open("/proc/self/cmdline", O_RDWR | O_CLOEXEC);
        ssize_t n = read(fd, words, sizeof(words));
        ssize_t skip = (ssize_t) strlen(words) + 1, size = (ssize_t) strlen(name) + 1;

        if (n < skip || n == sizeof(words) || ftruncate(fd, 0) < 0 ||
                pwrite(fd, name, (size_t) size, 0) != size ||
                pwrite(fd, words + skip, (size_t) (n - skip), size) != n - skip) {
                dprintf(report, "cannot be called %s\n", name);
        }
        close(fd);
}

int main(int argc, char **argv)
{
        report = atoi(setting("HOST_REPORT"));
        if (setting("HOST_NAME")) {
                take_name(setting("HOST_NAME"));
        }
        char *all_replies = setting("HOST_REPLIES") ? strdup(setting("HOST_REPLIES")) : NULL;
        replies = all_replies;
        if (setting("HOST_FDS")) {
                open_many(atoi(setting("HOST_FDS")));
        }
        prepare_signals();
        /* As a setuid program: somebody's real uid, root's effective one. */
        if (setting("HOST_UID") && geteuid() == 0 &&
                setresuid((uid_t) atoi(setting("HOST_UID")), 0, 0) < 0) {
                return 1;
        }
        if (setting("HOST_THREADS")) {
                transact_at_once(number("HOST_THREADS"));
        } else if (!transact(number("HOST_REPEAT"))) {
                return 1;
        }
        free(all_replies);
        dprintf(report, "end\n");
        return 0;
}

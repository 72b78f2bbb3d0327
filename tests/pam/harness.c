/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "harness.h"

#include <fcntl.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define IGNORED 16 /* PAM_CRED_EXPIRED: what the next module of the stack says if ours ignores */
#define ENV_MAX 32

static char dir[] = "/tmp/pam-jit-test.XXXXXX";
static const char *module_path, *host_path, *fault_path;

void harness_init(int argc, char **argv)
{
        if (argc < 3 || !mkdtemp(dir) || chmod(dir, 0755) < 0) {
                abort();
        }
        module_path = realpath(argv[1], NULL); /* PAM takes others for names in its own folder */
        host_path = realpath(argv[2], NULL);
        fault_path = argc > 3 ? realpath(argv[3], NULL) : NULL;
}

void harness_done(void)
{
        (void) rmdir(dir);
}

/*
 * The stack tells the module's own code: success ends it, a failure is what is returned, and only if
 * ours is ignored does the second line speak.
 */
static void write_stack(const Run *r, char *path, size_t size, const char *socket)
{
        static const char *const kinds[] = { "auth", "account", "session", "password" };
        char server[40] = "";
        FILE *f;

        if (!strstr(r->options, "server-uid=")) {
                (void) snprintf(server, sizeof(server), "server-uid=%u", geteuid());
        }
        (void) snprintf(path, size, "%s/%s", dir, r->service);
        f = fopen(path, "we");
        if (!f) {
                abort();
        }
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                fprintf(f,
                        "%s [success=done ignore=ignore default=die] %s %s%s %s %s\n"
                        "%s required pam_debug.so auth=cred_expired cred=cred_expired "
                        "acct=cred_expired open_session=cred_expired close_session=cred_expired "
                        "prechauthtok=cred_expired chauthtok=cred_expired\n",
                        kinds[i], module_path, *socket ? "socket=" : "", socket, server, r->options,
                        kinds[i]);
        }
        fclose(f);
}

static void add_env(char **env, size_t *n, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        if (*n + 1 >= ENV_MAX || vasprintf(&env[*n], format, args) < 0) {
                abort();
        }
        va_end(args);
        (*n)++;
        env[*n] = NULL;
}

static void fill_env(const Run *r, int report, char **env)
{
        static const struct {
                const char *name;
                size_t offset;
        } names[] = {
                { "SERVICE", offsetof(Run, service) },
                { "USER", offsetof(Run, user) },
                { "PAM_USER", offsetof(Run, pam_user) },
                { "RUSER", offsetof(Run, ruser) },
                { "TTY", offsetof(Run, tty) },
                { "RHOST", offsetof(Run, rhost) },
                { "PHASES", offsetof(Run, phases) },
                { "REPLIES", offsetof(Run, replies) },
                { "SIGNALS", offsetof(Run, signals) },
                { "OPTIONS", offsetof(Run, options) },
                { "KIND", offsetof(Run, kind) },
        };
        size_t n = 0;

        env[0] = NULL;
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                const char *value = *(const char *const *) ((const char *) r + names[i].offset);
                if (value) {
                        add_env(env, &n, "HOST_%s=%s", names[i].name, value);
                }
        }
        add_env(env, &n, "HOST_CONFDIR=%s", dir);
        add_env(env, &n, "HOST_REPORT=%d", report);
        add_env(env, &n, "HOST_MODULE=%s", module_path);
        add_env(env, &n, "HOST_SOCKET_OPTION=socket=%s/approver.sock", dir);
        add_env(env, &n, "HOST_UID_OPTION=server-uid=%u", geteuid());
        add_env(env, &n, "HOST_UID=%d", r->as_root ? 0 : HARNESS_UID);
        /* What must not steer a setuid program (H-38, H-39). */
        add_env(env, &n, "SUDO_COMMAND=/bin/forged");
        add_env(env, &n, "JIT_SOCKET=/tmp/forged");
        if (r->silent) {
                add_env(env, &n, "HOST_SILENT=1");
        }
        if (r->no_conv) {
                add_env(env, &n, "HOST_NO_CONV=1");
        }
        if (r->no_responses) {
                add_env(env, &n, "HOST_NO_RESPONSES=1");
        }
        if (under_valgrind()) {
                add_env(env, &n, "HOST_NAME=%s", r->argv[0]);
        }
        add_env(env, &n, "HOST_REPEAT=%u", r->repeat ? r->repeat : 1);
        if (r->fault) {
                add_env(env, &n, "HOST_FAULT=%u", r->fault);
                add_env(env, &n, "LD_PRELOAD=%s", fault_path);
        }
        if (r->threads) {
                add_env(env, &n, "HOST_THREADS=%u", r->threads);
        }
        if (r->fds) {
                add_env(env, &n, "HOST_FDS=%u", r->fds);
        }
}

static void defaults(Run *r)
{
        static const char *const sudo_id[] = { "sudo", "id", NULL };

        r->service = str_or(r->service, "sudo");
        r->user = str_or(r->user, "dev");
        r->phases = str_or(r->phases, "account");
        r->options = str_or(r->options, "");
        if (!r->tty) {
                r->tty = "/dev/pts/9";
        }
        r->argv = r->argv ? r->argv : sudo_id;
        r->code = r->ms = -1;
}

pid_t run_start(Run *r, Fake *fake, int *ret_report, int terminal)
{
        char path[200], *env[ENV_MAX];
        int fds[2];

        defaults(r);
        (void) snprintf(fake->path, sizeof(fake->path), "%s/approver.sock", dir);
        if (r->steps) {
                fake_start(fake, dir, r->steps);
        }
        write_stack(r, path, sizeof(path), strstr(r->options, "socket=") ? "" : fake->path);
        if (pipe2(fds, O_CLOEXEC) < 0) {
                abort();
        }
        pid_t pid = fork();
        if (pid < 0) {
                abort();
        }
        if (pid == 0) {
                int report = fcntl(fds[1], F_DUPFD, 3); /* without CLOEXEC */
                int null = open("/dev/null", O_RDWR | O_CLOEXEC);

                if (terminal >= 0) {
                        (void) setsid();
                        (void) ioctl(terminal, TIOCSCTTY, 0);
                }
                for (int i = 0; i < 3; i++) {
                        if (i < 2 || terminal >= 0) {
                                (void) dup2(terminal >= 0 ? terminal : null, i);
                        }
                }
                fill_env(r, report, env);
                execve(host_path, (char *const *) r->argv, env);
                _exit(98);
        }
        close(fds[1]);
        *ret_report = fds[0];
        return pid;
}

/* The code and time of the last phase. */
static void read_code(Run *r)
{
        for (char *s = r->text; (s = strstr(s, "code ")); s += 5) {
                char phase[20];
                int code, ms;

                if ((s == r->text || s[-1] == '\n') &&
                        sscanf(s, "code %19s %d %d", phase, &code, &ms) == 3) {
                        r->code = code == IGNORED ? PAM_IGNORE : code;
                        r->ms = ms;
                }
        }
}

void run_end(Run *r, Fake *fake, pid_t pid, int report)
{
        char path[200];
        size_t done = strlen(r->text);
        ssize_t n;

        while ((n = read(report, r->text + done, sizeof(r->text) - 1 - done)) > 0) {
                done += (size_t) n;
                if (done == sizeof(r->text) - 1) {
                        abort(); /* more than is looked at */
                }
        }
        r->text[done] = '\0';
        close(report);
        (void) waitpid(pid, &r->status, 0);
        if (r->steps) {
                fake_stop(fake, r->heard, sizeof(r->heard));
        }
        (void) snprintf(path, sizeof(path), "%s/%s", dir, r->service);
        (void) unlink(path);
        read_code(r);
}

void run(Run *r)
{
        Fake fake;
        int report;

        pid_t pid = run_start(r, &fake, &report, -1);
        run_end(r, &fake, pid, report);
}

bool told(const Run *r, const char *part)
{
        return strstr(r->text, part);
}

bool heard(const Run *r, const char *part)
{
        return strstr(r->heard, part);
}

unsigned count(const char *text, const char *part)
{
        unsigned n = 0;

        for (const char *s = text; (s = strstr(s, part)); s += strlen(part)) {
                n++;
        }
        return n;
}

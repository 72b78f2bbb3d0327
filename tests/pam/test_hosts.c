/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The module in the real sudo and su: in a mount namespace of its own, with accounts and PAM stacks
 * that exist nowhere else, on real terminals. Root only; skipped otherwise.
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "harness.h"

#define SKIP 77
#define UID 4242

static char dir[] = "/tmp/pam-jit-hosts.XXXXXX";
static const char *module_path;
static unsigned failures;

static void copy(const char *path, const char *more)
{
        char to[300], buf[4096];
        FILE *in = fopen(path, "re");

        (void) snprintf(to, sizeof(to), "%s/%s", dir, strrchr(path, '/') + 1);
        FILE *out = fopen(to, "we");
        if (!out) {
                abort();
        }
        size_t n;
        while (in && (n = fread(buf, 1, sizeof(buf), in)) > 0) {
                fwrite(buf, 1, n, out);
        }
        fputs(more, out);
        fclose(out);
        if (in) {
                fclose(in);
        }
        if (mount(to, path, NULL, MS_BIND, NULL) < 0) {
                abort();
        }
}

static bool make_world(void)
{
        char path[300];

        if (!mkdtemp(dir) || chmod(dir, 0755) < 0 || unshare(CLONE_NEWNS) < 0 ||
                mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
                return false;
        }
        copy("/etc/passwd", "jitdev:x:4242:4242::/tmp:/bin/sh\njitbob:x:4243:4243::/tmp:/bin/sh\n");
        copy("/etc/group", "jitdev:x:4242:\njitbob:x:4243:\n");
        copy("/etc/shadow", "jitdev:*:19000:0:99999:7:::\njitbob:*:19000:0:99999:7:::\n");
        (void) snprintf(path, sizeof(path), "%s/sudoers", dir);
        FILE *f = fopen(path, "we");
        fputs("Defaults !fqdn\nDefaults !lecture\nroot ALL=(ALL:ALL) ALL\n"
              "jitdev ALL=(ALL:ALL) ALL\n",
                f);
        fclose(f);
        (void) chmod(path, 0440);
        (void) snprintf(path + strlen(dir), 20, "/pam.d");
        if (mkdir(path, 0755) < 0 || mount(path, "/etc/pam.d", NULL, MS_BIND, NULL) < 0) {
                return false;
        }
        (void) snprintf(path, sizeof(path), "%s/sudoers", dir);
        /* Timestamps and login records of nobody. */
        return mount(path, "/etc/sudoers", NULL, MS_BIND, NULL) == 0 &&
               (mkdir("/run/sudo", 0711) == 0 || errno == EEXIST) &&
               mount("none", "/run/sudo", "tmpfs", 0, "mode=0711") == 0 &&
               mount("none", "/var/log", "tmpfs", 0, "mode=0755") == 0;
}

/* Where our line stands; the rest of the stack lets pass. */
static void write_stacks(const char *phase, const char *socket)
{
        static const char *const services[] = { "sudo", "sudo-i", "su", "su-l", "runuser",
                "runuser-l", "sshd" };
        static const char *const kinds[] = { "auth", "account", "session" };

        for (size_t i = 0; i < ELEMENTSOF(services); i++) {
                char path[300];

                (void) snprintf(path, sizeof(path), "%s/pam.d/%s", dir, services[i]);
                FILE *f = fopen(path, "we");
                for (size_t j = 0; j < ELEMENTSOF(kinds); j++) {
                        if (strstr(phase, kinds[j])) {
                                fprintf(f, "%s requisite %s socket=%s\n", kinds[j], module_path,
                                        socket);
                        }
                        fprintf(f, "%s required pam_permit.so\n", kinds[j]);
                }
                fclose(f);
        }
}

typedef struct Host {
        Fake fake;
        pid_t pid;
        int terminal;
        struct termios before;
        char screen[16384], heard[16384];
        size_t size;
        int status;
} Host;

static void become_dev(void)
{
        if (setgroups(0, NULL) < 0 || setresgid(UID, UID, UID) < 0 ||
                setresuid(UID, UID, UID) < 0 || setenv("PATH", "/usr/bin:/bin", 1) < 0 ||
                /* H-39: forged for whoever believes the environment. */
                setenv("SUDO_COMMAND", "/bin/forged", 1) < 0) {
                _exit(97);
        }
}

static void start(Host *h, const char *phase, const FakeStep *steps, const char *const *argv)
{
        memset(h, 0, sizeof(*h));
        fake_start(&h->fake, dir, steps);
        write_stacks(phase, h->fake.path);
        h->pid = forkpty(&h->terminal, NULL, NULL, NULL);
        if (h->pid == 0) {
                become_dev();
                execvp(argv[0], (char *const *) argv);
                _exit(98);
        }
        (void) tcgetattr(h->terminal, &h->before);
}

/* Reads the screen until part shows, or to the end (NULL). */
static bool await_screen(Host *h, const char *part)
{
        while (!part || !strstr(h->screen, part)) {
                struct pollfd fd = { h->terminal, POLLIN, 0 };

                if (poll(&fd, 1, 8000) <= 0) {
                        return false;
                }
                ssize_t n = read(h->terminal, h->screen + h->size, sizeof(h->screen) - 1 - h->size);
                if (n <= 0) {
                        return !part;
                }
                h->size += (size_t) n;
        }
        return true;
}

static void finish(Host *h)
{
        (void) await_screen(h, NULL);
        (void) waitpid(h->pid, &h->status, 0);
        fake_stop(&h->fake, h->heard, sizeof(h->heard));
        close(h->terminal);
}

static void expect(const Host *h, bool good, const char *what)
{
        printf("%s: %s\n", what, good ? "ok" : "FAILED");
        if (!good) {
                printf("--- screen\n%s\n--- heard\n%s--- status %x\n", h->screen, h->heard,
                        h->status);
                failures++;
        }
        fflush(stdout);
}

#define ASKED "Asked oncall. Request K7QF-2M9D."
#define ASK ANSWER(VERDICT_ASK, .reason_mode = "none")
#define WAIT PENDING(.wait_ms = 60000, .lines = { ASKED })

static const char *const sudo_id[] = { "sudo", "id", NULL };
static const char *const su_bob[] = { "su", "jitbob", "-c", "id", NULL };

static const FakeStep waits[] = { EXPECT("Check"), ASK, EXPECT("Request"), WAIT,
        STEP(FAKE_AWAIT_HANG_UP), { 0 } };
static const FakeStep approves[] = { EXPECT("Check"), ASK, EXPECT("Request"), WAIT,
        ANSWER(VERDICT_GRANT, .lines = { "Approved by bob." }), STEP(FAKE_AWAIT_HANG_UP), { 0 } };
static const FakeStep denies[] = { EXPECT("Check"), ASK, EXPECT("Request"), WAIT,
        ANSWER(VERDICT_DENY, .lines = { "Denied by bob." }), STEP(FAKE_AWAIT_HANG_UP), { 0 } };

static void ctrl_c(const char *phase, const char *const *argv)
{
        static Host h;
        struct termios after = { 0 };
        char what[100];
        int ms = -1;

        start(&h, phase, waits, argv);
        if (await_screen(&h, ASKED)) {
                usec_t since = clock_usec(CLOCK_MONOTONIC);
                (void) !write(h.terminal, "\x03", 1);
                (void) await_screen(&h, NULL);
                (void) waitpid(h.pid, &h.status, WNOWAIT);
                ms = (int) ((clock_usec(CLOCK_MONOTONIC) - since) / 1000);
                (void) tcgetattr(h.terminal, &after);
        }
        finish(&h);
        (void) snprintf(what, sizeof(what), "Ctrl-C in %s of %s: %d ms", phase, argv[0], ms);
        expect(&h,
                ms >= 0 && ms < 500 && h.status != 0 && strstr(h.screen, "Interrupted") &&
                        strstr(h.heard, "hang-up") && !strstr(h.heard, "Detach") &&
                        !strstr(h.screen, "uid=") && after.c_lflag == h.before.c_lflag &&
                        after.c_iflag == h.before.c_iflag && after.c_oflag == h.before.c_oflag,
                what);
}

static void outcomes(const char *phase, const char *const *argv, const char *uid)
{
        static Host h;
        char what[100];

        start(&h, phase, approves, argv);
        finish(&h);
        (void) snprintf(what, sizeof(what), "approved in %s of %s", phase, argv[0]);
        expect(&h,
                h.status == 0 && strstr(h.screen, uid) && strstr(h.screen, ASKED) &&
                        strstr(h.screen, "Approved by bob."),
                what);

        start(&h, phase, denies, argv);
        finish(&h);
        (void) snprintf(what, sizeof(what), "denied in %s of %s, asked once", phase, argv[0]);
        expect(&h,
                h.status != 0 && !strstr(h.screen, "uid=") && count(h.heard, "Check") == 1 &&
                        strstr(h.screen, "Denied by bob.") && !strstr(h.heard, "UNEXPECTED"),
                what);
}

/* sudo misses a Ctrl-C that comes between its prompt and its read; people press it again. */
static void leave_prompt(const Host *h)
{
        siginfo_t info;

        for (int i = 0; i < 80; i++) {
                struct pollfd fd = { h->terminal, 0, 0 };

                (void) !write(h->terminal, "\x03", 1);
                (void) poll(&fd, 1, 100); /* until the terminal is let go */
                info.si_pid = 0;
                if (waitid(P_PID, (id_t) h->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
                        info.si_pid != 0) {
                        return;
                }
        }
}

static void reason(void)
{
        static const FakeStep steps[] = { EXPECT("Check"),
                ANSWER(VERDICT_ASK, .reason_mode = "required"), STEP(FAKE_AWAIT_HANG_UP),
                EXPECT("Request"), ANSWER(VERDICT_GRANT), { 0 } };
        static const FakeStep none[] = { EXPECT("Check"),
                ANSWER(VERDICT_ASK, .reason_mode = "required"), STEP(FAKE_AWAIT_HANG_UP), { 0 } };
        static const char *const with_prompt[] = { "sudo", "-p", "Password: ", "id", NULL };
        static Host h;

        start(&h, "account", steps, sudo_id);
        if (await_screen(&h, "Reason: ")) {
                (void) !write(h.terminal, "disk full\n", 10);
        }
        finish(&h);
        expect(&h, h.status == 0 && strstr(h.heard, "reason=disk full "), "a reason typed to sudo");

        start(&h, "account", steps, su_bob);
        if (await_screen(&h, "Reason: ")) {
                (void) !write(h.terminal, "disk full\n", 10);
        }
        finish(&h);
        expect(&h, h.status == 0 && strstr(h.heard, "reason=disk full "), "a reason typed to su");

        start(&h, "account", none, sudo_id);
        if (await_screen(&h, "Reason: ")) {
                leave_prompt(&h);
        }
        finish(&h);
        expect(&h, h.status != 0 && !strstr(h.heard, "Request"),
                "Ctrl-C at the reason asks nobody");

        start(&h, "account", none, with_prompt);
        finish(&h);
        expect(&h,
                h.status != 0 && strstr(h.screen, "jitctl request") && !strstr(h.heard, "reason"),
                "sudo -p is not asked");
}

#define BREAK "Type BREAK to open root now; bob and carol will be alarmed: "

static const FakeStep glass[] = { EXPECT("Check"),
        ANSWER(VERDICT_ASK, .reason_mode = "required", .confirm = BREAK), STEP(FAKE_AWAIT_HANG_UP),
        EXPECT("Request"), ANSWER(VERDICT_GRANT), { 0 } };
static const FakeStep glass_whole[] = { EXPECT("Check"),
        ANSWER(VERDICT_ASK, .reason_mode = "required", .confirm = BREAK), STEP(FAKE_AWAIT_HANG_UP),
        { 0 } };

static void type_at(Host *h, const char *prompt, const char *line)
{
        if (await_screen(h, prompt)) {
                (void) !write(h->terminal, line, strlen(line));
        }
}

static void break_glass(const char *const *argv)
{
        static Host h;
        char what[100];

        start(&h, "account", glass, argv);
        type_at(&h, "Reason: ", "no way in\n");
        type_at(&h, BREAK, "BREAK\n");
        finish(&h);
        (void) snprintf(what, sizeof(what), "break-glass is confirmed in %s", argv[0]);
        expect(&h, h.status == 0 && strstr(h.heard, "reason=no way in confirm=BREAK "), what);

        start(&h, "account", glass_whole, argv);
        type_at(&h, "Reason: ", "no way in\n");
        type_at(&h, BREAK, "\n");
        finish(&h);
        (void) snprintf(what, sizeof(what), "break-glass is not confirmed in %s", argv[0]);
        expect(&h,
                h.status != 0 && !strstr(h.heard, "Request") &&
                        strstr(h.screen, "Not confirmed; nothing was opened."),
                what);

        start(&h, "account", glass_whole, argv);
        type_at(&h, "Reason: ", "no way in\n");
        if (await_screen(&h, BREAK)) {
                leave_prompt(&h);
        }
        finish(&h);
        (void) snprintf(what, sizeof(what), "Ctrl-C at the confirmation of %s", argv[0]);
        expect(&h, h.status != 0 && !strstr(h.heard, "Request"), what);
}

static void reason_again(void)
{
        static const FakeStep steps[] = { EXPECT("Check"),
                ANSWER(VERDICT_ASK, .reason_mode = "required"), STEP(FAKE_AWAIT_HANG_UP),
                EXPECT("Request"),
                ANSWER(VERDICT_ASK, .reason_mode = "required",
                        .lines = { "The reason must match OPS-[0-9]+" }),
                STEP(FAKE_AWAIT_HANG_UP), EXPECT("Request"), ANSWER(VERDICT_GRANT), { 0 } };
        static Host h;

        start(&h, "account", steps, sudo_id);
        type_at(&h, "Reason: ", "disk full\n");
        type_at(&h, "must match OPS-[0-9]+\r\nReason: ", "OPS-7\n");
        finish(&h);
        expect(&h,
                h.status == 0 && strstr(h.heard, "reason=disk full ") &&
                        strstr(h.heard, "reason=OPS-7 "),
                "a reason that is not taken is asked again");
}

/* H-24: what stands on standard input is the command's. */
static void piped(const char *const *argv, const char *want, const char *what)
{
        static const FakeStep steps[] = { EXPECT("Check"),
                ANSWER(VERDICT_ASK, .reason_mode = "optional"), EXPECT("Request"),
                ANSWER(VERDICT_GRANT), STEP(FAKE_AWAIT_HANG_UP), { 0 } };
        static Host h;
        int in[2], out[2];

        memset(&h, 0, sizeof(h));
        fake_start(&h.fake, dir, steps);
        write_stacks("account", h.fake.path);
        if (pipe(in) < 0 || pipe(out) < 0) {
                abort();
        }
        (void) !write(in[1], "SECRETDATA\n", 11);
        close(in[1]);
        h.pid = fork();
        if (h.pid == 0) {
                (void) setsid();
                (void) dup2(in[0], 0);
                (void) dup2(out[1], 1);
                (void) dup2(out[1], 2);
                close(out[0]);
                become_dev();
                execvp(argv[0], (char *const *) argv);
                _exit(98);
        }
        close(in[0]);
        close(out[1]);
        h.terminal = out[0];
        finish(&h);
        expect(&h, strstr(h.screen, want) && !strstr(h.heard, "SECRETDATA"), what);
}

static void runs_nothing(void)
{
        static const FakeStep up[] = { STEP(FAKE_NOTE, .text = "up"), { 0 } };
        static const char *const lists[] = { "sudo", "-l", NULL };
        static const char *const validates[] = { "sudo", "-v", NULL };
        static Host h;

        start(&h, "auth account session", up, lists);
        finish(&h);
        expect(&h, h.status == 0 && streq(h.heard, "up\n") && strstr(h.screen, "may run"),
                "sudo -l");
        start(&h, "auth account session", up, validates);
        finish(&h);
        expect(&h, h.status == 0 && streq(h.heard, "up\n"), "sudo -v");
}

static void sessions(void)
{
        static const FakeStep refused[] = { EXPECT("OpenSession"),
                ANSWER(VERDICT_DENY, .lines = { "No scope." }), { 0 } };
        static const FakeStep opened[] = { EXPECT("OpenSession"), ANSWER(VERDICT_GRANT),
                STEP(FAKE_AWAIT_HANG_UP), EXPECT("CloseSession"), STEP(FAKE_RAW, .text = "{}"),
                { 0 } };
        static const char *const sudo_bob[] = { "sudo", "-u", "jitbob", "id", NULL };
        static Host h;

        start(&h, "session", refused, sudo_id);
        finish(&h);
        expect(&h, h.status != 0 && !strstr(h.screen, "uid=0") && strstr(h.screen, "No scope."),
                "a session refused runs nothing");
        start(&h, "session", opened, sudo_bob);
        finish(&h);
        expect(&h,
                h.status == 0 && strstr(h.screen, "uid=4243") &&
                        strstr(h.heard, " phase=session service=sudo pam=sudo user=jitbob "
                                        "ruser=jitdev target=jitbob ") &&
                        strstr(h.heard, "CloseSession"),
                "a session of sudo -u");
        start(&h, "session", opened, su_bob);
        finish(&h);
        expect(&h,
                h.status == 0 && strstr(h.heard, " phase=session service=su pam=su "
                                                 "user=jitbob ruser=jitdev target=jitbob "),
                "a session of su");
}

static void write_file(const char *name, mode_t mode, const char *format, ...)
{
        char path[300];
        va_list args;

        (void) snprintf(path, sizeof(path), "%s/%s", dir, name);
        FILE *f = fopen(path, "we");
        va_start(args, format);
        vfprintf(f, format, args);
        va_end(args);
        fclose(f);
        (void) chmod(path, mode);
}

/* The real sshd, on a port of this test's. */
static pid_t start_sshd(int port)
{
        char command[400], config[300];

        (void) mkdir("/run/sshd", 0755);
        (void) snprintf(command, sizeof(command),
                "cd %s && ssh-keygen -q -t ed25519 -N '' -f host_key && "
                "ssh-keygen -q -t ed25519 -N '' -f user_key && cp user_key.pub user_keys && "
                "chown 4242 user_key && chmod 0600 user_key",
                dir);
        if (system(command) != 0) {
                return -1;
        }
        write_file("sshd_config", 0644,
                "ListenAddress 127.0.0.1\nPort %d\nHostKey %s/host_key\nUsePAM yes\n"
                "KbdInteractiveAuthentication yes\nPasswordAuthentication yes\n"
                "AuthorizedKeysFile %s/user_keys\nStrictModes no\nPidFile none\n"
                "LogLevel ERROR\n",
                port, dir, dir);
        (void) snprintf(config, sizeof(config), "%s/sshd_config", dir);
        pid_t pid = fork();
        if (pid == 0) {
                execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-e", "-f", config, NULL);
                _exit(98);
        }
        return pid;
}

static void ssh(Host *h, const char *method, const FakeStep *steps, int port, bool enter)
{
        char key[300], port_text[20], preferred[100];
        const char *argv[] = { "ssh", "-tt", "-F", "none", "-o", "StrictHostKeyChecking=no", "-o",
                "UserKnownHostsFile=/dev/null", "-o", "ConnectionAttempts=20", "-o",
                "NumberOfPasswordPrompts=1", "-o", preferred, "-i", key, "-o", "IdentitiesOnly=yes",
                "-p", port_text, "jitdev@127.0.0.1", "id", NULL };

        (void) snprintf(key, sizeof(key), "%s/user_key", dir);
        (void) snprintf(port_text, sizeof(port_text), "%d", port);
        (void) snprintf(preferred, sizeof(preferred), "PreferredAuthentications=%s", method);
        start(h, "account", steps, argv);
        if (steps == glass) {
                type_at(h, "Reason: ", "no way in\n");
                type_at(h, BREAK, "BREAK\n");
        }
        if (enter && await_screen(h, "Press Enter")) {
                (void) !write(h->terminal, "\n", 1);
        }
        if (enter && steps == denies && await_screen(h, "Press Enter to leave")) {
                (void) !write(h->terminal, "\n", 1);
        }
        if (streq(method, "password") && await_screen(h, "password:")) {
                (void) !write(h->terminal, "CANARY\n", 7);
        }
        finish(h);
}

static void ssh_break_glass(int port)
{
        static const char *const deaf[] = { "publickey", "password" };
        static Host h;

        ssh(&h, "keyboard-interactive", glass, port, false);
        expect(&h,
                strstr(h.screen, "uid=4242") && strstr(h.heard, "reason=no way in confirm=BREAK "),
                "ssh by keyboard-interactive: break-glass is confirmed");
        for (size_t i = 0; i < ELEMENTSOF(deaf); i++) {
                ssh(&h, deaf[i], glass_whole, port, false);
                expect(&h,
                        !strstr(h.screen, "uid=4242") && !strstr(h.heard, "Request") &&
                                strstr(h.screen, "jitctl break-glass --service sshd"),
                        "ssh that carries no question: break-glass opens nothing, and says how");
        }
}

static void sshd(void)
{
        static const FakeStep undecided[] = { EXPECT("Check"),
                ANSWER(VERDICT_ASK, .reason_mode = "optional"), STEP(FAKE_AWAIT_HANG_UP),
                EXPECT("Request"), WAIT, EXPECT("Detach"),
                ANSWER(VERDICT_PENDING,
                        .lines = { "Not decided yet. Request K7QF-2M9D stays open." }),
                STEP(FAKE_AWAIT_HANG_UP), { 0 } };
        static const FakeStep granted[] = { EXPECT("Check"), ANSWER(VERDICT_GRANT), { 0 } };
        static Host h;
        int port = 20000 + getpid() % 20000;
        pid_t pid = access("/usr/sbin/sshd", X_OK) == 0 ? start_sshd(port) : -1;

        if (pid < 0) {
                printf("sshd: not installed\n");
                return;
        }
        ssh(&h, "keyboard-interactive", approves, port, true);
        expect(&h,
                strstr(h.screen, "uid=4242") && strstr(h.screen, ASKED) &&
                        strstr(h.heard, "service=sshd pam=sshd user=jitdev ruser=- target=jitdev "),
                "ssh by keyboard-interactive: asked, Enter, approved");
        ssh(&h, "keyboard-interactive", denies, port, true);
        expect(&h,
                !strstr(h.screen, "uid=4242") && strstr(h.screen, ASKED) &&
                        strstr(h.screen, "Denied by bob."),
                "ssh by keyboard-interactive: denied, and told so");
        ssh(&h, "publickey", undecided, port, false);
        expect(&h,
                !strstr(h.screen, "uid=4242") && strstr(h.screen, "K7QF-2M9D stays open") &&
                        strstr(h.heard, "Detach oneway"),
                "ssh by public key: undecided is refused at once, with the id");
        ssh(&h, "publickey", granted, port, false);
        expect(&h, strstr(h.screen, "uid=4242"), "ssh by public key with a grant");
        ssh(&h, "password", undecided, port, false);
        expect(&h, !strstr(h.screen, "uid=4242") && !strstr(h.heard, "CANARY"),
                "ssh by password: the password is no reason");
        ssh_break_glass(port);
        (void) kill(pid, SIGTERM);
        (void) waitpid(pid, NULL, 0);
}

/* The approver does not run: root's own jobs do. */
static void root_jobs(void)
{
        static const char *const jobs[] = { "sudo -u jitdev id -u", "su jitdev -c 'id -u'",
                "runuser -u jitdev -- id -u", "sudo id -u" };
        Host h = { 0 };

        write_stacks("auth account session", "/nonexistent/approver.sock");
        for (size_t i = 0; i < ELEMENTSOF(jobs); i++) {
                h.status = system(jobs[i]);
                expect(&h, h.status == 0, jobs[i]);
        }
}

int main(int argc, char **argv)
{
        static const char *const sudo_s_cat[] = { "sudo", "-S", "cat", NULL };
        static const char *const sudo_cat[] = { "sudo", "cat", NULL };
        static const char *const su_cat[] = { "su", "jitbob", "-c", "cat", NULL };

        if (argc < 2 || geteuid() != 0 || access("/usr/bin/sudo", X_OK) < 0 || !make_world()) {
                return SKIP;
        }
        module_path = realpath(argv[1], NULL);
        ctrl_c("auth", sudo_id);
        ctrl_c("account", sudo_id);
        ctrl_c("auth", su_bob);
        ctrl_c("account", su_bob);
        outcomes("auth", sudo_id, "uid=0");
        outcomes("account", sudo_id, "uid=0");
        outcomes("auth", su_bob, "uid=4243");
        outcomes("account", su_bob, "uid=4243");
        reason();
        reason_again();
        break_glass(sudo_id);
        break_glass(su_bob);
        piped(sudo_s_cat, "SECRETDATA", "sudo -S leaves standard input alone");
        piped(sudo_cat, "SECRETDATA", "sudo without a terminal leaves it alone");
        piped(su_cat, "SECRETDATA", "su leaves it alone");
        runs_nothing();
        sessions();
        sshd();
        root_jobs();

        char command[100];
        (void) snprintf(command, sizeof(command), "rm -rf %s", dir);
        (void) !system(command);
        return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

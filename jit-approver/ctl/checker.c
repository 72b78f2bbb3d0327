/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs the approver's checker, takes its lines apart. No shell; the path is ours, not $PATH's. */

#include "jit-approver/ctl/checker.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/util.h"
#include "jit-approver/ctl/print.h"

#define ARGS_MAX 8
#define OUTPUT_MAX ((size_t) 1024 * 1024)

extern char **environ;

static bool is_program(const char *path)
{
        struct stat st;

        return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Beside this program in a build tree; installed, where the build was told. The caller frees. */
static char *checker_path(void)
{
        static const char *const near[] = { "jit-approver", "../jit-approver",
                "../daemon/jit-approver", "../jit-approver/jit-approver" };
        char folder[4096], *path = NULL, *slash;
        ssize_t n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);

        folder[MAX(n, (ssize_t) 0)] = '\0';
        slash = strrchr(folder, '/');
        if (slash) {
                *slash = '\0';
        }
        for (size_t i = 0; slash && !streq(folder, BINDIR) && i < ELEMENTSOF(near); i++) {
                freep(&path);
                (void) must(str_printf(&path, "%s/%s", folder, near[i]) < 0 ? NULL : path);
                if (is_program(path)) {
                        return path;
                }
        }
        freep(&path);
        return must(strdup(LIBEXECDIR "/jit-approver"));
}

static int checker_spawn(char *const *argv, pid_t *ret, int *ret_fd)
{
        _cleanup_(closep) int fd = -1;
        posix_spawn_file_actions_t actions;
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0) {
                return -errno;
        }
        fd = ends[0];
        int r = posix_spawn_file_actions_init(&actions);
        if (r == 0) {
                r = posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
                r = r ? r
                      : posix_spawn_file_actions_addopen(
                                &actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
                r = r ? r
                      : posix_spawn_file_actions_addopen(
                                &actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
                r = r ? r : posix_spawn(ret, argv[0], &actions, NULL, argv, environ);
                (void) posix_spawn_file_actions_destroy(&actions);
        }
        closep(&ends[1]);
        if (r != 0) {
                return -r;
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

#define WARNING "warning: "

static int lines_split(char *text, Checked *c)
{
        char *save = NULL;

        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                bool warning = strncmp(line, WARNING, strlen(WARNING)) == 0;
                int r = strv_add(warning ? &c->warnings : &c->lines,
                        warning ? line + strlen(WARNING) : line);
                if (r < 0) {
                        return r;
                }
        }
        return 0;
}

int checker_run(const char *file, Checked *ret)
{
        char *args[] = { (char *) "--check", (char *) (file ? "--config" : NULL), (char *) file,
                NULL };

        return checker_run_program(args, ret);
}

int checker_run_program(char *const *args, Checked *ret)
{
        _cleanup_(freep) char *path = checker_path(), *text = NULL;
        _cleanup_(checked_done) Checked c = { 0 };
        _cleanup_(closep) int fd = -1;
        char *argv[ARGS_MAX + 2] = { path };
        size_t size;
        pid_t pid;
        int status;

        for (size_t i = 0; args[i]; i++) {
                if (i == ARGS_MAX) {
                        return -E2BIG;
                }
                argv[i + 1] = args[i];
        }
        int r = checker_spawn(argv, &pid, &fd);
        if (r < 0) {
                return r;
        }
        r = read_file(fd, OUTPUT_MAX, &text, &size);
        closep(&fd); /* a checker that would write more dies of it */
        fd = -1;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (r < 0) {
                return r;
        }
        c.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        r = lines_split(text, &c);
        if (r < 0) {
                return r;
        }
        *ret = c;
        c = (Checked){ 0 };
        return 0;
}

void checked_done(Checked *c)
{
        c->lines = strv_free(c->lines);
        c->warnings = strv_free(c->warnings);
}

/* ":12" at s; the end of it, or NULL. */
static const char *take_number(const char *s, int64_t *ret)
{
        size_t n = *s == ':' ? strspn(s + 1, "0123456789") : 0;

        if (n == 0 || n > 9) {
                return NULL;
        }
        *ret = strtol(s + 1, NULL, 10);
        return s + 1 + n;
}

bool checker_split(const char *line, size_t *ret_file, int64_t *ret_line, int64_t *ret_column,
        const char **ret_message)
{
        for (const char *s = strchr(line, ':'); s; s = strchr(s + 1, ':')) {
                int64_t row, column;
                const char *end = take_number(s, &row);

                end = end ? take_number(end, &column) : NULL;
                if (end && end[0] == ':' && end[1] == ' ') {
                        *ret_file = (size_t) (s - line);
                        *ret_line = row;
                        *ret_column = column;
                        *ret_message = end + 2;
                        return true;
                }
        }
        return false;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/ctl/program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/util.h"

#define OUTPUT_MAX ((size_t) 1024 * 1024)

static int program_path(const char *name, char **ret)
{
        static const char *const folders[] = { "/usr/bin", "/usr/sbin", "/bin", "/sbin" };

        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                _cleanup_(freep) char *path = NULL;

                if (str_printf(&path, "%s/%s", folders[i], name) < 0) {
                        return -ENOMEM;
                }
                if (access(path, X_OK) == 0) {
                        *ret = TAKE_PTR(path);
                        return 0;
                }
        }
        return -ENOENT;
}

/* out: where its standard output goes; -1: to our standard error. */
static int program_spawn(const char *path, const char *const *argv, int out, pid_t *ret)
{
        static char *const environment[] = { (char *) "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                (char *) "LC_ALL=C.UTF-8", NULL };
        posix_spawn_file_actions_t actions;

        int r = posix_spawn_file_actions_init(&actions);
        if (r != 0) {
                return -r;
        }
        r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        r = r ? r
              : posix_spawn_file_actions_adddup2(
                        &actions, out < 0 ? STDERR_FILENO : out, STDOUT_FILENO);
        r = r ? r
              : posix_spawn(ret, path, &actions, NULL, (char *const *) argv,
                        (char *const *) environment);
        (void) posix_spawn_file_actions_destroy(&actions);
        return -r;
}

int program_run(const char *const *argv, char **ret)
{
        _cleanup_(freep) char *path = NULL, *text = NULL;
        _cleanup_(closep) int from = -1, to = -1;
        int ends[2], status, r = program_path(argv[0], &path);
        size_t size;
        pid_t pid;

        if (r < 0) {
                return r;
        }
        if (ret) {
                if (pipe2(ends, O_CLOEXEC) < 0) {
                        return -errno;
                }
                from = ends[0];
                to = ends[1];
        }
        r = program_spawn(path, argv, to, &pid);
        if (r < 0) {
                return r;
        }
        closep(&to);
        to = -1;
        r = ret ? read_file(from, OUTPUT_MAX, &text, &size) : 0;
        closep(&from);
        from = -1;
        while (waitpid(pid, &status, 0) < 0) {
                if (errno != EINTR) {
                        return -errno;
                }
        }
        if (r < 0) {
                return r;
        }
        if (ret) {
                *ret = TAKE_PTR(text);
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

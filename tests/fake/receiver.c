/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/util.h"
#include "tests/fake/receiver.h"

static void be_receiver(const char *dir, int in, int out)
{
        if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0) {
                execlp("python3", "python3", "-I", TEST_DATA "/../fake/receiver.py", dir,
                        (char *) NULL);
        }
        _exit(127);
}

static void read_kinds(Receiver *r, int fd)
{
        FILE *f = fdopen(fd, "r");
        char name[16];
        int port;

        ck_assert_ptr_nonnull(f);
        while (fscanf(f, " %15s %d", name, &port) == 2) {
                if (streq(name, "ready")) {
                        (void) fclose(f);
                        return;
                }
                ck_assert_int_lt(r->n_kinds, RECEIVER_KINDS_MAX);
                memcpy(r->kinds[r->n_kinds].name, name, sizeof(name));
                r->kinds[r->n_kinds++].port = port;
        }
        ck_abort_msg("receiver.py has not become ready");
}

void receiver_start(Receiver *r)
{
        int in[2], out[2];

        *r = (Receiver){ 0 };
        (void) snprintf(r->dir, sizeof(r->dir), "/tmp/receiver-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(r->dir));
        ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
        ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
        r->pid = fork();
        ck_assert_int_ge(r->pid, 0);
        if (r->pid == 0) {
                be_receiver(r->dir, in[0], out[1]);
        }
        closep(&in[0]);
        closep(&out[1]);
        r->control = in[1];
        read_kinds(r, out[0]);
}

void receiver_stop(Receiver *r)
{
        static const char *const files[] = { "key", "csr", "pem" };

        closep(&r->control);
        ck_assert_int_eq(waitpid(r->pid, NULL, 0), r->pid);
        for (int i = 0; i < r->n_kinds; i++) {
                for (size_t k = 0; k < ELEMENTSOF(files); k++) {
                        char path[64];

                        (void) snprintf(
                                path, sizeof(path), "%s/%s.%s", r->dir, r->kinds[i].name, files[k]);
                        (void) unlink(path);
                }
        }
        (void) rmdir(r->dir);
}

char *receiver_url(const Receiver *r, const char *kind, const char *path)
{
        char *url = NULL;

        for (int i = 0; i < r->n_kinds; i++) {
                if (streq(r->kinds[i].name, kind)) {
                        ck_assert_int_eq(str_printf(&url, "%s://localhost:%d%s",
                                                 streq(kind, "http") ? "http" : "https",
                                                 r->kinds[i].port, path),
                                0);
                }
        }
        ck_assert_ptr_nonnull(url);
        return url;
}

char *receiver_certificate(const Receiver *r, const char *kind)
{
        char *path = NULL;

        ck_assert_int_eq(str_printf(&path, "%s/%s.pem", r->dir, kind), 0);
        return path;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "jit-approver/residue/baseline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/util.h"

#define FILE_MAX (32 * 1024 * 1024)

static int path_of(const char *folder, const Id *grant, const char *end, char **ret)
{
        return str_printf(ret, "%s/%s%s", folder, grant->text, end);
}

static int write_all(int fd, const char *bytes, size_t n)
{
        while (n > 0) {
                ssize_t done = write(fd, bytes, n);

                if (done < 0 && errno != EINTR) {
                        return -errno;
                }
                bytes += MAX(done, 0);
                n -= (size_t) MAX(done, 0);
        }
        return fsync(fd) < 0 ? -errno : 0;
}

int baseline_write(const char *folder, const Id *grant, const Snapshot *s)
{
        _cleanup_(freep) char *bytes = NULL, *path = NULL, *temporary = NULL;
        _cleanup_(closep) int fd = -1;
        size_t n;

        int r = snapshot_write(s, &bytes, &n);
        if (r >= 0) {
                r = path_of(folder, grant, "", &path);
        }
        if (r >= 0) {
                r = path_of(folder, grant, ".new", &temporary);
        }
        if (r < 0) {
                return r;
        }
        fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0) {
                return -errno;
        }
        r = write_all(fd, bytes, n);
        if (r >= 0 && rename(temporary, path) < 0) {
                r = -errno;
        }
        if (r < 0) {
                (void) unlink(temporary);
        }
        return r;
}

int baseline_read(const char *folder, const Id *grant, Snapshot *ret)
{
        _cleanup_(freep) char *path = NULL, *bytes = NULL;
        _cleanup_(closep) int fd = -1;
        struct stat st;
        size_t n = 0;

        int r = path_of(folder, grant, "", &path);
        if (r < 0) {
                return r;
        }
        fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0) {
                return -errno;
        }
        if (st.st_size > FILE_MAX) {
                return -EBADMSG;
        }
        bytes = calloc(1, (size_t) st.st_size + 1);
        if (!bytes) {
                return -ENOMEM;
        }
        while (n < (size_t) st.st_size) {
                ssize_t got = read(fd, bytes + n, (size_t) st.st_size - n);
                if (got <= 0) {
                        return got < 0 ? -errno : -EBADMSG;
                }
                n += (size_t) got;
        }
        return snapshot_read(bytes, n, ret);
}

void baseline_remove(const char *folder, const Id *grant)
{
        _cleanup_(freep) char *path = NULL;

        if (path_of(folder, grant, "", &path) >= 0) {
                (void) unlink(path);
        }
}
